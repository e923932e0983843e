"""The tests of a Python problem, as data: what a loader writes and the verifier reads.

A suite stands in `Spec.testbench` as one JSON text. Its tests come in three modes. Only the inputs of "call" and
"stdio" tests ever enter a box with the candidate; what is expected stays outside, where the answers are compared. A
"program" is test code that could not be turned into such pairs: it runs in a process of its own, which calls the
candidate through a proxy (`sim.inbox.python_program`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from sim.strict_json import from_json, to_json


class Mode(StrEnum):
    """How a test asks its question."""

    CALL = "call"
    STDIO = "stdio"
    PROGRAM = "program"


class View(StrEnum):
    """A builtin that the test applies to what the candidate returns, as in `assert sorted(f(x)) == [1, 2]`.

    Applied in the candidate's box, as a part of its answer.
    """

    LIST = "list"
    TUPLE = "tuple"
    SET = "set"
    SORTED = "sorted"
    DICT = "dict"
    LEN = "len"
    STR = "str"
    SUM = "sum"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparator:
    """How an answer is compared with what is expected: a name with its version, and its tolerances.

    Example:
        Comparator(name="close@1", rel=1e-7, abs=1e-6)
    """

    name: str
    """A key of `sim.python.comparators.COMPARATORS`."""
    rel: float = 0.0
    """Relative tolerance of floats, for comparators that have one."""
    abs: float = 0.0
    """Absolute tolerance of floats, for comparators that have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTest:
    """Call the entry point; compare what it returns.

    Example:
        CallTest(id="0", args="[[1.0, 2.0], 0.5]", expected="true")
    """

    id: str
    args: str
    """Positional arguments: a list, in the text format of `sim.inbox.values`."""
    expected: str | None
    """In the same format; None until the reference has answered (`sim.python.reference`)."""
    kwargs: str | None = None
    """Named arguments: a dict from names to values, in the same format; None for none."""
    views: tuple[View, ...] = ()
    """Applied to what comes back, the first one first."""
    comparator: Comparator | None = None
    """None takes the suite's."""
    group: str | None = None
    """Subtask that the test belongs to; None when the problem has none."""
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StdioTest:
    """Run the candidate as a program; compare its standard output."""

    id: str
    stdin: str
    expected: str
    comparator: Comparator | None = None
    group: str | None = None
    weight: float = 1.0


class Style(StrEnum):
    """What kind of test code a program is."""

    STATEMENTS = "statements"
    """Statements that run one after another; each that holds an `assert` is a test."""
    UNITTEST = "unittest"
    """Classes of `unittest.TestCase`; each test method is a test."""
    PYTEST = "pytest"
    """Functions and methods named test_...; each is a test, and each of its parameter sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Test code of the benchmark's. Trusted; the candidate never sees it."""

    style: Style
    source: str
    prelude: str = ""
    """Runs first in the test process: helpers that come with the problem and that the tests use."""
    ids: tuple[str, ...] | None = None
    """Ids of its tests in order, where they are known beforehand: always for statements, else None until the
    reference has run."""
    left_out: tuple[str, ...] = ()
    """Ids of tests that are not run, since the reference itself fails them."""
    objects: bool = False
    """Whether calls may answer with an object of the candidate's own, which then answers the tests' questions about
    itself. Only where the reference needs it: otherwise such an answer fails its test."""
    names: tuple[str, ...] = ()
    """Names that the test code takes from the candidate, beside the entry point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """All tests of one problem. Ids are unique over the three modes.

    Example:
        Suite(entry="add", calls=(CallTest(id="0", args="[1, 2]", expected="3"),))
    """

    entry: str = ""
    """What is called: "f", or "Solution.f" for a method of a class that is made without arguments for each call; empty
    when all tests are stdio."""
    setup: str = ""
    """Trusted code that runs in the candidate's module before the candidate: imports that a benchmark promises."""
    calls: tuple[CallTest, ...] = ()
    stdio: tuple[StdioTest, ...] = ()
    program: Program | None = None
    comparator: Comparator = Comparator(name="equal@1")
    """For tests that name none of their own."""
    libraries: tuple[str, ...] = ()
    """Imported before the candidate comes, and so free of charge."""
    fork_per_test: bool = False
    """Give every call a process of its own, so that no state goes from one to the next."""

    def __post_init__(self) -> None:
        ids = [test.id for test in self.calls] + [test.id for test in self.stdio]
        ids += (self.program.ids or ()) if self.program else ()
        twice = next((one for one in ids if ids.count(one) > 1), None) if len(set(ids)) < len(ids) else None
        if twice is not None:
            raise ValueError(f"two tests have the id {twice!r}; give each its own")
        if not ids and self.program is None:
            raise ValueError("a suite without tests; give at least one")
        if not self.entry and (self.calls or self.program):
            raise ValueError("a suite that calls has no entry; name the function")

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all tests that are run, as far as they are known, in order."""
        program = self.program
        chosen = () if program is None else tuple(id for id in program.ids or () if id not in program.left_out)
        return (*(test.id for test in self.calls), *(test.id for test in self.stdio), *chosen)

    def without(self, ids: Collection[str]) -> Suite | None:
        """The suite without some tests; None when none are left."""
        calls = tuple(test for test in self.calls if test.id not in ids)
        stdio = tuple(test for test in self.stdio if test.id not in ids)
        program = self.program
        if program is not None:
            left_out = (*program.left_out, *(id for id in program.ids or () if id in ids))
            program = replace(program, left_out=left_out) if set(program.ids or ()) - set(left_out) else None
        return replace(self, calls=calls, stdio=stdio, program=program) if calls or stdio or program else None

    def to_text(self) -> str:
        """As `Spec.testbench` carries it."""
        return to_json(self)


@lru_cache(maxsize=256)
def read_suite(text: str) -> Suite:
    """The suite in a `Spec.testbench`. ValueError says what is wrong with it."""
    return from_json(Suite, text)
