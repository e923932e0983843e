"""Designs about time: clock dividers, pulse stretchers, debouncers, pulse width modulation."""

from __future__ import annotations

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.notation import ENABLES, num_bits, sink, sized, source, span
from verireason.data.families.registers import active, enable_port, enable_words
from verireason.data.families.script import Script
from verireason.data.streams import Params


def _divider(p: Params) -> Design:
    """A pulse every n cycles, or a square wave that changes every n cycles."""
    control, y, n, square = Control.of(p), p["out"], p["period"], p["shape"] == "square"
    w = max(1, (n - 1).bit_length())
    condition, text, short = enable_words(
        p, "the count and the output keep their values" if square else "the count holds"
    )
    last = sized(w, n - 1)
    if square:
        lines = [f"if (count == {last}) begin", "  count <= 0;", f"  {y} <= ~{y};", "end else count <= count + 1;"]
        reset, tail = ["count <= 0;", f"{y} <= 0;"], ""
        what = (
            f"{y} inverts at every {n}th active clock edge after reset, so that it has a period of {2 * n} clock cycles"
        )
        effect = f"{y} becomes 0 and counting starts afresh"
    else:
        lines = [f"if (count == {last}) count <= 0;", "else count <= count + 1;"]
        reset, tail = ["count <= 0;"], f"\n  assign {y} = (count == {last});"
        what = (
            f"{y} is 1 in one of every {n} clock cycles. A hidden count starts at 0, increments at each active clock "
            f"edge and goes from {n - 1} back to 0; {y} is 1 exactly while it is {n - 1}"
        )
        effect = "the count becomes 0"
    if condition:
        lines = [f"if ({condition}) begin", *(f"  {line}" for line in lines), "end"]
    kind = "square wave" if square else "tick"
    return Design(
        ports=(*control.ports, *(source(name) for name in enable_port(p)), sink(y)),
        body=f"  reg {span(w)}count;\n" + control.always(reset=reset, update=["\n".join(lines)]) + tail,
        regs=(y,) if square else (),
        control=control,
        reset_effect=effect,
        reset_terse="count=0",
        wordings=(
            f"A clock divider. {what}.{text}",
            f"Divide the clock: produce a {kind} on {y}. {what}.{text}",
            f"Generate a periodic {kind}, counting active clock edges. {what}.{text}",
        ),
        terse=f"{y} = {kind} every {n}{short}",
        drive=lambda script: _drive_divider(script, p),
    )


def _drive_divider(script: Script, p: Params) -> None:
    on, n = active(p), p["period"]
    script.warm_up(3, **on)
    script.run(2 * n + 3, **on)
    for run in (n - 1, n + 1):
        script.reset_checks(run=run, **on)
    script.run(n, **on)
    script.random_cycles(6 * n, weights=dict.fromkeys(enable_port(p), 0.8), reset=0.02)


DIVIDER = Family(
    name="clock_divider",
    category="timing",
    levels={
        1: Level(
            circuit={"shape": ("tick",), "period": range(2, 13), "reset": RESETS, "enable": ("none", "high")},
            names={**CONTROL_NAMES, "en": ENABLES, "out": ("y", "tick", "out")},
        ),
        2: Level(
            circuit={
                "shape": ("square",),
                "period": range(2, 11),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "out": ("y", "slow", "out")},
        ),
    },
    make=_divider,
    defaults={"edge": "posedge"},
)


def _stretcher(p: Params) -> Design:
    control, x, y, n = Control.of(p), p["in"], p["out"], p["length"]
    w, again = n.bit_length(), p["again"] == "yes"
    first = x if again else f"{x} && left == 0"
    step = f"if ({first}) left <= {sized(w, n)};\nelse if (left != 0) left <= left - 1;"
    rule = (
        f"A 1 on {x} sampled while {y} is 1 starts the time over"
        if again
        else f"A 1 on {x} sampled while {y} is 1 is ignored"
    )
    return Design(
        ports=(*control.ports, source(x), sink(y)),
        body=f"  reg {span(w)}left;\n"
        + control.always(reset=["left <= 0;"], update=[step])
        + f"\n  assign {y} = (left != 0);",
        control=control,
        reset_effect=f"{y} becomes 0 and nothing is pending",
        reset_terse=f"{y}=0",
        wordings=(
            f"A pulse stretcher: after an active clock edge that samples {x} = 1, {y} is 1 for {n} clock cycles, and "
            f"then 0 again. {rule}. {x} is looked at only at active clock edges.",
            f"Make short pulses on {x} longer. Once an active clock edge samples {x} = 1, {y} goes to 1 and stays 1 "
            f"until the {n}th active clock edge after that one, at which it returns to 0. {rule}"
            + (" (so a 1 sampled at that last edge keeps it at 1)." if again else " (also at that last edge)."),
            f"{y} is 1 while a down counter is not 0. At each active clock edge: if {x} is 1"
            f"{'' if again else ' and the counter is 0'}, the counter becomes {n}; otherwise it decrements unless it "
            f"is 0.",
        ),
        terse=f"{y} = 1 for {n} cycles after {x}" + (", again restarts" if again else ", again ignored"),
        drive=lambda script: _drive_stretcher(script, x, n),
    )


def _drive_stretcher(script: Script, x: str, n: int) -> None:
    script.warm_up(3, **{x: 0})
    for gap in range(n + 2):
        script.cycle(**{x: 1})
        script.run(gap, **{x: 0})
        script.cycle(**{x: 1})
        script.run(n + 2, **{x: 0})
    script.run(2 * n + 2, **{x: 1})
    script.run(n + 2, **{x: 0})
    script.reset_checks(run=2, **{x: 1})
    script.random_cycles(50, weights={x: 0.25}, reset=0.04)


STRETCHER = Family(
    name="pulse_stretcher",
    category="timing",
    levels={
        2: Level(
            circuit={"length": range(2, 10), "again": ("yes", "no"), "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "in": ("x", "in", "trig"), "out": ("y", "out")},
        ),
    },
    make=_stretcher,
)


def _debouncer(p: Params) -> Design:
    control, x, y, n, rest = Control.of(p), p["in"], p["out"], p["samples"], p["rest"]
    w = (n - 1).bit_length()
    lines = [
        f"if ({x} == {y}) count <= 0;",
        f"else if (count == {sized(w, n - 1)}) begin",
        f"  {y} <= {x};",
        "  count <= 0;",
        "end else count <= count + 1;",
    ]
    return Design(
        ports=(*control.ports, source(x), sink(y)),
        body=f"  reg {span(w)}count;\n"
        + control.always(reset=["count <= 0;", f"{y} <= {rest};"], update=["\n".join(lines)]),
        regs=(y,),
        control=control,
        reset_effect=f"{y} becomes {rest} and earlier samples are forgotten",
        reset_terse=f"{y}={rest}",
        wordings=(
            f"A debouncer: {x} is sampled at each active clock edge, and {y} takes its value only when {n} samples in "
            f"a row differ from {y}; it changes at the edge of the {n}th such sample. One sample equal to {y} starts "
            f"the count over.",
            f"Filter the noisy input {x}. {y} is a register that changes to the other value at the active clock edge "
            f"which completes {n} consecutive samples different from {y}; shorter disturbances leave it as it is.",
            f"Count the consecutive active clock edges at which {x} is not equal to {y} (any edge with equality sets "
            f"the count back to 0). At the {n}th of them, {y} becomes {x} and the count starts again from 0.",
        ),
        terse=f"{y} = {x} after {n} equal samples",
        drive=lambda script: _drive_debouncer(script, x, n, rest),
    )


def _drive_debouncer(script: Script, x: str, n: int, rest: int) -> None:
    script.warm_up(3, **{x: 0})
    for value in (1, 0, 1, 0):
        for run in range(1, n + 1):
            script.run(run, **{x: value})
            if run < n:
                script.cycle(**{x: 1 - value})
    # Reset in the middle of a count, in either state, must not leave part of it behind.
    for num_seen in range(1, n):
        for state in (rest, 1 - rest):
            script.run(n, **{x: state})
            script.run(num_seen, **{x: 1 - state})
            script.random_cycles(1, reset=1.0)
            script.run(n - 1, **{x: 1 - rest})
            script.cycle(**{x: rest})
    script.reset_checks(run=n, **{x: 1 - rest})
    for _ in range(14):
        script.run(script.rng.randrange(1, n + 2), **{x: script.rng.getrandbits(1)})
    script.random_cycles(30, reset=0.04)


DEBOUNCER = Family(
    name="debouncer",
    category="timing",
    levels={
        2: Level(
            circuit={"samples": range(2, 6), "rest": (0, 1), "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "in": ("x", "in", "btn"), "out": ("y", "out")},
        ),
    },
    make=_debouncer,
)


def _pwm(p: Params) -> Design:
    control, y, w, low = Control.of(p), p["out"], p["width"], p["active"] == "low"
    n = p["period"]
    sign, value = ("<", 1) if not low else (">=", 0)
    limit = (1 << w) - 1
    step = "count <= count + 1;" if n > limit else f"count <= (count == {sized(w, n - 1)}) ? {sized(w, 0)} : count + 1;"
    condition, text, short = enable_words(p, "the count holds")
    if condition:
        step = f"if ({condition}) {step}"
    return Design(
        ports=(*control.ports, *(source(name) for name in enable_port(p)), source("duty", w), sink(y)),
        body=f"  reg {span(w)}count;\n"
        + control.always(reset=["count <= 0;"], update=[step])
        + f"\n  assign {y} = (count {sign} duty);",
        control=control,
        reset_effect="the count becomes 0",
        reset_terse="count=0",
        wordings=(
            f"Pulse width modulation. A hidden {num_bits(w)} count starts at 0 and increments at each active clock "
            f"edge; after {n - 1} it returns to 0. {y} is {value} exactly while the count is less than duty (a "
            f"combinational comparison).{text}",
            f"A PWM generator with a period of {n} clock cycles: a count from 0 to {n - 1} is compared with duty, and "
            f"{y} is {value} while count < duty, else {1 - value}. It depends on the present value of duty.{text}",
            f"Drive {y} with {value} for the first duty cycles of each period of {n} clock cycles and with {1 - value} "
            f"for the rest. Keep a count that runs from 0 to {n - 1}, one step per active clock edge, and compare it "
            f"with duty in the same cycle.{text}",
        ),
        terse=f"pwm {y} period {n} active {p['active']}{short}",
        drive=lambda script: _drive_pwm(script, p),
    )


def _drive_pwm(script: Script, p: Params) -> None:
    on, n = active(p), p["period"]
    script.warm_up(3, **on)
    for duty in (0, n - 1, n // 2, (1 << p["width"]) - 1):
        script.run(n + 1, **on, duty=duty)
    script.run(n, **on)
    script.reset_checks(run=3, **on, duty=2)
    script.reset_checks(run=4, **on)
    script.random_cycles(80, weights=dict.fromkeys(enable_port(p), 0.8), reset=0.03)


PWM = Family(
    name="pwm",
    category="timing",
    levels={
        2: Level(
            circuit={
                "width": (2, 3, 4),
                "period": range(3, 17),
                "active": ("high", "low"),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "out": ("y", "out", "pwm")},
        ),
    },
    make=_pwm,
    valid=lambda p: 1 << p["width"] - 1 < p["period"] <= 1 << p["width"],
)
