"""Comparing numbers: relations, ranges, minimum and maximum, saturation."""

from __future__ import annotations

from verireason.data.families.family import Design, Family, Level
from verireason.data.families.gates import cover
from verireason.data.families.notation import OUTS, PAIRS, SINGLES, TRIPLES, num_bits, sink, sized, source
from verireason.data.families.script import Script
from verireason.data.streams import Params

RELATIONS = {
    "less": ("<", "less than"),
    "at most": ("<=", "less than or equal to"),
    "equal": ("==", "equal to"),
    "not equal": ("!=", "different from"),
    "greater": (">", "greater than"),
    "at least": (">=", "greater than or equal to"),
}


def _compare(p: Params) -> Design:
    return {1: _compare_constant, 2: _compare_two, 3: _range_check}[p["level"]](p)


def _compare_constant(p: Params) -> Design:
    a, y, w, k = p["in"], p["out"], p["width"], p["constant"]
    sign, words = RELATIONS[p["relation"]]
    return Design(
        ports=(source(a, w), sink(y)),
        body=f"  assign {y} = ({a} {sign} {sized(w, k)});",
        wordings=(
            f"{y} is 1 when the unsigned number {a} is {words} {k}, and 0 otherwise.",
            f"Compare the {num_bits(w)} unsigned input {a} with the constant {k}: {y} tells whether {a} is {words} "
            f"{k}.",
            f"Output {y} must be high exactly for those values of {a} (unsigned) that are {words} {k}.",
        ),
        terse=f"{y} = {a} {p['relation']} {k}",
        drive=lambda script: script.cover(specials=[{a: k + step} for step in (-1, 0, 1)]),
    )


def _compare_two(p: Params) -> Design:
    (a, b), y, w, signed = p["ins"], p["out"], p["width"], p["signed"]
    sign, words = RELATIONS[p["relation"]]
    code = f"$signed({a}) {sign} $signed({b})" if signed else f"{a} {sign} {b}"
    kind = "two's complement" if signed else "unsigned"
    return Design(
        ports=(source(a, w), source(b, w), sink(y)),
        body=f"  assign {y} = ({code});",
        wordings=(
            f"{y} is 1 when {a} is {words} {b}, and 0 otherwise. Both are {kind} numbers.",
            f"Compare the {num_bits(w)} {kind} numbers {a} and {b}: {y} tells whether {a} is {words} {b}.",
            f"A comparator for {kind} operands of {w} bits: drive {y} high exactly when {a} is {words} {b}.",
        ),
        terse=f"{y} = {'signed ' if signed else ''}{a} {p['relation']} {b}",
        drive=cover,
    )


def _range_check(p: Params) -> Design:
    x, w, low, high = p["in"], p["width"], p["low"], p["high"]
    inside = f"({x} >= {sized(w, low)}) && ({x} <= {sized(w, high)})"
    return Design(
        ports=(source(x, w), sink("below"), sink("in_range"), sink("above")),
        body=f"  assign below = ({x} < {sized(w, low)});\n  assign in_range = {inside};\n"
        f"  assign above = ({x} > {sized(w, high)});",
        wordings=(
            f"A window comparator for the unsigned input {x}: below is 1 when {x} is less than {low}, above is 1 when "
            f"{x} is greater than {high}, and in_range is 1 otherwise.",
            f"Exactly one of below, in_range and above is 1. in_range means {low} <= {x} <= {high}; below and above "
            f"tell on which side of that range the unsigned number {x} lies.",
            f"Classify the {num_bits(w)} unsigned number {x} against the range from {low} to {high}, both ends "
            "included: below, in_range or above it. Raise the output of that name, keep the two others at 0.",
        ),
        terse=f"below, in_range, above range {low} to {high} of {x}",
        drive=lambda script: script.cover(specials=[{x: k + step} for k in (low, high) for step in (-1, 0, 1)]),
    )


def _compare_valid(p: Params) -> bool:
    if p["level"] == 1:
        # Against the ends of the range it would be a reduction.
        return bool(p["constant"] < (1 << p["width"]) - 2)
    return bool(p["level"] != 3 or p["low"] < p["high"] < (1 << p["width"]) - 1)


def _compare_canonical(p: Params) -> object:
    """a < b is b > a renamed; x > 3 is x >= 4."""
    relation = p["relation"]
    if p["level"] == 2:
        mirrored = {"greater": "less", "at least": "at most"}.get(relation, relation)
        # Equality does not depend on the sign.
        return [2, p["width"], mirrored, p["signed"] and mirrored in ("less", "at most")]
    if p["level"] == 3:
        return [3, p["width"], p["low"], p["high"]]
    constant = p["constant"] + (relation in ("at most", "greater"))
    return [1, p["width"], {"at most": "less", "greater": "at least"}.get(relation, relation), constant]


COMPARE = Family(
    name="compare",
    category="arithmetic",
    levels={
        1: Level(
            circuit={"level": (1,), "relation": tuple(RELATIONS), "width": range(5, 10), "constant": range(2, 32)},
            names={"in": SINGLES, "out": OUTS},
        ),
        2: Level(
            circuit={"level": (2,), "relation": tuple(RELATIONS), "width": range(2, 13), "signed": (False, True)},
            names={"ins": PAIRS, "out": OUTS},
        ),
        3: Level(
            circuit={"level": (3,), "width": range(4, 9), "low": range(1, 40), "high": range(2, 60)},
            names={"in": SINGLES},
        ),
    },
    make=_compare,
    defaults={"relation": None},
    valid=_compare_valid,
    canonical=_compare_canonical,
)


def _minmax(p: Params) -> Design:
    if p["form"] == "sort":
        return _sort(p)
    names = p["ins3"] if p["form"] == "three" else p["ins"]
    a, b = names[:2]
    y, w = p["out"], p["width"]
    sign, noun = ("<", "smaller") if p["kind"] == "min" else (">", "larger")
    extreme = {"min": "minimum", "max": "maximum"}[p["kind"]]
    kind = "two's complement" if p["signed"] else "unsigned"
    left, right = (f"$signed({name})" if p["signed"] else name for name in (a, b))
    short = f"{y} = {'signed ' if p['signed'] else ''}{p['kind']} of"
    if p["form"] == "two":
        return Design(
            ports=(source(a, w), source(b, w), sink(y, w)),
            body=f"  assign {y} = ({left} {sign} {right}) ? {a} : {b};",
            wordings=(
                f"{y} is the {extreme} of the {kind} numbers {a} and {b}.",
                f"Compare {a} and {b} as {kind} numbers and pass the {noun} one to {y}.",
                f"Drive {y} with whichever of {a} and {b} is the {noun} {kind} number; all have {w} bits.",
            ),
            terse=f"{short} {a} and {b}",
            drive=cover,
        )
    c, most = names[2], {"smaller": "smallest", "larger": "largest"}[noun]
    third = f"$signed({c})" if p["signed"] else c
    inner = "$signed(t)" if p["signed"] else "t"
    return Design(
        ports=(source(a, w), source(b, w), source(c, w), sink(y, w)),
        body=f"  wire [{w - 1}:0] t = ({left} {sign} {right}) ? {a} : {b};\n"
        f"  assign {y} = ({inner} {sign} {third}) ? t : {c};",
        wordings=(
            f"{y} is the {extreme} of the three {kind} numbers {a}, {b} and {c}.",
            f"Pass the {most} of the {kind} inputs {a}, {b} and {c} to {y}.",
            f"Compare {a}, {b} and {c} as {kind} numbers of {w} bits; {y} equals their {extreme}.",
        ),
        terse=f"{short} {a}, {b} and {c}",
        drive=cover,
    )


def _sort(p: Params) -> Design:
    (a, b), w = p["ins"], p["width"]
    low, high = ("lo", "hi") if p["out"] in OUTS[:2] else ("min", "max")
    kind = "two's complement" if p["signed"] else "unsigned"
    left, right = (f"$signed({name})" if p["signed"] else name for name in (a, b))
    return Design(
        ports=(source(a, w), source(b, w), sink(low, w), sink(high, w)),
        body=f"  wire swap = ({left} > {right});\n  assign {low} = swap ? {b} : {a};\n"
        f"  assign {high} = swap ? {a} : {b};",
        wordings=(
            f"Sort two {kind} numbers: {low} is the minimum and {high} the maximum of {a} and {b}.",
            f"A compare-and-swap element: compare {a} and {b} as {kind} numbers, pass the smaller to {low} and the "
            f"larger to {high}.",
            f"Among the {kind} numbers {a} and {b}, drive {low} with the smaller one and {high} with the other.",
        ),
        terse=f"{low} = min, {high} = max of {'signed ' if p['signed'] else ''}{a} and {b}",
        drive=cover,
    )


MINMAX = Family(
    name="minmax",
    category="arithmetic",
    levels={
        1: Level(
            circuit={"form": ("two",), "kind": ("min", "max"), "signed": (False, True), "width": range(2, 13)},
            names={"ins": PAIRS, "out": OUTS},
        ),
        2: Level(
            circuit={"form": ("three",), "kind": ("min", "max"), "signed": (False, True), "width": range(2, 9)},
            names={"ins3": TRIPLES, "out": OUTS},
        ),
        3: Level(
            circuit={"form": ("sort",), "kind": ("both",), "signed": (False, True), "width": range(2, 13)},
            names={"ins": PAIRS, "out": ("y", "out")},
        ),
    },
    make=_minmax,
)


def _saturate(p: Params) -> Design:
    return {1: _clamp, 2: _saturating_sum, 3: _signed_saturation}[p["level"]](p)


def _clamp(p: Params) -> Design:
    x, y, w, k, upper = p["in"], p["out"], p["width"], p["limit"], p["kind"] == "upper"
    sign, words = (">", "greater") if upper else ("<", "less")
    return Design(
        ports=(source(x, w), sink(y, w)),
        body=f"  assign {y} = ({x} {sign} {sized(w, k)}) ? {sized(w, k)} : {x};",
        wordings=(
            f"{y} equals the unsigned number {x} unless {x} is {words} than {k}; then {y} is {k}.",
            f"Limit the {num_bits(w)} unsigned input {x} to {'at most' if upper else 'at least'} {k}: values on the "
            f"other side become {k}, all others pass to {y} unchanged.",
            f"A clamp: {y} = {'min' if upper else 'max'}({x}, {k}) for unsigned {x}.",
        ),
        terse=f"{y} = {x} limited to {'at most' if upper else 'at least'} {k}",
        drive=lambda script: script.cover(specials=[{x: k + step} for step in (-1, 0, 1)]),
    )


def _saturating_sum(p: Params) -> Design:
    (a, b), y, w = p["ins"], p["out"], p["width"]
    if p["op"] == "add":
        body = f"  wire [{w}:0] total = {a} + {b};\n  assign {y} = total[{w}] ? {{{w}{{1'b1}}}} : total[{w - 1}:0];"
        text, bound = f"{a} + {b}", f"larger than {(1 << w) - 1} become {(1 << w) - 1}"
    else:
        body = f"  assign {y} = ({a} < {b}) ? {w}'d0 : {a} - {b};"
        text, bound = f"{a} - {b}", "below 0 become 0"
    return Design(
        ports=(source(a, w), source(b, w), sink(y, w)),
        body=body,
        wordings=(
            f"{y} is {text} for unsigned numbers, with saturation: results {bound}.",
            f"Compute {text} on {num_bits(w)} unsigned operands. It must not wrap around; results {bound}. The output "
            f"is {y}.",
            f"Saturating unsigned {'addition' if p['op'] == 'add' else 'subtraction'}: {y} equals {text} where that "
            f"fits in {w} bits, and results {bound}.",
        ),
        terse=f"{y} = {text} saturating",
        drive=cover,
    )


def _signed_saturation(p: Params) -> Design:
    (a, b), y, w = p["ins"], p["out"], p["width"]
    sign, low, high = "+" if p["op"] == "add" else "-", -(1 << w - 1), (1 << w - 1) - 1
    body = (
        f"  wire [{w}:0] total = {{{a}[{w - 1}], {a}}} {sign} {{{b}[{w - 1}], {b}}};\n"
        f"  assign {y} = (total[{w}] == total[{w - 1}]) ? total[{w - 1}:0] : {{total[{w}], "
        f"{{{w - 1}{{~total[{w}]}}}}}};"
    )
    return Design(
        ports=(source(a, w), source(b, w), sink(y, w)),
        body=body,
        wordings=(
            f"{y} is {a} {sign} {b} for two's complement numbers, with saturation: results above {high} become {high} "
            f"and results below {low} become {low}.",
            f"Compute {a} {sign} {b} on {num_bits(w)} two's complement operands and clip the exact result to the range "
            f"from {low} to {high} before it is driven on {y}.",
            f"Signed saturating {'adder' if sign == '+' else 'subtractor'} of {w} bits: instead of wrapping around, "
            f"{y} stays at {high} or {low}, whichever is nearer to the exact value of {a} {sign} {b}.",
        ),
        terse=f"{y} = {a} {sign} {b} signed saturating",
        drive=_extreme_pairs,
    )


def _extreme_pairs(script: Script) -> None:
    """Both operands around the ends of the signed range, besides the usual cover."""
    names = [(port.name, port.width) for port in script.inputs]
    top = 1 << names[0][1] - 1
    words = (0, 1, top - 1, top, top + 1, 2 * top - 1)
    script.cover(specials=[{names[0][0]: x, names[1][0]: z} for x in words for z in words])


SATURATE = Family(
    name="saturate",
    category="arithmetic",
    levels={
        1: Level(
            circuit={"level": (1,), "kind": ("upper", "lower"), "width": range(3, 9), "limit": range(1, 32)},
            names={"in": SINGLES, "out": OUTS},
        ),
        2: Level(
            circuit={"level": (2,), "op": ("add", "subtract"), "width": range(2, 17)},
            names={"ins": PAIRS, "out": OUTS},
        ),
        3: Level(
            circuit={"level": (3,), "op": ("add", "subtract"), "width": range(2, 17)},
            names={"ins": PAIRS, "out": OUTS},
        ),
    },
    make=_saturate,
    valid=lambda p: p["level"] != 1 or p["limit"] < (1 << p["width"]) - 1,
)
