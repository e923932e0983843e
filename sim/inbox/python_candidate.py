"""A candidate as a module, in the process that is its own. Runs in boxes only.

From `load` on, everything in the process belongs to the candidate: nothing that it says afterwards is more than an
answer. What is cached here is for honest programs that redefine builtins, and protects nothing.
"""

from __future__ import annotations

import gc
import io
import linecache
import os
import sys
from types import CodeType, ModuleType, TracebackType
from typing import Any

from sim.inbox.python_files import SOLUTION

MAX_MESSAGE = 300
HARNESS = "sim"


class Unloadable(Exception):
    """The candidate does not get as far as being called. `words` is a JSON object for the host."""

    def __init__(self, **words: Any) -> None:
        super().__init__(words)
        self.words = words


def hide_harness() -> None:
    """Leave no trace of this package in `sys.modules` and `sys.path`. What is running goes on; nothing more of the
    package can be imported."""
    for loaded in [each for each in sys.modules if each == HARNESS or each.startswith(f"{HARNESS}.")]:
        del sys.modules[loaded]
    sys.path[:] = [path for path in sys.path if not os.path.isdir(os.path.join(path, HARNESS))]


def become_ordinary(name: str) -> ModuleType:
    """Make this process look like a fresh interpreter, and return the module `name` for the candidate to run in.

    The working directory must be the one that SOLUTION is in.
    """
    sys.path.insert(0, "")
    sys.argv[:] = [SOLUTION]
    sys.orig_argv[:] = ["python3", SOLUTION]
    # The interpreter's own streams are of the server; those of before stay open behind these.
    for fd, stream in enumerate(("stdin", "stdout", "stderr")):
        fresh = _stream(fd, "w" if fd else "r")
        sys.__dict__.update({stream: fresh, f"__{stream}__": fresh})
    module = ModuleType(name)
    module.__dict__["__file__"] = os.path.join(os.getcwd(), SOLUTION)
    module.__dict__["__builtins__"] = sys.modules["builtins"]
    sys.modules[name] = module
    gc.enable()
    return module


def _stream(fd: int, mode: str) -> io.TextIOWrapper:
    raw = io.FileIO(fd, mode, closefd=False)
    raw.name = ("<stdin>", "<stdout>", "<stderr>")[fd]
    buffer: Any = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    errors = "backslashreplace" if fd == 2 else "surrogateescape"
    stream = io.TextIOWrapper(buffer, encoding="utf-8", errors=errors, line_buffering=fd == 2)
    stream.__dict__["mode"] = mode  # as the interpreter's own have it
    return stream


def compile_candidate(source: bytes) -> CodeType:
    """The candidate's code. Raises Unloadable when it does not parse."""
    text = source.decode("utf-8-sig", "replace")
    linecache.cache[SOLUTION] = (len(source), None, text.splitlines(keepends=True), SOLUTION)
    try:
        return compile(text, SOLUTION, "exec", dont_inherit=True)
    except SyntaxError as err:
        raise Unloadable(
            why="syntax", error=type(err).__name__, message=str(err.msg)[:MAX_MESSAGE], line=err.lineno
        ) from None
    except (ValueError, OverflowError, RecursionError, MemoryError) as err:
        message = str(err)[:MAX_MESSAGE]
        raise Unloadable(why="syntax", error=type(err).__name__, message=message, line=None) from None


def load(module: ModuleType, code: CodeType, setup: str) -> None:
    """Run the candidate's module level. Raises Unloadable when that fails."""
    exec(compile(setup, "<setup>", "exec", dont_inherit=True), module.__dict__)
    try:
        exec(code, module.__dict__)
    except BaseException as err:
        raise Unloadable(why="import", **error_words(err)) from None


def find(module: ModuleType, entry: str) -> Any:
    """What the entry "f" or "Class.f" stands for: a function, or one that makes an instance first.

    Raises Unloadable when the candidate does not define it.
    """
    owner, _, name = entry.rpartition(".")
    first = owner or name
    if first not in module.__dict__:
        raise Unloadable(why="missing", error="NameError", message=f"{first} is not defined", line=None)
    if not owner:
        return module.__dict__[name]
    return lambda *args, **kwargs: getattr(module.__dict__[owner](), name)(*args, **kwargs)


def error_words(err: BaseException) -> dict[str, Any]:
    """An exception for a person: its type, message, and the last line of the candidate that it went through."""
    try:
        message = str(err)[:MAX_MESSAGE]
    except BaseException:
        message = ""
    kind = type.__dict__["__name__"].__get__(type(err))
    return {"error": kind[:60], "message": message, "line": _line(err.__traceback__)}


def _line(at: TracebackType | None) -> int | None:
    line = None
    while at is not None:
        if at.tb_frame.f_code.co_filename == SOLUTION:
            line = at.tb_lineno
        at = at.tb_next
    return line
