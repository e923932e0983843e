"""Reads one assertion: which call of the candidate it is about, and what it says of the answer.

Comparators are chosen so that a call test passes exactly when the assertion would.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from sim.inbox.values import Unfit, encode
from sim.python.suite import CallTest, Comparator, View
from verireason.data.python_tests.fold import Folder, NotConstant
from verireason.data.python_tests.scope import Scope

_VIEWS = {view.value: view for view in View}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call of the entry, its arguments worked out."""

    args: list[object]
    kwargs: dict[str, object]
    views: tuple[View, ...]
    mutable_reads: dict[str, list[object]]
    """Names in its arguments that stand for mutable values: the candidate may change these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one assertion says."""

    asked: Asked
    comparator: Comparator | None
    """None is Python's `==`."""
    expected: object

    def to_test(self, test_id: str) -> CallTest | None:
        """None when some value has no words in the text format."""
        try:
            return CallTest(
                id=test_id,
                args=encode(self.asked.args),
                kwargs=encode(self.asked.kwargs) if self.asked.kwargs else None,
                expected=encode(self.expected),
                views=self.asked.views,
                comparator=self.comparator,
            )
        except Unfit:
            return None


class Reader:
    """Reads assertions while names stand for the given values.

    `pending` are names that stand for what a call gave: `result = f(1)`.
    """

    def __init__(self, scope: Scope, *, names: Mapping[str, object], pending: Mapping[str, Asked]) -> None:
        self._scope = scope
        self._names = names
        self._pending = pending

    def read(self, test: ast.expr) -> Claim | None:
        """The claim of `assert test`; None when it is no claim about one call with constant arguments."""
        try:
            return self._read(test)
        except NotConstant:
            return None

    def read_method(self, call: ast.Call, method: str) -> Claim | None:
        """The claim of `self.assertEqual(...)` and the like."""
        try:
            if method == "assertAlmostEqual":
                return self._almost_equal(call)
            test = as_expression(call, method)
            return None if test is None else self._read(test)
        except NotConstant:
            return None

    def asked(self, node: ast.expr) -> Asked:
        """The call in an expression that is nothing else, views apart. Raises NotConstant."""
        match node:
            case ast.Name(id=name) if name in self._pending:
                return self._pending[name]
            case ast.Call(func=ast.Name(id=name)) if name in self._scope.entries:
                return self._call(node)
            case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if self._is_view(name):
                asked = self.asked(inner)
                return replace(asked, views=(*asked.views, _VIEWS[name]))
        raise NotConstant("no call of the entry")

    def folder(self) -> Folder:
        """What works out constants here."""
        return Folder(self._names, self._scope)

    def _is_view(self, name: str) -> bool:
        return name in _VIEWS and name not in self._scope.hidden and name not in self._scope.imported

    def _call(self, node: ast.Call) -> Asked:
        folder = self.folder()
        args = [folder.fold(arg) for arg in node.args]
        kwargs = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise NotConstant("arguments from a dict")
            kwargs[keyword.arg] = folder.fold(keyword.value)
        if not folder.is_free_to_change():
            raise NotConstant("arguments that share a mutable value")
        return Asked(args=args, kwargs=kwargs, views=(), mutable_reads=folder.mutable_reads)

    def _read(self, test: ast.expr) -> Claim:
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._truth(operand, "falsy@1")
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._compare(left, op, right)
            case ast.Call(func=func, args=[first, second]) if self._scope.dotted(func) == "math.isclose":
                return self._is_close(first, second, test.keywords)
        return self._truth(test, "truthy@1")

    def _truth(self, node: ast.expr, comparator: str) -> Claim:
        """`assert f(x)`: the truth is taken in the candidate's process, since a match object has no other words."""
        asked = self.asked(node)
        return self._claim(replace(asked, views=(*asked.views, View.BOOL)), comparator, None)

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Claim:
        match op:
            case ast.Eq():
                return self._equal(left, right)
            case ast.Is() if isinstance(right, ast.Constant) and isinstance(right.value, bool | None):
                return self._claim(self.asked(left), "identical@1", right.value)
            case ast.In():
                return self._member(left, right)
            case ast.Lt() | ast.LtE():
                return self._near(left, right, strict=isinstance(op, ast.Lt))
            case ast.Gt() | ast.GtE():
                return self._near(right, left, strict=isinstance(op, ast.Gt))
        # Such as `!=` and `is not None`: what the candidate returns may be an object that no value stands for.
        raise NotConstant("a comparison that no comparator stands for")

    def _equal(self, left: ast.expr, right: ast.expr) -> Claim:
        for one, other in ((left, right), (right, left)):
            if isinstance(other, ast.Call) and self._scope.dotted(other.func) == "pytest.approx":
                return self._approximate(self.asked(one), other)
        asked, expected = self._sides(left, right)
        return Claim(asked=asked, comparator=None, expected=expected)

    def _sides(self, left: ast.expr, right: ast.expr) -> tuple[Asked, object]:
        """The side that asks, and the value of the other."""
        try:
            asked, other = self.asked(left), right
        except NotConstant:
            asked, other = self.asked(right), left
        return asked, self._beside(asked, other)

    def _beside(self, asked: Asked, node: ast.expr) -> object:
        """A value that the call's arguments have no part in: the candidate may have changed them by then."""
        folder = self.folder()
        value = folder.fold(node)
        if asked.mutable_reads.keys() & folder.mutable_reads.keys():
            raise NotConstant("an argument that is also expected")
        return value

    def _member(self, left: ast.expr, right: ast.expr) -> Claim:
        asked = self.asked(left)
        expected = self._beside(asked, right)
        if isinstance(expected, str | bytes):
            raise NotConstant("membership in a text, which is about parts of it")
        return self._claim(asked, "in@1", expected)

    def _near(self, distance: ast.expr, limit: ast.expr, *, strict: bool) -> Claim:
        """`abs(f(x) - 0.5) < 1e-6`"""
        match distance:
            case ast.Call(func=func, args=[ast.BinOp(left=left, op=ast.Sub(), right=right)], keywords=[]):
                if self._scope.dotted(func) in ("abs", "math.fabs"):
                    asked, expected = self._sides(left, right)
                    tolerance = _finite(self._beside(asked, limit))
                    absolute = math.nextafter(tolerance, -math.inf) if strict else tolerance
                    return self._close("close@1", asked, expected, absolute=absolute)
        raise NotConstant("no distance")

    def _approximate(self, asked: Asked, call: ast.Call) -> Claim:
        """`f(x) == pytest.approx(0.5, rel=1e-3)`"""
        if len(call.args) != 1:
            raise NotConstant("approx with tolerances by position")
        given = self._keywords(asked, call.keywords, ("rel", "abs"))
        relative = given.get("rel", 0.0 if "abs" in given else 1e-6)
        expected = self._beside(asked, call.args[0])
        return self._close("approx@1", asked, expected, absolute=given.get("abs", 1e-12), relative=relative)

    def _is_close(self, first: ast.expr, second: ast.expr, keywords: list[ast.keyword]) -> Claim:
        """`math.isclose(f(x), 0.5, rel_tol=1e-6)`"""
        asked, expected = self._sides(first, second)
        given = self._keywords(asked, keywords, ("rel_tol", "abs_tol"))
        absolute, relative = given.get("abs_tol", 0.0), given.get("rel_tol", 1e-9)
        return self._close("isclose@1", asked, expected, absolute=absolute, relative=relative)

    def _keywords(self, asked: Asked, keywords: list[ast.keyword], known: tuple[str, ...]) -> dict[str, float]:
        given = {}
        for keyword in keywords:
            if keyword.arg not in known:
                raise NotConstant(f"the argument {keyword.arg}")
            given[keyword.arg] = _finite(self._beside(asked, keyword.value))
        return given

    def _almost_equal(self, call: ast.Call) -> Claim:
        """`self.assertAlmostEqual(f(x), 0.5, places=3)`"""
        given = dict(zip(("first", "second", "places"), call.args, strict=False))
        given.update({keyword.arg or "**": keyword.value for keyword in call.keywords if keyword.arg != "msg"})
        if not given.keys() <= {"first", "second", "places", "delta"} or not given.keys() >= {"first", "second"}:
            raise NotConstant("arguments that assertAlmostEqual has not")
        asked, expected = self._sides(given["first"], given["second"])
        if "delta" in given:
            return self._close("close@1", asked, expected, absolute=_finite(self._beside(asked, given["delta"])))
        digits = self._beside(asked, given["places"]) if "places" in given else 7
        if type(digits) is not int or not 0 <= digits <= 300:
            raise NotConstant("an odd number of places")
        return self._close("close@1", asked, expected, absolute=_at_most(Fraction(1, 2 * 10**digits)))

    def _close(self, name: str, asked: Asked, expected: object, *, absolute: float, relative: float = 0.0) -> Claim:
        if absolute < 0 or relative < 0:
            raise NotConstant("a negative tolerance")
        comparator = Comparator(name=name, rel=relative, abs=absolute)
        return Claim(asked=asked, comparator=comparator, expected=_finite(expected))

    def _claim(self, asked: Asked, comparator: str, expected: object) -> Claim:
        return Claim(asked=asked, comparator=Comparator(name=comparator), expected=expected)


def as_expression(call: ast.Call, method: str) -> ast.expr | None:
    """What a method of `unittest.TestCase` asserts, as `assert` would be told; None when that can't be said."""
    args = call.args
    if any(keyword.arg != "msg" for keyword in call.keywords):
        return None
    if method in _OF_ONE and len(args) in (1, 2):
        return _OF_ONE[method](args[0])
    if method in _OF_TWO and len(args) in (2, 3):
        return ast.Compare(left=args[0], ops=[_OF_TWO[method]], comparators=[args[1]])
    return None


_NONE = ast.Constant(value=None)
_OF_ONE: dict[str, Callable[[ast.expr], ast.expr]] = {
    "assertTrue": lambda node: node,
    "assertFalse": lambda node: ast.UnaryOp(op=ast.Not(), operand=node),
    "assertIsNone": lambda node: ast.Compare(left=node, ops=[ast.Is()], comparators=[_NONE]),
}
_OF_TWO: dict[str, ast.cmpop] = {
    "assertEqual": ast.Eq(), "assertListEqual": ast.Eq(), "assertTupleEqual": ast.Eq(), "assertSetEqual": ast.Eq(),
    "assertDictEqual": ast.Eq(), "assertMultiLineEqual": ast.Eq(), "assertIs": ast.Is(), "assertIn": ast.In(),
}  # fmt: skip


def _finite(value: object) -> float:
    """A number as a float that is equal to it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise NotConstant("a tolerance, or what it is about, that is no finite number")
    if float(value) != value:
        raise NotConstant("an int that no float is equal to")
    return float(value)


def _at_most(limit: Fraction) -> float:
    """The largest float that is not above the limit."""
    nearest = float(limit)
    return nearest if Fraction(nearest) <= limit else math.nextafter(nearest, 0.0)
