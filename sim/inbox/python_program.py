"""Run a benchmark's own test code against a candidate that lies in another process. Runs in boxes only.

The process splits in two before either text is read: this side reads the tests, deletes them, and only then lets the
other side load the candidate. The other side has neither the tests in its memory nor descriptor 3, may not look into
this process (not dumpable, no ptrace), and what it sends is data. It can end this process; tests without a result have
failed.

Lines on descriptor 3, each with the nonce in front: a letter, and what belongs to it as JSON.

    T [ids]         the tests there are
    B {why, error, message, line}     the candidate cannot be loaded
    P id            passed
    F {id, end, message, line}        failed; end is "WRONG", "EXCEPTION", or that of `Gone`: then it is the last
    S message       the test code itself does not run
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import json
import os
import random
import signal
import sys
import unittest
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from sim.inbox.python_files import TESTS
from sim.inbox.python_remote import Channel, Gone, RemoteModule, Unjust, Unloadable
from sim.inbox.python_respond import respond

MAX_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class _Test:
    id: str
    run: Callable[[], None]
    """Raises what is wrong."""


def main(argv: Sequence[str]) -> int:
    """argv: "program"."""
    channel = _split()
    with open(TESTS, "rb") as file:
        asked = json.load(file)
    os.unlink(TESTS)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    random.seed(asked["seed"])  # not the other side's: it could foretell what the tests draw
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(asked["seed"] % 2**32)

    def say(*words: str) -> None:
        data = " ".join((asked["nonce"], *words)).encode("utf-8", "replace") + b"\n"
        while data:
            data = data[os.write(3, data) :]

    channel.takes_objects = asked["objects"]
    try:
        channel.load()
        tests = _collect(asked, channel)
    except Unloadable as err:
        say("B", json.dumps(err.args[0]))
        return 0
    except Gone as err:
        say("B", json.dumps({"why": "import", "error": "it ended", "message": str(err), "line": None, "end": err.end}))
        return 0
    except BaseException as err:
        say("S", json.dumps(f"{type(err).__name__}: {err}"[:MAX_MESSAGE]))
        return 0
    say("T", json.dumps([test.id for test in tests]))
    todo = None if asked["todo"] is None else set(asked["todo"])
    for test in tests:
        if channel.gone is None and (todo is None or test.id in todo):
            say(*_result(test, channel))
    return 0


def _split() -> Channel:
    """Start the candidate's side; returns the line to it."""
    request_read, request_write = os.pipe()
    answer_read, answer_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        for fd in (3, request_write, answer_read):
            os.close(fd)
        try:
            respond(request_read, answer_write)
        finally:
            os._exit(0)
    os.close(request_read)
    os.close(answer_write)
    return Channel(pid, requests=open(request_write, "wb"), answers=open(answer_read, "rb"))


def _result(test: _Test, channel: Channel) -> tuple[str, str]:
    """The letter and the rest of the line."""
    line, channel.fault = None, None
    try:
        test.run()
    except Gone as err:
        end, message = err.end, str(err)
    except Unjust as err:
        end, message = "WRONG", str(err)
    except AssertionError as err:
        end, message = "WRONG", str(err) or "an assertion of the test does not hold"
    except BaseException as err:
        # One that the candidate did not raise comes of what it answered.
        end = "EXCEPTION" if hasattr(err, "candidate_line") else "WRONG"
        line, message = getattr(err, "candidate_line", None), f"{type(err).__name__}: {err}"
    else:
        fault = channel.gone or channel.fault
        if fault is None:
            return "P", json.dumps(test.id)
        # A test that swallowed it has shown nothing.
        end, message = getattr(fault, "end", "WRONG"), str(fault)
    return "F", json.dumps({"id": test.id, "end": end, "message": message[:MAX_MESSAGE], "line": line})


def _collect(asked: dict[str, Any], channel: Channel) -> list[_Test]:
    solution = RemoteModule("solution", channel)
    sys.modules["solution"] = solution
    module = ModuleType("tests")
    sys.modules["tests"] = module
    exec(compile(asked["prelude"], "<prelude>", "exec", dont_inherit=True), module.__dict__)
    for name in asked["names"]:
        try:
            module.__dict__[name] = getattr(solution, name)
        except AttributeError:
            raise Unloadable(
                {"why": "missing", "error": "NameError", "message": f"{name} is not defined", "line": None}
            ) from None
    if asked["style"] == "statements":
        module.__dict__["candidate"] = module.__dict__[asked["names"][0]]
        return [*_statements(asked["source"], asked["ids"], module.__dict__)]
    exec(compile(asked["source"], "<tests>", "exec", dont_inherit=True), module.__dict__)
    found = _unittests(module) if asked["style"] == "unittest" else _functions(module)
    return [*found]


# ---- statements, one after another ----


def _statements(source: str, ids: list[str], names: dict[str, Any]) -> Iterator[_Test]:
    """Each statement with an assert is a test, definitions excepted; the others run when a test after them does."""
    places = iter(ids)
    preparation = _Preparation()
    for statement in ast.parse(source).body:
        code = compile(ast.Module([statement], type_ignores=[]), "<tests>", "exec", dont_inherit=True)
        run = functools.partial(exec, code, names)
        if any(isinstance(node, ast.Assert) for node in ast.walk(statement)) and not _defines(statement):
            yield _Test(next(places), functools.partial(preparation.then, len(preparation.steps), run))
        else:
            preparation.steps.append(run)


class _Preparation:
    """The statements that are no tests, each run once."""

    def __init__(self) -> None:
        self.steps: list[Callable[[], None]] = []
        self._num_done = 0
        self._broken: BaseException | None = None

    def then(self, num: int, run: Callable[[], None]) -> None:
        """Run the first `num` statements, as far as they have not run yet, and then a test."""
        while self._num_done < num and self._broken is None:
            try:
                self.steps[self._num_done]()
            except BaseException as err:
                self._broken = err
            self._num_done += 1
        if self._broken is not None:  # what later tests would look at may be left over from before
            raise self._broken
        run()


def _defines(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)


# ---- unittest ----


def _unittests(module: ModuleType) -> Iterator[_Test]:
    loader = unittest.TestLoader()
    for kind in [*module.__dict__.values()]:
        if isinstance(kind, type) and issubclass(kind, unittest.TestCase) and kind.__module__ == module.__name__:
            for name in loader.getTestCaseNames(kind):
                yield _Test(f"{kind.__name__}.{name}", _unittest(kind, name))


def _unittest(kind: type[unittest.TestCase], name: str) -> Callable[[], None]:
    def run() -> None:
        result = _First()
        unittest.TestSuite([kind(name)]).run(result)
        if result.err is not None:
            raise result.err
        if result.testsRun != 1 or result.skipped or result.expectedFailures:
            raise AssertionError("the test was skipped")

    return run


class _First(unittest.TestResult):
    """Keeps the first thing that went wrong, as it was raised."""

    err: BaseException | None = None

    def addError(self, test: Any, err: Any) -> None:
        self.err = self.err or err[1]

    def addFailure(self, test: Any, err: Any) -> None:
        self.err = self.err or err[1]

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.err = self.err or err[1]

    def addUnexpectedSuccess(self, test: Any) -> None:
        self.err = self.err or AssertionError("the test was expected to fail")


# ---- functions, as pytest finds them ----


def _functions(module: ModuleType) -> Iterator[_Test]:
    """Functions test_... and methods of classes Test..., once for each set of parameters; no fixtures."""
    for name, value in [*module.__dict__.items()]:
        if inspect.isfunction(value) and name.startswith("test"):
            yield from _with_parameters(name, value, value)
        elif inspect.isclass(value) and name.startswith("Test"):
            for method, function in inspect.getmembers(value, inspect.isfunction):
                if method.startswith("test"):
                    yield from _with_parameters(f"{name}.{method}", function, functools.partial(_call, value, method))


def _call(kind: type, method: str, **parameters: Any) -> None:
    getattr(kind(), method)(**parameters)


def _with_parameters(id: str, function: Any, run: Callable[..., None]) -> Iterator[_Test]:
    marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
    sets = [[*_parameter_sets(*mark.args[:2])] for mark in marks]
    for place, chosen in enumerate(itertools.product(*sets)):
        parameters = {name: value for each in chosen for name, value in each.items()}
        yield _Test(f"{id}[{place}]" if marks else id, functools.partial(run, **parameters))


def _parameter_sets(names: str | Sequence[str], values: Sequence[Any]) -> Iterator[dict[str, Any]]:
    listed = [name.strip() for name in names.split(",")] if isinstance(names, str) else [*names]
    for value in values:
        given = value.values if type(value).__name__ == "ParameterSet" else [value] if len(listed) == 1 else value
        yield dict(zip(listed, given, strict=True))
