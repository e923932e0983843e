"""Which problem is asked next: without a curriculum."""

from __future__ import annotations

import json

import pytest

from verireason.config import Config, parse_config
from verireason.errors import UserError
from verireason.training.asking import GroupOutcome, open_asker
from verireason.training.prompts import prompt_sequence

VERILOG = {"families": ["mux", "counter"], "levels": [1], "phrasing": "terse"}
PYTHON = {"source": "generated-python", "families": ["count"], "levels": [1], "phrasing": "terse"}


def config(**data: object) -> Config:
    tree = {
        "run": {"seed": 0, "out": "runs/x"},
        "model": {"path": "org/model"},
        "data": data,
        "template": {"name": "plain"},
        "grpo": {
            "prompts_per_step": 4, "num_generations": 4, "max_steps": 3, "learning_rate": 1e-4,
            "max_completion_length": 64,
        },
    }  # fmt: skip
    return parse_config(tree, source="test")


@pytest.mark.parametrize(
    "settings",
    [config(**VERILOG), config(**VERILOG, num=5), config(mix=[{**VERILOG, "weight": 0.7, "num": 3}, PYTHON])],
    ids=["endless", "pool", "mix"],
)
def test_without_a_curriculum_the_sequence_is_asked_in_order(settings: Config) -> None:
    asker = open_asker(settings)

    indices = [index for step in range(3) for index in asker.ask(4, step=step)]

    assert [asker.problem(index) for index in indices] == prompt_sequence(settings)


def test_asking_goes_on_beyond_the_steps_of_the_run() -> None:
    asker = open_asker(config(**VERILOG, num=5))

    indices = asker.ask(20, step=0)

    assert {asker.problem(index).id for index in indices[15:]} == {asker.problem(index).id for index in indices[:5]}


def test_a_restored_asker_goes_on_and_knows_what_was_asked() -> None:
    first = open_asker(config(**VERILOG))
    asked = first.ask(6, step=0)
    first.observe([GroupOutcome(index=index, pass_rate=0.5, step=0) for index in asked])
    state = json.loads(json.dumps(first.state()))

    second = open_asker(config(**VERILOG))
    second.restore(state)

    assert [second.problem(index) for index in reversed(asked)] == [first.problem(index) for index in reversed(asked)]
    assert second.ask(5, step=1) == first.ask(5, step=1)


def test_a_bad_choice_is_refused_when_the_asker_opens() -> None:
    with pytest.raises(UserError, match="muks"):
        open_asker(config(families=["muks"]))
