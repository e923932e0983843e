"""A report on disk: report.html and report.md, computed from what a run or an evaluation left there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from verireason.errors import MissingError
from verireason.reports.html import render_html
from verireason.reports.markdown import render_markdown
from verireason.reports.report import build_report
from verireason.reports.source import load_source

HTML, MARKDOWN = "report.html", "report.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where a report is."""

    html: Path
    markdown: Path
    conclusions: tuple[str, ...]
    """What it says, a sentence for each split."""
    warnings: tuple[str, ...]
    """What was wrong with the files it was made from, though not so wrong as to stop."""


def write_report(directory: Path, out: Path | None = None) -> Written:
    """Read `directory`, write both files to `out` (the directory itself when None), replacing older ones.

    UserError when there are no records or a file is bad, MissingError when `out` cannot be written.
    """
    source = load_source(directory)
    report = build_report(source)
    out = out or directory
    try:
        out.mkdir(parents=True, exist_ok=True)
        _replace(out / HTML, render_html(report))
        _replace(out / MARKDOWN, render_markdown(report))
    except OSError as err:
        raise MissingError(f"cannot write the report to {out}: {err.strerror}; give another --out") from err
    return Written(html=out / HTML, markdown=out / MARKDOWN, conclusions=report.conclusions, warnings=source.warnings)


def _replace(path: Path, text: str) -> None:
    """Write as a whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
