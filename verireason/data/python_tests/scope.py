"""What the names of a piece of test code mean, found without running it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

Function = ast.FunctionDef | ast.AsyncFunctionDef
_HARMLESS = ("math.*", "typing.*", "solution.*")
"""Imports of everything that give no builtin another meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Names of test code, taken together over all its functions: more are held for unknown than need be."""

    entries: frozenset[str]
    """Those that mean the candidate's entry."""
    imported: Mapping[str, str]
    """Local name to what it was imported as: "isclose" to "math.isclose"."""
    hidden: frozenset[str]
    """Those bound to anything else, so that they need not mean Python's builtins."""
    functions: frozenset[str]
    """Those of functions and classes that the test code itself defines."""
    taken: frozenset[str] = frozenset()
    """Those that the test code takes from the candidate beside the entry."""
    closed: frozenset[str] = frozenset()
    """Names of one body that an inner function reads or rebinds, at a time that is not known."""

    def within(self, body: Iterable[ast.stmt]) -> Scope:
        """The same for the statements of one body."""
        closed: set[str] = set()
        for node in (node for statement in body for node in ast.walk(statement)):
            if isinstance(node, Function | ast.Lambda | ast.ClassDef):
                closed.update(reads(node))
            if isinstance(node, ast.Global | ast.Nonlocal):
                closed.update(node.names)
        return replace(self, closed=frozenset(closed))

    def dotted(self, node: ast.expr) -> str | None:
        """What an expression such as `math.isclose` names; None when it is none or hidden."""
        match node:
            case ast.Name(id=name) if name not in self.hidden:
                return self.imported.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                start = self.dotted(value)
                return start and f"{start}.{attr}"
        return None


def scope_of(trees: Iterable[ast.AST], *, entries: frozenset[str]) -> Scope:
    """The scope of test code and of what runs before it. Names imported from the candidate are entries, not imports."""
    imported: dict[str, str] = {}
    bound: set[str] = set()
    functions: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        for name, origin in _imports(node):
            if imported.setdefault(name, origin) != origin:
                bound.add(name)
        bound.update(_bound(node))
        if isinstance(node, Function | ast.ClassDef):
            functions.add(node.name)
    if imported.get("*", "math.*") not in _HARMLESS:
        bound.update(dir(builtins))
    return Scope(
        entries=entries, imported=imported, hidden=entries | bound, functions=frozenset(functions)
    )  # fmt: skip


def bound_names(node: ast.AST) -> set[str]:
    """Every name that a statement gives a value, imports and inner functions included."""
    return {
        name
        for inner in ast.walk(node)
        for name in (*_bound(inner), *(name for name, _ in _imports(inner)))
    }  # fmt: skip


def reads(node: ast.AST) -> Iterator[str]:
    """Every name that a statement reads, once for every place where it does."""
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load))


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
        case ast.ImportFrom(module=module, names=names):
            yield from ((alias.asname or alias.name, f"{module or ''}.{alias.name}") for alias in names)
