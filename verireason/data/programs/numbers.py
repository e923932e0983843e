"""Families over one or two whole numbers."""

from __future__ import annotations

from collections.abc import Callable

from verireason.data.programs.lists import FEW_CHANGES
from verireason.data.programs.parts import RELATIONS, Choice, operation
from verireason.data.programs.program import Level, Program, ProgramFamily
from verireason.data.programs.signatures import LIST, NUMBER, TWO_NUMBERS

_FORMULAS: dict[str, tuple[str, str, Callable[[int, int, int], int]]] = {
    "scaled sum": ("{k} * {a} + {b}", "{k} times {a} plus {b}", lambda a, b, k: k * a + b),
    "scaled difference": ("{k} * {a} - {b}", "{k} times {a} minus {b}", lambda a, b, k: k * a - b),
    "rest": ("{a} - {k} * {b}", "{a} minus {k} times {b}", lambda a, b, k: a - k * b),
    "sum": ("{a} + {b} - {k}", "{a} plus {b} minus {k}", lambda a, b, k: a + b - k),
    "difference": ("{a} - {b} + {k}", "{a} minus {b} plus {k}", lambda a, b, k: a - b + k),
    "product": ("{a} * {b} - {k}", "{a} times {b} minus {k}", lambda a, b, k: a * b - k),
}


def _formula(a: str, b: str, *, kind: str, k: int) -> Program:
    code, words, value = _FORMULAS[kind]
    said = words.format(a=a, b=b, k=k)
    return Program(
        body=f"    return {code.format(a=a, b=b, k=k)}",
        reference=lambda x, y: value(x, y, k),
        returns=said,
        terse=said,
        note="Multiplication comes first." if "times" in said else "",
    )


_INNER: dict[str, tuple[str, str, Callable[[int, int], int]]] = {
    "sum": ("{a} + {b}", "the sum of {a} and {b}", lambda a, b: a + b),
    "difference": ("{a} - {b}", "{a} minus {b}", lambda a, b: a - b),
    "distance": ("abs({a} - {b})", "the distance between {a} and {b}", lambda a, b: abs(a - b)),
    "product": ("{a} * {b}", "the product of {a} and {b}", lambda a, b: a * b),
    "larger": ("max({a}, {b})", "the larger of {a} and {b}", lambda a, b: max(a, b)),
}
_OUTER: dict[str, tuple[str, str, Callable[[int, int], int]]] = {
    "mod": ("% {k}", "the remainder of {inner} when divided by {k}", lambda v, k: v % k),
    "over": ("// {k}", "{inner}, divided by {k} and rounded down", lambda v, k: v // k),
    "times": ("* {k}", "{k} times {inner}", lambda v, k: v * k),
}


def _nested(a: str, b: str, *, inner: str, outer: str, k: int) -> Program:
    code, words, value = _INNER[inner]
    end, around, change = _OUTER[outer]
    left = code.format(a=a, b=b)
    left = left if left.endswith(")") else f"({left})"
    said = around.format(inner=words.format(a=a, b=b), k=k)
    return Program(
        body=f"    return {left} {end.format(k=k)}",
        reference=lambda x, y: change(value(x, y), k),
        returns=said,
        terse=said.replace("the ", ""),
        turns=(k,),
    )


def _either(a: str, b: str, *, limit: int, then: str, other: str) -> Program:
    then_code, then_words, then_value = _INNER[then]
    other_code, other_words, other_value = _INNER[other]
    body = f"""\
    if {a} - {b} > {limit}:
        return {then_code.format(a=a, b=b)}
    return {other_code.format(a=a, b=b)}"""
    said, instead = then_words.format(a=a, b=b), other_words.format(a=a, b=b)
    return Program(
        body=body,
        reference=lambda x, y: then_value(x, y) if x - y > limit else other_value(x, y),
        returns=f"{said} when {a} is greater than {b} by more than {limit}, and {instead} otherwise",
        terse=f"if {a} minus {b} above {limit}, {said}, else {instead}",
        turns=(limit,),
        also=tuple((b + limit + step, b) for b in (-3, 3) for step in (-1, 0, 1)),
    )


ARITHMETIC = ProgramFamily(
    name="arithmetic",
    category="numbers",
    levels={
        1: Level(signature=TWO_NUMBERS, axes={"kind": tuple(_FORMULAS), "k": range(2, 16)}, make=_formula),
        2: Level(
            signature=TWO_NUMBERS,
            axes={"inner": tuple(_INNER), "outer": tuple(_OUTER), "k": range(2, 12)},
            make=_nested,
        ),
        3: Level(
            signature=TWO_NUMBERS,
            axes={"limit": range(12), "then": tuple(_INNER), "other": tuple(_INNER)},
            make=_either,
            valid=lambda p: bool(p["then"] != p["other"] and {p["then"], p["other"]} != {"difference", "distance"}),
        ),
    },
)


_UNBOUNDED = tuple(change for change in FEW_CHANGES if change[0] not in ("rest", "square", "size"))


def _clamp(n: str, *, low: int, width: int) -> Program:
    high = low + width
    return Program(
        body=f"    return max({low}, min({n}, {high}))",
        reference=lambda value: low if value < low else high if value > high else value,
        returns=f"{n}, but {low} when it is less than that and {high} when it is more than that",
        terse=f"clamp to {low} and {high}",
        turns=(low, high),
    )


def _clamp_all(xs: str, *, low: int, width: int, change: Choice) -> Program:
    high = low + width
    o = operation(change)
    return Program(
        body=f"    return [max({low}, min({o.code}, {high})) for x in {xs}]",
        reference=lambda values: [sorted((low, o.apply(x), high))[1] for x in values],
        returns=(
            f"a list with {o.words} for every element x of {xs}, but {low} where that would be less and {high} where "
            "it would be more"
        ),
        terse=f"each {o.terse}, clamp to {low} and {high}",
        turns=(low, high, *o.turns),
    )


def _dead_zone(n: str, *, low: int, width: int, inside: int) -> Program:
    high = low + width

    def reference(value: int) -> int:
        return value - high if value > high else value - low if value < low else inside

    body = f"""\
    if {n} > {high}:
        return {n} - {high}
    if {n} < {low}:
        return {n} - {low}
    return {inside}"""
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"{n} minus {high} when {n} is greater than {high}, {n} minus {low} when it is less than {low}, and "
            f"{inside} otherwise"
        ),
        terse=f"what is above {high} or below {low}, else {inside}",
        turns=(low, high),
    )


CLAMP = ProgramFamily(
    name="clamp",
    category="numbers",
    levels={
        1: Level(signature=NUMBER, axes={"low": range(-3, 10), "width": range(4, 24, 2)}, make=_clamp),
        2: Level(
            signature=LIST,
            axes={"low": range(-2, 6, 2), "width": (4, 9, 15), "change": _UNBOUNDED},
            make=_clamp_all,
        ),
        3: Level(signature=NUMBER, axes={"low": range(-4, 5), "width": (3, 6, 10), "inside": (0, 1)}, make=_dead_zone),
    },
)


_DIGIT_USES: dict[str, tuple[str, str, Callable[[list[int]], int]]] = {
    "sum": ("sum({list})", "the sum of the digits", lambda v: sum(v)),
    "largest": ("max({list})", "the largest digit", lambda v: max(v)),
    "smallest": ("min({list})", "the smallest digit", lambda v: min(v)),
    "first": ("{list}[0]", "the first digit", lambda v: v[0]),
}


def _digits_of(value: int) -> list[int]:
    value = abs(value)
    found = [value % 10]
    while value := value // 10:
        found.append(value % 10)
    return found[::-1]


def _digits(n: str, *, use: str, change: Choice) -> Program:
    code, words, value = _DIGIT_USES[use]
    o = operation(change)
    listed = f"[int(d) for d in str(abs({n}))]"
    used = code.format(list=listed)
    return Program(
        body=f"    return {o.code.replace('x', used)}",
        reference=lambda number: o.apply(value(_digits_of(number))),
        returns=f"{o.words.replace('x', f'({words} of {n})')}",
        terse=f"{words.replace('the ', '')} {o.terse}",
        note="The sign is no digit.",
    )


def _digits_if(n: str, *, use: str, relation: str, limit: int) -> Program:
    words, holds = RELATIONS[relation]
    listed = f"[int(d) for d in str(abs({n})) if int(d) {relation} {limit}]"
    code = f"len({listed})" if use == "how many" else f"sum({listed})"

    def reference(number: int) -> int:
        found = [d for d in _digits_of(number) if holds(d, limit)]
        return len(found) if use == "how many" else sum(found)

    return Program(
        body=f"    return {code}",
        reference=reference,
        returns=f"{'the number' if use == 'how many' else 'the sum'} of the digits of {n} that are {words} {limit}",
        terse=f"{use} digits {words} {limit}",
        note="The sign is no digit.",
        turns=(int(f"{limit}{(limit + 1) % 10}"),),
    )


def _base(n: str, *, base: int, use: str) -> Program:
    step, words = {
        "sum": (f"total += left % {base}", "the sum of the digits"),
        "zeros": (f"total += left % {base} == 0", "the number of zeros among the digits"),
        "reversed": (f"total = total * {base} + left % {base}", "the number whose digits are, in reverse order, those"),
    }[use]

    def reference(number: int) -> int:
        number, digits = abs(number), []
        while number:
            number, digit = divmod(number, base)
            digits.append(digit)
        if use == "reversed":
            return sum(digit * base**place for place, digit in enumerate(reversed(digits)))
        return sum(digits) if use == "sum" else digits.count(0)

    body = f"""\
    left = abs({n})
    total = 0
    while left > 0:
        {step}
        left //= {base}
    return total"""
    return Program(
        body=body,
        reference=reference,
        returns=f"{words} of the absolute value of {n} in base {base}, without leading zeros",
        terse=f"{use} of digits in base {base}",
        turns=(base, 3 * base, base * base, 2 * base**3),
        note="Zero has no digits.",
    )


DIGITS = ProgramFamily(
    name="digits",
    category="numbers",
    levels={
        1: Level(
            signature=NUMBER,
            axes={
                "use": tuple(_DIGIT_USES),
                "change": tuple((kind, k) for kind in ("plus", "minus", "times") for k in range(2, 9)),
            },
            make=_digits,
        ),
        2: Level(
            signature=NUMBER,
            axes={"use": ("how many", "sum"), "relation": (">", "<", ">=", "<="), "limit": range(1, 9)},
            make=_digits_if,
        ),
        3: Level(signature=NUMBER, axes={"base": range(2, 17), "use": ("sum", "zeros", "reversed")}, make=_base),
    },
)
