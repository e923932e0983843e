"""Compares the inputs of a candidate with the golden's, as slang reads both. Runs inside a box only.

For tests that read their stimulus back from the design's inputs: where an output or an inner signal stands in an
input's place, the design would choose its own questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """argv: "ports", the candidate's file, its top, the golden's file, names that its top may have.

    Returns 0 when every input of the golden is an input of the candidate; else prints what is wrong and returns 1.
    """
    _, candidate, top, golden, *golden_tops = argv
    wanted = input_names(_read(golden), golden_tops)
    found = input_names(_read(candidate), (top,))
    if wanted is None:
        return 0  # the golden is of another language or kind, and no candidate's fault
    if found is None:
        print(f"the inputs of {top} cannot be read")
        return 1
    for name in sorted(wanted - found):
        print(f"{name} is no input of the design")
    return int(not wanted <= found)


def _read(name: str) -> str:
    return Path(name).read_bytes().decode("utf-8", "replace")


def input_names(text: str, tops: Iterable[str]) -> frozenset[str] | None:
    """Names of the input ports of a top module, the first of `tops` that the text defines; None when it has none."""
    import pyslang.ast
    import pyslang.syntax

    compilation = pyslang.ast.Compilation()
    compilation.addSyntaxTree(pyslang.syntax.SyntaxTree.fromText(text))
    modules = {str(instance.name): instance for instance in compilation.getRoot().topInstances}
    for top in tops:
        if top in modules:
            ports = modules[top].body.portList
            return frozenset(port.name for port in ports if str(getattr(port, "direction", "")).endswith(".In"))
    return None
