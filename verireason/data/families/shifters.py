"""Shift registers, linear feedback shift registers, and parallel-to-serial conversion."""

from __future__ import annotations

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.notation import ENABLES, STATES, bits, listing, num_bits, sink, source, span, start
from verireason.data.families.registers import ALL_RESETS, active, enable_port, enable_words, guarded
from verireason.data.families.script import Script
from verireason.data.streams import Params

SERIALS = ("si", "x", "sin")


def _moved(q: str, width: int, way: str, entering: str) -> str:
    """The shifted word: "left" is towards the most significant bit."""
    if way == "left":
        return f"{{{q}[{width - 2}:0], {entering}}}" if width > 2 else f"{{{q}[0], {entering}}}"
    return f"{{{entering}, {q}[{width - 1}:1]}}" if width > 2 else f"{{{entering}, {q}[1]}}"


def _shift_register(p: Params) -> Design:
    return {1: _serial_in, 2: _loadable, 3: _universal}[p["level"]](p)


def _serial_in(p: Params) -> Design:
    control, x, q, w, way = Control.of(p), p["in"], p["q"], p["width"], p["way"]
    first = (1 << w) - 1 if p["ones"] else 0
    end, other = ("least", "most") if way == "left" else ("most", "least")
    value = bits(w, first) if first else "0"
    return Design(
        ports=(*control.ports, source(x), sink(q, w)),
        body=control.always(reset=[f"{q} <= {value};"], update=[f"{q} <= {_moved(q, w, way, x)};"]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {value}",
        reset_terse=f"{q}={value}",
        wordings=(
            f"A {num_bits(w)} shift register {q}. At each active clock edge it shifts by one position towards the "
            f"{other} significant bit, and {x} enters at the {end} significant bit.",
            f"At the clock edge all bits of {q} move one place to the {way} (the {other} significant bit is lost) and "
            f"{x} fills the {end} significant bit.",
            f"Serial-in, parallel-out: the output {q} holds the last {w} samples of {x}, one sampled at each active "
            f"clock edge. The newest is {q}[{0 if way == 'left' else w - 1}], the oldest is "
            f"{q}[{w - 1 if way == 'left' else 0}].",
        ),
        terse=f"shift {q} {way}, {x} in",
        drive=lambda script: _drive_serial(script, p),
    )


def _drive_serial(script: Script, p: Params) -> None:
    script.warm_up(p["width"] + 2, **active(p))
    script.run(p["width"] + 4, **active(p))
    script.reset_checks(run=3, **active(p))
    script.random_cycles(100, weights=dict.fromkeys(enable_port(p), 0.75), reset=0.03)


LOAD_KINDS = {
    "left": ("zeros enter at the least significant bit", "left"),
    "right": ("zeros enter at the most significant bit", "right"),
    "arithmetic": ("the most significant bit is copied and keeps its place", "right"),
    "rotate left": ("the bit that leaves at the top enters at the bottom", "left"),
    "rotate right": ("the bit that leaves at the bottom enters at the top", "right"),
}


def _loadable(p: Params) -> Design:
    control, q, w, kind = Control.of(p), p["q"], p["width"], p["kind"]
    text, way = LOAD_KINDS[kind]
    entering = {"arithmetic": f"{q}[{w - 1}]", "rotate left": f"{q}[{w - 1}]", "rotate right": f"{q}[0]"}.get(
        kind, "1'b0"
    )
    condition, _, short = enable_words(p, "")
    move = f"{q} <= {_moved(q, w, way, entering)};"
    level = int(p["enable"] == "high")
    when = "" if p["enable"] == "none" else f" if {p['en']} is {level}"
    rest = "" if p["enable"] == "none" else f" With load at 0 and {p['en']} at {1 - level} it holds."
    return Design(
        ports=(*control.ports, *(source(n) for n in enable_port(p)), source("load"), source("d", w), sink(q, w)),
        body=control.always(reset=[f"{q} <= 0;"], update=[f"if (load) {q} <= d;\nelse {guarded(condition, move)}"]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes 0",
        reset_terse=f"{q}=0",
        wordings=(
            f"A {num_bits(w)} shift register with parallel load. At the active clock edge load = 1 copies d to {q}; "
            f"otherwise {q} shifts one position to the {way}{when}, where {text}.{rest}",
            f"{q} is loaded from d when load is 1 (highest priority), and else moves one position to the {way}{when}; "
            f"{text}. Both happen at the active clock edge.{rest}",
            f"Implement a register {q} that can be loaded (load, d) and shifted by one to the {way}. In a shift "
            f"{text}. At each active clock edge it loads if load is 1, otherwise it shifts{when}.{rest}",
        ),
        terse=f"if load {q}=d else shift {q} {kind}{short}",
        drive=lambda script: _drive_load(script, p),
    )


def _drive_load(script: Script, p: Params) -> None:
    on, w = active(p), p["width"]
    script.warm_up(3, load=0)
    for value in (1, 1 << w - 1, (1 << w) - 2, (1 << w - 1) - 1):
        script.cycle(load=1, d=value)
        script.run(w + 1, load=0, **on)
    for _ in range(2):
        script.cycle(load=1)
        script.reset_checks(run=2, **on)
    script.random_cycles(80, weights={"load": 0.25, **dict.fromkeys(enable_port(p), 0.75)}, reset=0.03)


def _universal(p: Params) -> Design:
    control, q, w, mode = Control.of(p), p["q"], p["width"], p["mode"]
    acts = {
        "hold": (q, f"{q} holds"),
        "left": (_moved(q, w, "left", "si"), "shift left (towards the most significant bit), si enters at the bottom"),
        "right": (_moved(q, w, "right", "si"), "shift right, si enters at the top"),
        "load": ("d", f"load {q} from d"),
    }
    order = p["order"]
    lines = [f"case ({mode})", *(f"  2'd{i}: {q} <= {acts[act][0]};" for i, act in enumerate(order[:-1]))]
    lines += [f"  default: {q} <= {acts[order[-1]][0]};", "endcase"]
    table = [f"{mode} = {i}: {acts[act][1]}" for i, act in enumerate(order)]
    return Design(
        ports=(*control.ports, source(mode, 2), source("si"), source("d", w), sink(q, w)),
        body=control.always(reset=[f"{q} <= 0;"], update=["\n".join(lines)]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes 0",
        reset_terse=f"{q}=0",
        wordings=(
            f"A universal {num_bits(w)} shift register. At the active clock edge {mode} decides what {q} does: "
            f"{'; '.join(table)}.",
            f"{q} is a register with four operations, carried out at the active clock edge and chosen by {mode}. "
            f"{'; '.join(table)}. Shifts are by one position.",
            "Implement hold, left shift, right shift and parallel load in one register. Operation codes: "
            f"{', '.join(table)}.",
        ),
        terse=f"{mode} 0..3: {' '.join(order)} of {q}",
        drive=lambda script: _drive_modes(script, p),
    )


def _drive_modes(script: Script, p: Params) -> None:
    mode, order = p["mode"], p["order"]
    script.warm_up(3)
    for act in ("left", "right"):
        script.cycle(**{mode: order.index("load")})
        script.run(p["width"] + 1, **{mode: order.index(act)})
        script.run(2, **{mode: order.index("hold")})
    script.reset_checks(run=3)
    script.random_cycles(110, reset=0.03)


ACT_ORDERS = (
    ("hold", "left", "right", "load"),
    ("hold", "right", "left", "load"),
    ("load", "hold", "left", "right"),
    ("left", "right", "load", "hold"),
    ("right", "load", "hold", "left"),
)

SHIFT_REGISTER = Family(
    name="shift_register",
    category="shift registers",
    levels={
        1: Level(
            circuit={
                "level": (1,),
                "width": range(2, 9),
                "way": ("left", "right"),
                "ones": (False, True),
                "reset": ALL_RESETS,
            },
            names={**CONTROL_NAMES, "in": SERIALS, "q": STATES},
        ),
        2: Level(
            circuit={
                "level": (2,),
                "width": range(3, 9),
                "kind": tuple(LOAD_KINDS),
                "reset": RESETS,
                "enable": ("none", "high", "low"),
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": STATES},
        ),
        3: Level(
            circuit={"level": (3,), "width": range(3, 9), "order": ACT_ORDERS, "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "mode": ("mode", "op"), "q": STATES},
        ),
    },
    make=_shift_register,
    defaults={"edge": "posedge", "enable": "none"},
    valid=lambda p: p["level"] != 1 or p["reset"] != "none" or not p["ones"],
)


def _lfsr(p: Params) -> Design:
    control, q, w = Control.of(p), p["q"], p["width"]
    taps = sorted({w - 1, *(place for place in range(w - 1) if p["taps"] >> place & 1)}, reverse=True)
    condition, text, short = enable_words(p, f"{q} keeps its value")
    first = 1 if p["first"] == "one" else (1 << w) - 1
    if p["kind"] == "galois":
        code, rule, terse = _galois(q, w, taps)
    else:
        code, rule, terse = _fibonacci(q, w, taps)
    step, load = guarded(condition, f"{q} <= {code};"), p["load"] == "yes"
    if load:
        step = f"if (load) {q} <= d;\nelse {step}"
        rule += f" When load is 1 at an active clock edge, {q} takes the value of d instead."
        terse = f"if load {q}=d else {terse}"
    ports = (*control.ports, *(source(name) for name in enable_port(p)))
    return Design(
        ports=(*ports, *((source("load"), source("d", w)) if load else ()), sink(q, w)),
        body=control.always(reset=[f"{q} <= {start(w, first)};"], update=[step]),
        regs=(q,),
        control=control,
        reset_effect=f"{q} becomes {first}",
        reset_terse=f"{q}={first}",
        wordings=(
            f"A {num_bits(w)} linear feedback shift register {q}. At each active clock edge {rule}{text}",
            f"Implement an LFSR with the {num_bits(w)} state {q} as its output. In one step, taken at each active "
            f"clock edge, {rule}{text}",
            f"{q} is a pseudo-random sequence from a {p['kind'].capitalize()} LFSR: at every active clock edge "
            f"{rule}{text}",
        ),
        terse=terse + short,
        drive=lambda script: _drive_lfsr(script, p),
    )


def _lfsr_valid(p: Params) -> bool:
    """The taps fit, and the first state is not one that stays: all ones with an odd number of taps."""
    is_stuck = p["kind"] == "fibonacci" and p["first"] == "ones" and p["taps"].bit_count() % 2 == 0
    return bool(p["taps"] < 1 << p["width"] - 1) and not is_stuck


def _fibonacci(q: str, width: int, taps: list[int]) -> tuple[str, str, str]:
    names = [f"{q}[{place}]" for place in taps]
    rule = (
        f"{q} shifts left by one (towards the most significant bit) and the new bit 0 is the XOR of "
        f"{listing(names)}, all values before the shift."
    )
    return _moved(q, width, "left", " ^ ".join(names)), rule, f"lfsr {q} taps {' '.join(map(str, taps))}"


def _galois(q: str, width: int, taps: list[int]) -> tuple[str, str, str]:
    """Right shift; when a 1 leaves, it is XORed into the positions of the taps."""
    parts = []
    for place in range(width - 1, -1, -1):
        moved = f"{q}[{place + 1}]" if place < width - 1 else None
        parts.append(f"{q}[0]" if moved is None else f"{moved} ^ {q}[0]" if place in taps else moved)
    inner = [place for place in taps if place < width - 1]
    also = f", and is also XORed into the bits that arrive at {listing([f'{q}[{i}]' for i in inner])}" if inner else ""
    rule = f"{q} shifts right by one; the bit {q}[0] that leaves enters at {q}[{width - 1}]{also}."
    return f"{{{', '.join(parts)}}}", rule, f"galois lfsr {q} taps {' '.join(map(str, taps))}"


def _drive_lfsr(script: Script, p: Params) -> None:
    on = active(p) | ({"load": 0} if p["load"] == "yes" else {})
    script.warm_up(3, **on)
    script.run(min(40, (1 << p["width"]) + 2), **on)
    script.reset_checks(run=4, **on)
    if p["load"] == "yes":
        for value in (0, 1, (1 << p["width"]) - 1):
            script.cycle(load=1, d=value)
            script.run(5, **on)
    weights = dict.fromkeys(enable_port(p), 0.75)
    script.random_cycles(70, weights=weights | ({"load": 0.15} if p["load"] == "yes" else {}), reset=0.03)


LFSR = Family(
    name="lfsr",
    category="shift registers",
    levels={
        1: Level(
            circuit={"width": range(3, 7), "taps": (1, 2, 4, 8, 16), "first": ("one", "ones"), "reset": RESETS},
            names={**CONTROL_NAMES, "q": ("q", "lfsr", "out")},
        ),
        2: Level(
            circuit={
                "width": range(4, 9),
                "taps": range(3, 64),
                "first": ("one", "ones"),
                "kind": ("fibonacci", "galois"),
                "reset": RESETS,
                "edge": EDGES,
                "enable": ("high", "low"),
            },
            names={**CONTROL_NAMES, "en": ENABLES, "q": ("q", "lfsr", "out")},
        ),
        3: Level(
            circuit={
                "width": range(4, 9),
                "taps": range(3, 64),
                "first": ("one", "ones"),
                "kind": ("fibonacci", "galois"),
                "reset": RESETS,
                "edge": EDGES,
                "load": ("yes",),
            },
            names={**CONTROL_NAMES, "q": ("q", "lfsr", "out")},
        ),
    },
    make=_lfsr,
    defaults={"kind": "fibonacci", "edge": "posedge", "enable": "none", "load": "no"},
    valid=_lfsr_valid,
)


def _serializer(p: Params) -> Design:
    control, w, y, first = Control.of(p), p["width"], p["out"], p["first"]
    way, place, fill = ("left", w - 1, "bottom") if first == "msb" else ("right", 0, "top")
    idle = p["idle"]
    body = (
        f"  reg {span(w)}data;\n"
        + control.always(
            reset=[f"data <= {bits(w, 0 if idle == 0 else (1 << w) - 1)};"],
            update=[f"if (load) data <= d;\nelse data <= {_moved('data', w, way, bits(1, idle))};"],
        )
        + f"\n  assign {y} = data[{place}];"
    )
    most = {"msb": "most", "lsb": "least"}[first]
    return Design(
        ports=(*control.ports, source("load"), source("d", w), sink(y)),
        body=body,
        control=control,
        reset_effect=f"the stored word becomes all {'zeros' if idle == 0 else 'ones'}, so {y} is {idle}",
        reset_terse=f"{y}={idle}",
        wordings=(
            f"A parallel-to-serial converter. At the active clock edge load = 1 stores the word d; otherwise the "
            f"stored word shifts by one. {y} is the next bit to send, {most} significant bit first: right after a load "
            f"it is d[{place}]. When all {w} bits are out, {y} is {idle}.",
            f"Send d bit by bit on {y}, {most} significant bit first, one bit per clock cycle. A word is taken at an "
            f"active clock edge with load = 1 (even while another one is being sent) and its first bit shows at once. "
            f"After its last bit {y} stays {idle}.",
            f"Store d in a {num_bits(w)} shift register when load is 1 at the active clock edge. At every other active "
            f"clock edge shift it towards the {most} significant bit, filling with {idle} at the {fill}. {y} is its "
            f"{most} significant bit.",
        ),
        terse=f"send d on {y} {first} first after load, then {idle}",
        drive=lambda script: _drive_serializer(script, w),
    )


def _drive_serializer(script: Script, width: int) -> None:
    script.warm_up(3, load=0)
    for _ in range(4):
        script.cycle(load=1)
        script.run(width + 2, load=0)
    for _ in range(2):
        script.reset_checks(run=2, load=1)
        # The whole word that reset leaves comes out.
        script.random_cycles(1, reset=1.0)
        script.run(width + 1, load=0)
    for _ in range(8):
        script.cycle(load=1)
        script.random_cycles(width, weights={"load": 0.1}, reset=0.03)


SERIALIZER = Family(
    name="serializer",
    category="shift registers",
    levels={
        2: Level(
            circuit={
                "width": range(3, 11),
                "first": ("msb", "lsb"),
                "idle": (0, 1),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "out": ("y", "out", "so")},
        ),
    },
    make=_serializer,
)
