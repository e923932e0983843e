"""Counters: binary, modulo-n and BCD, saturating, Gray."""

from __future__ import annotations

from collections.abc import Mapping

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.notation import ENABLES, num_bits, sink, sized, source, start
from verireason.data.families.registers import active, enable_port, enable_words, guarded
from verireason.data.families.script import Script
from verireason.data.streams import Params

COUNTS = ("q", "count", "cnt")


def _drive_count(script: Script, p: Params, *, period: int, held: Mapping[str, int] | None = None) -> None:
    """More than a whole period without reset, then reset out of the middle, then random."""
    values = {**active(p), **(held or {})}
    script.warm_up(3, **values)
    script.run(period + 3, **values)
    script.reset_checks(run=3, **values)
    script.run(3, **values)
    script.random_cycles(60, weights=dict.fromkeys(enable_port(p), 0.75), reset=0.03)


def _counter(p: Params) -> Design:
    return {1: _plain_counter, 2: _loadable_counter, 3: _updown_counter}[p["level"]](p)


def _plain_counter(p: Params) -> Design:
    control, q, w = Control.of(p), p["q"], p["width"]
    up = p["way"] == "up"
    condition, text, short = enable_words(p, f"{q} keeps its value")
    sign, verb, wrap = ("+", "increments", (1 << w) - 1) if up else ("-", "decrements", 0)
    first = 0 if p["from_zero"] else (1 << w) - 1
    return Design(
        ports=(*control.ports, *(source(name) for name in enable_port(p)), sink(q, w)),
        body=control.always(reset=[f"{q} <= {start(w, first)};"], update=[guarded(condition, f"{q} <= {q} {sign} 1;")]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {first}",
        reset_terse=f"{q}={first}",
        wordings=(
            f"A {num_bits(w)} binary counter {q} that {verb} by one at each active clock edge and wraps around after "
            f"{wrap}.{text}",
            f"Count {p['way']}: at the clock edge {q} becomes {q} {sign} 1 modulo {1 << w}.{text}",
            f"{q} is an unsigned {num_bits(w)} register. Every active clock edge {verb} it by 1; after {wrap} comes "
            f"{0 if up else (1 << w) - 1}.{text}",
        ),
        terse=f"count {p['way']} {q}{short}",
        drive=lambda script: _drive_count(script, p, period=1 << w),
    )


def _loadable_counter(p: Params) -> Design:
    control, q, w, step = Control.of(p), p["q"], p["width"], p["step"]
    sign, verb = ("+", "increases") if p["way"] == "up" else ("-", "decreases")
    condition, _, short = enable_words(p, "")
    move = f"{q} <= {q} {sign} {step};"
    first = f"if (load) {q} <= d;\nelse {guarded(condition, move)}"
    level = int(p["enable"] == "high")
    when = "" if p["enable"] == "none" else f" while {p['en']} is {level}"
    rest = "" if p["enable"] == "none" else f" With load at 0 and {p['en']} at {1 - level}, {q} holds."
    return Design(
        ports=(*control.ports, *(source(n) for n in enable_port(p)), source("load"), source("d", w), sink(q, w)),
        body=control.always(reset=[f"{q} <= 0;"], update=[first]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes 0",
        reset_terse=f"{q}=0",
        wordings=(
            f"A loadable {num_bits(w)} counter. At the active clock edge: if load is 1, {q} takes the value of d; "
            f"otherwise {q} {verb} by {step}{when}, modulo {1 << w}.{rest}",
            f"{q} counts {p['way']} in steps of {step}{when}, with wrap-around. load = 1 has priority over counting "
            f"and copies d to {q} at the clock edge.{rest}",
            f"Implement a {num_bits(w)} register {q} with two operations at the clock edge. First priority: load d "
            f"when load is 1. Second: {q} {sign} {step} (truncated to {w} bits){when}.{rest}",
        ),
        terse=f"if load {q}=d else count {p['way']} {q} by {step}{short}",
        drive=lambda script: _drive_loads(script, p, last=(1 << w) - 1),
    )


def _drive_loads(script: Script, p: Params, *, last: int) -> None:
    """Loads next to both ends, so that a wide counter wraps too."""
    on = active(p)
    script.warm_up(3, load=0)
    script.run(4, load=0, **on)
    for value in (last - 1, 2, last, 0, last // 2):
        script.cycle(load=1, d=value)
        script.run(4, load=0, **on)
    script.reset_checks(run=3, load=0, **on)
    script.random_cycles(90, weights={"load": 0.2, **dict.fromkeys(enable_port(p), 0.75)}, reset=0.03)


def _updown_counter(p: Params) -> Design:
    control, q, w, ctl = Control.of(p), p["q"], p["width"], p["ctl"]
    up, down, last = f"{q} + 1", f"{q} - 1", (1 << w) - 1
    if p["up_when"] == 0:
        up, down = down, up
    condition, text, short = enable_words(p, f"{q} keeps its value")
    flag, value = p["flag"], 0 if p["flag"] == "zero" else last
    return Design(
        ports=(*control.ports, *(source(name) for name in enable_port(p)), source(ctl), sink(q, w), sink(flag)),
        body=control.always(reset=[f"{q} <= 0;"], update=[guarded(condition, f"{q} <= {ctl} ? {up} : {down};")])
        + f"\n  assign {flag} = ({q} == {sized(w, value)});",
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes 0",
        reset_terse=f"{q}=0",
        wordings=(
            f"An up/down counter: at the active clock edge {q} increments when {ctl} is {p['up_when']} and decrements "
            f"when it is {1 - p['up_when']}, modulo {1 << w}.{text} {flag} is 1 exactly while {q} is {value}.",
            f"{q} is a {num_bits(w)} counter that moves by one at each active clock edge, upwards for {ctl} = "
            f"{p['up_when']} and downwards for {ctl} = {1 - p['up_when']}, with wrap-around.{text} The combinational "
            f"output {flag} indicates {q} = {value}.",
            f"Count in either direction. {ctl} = {p['up_when']} means {q} + 1, {ctl} = {1 - p['up_when']} means {q} - "
            f"1 (both truncated to {w} bits), at the clock edge.{text} {flag} compares the present {q} with {value}.",
        ),
        terse=f"count {q} up if {ctl} is {p['up_when']} else down{short}; {flag} = {q} is {value}",
        drive=lambda script: _drive_updown(script, p),
    )


def _drive_updown(script: Script, p: Params) -> None:
    on, up = active(p), p["up_when"]
    script.warm_up(3)
    script.run((1 << p["width"]) + 2, **{p["ctl"]: up}, **on)
    script.run((1 << p["width"]) + 4, **{p["ctl"]: 1 - up}, **on)
    script.reset_checks(run=3, **{p["ctl"]: up}, **on)
    script.random_cycles(60, weights=dict.fromkeys(enable_port(p), 0.75), reset=0.03)


COUNTER = Family(
    name="counter",
    category="counters",
    levels={
        1: Level(
            circuit={
                "level": (1,),
                "width": range(2, 6),
                "way": ("up", "down"),
                "from_zero": (True, False),
                "reset": RESETS,
                "enable": ("none", "high"),
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS},
        ),
        2: Level(
            circuit={
                "level": (2,),
                "width": range(3, 9),
                "way": ("up", "down"),
                "step": (1, 2, 3),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS},
        ),
        3: Level(
            circuit={
                "level": (3,),
                "width": range(2, 6),
                "up_when": (0, 1),
                "flag": ("zero", "full"),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS, "ctl": ("up", "dir")},
        ),
    },
    make=_counter,
    defaults={"edge": "posedge"},
    valid=lambda p: p["level"] != 3 or p["enable"] != "none" or p["width"] > 2,
)


def _modulo(p: Params) -> Design:
    if p["form"] == "bcd":
        return _bcd(p)
    control, q, low, high = Control.of(p), p["q"], p["low"], p["high"]
    w, up = high.bit_length(), p["way"] == "up"
    first, last, sign = (low, high, "+") if up else (high, low, "-")
    condition, text, short = enable_words(p, f"{q} keeps its value")
    step = f"if ({q} == {sized(w, last)}) {q} <= {start(w, first)};\nelse {q} <= {q} {sign} 1;"
    if condition:
        lines = step.split("\n")
        step = "\n".join([f"if ({condition}) begin", *(f"  {line}" for line in lines), "end"])
    carry = p["carry"] == "yes"
    flag = f" last is 1 exactly while {q} is {last} (combinational)." if carry else ""
    return Design(
        ports=(*control.ports, *(source(n) for n in enable_port(p)), sink(q, w), *((sink("last"),) if carry else ())),
        body=control.always(reset=[f"{q} <= {start(w, first)};"], update=[step])
        + (f"\n  assign last = ({q} == {sized(w, last)});" if carry else ""),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {first}",
        reset_terse=f"{q}={first}",
        wordings=(
            f"A counter that runs {p['way']} from {first} to {last} and then starts again at {first}, one step at each "
            f"active clock edge.{text}{flag}",
            f"{q} counts through the {high - low + 1} values {first}, {first + (1 if up else -1)}, ..., {last}; the "
            f"value after {last} is {first}. It moves by one at every active clock edge.{text}{flag}",
            f"At each active clock edge: if {q} is {last} it becomes {first}, else it becomes {q} {sign} "
            f"1.{text}{flag}",
        ),
        terse=f"count {q} from {first} to {last}{short}" + (f"; last = {q} is {last}" if carry else ""),
        drive=lambda script: _drive_count(script, p, period=2 * (high - low + 1)),
    )


def _bcd(p: Params) -> Design:
    control, high = Control.of(p), p["high"]
    tens, ones = divmod(high, 10)
    condition, text, short = enable_words(p, "both digits keep their values")
    lines = [
        f"if (tens == 4'd{tens} && ones == 4'd{ones}) begin",
        "  tens <= 0;",
        "  ones <= 0;",
        "end else if (ones == 4'd9) begin",
        "  tens <= tens + 1;",
        "  ones <= 0;",
        "end else ones <= ones + 1;",
    ]
    if condition:
        lines = [f"if ({condition}) begin", *(f"  {line}" for line in lines), "end"]
    return Design(
        ports=(*control.ports, *(source(n) for n in enable_port(p)), sink("tens", 4), sink("ones", 4)),
        body=control.always(reset=["tens <= 0;", "ones <= 0;"], update=["\n".join(lines)]),
        regs=("tens", "ones"),
        control=control,
        reset_effect="both digits become 0",
        reset_terse="tens=0 ones=0",
        wordings=(
            f"A two-digit decimal counter from 00 to {high}: tens and ones hold one BCD digit each. It advances by one "
            f"at each active clock edge, and after {high} comes 00.{text}",
            f"Count in BCD. ones runs from 0 to 9; when it goes from 9 to 0, tens increments. After {high} both digits "
            f"return to 0. One step at every active clock edge.{text}",
            f"Implement a modulo-{high + 1} counter with decimal outputs tens and ones (4 bits each), stepping at each "
            f"active clock edge.{text}",
        ),
        terse=f"bcd count 0 to {high}{short}",
        drive=lambda script: _drive_count(script, p, period=high + 1),
    )


def _modulo_valid(p: Params) -> bool:
    if p["form"] == "bcd":
        return True
    # Ranges that a plain binary counter covers are left to that family.
    return bool(p["high"] - p["low"] > 1 and (p["low"] > 0 or p["high"] & p["high"] + 1))


MOD_COUNTER = Family(
    name="mod_counter",
    category="counters",
    levels={
        1: Level(
            circuit={"low": (0,), "high": range(2, 14), "reset": RESETS, "enable": ("none", "high")},
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS},
        ),
        2: Level(
            circuit={
                "low": range(4),
                "high": range(4, 16),
                "way": ("up", "down"),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
                "carry": ("yes",),
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS},
        ),
        3: Level(
            circuit={
                "form": ("bcd",),
                "high": range(11, 60),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES},
        ),
    },
    make=_modulo,
    defaults={"form": "range", "low": 0, "way": "up", "edge": "posedge", "carry": "no"},
    valid=_modulo_valid,
)
