"""A window of waves as a VCD file (IEEE 1364, section 18) for a wave viewer: three scopes, input, expected and got."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sim.verdict import Wave, Waves

FIRST, LAST = 33, 126
"""Codes of the characters that stand for signals in a VCD."""


def vcd_text(waves: Waves) -> str:
    """The file's text. Times are in the testbench's own unit, which the header calls 1 ns; a comment has the mark."""
    lines = ["$timescale 1 ns $end", f"$comment first difference at {waves.mark} $end"]
    for role in dict.fromkeys(signal.role for signal in waves.signals):
        lines.append(f"$scope module {_name(role)} $end")
        for index, signal in enumerate(waves.signals):
            if signal.role == role:
                span = f" [{signal.width - 1}:0]" if signal.width > 1 else ""
                lines.append(f"$var wire {signal.width} {_code(index)} {_name(signal.name)}{span} $end")
        lines.append("$upscope $end")
    lines.append("$enddefinitions $end")
    return "\n".join([*lines, *_changes(waves.signals), f"#{waves.end}"]) + "\n"


def _changes(signals: Sequence[Wave]) -> list[str]:
    changes = sorted((time, index, value) for index, signal in enumerate(signals) for time, value in signal.changes)
    lines: list[str] = []
    last = None
    for time, index, value in changes:
        if time != last:
            lines.append(f"#{time}")
            last = time
        digits = re.sub("[^01xz]", "x", value)
        lines.append(f"b{digits} {_code(index)}" if signals[index].width > 1 else f"{digits[:1]}{_code(index)}")
    return lines


def _name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_$.]", "_", name)[:200] or "_"


def _code(index: int) -> str:
    """A short word of printable characters for each number."""
    base, code = LAST - FIRST + 1, ""
    while True:
        code += chr(FIRST + index % base)
        index = index // base - 1
        if index < 0:
            return code
