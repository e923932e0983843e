"""The server "python": an interpreter with the common modules in it, one fork for each warm step. Runs in boxes only.

Words behind the server's name are libraries to import beside them: `python:numpy`.
"""

from __future__ import annotations

import gc
import importlib
import os
import random
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

from sim.inbox import python_call, python_program, python_stdio
from sim.inbox.python_candidate import HARNESS, hide_harness
from sim.inbox.warm import serve

COMMON = (
    *("abc", "array", "ast", "bisect", "cmath", "collections", "contextlib", "copy", "dataclasses", "datetime"),
    *("decimal", "enum", "fractions", "functools", "heapq", "inspect", "io", "itertools", "json", "math", "numbers"),
    *("operator", "os", "queue", "random", "re", "statistics", "string", "struct", "textwrap", "time", "traceback"),
    *("types", "typing", "unittest"),
)
"""What programs import most; found loaded, it costs them nothing."""
_PROGRAMS: dict[str, Callable[[Sequence[str]], int]] = {
    "call": python_call.main,
    "stdio": python_stdio.main,
    "program": python_program.main,
}
"""What a warm step's first argument names."""
_BROKEN = 70
"""Exit code for a bug of ours."""


def main() -> None:
    """Warm up, then run one program in each fork."""
    for name in (*COMMON, *sys.argv[1:]):
        try:
            importlib.import_module(name)
        except ImportError as err:
            sys.exit(f"{err}; add what is missing to containers/python-requirements.txt and build the image again")
    hide_harness()  # once, and not in every fork
    gc.disable()  # until the candidate's own work starts; what is here now is never looked at again
    gc.freeze()
    run_once(serve())


def run_once(argv: Sequence[str]) -> NoReturn:
    """Run one program and end the process, without a clean-up that would take longer than the work."""
    if HARNESS in sys.modules:  # started for one step only
        hide_harness()
    random.seed(0)  # the same for every candidate, so that the same text gets the same verdict
    code = _BROKEN
    try:
        code = _PROGRAMS[argv[0]](argv)
    except BaseException:  # whatever it is, the process must end here, with its words
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
