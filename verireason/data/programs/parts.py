"""What bodies are put together from: conditions on a number x, and operations on one."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A claim about x."""

    code: str
    words: str
    """Behind "that are": "greater than 3"."""
    terse: str
    holds: Callable[[int], bool]
    turns: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A number made from x."""

    code: str
    words: str
    """As a noun: "3 times x"."""
    terse: str
    apply: Callable[[int], int]
    turns: tuple[int, ...]


Choice = tuple[str, int]
"""A kind of condition or operation and its number, which some kinds do not use."""

RELATIONS: dict[str, tuple[str, Callable[[int, int], bool]]] = {
    "<": ("less than", operator.lt),
    ">": ("greater than", operator.gt),
    "<=": ("at most", operator.le),
    ">=": ("at least", operator.ge),
}


BOUNDS = ("above", "below", "from", "upto")
DIVISIONS = ("multiple", "other")


def condition(choice: Choice) -> Condition:
    """The condition that a choice stands for: ("above", 3) is "x > 3"."""
    kind, k = choice
    code, words, terse, holds = {
        "above": (f"x > {k}", f"greater than {k}", f"above {k}", lambda x: x > k),
        "below": (f"x < {k}", f"less than {k}", f"below {k}", lambda x: x < k),
        "from": (f"x >= {k}", f"at least {k}", f"at least {k}", lambda x: x >= k),
        "upto": (f"x <= {k}", f"at most {k}", f"at most {k}", lambda x: x <= k),
        "multiple": (f"x % {k} == 0", f"divisible by {k}", f"divisible by {k}", lambda x: x % k == 0),
        "other": (f"x % {k} != 0", f"not divisible by {k}", f"not divisible by {k}", lambda x: x % k != 0),
    }[kind]
    return Condition(code=code, words=words, terse=terse, holds=holds, turns=(k,))


def operation(choice: Choice) -> Operation:
    """The operation that a choice stands for: ("times", 3) is "3 * x"."""
    kind, k = choice
    code, words, terse, apply = {
        "plus": (f"x + {k}", f"x plus {k}", f"plus {k}", lambda x: x + k),
        "minus": (f"x - {k}", f"x minus {k}", f"minus {k}", lambda x: x - k),
        "from": (f"{k} - x", f"{k} minus x", f"from {k}", lambda x: k - x),
        "times": (f"x * {k}", f"x times {k}", f"times {k}", lambda x: x * k),
        "over": (f"x // {k}", f"x divided by {k} and rounded down", f"over {k}", lambda x: x // k),
        "rest": (f"x % {k}", f"the remainder of x divided by {k}", f"mod {k}", lambda x: x % k),
        "square": ("x * x", "the square of x", "squared", lambda x: x * x),
        "size": ("abs(x)", "the absolute value of x", "size", lambda x: abs(x)),
        "opposite": ("-x", "x with its sign changed", "negated", lambda x: -x),
    }[kind]
    return Operation(code=code, words=words, terse=terse, apply=apply, turns=(k,) if k else ())


def conditions(bounds: Iterable[int], divisors: Iterable[int]) -> tuple[Choice, ...]:
    """Every bound with every kind of comparison, every divisor with both kinds of divisibility."""
    compared = tuple((kind, k) for k in bounds for kind in BOUNDS)
    return compared + tuple((kind, k) for k in divisors for kind in DIVISIONS)


def operations(terms: Iterable[int], factors: Iterable[int], *, plain: bool = False) -> tuple[Choice, ...]:
    """Additions and subtractions of every term, products, quotients and remainders of every factor; those without a
    number when `plain`."""
    found = tuple((kind, k) for k in terms for kind in ("plus", "minus", "from"))
    found += tuple((kind, k) for k in factors for kind in ("times", "over", "rest"))
    return found + ((("square", 0), ("size", 0), ("opposite", 0)) if plain else ())
