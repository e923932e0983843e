"""Pages of tables as one HTML file that opens from disk, in the look of the report, sorted by a click on a heading.

Escaping and the page's security policy are those of the report (html.py).
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from verireason.reports.tables import Cell, Interval, Kind, ends, shown
from verireason.reports.text import visible

if TYPE_CHECKING:
    from markupsafe import Markup

_HERE = Path(__file__).parent
_NARROW = "\n.scroll table { min-width: max-content; } .scroll td { white-space: nowrap; }\n"


def render_page(template: str, **values: object) -> str:
    """A page from a template that extends tables.html.j2. Equal values give equal pages."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters |= {"cell": html_cell, "sort_value": sort_value}
    script = (_HERE / "tables.js").read_text(encoding="utf-8")
    return environment.get_template(template).render(
        style=(_HERE / "page.css").read_text(encoding="utf-8") + _NARROW,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        **values,
    )


def html_cell(cell: Cell, kind: Kind) -> Markup:
    """A cell as markup: an estimate heavy, its interval light beside it."""
    from markupsafe import Markup, escape

    if not isinstance(cell, Interval) or cell.value is None:
        return escape(visible(shown(cell, kind)))
    return Markup('<b>{}</b> <span class="ci">[{}, {}]</span>').format(shown(cell, kind), *ends(cell, kind))


def sort_value(cell: Cell) -> float | None:
    """What a column is sorted by; None for words, which are sorted as they are. What is not known comes first."""
    if isinstance(cell, Interval):
        cell = cell.value
    if cell is None:
        return float("-inf")
    return None if isinstance(cell, str) else float(cell)
