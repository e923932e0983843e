"""Says why a test failed, from its exception alone: cheaper than rewriting every assertion before it can fail."""

from __future__ import annotations

import ast
import contextlib
import linecache
import os
import traceback
from types import FrameType

MAX_MESSAGE = 300
_QUIET_CALLS = {"bool", "hex", "int", "len", "str"}
"""What may be called again without changing what a later test sees."""


def message(err: BaseException) -> str:
    """Kind and text of an exception; for an assertion without text, the assertion and its values.

    Example:
        message(err) == "assert dut.y.value == a + b; 11110 against 22"
    """
    text = str(err).strip() or _assertion(err)
    kind = "" if isinstance(err, AssertionError) and text else f"{type(err).__name__}: "
    return (kind + text)[:MAX_MESSAGE]


def _assertion(err: BaseException) -> str:
    """The failed line of the deepest frame that is in a file of the job."""
    here = os.getcwd()
    frames = [
        (frame, line)
        for frame, line in traceback.walk_tb(err.__traceback__)
        if os.path.dirname(os.path.abspath(frame.f_code.co_filename)) == here
    ]
    if not frames:
        return ""
    frame, line = frames[-1]
    lines = linecache.getlines(frame.f_code.co_filename)
    for node in ast.walk(ast.parse("".join(lines))):
        if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or line):
            return f"{ast.unparse(node)}{_values(node.test, frame)}"
    return lines[line - 1].strip() if line <= len(lines) else ""


def _values(test: ast.expr, frame: FrameType) -> str:
    """Both sides of a comparison, evaluated again where it failed; "" for all that could have an effect."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and all(map(_is_quiet, ast.walk(test)))):
        return ""
    with contextlib.suppress(Exception):  # the design's values decide what this raises
        left, right = (
            eval(compile(ast.Expression(side), "<assertion>", "eval"), frame.f_globals, frame.f_locals)
            for side in (test.left, test.comparators[0])
        )
        return f"; {left!s:.80} against {right!s:.80}"
    return ""


def _is_quiet(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _QUIET_CALLS
    return not isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda, ast.comprehension))
