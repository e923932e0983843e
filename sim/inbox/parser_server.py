"""The server "parser": slang loaded and warm, one fork for each warm step. Runs in boxes only."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

from sim.inbox import guard, interface, plain_pickle, ports, search, structure
from sim.inbox.warm import serve

_PROGRAMS: dict[str, Callable[[Sequence[str]], int]] = {
    "guard": guard.main,
    "interface": interface.main,
    "ports": ports.main,
    "search": search.main,
    "structure": structure.main,
    "unpickle": plain_pickle.main,
}
"""What a warm step's first argument names."""
_BROKEN = 70
"""Exit code for a bug of ours; no program gives it."""


def main() -> None:
    """Warm up, then run one program in each fork."""
    guard.warm_up()
    structure.warm_up()
    gc.disable()  # a fork ends before it would pay, and to collect garbage would copy all that it inherits
    gc.freeze()
    run_once(serve())


def run_once(argv: Sequence[str]) -> NoReturn:
    """Run one program and end the process, without a clean-up that would take longer than the work."""
    code = _BROKEN
    try:
        code = _PROGRAMS[argv[0]](argv)
    except BaseException:  # whatever it is, the process must end here, with its words
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
