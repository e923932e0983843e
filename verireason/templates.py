"""How a model is asked and how its answer is read: prompt and answer formats, and the one extraction rule.

Training and evaluation share `extract`, so a completion means the same code in both. Completions are hostile text:
everything here is a fixed number of linear passes, and no Verilog is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SYSTEM_PROMPT = (
    "You are a professional Verilog designer who writes correct, synthesisable RTL from a specification. "
    "First think about the design step by step, then give the complete module. "
    "Respond in the following format:\n"
    "<think>\nyour reasoning\n</think>\n<answer>\n```verilog\nyour code\n```\n</answer>"
)

Message = dict[str, str]
"""{"role": "system" | "user" | "assistant", "content": text}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One prompt and answer format.

    Example:
        TEMPLATES["plain"].prompt("// y = a & b", chat=False)          # "// y = a & b\\n"
        TEMPLATES["plain"].completion("module m(...); ... endmodule")  # the same with a line end
    """

    name: str
    system_prompt: str | None
    before_code: str
    """What a well-formed answer has before the code."""
    after_code: str

    def prompt(self, text: str, *, chat: bool, system_prompt: str | None = None) -> str | list[Message]:
        """The prompt around a specification.

        chat: whether the model has a chat template; it then gets messages and else one text that ends with a line end.
        system_prompt: used in place of the template's own.
        """
        system = self.system_prompt if system_prompt is None else system_prompt
        if chat:
            user = {"role": "user", "content": text}
            return [{"role": "system", "content": system}, user] if system else [user]
        return (f"{system}\n\n" if system else "") + text.rstrip("\n") + "\n"

    def completion(self, code: str) -> str:
        """A well-formed answer that holds `code`, for supervised training."""
        return self.before_code + code.strip("\n") + "\n" + self.after_code

    def is_followed_by(self, text: str) -> bool:
        """Whether a completion has exactly this format; linear in its length."""
        return _follows_tags(text) if self.name == "verireason" else _is_bare_code(text)


TEMPLATES = {
    "verireason": Template(
        name="verireason",
        system_prompt=SYSTEM_PROMPT,
        before_code="<think>\n</think>\n<answer>\n```verilog\n",
        after_code="```\n</answer>",
    ),
    "plain": Template(name="plain", system_prompt=None, before_code="", after_code=""),
}
"""Name to format. To add one, add a row; `is_followed_by` and the tests must know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """The code in a completion.

    Example:
        Extraction(code="module m; endmodule", follows_format=False, why="unfenced module")
    """

    code: str | None
    """Encodable as UTF-8, not stripped inside; None when the completion holds no code."""
    follows_format: bool
    """Whether the whole completion has its template's format. No part of finding the code."""
    why: str
    """Which rule found the code, or why there is none."""


def extract(text: str, *, top: str, template: str = "verireason", header: str | None = None) -> Extraction:
    """Find the code in a completion. The same rule for every template, which only decides `follows_format`.

    1. Thought is not answer. Everything up to the last `</think>` is dropped. A `<think>` without an end leaves
       nothing, unless an `<answer>` comes after it.
    2. With an `<answer>` in what is left, only the last one that is not blank counts: up to its `</answer>`, or to the
       end when it has none.
    3. Fences are runs of three or more backticks; an open fence ends at the next run, or at the end of the text when
       there is none. A run that names a Verilog language always opens. Of the fences labelled verilog, systemverilog,
       v, sv or svh, the last that has `module TOP` counts, else the last; without labelled ones the same of the
       unlabelled fences that have a module.
    4. Without such a fence, from the first module header (`module`, a name, then `(`, `;`, `#` or `import`) to the last
       `endmodule`, or to the end when there is none. Compiler directives, `//` comments and blank lines just before
       that header are taken with it.
    5. If the prompt ended with the module's `header`, the answer may go on from there: when an `endmodule` comes before
       any module header, the answer, or the last fence in it that has one, stands behind `header`. Without `header`,
       code that only continues one is no code.
    """
    follows = TEMPLATES[template].is_followed_by(text)
    answer = _answer_part(_encodable(text))
    if answer is None:
        return Extraction(code=None, follows_format=follows, why="the reasoning has no end")
    body = _body(answer) if header is not None else None
    if body is not None:
        return Extraction(code=f"{header}\n{body}", follows_format=follows, why="body behind the prompt's header")
    fenced = _best_fence(answer, top)
    if fenced is not None:
        return Extraction(code=fenced, follows_format=follows, why="fenced code")
    bare = _bare_code(answer)
    if bare is not None:
        return Extraction(code=bare, follows_format=follows, why="unfenced module")
    return Extraction(code=None, follows_format=follows, why="no module in the answer")


LABELS = frozenset({"verilog", "systemverilog", "v", "sv", "svh"})
_FENCE = re.compile(r"`{3,}")
_LABEL = re.compile(r"[ \t]*([A-Za-z]{1,16})(?![A-Za-z0-9_])")
_HEADER = re.compile(r"\bmodule\b")
_AFTER_NAME = re.compile(r"[(;#]|import\b")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*|\\\S+")
_SPACE = re.compile(r"\s*")
_END = re.compile(r"\bendmodule\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    label: str
    """Lower case; empty for none."""
    code: str


def _encodable(text: str) -> str:
    """JSON can carry lone surrogates, which no file and no tool can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _answer_part(text: str) -> str | None:
    """Rules 1 and 2; None when the text is all thought."""
    _, closed, rest = text.rpartition("</think>")
    if not closed:
        start = text.find("<think>")
        if start >= 0 and "<answer>" not in text[start:]:
            return None
    pieces = rest.split("<answer>")
    if len(pieces) == 1:
        return rest
    answers = [piece.partition("</answer>")[0] for piece in pieces[1:]]
    return next((answer for answer in reversed(answers) if answer.strip()), "")


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
    """Rule 3."""
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


def _bare_code(text: str) -> str | None:
    """Rule 4."""
    headers = _headers(text)
    if not headers:
        return None
    start = headers[0][0]
    ends = [match.end() for match in _END.finditer(text, start)]
    return text[_start_of_directives(text, start) : ends[-1] if ends else len(text)].strip("\r\n") + "\n"


def _body(text: str) -> str | None:
    """Rule 5; None when the text has a module of its own or ends none."""
    codes = [fence.code for fence in _fences(text) if _END.search(fence.code)]
    body = codes[-1] if codes else text
    end = _END.search(body)
    headers = _headers(body)
    if end is None or (headers and headers[0][0] < end.start()):
        return None
    return body.strip("\r\n") + "\n"


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


def _follows_tags(text: str) -> bool:
    """`<think>` ... `</think>`, `<answer>`, one Verilog fence, `</answer>`: each tag once, nothing but space around."""
    tags = ("<think>", "</think>", "<answer>", "</answer>")
    if any(text.count(tag) != 1 for tag in tags):
        return False
    before, _, rest = text.partition("<think>")
    _, _, rest = rest.partition("</think>")
    between, _, rest = rest.partition("<answer>")
    answer, _, behind = rest.partition("</answer>")
    if before.strip() or between.strip() or behind.strip():
        return False
    answer = answer.strip()
    fences = list(_fences(answer))
    return len(fences) == 1 and fences[0].label in LABELS and answer.startswith("```") and answer.endswith("```")


def _is_bare_code(text: str) -> bool:
    """Only code: nothing before the first module but directives and comments, nothing behind the last `endmodule`."""
    code = _bare_code(text)
    return code is not None and code.strip() == text.strip() and code.rstrip().endswith("endmodule")
