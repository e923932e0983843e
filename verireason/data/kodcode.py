"""KodCode (V1 and Light-RL-10K, CC-BY-NC-4.0), from the layout of the hub.

Rows have `question_id`, `question`, `solution`, `test` or `test_code` (functions for pytest, mostly asserts on one call
with literals), `test_info` (a list of {function_name, function_declaration, ...}), `subset` and `style`. Some test code
imports what it tests from `solution`, some just uses it, and some defines it itself, which tests nothing.

Left out by name are the last of these; problems that need packages beside numpy, or a network; test code that looks at
what is printed; and tests for standard input, which V1.1 has under the style "online_judge". Tests that need fixtures
of pytest, or look at arguments that a function changed, fail with the reference, and ingest drops them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.python.suite import Program, Style, Suite
from verireason.data.loaded import LeftOut, Loaded, collect
from verireason.data.pairs import first_python, make_limits, make_prompt, make_spec
from verireason.data.python_tests import convert_pytest
from verireason.data.requirements import check_code, check_tests, has_preparation, libraries, parse
from verireason.data.rows import Row, Source, read_rows
from verireason.problem import Problem

NAME = "kodcode"
SOURCE = Source(
    hub="KodCode/KodCode-Light-RL-10K", parts=("train", "use_with_caution"), hub_files=("data/train-*.parquet",)
)
CPU_S = 5.0
"""Of all tests of a problem together."""

_MODULE = "solution"
"""What the test code calls the candidate."""


def load(root: Path) -> Loaded:
    """The problems of KodCode that are supported. UserError for a directory that holds none."""
    return collect(read_rows(root, SOURCE), name=lambda row: row.text("question_id"), build=_problem)


def _problem(row: Row, problem_id: str) -> Problem:
    if row.text_or_none("style") == "online_judge":
        raise LeftOut("its tests are for standard input")
    info = _info(row)
    golden = first_python([row.text("solution")])
    suite = _suite(row, golden=golden, function=info.get("function_name"))
    declaration = info.get("function_declaration")
    return Problem(
        id=problem_id,
        benchmark=NAME,
        prompt=make_prompt(row.text("question"), suite, declaration if isinstance(declaration, str) else ""),
        spec=make_spec(suite, make_limits(cpu_s=CPU_S)),
        golden=golden,
        split="train",
        licence="CC-BY-NC-4.0",
        category=row.text_or_none("subset") or "unknown",
        difficulty=0,
    )


def _info(row: Row) -> Mapping[str, Any]:
    """What is said of the first function that is tested."""
    info = row.json("test_info") or {}
    first = info[0] if isinstance(info, list) and info else info
    if not isinstance(first, Mapping):
        raise row.wrong("field test_info is not a list of objects")
    return first


def _suite(row: Row, *, golden: str, function: Any) -> Suite:
    source = row.text_or_none("test") or row.text("test_code")
    tests, solution = parse(source, "its test code"), parse(golden, "its reference")
    check_code(tests, solution)
    check_tests(tests)
    taken, own = _taken(tests), _defined(tests)
    names = [name for name in taken or _used(tests, solution) if name not in own]
    if not names:
        raise LeftOut("its tests take nothing from the candidate, or define it themselves")
    if not taken:
        source = f"from {_MODULE} import {', '.join(names)}\n{source}"
    entry = function if function in names else names[0]
    conversion = convert_pytest(source, entry=entry)
    calls, program = conversion.calls, conversion.program
    if has_preparation(tests):
        others = tuple(sorted({*names} - {entry}))
        calls, program = (), Program(style=Style.PYTEST, source=source, names=others)
    if not calls and program is None:
        raise LeftOut("no tests")
    used = libraries(solution, *(() if program is None else (tests,)))
    return Suite(entry=entry, calls=calls, program=program, libraries=used)


def _taken(tests: ast.Module) -> list[str]:
    """The names that test code imports from the candidate, in order."""
    return [
        alias.name
        for node in ast.walk(tests)
        if isinstance(node, ast.ImportFrom) and node.module == _MODULE
        for alias in node.names
        if alias.name != "*"
    ]


def _used(tests: ast.Module, solution: ast.Module) -> list[str]:
    """The functions and classes of the reference that test code reads, in the reference's order."""
    read = {node.id for node in ast.walk(tests) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return [name for name in _defined(solution) if name in read]


def _defined(tree: ast.Module) -> list[str]:
    """The functions and classes of a module, in order."""
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
