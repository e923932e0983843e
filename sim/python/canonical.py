"""One text per value: two values are equal to Python's `==` exactly when their texts are the same.

For members of sets and keys of dicts, which have to be found by what they are equal to. Texts, since a hostile answer
can be made of thousands of numbers or tuples that all have one hash, but not of texts: Python's hash of those is
seeded. Beside `==`, NaN is NaN here, and a numpy scalar is the number that it holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sim.inbox.values import Array, Scalar

MAX_DECIMAL_DIGITS = 400
"""Digits before or after its point up to which a Decimal may be equal to another kind of number. Writing out the
exponent of one beyond would cost what its author likes."""

NUMBERS = frozenset({bool, int, float, complex, Decimal, Fraction})
_KIND: dict[type, str] = {
    **dict.fromkeys(NUMBERS, "number"),
    bytearray: "bytes",
    frozenset: "set",
}
"""Names for types that `==` does not tell apart."""


def text_of(value: object, *, typed: bool = False) -> str:
    """The text of a value; typed makes 1, 1.0 and True different, and so on inside.

    Example:
        text_of((1, 2.0)) == text_of((True, 2)) == "tuple(8:number:18:number:2)"
    """
    if type(value) is str:
        return f"str:{value}"
    if type(value) is Scalar and not typed:
        return text_of(value.item)
    kind = type(value).__name__ if typed else _KIND.get(type(value), type(value).__name__)
    return f"{kind}{_inside(value, typed)}"


def number_text(value: Any) -> str:
    """The text of a number of any kind: a ratio in hexadecimal, or what it is that no ratio says."""
    if type(value) is complex and value.imag != 0:
        return f"{number_text(value.real)}+{number_text(value.imag)}j"
    if type(value) is complex:
        value = value.real
    if value != value if type(value) is float else type(value) is Decimal and value.is_nan():
        return "nan"
    if type(value) in (float, Decimal) and value in (_INFINITY, -_INFINITY):
        return "inf" if value > 0 else "-inf"
    if type(value) is Decimal and value and abs(value.adjusted()) > MAX_DECIMAL_DIGITS:
        return _scientific(value)
    numerator, denominator = value.as_integer_ratio()
    return f"{numerator:x}" if denominator == 1 else f"{numerator:x}/{denominator:x}"


_INFINITY = float("inf")


def _scientific(value: Decimal) -> str:
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits))
    kept = text.rstrip("0")
    return f"{'-' if sign else ''}{kept}e{int(exponent) + len(text) - len(kept)}"


def _inside(value: Any, typed: bool) -> str:
    match value:
        case int():
            return f":{value:x}"
        case None:
            return ""
        case bytes() | bytearray():
            return f":{value.hex()}"
        case list() | tuple():
            return _joined([text_of(item, typed=typed) for item in value])
        case set() | frozenset():
            return _joined(sorted([text_of(item, typed=typed) for item in value]))
        case dict():
            pairs = [(text_of(key, typed=typed), text_of(item, typed=typed)) for key, item in value.items()]
            return _joined([text for pair in sorted(pairs) for text in pair])
        case Array():
            return f"{value.dtype if typed else ''}{value.shape}{_inside(value.items, typed)}"
        case Scalar():
            return f"{value.dtype}:{text_of(value.item, typed=True)}"
        case _:
            return f":{number_text(value)}"


def _joined(texts: Iterable[str]) -> str:
    return f"({''.join([f'{len(text)}:{text}' for text in texts])})"
