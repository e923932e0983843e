"""A comparison as files: a page, Markdown, and tables for papers and spreadsheets."""

from __future__ import annotations

from verireason.evals.passk import Tally
from verireason.reports.comparison import Comparison, ProblemRow
from verireason.reports.comparison_sides import Side
from verireason.reports.comparison_words import changes, conclusions, method, warnings
from verireason.reports.latex import latex
from verireason.reports.pages import render_page
from verireason.reports.tables import Cell, Column, Kind, Table, csv_text, interval_of, markdown, without
from verireason.reports.text import markdown_text

HTML, MARKDOWN, LATEX, CSV, PROBLEMS_CSV = (
    "compare.html", "compare.md", "compare.tex", "compare.csv", "compare-problems.csv",
)  # fmt: skip

_NOT_IN_PRINT = ("samples",)
"""What a page of paper has no room for."""


def comparison_files(comparison: Comparison) -> dict[str, str]:
    """File name to text."""
    rates = rates_table(comparison)
    return {
        HTML: _page(comparison),
        MARKDOWN: _markdown(comparison),
        LATEX: latex([without(rates, _NOT_IN_PRINT)]),
        CSV: csv_text(rates),
        PROBLEMS_CSV: csv_text(problems_table(comparison)),
    }


def rates_table(comparison: Comparison) -> Table:
    """One row for each group of problems and k."""
    sides = (comparison.before, comparison.after)
    return Table(
        name="comparison",
        caption=(
            "pass@k in per cent over the problems that both have, differences in points, with 95 % intervals; p of a "
            "paired test over problems. Better and worse: problems."
        ),
        columns=(
            Column(head="problems", kind=Kind.WORDS),
            Column(head="k", kind=Kind.COUNT),
            *(Column(head=side.label, kind=Kind.SHARE) for side in sides),
            Column(head="difference", kind=Kind.POINTS),
            Column(head="p", kind=Kind.CHANCE),
            *(Column(head=name, kind=Kind.COUNT) for name in ("n", "better", "worse")),
            Column(head="samples", kind=Kind.WORDS),
            Column(head="unjudged", kind=Kind.WORDS),
        ),
        rows=tuple(
            (
                row.name,
                row.k,
                interval_of(row.before),
                interval_of(row.after),
                interval_of(row.difference),
                row.p_value,
                row.difference.num_problems,
                row.test.num_better,
                row.test.num_worse,
                f"{row.before.num_samples:,} / {row.after.num_samples:,}",
                f"{row.before.num_unjudged:,} / {row.after.num_unjudged:,}",
            )
            for row in comparison.rows
        ),
    )


def changed_table(comparison: Comparison) -> Table:
    """The problems whose rates differ, by how they moved."""
    rows = [row for rows in comparison.changed.values() for row in rows]
    return Table(
        name="changed problems",
        caption="Problems whose rates differ: samples that pass of those judged, unjudged ones after a plus; points.",
        columns=(
            *(Column(head=name, kind=Kind.WORDS) for name in ("change", "problem")),
            *(Column(head=side.label, kind=Kind.WORDS) for side in (comparison.before, comparison.after)),
            Column(head="difference", kind=Kind.POINTS),
            Column(head="benchmark", kind=Kind.WORDS),
        ),
        rows=tuple(
            (str(row.change), row.problem_id, _passed(row.before), _passed(row.after), _difference(row), row.part)
            for row in rows
        ),
    )


def _passed(tally: Tally | None) -> str | None:
    if tally is None:
        return None
    return f"{tally.num_passed}/{tally.num_samples}" + (f" +{tally.num_unjudged}" if tally.num_unjudged else "")


def problems_table(comparison: Comparison) -> Table:
    """Every problem of either side, a figure in each column."""
    labels = (comparison.before.label, comparison.after.label)
    return Table(
        name="problems",
        caption="Every problem of either side.",
        columns=(
            *(Column(head=name, kind=Kind.WORDS) for name in ("benchmark", "problem", "change")),
            *(
                Column(head=f"{label}, {what}", kind=Kind.COUNT)
                for label in labels
                for what in ("passed", "n", "unjudged")
            ),
            Column(head="difference", kind=Kind.POINTS),
        ),
        rows=tuple(
            (
                row.part,
                row.problem_id,
                str(row.change) if row.change else None,
                *_counts(row.before),
                *_counts(row.after),
                _difference(row),
            )
            for row in comparison.problems
        ),
    )


def _counts(tally: Tally | None) -> tuple[Cell, Cell, Cell]:
    return (tally.num_passed, tally.num_samples, tally.num_unjudged) if tally else (None, None, None)


def _difference(row: ProblemRow) -> float | None:
    old, new = row.before, row.after
    if old is None or new is None or not old.num_samples or not new.num_samples:
        return None
    return new.num_passed / new.num_samples - old.num_passed / old.num_samples


def _title(comparison: Comparison) -> str:
    return f"{comparison.before.label} and {comparison.after.label}"


def _provenance(comparison: Comparison) -> list[tuple[str, str]]:
    return [pair for side in (comparison.before, comparison.after) for pair in _facts(side)]


def _facts(side: Side) -> list[tuple[str, str]]:
    models = ", ".join(sorted({record.model for record in side.records if record.model is not None}))
    return [
        (side.label, f"{len(side.records):,} records, sha256 {side.digest}"),
        *([(f"model of {side.label}", models)] if models else []),
    ]


def _page(comparison: Comparison) -> str:
    return render_page(
        "comparison.html.j2",
        what="comparison",
        title=_title(comparison),
        conclusions=conclusions(comparison),
        warnings=warnings(comparison),
        rates=rates_table(comparison),
        changes=changes(comparison),
        changed=changed_table(comparison),
        method=method(comparison),
        provenance=_provenance(comparison),
    )


def _markdown(comparison: Comparison) -> str:
    found = warnings(comparison)
    changed = changed_table(comparison)
    parts = [
        f"# {markdown_text(_title(comparison))}",
        *(markdown_text(sentence) for sentence in conclusions(comparison)),
        markdown(rates_table(comparison)),
        "## What else differs" if found else "",
        "\n".join(f"* {markdown_text(warning)}" for warning in found),
        "## What changed",
        markdown_text(changes(comparison)),
        markdown(changed) if changed.rows else "",
        "## Provenance",
        markdown_text(method(comparison)),
        "\n".join(f"* {markdown_text(name)}: {markdown_text(value)}" for name, value in _provenance(comparison)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
