"""Python solutions with one small fault each, for comparing graders. The sources are a benchmark's own: trusted text.

An edit replaces one node of the syntax tree by position and leaves the rest of the text as it was, so that what stands
before the edit (a prompt) stays byte for byte. Some mutants do the same as the original: that is for graders to find.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from random import Random
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)

COMPARISONS: dict[type[ast.cmpop], Sequence[type[ast.cmpop]]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], Sequence[type[ast.operator]]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Add,), ast.Div: (ast.FloorDiv,),
    ast.FloorDiv: (ast.Div,), ast.Mod: (ast.FloorDiv,), ast.Pow: (ast.Mult,),
}  # fmt: skip
TWINS = {"min": "max", "any": "all", "upper": "lower", "isupper": "islower", "append": "extend", "sorted": "list"}
WORDS = TWINS | {second: first for first, second in TWINS.items()}
"""Names that are easily mistaken for each other."""
WRAPPERS = ("list", "tuple", "set", "str", "float", "int", "bool", "iter")
"""Types that an answer may come in by mistake."""
MOST_WEIGHT = 3
"""A kind is chosen as often as it has edits, up to this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One replacement."""

    kind: str
    node: ast.expr | ast.stmt
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A source with one edit."""

    kind: str
    source: str


def mutants(source: str, *, start: int, rng: Random, limit: int) -> list[Mutant]:
    """Up to `limit` different mutants, with edits after the first `start` characters only.

    Example:
        mutants("def f(x):\\n    return x + 1\\n", start=0, rng=Random(0), limit=2)
    """
    by_kind: dict[str, list[Edit]] = {}
    for edit in _edits(ast.parse(source)):
        if _span(source, edit.node)[0] >= len(source[:start].encode()):
            by_kind.setdefault(edit.kind, []).append(edit)
    found: dict[str, Mutant] = {}
    known = {ast.dump(ast.parse(source))}
    while by_kind and len(found) < limit:
        kinds = sorted(by_kind)
        kind = rng.choices(kinds, [min(len(by_kind[kind]), MOST_WEIGHT) for kind in kinds])[0]
        edit = by_kind[kind].pop(rng.randrange(len(by_kind[kind])))
        if not by_kind[kind]:
            del by_kind[kind]
        text = _applied(source, edit)
        with suppress(SyntaxError):
            dump = ast.dump(ast.parse(text))
            if dump not in known:
                known.add(dump)
                found[dump] = Mutant(kind=kind, source=text)
    return list(found.values())


def _span(source: str, node: ast.expr | ast.stmt) -> tuple[int, int]:
    """First and last byte of the node in the source's UTF-8; the tree counts columns so."""
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset


def _applied(source: str, edit: Edit) -> str:
    begin, end = _span(source, edit.node)
    data = source.encode()
    return (data[:begin] + edit.text.encode() + data[end:]).decode()


def _edits(tree: ast.Module) -> Iterator[Edit]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr):  # positions inside of f-strings are wrong before Python 3.12
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.expr):
            yield from _of_expression(node)
        elif isinstance(node, ast.stmt):
            yield from _of_statement(node)


def _with(node: Node, **fields: object) -> Node:
    """A copy of the node with other fields."""
    new = copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _expression(kind: str, node: ast.expr, new: ast.expr) -> Edit:
    return Edit(kind=kind, node=node, text=f"({ast.unparse(new)})")


def _of_expression(node: ast.expr) -> Iterator[Edit]:
    match node:
        case ast.Compare(ops=[op]):
            for comparison in COMPARISONS[type(op)]:
                yield _expression("comparison", node, _with(node, ops=[comparison()]))
        case ast.BinOp(op=op):
            for operator in ARITHMETIC.get(type(op), ()):
                yield _expression("operator", node, _with(node, op=operator()))
        case ast.BoolOp(op=op):
            yield _expression("and, or", node, _with(node, op=ast.And() if isinstance(op, ast.Or) else ast.Or()))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield _expression("sign, not", node, operand)
        case ast.IfExp():
            yield _expression("branches", node, _with(node, body=node.orelse, orelse=node.body))
        case ast.Constant(value=bool() as value):
            yield Edit(kind="constant", node=node, text=repr(not value))
        case ast.Constant(value=int() | float() as value):
            yield Edit(kind="constant", node=node, text=f"({value + 1})")
            yield Edit(kind="constant", node=node, text=f"({value - 1})")
        case ast.Constant(value=str() as value):
            yield Edit(kind="constant", node=node, text=repr(value[1:] if value else " "))
        case ast.Call(func=func):
            if len(node.args) > 1:
                yield _expression("arguments", node, _with(node, args=node.args[::-1]))
            if isinstance(func, ast.Name) and func.id in WORDS:
                yield _expression("name", func, _with(func, id=WORDS[func.id]))
            if isinstance(func, ast.Attribute) and func.attr in WORDS:
                yield _expression("name", func, _with(func, attr=WORDS[func.attr]))
        case ast.Subscript(slice=ast.Slice() as part):
            for name in ("lower", "upper", "step"):
                if getattr(part, name) is not None:
                    yield _expression("slice", node, _with(node, slice=_with(part, **{name: None})))
        case (
            ast.ListComp(generators=[ast.comprehension(ifs=[_, *_]) as loop])
            | ast.GeneratorExp(generators=[ast.comprehension(ifs=[_, *_]) as loop])
        ):
            yield _expression("condition", node, _with(node, generators=[_with(loop, ifs=[])]))


def _of_statement(node: ast.stmt) -> Iterator[Edit]:
    match node:
        case ast.Return(value=ast.expr() as value):
            text = ast.unparse(value)
            yield Edit(kind="answer", node=value, text="None")
            yield Edit(kind="answer", node=value, text=f"[{text}]")
            for name in WRAPPERS:
                yield Edit(kind="answer", node=value, text=f"{name}({text})")
        case ast.If(test=test) | ast.While(test=test):
            yield Edit(kind="condition", node=test, text=f"not ({ast.unparse(test)})")
        case ast.AugAssign(op=op):
            for operator in ARITHMETIC.get(type(op), ()):
                yield Edit(kind="operator", node=node, text=ast.unparse(_with(node, op=operator())))
        case ast.Break():
            yield Edit(kind="break, continue", node=node, text="continue")
        case ast.Continue():
            yield Edit(kind="break, continue", node=node, text="break")
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Raise | ast.Break):
        yield Edit(kind="statement left out", node=node, text="pass")
