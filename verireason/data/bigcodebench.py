"""BigCodeBench v0.1.4 (bigcode, Apache-2.0), the complete task, from the layout of the hub.

Rows have `task_id`, `complete_prompt` (imports, the function's head, its docstring), `code_prompt` (without the
docstring), `canonical_solution` (the body), `test` (classes of `unittest.TestCase`) and `entry_point`.

The published harness runs tests and solution in one process, where a solution can replace what tests it. Here tests on
one call with literal arguments become calls, and the others run in a process of their own with the same working
directory. Not supported, and left out by name: problems that need packages beside numpy, or a network; tests that
replace parts of modules (`unittest.mock`) or look at what is printed. Tests that seed a candidate's random numbers, or
set its environment, do so in their own process only: the reference fails them, and ingest drops them.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

from sim.python.suite import Program, Style, Suite
from verireason.data.loaded import LeftOut, Loaded, collect
from verireason.data.pairs import make_limits, make_spec
from verireason.data.python_tests import convert_unittest
from verireason.data.requirements import check_code, check_tests, has_preparation, imported, libraries, parse
from verireason.data.rows import Row, Source, read_rows
from verireason.problem import Problem

NAME = "bigcodebench"
SOURCE = Source(
    hub="bigcode/bigcodebench", parts=("v0.1.4", "BigCodeBench-v0.1.4"), hub_files=("data/v0.1.4-*.parquet",)
)
CPU_S = 30.0
"""Of all tests of a problem together."""


def load(root: Path) -> Loaded:
    """The problems of release v0.1.4 that are supported. UserError for a directory that holds none."""
    return collect(read_rows(root, SOURCE), name=lambda row: row.text("task_id"), build=_problem)


def _problem(row: Row, problem_id: str) -> Problem:
    prompt, entry = row.text("complete_prompt"), row.text("entry_point")
    golden = f"{prompt}\n{row.text('canonical_solution')}"
    suite = _suite(row, golden=golden, entry=entry)
    return Problem(
        id=problem_id,
        benchmark=NAME,
        prompt=prompt.strip(),
        header=prompt,
        spec=make_spec(suite, make_limits(cpu_s=CPU_S)),
        golden=golden,
        split="test",
        licence="Apache-2.0",
        category=_topic(golden),
        difficulty=0,
    )


def _suite(row: Row, *, golden: str, entry: str) -> Suite:
    tests, solution = parse(row.text("test"), "its test code"), parse(golden, "its reference")
    check_code(tests, solution)
    check_tests(tests)
    setup = _before(parse(f"{row.text('code_prompt')}\n    pass\n", "its prompt"), entry)
    conversion = convert_unittest(row.text("test"), entry=entry)
    calls, program = conversion.calls, conversion.program
    if has_preparation(tests):
        calls, program = (), Program(style=Style.UNITTEST, source=row.text("test"))
    if not calls and program is None:
        raise LeftOut("no tests")
    return Suite(
        entry=entry,
        setup=setup,
        calls=calls,
        # What stands before the function is shared with the tests in the published harness.
        program=program and replace(program, prelude=setup),
        libraries=libraries(solution, *(() if program is None else (tests,))),
    )


def _before(prompt: ast.Module, entry: str) -> str:
    """What a prompt has before the function: imports and constants."""
    kept = [node for node in prompt.body if not (isinstance(node, ast.FunctionDef) and node.name == entry)]
    return "".join(f"{ast.unparse(node)}\n" for node in kept)


def _topic(golden: str) -> str:
    """The first module that the reference imports; the benchmark's own topics are groups of these."""
    return next(imported(parse(golden, "its reference")), "builtins").partition(".")[0]
