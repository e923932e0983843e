"""A candidate's text as slang's preprocessor reads it, and that reading written out again. Runs in boxes only.

What is written out has no comments, macros, conditional compilation or other directives beyond those in `_KEPT`, and
stands on the lines of the original. So no compiler can read anything in it that the guard did not: tricks that work by
two preprocessors disagreeing (a directive in a macro, a macro that only one of them defines) end here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pyslang
from pyslang.parsing import LexerOptions, ParserOptions, PreprocessorOptions, Token, TokenKind, TriviaKind
from pyslang.syntax import SyntaxKind, SyntaxTree

PREDEFINED: Mapping[str, tuple[str, ...]] = {
    "icarus": ("__ICARUS__=1",),
    "verilator": (
        "VERILATOR=1",
        "VERILATOR_TIMING=1",
        "verilator=1",
        "verilator3=1",
        "SYSTEMVERILOG=1",
        "coverage_block_off=",
    ),
}
"""What each simulator defines before it reads anything (`iverilog -E`, `verilator -E --dump-defines --timing`)."""

_SLANGS_OWN = ["__slang__", "__slang_major__", "__slang_minor__"]
_MAX_NESTING = 200_000
_MAX_ERRORS = 200
_MAX_READINGS = 3

_KEPT = frozenset(
    {
        SyntaxKind.BeginKeywordsDirective,
        SyntaxKind.CellDefineDirective,
        SyntaxKind.DefaultNetTypeDirective,
        SyntaxKind.EndCellDefineDirective,
        SyntaxKind.EndKeywordsDirective,
        SyntaxKind.NoUnconnectedDriveDirective,
        SyntaxKind.ResetAllDirective,
        SyntaxKind.TimeScaleDirective,
        SyntaxKind.UnconnectedDriveDirective,
    }
)
"""Directives that say how what follows is compiled."""

_PASSABLE = frozenset(
    {
        "DirectiveInsideDesignElement",
        "EmbeddedNull",
        "ExpectedPragmaName",
        "InvalidMacroName",
        "MultipleDefaultCases",
        "OctalEscapeCodeTooBig",
    }
)
"""Slang's errors that leave its reading whole."""


@dataclass(frozen=True, slots=True)
class Word:
    """A token where the compiler will find it."""

    raw: str
    kind: TokenKind | None
    """None for a directive that is kept."""
    offset: int
    """Of the token in the file, in bytes of UTF-8; of the macro's use for what comes out of a macro."""
    expanded: bool
    """Whether it came out of a macro."""
    key: Any
    """Where slang says that it is: different for each expansion of a macro."""


@dataclass(slots=True)
class Reading:
    """A parsed text."""

    text: str
    tree: SyntaxTree
    words: list[Word] = field(default_factory=list)
    """In order; in text that is not understood, what slang skipped comes last."""
    errors: list[str] = field(default_factory=list)
    """Names of slang's complaints, those that spoil nothing left out."""
    newlines: list[int] = field(default_factory=list)
    """Offset of each line's end."""
    unknown: Mapping[int, str] = field(default_factory=dict)
    """Uses of macros that are not defined, and directives that slang does not know, by offset."""

    @property
    def root(self) -> Any:
        """The compilation unit."""
        return self.tree.root

    def offset(self, location: Any) -> int:
        """Offset in the file, of the macro's use for what is inside of a macro."""
        return int(self.tree.sourceManager.getFullyExpandedLoc(location).offset)

    def line(self, offset: int) -> int:
        """Line from 1."""
        return bisect_right(self.newlines, offset - 1) + 1


@cache
def _options(simulator: str) -> pyslang.Bag:
    preprocessor = PreprocessorOptions()
    preprocessor.predefines = list(PREDEFINED[simulator])
    preprocessor.undefines = _SLANGS_OWN
    preprocessor.maxIncludeDepth = 0  # no file is ever opened
    parser = ParserOptions()
    parser.maxRecursionDepth = _MAX_NESTING
    lexer = LexerOptions()
    lexer.maxErrors = _MAX_ERRORS
    bag = pyslang.Bag()
    bag.preprocessorOptions, bag.parserOptions, bag.lexerOptions = preprocessor, parser, lexer
    return bag


def read(text: str, *, simulator: str) -> Reading:
    """Parse a text as the simulator would see it."""
    data = text.replace("\0", "\1").encode(errors="replace")
    unknown: dict[int, str] = {}
    for _ in range(_MAX_READINGS):
        tree = _parse(data, simulator)
        complaints = [(diagnostic_name(each), each) for each in tree.diagnostics if each.isError()]
        found = _undefined(tree, [each for name, each in complaints if name == "UnknownDirective"])
        unknown |= found
        if simulator != "icarus" or not found:
            break
        data = _without(data, found)
    reading = Reading(text, tree, newlines=[match.start() for match in re.finditer(b"\n", data)], unknown=unknown)
    reading.errors = [name for name, _ in complaints if name not in _PASSABLE]
    skipped: list[Word] = []
    for token in tokens_of(reading.root):
        if complaints:
            skipped += _skipped(reading, token)
        reading.words += _words(reading, token, has_directives=b"`" in data)
    if skipped and not reading.errors:
        reading.errors.append("SkippedTokens")
    reading.words += skipped
    return reading


def _parse(data: bytes, simulator: str) -> SyntaxTree:
    manager = pyslang.SourceManager()
    return SyntaxTree.fromBuffer(manager.assignText(data.decode()), manager, _options(simulator))


def _undefined(tree: SyntaxTree, complaints: Iterable[Any]) -> dict[int, str]:
    """Uses of macros that are not defined, by offset; those inside of other macros stay errors."""
    in_file = [each for each in complaints if tree.sourceManager.isFileLoc(each.location)]
    return {each.location.offset: str(each.args[0]) for each in in_file}


def _without(data: bytes, uses: Mapping[int, str]) -> bytes:
    """To Icarus a macro that is not defined is nothing; slang would take what is in parentheses behind it as well."""
    blanked = bytearray(data)
    for offset, name in uses.items():
        length = len(name.encode())
        blanked[offset : offset + length] = b" " * length
    return bytes(blanked)


def diagnostic_name(diagnostic: Any) -> str:
    """E.g. "UndeclaredIdentifier"."""
    return str(diagnostic.code).removeprefix("DiagCode(").removesuffix(")")


def tokens_of(node: Any) -> list[Token]:
    """Every token below a node, in order."""
    found: list[Token] = []

    def note(each: Any) -> None:
        if type(each) is Token:
            found.append(each)

    node.visit(note)
    return found


def _words(reading: Reading, token: Token, *, has_directives: bool) -> Iterator[Word]:
    """A token, and before it what stands there for the compiler."""
    if has_directives:
        yield from _directives(reading, token)
    if token.rawText and token.kind != TokenKind.EndOfFile:
        if has_directives:
            yield _word(reading, token)
        else:
            location = token.location
            yield Word(token.rawText, token.kind, location.offset, False, location)


def _word(reading: Reading, token: Token) -> Word:
    location = token.location
    expanded = reading.tree.sourceManager.isMacroLoc(location)
    offset = reading.offset(location) if expanded else location.offset
    return Word(token.rawText, token.kind, offset, expanded, location)


def _directives(reading: Reading, token: Token) -> Iterator[Word]:
    """The directives before a token that are kept."""
    for trivia in token.trivia:
        if trivia.kind == TriviaKind.Directive and (syntax := trivia.syntax()).kind in _KEPT:
            raw = " ".join(each.rawText for each in tokens_of(syntax) if each.rawText)
            location = syntax.getFirstToken().location
            yield Word(raw, None, reading.offset(location), True, location)


def _skipped(reading: Reading, token: Token) -> Iterator[Word]:
    """What slang left out of the tree before a token, since it made no sense of it."""
    for trivia in token.trivia:
        if trivia.kind == TriviaKind.SkippedTokens:
            skipped = list(trivia.getSkippedTokens())
        elif trivia.kind == TriviaKind.SkippedSyntax:
            skipped = tokens_of(trivia.syntax())
        else:
            continue
        for each in skipped:
            yield from _skipped(reading, each)
            if each.rawText:
                yield _word(reading, each)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands in place of the words from `first` to `last`, both included."""

    first: int
    last: int
    text: str


def write(reading: Reading, replacements: Mapping[int, Replacement]) -> str:
    """The text that the compiler gets; `replacements` by their first word. It has the original's number of lines."""
    page = _Page(reading)
    skip_to = 0
    for index, word in enumerate(reading.words):
        if index < skip_to:
            continue
        replacement = replacements.get(index)
        if replacement is None:
            page.put(word.raw, word.offset, exact=not word.expanded)
        else:
            page.put(replacement.text, word.offset, exact=False)
            skip_to = replacement.last + 1
    return page.finish()


class _Page:
    """Words are put on their lines, as far as possible in their columns."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.parts: list[str] = []
        self.line = 1
        self.end: int | None = 0
        """Where the last word ended in the file; None when that is not known."""

    def put(self, raw: str, offset: int, *, exact: bool) -> None:
        line = self.reading.line(offset)
        if line > self.line:
            self.parts.append("\n" * (line - self.line))
            self.line = line
            self.parts.append(" " * (offset - self.reading.newlines[line - 2] - 1))
        elif exact and self.end is not None and offset >= self.end:
            self.parts.append(" " * (offset - self.end))
        else:
            self.parts.append(" ")
        self.parts.append(raw)
        self.line += raw.count("\n")
        self.end = offset + (len(raw) if raw.isascii() else len(raw.encode())) if exact else None

    def finish(self) -> str:
        num_lines = len(self.reading.newlines) + 1
        self.parts.append("\n" * max(0, num_lines - self.line))
        return "".join(self.parts)
