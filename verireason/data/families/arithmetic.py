"""Arithmetic without a clock: adders, subtractors, multipliers, sign and magnitude, counting bits."""

from __future__ import annotations

from verireason.data.families.family import Design, Family, Level
from verireason.data.families.gates import cover
from verireason.data.families.notation import OUTS, PAIRS, SINGLES, num_bits, sink, sized, source
from verireason.data.streams import Params

SUMS = ("sum", "s", "y", "out")


def _adder(p: Params) -> Design:
    (a, b), s, w, form = p["ins"], p["sum"], p["width"], p["form"]
    cin = form in ("cin", "full")
    total = f"{a} + {b}{' + cin' if cin else ''}"
    words = f"{a} + {b}{' + cin' if cin else ''}"
    has_carry = form in ("carry", "full")
    width = w + 1 if form == "wide" else w
    if has_carry:
        body, result = f"  assign {{cout, {s}}} = {total};", f"{s} is its low {w} bits and cout the carry out of them"
        short = f"{{cout, {s}}} = {words}"
    else:
        body = f"  assign {s} = {total};"
        result = (
            f"{s} is the full sum of {w + 1} bits" if form == "wide" else f"{s} is its low {w} bits, without a carry"
        )
        short = f"{s} = {words} with carry in top bit" if form == "wide" else f"{s} = {words}"
    carry = " and the carry input cin" if cin else ""
    outputs = (sink("cout"), sink(s, width)) if has_carry else (sink(s, width),)
    return Design(
        ports=(source(a, w), source(b, w), *((source("cin"),) if cin else ()), *outputs),
        body=body,
        wordings=(
            f"Add the {num_bits(w)} unsigned numbers {a} and {b}{carry}. Of the sum, {result}.",
            f"An adder: compute {words} on unsigned operands; {result}.",
            f"Build a combinational {num_bits(w)} adder for {a} and {b}{carry}. From the exact sum, {result}.",
        ),
        terse=short,
        drive=cover,
    )


ADDER = Family(
    name="adder",
    category="arithmetic",
    levels={
        1: Level(
            circuit={"form": ("plain", "wide", "carry"), "width": range(2, 13)},
            names={"ins": PAIRS, "sum": SUMS},
        ),
        2: Level(circuit={"form": ("cin", "full"), "width": range(2, 13)}, names={"ins": PAIRS, "sum": SUMS}),
    },
    make=_adder,
)


def _subtractor(p: Params) -> Design:
    """Differences, constants, and adders with a mode bit and flags."""
    return {1: _constant_step, 2: _difference, 3: _add_or_subtract}[p["level"]](p)


def _constant_step(p: Params) -> Design:
    a, y, w, k = p["in"], p["out"], p["width"], p["constant"]
    sign, verb, to = ("+", "Add", "to") if p["op"] == "add" else ("-", "Subtract", "from")
    return Design(
        ports=(source(a, w), sink(y, w)),
        body=f"  assign {y} = {a} {sign} {sized(w, k)};",
        wordings=(
            f"{verb} the constant {k} {to} the {num_bits(w)} number {a}. {y} is the result modulo {1 << w}.",
            f"{y} equals {a} {sign} {k}, truncated to {w} bits (it wraps around).",
            f"Compute {a} {sign} {k} in {num_bits(w)} unsigned arithmetic with wrap-around and drive it on {y}.",
        ),
        terse=f"{y} = {a} {'plus' if sign == '+' else 'minus'} {k}",
        drive=cover,
    )


def _difference(p: Params) -> Design:
    (a, b), y, w = p["ins"], p["out"], p["width"]
    if p["form"] == "plain":
        result, left = f"{y} is the difference modulo {1 << w}", y
    elif p["form"] == "borrow":
        result, left = f"{y} is the difference modulo {1 << w} and bout is 1 exactly when {b} is larger than {a}", None
    else:
        result, left = f"{y} is the exact difference as a two's complement number of {w + 1} bits", y
    code = f"{{1'b0, {a}}} - {{1'b0, {b}}}" if p["form"] == "signed" else f"{a} - {b}"
    width = w + 1 if p["form"] == "signed" else w
    outputs = (sink(y, width),) if left else (sink("bout"), sink(y, width))
    return Design(
        ports=(source(a, w), source(b, w), *outputs),
        body=f"  assign {left or f'{{bout, {y}}}'} = {code};",
        wordings=(
            f"Subtract the unsigned number {b} from the unsigned number {a}: {result}.",
            f"A {num_bits(w)} subtractor computes {a} - {b}; {result}.",
            f"Form the difference of {a} (minuend) and {b} (subtrahend), both unsigned with {w} bits; {result}.",
        ),
        terse=f"{y} = {a} minus {b}" + {"plain": "", "borrow": ", bout = borrow", "signed": " signed"}[p["form"]],
        drive=cover,
    )


def _add_or_subtract(p: Params) -> Design:
    (a, b), y, w, sel = p["ins"], p["out"], p["width"], p["sel"]
    add_when = p["add_when"]
    first, second = (f"{a} - {b}", f"{a} + {b}") if add_when == 0 else (f"{a} + {b}", f"{a} - {b}")
    flag = {
        "zero": (f"({y} == 0)", f"1 exactly when {y} is 0"),
        "negative": (f"{y}[{w - 1}]", f"a copy of the top bit of {y}"),
        "overflow": (
            f"({a}[{w - 1}] == {b}[{w - 1}]) == ({sel} == 1'b{add_when}) && {y}[{w - 1}] != {a}[{w - 1}]",
            f"1 exactly when the exact result for two's complement operands does not fit in {w} bits two's complement",
        ),
    }[p["flag"]]
    text = f"{a} + {b} when {sel} is {add_when} and {a} - {b} when {sel} is {1 - add_when}"
    return Design(
        ports=(source(a, w), source(b, w), source(sel), sink(y, w), sink(p["flag"])),
        body=f"  assign {y} = {sel} ? {first} : {second};\n  assign {p['flag']} = {flag[0]};",
        wordings=(
            f"{y} is {text}, truncated to {w} bits. {p['flag']} is {flag[1]}.",
            f"An adder/subtractor controlled by {sel}: it computes {text}, modulo {1 << w}, on {y}. The flag output "
            f"{p['flag']} is {flag[1]}.",
            f"Implement {num_bits(w)} addition and subtraction in one unit. Result {y}: {text} (wrap-around). "
            f"Flag {p['flag']}: {flag[1]}.",
        ),
        terse=f"{y} = {text}; {p['flag']} flag",
        drive=lambda script: script.cover(num_random=220),
    )


SUBTRACTOR = Family(
    name="subtractor",
    category="arithmetic",
    levels={
        1: Level(
            circuit={"level": (1,), "op": ("add", "subtract"), "width": range(3, 9), "constant": range(1, 16)},
            names={"in": SINGLES, "out": OUTS},
        ),
        2: Level(
            circuit={"level": (2,), "form": ("plain", "borrow", "signed"), "width": range(2, 13)},
            names={"ins": PAIRS, "out": OUTS},
        ),
        3: Level(
            circuit={
                "level": (3,),
                "width": range(3, 13),
                "add_when": (0, 1),
                "flag": ("zero", "negative", "overflow"),
            },
            names={"ins": PAIRS, "out": OUTS, "sel": ("sub", "mode", "op")},
        ),
    },
    make=_subtractor,
    # Adding K modulo 2^w is subtracting 2^w - K: keep K in the lower half, where the two differ.
    valid=lambda p: p["level"] != 1 or p["constant"] < 1 << p["width"] - 1,
)


def _multiplier(p: Params) -> Design:
    y = p["out"]
    if p["form"] == "constant":
        a, w, k = p["ins"][0], p["width"], p["constant"]
        total = w + k.bit_length()
        return Design(
            ports=(source(a, w), sink(y, total)),
            body=f"  assign {y} = {a} * {sized(total, k)};",
            wordings=(
                f"Multiply the unsigned number {a} by the constant {k}; {y} is the exact product in {total} bits.",
                f"{y} is {k} times {a}. {a} is unsigned and {y} is wide enough for every product.",
                f"A constant multiplier: the {total}-bit output {y} equals {a} * {k} for unsigned {a}.",
            ),
            terse=f"{y} = {a} times {k}",
            drive=cover,
        )
    (a, b), w, v = p["ins"], p["width"], p["width2"]
    signed = p["form"] == "signed"
    kind = "two's complement" if signed else "unsigned"
    c = "k" if p["form"] == "add" else ""
    product = f"$signed({a}) * $signed({b})" if signed else f"{a} * {b}"
    code = f"{product} + {c}" if c else product
    what = f"{a} * {b} + {c}" if c else f"the product of {a} and {b}"
    return Design(
        ports=(source(a, w), source(b, v), *((source(c, v),) if c else ()), sink(y, w + v)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"{y} is {what}, exact in {w + v} bits. All operands are {kind} numbers.",
            f"Compute {what} for {kind} operands of {w} and {v} bits; the result {y} has {w + v} bits and "
            "never overflows.",
            f"Build a combinational circuit for {kind} numbers whose output {y} equals {what}.",
        ),
        terse=f"{y} = {'signed ' if signed else ''}{a} times {b}" + (f" plus {c}" if c else ""),
        drive=cover,
    )


def _multiplier_canonical(p: Params) -> object:
    """The factors can change places, unless the addend is as wide as the second."""
    if p["form"] == "constant":
        return ["constant", p["width"], p["constant"]]
    widths = [p["width"], p["width2"]]
    return [p["form"], *(widths if p["form"] == "add" else sorted(widths))]


MULTIPLIER = Family(
    name="multiplier",
    category="arithmetic",
    levels={
        1: Level(
            circuit={"form": ("constant",), "width": range(2, 9), "constant": (3, 5, 6, 7, 9, 10, 11, 12, 13, 15)},
            names={"ins": PAIRS, "out": OUTS},
        ),
        2: Level(
            circuit={"form": ("unsigned",), "width": range(2, 9), "width2": range(2, 9)},
            names={"ins": PAIRS, "out": OUTS},
        ),
        3: Level(
            circuit={"form": ("signed", "add"), "width": range(2, 7), "width2": range(2, 7)},
            names={"ins": PAIRS, "out": OUTS},
        ),
    },
    make=_multiplier,
    canonical=_multiplier_canonical,
)


MAGNITUDES = {
    "negate": ("-{x}", "the two's complement negation of {x}, modulo {m}", "minus {x}"),
    "absolute": (
        "{x}[{t}] ? -{x} : {x}",
        "the absolute value of the two's complement number {x}, as an unsigned number (the most negative number gives "
        "{h})",
        "absolute value of {x}",
    ),
    "negative_absolute": (
        "{x}[{t}] ? {x} : -{x}",
        "minus the absolute value of the two's complement number {x}, as a two's complement number",
        "minus absolute value of {x}",
    ),
    "to_sign_magnitude": (
        "{x}[{t}] ? {{1'b1, ~{x}[{u}:0] + {l}'d1}} : {x}",
        "the sign-magnitude form of the two's complement number {x}: bit {t} is the sign (1 for negative) and the "
        "other bits are the low {l} bits of the absolute value",
        "{x} in sign magnitude",
    ),
    "from_sign_magnitude": (
        "{x}[{t}] ? -{{1'b0, {x}[{u}:0]}} : {x}",
        "the two's complement form of the sign-magnitude number {x}, whose bit {t} is the sign (1 for negative) and "
        "whose other bits are the magnitude",
        "{x} from sign magnitude",
    ),
    "ones_complement": (
        "{x}[{t}] ? ~{x} : {x}",
        "{x} itself when its bit {t} is 0, and {x} with all bits inverted when its bit {t} is 1",
        "{x} inverted if negative",
    ),
    "increment_if_negative": (
        "{x} + {x}[{t}]",
        "{x} plus the value of its own bit {t}, modulo {m}",
        "{x} plus its top bit",
    ),
}
"""Kind to Verilog, words and terse words; t, u and l are the top index, the next and the number of other bits."""


def _magnitude(p: Params) -> Design:
    x, y, w = p["in"], p["out"], p["width"]
    code, words, terse = (
        text.format(x=x, t=w - 1, u=w - 2, l=w - 1, h=1 << w - 1, m=1 << w) for text in MAGNITUDES[p["kind"]]
    )
    return Design(
        ports=(source(x, w), sink(y, w)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"{y} is {words}.",
            f"From the {num_bits(w)} input {x}, compute {words}. Drive the {num_bits(w)} result on {y}.",
            f"Build a combinational circuit whose output {y} is {words}. Both have {w} bits.",
        ),
        terse=f"{y} = {terse}",
        drive=cover,
    )


MAGNITUDE = Family(
    name="magnitude",
    category="arithmetic",
    levels={
        1: Level(
            circuit={"kind": ("negate", "absolute", "negative_absolute"), "width": range(3, 17)},
            names={"in": SINGLES, "out": OUTS},
        ),
        2: Level(
            circuit={
                "kind": ("to_sign_magnitude", "from_sign_magnitude", "ones_complement", "increment_if_negative"),
                "width": range(3, 17),
            },
            names={"in": SINGLES, "out": OUTS},
        ),
    },
    make=_magnitude,
)


def _popcount(p: Params) -> Design:
    x, y, w = p["in"], p["out"], p["width"]
    digit = "1" if p["what"] == "ones" else "0"
    terms = " + ".join(f"{'' if digit == '1' else '!'}{x}[{i}]" for i in range(w))
    if p["threshold"] is None:
        width, code = w.bit_length(), terms
        words = f"the number of bits of {x} that are {digit}"
        short = f"{y} = number of {p['what']} in {x}"
        body = f"  assign {y} = {code};"
    else:
        width, inner = 1, w.bit_length()
        words = f"1 when at least {p['threshold']} bits of {x} are {digit}, and 0 otherwise"
        short = f"{y} = at least {p['threshold']} {p['what']} in {x}"
        body = f"  wire [{inner - 1}:0] total = {terms};\n  assign {y} = total >= {sized(inner, p['threshold'])};"
    return Design(
        ports=(source(x, w), sink(y, width)),
        body=body,
        wordings=(
            f"{y} is {words}. The positions of the bits don't matter.",
            f"Count over all {w} bits of the vector {x}: the output {y} is {words}.",
            f"Build a combinational circuit with the {num_bits(w)} input {x} whose output {y} is {words}.",
        ),
        terse=short,
        drive=lambda script: script.cover(specials=[{x: (1 << ones) - 1} for ones in range(w + 1)]),
    )


POPCOUNT = Family(
    name="popcount",
    category="arithmetic",
    levels={
        1: Level(
            circuit={"what": ("ones", "zeros"), "width": range(2, 15)},
            names={"in": SINGLES, "out": ("y", "z", "count", "num")},
        ),
        2: Level(
            circuit={"what": ("ones", "zeros"), "width": range(5, 11), "threshold": range(2, 10)},
            names={"in": SINGLES, "out": OUTS},
        ),
    },
    make=_popcount,
    defaults={"threshold": None},
    valid=lambda p: p["threshold"] is None or p["threshold"] < p["width"],
)
