"""Finds what reaches out of a candidate, and takes out of it what only a simulation has. Runs in boxes only.

Kinds of findings that reject a candidate:

    hierarchy       a name with dots, or through $root, that leaves the candidate's own hierarchy
    parameter       a defparam of the top module itself: the tests choose its parameters
    reserved-name   a module of the harness defined or instantiated, or a name that starts as the testbench's do
    escaped-name    a backtick in an escaped identifier, where Icarus expands macros and slang does not, or a quote,
                    which Icarus does not mask in what it compiles
    nesting         text nested too deep to be read
    bind, program, dpi, config, include
    native-code     Verilator's ways to C++: `$c`, `systemc_...`, `verilator_config`
    system-task     a task that reaches out, where nothing harmless can stand in its place
    force           `force` and `release`, in text that is not understood

The last two are otherwise neutralised: honest code guards parameters with $finish, opens a trace file, or brings a
testbench of its own along. A statement becomes `begin end`, a value `32'd0`.

What the compiler gets is slang's reading written out again (`sim.inbox.guard_text`), so no difference between slang's
preprocessor and the compiler's can hide anything. Text that slang's parser does not understand goes to the compiler
as it is, and hardly ever compiles: there only what can't be a misreading counts. What slang says about types, widths
or unknown modules is not looked at: that is for the compiler to judge.
"""

from __future__ import annotations

import codecs
import json
import re
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pyslang.parsing import Token, TokenKind
from pyslang.syntax import SyntaxKind

from sim.inbox import guard_names, guard_text, system_tasks
from sim.inbox.guard_text import Reading, Replacement, Word

TESTBENCH_NAME = re.compile(r"vr[0-9a-f]{20}_")
"""How every name of a testbench starts; see `fresh_names` of the verifier."""

MAX_TEXT = 120
MAX_FINDINGS = 50
ACCEPTED, REJECTED, EXHAUSTED = 0, 1, 3
"""Exit codes of `main`; the last is for text whose reading does not fit into memory (macros that double)."""
_STACK_BYTES = 120 << 20  # Linux keeps 128 MiB free below the main thread's stack

_KIND_OF_NODE = {
    SyntaxKind.BindDirective: "bind",
    SyntaxKind.ProgramDeclaration: "program",
    SyntaxKind.AnonymousProgram: "program",
    SyntaxKind.DPIImport: "dpi",
    SyntaxKind.DPIExport: "dpi",
    SyntaxKind.ConfigDeclaration: "config",
    SyntaxKind.LibraryDeclaration: "config",
}
_FORCING = (SyntaxKind.ProceduralForceStatement, SyntaxKind.ProceduralReleaseStatement)
_FORCING_WORDS = (TokenKind.ForceKeyword, TokenKind.ReleaseKeyword)

_NAMING = {
    SyntaxKind.ModuleHeader: "name",
    SyntaxKind.InterfaceHeader: "name",
    SyntaxKind.ProgramHeader: "name",
    SyntaxKind.PackageHeader: "name",
    SyntaxKind.UdpDeclaration: "name",
    SyntaxKind.CheckerDeclaration: "name",
    SyntaxKind.HierarchyInstantiation: "type",
    SyntaxKind.CheckerInstantiation: "type",
}
"""Nodes that define or instantiate a module, and where they name it."""

_DEFINING = frozenset({"module", "macromodule", "interface", "package", "primitive", "program"})
_CALL_STATEMENTS = frozenset({SyntaxKind.ExpressionStatement, SyntaxKind.VoidCastedCallStatement})
_NATIVE_DIRECTIVE = re.compile(r"`(systemc_|verilator_config|verilog\b)")
_INCLUDE_ERRORS = frozenset({"ExceededMaxIncludeDepth", "ExpectedIncludeFileName", "CouldNotOpenIncludeFile"})

_TOO_DEEP = "ParseTreeTooDeep"

_WARM_UP = """
`define WIDTH 4
module warm #(parameter W = `WIDTH) (input clk, input [W-1:0] a, output reg [W-1:0] q, output y);
    struct packed { logic [1:0] v; } s;
    assign y = &a & s.v[0];
    initial if (W < 1) $finish;
    always @(posedge clk) if (y) q <= 4'd0; else q <= q + a;
endmodule
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One construct in the candidate that reaches out of the design."""

    kind: str
    line: int
    """From 1."""
    text: str
    """The construct, cut to 120 characters."""
    neutralised: bool
    """True when it was replaced by what does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What the guard makes of a text."""

    understood: bool
    """False when slang's parser could not get past errors."""
    findings: tuple[Finding, ...]
    text: str
    """What the compiler may read, line for line like the original; the original itself unless understood."""

    @property
    def rejected(self) -> bool:
        """Whether there is a finding that nothing harmless can replace."""
        return any(not finding.neutralised for finding in self.findings)


def examine(
    text: str, *, top: str, reserved: frozenset[str], simulator: str = "icarus", own_lines: int | None = None
) -> Examination:
    """Examine a candidate's text as `simulator` would read it.

    own_lines: how many of the lines are the candidate's, when the harness's own stand behind them: its names may not
    leave for there, either.

    Example:
        examine("module m; initial $finish; endmodule", top="m", reserved=frozenset({"RefModule"}))
        # Examination(understood=True, findings=(Finding(kind="system-task", line=1, ..., neutralised=True),), ...)
    """
    reading = guard_text.read(text, simulator=simulator)
    understood = not reading.errors
    findings = [
        *_too_deep(reading),
        *_of_directives(reading),
        *_of_nodes(reading),
        *_of_parameters(reading, top),
        *_of_names(reading, reserved - {top}),
    ]
    replacements: dict[int, Replacement] = {}
    if understood:
        findings += [_finding(reading, "hierarchy", each.node) for each in guard_names.leaving(reading)]
        findings += _neutralise(reading, replacements)
    else:
        findings += _of_words(reading)
    if own_lines is not None:
        findings += _leaving_for_the_harness(reading, own_lines, simulator)
        findings += _defined_again(reading, own_lines)
    edited = guard_text.write(reading, replacements) if understood else text
    return Examination(
        understood=understood,
        findings=tuple(sorted(dict.fromkeys(findings), key=lambda each: (each.neutralised, each.line))[:MAX_FINDINGS]),
        text=edited,
    )


def warm_up() -> None:
    """Do once what the parser sets up at its first use, so that forks inherit it."""
    _allow_deep_stack()
    examine(_WARM_UP, top="warm", reserved=frozenset())


def main(argv: Sequence[str]) -> int:
    """The warm step: read a candidate, write the design unless it is rejected, and print one JSON object.

    Example:
        main(["guard", "--simulator=icarus", "candidate.sv", "design.sv", "TopModule", "RefModule", "tb"])
        # prints {"understood": true, "findings": [{"kind": "bind", "line": 3, "text": ..., "neutralised": false}]}
    """
    words = [each for each in argv[1:] if not each.startswith("--")]
    options = dict(each.split("=", 1) for each in argv[1:] if each.startswith("--"))
    candidate, design, top, *reserved = words
    own_lines = options.get("--own-lines")
    _allow_deep_stack()
    # one character a byte: what is not edited comes out as it went in, valid UTF-8 or not
    text = Path(candidate).read_bytes().removeprefix(codecs.BOM_UTF8).decode("latin-1")
    try:
        found = examine(
            text, top=top, reserved=frozenset(reserved), simulator=options.get("--simulator", "icarus"),
            own_lines=None if own_lines is None else int(own_lines),
        )  # fmt: skip
    except MemoryError:
        return EXHAUSTED
    if not found.rejected:
        Path(design).write_bytes(found.text.encode("latin-1"))
    json.dump({"understood": found.understood, "findings": [asdict(each) for each in found.findings]}, sys.stdout)
    print(flush=True)
    return REJECTED if found.rejected else ACCEPTED


def _allow_deep_stack() -> None:
    """Slang's visitors call themselves for each level of nesting, and a sum of 100,000 terms is that deep."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    soft = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(hard, _STACK_BYTES)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))


# ---- what rejects


def _finding(reading: Reading, kind: str, node: Any, *, neutralised: bool = False) -> Finding:
    words = " ".join(each.rawText for each in guard_text.tokens_of(node)[:MAX_TEXT] if each.rawText)
    return _finding_at(reading, kind, node.getFirstToken().location, words, neutralised=neutralised)


def _finding_at(reading: Reading, kind: str, location: Any, words: str, *, neutralised: bool = False) -> Finding:
    line = reading.line(reading.offset(location))
    return Finding(kind=kind, line=line, text=words[:MAX_TEXT], neutralised=neutralised)


def _too_deep(reading: Reading) -> Iterator[Finding]:
    """Slang gives up on such text without a word of it read, and compilers may not."""
    if _TOO_DEEP in reading.errors:
        yield Finding(kind="nesting", line=1, text="nested too deep", neutralised=False)


def _of_directives(reading: Reading) -> Iterator[Finding]:
    """Files that are read in, and what Verilator would paste into its C++."""
    for each in reading.tree.diagnostics:
        name = guard_text.diagnostic_name(each)
        if name in _INCLUDE_ERRORS:
            yield _finding_at(reading, "include", each.location, "`include")
        elif name == "UnknownDirective" and _NATIVE_DIRECTIVE.match(directive := str(each.args[0])):
            yield _finding_at(reading, "native-code", each.location, directive)
    for offset, directive in reading.unknown.items():
        if _NATIVE_DIRECTIVE.match(directive):
            yield Finding(kind="native-code", line=reading.line(offset), text=directive, neutralised=False)


def _of_nodes(reading: Reading) -> list[Finding]:
    found: list[Finding] = []

    def noter(kind: str) -> Callable[[Any], None]:
        return lambda node: found.append(_finding(reading, kind, node))

    reading.root.visit(lookup_table={node: noter(kind) for node, kind in _KIND_OF_NODE.items()})
    return found


def _of_parameters(reading: Reading, top: str) -> list[Finding]:
    found: list[Finding] = []

    def note(node: Any) -> None:
        names = [each.valueText for each in guard_text.tokens_of(node.name)]
        if len(names) == 1 or names[0] == top:
            found.append(_finding(reading, "parameter", node))

    reading.root.visit(lookup_table={SyntaxKind.DefParamAssignment: note})
    return found


def _of_names(reading: Reading, reserved: frozenset[str]) -> list[Finding]:
    """Names of the harness (any name that looks like the testbench's, and reserved modules), and names that deceive."""
    found: list[Finding] = []

    def note(node: Any) -> None:
        named = getattr(node, _NAMING[node.kind])
        token = named if type(named) is Token else named.getLastToken()
        if token.valueText in reserved:
            found.append(_finding_at(reading, "reserved-name", token.location, token.valueText))

    if reserved:
        reading.root.visit(lookup_table=dict.fromkeys(_NAMING, note))
    for word in reading.words:
        if word.kind == TokenKind.Identifier and TESTBENCH_NAME.match(word.raw.lstrip("\\")):
            found.append(_finding_at(reading, "reserved-name", word.key, word.raw))
        elif word.kind == TokenKind.Identifier and ("`" in word.raw or '"' in word.raw):
            found.append(_finding_at(reading, "escaped-name", word.key, word.raw))
    return found


def _of_words(reading: Reading) -> Iterator[Finding]:
    """For text that is not understood: what its words alone say. Tasks that end the run are left to do so."""
    for word in reading.words:
        if word.kind == TokenKind.RootSystemName:
            yield _finding_at(reading, "hierarchy", word.key, word.raw)
        elif word.kind in _FORCING_WORDS:
            yield _finding_at(reading, "force", word.key, word.raw)
        elif word.kind == TokenKind.SystemIdentifier and (kind := _kind_of_task(word.raw)) not in (None, "ending"):
            yield _finding_at(reading, kind or "", word.key, word.raw)


def _leaving_for_the_harness(reading: Reading, own_lines: int, simulator: str) -> Iterator[Finding]:
    """Names of the first lines that lead into the others; in text that is not understood, all that may do so."""
    own = guard_text.read("\n".join([*reading.text.split("\n")[:own_lines], ""]), simulator=simulator)
    if not own.errors and not reading.errors:
        for each in guard_names.leaving(own):
            yield _finding(own, "hierarchy", each.node)
        return
    identifiers = (each for each in reading.words if each.kind == TokenKind.Identifier)
    theirs = {"]", *(_plain(each) for each in identifiers if reading.line(each.offset) > own_lines)}
    for word, after in pairwise(reading.words):
        if after.raw == "." and _plain(word) in theirs and reading.line(word.offset) <= own_lines:
            yield _finding_at(reading, "hierarchy", word.key, word.raw)


def _defined_again(reading: Reading, own_lines: int) -> list[Finding]:
    """Modules of the harness that the first lines define, too: of two, Verilator may be told to take the first."""
    words = [each for each in reading.words if each.raw not in ("automatic", "static")]
    named = [name for word, name in pairwise(words) if word.raw in _DEFINING]
    theirs = {_plain(each) for each in named if reading.line(each.offset) > own_lines}
    again = [each for each in named if reading.line(each.offset) <= own_lines and _plain(each) in theirs]
    return [_finding_at(reading, "reserved-name", each.key, each.raw) for each in again]


def _plain(word: Word) -> str:
    return word.raw.removeprefix("\\").strip()


def _kind_of_task(raw: str) -> str | None:
    """None for a task that stays."""
    name = raw.removeprefix("$")
    if system_tasks.NATIVE.fullmatch(name):
        return "native-code"
    if system_tasks.ENDING.fullmatch(name):
        return "ending"
    return "system-task" if system_tasks.REACHING.fullmatch(name) else None


# ---- what is neutralised


def _neutralise(reading: Reading, replacements: dict[int, Replacement]) -> list[Finding]:
    """Find what does not stay, and fill in by what it is replaced."""
    index_of = {word.key: index for index, word in enumerate(reading.words) if word.kind is not None}

    def replace(node: Any, text: str) -> None:
        words = [index_of[each.location] for each in guard_text.tokens_of(node) if each.location in index_of]
        replacements[words[0]] = Replacement(words[0], words[-1], text)

    found: list[Finding] = []
    if any(word.kind in _FORCING_WORDS for word in reading.words):
        forced: list[Any] = []
        reading.root.visit(lookup_table=dict.fromkeys(_FORCING, forced.append))
        for node in forced:
            found.append(_finding(reading, "force", node, neutralised=True))
            replace(node, "begin end")
    return found + _neutralise_tasks(reading, replace)


def _neutralise_tasks(reading: Reading, replace: Callable[[Any, str], None]) -> list[Finding]:
    suspects = {
        word.key: index
        for index, word in enumerate(reading.words)
        if word.kind == TokenKind.SystemIdentifier and _kind_of_task(word.raw) is not None
    }
    if not suspects:
        return []
    calls: list[Any] = []
    reading.root.visit(lookup_table=dict.fromkeys((SyntaxKind.SystemName, SyntaxKind.ElabSystemTask), calls.append))
    found: list[Finding] = []
    for call in calls:
        name = next(each for each in guard_text.tokens_of(call) if each.kind == TokenKind.SystemIdentifier)
        if suspects.pop(name.location, None) is None:
            continue
        native = _kind_of_task(name.rawText) == "native-code"
        node, text = _in_place_of(call)
        found.append(_finding(reading, "native-code" if native else "system-task", node, neutralised=not native))
        replace(node, text)
    for index in suspects.values():
        found.append(_finding_at(reading, "system-task", reading.words[index].key, reading.words[index].raw))
    return found


def _in_place_of(call: Any) -> tuple[Any, str]:
    """The node to replace, and the text that does nothing in its place."""
    if call.kind == SyntaxKind.ElabSystemTask:
        is_item = call.parent.kind in (
            SyntaxKind.ModuleDeclaration,
            SyntaxKind.GenerateRegion,
            SyntaxKind.GenerateBlock,
        )
        return call, "" if is_item else "begin end"
    node = call
    if node.parent.kind == SyntaxKind.InvocationExpression and node.parent.left == node:
        node = node.parent
    if node.parent.kind in _CALL_STATEMENTS:
        return node.parent, "begin end"
    return node, _VALUE_OF.get(next(each.rawText for each in guard_text.tokens_of(call)), "32'd0")


_VALUE_OF = {"$feof": "32'd1", "$fgetc": "-32'sd1"}
"""What a file that has ended says; a loop that reads one waits for it. Everything else is 0."""
