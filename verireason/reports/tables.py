"""Tables as values, written as Markdown, LaTeX or CSV.

A table for a paper or a spreadsheet says what a page says: figures with their intervals, and what they stand on. Words
in it may come from a model or a data set, so each format escapes them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


def latex(tables: Iterable[Table]) -> str:
    r"""Tables to \input: each a `table` with a caption and a label, set with the package booktabs."""
    parts = ["% Needs \\usepackage{booktabs}. Small figures below and above an estimate are the ends of its interval."]
    parts += [_latex_table(table) for table in tables]
    return "\n\n".join(parts) + "\n"


def _latex_table(table: Table) -> str:
    aligned = "".join("l" if column.kind is Kind.WORDS else "r" for column in table.columns)
    lines = [
        r"\begin{table}",
        r"\centering",
        r"\small",
        rf"\caption{{{latex_text(table.caption)}}}",
        rf"\label{{tab:{re.sub('[^a-z0-9]+', '-', table.name.lower())}}}",
        rf"\begin{{tabular}}{{@{{}}{aligned}@{{}}}}",
        r"\toprule",
        _latex_row(latex_text(column.head) for column in table.columns),
        r"\midrule",
    ]
    for row in table.rows:
        lines.append(
            _latex_row(_latex_cell(cell, column.kind) for cell, column in zip(row, table.columns, strict=True))
        )
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"])


def _latex_row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _latex_cell(cell: Cell, kind: Kind) -> str:
    if kind is Kind.WORDS or cell is None:
        return latex_text(shown(cell, kind))
    if not isinstance(cell, Interval):
        return f"${_latex_figure(shown(cell, kind))}$"
    if cell.value is None:
        return "--"
    low, high = map(_latex_figure, ends(cell, kind))
    return f"${_latex_figure(shown(cell, kind))}_{{{low}}}^{{{high}}}$"


def _latex_figure(figure: str) -> str:
    """A figure in mathematics, where a comma would be followed by a space."""
    return figure.replace("\N{MINUS SIGN}", "-").replace(",", "{,}").replace("–", "{-}")


_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\`{}",
    "[": "{[}",
    "*": "{*}",
    "–": r"\textendash{}",
    "·": r"$\cdot$",
    "−": "$-$",
    "\n": " ",
    "\t": " ",
} | {character: f"\\{character}" for character in "$&#%_"}
"""Characters that mean something to LaTeX, by themselves or beside another, such as `[` after the end of a row."""


def latex_text(text: str) -> str:
    """Text that LaTeX sets as it is. What no usual font has, and what nobody would see, is named by its number."""
    set_apart = "".join(_latex_character(character) for character in visible(text))
    return re.sub("-(?=-)", "-{}", set_apart)


def _latex_character(character: str) -> str:
    if character in _LATEX:
        return _LATEX[character]
    return character if " " <= character <= "~" or "\u00c0" <= character <= "\u00ff" else f"U+{ord(character):04X}"


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
