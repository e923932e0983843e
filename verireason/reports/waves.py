"""A window of waves as a drawing: one row a signal, what was expected above what came, the first difference marked.

Time is drawn to scale, but for stretches much shorter or longer than most, which are stretched or squeezed: the numbers
on the axis are right. The drawing needs no script, no colours of its own (page.css) and nothing from elsewhere. Its
size is bounded by the limits below, whatever the record holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from sim.verdict import Waves
from verireason.reports.text import visible
from verireason.wave_table import Row, Table, shown, wave_table

if TYPE_CHECKING:
    from markupsafe import Markup

MAX_COLUMNS, MAX_ROWS, MAX_NAME = 48, 20, 22
LABEL_PX, LANE_PX, ROW_PX, TOP_PX, CHAR_PX = 190, 700, 24, 24, 7.0
HALF_PX = 8
"""From the middle of a row to its high and low level."""
SLANT_PX = 3
HATCH_PX = 6
TICK_PX = 52
"""Least distance between two numbers on the axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Columns side by side with the same value."""

    value: str
    start: float
    stop: float
    wrong: bool


def waves_svg(waves: Waves) -> Markup:
    """The drawing. Equal windows give equal drawings."""
    from markupsafe import Markup, escape

    table = wave_table(waves, max_columns=MAX_COLUMNS)
    rows = _chosen_rows(table.rows)
    edges = _edges(table)
    height = TOP_PX + ROW_PX * len(rows) + 4
    parts = [_columns(table, edges, height), _mark(table, edges, height)]
    for place, row in enumerate(rows):
        middle = TOP_PX + ROW_PX * place + ROW_PX // 2
        parts += [_label(row, middle), *_lane(row, edges, middle)]
    if len(rows) < len(table.rows):
        parts.append(Markup('<text class="name" x="0" y="{}">{} more signals are in the records</text>').format(
            height + 14, len(table.rows) - len(rows)))  # fmt: skip
        height += 20
    title = f"Waves from time {table.times[0]} to {table.end}, the first difference at {table.mark}"
    return Markup('<svg class="waves" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        LABEL_PX + LANE_PX + SLANT_PX, height, title, escape("").join(parts)
    )


def _chosen_rows(rows: Sequence[Row]) -> list[Row]:
    """The first rows, outputs that differ before all others and inputs before the rest; in the order of the table."""
    wrong = {row.name for row in rows if any(row.wrong)}
    ranked = sorted(
        range(len(rows)), key=lambda place: (rows[place].name not in wrong, rows[place].role != "input", place)
    )
    return [rows[place] for place in sorted(ranked[:MAX_ROWS])]


def _edges(table: Table) -> list[float]:
    """Where each column starts, and where the last one ends."""
    stops = (*table.times[1:], max(table.end, table.times[-1] + 1))
    gaps = [stop - start for start, stop in zip(table.times, stops, strict=True)]
    usual = median(gaps)
    widths = [min(max(gap, usual * 0.4), usual * 3) for gap in gaps]
    edges, total = [float(LABEL_PX)], sum(widths)
    for width in widths:
        edges.append(round(edges[-1] + width * LANE_PX / total, 1))
    return edges


def _columns(table: Table, edges: Sequence[float], height: int) -> Markup:
    """The axis: a thin line at each numbered time, and a tint behind what the failing check saw."""
    from markupsafe import Markup, escape

    left, right = edges[table.mark_column], edges[table.mark_column + 1]
    parts = [Markup('<rect class="seen" x="{}" y="{}" width="{}" height="{}"/>').format(
        left, TOP_PX, round(right - left, 1), height - TOP_PX)]  # fmt: skip
    mark, used = _mark_px(table, edges), float("-inf")
    for time, x in zip(table.times, edges, strict=False):
        if x - used < TICK_PX or abs(x - mark) < TICK_PX:
            continue
        used = x
        parts.append(Markup('<path class="grid" d="M{} {}V{}"/><text class="tick" x="{}" y="12">{}</text>').format(
            x, TOP_PX - 6, height, x, time))  # fmt: skip
    return escape("").join(parts)


def _mark_px(table: Table, edges: Sequence[float]) -> float:
    """Where the mark stands: inside its column by its share of the time, or at the column's end."""
    start = table.times[table.mark_column]
    stop = table.times[table.mark_column + 1] if table.mark_column + 1 < len(table.times) else table.end
    share = min(1.0, (table.mark - start) / (stop - start)) if stop > start else 0.0
    left, right = edges[table.mark_column], edges[table.mark_column + 1]
    return round(left + share * (right - left), 1)


def _mark(table: Table, edges: Sequence[float], height: int) -> Markup:
    from markupsafe import Markup

    x = _mark_px(table, edges)
    text = min(max(x, LABEL_PX + 20), LABEL_PX + LANE_PX - 20)
    return Markup('<path class="mark" d="M{} {}V{}"/><text class="mark" x="{}" y="12">{}</text>').format(
        x, TOP_PX - 6, height, text, table.mark
    )


def _label(row: Row, middle: int) -> Markup:
    from markupsafe import Markup

    name = f"{row.name[:MAX_NAME]}{'…' if len(row.name) > MAX_NAME else ''}"
    if row.width > 1:
        name += f"[{row.width - 1}:0]"
    role = "" if row.role == "input" else row.role
    return Markup(
        '<text class="name" x="0" y="{0}">{1}</text><text class="role {2}" x="{3}" y="{0}">{2}</text>'
    ).format(middle + 4, visible(name), role, LABEL_PX - 8)


def _lane(row: Row, edges: Sequence[float], middle: int) -> Iterator[Markup]:
    """One row's drawing: areas first, lines over them, values on top."""
    from markupsafe import Markup

    runs = list(_runs(row, edges))
    for run in (run for run in runs if run.wrong):
        yield Markup('<rect class="wrong" x="{}" y="{}" width="{}" height="{}"/>').format(
            run.start, middle - HALF_PX - 2, round(run.stop - run.start, 1), 2 * HALF_PX + 4
        )
    unknown = "".join(_hatch(run.start, run.stop, middle) for run in runs if "x" in run.value)
    if unknown:
        yield Markup('<path class="unknown" d="{}"/>').format(unknown)
    line = _levels(runs, middle) if row.width == 1 else "".join(_hexagon(run, middle) for run in runs)
    yield Markup('<path class="line {}" d="{}"/>').format(row.role, line)
    for run in runs if row.width > 1 else ():
        text = _fitting(shown(run.value), run.stop - run.start - 2 * SLANT_PX)
        if text:
            yield Markup('<text class="value" x="{}" y="{}">{}</text>').format(
                round((run.start + run.stop) / 2, 1), middle + 4, visible(text)
            )


def _runs(row: Row, edges: Sequence[float]) -> Iterator[_Run]:
    """Neighbours with one value drawn as one; where right becomes wrong a value is cut in two."""
    start, cells = 0, list(zip(row.values, row.wrong, strict=True))
    for place in range(1, len(cells) + 1):
        if place == len(cells) or cells[place] != cells[start]:
            yield _Run(value=row.values[start], start=edges[start], stop=edges[place], wrong=row.wrong[start])
            start = place


def _levels(runs: Sequence[_Run], middle: int) -> str:
    """One bit: high, low, and the middle for z; x is a box."""
    parts = []
    for place, run in enumerate(runs):
        if run.value == "x":
            parts.append(f"M{run.start} {middle - HALF_PX}H{run.stop}V{middle + HALF_PX}H{run.start}z")
            continue
        y = middle + {"1": -HALF_PX, "0": HALF_PX}.get(run.value, 0)
        follows = place > 0 and runs[place - 1].value != "x"
        parts.append(f"{'V' if follows else 'M' + str(run.start) + ' '}{y}H{run.stop}")
    return "".join(parts)


def _hexagon(run: _Run, middle: int) -> str:
    """Several bits: a box with pointed ends, a line in the middle when all are z."""
    if set(run.value) <= {"z"}:
        return f"M{run.start} {middle}H{run.stop}"
    slant = round(min(SLANT_PX, (run.stop - run.start) / 2), 1)
    left, right = round(run.start + slant, 1), round(run.stop - slant, 1)
    top, bottom = middle - HALF_PX, middle + HALF_PX
    return f"M{run.start} {middle}L{left} {top}H{right}L{run.stop} {middle}L{right} {bottom}H{left}z"


def _hatch(start: float, stop: float, middle: int) -> str:
    """Slanted lines over the area: drawn, since a pattern would have to be referred to."""
    bottom, height = middle + HALF_PX, 2 * HALF_PX
    parts = []
    x = start - height + HATCH_PX
    while x < stop:
        left, right = max(x, start), min(x + height, stop)
        parts.append(f"M{left:.1f} {bottom - (left - x):.1f}L{right:.1f} {bottom - (right - x):.1f}")
        x += HATCH_PX
    return "".join(parts)


def _fitting(text: str, room: float) -> str:
    """The text, its beginning when there is not enough room, or nothing."""
    num_chars = int(room / CHAR_PX)
    if len(text) <= num_chars:
        return text
    return f"{text[: num_chars - 1]}…" if num_chars >= 4 else ""
