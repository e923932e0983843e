"""Rearranging bits: constant shifts and rotations, extension, reversal, interleaving, field order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from verireason.data.families.family import Design, Family, Level
from verireason.data.families.gates import cover
from verireason.data.families.notation import OUTS, PAIRS, SINGLES, listing, sink, source
from verireason.data.streams import Params


def _shift(p: Params) -> tuple[str, str, str]:
    """Code, words and terse words of level 1, a shift or rotation by a constant."""
    x, w, k = p["in"], p["width"], p["amount"]
    steps = "one position" if k == 1 else f"{k} positions"
    if p["kind"] == "left":
        return f"{x} << {k}", f"{x} shifted left by {steps}, with zeros moved into the low bits", f"{x} shl {k}"
    if p["kind"] == "right":
        return f"{x} >> {k}", f"{x} shifted right by {steps}, with zeros moved into the high bits", f"{x} shr {k}"
    high = f"{x}[{w - 1 - k}:0]" if k < w - 1 else f"{x}[0]"
    low = f"{x}[{w - 1}:{w - k}]" if k > 1 else f"{x}[{w - 1}]"
    words = f"{x} rotated left by {steps}: the bits that leave at the top come in at the bottom, in order"
    return f"{{{high}, {low}}}", words, f"{x} rotl {k}"


def _rearrange(p: Params) -> tuple[str, str, str]:
    """Code, words and terse words of level 2. The output's width is `total`."""
    x, w, total = p["in"], p["width"], p["total"]
    grow = total - w
    match p["kind"]:
        case "sign":
            words = f"{x} sign-extended from {w} to {total} bits (two's complement, so {x}[{w - 1}] fills the new bits)"
            return f"{{{{{grow}{{{x}[{w - 1}]}}}}, {x}}}", words, f"{x} sign extended"
        case "zero":
            words = f"{x} extended from {w} to {total} bits by zeros at the top"
            return f"{{{grow}'b0, {x}}}", words, f"{x} zero extended"
        case "pad":
            words = f"{x} in the upper {w} bits and zeros in the lower {grow} bits"
            return f"{{{x}, {grow}'b0}}", words, f"{x} with {grow} zeros below"
        case "repeat":
            words = f"{total // w} copies of {x} side by side"
            return f"{{{total // w}{{{x}}}}}", words, f"{x} repeated {total // w} times"
        case "swap":
            half = w // 2
            words = f"{x} with its upper and lower halves of {half} bits exchanged"
            return f"{{{x}[{half - 1}:0], {x}[{w - 1}:{half}]}}", words, f"{x} halves swapped"
        case _:
            listed = ", ".join(f"{x}[{place}]" for place in range(w))
            words = f"{x} with the order of its bits reversed, so that bit 0 of {x} becomes bit {w - 1} of the result"
            return f"{{{listed}}}", words, f"{x} reversed"


def _fields(p: Params) -> tuple[str, str, str]:
    """Code, words and terse words of level 3: equal fields of one or two inputs in another order."""
    k = p["field"]
    order: Sequence[int] = p["order"]
    names = p["ins"]
    # Fields 0 and 1 are the low and the high half of the first input, fields 2 and 3 of the second.
    codes = [f"{names[i // 2]}[{k * (i % 2 + 1) - 1}:{k * (i % 2)}]" for i in order]
    return (
        f"{{{', '.join(codes)}}}",
        f"the concatenation, from the most significant end, of {listing(codes)}",
        f"join {' '.join(codes)}",
    )


def _wiring(p: Params) -> Design:
    y = p["out"]
    inputs: tuple[str, ...] = (p["in"],)
    width = total = p["width"]
    if p["level"] == 1:
        code, words, short = _shift(p)
    elif p["level"] == 2:
        (code, words, short), total = _rearrange(p), p["total"]
    else:
        (code, words, short), inputs = _fields(p), p["ins"]
        width, total = 2 * p["field"], 4 * p["field"]
    return Design(
        ports=(*(source(name, width) for name in inputs), sink(y, total)),
        body=f"  assign {y} = {code};",
        wordings=(
            f"The output {y} is {words}.",
            f"Wiring only, no logic gates are needed: connect {y} to {words}. Bit 0 is the least significant bit.",
            f"Set {y} ({total} bits) to {words}. The circuit is combinational.",
        ),
        terse=f"{y} = {short}",
        drive=cover,
    )


def _valid(p: Params) -> bool:
    w, kind, total = p["width"], p["kind"], p["total"]
    if p["level"] == 1:
        return bool(0 < p["amount"] < w)
    if p["level"] == 3:
        return bool(p["order"] != (1, 0, 3, 2))
    if kind in ("sign", "zero", "pad"):
        return bool(total > w + (kind == "sign"))
    if kind == "repeat":
        return bool(total > w and total % w == 0)
    return bool(total == w and w >= (4 if kind == "swap" else 3) and (kind != "swap" or w % 2 == 0))


def _canonical(p: Params) -> Any:
    """Exchanging the two inputs of level 3 is renaming them."""
    if p["level"] < 3:
        return [p["kind"], p["width"], p["amount"] or p["total"]]
    return ["fields", p["field"], min(list(p["order"]), [place ^ 2 for place in p["order"]])]


WIRING = Family(
    name="wiring",
    category="combinational",
    levels={
        1: Level(
            circuit={
                "level": (1,),
                "kind": ("left", "right", "rotate"),
                "width": range(3, 9),
                "amount": range(1, 8),
            },
            names={"in": SINGLES, "out": OUTS},
        ),
        2: Level(
            circuit={
                "level": (2,),
                "kind": ("sign", "zero", "pad", "repeat", "swap", "reverse"),
                "width": range(2, 9),
                "total": range(3, 17),
            },
            names={"in": SINGLES, "out": OUTS},
        ),
        3: Level(
            circuit={"level": (3,), "field": range(2, 7), "order": tuple(permutations(range(4)))},
            names={"ins": PAIRS, "out": OUTS},
        ),
    },
    make=_wiring,
    defaults={"width": None, "kind": None, "total": None, "amount": None, "in": None},
    valid=_valid,
    canonical=_canonical,
)
