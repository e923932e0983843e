"""Families that compare elements of a list with each other, order them or count them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from verireason.data.programs.lists import FEW_TESTS, TESTS
from verireason.data.programs.parts import RELATIONS, Choice, condition, operation
from verireason.data.programs.program import Level, Program, ProgramFamily
from verireason.data.programs.signatures import LIST, TWO_NUMBERS


def _compare(a: str, b: str, *, relation: str, kind: str, k: int) -> Program:
    words, holds = RELATIONS[relation]
    o = operation((kind, k))
    said = o.words.replace("x", a)
    return Program(
        body=f"    return {o.code.replace('x', a)} {relation} {b}",
        reference=lambda x, y: holds(o.apply(x), y),
        returns=f"True when {said} is {words} {b}, else False",
        terse=f"is {said} {words} {b}",
        turns=(k, -k),
        also=tuple((x, o.apply(x) + step) for x in (-2, 1, 3) for step in (-1, 0, 1)),
    )


_QUANTIFIERS: dict[str, tuple[str, Callable[[list[bool]], bool]]] = {
    "all": ("every element", all),
    "any": ("at least one element", any),
}


def _quantify(xs: str, *, kind: str, test: Choice) -> Program:
    c = condition(test)
    words, join = _QUANTIFIERS[kind]
    return Program(
        body=f"    return {kind}([{c.code} for x in {xs}])",
        reference=lambda values: join([c.holds(x) for x in values]),
        returns=f"True when {words} of {xs} is {c.words}, else False",
        terse=f"is {'every one' if kind == 'all' else 'any'} {c.terse}",
        turns=c.turns,
    )


def _quantify_steps(xs: str, *, kind: str, relation: str, k: int) -> Program:
    words, holds = RELATIONS[relation]
    _, join = _QUANTIFIERS[kind]
    which = "every element" if kind == "all" else "at least one element"
    return Program(
        body=f"    return {kind}([b - a {relation} {k} for a, b in zip({xs}, {xs}[1:])])",
        reference=lambda values: join([holds(b - a, k) for a, b in pairwise(values)]),
        returns=(f"True when {which} of {xs} but the first, minus the element before it, is {words} {k}, else False"),
        terse=f"is {'every' if kind == 'all' else 'any'} step {words} {k}",
        turns=(k, 2 * k),
    )


CHECK = ProgramFamily(
    name="check",
    category="lists",
    levels={
        1: Level(
            signature=TWO_NUMBERS,
            axes={"relation": tuple(RELATIONS), "kind": ("plus", "minus", "times"), "k": range(2, 12)},
            make=_compare,
        ),
        2: Level(signature=LIST, axes={"kind": ("all", "any"), "test": TESTS}, make=_quantify),
        3: Level(
            signature=LIST,
            axes={"kind": ("all", "any"), "relation": tuple(RELATIONS), "k": range(-3, 6)},
            make=_quantify_steps,
        ),
    },
)


_STEPS: dict[str, tuple[str, str, Callable[[int, int], int]]] = {
    "up": ("b - a", "second minus first", lambda a, b: b - a),
    "down": ("a - b", "first minus second", lambda a, b: a - b),
    "gap": ("abs(a - b)", "distance", lambda a, b: abs(a - b)),
    "sum": ("a + b", "sum", lambda a, b: a + b),
    "product": ("a * b", "product", lambda a, b: a * b),
    "larger": ("max(a, b)", "larger one", lambda a, b: max(a, b)),
    "smaller": ("min(a, b)", "smaller one", lambda a, b: min(a, b)),
}


def _gaps(xs: str, *, step: str, k: int) -> Program:
    code, words, value = _STEPS[step]
    return Program(
        body=f"    return [{code} + {k} for a, b in zip({xs}, {xs}[1:])]",
        reference=lambda values: [value(a, b) + k for a, b in pairwise(values)],
        returns=f"a list with the {words}, plus {k}, of every two neighbours in {xs}, in order",
        terse=f"{words} of neighbours, plus {k}",
    )


def _gaps_if(xs: str, *, step: str, test: Choice) -> Program:
    c = condition(test)
    code, words, value = _STEPS[step]
    body = f"""\
    count = 0
    for a, b in zip({xs}, {xs}[1:]):
        x = {code}
        if {c.code}:
            count += 1
    return count"""
    return Program(
        body=body,
        reference=lambda values: sum(1 for a, b in pairwise(values) if c.holds(value(a, b))),
        returns=f"how many pairs of neighbours in {xs} have a {words} that is {c.words}",
        terse=f"how many neighbours with {words} {c.terse}",
        turns=c.turns,
    )


def _far_pairs(xs: str, *, step: str, distance: int, kind: str) -> Program:
    code, words, value = _STEPS[step]
    best = max if kind == "max" else min

    def reference(values: list[int]) -> int:
        found = [value(values[place], values[place + distance]) for place in range(len(values) - distance)]
        return best(found) if found else 0

    return Program(
        body=f"    return {kind}([{code} for a, b in zip({xs}, {xs}[{distance}:])], default=0)",
        reference=reference,
        returns=(
            f"the {'largest' if kind == 'max' else 'smallest'} {words} of two elements of {xs} that stand {distance} "
            "places apart, or 0 when there are none"
        ),
        terse=f"{'largest' if kind == 'max' else 'smallest'} {words}, {distance} apart",
    )


GAPS = ProgramFamily(
    name="gaps",
    category="lists",
    levels={
        1: Level(signature=LIST, axes={"step": tuple(_STEPS), "k": range(1, 12)}, make=_gaps),
        2: Level(signature=LIST, axes={"step": tuple(_STEPS), "test": FEW_TESTS}, make=_gaps_if),
        3: Level(
            signature=LIST,
            axes={"step": tuple(_STEPS), "distance": range(1, 6), "kind": ("max", "min")},
            make=_far_pairs,
        ),
    },
)


def _order(xs: str, *, way: str, part: str, k: int) -> Program:
    ordered = f"sorted({xs})" if way == "up" else f"sorted({xs}, reverse=True)"
    words = "ascending" if way == "up" else "descending"
    slice_, said = {
        "first": (f"[:{k}]", f"the first {k}"),
        "drop": (f"[{k}:]", f"all but the first {k}"),
        "every": (f"[::{k + 1}]", f"those at an index divisible by {k + 1}"),
    }[part]

    def reference(values: list[int]) -> list[int]:
        in_order = sorted(values)
        if way == "down":
            in_order.reverse()
        return in_order[:k] if part == "first" else in_order[k:] if part == "drop" else in_order[:: k + 1]

    return Program(
        body=f"    return {ordered}{slice_}",
        reference=reference,
        returns=f"{said} of the elements of {xs} in {words} order, as a list",
        terse=f"{words}, {said}",
    )


_KEYS: dict[str, tuple[str, str, Callable[[int, int], int]]] = {
    "rest": ("x % {k}", "remainder when divided by {k}", lambda x, k: x % k),
    "gap": ("abs(x - {k})", "distance from {k}", lambda x, k: abs(x - k)),
    "over": ("x // {k}", "quotient by {k}, rounded down", lambda x, k: x // k),
}


def _order_by(xs: str, *, key: str, k: int, way: str) -> Program:
    code, words, value = _KEYS[key]
    end = ", reverse=True" if way == "down" else ""
    return Program(
        body=f"    return sorted({xs}, key=lambda x: {code.format(k=k)}{end})",
        reference=lambda values: sorted(values, key=lambda x: -value(x, k) if way == "down" else value(x, k)),
        returns=(
            f"the elements of {xs} as a list ordered by their {words.format(k=k)}, "
            f"{'largest' if way == 'down' else 'smallest'} first"
        ),
        terse=f"by {words.format(k=k)}, {'largest' if way == 'down' else 'smallest'} first",
        turns=(k,),
        note="Elements that tie keep their order.",
    )


def _ranked(xs: str, *, kind: str, rank: int, default: int) -> Program:
    word = "largest" if kind == "max" else "smallest"
    index = f"-{rank}" if kind == "max" else str(rank - 1)

    def reference(values: list[int]) -> int:
        distinct = sorted(set(values), reverse=kind == "max")
        return distinct[rank - 1] if len(distinct) >= rank else default

    body = f"""\
    ranked = sorted(set({xs}))
    if len(ranked) < {rank}:
        return {default}
    return ranked[{index}]"""
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"the {word} but {rank - 1} of the distinct elements of {xs} (rank {rank}, where rank 1 is the {word}), or "
            f"{default} when there are fewer than {rank}"
        ),
        terse=f"{word} of rank {rank}, else {default}",
        also=tuple(([*range(3, 3 + num)],) for num in (rank - 1, rank, rank + 1)),
        note="Equal elements count once.",
    )


ORDER = ProgramFamily(
    name="order",
    category="lists",
    levels={
        1: Level(
            signature=LIST,
            axes={"way": ("up", "down"), "part": ("first", "drop", "every"), "k": range(1, 9)},
            make=_order,
        ),
        2: Level(
            signature=LIST,
            axes={"key": tuple(_KEYS), "k": range(2, 12), "way": ("up", "down")},
            make=_order_by,
        ),
        3: Level(
            signature=LIST,
            axes={"kind": ("max", "min"), "rank": range(1, 7), "default": (-1, 0, 100)},
            make=_ranked,
        ),
    },
)


def _tally(xs: str, *, test: Choice) -> Program:
    c = condition(test)
    return Program(
        body=f"    return {{x: {xs}.count(x) for x in {xs} if {c.code}}}",
        reference=lambda values: {x: sum(x == y for y in values) for x in values if c.holds(x)},
        returns=f"a dictionary from every element of {xs} that is {c.words} to how often it occurs in {xs}",
        terse=f"dictionary of counts of those {c.terse}",
        turns=c.turns,
    )


def _classes(xs: str, *, test: Choice, k: int) -> Program:
    c = condition(test)

    def reference(values: list[int]) -> dict[int, int]:
        rests = [x % k for x in values if c.holds(x)]
        return {rest: rests.count(rest) for rest in rests}

    body = f"""\
    counts = {{}}
    for x in {xs}:
        if {c.code}:
            counts[x % {k}] = counts.get(x % {k}, 0) + 1
    return counts"""
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"a dictionary from remainders by {k} to how many elements of {xs} that are {c.words} leave that "
            "remainder; remainders that none leaves are left out"
        ),
        terse=f"dictionary from x mod {k} to how many, of those {c.terse}",
        turns=(*c.turns, k),
    )


_GROUP_USES: dict[str, tuple[str, Callable[[list[int]], Any]]] = {
    "list": ("group", lambda v: v),
    "largest": ("max(group)", lambda v: max(v)),
    "total": ("sum(group)", lambda v: sum(v)),
}


def _groups(xs: str, *, key: str, k: int, use: str) -> Program:
    code, words, value = _KEYS[key]
    made, make = _GROUP_USES[use]

    def reference(values: list[int]) -> dict[int, Any]:
        keys = [value(x, k) for x in values]
        return {one: make([x for x in values if value(x, k) == one]) for one in keys}

    body = f"""\
    groups = {{}}
    for x in {xs}:
        groups.setdefault({code.format(k=k)}, []).append(x)
    return {{key: {made} for key, group in groups.items()}}"""
    what = {"list": "the list of those elements, in order", "largest": "the largest", "total": "the sum"}[use]
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"a dictionary that has, for each {words.format(k=k)} among the elements of {xs}, {what}"
            + ("" if use == "list" else " of those elements")
        ),
        terse=f"dictionary by {words.format(k=k)}, {use} of each",
        turns=(k,),
    )


TALLY = ProgramFamily(
    name="tally",
    category="dictionaries",
    levels={
        1: Level(signature=LIST, axes={"test": TESTS}, make=_tally),
        2: Level(signature=LIST, axes={"test": FEW_TESTS, "k": range(2, 8)}, make=_classes),
        3: Level(
            signature=LIST, axes={"key": tuple(_KEYS), "k": range(2, 10), "use": tuple(_GROUP_USES)}, make=_groups
        ),
    },
)
