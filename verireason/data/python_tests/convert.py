"""From the test code of a benchmark to call tests and at most one program."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sim.python.suite import CallTest, Program, Style
from verireason.data.python_tests.body import Body, Kept
from verireason.data.python_tests.scope import Function, Scope, bound_names, reads, scope_of

CANDIDATE = "candidate"
"""What the entry is called in a program, beside its own name."""
_MODULE = "solution"
"""The module that pytest code imports the candidate from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What became of test code.

    Example:
        Conversion(calls=(CallTest(id="0", args="[1]", expected="2"),), program=None, num_constant=0)
    """

    calls: tuple[CallTest, ...]
    program: Program | None
    """What could not be converted; None when everything was."""
    num_constant: int
    """Assertions that no candidate can fail, such as `assert True`; they are dropped."""


def convert_check(source: str, *, entry: str, prelude: str = "") -> Conversion:
    """HumanEval's form: a module with `def check(candidate)`. ValueError when it does not parse or has none.

    `prelude` is trusted code that the tests call: helpers that come with the problem.
    """
    module = parse(source, "the test")
    check = next((node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "check"), None)
    if check is None or len(check.args.args) != 1:
        raise ValueError("the test has no function check(candidate)")
    around = [node for node in module.body if node is not check and "check" not in reads(node)]
    name = check.args.args[0].arg
    statements = [*around, *check.body]
    helpers = parse(prelude, "the code before the test")
    scope = scope_of([helpers, *statements], entries=frozenset({name, entry}))
    conversion = _convert_statements(statements, scope=scope)
    program = conversion.program
    if program is not None:
        alias = "" if name == CANDIDATE else f"{name} = {CANDIDATE}\n"
        program = replace(program, source=alias + program.source, prelude=prelude)
    return replace(conversion, program=program)


def convert_asserts(asserts: Sequence[str], *, entry: str, setup: str = "", names: Collection[str] = ()) -> Conversion:
    """A list of texts that each hold `assert` statements. ValueError names the first that does not parse.

    `setup` is trusted code that runs before them; `names` are what the two take from the candidate beside the entry.
    """
    statements = parse(setup, "the code before the asserts").body
    for number, text in enumerate(asserts):
        statements += parse(text, f"assert {number} of the list").body
    scope = scope_of(statements, entries=frozenset({entry}))
    conversion = _convert_statements(statements, scope=replace(scope, taken=frozenset(names)))
    program = conversion.program
    return replace(conversion, program=program and replace(program, names=tuple(sorted(names))))


def convert_unittest(source: str, *, entry: str) -> Conversion:
    """A module with classes of `unittest.TestCase`. A method is converted as a whole or not at all."""
    return _convert_functions(source, entry=entry, style=Style.UNITTEST)


def convert_pytest(source: str, *, entry: str) -> Conversion:
    """A module with functions and classes that pytest would collect. A function is converted as a whole or not at all.

    The candidate is imported from `solution`.
    """
    return _convert_functions(source, entry=entry, style=Style.PYTEST)


def _convert_statements(statements: Sequence[ast.stmt], *, scope: Scope) -> Conversion:
    statements = _up_to_return(statements)
    scope = scope.within(statements)
    body = Body(scope, name_test=str)
    body.read(statements)
    if body.has_effects or scope.entries & {name for node in statements for name in bound_names(node)}:
        body = Body(scope, name_test=str)
        body.keep_all(statements)
    kept = _needed(body.kept)
    ids = tuple(one.test_id for one in kept if one.test_id is not None)
    source = _unparse(one.statement for one in kept)
    program = Program(style=Style.STATEMENTS, source=source, ids=ids) if ids else None
    return Conversion(calls=tuple(body.calls), program=program, num_constant=body.num_constant)


def _needed(kept: Sequence[Kept]) -> list[Kept]:
    """Without the assignments of known values that nothing reads any more."""
    wanted: set[str] = set()
    needed = []
    for one in reversed(kept):
        names = bound_names(one.statement)
        if one.opaque or names & wanted or not isinstance(one.statement, ast.Assign | ast.AnnAssign):
            wanted.update(reads(one.statement))
            needed.append(one)
    return needed[::-1]


def _up_to_return(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements before a `return` at their own level. ValueError when there is one further inside."""
    end = next((place for place, node in enumerate(statements) if isinstance(node, ast.Return)), len(statements))
    for node in _own_nodes(statements[:end]):
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom | ast.Await):
            raise ValueError(f"the test function has a {type(node).__name__.lower()} within another statement")
    return list(statements[:end])


def _own_nodes(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes below, those of inner functions apart."""
    todo: list[ast.AST] = [*statements]
    while todo:
        node = todo.pop()
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            yield node
            todo.extend(ast.iter_child_nodes(node))


@dataclass(frozen=True, slots=True, kw_only=True)
class _TestFunction:
    function: Function
    owner: ast.ClassDef | None
    """The class that it is a method of."""

    @property
    def name(self) -> str:
        return f"{self.owner.name}.{self.function.name}" if self.owner else self.function.name


def _convert_functions(source: str, *, entry: str, style: Style) -> Conversion:
    module = parse(source, "the test")
    aliases, others = _from_candidate(module)
    entries = frozenset(name for name, own in aliases.items() if own == entry) or frozenset({entry})
    scope = scope_of([module], entries=entries)
    calls: list[CallTest] = []
    num_constant = 0
    tests = list(_test_functions(module, style))
    for test in tests:
        body = _convert_function(test, scope)
        if body is None or not body.is_converted or not body.calls:
            continue
        calls.extend(body.calls)
        num_constant += body.num_constant
        _remove(test, module)
    program = None
    if next(_test_functions(module, style), None) or not tests:
        names = tuple(sorted({own for own in others if own != entry}))
        program = Program(style=style, source=_unparse(module.body), names=names)
    return Conversion(calls=tuple(calls), program=program, num_constant=num_constant)


def _convert_function(test: _TestFunction, scope: Scope) -> Body | None:
    """None when the function takes what only its framework can give."""
    statements: list[ast.stmt] = test.function.body
    parameters = [arg.arg for arg in ast.walk(test.function.args) if isinstance(arg, ast.arg)]
    match test.function.decorator_list:
        case [ast.Call(func=func, args=[names, values], keywords=[])] if _is_parametrize(scope, func):
            target = _targets(names)
            if target is None or sorted(bound_names(target)) != sorted(set(parameters) - {"self"}):
                return None
            statements = [ast.For(target=target, iter=values, body=statements, orelse=[])]
        case []:
            if set(parameters) - {"self"}:
                return None
        case _:
            return None
    if isinstance(test.function, ast.AsyncFunctionDef) or (test.owner and test.owner.decorator_list):
        return None
    body = Body(scope.within(statements), name_test=lambda number: f"{test.name}.{number}")
    body.read(statements)
    return body


def _is_parametrize(scope: Scope, node: ast.expr) -> bool:
    return scope.dotted(node) == "pytest.mark.parametrize"


def _targets(names: ast.expr) -> ast.expr | None:
    """What a loop over the parameter sets of `parametrize` gives values to."""
    match names:
        case ast.Constant(value=str(text)):
            words = [word.strip() for word in text.split(",") if word.strip()]
        case ast.List(elts=items) | ast.Tuple(elts=items):
            words = [str(item.value) for item in items if isinstance(item, ast.Constant)]
        case _:
            return None
    targets: list[ast.expr] = [ast.Name(id=word, ctx=ast.Store()) for word in words]
    return targets[0] if len(targets) == 1 else ast.Tuple(elts=targets, ctx=ast.Store())


def _test_functions(module: ast.Module, style: Style) -> Iterator[_TestFunction]:
    """As `sim.inbox.python_program` finds them."""
    found: dict[str, _TestFunction] = {}
    for node in module.body:
        if isinstance(node, ast.ClassDef) and _holds_tests(node, style):
            own = [_TestFunction(function=inner, owner=node) for inner in node.body if isinstance(inner, Function)]
        elif isinstance(node, Function) and style is Style.PYTEST:
            own = [_TestFunction(function=node, owner=None)]
        else:
            continue
        found.update({test.name: test for test in own if test.function.name.startswith("test")})
    yield from found.values()


def _holds_tests(node: ast.ClassDef, style: Style) -> bool:
    if style is Style.PYTEST:
        return node.name.startswith("Test")
    return any(ast.unparse(base).endswith("TestCase") for base in node.bases)


def _remove(test: _TestFunction, module: ast.Module) -> None:
    """Take a test function out of its module, and those of its name that it replaced."""
    body: list[ast.stmt] = test.owner.body if test.owner else module.body
    name = test.function.name
    body[:] = [node for node in body if not (isinstance(node, Function) and node.name == name)] or [ast.Pass()]


def _from_candidate(module: ast.Module) -> tuple[dict[str, str], set[str]]:
    """Local name to the candidate's own, of all that is imported from it; and the latter alone."""
    aliases = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module == _MODULE
        for alias in node.names
    }
    return aliases, set(aliases.values()) - {"*"}


def parse(source: str, what: str) -> ast.Module:
    """The syntax tree of trusted code. ValueError says in one line what is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an "\\d" in a text
            return ast.parse(source)
    except SyntaxError as err:
        raise ValueError(f"{what} does not parse: line {err.lineno}: {err.msg}") from err
    except (ValueError, RecursionError, MemoryError) as err:
        raise ValueError(f"{what} does not parse: {type(err).__name__}") from err


def _unparse(statements: Iterable[ast.stmt]) -> str:
    try:
        return "".join(f"{ast.unparse(ast.fix_missing_locations(statement))}\n" for statement in statements)
    except RecursionError as err:
        raise ValueError("the test has an expression of too many parts") from err
