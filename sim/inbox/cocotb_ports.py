"""Who drives the inputs of a design that Icarus compiled: the tests, or the design itself.

Many tests read their stimulus back from the design's inputs. A design that drives an input of its own, or has an inout
or an inner signal where an input belongs, would choose its own questions. What the compiler made of the text shows it,
whatever the text looks like. Which names are inputs the golden says; without one, the candidate itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PORT = re.compile(r'^ {4}\.port_info \d+ /(INPUT|OUTPUT|INOUT) \d+ "([^"]+)"', re.MULTILINE)
_NET = re.compile(r'^v\w+ \.net\S* (?:"([^"]+)"|(v\w+) \d+), -?\d+ -?\d+, (\w+)', re.MULTILINE)
_VARIABLE = re.compile(r'^(v\w+) \.var\S* "([^"]+)"', re.MULTILINE)
_ARRAY = re.compile(r'^(v\w+) \.array\S* "([^"]+)"', re.MULTILINE)
_WRITES = (
    r"^ +%(?:store|assign|cassign|force)\S* {label}\b"
    r"|^ +%vpi_(?:call|func)\S* (?:\d+ )?\d+ "
    r'"\$(?:sscanf|swrite[bho]?|sformat|u?random|dist_\w+|a?sync\$\S+)".*\b{label}\b'
)
"""An instruction that writes to a variable, or a call of a system task that writes to one of its arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Directions ("INPUT", ...) of the top module's ports, and which of its signals the design itself drives."""

    directions: dict[str, str]
    driven: frozenset[str]

    def faults(self, inputs: Iterable[str] | None) -> dict[str, str]:
        """What is wrong, "driven" or "interface" to words; `inputs`: the golden's, None when there is no golden."""
        own = [name for name, direction in self.directions.items() if direction == "INPUT"]
        names = own if inputs is None else sorted(inputs)
        found: dict[str, str] = {}
        for name in names:
            direction = self.directions.get(name)
            if direction != "INPUT":
                found.setdefault("interface", f"{name} is no input of the design")
            elif name in self.driven:
                found.setdefault("driven", f"the design drives its own input {name}")
        return found


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
        if re.search(_WRITES.format(label=label), program, re.MULTILINE):
            yield name
