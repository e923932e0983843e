"""How alike two modules are built: the measure over two graphs. Runs inside a box only.

    S(a, b) = mean over the families f of  sum_k min(f(a)[k], f(b)[k]) / sum_k max(f(a)[k], f(b)[k])

Each family maps a graph to a multiset of features. The quotient is the MinMax kernel (Ralaivola, Swamidass, Saigo and
Baldi, "Graph kernels for chemical informatics", Neural Networks 18, 2005), also known as Ruzicka similarity. The
families:

* shapes: Weisfeiler-Lehman subtree features, rounds 0 to 3 (Shervashidze, Schweitzer, van Leeuwen, Mehlhorn and
  Borgwardt, "Weisfeiler-Lehman graph kernels", JMLR 12, 2011): each operator with what it is made of, three levels
  deep. What a constant is counts from round 1 on, so that another encoding of states costs something but not
  everything.
* dependencies: triples (output, operator, source), one for each input, and one for the registers, that reaches the
  output through such an operator; pairs (output, source) for reaching it at all; and which outputs are driven.
  Comparing designs by their dataflow graphs follows Yasaei, Yu, Naeini and Al Faruque, "GNN4IP", DAC 2021.

S is symmetric, in [0, 1], 1.0 for equal graphs, and 0.0 for a module that drives nothing against one that does. It
judges structure, not function: a wrong module can score 1.0 (another width of the same sum, say), and a right one
0.5.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence

from sim.inbox.structure_graph import UNORDERED, Graph

NUM_ROUNDS = 3
"""Rounds of relabelling; fixed, as every score depends on it."""

Features = tuple[Counter[int], ...]
"""One multiset per family, in the order above. Keys are 64-bit hashes, equal in every process."""


def _hash(text: str) -> int:
    """A number for a label; the built-in hash of text differs from process to process."""
    return zlib.crc32(text.encode("utf-8", "replace"))


def reachable(graph: Graph, roots: Sequence[int]) -> list[int]:
    """Nodes that the roots are made of, themselves included, in no particular order."""
    seen = set(roots)
    stack = list(seen)
    while stack:
        for kid in graph.children[stack.pop()]:
            if kid not in seen:
                seen.add(kid)
                stack.append(kid)
    return list(seen)


def shapes(graph: Graph) -> Counter[int]:
    """Weisfeiler-Lehman subtree features: every label, then each label with those of its operands, and so on."""
    nodes = reachable(graph, list(graph.outputs.values()))
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
    nodes = reachable(graph, list(graph.outputs.values()))
    reached, names = _sources(graph, nodes)
    found: Counter[int] = Counter()
    for output, root in graph.outputs.items():
        through: dict[str, int] = {"": reached[root]}
        for node in reachable(graph, [root]):
            if graph.children[node]:
                through[graph.labels[node]] = through.get(graph.labels[node], 0) | reached[node]
        found[hash((_hash(output), _hash("driven")))] = 1
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
