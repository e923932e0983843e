"""Where two values differ, in one short line.

Walks both without recursion, in time linear in the smaller one, and stops at the first difference. Values are those
that `sim.inbox.values.decode` makes; for any two of them there is an answer, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import count
from types import NoneType
from typing import Any

from sim.inbox.values import Array, Scalar
from sim.python.canonical import NUMBERS, number_text, text_of
from sim.python.words import cut, value_words

MAX_SHOWN = 100
"""Characters of a value in a message."""
_SHOWN_STEPS = 5

_Pairs = Iterator[tuple[Any, Any, Any]]
"""Where inside, what was got, what is expected."""
_PLAIN = frozenset({bool, int, float, str, bytes, NoneType})
_SEQUENCES = frozenset({(list, list), (tuple, tuple)})
_SETS = frozenset({set, frozenset})
_BYTES = frozenset({bytes, bytearray})


def same_number(got: Any, expected: Any) -> bool:
    """As `==`, but NaN is NaN, and a Decimal costs nothing (one against a long int takes Python half a minute)."""
    if type(got) in (bool, int, float) and type(expected) in (bool, int, float):
        return bool(got == expected or (got != got and expected != expected))
    return number_text(got) == number_text(expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What agrees with what, where it isn't as for `==`."""

    numbers: Callable[[Any, Any], bool] = same_number
    """Takes what was got and what is expected. Not asked about members of sets and keys of dicts: those are equal or
    they are not."""
    typed: bool = False
    """Types have to be the same, all the way down."""
    opens_arrays: bool = False
    """A list or tuple agrees with an array of its shape that is expected."""


def difference(got: object, expected: object, rule: Rule) -> str | None:
    """None when they agree, else the first place where they don't: "item 3: got 4, expected 5"."""
    levels: list[_Pairs] = [iter([(None, got, expected)])]
    steps: list[Any] = []
    while levels:
        for step, one, other in levels[-1]:
            if type(one) is type(other) and type(one) in _PLAIN and one == other:
                continue
            found = _compare(one, other, rule)
            if isinstance(found, str):
                return _place([*steps, step]) + found
            if found is not None:
                levels.append(found)
                steps.append(step)
                break
        else:
            levels.pop()
            del steps[-1:]
    return None


def _compare(got: Any, expected: Any, rule: Rule) -> str | _Pairs | None:
    """None when they agree, a line when they don't, else the pairs inside that decide."""
    if rule.typed and type(got) is not type(expected):
        return apart(got, expected)
    if not rule.typed:
        got, expected = bare(got), bare(expected)
    kinds = type(got), type(expected)
    if kinds in _SEQUENCES:
        return _sized(got, expected) or _numbered(got, expected)
    if NUMBERS.issuperset(kinds):
        return None if rule.numbers(got, expected) else apart(got, expected)
    if kinds == (dict, dict):
        return _sized(got, expected) or _by_key(got, expected, rule)
    if _SETS.issuperset(kinds):
        return members_apart(got, expected, typed=rule.typed)
    if kinds == (Scalar, Scalar):
        return _compare(got.item, expected.item, rule) if got.dtype == expected.dtype else apart(got, expected)
    if Array in kinds:
        return _arrays(got, expected, rule)
    comparable = kinds[0] is kinds[1] or _BYTES.issuperset(kinds)
    return None if comparable and got == expected else apart(got, expected)


def bare(value: Any) -> Any:
    """A numpy scalar as what it holds, as `==` sees it."""
    while type(value) is Scalar:
        value = value.item
    return value


def _sized(got: Collection[Any], expected: Collection[Any]) -> str | None:
    if len(got) == len(expected):
        return None
    return f"got {len(got)} items, expected {len(expected)}: {show(got)} for {show(expected)}"


def _numbered(got: Collection[Any], expected: Collection[Any]) -> _Pairs:
    return zip(count(), got, expected, strict=False)


def _by_key(got: dict[Any, Any], expected: dict[Any, Any], rule: Rule) -> str | _Pairs:
    texts = {text_of(key, typed=rule.typed): key for key in got}
    pairs = []
    for key in expected:
        text = text_of(key, typed=rule.typed)
        if text not in texts:
            return f"lacks the key {show(key)}"
        pairs.append(((key,), got[texts[text]], expected[key]))
    return iter(pairs)


def _arrays(got: Any, expected: Any, rule: Rule) -> str | _Pairs:
    if type(got) is Array and type(expected) is Array:
        if got.shape != expected.shape:
            return f"got an array of shape {got.shape}, expected {expected.shape}"
        if rule.typed and got.dtype != expected.dtype:
            return f"got an array of {got.dtype}, expected {expected.dtype}"
        return _numbered(got.items, expected.items)
    if rule.opens_arrays and type(got) in (list, tuple) and expected.shape and len(got) == expected.shape[0]:
        return _numbered(got, _rows(expected))
    return apart(got, expected)


def _rows(array: Array) -> Collection[object]:
    if len(array.shape) == 1:
        return array.items
    size = len(array.items) // array.shape[0] if array.shape[0] else 0
    return [
        Array(dtype=array.dtype, shape=array.shape[1:], items=array.items[row * size : (row + 1) * size])
        for row in range(array.shape[0])
    ]


def members_apart(got: Collection[Any], expected: Collection[Any], *, typed: bool = False) -> str | None:
    """None when both have the same members, however often each; else one that only one of them has."""
    gots = {text_of(member, typed=typed): member for member in got}
    wanted = {text_of(member, typed=typed): member for member in expected}
    # The least text, since the order of a set of texts is another one in each process.
    if lacking := wanted.keys() - gots:
        return f"lacks the member {show(wanted[min(lacking)])}"
    if surplus := gots.keys() - wanted:
        return f"has a member {show(gots[min(surplus)])} that is not expected"
    return None


def _place(steps: list[Any]) -> str:
    """Where a difference is: "item 3, key 'a': ". The first step is to the values themselves."""
    names = [f"key {show(step[0])}" if isinstance(step, tuple) else f"item {step}" for step in steps[1:]]
    if len(names) > _SHOWN_STEPS:
        names[_SHOWN_STEPS:] = [f"and {len(names) - _SHOWN_STEPS} levels below"]
    return ", ".join(names) + ": " if names else ""


def apart(got: object, expected: object) -> str:
    """The line about two values that don't agree; their types too when those differ."""
    if type(got) is not type(expected):
        return f"got {show(got)} ({_name(got)}), expected {show(expected)} ({_name(expected)})"
    if isinstance(got, str) and isinstance(expected, str) and max(len(got), len(expected)) > MAX_SHOWN:
        return _texts_apart(got, expected)
    return f"got {show(got)}, expected {show(expected)}"


def _name(value: object) -> str:
    return {Array: "a numpy array", Scalar: "a numpy scalar", NoneType: "None"}.get(type(value), type(value).__name__)


def _texts_apart(got: str, expected: str) -> str:
    # The start that they share is at least `low` long and at most `high`.
    low, high = 0, min(len(got), len(expected))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if got[low:middle] == expected[low:middle] else (low, middle - 1)
    start = max(0, low - 10)
    return f"from character {start}: got {show(got[start:])}, expected {show(expected[start:])}"


def show(value: object) -> str:
    """A value in at most MAX_SHOWN characters, whatever it is."""
    return cut(value_words(value), MAX_SHOWN)
