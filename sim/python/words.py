"""Values and texts in a few words, for people and models. Total, and quick however large the value."""

from __future__ import annotations

from itertools import islice
from typing import Any

from sim.inbox.values import Array, Scalar, decode
from sim.python.suite import CallTest

MAX_WORDS = 300
_MAX_ITEMS = 20
_MAX_NESTED = 6


def cut(text: str, limit: int = MAX_WORDS) -> str:
    """At most so many characters, with dots where something is left out."""
    return text if len(text) <= limit else text[: limit - 4] + " ..."


def value_words(value: Any) -> str:
    """A value as Python would write it, cut."""
    return cut(_words(value, 0))


def call_words(entry: str, test: CallTest) -> str:
    """The call of a test: "add(1, 2)"."""
    args = [_words(each, 0) for each in decode(test.args)]
    args += [f"{name}={_words(each, 0)}" for name, each in decode(test.kwargs).items()] if test.kwargs else []
    called = f"{entry}({', '.join(args)})"
    for view in test.views:
        called = f"{view}({called})"
    return cut(called)


def _words(value: Any, depth: int) -> str:
    kind = type(value)
    if depth > _MAX_NESTED:
        return "..."
    if kind is int and value.bit_length() > 4 * MAX_WORDS:
        return f"<int of {value.bit_length()} bits>"
    if kind in (str, bytes, bytearray) and len(value) > MAX_WORDS:
        return f"{value[:MAX_WORDS]!r}..."
    if kind in _BRACKETS:
        return _joined(value, *_BRACKETS[kind], depth=depth)
    if kind is dict:
        pairs = [f"{_words(k, depth + 1)}: {_words(v, depth + 1)}" for k, v in list(value.items())[:_MAX_ITEMS]]
        return "{" + ", ".join(pairs) + (", ..." if len(value) > _MAX_ITEMS else "") + "}"
    if kind is Array:
        return f"array({_words(list(value.items), depth + 1)}, shape={value.shape}, dtype={value.dtype})"
    if kind is Scalar:
        return f"{value.dtype}({_words(value.item, depth + 1)})"
    return repr(value)


_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}


def _joined(value: Any, start: str, end: str, *, depth: int) -> str:
    if not value:
        return "set()" if type(value) is set else "frozenset()" if type(value) is frozenset else start + end
    is_set = type(value) in (set, frozenset)
    if is_set and len(value) > _MAX_ITEMS:
        return f"<{type(value).__name__} of {len(value)} members>"
    items = [_words(item, depth + 1) for item in islice(value, _MAX_ITEMS)]
    if is_set:
        items.sort()  # its own order is another one in each process
    if len(value) > _MAX_ITEMS:
        items.append("...")
    comma = "," if type(value) is tuple and len(value) == 1 else ""
    return start + ", ".join(items) + comma + end
