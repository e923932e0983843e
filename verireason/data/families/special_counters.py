"""Counters with a twist: saturating at both ends, Gray code, a timer that is loaded and runs out."""

from __future__ import annotations

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.counters import COUNTS
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.notation import ENABLES, num_bits, sink, sized, source, start
from verireason.data.families.registers import active, enable_port, enable_words
from verireason.data.families.script import Script
from verireason.data.streams import Params


def _saturating(p: Params) -> Design:
    return _one_way(p) if p["form"] == "one way" else _two_ways(p)


def _one_way(p: Params) -> Design:
    control, q, limit, up = Control.of(p), p["q"], p["limit"], p["way"] == "up"
    w = limit.bit_length()
    first, last, sign, verb = (0, limit, "+", "increments") if up else (limit, 0, "-", "decrements")
    condition, text, short = enable_words(p, f"{q} keeps its value")
    test = f"{q} != {start(w, last)}"
    return Design(
        ports=(*control.ports, *(source(name) for name in enable_port(p)), sink(q, w)),
        body=control.always(
            reset=[f"{q} <= {start(w, first)};"],
            update=[f"if ({f'{condition} && ' if condition else ''}{test}) {q} <= {q} {sign} 1;"],
        ),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {first}",
        reset_terse=f"{q}={first}",
        wordings=(
            f"A saturating counter: {q} {verb} by one at each active clock edge until it is {last}, and then stays "
            f"there until reset.{text}",
            f"{q} counts from {first} to {last} and stops at {last}. One step at each active clock edge.{text}",
            f"At the active clock edge, {q} becomes {q} {sign} 1 unless it is already {last}; at {last} it "
            f"holds.{text}",
        ),
        terse=f"count {q} from {first} to {last} and stop{short}",
        drive=lambda script: _drive_one_way(script, p, limit),
    )


def _drive_one_way(script: Script, p: Params, limit: int) -> None:
    on = active(p)
    script.warm_up(3, **on)
    script.run(limit + 4, **on)
    script.reset_checks(run=2, **on)
    script.run(limit + 3, **on)
    script.random_cycles(60, weights=dict.fromkeys(enable_port(p), 0.7), reset=0.05)


def _two_ways(p: Params) -> Design:
    control, q, limit, first = Control.of(p), p["q"], p["limit"], p["first"]
    w = limit.bit_length()
    up, down = p["ways"]
    both = {"hold": f"{up} && !{down}", "up": up, "down": f"{up} && !{down}"}[p["both"]]
    other = f"{down} && !{up}" if p["both"] == "hold" else down
    lines = [
        f"if ({both}) begin",
        f"  if ({q} != {sized(w, limit)}) {q} <= {q} + 1;",
        f"end else if ({other}) begin",
        f"  if ({q} != 0) {q} <= {q} - 1;",
        "end",
    ]
    rule = {
        "hold": f"When both or none are 1, {q} holds",
        "up": f"When both are 1, {up} wins; when none is 1, {q} holds",
        "down": f"When both are 1, {down} wins; when none is 1, {q} holds",
    }[p["both"]]
    return Design(
        ports=(*control.ports, source(up), source(down), sink(q, w)),
        body=control.always(reset=[f"{q} <= {start(w, first)};"], update=["\n".join(lines)]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {first}",
        reset_terse=f"{q}={first}",
        wordings=(
            f"A saturating up/down counter with values from 0 to {limit}. At the active clock edge {up} = 1 increments "
            f"{q} and {down} = 1 decrements it; at {limit} it doesn't increment and at 0 it doesn't decrement. {rule}.",
            f"{q} moves at the active clock edge: one up for {up}, one down for {down}, never above {limit} and never "
            f"below 0 (it stays at the end of the range instead). {rule}.",
            f"Keep a number {q} between 0 and {limit}. {up} adds one and {down} takes one away at the active clock "
            f"edge; steps that would leave the range have no effect. {rule}.",
        ),
        terse=f"{up} down {down} count {q} in 0 to {limit}, both: {p['both']}",
        drive=lambda script: _drive_two_ways(script, up, down, limit),
    )


def _drive_two_ways(script: Script, up: str, down: str, limit: int) -> None:
    script.warm_up(3)
    script.run(limit + 3, **{up: 1, down: 0})
    script.run(2, **{up: 1, down: 1})
    script.run(limit + 3, **{up: 0, down: 1})
    script.run(2, **{up: 1, down: 1})
    script.run(3, **{up: 1, down: 0})
    script.run(3, **{up: 1, down: 1})
    script.run(2, **{up: 0, down: 0})
    script.reset_checks(run=2, **{up: 1, down: 0})
    script.reset_checks(run=2, **{up: 0, down: 1})
    script.random_cycles(60, reset=0.03)


SAT_COUNTER = Family(
    name="saturating_counter",
    category="counters",
    levels={
        1: Level(
            circuit={
                "limit": range(2, 14),
                "way": ("up", "down"),
                "reset": RESETS,
                "enable": ("none", "high"),
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS},
        ),
        2: Level(
            circuit={
                "form": ("two ways",),
                "limit": range(3, 16),
                "first": range(4),
                "both": ("hold", "up", "down"),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "q": COUNTS, "ways": (("up", "down"), ("inc", "dec"))},
        ),
    },
    make=_saturating,
    defaults={"form": "one way", "edge": "posedge", "enable": "none"},
)


def _gray(p: Params) -> Design:
    control, q, w = Control.of(p), p["q"], p["width"]
    condition, text, short = enable_words(p, f"{q} keeps its value")
    sign = "+" if p["way"] == "up" else "-"
    order = "" if p["way"] == "up" else ", in reverse order"
    codes = [str(n ^ n >> 1) for n in range(1 << w)]
    shown = [codes[0], *codes[:0:-1]] if order else codes
    sequence = ", ".join(shown if w < 4 else [*shown[:6], "..."])
    step = f"if ({condition}) n <= n {sign} 1;" if condition else f"n <= n {sign} 1;"
    return Design(
        ports=(*control.ports, *(source(name) for name in enable_port(p)), sink(q, w)),
        body=f"  reg [{w - 1}:0] n;\n{control.always(reset=['n <= 0;'], update=[step])}\n  assign {q} = n ^ (n >> 1);",
        control=control,
        reset_effect=f"{q} becomes 0",
        reset_terse=f"{q}=0",
        wordings=(
            f"A {num_bits(w)} Gray code counter: {q} goes through the reflected binary Gray code "
            f"({sequence}), one step at each active clock edge, and starts again after {1 << w} steps.{text}",
            f"{q} is the Gray code n ^ (n >> 1) of a {num_bits(w)} binary count n which {'in' if sign == '+' else 'de'}"
            f"crements at each active clock edge modulo {1 << w}.{text}",
            f"Count in reflected Gray code{order}: {q} changes in exactly one bit at each active clock edge and "
            f"repeats after {1 << w} edges.{text}",
        ),
        terse=f"gray count {p['way']} {q}{short}",
        drive=lambda script: _drive_gray(script, p),
    )


def _drive_gray(script: Script, p: Params) -> None:
    on = active(p)
    script.warm_up(3, **on)
    script.run((1 << p["width"]) + 3, **on)
    script.reset_checks(run=3, **on)
    script.random_cycles(50, weights=dict.fromkeys(enable_port(p), 0.75), reset=0.03)


GRAY_COUNTER = Family(
    name="gray_counter",
    category="counters",
    levels={
        1: Level(
            circuit={"width": range(2, 6), "way": ("up", "down"), "reset": RESETS, "enable": ("none", "high")},
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS},
        ),
        2: Level(
            circuit={
                "width": range(2, 6),
                "way": ("up", "down"),
                "reset": RESETS,
                "enable": ("low",),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS},
        ),
    },
    make=_gray,
    defaults={"edge": "posedge"},
)


def _timer(p: Params) -> Design:
    control, q, w = Control.of(p), p["q"], p["width"]
    condition, _, short = enable_words(p, "")
    run = f"{condition} && {q} != 0" if condition else f"{q} != 0"
    step = f"if (load) {q} <= d;\nelse if ({run}) {q} <= {q} - 1;"
    level = int(p["enable"] == "high")
    when = "" if p["enable"] == "none" else f" and {p['en']} is {level}"
    during = "" if p["enable"] == "none" else f"while {p['en']} is {level} "
    body = control.always(reset=[f"{q} <= 0;"], update=[step])
    if p["done"] == "level":
        body += f"\n  assign done = ({q} == 0);"
        text = f"done is 1 exactly while {q} is 0"
    else:
        run_out = f"!load && {q} == {sized(w, 1)}" + (f" && {condition}" if condition else "")
        update = [step, f"done <= {run_out};"]
        body = control.always(reset=[f"{q} <= 0;", "done <= 0;"], update=update)
        text = f"done is a register that is 1 for one cycle, right after the clock edge at which {q} counts from 1 to 0"
    return Design(
        ports=(
            *control.ports,
            *(source(n) for n in enable_port(p)),
            source("load"),
            source("d", w),
            sink(q, w),
            sink("done"),
        ),
        body=body,
        regs=(q,) if p["done"] == "level" else (q, "done"),
        control=control,
        reset_effect=f"{q} becomes 0" + ("" if p["done"] == "level" else " and done becomes 0"),
        reset_terse=f"{q}=0",
        wordings=(
            f"A countdown timer. At the active clock edge, load = 1 copies d to {q}; otherwise, if {q} isn't 0{when}, "
            f"it decrements. At 0 it stops. {text}.",
            f"{q} is a {num_bits(w)} down counter that stops at 0 and can be reloaded from d at any clock edge by "
            f"load, which has priority over counting. It counts when it isn't 0{when}. {text}.",
            f"Implement a one-shot timer: load it with d (load = 1), then {q} falls by one per active clock edge "
            f"{during}until it reaches 0, where it rests. "
            f"{text}.",
        ),
        terse=f"if load {q}=d else count {q} down to 0{short}; done {'at 0' if p['done'] == 'level' else 'pulse'}",
        drive=lambda script: _drive_timer(script, p),
    )


def _drive_timer(script: Script, p: Params) -> None:
    on, last = active(p), (1 << p["width"]) - 1
    script.warm_up(3, load=0)
    for value in (3, 1, 0, 2, min(last, 9)):
        script.cycle(load=1, d=value)
        script.run(value + 2, load=0, **on)
    # Loaded again while it runs and just as it runs out; held by the enable at 1.
    script.cycle(load=1, d=2)
    script.cycle(load=0, **on)
    script.cycle(load=1, d=1)
    script.cycle(load=1, d=last, **on)
    script.run(3, load=0, **on)
    script.cycle(load=1, d=1)
    script.run(2, load=0, **{name: 1 - value for name, value in on.items()})
    script.run(3, load=0, **on)
    for _ in range(2):
        script.cycle(load=1, d=last)
        script.reset_checks(run=1, load=1, d=3)
    for _ in range(20):
        script.cycle(load=1, d=script.rng.randrange(4))
        script.random_cycles(4, weights={"load": 0.15, **dict.fromkeys(enable_port(p), 0.75)}, reset=0.02)


TIMER = Family(
    name="timer",
    category="counters",
    levels={
        2: Level(
            circuit={
                "width": range(3, 9),
                "done": ("level",),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS},
        ),
        3: Level(
            circuit={
                "width": range(3, 9),
                "done": ("pulse",),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": COUNTS},
        ),
    },
    make=_timer,
)
