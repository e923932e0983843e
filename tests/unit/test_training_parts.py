"""The parts of training that are plain computation."""

from __future__ import annotations

import json
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest

from rewards.rubric import Reward
from sim.python.suite import read_suite
from sim.verdict import Outcome, Spec, Verdict
from verireason.config import Config, parse_config
from verireason.data.jsonl import write_problems
from verireason.data.programs.generator import generate_programs
from verireason.errors import UserError
from verireason.problem import Completion, Problem
from verireason.templates import Extraction
from verireason.training.groups import Group, Sample, summarise
from verireason.training.progress import Progress, seconds
from verireason.training.prompts import (
    corpus_problems,
    heldout_family_problems,
    heldout_problems,
    prompt_sequence,
)
from verireason.training.sft import example_order, read_pairs


def config(*, seed: int = 0, max_steps: int = 3, **data: object) -> Config:
    tree = {
        "run": {"seed": seed, "out": "runs/x"},
        "model": {"path": "org/model"},
        "data": {"families": ["mux", "counter"], "levels": [1], "phrasing": "terse", **data},
        "template": {"name": "plain"},
        "sft": {"num_steps": 10, "batch_size": 4, "learning_rate": 1e-3, "path": "pairs.jsonl"},
        "grpo": {
            "prompts_per_step": 4,
            "num_generations": 4,
            "max_steps": max_steps,
            "learning_rate": 1e-4,
            "max_completion_length": 64,
        },
    }
    return parse_config(tree, source="test")


def test_every_step_has_its_prompts_and_they_are_new() -> None:
    ids = [problem.id for problem in prompt_sequence(config())]

    assert len(ids) == len(set(ids)) == 12


def test_a_longer_run_begins_with_the_prompts_of_a_shorter_one() -> None:
    assert prompt_sequence(config(max_steps=5))[:12] == prompt_sequence(config(max_steps=3))


def test_a_pool_is_gone_through_before_it_begins_again() -> None:
    ids = [problem.id for problem in prompt_sequence(config(num=6))]

    assert set(ids[:6]) == set(ids[6:12])


def test_another_seed_goes_through_the_pool_in_another_order() -> None:
    ids = [[problem.id for problem in prompt_sequence(config(seed=seed, num=6))] for seed in (0, 1)]

    assert ids[0] != ids[1]
    assert set(ids[0]) == set(ids[1])


def test_held_out_problems_are_not_asked_in_training() -> None:
    settings = config(max_steps=50)

    held_out = {problem.id for problem in heldout_problems(settings, num=50)}

    assert held_out.isdisjoint(problem.id for problem in prompt_sequence(settings))


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(UserError, match="muks"):
        prompt_sequence(config(families=["muks"]))


PYTHON = {"source": "generated-python", "families": ["count", "slice"], "levels": [1], "phrasing": "terse"}
VERILOG = {"families": ["mux"], "levels": [1], "phrasing": "terse"}


def mixed(*parts: dict[str, object], max_steps: int = 3) -> Config:
    tree = config(max_steps=max_steps).model_dump(mode="json")
    return parse_config({**tree, "data": {"mix": list(parts)}}, source="test")


def test_sources_take_turns_by_their_weights() -> None:
    problems = prompt_sequence(mixed({**VERILOG, "weight": 1.0}, {**PYTHON, "weight": 3.0}))

    languages = [problem.language for problem in problems]
    assert [languages[:num].count("python") for num in (4, 8, 12)] == [3, 6, 9]
    assert len({problem.id for problem in problems}) == 12


def test_a_longer_mixed_run_begins_with_the_prompts_of_a_shorter_one() -> None:
    parts = ({**VERILOG, "weight": 0.7, "num": 3}, PYTHON)

    assert prompt_sequence(mixed(*parts, max_steps=9))[:12] == prompt_sequence(mixed(*parts))


def test_a_mix_of_one_source_asks_what_that_source_alone_does() -> None:
    alone = config(**VERILOG)

    assert prompt_sequence(mixed(VERILOG)) == prompt_sequence(alone)
    assert heldout_problems(mixed(VERILOG), num=5) == heldout_problems(alone, num=5)


def test_every_source_has_its_held_out_problems() -> None:
    settings = mixed(VERILOG, PYTHON, max_steps=30)

    problems = heldout_problems(settings, num=8) + heldout_family_problems(settings, num=8)

    counts = Counter((problem.benchmark, problem.split) for problem in problems)
    assert set(counts.values()) == {8}
    assert len(counts) == 4
    assert {problem.id for problem in problems}.isdisjoint(each.id for each in prompt_sequence(settings))


def test_the_corpus_has_both_languages_in_their_shares() -> None:
    settings = mixed({**VERILOG, "weight": 3.0}, PYTHON)

    languages = [problem.language for problem in corpus_problems(settings.data, num=40)]

    assert languages.count("verilog") == 30


def test_python_problems_of_a_file_are_refused_under_a_rubric_for_hardware(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    write_problems(generate_programs(seed=0, split="train", num=3), path)
    tree = config().model_dump(mode="json")
    data = {"source": "jsonl", "path": str(path)}
    settings = parse_config({**tree, "data": data, "rubric": {"name": "verireason"}}, source="test")

    with pytest.raises(UserError, match="the rubric weighs similarity, which is never measured of a program"):
        prompt_sequence(settings)


def test_libraries_of_the_farm_go_to_python_problems() -> None:
    tree = mixed(VERILOG, PYTHON).model_dump(mode="json")
    settings = parse_config({**tree, "farm": {"python_libraries": ["numpy"]}}, source="test")

    for problem in prompt_sequence(settings):
        if problem.language == "python":
            assert read_suite(problem.spec.testbench).libraries == ("numpy",)


def problem(name: str) -> Problem:
    spec = Spec(verifier="verilog-testbench", top="m", testbench="", reference="", num_checks=10)
    return Problem(
        id=name,
        benchmark="b",
        prompt="",
        spec=spec,
        golden="",
        split="train",
        licence="",
        category="",
        difficulty=1,
    )


def sample(name: str, outcome: Outcome, total: float | None, *, code: str = "module m; endmodule") -> Sample:
    return Sample(
        completion=Completion(problem_id=name, sample=0, text=code, finish_reason="stop", num_tokens=10),
        token_ids=range(10),
        extraction=Extraction(code=code, follows_format=True, why=""),
        verdict=Verdict(outcome=outcome),
        reward=Reward(
            total=total, correctness=total, terms={} if total is None else {"correct": float(outcome is Outcome.PASS)}
        ),
    )


def group(*samples: Sample) -> Group:
    return Group(index=0, samples=samples, weights=0)


def test_rates_are_shares_of_the_judged_and_the_unjudged_are_counted() -> None:
    numbers = summarise(
        [
            group(sample("a", Outcome.PASS, 1.0), sample("a", Outcome.UNJUDGED, None)),
            group(sample("b", Outcome.MISMATCH, 0.2), sample("b", Outcome.REJECTED, 0.0)),
        ]
    )

    assert numbers["num_completions"] == 4
    assert numbers["num_judged"] == 3
    assert numbers["unjudged"] == 1
    assert numbers["pass"] == pytest.approx(1 / 3)
    assert numbers["rejected"] == pytest.approx(1 / 3)
    assert numbers["compile"] == pytest.approx(2 / 3)
    assert numbers["reward"] == pytest.approx(0.4)
    assert numbers["terms.correct"] == pytest.approx(1 / 3)


def test_groups_that_teach_nothing_are_those_with_one_reward() -> None:
    numbers = summarise(
        [
            group(sample("a", Outcome.PASS, 1.0), sample("a", Outcome.PASS, 1.0)),
            group(sample("b", Outcome.MISMATCH, 0.2), sample("b", Outcome.COMPILE_ERROR, 0.0)),
            group(sample("c", Outcome.COMPILE_ERROR, 0.0), sample("c", Outcome.UNJUDGED, None)),
            group(sample("d", Outcome.UNJUDGED, None), sample("d", Outcome.UNJUDGED, None)),
        ]
    )

    assert numbers["zero_variance"] == pytest.approx(2 / 3)
    assert (numbers["all_pass"], numbers["none_pass"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert numbers["groups"] == {"asked": 4, "live": 1, "all_pass": 1, "none_pass": 1, "tied": 0, "unjudged": 1}


def test_a_step_without_a_verdict_has_no_rates() -> None:
    numbers = summarise([group(*[sample("a", Outcome.UNJUDGED, None)] * 2)])

    assert numbers["unjudged"] == 2
    assert "pass" not in numbers
    assert "reward" not in numbers


def test_fine_tuning_goes_through_all_pairs_before_it_repeats_one() -> None:
    sft = config().sft
    assert sft is not None

    order = example_order(15, sft, seed=0)

    assert len(order) == 40
    assert set(order[:15]) == set(order[15:30]) == set(range(15))
    assert order == example_order(15, sft, seed=0)
    assert order != example_order(15, sft, seed=1)


def test_pairs_are_read_from_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps({"prompt": "// y = a", "completion": "module m; endmodule"}) + "\n")

    assert [(pair.prompt, pair.answer) for pair in read_pairs(path)] == [("// y = a", "module m; endmodule")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ('{"prompt": "a", "completion": "b"}\n{"prompt": "a"\n', ":2: not JSON"),
        ('{"prompt": "a"}\n', ':1: found no text "completion"'),
        ('["prompt", "completion"]\n', ':1: found no text "prompt"'),
    ],
)
def test_bad_pairs_are_named_by_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(text)

    with pytest.raises(UserError, match=str(path) + ".*") as caught:
        list(read_pairs(path))
    assert words in str(caught.value)


def test_completions_that_were_not_judged_leave_the_loss_and_its_divisor() -> None:
    torch = pytest.importorskip("torch", reason="the train extra is not installed")
    from verireason.training.tensors import without_rows

    batch = {"completion_mask": torch.tensor([[1, 1, 0], [1, 1, 1]]), "num_items_in_batch": torch.tensor(5)}

    masked = without_rows(batch, (False, True), any_anywhere=True, gather=lambda each: each)

    assert masked["completion_mask"].tolist() == [[1, 1, 0], [0, 0, 0]]
    assert masked["num_items_in_batch"].item() == 2
    assert without_rows(batch, (False, False), any_anywhere=False, gather=lambda each: each) is batch


def test_progress_off_a_terminal_is_plain_lines() -> None:
    stream = StringIO()
    progress = Progress(stream)

    for step in range(1, 6):
        progress.step(step, 5, f"loss {step}", every=2)

    assert stream.getvalue().splitlines() == [f"step {step}/5 | loss {step}" for step in (1, 2, 4, 5)]


@pytest.mark.parametrize(("amount", "words"), [(7.6, "8s"), (125, "2m05s"), (3780, "1h03m")])
def test_durations_are_short(amount: float, words: str) -> None:
    assert seconds(amount) == words
