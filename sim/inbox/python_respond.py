"""The candidate's side of a program test: load it, then do to it what the test process asks. Runs in boxes only.

One JSON object a line each way. A request names what to do and to what; the answer is {"value": text} for what
`sim.inbox.values` has words for, {"items": text} for an iterator unless the tests may look at it lazily, {"handle": n,
"type": words} for another object, which stays here, {"raised": name, "bases": names, "message": text} or {"unloadable":
words}. Everything here is the candidate's word.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from sim.inbox.python_candidate import Unloadable, become_ordinary, compile_candidate, error_words, load
from sim.inbox.python_files import QUESTIONS, SOLUTION
from sim.inbox.values import MAX_NODES, Unfit, decode, describe, encode

_SPECIAL: dict[str, Callable[..., Any]] = {
    "len": len,
    "str": str,
    "repr": repr,
    "bool": bool,
    "iter": iter,
    "next": next,
    "getitem": lambda owner, key: owner[key],
    "setitem": lambda owner, key, value: owner.__setitem__(key, value),
    "delitem": lambda owner, key: owner.__delitem__(key),
    "getattr": getattr,
    "setattr": setattr,
    "call": lambda owner, *args, **kwargs: owner(*args, **kwargs),
}
"""What can be asked of an object."""


def respond(read_fd: int, write_fd: int) -> None:
    """Answer requests until there are no more. Nothing of the candidate is read before the first one."""
    write, objects = os.write, _Objects()
    with open(read_fd, "rb") as requests:
        for line in requests:
            answer = json.dumps(_answer(objects, json.loads(line))).encode() + b"\n"
            while answer:
                answer = answer[write(write_fd, answer) :]


class _Objects:
    """What was answered by handle; 0 is the candidate's module."""

    def __init__(self) -> None:
        self._kept: list[Any] = [ModuleType("none")]
        self._handles: dict[int, int] = {}
        """Identity of an object to its handle: one that comes back is known again."""

    def load(self) -> None:
        with open(QUESTIONS, "rb") as file:
            setup = json.load(file)["setup"]
        with open(SOLUTION, "rb") as file:
            source = file.read()
        code = compile_candidate(source)
        self._kept[0] = become_ordinary("solution")
        load(self._kept[0], code, setup)

    def take(self, argument: Any) -> Any:
        if "handle" in argument:
            return self._kept[argument["handle"]]
        return decode(argument["value"], with_numpy=True)

    def tell(self, value: Any, *, lazy: bool) -> dict[str, Any]:
        try:
            return {"value": encode(value)}
        except Unfit:
            if not lazy and hasattr(value, "__next__"):
                with contextlib.suppress(Unfit):
                    return {"items": encode([*itertools.islice(value, MAX_NODES)])}
            handle = self._handles.setdefault(id(value), len(self._kept))
            if handle == len(self._kept):
                self._kept.append(value)
            return {"handle": handle, "type": describe(type(value))}


def _answer(objects: _Objects, request: Any) -> dict[str, Any]:
    try:
        if request["do"] == "load":
            objects.load()
            return {"value": "null"}
        args = [objects.take(each) for each in request["args"]]
        kwargs = {name: objects.take(each) for name, each in request["kwargs"].items()}
        return objects.tell(_SPECIAL[request["do"]](*args, **kwargs), lazy=request["lazy"])
    except Unloadable as err:
        return {"unloadable": err.words}
    except BaseException as err:
        words = error_words(err)
        bases = [base.__name__ for base in type.__dict__["__mro__"].__get__(type(err))]
        return {"raised": words["error"], "bases": bases[:20], "message": words["message"], "line": words["line"]}
