"""Names with dots that a candidate uses, and which of them leave the candidate's own hierarchy. Runs in boxes only.

A dotted name is looked up from the innermost scope outwards and at last in the modules above, so it stays inside as
long as its first part is declared inside. That is asked twice: of the syntax tree, which knows generate blocks and
modules that are not elaborated, and of slang's elaborated design, which knows scopes, types and upward references.
"""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyslang
from pyslang.ast import Compilation, CompilationFlags, CompilationOptions, ExpressionKind
from pyslang.parsing import Token, TokenKind
from pyslang.syntax import SyntaxKind

from sim.inbox.guard_text import Reading, diagnostic_name

_ELABORATION_CPU_S = 1
_MAX_ANSWER_BYTES = 1 << 20

_UNKNOWN = frozenset({"TypoIdentifier", "UndeclaredIdentifier"})
_CUT_SHORT = frozenset(
    {
        "InfinitelyRecursiveHierarchy",
        "MaxGenerateStepsExceeded",
        "MaxInstanceArrayExceeded",
        "MaxInstanceDepthExceeded",
    }
)
"""Complaints after which slang does not know all that the design declares."""

_DECLARING = (
    SyntaxKind.ClassDeclaration,
    SyntaxKind.ClockingDeclaration,
    SyntaxKind.CovergroupDeclaration,
    SyntaxKind.Declarator,
    SyntaxKind.ExplicitAnsiPort,
    SyntaxKind.ForeachLoopList,
    SyntaxKind.FunctionPrototype,
    SyntaxKind.GenvarDeclaration,
    SyntaxKind.ImplicitNonAnsiPort,
    SyntaxKind.InstanceName,
    SyntaxKind.LetDeclaration,
    SyntaxKind.LoopGenerate,
    SyntaxKind.ModportItem,
    SyntaxKind.ModuleHeader,
    SyntaxKind.InterfaceHeader,
    SyntaxKind.PackageHeader,
    SyntaxKind.NamedBlockClause,
    SyntaxKind.NamedLabel,
    SyntaxKind.PackageImportItem,
    SyntaxKind.PropertyDeclaration,
    SyntaxKind.SequenceDeclaration,
    SyntaxKind.SpecparamDeclarator,
    SyntaxKind.TypeAssignment,
    SyntaxKind.TypedefDeclaration,
)
"""Nodes that declare something under the names that are their own children."""

_SHARED = frozenset({SyntaxKind.ModuleDeclaration, SyntaxKind.InterfaceDeclaration, SyntaxKind.ProgramDeclaration})
"""Top-level declarations whose names are not seen by others; all else at the top level (packages, types) may be."""


@dataclass(frozen=True, slots=True)
class DottedName:
    """A name with a dot after its first part, such as `u_alu.sum`."""

    node: Any
    head: Token
    offset: int
    """Of its head, see `Reading.offset`."""


@dataclass(frozen=True, slots=True)
class _Elaborated:
    """What slang's elaboration says about heads, by offset."""

    unknown: frozenset[int] = frozenset()
    """Declared nowhere that they can see."""
    inside: frozenset[int] = frozenset()
    """References that end in the top module that they start from, by whatever way."""


def leaving(reading: Reading) -> list[DottedName]:
    """The dotted names that leave the candidate's own hierarchy."""
    names = dotted_names(reading)
    if not names:
        return []
    heads = _Heads(reading)
    undeclared = {name.offset for name in names if not heads.declared(name)}
    found = _elaborate_apart(reading)
    bad = set() if heads.open else (undeclared - found.inside) | found.unknown
    return [name for name in names if name.head.kind == TokenKind.RootSystemName or name.offset in bad]


def dotted_names(reading: Reading) -> list[DottedName]:
    """Every dotted name, outermost node only; names like `package::item` have no dot after their first part."""
    found: list[DottedName] = []

    def note(node: Any) -> None:
        if node.parent is not None and node.parent.kind == SyntaxKind.ScopedName:
            return
        innermost = node
        while innermost.left.kind == SyntaxKind.ScopedName:
            innermost = innermost.left
        if innermost.separator.kind == TokenKind.Dot:
            head = innermost.getFirstToken()
            found.append(DottedName(node, head, reading.offset(head.location)))

    reading.root.visit(lookup_table={SyntaxKind.ScopedName: note})
    return found


class _Heads:
    """Which first parts are declared, by top-level declaration. It takes a module's scopes together."""

    def __init__(self, reading: Reading) -> None:
        self.by_member: dict[int, set[str]] = {}
        self.shared: set[str] = set()
        packages: set[str] = set()
        for member in reading.root.members:
            if member.kind not in _SHARED:
                self.shared |= _declared_in(member)
            if member.kind == SyntaxKind.PackageDeclaration:
                packages.add(member.header.name.valueText)
        self.open = bool(_wildcard_imports(reading) - packages)
        """Whether there are names that only another file knows."""

    def declared(self, name: DottedName) -> bool:
        if name.head.kind not in (TokenKind.Identifier, TokenKind.RootSystemName):
            return True  # this, super, $unit
        member = name.node
        while member.parent is not None and member.parent.kind != SyntaxKind.CompilationUnit:
            member = member.parent
        at = member.sourceRange.start.offset
        if at not in self.by_member:
            self.by_member[at] = _declared_in(member)
        return name.head.valueText in self.by_member[at] or name.head.valueText in self.shared


def _declared_in(member: Any) -> set[str]:
    names: set[str] = set()

    def note(node: Any) -> None:
        if node.parent is not None and node.parent.kind == SyntaxKind.StructUnionMember:
            return
        for child in node:
            if type(child) is Token:
                if child.kind == TokenKind.Identifier:
                    names.add(child.valueText)
            elif child is not None and child.kind == SyntaxKind.IdentifierName:
                names.add(child.getFirstToken().valueText)

    member.visit(lookup_table=dict.fromkeys(_DECLARING, note))
    return names


def _wildcard_imports(reading: Reading) -> set[str]:
    found: set[str] = set()

    def note(item: Any) -> None:
        if item.item.kind == TokenKind.Star:
            found.add(item.package.valueText)

    reading.root.visit(lookup_table={SyntaxKind.PackageImportItem: note})
    return found


# ---- elaboration


def _elaborate_apart(reading: Reading) -> _Elaborated:
    """Elaborate in a child of its own: a design built to exhaust or crash slang loses its say there and no more."""
    answer = _answer_of_child(lambda: json.dumps(_elaborate(reading)).encode())
    try:
        return _Elaborated(**{key: frozenset(value) for key, value in json.loads(answer).items()})
    except ValueError:
        return _Elaborated()


def _answer_of_child(work: Callable[[], bytes]) -> bytes:
    """What `work` returns in a forked child with a limit on CPU time; nothing when the child does not get that far."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            resource.setrlimit(resource.RLIMIT_CPU, (_ELABORATION_CPU_S, _ELABORATION_CPU_S))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            with os.fdopen(writer, "wb") as sink:
                sink.write(work())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as source:
        answer = source.read(_MAX_ANSWER_BYTES)
    os.waitpid(child, 0)
    return answer


def _elaborate(reading: Reading) -> dict[str, list[int]]:
    bag = pyslang.Bag()
    bag.compilationOptions = _limits()
    compilation = Compilation(bag)
    compilation.addSyntaxTree(reading.tree)
    ends: dict[bool, set[int]] = {True: set(), False: set()}
    for top in compilation.getRoot().topInstances:

        def note(value: Any, *, top: Any = top) -> None:
            if value.sourceRange.start:
                own = value.symbol.hierarchicalPath.split(".")[0] == top.name
                ends[own].add(reading.offset(value.sourceRange.start))

        top.visit(lookup_table={ExpressionKind.HierarchicalValue: note})
    complaints = [(diagnostic_name(each), each.location) for each in compilation.getSemanticDiagnostics()]
    whole = not any(name in _CUT_SHORT for name, _ in complaints)
    unknown = {reading.offset(location) for name, location in complaints if whole and name in _UNKNOWN}
    return {"unknown": sorted(unknown), "inside": sorted(ends[True] - ends[False])}


def _limits() -> CompilationOptions:
    """Enough for designs that people write, little enough to be quick; what is beyond is not elaborated."""
    options = CompilationOptions()
    options.flags = (
        CompilationFlags.IgnoreUnknownModules
        | CompilationFlags.AllowTopLevelIfacePorts
        | CompilationFlags.AllowHierarchicalConst
        | CompilationFlags.AllowUseBeforeDeclare
    )
    options.maxInstanceDepth = 16
    options.maxGenerateSteps = 20_000
    options.maxConstexprDepth = 64
    options.maxConstexprSteps = 20_000
    options.maxConstantSize = 1 << 20
    options.maxInstanceArray = 1024
    options.maxDefParamSteps = 16
    options.maxDefParamBlocks = 4096
    return options
