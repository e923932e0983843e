"""Things that wait: FIFOs, and valid/ready pipeline stages."""

from __future__ import annotations

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.notation import num_bits, sink, sized, source, span
from verireason.data.families.script import Script
from verireason.data.streams import Params

PORTS = (("push", "pop"), ("wr", "rd"), ("wr_en", "rd_en"))


def _fifo(p: Params) -> Design:
    return _mailbox(p) if p["depth"] == 1 else _queue(p)


def _mailbox(p: Params) -> Design:
    """One place: the smallest FIFO."""
    control, (push, pop), w = Control.of(p), p["ports"], p["width"]
    update = f"if ({push} && !full) begin\n  dout <= din;\n  full <= 1;\nend else if ({pop}) full <= 0;"
    return Design(
        ports=(*control.ports, source(push), source(pop), source("din", w), sink("dout", w), sink("full")),
        body=control.always(reset=["dout <= 0;", "full <= 0;"], update=[update]),
        regs=("dout", "full"),
        control=control,
        reset_effect="dout and full become 0",
        reset_terse="all=0",
        wordings=(
            f"A one-place buffer for {num_bits(w)} words. At the active clock edge: if {push} is 1 and full is 0, dout "
            f"takes din and full becomes 1; otherwise, if {pop} is 1, full becomes 0. dout keeps its value when the "
            f"place is emptied. {push} while full is ignored.",
            f"Store one word: {push} copies din to dout and sets full, but only while full is 0. When nothing is "
            f"stored at an active clock edge, {pop} = 1 clears full. dout changes only when a word is stored.",
            f"full tells whether dout holds a word that was not taken yet. On an active clock edge a word is accepted "
            f"(dout <= din, full <= 1) if {push} = 1 and full = 0. Failing that, {pop} = 1 sets full to 0 and leaves "
            f"dout.",
        ),
        terse=f"if {push} and not full dout=din full=1, else if {pop} full=0",
        drive=lambda script: _drive_fifo(script, push, pop, 1),
    )


EXTRAS = {
    "none": ((), "", "", ""),
    "count": (
        (("count", True),),
        "  assign count = num;",
        " count is the number of stored words.",
        ", count",
    ),
    "almost": (
        (("almost_full", False),),
        "  assign almost_full = (num >= {limit});",
        " almost_full is 1 when at least {most} words are stored.",
        ", almost_full at {most}",
    ),
}
"""Kind to further outputs (and whether they are as wide as the count), their Verilog, words and terse words."""


def _queue(p: Params) -> Design:
    control, (push, pop), w, depth = Control.of(p), p["ports"], p["width"], p["depth"]
    wide = depth.bit_length()
    outputs, code, more, short = EXTRAS[p["extra"]]
    more, short = (text.format(most=depth - 1) for text in (more, short))
    flow = f", {push} when full ok with {pop}" if p["when_full"] == "accept" else ""
    flags = (sink("full"), sink("empty"), *(sink(name, wide if is_wide else 1) for name, is_wide in outputs))
    return Design(
        ports=(*control.ports, source(push), source(pop), source("din", w), sink("dout", w), *flags),
        body="\n".join([*_queue_lines(p, control), *([code.format(limit=sized(wide, depth - 1))] if code else [])]),
        control=control,
        reset_effect="the FIFO becomes empty",
        reset_terse="empty",
        wordings=_queue_wordings(p, more),
        terse=f"fifo depth {depth}, dout oldest or 0{flow}{short}",
        drive=lambda script: _drive_fifo(script, push, pop, depth),
    )


def _queue_lines(p: Params, control: Control) -> list[str]:
    (push, pop), w, depth = p["ports"], p["width"], p["depth"]
    wide = depth.bit_length()
    room = f"(!full || {pop})" if p["when_full"] == "accept" else "!full"
    return [
        f"  reg {span(w)}mem [0:{depth - 1}];",
        f"  reg {span((depth - 1).bit_length())}head, tail;",
        f"  reg {span(wide)}num;",
        f"  wire do_push = {push} && {room};",
        f"  wire do_pop = {pop} && !empty;",
        control.always(
            reset=["head <= 0;", "tail <= 0;", "num <= 0;"],
            update=[
                "if (do_push) begin\n  mem[tail] <= din;\n  tail <= tail + 1;\nend",
                "if (do_pop) head <= head + 1;",
                "num <= num + do_push - do_pop;",
            ],
        ),
        f"  assign full = (num == {sized(wide, depth)});",
        "  assign empty = (num == 0);",
        f"  assign dout = empty ? {sized(w, 0)} : mem[head];",
    ]


def _queue_wordings(p: Params, more: str) -> tuple[str, str, str]:
    (push, pop), depth = p["ports"], p["depth"]
    both = (
        f"When it is full, {push} is accepted only together with {pop} (one word leaves, one enters)"
        if p["when_full"] == "accept"
        else f"{push} while full is ignored, even together with {pop}"
    )
    return (
        f"A FIFO for {depth} words of {num_bits(p['width'])} width. At the active clock edge {push} = 1 appends din "
        f"and {pop} = 1 removes the oldest word. dout shows the oldest word without delay, and 0 while the FIFO is "
        f"empty. full and empty tell its state. {both}; {pop} while empty is ignored.{more}",
        f"Implement a first-in first-out queue, {depth} deep, with first-word fall-through: dout is always the oldest "
        f"stored word, or 0 if there is none. Words enter from din on {push} and leave on {pop}, at the active clock "
        f"edge. empty means no words, full means {depth}. {both}. A {pop} of an empty queue does nothing.{more}",
        f"Keep up to {depth} words in order of arrival. {push}: store din. {pop}: drop the oldest. Both act at the "
        f"active clock edge and may come together. {both}; {pop} has no effect while empty is 1, also when {push} "
        "comes with it. dout, full and empty depend on the stored words alone: dout is the oldest word (0 if none), "
        f"full is 1 with {depth} words, empty is 1 with none.{more}",
    )


def _drive_fifo(script: Script, push: str, pop: str, depth: int) -> None:
    script.warm_up(3)
    for turn in range(2):
        script.run(depth + 2, **{push: 1, pop: 0})
        script.run(2, **{push: 1, pop: 1})
        script.run(depth + 2, **{push: 0, pop: 1})
        script.run(3, **{push: 1, pop: 1})
        script.run(1 + turn, **{push: 1, pop: 0})
        script.run(depth + 2, **{push: 1, pop: 1})
        script.run(2, **{push: 0, pop: 0})
    script.reset_checks(run=depth, **{push: 1, pop: 0})
    script.random_cycles(40, weights={push: 0.75, pop: 0.35}, reset=0.02)
    script.random_cycles(40, weights={push: 0.35, pop: 0.75}, reset=0.02)
    script.random_cycles(30, weights={push: 0.7, pop: 0.7}, reset=0.02)


FIFO = Family(
    name="fifo",
    category="queues",
    levels={
        1: Level(
            circuit={"depth": (1,), "width": range(1, 9), "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "ports": (("push", "pop"), ("wr", "rd"), ("put", "get"))},
        ),
        2: Level(
            circuit={
                "depth": (2, 4),
                "width": range(1, 9),
                "when_full": ("refuse", "accept"),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "ports": PORTS},
        ),
        3: Level(
            circuit={
                "depth": (2, 4, 8),
                "width": range(1, 9),
                "when_full": ("refuse", "accept"),
                "extra": ("count", "almost"),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "ports": PORTS},
        ),
    },
    make=_fifo,
    defaults={"extra": "none", "when_full": "refuse"},
)


def _handshake(p: Params) -> Design:
    return {"stage": _stage, "register": _ready_register, "skid": _skid}[p["form"]](p)


NAMES = (("in_valid", "in_data", "out_valid", "out_data"), ("valid_in", "data_in", "valid_out", "data_out"))
READY = {"in_valid": ("in_ready", "out_ready"), "valid_in": ("ready_out", "ready_in")}
"""Ready towards the source and from the sink, by the name of the source's valid."""


def _stage(p: Params) -> Design:
    control, (valid, data, out_valid, out), w = Control.of(p), p["ports"], p["width"]
    on = p["stall"] == "low"
    hold = "stall" if on else "go"
    update = [f"{out_valid} <= {valid};", f"if ({valid}) {out} <= {data};"]
    if p["stall"] != "none":
        update = ["\n".join([f"if ({'!stall' if on else 'go'}) begin", *(f"  {line}" for line in update), "end"])]
    text = "" if p["stall"] == "none" else f" While {hold} is {int(on)}, both registers hold."
    ports = (source(hold),) if p["stall"] != "none" else ()
    return Design(
        ports=(*control.ports, *ports, source(valid), source(data, w), sink(out_valid), sink(out, w)),
        body=control.always(reset=[f"{out_valid} <= 0;", f"{out} <= 0;"], update=update),
        regs=(out_valid, out),
        control=control,
        reset_effect=f"{out_valid} and {out} become 0",
        reset_terse="all=0",
        wordings=(
            f"A pipeline stage for data with a valid flag. At the active clock edge {out_valid} takes {valid}, and "
            f"{out} takes {data} if {valid} is 1 (else it keeps its value).{text}",
            f"Register {valid} and {data}: {out_valid} is {valid} one clock cycle later; {out} is loaded from {data} "
            f"only at active clock edges where {valid} is 1.{text}",
            f"Delay a stream by one clock cycle. {out_valid} follows {valid} at each active clock edge; {out} is the "
            f"latest {data} that came with {valid} = 1.{text}",
        ),
        terse=f"{out_valid}={valid}, {out}={data} if {valid}"
        + {"none": "", "low": ", hold if stall", "high": ", only if go"}[p["stall"]],
        drive=lambda script: _drive_stage(script, p, valid),
    )


def _drive_stage(script: Script, p: Params, valid: str) -> None:
    on = {"none": {}, "low": {"stall": 0}, "high": {"go": 1}}[p["stall"]]
    script.warm_up(3)
    script.run(3, **{valid: 1}, **on)
    script.run(2, **{valid: 0}, **on)
    script.reset_checks(run=2, **{valid: 1}, **on)
    script.random_cycles(110, weights={name: 0.6 if value else 0.4 for name, value in on.items()})


def _ready_register(p: Params) -> Design:
    control, (valid, data, out_valid, out), w = Control.of(p), p["ports"], p["width"]
    ready, out_ready = READY[valid]
    free = f"!{out_valid} || {out_ready}" if p["flow"] == "full" else f"!{out_valid}"
    if p["flow"] == "full":
        update = f"if ({ready}) begin\n  {out_valid} <= {valid};\n  if ({valid}) {out} <= {data};\nend"
        rule = f"{ready} is 1 when {out_valid} is 0 or {out_ready} is 1"
    else:
        update = (
            f"if ({valid} && {ready}) begin\n  {out_valid} <= 1;\n  {out} <= {data};\n"
            f"end else if ({out_ready}) {out_valid} <= 0;"
        )
        rule = f"{ready} is 1 exactly when {out_valid} is 0"
    return Design(
        ports=(
            *control.ports,
            source(valid),
            sink(ready),
            source(data, w),
            sink(out_valid),
            source(out_ready),
            sink(out, w),
        ),
        body=f"  assign {ready} = {free};\n"
        + control.always(reset=[f"{out_valid} <= 0;", f"{out} <= 0;"], update=[update]),
        regs=(out_valid, out),
        control=control,
        reset_effect=f"{out_valid} and {out} become 0",
        reset_terse="all=0",
        wordings=(
            f"A valid/ready pipeline register with room for one word. A word moves in at an active clock edge with "
            f"{valid} and {ready} both 1, and moves out at one with {out_valid} and {out_ready} both 1. {rule} "
            f"(combinational). {out_valid} is 1 while a word is stored; {out} is the last word that moved in.",
            f"Put a register between two handshake interfaces. Input side: {valid}, {ready}, {data}. Output side: "
            f"{out_valid}, {out_ready}, {out}. {rule}. When {valid} and {ready} are 1 at the active clock edge, {data} "
            f"is stored in {out} and {out_valid} becomes 1. When a stored word is taken ({out_ready} = 1) and no new "
            f"one comes in, {out_valid} becomes 0. Otherwise nothing changes; {out} keeps its value when the word is "
            f"taken.",
            f"One-word elastic buffer. {rule}, without delay. At the active clock edge a word is accepted if {valid} = "
            f"{ready} = 1: {out} <= {data}, {out_valid} <= 1. If none is accepted and {out_ready} is 1, {out_valid} <= "
            f"0. {out} changes only when a word is accepted.",
        ),
        terse=f"valid ready register, {ready} = not {out_valid}" + (f" or {out_ready}" if p["flow"] == "full" else ""),
        drive=lambda script: _drive_handshake(script, valid, out_ready),
    )


def _skid(p: Params) -> Design:
    control, (valid, data, out_valid, out), w = Control.of(p), p["ports"], p["width"]
    ready, out_ready = READY[valid]
    update = [
        f"if ({out_ready} || !{out_valid}) begin\n"
        f"  {out_valid} <= held || {valid};\n"
        f"  if (held || {valid}) {out} <= held ? spare : {data};\n"
        "  held <= 0;\n"
        f"end else if ({valid} && !held) begin\n"
        f"  spare <= {data};\n"
        "  held <= 1;\n"
        "end"
    ]
    return Design(
        ports=(
            *control.ports,
            source(valid),
            sink(ready),
            source(data, w),
            sink(out_valid),
            source(out_ready),
            sink(out, w),
        ),
        body=f"  reg {span(w)}spare;\n  reg held;\n  assign {ready} = !held;\n"
        + control.always(reset=[f"{out_valid} <= 0;", f"{out} <= 0;", "held <= 0;"], update=update),
        regs=(out_valid, out),
        control=control,
        reset_effect=f"both places become empty, and {out_valid} and {out} become 0",
        reset_terse="all=0",
        wordings=_skid_wordings(p["ports"]),
        terse=f"skid buffer, {ready} = spare empty",
        drive=lambda script: _drive_handshake(script, valid, out_ready),
    )


def _skid_wordings(ports: tuple[str, str, str, str]) -> tuple[str, str, str]:
    valid, data, out_valid, out = ports
    ready, out_ready = READY[valid]
    return (
        f"A skid buffer: a valid/ready pipeline stage with an output register ({out_valid}, {out}) and one spare "
        f"place, so that {ready} comes from a register. {ready} is 1 exactly when the spare place is empty. At an "
        f"active clock edge where the output register is free ({out_valid} = 0 or {out_ready} = 1) it takes the "
        f"spare word if there is one, else {data} if {valid} is 1, else {out_valid} becomes 0; a word accepted "
        f"({valid} = {ready} = 1) while the output register is not free goes to the spare place. {out} changes "
        f"only when a word enters it.",
        f"Buffer a handshake stream with two places in order: the output register and behind it a spare one. A "
        f"word is accepted at active clock edges with {valid} and {ready} at 1 and leaves at those with "
        f"{out_valid} and {out_ready} at 1. {ready} = 1 means that the spare place is empty; it doesn't depend on "
        f"{out_ready} within a cycle. Words go straight to the output register when it is empty or being emptied "
        f"and no word waits in the spare place. {out} holds the last word that entered the output register.",
        f"Implement a two-entry elastic stage with registered {ready}. Output register first: whenever it is empty "
        f"or {out_ready} is 1 at an active clock edge, load it from the spare place if that is occupied (which "
        f"empties it), otherwise from {data} if {valid} is 1; with neither, {out_valid} becomes 0 and {out} stays. "
        f"If the output register cannot move, a valid input goes to the spare place when that is empty. {ready} is "
        f"the inverse of 'spare place occupied'.",
    )


def _drive_handshake(script: Script, valid: str, out_ready: str) -> None:
    script.warm_up(3)
    for _ in range(2):
        script.run(4, **{valid: 1, out_ready: 1})
        script.run(4, **{valid: 1, out_ready: 0})
        script.run(3, **{valid: 0, out_ready: 1})
        script.run(3, **{valid: 1, out_ready: 0})
        script.run(4, **{valid: 1, out_ready: 1})
        script.run(2, **{valid: 0, out_ready: 0})
    script.reset_checks(run=3, **{valid: 1, out_ready: 0})
    for odds in (0.3, 0.5, 0.75):
        script.random_cycles(35, weights={valid: 0.6, out_ready: odds}, reset=0.03)


HANDSHAKE = Family(
    name="handshake",
    category="queues",
    levels={
        1: Level(
            circuit={"form": ("stage",), "stall": ("none", "low", "high"), "width": range(1, 9), "reset": RESETS},
            names={**CONTROL_NAMES, "ports": NAMES},
        ),
        2: Level(
            circuit={
                "form": ("register",),
                "flow": ("full", "half"),
                "width": range(1, 13),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "ports": NAMES},
        ),
        3: Level(
            circuit={"form": ("skid",), "width": range(1, 17), "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "ports": NAMES},
        ),
    },
    make=_handshake,
    defaults={"edge": "posedge"},
)
