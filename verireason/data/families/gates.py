"""Combinational logic: gates on vectors, boolean expressions of scalars."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from verireason.data.families.family import Design, Family, Level
from verireason.data.families.notation import OUTS, PAIRS, QUADS, TRIPLES, bits, listing, sink, source
from verireason.data.families.script import Script
from verireason.data.streams import Params

GATES_OF_TWO = {
    "and": ("{a} & {b}", "AND of {a} and {b}"),
    "or": ("{a} | {b}", "OR of {a} and {b}"),
    "xor": ("{a} ^ {b}", "XOR of {a} and {b}"),
    "nand": ("~({a} & {b})", "NAND of {a} and {b}"),
    "nor": ("~({a} | {b})", "NOR of {a} and {b}"),
    "xnor": ("~({a} ^ {b})", "XNOR of {a} and {b}"),
    "andn": ("{a} & ~{b}", "AND of {a} and the inverse of {b}"),
    "orn": ("{a} | ~{b}", "OR of {a} and the inverse of {b}"),
}
"""Operation to its Verilog and its words, with {a} and {b} for the operands."""
SYMBOLS = {"and": "&", "or": "|", "xor": "^"}
OPS = tuple(SYMBOLS)


def cover(script: Script) -> None:
    """The stimulus of most combinational families."""
    script.cover()


def _gate_of_two(p: Params) -> Design:
    (a, b), y, w = p["ins"], p["out"], p["width"]
    code, words = (text.format(a=a, b=b) for text in GATES_OF_TWO[p["op"]])
    each = "the" if w == 1 else "the bitwise"
    return Design(
        ports=(source(a, w), source(b, w), sink(y, w)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"The output {y} is {each} {words}.",
            f"Build a combinational circuit that computes {each} {words} and drives the result on {y}."
            + ("" if w == 1 else f" Every one of the {w} bit positions is handled independently."),
            f"For each bit position, {y} carries the {words}. There is no clock and no state.",
        ),
        terse=f"{y} = {words}",
        drive=cover,
    )


def _gate_of_three(p: Params) -> Design:
    (a, b, c), y, w = p["ins3"], p["out"], p["width"]
    names = [f"~{name}" if p["invert"] >> i & 1 else name for i, name in enumerate((a, b, c))]
    words = [f"NOT {name}" if p["invert"] >> i & 1 else name for i, name in enumerate((a, b, c))]
    code = f"({names[0]} {SYMBOLS[p['op']]} {names[1]}) {SYMBOLS[p['op2']]} {names[2]}"
    text = f"({words[0]} {p['op'].upper()} {words[1]}) {p['op2'].upper()} {words[2]}"
    return Design(
        ports=(source(a, w), source(b, w), source(c, w), sink(y, w)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"All operations are bitwise. The output is {y} = {text}.",
            f"Compute, bit by bit, t = {words[0]} {p['op'].upper()} {words[1]}, then {y} = t {p['op2'].upper()} "
            f"{words[2]}. Only {y} is an output.",
            f"A row of {w} equal circuits: in each bit position, {words[0]} and {words[1]} enter an "
            f"{p['op'].upper()} gate; its output and {words[2]} enter an {p['op2'].upper()} gate that drives {y}.",
        ),
        terse=f"{y} = {text}",
        drive=cover,
    )


MASK_KINDS = {
    "set": ("{a} | {k}", "sets to 1 the bits of {a} at {on} and passes the other bits unchanged"),
    "clear": ("{a} & ~{k}", "clears to 0 the bits of {a} at {on} and passes the other bits unchanged"),
    "toggle": ("{a} ^ {k}", "inverts the bits of {a} at {on} and passes the other bits unchanged"),
    "merge": ("({a} & {k}) | ({b} & ~{k})", "takes the bits at {on} from {a} and all other bits from {b}"),
}


def _gate_with_mask(p: Params) -> Design:
    (a, b), y, w = p["ins"], p["out"], p["width"]
    code, words = MASK_KINDS[p["mask_kind"]]
    ones = [i for i in range(w) if p["mask"] >> i & 1]
    mask, places = bits(w, p["mask"]), f"position{'s' if len(ones) > 1 else ''} {listing(ones)}"
    text = words.format(a=a, b=b, on=places)
    operands = (a, b) if p["mask_kind"] == "merge" else (a,)
    return Design(
        ports=(*(source(name, w) for name in operands), sink(y, w)),
        body=f"  assign {y} = {code.format(a=a, b=b, k=mask)};",
        wordings=(
            f"The module {text}; the result is {y}. Bit 0 is the least significant bit.",
            f"Purely combinational: {y} {text} (bit 0 is the rightmost bit).",
            f"With the {w}-bit mask {mask}, the circuit {text}, giving {y}.",
        ),
        terse=f"{p['mask_kind']} {' '.join(operands)} mask {p['mask']:0{w}b}",
        drive=cover,
    )


def _gates(p: Params) -> Design:
    return {"two": _gate_of_two, "three": _gate_of_three, "mask": _gate_with_mask}[p["form"]](p)


def _gates_canonical(p: Params) -> Any:
    if p["form"] == "two":
        return ["two", p["width"], p["op"]]
    if p["form"] == "mask":
        mask = p["mask"]
        return [
            p["mask_kind"],
            p["width"],
            min(mask, mask ^ (1 << p["width"]) - 1) if p["mask_kind"] == "merge" else mask,
        ]
    values = []
    for word in range(8):
        x, y, z = ((word ^ p["invert"]) >> i & 1 for i in range(3))
        values.append(_apply(p["op2"], _apply(p["op"], x, y), z))
    return ["three", p["width"], renamed(values, 3)]


def _gates_valid(p: Params) -> bool:
    """Masks fit and do something."""
    return bool(p["form"] != "mask" or 0 < p["mask"] < (1 << p["width"]) - 1)


GATES = Family(
    name="gates",
    category="combinational",
    levels={
        1: Level(
            circuit={"form": ("two",), "width": range(1, 9), "op": tuple(GATES_OF_TWO)},
            names={"ins": PAIRS, "out": OUTS},
        ),
        2: Level(
            circuit={"form": ("three",), "width": range(2, 9), "op": OPS, "op2": OPS, "invert": range(8)},
            names={"ins3": TRIPLES, "out": OUTS},
        ),
        3: Level(
            circuit={"form": ("mask",), "width": range(3, 9), "mask_kind": tuple(MASK_KINDS), "mask": range(255)},
            names={"ins": PAIRS, "out": OUTS},
        ),
    },
    make=_gates,
    valid=_gates_valid,
    canonical=_gates_canonical,
)


def _apply(op: str, left: int, right: int) -> int:
    return {"and": left & right, "or": left | right, "xor": left ^ right}[op]


def renamed(values: Sequence[int], num_inputs: int) -> list[int]:
    """The smallest truth table that renaming the inputs can give. Bit i of an index is input i."""
    tables = []
    for order in permutations(range(num_inputs)):
        places = [sum((word >> old & 1) << new for new, old in enumerate(order)) for word in range(1 << num_inputs)]
        tables.append([values[place] for place in places])
    return min(tables)


# Boolean expressions of scalars -------------------------------------------------------------------------------------


def _tree(p: Params, suffix: str, leaves: Sequence[str], style: str) -> str:
    """The expression in one of the styles "code", "words" and "steps"; four leaves have two shapes."""
    ops, invert = p[f"ops{suffix}"], p[f"invert{suffix}"]
    no, names = {"code": "~"}.get(style, "NOT "), {op: SYMBOLS[op] if style == "code" else op.upper() for op in OPS}
    terms = [f"{no}{leaf}" if invert >> i & 1 else leaf for i, leaf in enumerate(leaves)]
    if len(leaves) == 4 and p[f"shape{suffix}"] == "balanced":
        left = f"({terms[0]} {names[ops[0]]} {terms[1]})"
        right = f"({terms[2]} {names[ops[1]]} {terms[3]})"
        return f"{left} {names[ops[2]]} {right}"
    text = terms[0]
    for op, term in zip(ops, terms[1:], strict=True):
        text = f"{text if text == terms[0] else f'({text})'} {names[op]} {term}"
    return text


def _tree_values(p: Params, suffix: str, num_inputs: int) -> list[int]:
    ops, values = p[f"ops{suffix}"], []
    for word in range(1 << num_inputs):
        leaves = [(word ^ p[f"invert{suffix}"]) >> i & 1 for i in range(num_inputs)]
        if num_inputs == 4 and p[f"shape{suffix}"] == "balanced":
            value = _apply(ops[2], _apply(ops[0], *leaves[:2]), _apply(ops[1], *leaves[2:]))
        else:
            value = leaves[0]
            for op, leaf in zip(ops, leaves[1:], strict=True):
                value = _apply(op, value, leaf)
        values.append(value)
    return values


def _expression(p: Params) -> Design:
    num_inputs = len(p["ops"]) + 1
    names = p["ins3"] if num_inputs == 3 else p["ins4"]
    leaves = [names[place] for place in p["order3" if num_inputs == 3 else "order4"]]
    outs = (p["out"],) if p["ops2"] is None else (p["out"], p["out"] + "2")
    suffixes = ("", "2")[: len(outs)]
    # The second expression reads the inputs the other way round.
    code = [_tree(p, s, leaves if s == "" else leaves[::-1], "code") for s in suffixes]
    words = [_tree(p, s, leaves if s == "" else leaves[::-1], "words") for s in suffixes]
    formulas = [f"{out} = {text}" for out, text in zip(outs, words, strict=True)]
    return Design(
        ports=(*(source(name) for name in names), *(sink(out) for out in outs)),
        body="\n".join(f"  assign {out} = {text};" for out, text in zip(outs, code, strict=True)),
        wordings=(
            f"Implement the boolean function {listing(formulas)}.",
            f"A combinational circuit without state. Its output is defined by: {'; '.join(formulas)}. "
            "Parentheses are evaluated first.",
            f"Using AND, OR, XOR and NOT gates on one-bit signals, drive {listing(formulas)}.",
        ),
        terse=", ".join(formulas),
        drive=cover,
    )


def _expression_canonical(p: Params) -> Any:
    num_inputs = len(p["ops"]) + 1
    first = _tree_values(p, "", num_inputs)
    if p["ops2"] is None:
        return renamed(first, num_inputs)
    second = _tree_values(p, "2", num_inputs)
    mirrored = [int(f"{word:0{num_inputs}b}"[::-1], 2) for word in range(1 << num_inputs)]
    second = [second[place] for place in mirrored]
    pairs = ([2 * a + b for a, b in zip(x, y, strict=True)] for x, y in ((first, second), (second, first)))
    return min(renamed(values, num_inputs) for values in pairs)


ORDERS_OF_3 = tuple(permutations(range(3)))
ORDERS_OF_4 = tuple(permutations(range(4)))
TWO_OPS = tuple((x, y) for x in OPS for y in OPS)
THREE_OPS = tuple((*two, z) for two in TWO_OPS for z in OPS)
SHAPES = ("chain", "balanced")

EXPRESSION = Family(
    name="expression",
    category="combinational",
    levels={
        1: Level(
            circuit={"ops": TWO_OPS, "invert": range(8)},
            names={"ins3": TRIPLES, "order3": ORDERS_OF_3, "out": OUTS},
        ),
        2: Level(
            circuit={"ops": THREE_OPS, "invert": range(16), "shape": SHAPES},
            names={"ins4": QUADS, "order4": ORDERS_OF_4, "out": OUTS},
        ),
        3: Level(
            circuit={
                "ops": THREE_OPS,
                "invert": range(16),
                "shape": SHAPES,
                "ops2": THREE_OPS,
                "invert2": range(16),
                "shape2": SHAPES,
            },
            names={"ins4": QUADS, "order4": ORDERS_OF_4, "out": OUTS},
        ),
    },
    make=_expression,
    defaults={"shape": "chain", "ops2": None},
    canonical=_expression_canonical,
)
