"""The map of an evaluation: one row a problem, one cell a sample, the hardest problems first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sim.verdict import Outcome
from verireason.evals.passk import Tally
from verireason.records import Record
from verireason.reports.letters import letter_of
from verireason.reports.samples import Sample, place_of
from verireason.reports.text import natural, visible

MAX_CELLS = 100
"""Samples of one problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """One completion."""

    letter: str
    outcome: Outcome
    nearness: str
    """Of code that ran and differed how near it came: "near", "half" or "far"; else empty."""
    sample: int
    link: str | None
    """Where the page shows it, or one equal to it; None when it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """One problem."""

    place: int
    """Its number in the table of problems, from 1."""
    problem_id: str
    link: str
    tally: Tally
    cells: tuple[HeatCell, ...]

    @property
    def rate(self) -> float:
        """Share of judged samples that pass; 2 when none is judged, after all others."""
        return self.tally.num_passed / self.tally.num_samples if self.tally.num_samples else 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatGroup:
    """Problems of one category."""

    name: str | None
    """None when all problems are in one group."""
    rows: tuple[HeatRow, ...]


def problem_link(problem_id: str, key: str | None = None) -> str:
    """The address of a problem in the page, or of one of its samples.

    Example:
        problem_link("HumanEval/0", "3")   # "#HumanEval%2F0/3"
    """
    return f"#{link_part(problem_id)}" + ("" if key is None else f"/{link_part(key)}")


def link_part(name: str) -> str:
    """A name as a part of an address, whatever is in it."""
    return quote(visible(name), safe="")


def heat_row(place: int, tally: Tally, records: Sequence[Record], samples: Sequence[Sample]) -> HeatRow:
    """The row of a problem in its main evaluation. `samples` are those that the page shows of it."""
    links = dict(_links(samples))
    cells = [
        HeatCell(
            letter=letter_of(record),
            outcome=record.outcome,
            nearness=nearness(record),
            sample=record.sample,
            link=links.get(id(record)),
        )
        for record in sorted(records, key=place_of)[:MAX_CELLS]
    ]
    problem_id = tally.problem_id
    return HeatRow(place=place, problem_id=problem_id, link=problem_link(problem_id), tally=tally, cells=tuple(cells))


def heat_groups(rows: Sequence[HeatRow], categories: Mapping[str, str | None] | None) -> list[HeatGroup]:
    """The rows by category if there are some, the hardest problems first."""
    ranked = sorted(rows, key=lambda row: (row.rate, row.place))
    if categories is None:
        return [HeatGroup(name=None, rows=tuple(ranked))]
    names = sorted({categories[row.problem_id] or "none" for row in ranked}, key=natural)
    return [
        HeatGroup(name=name, rows=tuple(row for row in ranked if (categories[row.problem_id] or "none") == name))
        for name in names
    ]


def nearness(record: Record) -> str:
    """How near code came that ran and differed: 90 % of the checks or more, half, or less."""
    if record.outcome not in (Outcome.MISMATCH, Outcome.WRONG) or not record.tests_total:
        return ""
    share = (record.tests_passed or 0) / record.tests_total
    return "near" if share >= 0.9 else "half" if share >= 0.5 else "far"


def _links(samples: Sequence[Sample]) -> Iterator[tuple[int, str]]:
    for sample in samples:
        for record, key in zip((sample.record, *sample.copies), sample.keys, strict=True):
            yield id(record), problem_link(record.problem_id, key)
