"""Families that count along whole numbers: ranges, divisors, sequences."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import gcd

from verireason.data.programs.lists import FEW_CHANGES, FEW_TESTS
from verireason.data.programs.parts import Choice, condition, operation
from verireason.data.programs.program import Level, Program, ProgramFamily
from verireason.data.programs.signatures import COUNT, TWO_NUMBERS
from verireason.data.streams import Params

_SPANS: dict[str, tuple[str, str, Callable[[int, int], list[int]]]] = {
    "up to": ("{k}, {n} + 1", "the numbers from {k} to {n}, {n} included,", lambda n, k: [*range(k, n + 1)]),
    "before": ("{k}, {n}", "the numbers from {k} up to but not including {n}", lambda n, k: [*range(k, n)]),
    "down": (
        "{n}, {k} - 1, -1", "the numbers from {n} down to {k}, {k} included,", lambda n, k: [*range(k, n + 1)][::-1],
    ),
    "multiples": (
        "0, {n} + 1, {k}", "the multiples of {k} from 0 to {n}, {n} included,", lambda n, k: [*range(0, n + 1, k)],
    ),
}  # fmt: skip


def _span(n: str, *, kind: str, k: int, use: str) -> Program:
    code, words, value = _SPANS[kind]
    said = words.format(n=n, k=k)
    return Program(
        body=f"    return {use}(range({code.format(n=n, k=k)}))",
        reference=lambda number: sum(value(number, k)) if use == "sum" else value(number, k),
        returns=f"the sum of {said.rstrip(',')}" if use == "sum" else f"{said} as a list",
        terse=f"{use} {words.format(n=n, k=k).replace('the numbers ', '').replace('the ', '').rstrip(',')}",
        turns=(k,),
    )


def _span_if(n: str, *, test: Choice, change: Choice) -> Program:
    c, o = condition(test), operation(change)
    return Program(
        body=f"    return [{o.code} for x in range(1, {n} + 1) if {c.code}]",
        reference=lambda number: [o.apply(x) for x in range(1, number + 1) if c.holds(x)],
        returns=f"a list with {o.words} for every x from 1 to {n}, both included, that is {c.words}",
        terse=f"{o.terse} for 1 to {n} if {c.terse}",
        turns=c.turns,
    )


_PAIR_USES: dict[str, tuple[str, str, Callable[[int, int], int]]] = {
    "sum": ("(i + j)", "sum", lambda i, j: i + j),
    "product": ("i * j", "product", lambda i, j: i * j),
    "difference": ("(j - i)", "difference", lambda i, j: j - i),
}


def _pairs(n: str, *, start: str, use: str, k: int) -> Program:
    begin = "i" if start == "repeated" else "i + 1"
    code, words, value = _PAIR_USES[use]
    wanted = 1 if k == 2 else 0

    def reference(number: int) -> int:
        pairs = product(range(1, number + 1), repeat=2)
        wanted_pairs = [(i, j) for i, j in pairs if (i <= j if start == "repeated" else i < j)]
        return sum(1 for i, j in wanted_pairs if value(i, j) % k == wanted)

    body = f"""\
    count = 0
    for i in range(1, {n} + 1):
        for j in range({begin}, {n} + 1):
            if {code} % {k} == {wanted}:
                count += 1
    return count"""
    relation = "less than or equal to" if start == "repeated" else "less than"
    rest = "an odd" if k == 2 else f"a {words} that is a multiple of {k}, that is, such a"
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"the number of pairs of whole numbers from 1 to {n}, the first {relation} the second, with {rest} {words}"
            + (" (second minus first)" if use == "difference" else "")
        ),
        terse=f"pairs {start} with {words} mod {k} {wanted}",
        turns=(k,),
    )


SPAN = ProgramFamily(
    name="span",
    category="numbers",
    levels={
        1: Level(signature=COUNT, axes={"kind": tuple(_SPANS), "k": range(2, 14), "use": ("list", "sum")}, make=_span),
        2: Level(signature=COUNT, axes={"test": FEW_TESTS, "change": FEW_CHANGES}, make=_span_if),
        3: Level(
            signature=COUNT,
            axes={"start": ("repeated", "distinct"), "use": ("sum", "product", "difference"), "k": range(2, 10)},
            make=_pairs,
        ),
    },
)


def _divisors(n: str, *, use: str, relation: str, k: int) -> Program:
    listed = f"[d for d in range(1, {n} + 1) if {n} % d == 0 and d {relation} {k}]"
    code, words = {
        "list": (listed, "the list of the divisors, in ascending order,"),
        "sum": (f"sum({listed})", "the sum of the divisors"),
        "number": (f"len({listed})", "the number of divisors"),
    }[use]
    said = "greater than" if relation == ">" else "less than"

    def reference(number: int) -> object:
        found = [d for d in range(1, number + 1) if number % d == 0 and (d > k if relation == ">" else d < k)]
        return {"list": found, "sum": sum(found), "number": len(found)}[use]

    return Program(
        body=f"    return {code}",
        reference=reference,
        returns=f"{words} of {n} that are {said} {k}",
        terse=f"{use} of divisors {said} {k}",
        note="Zero has none.",
        turns=(k, 2 * k, 12 * k),
    )


def _halvings(n: str, *, divisor: int, limit: int) -> Program:
    def reference(number: int) -> int:
        steps = 0
        while number > limit:
            number, steps = number // divisor, steps + 1
        return steps

    body = f"""\
    steps = 0
    while {n} > {limit}:
        {n} //= {divisor}
        steps += 1
    return steps"""
    return Program(
        body=body,
        reference=reference,
        returns=f"how many times {n} must be divided by {divisor}, rounding down, until it is no more than {limit}",
        terse=f"divisions by {divisor} until at most {limit}",
        turns=(limit, limit * divisor, limit * divisor * divisor),
    )


def _common(a: str, b: str, *, use: str, k: int) -> Program:
    words, code = {
        "divisor": (f"{k} times the greatest common divisor of {a} and {b}", f"{k} * abs(a)"),
        "coprime": (f"True when the greatest common divisor of {a} and {b} is {k}, else False", f"abs(a) == {k}"),
        "rest": (f"the greatest common divisor of {a} and {b}, minus {k}", f"abs(a) - {k}"),
    }[use]

    def reference(x: int, y: int) -> object:
        common = gcd(x, y)
        return {"divisor": k * common, "coprime": common == k, "rest": common - k}[use]

    body = f"""\
    while {b}:
        {a}, {b} = {b}, {a} % {b}
    return {code.replace("abs(a)", f"abs({a})")}"""
    return Program(
        body=body,
        reference=reference,
        returns=words,
        terse=words.replace("the ", "").replace("greatest common divisor of", "gcd of"),
        note="The greatest common divisor is never negative; that of 0 and 0 is 0.",
        turns=(k, 2 * k, 6 * k),
        also=tuple((x * k, y * k) for x, y in ((2, 3), (-2, -3), (-1, 0), (3, -1), (6, 4))),
    )


DIVISORS = ProgramFamily(
    name="divisors",
    category="numbers",
    levels={
        1: Level(
            signature=COUNT,
            axes={"use": ("list", "sum", "number"), "relation": (">", "<"), "k": range(2, 12)},
            make=_divisors,
        ),
        2: Level(
            signature=COUNT,
            axes={"divisor": range(2, 7), "limit": range(1, 12)},
            make=_halvings,
        ),
        3: Level(
            signature=TWO_NUMBERS,
            axes={"use": ("divisor", "coprime", "rest"), "k": range(1, 10)},
            make=_common,
            valid=lambda p: bool(p["use"] != "divisor" or p["k"] > 1),
        ),
    },
)


def _sequence(first: int, second: int, p: int, q: int, num: int) -> list[int]:
    terms = [first, second]
    while len(terms) <= num:
        terms.append(p * terms[-1] + q * terms[-2])
    return terms[: num + 1]


def _factor(k: int, name: str) -> str:
    return name if k == 1 else f"{k} * {name}"


def _term(n: str, *, first: int, second: int, p: int, q: int) -> Program:
    rule = f"{_factor(p, 'b')} + {_factor(q, 'a')}"
    body = f"""\
    a, b = {first}, {second}
    for _ in range({n}):
        a, b = b, {rule}
    return a"""
    return Program(
        body=body,
        reference=lambda number: _sequence(first, second, p, q, number)[number],
        returns=(
            f"the term with index {n}, from 0, of the sequence that starts with {first} and {second} and where every "
            f"later term is {p} times the term before it plus {q} times the one before that"
        ),
        terse=f"term {n} of {first} {second} with {p} times last plus {q} times before",
    )


def _terms_below(n: str, *, second: int, p: int, q: int, use: str) -> Program:
    def reference(number: int) -> int:
        found = [term for term in _sequence(1, second, p, q, 12) if term < number]
        return sum(found) if use == "sum" else len(found)

    rule = f"{_factor(p, 'b')} + {_factor(q, 'a')}"
    step = "a" if use == "sum" else "1"
    body = f"""\
    a, b = 1, {second}
    total = 0
    while a < {n}:
        total += {step}
        a, b = b, {rule}
    return total"""
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"{'the sum of the terms' if use == 'sum' else 'the number of terms'} below {n} of the sequence that "
            f"starts with 1 and {second} and where every later term is {p} times the term before it plus {q} times the "
            "one before that"
        ),
        terse=f"{use} of terms below {n} of 1 {second} with {p} times last plus {q} times before",
        turns=(1, second, 5, 11),
    )


def _grows(p: Params) -> bool:
    """Whether twelve terms reach past the largest input."""
    return _sequence(1, p["second"], p["p"], p["q"], 12)[12] > 200


RECURRENCE = ProgramFamily(
    name="recurrence",
    category="numbers",
    levels={
        2: Level(
            signature=COUNT,
            axes={"first": range(4), "second": range(1, 5), "p": (1, 2, 3), "q": (1, 2)},
            make=_term,
        ),
        3: Level(
            signature=COUNT,
            axes={"second": range(2, 8), "p": (1, 2, 3), "q": (1, 2, 3), "use": ("sum", "number")},
            make=_terms_below,
            valid=_grows,
        ),
    },
)
