"""From Verilog text to a graph, by pyverilog's syntax tree and its dataflow analysis. Runs inside a box only.

pyverilog reads Verilog-2001 and little of SystemVerilog: what it cannot parse or bind is outside the subset. It
builds its LALR tables anew for every parser, so there is one parser per process, and children forked from it inherit
the tables. The text is not preprocessed (pyverilog runs `iverilog -E` for that), so a text with macros is outside the
subset.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from sim.inbox.structure_graph import Graph, Unreadable

OPERATORS = {
    "Plus": "add", "Minus": "sub", "Times": "mul", "Divide": "div", "Mod": "mod", "Power": "pow",
    "And": "and", "Or": "or", "Xor": "xor", "Xnor": "xnor", "Land": "land", "Lor": "lor",
    "Eq": "eq", "NotEq": "ne", "Eql": "eq", "NotEql": "ne",
    "LessThan": "lt", "GreaterThan": "gt", "LessEq": "le", "GreaterEq": "ge",
    "Sll": "shl", "Srl": "shr", "Sla": "shl", "Sra": "ashr",
    "Uminus": "neg", "Ulnot": "lnot", "Unot": "not", "Uand": "redand", "Uor": "redor", "Uxor": "redxor",
    "Unand": "rednand", "Unor": "rednor", "Uxnor": "redxnor",
}  # fmt: skip
EDGES = {"posedge": "PosEdge", "negedge": "NegEdge"}
BASES = {"b": 2, "o": 8, "d": 10, "h": 16}


def constant_of(text: str) -> tuple[int | str, int | None]:
    """Value and width of a Verilog literal; the value stays text when it has x or z digits."""
    size, quote, digits = text.replace("_", "").lower().partition("'")
    if not quote:
        return int(size), None
    digits = digits.removeprefix("s")
    with contextlib.suppress(ValueError):
        return int(digits[1:], BASES[digits[0]]), int(size) if size else None
    return digits, int(size) if size else None


class Design:
    """The binds of one top module on their way to a graph."""

    def __init__(self, terms: Any, binds: Any, top: str) -> None:
        self.graph = Graph()
        self.top = top
        self.terms = {str(name): term for name, term in terms.items()}
        self.binds = {str(name): found for name, found in binds.items()}
        self.memo: dict[str, int] = {}
        self.registers: dict[str, int] = {}
        self.resolving: set[str] = set()
        for name, term in sorted(self.terms.items()):
            if self.is_port(name, "Output", "Inout") and name in self.binds:
                self.graph.outputs[str(term.name[-1])] = self.value(name)
        self.connect_registers()

    def is_port(self, name: str, *directions: str) -> bool:
        """Whether a name is a port of the top module with one of the directions."""
        term = self.terms.get(name)
        return term is not None and len(term.name) == 2 and bool(set(directions) & set(term.termtype))

    def width(self, name: str) -> int | None:
        """Bits of a signal, where its bounds are constants."""
        term = self.terms.get(name)
        if term is None or term.msb is None or term.lsb is None:
            return None
        bounds = [self.graph.values.get(self.read(bound, self.graph.hold)) for bound in (term.msb, term.lsb)]
        return None if bounds[0] is None or bounds[1] is None else abs(bounds[0] - bounds[1]) + 1

    def edges(self, name: str) -> list[tuple[str, Any]]:
        """Clock and asynchronous controls of a register; empty for anything else."""
        found = [bind.alwaysinfo.senslist for bind in self.binds.get(name, ()) if bind.alwaysinfo is not None]
        return [(EDGES[each.type], each.sig) for events in found for each in events if each.type in EDGES]

    def value(self, name: str) -> int:
        """The node for a signal."""
        if name in self.memo:
            return self.memo[name]
        if name not in self.binds:
            label = "in:" + name.split(".", 1)[1] if self.is_port(name, "Input", "Inout") else "undriven"
            self.memo[name] = self.graph.leaf(label, width=self.width(name))
        elif self.edges(name):
            self.memo[name] = self.registers[name] = self.graph.register(width=self.width(name))
        elif name in self.resolving:
            return self.graph.hold
        else:
            self.resolving.add(name)
            self.memo[name] = self.driven(name, self.graph.hold)
            self.resolving.discard(name)
        return self.memo[name]

    def driven(self, name: str, kept: int) -> int:
        """What the binds of a signal make of it, one after the other; `kept` is its value where they assign nothing."""
        value, width = kept, self.width(name)
        for bind in self.binds[name]:
            bounds = [bind.ptr, bind.ptr] if bind.msb is None else [bind.msb, bind.lsb]
            place = [self.read(bound, kept) for bound in bounds if bound is not None]
            # a renamed variable holds the piece that was assigned, whatever its place was
            if not place or self.covers(place, width) or self.is_renamed(name):
                value = self.read(bind.tree, value)
            else:
                part = self.graph.part(value, *place, width=self.span(*place))
                index = place[:1] if place[0] == place[1] else place
                value = self.graph.update(value, self.read(bind.tree, part), index, width=width)
        return value

    def is_renamed(self, name: str) -> bool:
        """Whether a name is one of those that pyverilog gives to each blocking assignment of a variable."""
        term = self.terms.get(name)
        return term is not None and "Rename" in term.termtype

    def covers(self, place: list[int], width: int | None) -> bool:
        """Whether a place is the whole of a signal."""
        high, low = (self.graph.values.get(bound) for bound in place)
        return low == 0 and high is not None and high + 1 == width

    def connect_registers(self) -> None:
        """Give every register its next value; that may bring up more registers."""
        done: set[str] = set()
        while len(done) < len(self.registers):
            for name, register in list(self.registers.items()):
                if name not in done:
                    done.add(name)
                    scope = name.rpartition(".")[0]
                    following = self.driven(name, register)
                    edges = {self.graph.node(edge, (self.value(f"{scope}.{signal}"),))
                             for edge, signal in self.edges(name)}  # fmt: skip
                    self.graph.connect(register, (following, *sorted(edges)))

    def read(self, tree: Any, kept: int) -> int:
        """The node for a tree of the dataflow graph."""
        graph = self.graph
        match type(tree).__name__:
            case "NoneType":
                return kept
            case "DFTerminal":
                return self.value(str(tree))
            case "DFIntConst":
                return graph.const(constant_of(tree.value)[0])
            case "DFEvalValue":
                return graph.const(int(tree.value))
            case "DFOperator":
                return graph.apply(OPERATORS[tree.operator], *[self.read(each, kept) for each in tree.nextnodes])
            case "DFBranch":
                cond = graph.truth(self.read(tree.condnode, kept))
                return graph.mux(cond, self.read(tree.truenode, kept), self.read(tree.falsenode, kept))
            case "DFPartselect":
                return self.read_part(tree, kept)
            case "DFPointer":
                value, place = self.read(tree.var, kept), self.read(tree.ptr, kept)
                return graph.part(value, place, place, width=1)
            case "DFConcat":
                kids = [self.read(each, kept) for each in tree.nextnodes]
                return graph.concat(
                    kids, [self.size(each, kid) for each, kid in zip(tree.nextnodes, kids, strict=True)]
                )
            case "DFSyscall":
                return graph.node("call:" + str(tree.syscall), [self.read(each, kept) for each in tree.nextnodes])
        return graph.const(str(tree))

    def read_part(self, tree: Any, kept: int) -> int:
        """A part select; one that pyverilog put both into a renamed variable and around it counts once."""
        high, low = self.read(tree.msb, kept), self.read(tree.lsb, kept)
        name = str(tree.var)
        if type(tree.var).__name__ == "DFTerminal" and self.is_renamed(name):
            inner = self.binds[name][0].tree
            bounds = (inner.msb, inner.lsb) if type(inner).__name__ == "DFPartselect" else ()
            if [self.read(bound, kept) for bound in bounds] == [high, low]:
                return self.value(name)
        return self.graph.part(self.read(tree.var, kept), high, low, width=self.span(high, low))

    def span(self, high: int, low: int) -> int | None:
        """Bits between two bounds."""
        top, bottom = self.graph.values.get(high), self.graph.values.get(low)
        return 1 if high == low else None if top is None or bottom is None or top < bottom else top - bottom + 1

    def size(self, tree: Any, node: int) -> int | None:
        """Bits of an operand of a concatenation."""
        return constant_of(tree.value)[1] if type(tree).__name__ == "DFIntConst" else self.graph.widths[node]


def walk(node: Any) -> Iterator[Any]:
    """A syntax tree's nodes, depth first."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(child for child in top.children() if child is not None)


def top_of(tree: Any) -> str:
    """The last module that no other one uses."""
    modules = [node.name for node in walk(tree) if type(node).__name__ == "ModuleDef"]
    used = {node.module for node in walk(tree) if type(node).__name__ == "Instance"}
    unused = [name for name in modules if name not in used]
    if not unused:
        raise Unreadable
    return str(unused[-1])


def straighten(tree: Any, case_statement: type) -> None:
    """Undo what the analysis trips over: initial values of registers hide their clock, an early `default` hides
    the cases after it, and `casez` is taken for statements in a row."""
    for node in walk(tree):
        kind = type(node).__name__
        if kind == "Decl" and any(type(each).__name__ == "Reg" for each in node.list):
            node.list = tuple(each for each in node.list if type(each).__name__ != "Assign")
        elif kind in ("CaseStatement", "CasexStatement", "CasezStatement", "UniqueCaseStatement"):
            node.caselist = tuple(sorted(node.caselist, key=lambda case: case.cond is None))
            node.__class__ = case_statement


class PyverilogReader:
    """Parses and binds with pyverilog."""

    def __init__(self) -> None:
        parsers = importlib.import_module("pyverilog.vparser.parser")
        self.visitors = {name: getattr(importlib.import_module("pyverilog.dataflow." + name.lower()), name)
                         for name in ("ModuleVisitor", "SignalVisitor", "BindVisitor")}  # fmt: skip
        self.case_statement: type = importlib.import_module("pyverilog.vparser.ast").CaseStatement
        # pyverilog tells clocks and resets by their names and refuses others; edges are read off the list instead
        signals: Any = importlib.import_module("pyverilog.utils.signaltype")
        signals.isClock = signals.isReset = lambda name: False
        with (open(os.devnull, "w") as null, tempfile.TemporaryDirectory() as folder,
              contextlib.redirect_stdout(null), contextlib.redirect_stderr(null)):  # fmt: skip
            self.parser = parsers.VerilogParser(outputdir=folder, debug=False)

    def read(self, text: str, top: str | None) -> tuple[str, Graph]:
        """The graph of a module, and its name; `top` None means the last module that no other one uses."""
        tree = self.parser.parse(text)
        straighten(tree, self.case_statement)
        name = top_of(tree) if top is None else top
        modules = self.visitors["ModuleVisitor"]()
        modules.visit(tree)
        table = modules.get_moduleinfotable()
        if name not in table.getDefinitions():
            raise Unreadable
        signals = self.visitors["SignalVisitor"](table, name)
        signals.start_visit()
        binder = self.visitors["BindVisitor"](table, name, signals.getFrameTable(), noreorder=False)
        binder.start_visit()
        flow = binder.getDataflows()
        return name, Design(flow.getTerms(), flow.getBinddict(), name).graph
