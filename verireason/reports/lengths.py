"""How long completions are, by what became of them: a drawing for the page and figures for the text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.verdict import Outcome
from verireason.records import Record

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH_PX, LABEL_PX, ROW_PX, BAR_PX, RIGHT_PX, AXIS_PX = 640, 128, 22, 10, 52, 22
MIN_RECORDS = 20
"""Completions that are worth a drawing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthRow:
    """Completions with one outcome. Lengths are quantiles, in the unit of the table."""

    outcome: Outcome
    num_completions: int
    low: int
    """5 % are shorter."""
    first: int
    """A quarter is shorter."""
    median: int
    third: int
    high: int
    """5 % are longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Rows in the order of outcomes."""

    unit: str
    """"tokens", or "characters" where not every completion has its tokens counted."""
    num_unknown: int
    """Completions without a length."""
    rows: tuple[LengthRow, ...]


def lengths_of(records: Sequence[Record]) -> Lengths | None:
    """Lengths by outcome; None when there is too little to tell."""
    counted = all(record.num_tokens is not None for record in records)
    found: dict[Outcome, list[int]] = {}
    for record in records:
        length = record.num_tokens if counted else len(record.completion) if record.completion is not None else None
        if length is not None:
            found.setdefault(record.outcome, []).append(length)
    num_known = sum(map(len, found.values()))
    if num_known < MIN_RECORDS:
        return None
    return Lengths(
        unit="tokens" if counted else "characters",
        num_unknown=len(records) - num_known,
        rows=tuple(_row(outcome, sorted(found[outcome])) for outcome in Outcome if outcome in found),
    )


def lengths_svg(lengths: Lengths) -> Markup:
    """One row an outcome on a logarithmic axis: 90 % as a line, the middle half as a bar, the median as a notch."""
    from markupsafe import Markup, escape

    low = math.log10(max(1, min(row.low for row in lengths.rows)))
    high = max(low + 0.3, math.log10(max(1, *(row.high for row in lengths.rows))))
    lane = WIDTH_PX - LABEL_PX - RIGHT_PX

    def place(length: int) -> float:
        return round(LABEL_PX + lane * (math.log10(max(1, length)) - low) / (high - low), 1)

    bottom = ROW_PX * len(lengths.rows)
    parts = []
    for tick in _ticks(low, high):
        parts.append(Markup('<path class="grid" d="M{0} 0V{1}"/><text class="tick" x="{0}" y="{2}">{3}</text>').format(
            place(tick), bottom, bottom + 14, f"{tick:,}"))  # fmt: skip
    for index, row in enumerate(lengths.rows):
        y = ROW_PX * index + ROW_PX // 2
        first, third = place(row.first), place(row.third)
        parts.append(Markup(
            '<text x="0" y="{text}">{name}</text><path class="line" d="M{low} {y}H{high}"/>'
            '<rect class="o-{name}" x="{first}" y="{top}" width="{width}" height="{bar}"/>'
            '<path class="notch" d="M{median} {up}v{notch}"/><text class="count" x="{right}" y="{text}">{count}</text>'
        ).format(
            text=y + 4, name=str(row.outcome), low=place(row.low), high=place(row.high), y=y, first=first,
            top=y - BAR_PX // 2, width=max(1.0, round(third - first, 1)), bar=BAR_PX, median=place(row.median),
            up=y - BAR_PX // 2 - 2, notch=BAR_PX + 4, right=WIDTH_PX, count=f"{row.num_completions:,}",
        ))  # fmt: skip
    title = f"Length in {lengths.unit} by outcome, logarithmic"
    return Markup('<svg class="lengths" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        WIDTH_PX, bottom + AXIS_PX, title, escape("").join(parts)
    )


def _row(outcome: Outcome, lengths: Sequence[int]) -> LengthRow:
    def quantile(share: float) -> int:
        return lengths[min(len(lengths) - 1, int(share * len(lengths)))]

    return LengthRow(
        outcome=outcome,
        num_completions=len(lengths),
        low=quantile(0.05),
        first=quantile(0.25),
        median=quantile(0.5),
        third=quantile(0.75),
        high=quantile(0.95),
    )


def _ticks(low: float, high: float) -> Iterator[int]:
    """1, 2 and 5 times the powers of ten that lie on the axis; the powers alone on a long one."""
    factors = (1, 2, 5) if high - low < 2.2 else (1,)
    for power in range(math.floor(low), math.ceil(high) + 1):
        for factor in factors:
            tick = factor * 10**power if power >= 0 else 0
            if tick and low <= math.log10(tick) <= high:
                yield tick
