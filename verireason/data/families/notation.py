"""Small pieces of Verilog and English that the families share, and their pools of port names."""

from __future__ import annotations

from collections.abc import Sequence

from verireason.data.testbench import Port

PAIRS = (("a", "b"), ("c", "d"), ("m", "n"), ("u", "v"))
TRIPLES = (("a", "b", "c"), ("u", "v", "w"), ("p", "r", "s"))
QUADS = (("a", "b", "c", "d"), ("p", "r", "s", "t"))
SINGLES = ("a", "d", "x", "data")
OUTS = ("y", "z", "out", "f")
STATES = ("q", "out")
"""Output names of registers and counters."""
ENABLES = ("en", "ena", "enable")


def source(name: str, width: int = 1) -> Port:
    """An input port."""
    return Port(name=name, width=width)


def sink(name: str, width: int = 1) -> Port:
    """An output port."""
    return Port(name=name, width=width, is_output=True)


def span(width: int) -> str:
    """The range of a declaration with a space after it: "[3:0] ", or nothing for one bit."""
    return f"[{width - 1}:0] " if width > 1 else ""


def sized(width: int, value: int) -> str:
    """A sized decimal literal: "4'd9"."""
    return f"{width}'d{value}"


def bits(width: int, value: int) -> str:
    """A sized binary literal: "4'b1001"."""
    return f"{width}'b{value:0{width}b}"


def start(width: int, value: int) -> str:
    """A reset value: plain 0 for zero, else a sized decimal literal."""
    return "0" if value == 0 else sized(width, value)


def listing(words: Sequence[object], last: str = "and") -> str:
    """ "1", "1 and 2", "1, 2 and 3"."""
    texts = [str(word) for word in words]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def num_bits(width: int) -> str:
    """ "1-bit", "8-bit"."""
    return f"{width}-bit"


def ordinal(index: int) -> str:
    """ "first", "second", ... for 1 to 8."""
    return ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")[index - 1]
