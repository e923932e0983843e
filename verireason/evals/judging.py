"""Completions to records: extract, judge on the farm, write in order."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sim.farm import Farm, FarmUnavailable, default_cache_path, open_farm
from sim.image import ImageError
from sim.verdict import Candidate, Checks, Outcome, Spec
from verireason.data.calibrate import Calibration
from verireason.errors import MissingError, UserError
from verireason.evals.facts import facts_of, write_facts
from verireason.problem import Completion, Problem
from verireason.records import Record, RecordWriter, record_from
from verireason.templates import extract
from verireason.vcd import vcd_text

RECORDS = "records.jsonl"
PROBLEMS = "problems.json"
WAVES = "waves"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was judged so far."""

    num_records: int = 0
    """First answers, as everything here but what says otherwise."""
    num_passed: int = 0
    num_unjudged: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    num_repairs: int = 0
    """Later attempts, judged or not."""
    num_repaired: int = 0
    """Those of them that passed."""

    def add(self, record: Record) -> None:
        """Count one record."""
        if record.attempt:
            self.num_repairs += 1
            self.num_repaired += record.passed
            return
        self.num_records += 1
        self.num_passed += record.passed
        self.num_unjudged += record.outcome is Outcome.UNJUDGED
        self.outcomes[str(record.outcome)] = self.outcomes.get(str(record.outcome), 0) + 1

    def line(self) -> str:
        """One line for a person: a rate never stands without its n and its unjudged count."""
        num_judged = self.num_records - self.num_unjudged
        rate = f"{self.num_passed / num_judged:.1%}" if num_judged else "no rate"
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.outcomes.items()))
        repairs = f"; {self.num_repaired} of {self.num_repairs} repairs passed" if self.num_repairs else ""
        return f"{self.num_passed} of {num_judged} passed ({rate}), {self.num_unjudged} unjudged: {kinds}{repairs}"


def farm_for_user(
    *, box: str, num_boxes: int, remember: bool = True, use_cache: bool = True, checks: Checks | None = None
) -> Farm:
    """The farm, or MissingError with the line that says what this host lacks."""
    cache_path = default_cache_path() if use_cache and remember else None
    try:
        return open_farm(box=box, num_boxes=num_boxes, remember=remember, checks=checks, cache_path=cache_path)
    except (FarmUnavailable, ImageError) as err:
        raise MissingError(str(err)) from err


def fresh_directory(path: Path) -> None:
    """Make the directory for records. UserError when it already holds some, MissingError when it can't be made."""
    if (path / RECORDS).exists():
        raise UserError(
            f"{path} already holds {RECORDS}; give another directory (--out, or --label with a recipe), or remove it"
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise MissingError(f"cannot make {path}: {err.strerror}; give a directory that can be written") from err


def write_problems(path: Path, calibration: Calibration) -> None:
    """Say what is known of the problems, beside the records: defects are the ceiling of every rate.

    MissingError when the file can't be written.
    """
    facts = (
        facts_of(problem, defect=calibration.defects.get(id), dropped=calibration.dropped.get(id, ()))
        for id, problem in calibration.problems.items()
    )
    try:
        write_facts(path / PROBLEMS, facts)
    except OSError as err:
        raise MissingError(f"cannot write {path / PROBLEMS}: {err.strerror}; make room and start again") from err


def judge_completions(
    farm: Farm,
    calibration: Calibration,
    completions: Iterable[Completion],
    *,
    template: str = "verireason",
    phase: str | None = None,
    config: str | None = None,
) -> Iterator[Record]:
    """Records in the order of the completions, as verdicts arrive. `config` is the digest of the settings."""
    pending: deque[tuple[Problem, Completion, str | None]] = deque()

    def pairs() -> Iterator[tuple[Candidate, Spec]]:
        for completion in completions:
            problem = calibration.problems[completion.problem_id]
            code = code_of(completion, problem, template=template)
            pending.append((problem, completion, code))
            yield Candidate(source=code or "", language=problem.language), problem.spec

    for verdict in farm.judge(pairs()):
        problem, completion, code = pending.popleft()
        yield record_from(problem, completion, code, verdict, phase=phase, config=config)


def code_of(completion: Completion, problem: Problem, *, template: str) -> str | None:
    """What is judged of a completion; None when it holds no code."""
    spec = problem.spec
    return extract(
        completion.text,
        top=spec.top,
        template=template,
        header=problem.header,
        language=problem.answer_language,
    ).code


def write_records(
    path: Path, records: Iterable[Record], *, watch: Callable[[Tally], None] = lambda tally: None
) -> Tally:
    """Append records as they come, and write waves to files of their own; `watch` sees the tally after each."""
    tally = Tally()
    with RecordWriter(path / RECORDS) as writer:
        for record in records:
            writer.write(record)
            write_vcd(path / WAVES, record)
            tally.add(record)
            watch(tally)
    (path / "summary.json").write_text(json.dumps(asdict(tally), indent=1, sort_keys=True) + "\n")
    return tally


def write_vcd(directory: Path, record: Record) -> None:
    """The record's waves, if it has any, as PROBLEM-SAMPLE.vcd, of a repair as PROBLEM-SAMPLE-ATTEMPT.vcd.

    MissingError when the file can't be written.
    """
    if record.waves is None:
        return
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", record.problem_id)[:100]
    path = directory / (f"{name}-{record.sample}" + (f"-{record.attempt}" if record.attempt else "") + ".vcd")
    try:
        directory.mkdir(exist_ok=True)
        path.write_text(vcd_text(record.waves), encoding="ascii")
    except OSError as err:
        raise MissingError(f"cannot write {path}: {err.strerror}; make room and start again") from err
