"""Families over a list of whole numbers, one element after another."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

from verireason.data.programs.parts import DIVISIONS, Choice, condition, conditions, operation, operations
from verireason.data.programs.program import Level, Program, ProgramFamily
from verireason.data.programs.signatures import LIST

TESTS = conditions(range(16), range(2, 8))
FEW_TESTS = conditions(range(1, 10, 2), (2, 3, 5))
CHANGES = operations(range(1, 10), range(2, 8), plain=True)
FEW_CHANGES = operations((1, 3, 4), (2, 5), plain=True)
LARGE = tuple(test for test in FEW_TESTS if test[0] in ("above", "from"))
SMALL = tuple(test for test in FEW_TESTS if test[0] in ("below", "upto"))
DIVISIBLE = tuple(test for test in FEW_TESTS if test[0] in DIVISIONS)
JOINS: dict[str, Callable[[bool, bool], bool]] = {"and": lambda a, b: a and b, "or": lambda a, b: a or b}


def _count(xs: str, *, test: Choice) -> Program:
    c = condition(test)
    return Program(
        body=f"    return len([x for x in {xs} if {c.code}])",
        reference=lambda values: sum(1 for x in values if c.holds(x)),
        returns=f"the number of elements of {xs} that are {c.words}",
        terse=f"how many {c.terse}",
        turns=c.turns,
    )


def _count_two(xs: str, *, first: Choice, join: str, second: Choice) -> Program:
    c, d = condition(first), condition(second)
    return Program(
        body=f"    return len([x for x in {xs} if {c.code} {join} {d.code}])",
        reference=lambda values: sum(1 for x in values if JOINS[join](c.holds(x), d.holds(x))),
        returns=f"the number of elements of {xs} that are {c.words} {join} {d.words}",
        terse=f"how many {c.terse} {join} {d.terse}",
        turns=c.turns + d.turns,
    )


def _count_runs(xs: str, *, test: Choice, least: int) -> Program:
    c = condition(test)

    def reference(values: list[int]) -> int:
        held = "".join("y" if c.holds(x) else " " for x in values)
        return sum(1 for run in held.split() if len(run) >= least)

    body = f"""\
    count = 0
    length = 0
    for x in {xs}:
        if {c.code}:
            length += 1
            if length == {least}:
                count += 1
        else:
            length = 0
    return count"""
    return Program(
        body=body,
        reference=reference,
        returns=f"the number of longest possible runs in {xs} of {least} or more neighbours that are all {c.words}",
        terse=f"how many runs of {least} or more {c.terse}",
        turns=c.turns,
    )


COUNT_IF = ProgramFamily(
    name="count",
    category="lists",
    levels={
        1: Level(signature=LIST, axes={"test": TESTS}, make=_count),
        2: Level(
            signature=LIST,
            axes={"first": LARGE + SMALL, "join": ("and", "or"), "second": DIVISIBLE},
            make=_count_two,
        ),
        3: Level(signature=LIST, axes={"test": TESTS, "least": (2, 3)}, make=_count_runs),
    },
)


def _keep(xs: str, *, test: Choice) -> Program:
    c = condition(test)
    return Program(
        body=f"    return [x for x in {xs} if {c.code}]",
        reference=lambda values: [x for x in values if c.holds(x)],
        returns=f"the elements of {xs} that are {c.words}, in order, as a list",
        terse=f"those {c.terse}",
        turns=c.turns,
    )


def _keep_changed(xs: str, *, test: Choice, change: Choice) -> Program:
    c, o = condition(test), operation(change)
    return Program(
        body=f"    return [{o.code} for x in {xs} if {c.code}]",
        reference=lambda values: [o.apply(x) for x in values if c.holds(x)],
        returns=f"a list with {o.words} for every element x of {xs} that is {c.words}, in order",
        terse=f"those {c.terse}, {o.terse}",
        turns=c.turns + o.turns,
    )


def _keep_places(xs: str, *, test: Choice, step: int, rest: int) -> Program:
    c = condition(test)
    return Program(
        body=f"    return [x for i, x in enumerate({xs}) if i % {step} == {rest} and {c.code}]",
        reference=lambda values: [x for x in values[rest::step] if c.holds(x)],
        returns=(
            f"the elements of {xs} that are {c.words} and whose index, from 0, leaves {rest} when divided by {step}, "
            "in order, as a list"
        ),
        terse=f"those {c.terse} at {rest} mod {step}",
        turns=c.turns,
    )


KEEP = ProgramFamily(
    name="keep",
    category="lists",
    levels={
        1: Level(signature=LIST, axes={"test": TESTS}, make=_keep),
        2: Level(signature=LIST, axes={"test": FEW_TESTS, "change": FEW_CHANGES}, make=_keep_changed),
        3: Level(
            signature=LIST,
            axes={"test": FEW_TESTS, "step": (2, 3, 4), "rest": range(4)},
            make=_keep_places,
            valid=lambda p: bool(p["rest"] < p["step"]),
        ),
    },
)


def _apply(xs: str, *, change: Choice) -> Program:
    o = operation(change)
    return Program(
        body=f"    return [{o.code} for x in {xs}]",
        reference=lambda values: [o.apply(x) for x in values],
        returns=f"a list with {o.words} for every element x of {xs}, in order",
        terse=f"each {o.terse}",
        turns=o.turns,
    )


def _apply_either(xs: str, *, test: Choice, change: Choice, otherwise: Choice) -> Program:
    c, o, e = condition(test), operation(change), operation(otherwise)
    return Program(
        body=f"    return [{o.code} if {c.code} else {e.code} for x in {xs}]",
        reference=lambda values: [o.apply(x) if c.holds(x) else e.apply(x) for x in values],
        returns=f"a list with {o.words} for every element x of {xs} that is {c.words}, and {e.words} for the others",
        terse=f"each {o.terse} if {c.terse} else {e.terse}",
        turns=c.turns + o.turns + e.turns,
    )


def _apply_place(xs: str, *, change: Choice, factor: int, start: int) -> Program:
    o = operation(change)
    place = f"i * {factor}" if factor > 1 else "i"
    return Program(
        body=f"    return [{o.code} + {place} for i, x in enumerate({xs}, {start})]",
        reference=lambda values: [o.apply(x) + factor * (start + i) for i, x in enumerate(values)],
        returns=(
            f"a list with the sum of two things for every element x of {xs}: {o.words}, and {factor} times its "
            f"position, where the first position is {start}"
        ),
        terse=f"each {o.terse} plus {factor} times its place from {start}",
        turns=o.turns,
    )


APPLY = ProgramFamily(
    name="apply",
    category="lists",
    levels={
        1: Level(signature=LIST, axes={"change": CHANGES}, make=_apply),
        2: Level(
            signature=LIST,
            axes={"test": FEW_TESTS, "change": FEW_CHANGES, "otherwise": FEW_CHANGES},
            make=_apply_either,
            valid=lambda p: bool(p["change"] != p["otherwise"]),
        ),
        3: Level(
            signature=LIST, axes={"change": FEW_CHANGES, "factor": range(1, 4), "start": range(3)}, make=_apply_place
        ),
    },
)


def _total(xs: str, *, change: Choice) -> Program:
    o = operation(change)
    return Program(
        body=f"    return sum([{o.code} for x in {xs}])",
        reference=lambda values: sum(o.apply(x) for x in values),
        returns=f"the sum of {o.words} over all elements x of {xs}",
        terse=f"total of each {o.terse}",
        turns=o.turns,
    )


def _total_if(xs: str, *, test: Choice, change: Choice) -> Program:
    c, o = condition(test), operation(change)
    return Program(
        body=f"    return sum([{o.code} for x in {xs} if {c.code}])",
        reference=lambda values: sum(o.apply(x) for x in values if c.holds(x)),
        returns=f"the sum of {o.words} over the elements x of {xs} that are {c.words}",
        terse=f"total of those {c.terse}, {o.terse}",
        turns=c.turns + o.turns,
    )


def _running(xs: str, *, test: Choice, change: Choice) -> Program:
    c, o = condition(test), operation(change)

    def reference(values: list[int]) -> list[int]:
        return [*accumulate(o.apply(x) if c.holds(x) else -x for x in values)]

    body = f"""\
    total = 0
    totals = []
    for x in {xs}:
        if {c.code}:
            total += {o.code}
        else:
            total -= x
        totals.append(total)
    return totals"""
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"the list of running totals over {xs}, starting from 0, where an element x that is {c.words} adds "
            f"{o.words} and any other is subtracted"
        ),
        terse=f"running totals, those {c.terse} {o.terse}, others subtracted",
        turns=c.turns + o.turns,
    )


TOTAL = ProgramFamily(
    name="total",
    category="lists",
    levels={
        1: Level(signature=LIST, axes={"change": CHANGES}, make=_total),
        2: Level(signature=LIST, axes={"test": FEW_TESTS, "change": FEW_CHANGES}, make=_total_if),
        3: Level(signature=LIST, axes={"test": FEW_TESTS, "change": FEW_CHANGES}, make=_running),
    },
)
