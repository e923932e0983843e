"""A training run read while it is being written: metrics as they come, and the completions of the newest step."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verireason.errors import UserError
from verireason.records import Record, record_from_json
from verireason.reports.source import RECORDS, metrics_from_line, read_object
from verireason.reports.steps import Step, step_of

METRICS = "metrics.jsonl"
TAIL_BYTES = 64 << 20
"""Of a file of records how much is read for one step."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A run at some time."""

    name: str
    metrics: tuple[Mapping[str, float], ...]
    """One entry a step: dotted names, finite numbers."""
    num_steps: int | None
    """How many there will be; None when no configuration says."""
    samples: Step | None
    """Of the newest step; None when it has no records."""
    age_s: float
    """Seconds since something was written."""
    is_finished: bool


class MetricsTail:
    """The steps in a metrics.jsonl that grows, and that a resumed run puts a shorter one in the place of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.steps: list[Mapping[str, float]] = []
        self._file_id = 0
        self._offset = 0

    def read(self) -> None:
        """Take what is new; a last line that is being written waits for the next call. UserError for a bad line."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            self.steps, self._offset = [], 0
            return
        except OSError as err:
            raise UserError(f"cannot read {self.path}: {err.strerror}; expected one line a step") from err
        with file:
            status = self.path.stat()
            if status.st_ino != self._file_id or status.st_size < self._offset:
                self.steps, self._file_id, self._offset = [], status.st_ino, 0
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.splitlines():
            try:
                self.steps.append(metrics_from_line(line))
            except ValueError as err:
                raise UserError(f"{self.path}:{len(self.steps) + 1}: {err}") from err
        self._offset += len(whole)


class Follower:
    """Views of one run, each newer than the one before."""

    def __init__(self, run: Path) -> None:
        """UserError when there is no training run."""
        self._run = run
        self._config = _check(run)
        self._tail = MetricsTail(run / METRICS)
        self._samples: tuple[float, Step | None] | None = None

    def view(self) -> View:
        """The run now."""
        self._tail.read()
        steps = self._tail.steps
        if steps and (self._samples is None or self._samples[0] != steps[-1]["step"]):
            number = steps[-1]["step"]
            records = records_of_step(self._run / RECORDS, int(number))
            self._samples = (number, step_of(int(number), records) if records else None)
        return View(
            name=str(self._run),
            metrics=tuple(steps),
            num_steps=_num_steps(self._config, steps[-1] if steps else {}),
            samples=self._samples[1] if steps and self._samples else None,
            age_s=max(0.0, time.time() - self._tail.path.stat().st_mtime) if steps else 0.0,
            is_finished=(self._run / "model").is_dir(),
        )

    @property
    def waiting(self) -> str:
        """Why there is nothing to show yet, in a line."""
        tuning = MetricsTail(self._run / "sft" / METRICS)
        tuning.read()
        if tuning.steps:
            done = f"fine-tuning has done {tuning.steps[-1]['step']:,.0f}"
            return f"{self._run}: no step of GRPO yet; {done}: verireason watch {tuning.path.parent}"
        return f"{self._run}: no step yet"


def records_of_step(path: Path, step: int) -> list[Record]:
    """The records of a step near the end of a file, in their order; none when TAIL_BYTES do not reach it."""
    found: list[Record] = []
    for line in _lines_backwards(path):
        try:
            record = record_from_json(line)
        except ValueError as err:
            raise UserError(f"{path}: a line near the end is no record ({err}); expected one record a line") from err
        if record.step is not None and record.step < step:
            break
        if record.step == step:
            found.append(record)
    return found[::-1]


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """Whole lines from the end of a file; none of a missing one."""
    if not path.exists():
        return
    with path.open("rb") as file:
        start = end = file.seek(0, 2)
        rest = b""
        is_torn = True
        while start > 0 and end - start < TAIL_BYTES:
            size = min(_BLOCK, start)
            start -= size
            file.seek(start)
            first, *lines = (file.read(size) + rest).split(b"\n")
            if lines and is_torn:
                lines.pop()  # what stands behind the last end of a line is being written, or nothing
                is_torn = False
            yield from reversed(lines)
            rest = first
        if start == 0 and rest and not is_torn:
            yield rest


def _check(run: Path) -> Mapping[str, Any]:
    """The configuration of a run, {} when there is none."""
    if not run.is_dir():
        raise UserError(f"{run} is not a directory; give that of a training run, such as runs/demo")
    config = read_object(run / "config.json")
    if config is None and not (run / METRICS).exists():
        if (run / RECORDS).exists():
            raise UserError(f"{run} holds an evaluation and no training run; see it with verireason report {run}")
        raise UserError(
            f"{run} holds no training run; expected {METRICS} or config.json, as verireason train writes them"
        )
    return config or {}


def _num_steps(config: Mapping[str, Any], newest: Mapping[str, float]) -> int | None:
    """Fine-tuning writes the same configuration, but no completions."""
    section, name = ("grpo", "max_steps") if "num_completions" in newest else ("sft", "num_steps")
    settings = config.get(section)
    value = settings.get(name) if isinstance(settings, dict) else None
    return value if isinstance(value, int) else None
