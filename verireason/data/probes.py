"""Probes: modules that do nothing but claim success. A problem that one of them passes cannot be used.

A probe has the golden's head, constant outputs, and prints what published harnesses take for a pass. For trusted
goldens only: their text is parsed in this process.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

CLAIMS = (
    "Mismatches: 0 in {num_checks} samples",
    "Hint: Output '{output}' has no mismatches.",
    "All tests passed.",
    "All tests passed!",
    "PASS",
    "TEST PASSED",
    "===========Your Design Passed===========",
)
"""What VerilogEval, CodeV-R1, ResBench, ChipSeek, RTLLM and others look for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One empty design."""

    name: str
    source: str
    bare: str
    """The same without claims and without ending the run."""


def make_probes(golden: str, *, top: str, num_checks: int | None) -> list[Probe]:
    """The probes for the module `top` of `golden`: outputs all 0, all 1 and all x, and one that ends the run at once.

    Whatever else is in the golden stays: other modules may need it. Raises ValueError when the golden has no such
    module or the module has no output.
    """
    before, head, outputs, behind = _parts(golden, top)
    if not outputs:
        raise ValueError(f"module {top} has no output")
    claims = [claim.format(num_checks=num_checks or 100, output=outputs[0].name) for claim in CLAIMS]
    prints = "".join(f'    $display("{claim}");\n' for claim in claims)
    forever = f"  initial begin\n{prints}  end\n  final begin\n{prints}  end\n"
    at_once = f"  initial begin\n{prints}    $finish;\n  end\n"
    shapes = {"zeros": ("0", forever), "ones": ("1", forever), "unknown": ("x", forever), "finish": ("x", at_once)}
    return [
        Probe(name=name, source=f"{design}{claim}endmodule\n{behind}", bare=f"{design}endmodule\n{behind}")
        for name, (digit, claim) in shapes.items()
        for design in [before + head + _drive(outputs, digit)]
    ]


def passing_probes(passed: Collection[str]) -> tuple[str, ...]:
    """Which of the probes that passed should not have.

    A golden may be constant, so either "zeros" or "ones" may pass on merit, but not both; nothing else may.
    """
    constant = {"zeros", "ones"}
    forged = set(passed) - constant
    return tuple(sorted(forged | (constant if constant <= set(passed) else set())))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Output:
    name: str
    is_variable: bool


def _drive(outputs: list[_Output], digit: str) -> str:
    """Constant outputs: variables from an initial block, since a continuous assignment may not drive a `reg`."""
    nets = "".join(f"  assign {output.name} = '{digit};\n" for output in outputs if not output.is_variable)
    variables = "".join(f"    {output.name} = '{digit};\n" for output in outputs if output.is_variable)
    return nets + (f"  initial begin\n{variables}  end\n" if variables else "")


def _parts(golden: str, top: str) -> tuple[str, str, list[_Output], str]:
    """The text before the module, its own up to its body, port declarations of the old style included, its outputs, and
    the text behind it."""
    import pyslang
    from pyslang.syntax import SyntaxTree

    tree = SyntaxTree.fromText(golden, pyslang.SourceManager())
    root: Any = tree.root
    modules = [root] if root.kind.name == "ModuleDeclaration" else list(getattr(root, "members", []))
    module = next((node for node in modules if node.kind.name == "ModuleDeclaration" and _name(node) == top), None)
    if module is None:
        raise ValueError(f"no module {top} in the golden")
    data = golden.encode()

    def text(node: Any) -> str:
        return data[node.sourceRange.start.offset : node.sourceRange.end.offset].decode()

    old_style = [
        node for node in module.members if node.kind.name in {"PortDeclaration", "ParameterDeclarationStatement"}
    ]
    lines = [text(module.header), *(f"  {text(node)}" for node in old_style)]
    ports = module.header.ports
    listed = [port for port in ports.ports if hasattr(port, "header")] if hasattr(ports, "ports") else []
    declared = [(text(port.header), [port.declarator]) for port in listed]
    declared += [
        (text(node.header), _nodes(node.declarators)) for node in old_style if node.kind.name == "PortDeclaration"
    ]
    start, end = module.sourceRange.start.offset, module.sourceRange.end.offset
    return data[:start].decode(), "\n".join(lines) + "\n", _outputs(declared), data[end:].decode().lstrip("\n")


def _name(module: Any) -> str:
    return str(module.header.name.rawText)


def _nodes(items: Any) -> list[Any]:
    """A list's nodes without the commas."""
    return [item for item in items if hasattr(item, "sourceRange")]


def _outputs(declared: list[tuple[str, list[Any]]]) -> list[_Output]:
    """The outputs among port declarations; one without a direction has that of the port before it."""
    direction, is_variable = "", False
    found = []
    for head, declarators in declared:
        words = head.split("[")[0].split()
        if words and words[0] in {"input", "output", "inout"}:
            direction, is_variable = words[0], bool({"reg", "logic", "bit", "integer"} & set(words))
        if direction == "output":
            found += [_Output(name=item.name.rawText, is_variable=is_variable) for item in declarators]
    return found
