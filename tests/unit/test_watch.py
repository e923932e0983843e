"""`verireason watch`: a run read while it grows, figures of older and newer runs, and nothing that steers a terminal."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
from rich.console import Console

from tests.fixtures.sample_run import evaluate, make_problems, write_records, write_run
from verireason.cli import main
from verireason.errors import UserError
from verireason.reports import follow
from verireason.reports.follow import Follower, MetricsTail, records_of_step
from verireason.reports.live import picture
from verireason.reports.live_rows import rows, spark

HOSTILE = "module \x1b]0;owned\x07\x1b[2J\x9b31m\rx\u202e\x08;\x00"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    write_run(directory, num_steps=6, num_heldout=6, num_samples=2)
    return directory


def steps(path: Path, *numbers: int, end: str = "\n") -> None:
    path.write_text("\n".join(json.dumps({"step": number, "reward": number / 10}) for number in numbers) + end)


def test_steps_are_read_as_they_come_and_a_torn_one_once_it_is_whole(tmp_path: Path) -> None:
    tail = MetricsTail(tmp_path / "metrics.jsonl")
    tail.read()
    assert tail.steps == []
    steps(tail.path, 1, 2, end="")
    tail.read()
    assert [step["step"] for step in tail.steps] == [1]
    with tail.path.open("a") as file:
        file.write('\n{"step": 3}\n')
    tail.read()
    assert [step["step"] for step in tail.steps] == [1, 2, 3]


def test_a_resumed_run_takes_steps_back(tmp_path: Path) -> None:
    tail = MetricsTail(tmp_path / "metrics.jsonl")
    steps(tail.path, 1, 2, 3)
    tail.read()
    part = tmp_path / "part"
    part.write_text('{"step": 1}\n{"step": 2, "reward": 0.123456789, "entropy": 0.123456789, "loss": 0.123456789}\n')
    os.replace(part, tail.path)
    tail.read()
    assert [step["step"] for step in tail.steps] == [1, 2]
    tail.path.unlink()
    tail.read()
    assert tail.steps == []


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\nnot json\n')
    with pytest.raises(UserError, match=r"metrics\.jsonl:2: not JSON"):
        MetricsTail(tmp_path / "metrics.jsonl").read()


@pytest.mark.parametrize("block", [100, 1 << 20])
def test_the_records_of_a_step_are_found_from_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(follow, "_BLOCK", block)
    path = tmp_path / "records.jsonl"
    problems = make_problems("gen", "train", ("adder", "mux"), 2, seed=0)
    records = [record for step in (1, 2, 3) for record in evaluate(problems, 2, lift=0.0, seed=step, step=step)]
    write_records(path, records)
    with path.open("a") as file:
        file.write('{"problem_id": "torn')
    for step in (1, 2, 3):
        assert records_of_step(path, step) == [record for record in records if record.step == step]
    assert records_of_step(path, 4) == []
    assert records_of_step(tmp_path / "missing", 1) == []


def test_no_more_than_a_tail_is_read_for_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_BLOCK", 1000)
    monkeypatch.setattr(follow, "TAIL_BYTES", 1000)
    path = tmp_path / "records.jsonl"
    problems = make_problems("gen", "train", ("adder",), 1, seed=0)
    write_records(path, evaluate(problems, 20, lift=0.0, seed=1, step=1))
    assert len(records_of_step(path, 1)) < 5


def test_the_view_tells_of_everything_that_the_metrics_have(run: Path) -> None:
    found = {row.label: row for row in rows(Follower(run).view().metrics)}
    assert {"reward", "pass", "groups", "pools", "entropy", "length", "staleness", "time", "farm", "cheating"} <= {
        *found
    }
    assert found["groups"].value.endswith("live")
    assert "waiting for verdicts" in found["time"].more
    assert "unjudged" in found["farm"].more


def test_an_older_run_shows_what_it_has() -> None:
    found = {row.label: row for row in rows([{"step": 1, "reward": 0.5, "zero_variance": 0.25, "none_pass": 0.25}])}
    assert {*found} == {"reward", "groups"}
    assert (found["groups"].value, found["groups"].more) == ("75.0 % live", "none pass 25.0 %")


def test_fine_tuning_has_its_own_numbers() -> None:
    found = {row.label: row.value for row in rows([{"step": 1, "loss": 6.25, "entropy": 6.5, "time.step_s": 0.5}])}
    assert found == {"entropy": "6.5", "time": "0.5 s a step", "loss": "6.25"}


@pytest.mark.parametrize(
    ("values", "cells", "drawn"),
    [
        ([], 5, ""),
        ([2.0, 2.0], 5, "▁▁"),
        ([0, 1, 2, 3], 9, "▁▃▆█"),
        ([0, 0, 1, 1, 2, 2], 3, "▁▅█"),
        (range(7), 2, "▁█"),
    ],
)
def test_a_curve_is_a_mean_in_each_cell_from_the_lowest_to_the_highest(
    values: list[float], cells: int, drawn: str
) -> None:
    assert spark(values, cells) == drawn


def test_what_a_model_wrote_does_not_reach_the_terminal_as_commands(tmp_path: Path) -> None:
    (problem,) = make_problems("gen", "train", ("adder",), 1, seed=0)
    good, bad = evaluate([problem], 2, lift=1.0, seed=0, step=1, phase="train", problem_id=f"adder{HOSTILE}")
    worse = replace(bad, code=HOSTILE, completion=HOSTILE, reward=-1.0, diagnostics=good.diagnostics)
    write_records(tmp_path / "records.jsonl", [good, worse])
    (tmp_path / "metrics.jsonl").write_text(json.dumps({"step": 1, "terms": {f"a{HOSTILE}": 1}, "reward": 1}) + "\n")
    out = io.StringIO()
    console = Console(file=out, width=200, height=50, color_system=None, force_terminal=True)
    console.print(picture(Follower(tmp_path).view(), width=200, height=50))
    shown = out.getvalue()
    assert [
        char for char in shown if (ord(char) < 32 and char != "\n") or 127 <= ord(char) < 160 or char == "\u202e"
    ] == []
    assert "⟨U+001B⟩]0;owned⟨U+0007⟩" in shown


def test_a_small_terminal_has_every_figure_in_a_line_of_its_own_and_the_samples(run: Path) -> None:
    out = io.StringIO()
    Console(file=out, width=80, height=24).print(picture(Follower(run).view(), width=80, height=24))
    shown = out.getvalue().splitlines()
    assert len(shown) <= 24
    assert max(map(len, shown)) <= 80
    for label in ("reward", "groups", "staleness", "farm", "Best and worst of step 6"):
        assert sum(line.startswith(label) for line in shown) == 1


def test_once_prints_how_it_stands(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--once", str(run)]) == 0
    shown = capsys.readouterr().out
    assert "step 6" in shown
    assert "Best and worst of step 6" in shown


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no training run; expected metrics.jsonl or config.json"),
        ({"records.jsonl": ""}, "holds an evaluation and no training run"),
        ({"metrics.jsonl": "[]\n"}, "metrics.jsonl:1: no step"),
        ({"config.json": "[]"}, "holds no JSON object"),
    ],
)
def test_what_is_no_run_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], message: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert main(["watch", str(tmp_path), "--once"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_run_without_a_step_says_how_far_fine_tuning_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert main(["watch", str(tmp_path), "--once"]) == 0
    assert "no step yet" in capsys.readouterr().out
    (tmp_path / "sft").mkdir()
    steps(tmp_path / "sft" / "metrics.jsonl", 1, 2)
    assert main(["watch", str(tmp_path), "--once"]) == 0
    assert f"fine-tuning has done 2: verireason watch {tmp_path / 'sft'}" in capsys.readouterr().out


def test_elsewhere_than_on_a_terminal_each_step_is_a_line_until_the_run_is_finished(tmp_path: Path) -> None:
    steps(tmp_path / "metrics.jsonl", 1, 2)
    watching = watch(tmp_path)
    assert " step 2 " in read(watching.stdout)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "reward": 0.7}\n')
    assert " step 3 " in read(watching.stdout)
    (tmp_path / "model").mkdir()
    assert watching.communicate(timeout=60) == ("", "")
    assert watching.returncode == 0


def test_an_interrupt_ends_it_without_a_complaint(tmp_path: Path) -> None:
    steps(tmp_path / "metrics.jsonl", 1)
    watching = watch(tmp_path)
    read(watching.stdout)
    watching.send_signal(signal.SIGINT)
    assert watching.communicate(timeout=60) == ("", "")
    assert watching.returncode == 0


def watch(directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "verireason", "watch", str(directory)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def read(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()
