"""Arbiters: fixed priority, combinational or registered, and round robin."""

from __future__ import annotations

from itertools import permutations

from verireason.data.families.control import CONTROL_NAMES, EDGES, RESETS, Control
from verireason.data.families.family import Design, Family, Level
from verireason.data.families.gates import cover
from verireason.data.families.notation import ENABLES, bits, sink, sized, source, span
from verireason.data.families.script import Script
from verireason.data.streams import Params

REQUESTS = (("req", "gnt"), ("req", "grant"), ("r", "g"), ("request", "grant"))


def _choice(req: str, order: tuple[int, ...], none: str) -> str:
    """The one-hot grant of the first requester in the order."""
    num = len(order)
    return " : ".join([*(f"{req}[{i}] ? {bits(num, 1 << i)}" for i in order), none])


def _fixed(p: Params) -> Design:
    return _combinational(p) if p["form"] == "combinational" else _registered(p)


def _order_words(req: str, order: tuple[int, ...]) -> str:
    return " > ".join(f"{req}[{i}]" for i in order)


def _combinational(p: Params) -> Design:
    (req, gnt), order, num = p["ports"], p["order"], len(p["order"])
    zero = bits(num, 0)
    code, text, short = _choice(req, order, zero), "", ""
    if p["enable"] != "none":
        high = p["enable"] == "high"
        code = f"{'!' if high else ''}{p['en']} ? {zero} : {code}"
        text, short = (
            f" While {p['en']} is {int(not high)}, no grant is given.",
            f" if {'' if high else 'not '}{p['en']}",
        )
    return Design(
        ports=(source(req, num), *((source(p["en"]),) if p["enable"] != "none" else ()), sink(gnt, num)),
        body=f"  assign {gnt} = {code};",
        wordings=(
            f"A combinational fixed-priority arbiter. Among the requests that are 1, the one of highest priority gets "
            f"its bit of {gnt} set; all other bits of {gnt} are 0. Priority: {_order_words(req, order)}.{text}",
            f"{gnt} is zero if {req} is zero, and one-hot otherwise: {gnt}[i] is 1 for the requester i that comes "
            f"first in the order {', '.join(map(str, order))} among those with {req}[i] = 1.{text}",
            f"Grant one of {num} requesters without a clock. Requester {order[0]} always wins; then come "
            f"{', '.join(map(str, order[1:]))} in this order. {gnt} has a 1 at the winner's position only.{text}",
        ),
        terse=f"grant {gnt} priority {' '.join(map(str, order))}{short}",
        drive=cover,
    )


def _registered(p: Params) -> Design:
    control, (req, gnt), order, num = Control.of(p), p["ports"], p["order"], len(p["order"])
    hold = p["form"] == "held"
    choice = f"{gnt} <= {_choice(req, order, bits(num, 0))};"
    step = f"if (({gnt} & {req}) == 0) {choice}" if hold else choice
    text = (
        " A granted requester keeps its grant as long as its request stays 1; only at an active clock edge where the "
        "granted request is 0, or where there is no grant, a new choice is made."
        if hold
        else " The choice is made anew at each active clock edge."
    )
    return Design(
        ports=(*control.ports, source(req, num), sink(gnt, num)),
        body=control.always(reset=[f"{gnt} <= 0;"], update=[step]),
        regs=(gnt,),
        control=control,
        reset_effect=f"{gnt} becomes 0",
        reset_terse=f"{gnt}=0",
        wordings=(
            f"A fixed-priority arbiter with registered grants: at the active clock edge {gnt} becomes the one-hot "
            f"grant for the request of highest priority, or 0 without requests. Priority: "
            f"{_order_words(req, order)}.{text}",
            f"{gnt} is a register. At the active clock edge the first i in the order {', '.join(map(str, order))} with "
            f"{req}[i] = 1 gets {gnt}[i] = 1, all other bits become 0; if no bit of {req} is 1, {gnt} becomes 0.{text}",
            f"Arbitrate between {num} requesters, decisions being stored in {gnt} at the active clock edge. Requester "
            f"{order[0]} has the highest priority, followed by {', '.join(map(str, order[1:]))}. No request, no "
            f"grant.{text}",
        ),
        terse=f"{gnt} priority {' '.join(map(str, order))}" + (" held while requested" if hold else ""),
        drive=lambda script: _drive_requests(script, req, num),
    )


def _drive_requests(script: Script, req: str, num: int) -> None:
    script.warm_up(3)
    for word in range(1 << num):
        script.cycle(**{req: word})
    for word in range((1 << num) - 1, -1, -1):
        script.run(2, **{req: word})
    script.reset_checks(run=2, **{req: (1 << num) - 1})
    script.reset_checks(run=2)
    script.random_cycles(70, reset=0.03)
    # Requests that stay for some cycles.
    for _ in range(15):
        word = script.rng.getrandbits(num)
        script.run(3, **{req: word})
        script.cycle(**{req: word & script.rng.getrandbits(num)})


ORDERS = tuple(order for num in (2, 3, 4) for order in permutations(range(num)))

ARBITER = Family(
    name="arbiter",
    category="arbiters",
    levels={
        1: Level(
            circuit={"order": ORDERS, "enable": ("none", "high", "low")},
            names={"ports": REQUESTS, "en": ENABLES},
        ),
        2: Level(
            circuit={"form": ("registered",), "order": ORDERS, "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "ports": REQUESTS},
        ),
        3: Level(
            circuit={"form": ("held",), "order": ORDERS, "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "ports": REQUESTS},
        ),
    },
    make=_fixed,
    defaults={"form": "combinational", "enable": "none"},
)


def _round_robin(p: Params) -> Design:
    control, (req, gnt), num, up = Control.of(p), p["ports"], p["num"], p["way"] == "up"
    first = 0 if up else num - 1
    rotation = "after winner" if p["pointer"] == "winner" else "next each cycle"
    return Design(
        ports=(*control.ports, source(req, num), sink(gnt, num)),
        body="\n".join(_rotating_lines(p, control)),
        regs=(gnt,),
        control=control,
        reset_effect=f"{gnt} becomes 0 and requester {first} is the first in line",
        reset_terse=f"{gnt}=0, first is {first}",
        wordings=_rotating_wordings(p),
        terse=f"round robin {gnt} {p['way']}, first is {rotation}",
        drive=lambda script: _drive_requests(script, req, num),
    )


def _rotating_lines(p: Params, control: Control) -> list[str]:
    """`last` is the requester behind which the search starts; it ends with that requester itself."""
    (req, gnt), num = p["ports"], p["num"]
    w = (num - 1).bit_length()
    sign, end, begin = ("+", num - 1, 0) if p["way"] == "up" else ("-", 0, num - 1)
    lines = ["  always @(*)", "    case (last)"]
    for last in range(num):
        order = tuple((last + (step if sign == "+" else -step)) % num for step in range(1, num + 1))
        label = sized(w, last) if last < num - 1 else "default"
        lines.append(f"      {label}: win = {_choice(req, order, bits(num, 0))};")
    number = " : ".join([*(f"win[{i}] ? {sized(w, i)}" for i in range(num - 1)), sized(w, num - 1)])
    if p["pointer"] == "winner":
        moved = f"if (win != 0) last <= {number};"
    elif num & num - 1:
        moved = f"last <= (last == {sized(w, end)}) ? {sized(w, begin)} : last {sign} 1;"
    else:
        moved = f"last <= last {sign} 1;"
    always = control.always(reset=[f"last <= {sized(w, end)};", f"{gnt} <= 0;"], update=[f"{gnt} <= win;", moved])
    return [f"  reg {span(num)}win;", f"  reg {span(w)}last;", *lines, "    endcase", always]


def _rotating_wordings(p: Params) -> tuple[str, str, str]:
    (req, gnt), num, up = p["ports"], p["num"], p["way"] == "up"
    order_text = "upwards (0 comes after the highest index)" if up else "downwards (the highest index comes after 0)"
    if p["pointer"] == "winner":
        pointer = "the one right behind the latest winner"
        keep = "At an edge without requests the order stays as it is"
    else:
        pointer = "one that moves on by one position at every active clock edge, with or without requests"
        keep = "So the first place goes round all requesters in turn"
    return (
        f"A round-robin arbiter for {num} requesters. At each active clock edge {gnt} becomes one-hot for one "
        f"requester with {req}[i] = 1, or 0 if there is none. The search goes {order_text}, and begins at a "
        f"position that rotates: {pointer}. {keep}.",
        f"{gnt} is a register that is renewed at each active clock edge. The winner is the first requester with a "
        f"1 in {req}, searching {order_text} from the first in line; the first in line is {pointer}. {keep}. "
        f"Without requests {gnt} becomes 0.",
        f"Share a resource fairly among {num} requesters ({req}, {gnt}, one bit each). Grants are registered. In "
        f"each clock cycle the search for a request runs {order_text}; the first in line is {pointer}. {keep}. No "
        f"request gives no grant.",
    )


ROUND_ROBIN = Family(
    name="round_robin",
    category="arbiters",
    levels={
        2: Level(
            circuit={"num": (2,), "way": ("up",), "pointer": ("winner", "turn"), "reset": RESETS, "edge": EDGES},
            names={**CONTROL_NAMES, "ports": REQUESTS},
        ),
        3: Level(
            circuit={
                "num": (3, 4),
                "way": ("up", "down"),
                "pointer": ("winner", "turn"),
                "reset": RESETS,
                "edge": EDGES,
            },
            names={**CONTROL_NAMES, "ports": REQUESTS},
        ),
    },
    make=_round_robin,
)
