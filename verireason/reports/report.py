"""All that a report says, computed once from its source and then written as HTML and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sim.verdict import Outcome
from verireason.evals.passk import NUM_RESAMPLES, Tally
from verireason.records import Record
from verireason.reports.cheats import FindingCount, count_findings
from verireason.reports.curves import Curve, bin_width, draw_curves, draw_heldout
from verireason.reports.modes import ModeRow, mode_rows
from verireason.reports.panels import left_out
from verireason.reports.rates import (
    BOOTSTRAP_SEED,
    Facts,
    Group,
    choose_ks,
    conclusion,
    difficulty_groups,
    family_groups,
    problem_facts,
    split_groups,
    tallies_by_problem,
)
from verireason.reports.samples import MAX_PER_PROBLEM, Highlight, Sample, choose_samples, highlights
from verireason.reports.source import Source, flat

MAX_PROBLEMS = 1000
"""Rows of the table of problems."""
MAX_DROPPED = 20
"""Problems with dropped tests that are named."""

MEANINGS = {
    Outcome.PASS: "every check of a full run agreed",
    Outcome.MISMATCH: "the design ran, and an output differed or the run ended early",
    Outcome.WRONG: "the program ran, and an answer differed",
    Outcome.COMPILE_ERROR: "the code does not compile, or lacks what is asked for",
    Outcome.CRASH: "the simulation died; of a program: an exception, an exit or a signal",
    Outcome.TIMEOUT: "the CPU limit was hit",
    Outcome.MEMORY: "the memory limit was hit",
    Outcome.OUTPUT_LIMIT: "printed more than allowed",
    Outcome.REJECTED: "the guard found what honest code has no use for",
    Outcome.NO_CODE: "the completion held no code",
    Outcome.UNJUDGED: "the farm failed: no part in any rate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One problem in one evaluation."""

    label: str
    tally: Tally
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    """One problem in all evaluations."""

    facts: Facts
    defect: str | None
    cells: tuple[Cell | None, ...]
    """One for each label; None where it did not have the problem."""
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the two formats share."""

    name: str
    is_run: bool
    """Whether it is about training."""
    summary: str
    """What was evaluated, in a line."""
    conclusions: tuple[str, ...]
    ks: tuple[int, ...]
    splits: tuple[Group, ...]
    families: tuple[Group, ...]
    difficulties: tuple[Group, ...]
    outcomes: tuple[Outcome, ...]
    """Those that occur."""
    findings: tuple[FindingCount, ...]
    modes: tuple[ModeRow, ...]
    """How the tests of Python benchmarks run; empty when nothing says so."""
    dropped: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Problems with tests that nobody is asked, since their own reference fails them: id, and reason, of each."""
    num_records: int
    """Completions in all files together, which the findings are of."""
    curves: tuple[Curve, ...]
    curves_note: str
    labels: tuple[str, ...]
    """Of the evaluations that are compared, as the cells of the problems are ordered."""
    problems: tuple[ProblemRow, ...]
    highlights: tuple[Highlight, ...]
    defects: Mapping[str, str] | None
    notes: tuple[str, ...]
    """What is missing or left out."""
    method: str
    provenance: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    config: tuple[tuple[str, str], ...]


def build_report(source: Source) -> Report:
    """Compute everything. MissingError when there are curves to draw and matplotlib cannot be imported."""
    ks = choose_ks(source.main)
    splits = split_groups(source, ks)
    samples = choose_samples(source)
    rows = problem_rows(source, samples)
    record_sets = source.evaluations or (source.main,)
    present = {record.outcome for record_set in record_sets for record in record_set.records}
    curves = _heldout_curves(source, splits)
    curves += draw_curves(source.metrics, source.training.records if source.training else ())
    return Report(
        name=source.name,
        is_run=source.training is not None or bool(source.metrics) or source.baseline is not None,
        summary=_summary(source),
        conclusions=tuple(conclusion(group) for group in splits),
        ks=ks,
        splits=tuple(splits),
        families=tuple(family_groups(source)),
        difficulties=tuple(difficulty_groups(source)),
        outcomes=tuple(outcome for outcome in Outcome if outcome in present),
        findings=tuple(count_findings(source)),
        modes=tuple(mode_rows(source)),
        dropped=tuple((id, each.dropped) for id, each in (source.facts or {}).items() if each.dropped),
        num_records=sum(len(record_set.records) for record_set in source.record_sets),
        curves=tuple(curves),
        curves_note=_curves_note(source),
        labels=tuple(record_set.label for record_set in source.compared),
        problems=tuple(rows[:MAX_PROBLEMS]),
        highlights=tuple(highlights(source)),
        defects=source.defects,
        notes=(*source.warnings, *_left_out(source, rows)),
        method=_method(ks),
        provenance=tuple(_provenance(source)),
        versions=tuple((name, _text(value)) for name, value in flat(source.versions or {})),
        config=tuple((name, _text(value)) for name, value in flat(source.config or {})),
    )


def problem_rows(source: Source, samples: Mapping[str, Sequence[Sample]]) -> list[ProblemRow]:
    """One row a problem, in order of appearance."""
    record_sets = source.compared
    tallies = [tallies_by_problem(record_set) for record_set in record_sets]
    records: list[dict[str, list[Record]]] = [{} for _ in record_sets]
    for found, record_set in zip(records, record_sets, strict=True):
        for record in record_set.records:
            found.setdefault(record.problem_id, []).append(record)
    rows = []
    for problem_id, facts in problem_facts(source).items():
        cells = tuple(
            Cell(label=record_set.label, tally=tally[problem_id], records=tuple(found[problem_id]))
            if problem_id in tally
            else None
            for record_set, tally, found in zip(record_sets, tallies, records, strict=True)
        )
        defect = (source.defects or {}).get(problem_id)
        rows.append(ProblemRow(facts=facts, defect=defect, cells=cells, samples=tuple(samples.get(problem_id, ()))))
    return rows


def _heldout_curves(source: Source, splits: Sequence[Group]) -> list[Curve]:
    """pass@1 of the held-out problems in the course of training, once there are three evaluations."""
    last_step = max((record.step or 0 for record in source.training.records), default=0) if source.training else 0
    steps = {"before": 0, "after": last_step}
    for record_set in source.evaluations:
        if digits := re.search(r"\d{1,9}$", record_set.label):
            steps[record_set.label] = int(digits[0])
    curves = []
    for group in splits:
        points = sorted(
            ((steps[row.label], row.rates[0]) for row in group.rows if row.label in steps), key=lambda point: point[0]
        )
        if len(points) > 2:
            curves.append(draw_heldout(group.name[0], points))
    return curves


def _summary(source: Source) -> str:
    records = source.main.records
    num_problems = len({record.problem_id for record in records})
    parts = [
        _several("model", (record.model for record in records)),
        _several("benchmark", (record.benchmark for record in records)),
        f"{num_problems:,} problems, {len(records):,} completions",
    ]
    if source.training is not None:
        last_step = max((record.step or 0 for record in source.training.records), default=0)
        parts.append(f"{last_step:,} training steps, {len(source.training.records):,} training completions")
    return " · ".join(part for part in parts if part)


def _several(name: str, values: Iterable[object]) -> str:
    """ "model a", "models a, b", or nothing."""
    found = sorted({str(value) for value in values if value is not None})
    if not found:
        return ""
    shown = ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    return f"{name}{'s' if len(found) > 1 else ''} {shown}"


def _curves_note(source: Source) -> str:
    if not source.metrics:
        return ""
    width = bin_width(len(source.metrics))
    parts = [f"{len(source.metrics):,} steps, one batch of completions each"]
    if width > 1:
        parts.append(f"points are means over {width} steps")
    parts.append("thin: each point, heavy: running mean over a twentieth of the run")
    if others := left_out(source.metrics):
        parts.append(f"not drawn, in metrics.jsonl: {', '.join(others)}")
    return "; ".join(parts) + "."


def _left_out(source: Source, rows: Sequence[ProblemRow]) -> list[str]:
    notes = []
    num_records = sum(len(record_set.records) for record_set in source.compared)
    num_shown = sum(sample.num_copies for row in rows[:MAX_PROBLEMS] for sample in row.samples)
    if num_shown < num_records:
        notes.append(
            f"Samples: the page shows {num_shown:,} of {num_records:,} completions, at most "
            f"{MAX_PER_PROBLEM} different ones for each problem and evaluation; all are in the files of records."
        )
    if len(rows) > MAX_PROBLEMS:
        notes.append(f"Problems: the table has the first {MAX_PROBLEMS:,} of {len(rows):,}; the rates are over all.")
    if source.defects is None:
        notes.append("Golden ceiling: not known, since no problems.json says which references fail their own test.")
    return notes


def _method(ks: Sequence[int]) -> str:
    names = ", ".join(f"pass@{k}" for k in ks)
    return (
        f"{names}: unbiased estimator (Chen et al. 2021) for each problem, averaged over problems. In brackets: 95 % "
        f"interval, Bayesian bootstrap over problems with Gaffke's end points, {NUM_RESAMPLES:,} resamples, seed "
        f"{BOOTSTRAP_SEED}; of differences, the bootstrap paired by problem and widened for few problems (Hesterberg "
        "2015). Unjudged completions, which the farm failed on, take no part in any rate and are counted beside it. A "
        "completion passes when every check of a full run agrees; of a Python program, when it passes every test."
    )


def _provenance(source: Source) -> list[tuple[str, str]]:
    records = [record for record_set in source.record_sets for record in record_set.records]
    found = [
        (
            "Computed from",
            "; ".join(
                f"{each.path}, {len(each.records):,} records, sha256 {each.digest}" for each in source.record_sets
            ),
        ),
        ("Models", _distinct(record.model for record in records)),
        ("Sampling seeds", _seeds(records)),
        ("Simulation image", _distinct(record.image for record in records)),
        ("Tools", _distinct(f"{name} {version}" for record in records for name, version in record.tools.items())),
        ("Configuration", _distinct(record.config for record in records)),
    ]
    return [(name, text) for name, text in found if text]


def _distinct(values: Iterable[str | None]) -> str:
    return ", ".join(sorted({value for value in values if value is not None}))


def _seeds(records: Iterable[Record]) -> str:
    seeds = sorted({record.seed for record in records if record.seed is not None})
    if len(seeds) > 8:
        return f"{len(seeds):,} seeds from {seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _text(value: object) -> str:
    return "–" if value is None else str(value)
