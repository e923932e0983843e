"""leaderboard: only what is alike stands together, what cannot be told apart shares a rank, bad directories are lines."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sim.verdict import Outcome
from tests.fixtures.answers import answers, of_letters, side
from tests.fixtures.sample_run import HOSTILE, write_records
from verireason.cli import main
from verireason.records import Record
from verireason.reports.comparison_sides import unlike
from verireason.reports.leaderboard import boards
from verireason.reports.leaderboard_tables import leaderboard_files

NAMES = ("leaderboard.html", "leaderboard.md", "leaderboard.tex", "leaderboard.csv")


def test_entries_that_the_test_cannot_tell_apart_share_a_rank() -> None:
    best, near, worst = (of_letters(name, ["."] * num + ["x"] * (40 - num)) for name, num in
                         (("best", 30), ("near", 28), ("worst", 5)))  # fmt: skip
    (board,) = boards([worst, near, best])
    assert [entry.label for entry in board.entries] == ["best", "near", "worst"]
    assert board.ranks == (1, 1, 3)


def test_being_near_to_the_best_and_to_the_worst_gives_no_chain() -> None:
    sides = [of_letters(str(num), ["."] * num + ["x"] * (40 - num)) for num in (20, 16, 12)]
    (board,) = boards(sides)
    assert board.ranks == (1, 1, 2)


def test_an_entry_without_a_judged_sample_comes_last_and_has_no_rank() -> None:
    (board,) = boards([of_letters("dark", ["?"] * 3), of_letters("bad", ["x"] * 3)])
    assert [(entry.label, rank) for entry, rank in zip(board.entries, board.ranks, strict=True)] == [
        ("bad", 1),
        ("dark", None),
    ]


def test_other_problems_and_other_images_stand_apart_with_the_reason() -> None:
    same = [of_letters("a", ["."] * 3), of_letters("b", ["x"] * 3)]
    fewer, other = of_letters("c", ["."] * 2), of_letters("d", ["."] * 3, image="b" * 16 + "-" + "1" * 8)
    found = boards([fewer, other, *same])
    assert [(board.reason, [entry.label for entry in board.entries]) for board in found] == [
        (None, ["a", "b"]),
        ("judged in another simulation image: bbbbbbbbbbbbbbbb and not sha256:aa", ["d"]),
        ("other problems: 1 of the first table are missing, 0 are not in it", ["c"]),
    ]


def test_images_of_the_same_tools_are_alike() -> None:
    old, new = (of_letters(name, ["."], image="a" * 16 + f"-{name * 8}") for name in "ab")
    assert [[entry.label for entry in board.entries] for board in boards([old, new])] == [["a", "b"]]
    assert "by different versions of this program" in " ".join(unlike(old, new))


def test_benchmarks_and_models_of_one_evaluation_are_entries_of_their_own() -> None:
    many = side("a", answers("p", ".", model="m"), answers("p", "x", model="n"), answers("q", ".", benchmark="other"))
    found = boards([many])
    assert [(board.name, [entry.model for entry in board.entries]) for board in found] == [
        ("bench", ["m", "n"]),
        ("other", [None]),
    ]


def test_an_entry_counts_what_it_stands_on() -> None:
    rejected = Record(problem_id="p1", benchmark="bench", split="test", image="sha256:aa", sample=0,
                      outcome=Outcome.REJECTED, passed=False, num_tokens=30, cost=0.5)  # fmt: skip
    records = [*answers("p0", ".?", num_tokens=10, cost=0.25), rejected]
    found = replace(side("a", records), settings={"temperature": 0.85}, defects={"p1": "times out"})
    ((entry,),) = (board.entries for board in boards([found]))
    assert (entry.num_rejected, entry.num_sound, entry.temperature, entry.cost) == (1, 1, 0.85, 1.0)
    assert entry.num_tokens == pytest.approx(50 / 3)
    assert [tally.num_unjudged for tally in entry.tallies] == [1, 0]
    ((unknown,),) = (board.entries for board in boards([side("a", records, answers("p2", "."))]))
    assert (unknown.cost, unknown.num_tokens, unknown.temperature) == (None, None, None)


def test_the_command_prints_writes_and_leaves_out_bad_directories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, letters in (("one", "." * 20), ("two", "x" * 20)):
        write_records(tmp_path / name / "records.jsonl", answers("p", letters, model="m-" + name))
        (tmp_path / name / "run.json").write_text(json.dumps({"temperature": 0.85}))
    text = (tmp_path / "one/records.jsonl").read_text()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/records.jsonl").write_text(text.replace('"PASS"', '"FINE"', 1))
    argv = [
        "leaderboard",
        *(str(tmp_path / name) for name in ("one", "two", "bad", "none")),
        "--out",
        str(tmp_path / "o"),
    ]
    assert main(argv) == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-4:] == [str(tmp_path / "o" / name) for name in NAMES]
    errors = captured.err.splitlines()
    assert len(errors) == 2
    assert f"{tmp_path / 'bad/records.jsonl'}:1: " in errors[0]
    assert f"{tmp_path / 'none'} is not a directory" in errors[1]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "o/leaderboard.csv").read_text())))
    assert [(row["model"], row["temperature"], row["pass@20"]) for row in rows] == [
        ("m-one", "0.85", "1"),
        ("m-two", "0.85", "0"),
    ]
    assert len(rows[0]["sha256"]) == 64
    page = (tmp_path / "o/leaderboard.html").read_text()
    assert f"{tmp_path / 'none'} is not a directory" in page


def test_nothing_but_bad_directories_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaderboard", str(tmp_path)]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("verireason: no directory holds an evaluation")


def test_hostile_words_stay_words() -> None:
    records = [of_letters(HOSTILE, ["."] * 2, model=HOSTILE)]
    files = leaderboard_files(boards(records), [HOSTILE])
    assert "<img" not in files["leaderboard.html"]
    assert files["leaderboard.html"].count("<script") == 1
