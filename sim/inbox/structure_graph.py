"""The graph that two modules are compared on, and the measure. Runs inside a box only.

A module becomes one graph: the syntax trees of its expressions, with every conditional statement turned into a
selection, joined where one signal feeds another. Wires vanish, so how many there are and what they are called does not
count; a register is a node of its own, which closes the loops; ports keep their names, since compiling checks those.
Declarations leave no trace: a module that drives no output has the empty graph.

`sim.inbox.structure_measure` compares two graphs.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

MAX_NODES = 200_000
"""A graph beyond this is refused: an unrolled loop can make one of any size."""
MAX_OPERANDS = 256
"""Operands of one flattened sum, conjunction and the like; more stay nested."""

UNORDERED = frozenset({"and", "or", "xor", "add", "mul", "eq", "select", "parts", "reg"})
"""Labels whose operands are compared as a multiset."""
ASSOCIATIVE = frozenset({"and", "or", "xor", "add", "mul"})
BOOLEAN = frozenset({"eq", "lt", "redand", "redxor"})
"""Labels whose value is one bit whatever the operands are."""
NEGATED = {"ne": "eq", "nand": "and", "nor": "or", "xnor": "xor", "rednand": "redand", "redxnor": "redxor"}
FOLDED: dict[str, Callable[[int, int], int]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul,
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "gt": operator.gt, "le": operator.le, "ge": operator.ge,
    "land": lambda left, right: bool(left and right), "lor": lambda left, right: bool(left or right),
}  # fmt: skip
"""What is worked out when both operands are constants, as loops need it; widths are not looked at."""


class TooLarge(Exception):
    """The graph has more than MAX_NODES nodes."""


class Unreadable(Exception):
    """The text holds no module to compare."""


class Graph:
    """A graph under construction. Nodes are integers; equal terms are one node; the makers below simplify.

    The simplifications are those that hold in Verilog for two-valued signals: double negation, De Morgan, `a > b` as
    `b < a`, `c ? 1 : 0` as `c`, `x == 1'b1` as `x`, if/else chains and `case` as one selection over arms.
    """

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.details: list[str] = []
        """What a constant is; the first round of comparing does not look at it."""
        self.children: list[tuple[int, ...]] = []
        self.widths: list[int | None] = []
        self.values: dict[int, int] = {}
        """Node of a known constant to its value."""
        self.pieces: dict[int, list[tuple[int, int | None]]] = {}
        """Node of a concatenation to its operands and their widths."""
        self.outputs: dict[str, int] = {}
        """Name of an output port to the node that drives it; undriven ports are left out."""
        self._known: dict[tuple[str, str, tuple[int, ...]], int] = {}
        self._negated: dict[int, int] = {}
        self.hold = self.leaf("hold")
        """The value that a signal keeps where a statement does not assign it."""

    def _new(self, label: str, detail: str, children: tuple[int, ...], width: int | None) -> int:
        if len(self.labels) >= MAX_NODES:
            raise TooLarge
        self.labels.append(label)
        self.details.append(detail)
        self.children.append(children)
        self.widths.append(width)
        return len(self.labels) - 1

    def node(self, label: str, children: Sequence[int] = (), *, detail: str = "", width: int | None = None) -> int:
        """The node with this label and these operands, without any simplification."""
        key = (label, detail, tuple(children))
        if key not in self._known:
            self._known[key] = self._new(label, detail, key[2], width)
        return self._known[key]

    def leaf(self, label: str, *, width: int | None = None) -> int:
        """A node without operands, as "in:a"."""
        return self.node(label, width=width)

    def const(self, value: int | str) -> int:
        """A constant; text for one with x or z digits. Equal values are one node whatever their width."""
        node = self.node("const", detail=str(value))
        if isinstance(value, int):
            self.values[node] = value
        return node

    def register(self, *, width: int | None) -> int:
        """A fresh register; `connect` tells later what it stores."""
        return self._new("reg", "", (), width)

    def connect(self, register: int, children: Sequence[int]) -> None:
        """Give a register its next value and its edges."""
        self.children[register] = tuple(children)

    def apply(self, label: str, *args: int) -> int:
        """An operator on its operands, in canonical form."""
        constants = [self.values[arg] for arg in args if arg in self.values]
        if label in FOLDED and len(constants) == len(args) == 2:
            return self.const(int(FOLDED[label](*constants)))
        if label in NEGATED:
            return self.negate(self.apply(NEGATED[label], *args))
        match label:
            case "gt":
                return self.apply("lt", args[1], args[0])
            case "ge":
                return self.negate(self.apply("lt", *args))
            case "le":
                return self.negate(self.apply("lt", args[1], args[0]))
            case "not":
                return self.negate(*args)
            case "lnot":
                return self.negate(self.truth(*args))
            case "land" | "lor":
                return self._associate(label[1:], [self.truth(arg) for arg in args])
            case "redor":
                return self.truth(*args)
            case "rednor":
                return self.negate(self.truth(*args))
            case "eq":
                return self._equal(*args)
            case "neg":
                return self.apply("sub", self.const(0), *args)
            case _ if label in ASSOCIATIVE:
                return self._associate(label, args)
        return self.node(label, args, width=1 if label in BOOLEAN else self._common_width(args))

    def _common_width(self, args: Sequence[int]) -> int | None:
        widths = [self.widths[arg] for arg in args if arg not in self.values]
        return None if None in widths else max((width for width in widths if width is not None), default=None)

    def _associate(self, label: str, args: Sequence[int]) -> int:
        flat = sorted(kid for arg in args for kid in (self.children[arg] if self.labels[arg] == label else (arg,)))
        if label in ("and", "or"):
            flat = sorted(set(flat))
        elif label == "xor":
            flat = sorted(kid for kid, count in Counter(flat).items() if count % 2)
        if len(flat) > MAX_OPERANDS:  # a sum of doubled sums would double at every step
            flat = sorted(args)
        if not flat:
            return self.const(0)
        return flat[0] if len(flat) == 1 else self.node(label, flat, width=self._common_width(flat))

    def _equal(self, left: int, right: int) -> int:
        if left in self.values:
            left, right = right, left
        if self.widths[left] == 1 and right in self.values:
            return left if self.values[right] else self.negate(left)
        if self.widths[left] == self.widths[right] == 1:
            return self.negate(self._associate("xor", (left, right)))
        return self.node("eq", sorted((left, right)), width=1)

    def truth(self, arg: int) -> int:
        """The condition `arg != 0`; a one-bit value, or one of unknown width, stands for itself."""
        if self.widths[arg] in (None, 1):
            return arg
        return self.negate(self._equal(arg, self.const(0)))

    def negate(self, arg: int) -> int:
        """Bitwise not, pushed down to where it can go no further."""
        if arg not in self._negated:
            label, kids = self.labels[arg], self.children[arg]
            if label == "not":
                self._negated[arg] = kids[0]
            elif label in ("and", "or"):
                self._negated[arg] = self._associate(
                    "or" if label == "and" else "and", [self.negate(kid) for kid in kids]
                )
            else:
                self._negated[arg] = self.node("not", (arg,), width=self.widths[arg])
        return self._negated[arg]

    def concat(self, args: Sequence[int], widths: Sequence[int | None]) -> int:
        """A concatenation, most significant operand first, and the operands' widths."""
        flat: list[tuple[int, int | None]] = []
        for arg, width in zip(args, widths, strict=True):
            flat += self.pieces.get(arg, [(arg, width)])
        if len(flat) == 1:
            return flat[0][0]
        sizes = [width for _, width in flat if width is not None]
        total = sum(sizes) if len(sizes) == len(flat) else None
        node = self.node("concat", [kid for kid, _ in flat], detail=repr([width for _, width in flat]), width=total)
        self.pieces[node] = flat
        return node

    def part(self, value: int, high: int, low: int, *, width: int | None = None) -> int:
        """Bits `high` down to `low` of a value, both nodes; a whole operand of a concatenation is that operand."""
        if value == self.hold:
            return value
        top, bottom = self.values.get(high), self.values.get(low)
        if top is None or bottom is None or not top >= bottom >= 0 or width not in (None, top - bottom + 1):
            return self.node("part", (value, high, low), width=width)
        if value in self.values:
            return self.const(self.values[value] >> bottom & (1 << top - bottom + 1) - 1)
        if bottom == 0 and self.widths[value] == top + 1:
            return value
        offset = 0
        for kid, size in reversed(self.pieces.get(value, [])):
            if size is None or offset > bottom:
                break
            if offset == bottom and size == top - bottom + 1:
                return kid
            offset += size
        return self.node("part", (value, high, low), width=top - bottom + 1)

    def update(self, old: int, value: int, index: Sequence[int], *, width: int | None) -> int:
        """A vector or an array after an assignment to one place in it; `width` is the whole's."""
        place = tuple(index)
        kept = [kid for kid in self._parts(old) if self.labels[kid] != "at" or self.children[kid][1:] != place]
        return self.merge([*kept, self.node("at", (value, *place))], width=width)

    def _parts(self, value: int) -> tuple[int, ...]:
        return self.children[value] if self.labels[value] == "parts" else (value,)

    def merge(self, drivers: Sequence[int], *, width: int | None) -> int:
        """One signal with several drivers, each for some of its bits."""
        flat = {kid for driver in drivers for kid in self._parts(driver)} - {self.hold}
        if len(flat) <= 1 and all(self.labels[kid] != "at" for kid in flat):
            return flat.pop() if flat else self.hold
        ranges = self._ranges(flat)
        if width is None or sum(high - low + 1 for high, low, _ in ranges) != width or ranges[0][0] != width - 1:
            return self.node("parts", sorted(flat), width=width)
        if len(ranges) == width:
            lifted = {self._lift(value, low, width, {}) for _, low, value in ranges}
            if len(lifted) == 1:
                return lifted.pop()
        return self.concat([value for _, _, value in ranges], [high - low + 1 for high, low, _ in ranges])

    def _ranges(self, parts: Iterable[int]) -> list[tuple[int, int, int]]:
        """High bit, low bit and value of each part with constant bounds, highest first; overlaps are left in."""
        found = []
        for part in parts:
            bounds = [self.values.get(kid) for kid in self.children[part][1:]] if self.labels[part] == "at" else []
            if bounds and len(bounds) <= 2 and bounds[0] is not None and bounds[-1] is not None:
                found.append((bounds[0], bounds[-1], self.children[part][0]))
        return sorted(found, reverse=True)

    def _lift(self, value: int, bit: int, width: int, memo: dict[int, int]) -> int:
        """A bit's expression with each `x[bit]` read as the vector x: equal for all bits of a bitwise loop."""
        kids = self.children[value]
        if value in memo or not kids or self.labels[value] == "reg":
            return memo.get(value, value)
        if (
            self.labels[value] == "part"
            and self.widths[kids[0]] == width
            and self.values.get(kids[1]) == bit == self.values.get(kids[2])
        ):
            memo[value] = kids[0]
        elif self.labels[value] != "part":
            lifted = [self._lift(kid, bit, width, memo) for kid in kids]
            if self.labels[value] in ASSOCIATIVE | {"not"}:
                memo[value] = self.apply(self.labels[value], *lifted)
            else:
                memo[value] = self.node(self.labels[value], lifted, detail=self.details[value], width=width)
        return memo.get(value, value)

    def mux(self, cond: int, then: int, other: int) -> int:
        """`cond ? then : other`."""
        if cond in self.values:
            return then if self.values[cond] else other
        if then == other:
            return then
        if self.labels[cond] == "not" and self.labels[other] != "select":
            return self.mux(self.children[cond][0], other, then)
        if self.labels[then] == "select" and self.labels[other] != "select":
            return self.mux(self.negate(cond), other, then)
        gate = self._gate(cond, then, other)
        return self._select(cond, then, other) if gate is None else gate

    def _gate(self, cond: int, then: int, other: int) -> int | None:
        """A one-bit selection with a constant side, as a gate."""
        if self.values.get(then) == 1 and self.values.get(other) == 0:
            return cond
        if self.values.get(then) == 0 and self.values.get(other) == 1:
            return self.negate(cond)
        if self.widths[then] == 1 or self.widths[other] == 1:
            if then in self.values and self.widths[other] == 1:
                return (
                    self.apply("or", cond, other) if self.values[then] else self.apply("and", self.negate(cond), other)
                )
            if other in self.values and self.widths[then] == 1:
                return (
                    self.apply("or", self.negate(cond), then) if self.values[other] else self.apply("and", cond, then)
                )
        return None

    def _arms(self, node: int) -> Iterator[tuple[int | None, int]]:
        """The arms of a selection, in order of priority; the condition is None for what holds otherwise."""
        if self.labels[node] != "select":
            yield None, node
            return
        for kid in self.children[node]:
            pair = self.children[kid]
            yield (pair[0], pair[1]) if len(pair) == 2 else (None, pair[0])

    def _select(self, cond: int, then: int, other: int) -> int:
        arms: list[tuple[int | None, int]] = [(cond, then)]
        contrary = self.negate(cond)
        for guard, value in self._arms(other):
            if guard == contrary:
                arms.append((None, value))
                break
            if guard != cond:
                arms.append((guard, value))
        arms = self._covered(arms)
        kids = [self.node("arm", (value,) if guard is None else (guard, value)) for guard, value in arms]
        return self.node("select", kids, width=self._common_width([value for _, value in arms]))

    def _covered(self, arms: list[tuple[int | None, int]]) -> list[tuple[int | None, int]]:
        """Arms that name every value of one signal, or all but one, need no `default`."""
        chosen: dict[int, int] = {}
        selector = None
        for guard, _ in arms:
            if guard is None:
                continue
            kids = self.children[guard] if self.labels[guard] == "eq" else ()
            signal = next((kid for kid in kids if kid not in self.values), None)
            constant = next((kid for kid in kids if kid in self.values), None)
            if signal is None or constant is None or selector not in (None, signal):
                return arms
            selector = signal
            chosen.setdefault(self.values[constant], guard)
        width = self.widths[selector] if selector is not None else None
        if width is None or width > 8 or arms[-1][0] is not None:
            return arms
        missing = set(range(2**width)) - set(chosen)
        if not missing:
            return arms[:-1]
        if len(missing) == 1 and selector is not None:
            return [*arms[:-1], (self._equal(selector, self.const(missing.pop())), arms[-1][1])]
        return arms
