"""The Python face of the runner's library: serve jobs from a process that has loaded what is slow to load."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path


def serve() -> list[str]:
    """Serve jobs; never returns in the server itself, which ends when the host closes the stream.

    Returns in a fork for each warm step: the step's words. There the working directory, `os.environ`, the limits and
    descriptors 0 to 3 (3: evidence, if the step has it) are the step's own. The process must have one thread: nothing
    of the interpreter's own care for forks is needed then.
    """
    library = ctypes.PyDLL(str(Path(__file__).with_name("librunner.so")))  # holds the lock of the interpreter
    library.vr_serve.restype = ctypes.POINTER(ctypes.c_char_p)
    found = library.vr_serve()
    words = _strings(found)
    environment = _strings(ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ"))
    os.environ.clear()
    os.environ.update(dict(pair.split("=", 1) for pair in environment))
    return words


def _strings(found: ctypes._Pointer[ctypes.c_char_p]) -> list[str]:
    words: list[str] = []
    while (word := found[len(words)]) is not None:
        words.append(os.fsdecode(word))
    return words
