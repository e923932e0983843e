"""Icarus Verilog 12: command lines and logs. Nothing here runs anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sim.image import ICARUS
from sim.verdict import Diagnostic, Severity

FLAGS = ("-g2012", "-Wall", "-Winfloop", "-Wno-timescale")
"""Those of VerilogEval's own flow, so that verdicts can be compared."""

PREPROCESSED = "ivl.in"
_MODULES = ("system", "v2005_math", "va_math", "v2009")
_SETTINGS = (
    "generation:2012", "generation:no-specify", "generation:assertions", "generation:xtypes",
    "generation:io-range-error", "generation:no-strict-ca-eval", "generation:no-strict-expr-width",
    "generation:shared-loop-index", "generation:no-verilog-ams", "generation:icarus-misc", "warnings:nidRpsal",
    "ignore_missing_modules:false", "iwidth:32", "widthcap:65536",
)  # fmt: skip
_MESSAGE = re.compile(r"^(?P<file>[^:\s]+):(?:(?P<line>[0-9]{1,7}):)? ?(?P<text>.*)$")
_VARYING = re.compile(r"[`'][^`']*'+|[0-9]+")
"""What messages of one kind differ in: names in quotes, and numbers."""
MAX_MESSAGE = 300
"""Characters kept of one message; a candidate can make them as long as it likes."""


@dataclass(frozen=True, kw_only=True)
class Compilation:
    """A whole simulation out of source files, in the order given.

    Directly, it is what `iverilog` does without `iverilog`, which writes four files and starts a shell that starts two
    programs: a third faster for a small design. The settings are those of version 12 for FLAGS, less the two modules
    with system tasks for VHDL.
    """

    tops: Sequence[str]
    files: Sequence[str]
    output: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of the tops: "top.NAME" to a literal. The direct way only."""
    prefix: str = ""
    """Before the names of the files that the direct way reads and writes: several compilations in one box."""

    @property
    def own_files(self) -> dict[str, bytes]:
        """Files that the direct way reads, by name."""
        defines = f"D:__ICARUS__=1\nI:{ICARUS}/include\nrelative include:false\n"
        roots = [f"root:{top}" for top in self.tops]
        modules = [f"module:{ICARUS}/{name}.vpi" for name in _MODULES]
        parameters = [f"defparam:{name}={value}" for name, value in self.parameters.items()]
        settings = [*roots, f"basedir:{ICARUS}", *modules, *_SETTINGS, *parameters, f"out:{self.output}"]
        return {
            f"{self.prefix}ivlpp.defines": defines.encode(),
            f"{self.prefix}ivlpp.files": "".join(f"{name}\n" for name in self.files).encode(),
            f"{self.prefix}ivl.conf": "".join(f"{line}\n" for line in settings).encode(),
        }

    @property
    def leftovers(self) -> tuple[str, ...]:
        """Files that the direct way leaves behind; the last holds all sources."""
        return (*self.own_files, f"{self.prefix}{PREPROCESSED}")

    def argvs(self, *, direct: bool) -> tuple[tuple[str, ...], ...]:
        """The commands, one after another."""
        if not direct:
            tops = (word for top in self.tops for word in ("-s", top))
            return (("iverilog", *FLAGS, *tops, "-o", self.output, *self.files),)
        defines, files, settings, preprocessed = self.leftovers
        return (
            (f"{ICARUS}/ivlpp", "-L", "-Wredef-chg", f"-F{defines}", f"-f{files}", f"-o{preprocessed}"),
            (f"{ICARUS}/ivl", f"-C{settings}", f"-C{ICARUS}/vvp.conf", "--", preprocessed),
        )


def simulate_argv(program: str) -> tuple[str, ...]:
    """`vvp`, without its interactive prompt and without writing waves."""
    return ("vvp", "-n", program, "-none")


def diagnostics(log: str, *, file: str, limit: int = 20) -> tuple[Diagnostic, ...]:
    """The compiler's messages about `file`, and those that name no line of it without a line; in the log's order.

    Other files are ours: their lines would tell a model about the testbench. Of more messages than `limit`, the first
    of each kind comes before the second of any, so that no kind of fault is lost behind many of another.
    """
    repeats: dict[str, int] = {}
    found: list[tuple[int, Diagnostic]] = []
    for line in log.split("\n"):  # not splitlines: a candidate can put other line ends into names
        match = _MESSAGE.match(line)
        if not match:
            continue
        own = match["file"] == file
        text = match["text"].strip()
        severity = _severity(text)
        if severity is None or not (own or severity is Severity.ERROR):
            continue
        text = re.sub(r"^(error|warning|sorry):\s*|^:\s*", "", text)[:MAX_MESSAGE]
        number = int(match["line"]) if own and match["line"] else None
        kind = _VARYING.sub("", text)
        repeats[kind] = repeats.get(kind, -1) + 1
        if repeats[kind] < limit:
            found.append((repeats[kind], Diagnostic(severity=severity, message=text, line=number)))
    kept = sorted(sorted(range(len(found)), key=lambda place: found[place][0])[:limit])
    return tuple(found[place][1] for place in kept)


def _severity(text: str) -> Severity | None:
    lowered = text.lower()
    if lowered.startswith("warning"):
        return Severity.WARNING
    if lowered.startswith(("error", "sorry", "syntax error")) or "error" in lowered or "sorry" in lowered:
        return Severity.ERROR
    return Severity.NOTE if text else None
