"""Single state elements: T, JK and set/reset flip-flops, edge detectors."""

from __future__ import annotations

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.notation import STATES, bits, num_bits, sink, source, span
from verireason.data.families.registers import DATA, exercise
from verireason.data.families.script import Script
from verireason.data.streams import Params

FLIP_FLOPS = {
    "T": (("t",), "{q} ^ t", "a T flip-flop: {q} inverts when t is 1 and holds when t is 0", "toggle if t"),
    "JK": (
        ("j", "k"),
        "(j & ~{q}) | (~k & {q})",
        "a JK flip-flop: {q} becomes 1 for j=1, k=0; becomes 0 for j=0, k=1; inverts for j=1, k=1; holds for j=0, k=0",
        "jk",
    ),
    "set first": (
        ("s", "r"),
        "s | (~r & {q})",
        "a set/reset flip-flop in which set wins: {q} becomes 1 when s is 1; else 0 when r is 1; else it holds",
        "set s, clear r, set wins",
    ),
    "clear first": (
        ("s", "r"),
        "~r & (s | {q})",
        "a set/reset flip-flop in which clear wins: {q} becomes 0 when r is 1; else 1 when s is 1; else it holds",
        "set s, clear r, clear wins",
    ),
}


def _flip_flop(p: Params) -> Design:
    control, q, w = Control.of(p), p["q"], p["width"]
    names, code, words, short = FLIP_FLOPS[p["kind"]]
    words = words.format(q=q)
    value = (1 << w) - 1 if p["ones"] else 0
    each = "" if w == 1 else f" All ports but clock and reset have {w} bits; every bit position works on its own."
    literal = bits(w, value) if w > 1 or value else "0"
    return Design(
        ports=(*control.ports, *(source(name, w) for name in names), sink(q, w)),
        body=control.always(reset=[f"{q} <= {literal};"], update=[f"{q} <= {code.format(q=q)};"]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {literal if w > 1 else value}",
        reset_terse=f"{q}={value:0{w}b}",
        wordings=(
            f"Implement {words}. It does so at each active clock edge.{each}",
            f"At every active clock edge the output {q} is updated as {words}.{each}",
            f"The one state element behaves like {words}; changes happen at the active clock edge only.{each}",
        ),
        terse=short,
        drive=lambda script: exercise(script, {**p, "enable": "none"}),
    )


FLIP_FLOP = Family(
    name="flip_flop",
    category="registers",
    levels={
        1: Level(
            circuit={"kind": tuple(FLIP_FLOPS), "reset": RESETS, "ones": (False, True), "edge": EDGES},
            names={**CONTROL_NAMES, "q": STATES},
        ),
        2: Level(
            circuit={
                "kind": tuple(FLIP_FLOPS),
                "reset": RESETS,
                "ones": (False, True),
                "edge": EDGES,
                "width": range(2, 9),
            },
            names={**CONTROL_NAMES, "q": STATES},
        ),
    },
    make=_flip_flop,
    defaults={"width": 1},
)

EDGE_KINDS = {
    "rising": ("{d} & ~prev", "{d} is 1 and was 0"),
    "falling": ("~{d} & prev", "{d} is 0 and was 1"),
    "any": ("{d} ^ prev", "{d} differs from what it was"),
}


def _edge_detector(p: Params) -> Design:
    control, d, y, w, form = Control.of(p), p["in"], p["out"], p["width"], p["form"]
    code, words = (text.format(d=d) for text in EDGE_KINDS[p["kind"]])
    each = "" if w == 1 else f" Each of the {w} bits is treated on its own."
    kind = {"any": "rising and falling"}.get(p["kind"], p["kind"])
    if form == "direct":
        body = control.always(reset=["prev <= 0;"], update=[f"prev <= {d};"]) + f"\n  assign {y} = {code};"
        what = (
            f"{y} is 1 when {words} at the latest active clock edge. "
            f"It is combinational: it follows {d} within the cycle"
        )
        regs: tuple[str, ...] = ()
    elif form == "registered":
        body = control.always(reset=["prev <= 0;", f"{y} <= 0;"], update=[f"prev <= {d};", f"{y} <= {code};"])
        what = (
            f"At each active clock edge, {y} becomes 1 when {words} at the active edge before, and 0 otherwise; it is "
            f"a register, so it stays for one clock cycle"
        )
        regs = (y,)
    else:
        body = control.always(
            reset=["prev <= 0;", f"{y} <= 0;"], update=[f"prev <= {d};", f"{y} <= ({y} & ~clear) | ({code});"]
        )
        what = (
            f"At an active clock edge where {words} at the active edge before, {y} becomes 1 and stays 1. "
            f"At an active clock edge with clear equal to 1 it becomes 0, unless it is being set at the same edge"
        )
        regs = (y,)
    zero = "the stored earlier value becomes 0" if form == "direct" else f"{y} and the stored earlier value become 0"
    clear = (source("clear", w),) if form == "sticky" else ()
    return Design(
        ports=(*control.ports, source(d, w), *clear, sink(y, w)),
        body=f"  reg {span(w)}prev;\n{body}",
        regs=regs,
        control=control,
        reset_effect=zero,
        reset_terse="all=0",
        wordings=(
            f"Detect {kind} edges of {d}. {what}.{each}",
            f"Keep the value that {d} had at the last active clock edge, and compare. {what}.{each}",
            f"An edge detector ({kind} edges) for {num_bits(w)} data. {what}.{each}",
        ),
        terse=f"{y} = {p['kind']} edge of {d}"
        + {"direct": "", "registered": " registered", "sticky": " until clear"}[form],
        drive=lambda script: _exercise_edges(script, d, w),
    )


def _exercise_edges(script: Script, d: str, width: int) -> None:
    script.warm_up(3, **{d: 0})
    ones = (1 << width) - 1
    for value in (0, ones, ones, 0, 0, ones, 0, ones, ones, ones, 0):
        script.cycle(**{d: value})
    script.reset_checks(run=2, **{d: ones})
    script.reset_checks(run=1)
    script.random_cycles(80)


EDGE_DETECTOR = Family(
    name="edge_detector",
    category="registers",
    levels={
        1: Level(
            circuit={"kind": tuple(EDGE_KINDS), "width": range(1, 9), "reset": RESETS},
            names={**CONTROL_NAMES, "in": DATA, "out": ("y", "out", "pulse")},
        ),
        2: Level(
            circuit={
                "form": ("registered",),
                "kind": tuple(EDGE_KINDS),
                "width": range(2, 9),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "in": DATA, "out": ("y", "out", "pulse")},
        ),
        3: Level(
            circuit={
                "form": ("sticky",),
                "kind": tuple(EDGE_KINDS),
                "width": range(1, 9),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "in": DATA, "out": ("y", "out", "seen")},
        ),
    },
    make=_edge_detector,
    defaults={"form": "direct", "edge": "posedge"},
)
