"""Verilog in an answer. Linear passes over hostile text; nothing is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from verireason.extraction.answer import Found

LABELS = frozenset({"verilog", "systemverilog", "v", "sv", "svh"})
_FENCE = re.compile(r"`{3,}")
_LABEL = re.compile(r"[ \t]*([A-Za-z]{1,16})(?![A-Za-z0-9_])")
_HEADER = re.compile(r"\bmodule\b")
_AFTER_NAME = re.compile(r"[(;#]|import\b")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*|\\\S+")
_SPACE = re.compile(r"\s*")
_END = re.compile(r"\bendmodule\b")
_BEGIN_TAG = re.compile(r"^[ \t]*\[BEGIN\]", re.MULTILINE)
_DONE_TAG = re.compile(r"(?:(?<!\w)|(?<=endmodule))\[DONE\][ \t\r]*$", re.MULTILINE)
"""Not `state[DONE]` at the end of a line of code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    label: str
    """Lower case; empty for none."""
    code: str


def find_code(answer: str, *, top: str, header: str | None) -> Found:
    """The design in an answer.

    0. With VerilogEval v2's tags, `[BEGIN]` at the start of a line and `[DONE]` at the end of one, what stands between
       the first two is looked through alone, up to the end when there is no `[DONE]`. Only if it holds no code, the
       whole answer is.
    1. Fences are runs of three or more backticks; an open fence ends at the next run, or at the end of the text when
       there is none. A run that names a Verilog language always opens. Of the fences labelled verilog, systemverilog,
       v, sv or svh, the last that has `module TOP` counts, else the last; without labelled ones the same of the
       unlabelled fences that have a module.
    2. Without such a fence, from the first module header (`module`, a name, then `(`, `;`, `#` or `import`) to the last
       `endmodule`, or to the end when there is none. Compiler directives, `//` comments and blank lines just before
       that header are taken with it. A second `module TOP` and what follows is left out: models that complete text
       go on with an answer to the next question.
    3. If the prompt ended with the module's `header`, the answer may go on from there: when an `endmodule` comes before
       any module header, the answer, or the last fence in it that has one, stands behind `header`, up to the last
       `endmodule` before a `module TOP`. Without `header`, code that only continues one is no code.
    """
    marked = tagged_code(answer)
    found = None if marked is None else _find(marked, top, header)
    return found if found is not None and found.code is not None else _find(answer, top, header)


def tagged_code(text: str) -> str | None:
    """What stands between the tags of rule 0; None without a `[BEGIN]`."""
    begin = _BEGIN_TAG.search(text)
    if begin is None:
        return None
    done = _DONE_TAG.search(text, begin.end())
    return text[begin.end() : done.start() if done else len(text)]


def _find(answer: str, top: str, header: str | None) -> Found:
    """Rules 1 to 3."""
    body = _body(answer, top) if header is not None else None
    if body is not None:
        return Found(code=f"{header}\n{body}", why="body behind the prompt's header")
    fenced = _best_fence(answer, top)
    if fenced is not None:
        return Found(code=fenced, why="fenced code")
    bare = _bare_code(answer, top)
    if bare is not None:
        return Found(code=bare, why="unfenced module")
    return Found(code=None, why="no module in the answer")


def is_one_fence(answer: str) -> bool:
    """Whether a stripped answer is one labelled fence and nothing else."""
    fences = list(_fences(answer))
    return len(fences) == 1 and fences[0].label in LABELS and answer.startswith("```") and answer.endswith("```")


def is_bare_code(text: str) -> bool:
    """Only code: nothing before the first module but directives and comments, nothing behind the last `endmodule`."""
    code = _bare_code(text, top=None)
    return code is not None and code.strip() == text.strip() and code.rstrip().endswith("endmodule")


def _fences(text: str) -> Iterator[_Fence]:
    """The fenced parts of a text, in order."""
    label, start = "", None
    for run in _FENCE.finditer(text):
        found = _LABEL.match(text, run.end())
        language = found.group(1).lower() if found else ""
        if start is not None:
            yield _Fence(label=label, code=text[start : run.start()])
            if language not in LABELS:
                start = None
                continue
        # The label ends where the code starts; prose after a closing run is not a label of anything.
        label, start = language, found.end() if found else run.end()
    if start is not None:
        yield _Fence(label=label, code=text[start:])


def _best_fence(text: str, top: str) -> str | None:
    """Rule 1."""
    fences = list(_fences(text))
    labelled = [fence.code for fence in fences if fence.label in LABELS]
    codes = labelled or [_unlabelled_code(fence) for fence in fences if _headers(fence.code)]
    codes = [code for code in codes if code.strip()]
    if not codes:
        return None
    defining = [code for code in codes if top in {name for _, name in _headers(code)}]
    return (defining or codes)[-1].strip("\r\n") + "\n"


def _unlabelled_code(fence: _Fence) -> str:
    """A word right behind an unlabelled opening run, such as `module`, is code."""
    return f"{fence.label} {fence.code}" if fence.label == "module" else fence.code


def _headers(text: str) -> list[tuple[int, str]]:
    """Position and name of every module header: `module`, a name, then `(`, `;`, `#` or `import`."""
    found = []
    for keyword in _HEADER.finditer(text):
        after = _SPACE.match(text, keyword.end())
        name = _NAME.match(text, after.end()) if after and after.end() > keyword.end() else None
        rest = _SPACE.match(text, name.end()) if name else None
        if name and rest and _AFTER_NAME.match(text, rest.end()):
            found.append((keyword.start(), name.group()))
    return found


def _bare_code(text: str, top: str | None) -> str | None:
    """Rule 2."""
    headers = _headers(text)
    if not headers:
        return None
    start = headers[0][0]
    repeats = [place for place, name in headers if name == top][1:]
    end = _last_end(text, start, repeats[0] if repeats else len(text)) or len(text)
    return text[_start_of_directives(text, start) : end].strip("\r\n") + "\n"


def _last_end(text: str, start: int, stop: int) -> int | None:
    """Where the last `endmodule` between the two places ends; None for none."""
    ends = [match.end() for match in _END.finditer(text, start, stop)]
    return ends[-1] if ends else None


def _body(text: str, top: str) -> str | None:
    """Rule 3; None when the text has a module of its own or ends none."""
    codes = [fence.code for fence in _fences(text) if _END.search(fence.code)]
    body = codes[-1] if codes else text
    end = _END.search(body)
    headers = _headers(body)
    if end is None or (headers and headers[0][0] < end.start()):
        return None
    repeat = next((place for place, name in headers if name == top), len(body))
    return body[: _last_end(body, 0, repeat)].strip("\r\n") + "\n"


def _start_of_directives(text: str, start: int) -> int:
    """Start of the directives, comments and blank lines just before the line of `start`; `start` itself if none."""
    line_start = text.rfind("\n", 0, start) + 1
    if text[line_start:start].strip():
        return start
    begin = start
    while line_start > 0:
        previous = text.rfind("\n", 0, line_start - 1) + 1
        line = text[previous:line_start].strip()
        # A fence is no directive, though it starts with the same character.
        if line and not line.startswith("//") and (not line.startswith("`") or line.startswith("```")):
            break
        line_start = begin = previous
    return begin
