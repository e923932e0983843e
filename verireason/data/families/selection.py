"""Choosing between inputs: multiplexers, demultiplexers and variable shifts."""

from __future__ import annotations

from verireason.data.families.family import Design, Family, Level
from verireason.data.families.gates import cover
from verireason.data.families.notation import ENABLES, OUTS, PAIRS, QUADS, SINGLES, listing, sink, sized, source
from verireason.data.streams import Params
from verireason.data.testbench import Port

SELECTS = ("sel", "s", "select")
GATES = ("none", "high zero", "low zero", "high ones", "low ones")
"""Enable polarity and the output while not enabled."""


def _enabled(p: Params, code: str, width: int) -> tuple[str, str, str]:
    """`code` behind the enable of axis "gate", with the sentence and the terse words that say so."""
    if p["gate"] == "none":
        return code, "", ""
    level, rest = p["gate"].split()
    en, value = p["en"], 0 if rest == "zero" else (1 << width) - 1
    idle = f"{{{width}{{1'b1}}}}" if value and width > 1 else sized(width, value)
    off = f"!{en}" if level == "high" else en
    words = "0" if not value else "1" if width == 1 else "all ones"
    text = f" While {en} is {0 if level == 'high' else 1}, {p['out']} is {words} instead."
    short = f"; {p['out']} = {words} if {'not ' if level == 'high' else ''}{en}"
    return f"{off} ? {idle} : ({code})", text, short


def _mux(p: Params) -> Design:
    return {1: _mux_of_two, 2: _mux_of_many, 3: _mux_of_fields}[p["level"]](p)


def _mux_of_two(p: Params) -> Design:
    (a, b), sel, y, w = p["ins"], p["sel"], p["out"], p["width"]
    one, zero = (b, a) if p["one"] == "second" else (a, b)
    code, text, short = _enabled(p, f"{sel} ? {one} : {zero}", w)
    enable = () if p["gate"] == "none" else (source(p["en"]),)
    return Design(
        ports=(source(a, w), source(b, w), source(sel), *enable, sink(y, w)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"A 2-to-1 multiplexer: {y} is {zero} when {sel} is 0 and {one} when {sel} is 1.{text}",
            f"When {sel} = 1 the output {y} follows {one}; when {sel} = 0 it follows {zero}.{text}",
            f"Select one of two {w}-bit inputs with {sel}: 0 picks {zero}, 1 picks {one}. The result is {y}.{text}",
        ),
        terse=f"{y} = {one} if {sel} else {zero}{short}",
        drive=cover,
    )


def _mux_of_many(p: Params) -> Design:
    names = p["ins4"][: p["num"]]
    sel, y, w = p["sel"], p["out"], p["width"]
    order = [names[place] for place in p["order"] if place < p["num"]]
    lines = [f"  always @(*)\n    case ({sel})"]
    lines += [f"      2'd{index}: {y} = {name};" for index, name in enumerate(order[:-1])]
    rest, table = "", [f"{index} selects {name}" for index, name in enumerate(order)]
    if p["num"] == 3:
        value = (1 << w) - 1 if p["rest"] == "ones" else 0
        lines += [f"      2'd2: {y} = {order[2]};", f"      default: {y} = {sized(w, value)};"]
        rest = f" With {sel} equal to 3, every bit of {y} is {1 if value else 0}."
    else:
        lines += [f"      default: {y} = {order[3]};"]
    return Design(
        ports=(*(source(name, w) for name in names), source(sel, 2), sink(y, w)),
        body="\n".join([*lines, "    endcase"]),
        regs=(y,),
        wordings=(
            f"A multiplexer with {p['num']} data inputs. The value of {sel} decides what {y} is: "
            f"{listing(table)}.{rest}",
            f"{y} carries one of {listing(names)}, chosen by {sel}: {'; '.join(table)}.{rest}",
            f"Implement a combinational selector. By {sel}, {y} takes the input in this list: "
            + ", ".join(f"{name} for {index}" for index, name in enumerate(order))
            + f".{rest}",
        ),
        terse=f"{y} = {' '.join(order)} by {sel}" + (f", else {p['rest']}" if p["num"] == 3 else ""),
        drive=cover,
    )


def _mux_of_fields(p: Params) -> Design:
    x, sel, y, w, num = p["in"], p["sel"], p["out"], p["width"], p["num"]
    num_sel = (num - 1).bit_length()
    place = sel if p["first"] == "low" else f"({num - 1} - {sel})"
    code = f"{x}[{place}]" if w == 1 else f"{x}[{place} * {w} +: {w}]"
    first, last = (f"{x}[{w - 1}:0]" if w > 1 else f"{x}[0]"), f"{x}[{num * w - 1}:{num * w - w}]"
    if w == 1:
        last = f"{x}[{num - 1}]"
    if p["first"] == "high":
        first, last = last, first
    return Design(
        ports=(source(x, num * w), source(sel, num_sel), sink(y, w)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"A {num}-to-1 multiplexer of {w}-bit fields that are packed into {x}. With {sel} = 0, {y} is {first}; "
            f"each next value of {sel} selects the neighbouring field, up to {last} for {sel} = {num - 1}.",
            f"{x} holds {num} fields of {w} bits. {y} is the field with number {sel}; field 0 is {first} and field "
            f"{num - 1} is {last}.",
            f"Cut {x} into {num} equal fields of {w} bits and pass the one that {sel} names to {y}, counting from "
            f"{first} (number 0) to {last} (number {num - 1}).",
        ),
        terse=f"{y} = field {sel} of {x}, {w} bits each, 0 is {p['first']}",
        drive=lambda script: script.cover(num_random=220),
    )


def _mux_canonical(p: Params) -> object:
    """The data inputs can change names."""
    if p["level"] == 1:
        return [1, p["width"], p["gate"]]
    if p["level"] == 2:
        return [2, p["width"], p["num"], p["rest"] if p["num"] == 3 else None]
    return [3, p["width"], p["num"], p["first"]]


ORDERS = ((0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2), (2, 3, 0, 1), (0, 2, 1, 3), (1, 2, 3, 0))

MUX = Family(
    name="mux",
    category="selection",
    levels={
        1: Level(
            circuit={"level": (1,), "width": range(1, 13), "gate": GATES},
            names={"ins": PAIRS, "one": ("second", "first"), "sel": SELECTS, "out": OUTS, "en": ENABLES},
        ),
        2: Level(
            circuit={"level": (2,), "width": range(1, 13), "num": (3, 4), "rest": ("zero", "ones")},
            names={"ins4": QUADS, "order": ORDERS, "sel": ("sel", "select"), "out": OUTS},
        ),
        3: Level(
            circuit={"level": (3,), "width": range(1, 9), "num": (4, 8, 16), "first": ("low", "high")},
            names={"in": SINGLES, "sel": SELECTS, "out": OUTS},
        ),
    },
    make=_mux,
    defaults={"gate": "none"},
    valid=lambda p: p["level"] != 2 or p["num"] == 3 or p["rest"] == "zero",
    canonical=_mux_canonical,
    needs={"en": "gate"},
)


def _demux(p: Params) -> Design:
    x, sel, y, w, num = p["in"], p["sel"], p["out"], p["width"], p["num"]
    outs = [f"{y}{index}" for index in range(num)]
    num_sel = (num - 1).bit_length()
    idle = 0 if p["idle"] == "zero" else (1 << w) - 1
    lines = [f"  assign {out} = ({sel} == {num_sel}'d{i}) ? {x} : {sized(w, idle)};" for i, out in enumerate(outs)]
    rest = "0" if not idle else "all ones" if w > 1 else "1"
    none = f" For other values of {sel}, all outputs are {rest}." if num < 1 << num_sel else ""
    table = ", ".join(f"{i} to {out}" for i, out in enumerate(outs))
    return Design(
        ports=(source(x, w), source(sel, num_sel), *(sink(out, w) for out in outs)),
        body="\n".join(lines),
        wordings=(
            f"A demultiplexer: the input {x} goes to the output that {sel} selects ({table}). Outputs that are not "
            f"selected are {rest}.{none}",
            f"Route {x} to one of {listing(outs)}: the value of {sel} is the number of the output. The other outputs "
            f"are {rest}.{none}",
            f"For each i, the output {y}i equals {x} when {sel} is i and is {rest} otherwise.{none}",
        ),
        terse=f"{x} to output {sel}, others {rest}",
        drive=cover,
    )


DEMUX = Family(
    name="demux",
    category="selection",
    levels={
        1: Level(
            circuit={"num": (2,), "width": range(1, 13), "idle": ("zero", "ones")},
            names={"in": SINGLES, "sel": SELECTS, "out": OUTS},
        ),
        2: Level(
            circuit={"num": (3, 4), "width": range(1, 9), "idle": ("zero", "ones")},
            names={"in": SINGLES, "sel": SELECTS, "out": OUTS},
        ),
    },
    make=_demux,
)

SHIFTS = {
    "left": ("{x} << {n}", "shifted left by {n} positions (zeros move in)", "shl"),
    "right": ("{x} >> {n}", "shifted right by {n} positions (zeros move in)", "shr"),
    "arithmetic": (
        "$signed({x}) >>> {n}",
        "shifted right by {n} positions (copies of its top bit move in)",
        "sar",
    ),
    "rotate left": ("({x} << {n}) | ({x} >> ({w} - {n}))", "rotated left by {n} positions", "rotl"),
    "rotate right": ("({x} >> {n}) | ({x} << ({w} - {n}))", "rotated right by {n} positions", "rotr"),
}


def _shift(p: Params) -> Design:
    x, n, y, w = p["in"], p["by"], p["out"], p["width"]
    num_by = p["num_by"]
    code, words, short = (text.format(x=x, n=n, w=w) for text in SHIFTS[p["kind"]])
    text = f"{x} {words}"
    direction: tuple[Port, ...] = ()
    if p["kind2"] != "none":
        code2, words2, short2 = (text.format(x=x, n=n, w=w) for text in SHIFTS[p["kind2"]])
        if p["kind2"] == "arithmetic":
            # Beside an unsigned operand, $signed alone would lose its sign.
            code2 = f"$unsigned({code2})"
        code, text = f"dir ? {code2} : {code}", f"{text} when dir is 0, and {x} {words2} when dir is 1"
        short = f"{short}, {short2} if dir"
        direction = (source("dir"),)
    return Design(
        ports=(source(x, w), source(n, num_by), *direction, sink(y, w)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"A combinational shifter. {y} is {text}. {n} is an unsigned number from 0 to {(1 << num_by) - 1}.",
            f"Drive {y} with {text}; the amount {n} is unsigned and 0 means no shift.",
            f"Build a barrel shifter for {w} bits: {y} equals {text}. All values of {n} from 0 to "
            f"{(1 << num_by) - 1} must work.",
        ),
        terse=f"{y} = {x} {short} by {n}",
        drive=lambda script: script.cover(num_random=220),
    )


def _shift_valid(p: Params) -> bool:
    """Amounts stay below the width for rotations, and may just pass it for shifts."""
    rotates = "rotate" in p["kind"] or "rotate" in p["kind2"]
    largest = (1 << p["num_by"]) - 1
    return bool(largest < p["width"] if rotates else largest <= 2 * p["width"])


BARREL_SHIFT = Family(
    name="barrel_shift",
    category="selection",
    levels={
        1: Level(
            circuit={"kind": ("left", "right"), "width": range(2, 17), "num_by": range(1, 5)},
            names={"in": SINGLES, "by": ("n", "sh", "amt"), "out": OUTS},
        ),
        2: Level(
            circuit={
                "kind": ("arithmetic", "rotate left", "rotate right"),
                "width": range(3, 17),
                "num_by": range(1, 5),
            },
            names={"in": SINGLES, "by": ("n", "sh", "amt"), "out": OUTS},
        ),
        3: Level(
            circuit={
                "kind": ("left", "right", "rotate left"),
                "kind2": ("arithmetic", "right", "rotate right"),
                "width": range(3, 17),
                "num_by": range(1, 5),
            },
            names={"in": SINGLES, "by": ("n", "sh", "amt"), "out": OUTS},
        ),
    },
    make=_shift,
    defaults={"kind2": "none"},
    valid=lambda p: p["kind"] != p["kind2"] and _shift_valid(p),
)
