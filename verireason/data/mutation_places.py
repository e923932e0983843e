"""Where a Verilog design can be changed, and into what: one small fault per place, found on the syntax tree.

For trusted texts only (our goldens and those of benchmarks): the parser runs in this process. Names, comments, strings,
ports, parameters in a module's head, delays and a loop's step are left alone, and so is all that a macro made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from verireason.data.mutation_kinds import OPERATORS, ORDERED, MutationKind
from verireason.data.verilog_literals import changed_digits, changed_integer

Node = Any
"""A node or token of pyslang, which is imported where it is needed."""

_K = MutationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Bytes `start` to `end` of the source become `text`."""

    start: int
    end: int
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One possible mutation."""

    kind: MutationKind
    edits: tuple[Edit, ...]
    """In source order; they do not overlap."""
    line: int
    what: str
    """What happens, for a person: "`+` became `-`"."""
    construct: str
    """The kind of the syntax node, in pyslang's words: "AddExpression"."""
    context: str
    """The kind of the node around it."""


def find_places(source: str) -> list[Place]:
    """All places in source order; the same for the same text. Empty for a text without a module."""
    import pyslang
    from pyslang.syntax import SyntaxTree

    # A source manager of its own: the default one keeps every text for the life of the process.
    tree = SyntaxTree.fromText(source, pyslang.SourceManager())
    data = source.encode()
    modules = [node for node in _descend(tree.root) if node.kind.name == "ModuleDeclaration"]
    places = [place for module in modules for place in _Module(data, module).places()]
    return sorted(places, key=lambda place: (place.edits[0].start, place.kind, place.edits[0].text))


def _children(node: Node) -> Iterator[Node]:
    """Child nodes, without tokens."""
    return (child for child in node if hasattr(child, "sourceRange"))


def _descend(node: Node) -> Iterator[Node]:
    yield node
    for child in _children(node):
        yield from _descend(child)


_LEFT_ALONE = frozenset({
    "ModuleHeader", "PortDeclaration", "FunctionPrototype", "ParameterValueAssignment", "DelayControl", "Delay3",
    "AttributeInstance", "ModuleDeclaration", "GenvarDeclaration", "DefParam", "TimeUnitsDeclaration",
})  # fmt: skip
"""Nodes that nothing is changed in. (A module within a module gets its turn on its own.)"""

_ASSIGNMENTS = frozenset({"AssignmentExpression", "NonblockingAssignmentExpression"})
_NAMES = frozenset({"IdentifierName", "IdentifierSelectName"})
_RESET_NAME = re.compile(r"a?(rst|reset|clr|clear)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """What surrounds a node."""

    edges: Mapping[str, Node] = field(default_factory=dict)
    """Signals that the procedural block waits for an edge of, each with its event; empty when it waits for levels."""
    at_top: bool = False
    """Whether nothing but blocks stands between the node and those edges: the place of a reset."""
    in_width: bool = False


class _Module:
    """The places of one module."""

    def __init__(self, data: bytes, module: Node) -> None:
        self._data = data
        self._module = module
        self._buffer = module.sourceRange.start.buffer
        clocks = {self._text(node.expr) for node in _descend(module) if _is_edge(node)}
        ports = list(_ports(module, self._text))
        self._port_names = {name for name, _, _ in ports}
        self._inputs = {name: width for name, direction, width in ports if direction == "input" and name not in clocks}
        self._clocked = [
            node
            for node in _descend(module)
            if node.kind.name in {"AlwaysBlock", "AlwaysFFBlock"} and any(map(_is_edge, _descend(node)))
        ]
        self._handlers: dict[str, Callable[[Node, _Scope], Iterator[Place]]] = {
            "IntegerLiteralExpression": self._integer,
            "IntegerVectorExpression": self._vector,
            "UnbasedUnsizedLiteralExpression": self._fill,
            "SignalEventExpression": self._edge,
            "ConditionalStatement": self._if,
            "ConditionalExpression": self._choice,
            "CaseStatement": self._case,
            "ConcatenationExpression": self._concatenation,
            "ExpressionStatement": self._statement,
            "AlwaysBlock": self._assignments,
            "AlwaysFFBlock": self._assignments,
            "AlwaysCombBlock": self._assignments,
            "SystemName": self._system_name,
            "IdentifierName": self._signal,
            "IdentifierSelectName": self._signal,
        }

    def places(self) -> Iterator[Place]:
        """All places of the module, in no order that matters."""
        for member in _children(self._module):
            yield from self._visit(member, _Scope())

    def _visit(self, node: Node, scope: _Scope) -> Iterator[Place]:
        kind = node.kind.name
        if kind in _LEFT_ALONE or (kind in {"DataDeclaration", "NetDeclaration"} and self._redeclares_port(node)):
            return
        if kind in OPERATORS:
            yield from self._operator(node)
        if kind in self._handlers:
            yield from self._handlers[kind](node, scope)
        for part, inner in self._parts(node, scope):
            yield from self._visit(part, inner)

    def _parts(self, node: Node, scope: _Scope) -> Iterator[tuple[Node, _Scope]]:
        """The parts of a node that may be changed, each with what surrounds it."""
        kind = node.kind.name
        inner = replace(scope, at_top=scope.at_top and kind in {"SequentialBlockStatement", "SyntaxList"})
        width = replace(inner, in_width=True)
        match kind:
            case "ForLoopStatement":
                parts = [(node.stopExpr, inner), (node.statement, inner)]
            case "LoopGenerate":
                parts = [(node.stopExpr, inner), (node.block, inner)]
            case "AssignmentExpression" | "NonblockingAssignmentExpression":
                indices = [part for part in _descend(node.left) if part.kind.name == "ElementSelect"]
                parts = [(part, inner) for part in [*indices, node.right]]
            case "ExpressionStatement" if node.expr.kind.name == "InvocationExpression":
                parts = []  # a call of a task, such as $display
            case "NamedPortConnection":
                parts = [(node.expr, inner)] if node.expr is not None else []
            case "SimpleRangeSelect":
                parts = [(node.left, width)]
            case "AscendingRangeSelect" | "DescendingRangeSelect":
                parts = [(node.left, inner), (node.right, width)]
            case "MultipleConcatenationExpression":
                parts = [(node.expression, width), (node.concatenation, inner)]
            case "TimingControlStatement":
                edges = {self._text(part.expr): part for part in _descend(node.timingControl) if _is_edge(part)}
                body = replace(inner, edges=edges, at_top=bool(edges))
                parts = [(node.timingControl, inner), (node.statement, body)]
            case "SignalEventExpression":
                parts = []
            case _:
                parts = [(part, inner) for part in _children(node)]
        yield from parts

    # Texts and edits.

    def _span(self, node: Node) -> tuple[int, int]:
        """Bytes of a node or a token."""
        place = node.sourceRange if hasattr(node, "sourceRange") else node.range
        return place.start.offset, place.end.offset

    def _text(self, node: Node) -> str:
        start, end = self._span(node)
        return self._data[start:end].decode()

    def _edit(self, node: Node, text: str) -> Edit:
        start, end = self._span(node)
        return Edit(start=start, end=end, text=text.encode())

    def _is_ours(self, node: Node) -> bool:
        """Whether the node stands in the text itself and not in what a macro became."""
        place = node.sourceRange if hasattr(node, "sourceRange") else node.range
        return bool(place.start.buffer == self._buffer and place.end.buffer == self._buffer)

    def _place(self, kind: MutationKind, node: Node, what: str, *edits: tuple[Node, str]) -> Iterator[Place]:
        """The place, unless it would change nothing or lies in a macro."""
        if not all(self._is_ours(part) for part, _ in edits):
            return
        made = sorted((self._edit(part, text) for part, text in edits), key=lambda edit: edit.start)
        if all(self._data[edit.start : edit.end].split() == edit.text.split() for edit in made):
            return
        line = self._data.count(b"\n", 0, made[0].start) + 1
        yield Place(
            kind=kind,
            edits=tuple(made),
            line=line,
            what=what,
            construct=node.kind.name,
            context=node.parent.kind.name,
        )

    def _became(self, kind: MutationKind, node: Node, part: Node, text: str) -> Iterator[Place]:
        before = " ".join(self._text(part).split())
        what = f"`{before}` became `{text.strip()}`" if text.strip() else f"`{before}` was dropped"
        yield from self._place(kind, node, what, (part, text))

    def _swapped(self, kind: MutationKind, node: Node, what: str, one: Node, other: Node) -> Iterator[Place]:
        if self._text(one).split() != self._text(other).split():
            yield from self._place(kind, node, what, (one, self._text(other)), (other, self._text(one)))

    # One method per sort of node.

    def _operator(self, node: Node) -> Iterator[Place]:
        token = node.operatorToken
        for text, kind in OPERATORS[node.kind.name]:
            if text != token.rawText:
                yield from self._became(kind, node, token, text or " ")
        if node.kind.name in ORDERED:
            what = f"the operands of `{token.rawText}` changed places"
            yield from self._swapped(_K.SWAPPED_OPERANDS, node, what, node.left, node.right)

    def _integer(self, node: Node, scope: _Scope) -> Iterator[Place]:
        for text, off_by_one in changed_integer(node.literal.rawText):
            yield from self._became(_number_kind(scope, off_by_one), node, node, text)

    def _vector(self, node: Node, scope: _Scope) -> Iterator[Place]:
        size, base, digits = node.size.rawText, node.base.rawText, node.value.rawText
        for text, off_by_one in changed_digits(size=size, base=base, digits=digits):
            yield from self._became(_number_kind(scope, off_by_one), node, node, f"{size}{base}{text}")

    def _fill(self, node: Node, scope: _Scope) -> Iterator[Place]:
        other = {"'0": "'1", "'1": "'0"}.get(node.literal.rawText)
        if other:
            yield from self._became(_K.CONSTANT, node, node, other)

    def _edge(self, node: Node, scope: _Scope) -> Iterator[Place]:
        if _is_edge(node):
            yield from self._became(_K.EDGE, node, node.edge, _OTHER_EDGE[node.edge.rawText])

    def _if(self, node: Node, scope: _Scope) -> Iterator[Place]:
        condition = self._text(node.predicate).strip()
        signal = condition.lstrip("!~ (").rstrip(") ")
        is_reset = scope.at_top and (signal in scope.edges or _RESET_NAME.match(signal) is not None)
        kind = _K.RESET_POLARITY if is_reset else _K.CONDITION_NEGATED
        edits = [(node.predicate, _negated(condition))]
        what = f"`if ({condition})` became `if ({_negated(condition)})`"
        if is_reset and signal in scope.edges:
            edge = scope.edges[signal].edge
            edits.append((edge, _OTHER_EDGE[edge.rawText]))
            what += f" and its edge {_OTHER_EDGE[edge.rawText]}"
        yield from self._place(kind, node, what, *edits)

    def _choice(self, node: Node, scope: _Scope) -> Iterator[Place]:
        yield from self._swapped(_K.SWAPPED_ARMS, node, "the arms of `?` changed places", node.left, node.right)

    def _case(self, node: Node, scope: _Scope) -> Iterator[Place]:
        bodies = [item.clause for item in _children(node.items)]
        for one, other in pairwise(bodies):
            yield from self._swapped(_K.SWAPPED_ARMS, node, "two arms of `case` changed places", one, other)

    def _concatenation(self, node: Node, scope: _Scope) -> Iterator[Place]:
        parts = list(_children(node.expressions))
        for one, other in pairwise(parts):
            what = "two parts of a concatenation changed places"
            yield from self._swapped(_K.SWAPPED_OPERANDS, node, what, one, other)

    def _statement(self, node: Node, scope: _Scope) -> Iterator[Place]:
        kind = node.expr.kind.name
        if kind not in _ASSIGNMENTS:
            return
        what = f"`{' '.join(self._text(node).split())}` was dropped"
        yield from self._place(_K.DROPPED_STATEMENT, node, what, (node, ";"))

    def _assignments(self, block: Node, scope: _Scope) -> Iterator[Place]:
        """The other kind of assignment, for all assignments to a variable in this block at once: both kinds for one
        variable are an error of another sort, which tools treat differently."""
        by_target: dict[str, list[Node]] = {}
        for part in _descend(block):
            if part.kind.name == "ExpressionStatement" and part.expr.kind.name in _ASSIGNMENTS:
                by_target.setdefault(self._text(part.expr.left).split("[")[0].strip(), []).append(part)
        joint = " ".join(target for target in by_target if target.startswith("{"))
        for target, statements in by_target.items():
            tokens = [statement.expr.operatorToken for statement in statements]
            if not target.isidentifier() or target in joint or len({token.rawText for token in tokens}) > 1:
                continue
            if self._is_read_after(target, statements, block):
                other = _OTHER_ASSIGNMENT[tokens[0].rawText]
                what = f"`{tokens[0].rawText}` became `{other}` for `{target}`"
                yield from self._place(_K.BLOCKING, block, what, *((token, other) for token in tokens))

    def _is_read_after(self, target: str, statements: list[Node], block: Node) -> bool:
        """Whether the kind of assignment can matter: the variable is read after one of the statements in the same run
        of the block, in the same loop, or in another block with edges when this one has them."""
        others = self._clocked if block in self._clocked else []
        reads = [
            part
            for each in [block, *(other for other in others if other != block)]
            for part in _descend(each)
            if part.kind.name in _NAMES and part.identifier.rawText == target and not self._is_target(part)
        ]
        return any(self._follows(read, statement, block) for read in reads for statement in statements)

    def _is_target(self, name: Node) -> bool:
        """Whether the name is what an assignment assigns to."""
        return name.parent.kind.name in _ASSIGNMENTS and self._span(name.parent.left) == self._span(name)

    def _follows(self, later: Node, node: Node, block: Node) -> bool:
        """Whether a run of the procedural block can come to `later` after the statement `node`."""
        start = self._span(later)[0]
        around = [node]
        while around[-1] != block:
            around.append(around[-1].parent)
        both = [part for part in around if self._span(part)[0] <= start < self._span(part)[1]]
        if not both or any(part.kind.name == "ForLoopStatement" for part in both):
            return True  # another block, or another round of the loop
        meeting = {both[0].kind.name, both[0].parent.kind.name if both[0].kind.name == "SyntaxList" else ""}
        return bool(start >= self._span(node)[1]) and not meeting & {"ConditionalStatement", "CaseStatement"}

    def _system_name(self, node: Node, scope: _Scope) -> Iterator[Place]:
        other = {"$signed": "$unsigned", "$unsigned": "$signed"}.get(self._text(node))
        if other:
            yield from self._became(_K.SIGNEDNESS, node, node, other)

    def _signal(self, node: Node, scope: _Scope) -> Iterator[Place]:
        name = node.identifier.rawText
        if name not in self._inputs:
            return
        peers = [other for other, width in self._inputs.items() if width == self._inputs[name]]
        if len(peers) > 1:
            other = peers[(peers.index(name) + 1) % len(peers)]
            yield from self._became(_K.SIGNAL, node, node.identifier, other)

    def _redeclares_port(self, node: Node) -> bool:
        names = {part.name.rawText for part in _children(node.declarators)}
        return bool(names & self._port_names)


_OTHER_ASSIGNMENT = {"=": "<=", "<=": "="}
_OTHER_EDGE = {"posedge": "negedge", "negedge": "posedge"}


def _is_edge(node: Node) -> bool:
    return node.kind.name == "SignalEventExpression" and node.edge.rawText in _OTHER_EDGE


def _number_kind(scope: _Scope, off_by_one: bool) -> MutationKind:
    if scope.in_width:
        return _K.WIDTH
    return _K.OFF_BY_ONE if off_by_one else _K.CONSTANT


def _negated(condition: str) -> str:
    if re.fullmatch(r"[!~]\s*\w+", condition):
        return condition[1:].strip()
    return f"!{condition}" if re.fullmatch(r"\w+", condition) else f"!({condition})"


def _ports(module: Node, text: Callable[[Node], str]) -> Iterator[tuple[str, str, str]]:
    """Name, direction and width, as written, of each port whose direction is stated."""
    direction, width = "", ""
    for node in _descend(module):
        if node.kind.name == "ImplicitAnsiPort":
            words = text(node.header).split(maxsplit=1)
            if words and words[0] in {"input", "output", "inout"}:
                direction, width = words[0], _width(words[1] if len(words) > 1 else "")
            elif words:
                width = _width(text(node.header))
            yield node.declarator.name.rawText, direction, width
        elif node.kind.name == "PortDeclaration":
            words = text(node.header).split(maxsplit=1)
            for declarator in _children(node.declarators):
                yield declarator.name.rawText, words[0], _width(words[1] if len(words) > 1 else "")


def _width(header: str) -> str:
    """The bracketed part of a port's type: "[3:0]"."""
    return "".join(re.findall(r"\[[^\]]*\]", header)).replace(" ", "")
