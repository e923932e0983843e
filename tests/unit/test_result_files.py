"""Result files of other systems as completions: every layout, and one line for what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verireason.errors import UserError
from verireason.evals.completions import CompletionFile
from verireason.problem import Completion

KNOWN = ("Prob001_zero", "Prob002_m2014_q4i", "adder_8bit", "lfsr")
V2 = "turtle/tasks/verilog-eval/dataset_spec-to-rtl/Prob001_zero_test.sv"


def turtle(generation: object, **fields: object) -> dict[str, object]:
    return {"prompt": "p", "ref_path": "r", "reasoning": None, "generation": generation, "test_path": V2, **fields}


def read(path: Path, value: object, *, skip_bad: bool = False) -> list[Completion]:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return list(CompletionFile(path=path, known_ids=KNOWN, skip_bad=skip_bad))


def test_turtles_lists_are_read_in_order(tmp_path: Path) -> None:
    rtllm = "turtle/tasks/RTLLM/Arithmetic/Adder/adder_8bit/testbench.v"
    file = [
        [turtle("a"), turtle("b")],
        [turtle("c", test_path=rtllm)],
        [turtle("d", task_id="lfsr", test_path="Vgen/tb_lfsr.v")],
    ]
    found = [(each.problem_id, each.sample, each.text) for each in read(tmp_path / "r.json", file)]
    assert found == [
        ("Prob001_zero", 0, "a"), ("Prob001_zero", 1, "b"), ("adder_8bit", 0, "c"), ("lfsr", 0, "d"),
    ]  # fmt: skip


def test_veri_coders_lines_are_read_in_order(tmp_path: Path) -> None:
    line = {"task_id": "lfsr", "description": "You are a Verilog expert.", "prompt": "module lfsr(", "completion": "x"}
    found = read(tmp_path / "r.jsonl", "\n".join(json.dumps(each) for each in (line, {**line, "completion": "y"})))
    assert [(each.problem_id, each.sample, each.text) for each in found] == [("lfsr", 0, "x"), ("lfsr", 1, "y")]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ([[turtle("a"), turtle(None)]], "r.json problem 1 sample 2: no object with a generation that is a string"),
        ([[turtle("a")], turtle("b")], "r.json problem 2: a JSON dict, expected a list of samples"),
        ([[turtle("a", test_path=None)]], "r.json problem 1 sample 1: no test_path or task_id"),
        ([[turtle("a", test_path="x/Prob999_none_test.sv")]], "problem 1 sample 1: unknown problem 'Prob999_none'"),
        ('[[{"generation": "a"', "r.json: not JSON ("),
        ("[" * 100_000, "r.json: not JSON (nested too deep)"),
        ('{"task_id": "lfsr", "completion": "a"}\n{"task_id": "lf', "r.json:2: not JSON ("),
        ("[]", "r.json is empty"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_its_place(tmp_path: Path, file: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path / "r.json", file)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_samples_can_be_left_out(tmp_path: Path) -> None:
    found = read(tmp_path / "r.json", [[turtle("a"), turtle(7), turtle("b")]], skip_bad=True)
    assert [(each.sample, each.text) for each in found] == [(0, "a"), (1, "b")]


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "-Infinity"])
def test_a_cost_that_is_no_number_is_unknown(tmp_path: Path, cost: str) -> None:
    (found,) = read(tmp_path / "r.jsonl", f'{{"task_id": "lfsr", "completion": "x", "cost": {cost}}}')
    assert found.cost is None


def test_an_attempt_before_the_first_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="attempt is -1"):
        read(tmp_path / "r.jsonl", '{"task_id": "lfsr", "completion": "x", "attempt": -1}')
