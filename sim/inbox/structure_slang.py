"""From SystemVerilog text to a graph, by slang's elaborated syntax tree. Runs inside a box only.

Procedural code is executed on symbols: a statement maps each signal it assigns to an expression, and a conditional
merges what its branches assign. So `always_comb` and `assign`, `if` and `case` and `?:`, one always block or three, give the
same graph. Delays, assertions, initial blocks and system tasks leave no trace. Loops are unrolled while their
condition is a constant, and otherwise run once.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.inbox.structure_graph import Graph

MAX_UNROLLED = 1024
"""Iterations of one loop; what is left of it is not seen."""
MAX_CALLS = 64
"""Nested calls of functions; deeper ones are opaque."""

BINARY = {
    "Add": "add", "Subtract": "sub", "Multiply": "mul", "Divide": "div", "Mod": "mod", "Power": "pow",
    "BinaryAnd": "and", "BinaryOr": "or", "BinaryXor": "xor", "BinaryXnor": "xnor",
    "Equality": "eq", "Inequality": "ne", "CaseEquality": "eq", "CaseInequality": "ne",
    "WildcardEquality": "eq", "WildcardInequality": "ne",
    "GreaterThan": "gt", "GreaterThanEqual": "ge", "LessThan": "lt", "LessThanEqual": "le",
    "LogicalAnd": "land", "LogicalOr": "lor", "LogicalEquivalence": "xnor",
    "LogicalShiftLeft": "shl", "ArithmeticShiftLeft": "shl", "LogicalShiftRight": "shr", "ArithmeticShiftRight": "ashr",
}  # fmt: skip
UNARY = {
    "Minus": "neg", "BitwiseNot": "not", "LogicalNot": "lnot",
    "BitwiseAnd": "redand", "BitwiseOr": "redor", "BitwiseXor": "redxor",
    "BitwiseNand": "rednand", "BitwiseNor": "rednor", "BitwiseXnor": "redxnor",
}  # fmt: skip
STEPS = {"Preincrement": "add", "Postincrement": "add", "Predecrement": "sub", "Postdecrement": "sub"}
TRANSPARENT = frozenset({"$signed", "$unsigned"})


class Unreadable(Exception):
    """The text has no module to compare."""


@dataclass(slots=True)
class Process:
    """Something that drives signals: an assignment, an always block, a port."""

    run: Callable[[State], None]
    edges: tuple[tuple[str, Any], ...] = ()
    """Edge and signal expression; empty for combinational logic."""
    state: State | None = None
    running: bool = False


@dataclass(slots=True)
class State:
    """What the statements so far have assigned, by symbol."""

    values: dict[Any, int] = field(default_factory=dict)
    """Visible to the statements that follow."""
    pending: dict[Any, int] = field(default_factory=dict)
    """Assigned with `<=`, visible after the clock edge."""
    target: int | None = None
    """The left side's old value, while a compound assignment is evaluated."""
    num_calls: int = 0

    def fork(self) -> State:
        """A copy for one branch."""
        return State(values=dict(self.values), pending=dict(self.pending), num_calls=self.num_calls)


def width_of(type_: Any) -> int | None:
    """Bits of a packed type; None for anything else."""
    return type_.bitWidth or None


class Design:
    """One elaborated top module on its way to a graph."""

    def __init__(self, ast: Any, top: Any) -> None:
        self.ast = ast
        self.graph = Graph()
        self.processes: dict[Any, list[Process]] = {}
        self.memo: dict[Any, int] = {}
        self.registers: dict[Any, int] = {}
        self.inputs: set[Any] = set()
        self.resolving: set[Any] = set()
        outputs: list[tuple[str, Any]] = []
        for port in top.body.portList:
            if port.kind.name == "Port" and port.internalSymbol is not None:
                if port.direction.name in ("Out", "InOut"):
                    outputs.append((port.name, port.internalSymbol))
                if port.direction.name in ("In", "InOut"):
                    self.memo[port.internalSymbol] = self.graph.leaf("in:" + port.name, width=width_of(port.type))
                    self.inputs.add(port.internalSymbol)
        self.collect(top.body)
        for name, symbol in sorted(outputs, key=lambda output: output[0]):
            if symbol in self.processes:
                self.memo.pop(symbol, None)
                self.graph.outputs[name] = self.value(symbol)
        self.connect_registers()

    # ---- what drives what

    def drive(self, targets: Sequence[Any], process: Process) -> None:
        for symbol in targets:
            known = self.processes.setdefault(symbol, [])
            if process not in known:
                known.append(process)

    def collect(self, scope: Any) -> None:
        """Note every process in a module body or a generate block, and in what it instantiates."""
        for member in scope:
            match member.kind.name:
                case "ContinuousAssign":
                    self.collect_assignment(member.assignment)
                case "ProceduralBlock" if member.procedureKind.name not in ("Initial", "Final"):
                    self.collect_block(member.body)
                case "Net" if member.initializer is not None:
                    self.collect_value(member, member.initializer)
                case "Instance" if member.isModule:
                    self.collect_instance(member)
                case "PrimitiveInstance":
                    self.collect_gate(member)
                case "GenerateBlock" if not member.isUninstantiated:
                    self.collect(member)
                case "GenerateBlockArray" | "InstanceArray":
                    self.collect(member.entries if member.kind.name == "GenerateBlockArray" else member)

    def collect_assignment(self, assignment: Any) -> None:
        self.drive(self.targets(assignment.left), Process(lambda state: self.assign(assignment, state)))

    def collect_value(self, symbol: Any, expression: Any) -> None:
        def run(state: State) -> None:
            state.values[symbol] = self.read(expression, state)

        self.drive([symbol], Process(run))

    def collect_block(self, body: Any) -> None:
        edges: tuple[tuple[str, Any], ...] = ()
        if body.kind.name == "Timed":
            events = body.timing.events if body.timing.kind.name == "EventList" else [body.timing]
            edges = tuple((event.edge.name, event.expr) for event in events
                          if event.kind.name == "SignalEvent" and event.edge.name != "None_")  # fmt: skip
        self.drive(self.assigned(body), Process(lambda state: self.run(body, state), edges))

    def collect_instance(self, instance: Any) -> None:
        for connection in instance.portConnections:
            expression, inner = connection.expression, getattr(connection.port, "internalSymbol", None)
            if expression is None or inner is None:
                continue
            if expression.kind.name == "Assignment":
                self.collect_output(expression.left, inner)
            else:
                self.collect_value(inner, expression)
        self.collect(instance.body)

    def collect_output(self, left: Any, inner: Any) -> None:
        self.drive(self.targets(left), Process(lambda state: self.store(left, self.value(inner), state, False)))

    def collect_gate(self, gate: Any) -> None:
        name = gate.primitiveType.name
        first, *rest = gate.portConnections
        if first.kind.name != "Assignment" or name not in ("and", "or", "xor", "nand", "nor", "xnor", "not", "buf"):
            return

        def run(state: State) -> None:
            args = [self.read(arg, state) for arg in rest]
            self.store(first.left, args[0] if name == "buf" else self.graph.apply(name, *args), state, False)

        self.drive(self.targets(first.left), Process(run))

    def assigned(self, statement: Any) -> list[Any]:
        """Signals that a statement may assign."""
        found: list[Any] = []
        kinds = self.ast.ExpressionKind
        table = {
            kinds.Assignment: lambda node: found.extend(self.targets(node.left)),
            kinds.UnaryOp: lambda node: found.extend(self.targets(node.operand) if node.op.name in STEPS else []),
        }
        statement.visit(lookup_table=table)
        return list(dict.fromkeys(found))

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
        """The node for a signal outside of the block that assigns it."""
        if symbol not in self.memo:
            if symbol.kind.name in ("Parameter", "EnumValue"):
                self.memo[symbol] = self.constant(symbol.value.value)
            elif any(process.edges for process in self.processes.get(symbol, ())):
                self.registers[symbol] = self.memo[symbol] = self.graph.register(width=width_of(symbol.type))
            elif symbol in self.resolving:
                return self.graph.hold
            else:
                self.resolving.add(symbol)
                drivers = [self.outcome(process, symbol) for process in self.processes.get(symbol, ())]
                self.memo[symbol] = self.graph.merge(drivers) if drivers else self.graph.leaf("undriven")
                self.resolving.discard(symbol)
        return self.memo[symbol]

    def outcome(self, process: Process, symbol: Any) -> int:
        """What one process makes of a signal."""
        if process.running:
            return self.graph.hold
        if process.state is None:
            process.running, state = True, State()
            process.run(state)
            process.running, process.state = False, state
        pending = process.state.pending.get(symbol)
        return process.state.values.get(symbol, self.graph.hold) if pending is None else pending

    def connect_registers(self) -> None:
        """Give every register its next value; that may bring up more registers."""
        done: set[Any] = set()
        while len(done) < len(self.registers):
            for symbol, register in list(self.registers.items()):
                if symbol not in done:
                    done.add(symbol)
                    processes = self.processes[symbol]
                    following = self.graph.merge([self.outcome(process, symbol) for process in processes])
                    edges = {self.graph.node(edge, (self.read(signal, State()),))
                             for process in processes for edge, signal in process.edges}  # fmt: skip
                    self.graph.connect(register, (following, *sorted(edges)))

    # ---- statements

    def run(self, statement: Any, state: State) -> None:
        """Execute a statement on the state."""
        match statement.kind.name:
            case "List":
                for each in statement.list:
                    self.run(each, state)
            case "Block" | "ForeverLoop":
                self.run(statement.body, state)
            case "Timed" | "Wait":
                self.run(statement.stmt, state)
            case "ExpressionStatement":
                self.read(statement.expr, state)
            case "VariableDeclaration" if statement.symbol.initializer is not None:
                state.values[statement.symbol] = self.read(statement.symbol.initializer, state)
            case "Return" if statement.expr is not None:
                state.values["return"] = self.read(statement.expr, state)
            case "Conditional":
                tests = [self.graph.truth(self.read(each.expr, state)) for each in statement.conditions]
                self.branch(self.graph.apply("and", *tests), statement.ifTrue, lambda other:
                            self.run(statement.ifFalse, other) if statement.ifFalse is not None else None, state)  # fmt: skip
            case "Case":
                self.run_case(self.read(statement.expr, state), list(statement.items), statement.defaultCase, state)
            case "ForLoop":
                self.run_for(statement, state)
            case "RepeatLoop":
                times = self.graph.values.get(self.read(statement.count, state), 1)
                for _ in range(min(times, MAX_UNROLLED)):
                    self.run(statement.body, state)
            case "WhileLoop" | "DoWhileLoop":
                self.loop(statement.cond, lambda: self.run(statement.body, state), state)

    def branch(self, cond: int, then: Any, otherwise: Callable[[State], None], state: State) -> None:
        """Execute both sides and select between what they assign."""
        one, other = state.fork(), state.fork()
        self.run(then, one)
        otherwise(other)
        for symbol in {**one.values, **other.values}:
            old = state.values.get(symbol)
            sides = [side.values.get(symbol, old) for side in (one, other)]
            state.values[symbol] = self.select(cond, sides, symbol)
        for symbol in {**one.pending, **other.pending}:
            sides = [side.pending.get(symbol) for side in (one, other)]
            state.pending[symbol] = self.select(cond, sides, symbol)

    def select(self, cond: int, sides: Sequence[int | None], symbol: Any) -> int:
        """A signal that a side leaves alone keeps its value there."""
        kept = self.registers.get(symbol, self.graph.hold)
        then, other = (kept if side is None else side for side in sides)
        return self.graph.mux(cond, then, other)

    def run_case(self, selector: int, items: list[Any], default: Any, state: State) -> None:
        if not items:
            if default is not None:
                self.run(default, state)
            return
        tests = [self.graph.apply("eq", selector, self.read(each, state)) for each in items[0].expressions]
        self.branch(self.graph.apply("or", *tests), items[0].stmt,
                    lambda other: self.run_case(selector, items[1:], default, other), state)  # fmt: skip

    def run_for(self, statement: Any, state: State) -> None:
        for variable in statement.loopVars:
            state.values[variable] = self.read(variable.initializer, state)
        for initializer in statement.initializers:
            self.read(initializer, state)

        def body() -> None:
            self.run(statement.body, state)
            for step in statement.steps:
                self.read(step, state)

        self.loop(statement.stopExpr, body, state)

    def loop(self, cond: Any, body: Callable[[], None], state: State) -> None:
        for _ in range(MAX_UNROLLED):
            going = self.graph.values.get(self.read(cond, state)) if cond is not None else None
            if going == 0:
                return
            body()
            if going is None:
                return

    # ---- assignments

    def assign(self, assignment: Any, state: State) -> int:
        """Execute an assignment; its value is the right side's."""
        state.target = self.read(assignment.left, state) if assignment.isCompound else None
        value = self.read(assignment.right, state)
        self.store(assignment.left, value, state, assignment.isNonBlocking)
        return value

    def store(self, left: Any, value: int, state: State, late: bool, index: tuple[int, ...] = ()) -> None:
        """Put a value where a left side says; `index` is the place in it when the left side is itself indexed."""
        match left.kind.name:
            case "NamedValue" | "HierarchicalValue":
                chosen = state.pending if late else state.values
                symbol = left.symbol
                if index:
                    old = chosen.get(symbol, self.registers.get(symbol, self.graph.hold))
                    value = self.graph.update(old, value, index)
                chosen[symbol] = value
            case "ElementSelect":
                self.store(left.value, value, state, late, (self.read(left.selector, state), *index))
            case "RangeSelect":
                place = (self.read(left.left, state), self.read(left.right, state))
                self.store(left.value, value, state, late, (*place, *index))
            case "MemberAccess":
                self.store(left.value, value, state, late, (self.graph.leaf("field:" + left.member.name), *index))
            case "Conversion":
                self.store(left.operand, value, state, late, index)
            case "Concatenation":
                low = 0
                for operand in reversed(list(left.operands)):
                    width = width_of(operand.type) or 1
                    bounds = self.graph.const(low + width - 1), self.graph.const(low)
                    self.store(operand, self.graph.part(value, *bounds, width=width), state, late)
                    low += width

    # ---- expressions

    def constant(self, value: Any, *, width: int | None = None) -> int:
        """A node for slang's constant; numbers with x or z digits keep their text."""
        if isinstance(value, float | str | None):
            return self.graph.const(repr(value))
        if value.hasUnknown:
            return self.graph.const(str(value).split("'")[-1], width=width)
        return self.graph.const(int(value), width=width)

    def read(self, expression: Any, state: State) -> int:
        """The node for an expression's value in a state."""
        graph = self.graph
        match expression.kind.name:
            case "NamedValue" | "HierarchicalValue":
                found = state.values.get(expression.symbol)
                return self.value(expression.symbol) if found is None else found
            case "IntegerLiteral" | "UnbasedUnsizedIntegerLiteral" | "RealLiteral":
                return self.constant(expression.value)
            case "StringLiteral":
                return self.constant(expression.intValue.value)
            case "Conversion" | "MinTypMax":
                conversion = expression.kind.name == "Conversion"
                return self.read(expression.operand if conversion else expression.selected, state)
            case "LValueReference":
                return graph.hold if state.target is None else state.target
            case "Assignment":
                return self.assign(expression, state)
            case "UnaryOp":
                return self.read_unary(expression, state)
            case "BinaryOp":
                return self.read_binary(expression, state)
            case "ConditionalOp":
                tests = [graph.truth(self.read(each.expr, state)) for each in expression.conditions]
                sides = self.read(expression.left, state), self.read(expression.right, state)
                return graph.mux(graph.apply("and", *tests), *sides)
            case "Inside":
                left = self.read(expression.left, state)
                return graph.apply("or", *[self.member(left, each, state) for each in expression.rangeList])
            case "Concatenation":
                return graph.concat([self.read(each, state) for each in expression.operands])
            case "Replication":
                times = self.read(expression.count, state)
                return graph.node(
                    "repeat", (times, self.read(expression.concat, state)), width=width_of(expression.type)
                )
            case "ElementSelect":
                place = self.read(expression.selector, state)
                return graph.part(self.read(expression.value, state), place, place, width=width_of(expression.type))
            case "RangeSelect":
                return self.read_range(expression, state)
            case "MemberAccess":
                whole = graph.leaf("field:" + expression.member.name), self.read(expression.value, state)
                return graph.node("member", whole, width=width_of(expression.type))
            case "Call":
                return self.call(expression, state)
            case "SimpleAssignmentPattern":
                return graph.node("pattern", [self.read(each, state) for each in expression.elements])
        return graph.leaf("opaque:" + expression.kind.name)

    def member(self, left: int, choice: Any, state: State) -> int:
        """Whether a value is one of a choice of `inside`."""
        if choice.kind.name != "ValueRange":
            return self.graph.apply("eq", left, self.read(choice, state))
        low, high = self.read(choice.left, state), self.read(choice.right, state)
        return self.graph.apply("and", self.graph.apply("ge", left, low), self.graph.apply("le", left, high))

    def read_unary(self, expression: Any, state: State) -> int:
        name, operand = expression.op.name, self.read(expression.operand, state)
        if name in STEPS:
            stepped = self.graph.apply(STEPS[name], operand, self.graph.const(1))
            self.store(expression.operand, stepped, state, False)
            return operand if name.startswith("Post") else stepped
        return self.graph.apply(UNARY[name], operand) if name in UNARY else operand

    def read_binary(self, expression: Any, state: State) -> int:
        label = BINARY.get(expression.op.name, "implies")
        if label == "ashr" and not expression.type.isSigned:
            label = "shr"
        return self.graph.apply(label, self.read(expression.left, state), self.read(expression.right, state))

    def read_range(self, expression: Any, state: State) -> int:
        value, left, right = (self.read(each, state) for each in (expression.value, expression.left, expression.right))
        width = width_of(expression.type)
        if expression.selectionKind.name != "Simple":
            size = self.graph.apply("sub", right, self.graph.const(1))
            up = expression.selectionKind.name == "IndexedUp"
            left, right = (
                (self.graph.apply("add", left, size), left) if up else (left, self.graph.apply("sub", left, size))
            )
        return self.graph.part(value, left, right, width=width)

    def call(self, expression: Any, state: State) -> int:
        """A function is inlined; a system function is an operator."""
        arguments = [self.read(each, state) for each in expression.arguments if each.kind.name != "EmptyArgument"]
        name = expression.subroutineName
        if expression.isSystemCall:
            return arguments[0] if name in TRANSPARENT and arguments else self.graph.node("call:" + name, arguments)
        body = expression.subroutine
        if state.num_calls >= MAX_CALLS or len(arguments) != len(body.arguments):
            return self.graph.node("call", arguments)
        frame = state.fork()
        frame.num_calls += 1
        frame.values.pop("return", None)
        frame.values.update(zip(body.arguments, arguments, strict=True))
        self.run(body.body, frame)
        if body.returnValVar is None:
            return self.graph.hold
        assigned = frame.values.get(body.returnValVar, self.graph.hold)
        return frame.values.get("return", assigned)


class SlangReader:
    """Parses and elaborates with slang."""

    def __init__(self) -> None:
        self.ast = importlib.import_module("pyslang.ast")
        self.syntax = importlib.import_module("pyslang.syntax")

    def read(self, text: str, top: str | None) -> tuple[str, Graph]:
        """The graph of a module, and its name; `top` None means the last module that no other one uses."""
        tree = self.syntax.SyntaxTree.fromText(text)
        bag = importlib.import_module("pyslang").Bag()
        if top is not None:
            options = self.ast.CompilationOptions()
            options.topModules = {top}
            bag.compilationOptions = options
        compilation = self.ast.Compilation(bag)
        compilation.addSyntaxTree(tree)
        tops = [each for each in compilation.getRoot().topInstances if top in (None, each.name)]
        if not tops:
            raise Unreadable
        return tops[-1].name, Design(self.ast, tops[-1]).graph
