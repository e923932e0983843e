"""Hostile text made fit to be looked at: HTML that is escaped, Markdown that stays literal. Linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.verdict import Diagnostic

if TYPE_CHECKING:
    from markupsafe import Markup

MAX_CHARS = 6000
"""Of one text in a report; the rest is in the records."""

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters, those that turn the direction of writing or have no width, and halves of surrogate pairs."""
_MARKDOWN = re.compile(r"[\\`*_\[\]<>#!|~&:.@$]|^[-+=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A text as far as it is shown."""

    text: str
    num_left_out: int
    """Characters that are not shown."""


def visible(text: str) -> str:
    """The text with what a reader could not see spelled out, so that code reads as the tools read it.

    Example:
        visible("a\\u202eb")   # "a⟨U+202E⟩b"
    """
    return _INVISIBLE.sub(lambda match: f"\u27e8U+{ord(match[0]):04X}\u27e9", text.replace("\r\n", "\n"))


def cut(text: str, max_chars: int = MAX_CHARS) -> Shown:
    """The start of a text, made visible."""
    return Shown(text=visible(text[:max_chars]), num_left_out=max(0, len(text) - max_chars))


def listing(text: str, diagnostics: Sequence[Diagnostic]) -> Markup:
    """Code as numbered lines, with the messages about a line under it. `text` is visible text."""
    from markupsafe import Markup, escape

    messages = by_line(diagnostics)
    parts = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        found = messages.get(number, ())
        kind = f' class="{found[0].severity}"' if found else ""
        parts.append(Markup("<i{}>{}\n</i>").format(Markup(kind), line))
        parts += [Markup('<b class="{}">{}\n</b>').format(str(each.severity), visible(each.message)) for each in found]
    return escape("").join(parts)


def by_line(diagnostics: Iterable[Diagnostic]) -> Mapping[int, Sequence[Diagnostic]]:
    """The messages about each line, worst first. Messages about no line are left out."""
    found: dict[int, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        if diagnostic.line is not None:
            found.setdefault(diagnostic.line, []).append(diagnostic)
    order = {"error": 0, "warning": 1, "note": 2}
    return {line: sorted(each, key=lambda diagnostic: order[diagnostic.severity]) for line, each in found.items()}


def bits(value: str, other: str) -> Markup:
    """A value with the digits that differ from the other's marked."""
    from markupsafe import Markup, escape

    value, other = visible(value), visible(other)
    if len(value) != len(other):
        return escape(value)
    pairs = zip(value, other, strict=True)
    return escape("").join(escape(mine) if mine == its else Markup("<u>{}</u>").format(mine) for mine, its in pairs)


def apart(value: str, other: str) -> Markup:
    """A text with what is not in the other's beginning and end marked; nothing is when they have neither in common."""
    from markupsafe import Markup, escape

    value, other = visible(value), visible(other)
    start = _num_alike(value, other)
    end = _num_alike(value[start:][::-1], other[start:][::-1])
    middle = value[start : len(value) - end]
    if not middle or not (start or end):
        return escape(value)
    return Markup("{}<u>{}</u>{}").format(value[:start], middle, value[len(value) - end :])


def _num_alike(one: str, other: str) -> int:
    """Characters that two texts start with."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def natural(name: str) -> list[tuple[int, str]]:
    """For sorting names so that 10 comes after 9."""
    parts = re.split(r"(\d{1,9})", name)
    return [(int(part), "") if index % 2 else (0, part) for index, part in enumerate(parts)]


def markdown_text(text: str) -> str:
    """One line of Markdown that shows the text and does nothing else."""
    return _MARKDOWN.sub(r"\\\g<0>", visible(text).replace("\n", " ").strip())


def fenced(text: str, language: str = "text") -> str:
    """A code block whose fence is longer than any run of backticks in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{visible(text).removesuffix(chr(10))}\n{fence}"
