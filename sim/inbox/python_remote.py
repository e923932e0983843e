"""The test process's side: objects that stand for what lies in the candidate's process. Runs in boxes only.

What comes back is plain data, decoded strictly, or another such object. An object of the candidate's is equal to itself
and to nothing else, whatever its own class says, so that no answer can agree with everything.
"""

from __future__ import annotations

import builtins
import json
import os
import signal
from collections.abc import Iterator
from types import ModuleType
from typing import Any, BinaryIO, TypeVar

from sim.inbox.values import Unfit, decode, encode

MAX_LINE = 16 << 20
_Kind = TypeVar("_Kind")


class Gone(BaseException):
    """The candidate's process ended or answered nonsense; `end` is "EXIT", "CRASH" or "TIMEOUT".

    Not an Exception: a test must not take it for an error that it waits for.
    """

    def __init__(self, end: str, message: str) -> None:
        super().__init__(message)
        self.end = end


class Unjust(BaseException):
    """A test cannot be carried on fairly: it gives the candidate what cannot be sent, or the candidate answered with an
    object of its own where the reference never does. Fails the test whatever the test makes of it."""


class Unloadable(BaseException):
    """The candidate could not be loaded; the argument says why."""


class Channel:
    """Requests to the candidate's process and its answers, one at a time."""

    def __init__(self, pid: int, *, requests: BinaryIO, answers: BinaryIO) -> None:
        """pid: the process, a child of this one."""
        self.takes_objects = False
        """Whether a call may be answered with an object of the candidate's."""
        self.fault: BaseException | None = None
        """What fails the test that is running."""
        self._pid = pid
        self._requests = requests
        self._answers = answers
        self._objects: dict[int, RemoteObject] = {}
        self.gone: Gone | None = None

    def load(self) -> None:
        """Load the candidate. Raises Unloadable, Gone."""
        self._ask({"do": "load"})

    def do(self, what: str, *args: Any, **kwargs: Any) -> Any:
        """Ask for something to be done. Raises Gone, Unjust, and what the candidate raised, as the nearest builtin
        exception."""
        request = {
            "do": what,
            "args": [self._send(each) for each in args],
            "kwargs": {name: self._send(each) for name, each in kwargs.items()},
            "lazy": self.takes_objects,
        }
        answer = self._ask(request)
        if what == "call" and type(answer) is RemoteObject and not self.takes_objects:
            kind = object.__getattribute__(answer, "_kind")
            raise self.failed(Unjust(f"the candidate answered with {kind}"))
        return answer

    def failed(self, fault: BaseException) -> BaseException:
        """The fault, which the running test cannot get past."""
        self.fault = self.fault or fault
        return fault

    def _send(self, argument: Any) -> dict[str, Any]:
        if type(argument) is RemoteObject:
            return {"handle": object.__getattribute__(argument, "_handle")}
        try:
            return {"value": encode(argument)}
        except Unfit as err:
            words = f"the test gives the candidate {err}, which cannot be sent to it"
            raise self.failed(Unjust(words)) from None

    def _ask(self, request: dict[str, Any]) -> Any:
        if self.gone is not None:
            raise self.gone
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
            line = self._answers.readline(MAX_LINE)
            return self._understand(json.loads(line))
        except (OSError, ValueError, RecursionError, KeyError, TypeError) as err:
            self.gone = self._end()
            raise self.gone from err

    def _end(self) -> Gone:
        """What became of the process. One that is still there answered nonsense."""
        os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGXCPU:
            return Gone("TIMEOUT", "more CPU time than it may take")
        if code < 0 and code != -signal.SIGKILL:
            return Gone("CRASH", f"signal {-code} ended the candidate's process")
        return Gone("EXIT", "the candidate's process ended or answered nonsense")

    def _understand(self, answer: Any) -> Any:
        match answer:
            case {"value": str(text)}:
                return decode(text, with_numpy=True)
            case {"items": str(text)}:
                return iter(_of(list, decode(text, with_numpy=True)))
            case {"handle": int(handle), "type": str(kind)}:
                return self._objects.setdefault(handle, RemoteObject(self, handle, kind[:80]))
            case {"raised": str(name), "bases": list(bases), "message": str(message)}:
                return _Raise(_exception([name, *bases], message[:300], answer.get("line")))
            case {"unloadable": dict(words)}:
                raise self.failed(Unloadable(words))
        raise ValueError("no answer")


class _Raise:
    """An exception on its way past `_ask`'s own handlers."""

    def __init__(self, err: Exception) -> None:
        self.err = err


def _exception(names: list[Any], message: str, line: Any) -> Exception:
    """The first of the names that is a builtin exception, made with the message."""
    for name in names:
        kind = getattr(builtins, name, None) if isinstance(name, str) else None
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                err = kind(message)
            except TypeError:  # a UnicodeDecodeError takes five arguments
                continue
            err.candidate_line = line if isinstance(line, int) else None  # type: ignore[attr-defined]
            return err
    return Exception(message)


class RemoteObject:
    """Something in the candidate's process."""

    __slots__ = ("_channel", "_handle", "_kind")

    def __init__(self, channel: Channel, handle: int, kind: str) -> None:
        object.__setattr__(self, "_channel", channel)
        object.__setattr__(self, "_handle", handle)
        object.__setattr__(self, "_kind", kind)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _do("call", self, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # what Python and its libraries probe for
        return _do("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _do("setattr", self, name, value)

    def __len__(self) -> int:
        return _of(int, _do("len", self))

    def __bool__(self) -> bool:
        return _of(bool, _do("bool", self))

    def __str__(self) -> str:
        return _of(str, _do("str", self))

    def __repr__(self) -> str:
        return f"<{self._kind} of the candidate's>"

    def __iter__(self) -> Iterator[Any]:
        iterator = _do("iter", self)
        while True:
            try:
                yield _do("next", iterator)
            except StopIteration:
                return

    def __next__(self) -> Any:
        return _do("next", self)

    def __getitem__(self, key: Any) -> Any:
        return _do("getitem", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        _do("setitem", self, key, value)

    def __delitem__(self, key: Any) -> None:
        _do("delitem", self, key)

    def __contains__(self, item: Any) -> bool:
        return any(item == each for each in self)  # an object that claims to hold everything has to show it


def _do(what: str, owner: RemoteObject, *args: Any, **kwargs: Any) -> Any:
    answer = object.__getattribute__(owner, "_channel").do(what, owner, *args, **kwargs)
    if type(answer) is _Raise:
        if isinstance(answer.err, StopIteration) and what != "next":
            raise _exception(["RuntimeError"], "it raised StopIteration", None)  # it would end a loop of the test's own
        raise answer.err
    return answer


def _of(kind: type[_Kind], answer: Any) -> _Kind:
    if type(answer) is not kind:
        raise TypeError(f"the candidate gave something that is no {kind.__name__}")
    return answer


class RemoteModule(ModuleType):
    """The candidate as a module: `from solution import f`."""

    def __init__(self, name: str, channel: Channel) -> None:
        super().__init__(name)
        self.__dict__["_module"] = RemoteObject(channel, 0, "a module")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return _do("getattr", self.__dict__["_module"], name)
