"""A view of a training run for a terminal. Words that a model wrote are spelled out where they would steer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verireason.diagnosis import explain
from verireason.records import verdict_from
from verireason.reports.follow import View
from verireason.reports.live_rows import headline, rows, spark
from verireason.reports.samples import Sample
from verireason.reports.text import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

TALL = 40
"""Lines from which on words of a row may take a second line; below, there would be no room for samples."""
_MAX_COLUMNS = 400
"""Of a terminal: no line is longer."""


def picture(view: View, *, width: int, height: int) -> RenderableType:
    """The whole view in about `height` lines."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    shown = rows(view.metrics)
    cells = [(row.label, row.value, spark(row.course, width // 5), row.more) for row in shown]
    table = Table.grid(padding=(0, 2))
    for style in ("dim", "bold", "cyan", ""):
        table.add_column(style=style, no_wrap=bool(style))
    room = width - 6 - sum(max(len(each[place]) for each in cells) for place in range(3))
    for *figures, more in cells:
        if height < TALL and len(more) > room:
            more = more[: max(0, room - 1)] + "…"
        table.add_row(*map(Text, (*figures, more)))
    parts: list[RenderableType] = [Text(headline(view), style="bold"), table]
    if view.samples is not None and view.samples.pairs:
        pair = view.samples.pairs[0]
        sides = Table.grid(padding=(0, 2), expand=True)
        for _ in range(2):
            sides.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
        room = max(6, height - len(shown) - 5)
        sides.add_row(*(_card(sample, room) for sample in (pair.best, pair.worst)))
        title = f"\nBest and worst of step {view.samples.number:,}. {visible(pair.title)}"
        parts += [Text(title, style="bold"), sides]
    return Group(*parts)


def _card(sample: Sample, room: int) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    record = sample.record
    facts = [f"sample {record.sample}"]
    if record.tests_total and record.tests_passed is not None:
        facts.append(f"{record.tests_passed} of {record.tests_total} checks")
    if record.reward is not None:
        facts.append(f"reward {record.reward:.3g}")
    head = Text(record.outcome, style="bold green" if record.passed else "bold red")
    head.append(" · " + " · ".join(facts), style="dim")
    why = "" if record.passed else explain(verdict_from(record), record.code, language=record.language, max_chars=600)
    num_lines = max(3, room // 3)
    headline_said, _, details = why.partition("\n\n")
    finding = _first_lines((details or headline_said).replace("\n\n", "\n"), num_lines)
    code = _first_lines(record.code or record.completion or "", room - num_lines)
    return Group(head, Text(code), Text(finding, style="yellow"))


def _first_lines(text: str, num: int) -> str:
    """At most `num` lines with nothing in them that a terminal would obey; dots stand for the rest."""
    lines = visible(text[: num * _MAX_COLUMNS]).rstrip("\n").split("\n")
    return "\n".join(lines if len(lines) <= num else [*lines[: num - 1], "…"])
