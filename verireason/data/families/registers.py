"""Registers: with enable, with fields, behind a gate, in a chain."""

from __future__ import annotations

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.gates import GATES_OF_TWO
from verireason.data.families.notation import (
    ENABLES,
    PAIRS,
    STATES,
    num_bits,
    ordinal,
    sink,
    source,
    span,
    start,
)
from verireason.data.families.script import Script
from verireason.data.streams import Params

DATA = ("d", "in", "data")
ALL_RESETS = (*RESETS, "none")


def enable_words(p: Params, held: str) -> tuple[str, str, str]:
    """Condition with a space before it, sentence and terse words of the axis "enable" (high, low or none)."""
    if p["enable"] == "none":
        return "", "", ""
    en, active = p["en"], int(p["enable"] == "high")
    condition = en if active else f"!{en}"
    text = f" Active clock edges at which {en} is {1 - active} are ignored: {held}."
    return condition, text, f" if {'' if active else 'not '}{en}"


def even_words(p: Params) -> str:
    """For what takes priority over the enable: ", even if en is 0"; nothing without an enable."""
    return "" if p["enable"] == "none" else f", even if {p['en']} is {int(p['enable'] == 'low')}"


def guarded(condition: str, statement: str) -> str:
    """The statement under a condition; an empty condition adds nothing."""
    return f"if ({condition}) {statement}" if condition else statement


def enable_port(p: Params) -> tuple[str, ...]:
    """The enable's name, or nothing."""
    return () if p["enable"] == "none" else (p["en"],)


def active(p: Params) -> dict[str, int]:
    """The enable's active value, for directed stimulus; empty without one."""
    return {name: int(p["enable"] == "high") for name in enable_port(p)}


def exercise(script: Script, p: Params, *, num_random: int = 110) -> None:
    """The stimulus of a simple register: warm-up, reset checks with the enable on, hold, random."""
    script.warm_up(3, **active(p))
    script.run(6, **active(p))
    script.reset_checks(run=2, **active(p))
    script.random_cycles(num_random, weights=dict.fromkeys(enable_port(p), 0.6))


def _register(p: Params) -> Design:
    if p["fields"] > 1:
        return _register_of_fields(p)
    control, d, q, w, value = Control.of(p), p["in"], p["q"], p["width"], p["value"]
    if p["ones"]:
        value = (1 << w) - 1
    condition, text, short = enable_words(p, f"{q} keeps its value")
    return Design(
        ports=(*control.ports, *(source(name) for name in enable_port(p)), source(d, w), sink(q, w)),
        body=control.always(reset=[f"{q} <= {start(w, value)};"], update=[guarded(condition, f"{q} <= {d};")]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {value}",
        reset_terse=f"{q}={value}",
        wordings=(
            f"A {num_bits(w)} register stores {d} in {q} at each active clock edge.{text}",
            f"Implement {w} D flip-flop{'s' if w > 1 else ''} with input {d} and output {q}: at the clock edge {q} "
            f"takes the value of {d}.{text}",
            f"{q} is {d} as sampled at the latest active clock edge.{text}",
        ),
        terse=f"{q}={d}{short}",
        drive=lambda script: exercise(script, p),
    )


def _register_of_fields(p: Params) -> Design:
    control, d, q, num, w = Control.of(p), p["in"], p["q"], p["fields"], p["width"]
    total, we = num * w, p["we"]
    on = "" if p["enable"] == "high" else "!"
    ranges = [f"[{(i + 1) * w - 1}:{i * w}]" if w > 1 else f"[{i}]" for i in range(num)]
    level = int(p["enable"] == "high")
    clause = f"{we}[i] is {level}"
    fields = f"{num} fields of {w} bit{'s' if w > 1 else ''} (field 0 is {q}{ranges[0]})"
    return Design(
        ports=(*control.ports, source(we, num), source(d, total), sink(q, total)),
        body=control.always(
            reset=[f"{q} <= {start(total, p['value'])};"],
            update=[f"if ({on}{we}[{i}]) {q}{r} <= {d}{r};" for i, r in enumerate(ranges)],
        ),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {p['value']}",
        reset_terse=f"{q}={p['value']}",
        wordings=(
            f"A {num_bits(total)} register {q} made of {fields}. At the clock edge, field i takes the corresponding "
            f"bits of {d} when {clause}, and keeps its value otherwise.",
            f"{q} is divided into {fields}, each with a write enable of its own: field i is loaded from the same bits "
            f"of {d} at clock edges where {clause}; fields that are not enabled hold.",
            f"Implement a register with partial writes. {we} has one bit for each of {fields}; where {clause}, that "
            f"field of {q} is replaced by that field of {d} at the clock edge.",
        ),
        terse=f"{num} fields of {w}: field i of {q}={d} if {'' if level else 'not '}{we}[i]",
        drive=lambda script: _exercise_fields(script, we, num),
    )


def _exercise_fields(script: Script, we: str, num: int) -> None:
    script.warm_up()
    for word in range(1 << num):
        script.cycle(**{we: word})
    script.reset_checks(run=2)
    script.random_cycles(90)


def _register_valid(p: Params) -> bool:
    if p["reset"] == "none" and (p["value"] or p["ones"]):
        return False
    return bool(p["value"] < 1 << p["width"] * p["fields"])


REGISTER = Family(
    name="register",
    category="registers",
    levels={
        1: Level(
            circuit={"width": range(1, 9), "reset": ALL_RESETS, "ones": (False, True)},
            names={**CONTROL_NAMES, "in": DATA, "q": STATES},
        ),
        2: Level(
            circuit={
                "width": range(2, 9),
                "reset": RESETS,
                "value": range(1, 8),
                "enable": ("high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "in": DATA, "q": STATES, "en": ENABLES},
        ),
        3: Level(
            circuit={
                "fields": (2, 3, 4),
                "width": (1, 2, 4, 8),
                "reset": RESETS,
                "value": (0, 1, 5),
                "enable": ("high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "in": DATA, "q": STATES, "we": ("we", "be")},
        ),
    },
    make=_register,
    defaults={"fields": 1, "value": 0, "ones": False, "enable": "none", "edge": "posedge"},
    valid=_register_valid,
)


def _registered_logic(p: Params) -> Design:
    control, (a, b), q, w = Control.of(p), p["ins"], p["q"], p["width"]
    code, words = (text.format(a=a, b=b) for text in GATES_OF_TWO[p["op"]])
    words = words if w == 1 else f"bitwise {words}"
    condition, text, short = enable_words(p, f"{q} keeps its value")
    return Design(
        ports=(*control.ports, *(source(n) for n in enable_port(p)), source(a, w), source(b, w), sink(q, w)),
        body=control.always(reset=[f"{q} <= 0;"], update=[guarded(condition, f"{q} <= {code};")]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes 0",
        reset_terse=f"{q}=0",
        wordings=(
            f"At each active clock edge the register {q} is loaded with the {words}.{text}",
            f"Compute the {words} and store it in a {num_bits(w)} register whose output is {q}.{text}",
            f"{q} is the {words}, as they were at the latest active clock edge.{text}",
        ),
        terse=f"{q} = {words.removeprefix('bitwise ')}{short}",
        drive=lambda script: exercise(script, p),
    )


REGISTERED_LOGIC = Family(
    name="registered_logic",
    category="registers",
    levels={
        1: Level(
            circuit={"op": tuple(GATES_OF_TWO), "width": range(1, 9), "reset": RESETS},
            names={**CONTROL_NAMES, "ins": PAIRS, "q": STATES},
        ),
        2: Level(
            circuit={
                "op": tuple(GATES_OF_TWO),
                "width": range(1, 9),
                "reset": RESETS,
                "enable": ("high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "ins": PAIRS, "q": STATES, "en": ENABLES},
        ),
    },
    make=_registered_logic,
    defaults={"enable": "none", "edge": "posedge"},
)


def _delay_line(p: Params) -> Design:
    control, d, q, w, num = Control.of(p), p["in"], p["q"], p["width"], p["stages"]
    condition, text, short = enable_words(p, "all stages keep their values")
    stages = [f"s{i}" for i in range(1, num)]
    moves = [f"{left} <= {right};" for left, right in zip([*stages, q], [d, *stages], strict=True)]
    if condition:
        moves = ["\n".join([f"if ({condition}) begin", *(f"  {move}" for move in moves), "end"])]
    reset = [f"{name} <= 0;" for name in [*stages, q]]
    return Design(
        ports=(*control.ports, *(source(name) for name in enable_port(p)), source(d, w), sink(q, w)),
        body=f"  reg {span(w)}{', '.join(stages)};\n{control.always(reset=reset, update=moves)}",
        regs=(q,),
        control=control,
        reset_effect=f"all {num} stages, {q} among them, become 0",
        reset_terse="all stages=0",
        wordings=(
            f"{q} is {d} delayed by {num} clock cycles: a chain of {num} registers of {num_bits(w)} width moves one "
            f"step at each active clock edge.{text}",
            f"Build a delay line of {num} stages. The first stage samples {d} at the clock edge, each further stage "
            f"samples the one before it, and the {ordinal(num)} stage is {q}.{text}",
            f"A value that is on {d} at one active clock edge appears on {q} right after the {ordinal(num)} edge, "
            f"counting that one as the first. The pipeline advances at every active edge.{text}",
        ),
        terse=f"{q} = {d} delayed {num}{short}",
        drive=lambda script: _exercise_line(script, p),
    )


def _exercise_line(script: Script, p: Params) -> None:
    script.warm_up(p["stages"] + 2, **active(p))
    script.run(8, **active(p))
    script.reset_checks(run=p["stages"] + 1, **active(p))
    script.random_cycles(90, weights=dict.fromkeys(enable_port(p), 0.7))


DELAY_LINE = Family(
    name="delay_line",
    category="registers",
    levels={
        1: Level(
            circuit={"stages": (2, 3), "width": range(1, 9), "reset": ALL_RESETS},
            names={**CONTROL_NAMES, "in": DATA, "q": STATES},
        ),
        2: Level(
            circuit={
                "stages": (2, 3, 4),
                "width": range(1, 9),
                "reset": RESETS,
                "enable": ("high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "in": DATA, "q": STATES, "en": ENABLES},
        ),
    },
    make=_delay_line,
    defaults={"enable": "none", "edge": "posedge"},
)
