"""The graph that two modules are compared on, and the measure. Runs inside a box only.

A module becomes one graph: the syntax trees of its expressions, with every conditional statement turned into a
selection, joined where one signal feeds another. Wires vanish, so how many of them there are and what they are called does
not count; a register is a node of its own, which closes the loops; ports keep their names, since compiling checks those.
Declarations leave no trace: a module that drives no output has the empty graph.

The measure is in `similarity`. It judges structure, not function: only simulation says whether a module is right.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

MAX_NODES = 200_000
"""A graph beyond this is refused: an unrolled loop can make one of any size."""
NUM_ROUNDS = 2
"""Rounds of relabelling: a feature sees an operator, its operands, and theirs."""

UNORDERED = frozenset({"and", "or", "xor", "add", "mul", "eq", "select", "parts", "reg"})
"""Labels whose operands are compared as a multiset."""
ASSOCIATIVE = frozenset({"and", "or", "xor", "add", "mul"})
BOOLEAN = frozenset({"eq", "lt", "redand", "redxor"})
"""Labels whose value is one bit whatever the operands are."""
NEGATED = {"ne": "eq", "nand": "and", "nor": "or", "xnor": "xor", "rednand": "redand", "redxnor": "redxor"}
FOLDED = {"add": int.__add__, "sub": int.__sub__, "mul": int.__mul__}

Features = tuple[Counter[int], ...]
"""One multiset per family: first the shapes, then the dependencies. Keys are 64-bit hashes, equal in every process."""


class TooLarge(Exception):
    """The graph has more than MAX_NODES nodes."""


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
        self.outputs: dict[str, int] = {}
        """Name of an output port to the node that drives it; undriven ports are left out."""
        self._known: dict[tuple[str, str, tuple[int, ...]], int] = {}
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

    def const(self, value: int | str, *, width: int | None = None) -> int:
        """A constant; text for one with x or z digits. Equal values are one node whatever their width."""
        node = self.node("const", detail=str(value), width=width)
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
        if label in NEGATED:
            return self.negate(self.apply(NEGATED[label], *args))
        if label in FOLDED and all(arg in self.values for arg in args) and len(args) == 2:
            return self.const(FOLDED[label](self.values[args[0]], self.values[args[1]]))
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
            case "lt" if args[0] in self.values and args[1] in self.values:
                return self.const(int(self.values[args[0]] < self.values[args[1]]), width=1)
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
        return flat[0] if len(flat) == 1 else self.node(label, flat, width=self._common_width(flat))

    def _equal(self, left: int, right: int) -> int:
        if left in self.values:
            left, right = right, left
        if left in self.values:
            return self.const(int(self.values[left] == self.values[right]), width=1)
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
        label, kids = self.labels[arg], self.children[arg]
        if label == "not":
            return kids[0]
        if label in ("and", "or"):
            return self._associate("or" if label == "and" else "and", [self.negate(kid) for kid in kids])
        if self.widths[arg] == 1 and arg in self.values:
            return self.const(1 - self.values[arg] % 2, width=1)
        return self.node("not", (arg,), width=self.widths[arg])

    def concat(self, args: Sequence[int]) -> int:
        """A concatenation, most significant operand first."""
        flat = [kid for arg in args for kid in (self.children[arg] if self.labels[arg] == "concat" else (arg,))]
        widths = [self.widths[kid] for kid in flat]
        total = None if None in widths else sum(width for width in widths if width is not None)
        return flat[0] if len(flat) == 1 else self.node("concat", flat, width=total)

    def part(self, value: int, high: int, low: int, *, width: int | None = None) -> int:
        """Bits `high` down to `low` of a value, both nodes; a whole operand of a concatenation is that operand."""
        top, bottom = self.values.get(high), self.values.get(low)
        if top is None or bottom is None or width not in (None, top - bottom + 1):
            return self.node("part", (value, high, low), width=width)
        if bottom == 0 and self.widths[value] == top + 1:
            return value
        if self.labels[value] == "concat":
            offset = 0
            for kid in reversed(self.children[value]):
                width = self.widths[kid]
                if width is None or offset > bottom:
                    break
                if offset == bottom and width == top - bottom + 1:
                    return kid
                offset += width
        return self.node("part", (value, high, low), width=top - bottom + 1)

    def update(self, old: int, value: int, index: Sequence[int]) -> int:
        """A vector or an array after an assignment to one place in it."""
        parts = list(self.children[old]) if self.labels[old] == "parts" else [old]
        parts.append(self.node("at", (value, *index)))
        return self.merge(parts)

    def merge(self, drivers: Sequence[int]) -> int:
        """One signal with several drivers, each for some of its bits."""
        flat = {kid for arg in drivers for kid in (self.children[arg] if self.labels[arg] == "parts" else (arg,))}
        flat.discard(self.hold)
        return flat.pop() if len(flat) == 1 and len(drivers) == 1 else self.node("parts", sorted(flat))

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

    def reachable(self, roots: Sequence[int]) -> list[int]:
        """Nodes that the roots are made of, themselves included, in no particular order."""
        seen = set(roots)
        stack = list(seen)
        while stack:
            for kid in self.children[stack.pop()]:
                if kid not in seen:
                    seen.add(kid)
                    stack.append(kid)
        return list(seen)


def _hash(text: str) -> int:
    """A number for a label; the built-in hash of text differs from process to process."""
    return zlib.crc32(text.encode("utf-8", "replace"))


def shapes(graph: Graph) -> Counter[int]:
    """Weisfeiler-Lehman subtree features: every node's label, then every operator's label with its operands', and so on."""
    nodes = graph.reachable(list(graph.outputs.values()))
    label = {node: _hash(graph.labels[node]) for node in nodes}
    found: Counter[int] = Counter(label.values())
    found.update(hash((_hash("out:" + name), label[node])) for name, node in graph.outputs.items())
    for depth in range(1, NUM_ROUNDS + 1):
        refined = {}
        for node in nodes:
            kids = [label[kid] for kid in graph.children[node]]
            if graph.labels[node] in UNORDERED:
                kids.sort()
            refined[node] = hash((label[node], _hash(graph.details[node]), *kids))
        label = refined
        found.update(hash((depth, label[node])) for node in nodes if graph.children[node] or graph.details[node])
    return found


def _sources(graph: Graph, nodes: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Per node the set, as bits, of the inputs and registers that it depends on; and the bit numbers' hashes."""
    bits: dict[int, int] = {}
    reached = dict.fromkeys(nodes, 0)
    parents: dict[int, list[int]] = {node: [] for node in nodes}
    for node in nodes:
        for kid in graph.children[node]:
            parents[kid].append(node)
        name = "state" if graph.labels[node] == "reg" else graph.labels[node]
        if name == "state" or name.startswith("in:"):
            bit = bits.setdefault(_hash(name), len(bits))
            reached[node] = 1 << bit
    stack = list(nodes)
    while stack:
        node = stack.pop()
        for parent in parents[node]:
            if reached[node] & ~reached[parent]:
                reached[parent] |= reached[node]
                stack.append(parent)
    return reached, {bit: name for name, bit in bits.items()}


def dependencies(graph: Graph) -> Counter[int]:
    """Which inputs and registers reach each output, and through which operators."""
    nodes = graph.reachable(list(graph.outputs.values()))
    reached, names = _sources(graph, nodes)
    found: Counter[int] = Counter()
    for output, root in graph.outputs.items():
        through: dict[str, int] = {"": reached[root]}
        for node in graph.reachable([root]):
            if graph.children[node]:
                through[graph.labels[node]] = through.get(graph.labels[node], 0) | reached[node]
        for label, mask in through.items():
            found.update(hash((_hash(output), _hash(label), names[bit])) for bit in names if mask >> bit & 1)
    return found


def features(graph: Graph) -> Features:
    """What is compared of a module; both are empty for a module that drives no output."""
    return shapes(graph), dependencies(graph)


def min_max(left: Mapping[int, int], right: Mapping[int, int]) -> float:
    """The MinMax kernel, or Ruzicka similarity: shared features over all features, counted; 1.0 for two empty ones."""
    keys = left.keys() | right.keys()
    total = sum(max(left.get(key, 0), right.get(key, 0)) for key in keys)
    return 1.0 if total == 0 else sum(min(left.get(key, 0), right.get(key, 0)) for key in keys) / total


def similarity(left: Features, right: Features) -> float:
    """Mean of the MinMax kernels of the families; in [0, 1], symmetric, 1.0 for equal graphs."""
    scores = [min_max(one, other) for one, other in zip(left, right, strict=True)]
    return sum(scores) / len(scores)
