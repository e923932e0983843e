"""Whether a program's output is the expected one: rules for standard output (`sim.python.comparators` has the table).

All compare the whole output. A number is only what ASCII digits, a sign, a point and an exponent spell, in at most
4,096 characters; "nan", "inf" and "1_000" are words, and agree with themselves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from sim.python.difference import apart
from sim.python.suite import Comparator

MAX_NUMBER = 4096
"""Characters."""
TOKEN_TOLERANCE = 1e-5
FUSION_TOLERANCE = 1e-5

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_BLANKS = re.compile(r"[ \t\r\v\f]+")


def exact(comparator: Comparator, got: object, expected: object) -> str | None:
    """verl's rule: the same text, but for newlines at its end."""
    return _parts_apart(got, expected, "text", lambda text: [text.rstrip("\n")])


def lines(comparator: Comparator, got: object, expected: object) -> str | None:
    """LiveCodeBench's rule: as many lines, each the same without the blanks around it, or the same numbers exactly.

    Example:
        "1.50 2\\n" agrees with "1.5 2.0"
    """
    return _parts_apart(got, expected, "line", _stripped, same=_same_decimals)


def fusion(comparator: Comparator, got: object, expected: object) -> str | None:
    """SandboxFusion's rule: as many lines, each the same but for case and blanks around it, or one number each that is
    within 1e-5 of the expected one, relatively."""
    return _parts_apart(got, expected, "line", _stripped, same=_same_line_but_for_case)


def blanks(comparator: Comparator, got: object, expected: object) -> str | None:
    """`diff -b`, as judges without a checker use: the same lines, but for blanks at their ends, how many blanks stand
    between words, and a missing last newline."""
    return _parts_apart(got, expected, "line", _squeezed)


def tokens(comparator: Comparator, got: object, expected: object) -> str | None:
    """The rule of code_contests: as many words, each the same but for case; integers exactly, other numbers within
    1e-5 absolutely."""
    return _parts_apart(got, expected, "word", _words, same=_same_token)


def _never(got: str, expected: str) -> bool:
    return False


def _parts_apart(
    got: object,
    expected: object,
    unit: str,
    split: Callable[[str], Sequence[str]],
    *,
    same: Callable[[str, str], bool] = _never,
) -> str | None:
    """None when both are texts of as many parts, each pair equal or `same`."""
    if not isinstance(got, str) or not isinstance(expected, str):
        return f"not two texts: {apart(got, expected)}"
    gots, wanted = split(got), split(expected)
    for place, (one, other) in enumerate(zip(gots, wanted, strict=False), 1):
        if one != other and not same(one, other):
            return f"{unit} {place}: {apart(one, other)}"
    return None if len(gots) == len(wanted) else f"got {len(gots)} {unit}s, expected {len(wanted)}"


def _stripped(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


def _squeezed(text: str) -> list[str]:
    return [_BLANKS.sub(" ", line).rstrip(" ") for line in text.removesuffix("\n").split("\n")]


def _words(text: str) -> list[str]:
    # As bytes, lower() and split() know ASCII only, like the original.
    words = text.encode("utf-8", "surrogatepass").lower().split()
    return [word.decode("utf-8", "surrogatepass") for word in words]


def _same_decimals(got: str, expected: str) -> bool:
    gots, wanted = got.split(), expected.split()
    if len(gots) != len(wanted):
        return False
    for one, other in zip(gots, wanted, strict=True):
        first = _decimal(one)
        if first is None or first != _decimal(other):
            return False
    return True


def _decimal(token: str) -> Decimal | None:
    if not _is_number(token):
        return None
    try:
        return Decimal(token)
    except InvalidOperation:  # an exponent beyond all bounds
        return None


def _same_line_but_for_case(got: str, expected: str) -> bool:
    if got.lower() == expected.lower():
        return True
    one, other = _float(got), _float(expected)
    if one is None or other is None:
        return False
    return abs(one - other) < FUSION_TOLERANCE * max(abs(other), 1e-15)


def _same_token(got: str, expected: str) -> bool:
    if _INTEGER.fullmatch(got) and _INTEGER.fullmatch(expected):
        return _plain_integer(got) == _plain_integer(expected)
    one, other = _float(got), _float(expected)
    return one is not None and other is not None and abs(one - other) < TOKEN_TOLERANCE


def _plain_integer(token: str) -> str:
    digits = token.lstrip("+-").lstrip("0")
    return f"-{digits}" if digits and token.startswith("-") else digits


def _float(token: str) -> float | None:
    """The finite float that a token spells; None when it spells none."""
    value = float(token) if _is_number(token) else math.inf
    return value if math.isfinite(value) else None


def _is_number(token: str) -> bool:
    return len(token) <= MAX_NUMBER and _NUMBER.fullmatch(token) is not None
