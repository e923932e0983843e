"""Verilator 5.032: command lines and logs. Nothing here runs anything.

Two stages make a simulation: `verilate_argv` translates Verilog to C++, `build_argv` compiles that against what the
image holds precompiled (`containers/verilator-prebuild.sh`). The perl wrapper, make and python, which
`verilator --binary` starts, are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.verdict import Diagnostic, Severity

BUILD = "/opt/verireason/verilator/build"
DIRECTORY = "obj"
"""Where the C++ and the program go."""
TREE, TREE_FILES = "tree.json", "tree.meta.json"
"""The elaborated design as Verilator sees it, and what its file letters mean."""
MAX_MESSAGE = 300
"""Characters kept of one message; a candidate can make them as long as it likes."""

_COMMON = ("--quiet", "--timing", "--timescale", "1s/1s", "-UVERILATOR", "-UVERILATOR_TIMING")
"""The time unit that Icarus has where a text gives none; and no macro that would make the text another one than for
Icarus."""
_PREFIX = ("--assert", "--prefix", "Vtb")
_SIMULATION = (*_PREFIX, "-Wno-fatal", "-Wno-BLKANDNBLK", "-Wno-INITIALDLY")
"""A variable with both kinds of assignment is an error by default, and works."""
_NO_NAMES = ("--protect-ids", "--protect-key", "vr")
"""Without this, version 5.032 writes each event expression of the text into a C++ string as it stands, quotes included:
`reg \"+(system("id"),0)?"":" ;` in an `@` runs a program, and so does a string constant in a `wait`."""
_ZEROS = ("--x-assign", "0", "--x-initial", "0")
"""There is no x: what Icarus would make unknown is zero, in the golden and in the candidate."""

_MESSAGE = re.compile(r"^%(?P<kind>Error|Warning)(?:-(?P<name>[A-Z0-9]{2,32}))?: (?P<text>.*)$")
_PLACE = re.compile(r"^(?P<file>[^:\s]{1,255}):(?P<line>[0-9]{1,7}):(?:[0-9]{1,7}:)? ")
_NOISE = ("Exiting due to", "Command Failed", "Cannot continue")

_DISARM = (
    r"tr/\0/\1/; s#\r\n?#\n#g;"
    r"s#(//|/\*)(\s*)(verilator|synopsys|cadence|pragma|ambit|synthesis)#$1$2-$3#g;"
    r"s#`(verilator_config|verilog|systemc_\w*)#`no_$1#g"
)


def unpragma_argv(file: str) -> tuple[str, ...]:
    """`perl` that makes plain comments of those that speak to Verilator, which turn warnings and code off and on.

    No other tool hears them. Line numbers stay. Verilator's own directives become unknown ones, which are errors.
    Verilator skips zero bytes and carriage returns even within words, where other tools see a word's end: the first
    become what it does not skip, the second line ends.
    """
    return ("perl", "-0777", "-pi", "-e", _DISARM, file)


def tree_argv(*, top: str, files: Sequence[str], options: Sequence[str] = ()) -> tuple[str, ...]:
    """Write TREE: what Verilator makes of the text before it makes C++ of it."""
    output = ("--json-only-output", TREE, "--json-only-meta-output", TREE_FILES)
    silence = ("-Wno-lint", "-Wno-style")
    return ("verilator_bin", "--json-only", *output, *_COMMON, *_SIMULATION, *silence, *options, "--top-module", top,
            *files)  # fmt: skip


def verilate_argv(*, top: str, files: Sequence[str]) -> tuple[str, ...]:
    """C++ of a whole simulation, in DIRECTORY."""
    return ("verilator_bin", "--cc", "--main", "-Mdir", DIRECTORY, *_COMMON, *_SIMULATION, *_NO_NAMES, *_ZEROS,
            "--top-module", top, *files)  # fmt: skip


def verilate_for_cocotb_argv(*, top: str, files: Sequence[str]) -> tuple[str, ...]:
    """C++ of a design alone, open to cocotb, in DIRECTORY.

    The time unit is what cocotb's clocks in nanoseconds need; the precision is that whatever the candidate says.
    """
    opening = ("--vpi", "--public-flat-rw", "--timescale", "1ns/1ps", "--timescale-override", "/1ps")
    return ("verilator_bin", "--cc", "-Mdir", DIRECTORY, *_COMMON, *_SIMULATION, *_ZEROS, *opening, "--top-module", top,
            *files)  # fmt: skip


def run_options(*, timescale: str | None, parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Options of a run of a published harness: its time scale, Verilator's own if it has none, and parameters."""
    return ("--timescale", timescale or "1ps/1ps", *(f"-G{name}={value}" for name, value in parameters.items()))


def verilate_run_argv(
    *, top: str, files: Sequence[str], directory: str, options: Sequence[str], warnings: Sequence[str]
) -> tuple[str, ...]:
    """C++ of a design as a published harness builds it, open to cocotb: a warning that is left on is an error."""
    opening = ("--vpi", "--public-flat-rw", *options)
    return ("verilator_bin", "--cc", "-Mdir", directory, *_COMMON, *_PREFIX, *_ZEROS, *opening, *warnings,
            "--top-module", top, *files)  # fmt: skip


def build_argv(*options: str, directory: str = DIRECTORY) -> tuple[str, ...]:
    """The program out of the C++ in a directory, with more options for the compiler."""
    return ("sh", BUILD, directory, *options)


def simulate_argv(directory: str = DIRECTORY) -> tuple[str, ...]:
    """The program, without the statistics at its end; like Icarus it goes on after `$error` and failed assertions."""
    return (f"{directory}/sim", "+verilator+quiet", "+verilator+error+limit+1000000000")


def lint_argv(*, top: str, file: str) -> tuple[str, ...]:
    """All warnings about one file; the exit code is 0 for mere warnings."""
    warnings = ("-Wall", "-Wno-fatal", "-Wwarn-BLKANDNBLK", "-Wno-DECLFILENAME")  # the file's name is ours
    return ("verilator_bin", "--lint-only", *warnings, *_COMMON, "--top-module", top, file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One warning or error of a log."""

    severity: Severity
    name: str | None
    """Its class, e.g. "WIDTHTRUNC"; None for an error without one."""
    file: str | None
    line: int | None
    text: str


def messages(log: str) -> tuple[Message, ...]:
    """All warnings and errors of a log, without the excerpts and hints that follow each."""
    found = []
    for line in log.split("\n"):  # not splitlines: a candidate can put other line ends into names
        match = _MESSAGE.match(line)
        if not match or match["text"].startswith(_NOISE):
            continue
        place = _PLACE.match(match["text"])
        text = match["text"][place.end() :] if place else match["text"]
        found.append(
            Message(
                severity=Severity.ERROR if match["kind"] == "Error" else Severity.WARNING,
                name=match["name"],
                file=place["file"] if place else None,
                line=int(place["line"]) if place else None,
                text=text.strip()[:MAX_MESSAGE],
            )
        )
    return tuple(found)


def diagnostics(log: str, *, file: str, limit: int = 20) -> tuple[Diagnostic, ...]:
    """Messages about `file`, and errors about no line of it without a line.

    Other files are ours: their lines would tell a model about the testbench.
    """
    return tuple(
        diagnostic(message, file=file)
        for message in messages(log)
        if message.file == file or message.severity is Severity.ERROR
    )[:limit]


def diagnostic(message: Message, *, file: str) -> Diagnostic:
    """A message as a diagnostic; it keeps its line if it is about `file`."""
    return Diagnostic(
        severity=message.severity,
        message=f"{message.name}: {message.text}" if message.name else message.text,
        line=message.line if message.file == file else None,
    )


def count_classes(found: Sequence[Message]) -> dict[str, int]:
    """Class to number of messages; errors count under "ERROR", whatever their class."""
    return dict(Counter("ERROR" if each.severity is Severity.ERROR else each.name or "OTHER" for each in found))
