"""A design of several files in an answer: JSON, diffs, or fences that name their file. Linear in hostile text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from verireason.extraction import verilog
from verireason.extraction.answer import Found

LABELS = verilog.LABELS
_PATH = r"[\w.+-]+(?:/[\w.+-]+)*\.(?:svh|sv|vh|v)"
_NAMED_FIRST = re.compile(rf"\A\s*//[ \t]*+(?:file(?:name)?[ \t]*+:)?[ \t]*+({_PATH})[ \t]*\n", re.IGNORECASE)
_NO_PATH = re.compile(r"[^\w.+/-]")
_DIFF_START = re.compile(r"^(?:diff --git .*|--- (?:a/)?\S.*)\n", re.MULTILINE)
_NEW_PATH = re.compile(r"^\+\+\+ (?:b/)?(\S+)", re.MULTILINE)
_MAX_JSON = 1 << 20


def find_code(answer: str, *, top: str, header: str | None) -> Found:
    """The files in an answer, as one text in which a line before each names it (`sim.hdl.design`).

    1. A JSON object, from the first `{"` to the last `}`, with "code": a list of objects from path to text, or one such
       object. A text that is a fence is what stands in the fence.
    2. Fences that name their file: a path behind the label, on the fence's first line as a comment, or at the end of
       the line before the fence. The last of each path counts. A fence labelled diff or patch holds unified diffs.
    3. An answer without fences that holds a unified diff.
    4. Else the rules of `verireason.extraction.verilog`, whose one text is a file of which nobody says the path.
    """
    files = _in_json(answer)
    if files:
        return Found(code=_marked(files), why="files in JSON")
    files = dict(_in_fences(answer))
    if files:
        return Found(code=_marked(files), why="fences that name their files")
    if "```" not in answer:
        diffs = dict(_in_diff(answer))
        if diffs:
            return Found(code=_marked(diffs), why="unified diff")
    return verilog.find_code(answer, top=top, header=header)


is_one_fence = verilog.is_one_fence
is_bare_code = verilog.is_bare_code


def _marked(files: dict[str, tuple[str, str]]) -> str:
    return "".join(f"// {kind}: {path}\n{text.strip(chr(10))}\n" for path, (kind, text) in files.items())


def _in_json(answer: str) -> dict[str, tuple[str, str]]:
    start, end = answer.find("{"), answer.rfind("}")
    if start < 0 or end < start or end - start > _MAX_JSON or '"code"' not in answer:
        return {}
    try:
        # Not strict: models write line ends into JSON texts as they are.
        found = json.loads(answer[start : end + 1], strict=False)
    except (ValueError, RecursionError):
        return {}
    code = found.get("code") if isinstance(found, dict) else None
    named = code if isinstance(code, list) else [code]
    return {
        path.strip(): ("file", _unfenced(text))
        for each in named
        if isinstance(each, dict)
        for path, text in each.items()
        if isinstance(text, str) and re.fullmatch(r"\S{1,255}", path.strip())
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    before: str
    """The last line before it that is not blank, cut to its last 300 characters."""
    words: str
    """What stands behind the opening backticks."""
    text: str


def _unfenced(text: str) -> str:
    if not text.lstrip().startswith("```"):
        return text
    return next((fence.text for fence in _fences(text)), text)


def _fences(text: str) -> Iterator[_Fence]:
    """Fences whose backticks stand alone on their lines; one that is not closed goes on to the end."""
    before, words = "", ""
    inside: list[str] | None = None
    for line in text.split("\n"):
        bare = line.strip()
        if inside is None and bare.startswith("```") and "`" not in (rest := bare.lstrip("`")):
            inside, words = [], rest.strip()
        elif inside is not None and bare and not bare.strip("`") and len(bare) >= 3:
            yield _Fence(before=before, words=words, text="\n".join(inside) + "\n")
            inside, before = None, ""
        elif inside is not None:
            inside.append(line)
        elif bare:
            before = bare[-300:]
    if inside is not None:
        yield _Fence(before=before, words=words, text="\n".join(inside) + "\n")


def _in_fences(answer: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for fence in _fences(answer):
        label, _, rest = fence.words[:300].partition(" ")
        if label.lower() in ("diff", "patch"):
            yield from _in_diff(fence.text)
            continue
        named = re.fullmatch(f"({_PATH})", (rest or label).rpartition(":")[2].strip())
        named = named or _NAMED_FIRST.match(fence.text[:400]) or re.fullmatch(f"({_PATH})", _last_word(fence.before))
        if named:
            yield named[1], ("file", fence.text)


def _last_word(line: str) -> str:
    """The last word in which only what a path is made of stands, relative."""
    return _NO_PATH.split(line.rstrip("`*\"' ):"))[-1].rpartition("//")[2].lstrip("/")


def _in_diff(text: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """One diff for each file; hunks without a file's name are of none."""
    starts = [match.start() for match in _DIFF_START.finditer(text)]
    # `diff --git` and `---` head the same file's diff: a part without hunks belongs to the next.
    for start, end in pairwise([*starts, len(text)]):
        part = text[start:end]
        path = _NEW_PATH.search(part)
        if path and "\n@@ " in part:
            yield path[1], ("diff", part)
