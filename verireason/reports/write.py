"""A report on disk: a page, Markdown and tables, computed from what a run or an evaluation left there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from verireason.errors import MissingError
from verireason.reports.html import render_html
from verireason.reports.markdown import render_markdown
from verireason.reports.report import build_report
from verireason.reports.report_tables import summary_notes, table_files
from verireason.reports.source import load_source

HTML, MARKDOWN = "report.html", "report.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where a report is."""

    html: Path
    markdown: Path
    tables: tuple[Path, ...]
    """Figures for papers, spreadsheets and other people's scripts."""
    conclusions: tuple[str, ...]
    """What it says, a sentence for each split."""
    warnings: tuple[str, ...]
    """What was wrong with the files it was made from, though not so wrong as to stop."""


def write_report(directory: Path, out: Path | None = None, *, wide: bool = False) -> Written:
    """Read `directory`, write all files to `out` (the directory itself when None), replacing older ones.

    `wide` is an option of VerilogEval's summary.txt.
    UserError when there are no records or a file is bad, MissingError when `out` cannot be written.
    """
    source = load_source(directory)
    report = build_report(source)
    out = out or directory
    tables = table_files(source, report.splits, report.ks, wide=wide)
    write_files(out, {HTML: render_html(report), MARKDOWN: render_markdown(report), **tables})
    return Written(
        html=out / HTML,
        markdown=out / MARKDOWN,
        tables=tuple(out / name for name in tables),
        conclusions=report.conclusions,
        warnings=(*source.warnings, *summary_notes(source.main)),
    )


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    """Write texts below a directory, each as a whole or not at all. MissingError when that cannot be."""
    try:
        for name, text in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
    except OSError as err:
        raise MissingError(f"cannot write the report to {directory}: {err.strerror}; give another --out") from err


def _replace(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
