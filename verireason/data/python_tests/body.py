"""Goes through the statements of a test in order: assertions become call tests where they can, the rest is kept.

Python's own order of things is respected. A value that the candidate is given may be changed by it, so a name that
stands for a list is used for one call only, and only when nothing reads the name afterwards.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim.python.suite import CallTest
from verireason.data.python_tests.claims import Asked, Claim, Reader
from verireason.data.python_tests.fold import Folder, NotConstant, is_mutable
from verireason.data.python_tests.scope import Function, Scope, bound_names, reads

MAX_UNROLLED = 200
"""Call tests that one loop may become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A statement that stays code."""

    statement: ast.stmt
    test_id: str | None
    """None when it holds no assertion."""
    opaque: bool
    """Whether it does something that is not known: it is more than an import or an assignment of a known value."""


class Body:
    """The statements of one test body; the scope is `within` it."""

    def __init__(self, scope: Scope, *, name_test: Callable[[int], str]) -> None:
        self._scope = scope
        self._name_test = name_test
        self._num_tests = 0
        self._names: dict[str, object] = {}
        self._pending: dict[str, tuple[Asked, Kept]] = {}
        self.calls: list[CallTest] = []
        self.kept: list[Kept] = []
        self.num_constant = 0
        """Assertions that no candidate can fail, such as `assert True`; they are dropped."""
        self.has_effects = False
        """Whether the candidate is also called for what it does, and not for what it returns."""

    @property
    def is_converted(self) -> bool:
        """Whether nothing is left that could make the test fail."""
        return not any(kept.opaque for kept in self.kept) and not self._pending

    def keep_all(self, statements: Sequence[ast.stmt]) -> None:
        """Go on with more statements and convert none of them."""
        for statement in statements:
            self._keep(statement)

    def read(self, statements: Sequence[ast.stmt], *, after: Sequence[ast.stmt] = ()) -> None:
        """Go on with more statements; those in `after` come later still."""
        for position, statement in enumerate(statements):
            self._statement(statement, [*statements[position + 1 :], *after])

    def _statement(self, statement: ast.stmt, after: Sequence[ast.stmt]) -> None:
        match statement:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                return
            case ast.Import() | ast.ImportFrom():
                self.kept.append(Kept(statement=statement, test_id=None, opaque=False))
                return
            case ast.Assign(targets=[target], value=value) if self._assign(statement, target, value, after):
                return
            case ast.AnnAssign(target=target, value=ast.expr() as value) if self._assign(
                statement, target, value, after
            ):
                return
            case ast.For() if self._unroll(statement, after):
                return
            case ast.With(items=[ast.withitem(context_expr=context)], body=body) if _is_method(context, "subTest"):
                self.read(body, after=after)
                return
        if is_assertion(statement) and self._assertion(statement, after):
            return
        self._keep(statement)

    def _assertion(self, statement: ast.stmt, after: Sequence[ast.stmt]) -> bool:
        test_id = self._name_test(self._num_tests)
        reader = Reader(
            self._scope, names=self._names, pending={name: asked for name, (asked, _) in self._pending.items()}
        )
        match statement:
            case ast.Assert(test=test):
                if self._is_true(test):
                    self.num_constant += 1
                    return True
                claim = reader.read(test)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=method)) as call):
                claim = reader.read_method(call, method)
            case _:
                return False
        call_test = claim and self._may_change(claim.asked, after) and claim.to_test(test_id)
        if not claim or not call_test:
            return False
        self._use(claim)
        self.calls.append(call_test)
        self._num_tests += 1
        return True

    def _is_true(self, test: ast.expr) -> bool:
        try:
            return bool(Folder(self._names, self._scope).fold(test))
        except NotConstant:
            return False

    def _may_change(self, asked: Asked, after: Sequence[ast.stmt]) -> bool:
        """Whether nothing would see it if the candidate changed its arguments."""
        return not any(_num_reads(name, after) for name in asked.mutable_reads)

    def _use(self, claim: Claim) -> None:
        for name in claim.asked.mutable_reads:
            self._names.pop(name, None)
        for name, (asked, kept) in list(self._pending.items()):
            if asked.args is claim.asked.args:
                del self._pending[name]
                self.kept.remove(kept)

    def _assign(self, statement: ast.stmt, target: ast.expr, value: ast.expr, after: Sequence[ast.stmt]) -> bool:
        names = bound_names(target)
        if names & self._scope.closed:
            return False
        kept = Kept(statement=statement, test_id=None, opaque=False)
        if isinstance(target, ast.Name) and self._await(target.id, value, kept, after):
            return True
        folder = Folder(self._names, self._scope)
        try:
            folded = folder.fold(value)
            if is_mutable(folded) and folder.mutable_reads:
                return False
            self._bind(target, folded)
        except NotConstant:
            return False
        self.kept.append(kept)
        return True

    def _await(self, name: str, value: ast.expr, kept: Kept, after: Sequence[ast.stmt]) -> bool:
        """Remember `result = f(1)`, if one later place reads the result."""
        reader = Reader(self._scope, names=self._names, pending={})
        try:
            asked = reader.asked(value)
        except NotConstant:
            return False
        if _num_reads(name, after) != 1 or not self._may_change(asked, after):
            return False
        for changed in (*asked.mutable_reads, name):
            self._names.pop(changed, None)
        self._pending[name] = asked, kept
        self.kept.append(kept)
        return True

    def _bind(self, target: ast.expr, value: object) -> None:
        match target:
            case ast.Name(id=name):
                self._names[name] = value
                self._pending.pop(name, None)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                if not isinstance(value, list | tuple) or len(value) != len(targets):
                    raise NotConstant("a value that does not fit its names")
                for inner, item in zip(targets, value, strict=True):
                    self._bind(inner, item)
            case _:
                raise NotConstant("an assignment to a part of something")

    def _unroll(self, loop: ast.For, after: Sequence[ast.stmt]) -> bool:
        """Whether the loop is nothing but call tests, which are then added."""
        folder = Folder(self._names, self._scope)
        try:
            items = folder.fold_items(loop.iter)
        except NotConstant:
            return False
        own = bound_names(loop)
        if loop.orelse or own & self._scope.closed or any(_num_reads(name, after) for name in own):
            return False
        if not folder.is_free_to_change() or any(
            _num_reads(name, [*loop.body, *after]) for name in folder.mutable_reads
        ):
            return False
        inner = self._loop_body(loop, items, [name for name in self._names if name not in folder.mutable_reads], after)
        if inner is None:
            return False
        self._names = {name: value for name, value in inner._names.items() if name not in own}
        self.calls.extend(inner.calls)
        self.num_constant += inner.num_constant
        self._num_tests += 1
        return True

    def _loop_body(
        self, loop: ast.For, items: list[object], names: list[str], after: Sequence[ast.stmt]
    ) -> Body | None:
        number = self._num_tests
        inner = Body(self._scope, name_test=lambda place: f"{self._name_test(number)}.{place}")
        inner._names = {name: self._names[name] for name in names}
        for item in items:
            try:
                inner._bind(loop.target, item)
            except NotConstant:
                return None
            inner.read(loop.body, after=after)
            if not inner.is_converted or len(inner.calls) > MAX_UNROLLED:
                return None
        return inner

    def _keep(self, statement: ast.stmt) -> None:
        read = set(reads(statement))
        for name in bound_names(statement):
            self._names.pop(name, None)
            self._pending.pop(name, None)
        for name in read:
            if is_mutable(self._names.get(name)):
                del self._names[name]
            self._pending.pop(name, None)
        self.has_effects |= self._has_effects(statement)
        test_id = None
        if not _holds_assertion(statement) and self._may_fail(statement, read):
            statement = _as_test(statement)
        if _holds_assertion(statement):
            test_id = self._name_test(self._num_tests)
            self._num_tests += 1
        self.kept.append(Kept(statement=statement, test_id=test_id, opaque=True))

    def _has_effects(self, statement: ast.stmt) -> bool:
        """Whether it calls the candidate and drops the result; in `try` and `with` that is to see it raise."""
        if not isinstance(statement, ast.Expr | ast.For | ast.While | ast.If):
            return False
        own = self._scope.entries | self._scope.taken
        dropped = (node for node in ast.walk(statement) if isinstance(node, ast.Expr))
        return any(not own.isdisjoint(reads(node)) for node in dropped)

    def _may_fail(self, statement: ast.stmt, read: set[str]) -> bool:
        """Whether it calls the candidate, or a function of the test code's that may do so or hold the assertions."""
        is_call = isinstance(statement, ast.Expr | ast.For | ast.While | ast.With | ast.If | ast.Try)
        return is_call and bool(read & (self._scope.entries | self._scope.taken | self._scope.functions))


def is_assertion(statement: ast.stmt) -> bool:
    """Whether it is `assert ...` or `self.assert...(...)`."""
    match statement:
        case ast.Assert():
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=method))):
            return method.startswith("assert")
    return False


def _holds_assertion(statement: ast.stmt) -> bool:
    """Whether `sim.inbox.python_program` counts it as a test."""
    if isinstance(statement, Function | ast.ClassDef):
        return False
    return any(isinstance(node, ast.Assert) for node in ast.walk(statement))


def _as_test(statement: ast.stmt) -> ast.stmt:
    """A statement that holds no assertion, as one that does: it fails when it raises something."""
    holds = ast.Assert(test=ast.Constant(value=True), msg=None)
    return ast.If(test=ast.Constant(value=True), body=[statement, holds], orelse=[])


def _is_method(node: ast.expr, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=attr)):
            return attr == name
    return False


def _num_reads(name: str, statements: Sequence[ast.stmt]) -> int:
    """How many places read the name before it is given another value."""
    num = 0
    for statement in statements:
        num += sum(read == name for read in reads(statement))
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)]) if target == name:
                return num
    return num
