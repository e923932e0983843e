"""State machines: small ones given by a table, and detectors of bit sequences."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.notation import bits, sink, sized, source, span
from verireason.data.families.script import Script
from verireason.data.streams import Params

LETTERS = "ABCDEFGH"
SERIALS = ("x", "in", "w")
FLAGS = ("y", "z", "out")

# Machines by table --------------------------------------------------------------------------------------------------


def _moves(p: Params) -> list[tuple[int, int]]:
    """Next states for input 0 and 1, by state."""
    num, code = p["num"], p["next"]
    digits = []
    for _ in range(2 * num):
        code, digit = divmod(code, num)
        digits.append(digit)
    return list(zip(digits[0::2], digits[1::2], strict=True))


def _outputs(p: Params) -> list[tuple[int, int]]:
    """Outputs for input 0 and 1, by state; equal for Moore machines."""
    if p["kind"] == "moore":
        return [(p["outs"] >> state & 1,) * 2 for state in range(p["num"])]
    return [(p["outs"] >> 2 * state & 1, p["outs"] >> 2 * state + 1 & 1) for state in range(p["num"])]


def _fsm(p: Params) -> Design:
    control, x, y, num = Control.of(p), p["in"], p["out"], p["num"]
    w = (num - 1).bit_length()
    moves, outputs, moore = _moves(p), _outputs(p), p["kind"] == "moore"
    lines = ["case (state)"]
    for state, (zero, one) in enumerate(moves):
        # With all codes in use, default would only say what happens before the first reset.
        label = sized(w, state) if state < num - 1 or num == 1 << w else "default"
        lines.append(f"  {label}: state <= {_next(x, one, zero, w)};")
    step = "\n".join([*lines, "endcase"])
    body = f"  reg {span(w)}state;\n{control.always(reset=['state <= 0;'], update=[step])}\n"
    if moore:
        ones = [state for state in range(num) if outputs[state][0]]
        body += f"  assign {y} = {' | '.join(f'(state == {sized(w, state)})' for state in ones)};"
    else:
        terms = [
            f"((state == {sized(w, state)}) & {x if value else f'~{x}'})"
            for state in range(num)
            for value in (0, 1)
            if outputs[state][value]
        ]
        body += f"  assign {y} = {' | '.join(terms)};"
    table = _table_text(moves, outputs, x=x, y=y, moore=moore)
    sentences = _sentences(moves, outputs, x=x, y=y, moore=moore)
    when = "depends on the present state only" if moore else f"depends on the present state and on {x}, without delay"
    return Design(
        ports=(*control.ports, source(x), sink(y)),
        body=body,
        control=control,
        reset_effect="the state becomes A",
        reset_terse="state A",
        wordings=(
            f"A {p['kind'].capitalize()} state machine with the states {', '.join(LETTERS[:num])}. The state changes "
            f"at the active clock edge by this table; {y} {when}.\n{table}",
            f"Implement this state machine ({y} {when}; a transition happens at each active clock edge).\n{sentences}",
            f"The machine below has {num} states, one input {x} and one output {y}, which {when}. It takes one arrow "
            f"at every active clock edge.\n{_arrows(moves, outputs, x=x, y=y, moore=moore)}",
        ),
        terse=_terse_table(moves, outputs, y=y, moore=moore),
        drive=_drive_machine,
    )


def _next(x: str, one: int, zero: int, width: int) -> str:
    return sized(width, one) if one == zero else f"{x} ? {sized(width, one)} : {sized(width, zero)}"


def _table_text(moves: Any, outputs: Any, *, x: str, y: str, moore: bool) -> str:
    if moore:
        lines = [f"state | next if {x}=0 | next if {x}=1 | {y}"]
        return "\n".join(
            lines + [f"{LETTERS[s]} | {LETTERS[a]} | {LETTERS[b]} | {outputs[s][0]}" for s, (a, b) in enumerate(moves)]
        )
    lines = [f"state | next, {y} if {x}=0 | next, {y} if {x}=1"]
    rows = [
        f"{LETTERS[s]} | {LETTERS[a]}, {outputs[s][0]} | {LETTERS[b]}, {outputs[s][1]}"
        for s, (a, b) in enumerate(moves)
    ]
    return "\n".join(lines + rows)


def _sentences(moves: Any, outputs: Any, *, x: str, y: str, moore: bool) -> str:
    lines = []
    for s, (a, b) in enumerate(moves):
        go = f"goes to {LETTERS[a]} when {x} is 0 and to {LETTERS[b]} when {x} is 1"
        out = f"{y} is {outputs[s][0]}"
        if not moore:
            out = f"{y} is {outputs[s][0]} while {x} is 0 and {outputs[s][1]} while {x} is 1"
        lines.append(f"- In state {LETTERS[s]}, {out}; it {go}.")
    return "\n".join(lines)


def _arrows(moves: Any, outputs: Any, *, x: str, y: str, moore: bool) -> str:
    if moore:
        return "\n".join(
            f"{LETTERS[s]} ({y}={outputs[s][0]}) --{x}={v}--> {LETTERS[move[v]]}"
            for s, move in enumerate(moves)
            for v in (0, 1)
        )
    return "\n".join(
        f"{LETTERS[s]} --{x}={v}, {y}={outputs[s][v]}--> {LETTERS[move[v]]}"
        for s, move in enumerate(moves)
        for v in (0, 1)
    )


def _terse_table(moves: Any, outputs: Any, *, y: str, moore: bool) -> str:
    if moore:
        rows = [f"{LETTERS[s]} {LETTERS[a]} {LETTERS[b]} {outputs[s][0]}" for s, (a, b) in enumerate(moves)]
        return f"state next0 next1 {y}: {', '.join(rows)}"
    rows = [f"{LETTERS[s]} {LETTERS[a]}/{outputs[s][0]} {LETTERS[b]}/{outputs[s][1]}" for s, (a, b) in enumerate(moves)]
    return f"state next0/{y} next1/{y}: {', '.join(rows)}"


def _drive_machine(script: Script) -> None:
    script.warm_up(3)
    script.random_cycles(40, reset=0.0)
    for _ in range(3):
        script.reset_checks(run=3)
    script.random_cycles(60, reset=0.06)


def _behaviour(p: Params) -> list[list[int]]:
    """The minimal machine with its states numbered as they are first reached: equal behaviour, equal list."""
    moves, outputs = _moves(p), _outputs(p)
    classes = [2 * out[0] + out[1] for out in outputs]
    for _ in moves:
        marks = [(classes[s], classes[a], classes[b]) for s, (a, b) in enumerate(moves)]
        classes = [sorted(set(marks)).index(mark) for mark in marks]
    order, rows = [classes[0]], []
    for current in order:
        state = classes.index(current)
        row = list(outputs[state])
        for after in moves[state]:
            if classes[after] not in order:
                order.append(classes[after])
            row.append(order.index(classes[after]))
        rows.append(row)
    return rows


ELSEWHERE = (
    # D and T flip-flops, reset to 0 and to 1.
    [[0, 0, 0, 1], [1, 1, 0, 1]],
    [[1, 1, 1, 0], [0, 0, 1, 0]],
    [[0, 0, 0, 1], [1, 1, 1, 0]],
    [[1, 1, 0, 1], [0, 0, 1, 0]],
    # Detectors of 11, 00, 01 and 10.
    [[0, 0, 0, 1], [0, 0, 0, 2], [1, 1, 0, 2]],
    [[0, 0, 1, 0], [0, 0, 2, 0], [1, 1, 2, 0]],
    [[0, 0, 1, 0], [0, 0, 1, 2], [1, 1, 1, 0]],
    [[0, 0, 0, 1], [0, 0, 2, 1], [1, 1, 0, 1]],
)
"""Behaviours of other families' circuits: left out here, so that none is in train there and held out here."""


def _fsm_valid(p: Params) -> bool:
    """Every listed state is reached and differs from the others."""
    behaviour = _behaviour(p)
    return bool(len(behaviour) == p["num"]) and behaviour not in ELSEWHERE


FSM = Family(
    name="fsm",
    category="state machines",
    levels={
        1: Level(
            circuit={"num": (2,), "next": range(16), "outs": (1, 2), "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "in": SERIALS, "out": FLAGS},
        ),
        2: Level(
            circuit={"num": (3,), "next": range(729), "outs": range(1, 7), "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "in": SERIALS, "out": FLAGS},
        ),
        3: Level(
            circuit={
                "num": (4,),
                "next": range(4**8),
                "outs": range(1, 255),
                "kind": ("mealy",),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "in": SERIALS, "out": FLAGS},
        ),
    },
    make=_fsm,
    defaults={"kind": "moore"},
    valid=_fsm_valid,
    canonical=lambda p: [p["kind"], _behaviour(p), p["reset"], p["edge"]],
)

# Sequence detectors -------------------------------------------------------------------------------------------------


def _detector(p: Params) -> Design:
    return _by_history(p) if p["overlap"] == "yes" else _by_progress(p)


def _texts(p: Params, y: str, x: str) -> tuple[str, str, str]:
    """What a hit means: the sequence, the timing and the overlap, in full sentences."""
    pattern = p["pattern"]
    if p["kind"] == "moore":
        timing = (
            f"{y} is 1 for one clock cycle, right after the active clock edge that samples the last bit of the sequence"
        )
    else:
        timing = (
            f"{y} is combinational: it is 1 while {x} is the last bit of the sequence and the bits sampled at the "
            f"{len(pattern) - 1} latest active clock edges are the bits before it"
        )
    overlap = (
        "Overlapping occurrences all count"
        if p["overlap"] == "yes"
        else "Occurrences do not overlap: bits that belong to a hit are not used again for another one"
    )
    return f"{pattern} (leftmost bit first)", timing, overlap


def _detector_design(p: Params, *, body: str, short: str) -> Design:
    control, x, y = Control.of(p), p["in"], p["out"]
    sequence, timing, overlap = _texts(p, y, x)
    known = "Bits from before the end of reset do not count"
    return Design(
        ports=(*control.ports, source(x), sink(y)),
        body=body,
        control=control,
        reset_effect="all earlier bits are forgotten and the search starts afresh",
        reset_terse="no bits seen",
        wordings=(
            f"Detect the bit sequence {sequence} on {x}, which is sampled at each active clock edge. {timing}. "
            f"{overlap}. {known}.",
            f"A {p['kind'].capitalize()} sequence detector: {x} carries one bit per clock cycle, and the sequence to "
            f"find is {sequence}. {timing}. {overlap}. {known}.",
            f"Watch the serial input {x} for {sequence}. {overlap}. {timing}. {known}.",
        ),
        terse=short,
        drive=lambda script: _drive_detector(script, x, p["pattern"]),
    )


def _by_history(p: Params) -> Design:
    """The last bits in a shift register, which reset fills with bits that cannot start the sequence."""
    control, x, y, pattern = Control.of(p), p["in"], p["out"], p["pattern"]
    w = len(pattern) if p["kind"] == "moore" else len(pattern) - 1
    fill = bits(w, 0 if pattern[0] == "1" else (1 << w) - 1)
    shift = f"h <= {{h[{w - 2}:0], {x}}};" if w > 2 else f"h <= {{h[0], {x}}};" if w == 2 else f"h <= {x};"
    test = f"(h == {w}'b{pattern[:w]})"
    if p["kind"] == "mealy":
        test += f" & {x if pattern[-1] == '1' else f'~{x}'}"
    body = f"  reg {span(w)}h;\n{control.always(reset=[f'h <= {fill};'], update=[shift])}\n  assign {y} = {test};"
    return _detector_design(p, body=body, short=f"{p['kind']} detect {pattern} on {x} overlapping")


def _by_progress(p: Params) -> Design:
    """A state per matched prefix; state n is a full match of a Moore machine."""
    control, x, y, pattern = Control.of(p), p["in"], p["out"], p["pattern"]
    n, moore = len(pattern), p["kind"] == "moore"
    num = n + 1 if moore else n
    w = (num - 1).bit_length()
    lines = ["case (state)"]
    for state in range(n):
        good, bad = _after(pattern, state, pattern[state]), _after(pattern, state, "10"[int(pattern[state])])
        good = good if moore or good < n else 0
        one, zero = (good, bad) if pattern[state] == "1" else (bad, good)
        lines.append(f"  {sized(w, state)}: state <= {_next(x, one, zero, w)};")
    if moore:
        one, zero = _after(pattern, 0, "1"), _after(pattern, 0, "0")
        lines.append(f"  {sized(w, n) if num == 1 << w else 'default'}: state <= {_next(x, one, zero, w)};")
    elif num < 1 << w:
        lines.append("  default: state <= 0;")
    test = (
        f"(state == {sized(w, n)})"
        if moore
        else f"(state == {sized(w, n - 1)}) & {x if pattern[-1] == '1' else f'~{x}'}"
    )
    step = "\n".join([*lines, "endcase"])
    always = control.always(reset=["state <= 0;"], update=[step])
    body = f"  reg {span(w)}state;\n{always}\n  assign {y} = {test};"
    return _detector_design(p, body=body, short=f"{p['kind']} detect {pattern} on {x} not overlapping")


def _after(pattern: str, matched: int, bit: str) -> int:
    """Length of the longest prefix of the pattern that ends the text once `bit` follows `matched` good bits."""
    text = pattern[:matched] + bit
    return next(size for size in range(len(text), -1, -1) if text.endswith(pattern[:size]))


def _drive_detector(script: Script, x: str, pattern: str) -> None:
    """A wrong bit in every state, and then each end of the sequence: a wrong next state makes or loses a hit."""
    script.warm_up(3)
    starts = [pattern[:size] + "10"[int(bit)] for size, bit in enumerate(pattern)] + [pattern + "0", pattern + "1"]
    texts = [start + pattern[cut:] for start in starts for cut in range(len(pattern))]
    for text in (*texts, pattern * 3):
        script.random_cycles(1, reset=1.0)
        for bit in text:
            script.cycle(**{x: int(bit)})
    for bits_before in (pattern[:-1], pattern):
        script.random_cycles(1, reset=1.0)
        for bit in bits_before[:-1]:
            script.cycle(**{x: int(bit)})
        # The output is 1 now: an asynchronous reset ends that at once, a synchronous one does not.
        script.reset_after_edge({x: int(bits_before[-1])}, {x: int(pattern[-1])})
        script.cycle()
    # Reset after each prefix, the rest of the sequence behind it.
    for cut in range(1, len(pattern)):
        for bit in pattern[:cut]:
            script.cycle(**{x: int(bit)})
        script.reset_checks(run=0)
        for bit in pattern[cut:]:
            script.cycle(**{x: int(bit)})
    _random_with_pattern(script, x, pattern)


def _random_with_pattern(script: Script, x: str, pattern: str) -> None:
    for turn in range(6):
        script.random_cycles(4, reset=0.02)
        for bit in pattern if turn % 3 else pattern + pattern[-2:]:
            script.cycle(**{x: int(bit)})


def _patterns(*sizes: int) -> Sequence[str]:
    return tuple("".join(bits) for size in sizes for bits in product("01", repeat=size))


SEQUENCE_DETECTOR = Family(
    name="sequence_detector",
    category="state machines",
    levels={
        1: Level(
            circuit={"pattern": _patterns(2, 3, 4), "reset": RESETS},
            names={**CONTROL_NAMES, "in": SERIALS, "out": FLAGS},
        ),
        2: Level(
            circuit={"pattern": _patterns(3, 4, 5), "kind": ("mealy",), "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "in": SERIALS, "out": FLAGS},
        ),
        3: Level(
            circuit={
                "pattern": _patterns(3, 4, 5),
                "kind": ("moore", "mealy"),
                "overlap": ("no",),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "in": SERIALS, "out": FLAGS},
        ),
    },
    make=_detector,
    defaults={"kind": "moore", "overlap": "yes", "edge": "posedge"},
)
