"""Where a Python program can be changed, and into what: one small fault per place, found on the syntax tree.

For trusted texts only (our goldens and those of benchmarks): the parser runs in this process. Nothing is executed here:
a mutant may loop for ever, so it belongs in a box.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from verireason.data.mutation_kinds import MutationKind
from verireason.data.mutation_places import Edit, Place

_K = MutationKind

_OPERATORS: dict[type[ast.AST], tuple[str, tuple[tuple[str, MutationKind], ...]]] = {
    ast.Add: ("+", (("-", _K.OPERATOR),)),
    ast.Sub: ("-", (("+", _K.OPERATOR),)),
    ast.Mult: ("*", (("+", _K.OPERATOR),)),
    ast.Div: ("/", (("*", _K.OPERATOR), ("//", _K.OPERATOR))),
    ast.FloorDiv: ("//", (("/", _K.OPERATOR), ("*", _K.OPERATOR), ("%", _K.OPERATOR))),
    ast.Mod: ("%", (("//", _K.OPERATOR),)),
    ast.Pow: ("**", (("*", _K.OPERATOR),)),
    ast.BitAnd: ("&", (("|", _K.OPERATOR),)),
    ast.BitOr: ("|", (("&", _K.OPERATOR),)),
    ast.BitXor: ("^", (("|", _K.OPERATOR),)),
    ast.LShift: ("<<", ((">>", _K.OPERATOR),)),
    ast.RShift: (">>", (("<<", _K.OPERATOR),)),
    ast.And: ("and", (("or", _K.OPERATOR),)),
    ast.Or: ("or", (("and", _K.OPERATOR),)),
    ast.Lt: ("<", (("<=", _K.OFF_BY_ONE), (">", _K.OPERATOR))),
    ast.LtE: ("<=", (("<", _K.OFF_BY_ONE), (">=", _K.OPERATOR))),
    ast.Gt: (">", ((">=", _K.OFF_BY_ONE), ("<", _K.OPERATOR))),
    ast.GtE: (">=", ((">", _K.OFF_BY_ONE), ("<=", _K.OPERATOR))),
    ast.Eq: ("==", (("!=", _K.OPERATOR),)),
    ast.NotEq: ("!=", (("==", _K.OPERATOR),)),
    ast.In: ("in", (("not in", _K.CONDITION_NEGATED),)),
    ast.NotIn: ("not in", (("in", _K.CONDITION_NEGATED),)),
    ast.Is: ("is", (("is not", _K.CONDITION_NEGATED),)),
    ast.IsNot: ("is not", (("is", _K.CONDITION_NEGATED),)),
}
"""Operator to its text and to what it is mistaken for."""
_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift)
"""Operators whose operands may not change places."""
_FUNCTIONS = {
    "max": "min", "min": "max", "any": "all", "all": "any", "sum": "len", "len": "sum", "list": "sorted",
    "sorted": "list", "upper": "lower", "lower": "upper", "append": "extend", "startswith": "endswith",
    "endswith": "startswith", "lstrip": "rstrip", "rstrip": "lstrip", "index": "count", "keys": "values",
    "values": "keys",
}  # fmt: skip
"""Builtins and methods, and what they are mistaken for."""
_DROPPED = frozenset({"sorted", "abs", "set", "reversed", "tuple"})
"""Functions of one argument that may be forgotten."""
_SWAPPED_CALLS = frozenset({"range", "divmod", "pow", "zip", "replace", "get", "isinstance", "enumerate"})
"""Functions of two arguments or more whose first two may be given in the wrong order."""


def find_program_places(source: str) -> list[Place]:
    """All places in source order; the same for the same text. SyntaxError for a text that is not Python."""
    places = _Source(source).places()
    return sorted(places, key=lambda place: (place.edits[0].start, place.kind, place.edits[0].text))


class _Source:
    """One text and its tree. Positions are bytes."""

    def __init__(self, source: str) -> None:
        self._data = source.encode()
        self._tree = ast.parse(source)
        self._line_starts = [0]
        for line in self._data.splitlines(keepends=True):
            self._line_starts.append(self._line_starts[-1] + len(line))

    def places(self) -> Iterator[Place]:
        """All of them, in no order that matters."""
        for node, parent, names in _walk(self._tree, None, ()):
            yield from self._operators(node, parent)
            match node:
                case ast.Constant():
                    yield from self._constant(node, parent)
                case ast.If() | ast.While() | ast.IfExp():
                    yield from self._test(node, parent)
                case ast.comprehension():
                    yield from self._filters(node, parent)
                case ast.Call():
                    yield from self._call(node, parent)
                case ast.Subscript():
                    yield from self._subscript(node, parent)
                case ast.Slice():
                    yield from self._slice(node)
                case ast.UnaryOp():
                    yield from self._unary(node, parent)
                case ast.Name(ctx=ast.Load()):
                    yield from self._name(node, parent, names)
                case ast.AugAssign() | ast.Assign() | ast.Expr():
                    yield from self._statement(node, parent)

    def _operators(self, node: ast.AST, parent: ast.AST | None) -> Iterator[Place]:
        """Operators between two operands, and the operands in each other's place."""
        for left, op, right in _sides(node):
            text, mistakes = _OPERATORS.get(type(op), ("", ()))
            start = self._data.find(text.encode(), self._end(left), self._start(right))
            if not text or start < 0:
                continue
            end = start + len(text)
            for other, kind in mistakes:
                yield self._place(kind, [(start, end, other)], op, parent, f"`{text}` became `{other}`")
            if isinstance(node, ast.BinOp) and isinstance(op, _ORDERED):
                before = self._data[self._start(node) : start].strip().decode()
                after = self._data[end : self._end(node)].strip().decode()
                edits = [(self._start(node), start, f"{after} "), (end, self._end(node), f" {before}")]
                what = f"`{before} {text} {after}` became `{after} {text} {before}`"
                yield self._place(_K.SWAPPED_OPERANDS, edits, node, parent, what)

    def _constant(self, node: ast.Constant, parent: ast.AST | None) -> Iterator[Place]:
        if isinstance(parent, ast.Expr | ast.JoinedStr | ast.FormattedValue):  # documentation, parts of f-strings
            return
        value = node.value
        if isinstance(value, bool):
            yield self._replaced(_K.CONSTANT, node, str(not value), parent)
        elif isinstance(value, int):
            for other in (value + 1, value - 1):
                yield self._replaced(_K.OFF_BY_ONE, node, str(other), parent)
        elif isinstance(value, float):
            yield self._replaced(_K.CONSTANT, node, repr(value + 1), parent)
        elif isinstance(value, str) and (text := self._text(node))[0] in "'\"":
            wrong = text[0] + text[-1] if len(value) == 1 else f"{text[:-1]}x{text[-1]}"
            yield self._replaced(_K.CONSTANT, node, wrong, parent)

    def _test(self, node: ast.If | ast.While | ast.IfExp, parent: ast.AST | None) -> Iterator[Place]:
        yield self._negated(node.test, node)
        if isinstance(node, ast.IfExp):
            yield self._exchanged(_K.SWAPPED_ARMS, node.body, node.orelse, node, parent)

    def _filters(self, node: ast.comprehension, parent: ast.AST | None) -> Iterator[Place]:
        for test in node.ifs:
            yield self._negated(test, node)
            yield self._replaced(_K.DROPPED_PART, test, "True", parent)

    def _call(self, node: ast.Call, parent: ast.AST | None) -> Iterator[Place]:
        name = _called(node)
        if name in _FUNCTIONS:
            end = self._end(node.func)
            other = _FUNCTIONS[name]
            edits = [(end - len(name.encode()), end, other)]
            yield self._place(_K.FUNCTION, edits, node, parent, f"`{name}` became `{other}`")
        if name in _DROPPED and len(node.args) == 1 and not node.keywords:
            yield self._replaced(_K.DROPPED_PART, node, self._text(node.args[0]), parent)
        if name in _SWAPPED_CALLS and len(node.args) >= 2:
            yield self._exchanged(_K.SWAPPED_OPERANDS, node.args[0], node.args[1], node, parent)
        if name == "range":
            yield from self._range_end(node.args[min(1, len(node.args) - 1)], node)

    def _range_end(self, end: ast.expr, node: ast.Call) -> Iterator[Place]:
        text = self._text(end)
        if isinstance(end, ast.BinOp) and isinstance(end.right, ast.Constant):
            yield self._replaced(_K.OFF_BY_ONE, end, self._text(end.left), node)
        elif not isinstance(end, ast.Constant):
            yield self._replaced(_K.OFF_BY_ONE, end, f"{text} + 1", node)
            yield self._replaced(_K.OFF_BY_ONE, end, f"{text} - 1", node)

    def _subscript(self, node: ast.Subscript, parent: ast.AST | None) -> Iterator[Place]:
        """A reversal or a selection of every k-th that is forgotten."""
        match node.slice:
            case ast.Slice(lower=None, upper=None, step=ast.expr()):
                yield self._replaced(_K.DROPPED_PART, node, self._text(node.value), parent)

    def _slice(self, node: ast.Slice) -> Iterator[Place]:
        for bound in (node.lower, node.upper):
            if bound is not None and not isinstance(bound, ast.Constant):
                yield self._replaced(_K.OFF_BY_ONE, bound, f"{self._text(bound)} + 1", node)

    def _unary(self, node: ast.UnaryOp, parent: ast.AST | None) -> Iterator[Place]:
        if isinstance(node.op, ast.USub | ast.Not | ast.Invert):
            yield self._replaced(_K.DROPPED_PART, node, self._text(node.operand), parent)

    def _name(self, node: ast.Name, parent: ast.AST | None, names: tuple[str, ...]) -> Iterator[Place]:
        """An argument of the function around it, taken for another one."""
        if node.id in names:
            for other in names:
                if other != node.id:
                    yield self._replaced(_K.SIGNAL, node, other, parent)

    def _statement(self, node: ast.stmt, parent: ast.AST | None) -> Iterator[Place]:
        is_documentation = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_documentation and not isinstance(parent, ast.Module):
            yield self._replaced(_K.DROPPED_STATEMENT, node, "pass", parent)

    def _negated(self, test: ast.expr, parent: ast.AST | None) -> Place:
        return self._replaced(_K.CONDITION_NEGATED, test, f"not ({self._text(test)})", parent)

    def _exchanged(
        self, kind: MutationKind, one: ast.expr, two: ast.expr, node: ast.AST, parent: ast.AST | None
    ) -> Place:
        first, second = self._text(one), self._text(two)
        edits = [(self._start(one), self._end(one), second), (self._start(two), self._end(two), first)]
        return self._place(kind, edits, node, parent, f"`{first}` and `{second}` changed places")

    def _replaced(self, kind: MutationKind, node: ast.AST, text: str, parent: ast.AST | None) -> Place:
        edits = [(self._start(node), self._end(node), text)]
        return self._place(kind, edits, node, parent, f"`{self._text(node)}` became `{text}`")

    def _place(
        self,
        kind: MutationKind,
        edits: list[tuple[int, int, str]],
        node: ast.AST,
        parent: ast.AST | None,
        what: str,
    ) -> Place:
        line = self._data.count(b"\n", 0, edits[0][0]) + 1
        return Place(
            kind=kind,
            edits=tuple(Edit(start=start, end=end, text=text.encode()) for start, end, text in edits),
            line=line,
            what=what,
            construct=type(node).__name__,
            context=type(parent).__name__,
        )

    def _text(self, node: ast.AST) -> str:
        return self._data[self._start(node) : self._end(node)].decode()

    def _start(self, node: ast.AST) -> int:
        assert isinstance(node, ast.expr | ast.stmt)
        return self._line_starts[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.AST) -> int:
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._line_starts[node.end_lineno - 1] + node.end_col_offset


def _walk(
    node: ast.AST, parent: ast.AST | None, names: tuple[str, ...]
) -> Iterator[tuple[ast.AST, ast.AST | None, tuple[str, ...]]]:
    """Every node with the one around it and the arguments of the function around it."""
    yield node, parent, names
    if isinstance(node, ast.FunctionDef):
        names = tuple(argument.arg for argument in node.args.args)
        for statement in node.body:
            yield from _walk(statement, node, names)
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, node, names)


def _sides(node: ast.AST) -> list[tuple[ast.expr, ast.AST, ast.expr]]:
    """Each operator of a node with what stands on its two sides."""
    match node:
        case ast.BinOp():
            return [(node.left, node.op, node.right)]
        case ast.AugAssign():
            return [(node.target, node.op, node.value)]
        case ast.BoolOp():
            return [(left, node.op, right) for left, right in pairwise(node.values)]
        case ast.Compare():
            operands = pairwise([node.left, *node.comparators])
            return [(left, op, right) for (left, right), op in zip(operands, node.ops, strict=True)]
    return []


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
