"""All that a report says, computed once from its source and then written as HTML and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.verdict import Outcome
from verireason.evals.passk import Tally
from verireason.evals.repair import RepairRound, repair_rounds
from verireason.records import Record
from verireason.reports import words
from verireason.reports.cheats import Findings, find_cheats
from verireason.reports.curves import Curve, bin_width, draw_curves, draw_heldout
from verireason.reports.heat import HeatGroup, heat_groups, heat_row
from verireason.reports.lengths import Lengths, lengths_of
from verireason.reports.letters import LetterCount, count_letters
from verireason.reports.modes import ModeRow, mode_rows
from verireason.reports.panels import HELD_OUT, left_out
from verireason.reports.rates import (
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
from verireason.reports.samples import Highlight, Sample, choose_samples, highlights
from verireason.reports.source import Source, flat
from verireason.reports.steps import Step, choose_steps
from verireason.reports.training import Trend, in_words, trends

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
    number: int
    """Its place in the table, from 1."""
    defect: str | None
    erratum: str | None
    """What is publicly known to be wrong with it."""
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
    noun: str
    """What a category is called: "family" for generated problems, else "category"."""
    difficulties: tuple[Group, ...]
    outcomes: tuple[Outcome, ...]
    """Those that occur."""
    letters: tuple[LetterCount, ...]
    """Of the main evaluation."""
    lengths: Lengths | None
    findings: Findings | None
    """What reached out of designs; None when nothing did."""
    rounds: tuple[RepairRound, ...]
    """The first answers and each round of repairs; empty when nobody asked again."""
    modes: tuple[ModeRow, ...]
    """How the tests of Python benchmarks run; empty when nothing says so."""
    dropped: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Problems with tests that nobody is asked, since their own reference fails them: id, and reason, of each."""
    curves: tuple[Curve, ...]
    curves_note: str
    training: tuple[str, ...]
    """What all steps came to, in sentences."""
    trends: tuple[Trend, ...]
    """What the curves show, in figures."""
    steps: tuple[Step, ...]
    """Some steps of training, in their order, with what the model wrote."""
    labels: tuple[str, ...]
    """Of the evaluations that are compared, as the cells of the problems are ordered."""
    problems: tuple[ProblemRow, ...]
    heat: tuple[HeatGroup, ...]
    """The problems of the main evaluation, by category if there are some."""
    highlights: tuple[Highlight, ...]
    defects: Mapping[str, str] | None
    errata: tuple[tuple[str, str], ...]
    """Problem, and what is publicly known to be wrong with it."""
    notes: tuple[str, ...]
    """What is missing or left out."""
    method: str
    judged_with: str
    """Whose answers the rates and the ceiling stand on, with the version; empty when nothing says."""
    provenance: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    config: tuple[tuple[str, str], ...]


def build_report(source: Source) -> Report:
    """Compute everything. MissingError when there are curves to draw and matplotlib cannot be imported."""
    ks = choose_ks(source.main)
    splits = split_groups(source, ks)
    families = tuple(family_groups(source))
    samples = choose_samples(source)
    rows = problem_rows(source, samples)
    record_sets = source.evaluations or (source.main,)
    present = {record.outcome for record_set in record_sets for record in record_set.records}
    heldout = _heldout_curves(source, splits)
    drawn = draw_curves(source.metrics, source.training.records if source.training else ())
    curves = [*heldout, *(curve for curve in drawn if not heldout or curve.title != HELD_OUT)]  # one without intervals
    return Report(
        name=source.name,
        is_run=source.training is not None or bool(source.metrics) or source.baseline is not None,
        summary=words.summary(source),
        conclusions=tuple(conclusion(group) for group in splits),
        ks=ks,
        splits=tuple(splits),
        families=families,
        noun="family" if any(record.benchmark == "generated" for record in source.main.records) else "category",
        difficulties=tuple(difficulty_groups(source)),
        outcomes=tuple(outcome for outcome in Outcome if outcome in present),
        letters=tuple(count_letters(source.main.records)),
        lengths=lengths_of(source.main.records),
        findings=find_cheats(source),
        rounds=repair_rounds((*source.main.records, *source.main.repairs)) if source.main.repairs else (),
        modes=tuple(mode_rows(source)),
        dropped=tuple((id, each.dropped) for id, each in (source.facts or {}).items() if each.dropped),
        curves=tuple(curves),
        curves_note=_curves_note(source),
        training=tuple(in_words(source.metrics)),
        trends=tuple(trends(source.metrics)),
        steps=tuple(choose_steps(source)),
        labels=tuple(record_set.label for record_set in source.compared),
        problems=tuple(rows[: words.MAX_PROBLEMS]),
        heat=tuple(_heat(rows[: words.MAX_PROBLEMS], by_category=bool(families))),
        highlights=tuple(highlights(source)),
        defects=source.defects,
        errata=tuple((row.facts.problem_id, row.erratum) for row in rows if row.erratum),
        notes=(*source.warnings, *words.notes(source, [row.samples for row in rows])),
        method=words.method(ks),
        judged_with=words.judged_with(source),
        provenance=tuple(words.provenance(source)),
        versions=tuple((name, words.text(value)) for name, value in flat(source.versions or {})),
        config=tuple((name, words.text(value)) for name, value in flat(source.config or {})),
    )


def problem_rows(source: Source, samples: Mapping[str, Sequence[Sample]]) -> list[ProblemRow]:
    """One row a problem, in the order of their names."""
    record_sets = source.compared
    tallies = [tallies_by_problem(record_set) for record_set in record_sets]
    records: list[dict[str, list[Record]]] = [{} for _ in record_sets]
    for found, record_set in zip(records, record_sets, strict=True):
        for record in record_set.records:
            found.setdefault(record.problem_id, []).append(record)
    rows: list[ProblemRow] = []
    for problem_id, facts in problem_facts(source).items():
        cells = tuple(
            Cell(label=record_set.label, tally=tally[problem_id], records=tuple(found[problem_id]))
            if problem_id in tally
            else None
            for record_set, tally, found in zip(record_sets, tallies, records, strict=True)
        )
        known = (source.facts or {}).get(problem_id)
        rows.append(
            ProblemRow(
                facts=facts,
                number=len(rows) + 1,
                defect=known.defect if known else None,
                erratum=known.erratum if known else None,
                cells=cells,
                samples=tuple(samples.get(problem_id, ())),
            )
        )
    return rows


def _heat(rows: Sequence[ProblemRow], *, by_category: bool) -> list[HeatGroup]:
    """The map of the main evaluation, which is the last one of each row."""
    found = [
        heat_row(row.number, cell.tally, cell.records, row.samples)
        for row in rows
        if (cell := row.cells[-1]) is not None
    ]
    return heat_groups(found, {row.facts.problem_id: row.facts.category for row in rows} if by_category else None)


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
