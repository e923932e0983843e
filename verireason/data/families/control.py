"""Clock and reset of a sequential design: ports, the always block, and the sentences that state them exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verireason.data.testbench import Clock, Port

RESETS = ("sync high", "sync low", "async high", "async low")
"""Values of the circuit axis "reset"; "none" is the fifth."""
EDGES = ("posedge", "negedge")
CONTROL_NAMES = {"clk": ("clk", "clock"), "rst": (("rst", "rst_n"), ("reset", "resetn"))}
"""Name axes of every sequential family; a reset's name has a form for each polarity."""
WORDS = {"posedge": ("rising", "positive"), "negedge": ("falling", "negative")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Clock edge and reset kind. `reset` is None for designs without one."""

    clock: Clock
    reset: str | None
    asynchronous: bool
    active_low: bool

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Control:
        """From the axes "clk", "edge" (posedge when absent), "rst" and "reset"."""
        kind, _, level = params["reset"].partition(" ")
        low = level == "low"
        return cls(
            clock=Clock(name=params["clk"], edge=params.get("edge", "posedge")),
            reset=None if kind == "none" else params["rst"][low],
            asynchronous=kind == "async",
            active_low=low,
        )

    @property
    def ports(self) -> tuple[Port, ...]:
        """The clock, then the reset if there is one."""
        names = [self.clock.name] if self.reset is None else [self.clock.name, self.reset]
        return tuple(Port(name=name) for name in names)

    def always(self, *, reset: Sequence[str], update: Sequence[str]) -> str:
        """An always block: `reset` statements under the reset, `update` statements otherwise, indented by two."""
        sensitivity = f"{self.clock.edge} {self.clock.name}"
        if self.asynchronous:
            sensitivity += f" or {'negedge' if self.active_low else 'posedge'} {self.reset}"
        head = f"  always @({sensitivity})"
        if self.reset is None:
            return "\n".join(_branch(head, update, indent="  "))
        condition = f"!{self.reset}" if self.active_low else self.reset
        lines = [head, *_branch(f"    if ({condition})", reset, indent="    ")]
        tail = _branch("    else", update, indent="    ")
        if lines[-1] == "    end":
            tail[0] = "    end " + tail[0].strip()
            lines.pop()
        return "\n".join(lines + tail)

    def sentence(self, style: int, effect: str) -> str:
        """States the edge and the reset exactly. `effect` is a clause such as "q becomes 0"."""
        rising, positive = WORDS[self.clock.edge]
        clock = self.clock.name
        edges = (
            f"All state changes happen on the {rising} edge of {clock}.",
            f"The design is clocked by the {positive} edge of {clock}.",
            f"Registers update at each {self.clock.edge} of {clock}, and at no other clock edge.",
        )
        return f"{edges[style % 3]} {self._reset_sentence(style, effect)}"

    def _reset_sentence(self, style: int, effect: str) -> str:
        if self.reset is None:
            return ("There is no reset.", "It has no reset input.", "No reset is needed.")[style % 3]
        value, level = (0, "low") if self.active_low else (1, "high")
        name, edge = self.reset, f"{WORDS[self.clock.edge][0]} edge of {self.clock.name}"
        if self.asynchronous:
            return (
                f"{name} is an asynchronous reset, active {level}: while {name} is {value}, whatever the clock does, "
                f"{effect}. It overrides all other inputs.",
                f"Reset is asynchronous and active-{level} ({name}): as soon as {name} goes {level}, without waiting "
                f"for a clock edge, {effect}; this lasts as long as {name} stays {level}.",
                f"As soon as {name} = {value}, and while it stays so, {effect} (asynchronous active-{level} reset, "
                f"highest priority).",
            )[style % 3]
        return (
            f"{name} is a synchronous reset, active {level}: at a {edge} with {name} equal to {value}, {effect}. "
            f"It overrides all other inputs.",
            f"Reset is synchronous and active-{level} ({name}): if {name} is {value} at a {edge}, {effect}; between "
            f"edges {name} has no effect. Reset has the highest priority.",
            f"When {name} = {value} at the {edge}, {effect} (synchronous active-{level} reset, highest priority).",
        )[style % 3]

    def terse(self, effect: str) -> str:
        """Edge and reset in a few words: "posedge clk; sync high rst q=0"."""
        edge = f"{self.clock.edge} {self.clock.name}"
        if self.reset is None:
            return edge
        kind = "async" if self.asynchronous else "sync"
        return f"{edge}; {kind} {'low' if self.active_low else 'high'} {self.reset} {effect}"


def _branch(head: str, statements: Sequence[str], *, indent: str) -> list[str]:
    """The statements after `head`, on its line when there is one, in begin and end when there are more."""
    if len(statements) == 1:
        first, *rest = statements[0].split("\n")
        return [f"{head} {first}", *(indent + line for line in rest)]
    lines = [line for statement in statements for line in statement.split("\n")]
    return [f"{head} begin", *(f"{indent}  {line}" for line in lines), f"{indent}end"]
