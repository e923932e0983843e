"""The figures of a report: rates by group of problems, differences, outcomes. Pure functions of records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sim.verdict import Outcome
from verireason.evals.passk import (
    Difference,
    PassAtK,
    Tally,
    estimate_difference,
    estimate_pass_at_k,
    tally_records,
)
from verireason.records import Record
from verireason.reports.source import RecordSet, Source
from verireason.reports.text import natural

BOOTSTRAP_SEED = 0
_KS = (5, 10, 20, 50, 100)
SPLITS = {
    "train": "Training tasks",
    "heldout": "Held-out tasks",
    "heldout-family": "Held-out families",
    "test": "Benchmark",
    None: "All problems",
}
"""Split to what a reader calls it, in the order of a report."""
LANGUAGES = {"verilog": "Verilog", "python": "Python"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What every record of a problem says about it."""

    problem_id: str
    split: str | None
    group: str
    """Which problems it is reported with, for a reader."""
    category: str | None
    difficulty: int | None
    prompt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One evaluation of one group of problems."""

    label: str
    rates: tuple[PassAtK, ...]
    """One for each k of the report, pass@1 first."""
    outcomes: Mapping[Outcome, int]
    """Samples by outcome, unjudged ones too."""

    @property
    def num_samples(self) -> int:
        """All samples, judged or not."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """How many problems of a group can be solved at all: those whose own reference passes."""

    num_sound: int
    num_problems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Problems that are reported together."""

    name: tuple[str, ...]
    """What the problems share, for a reader."""
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    """Last row minus first, one for each k; none with a single row."""
    ceiling: Ceiling | None
    """None when nobody checked the references."""


def choose_ks(record_set: RecordSet) -> tuple[int, ...]:
    """The k that at least half of the problems have samples for: 1, then the customary ones, else all there are."""
    sizes = sorted(tally.num_samples for tally in tally_records(record_set.records))
    typical = sizes[len(sizes) // 2]
    customary = [k for k in _KS if k <= typical]
    return (1, *(customary or ([typical] if typical > 1 else [])))


def problem_facts(source: Source) -> dict[str, Facts]:
    """Problems in the order of their names; a file of records has them in the order in which they were answered."""
    name_of = _naming(source)
    facts: dict[str, Facts] = {}
    for record_set in source.compared:
        for record in record_set.records:
            if record.problem_id not in facts:
                facts[record.problem_id] = Facts(
                    problem_id=record.problem_id,
                    split=record.split,
                    group=name_of(record),
                    category=record.category,
                    difficulty=record.difficulty,
                    prompt=record.prompt,
                )
    return {problem_id: facts[problem_id] for problem_id in sorted(facts, key=natural)}


def split_groups(source: Source, ks: Sequence[int]) -> list[Group]:
    """One group a split (and language, if there are two), in the order of SPLITS, with a row for every evaluation."""
    name_of = _naming(source)
    return _groups(source.evaluations or (source.main,), ks, lambda record: (name_of(record),), source.defects)


def family_groups(source: Source) -> list[Group]:
    """pass@1 by split and category; none unless a category has two problems or more on average."""
    problems = {(record.problem_id, record.category) for record in source.main.records}
    categories = {category for _, category in problems}
    if not 1 < len(categories) <= len(problems) / 2:
        return []
    name_of = _naming(source)
    return _groups(source.compared, (1,), lambda record: (name_of(record), record.category or "none"), source.defects)


def difficulty_groups(source: Source) -> list[Group]:
    """pass@1 by split and difficulty; none when the source does not say or there is only one."""
    if len({record.difficulty for record in source.main.records} - {None, 0}) < 2:
        return []
    name_of = _naming(source)
    return _groups(source.compared, (1,), lambda record: (name_of(record), _level(record)), source.defects)


def _level(record: Record) -> str:
    return f"level {record.difficulty}" if record.difficulty else "no level"


def tallies_by_problem(record_set: RecordSet) -> Mapping[str, Tally]:
    """One tally a problem."""
    return {tally.problem_id: tally for tally in tally_records(record_set.records)}


def conclusion(group: Group) -> str:
    """What the figures of a group allow to be said, in one sentence."""
    last = group.rows[-1].rates[0]
    if last.estimate is None:
        return f"{group.name[0]}: no judged sample."
    if not group.differences or group.differences[0].estimate is None:
        return f"{group.name[0]}: pass@1 is {_with_interval(last)} ({counted(last)})."
    first, change = group.rows[0].rates[0], group.differences[0]
    span = f"{points(change.estimate)} points [{points(change.low)}, {points(change.high)}] paired by problem"
    old, new = (
        f"{_with_interval(rate)} ({row.label})" for row, rate in ((group.rows[0], first), (group.rows[-1], last))
    )
    basis = (
        f"{change.num_problems:,} problems, {first.num_samples:,} and {last.num_samples:,} judged samples, "
        f"{first.num_unjudged:,} and {last.num_unjudged:,} unjudged"
        + (f"; {change.num_excluded:,} problems judged on one side only left out" if change.num_excluded else "")
    )
    if not change.clear:
        return f"{group.name[0]}: pass@1 of {old} and {new} do not differ beyond chance: {span} ({basis})."
    verb = "rose" if (change.estimate or 0) > 0 else "fell"
    return f"{group.name[0]}: pass@1 {verb} from {old} to {new}: {span} ({basis})."


def counted(rate: PassAtK) -> str:
    """What a rate stands on, in words."""
    return f"{rate.num_problems:,} problems, {rate.num_samples:,} judged samples, {rate.num_unjudged:,} unjudged"


def percent(share: float | None) -> str:
    """A share as per cent with one decimal, without the sign; a dash for None."""
    return "–" if share is None else f"{100 * share:.1f}"


def points(share: float | None) -> str:
    """A signed difference of shares in percentage points, with a true minus."""
    return "–" if share is None else f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")


def _with_interval(rate: PassAtK) -> str:
    return f"{percent(rate.estimate)} % [{percent(rate.low)}, {percent(rate.high)}]"


def _naming(source: Source) -> Callable[[Record], str]:
    """What a reader calls the split of a record. Rates of designs and of programs are never mixed."""
    languages = {record.language for record_set in source.record_sets for record in record_set.records}

    def name_of(record: Record) -> str:
        split = SPLITS.get(record.split) or str(record.split)
        return f"{split}, {LANGUAGES.get(record.language, record.language)}" if len(languages) > 1 else split

    return name_of


def _groups(
    record_sets: Sequence[RecordSet],
    ks: Sequence[int],
    key: Callable[[Record], tuple[str, ...]],
    defects: Mapping[str, str] | None,
) -> list[Group]:
    parts: dict[tuple[str, ...], dict[str, list[Record]]] = {}
    for record_set in record_sets:
        for record in record_set.records:
            parts.setdefault(key(record), {}).setdefault(record_set.label, []).append(record)
    place = {name: index for index, name in enumerate(SPLITS.values())}
    names = sorted(parts, key=lambda name: (place.get(name[0].partition(", ")[0], len(place)), name))
    return [_group(name, parts[name], ks, defects) for name in names]


def _group(
    name: tuple[str, ...],
    by_label: Mapping[str, Sequence[Record]],
    ks: Sequence[int],
    defects: Mapping[str, str] | None,
) -> Group:
    tallies = [tally_records(records) for records in by_label.values()]
    first, last = tallies[0], tallies[-1]
    compared = len(tallies) > 1
    return Group(
        name=name,
        rows=tuple(_row(label, records, ks) for label, records in by_label.items()),
        differences=tuple(estimate_difference(first, last, k, seed=BOOTSTRAP_SEED) for k in ks) if compared else (),
        ceiling=_ceiling({tally.problem_id for tally in last}, defects),
    )


def _row(label: str, records: Sequence[Record], ks: Sequence[int]) -> Row:
    tallies = tally_records(records)
    counts = Counter(record.outcome for record in records)
    return Row(
        label=label,
        rates=tuple(estimate_pass_at_k(tallies, k, seed=BOOTSTRAP_SEED) for k in ks),
        outcomes={outcome: counts[outcome] for outcome in Outcome if counts[outcome]},
    )


def _ceiling(problem_ids: set[str], defects: Mapping[str, str] | None) -> Ceiling | None:
    if defects is None:
        return None
    return Ceiling(num_sound=len(problem_ids - defects.keys()), num_problems=len(problem_ids))
