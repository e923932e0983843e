"""Codes: decoders, encoders, priority encoders, conversions between number codes."""

from __future__ import annotations

from verireason.data.families.family import Design, Family, Level
from verireason.data.families.gates import cover
from verireason.data.families.notation import ENABLES, OUTS, SINGLES, bits, num_bits, sink, sized, source
from verireason.data.streams import Params


def _decoder(p: Params) -> Design:
    x, y, n, num, low = p["in"], p["out"], p["width"], p["num"], p["active"] == "low"
    hot = f"{num}'d1 << {x}"
    if p["order"] == "down":
        hot = f"{bits(num, 1 << num - 1)} >> {x}"
    code, text, short = (f"~({hot})" if low else hot), "", ""
    if p["enable"] != "none":
        off = f"!{p['en']}" if p["enable"] == "high" else p["en"]
        idle = f"{{{num}{{1'b1}}}}" if low else f"{num}'d0"
        code = f"{off} ? {idle} : {code}"
        text = f" While {p['en']} is {0 if p['enable'] == 'high' else 1}, no output bit is active."
        short = f", none if {'not ' if p['enable'] == 'high' else ''}{p['en']}"
    extra = f" When {x} is {num} or more, no output bit is active." if num < 1 << n else ""
    place = x if p["order"] == "up" else f"{num - 1} - {x}"
    level = "low (0 = active, 1 = inactive)" if low else "high (1 = active, 0 = inactive)"
    enable = () if p["enable"] == "none" else (source(p["en"]),)
    return Design(
        ports=(source(x, n), *enable, sink(y, num)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"A decoder with {num} outputs: bit number {place} of {y} is active and all its other bits are inactive. "
            f"Outputs are active {level}. {x} is unsigned.{extra}{text}",
            f"Decode the {num_bits(n)} number {x}: activate exactly the bit of {y} with index {place}. The outputs are "
            f"active {level}.{extra}{text}",
            f"{y} has one bit for each value of {x} from 0 to {num - 1}; value i belongs to bit "
            f"{'i' if p['order'] == 'up' else f'{num - 1} - i'}. The bit of the present value is active, the others "
            f"are not; active {level}.{extra}{text}",
        ),
        terse=f"decode {x} to {y} active {p['active']}" + (" reversed" if p["order"] == "down" else "") + short,
        drive=cover,
    )


def _decoder_valid(p: Params) -> bool:
    return bool(1 << p["width"] - 1 < p["num"] <= 1 << p["width"])


DECODER = Family(
    name="decoder",
    category="codes",
    levels={
        1: Level(
            circuit={
                "width": (2, 3),
                "num": range(3, 9),
                "active": ("high", "low"),
                "order": ("up", "down"),
                "enable": ("none", "high"),
            },
            names={"in": SINGLES, "en": ENABLES, "out": OUTS},
        ),
        2: Level(
            circuit={
                "width": (3, 4),
                "num": range(5, 17),
                "active": ("high", "low"),
                "order": ("up", "down"),
                "enable": ("low",),
            },
            names={"in": SINGLES, "en": ENABLES, "out": OUTS},
        ),
    },
    make=_decoder,
    valid=_decoder_valid,
)


def _encoder(p: Params) -> Design:
    x, y, num, rest = p["in"], p["out"], p["num"], p["rest"]
    w = (num - 1).bit_length()
    lines = [f"  always @(*)\n    case ({x})"]
    for index in range(num):
        value = index if p["order"] == "up" else num - 1 - index
        lines.append(f"      {bits(num, 1 << index)}: {y} = {sized(w, value)};")
    number = "the number of that bit" if p["order"] == "up" else f"{num - 1} minus the number of that bit"
    return Design(
        ports=(source(x, num), sink(y, w)),
        body="\n".join([*lines, f"      default: {y} = {sized(w, rest)};", "    endcase"]),
        regs=(y,),
        wordings=(
            f"An encoder for one-hot codes: when exactly one bit of {x} is 1, {y} is {number}. For every other value "
            f"of {x}, {y} is {rest}. Bit 0 is the least significant bit.",
            f"If {x} is one-hot, drive {y} with {number} (bits are numbered from 0 at the right); if no bit or more "
            f"than one bit of {x} is set, drive {y} with {rest}.",
            f"Translate the {num}-bit one-hot word {x} to binary: {y} is {number}. Words that are not one-hot give "
            f"{rest}.",
        ),
        terse=f"encode onehot {x} to {y}" + (" reversed" if p["order"] == "down" else "") + f", else {rest}",
        drive=lambda script: script.cover(specials=_around_one_hot(x, num)),
    )


def _around_one_hot(x: str, num: int) -> list[dict[str, int]]:
    """Words with one and with two bits set, and one-hot words after each other in both directions."""
    pairs = [1 << i | 1 << j for i in range(num) for j in range(i + 1)]
    places = [*range(num), *range(num - 1, -1, -1)]
    return [{x: word} for word in (*pairs, *(1 << place for place in places))]


ENCODER = Family(
    name="encoder",
    category="codes",
    levels={
        1: Level(
            circuit={"num": (3, 4, 5), "order": ("up", "down"), "rest": range(8)},
            names={"in": SINGLES, "out": OUTS},
        ),
        2: Level(
            circuit={"num": range(6, 11), "order": ("up", "down"), "rest": range(8)},
            names={"in": SINGLES, "out": OUTS},
        ),
    },
    make=_encoder,
    valid=lambda p: p["rest"] < 1 << (p["num"] - 1).bit_length(),
)


def _priority_encoder(p: Params) -> Design:
    x, y, num, rest, top = p["in"], p["out"], p["num"], p["rest"], p["first"] == "highest"
    w = (num - 1).bit_length()
    order = list(range(num))[:: -1 if top else 1]
    chain = [f"{x}[{index}] ? {sized(w, index)}" for index in order]
    body = f"  assign {y} = {' : '.join(chain)} : {sized(w, rest)};"
    valid, text = p["valid"] == "yes", ""
    if valid:
        body += f"\n  assign valid = |{x};"
        text = f" valid is 1 when at least one bit of {x} is 1, else 0."
    kind = "most" if top else "least"
    return Design(
        ports=(source(x, num), sink(y, w), *((sink("valid"),) if valid else ())),
        body=body,
        wordings=(
            f"A priority encoder: {y} is the index of the {kind} significant bit of {x} that is 1. When {x} is zero, "
            f"{y} is {rest}.{text}",
            f"Find the {kind} significant 1 in the {num_bits(num)} word {x} and drive its position (0 for the "
            f"rightmost bit) on {y}; if there is no 1, {y} is {rest}.{text}",
            f"Bits of {x} compete and the {p['first']} index wins: {y} is the {p['first']} i with {x}[i] = 1, or "
            f"{rest} if no bit is set.{text}",
        ),
        terse=f"{y} = index of {p['first']} 1 in {x}, else {rest}" + ("; valid" if valid else ""),
        drive=cover,
    )


PRIORITY_ENCODER = Family(
    name="priority_encoder",
    category="codes",
    levels={
        1: Level(
            circuit={"num": range(2, 6), "first": ("highest", "lowest"), "rest": range(8), "valid": ("no",)},
            names={"in": SINGLES, "out": OUTS},
        ),
        2: Level(
            circuit={"num": range(3, 11), "first": ("highest", "lowest"), "rest": range(8), "valid": ("yes",)},
            names={"in": SINGLES, "out": OUTS},
        ),
    },
    make=_priority_encoder,
    valid=lambda p: p["rest"] < 1 << (p["num"] - 1).bit_length(),
)


def _convert(p: Params) -> Design:
    x, y, w = p["in"], p["out"], p["width"]
    code, words, terse, total = _conversion(p, x, w)
    return Design(
        ports=(source(x, w), sink(y, total)),
        body=code.replace("$y", y),
        wordings=(
            f"{y} is {words}.",
            f"A combinational code converter: from {x}, compute {words}, and drive it on {y}.",
            f"Convert the {num_bits(w)} input {x}. The {num_bits(total)} output {y} is {words}.",
        ),
        terse=f"{y} = {terse}",
        drive=cover,
    )


LOWEST = {
    "isolate": ("{x} & (~{x} + 1)", "{x} with only its lowest 1 kept (zero if {x} is zero)", "lowest 1 of {x}"),
    "strip": ("{x} & ({x} - 1)", "{x} with its lowest 1 turned into 0 (zero if {x} is zero)", "{x} without lowest 1"),
    "smear": (
        "{x} | ({x} - 1)",
        "{x} with all bits below its lowest 1 turned into 1 (all ones if {x} is zero)",
        "{x} with ones below lowest 1",
    ),
}


def _conversion(p: Params, x: str, w: int) -> tuple[str, str, str, int]:
    """Body with $y for the output, words, terse words and the output's width."""
    match p["kind"]:
        case "to gray":
            words = (
                f"the Gray code of the binary number {x}: each bit is the XOR of that bit of {x} and the next higher"
            )
            return f"  assign $y = {x} ^ ({x} >> 1);", f"{words} one (the top bit is copied)", f"gray of {x}", w
        case "from gray":
            lines = [f"  assign $y[{w - 1}] = {x}[{w - 1}];"]
            lines += [f"  assign $y[{i}] = $y[{i + 1}] ^ {x}[{i}];" for i in range(w - 2, -1, -1)]
            words = (
                f"the binary number whose Gray code is {x}: each bit is the XOR of all bits of {x} from that place up"
            )
            return "\n".join(lines), words, f"binary of gray {x}", w
        case "thermometer":
            total = (1 << w) - 1
            words = (
                f"the thermometer code of {x}: its lowest {x} bits (as many as the value of {x}) are 1, the others 0"
            )
            return f"  assign $y = ({total + 1}'d1 << {x}) - {total + 1}'d1;", words, f"thermometer of {x}", total
        case "isolate" | "strip" | "smear":
            code, words, terse = LOWEST[p["kind"]]
            return f"  assign $y = {code.format(x=x)};", words.format(x=x), terse.format(x=x), w
        case "complement":
            k = p["base"]
            words = f"the complement of {x} to {k}, that is {k} - {x} modulo {1 << w}"
            return f"  assign $y = {sized(w, k)} - {x};", words, f"{k} minus {x}", w
        case _:
            words = f"the unsigned number {x} in BCD: its tens digit in bits 7 to 4, its ones digit in bits 3 to 0"
            lines = [f"  wire [3:0] tens = {x} / 10;", f"  wire [3:0] ones = {x} % 10;", "  assign $y = {tens, ones};"]
            return "\n".join(lines), words, f"bcd of {x}", 8


CONVERT = Family(
    name="code_converter",
    category="codes",
    levels={
        1: Level(
            circuit={"kind": ("to gray", "thermometer", "complement"), "width": range(2, 11), "base": range(1, 16)},
            names={"in": SINGLES, "out": OUTS},
        ),
        2: Level(
            circuit={"kind": ("from gray", "bcd", "isolate", "strip", "smear"), "width": range(3, 13)},
            names={"in": SINGLES, "out": OUTS},
        ),
    },
    make=_convert,
    defaults={"base": 1},
    valid=lambda p: (
        (p["base"] < 1 << p["width"] if p["kind"] == "complement" else p["base"] == 1)
        and (p["kind"] != "thermometer" or p["width"] <= 4)
        # For up to four bits the lowest 1 is a fixed-priority arbiter.
        and (p["kind"] != "isolate" or p["width"] > 4)
        and (p["kind"] != "bcd" or 4 <= p["width"] <= 6)
    ),
)
