"""Small graphics of the page that are not charts: a rate on a scale, outcomes as a bar, samples as a strip of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sim.verdict import NamedTest, Outcome
from verireason.evals.passk import PassAtK
from verireason.records import Record
from verireason.reports.heat import nearness
from verireason.reports.samples import place_of

if TYPE_CHECKING:
    from markupsafe import Markup

SCALE_PX, ROW_PX = 240, 18
CELL_PX, CELL_HEIGHT_PX, CELLS_PER_ROW, MAX_CELLS = 9, 13, 32, 64
MAX_ENDS = 256
"""Tests of one sample."""


def scale_svg(rates: Sequence[PassAtK]) -> Markup:
    """Rates on a scale from 0 to 100 %, one above the other: a line for the interval, a dot for the estimate.

    The last of several is filled, the others are hollow. Rates without an estimate leave their row empty.
    """
    from markupsafe import Markup

    height = ROW_PX * len(rates)
    parts = [f'<path class="grid" d="{"".join(f"M{x} 0v{height}" for x in (0, 60, 120, 180, 240))}"/>']
    for index, rate in enumerate(rates):
        if rate.estimate is None or rate.low is None or rate.high is None:
            continue
        y = ROW_PX * index + ROW_PX // 2
        low, high, middle = (round(SCALE_PX * share, 1) for share in (rate.low, rate.high, rate.estimate))
        kind = "last" if index == len(rates) - 1 else "first"
        parts.append(f'<g class="{kind}"><path d="M{low} {y}H{high}"/><circle cx="{middle}" cy="{y}" r="4"/></g>')
    size = f'viewBox="-5 0 {SCALE_PX + 10} {height}" width="{SCALE_PX + 10}" height="{height}"'
    return Markup(f'<svg class="scale" {size} aria-hidden="true">{"".join(parts)}</svg>')


def bar_svg(outcomes: Mapping[Outcome, int]) -> Markup:
    """Shares of outcomes as one bar over the whole width, in the order of the set."""
    from markupsafe import Markup

    total = sum(outcomes.values())
    parts, x = [], 0.0
    for outcome, count in outcomes.items():
        width = 1000 * count / total
        parts.append(f'<rect class="o-{outcome}" x="{x:.1f}" width="{width:.1f}" height="10"/>')
        x += width
    return Markup(
        f'<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg>'
    )


def strip_svg(records: Sequence[Record]) -> Markup:
    """One cell a sample, in order, coloured by outcome and for code that ran by how near it came; at most MAX_CELLS."""
    shown = sorted(records, key=place_of)[:MAX_CELLS]
    return _cells([f"o-{record.outcome} {nearness(record)}".rstrip() for record in shown])


def ends_svg(tests: Sequence[NamedTest]) -> Markup:
    """One cell a test, in order, coloured by its end; at most MAX_ENDS."""
    return _cells([f"e-{test.end}" for test in tests[:MAX_ENDS]])


def _cells(kinds: Sequence[str]) -> Markup:
    """Cells in rows, each with its classes."""
    from markupsafe import Markup

    paths: dict[str, str] = {}
    for index, kind in enumerate(kinds):
        x, y = CELL_PX * (index % CELLS_PER_ROW), CELL_HEIGHT_PX * (index // CELLS_PER_ROW)
        paths[kind] = paths.get(kind, "") + f"M{x} {y}h8v11h-8z"
    width = CELL_PX * min(len(kinds), CELLS_PER_ROW)
    height = CELL_HEIGHT_PX * -(-len(kinds) // CELLS_PER_ROW)
    drawn = "".join(f'<path class="{kind}" d="{path}"/>' for kind, path in paths.items())
    return Markup(f'<svg class="strip" width="{width}" height="{height}" aria-hidden="true">{drawn}</svg>')
