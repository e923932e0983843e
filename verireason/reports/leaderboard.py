"""Many evaluations in one order, as far as they can be put in one: what is not alike stands apart, with the reason.

Pure functions of records. Two entries stand in one table when they were asked the same problems of the same benchmark
and judged in the same simulation image. A rank is one more than the number of entries that are clearly better on
pass@1, by the paired test over problems corrected for the number of pairs in the table: entries that the test cannot
tell apart share a rank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from sim.image import tools_of
from sim.verdict import Outcome
from verireason.evals.paired import holm, paired_test
from verireason.evals.passk import PassAtK, Tally, estimate_pass_at_k, tally_records
from verireason.records import Record
from verireason.reports.comparison import LEVEL
from verireason.reports.comparison_sides import KS, Part, Side, choose_ks, part_names, part_of
from verireason.reports.rates import BOOTSTRAP_SEED


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model on one benchmark, of one evaluation."""

    label: str
    """Of the evaluation."""
    part: Part
    model: str | None
    tallies: tuple[Tally, ...]
    rates: Mapping[int, PassAtK]
    """By k, as far as there are samples for it."""
    num_sound: int | None
    """Problems whose own reference passes: the ceiling. None when nobody looked."""
    num_rejected: int
    """Completions that the guard rejected."""
    images: frozenset[str]
    """By their tools: later versions of this program judge in images of the same tools."""
    temperature: float | None
    num_tokens: float | None
    """Of a completion, on average; None when it is not known of every one."""
    cost: float | None
    """Of all completions; None when it is not known of every one."""
    digest: str

    @property
    def problem_ids(self) -> frozenset[str]:
        """What was asked."""
        return frozenset(tally.problem_id for tally in self.tallies)

    @property
    def num_samples(self) -> int:
        """A problem, judged or not; of most problems."""
        sizes = sorted(tally.num_samples + tally.num_unjudged for tally in self.tallies)
        return sizes[len(sizes) // 2]

    @property
    def rate(self) -> float:
        """pass@1 for the order; nothing judged comes last."""
        estimate = self.rates[1].estimate
        return -1.0 if estimate is None else estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Entries that can be compared, the highest pass@1 first."""

    name: str
    """The benchmark."""
    reason: str | None
    """Why it stands apart from the first table of its benchmark; None for that."""
    entries: tuple[Entry, ...]
    ranks: tuple[int | None, ...]
    """One for each entry; None for one without a judged sample."""


def boards(sides: Iterable[Side]) -> list[Board]:
    """All entries, by benchmark; of each benchmark the table with the most entries first."""
    entries = [entry for side in sides for entry in _entries(side)]
    found = []
    for part, name in part_names(entry.part for entry in entries).items():
        alike: dict[tuple[frozenset[str], frozenset[str]], list[Entry]] = {}
        for entry in entries:
            if entry.part == part:
                alike.setdefault((entry.problem_ids, entry.images), []).append(entry)
        groups = sorted(alike.values(), key=lambda group: (-len(group), -len(group[0].problem_ids)))
        found += [_board(name, group, _reason(group[0], groups[0][0]) if number else None)
                  for number, group in enumerate(groups)]  # fmt: skip
    return found


def _entries(side: Side) -> list[Entry]:
    parts: dict[tuple[Part, str | None], list[Record]] = {}
    for record in side.records:
        parts.setdefault((part_of(record), record.model), []).append(record)
    return [_entry(side, part, model, records) for (part, model), records in parts.items()]


def _entry(side: Side, part: Part, model: str | None, records: Sequence[Record]) -> Entry:
    tallies = tally_records(records)
    temperature = (side.settings or {}).get("temperature")
    ks = choose_ks([tally.num_samples for tally in tallies])
    return Entry(
        label=side.label,
        part=part,
        model=model,
        tallies=tallies,
        rates={k: estimate_pass_at_k(tallies, k, seed=BOOTSTRAP_SEED) for k in ks},
        num_sound=None if side.defects is None else sum(each.problem_id not in side.defects for each in tallies),
        num_rejected=sum(record.outcome is Outcome.REJECTED for record in records),
        images=frozenset(tools_of(record.image) for record in records if record.image is not None),
        temperature=float(temperature) if isinstance(temperature, int | float) else None,
        num_tokens=_known([record.num_tokens for record in records], fmean),
        cost=_known([record.cost for record in records], sum),
        digest=side.digest,
    )


def _known(values: Sequence[float | None], of: Callable[[Sequence[float]], float]) -> float | None:
    """Something of all values; None when one of them is not known."""
    known = [value for value in values if value is not None]
    return float(of(known)) if len(known) == len(values) else None


def _board(name: str, entries: Sequence[Entry], reason: str | None) -> Board:
    ordered = sorted(entries, key=lambda entry: (-entry.rate, entry.label))
    return Board(name=name, reason=reason, entries=tuple(ordered), ranks=tuple(_ranks(ordered)))


def _ranks(ordered: Sequence[Entry]) -> list[int | None]:
    """One for each; `ordered` has the highest pass@1 first."""
    pairs = list(combinations(range(len(ordered)), 2))
    tests = [
        paired_test(ordered[lower].tallies, ordered[higher].tallies, 1, seed=BOOTSTRAP_SEED) for higher, lower in pairs
    ]
    ranks = [1] * len(ordered)
    for (_, lower), p_value in zip(pairs, holm([test.p_value for test in tests]), strict=True):
        ranks[lower] += p_value is not None and p_value < LEVEL
    return [rank if entry.rate >= 0 else None for rank, entry in zip(ranks, ordered, strict=True)]


def _reason(entry: Entry, first: Entry) -> str:
    """In what an entry is not alike to those of the first table."""
    parts = []
    missing, more = len(first.problem_ids - entry.problem_ids), len(entry.problem_ids - first.problem_ids)
    if missing or more:
        parts.append(f"other problems: {missing:,} of the first table are missing, {more:,} are not in it")
    if entry.images != first.images:
        parts.append(f"judged in another simulation image: {_names(entry.images)} and not {_names(first.images)}")
    return "; ".join(parts)


def _names(images: frozenset[str]) -> str:
    return ", ".join(sorted(images)) or "one that is not known"


def ks_of(entries: Iterable[Entry]) -> list[int]:
    """The k that any of the entries has a rate for."""
    found = {k for entry in entries for k in entry.rates}
    return [k for k in KS if k in found]
