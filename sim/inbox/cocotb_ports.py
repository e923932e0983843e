"""Who drives the inputs of a design that Icarus compiled: the tests, or the design itself.

Many tests read their stimulus back from the design's inputs. A design that drives an input of its own, or has an inout
or an inner signal where an input belongs, would choose its own questions. What the compiler made of the text shows it,
whatever the text looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PORT = re.compile(r'^ {4}\.port_info \d+ /(INPUT|OUTPUT|INOUT) \d+ "([^"]+)"', re.MULTILINE)
_NET = re.compile(r'^v\w+ \.net\S* (?:"([^"]+)"|(v\w+) \d+), -?\d+ -?\d+, (\w+)', re.MULTILINE)
_VARIABLE = re.compile(r'^(v\w+) \.var\S* "([^"]+)"', re.MULTILINE)
_ARRAY = re.compile(r'^(v\w+) \.array\S* "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Directions ("INPUT", ...) of the top module's ports, and which of its signals the design itself drives."""

    directions: dict[str, str]
    driven: frozenset[str]

    def complaint(self, written: Iterable[str], *, inout: bool) -> str | None:
        """What is wrong with the signals that the tests wrote, if anything; `inout`: the tests may write those too."""
        for name in sorted(written):
            direction = self.directions.get(name, "inner signal").lower()
            if direction == "input" and name in self.driven:
                return f"the design drives its own input {name}"
            if direction != "input" and not (direction == "inout" and inout):
                return f"the tests write to {name}, which is no input of the design but an {direction}"
        return None


def read_ports(program: str, top: str) -> Ports | None:
    """The top module's ports in the text of a compiled program; None when it has no such module."""
    found = re.search(
        rf'^S_\w+ \.scope module, "{re.escape(top)}" "{re.escape(top)}" \d+ \d+;\n', program, re.MULTILINE
    )
    if found is None:
        return None
    end = program.find("\nS_", found.end())
    scope = program[found.end() : end if end >= 0 else None]
    directions = {name: direction for direction, name in _PORT.findall(scope)}
    return Ports(directions=directions, driven=frozenset(_driven(scope, program)))


def _driven(scope: str, program: str) -> Iterable[str]:
    arrays = dict(_ARRAY.findall(scope))
    for name, array, driver in _NET.findall(scope):
        if not driver.startswith("o"):  # an "o" label is a net that nothing drives
            yield name or arrays.get(array, array)
    for label, name in _VARIABLE.findall(scope):
        if re.search(rf"^ +%(?:store|assign|cassign|force)\S* {label}\b", program, re.MULTILINE):
            yield name
