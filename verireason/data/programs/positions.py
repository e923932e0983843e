"""Families over a list of whole numbers where the place of an element matters."""

from __future__ import annotations

from collections.abc import Callable

from verireason.data.programs.lists import DIVISIBLE, FEW_TESTS, LARGE, TESTS
from verireason.data.programs.parts import Choice, condition
from verireason.data.programs.program import Level, Program, ProgramFamily
from verireason.data.programs.signatures import LIST

_SLICES: dict[str, tuple[str, str, str, Callable[[list[int], int], list[int]]]] = {
    "drop": ("{xs}[{k}:]", "{xs} without its first {k} elements", "without first {k}", lambda v, k: v[k:]),
    "first": ("{xs}[:{k}]", "the first {k} elements of {xs}", "first {k}", lambda v, k: v[:k]),
    "last": ("{xs}[-{k}:]", "the last {k} elements of {xs}", "last {k}", lambda v, k: v[-k:]),
    "cut": ("{xs}[:-{k}]", "{xs} without its last {k} elements", "without last {k}", lambda v, k: v[:-k]),
    "every": ("{xs}[::{k}]", "every element of {xs} at an index divisible by {k}", "every {k}", lambda v, k: v[::k]),
    "tail back": (
        "{xs}[{k}:][::-1]", "{xs} without its first {k} elements, in reverse", "without first {k}, reversed",
        lambda v, k: [*reversed(v[k:])],
    ),
    "head back": (
        "{xs}[:{k}][::-1]", "the first {k} elements of {xs}, in reverse", "first {k}, reversed",
        lambda v, k: [*reversed(v[:k])],
    ),
    "end back": (
        "{xs}[-{k}:][::-1]", "the last {k} elements of {xs}, in reverse", "last {k}, reversed",
        lambda v, k: [*reversed(v[-k:])],
    ),
}  # fmt: skip


def _slice(xs: str, *, kind: str, k: int) -> Program:
    code, words, terse, reference = _SLICES[kind]
    return Program(
        body=f"    return {code.format(xs=xs, k=k)}",
        reference=lambda values: reference(values, k),
        returns=f"{words.format(xs=xs, k=k)}, as a list",
        terse=terse.format(k=k),
        note="" if kind == "every" else "A list may be shorter than that; then take it as far as it goes.",
    )


def _turn(xs: str, *, kind: str, k: int, back: bool) -> Program:
    at = f"-{k}" if kind == "right" else f"{k}"
    far = -k if kind == "right" else k
    tail = f"{xs}[:{at}]" + ("[::-1]" if back else "")

    def reference(values: list[int]) -> list[int]:
        head, rest = values[:far], values[far:]
        return rest + ([*reversed(head)] if back else head)

    moved = f"the last {k} elements" if kind == "right" else f"all but the first {k} elements"
    return Program(
        body=f"    return {xs}[{at}:] + {tail}",
        reference=reference,
        returns=f"{moved} of {xs}, followed by the others" + (" in reverse order" if back else "") + ", as one list",
        terse=f"turned {kind} by {k}" + (", rest reversed" if back else ""),
    )


_CHUNK_USES: dict[str, tuple[str, str, Callable[[list[int]], object]]] = {
    "list": ("{part}", "the elements of each", lambda v: v),
    "sum": ("sum({part})", "the sum of each", lambda v: sum(v)),
    "max": ("max({part})", "the largest element of each", lambda v: max(v)),
    "min": ("min({part})", "the smallest element of each", lambda v: min(v)),
    "ends": ("{part}[-1] - {part}[0]", "the last minus the first element of each", lambda v: v[-1] - v[0]),
}


def _chunks(xs: str, *, use: str, k: int, step: str) -> Program:
    code, words, value = _CHUNK_USES[use]
    part = code.format(part=f"{xs}[i:i + {k}]")
    over = f"range(0, len({xs}), {k})" if step == "chunks" else f"range(len({xs}) - {k} + 1)"
    kind = (
        f"pieces of {k} elements, the last one shorter if need be" if step == "chunks" else f"windows of {k} elements"
    )

    def reference(values: list[int]) -> list[object]:
        starts = range(0, len(values), k) if step == "chunks" else range(len(values) - k + 1)
        return [value(values[start : start + k]) for start in starts]

    return Program(
        body=f"    return [{part} for i in {over}]",
        reference=reference,
        returns=f"a list with {words} of the consecutive {kind} of {xs}, in order",
        terse=f"{use} of {step} of {k}",
    )


SLICE = ProgramFamily(
    name="slice",
    category="lists",
    levels={
        1: Level(
            signature=LIST,
            axes={"kind": tuple(_SLICES), "k": range(1, 10)},
            make=_slice,
            valid=lambda p: bool(p["kind"] != "every" or p["k"] > 1),
        ),
        2: Level(signature=LIST, axes={"kind": ("left", "right"), "k": range(1, 9), "back": (False, True)}, make=_turn),
        3: Level(
            signature=LIST,
            axes={"use": tuple(_CHUNK_USES), "k": range(2, 7), "step": ("chunks", "windows")},
            make=_chunks,
        ),
    },
)


def _index(xs: str, *, kind: str, k: int, default: int) -> Program:
    first = kind == "first"
    found = f"{xs}.index({k})" if first else f"len({xs}) - 1 - {xs}[::-1].index({k})"

    def reference(values: list[int]) -> int:
        places = [place for place, value in enumerate(values) if value == k]
        return default if not places else places[0] if first else places[-1]

    return Program(
        body=f"    return {found} if {k} in {xs} else {default}",
        reference=reference,
        returns=f"the index, from 0, of the {kind} {k} in {xs}, or {default} when there is none",
        terse=f"index of {kind} {k}, else {default}",
        turns=(k,),
    )


def _find(xs: str, *, kind: str, test: Choice, default: int) -> Program:
    c = condition(test)

    def reference(values: list[int]) -> int:
        places = [place for place, value in enumerate(values) if c.holds(value)]
        return default if not places else places[0] if kind == "first" else places[-1]

    if kind == "first":
        body = f"""\
    for i, x in enumerate({xs}):
        if {c.code}:
            return i
    return {default}"""
    else:
        body = f"""\
    found = {default}
    for i, x in enumerate({xs}):
        if {c.code}:
            found = i
    return found"""
    return Program(
        body=body,
        reference=reference,
        returns=f"the index, from 0, of the {kind} element of {xs} that is {c.words}, or {default} when there is none",
        terse=f"index of {kind} {c.terse}, else {default}",
        turns=c.turns,
    )


def _reach(xs: str, *, test: Choice, limit: int) -> Program:
    c = condition(test)

    def reference(values: list[int]) -> int:
        for place in range(len(values)):
            if sum(x for x in values[: place + 1] if c.holds(x)) > limit:
                return place
        return len(values)

    body = f"""\
    total = 0
    for i, x in enumerate({xs}):
        if {c.code}:
            total += x
        if total > {limit}:
            return i
    return len({xs})"""
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"the first index of {xs} up to which the elements that are {c.words} add up to more than {limit}, or the "
            f"length of {xs} when they never do"
        ),
        terse=f"index where the total of those {c.terse} is above {limit}",
        turns=(*c.turns, limit),
        also=tuple(([limit, turn + step],) for turn in c.turns for step in (-1, 0, 1)),
    )


FIND = ProgramFamily(
    name="find",
    category="lists",
    levels={
        1: Level(signature=LIST, axes={"kind": ("first", "last"), "k": range(16), "default": (-1, 0, 99)}, make=_index),
        2: Level(signature=LIST, axes={"kind": ("first", "last"), "test": TESTS, "default": (-1, 0)}, make=_find),
        3: Level(signature=LIST, axes={"test": LARGE + DIVISIBLE, "limit": range(4, 24, 3)}, make=_reach),
    },
)


_EXTREMES = {"max": ("largest", ">"), "min": ("smallest", "<")}


def _extreme(xs: str, *, kind: str, default: int) -> Program:
    if kind == "spread":
        return Program(
            body=f"    return max({xs}) - min({xs}) if {xs} else {default}",
            reference=lambda values: max(values) - min(values) if values else default,
            returns=f"the largest minus the smallest element of {xs}, or {default} when {xs} is empty",
            terse=f"largest minus smallest, else {default}",
        )
    word = _EXTREMES[kind][0]
    best = max if kind == "max" else min
    return Program(
        body=f"    return {kind}({xs}, default={default})",
        reference=lambda values: best(values) if values else default,
        returns=f"the {word} element of {xs}, or {default} when {xs} is empty",
        terse=f"{word}, else {default}",
    )


def _extreme_if(xs: str, *, kind: str, test: Choice, default: int) -> Program:
    c = condition(test)
    word = _EXTREMES[kind][0]
    best = max if kind == "max" else min

    def reference(values: list[int]) -> int:
        held = [x for x in values if c.holds(x)]
        return best(held) if held else default

    return Program(
        body=f"    return {kind}([x for x in {xs} if {c.code}], default={default})",
        reference=reference,
        returns=f"the {word} element of {xs} that is {c.words}, or {default} when there is none",
        terse=f"{word} {c.terse}, else {default}",
        turns=c.turns,
    )


def _nearest(xs: str, *, kind: str, target: int, tie: str) -> Program:
    word, sign = ("farthest from", ">") if kind == "max" else ("nearest to", "<")
    relation = sign if tie == "first" else f"{sign}="

    def reference(values: list[int]) -> int:
        if not values:
            return -1
        gaps = [abs(x - target) for x in values]
        gap = max(gaps) if kind == "max" else min(gaps)
        return gaps.index(gap) if tie == "first" else len(gaps) - 1 - gaps[::-1].index(gap)

    body = f"""\
    best = -1
    for i, x in enumerate({xs}):
        if best < 0 or abs(x - {target}) {relation} abs({xs}[best] - {target}):
            best = i
    return best"""
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"the index, from 0, of the element of {xs} that is {word} {target}, the {tie} one when several are, or -1 "
            f"when {xs} is empty"
        ),
        terse=f"index of {tie} {word} {target}",
        turns=(target - 3, target, target + 3),
        also=tuple(([target - gap, target + gap],) for gap in (-4, -1, 1, 4)),
    )


EXTREME = ProgramFamily(
    name="extreme",
    category="lists",
    levels={
        1: Level(signature=LIST, axes={"kind": ("max", "min", "spread"), "default": range(40)}, make=_extreme),
        2: Level(
            signature=LIST,
            axes={"kind": ("max", "min"), "test": FEW_TESTS, "default": (-1, 0, 50)},
            make=_extreme_if,
        ),
        3: Level(
            signature=LIST,
            axes={"kind": ("max", "min"), "target": range(16), "tie": ("first", "last")},
            make=_nearest,
        ),
    },
)
