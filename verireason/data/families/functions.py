"""Combinational functions given by a table or over one vector: truth tables, reductions, parity, wiring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verireason.data.families.family import Design, Family, Level
from verireason.data.families.gates import cover, renamed
from verireason.data.families.notation import OUTS, PAIRS, QUADS, SINGLES, bits, listing, sink, sized, source
from verireason.data.streams import Params

# Truth tables -------------------------------------------------------------------------------------------------------


def _ones(table: int, num_inputs: int) -> list[int]:
    return [word for word in range(1 << num_inputs) if table >> word & 1]


def _minterms(p: Params) -> Design:
    """Level 1: a vector compared with a few constants."""
    x, y, table = p["in"], p["out"], p["table"]
    ones = _ones(table, 3)
    inverted = len(ones) > 4
    listed = _ones(table ^ 255, 3) if inverted else ones
    code = " & ".join(f"({x} != 3'd{word})" for word in listed)
    if not inverted:
        code = " | ".join(f"({x} == 3'd{word})" for word in listed)
    value, numbers = int(not inverted), listing(listed, "or")
    return Design(
        ports=(source(x, 3), sink(y)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"The output {y} is {value} exactly when the unsigned value of the 3-bit input {x} is {numbers}.",
            f"Implement the boolean function of {x}[2], {x}[1] and {x}[0] whose minterms (with {x}[2] as the most "
            f"significant bit) are m({', '.join(map(str, ones))}). The result is {y}.",
            f"{y} depends on {x} alone, by this truth table:\n{_rows(3, [(x, 3)], [(y, table)])}",
        ),
        terse=f"{y} = {value} when {x} is {numbers}",
        drive=cover,
    )


def _rows(num_inputs: int, inputs: Sequence[tuple[str, int]], outputs: Sequence[tuple[str, int]]) -> str:
    """A truth table as text, one row a line."""
    names = " ".join(name if width == 1 else f"{name}[{width - 1}:0]" for name, width in inputs)
    lines = [f"{names} | {' '.join(name for name, _ in outputs)}"]
    for word in range(1 << num_inputs):
        digits = f"{word:0{num_inputs}b}"
        left = digits if len(inputs) == 1 else " ".join(digits)
        lines.append(f"{left} | {' '.join(str(table >> word & 1) for _, table in outputs)}")
    return "\n".join(lines)


def _case_table(p: Params) -> Design:
    """Level 2: a 4-bit vector and a case statement."""
    x, y, table = p["in"], p["out"], p["table"]
    ones = _ones(table, 4)
    return Design(
        ports=(source(x, 4), sink(y)),
        body=f"  always @(*)\n    case ({x})\n      {', '.join(sized(4, word) for word in ones)}: {y} = 1'b1;\n"
        f"      default: {y} = 1'b0;\n    endcase",
        regs=(y,),
        wordings=(
            f"The output {y} is 1 exactly when the unsigned value of {x} is {listing(ones, 'or')}; otherwise it is 0.",
            f"Implement the boolean function of {x}[3:0] (with {x}[3] as the most significant bit) given by its "
            f"minterms m({', '.join(map(str, ones))}). Drive it on {y}.",
            f"{y} depends on {x} alone, by this truth table:\n{_rows(4, [(x, 4)], [(y, table)])}",
        ),
        terse=f"{y} = 1 when {x} is {listing(ones, 'or')}",
        drive=cover,
    )


def _two_tables(p: Params) -> Design:
    """Level 3: two outputs of four scalars."""
    names, y = p["ins4"], p["out"]
    outs, tables = (y, f"{y}2"), (p["table"], p["table2"])
    vector = f"{{{', '.join(names)}}}"
    lines = [f"  always @(*)\n    case ({vector})"]
    for word in range(16):
        values = f"{tables[0] >> word & 1}{tables[1] >> word & 1}"
        lines.append(f"      {bits(4, word)}: {{{', '.join(outs)}}} = 2'b{values};")
    rows = _rows(4, [(name, 1) for name in names], list(zip(outs, tables, strict=True)))
    sums = [f"{out} = m({', '.join(map(str, _ones(table, 4)))})" for out, table in zip(outs, tables, strict=True)]
    return Design(
        ports=(*(source(name) for name in names), *(sink(out) for out in outs)),
        body="\n".join([*lines, "    endcase"]),
        regs=outs,
        wordings=(
            f"A combinational circuit with four inputs and two outputs, by this truth table:\n{rows}",
            f"With {names[0]} as the most significant and {names[3]} as the least significant bit of the minterm "
            f"number, implement the two functions {listing(sums)}.",
            f"For each combination of {listing(names)}, the outputs {listing(outs)} take the values in the table; "
            f"there is no state.\n{rows}",
        ),
        terse=f"minterms of {''.join(names)}: {', '.join(sums)}",
        drive=cover,
    )


def _truth_table(p: Params) -> Design:
    return {3: _minterms, 4: _case_table, 8: _two_tables}[p["size"]](p)


def _truth_table_canonical(p: Params) -> Any:
    if p["size"] < 8:
        return [p["size"], p["table"]]
    pairs = ((p["table"], p["table2"]), (p["table2"], p["table"]))
    return min(renamed([2 * (a >> word & 1) + (b >> word & 1) for word in range(16)], 4) for a, b in pairs)


TRUTH_TABLE = Family(
    name="truth_table",
    category="combinational",
    levels={
        1: Level(circuit={"size": (3,), "table": range(1, 255)}, names={"in": SINGLES, "out": OUTS}),
        2: Level(circuit={"size": (4,), "table": range(1, 65535)}, names={"in": SINGLES, "out": OUTS}),
        3: Level(
            circuit={"size": (8,), "table": range(1, 65535), "table2": range(1, 65535)},
            names={"ins4": QUADS, "out": OUTS},
        ),
    },
    make=_truth_table,
    # Four of eight minterms make the longest list of level 1; two to eight of sixteen that of level 2.
    valid=lambda p: p["size"] != 4 or 2 <= p["table"].bit_count() <= 8,
    canonical=_truth_table_canonical,
)

# Reductions ---------------------------------------------------------------------------------------------------------

REDUCTIONS = {
    "and": ("&{x}", "every bit of {x} is 1", "AND", "all ones"),
    "or": ("|{x}", "at least one bit of {x} is 1", "OR", "not zero"),
    "nand": ("~&{x}", "at least one bit of {x} is 0", "NAND", "not all ones"),
    "nor": ("~|{x}", "every bit of {x} is 0", "NOR", "zero"),
}
"""Operator to its Verilog, its condition, its name and its condition in short."""


def _reduction(p: Params) -> Design:
    w, y, low, high = p["width"], p["out"], p["low"], p["high"]
    code, condition, name, short = REDUCTIONS[p["op"]]
    if p["pair"] == "none":
        inputs = (p["in"],)
        full = high is None
        vector = p["in"] if full else f"{p['in']}[{high}:{low}]"
        code_vector, text = vector, vector
    else:
        inputs = p["ins"]
        a, b = inputs
        code_vector = f"({a} {'&' if p['pair'] == 'and' else '|'} {b})"
        text = f"the bitwise {p['pair'].upper()} of {a} and {b}"
    condition = condition.format(x=text)
    return Design(
        ports=(*(source(i, w) for i in inputs), sink(y)),
        body=f"  assign {y} = {code.format(x=code_vector)};",
        wordings=(
            f"Drive {y} with 1 when {condition}, and with 0 otherwise.",
            f"{y} is the {name} reduction over {text}: one bit, computed combinationally.",
            f"Feed all bits of {text} into a single {name} gate whose output is {y}. In other words, {y} is 1 if and "
            f"only if {condition}.",
        ),
        terse=f"{y} = {text} {short}",
        drive=lambda script: script.cover(specials=_near_extremes(inputs, w)),
    )


def _near_extremes(inputs: Sequence[str], width: int) -> list[dict[str, int]]:
    """All ones and all zeros but for one bit, the other input at either extreme."""
    ones = (1 << width) - 1
    words = [base ^ 1 << place for place in range(width) for base in (0, ones)]
    return [
        dict.fromkeys(inputs, rest) | {name: word}
        for name in inputs
        for word in words
        for rest in ((0, ones) if len(inputs) > 1 else (0,))
    ]


REDUCTION = Family(
    name="reduction",
    category="combinational",
    levels={
        1: Level(circuit={"op": tuple(REDUCTIONS), "width": range(5, 17)}, names={"in": SINGLES, "out": OUTS}),
        2: Level(
            circuit={"op": tuple(REDUCTIONS), "width": range(5, 11), "low": range(6), "high": range(3, 10)},
            names={"in": SINGLES, "out": OUTS},
        ),
        3: Level(
            circuit={"op": tuple(REDUCTIONS), "width": range(2, 9), "pair": ("and", "or")},
            names={"ins": PAIRS, "out": OUTS},
        ),
    },
    make=_reduction,
    defaults={"pair": "none", "low": None, "high": None},
    valid=lambda p: p["high"] is None or (p["low"] < p["high"] < p["width"] and p["high"] - p["low"] < p["width"] - 1),
)

# Parity -------------------------------------------------------------------------------------------------------------


def _parity(p: Params) -> Design:
    w, x, y, odd = p["width"], p["in"], p["out"], p["parity"] == "odd"
    kind, rest = p["parity"], f"so that {x} together with it has an {p['parity']} number of ones"
    code, total = f"{'~' if odd else ''}^{x}", 1
    if p["form"] == "bit":
        words = (
            f"{y} is the {kind} parity bit of {x}: it is chosen {rest}.",
            f"Generate {kind} parity over all {w} bits of {x}. {y} is 1 when {x} itself holds an "
            f"{'even' if odd else 'odd'} number of ones, else 0.",
            f"Compute one parity bit {y} for the {w}-bit word {x}, {rest} ({kind} parity).",
        )
        terse = f"{y} = {kind} parity of {x}"
    elif p["form"] == "check":
        code = f"{'~' if odd else ''}^{{{x}, p}}"
        words = (
            f"A word {x} arrives with its parity bit p ({kind} parity: word and bit together hold an {kind} number of "
            f"ones). {y} is 1 when this does not hold, else 0.",
            f"Check {kind} parity: count the ones in {x} and p together; {y} reports an error (1) if the count is "
            f"{'even' if odd else 'odd'} and is 0 if it is {kind}.",
            f"{y} is the error flag of an {kind}-parity checker over the {w} bits of {x} and the parity bit p.",
        )
        terse = f"{y} = error of {kind} parity of {x} and p"
    else:
        total = w + 1
        left = p["form"] == "lead"
        place = "the most significant" if left else "the least significant"
        code = f"{{{code}, {x}}}" if left else f"{{{x}, {code}}}"
        words = (
            f"Append an {kind} parity bit to {x}: {y} has {w + 1} bits, {place} one is the parity bit and the others "
            f"are {x} in the same order. The parity bit is chosen so that all of {y} has an {kind} number of ones.",
            f"{y} is the codeword made of {x} and one parity bit as {place} bit, with {kind} parity over {y}.",
            f"Form {y} from the data word {x} (order kept) with {place} bit added, whose value makes the number of "
            f"ones in {y} {kind}.",
        )
        terse = f"{y} = {x} with {kind} parity bit at {'top' if left else 'bottom'}"
    extra = (source("p"),) if p["form"] == "check" else ()
    return Design(
        ports=(source(x, w), *extra, sink(y, total)),
        body=f"  assign {y} = {code};",
        wordings=words,
        terse=terse,
        drive=cover,
    )


PARITY_OUTS = ("y", "z", "out", "f", "par")
PARITY = Family(
    name="parity",
    category="combinational",
    levels={
        1: Level(
            circuit={"form": ("bit",), "parity": ("even", "odd"), "width": range(5, 21)},
            names={"in": SINGLES, "out": PARITY_OUTS},
        ),
        2: Level(
            circuit={"form": ("check",), "parity": ("even", "odd"), "width": range(2, 18)},
            names={"in": SINGLES, "out": ("err", "error", "bad")},
        ),
        3: Level(
            circuit={"form": ("lead", "trail"), "parity": ("even", "odd"), "width": range(2, 13)},
            names={"in": SINGLES, "out": OUTS},
        ),
    },
    make=_parity,
)
