"""What a task family is: a parameter space, and a function from one point of it to a design with its words.

A family promises that its specification determines the behaviour and that its stimulus shows it; `verireason data
validate` measures both. Nothing here draws at random: `verireason.data.generator` picks the points.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from verireason.data.families.control import Control
from verireason.data.families.script import Script
from verireason.data.streams import Params
from verireason.data.testbench import Port

MAX_ENUMERATED = 200_000
"""Circuit points up to which a level's space is counted one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """One point of a family: a circuit with names, and how to say it and how to exercise it."""

    ports: tuple[Port, ...]
    """In header order, the clock and the reset among them."""
    body: str
    """Everything between the module header and `endmodule`, indented by two spaces."""
    wordings: tuple[str, ...]
    """At least three full descriptions of the behaviour; clock and reset are added by the prompt."""
    terse: str
    """The behaviour in a few words, for small models."""
    drive: Callable[[Script], None]
    """Fills the stimulus."""
    control: Control | None = None
    """Clock and reset; None for combinational designs."""
    reset_effect: str = ""
    """What reset does, as a clause: "q becomes 0"."""
    reset_terse: str = ""
    """The same in a few words: "q=0"."""
    regs: tuple[str, ...] = ()
    """Outputs that are declared `reg` because a procedural block assigns them."""

    def __post_init__(self) -> None:
        if len(self.wordings) < 3:
            raise ValueError("a design needs at least three wordings")

    def header(self, top: str) -> str:
        """The ANSI module header on one line, `module top(input clk, ...)`, without the semicolon."""
        return f"module {top}({', '.join(self.declare(port) for port in self.ports)})"

    def declare(self, port: Port) -> str:
        """One port declaration of the header: "output reg [3:0] q"."""
        kind = "input" if not port.is_output else "output reg" if port.name in self.regs else "output"
        return f"{kind} {f'[{port.width - 1}:0] ' if port.width > 1 else ''}{port.name}"

    def source(self, top: str) -> str:
        """The golden as a module named `top`."""
        return f"{self.header(top)};\n{self.body}\nendmodule\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The axes of one level: the product of all of them is the level's space."""

    circuit: Mapping[str, Sequence[Any]]
    """Whatever changes the circuit."""
    names: Mapping[str, Sequence[Any]]
    """What changes names of ports only. It never decides in which split a task is."""

    @property
    def axes(self) -> Mapping[str, Sequence[Any]]:
        """Names and circuit together."""
        return {**self.names, **self.circuit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The size of one level of a family."""

    num_tasks: int
    """Distinct parameter points, names included; for spaces too large to enumerate, of the whole product."""
    num_circuits: int | None
    """Distinct circuits up to port names; None when there are too many to enumerate."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of task. Axes are products of values; `make` turns one point into a design."""

    name: str
    category: str
    """The theme: "combinational", "arithmetic", "sequential", ..."""
    levels: Mapping[int, Level]
    """Level (1 to 3) to its axes."""
    make: Callable[[Params], Design]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Values of circuit axes that a level does not vary, so that equal circuits of two levels are one circuit."""
    valid: Callable[[Params], bool] | None = None
    """Which points of the circuit axes exist; None when all do."""
    canonical: Callable[[Params], Any] | None = None
    """A JSON value that is equal for circuits equal up to port names; None when the circuit axes are that."""
    needs: Mapping[str, str] = field(default_factory=lambda: {"rst": "reset", "en": "enable"})
    """Name axis to the circuit axis whose value "none" leaves that name unused."""

    def point(self, level: int, index: int) -> Params | None:
        """The parameters with this number, from 0 to `num_points`; None when the point does not exist."""
        axes = self.levels[level].axes
        params = {**self.defaults, **pick(axes, index)}
        return params if self._exists(level, params) else None

    def num_points(self, level: int) -> int:
        """Size of the product of all axes, points that do not exist included."""
        return size(self.levels[level].axes)

    def circuit(self, params: Params) -> str:
        """The canonical semantic key: equal for two points whose circuits differ in names only."""
        if self.canonical is not None:
            key = self.canonical(params)
        else:
            key = {name: value for name, value in params.items() if name not in self._names}
        return json.dumps([self.name, key], sort_keys=True)

    def digest(self, params: Params) -> str:
        """Ten hex digits that stand for the point, names included."""
        text = json.dumps([self.name, dict(params)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def space(self, level: int) -> Space:
        """How many tasks and circuits a level has. Counted one by one unless there are too many."""
        circuit = self.levels[level].circuit
        if size(circuit) > MAX_ENUMERATED:
            return Space(num_tasks=self.num_points(level), num_circuits=None)
        num_tasks = 0
        keys = set()
        for index in range(size(circuit)):
            params = {**self.defaults, **pick(circuit, index)}
            if self.valid is None or self.valid(params):
                num_tasks += self._num_names(level, params)
                keys.add(self.circuit(params))
        return Space(num_tasks=num_tasks, num_circuits=len(keys))

    def _exists(self, level: int, params: Params) -> bool:
        """Whether the point is one of the family's, and not a second copy of one with another unused name."""
        names = self.levels[level].names
        first = all(params[axis] == names[axis][0] for axis in self._unused(level, params))
        return first and (self.valid is None or self.valid(params))

    def _unused(self, level: int, params: Params) -> list[str]:
        names = self.levels[level].names
        return [axis for axis, circuit in self.needs.items() if axis in names and params.get(circuit) == "none"]

    def _num_names(self, level: int, params: Params) -> int:
        unused = self._unused(level, params)
        return math.prod(len(values) for axis, values in self.levels[level].names.items() if axis not in unused)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(name for level in self.levels.values() for name in level.names)


def size(axes: Mapping[str, Sequence[Any]]) -> int:
    """Number of points in the product of all axes."""
    return math.prod(len(values) for values in axes.values())


def pick(axes: Mapping[str, Sequence[Any]], index: int) -> dict[str, Any]:
    """The values at the digits of `index`, the first axis the fastest."""
    picked = {}
    for name, values in axes.items():
        index, place = divmod(index, len(values))
        picked[name] = values[place]
    return picked
