"""Which problem is asked next, without a curriculum and with one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from verireason.config import Config, parse_config
from verireason.errors import UserError
from verireason.training.asking import GroupOutcome, open_asker
from verireason.training.prompts import prompt_sequence

VERILOG = {"families": ["mux", "counter"], "levels": [1], "phrasing": "terse"}
PYTHON = {"source": "generated-python", "families": ["count"], "levels": [1], "phrasing": "terse"}


MIX = {"mix": [{**VERILOG, "weight": 0.7, "num": 3}, PYTHON]}


def config(*, curriculum: object = None, **data: object) -> Config:
    tree = {
        "run": {"seed": 0, "out": "runs/x"},
        "model": {"path": "org/model"},
        "data": data,
        "curriculum": curriculum,
        "template": {"name": "plain"},
        "grpo": {
            "prompts_per_step": 4, "num_generations": 4, "max_steps": 3, "learning_rate": 1e-4,
            "max_completion_length": 64,
        },
    }  # fmt: skip
    return parse_config(tree, source="test")


@pytest.mark.parametrize(
    "settings",
    [config(**VERILOG), config(**VERILOG, num=5), config(**MIX)],
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


@pytest.mark.parametrize("curriculum", [None, {}], ids=["in order", "by pass rate"])
@pytest.mark.parametrize("data", [VERILOG, {**VERILOG, "num": 5}, MIX], ids=["endless", "pool", "mix"])
def test_a_restored_asker_goes_on_and_knows_what_was_asked(data: Mapping[str, Any], curriculum: object) -> None:
    settings = config(**data, curriculum=curriculum)
    first = open_asker(settings)
    asked = first.ask(6, step=0)
    first.observe([GroupOutcome(index=index, pass_rate=0.5, step=0) for index in asked])
    state = json.loads(json.dumps(first.state()))

    second = open_asker(settings)
    second.restore(state)

    assert [second.problem(index) for index in reversed(asked)] == [first.problem(index) for index in reversed(asked)]
    assert second.ask(5, step=1) == first.ask(5, step=1)
    assert second.counts() == first.counts()


def test_a_bad_choice_is_refused_when_the_asker_opens() -> None:
    with pytest.raises(UserError, match="muks"):
        open_asker(config(families=["muks"]))


def test_with_a_curriculum_the_sources_keep_their_shares() -> None:
    asker = open_asker(config(mix=[{**VERILOG, "weight": 3.0}, {**PYTHON, "num": 4}], curriculum={}))

    for step in range(10):
        asked = asker.ask(6, step=step)
        asker.observe([GroupOutcome(index=index, pass_rate=step % 2, step=step) for index in asked])
        languages = Counter(asker.problem(index).language for index in asked)
        assert languages["verilog"] in {4, 5}
    assert sum(asker.counts().values()) == 2 + 4


def test_an_arm_of_the_generator_gives_a_new_problem_each_time() -> None:
    asker = open_asker(config(**VERILOG, curriculum={}))

    problems = [asker.problem(index) for step in range(4) for index in asker.ask(5, step=step)]

    assert len({problem.id for problem in problems}) == 20
    assert {(problem.category, problem.difficulty, problem.split) for problem in problems} == {
        ("mux", 1, "train"), ("counter", 1, "train"),
    }  # fmt: skip


def test_a_family_that_is_held_out_is_no_arm() -> None:
    families = ["mux", "demux"]  # the latter is held out
    asker = open_asker(config(families=families, phrasing="terse", curriculum={}))

    assert {asker.problem(index).category for index in asker.ask(12, step=0)} == {"mux"}


def test_a_family_that_fails_throughout_makes_room_for_the_others() -> None:
    asker = open_asker(config(**VERILOG, curriculum={"retire_after": 2}))
    categories: list[str] = []
    for step in range(10):
        asked = asker.ask(4, step=step)
        categories = [asker.problem(index).category for index in asked]
        rates = [0.5 if category == "mux" else 0.0 for category in categories]
        asker.observe(
            [GroupOutcome(index=index, pass_rate=rate, step=step) for index, rate in zip(asked, rates, strict=True)]
        )

    assert set(categories) == {"mux"}
    assert asker.counts() == {"new": 0, "hard": 0, "middle": 1, "easy": 0, "retry": 0, "retired": 1}


def test_groups_of_which_nothing_was_judged_change_nothing() -> None:
    first, second = (open_asker(config(**VERILOG, num=5, curriculum={})) for _ in range(2))
    asked = first.ask(5, step=0)
    second.ask(5, step=0)

    first.observe([GroupOutcome(index=index, pass_rate=None, step=0) for index in asked])

    assert first.state() == second.state()
