"""What an evaluation leaves in its directory so that it can go on after whatever ended it.

run.json: what decides the run, written before anything else. completions.jsonl: each completion as it came, before it
is judged. records.jsonl: each verdict. Both files of lines only grow, so whatever is whole in them is done.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sim.content import content_key
from sim.strict_json import from_json, to_json
from sim.verdict import Candidate, Checks
from verireason.appending import LineAppender
from verireason.errors import MissingError, UserError
from verireason.evals.judging import RECORDS, Tally
from verireason.problem import Completion, Problem
from verireason.records import Record, read_records, truncate_records

COMPLETIONS = "completions.jsonl"
RUN = "run.json"

Key = tuple[str, int, int]
"""Problem, sample, attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What decides an evaluation: a run goes on only with the same. Holds no key and no address."""

    benchmark: str
    num_problems: int
    problems: str
    """Digest of all of them: ids, prompts with their examples, goldens, testbenches."""
    engine: str
    model: str
    chat: bool | None = None
    """Whether it was asked by messages; None when that was left to the engine."""
    completions: str | None = None
    """Digest of the file that is replayed."""
    samples: int
    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    template: str
    system_prompt: str | None = None
    examples: int = 0
    rules: bool = False
    repair: int = 0
    checks: Checks
    image: str
    """Digest of the simulation image."""
    config: str | None = None
    """Digest of the recipe's resolved configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingSettings:
    """What decides the verdicts on completions that exist."""

    benchmark: str
    """Or the file of problems."""
    official: bool
    checks: Checks


def problems_digest(problems: Iterable[Problem]) -> str:
    """One hash of all that a model is asked and judged by."""
    digest = hashlib.sha256()
    for problem in problems:
        key = content_key(Candidate(source=problem.golden), problem.spec, image="")
        for part in (problem.id, problem.prompt, problem.header or "", key):
            data = part.encode(errors="replace")
            digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def start_or_go_on(out: Path, settings: RunSettings, *, resume: bool) -> None:
    """Make the directory of a run and write its settings, or see that those in it are the same.

    A run that ended before its first completion is started anew. UserError when the directory holds results and
    `resume` is not set, or results of other settings; MissingError when nothing can be written.
    """
    path = out / RUN
    found = next((name for name in (COMPLETIONS, RECORDS) if _is_filled(out / name)), None)
    if found is None:
        _write_settings(path, settings)
    elif not resume:
        raise UserError(
            f"{out} already holds {found}; go on with --resume, give another directory (--out, or --label with a "
            "recipe), or remove it"
        )
    elif not path.exists():
        raise UserError(f"{out} holds {found} and no {RUN}, so `eval` did not write it; give another directory")
    elif difference := first_difference(_read_settings(path), settings):
        raise UserError(f"{out} was started with {difference}; give the same, or another directory")


def _is_filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def first_difference(old: RunSettings, new: RunSettings) -> str | None:
    """The first setting that is not the same, in words; None when all are."""
    before, after = dict(_flat(asdict(old))), dict(_flat(asdict(new)))
    for name, value in before.items():
        if value != after[name]:
            return f"{name} {_shown(value)}, and now it is {_shown(after[name])}"
    return None


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        yield from _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _read_settings(path: Path) -> RunSettings:
    try:
        return from_json(RunSettings, path.read_bytes())
    except (OSError, ValueError) as err:
        raise UserError(f"{path} cannot be read: {err}; give another directory, or remove this one") from err


def write_judging(out: Path, settings: JudgingSettings) -> None:
    """Leave beside the records what decided them. MissingError when it cannot be written."""
    _write_settings(out / RUN, settings)


def _write_settings(path: Path, settings: RunSettings | JudgingSettings) -> None:
    """All or nothing, also when the process is killed."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(settings), indent=1) + "\n", encoding="utf-8")
        os.replace(part, path)
    except OSError as err:
        raise MissingError(
            f"cannot write {path}: {err.strerror}; make room, or give a directory that can be written"
        ) from err


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of completions.jsonl; also what `verify --completions` reads."""

    problem_id: str
    sample: int
    attempt: int = 0
    completion: str
    finish_reason: str | None = None
    num_tokens: int | None = None
    num_prompt_tokens: int | None = None
    cost: float | None = None
    seed: int | None = None
    model: str | None = None


_SHARED = [name for name in _Line.__dataclass_fields__ if name != "completion"]


def completion_to_json(completion: Completion) -> str:
    """One line without its end, in ASCII."""
    shared = {name: getattr(completion, name) for name in _SHARED}
    return to_json(_Line(completion=completion.text, **shared))


def completion_from_json(line: bytes) -> Completion:
    """The completion in a line. ValueError says what is wrong with it."""
    found = from_json(_Line, line)
    return Completion(text=found.completion, **{name: getattr(found, name) for name in _SHARED})


class CompletionWriter:
    """Appends completions to a file as they come; see LineAppender for what kills and full disks leave."""

    def __init__(self, path: Path) -> None:
        self._lines = LineAppender(path, is_whole=_is_completion, what="completions")

    def __enter__(self) -> CompletionWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._lines.close()

    def write(self, completion: Completion) -> None:
        """Append one line. When this returns, the line outlives the process."""
        self._lines.write(completion_to_json(completion).encode("ascii"))


def _is_completion(line: bytes) -> bool:
    try:
        completion_from_json(line)
    except ValueError:
        return False
    return True


def read_completions(path: Path) -> Iterator[Completion]:
    """The completions that an evaluation wrote, but for a last line that was cut off. UserError names file and line."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield completion_from_json(line)
            except ValueError as err:
                if not line.endswith(b"\n"):
                    return
                raise UserError(f"{path}:{number}: {err}; expected one completion a line") from err


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a run has come."""

    tally: Tally = field(default_factory=Tally)
    """Of what is judged."""
    done: set[Key] = field(default_factory=set)
    """What is generated, judged or not."""
    pending: list[Completion] = field(default_factory=list)
    """Generated and not judged."""
    to_repair: list[Record] = field(default_factory=list)
    """Failed attempts whose repair is not generated yet, though there may be one."""


def read_progress(out: Path, *, num_repairs: int) -> Progress:
    """What the directory of a run holds. Records that the farm could not judge are dropped: it gets another try.

    UserError for a bad line, which is named; MissingError when the records cannot be rewritten.
    """
    path = out / RECORDS
    progress = Progress()
    failed: dict[tuple[str, int], Record] = {}
    if path.exists():
        if any(not record.judged for record in read_records(path)):
            truncate_records(path, lambda record: record.judged)
        for record in read_records(path):
            progress.tally.add(record)
            progress.done.add(key_of(record))
            failed.pop((record.problem_id, record.sample), None)
            if not record.passed and record.attempt < num_repairs:
                failed[record.problem_id, record.sample] = record
    for completion in read_completions(out / COMPLETIONS):
        if key_of(completion) not in progress.done:
            progress.pending.append(completion)
            progress.done.add(key_of(completion))
    progress.to_repair = [
        record
        for record in failed.values()
        if (record.problem_id, record.sample, record.attempt + 1) not in progress.done
    ]
    return progress


def key_of(found: Completion | Record) -> Key:
    """What identifies it in a run."""
    return (found.problem_id, found.sample, found.attempt)
