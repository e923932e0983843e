"""Answers with their reasoning, from a data set in VeriReason's layout to what fine-tuning learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.rtl_data_sets import GRAY, answer, veri_reason_row, write_lines
from verireason.cli import main
from verireason.data.benchmarks import load_benchmark
from verireason.data.jsonl import write_problems
from verireason.training.sft import read_pairs


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "veri-reason" / "train.jsonl", [veri_reason_row(1), veri_reason_row(2)])


def test_the_answers_of_proven_problems_become_pairs_that_are_learned_whole(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proven = load_benchmark("veri-reason", root)[1:]
    write_problems(proven, tmp_path / "proven.jsonl")
    out = tmp_path / "pairs.jsonl"

    words = ["--root", str(root), "--problems", str(tmp_path / "proven.jsonl"), "--out", str(out)]
    assert main(["data", "answers", *words]) == 0

    assert capsys.readouterr().out == f"1 pairs in {out}\n"
    (pair,) = read_pairs(out)
    assert (pair.prompt, pair.answer, pair.is_whole) == (proven[0].prompt, answer(GRAY), True)


def test_a_problem_of_another_data_set_is_one_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_problems([replace(load_benchmark("veri-reason", root)[0], id="17")], tmp_path / "proven.jsonl")

    words = ["--root", str(root), "--problems", str(tmp_path / "proven.jsonl"), "--out", str(tmp_path / "pairs")]
    assert main(["data", "answers", *words]) == 2

    assert f"problem 17 is not in {root}; give the data set" in capsys.readouterr().err
    assert not (tmp_path / "pairs").exists()
