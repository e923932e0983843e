"""Records: one JSON line per judged completion, the facts that every report is computed from.

A file of records only grows. Each record is one line in one write, so an interrupted process leaves whole lines.
SIGKILL can cut the last one (the kernel stops a write between two pages): readers leave such a line out and say so,
and the next writer cuts it off. A machine that loses power may lose the lines since the last `sync`. The texts in a
record are hostile and kept as they came. docs/records.md describes the format.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sim.strict_json import from_json, to_json
from sim.verdict import (
    Diagnostic,
    Equivalence,
    FailedCall,
    FirstFailure,
    GuardFinding,
    Lint,
    NamedTest,
    Outcome,
    OutputMismatch,
    Synthesis,
    Verdict,
    Waves,
)
from verireason.appending import DISK_FULL, LineAppender, open_to_append
from verireason.errors import MissingError, UserError
from verireason.problem import Completion, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One completion, its verdict and its reward.

    Example:
        Record(problem_id="gen-counter-1-7f3a", benchmark="generated", sample=0, outcome=Outcome.MISMATCH, passed=False,
               tests_passed=90, tests_total=100, reward=0.45, terms={"checks": 0.45}, phase="train", step=12)
    """

    problem_id: str
    benchmark: str
    sample: int
    """Index among the completions of the same problem, from 0."""
    outcome: Outcome
    passed: bool
    language: str = "verilog"
    """Of the code: "verilog" or "python"."""
    category: str | None = None
    split: str | None = None
    difficulty: int | None = None
    prompt: str | None = None
    """The problem's words; None when left out to save space."""
    completion: str | None = None
    code: str | None = None
    """What was judged; None when the completion held no code."""
    tests_passed: int | None = None
    tests_total: int | None = None
    outputs: tuple[OutputMismatch, ...] = ()
    first_failure: FirstFailure | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    findings: tuple[GuardFinding, ...] = ()
    tests: tuple[NamedTest, ...] = ()
    failed_call: FailedCall | None = None
    similarity: float | None = None
    lint: Lint | None = None
    synthesis: Synthesis | None = None
    equivalence: Equivalence | None = None
    waves: Waves | None = None
    second: Outcome | None = None
    reward: float | None = None
    """None when nobody asked for one, and always for UNJUDGED."""
    terms: Mapping[str, float] = field(default_factory=dict)
    """The rubric's terms that the reward is made of."""
    attempt: int = 0
    """0 for the model's first answer, n for its n-th repair of that; rates are over first answers."""
    finish_reason: str | None = None
    num_tokens: int | None = None
    num_prompt_tokens: int | None = None
    cost: float | None = None
    """What the completion cost, in the currency of the price that was given; None when nobody gave one."""
    model: str | None = None
    seed: int | None = None
    step: int | None = None
    """Training step, from 1; None outside training."""
    phase: str | None = None
    """"before", "after" or "train"; None for a plain evaluation."""
    job_key: str | None = None
    image: str | None = None
    """Digest of the simulation image."""
    tools: Mapping[str, str] = field(default_factory=dict)
    config: str | None = None
    """Digest of the resolved configuration."""
    cpu_s: float = 0.0
    wall_s: float = 0.0

    def __post_init__(self) -> None:
        if self.passed != (self.outcome is Outcome.PASS):
            raise ValueError(f"passed is {self.passed} beside outcome {self.outcome}")
        if self.outcome is Outcome.UNJUDGED and self.reward is not None:
            raise ValueError(f"reward is {self.reward} beside outcome UNJUDGED; what was not judged has none")

    @property
    def judged(self) -> bool:
        """Whether the farm answered; only then has the record a part in any rate."""
        return self.outcome is not Outcome.UNJUDGED


def record_from(
    problem: Problem,
    completion: Completion,
    code: str | None,
    verdict: Verdict,
    *,
    reward: float | None = None,
    terms: Mapping[str, float] | None = None,
    step: int | None = None,
    phase: str | None = None,
    config: str | None = None,
    keep_prompt: bool = True,
) -> Record:
    """The record of one judged completion. `config` is the digest of the resolved configuration."""
    return Record(
        problem_id=problem.id,
        benchmark=problem.benchmark,
        language=problem.language,
        category=problem.category,
        split=problem.split,
        difficulty=problem.difficulty,
        prompt=problem.prompt if keep_prompt else None,
        sample=completion.sample,
        completion=completion.text,
        code=code,
        outcome=verdict.outcome,
        passed=verdict.passed,
        tests_passed=verdict.num_passed,
        tests_total=verdict.num_tests,
        outputs=verdict.outputs,
        first_failure=verdict.first_failure,
        diagnostics=verdict.diagnostics,
        findings=verdict.findings,
        tests=verdict.tests,
        failed_call=verdict.failed_call,
        similarity=verdict.similarity,
        lint=verdict.lint,
        synthesis=verdict.synthesis,
        equivalence=verdict.equivalence,
        waves=verdict.waves,
        second=verdict.second,
        reward=reward,
        terms=dict(terms or {}),
        attempt=completion.attempt,
        finish_reason=completion.finish_reason,
        num_tokens=completion.num_tokens,
        num_prompt_tokens=completion.num_prompt_tokens,
        cost=completion.cost,
        model=completion.model,
        seed=completion.seed,
        step=step,
        phase=phase,
        job_key=verdict.job_key,
        image=verdict.image,
        tools=dict(verdict.tools),
        config=config,
        cpu_s=verdict.cpu_s,
        wall_s=verdict.wall_s,
    )


def verdict_from(record: Record) -> Verdict:
    """The verdict that a record carries, for what explains verdicts."""
    return Verdict(
        outcome=record.outcome,
        num_passed=record.tests_passed,
        num_tests=record.tests_total,
        outputs=record.outputs,
        first_failure=record.first_failure,
        diagnostics=record.diagnostics,
        findings=record.findings,
        tests=record.tests,
        failed_call=record.failed_call,
        similarity=record.similarity,
        lint=record.lint,
        synthesis=record.synthesis,
        equivalence=record.equivalence,
        waves=record.waves,
        second=record.second,
        tools=record.tools,
        image=record.image,
        job_key=record.job_key,
        cpu_s=record.cpu_s,
        wall_s=record.wall_s,
    )


def record_to_json(record: Record) -> str:
    """One line without its end, in ASCII; ValueError for a number that is not finite."""
    return to_json(record)


def record_from_json(line: str | bytes) -> Record:
    """The record in a line. ValueError says what is wrong with it."""
    return from_json(Record, line)


class RecordReader:
    """Iterates over the records of a file. Every line must be one, but for a last line that was cut off in writing.

    Raises UserError, naming file and line, while it iterates. May be iterated again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn_line: int | None = None
        """Number of the last line when it was cut off and so left out; None when it was whole or is not reached yet."""

    def __iter__(self) -> Iterator[Record]:
        for _, record in self.lines():
            yield record

    def lines(self) -> Iterator[tuple[bytes, Record]]:
        """Each line as it is on disk, its end included, and the record in it."""
        self.torn_line = None
        with _open_to_read(self.path) as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield line, record_from_json(line)
                except ValueError as err:
                    if not line.endswith(b"\n"):
                        self.torn_line = number
                        return
                    raise UserError(f"{self.path}:{number}: {err}; expected one record a line") from err


def read_records(path: Path) -> RecordReader:
    """The records of a file, read as they are asked for; see RecordReader for a last line that was cut off."""
    return RecordReader(path)


class RecordWriter:
    """Appends records to a file; one writer at a time, held by a lock that ends with the process.

    What a killed writer left half written is cut off at the start. A full disk raises MissingError and leaves whole
    lines.

    Example:
        with RecordWriter(run_dir / "records.jsonl") as writer:
            writer.write(record)
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = LineAppender(path, is_whole=_is_record, what="records")

    @property
    def num_records(self) -> int:
        """In the file."""
        return self._lines.num_lines

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def write(self, record: Record) -> None:
        """Append one line. When this returns, the line outlives the process."""
        self._lines.write(record_to_json(record).encode("ascii"))

    def sync(self) -> None:
        """Make what was written outlive the machine. Call it before a checkpoint that relies on it."""
        self._lines.sync()

    def close(self) -> None:
        """Sync and let go. May be called twice."""
        self._lines.close()


def _is_record(line: bytes) -> bool:
    try:
        record_from_json(line)
    except ValueError:
        return False
    return True


def truncate_records(path: Path, keep: Callable[[Record], bool]) -> int:
    """Keep the records that `keep` is true of, byte for byte, and return how many lines went; 0 for a missing file.

    Atomic: the file is the old one or the new one. A last line that was cut off goes too. UserError for any other bad
    line or while a writer is at work, MissingError for a full disk; the file is then as it was.
    """
    if not path.exists():
        return 0
    lock = open_to_append(path)
    reader = RecordReader(path)
    num_dropped = 0
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            for line, record in reader.lines():
                if keep(record):
                    file.write(line if line.endswith(b"\n") else line + b"\n")
                else:
                    num_dropped += 1
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as err:
        if err.errno not in DISK_FULL:
            raise
        raise MissingError(f"cannot rewrite {path}: {err.strerror}; it is as it was: make room and resume") from err
    finally:
        part.unlink(missing_ok=True)
        os.close(lock)
    return num_dropped + (reader.torn_line is not None)


def truncate_after_step(path: Path, step: int) -> int:
    """Drop the records of training steps after `step`, interrupted ones among them; see truncate_records."""
    return truncate_records(path, lambda record: record.step is None or record.step <= step)


def _open_to_read(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as err:
        raise UserError(f"cannot read {path}: {err.strerror}; expected a file of records") from err
