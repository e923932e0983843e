"""Run a candidate as a program with a test's standard input. Runs in boxes only.

What it prints and how it ends is the runner's to note; this process ends as the interpreter would.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from sim.inbox.python_candidate import Unloadable, become_ordinary, compile_candidate
from sim.inbox.python_files import QUESTIONS, SOLUTION, input_file

UNPARSED = 29
"""Exit code for a candidate that does not parse, its words on descriptor 3."""


def main(argv: Sequence[str]) -> NoReturn:
    """argv: "stdio", and the place of the test."""
    name = input_file(int(argv[1]))
    with open(QUESTIONS, "rb") as file:
        setup = json.load(file)["setup"]
    with open(SOLUTION, "rb") as file:
        source = file.read()
    os.dup2(os.open(name, os.O_RDONLY | os.O_CLOEXEC), 0)
    os.mkdir(f"run-{name}")
    try:
        code = compile_candidate(source)
    except Unloadable as err:
        os.write(3, f"B {json.dumps(err.words)}\n".encode())
        os._exit(UNPARSED)
    module = become_ordinary("__main__")
    os.chdir(f"run-{name}")  # what another test's run left is not in the way
    status = _run(module.__dict__, setup, code)
    del module, sys.modules["__main__"]
    _end(status)


def _run(names: dict[str, Any], setup: str, code: Any) -> int:
    try:
        exec(compile(setup, "<setup>", "exec", dont_inherit=True), names)
        exec(code, names)
    except SystemExit as err:
        if err.code is None or isinstance(err.code, int):
            return (err.code or 0) & 0xFF
        print(err.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """As the interpreter does at its end: wait for threads, run what was registered, flush, let objects go, flush."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except BaseException:
        traceback.print_exc()
        code = code or 1
    for _ in range(2):
        try:
            sys.stdout.flush()
        except BaseException:
            code = code or 120  # the interpreter's own code for it
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
            gc.collect()  # what has a last word says it, and files that were left open are written
    os._exit(code)
