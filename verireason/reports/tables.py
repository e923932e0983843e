"""Tables as values, written as Markdown, CSV or plain text, and as LaTeX by latex.py.

A table for a paper or a spreadsheet says what a page says: figures with their intervals, and what they stand on. Words
in it may come from a model or a data set, so each format escapes them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from verireason.evals.passk import Difference, PassAtK
from verireason.reports.rates import percent, points
from verireason.reports.text import markdown_text, visible


class Kind(StrEnum):
    """What the cells of a column hold."""

    WORDS = "words"
    COUNT = "count"
    SHARE = "share"
    """In [0, 1], shown in per cent; with an interval or without."""
    POINTS = "points"
    """A difference of shares in [-1, 1], shown in points; with an interval or without."""
    NUMBER = "number"
    CHANCE = "chance"
    """A p-value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate between the ends of its interval."""

    value: float | None
    low: float | None
    high: float | None


Cell = str | int | float | Interval | None
"""None is what is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: a heading for people, and a name for programs where the heading will not do."""

    head: str
    kind: Kind
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table.

    Example:
        Table(name="result", caption="pass@k in per cent", columns=(Column(head="model", kind=Kind.WORDS),),
              rows=(("scratch-2M",),))
    """

    name: str
    """Of the label in LaTeX."""
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def known_columns(table: Table) -> Table:
    """The table without columns of which nothing is known."""
    empty = {column.head for place, column in enumerate(table.columns) if all(row[place] is None for row in table.rows)}
    return without(table, empty)


def without(table: Table, heads: Collection[str]) -> Table:
    """The table without the columns of these headings."""
    kept = [place for place, column in enumerate(table.columns) if column.head not in heads]
    return replace(
        table,
        columns=tuple(table.columns[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in table.rows),
    )


def interval_of(rate: PassAtK | Difference | None) -> Interval | None:
    """A rate or a difference as a cell."""
    return Interval(value=rate.estimate, low=rate.low, high=rate.high) if rate else None


def shown(cell: Cell, kind: Kind) -> str:
    """A cell for people; an interval without its ends."""
    value = cell.value if isinstance(cell, Interval) else cell
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    match kind:
        case Kind.SHARE:
            return percent(value)
        case Kind.POINTS:
            return points(value)
        case Kind.CHANCE:
            return "< 0.001" if value < 0.001 else f"{value:.3f}"
        case Kind.NUMBER:
            return f"{value:,.2f}"
    return f"{value:,}"


def ends(cell: Interval, kind: Kind) -> tuple[str, str]:
    """The ends of an interval for people."""
    return shown(cell.low, kind), shown(cell.high, kind)


def markdown(table: Table) -> str:
    """A table with its caption below it."""
    lines = [[markdown_text(column.head) for column in table.columns]]
    lines.append(["---" if column.kind is Kind.WORDS else "---:" for column in table.columns])
    for row in table.rows:
        lines.append([_markdown_cell(cell, column.kind) for cell, column in zip(row, table.columns, strict=True)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{markdown_text(table.caption)}"


def _markdown_cell(cell: Cell, kind: Kind) -> str:
    text = _plain_cell(cell, kind)
    return markdown_text(text) if kind is Kind.WORDS else text.replace("<", "\\<")


def plain(table: Table, *, max_rows: int | None = None) -> str:
    """A table for a terminal, its caption left out."""
    rows = [[visible(column.head) for column in table.columns]]
    for row in table.rows[:max_rows]:
        rows.append([_plain_cell(cell, column.kind) for cell, column in zip(row, table.columns, strict=True)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            f"{cell:<{width}}" if column.kind is Kind.WORDS else f"{cell:>{width}}"
            for cell, width, column in zip(row, widths, table.columns, strict=True)
        ).rstrip()
        for row in rows
    ]
    num_left_out = len(table.rows) - len(rows) + 1
    return "\n".join([*lines, *([f"and {num_left_out:,} more"] if num_left_out else [])])


def _plain_cell(cell: Cell, kind: Kind) -> str:
    """A cell in one line; an interval in brackets behind the estimate."""
    if not isinstance(cell, Interval) or cell.value is None:
        return visible(shown(cell, kind)).replace("\n", " ")
    low, high = ends(cell, kind)
    return f"{shown(cell, kind)} [{low}, {high}]"


def csv_text(table: Table) -> str:
    """Comma-separated values with a row of names; an interval fills three columns, and what is not known none."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    widths = [any(isinstance(row[place], Interval) for row in table.rows) for place in range(len(table.columns))]
    writer.writerow(
        [name for column, wide in zip(table.columns, widths, strict=True) for name in _csv_names(column, wide)]
    )
    for row in table.rows:
        writer.writerow([value for cell, wide in zip(row, widths, strict=True) for value in _csv_values(cell, wide)])
    return file.getvalue()


def _csv_names(column: Column, wide: bool) -> Sequence[str]:
    name = column.key or column.head
    return (name, f"{name} low", f"{name} high") if wide else (name,)


def _csv_values(cell: Cell, wide: bool) -> Sequence[str]:
    if isinstance(cell, Interval):
        return [_csv_value(value) for value in (cell.value, cell.low, cell.high)]
    return (_csv_value(cell), "", "") if wide else (_csv_value(cell),)


def _csv_value(value: str | int | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return visible(value)
    return str(value) if isinstance(value, int) else f"{value:.6g}"
