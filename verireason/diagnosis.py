"""A verdict explained in plain text: for a terminal, and for a model that is to mend its code.

Short, the most telling first, and nothing about the tests but what they said. Linear in what it is given.
The texts in a verdict are hostile where they quote the candidate; none of them can break out of its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim.verdict import Diagnostic, FailedCall, FirstFailure, Outcome, Severity, TestEnd, Verdict, Waves
from verireason.wave_table import Row, Table, shown, wave_table

WIDTH = 110
"""Characters of a line of waves."""
MAX_MESSAGES = 8
MAX_CODE_LINE = 120
MAX_ROWS = 16
MAX_BINARY = 32
"""Digits of a value that is still shown in binary outside the waves."""
MAX_INPUTS = 4000
"""Characters of the inputs that are read."""
MAX_LINES = 12
"""Lines of a text that a program read or wrote."""

SENTENCES = {
    Outcome.PASS: "Every check agreed.",
    Outcome.MISMATCH: "It ran, and an output differed or the run ended early.",
    Outcome.WRONG: "It ran, and an answer differed.",
    Outcome.COMPILE_ERROR: "The code does not compile.",
    Outcome.CRASH: "The simulation died.",
    Outcome.TIMEOUT: "The simulation did not end within its time limit: look for a loop without delay or end.",
    Outcome.MEMORY: "The simulation used more memory than allowed.",
    Outcome.OUTPUT_LIMIT: "The simulation printed more than allowed.",
    Outcome.REJECTED: "The code reaches out of the design, which a design has no use for.",
    Outcome.NO_CODE: "The answer held no code.",
    Outcome.UNJUDGED: "The farm failed; this says nothing about the code.",
}

PYTHON_SENTENCES = {
    **SENTENCES,
    Outcome.COMPILE_ERROR: "The code does not parse, or does not define what is called.",
    Outcome.CRASH: "The program died: an exception, an exit or a signal.",
    Outcome.TIMEOUT: "The program did not end within its time limit: look for a loop without end, or a faster way.",
    Outcome.MEMORY: "The program used more memory than allowed.",
    Outcome.OUTPUT_LIMIT: "The program wrote more than allowed.",
    Outcome.REJECTED: "The code is not of a kind that is run.",
}

_HINTS = (
    (r"not a valid l-value", "what an always or initial block assigns must be declared reg or logic"),
    (r"Unable to bind|Could not find variable", "the name is not declared here; check its spelling and its scope"),
    (r"Unknown module type", "the module is not defined; define it in the same answer"),
    (r"is not a port of", "the instance names a port that the module does not have"),
    (r"double-driving|multiple drivers|cannot be driven", "two places drive the same signal; keep one of them"),
    (r"already been declared", "the name is declared twice; keep one declaration"),
    (r"undefined \(and assumed null\)", "the macro is not defined; use a parameter or define it"),
    (r"root module|Unable to find", "no module has the name that the task asks for"),
    (r"needs an array index", "a memory is used as a whole; pick one element"),
    (r"^(syntax error|malformed|Syntax in|Syntax error)", "the mistake is on this line or just before it; look for a "
     "missing semicolon, begin, end or parenthesis"),
)  # fmt: skip
"""What Icarus says, and what to look for."""
_PYTHON_HINTS = (
    (r"SyntaxError: (invalid syntax|expected)|was never closed|unterminated", "the mistake is on this line or just "
     "before it; look for a missing colon, bracket or quote"),
    (r"IndentationError|TabError", "indent the lines of a block alike, with spaces"),
    (r"ModuleNotFoundError", "the library is not there; use the standard library"),
    (r"NameError", "the name is not defined or imported here; check its spelling and its scope"),
    (r"RecursionError", "the recursion is too deep or has no end; check its first case, or use a loop"),
    (r"EOFError", "it reads more input than there is"),
)  # fmt: skip
"""What Python says, and what to look for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How a language is spoken of."""

    sentences: Mapping[Outcome, str]
    hints: Sequence[tuple[str, str]]
    """A pattern for messages, and what to look for."""
    counted: str
    """What came of the checks that went well."""


_WORDS = {
    "verilog": _Words(sentences=SENTENCES, hints=_HINTS, counted="checks agreed"),
    "python": _Words(sentences=PYTHON_SENTENCES, hints=_PYTHON_HINTS, counted="tests passed"),
}


def explain(verdict: Verdict, code: str | None, *, language: str = "verilog", max_chars: int = 4000) -> str:
    """What went wrong and where, in at most `max_chars` characters: whole paragraphs, as many as fit.

    Example:
        explain(verdict, "module top_module ...")   # "MISMATCH. It ran, and an output differed. 90 of 100 ..."
    """
    lines = (code or "").split("\n")
    text = ""
    for paragraph in filter(None, _paragraphs(verdict, lines, _WORDS[language])):
        joined = f"{text}\n\n{paragraph}" if text else paragraph
        if len(joined) > max_chars:
            return text + "\n\n…" if text and len(text) + 3 <= max_chars else joined[:max_chars]
        text = joined
    return text


def _paragraphs(verdict: Verdict, lines: Sequence[str], words: _Words) -> Iterator[str]:
    yield _headline(verdict, words)
    if verdict.first_failure is not None:
        yield "\n".join(_first_failure(verdict.first_failure))
    if verdict.failed_call is not None:
        yield "\n".join(_failed_call(verdict.failed_call))
    errors = [each for each in verdict.diagnostics if each.severity is Severity.ERROR]
    if verdict.failed_call is not None:
        errors = [each for each in errors if each.line is not None]  # any other is said of its test, further on
    yield "\n".join(_messages("Errors", errors, lines, words.hints))
    yield "\n".join(_findings(verdict))
    if verdict.waves is not None:
        yield waves_text(verdict.waves)
    yield "\n".join(_outputs(verdict))
    yield "\n".join(_tests(verdict))
    yield "\n".join(_synthesis(verdict))
    others = [each for each in verdict.diagnostics if each.severity is not Severity.ERROR]
    yield "\n".join(_messages("Warnings", others, lines, words.hints))
    yield "\n".join(_messages("Lint", verdict.lint.warnings if verdict.lint else (), lines, words.hints))


def _headline(verdict: Verdict, words: _Words) -> str:
    text = f"{verdict.outcome}. {words.sentences[verdict.outcome]}"
    if verdict.outcome is Outcome.MISMATCH and verdict.first_failure is not None:
        text = f"{verdict.outcome}. It ran, and an output differed."
    if verdict.num_passed is not None and verdict.num_tests and not verdict.passed:
        text += f" {verdict.num_passed} of {verdict.num_tests} {words.counted}."
    if verdict.second is not None and verdict.second is not verdict.outcome:
        text += f" A second simulator says {verdict.second}: the code may depend on the order of events."
    return text


def _first_failure(first: FirstFailure) -> Iterator[str]:
    yield f"First difference: output {_line(first.signal)} at time {first.time}"
    yield f"  expected {_value(first.expected)}"
    yield f"  got      {_value(first.got)}"
    if first.inputs:
        pairs = (word.partition("=") for word in first.inputs[:MAX_INPUTS].split(" "))
        text = " ".join(name + equals + _value(value) for name, equals, value in pairs)
        yield f"  inputs   {_line(text, 600)}"
    places = _differing_bits(first)
    if len(first.expected) > 8 and places:
        yield f"  bits that differ: {places}"


def _failed_call(found: FailedCall) -> Iterator[str]:
    yield f"First test that fails: {_line(found.test)}"
    for name, text in (("input", found.call), ("expected", found.expected), ("got", found.got)):
        lines = ["nothing"] if text is None else text.strip("\n").split("\n")
        if len(lines) == 1:
            yield f"  {name.ljust(8)} {_line(lines[0])}"
            continue
        yield f"  {name}"
        yield from (f"    | {_line(line)}" for line in lines[:MAX_LINES])
        if len(lines) > MAX_LINES:
            yield f"    and {len(lines) - MAX_LINES} more lines"


def _value(digits: str) -> str:
    """Binary digits as they are, many of them in hexadecimal."""
    if len(digits) <= MAX_BINARY:
        return _line(digits)
    text = shown(digits) if set(digits) <= set("01xz") else digits
    return _line(text if text.startswith("0b") else f"{len(digits)}'h{text}", 140)


def _differing_bits(first: FirstFailure) -> str:
    """Bit numbers from 0, the rightmost, as runs: "31, 17-20"; empty when the widths differ."""
    width = len(first.expected)
    if len(first.got) != width:
        return ""
    pairs = zip(first.expected, first.got, strict=True)
    bits = [width - 1 - place for place, (good, own) in enumerate(pairs) if good not in (own, "x")]
    runs: list[list[int]] = []
    for bit in bits:
        if runs and runs[-1][-1] == bit + 1:
            runs[-1].append(bit)
        else:
            runs.append([bit])
    words = [f"{run[-1]}-{run[0]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(words[:12]) + (f" and {len(words) - 12} more places" if len(words) > 12 else "")


def _messages(
    title: str, messages: Sequence[Diagnostic], lines: Sequence[str], hints: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """Each message with the line of code that it is about, and once for each kind what to look for."""
    if not messages:
        return
    yield f"{title}:"
    hinted: set[str] = set()
    quoted: int | None = None
    for each in messages[:MAX_MESSAGES]:
        place = f"line {each.line}: " if each.line is not None else ""
        yield f"  {place}{_line(each.message)}"
        if each.line is not None and each.line != quoted and 0 < each.line <= len(lines):
            yield f"    {each.line:>4} | {_line(lines[each.line - 1], MAX_CODE_LINE)}"
        quoted = each.line
        hint = next((text for pattern, text in hints if re.search(pattern, each.message)), None)
        if hint is not None and hint not in hinted:
            hinted.add(hint)
            yield f"    hint: {hint}"
    if len(messages) > MAX_MESSAGES:
        yield f"  and {len(messages) - MAX_MESSAGES} more"


def _findings(verdict: Verdict) -> Iterator[str]:
    for neutralised, title in (
        (False, "Why it was rejected:"),
        (True, "Left out of the simulation, since a design has no use for it:"),
    ):
        found = [each for each in verdict.findings if each.neutralised is neutralised]
        if found:
            yield title
        for each in found[:MAX_MESSAGES]:
            place = f"line {each.line}: " if each.line is not None else ""
            yield f"  {place}{_line(each.kind)}: {_line(each.text)}"


def _outputs(verdict: Verdict) -> Iterator[str]:
    differing = [each for each in verdict.outputs if each.num_mismatches]
    for each in differing[:MAX_ROWS]:
        first = f", first at time {each.first_time}" if each.first_time is not None else ""
        yield f"Output {_line(each.name)} differs {each.num_mismatches} times{first}."
    if differing and len(differing) < len(verdict.outputs):
        right = [_line(each.name, 60) for each in verdict.outputs if not each.num_mismatches]
        yield f"Always right: {', '.join(right[:MAX_ROWS])}."


def _tests(verdict: Verdict) -> Iterator[str]:
    failing = [each for each in verdict.tests if not each.passed and each.end is not TestEnd.NOT_RUN]
    if failing:
        yield f"Tests that fail, {len(failing)} of {len(verdict.tests)}:"
    for each in failing[:MAX_MESSAGES]:
        yield f"  {_line(each.name)}: {_line(each.message or 'failed')}"
    if len(failing) > MAX_MESSAGES:
        yield f"  and {len(failing) - MAX_MESSAGES} more"
    num_not_run = sum(each.end is TestEnd.NOT_RUN for each in verdict.tests)
    if num_not_run:
        yield f"Tests that were not run: {num_not_run} of {len(verdict.tests)}."


def _synthesis(verdict: Verdict) -> Iterator[str]:
    found = verdict.synthesis
    if found is None:
        return
    if found.netlist is None:
        yield f"It cannot be synthesised: {_line(found.why or 'no reason given')}"
    elif found.netlist.num_latches and not (found.golden and found.golden.num_latches):
        yield f"It infers {found.netlist.num_latches} latches: assign every output on every path of its block."
    if found.num_loops:
        yield f"It has {found.num_loops} combinational loops."


def waves_text(waves: Waves) -> str:
    """The window as a table, as wide as fits into WIDTH with the marked column in it; wider values are cut."""
    table = wave_table(waves, max_columns=64)
    rows = _chosen_rows(table)
    labels = [f"{_line(row.name, 40)}{f'[{row.width - 1}:0]' if row.width > 1 else ''} {row.role}" for row in rows]
    label_width = max(map(len, labels))
    cells = [[_cell(value) for value in row.values] for row in rows]
    heads = [str(time) for time in table.times]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    start, stop = _columns_that_fit(widths, table.mark_column, WIDTH - label_width)
    pointer = ["^" * widths[column] if column == table.mark_column else "" for column in range(len(widths))]
    out = [f"Waves around time {table.mark}; a column is from one change to the next, ^ is what the failing check saw:"]
    for label, row in zip(("time", *labels, ""), (heads, *cells, pointer), strict=True):
        texts = [text.rjust(width) for text, width in zip(row, widths, strict=True)][start:stop]
        out.append(f"  {label.ljust(label_width)} {' '.join(texts)}".rstrip())
    if len(rows) < len(table.rows):
        out.append(f"  and {len(table.rows) - len(rows)} more signals")
    if any(row.width > 4 for row in rows):
        out.append("  Values of more than 4 bits are hexadecimal, or binary after 0b.")
    return "\n".join(out)


def _chosen_rows(table: Table) -> list[Row]:
    """The first rows, outputs that differ before all others; in the order of the table."""
    wrong = {row.name for row in table.rows if any(row.wrong)}
    ranked = sorted(range(len(table.rows)), key=lambda place: (_rank(table.rows[place], wrong), place))
    return [table.rows[place] for place in sorted(ranked[:MAX_ROWS])]


def _rank(row: Row, wrong: set[str]) -> int:
    return 1 if row.role == "input" else 0 if row.name in wrong else 2


def _cell(value: str) -> str:
    text = shown(value)
    return text if len(text) <= 20 else f"{text[:8]}…{text[-8:]}"


def _columns_that_fit(widths: Sequence[int], mark: int, room: int) -> tuple[int, int]:
    """Columns around the mark: two after it if they are there, then as many before it as fit."""
    start, stop = mark, mark + 1
    room -= 3 + widths[mark]
    for after in widths[mark + 1 : mark + 3]:
        if after + 1 > room:
            break
        stop, room = stop + 1, room - after - 1
    while start > 0 and widths[start - 1] < room:
        start, room = start - 1, room - widths[start - 1] - 1
    return start, stop


def _line(text: str, max_chars: int = 300) -> str:
    """Hostile text as one line without control characters."""
    cut = text[:max_chars]
    return "".join(char if char.isprintable() else " " for char in cut) + ("…" if len(text) > max_chars else "")
