"""Training runs by the command line, started, watched and killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY

RECIPE = REPOSITORY / "recipes" / "tiny.toml"
STEP_SIZE = 16
"""Completions per step of that recipe."""
KILL_AT_STEP = 4
"""Between the checkpoints of steps 2 and 4."""
DEADLINE_S = 300


def verireason(*words: str | Path) -> subprocess.Popen[str]:
    """Start the command line in a process of its own."""
    command = [sys.executable, "-m", "verireason", *map(str, words)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a process that must end well; returns what it printed."""
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, output
    return output


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    started = time.monotonic()
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() - started < DEADLINE_S
        time.sleep(0.002)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def metrics(run: Path) -> list[dict[str, Any]]:
    noisy = ("time", "farm")
    return [{name: value for name, value in line.items() if name not in noisy} for line in lines(run / "metrics.jsonl")]


def records(run: Path) -> list[dict[str, Any]]:
    times = ("cpu_s", "wall_s")
    return [{name: value for name, value in line.items() if name not in times} for line in lines(run / "records.jsonl")]


def kill_in_step(run: Path, step: int, *settings: str) -> None:
    """Start training and end it with SIGKILL once the first records of a step are there, before its update."""
    process = verireason("train", RECIPE, *setting_words(f"run.out={run}", *settings))
    wait_until(lambda: num_lines(run / "records.jsonl") > (step - 1) * STEP_SIZE, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def num_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def setting_words(*settings: str) -> list[str]:
    """`--set` before each."""
    return [word for setting in settings for word in ("--set", setting)]
