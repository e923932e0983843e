"""Icarus Verilog 12: command lines and logs. Nothing here runs anything."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sim.verdict import Diagnostic, Severity

FLAGS = ("-g2012", "-Wall", "-Winfloop", "-Wno-timescale")
"""Those of VerilogEval's own flow, so that verdicts can be compared."""

_MESSAGE = re.compile(r"^(?P<file>[^:\s]+):(?:(?P<line>[0-9]{1,7}):)? ?(?P<text>.*)$")
MAX_MESSAGE = 300
"""Characters kept of one message; a candidate can make them as long as it likes."""


def compile_argv(*, top: str, files: Sequence[str], output: str) -> tuple[str, ...]:
    """`iverilog` for a whole simulation."""
    return ("iverilog", *FLAGS, "-s", top, "-o", output, *files)


def simulate_argv(program: str) -> tuple[str, ...]:
    """`vvp`, without its interactive prompt and without writing waves."""
    return ("vvp", "-n", program, "-none")


def diagnostics(log: str, *, file: str, limit: int = 20) -> tuple[Diagnostic, ...]:
    """The compiler's messages about `file`, and those that name no line of it without a line.

    Other files are ours: their lines would tell a model about the testbench.
    """
    found: list[Diagnostic] = []
    for line in log.split("\n"):  # not splitlines: a candidate can put other line ends into names
        match = _MESSAGE.match(line)
        if not match or len(found) >= limit:
            continue
        own = match["file"] == file
        text = match["text"].strip()
        severity = _severity(text)
        if severity is None or not (own or severity is Severity.ERROR):
            continue
        text = re.sub(r"^(error|warning|sorry):\s*", "", text)
        number = int(match["line"]) if own and match["line"] else None
        found.append(Diagnostic(severity=severity, message=text[:MAX_MESSAGE], line=number))
    return tuple(found)


def _severity(text: str) -> Severity | None:
    lowered = text.lower()
    if lowered.startswith("warning"):
        return Severity.WARNING
    if lowered.startswith(("error", "sorry", "syntax error")) or "error" in lowered or "sorry" in lowered:
        return Severity.ERROR
    return Severity.NOTE if text and not text.startswith(":") else None
