"""Executing slang's statements on symbols instead of values. Runs inside a box only.

A statement maps each signal it assigns to an expression, and a conditional selects between what its branches assign.
So `always_comb` and `assign`, `if` and `case` and `?:`, one always block or three, give the same graph. Delays,
assertions and system tasks leave no trace. Loops are unrolled while their condition is a constant, and otherwise run
once; `break` and an early `return` are not followed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.inbox.structure_graph import Graph

MAX_UNROLLED = 1024
"""Iterations of one loop, or copies in one replication; what is left of it is not seen."""
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
"""slang's operators to the graph's labels. Four-valued comparisons count as their two-valued kin."""
UNARY = {
    "Minus": "neg", "BitwiseNot": "not", "LogicalNot": "lnot",
    "BitwiseAnd": "redand", "BitwiseOr": "redor", "BitwiseXor": "redxor",
    "BitwiseNand": "rednand", "BitwiseNor": "rednor", "BitwiseXnor": "redxnor",
}  # fmt: skip
STEPS = {"Preincrement": "add", "Postincrement": "add", "Predecrement": "sub", "Postdecrement": "sub"}
TRANSPARENT = frozenset({"$signed", "$unsigned"})


@dataclass(slots=True)
class State:
    """What the statements so far have assigned, by symbol."""

    values: dict[Any, int] = field(default_factory=dict)
    """Visible to the statements that follow."""
    pending: dict[Any, int] = field(default_factory=dict)
    """Assigned with `<=`, visible after the clock edge."""
    target: int | None = None
    """The left side's old value, while a compound assignment is evaluated."""
    returned: int | None = None
    """What a function returned."""
    num_calls: int = 0

    def fork(self) -> State:
        """A copy for one branch or one call."""
        return State(values=dict(self.values), pending=dict(self.pending), num_calls=self.num_calls)

    def final(self, symbol: Any, otherwise: int) -> int:
        """A signal's value when the process is done."""
        return self.pending.get(symbol, self.values.get(symbol, otherwise))


def width_of(type_: Any) -> int | None:
    """Bits of a packed type; None for anything else."""
    return type_.bitWidth or None


class Interpreter:
    """Statements and expressions; a subclass says what a signal is outside of the process that assigns it."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.registers: dict[Any, int] = {}

    def value(self, symbol: Any) -> int:
        """The node for a signal that the statements so far have not assigned."""
        raise NotImplementedError

    def kept(self, symbol: Any) -> int:
        """The node for a signal where its process leaves it alone."""
        raise NotImplementedError

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
                state.returned = self.read(statement.expr, state)
            case "Conditional":
                self.run_if(statement, state)
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

    def run_if(self, statement: Any, state: State) -> None:
        """`if (cond) ifTrue else ifFalse`"""

        def otherwise(other: State) -> None:
            if statement.ifFalse is not None:
                self.run(statement.ifFalse, other)

        tests = [self.graph.truth(self.read(each.expr, state)) for each in statement.conditions]
        self.branch(self.graph.apply("and", *tests), statement.ifTrue, otherwise, state)

    def run_case(self, selector: int, items: list[Any], default: Any, state: State) -> None:
        """`case` as a chain of ifs; `default` comes last wherever it stands."""
        if items:
            tests = [self.graph.apply("eq", selector, self.read(each, state)) for each in items[0].expressions]
            cond = self.graph.apply("or", *tests)
            self.branch(cond, items[0].stmt, lambda other: self.run_case(selector, items[1:], default, other), state)
        elif default is not None:
            self.run(default, state)

    def branch(self, cond: int, then: Any, otherwise: Callable[[State], None], state: State) -> None:
        """Execute both sides and select between what they assign."""
        one, other = state.fork(), state.fork()
        self.run(then, one)
        otherwise(other)
        state.returned = self.choose(cond, one.returned, other.returned, state.returned)
        for symbol in {**one.values, **other.values}:
            sides = [side.values.get(symbol) for side in (one, other)]
            state.values[symbol] = self.select(cond, sides, symbol)
        for symbol in {**one.pending, **other.pending}:
            sides = [side.pending.get(symbol, side.values.get(symbol)) for side in (one, other)]
            state.pending[symbol] = self.select(cond, sides, symbol)

    def select(self, cond: int, sides: Sequence[int | None], symbol: Any) -> int:
        """A signal that a side leaves alone keeps its value there."""
        then, other = (self.kept(symbol) if side is None else side for side in sides)
        return self.graph.mux(cond, then, other)

    def choose(self, cond: int, then: int | None, other: int | None, old: int | None) -> int | None:
        """What a function returns after a conditional: where one side returns nothing, what comes later decides."""
        if then is None or other is None:
            return then if other is None and then is not None else other if other is not None else old
        return self.graph.mux(cond, then, other)

    def run_for(self, statement: Any, state: State) -> None:
        """`for`, unrolled."""
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
        """Run a body while the condition is a constant that holds, and once when it is no constant."""
        for _ in range(MAX_UNROLLED):
            going = None if cond is None else self.graph.values.get(self.read(cond, state))
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
        self.store(assignment.left, value, state, late=assignment.isNonBlocking)
        return value

    def store(self, left: Any, value: int, state: State, *, late: bool = False, index: tuple[int, ...] = ()) -> None:
        """Put a value where a left side says; `index` is the place in it when the left side is itself indexed."""
        match left.kind.name:
            case "NamedValue" | "HierarchicalValue":
                self.store_signal(left.symbol, value, state, late=late, index=index)
            case "ElementSelect":
                self.store(left.value, value, state, late=late, index=(self.read(left.selector, state), *index))
            case "RangeSelect":
                self.store(left.value, value, state, late=late, index=(*self.bounds(left, state), *index))
            case "MemberAccess":
                self.store(left.value, value, state, late=late, index=(self.field(left), *index))
            case "Conversion":
                self.store(left.operand, value, state, late=late, index=index)
            case "Concatenation":
                low = 0
                for operand in reversed(list(left.operands)):
                    width = width_of(operand.type) or 1
                    bounds = self.graph.const(low + width - 1), self.graph.const(low)
                    self.store(operand, self.graph.part(value, *bounds, width=width), state, late=late)
                    low += width

    def store_signal(self, symbol: Any, value: int, state: State, *, late: bool, index: tuple[int, ...]) -> None:
        """Assign a signal, or one place in it."""
        chosen = state.pending if late else state.values
        if index:
            old = chosen.get(symbol)
            width = width_of(symbol.type)
            value = self.graph.update(self.kept(symbol) if old is None else old, value, index, width=width)
        chosen[symbol] = value

    # ---- expressions

    def constant(self, value: Any) -> int:
        """A node for slang's constant; numbers with x or z digits keep their text."""
        if hasattr(value, "hasUnknown"):
            return self.graph.const(str(value).split("'")[-1] if value.hasUnknown else int(value))
        return self.graph.const(repr(value))

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
            case "Conversion":
                return self.read(expression.operand, state)
            case "MinTypMax":
                return self.read(expression.selected, state)
            case "LValueReference" if state.target is not None:
                return state.target
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
                operands = list(expression.operands)
                kids = [self.read(each, state) for each in operands]
                return graph.concat(kids, [width_of(each.type) for each in operands])
            case "Replication":
                return self.repeat(self.read(expression.count, state), expression.concat, state)
            case "ElementSelect":
                place = self.read(expression.selector, state)
                return graph.part(self.read(expression.value, state), place, place, width=width_of(expression.type))
            case "RangeSelect":
                value = self.read(expression.value, state)
                return graph.part(value, *self.bounds(expression, state), width=width_of(expression.type))
            case "MemberAccess":
                kids = [self.field(expression), self.read(expression.value, state)]
                return graph.node("member", kids, width=width_of(expression.type))
            case "SimpleAssignmentPattern":
                return graph.node("pattern", [self.read(each, state) for each in expression.elements])
            case "Call":
                return self.call(expression, state)
        return graph.leaf("opaque:" + expression.kind.name)

    def field(self, expression: Any) -> int:
        """The name of a structure's member, as a place."""
        return self.graph.leaf("field:" + expression.member.name)

    def bounds(self, expression: Any, state: State) -> tuple[int, int]:
        """High and low end of `[left:right]`, `[left +: right]` or `[left -: right]`."""
        left, right = self.read(expression.left, state), self.read(expression.right, state)
        if expression.selectionKind.name == "Simple":
            return left, right
        size = self.graph.apply("sub", right, self.graph.const(1))
        if expression.selectionKind.name == "IndexedUp":
            return self.graph.apply("add", left, size), left
        return left, self.graph.apply("sub", left, size)

    def repeat(self, times: int, operand: Any, state: State) -> int:
        """A replication, written out as a concatenation."""
        value, width, count = self.read(operand, state), width_of(operand.type), self.graph.values.get(times)
        if count is None or not 0 < count <= MAX_UNROLLED:
            return self.graph.node("repeat", (times, value))
        return self.graph.concat([value] * count, [width] * count)

    def member(self, left: int, choice: Any, state: State) -> int:
        """Whether a value is one of a choice of `inside`."""
        if choice.kind.name != "ValueRange":
            return self.graph.apply("eq", left, self.read(choice, state))
        low, high = self.read(choice.left, state), self.read(choice.right, state)
        return self.graph.apply("and", self.graph.apply("ge", left, low), self.graph.apply("le", left, high))

    def read_unary(self, expression: Any, state: State) -> int:
        """A unary operator; `i++` assigns too."""
        name, operand = expression.op.name, self.read(expression.operand, state)
        if name in STEPS:
            stepped = self.graph.apply(STEPS[name], operand, self.graph.const(1))
            self.store(expression.operand, stepped, state)
            return operand if name.startswith("Post") else stepped
        return self.graph.apply(UNARY[name], operand) if name in UNARY else operand

    def read_binary(self, expression: Any, state: State) -> int:
        """A binary operator."""
        label = BINARY.get(expression.op.name, "implies")
        if label == "ashr" and not expression.type.isSigned:
            label = "shr"
        return self.graph.apply(label, self.read(expression.left, state), self.read(expression.right, state))

    def call(self, expression: Any, state: State) -> int:
        """A function or a task is inlined; a system function is a constant or an operator."""
        if expression.isSystemCall:
            return self.call_system(expression, state)
        body = expression.subroutine
        arguments = [
            None if each.kind.name == "Assignment" else self.read(each, state) for each in expression.arguments
        ]
        if state.num_calls >= MAX_CALLS or len(arguments) != len(body.arguments):
            return self.graph.node("call", [each for each in arguments if each is not None])
        frame = state.fork()
        frame.num_calls += 1
        pairs = list(zip(body.arguments, arguments, strict=True))
        frame.values.update({formal: value for formal, value in pairs if value is not None})
        self.run(body.body, frame)
        for formal, actual in zip(body.arguments, expression.arguments, strict=True):
            if actual.kind.name == "Assignment":  # an output or an inout
                self.store(actual.left, frame.values.get(formal, self.graph.hold), state)
        if frame.returned is not None:
            return frame.returned
        return frame.values.get(body.returnValVar, self.graph.hold)

    def call_system(self, expression: Any, state: State) -> int:
        """`$signed(x)` is x, `$clog2(8)` is 3, `$countones(x)` an operator."""
        if expression.constant is not None:
            return self.constant(expression.constant.value)
        arguments = [self.read(each, state) for each in expression.arguments]
        if expression.subroutineName in TRANSPARENT and arguments:
            return arguments[0]
        return self.graph.node("call:" + expression.subroutineName, arguments)
