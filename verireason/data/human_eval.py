"""HumanEval (OpenAI, MIT) and HumanEval+ (EvalPlus, Apache-2.0), from their published layouts.

Both have `task_id`, `prompt` (imports, perhaps helpers, then the head of a function), `entry_point` and
`canonical_solution` (its body). HumanEval's tests are the asserts of `check(candidate)` in `test`; for those of
HumanEval+ see `verireason.data.evalplus`. What stands before the function in the prompt runs before every candidate,
which may be the whole function or its body alone, and again on the side of the tests, which use its helpers.

One task has many right answers (`find_zero`): HumanEval+ too asks whether its polynomial is zero there.
"""

from __future__ import annotations

import ast
from pathlib import Path

from sim.job import Limits
from sim.python.suite import Program, Style, Suite
from sim.verdict import Spec
from verireason.data import evalplus
from verireason.data.evalplus import Inputs, make_calls, read_inputs
from verireason.data.loaded import Loaded, collect
from verireason.data.pairs import make_spec
from verireason.data.python_tests import convert_check, parse
from verireason.data.rows import Row, Source, read_rows
from verireason.problem import Problem

NAME = "humaneval"
PLUS = "humanevalplus"
SOURCE = Source(
    hub="openai/openai_humaneval",
    parts=("HumanEval.", "openai_humaneval"),
    hub_files=("openai_humaneval/test-*.parquet",),
)
PLUS_SOURCE = Source(
    hub="evalplus/humanevalplus",
    parts=("HumanEvalPlus.", "HumanEvalPlus-v", "test-"),
    hub_files=("data/test-*.parquet",),
)
LIMITS = Limits(cpu_s=3, wall_s=20, mem_mb=1024, output_kb=1024)
_MANY_ANSWERS = "find_zero"


def load(root: Path) -> Loaded:
    """The problems of HumanEval, in the benchmark's order. UserError when they are not there."""
    return collect(read_rows(root, SOURCE), name=lambda row: row.text("task_id"), build=_problem)


def load_plus(root: Path) -> Loaded:
    """The problems of HumanEval+, with the answers left open that its layout leaves to the reference."""
    return collect(read_rows(root, PLUS_SOURCE), name=lambda row: row.text("task_id"), build=_plus_problem)


def _problem(row: Row, problem_id: str) -> Problem:
    entry, preamble = row.text("entry_point"), _preamble(row)
    try:
        tests = convert_check(row.text("test"), entry=entry, prelude=preamble)
        suite = Suite(entry=entry, setup=preamble, calls=tests.calls, program=tests.program)
    except ValueError as err:
        raise row.wrong(str(err)) from err
    return _made(row, problem_id, make_spec(suite, LIMITS), benchmark=NAME, licence="MIT")


def _plus_problem(row: Row, problem_id: str) -> Problem:
    entry, preamble, inputs = row.text("entry_point"), _preamble(row), read_inputs(row)
    if not inputs.arguments:
        raise row.wrong("a problem without inputs")
    program = _polynomial(inputs, preamble) if entry == _MANY_ANSWERS else None
    suite = Suite(
        entry=entry,
        setup=preamble,
        calls=() if program else make_calls(inputs, row),
        program=program,
        comparator=inputs.comparator,
    )
    return _made(row, problem_id, make_spec(suite, evalplus.LIMITS), benchmark=PLUS, licence=evalplus.LICENCE)


def _made(row: Row, problem_id: str, spec: Spec, *, benchmark: str, licence: str) -> Problem:
    prompt = row.text("prompt")
    return Problem(
        id=problem_id,
        benchmark=benchmark,
        prompt=prompt,
        header=prompt,
        spec=spec,
        golden=prompt + row.text("canonical_solution"),
        split="test",
        licence=licence,
        category=benchmark,
        difficulty=0,
    )


def _preamble(row: Row) -> str:
    """What stands in the prompt before the function."""
    prompt, entry = row.text("prompt"), row.text("entry_point")
    try:
        module = parse(prompt, "the prompt")
    except ValueError as err:
        raise row.wrong(str(err)) from err
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name == entry:
            before = "\n".join(prompt.split("\n")[: node.lineno - 1]).strip()
            return before and f"{before}\n"
    raise row.wrong(f"the prompt does not define {entry}, its entry_point")


def _polynomial(inputs: Inputs, preamble: str) -> Program:
    """One assert for each input, on the polynomial that the prompt's own `poly` computes."""
    lines = [
        f"assert abs(poly({arguments[0]!r}, candidate({arguments[0]!r}))) <= {inputs.tolerance!r}\n"
        for arguments in inputs.arguments.values()
    ]
    return Program(style=Style.STATEMENTS, source="".join(lines), prelude=preamble, ids=tuple(inputs.arguments))
