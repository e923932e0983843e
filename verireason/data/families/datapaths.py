"""Small datapaths: ALU, accumulator, multiply-accumulate, running extreme."""

from __future__ import annotations

from itertools import permutations

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.notation import ENABLES, OUTS, PAIRS, num_bits, sink, sized, source, start
from verireason.data.families.registers import active, enable_port, enable_words, even_words, guarded
from verireason.data.families.script import Script
from verireason.data.streams import Params
from verireason.data.testbench import Port

OPERATIONS = {
    "add": ("{a} + {b}", "{a} + {b}"),
    "sub": ("{a} - {b}", "{a} - {b}"),
    "and": ("{a} & {b}", "{a} AND {b}"),
    "or": ("{a} | {b}", "{a} OR {b}"),
    "xor": ("{a} ^ {b}", "{a} XOR {b}"),
    "nor": ("~({a} | {b})", "{a} NOR {b}"),
    "shl": ("{a} << 1", "{a} shifted left by one (0 moves in)"),
    "shr": ("{a} >> 1", "{a} shifted right by one (0 moves in)"),
    "inc": ("{a} + 1", "{a} + 1"),
    "rsub": ("{b} - {a}", "{b} - {a}"),
}
BASIC = ("add", "sub", "and", "or", "xor")
QUARTETS = tuple(order for order in permutations(("add", "sub", "and", "or", "xor", "nor"), 4))[::3]
NAMES = tuple(OPERATIONS)
OCTETS = tuple(
    tuple(NAMES[(first + step * i) % len(NAMES)] for i in range(8))
    for first in range(len(NAMES))
    for step in (1, 3, 7, 9)
)
"""Eight different operations in a row: steps that have no factor in common with their number, ten."""


def _alu(p: Params) -> Design:
    (a, b), op, y, w, ops = p["ins"], p["op"], p["out"], p["width"], p["ops"]
    codes = [OPERATIONS[name][0].format(a=a, b=b) for name in ops]
    words = [OPERATIONS[name][1].format(a=a, b=b) for name in ops]
    n = (len(ops) - 1).bit_length()
    regs: tuple[str, ...] = ()
    if n == 1:
        body = f"  assign {y} = {op} ? {codes[1]} : {codes[0]};"
    else:
        lines = [f"  always @(*)\n    case ({op})"]
        lines += [f"      {sized(n, i)}: {y} = {code};" for i, code in enumerate(codes[:-1])]
        body, regs = "\n".join([*lines, f"      default: {y} = {codes[-1]};", "    endcase"]), (y,)
    flags: tuple[Port, ...] = ()
    text = ""
    if p["flag"] == "zero":
        body += f"\n  assign zero = ({y} == 0);"
        flags, text = (sink("zero"),), f" zero is 1 when {y} is 0."
    elif p["flag"] == "sign":
        body += f"\n  assign sign = {y}[{w - 1}];"
        flags, text = (sink("sign"),), f" sign is the top bit of {y}."
    table = "; ".join(f"{op} = {i}: {word}" for i, word in enumerate(words))
    return Design(
        ports=(source(a, w), source(b, w), source(op, n), sink(y, w), *flags),
        body=body,
        regs=regs,
        wordings=(
            f"A combinational ALU for {num_bits(w)} operands. {op} selects what {y} is: {table}. Results are truncated "
            f"to {w} bits.{text}",
            f"Compute one of {len(ops)} functions of {a} and {b} on {y}, chosen by {op}. {table}. Arithmetic wraps "
            f"around at {w} bits; logic is bitwise.{text}",
            f"The operation code {op} is decoded as follows. {table}. The result, modulo {1 << w}, goes to {y}.{text}",
        ),
        terse=f"{y} by {op}: {' '.join(ops)}" + ("" if p["flag"] == "none" else f"; {p['flag']} flag"),
        drive=lambda script: script.cover(num_random=120 + 40 * n),
    )


ALU = Family(
    name="alu",
    category="datapaths",
    levels={
        1: Level(
            circuit={"ops": tuple(permutations(BASIC, 2)), "width": range(2, 9)},
            names={"ins": PAIRS, "op": ("op", "sel", "mode"), "out": OUTS},
        ),
        2: Level(
            circuit={"ops": QUARTETS, "width": range(2, 9)},
            names={"ins": PAIRS, "op": ("op", "sel", "mode"), "out": OUTS},
        ),
        3: Level(
            circuit={"ops": OCTETS, "width": range(3, 9), "flag": ("zero", "sign")},
            names={"ins": PAIRS, "op": ("op", "sel", "mode"), "out": OUTS},
        ),
    },
    make=_alu,
    defaults={"flag": "none"},
)

SUMS = ("acc", "sum", "q", "total")


def _accumulator(p: Params) -> Design:
    control, d, acc = Control.of(p), p["in"], p["q"]
    w, v, sign = p["width"], p["data_width"], "+" if p["op"] == "add" else "-"
    verb = "added to" if sign == "+" else "subtracted from"
    condition, text, short = enable_words(p, f"{acc} keeps its value")
    step = f"{acc} <= {acc} {sign} {d};"
    extra: tuple[Port, ...] = ()
    if p["form"] == "clear":
        step = f"if (clear) {acc} <= {d};\nelse {guarded(condition, step)}"
        extra = (source("clear"),)
        text += f" When clear is 1 at an active clock edge, {acc} becomes {d} instead{even_words(p)}."
        short += f"; if clear {acc}={d}"
    elif p["form"] == "saturate":
        last = (1 << w) - 1
        step = f"{acc} <= ({d} > {sized(w, last)} - {acc}) ? {sized(w, last)} : {acc} + {d};"
        if sign == "-":
            step = f"{acc} <= ({d} > {acc}) ? {sized(w, 0)} : {acc} - {d};"
        step = guarded(condition, step)
        text += (
            f" It saturates: a result {'above' if sign == '+' else 'below'} {last if sign == '+' else 0} becomes "
            + (f"{last}." if sign == "+" else "0.")
        )
        short += " saturating"
    else:
        step = guarded(condition, step)
    first = (1 << w) - 1 if sign == "-" and p["form"] == "saturate" else 0
    wrap = "" if p["form"] == "saturate" else f", modulo {1 << w}"
    return Design(
        ports=(*control.ports, *(source(n) for n in enable_port(p)), *extra, source(d, v), sink(acc, w)),
        body=control.always(reset=[f"{acc} <= {start(w, first)};"], update=[step]),
        regs=(acc,),
        control=control,
        reset_effect=f"{acc} becomes {first}",
        reset_terse=f"{acc}={first}",
        wordings=(
            f"An accumulator: at each active clock edge the unsigned number {d} is {verb} {acc}{wrap}.{text}",
            f"{acc} is a {num_bits(w)} register. At the clock edge it becomes {acc} {sign} {d} ({d} is "
            f"unsigned){wrap}.{text}",
            f"Keep a running {'sum' if sign == '+' else 'difference'} in {acc}: every active clock edge computes "
            f"{acc} {sign} {d} for the unsigned {num_bits(v)} input {d}{wrap}.{text}",
        ),
        terse=f"{acc}={acc} {'plus' if sign == '+' else 'minus'} {d}{short}",
        drive=lambda script: _drive_accumulator(script, p),
    )


def _drive_accumulator(script: Script, p: Params) -> None:
    on = active(p) | ({"clear": 0} if p["form"] == "clear" else {})
    last, d = (1 << p["data_width"]) - 1, p["in"]
    weights = dict.fromkeys(enable_port(p), 0.75) | ({"clear": 0.12} if p["form"] == "clear" else {})
    script.warm_up(3)
    script.run(4, **on, **{d: 1})
    script.run(min(24, 2 + (1 << p["width"]) // last), **on, **{d: last})
    for value in (0, 1, last, 0):
        script.cycle(**on, **{d: value})
    script.reset_checks(run=3, **on)
    if p["form"] == "saturate":
        # Small steps, so that the last value before the limit is met in many ways.
        for _ in range(6):
            script.random_cycles(1, reset=1.0)
            for _ in range(3 + (1 << p["width"]) // last):
                script.cycle(**on, **{d: script.rng.choice((last, last, last - 1, 1))})
    script.random_cycles(90, weights=weights, reset=0.02)


ACCUMULATOR = Family(
    name="accumulator",
    category="datapaths",
    levels={
        1: Level(
            circuit={
                "width": range(3, 9),
                "data_width": range(1, 5),
                "op": ("add", "sub"),
                "reset": RESETS,
                "enable": ("none", "high"),
            },
            names={**CONTROL_NAMES, "en": ENABLES, "in": ("d", "x", "in"), "q": SUMS},
        ),
        2: Level(
            circuit={
                "form": ("clear",),
                "width": range(3, 9),
                "data_width": range(2, 5),
                "op": ("add", "sub"),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "in": ("d", "x", "in"), "q": SUMS},
        ),
        3: Level(
            circuit={
                "form": ("saturate",),
                "width": range(3, 6),
                "data_width": range(2, 4),
                "op": ("add", "sub"),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "in": ("d", "x", "in"), "q": SUMS},
        ),
    },
    make=_accumulator,
    defaults={"form": "wrap", "edge": "posedge"},
    valid=lambda p: p["data_width"] < p["width"],
)


def _mac(p: Params) -> Design:
    control, (a, b), acc, w, total = Control.of(p), p["ins"], p["q"], p["width"], p["total"]
    signed = p["signed"]
    product = f"$signed({a}) * $signed({b})" if signed else f"{a} * {b}"
    kind = "two's complement" if signed else "unsigned"
    condition, text, short = enable_words(p, f"{acc} keeps its value")
    even = even_words(p)
    # Only a sum of signed operands is a signed sum: the accumulator has to be read as one too.
    value = f"$signed({acc})" if signed else acc
    step = f"if (clear) {acc} <= {product};\nelse {guarded(condition, f'{acc} <= {value} + {product};')}"
    return Design(
        ports=(
            *control.ports,
            *(source(n) for n in enable_port(p)),
            source("clear"),
            source(a, w),
            source(b, w),
            sink(acc, total),
        ),
        body=control.always(reset=[f"{acc} <= 0;"], update=[step]),
        regs=(acc,),
        control=control,
        reset_effect=f"{acc} becomes 0",
        reset_terse=f"{acc}=0",
        wordings=(
            f"A multiply-accumulate unit for {kind} numbers. At each active clock edge the product of {a} and {b} is "
            f"added to {acc} (modulo {1 << total}).{text} When clear is 1 at an active clock edge, {acc} becomes the "
            f"product alone{even}.",
            f"{acc} is a {num_bits(total)} register. At the active clock edge: clear = 1 stores {a} * {b}{even}; "
            f"otherwise {a} * {b} is added, keeping the low {total} bits. Operands are {kind} numbers.{text}",
            f"Sum up products of the {kind} inputs {a} and {b} in {acc}, one per active clock edge, modulo "
            f"{1 << total}.{text} clear = 1 at an active clock edge starts a new sum with the present product{even}.",
        ),
        terse=f"if clear {acc}={'signed ' if signed else ''}{a} times {b} else add it{short}",
        drive=lambda script: _drive_mac(script, p),
    )


def _drive_mac(script: Script, p: Params) -> None:
    on, (a, b), last = active(p), p["ins"], (1 << p["width"]) - 1
    script.warm_up(3)
    script.run(8, clear=0, **on, **{a: last, b: last})
    script.run(3, clear=0, **on, **{a: last, b: 1})
    script.run(3, clear=0, **on, **{a: last >> 1, b: last})
    script.cycle(clear=1)
    script.run(3, clear=0, **{name: 1 - value for name, value in on.items()})
    script.reset_checks(run=3, clear=0, **on)
    script.random_cycles(110, weights={"clear": 0.12, **dict.fromkeys(enable_port(p), 0.75)}, reset=0.02)


MAC = Family(
    name="mac",
    category="datapaths",
    levels={
        2: Level(
            circuit={
                "width": range(2, 6),
                "total": range(6, 17),
                "signed": (False,),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "ins": PAIRS, "q": SUMS},
        ),
        3: Level(
            circuit={
                "width": range(2, 6),
                "total": range(6, 17),
                "signed": (True,),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "ins": PAIRS, "q": SUMS},
        ),
    },
    make=_mac,
    valid=lambda p: p["total"] > 2 * p["width"],
)


def _extreme(p: Params) -> Design:
    control, d, q, w, largest = Control.of(p), p["in"], p["q"], p["width"], p["kind"] == "max"
    sign, noun, compared = (">", "largest", "larger") if largest else ("<", "smallest", "smaller")
    left, right = (f"$signed({name})" if p["signed"] else name for name in (d, q))
    top = 1 << w - 1
    first = (top if largest else top - 1) if p["signed"] else 0 if largest else 2 * top - 1
    kind = "two's complement" if p["signed"] else "unsigned"
    condition, text, short = enable_words(p, f"{q} keeps its value")
    test = f"{condition} && {left} {sign} {right}" if condition else f"{left} {sign} {right}"
    step = f"if ({test}) {q} <= {d};"
    extra: tuple[Port, ...] = ()
    if p["restart"] == "yes":
        step = f"if (restart) {q} <= {d};\nelse {step}"
        extra = (source("restart"),)
        text += f" When restart is 1 at an active clock edge, {q} becomes {d} instead{even_words(p)}."
        short += f"; if restart {q}={d}"
    value = sized(w, first) if first else "0"
    shown = f"{first:0{w}b} in binary" if p["signed"] else str(first)
    return Design(
        ports=(*control.ports, *(source(n) for n in enable_port(p)), *extra, source(d, w), sink(q, w)),
        body=control.always(reset=[f"{q} <= {value};"], update=[step]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {shown}",
        reset_terse=f"{q}={first}",
        wordings=(
            f"Track the {noun} value seen: at each active clock edge, if the {kind} number {d} is {compared} than {q}, "
            f"{q} takes the value of {d}; otherwise it stays.{text}",
            f"{q} is the running {'maximum' if largest else 'minimum'} of the {kind} numbers that were on {d} at the "
            f"active clock edges since reset.{text}",
            f"Compare {d} with {q} as {kind} numbers at every active clock edge and keep the {compared} one in "
            f"{q}.{text}",
        ),
        terse=f"{q} = running {'signed ' if p['signed'] else ''}{p['kind']} of {d}{short}",
        drive=lambda script: _drive_extreme(script, p),
    )


def _drive_extreme(script: Script, p: Params) -> None:
    """Values in rising and falling order, so that `q` moves and holds; runs are short, since it soon gets stuck."""
    on, w, d = active(p), p["width"], p["in"]
    on = on | ({"restart": 0} if p["restart"] == "yes" else {})
    weights = dict.fromkeys(enable_port(p), 0.75)
    top = 1 << w - 1
    script.warm_up(3)
    for value in (top - 1, top, top - 2, top + 1, 1, 2 * top - 1, 0):
        script.cycle(**on, **{d: value})
    for _ in range(4):
        script.reset_checks(run=1, **on)
        script.random_cycles(8, weights=weights | ({"restart": 0.2} if p["restart"] == "yes" else {}), reset=0.1)
    script.random_cycles(50, weights=weights, reset=0.12)


EXTREME = Family(
    name="running_extreme",
    category="datapaths",
    levels={
        1: Level(
            circuit={
                "kind": ("max", "min"),
                "width": range(2, 9),
                "signed": (False,),
                "reset": RESETS,
                "enable": ("none", "high"),
            },
            names={**CONTROL_NAMES, "en": ENABLES, "in": ("d", "x", "in"), "q": ("q", "best", "out")},
        ),
        2: Level(
            circuit={
                "kind": ("max", "min"),
                "width": range(3, 9),
                "signed": (False, True),
                "restart": ("yes",),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "in": ("d", "x", "in"), "q": ("q", "best", "out")},
        ),
    },
    make=_extreme,
    defaults={"edge": "posedge", "restart": "no"},
)
