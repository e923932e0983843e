"""Prints the ports of a module, as slang reads it. Runs inside a box only: the text may be anybody's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def main(argv: Sequence[str]) -> int:
    """argv: "interface", the file, its top. Prints a JSON list of [name, direction, width]; else 1 and a line."""
    import pyslang.ast
    import pyslang.syntax

    _, name, top = argv
    text = Path(name).read_bytes().decode("utf-8", "replace")
    compilation = pyslang.ast.Compilation()
    compilation.addSyntaxTree(pyslang.syntax.SyntaxTree.fromText(text))
    modules = {str(instance.name): instance for instance in compilation.getRoot().topInstances}
    if top not in modules:
        print(f"it has no module {top} on top")
        return 1
    print(json.dumps([_port(port) for port in modules[top].body.portList]))
    return 0


def _port(port: Any) -> tuple[str, str, int]:
    """Name, direction ("In", "Out", "InOut"; "" for an interface) and width in bits, 0 when it is no vector."""
    direction = str(getattr(port, "direction", "")).rpartition(".")[2]
    kind = getattr(port, "type", None)
    return str(port.name), direction, int(kind.bitWidth) if kind is not None and kind.isIntegral else 0
