"""What a report is made from: the files of one directory, read once and kept as facts."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from verireason.errors import UserError
from verireason.evals.facts import ProblemFacts, read_facts
from verireason.evals.run_state import RUN
from verireason.records import Record, read_records

RECORDS = "records.jsonl"
MAX_STEPS = 24
"""Steps of training that a report shows completions of."""
_ORDER = {"before": (0,), "after": (2,)}
"""Where a label comes among the evaluations of a run; others lie between, by the numbers in their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """One file of records."""

    label: str
    """"before", "after" or another name below eval/; "train"; "evaluation" for a directory of its own."""
    path: Path
    """Relative to the directory of the report."""
    records: tuple[Record, ...]
    """First answers, which all rates are over."""
    digest: str
    """SHA-256 of the file."""
    repairs: tuple[Record, ...] = ()
    """The later attempts in the same file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """All that a report may know."""

    name: str
    evaluations: tuple[RecordSet, ...]
    """In the order of the run: before, others, after."""
    training: RecordSet | None
    """Completions of the training steps; None for a plain evaluation."""
    shown_steps: tuple[int, ...]
    """Steps whose training records have their texts; of others, so that memory is bounded, the facts alone are kept."""
    metrics: tuple[Mapping[str, float], ...]
    """One entry a step: dotted names, finite numbers."""
    config: Mapping[str, Any] | None
    versions: Mapping[str, Any] | None
    facts: Mapping[str, ProblemFacts] | None
    """Problem to what was known of it beforehand, where there is something to say; None when nobody looked."""
    warnings: tuple[str, ...]
    """What was left out of the files, for the reader of the report."""

    @property
    def defects(self) -> Mapping[str, str] | None:
        """Problem to what is wrong with its own reference; None when nobody checked."""
        return None if self.facts is None else {id: each.defect for id, each in self.facts.items() if each.defect}

    @property
    def main(self) -> RecordSet:
        """The records that the report is mostly about: those after training, or the only ones."""
        found = self.evaluations[-1] if self.evaluations else self.training
        assert found is not None  # load_source gives one or the other
        return found

    @property
    def compared(self) -> tuple[RecordSet, ...]:
        """What the tables by problem and by family show: the baseline, if there is one, and `main`."""
        return (self.baseline, self.main) if self.baseline else (self.main,)

    @property
    def baseline(self) -> RecordSet | None:
        """What `main` is compared with: the evaluation before training."""
        return self.evaluations[0] if len(self.evaluations) > 1 else None

    @property
    def record_sets(self) -> tuple[RecordSet, ...]:
        """Every file of records."""
        return self.evaluations + ((self.training,) if self.training else ())


def load_source(directory: Path) -> Source:
    """Read an evaluation or a training run. UserError when it holds no records, or a bad file, named with its line."""
    if not directory.is_dir():
        raise UserError(f"{directory} is not a directory; give one that an evaluation or a training run wrote")
    warnings: list[str] = []
    metrics = tuple(_read_metrics(directory / "metrics.jsonl", warnings))
    evaluations = []
    for path in sorted((directory / "eval").glob(f"*/{RECORDS}"), key=lambda path: _place(path.parent.name)):
        evaluations += _read_set(directory, path, path.parent.name, warnings)
    training = None
    steps = sorted({int(line["step"]) for line in metrics})
    shown_steps = spread_evenly(steps, MAX_STEPS)
    thin = frozenset(steps) - frozenset(shown_steps) if evaluations else frozenset()
    for found in _read_set(directory, directory / RECORDS, "train", warnings, thin=thin):
        if metrics or evaluations or found.records[0].step is not None:
            training = found
        else:
            evaluations.append(replace(found, label="evaluation"))
    if not evaluations and training is None:
        raise UserError(f"{directory} holds no records; expected {RECORDS} or eval/*/{RECORDS} with at least one line")
    if training is not None and not steps:
        shown_steps = spread_evenly(
            sorted({each.step for each in training.records if each.step is not None}), MAX_STEPS
        )
    return Source(
        name=directory.resolve().name,
        evaluations=tuple(evaluations),
        training=training,
        shown_steps=tuple(shown_steps),
        metrics=metrics,
        config=read_object(directory / "config.json") or read_object(directory / RUN),
        versions=read_object(directory / "versions.json"),
        facts=_read_facts(directory),
        warnings=tuple(warnings),
    )


def flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested objects with dotted names."""
    for name, value in data.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _place(label: str) -> tuple[Any, ...]:
    numbers = tuple(int(digits) for digits in re.findall(r"\d{1,9}", label))
    return (_ORDER.get(label, (1,)), numbers, label)


def spread_evenly(values: Sequence[int], num: int) -> list[int]:
    """At most `num` of the values, the first and the last among them."""
    if len(values) <= num:
        return list(values)
    return [values[round(place * (len(values) - 1) / (num - 1))] for place in range(num)]


def _read_set(
    directory: Path, path: Path, label: str, warnings: list[str], *, thin: AbstractSet[int] = frozenset()
) -> list[RecordSet]:
    """One set, or none when the file is missing or empty. Of steps in `thin` without texts."""
    if not path.exists():
        return []
    reader = read_records(path)
    found = tuple(_without_texts(record) if record.step in thin else record for record in reader)
    records = tuple(record for record in found if not record.attempt)
    repairs = tuple(record for record in found if record.attempt)
    relative = path.relative_to(directory)
    if reader.torn_line is not None:
        warnings.append(f"{relative}: line {reader.torn_line}, the last one, was cut off in writing and is left out")
    if not records:
        return []
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return [RecordSet(label=label, path=relative, records=records, digest=digest, repairs=repairs)]


def _without_texts(record: Record) -> Record:
    return replace(
        record, prompt=None, completion=None, code=None, outputs=(), first_failure=None, diagnostics=(), tests=(),
        failed_call=None, lint=None, synthesis=None, equivalence=None, waves=None,
    )  # fmt: skip


def _read_metrics(path: Path, warnings: list[str]) -> Iterator[Mapping[str, float]]:
    if not path.exists():
        return
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        try:
            yield metrics_from_line(line)
        except ValueError as err:
            if number == len(lines) and not line.endswith(b"\n"):
                warnings.append(f"{path.name}: line {number}, the last one, was cut off in writing and is left out")
                return
            raise UserError(f"{path}:{number}: {err}") from err


def metrics_from_line(line: bytes) -> Mapping[str, float]:
    """The numbers of one step with dotted names. ValueError says what is wrong with the line."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise ValueError("not JSON; expected one object a step") from err
    if not isinstance(data, dict) or not _is_number(data.get("step")):
        raise ValueError("no step; expected one object a step, with its number")
    return {name: float(value) for name, value in flat(data) if _is_number(value)}


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as err:
        raise UserError(f"{path} is not JSON; remove it, or write it again") from err


def read_object(path: Path) -> Mapping[str, Any] | None:
    """The JSON object in a file; None when there is no file. UserError when it holds anything else."""
    if not path.exists():
        return None
    if not isinstance(data := _read_json(path), dict):
        raise UserError(f"{path} holds no JSON object; remove it, or write it again")
    return data


def _read_facts(directory: Path) -> Mapping[str, ProblemFacts] | None:
    """From problems.json, at the top or beside the records of an evaluation; None when there is none."""
    paths = [*directory.glob("problems.json"), *sorted(directory.glob("eval/*/problems.json"))]
    if not paths:
        return None
    facts: dict[str, ProblemFacts] = {}
    for path in paths:
        try:
            facts |= {each.problem_id: each for each in read_facts(path)}
        except (ValueError, RecursionError) as err:
            raise UserError(
                f"{path}: {err}; expected a list of objects with problem_id, as in docs/records.md"
            ) from err
    return facts
