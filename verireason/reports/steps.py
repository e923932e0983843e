"""What the model wrote in training: of some steps the groups that differ most, their best and worst side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from verireason.records import Record
from verireason.reports.samples import Sample, closeness
from verireason.reports.source import Source

MAX_PAIRS = 2
"""Of a step."""
MAX_CHARS = 1_500_000
"""Of all steps together, so that the page stays small however long the run was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The best and the worst completion of a group; of the whole step where no group differs."""

    title: str
    best: Sample
    worst: Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of training with the samples to show of it."""

    number: int
    num_completions: int
    num_passed: int
    num_unjudged: int
    num_rejected: int
    """Attempts to cheat."""
    pairs: tuple[Pair, ...]


def choose_steps(source: Source) -> list[Step]:
    """Those of the source's shown steps that have pairs: from the last one on backwards as many as fit MAX_CHARS."""
    by_step: dict[int, list[Record]] = {number: [] for number in source.shown_steps}
    for record in source.training.records if source.training else ():
        if record.step in by_step:
            by_step[record.step].append(record)
    chosen: list[Step] = []
    num_chars = 0
    for number in sorted(by_step, reverse=True):
        step = step_of(number, by_step[number])
        num_chars += sum(pair.best.num_chars + pair.worst.num_chars for pair in step.pairs)
        if num_chars > MAX_CHARS:
            break
        if step.pairs:
            chosen.append(step)
    return chosen[::-1]


def step_of(number: int, records: Sequence[Record]) -> Step:
    """A step from all of its records."""
    return Step(
        number=number,
        num_completions=len(records),
        num_passed=sum(record.passed for record in records),
        num_unjudged=sum(not record.judged for record in records),
        num_rejected=sum(record.outcome == "REJECTED" for record in records),
        pairs=tuple(choose_pairs(records)),
    )


def choose_pairs(records: Iterable[Record]) -> list[Pair]:
    """The groups with the widest spread of rewards first. Without any, the best and the worst of all, if there are two.

    What was not judged is neither good nor bad.
    """
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.judged:
            groups.setdefault(record.problem_id, []).append(record)
    ranked = sorted(groups.values(), key=_spread, reverse=True)
    found = [_pair(f"{group[0].problem_id}: {_passes(group)}", group) for group in ranked if _spread(group) > 0]
    if found:
        return found[:MAX_PAIRS]
    everyone = [record for group in ranked for record in group]
    return [_pair("No group differs in reward. Of the whole step:", everyone)] if len(everyone) > 1 else []


def _pair(title: str, records: Sequence[Record]) -> Pair:
    best, worst = max(records, key=closeness), min(reversed(records), key=closeness)  # two, even where all are alike
    samples = [Sample(record=record, label=record.phase or "train") for record in (best, worst)]
    return Pair(title=title, best=samples[0], worst=samples[1])


def _spread(records: Sequence[Record]) -> float:
    values = [closeness(record)[0] for record in records]
    return max(values) - min(values)


def _passes(records: Sequence[Record]) -> str:
    return f"{sum(record.passed for record in records)} of {len(records)} pass"
