"""Whether an answer is the expected one: named rules, of which a suite picks.

A rule never changes under its name; a changed one gets the next version. They are strict: none accepts another order,
a part, or another type unless its sentence says so. NaN agrees with NaN only, an infinity with itself only. Both values
are data (`sim.inbox.values.decode`) and the answer is a hostile one: every rule has a verdict for any two values, in
time linear in them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any

from sim.inbox.values import Array
from sim.python.canonical import text_of
from sim.python.difference import Rule, apart, bare, difference, members_apart, same_number, show
from sim.python.stdio_comparators import blanks, exact, fusion, lines, tokens
from sim.python.suite import Comparator

MAX_MESSAGE = 300
"""Characters."""

_Compare = Callable[[Comparator, Any, Any], str | None]
_COLLECTIONS = frozenset({list, tuple, set, frozenset})


def compare(comparator: Comparator, got: object, expected: object) -> str | None:
    """None when the answer agrees with what is expected, else one short line that says how not.

    Raises ValueError for a comparator that does not exist.

    Example:
        compare(Comparator(name="equal@1"), [1, 4], [1, 5]) == "item 1: got 4, expected 5"
    """
    rule = COMPARATORS.get(comparator.name)
    if rule is None:
        raise ValueError(f"no comparator named {comparator.name!r:.60}; give one of {', '.join(COMPARATORS)}")
    message = rule(comparator, got, expected)
    return None if message is None else message[:MAX_MESSAGE]


def equal(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """`assert f(x) == y`, the rule of HumanEval and MBPP: Python's `==`, so 5 is 5.0 and 1 is True.

    A numpy scalar is the number that it holds. An array is equal to an array of the same shape and items, and never to
    a list: `array == list` has no truth value.
    """
    return difference(got, expected, Rule())


def differs(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """`assert f(x) != y`."""
    return f"got {show(got)}, which is not to be" if difference(got, expected, Rule()) is None else None


def strict(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """As equal, and of the same types throughout."""
    return difference(got, expected, Rule(typed=True))


def close(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """As equal, but floats may be `abs + rel * |expected|` apart: numpy's `allclose`, EvalPlus's rule (1e-6, 1e-7).

    Applies where one of the two is a float or complex, inside lists, tuples, arrays and values of dicts; two ints may
    be `abs` apart. A list or tuple agrees with an array that is expected. For `abs(f(x) - y) < e` give as abs the
    float before e.
    """
    return _near(comparator, got, expected, lambda size, wanted: comparator.abs + comparator.rel * wanted)


def isclose(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """As close, with the tolerance of `math.isclose`: the greater of abs and rel times the larger number."""
    return _near(
        comparator, got, expected, lambda size, wanted: max(comparator.abs, comparator.rel * max(size, wanted))
    )


def approx(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """As close, with the tolerance of `pytest.approx`: the greater of abs and rel times the expected number."""
    return _near(comparator, got, expected, lambda size, wanted: max(comparator.abs, comparator.rel * wanted))


def _near(comparator: Comparator, got: Any, expected: Any, tolerance: Callable[[float, float], float]) -> str | None:
    def near(one: Any, other: Any) -> bool:
        if same_number(one, other):
            return True
        if type(one) is int and type(other) is int:
            return abs(one - other) <= comparator.abs
        size, wanted = _size(one), _size(other)
        if not math.isfinite(size) or not math.isfinite(wanted):
            return False
        return _size(one - other) <= tolerance(size, wanted)

    return difference(got, expected, Rule(numbers=near, opens_arrays=True))


def _size(value: Any) -> float:
    """How far a number is from 0; infinity for one that no tolerance applies to."""
    if type(value) not in (int, float, complex):
        return math.inf
    try:
        return float(abs(value))
    except OverflowError:  # beyond the floats
        return math.inf


def lcb_call(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """LiveCodeBench's rule for functions: as equal, but a tuple counts as a list when it is the whole answer."""
    return difference(list(got) if type(got) is tuple else got, expected, Rule())


def unordered(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """EvalPlus's rule for eight tasks of MBPP+: the same members, in any order and however often each."""
    if type(got) not in _COLLECTIONS or type(expected) not in _COLLECTIONS:
        return f"not a list, tuple or set: {apart(got, expected)}"
    return members_apart(got, expected)


def count_equal(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """unittest's `assertCountEqual`: the same members, each as often, in any order."""
    if (message := unordered(comparator, got, expected)) is not None:
        return message
    gots, wanted = Counter(map(text_of, got)), Counter(map(text_of, expected))
    members = {text_of(member): member for member in expected}
    wrong = [text for text in members if gots[text] != wanted[text]]
    return f"got {show(members[wrong[0]])} {gots[wrong[0]]} times, expected {wanted[wrong[0]]}" if wrong else None


def member(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """`assert f(x) in [y, z]`: equal to a member of the list, tuple or set, or to a key of the dict."""
    if type(expected) in {*_COLLECTIONS, dict} and any(difference(got, each, Rule()) is None for each in expected):
        return None
    return f"got {show(got)}, expected one of {show(expected)}"


def identical(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """`assert f(x) is y`, where y is None, True or False."""
    is_same = type(expected) in (NoneType, bool) and type(got) is type(expected) and got == expected
    return None if is_same else apart(got, expected)


def not_identical(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """`assert f(x) is not y`, where y is None, True or False."""
    if type(expected) not in (NoneType, bool):
        return f"not None, True or False: {show(expected)}"
    is_same = type(got) is type(expected) and got == expected
    return f"got {show(got)}, which is not to be" if is_same else None


def not_none(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """`assert f(x) is not None`; what is expected does not matter."""
    return "got None" if got is None else None


def mbpp_match(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """EvalPlus's rule for three tasks of MBPP+ about patterns: anything but None counts as True, None as False."""
    found, wanted = (value if type(value) is bool else value is not None for value in (got, expected))
    return None if found is wanted else apart(got, wanted)


def truthy(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """`assert f(x)`; what is expected does not matter. An array is neither true nor false."""
    return None if _truth(got) is True else f"got {show(got)}, expected something true"


def falsy(comparator: Comparator, got: Any, expected: Any) -> str | None:
    """`assert not f(x)`; what is expected does not matter. An array is neither true nor false."""
    return None if _truth(got) is False else f"got {show(got)}, expected something false"


def _truth(value: Any) -> bool | None:
    return None if type(bare(value)) is Array else bool(bare(value))


COMPARATORS: Mapping[str, _Compare] = {
    "equal@1": equal,
    "differs@1": differs,
    "strict@1": strict,
    "close@1": close,
    "isclose@1": isclose,
    "approx@1": approx,
    "lcb-call@1": lcb_call,
    "unordered@1": unordered,
    "count-equal@1": count_equal,
    "in@1": member,
    "identical@1": identical,
    "not-identical@1": not_identical,
    "not-none@1": not_none,
    "mbpp-match@1": mbpp_match,
    "truthy@1": truthy,
    "falsy@1": falsy,
    "exact@1": exact,
    "lines@1": lines,
    "tokens@1": tokens,
    "fusion@1": fusion,
    "blanks@1": blanks,
}
"""Name and version to the rule; the last five compare standard output."""
