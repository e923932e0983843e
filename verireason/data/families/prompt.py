"""The specification in words: a design's wording with its interface, clock and reset around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from verireason.data.families.family import Design
from verireason.data.testbench import Port

TOP = "top_module"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a layout arranges."""

    design: Design
    behaviour: str
    control: str
    """Clock and reset in sentences; empty for combinational designs."""


def full_prompt(design: Design, *, wording: int, layout: int) -> str:
    """A specification of several lines. `wording` and `layout` are taken modulo how many there are."""
    control = "" if design.control is None else design.control.sentence(wording, design.reset_effect)
    behaviour = design.wordings[wording % len(design.wordings)]
    text = LAYOUTS[layout % len(LAYOUTS)](Parts(design=design, behaviour=behaviour, control=control))
    # Widths are filled in by the wordings, which cannot know that it is "an 8-bit" number.
    return re.sub(r"\b([Aa]) (?=(8|11|18)-bit)", r"\1n ", text) + "\n"


def terse_prompt(design: Design) -> str:
    """The module header and the behaviour in a few words, always the same for the same design."""
    parts = [design.terse] if design.control is None else [design.control.terse(design.reset_terse), design.terse]
    return f"{design.header(TOP)}: {'; '.join(parts)}\n"


def _bulleted(parts: Parts) -> str:
    lines = [
        f"Implement a Verilog module named {TOP} with the following interface. All ports are one bit wide unless "
        "otherwise specified.",
        "",
    ]
    for port in parts.design.ports:
        width = f" ({port.width} bits)" if port.width > 1 else ""
        lines.append(f" - {'output' if port.is_output else 'input '} {port.name}{width}")
    return "\n".join([*lines, "", *_sections(parts)])


def _headed(parts: Parts) -> str:
    """The declaration to be completed comes last, as an HDLBits exercise has it."""
    ports = ",\n".join(f"    {parts.design.declare(port)}" for port in parts.design.ports)
    return "\n".join([*_sections(parts), "", "Complete this module:", "", f"module {TOP} (\n{ports}\n);"])


def _prose(parts: Parts) -> str:
    ports = parts.design.ports
    inputs = _names([port for port in ports if not port.is_output])
    outputs = _names([port for port in ports if port.is_output])
    lines = [
        f"Design a synthesizable Verilog module called `{TOP}`.",
        f"Inputs: {inputs}.",
        f"Outputs: {outputs}.",
        f"Behaviour: {parts.behaviour}",
    ]
    if parts.control:
        lines.append(f"Clock and reset: {parts.control}")
    return "\n".join(lines)


def _names(ports: Sequence[Port]) -> str:
    return ", ".join(f"`{port.name}[{port.width - 1}:0]`" if port.width > 1 else f"`{port.name}`" for port in ports)


def _sections(parts: Parts) -> list[str]:
    return [parts.behaviour, "", parts.control] if parts.control else [parts.behaviour]


LAYOUTS: tuple[Callable[[Parts], str], ...] = (_bulleted, _headed, _prose)
