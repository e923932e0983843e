"""Tables in LaTeX. Words may come from a model or a data set, so none of them can mean anything to LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable

from verireason.reports.tables import Cell, Interval, Kind, Table, ends, shown
from verireason.reports.text import visible


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
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
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
    "×": r"$\times$",
    "÷": r"$\div$",
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
    is_set = " " <= character <= "~" or ("\u00c0" <= character <= "\u00ff" and character not in "ÐÞðþ")
    return character if is_set else f"U+{ord(character):04X}"
