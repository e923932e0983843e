"""Inputs with their outputs, as contest benchmarks publish them, to tests.

The layouts are all descendants of APPS: `inputs` and `outputs` of the same length and, for tests that call a function,
`fn_name`. Without it an input is what the program reads and an output what it prints, each a text or a list of lines.
With it an input is a list of arguments, or a text with one JSON value per line, and an output what is returned.

What their graders allow beyond this is not copied: lines in any order, words in any order, one element of a list for
the list.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.inbox.values import Unfit, encode
from sim.job import Limits
from sim.python.suite import CallTest, Comparator, StdioTest, Suite
from sim.verdict import Spec
from verireason.data.loaded import LeftOut
from verireason.data.rows import Row, parse_json

MAIN = "main"
"""What a candidate is for when it is a program: `Spec.top` needs a word."""
CALLS = Comparator(name="lcb-call@1")
LINES = Comparator(name="lines@1")
TOKENS = Comparator(name="tokens@1")

_STAR = (
    *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random", "statistics"),
    *("itertools", "functools", "operator", "io", "sys", "json"),
)
CONTEST_SETUP = "\n".join(
    (
        *(f"from {name} import *" for name in (*_STAR, "builtins", "typing")),
        f"import {', '.join(_STAR)}",
        "sys.setrecursionlimit(50000)",
    )
)
"""What the graders of LiveCodeBench and PRIME put before a candidate."""
APPS_SETUP = """\
import sys, time, itertools, collections, math, fractions, random, heapq
from itertools import accumulate, product, permutations, combinations
from collections import Counter, OrderedDict, deque, defaultdict, ChainMap
from functools import lru_cache
from math import sqrt, sin, cos, tan, ceil, fabs, floor, gcd, exp, log, log2
from typing import List, Tuple
from heapq import *
import numpy as np
"""
"""What the graders of APPS and TACO put before a candidate."""

MAX_TEXT = 16 << 20
"""Characters of one test's input or output."""
_MIN_MB, _MAX_MB = 256, 1024
"""Contests set limits for compiled programs, some lower than what an interpreter takes."""
_CLASS = re.compile(r"^class Solution\b", re.MULTILINE)
_FENCED = re.compile(r"\A\s*```[a-zA-Z0-9]*\n(.*)```\s*\Z", re.DOTALL)
_MAX_TRIED = 20
"""Solutions that are looked at until one is Python 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Tests as they were published."""

    inputs: Sequence[Any]
    outputs: Sequence[Any]
    function: str | None
    """What is called; None for a program that reads standard input."""
    ids: Sequence[str] | None = None
    """None for their numbers."""
    as_apps: bool = True
    """Two habits of APPS: results stand in a list of one when all of a problem's do, and an argument or result that is
    a dict whose keys read as ints had ints for keys."""


def read_pairs(tests: Any, row: Row, field: str) -> Pairs:
    """The pairs in an object with `inputs`, `outputs` and perhaps `fn_name`. UserError when it is no such object."""
    if not isinstance(tests, Mapping) or not all(isinstance(tests.get(key, []), list) for key in ("inputs", "outputs")):
        raise row.wrong(f"field {field} is not an object with the lists inputs and outputs")
    function = tests.get("fn_name")
    if function is not None and not isinstance(function, str):
        raise row.wrong(f"field {field}: fn_name is not a text")
    return Pairs(inputs=tests.get("inputs", []), outputs=tests.get("outputs", []), function=function or None)


def make_suite(
    pairs: Pairs,
    *,
    shown: str,
    stdio: Comparator = LINES,
    setup: str = "",
    libraries: tuple[str, ...] = (),
) -> Suite:
    """The suite of a problem. Raises LeftOut for tests that cannot be made.

    `shown` is code or a question that shows how the function is defined: as a method when it has a `class Solution`.
    """
    if not pairs.inputs:
        raise LeftOut("no tests")
    if len(pairs.inputs) != len(pairs.outputs):
        raise LeftOut(f"{len(pairs.inputs)} inputs and {len(pairs.outputs)} outputs")
    if pairs.function is None:
        return Suite(stdio=_stdio_tests(pairs), comparator=stdio, setup=setup, libraries=libraries)
    if not pairs.function.isidentifier():
        raise LeftOut(f"its function is called {pairs.function[:40]!r}")
    return Suite(
        entry=f"Solution.{pairs.function}" if _CLASS.search(shown) else pairs.function,
        calls=_call_tests(pairs),
        comparator=CALLS,
        setup=setup,
        libraries=libraries,
        fork_per_test=True,  # the limits of contests are for one test
    )


def make_spec(suite: Suite, limits: Limits) -> Spec:
    """What a candidate is judged against. It may print twice what the longest expected output has."""
    longest_kb = max((len(test.expected) for test in suite.stdio), default=0) >> 10
    limits = replace(limits, output_kb=max(limits.output_kb, 2 * longest_kb))
    return Spec(verifier="python", top=suite.entry or MAIN, testbench=suite.to_text(), limits=limits)


def make_limits(*, cpu_s: float, mem_mb: float | None = None) -> Limits:
    """Limits of a test: its CPU seconds and, where the benchmark has one, its memory, within what we can give."""
    memory = _MAX_MB if mem_mb is None else min(max(round(mem_mb), _MIN_MB), _MAX_MB)
    return Limits(cpu_s=cpu_s, wall_s=6 * cpu_s + 10, mem_mb=memory, output_kb=1024)


def make_prompt(question: str, suite: Suite, starter: str = "") -> str:
    """The task in words, and what the program is: a starter completed, a function, or one that reads and writes."""
    if not suite.entry:
        end = "The program reads standard input and writes to standard output."
    elif starter.strip():
        end = f"Complete this code:\n\n{starter.strip()}"
    else:
        end = f"The function is {suite.entry}."
    return f"{question.strip()}\n\n{end}"


def first_python(solutions: Iterable[str]) -> str:
    """The first of some solutions that is Python 3, without the fence around it; "" when there is none.

    They are trusted to be parsed here, not to be run.
    """
    for tried, solution in enumerate(solutions):
        fenced = _FENCED.match(solution)
        source = fenced[1] if fenced else solution
        if source.strip() and _is_python(source):
            return source
        if tried + 1 == _MAX_TRIED:
            break
    return ""


def _is_python(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _ids(pairs: Pairs) -> Sequence[str]:
    return pairs.ids or [str(number) for number in range(len(pairs.inputs))]


def _stdio_tests(pairs: Pairs) -> tuple[StdioTest, ...]:
    return tuple(
        StdioTest(id=test_id, stdin=_text(given, test_id), expected=_text(wanted, test_id))
        for test_id, given, wanted in zip(_ids(pairs), pairs.inputs, pairs.outputs, strict=True)
    )


def _text(value: Any, test_id: str) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "\n".join(value)
    if not isinstance(value, str):
        raise LeftOut(f"test {test_id} holds neither a text nor lines of text")
    if len(value) > MAX_TEXT:
        raise LeftOut(f"test {test_id} holds a text of {len(value) >> 20} MiB")
    return value


def _call_tests(pairs: Pairs) -> tuple[CallTest, ...]:
    arguments = [_arguments(given) for given in pairs.inputs]
    expected = [
        _from_json(wanted) if isinstance(given, str) and isinstance(wanted, str) else wanted
        for given, wanted in zip(pairs.inputs, pairs.outputs, strict=True)
    ]
    if pairs.as_apps:
        arguments = [[_with_int_keys(args[0])] if len(args) == 1 else args for args in arguments]
        if all(isinstance(value, list) and len(value) == 1 for value in expected):
            expected = [value[0] for value in expected]
        expected = [_with_int_keys(value) for value in expected]
    return tuple(
        CallTest(id=test_id, args=_encoded(args, test_id), expected=_encoded(value, test_id))
        for test_id, args, value in zip(_ids(pairs), arguments, expected, strict=True)
    )


def _arguments(given: Any) -> list[Any]:
    arguments = [_from_json(line) for line in given.split("\n")] if isinstance(given, str) else given
    if not isinstance(arguments, list):
        raise LeftOut("arguments that are no list")
    return arguments


def _from_json(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as err:
        raise LeftOut(f"an argument or a result that is not JSON: {text[:60]!r}") from err


def _with_int_keys(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        return {int(key): item for key, item in value.items()}
    except ValueError:
        return value


def _encoded(value: Any, test_id: str) -> str:
    try:
        return encode(value)
    except Unfit as err:
        raise LeftOut(f"test {test_id} holds {err}") from err
