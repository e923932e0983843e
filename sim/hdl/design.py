"""The files of a candidate, and the design that they make together with those that are there already.

A candidate with several files is one text: before each file stands a line `// file: PATH`, before a unified diff of one
`// diff: PATH`. Everything here is linear in hostile text; nothing touches a file system, so a path is only a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim.hdl.harness import HARNESS

MARK = re.compile(r"^// (file|diff): (\S{1,255})[ \t]*\r?$", re.MULTILINE)
MAX_DESIGN_KB = 1024
MAX_LINES = 100_000
_BOUNDARY = "/**/"
"""Ends a comment, or a macro's definition, that the text before it leaves open."""
_MAX_INCLUDES = 200
_INCLUDE = re.compile(r'^[ \t]*`include[ \t]+"([^"\n]{1,255})"[ \t]*(?://.*)?\r?$')
_HUNK = re.compile(r"^@@ -(\d{1,7})(?:,(\d{1,7}))? \+\d{1,7}(?:,(\d{1,7}))? @@")
_DIFF_HEAD = ("diff ", "index ", "--- ", "+++ ", "new file ", "deleted file ", "old mode ", "new mode ", "similarity ")


class Unfit(Exception):
    """The candidate's files do not make a design; the message says why. The candidate's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """The text of one file."""

    text: str
    line: int | None = None
    """Line of the candidate's source, from 1, that its first line is; None when it is not there as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a line of a design comes from."""

    path: str
    line: int
    """Of that file, from 1."""
    own_line: int | None
    """Of the candidate's source; None when it is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """One text that a compiler reads as it would the files one after another."""

    text: str
    places: tuple[Place, ...]
    """One for each line."""
    num_own_lines: int | None = None
    """How many lines stand before the harness's own; None when it has none."""

    def place(self, line: int | None) -> Place | None:
        """Where a line, from 1, comes from."""
        return self.places[line - 1] if line is not None and 0 < line <= len(self.places) else None


def join_files(files: Mapping[str, str]) -> str:
    """A candidate's source with these files; a single one stands there alone, since nobody has to be told its path."""
    if len(files) == 1:
        return next(iter(files.values()))
    return "".join(f"// file: {path}\n{text.rstrip(chr(10))}\n" for path, text in files.items())


def design_files(source: str, *, wanted: Sequence[str], context: Mapping[str, str]) -> dict[str, File]:
    """All files by path: the context's, and over them those of the candidate.

    A source without marks is the only file that is wanted; where several are, it holds the modules of all of them. A
    file of an unknown path is taken for the wanted one of that name, or for the only one that is wanted. Of several
    with one path the last counts. Raises Unfit.
    """
    files = {path: File(text=text) for path, text in context.items()}
    marks = list(MARK.finditer(source))
    if not marks:
        files |= dict.fromkeys(wanted, File(text=""))
        # In the first place all others can use its packages and macros.
        return files | {(wanted[0] if wanted else "rtl/design.sv"): File(text=source, line=1)}
    ends = [*(mark.start() for mark in marks[1:]), len(source)]
    diffs: dict[str, str] = {}
    line, at = 1, 0
    for mark, end in zip(marks, ends, strict=True):
        kind, named = mark.groups()
        line, at = line + source.count("\n", at, mark.end() + 1), mark.end() + 1
        text = source[at:end]
        path = _known(named, wanted, files)
        if path.startswith(HARNESS):
            raise Unfit(f"an answer has no file {path}")
        files[path] = File(text=text, line=line)
        diffs.pop(path, None)
        if kind == "diff":
            diffs[path] = text
    return files | {path: File(text=apply_diff(context.get(path, ""), diffs[path], path=path)) for path in diffs}


def _known(named: str, wanted: Sequence[str], files: Mapping[str, File]) -> str:
    path = re.sub(r"^(?:\./|/code/|/)*", "", named)
    if path in wanted or path in files:
        return path
    alike = [each for each in wanted if each.rpartition("/")[2] == path.rpartition("/")[2]]
    return alike[0] if alike else wanted[0] if len(wanted) == 1 else path


def apply_diff(text: str, diff: str, *, path: str) -> str:
    """The text after a unified diff of it; what it takes away and what it leaves must be there, line for line.

    Raises Unfit when it does not apply.
    """
    old = text.removesuffix("\n").split("\n") if text else []
    new: list[str] = []
    at = 0
    lines = iter(diff.removesuffix("\n").split("\n"))
    num_hunks = 0
    for line in lines:
        hunk = _HUNK.match(line)
        if hunk is None:
            if line.strip() and not line.startswith(_DIFF_HEAD) and not line.startswith("\\"):
                raise Unfit(f"the diff of {path} does not apply: a line that is in no hunk: {line[:80]!r}")
            continue
        num_hunks += 1
        num_old, num_new = (1 if count is None else int(count) for count in (hunk[2], hunk[3]))
        start = int(hunk[1]) - (1 if num_old else 0)
        if not at <= start <= len(old):
            raise Unfit(f"the diff of {path} does not apply: hunk {num_hunks} starts at line {hunk[1]}")
        new += old[at:start]
        at = start
        for kind, rest in _changes(lines, num_old, num_new, path):
            if kind != "+":
                if at >= len(old) or old[at].rstrip("\r") != rest.rstrip("\r"):
                    raise Unfit(f"the diff of {path} does not apply: line {at + 1} is not {rest[:80]!r}")
                at += 1
            if kind != "-":
                new.append(rest)
    if not num_hunks:
        raise Unfit(f"the diff of {path} has no hunk")
    return "".join(f"{line}\n" for line in [*new, *old[at:]])


def _changes(lines: Iterator[str], num_old: int, num_new: int, path: str) -> Iterator[tuple[str, str]]:
    """Kind (" ", "-", "+") and text of the lines of one hunk."""
    while num_old > 0 or num_new > 0:
        line = next(lines, None)
        if line is None:
            raise Unfit(f"the diff of {path} does not apply: its last hunk is cut off")
        kind, rest = (line[0], line[1:]) if line else (" ", "")
        if kind == "\\":
            continue
        if kind not in " -+":
            raise Unfit(f"the diff of {path} does not apply: {line[:80]!r} in a hunk")
        num_old -= kind != "+"
        num_new -= kind != "-"
        yield kind, rest


def assemble(files: Mapping[str, File], sources: Sequence[str], *, defines: Mapping[str, str]) -> Design:
    """The sources as one text, macros first. Raises Unfit for a source that is not there, or too much text.

    Files that others include stand in their place: nothing is included when a design is compiled. The harness's own
    sources come last, so that no other file can open what ends behind them.
    """
    lines: list[str] = []
    places: list[Place] = []
    for name, value in defines.items():
        lines.append(f"`define {name} {value}")
        places.append(Place(path="", line=1, own_line=None))
    size = 0
    num_own_lines: int | None = None
    for path in sorted(sources, key=lambda path: path.startswith(HARNESS)):
        if path not in files:
            raise Unfit(f"there is no file {path}, which the harness compiles")
        if path.startswith(HARNESS) and num_own_lines is None:
            lines.append(_BOUNDARY)
            places.append(Place(path="", line=1, own_line=None))
            num_own_lines = len(lines)
        for line, place in _lines(files, path):
            size += len(line) + 1
            if size > MAX_DESIGN_KB << 10:
                raise Unfit(f"the design has more than {MAX_DESIGN_KB} KiB")
            if len(lines) >= MAX_LINES:
                raise Unfit(f"the design has more than {MAX_LINES} lines")
            lines.append(line)
            places.append(place)
    return Design(text="".join(f"{line}\n" for line in lines), places=tuple(places), num_own_lines=num_own_lines)


def _lines(files: Mapping[str, File], path: str) -> Iterator[tuple[str, Place]]:
    """The lines of a file and of what it includes. Files within files are a stack, not calls: they may be deep."""
    by_name = {each.rpartition("/")[2]: each for each in files}
    stack = [(path, iter(_numbered(files[path])))]
    num_includes = 0
    while stack:
        path, rest = stack[-1]
        found = next(rest, None)
        if found is None:
            stack.pop()
            continue
        line, number, own_line = found
        include = _INCLUDE.match(line)
        inner = by_name.get(include[1].rpartition("/")[2]) if include else None
        if inner is not None and inner not in (each for each, _ in stack) and num_includes < _MAX_INCLUDES:
            num_includes += 1
            stack.append((inner, iter(_numbered(files[inner]))))
        else:
            yield line, Place(path=path, line=number, own_line=own_line)


def _numbered(file: File) -> Iterator[tuple[str, int, int | None]]:
    for number, line in enumerate(file.text.removesuffix("\n").split("\n"), start=1):
        yield line, number, None if file.line is None else file.line + number - 1
