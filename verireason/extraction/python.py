"""Python in an answer. Linear passes over hostile text; nothing is parsed, so what is found need not be Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from verireason.extraction.answer import Found

LABELS = frozenset({"python", "py", "python3"})
MAIN = "main"
"""Stands for the entry point of problems whose answers are programs from standard input to standard output."""

_RUN = re.compile(r"`{3,}")
_FENCE_LINE = re.compile(r"^ {0,3}`{3}.*$", re.MULTILINE)
_LABEL = re.compile(r"[ \t]*([A-Za-z][\w+#.-]{0,31})")
_LIST_ITEM = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]*)?")
_FUTURE = re.compile(r"^from[ \t]+__future__[ \t]+import.*\n", re.MULTILINE)
_FIRST_LINE = re.compile(
    r"^(?:import[ \t]+[\w.]+[ \t\r]*(?:[,;#]|as\b|$)"
    r"|from[ \t]+[\w.]+[ \t]+import\b"
    r"|(?:async[ \t]+)?def[ \t]+\w+[ \t]*[(\[]"
    r"|class[ \t]+\w+[ \t]*[(:\[]"
    r"|@[A-Za-z_]"
    r"|[A-Za-z_]\w*(?:[ \t]*,[ \t]*[A-Za-z_]\w*)*[ \t]*=(?!=)"
    r"|(?:print|input)[ \t]*\("
    r"|for[ \t]+\w+(?:[ \t]*,[ \t]*\w+)*[ \t]+in[ \t]+\S.*:"
    r"|(?:while|if)[ \t]+(?:True|1|__name__)\b"
    r"|try[ \t]*:"
    r"|[rR]?(?:\"\"\"|'''))",
    re.MULTILINE,
)
"""What the first line of a program looks like, and hardly ever a line of chat before it."""


@dataclass(slots=True, kw_only=True)
class _Fence:
    """A fenced part of a text, while it is read."""

    label: str
    """Lower case; empty for none."""
    num_ticks: int
    indent: int
    """Characters before the opening run, for a fence that is indented or stands in a list; else 0."""
    lines: list[str] = field(default_factory=list)

    def closes_at(self, line: str) -> bool:
        """Whether the line starts with the closing run. One that is indented further is a part of a docstring."""
        code = line.lstrip(" \t")
        return code.startswith("`" * self.num_ticks) and len(line) - len(code) <= self.indent + 3

    @property
    def code(self) -> str:
        """The lines without the indentation that they have from the fence itself."""
        first = next((line for line in self.lines if line.strip()), "")
        depth = min(self.indent, _depth(first))
        return "\n".join(line[min(depth, _depth(line)) :] for line in self.lines).strip("\r\n") + "\n"


def find_code(answer: str, *, top: str, header: str | None) -> Found:
    """The program in an answer. It defines the entry if `def`, `async def`, `class` or `=` does so at a line's start.

    1. A fence opens at a run of three or more backticks. It ends at a line that starts with a run as long and is
       indented by at most three more, at a single run behind the last code on a line, or at the end of the text. Of the
       fences labelled python, py or python3, the last that defines the entry counts; without labelled ones the same of
       all. The entry of "Solution.f" is the class; a program for "main" needs only to have a line of Python in it.
    2. Without such a fence, an answer that goes on from the prompt stands behind the prompt, `header`, exactly as it
       is, whatever it runs on to: one whose first line is indented by two or more, or else the last fence with such a
       first line (of the labelled ones, if there are any).
    3. An answer that defines the entry outside fences is a whole program: from its first line that looks like Python,
       comments just before it included, up to a line with a fence or to the end.
    4. Else the last labelled fence counts; without one, an answer to a problem with a `header` stands behind that, and
       any other holds no code.

    Whole programs get in front what the header has before the entry: imports and helpers that answers rely on.
    """
    defines = _definition(top)
    fences = [fence for fence in _fences(answer) if any(line.strip() for line in fence.lines)]
    labelled = [fence.code for fence in fences if fence.label in LABELS]
    codes = labelled or [fence.code for fence in fences]
    defining = [code for code in codes if defines.search(code)]
    if defining:
        return Found(code=_with_prelude(defining[-1], header, defines), why="fenced code")
    if header is not None:
        bodies = [answer] if _is_body(answer) else [code for code in codes if _is_body(code)]
        if bodies:
            return Found(code=header + bodies[-1], why="body behind the prompt")
    program = next((part for part in reversed(_FENCE_LINE.split(answer)) if defines.search(part)), None)
    if program is not None:
        return Found(code=_with_prelude(_program(program), header, defines), why="unfenced program")
    if labelled:
        return Found(code=_with_prelude(labelled[-1], header, defines), why="fenced code")
    if header is not None and answer.strip():
        return Found(code=header + answer, why="text behind the prompt")
    return Found(code=None, why=f"no code for {top} in the answer")


def is_one_fence(answer: str) -> bool:
    """Whether a stripped answer is one labelled fence and nothing else."""
    fences = list(_fences(answer))
    return len(fences) == 1 and fences[0].label in LABELS and answer.startswith("```") and answer.endswith("```")


def is_bare_code(text: str) -> bool:
    """Whether a text starts as code and has no fence. Prose behind the code is not noticed: that takes a parser."""
    if "```" in text:
        return False
    return _is_body(text) or (_FIRST_LINE.search(text) is not None and _program(text).strip() == text.strip())


def _definition(top: str) -> re.Pattern[str]:
    if top == MAIN:
        return _FIRST_LINE
    name = re.escape(top.partition(".")[0])
    return re.compile(
        rf"^(?:(?:async[ \t]+)?def[ \t]+{name}[ \t]*[(\[]|class[ \t]+{name}\b|{name}[ \t]*=(?!=))", re.MULTILINE
    )


def _fences(text: str) -> Iterator[_Fence]:
    """The fenced parts of a text, in order."""
    if "```" not in text:
        return
    fence: _Fence | None = None
    for line in text.split("\n"):
        if fence is None:
            fence, one_line = _opened(line)
            yield from one_line
        elif fence.closes_at(line):
            yield fence
            # A second opening run means that the closing one was forgotten.
            fence, _ = _opened(line)
            fence = fence if fence and fence.label in LABELS else None
        else:
            runs = _RUN.findall(line)
            if len(runs) == 1 and line.rstrip().endswith("`") and line.strip(" \t\r`"):
                fence.lines.append(line.rstrip().rstrip("`"))
                yield fence
                fence = None
            else:
                fence.lines.append(line)
    if fence is not None:
        yield fence


def _opened(line: str) -> tuple[_Fence | None, Sequence[_Fence]]:
    """The fence that a line opens and leaves open, and the one that it opens and closes."""
    run = _RUN.search(line)
    if run is None:
        return None, ()
    before = line[: run.start()]
    found = _LABEL.match(line, run.end())
    label, start = (found.group(1).lower(), found.end()) if found else ("", run.end())
    if label not in LABELS and line[start:].strip():
        label, start = "", run.end()  # words right behind the run are code
    fence = _Fence(label=label, num_ticks=len(run.group()), indent=len(before) if _LIST_ITEM.fullmatch(before) else 0)
    end = _RUN.search(line, start)
    code = line[start : end.start()] if end else line[start:]
    if code.strip():
        fence.lines.append(code.strip())
    return (None, (fence,)) if end else (fence, ())


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _is_body(text: str) -> bool:
    """Whether the first line that is not blank is indented by more than the space that models start a sentence with."""
    code = text.lstrip()
    start = text.rfind("\n", 0, len(text) - len(code)) + 1
    return text.startswith(("  ", "\t"), start) and bool(code) and not code.startswith("```")


def _program(text: str) -> str:
    """From the first line that looks like Python on, comments and blank lines just before it included."""
    first = _FIRST_LINE.search(text)
    start = first.start() if first else 0
    while start > 0:
        previous = text.rfind("\n", 0, start - 1) + 1
        line = text[previous:start].strip()
        if line and not line.startswith("#"):
            break
        start = previous
    return text[start:].strip("\r\n") + "\n"


def _with_prelude(code: str, header: str | None, defines: re.Pattern[str]) -> str:
    """The program behind what the header has before the entry; only `from __future__` may come before that."""
    entries = list(defines.finditer(header)) if header is not None else []
    if header is None or not entries:
        return code
    prelude = header[: entries[-1].start()]
    futures = list(_FUTURE.finditer(code)) if prelude.strip() else []
    place = futures[-1].end() if futures else 0
    return code[:place] + prelude + code[place:] if prelude.strip() else code
