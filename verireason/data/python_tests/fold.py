"""Values of constant expressions in test code, by walking its syntax tree: nothing is evaluated by Python itself.

Knows literals, arithmetic, comparisons, comprehensions and the builtins that make one value of another. Everything is
bounded; whatever is unknown, too large, or may depend on the order of a set raises `NotConstant`.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from verireason.data.python_tests.scope import Scope

MAX_STEPS = 200_000
"""Nodes visited and items gone through, for one expression."""
MAX_ITEMS = 100_000
"""Of a sequence, and characters of a text."""
MAX_BITS = 200_000
"""Of an int."""
MAX_DIGITS = 400
"""That `round` is asked for."""


class NotConstant(Exception):
    """An expression whose value this module does not know."""


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.RShift: operator.rshift,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
_OF_SCALAR: dict[str, Callable[..., Any]] = {
    "abs": abs, "bool": bool, "chr": chr, "complex": complex, "float": float, "int": int, "ord": ord, "range": range,
    "round": round, "str": str,
}  # fmt: skip
"""Builtins whose arguments are numbers and texts."""
_OF_ITEMS: dict[str, Callable[[Any], Any]] = {
    "dict": dict, "frozenset": frozenset, "len": len, "list": list, "max": max, "min": min, "set": set,
    "sorted": sorted, "sum": sum, "tuple": tuple,
}  # fmt: skip
"""Builtins of one argument whose items are gone through."""
_EMPTY = {"dict": dict, "frozenset": frozenset, "list": list, "set": set, "str": str, "tuple": tuple}
_ORDERLESS = ("frozenset", "len", "max", "min", "set", "sorted")
"""Those that give the same whatever the order of the items, if these are of one kind."""
_NAMED = {"math.e": math.e, "math.inf": math.inf, "math.nan": math.nan, "math.pi": math.pi, "math.tau": math.tau}
_ERRORS = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What working out an expression raises that is wrong, or of a kind that the tables have not."""
_SCALARS = (type(None), bool, int, float, complex, str, bytes)


def is_mutable(value: object) -> bool:
    """Whether whoever is given the value can change it for others."""
    if isinstance(value, tuple | frozenset):
        return any(is_mutable(item) for item in value)
    return not isinstance(value, (*_SCALARS, range))


class Folder:
    """Works out expressions in which `names` stand for known values."""

    def __init__(self, names: Mapping[str, object], scope: Scope) -> None:
        self._names = names
        self._scope = scope
        self._steps = 0
        self.mutable_reads: dict[str, list[object]] = {}
        """Name to the mutable values that were found under it, once for every reading."""

    def fold(self, node: ast.expr) -> Any:
        """The value; NotConstant when it is not known."""
        try:
            return self._checked(node)
        except _ERRORS as err:
            raise NotConstant(f"{type(err).__name__} in a constant expression") from err

    def fold_items(self, node: ast.expr) -> list[Any]:
        """What a loop over the expression goes through; NotConstant when it is not known."""
        try:
            return self._items(self._iterable(node), ordered=True)
        except _ERRORS as err:
            raise NotConstant(f"{type(err).__name__} in a constant expression") from err

    def is_free_to_change(self) -> bool:
        """Whether no two parts of what was folded are the same mutable object."""
        reads = [id(value) for values in self.mutable_reads.values() for value in values]
        return len(set(reads)) == len(reads)

    def _checked(self, node: ast.expr) -> Any:
        self._charge(1)
        value = self._value(node)
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise NotConstant("an int that is too long")
        if isinstance(value, str | bytes | list | tuple | set | frozenset | dict) and len(value) > MAX_ITEMS:
            raise NotConstant("a value that is too large")
        return value

    def _charge(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise NotConstant("too much to work out")

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value) if isinstance(value, _SCALARS):
                return value
            case ast.Name(id=name) if name in self._names:
                return self._name(name)
            case ast.Name() | ast.Attribute():
                return _NAMED[self._scope.dotted(node) or ""]
            case ast.List(elts=items):
                return [self._checked(item) for item in items]
            case ast.Tuple(elts=items):
                return tuple(self._checked(item) for item in items)
            case ast.Set(elts=items):
                return {self._checked(item) for item in items}
            case ast.Dict(keys=keys, values=values):
                return {self._key(key): self._checked(value) for key, value in zip(keys, values, strict=True)}
            case ast.UnaryOp(op=op, operand=operand):
                return _UNARY[type(op)](self._checked(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(op, self._checked(left), self._checked(right))
            case ast.Compare():
                return self._compare(node)
            case ast.BoolOp(op=op, values=values):
                return self._junction(isinstance(op, ast.And), values)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args)
            case ast.ListComp(elt=item, generators=[loop]):
                return list(self._loop(item, loop))
            case ast.SetComp(elt=item, generators=[loop]):
                return set(self._loop(item, loop))
        raise NotConstant(f"a {type(node).__name__}")

    def _name(self, name: str) -> Any:
        value = self._names[name]
        if is_mutable(value):
            self.mutable_reads.setdefault(name, []).append(value)
        return value

    def _key(self, key: ast.expr | None) -> Any:
        if key is None:
            raise NotConstant("a dict made of another")
        return self._checked(key)

    def _binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        match op:
            case ast.Mult():
                return self._product(left, right)
            case ast.Pow():
                if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > MAX_BITS:
                    raise NotConstant("a power that is too large")
                return left**right
            case ast.LShift() if abs(right) <= MAX_BITS:
                return left << right
            case ast.Mod() if isinstance(left, str | bytes):
                raise NotConstant("a format")
        return _BINARY[type(op)](left, right)

    def _product(self, left: Any, right: Any) -> Any:
        sequence, times = (right, left) if isinstance(left, int) else (left, right)
        if isinstance(sequence, str | bytes | list | tuple):
            if len(sequence) * times > MAX_ITEMS:
                raise NotConstant("a value that is too large")
            if times > 1 and any(is_mutable(item) for item in sequence):
                raise NotConstant("a sequence that holds one mutable value several times")
        return left * right

    def _compare(self, node: ast.Compare) -> bool:
        left = self._checked(node.left)
        for op, following in zip(node.ops, node.comparators, strict=True):
            right = self._checked(following)
            if not _COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _junction(self, is_and: bool, values: list[ast.expr]) -> Any:
        for node in values[:-1]:
            value = self._checked(node)
            if bool(value) != is_and:
                return value
        return self._checked(values[-1])

    def _call(self, name: str, args: list[ast.expr]) -> Any:
        if not self._is_own(name):
            raise NotConstant(f"{name}, which is not Python's own here")
        values = [self._iterable(arg) for arg in args]
        if not values and name in _EMPTY:
            return _EMPTY[name]()
        if name in _OF_SCALAR and all(isinstance(value, _SCALARS) for value in values):
            if name == "round" and len(values) == 2 and abs(values[1]) > MAX_DIGITS:
                raise NotConstant("a number rounded to too many digits")
            return _OF_SCALAR[name](*values)
        if name in _OF_ITEMS and len(values) == 1:
            if name == "dict" and isinstance(values[0], dict):
                return dict(values[0])
            return _OF_ITEMS[name](self._items(values[0], ordered=name not in _ORDERLESS))
        raise NotConstant(f"a call of {name}")

    def _iterable(self, node: ast.expr) -> Any:
        """The value, or a list in place of what is made to be gone through once."""
        match node:
            case ast.GeneratorExp(elt=item, generators=[loop]):
                return list(self._loop(item, loop))
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner], keywords=[]) if self._is_own("enumerate"):
                return list(enumerate(self._items(self._iterable(inner), ordered=True)))
            case ast.Call(func=ast.Name(id="zip"), args=args, keywords=[]) if self._is_own("zip"):
                columns = [self._items(self._iterable(arg), ordered=True) for arg in args]
                return list(zip(*columns, strict=False))
            case ast.Call(func=ast.Attribute(value=inner, attr="items"), args=[], keywords=[]):
                value = self._checked(inner)
                if not isinstance(value, dict):
                    raise NotConstant("a method of something that is no dict")
                return list(value.items())
        return self._checked(node)

    def _is_own(self, name: str) -> bool:
        """Whether it is Python's builtin of that name."""
        return name not in self._scope.hidden and name not in self._scope.imported

    def _items(self, value: Any, *, ordered: bool) -> list[Any]:
        if isinstance(value, set | frozenset) and (ordered or not _are_of_one_kind(value)):
            raise NotConstant("the order of a set")
        if not isinstance(value, str | bytes | list | tuple | range | dict | set | frozenset):
            raise NotConstant(f"the items of a {type(value).__name__}")
        self._charge(len(value))
        return list(value)

    def _loop(self, item: ast.expr, loop: ast.comprehension) -> Iterator[Any]:
        if loop.is_async or not isinstance(loop.target, ast.Name):
            raise NotConstant("a loop over more than one name")
        outer = self._names
        for value in self._items(self._iterable(loop.iter), ordered=True):
            self._names = {**outer, loop.target.id: value}
            if all(self._checked(condition) for condition in loop.ifs):
                yield self._checked(item)
        self._names = outer


def _are_of_one_kind(values: set[Any] | frozenset[Any]) -> bool:
    return len({type(value) for value in values}) <= 1 and all(type(value) in (bool, int, str) for value in values)
