"""What a family of programming tasks is: a parameter space, and a function from one point of it to a program.

The reference is ours and runs on the host; a golden's text never does. What makes two tasks one is their behaviour:
points whose references answer alike are one function, whatever the text and the words are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from verireason.data.families.family import pick, size
from verireason.data.streams import Params

ENTRY = "solve"
"""The function that every task asks for."""

Arguments = tuple[Any, ...]
"""One list of positional arguments."""
Turns = tuple[int | str, ...]
"""Numbers or letters that a function turns on: its inputs are drawn around them."""

_NUM_PROBES = 120
"""Drawn inputs, beside the edges, on which two functions must differ to be two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a function takes, and where to look for its mistakes."""

    namings: tuple[tuple[str, ...], ...]
    """Choices of names for the arguments."""
    turns: Turns
    """What to turn on where a family says nothing, as for telling functions apart."""
    edges: Callable[[Turns], list[Arguments]]
    """Inputs that every test has: empty, zero, negative, ties, and around the numbers that the function turns on. With
    `draw` they also tell functions apart, so changing them can move functions to another split."""
    draw: Callable[[Random, Turns], Arguments]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One point of a level: a function with names, and how to say it."""

    body: str
    """The golden's lines below its header, indented by four spaces."""
    reference: Callable[..., object]
    """The same function; it must leave its arguments as they are."""
    returns: str
    """What comes back, as a noun with its article: "the number of elements of xs that are greater than 3"."""
    terse: str
    """The same in a few words, for small models."""
    turns: Turns = ()
    also: tuple[Arguments, ...] = ()
    """Inputs that tell the function from its near misses, beside those that its signature has."""
    note: str = ""
    """A sentence on cases that the words leave open; empty when they leave none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One difficulty of a family."""

    signature: Signature
    axes: Mapping[str, Sequence[Any]]
    """The product of all axes is the level's space; names of arguments come on top."""
    make: Callable[..., Program]
    """Called with the arguments' names, and with the axes by name."""
    valid: Callable[[Params], bool] | None = None
    """Which points exist; None when all do."""

    @property
    def all_axes(self) -> Mapping[str, Sequence[Any]]:
        """Names and the others."""
        return {"names": self.signature.namings, **self.axes}


@dataclass(frozen=True, kw_only=True, eq=False)
class ProgramFamily:
    """A kind of task."""

    name: str
    category: str
    """The theme: "numbers", "lists", "texts"."""
    levels: Mapping[int, Level]

    def num_points(self, level: int) -> int:
        """Size of the product of all axes, points that do not exist included."""
        return size(self.levels[level].all_axes)

    def point(self, level: int, index: int) -> Params | None:
        """The parameters with this number, from 0 to `num_points`; None when the point does not exist."""
        params = pick(self.levels[level].all_axes, index)
        valid = self.levels[level].valid
        return params if valid is None or valid(params) else None

    def program(self, level: int, params: Params) -> Program:
        """The function at a point."""
        axes = {name: value for name, value in params.items() if name != "names"}
        return self.levels[level].make(*params["names"], **axes)

    def header(self, params: Params) -> str:
        """The first line: "def solve(xs):"."""
        return f"def {ENTRY}({', '.join(params['names'])}):"

    def source(self, level: int, params: Params) -> str:
        """The golden."""
        return f"{self.header(params)}\n{self.program(level, params).body}\n"

    def digest(self, level: int, params: Params) -> str:
        """Ten hex digits that stand for the point, names included."""
        text = json.dumps([self.name, level, dict(params)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def function(self, level: int, params: Params) -> str:
        """A key that is equal for two points, of any families, whose functions answer alike."""
        axes = {**params, "names": self.levels[level].signature.namings[0]}
        return _behaviour(self, level, tuple(axes.items()))


@lru_cache(maxsize=1 << 16)
def _behaviour(family: ProgramFamily, level: int, params: tuple[tuple[str, Any], ...]) -> str:
    signature = family.levels[level].signature
    reference = family.program(level, dict(params)).reference
    rng = Random("probes")
    probes = signature.edges(signature.turns) + [signature.draw(rng, signature.turns) for _ in range(_NUM_PROBES)]
    return hashlib.sha256(repr([reference(*probe) for probe in probes]).encode()).hexdigest()
