"""From SystemVerilog text to a graph, by slang's elaborated syntax tree. Runs inside a box only.

Elaborating resolves names, parameters, generate blocks and instances; the hierarchy is flattened. Initial blocks are
left out, and what a task assigns other than through its arguments is not seen.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sim.inbox.structure_graph import Graph, Unreadable
from sim.inbox.structure_symbolic import STEPS, Interpreter, State, width_of

GATES = frozenset({"and", "or", "xor", "nand", "nor", "xnor", "not", "buf"})


@dataclass(slots=True, eq=False)
class Process:
    """Something that drives signals: an assignment, an always block, a port."""

    run: Callable[[State], None]
    edges: tuple[tuple[str, Any], ...] = ()
    """Edge and signal expression of each event; empty for combinational logic."""
    state: State | None = None
    """What it assigns, once it has run."""
    running: bool = False


class Design(Interpreter):
    """One elaborated top module on its way to a graph."""

    def __init__(self, ast: Any, top: Any) -> None:
        super().__init__()
        self.ast = ast
        self.processes: dict[Any, list[Process]] = {}
        self.nodes: dict[Any, int] = {}
        self.inputs: dict[Any, int] = {}
        self.resolving: set[Any] = set()
        ports = [port for port in top.body.portList if port.kind.name == "Port" and port.internalSymbol is not None]
        for port in ports:
            if port.direction.name in ("In", "InOut"):
                self.inputs[port.internalSymbol] = self.graph.leaf("in:" + port.name, width=width_of(port.type))
        self.collect(top.body)
        # by name, so that a combinational loop is cut at the same place whatever the order of the ports
        for port in sorted(ports, key=lambda port: str(port.name)):
            if port.direction.name in ("Out", "InOut") and port.internalSymbol in self.processes:
                self.graph.outputs[port.name] = self.value(port.internalSymbol)
        self.connect_registers()

    # ---- what drives what

    def drive(self, targets: Sequence[Any], process: Process) -> None:
        """Note a process under every signal that it assigns."""
        for symbol in dict.fromkeys(targets):
            self.processes.setdefault(symbol, []).append(process)

    def collect(self, scope: Any) -> None:
        """Note every process in a module body or a generate block, and in what it instantiates."""
        for member in scope:
            match member.kind.name:
                case "ContinuousAssign" if member.assignment.kind.name == "Assignment":
                    self.collect_assignment(member.assignment)
                case "ProceduralBlock" if member.procedureKind.name not in ("Initial", "Final"):
                    self.collect_block(member.body)
                case "Net" if member.initializer is not None:
                    self.collect_value(member, member.initializer)
                case "Instance" if member.isModule:
                    self.collect_instance(member)
                case "PrimitiveInstance" if member.primitiveType.name in GATES:
                    self.collect_gate(member)
                case "GenerateBlock" if not member.isUninstantiated:
                    self.collect(member)
                case "GenerateBlockArray":
                    self.collect(member.entries)
                case "InstanceArray":
                    self.collect(member)

    def collect_assignment(self, assignment: Any) -> None:
        """`assign left = right;`"""

        def run(state: State) -> None:
            self.assign(assignment, state)

        self.drive(self.targets(assignment.left), Process(run))

    def collect_value(self, symbol: Any, expression: Any) -> None:
        """`wire symbol = expression;`, or an input of an instance."""

        def run(state: State) -> None:
            state.values[symbol] = self.read(expression, state)

        self.drive([symbol], Process(run))

    def collect_block(self, body: Any) -> None:
        """An always block; any edge in its list makes registers of what it assigns."""
        edges: tuple[tuple[str, Any], ...] = ()
        if body.kind.name == "Timed":
            events = body.timing.events if body.timing.kind.name == "EventList" else [body.timing]
            edged = [each for each in events if each.kind.name == "SignalEvent" and each.edge.name != "None_"]
            edges = tuple((each.edge.name, each.expr) for each in edged)
        self.drive(self.assigned(body), Process(lambda state: self.run(body, state), edges))

    def collect_instance(self, instance: Any) -> None:
        """The ports of an instance as assignments, and its body."""
        for connection in instance.portConnections:
            expression, inner = connection.expression, getattr(connection.port, "internalSymbol", None)
            if expression is not None and inner is not None:
                if expression.kind.name == "Assignment":
                    self.collect_output(expression.left, inner)
                else:
                    self.collect_value(inner, expression)
        self.collect(instance.body)

    def collect_output(self, left: Any, inner: Any) -> None:
        """An output of an instance, `inner` its name inside."""
        self.drive(self.targets(left), Process(lambda state: self.store(left, self.value(inner), state)))

    def collect_gate(self, gate: Any) -> None:
        """`and (y, a, b);`"""
        output, *inputs = gate.portConnections
        name = gate.primitiveType.name

        def run(state: State) -> None:
            args = [self.read(each, state) for each in inputs]
            self.store(output.left, args[0] if name == "buf" else self.graph.apply(name, *args), state)

        if output.kind.name == "Assignment":
            self.drive(self.targets(output.left), Process(run))

    def assigned(self, statement: Any) -> list[Any]:
        """Signals that a statement may assign."""
        found: list[Any] = []

        def step(node: Any) -> None:
            found.extend(self.targets(node.operand) if node.op.name in STEPS else ())

        kinds = self.ast.ExpressionKind
        assignment = {kinds.Assignment: lambda node: found.extend(self.targets(node.left)), kinds.UnaryOp: step}
        statement.visit(lookup_table=assignment)
        return found

    def targets(self, left: Any) -> list[Any]:
        """Signals on a left side."""
        match left.kind.name:
            case "NamedValue" | "HierarchicalValue":
                return [left.symbol]
            case "ElementSelect" | "RangeSelect" | "MemberAccess":
                return self.targets(left.value)
            case "Conversion":
                return self.targets(left.operand)
            case "Concatenation":
                return [symbol for operand in left.operands for symbol in self.targets(operand)]
        return []

    # ---- the value of a signal

    def value(self, symbol: Any) -> int:
        """The node for a signal outside of the process that assigns it."""
        known = self.nodes.get(symbol)
        if known is None and symbol in self.resolving:
            return self.graph.hold
        if known is None:
            self.resolving.add(symbol)
            known = self.nodes[symbol] = self.resolve(symbol)
            self.resolving.discard(symbol)
        return known

    def kept(self, symbol: Any) -> int:
        """A register's old value; for anything else a latch's."""
        clocked = any(process.edges for process in self.processes.get(symbol, ()))
        return self.value(symbol) if clocked else self.graph.hold

    def resolve(self, symbol: Any) -> int:
        """The node for a signal that is met for the first time."""
        processes = self.processes.get(symbol, ())
        if symbol.kind.name in ("Parameter", "EnumValue"):
            return self.constant(symbol.value.value)
        if any(process.edges for process in processes):
            self.registers[symbol] = self.graph.register(width=width_of(symbol.type))
            return self.registers[symbol]
        if not processes:
            return self.inputs[symbol] if symbol in self.inputs else self.graph.leaf("undriven")
        return self.driven(symbol)

    def driven(self, symbol: Any) -> int:
        """What its processes make of a signal together."""
        outcomes = [self.outcome(process, symbol) for process in self.processes[symbol]]
        return self.graph.merge(outcomes, width=width_of(symbol.type))

    def outcome(self, process: Process, symbol: Any) -> int:
        """What one process makes of a signal; the process runs at most once."""
        if process.running:
            return self.graph.hold
        if process.state is None:
            process.running, state = True, State()
            process.run(state)
            process.running, process.state = False, state
        return process.state.final(symbol, self.graph.hold)

    def connect_registers(self) -> None:
        """Give every register its next value and its edges; that may bring up more registers."""
        done: set[Any] = set()
        while len(done) < len(self.registers):
            for symbol in [symbol for symbol in self.registers if symbol not in done]:
                done.add(symbol)
                events = [event for process in self.processes[symbol] for event in process.edges]
                edges = {self.graph.node(edge, (self.read(signal, State()),)) for edge, signal in events}
                self.graph.connect(self.registers[symbol], (self.driven(symbol), *sorted(edges)))


class SlangReader:
    """Parses and elaborates with slang."""

    def __init__(self) -> None:
        self.slang = importlib.import_module("pyslang")
        self.ast = importlib.import_module("pyslang.ast")
        self.syntax = importlib.import_module("pyslang.syntax")

    def read(self, text: str, top: str | None) -> tuple[str, Graph]:
        """A module's name and graph; `top` None means the last module that no other one uses.

        Raises Unreadable when there is no such module. Text with errors is read as far as slang understands it.
        """
        bag = self.slang.Bag()
        if top is not None:
            options = self.ast.CompilationOptions()
            options.topModules = {top}
            bag.compilationOptions = options
        compilation = self.ast.Compilation(bag)
        compilation.addSyntaxTree(self.syntax.SyntaxTree.fromText(text))
        tops = [each for each in compilation.getRoot().topInstances if top in (None, each.name)]
        if not tops:
            raise Unreadable(f"no module {top or 'at all'}")
        return tops[-1].name, Design(self.ast, tops[-1]).graph
