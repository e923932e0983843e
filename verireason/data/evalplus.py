"""What HumanEval+ and MBPP+ (EvalPlus, Apache-2.0) have in common: many inputs, and the answers of a reference.

Two layouts. A release has `base_input` and `plus_input` (lists of argument lists) and `atol`; the answers are the
reference's, so the tests leave them open until it has run. The hub has code in `test` that assigns `inputs` and, but
for a few long ones, `results`. Answers are compared as EvalPlus does: floats within 1e-6 or `atol`, the rest equal.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sim.inbox.values import Unfit, encode
from sim.job import Limits
from sim.python.suite import CallTest, Comparator, View
from verireason.data.python_tests import parse
from verireason.data.python_tests.fold import Folder, NotConstant
from verireason.data.python_tests.scope import Scope, scope_of
from verireason.data.rows import Row

LICENCE = "Apache-2.0"
LIMITS = Limits(cpu_s=8, wall_s=50, mem_mb=1024, output_kb=16384)
"""For all inputs of a problem together, of which there are up to a thousand; some references answer with 6 MB."""
RELATIVE, ABSOLUTE = 1e-7, 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The tests of one problem."""

    arguments: dict[str, list[Any]]
    """Test id to the arguments of its call."""
    answers: dict[str, Any]
    """Test id to the answer, where it is published."""
    tolerance: float
    """Absolute, of floats."""

    @property
    def comparator(self) -> Comparator:
        """How answers are compared."""
        return Comparator(name="close@1", rel=RELATIVE, abs=self.tolerance)


def read_inputs(row: Row, *, typed: Callable[[list[Any]], list[Any]] = lambda arguments: arguments) -> Inputs:
    """The inputs of a row of either layout. UserError when it has neither.

    `typed` gives the arguments of a release the types that JSON has not.
    """
    if "base_input" not in row.fields:
        return _from_code(row)
    try:
        arguments = {
            f"{part}.{place}": typed(given)
            for part in ("base", "plus")
            for place, given in enumerate(_argument_lists(row, f"{part}_input"))
        }
    except (AttributeError, IndexError, TypeError, ValueError) as err:
        raise row.wrong(f"an input is none of those that the task takes ({type(err).__name__})") from err
    tolerance = row.fields.get("atol", 0)
    if not isinstance(tolerance, int | float) or tolerance < 0:
        raise row.wrong("field atol is no tolerance; expected a number from 0")
    return Inputs(arguments=arguments, answers={}, tolerance=float(tolerance) or ABSOLUTE)


def make_calls(inputs: Inputs, row: Row, *, views: tuple[View, ...] = ()) -> tuple[CallTest, ...]:
    """One test for each input. UserError for an input that the text format has no words for."""
    try:
        return tuple(
            CallTest(
                id=test_id,
                args=encode(arguments),
                expected=encode(inputs.answers[test_id]) if test_id in inputs.answers else None,
                views=views,
            )
            for test_id, arguments in inputs.arguments.items()
        )
    except Unfit as err:
        raise row.wrong(f"an input or answer is {err}") from err


def _argument_lists(row: Row, name: str) -> list[list[Any]]:
    lists = row.fields.get(name)
    if lists == {}:  # so the release writes "none" once
        return []
    if not isinstance(lists, list) or not all(isinstance(arguments, list) for arguments in lists):
        raise row.wrong(f"field {name} is not a list of argument lists")
    return lists


def _from_code(row: Row) -> Inputs:
    try:
        module = parse(row.text("test"), "field test")
    except ValueError as err:
        raise row.wrong(str(err)) from err
    statements = list(_statements(module.body))
    scope = scope_of([node for node in statements if isinstance(node, ast.ImportFrom)], entries=frozenset())
    try:
        found = {name: _constant(value, scope) for name, value in _assigned(statements)}
        tolerances = [_constant(value, scope) for value in _tolerances(statements)]
    except NotConstant as err:
        raise row.wrong(f"field test: {err} where a constant is expected") from err
    inputs, results = found.get("inputs"), found.get("results")
    if not isinstance(inputs, list) or not all(isinstance(arguments, list | tuple) for arguments in inputs):
        raise row.wrong("expected base_input and plus_input, or a test with inputs that are argument lists")
    if results is not None and (not isinstance(results, list) or len(results) != len(inputs)):
        raise row.wrong(f"field test: expected as many results as inputs, which are {len(inputs)}")
    if not all(isinstance(tolerance, int | float) for tolerance in tolerances):
        raise row.wrong("field test: a tolerance that is no number")
    return Inputs(
        arguments={str(place): list(arguments) for place, arguments in enumerate(inputs)},
        answers={str(place): result for place, result in enumerate(results or ())},
        tolerance=float(max(tolerances, default=0)) or ABSOLUTE,
    )


def _constant(node: ast.expr, scope: Scope) -> Any:
    try:
        return ast.literal_eval(node)  # a third of the time
    except ValueError:
        return Folder({}, scope).fold(node)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of a module, of its functions and of their loops."""
    for node in body:
        yield node
        if isinstance(node, ast.FunctionDef | ast.For):
            yield from _statements(node.body)


def _assigned(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in statements:
        match node:
            case ast.Assign(targets=[ast.Name(id="inputs" | "results" as name)], value=value):
                yield name, value


def _tolerances(statements: Iterable[ast.stmt]) -> Iterator[ast.expr]:
    for node in statements:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="assertion"), args=[_, _, tolerance])):
                yield tolerance
