"""Yosys 0.52 and the ABC that comes with it: command lines and logs. Nothing here runs anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

_STATUS = re.compile(r"^Status = (-?\d+) ", re.MULTILINE)
_TRACE = re.compile(
    r"^(?P<name>in_\S+?)(?:\[(?P<bit>[0-9]{1,7})\])?@(?P<step>[0-9]{1,7})=(?P<value>[01])$", re.MULTILINE
)
_ERROR = re.compile(r"^ERROR: (.*)$", re.MULTILINE)


class Proof(StrEnum):
    """What a model checker concluded about "this output is never 1"."""

    HOLDS = "HOLDS"
    FAILS = "FAILS"
    OPEN = "OPEN"
    """It gave up, or ended before it could say."""


def script_argv(script: str) -> tuple[str, ...]:
    """`yosys` on a script file: silent but for warnings and errors; exits with 1 at the first error."""
    return ("yosys", "-q", "-s", script)


def abc_argv(commands: Sequence[str]) -> tuple[str, ...]:
    """`yosys-abc` on a list of commands; the first that fails ends it."""
    return ("yosys-abc", "-q", "; ".join(commands))


def prove_never_commands(aiger: str, *, seconds: int, trace: str | None = None) -> tuple[str, ...]:
    """ABC commands that try to prove the one output of an AIGER file to be 0 for ever, for about `seconds`.

    `scorr` merges equal registers and often leaves nothing; `pdr` (IC3) does the rest. `pdr` says "undecided" when the
    output has become a constant, which `iprove` settles; on a network that still has registers `iprove` is an error,
    which ends the run after `pdr` has spoken. With `trace`, the file of that name gets the inputs that refute it.
    """
    write = (f"write_cex -n {trace}",) if trace else ()
    proof = (f"read_aiger {aiger}", "scorr", f"pdr -T {seconds}", "print_status")
    return (*proof, *write, "iprove", "print_status", *write)


def parse_proof(log: str) -> Proof:
    """The conclusion in what `print_status` wrote: 1 proved, 0 refuted, -1 open."""
    statuses = {int(found) for found in _STATUS.findall(log)}
    if 0 in statuses:
        return Proof.FAILS
    return Proof.HOLDS if 1 in statuses else Proof.OPEN


def parse_error(log: str) -> str | None:
    """The message with which Yosys stopped; None when it did not."""
    found = _ERROR.search(log)
    return found[1].strip() if found else None


def parse_trace(text: str) -> list[dict[str, dict[int, str]]]:
    """The inputs in what `write_cex -n` wrote: for each step, input name to bit index to digit.

    Example:
        parse_trace("in_clk@0=1\nin_d[2]@0=0\n") == [{"in_clk": {0: "1"}, "in_d": {2: "0"}}]
    """
    steps: list[dict[str, dict[int, str]]] = []
    for found in _TRACE.finditer(text):
        index = int(found["step"])
        # steps come in order; one that is left out would be a text that ABC does not write
        if index == len(steps):
            steps.append({})
        if index == len(steps) - 1:
            steps[-1].setdefault(found["name"], {})[int(found["bit"] or 0)] = found["value"]
    return steps
