"""RTLLM's testbenches as texts with placeholders (`sim.hdl.testbench`), the same for both of its versions:

* all names that it declares are prefixed, so that nothing in a candidate can refer to them;
* its lines of passing and failing become lines of evidence; one that ends without either has failed;
* what it reads from data files stands in its text, so that no file lies beside a candidate and no task opens any;
* its random stimulus is a sequence of its own, with the same values;
* without a time scale it gets 1 ns, the published makefile's;
* `break`, which Icarus 12 lacks, becomes what ends the loop there (asyn_fifo).

Trusted texts only: they are parsed in this process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.hdl.testbench import EVIDENCE, NAME_PREFIX, TESTBENCH_TOP
from verireason.data.loaded import LeftOut
from verireason.data.verilog_eval import TOKEN, with_own_seeds
from verireason.errors import UserError

TIMESCALE = "`timescale 1ns/1ns\n"
"""What the published makefile gives files that have none."""

_PASSED = re.compile(r'\$display\s*\(\s*"=+ ?Your Design Passed ?=+"\s*\)\s*;')
_FAILED = re.compile(r'\$display\s*\(\s*"(?:=+ ?(?:Error|Failed|Test completed)|Test completed)[^;]*\)\s*;')
_HEADER = re.compile(r"(\bmodule\b[^;]*;)")
_LOOP_THAT_BREAKS = re.compile(r"(initial begin)(\s*repeat \(\d+\) begin(?:(?!\binitial\b).)*?)\bbreak;", re.DOTALL)
_DEFINE = re.compile(r"^\s*`define[ \t]+(\w+)[ \t]+(.*?)[ \t]*$", re.MULTILINE)
_READ_MEMORY = re.compile(r'\$readmemh\s*\(\s*"([^"]+)"\s*,\s*(\w+)\s*\)\s*;')
_OPEN = re.compile(r'\w+\s*=\s*\$fopen\s*\(\s*(?:"([^"]+)"|`(\w+))\s*,\s*"r"\s*\)\s*;')
_SCAN = re.compile(r'\w+\s*=\s*\$fscanf\s*\(\s*\w+\s*,\s*"(?:%d|\s|\\n)+"\s*,\s*([^;]*)\)\s*;')
_POSITION = NAME_PREFIX + "position"
_VALUE = NAME_PREFIX + "value"

_DECLARATIONS = frozenset({
    "ModuleHeader", "Declarator", "InstanceName", "HierarchyInstantiation", "FunctionPrototype", "NamedBlockClause",
})  # fmt: skip
"""Nodes of the syntax tree whose `name` the testbench declares."""


def with_placeholders(testbench: str, files: Mapping[str, str], *, path: Path) -> str:
    """The published testbench as the module docstring says. LeftOut when it has no line of passing.

    files: the data files beside it, by name. path: its directory, for messages.
    """
    if not _PASSED.search(testbench):
        raise LeftOut("its testbench never prints that the design passed")
    names = {name: NAME_PREFIX + name for name in _declared(testbench)}
    names |= dict.fromkeys(declared_modules(testbench), TESTBENCH_TOP)
    text = _without_break(_with_data(testbench, files, path=path))
    text = _PASSED.sub(f'$display("{EVIDENCE} Mismatches: 0 in 1 samples");', text)
    text = _FAILED.sub(f'$display("{EVIDENCE} Mismatches: 1 in 1 samples");', text)
    text = with_own_seeds(text, header=_HEADER)
    return ("" if "`timescale" in text else TIMESCALE) + _rename_own(text, names)


def _rename_own(source: str, names: Mapping[str, str]) -> str:
    """Rename what the testbench declares, but not the ports and parameters of what it instantiates (`.name`)."""
    return TOKEN.sub(
        lambda match: match[0] if source.endswith(".", 0, match.start()) else names.get(match[0], match[0]), source
    )


def _without_break(testbench: str) -> str:
    """The testbench with the end of a process in place of the end of its only loop."""
    return _LOOP_THAT_BREAKS.sub(rf"\1 : {NAME_PREFIX}loop\2disable {NAME_PREFIX}loop;", testbench)


def _with_data(testbench: str, files: Mapping[str, str], *, path: Path) -> str:
    """The testbench with what it reads from files written into it."""

    def content(name: str) -> str:
        if name not in files:
            raise UserError(f"{path / name}: not there; the testbench reads it")
        return files[name]

    def memory(read: re.Match[str]) -> str:
        words = enumerate(content(read[1]).split())
        return "begin " + " ".join(f"{read[2]}[{index}] = 'h{word};" for index, word in words) + " end"

    text = _READ_MEMORY.sub(memory, testbench)
    opened = _OPEN.search(text)
    if opened is None:
        return text
    name = opened[1] or dict(_DEFINE.findall(text))[opened[2]].strip('"')
    values = "".join(f"{index}: {_VALUE} = {word}; " for index, word in enumerate(content(name).split()))
    lookup = (
        f" integer {_POSITION} = 0; function integer {_VALUE}(input integer {NAME_PREFIX}index); "
        f"case ({NAME_PREFIX}index) {values}endcase endfunction"
    )
    text = _SCAN.sub(_scanned, _OPEN.sub("", text))
    return _HEADER.sub(lambda header: header[1] + lookup, text, count=1)


def _scanned(scan: re.Match[str]) -> str:
    """Assignments of the next values to the variables that `$fscanf` would have read."""
    reads = (
        f"{variable.strip()} = {_VALUE}({_POSITION}); {_POSITION} = {_POSITION} + 1;" for variable in scan[1].split(",")
    )
    return f"begin {' '.join(reads)} end"


def instantiated(testbench: str) -> str | None:
    """The module that the testbench instantiates: the design. None when there is none."""
    return next(
        (str(node.type.value) for node in _nodes(testbench) if node.kind.name == "HierarchyInstantiation"), None
    )


def top_of(golden: str) -> str | None:
    """The golden's top module: the first that no other of its modules uses; None when it declares none."""
    used = {str(node.type.value) for node in _nodes(golden) if node.kind.name == "HierarchyInstantiation"}
    return next((name for name in declared_modules(golden) if name not in used), None)


def declared_modules(source: str) -> list[str]:
    """The modules that a text declares, in order."""
    return [str(node.name.value) for node in _nodes(source) if node.kind.name == "ModuleHeader"]


def _declared(testbench: str) -> set[str]:
    """Every name that the testbench declares."""
    named = (node.name for node in _nodes(testbench) if node.kind.name in _DECLARATIONS and hasattr(node, "name"))
    return {getattr(name, "value", None) or str(name).strip() for name in named}


def _nodes(source: str) -> Iterator[Any]:
    """All nodes of the syntax tree. Trusted text: the parser runs in this process."""
    import pyslang
    from pyslang.syntax import SyntaxTree

    waiting: list[Any] = [SyntaxTree.fromText(source, pyslang.SourceManager()).root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed([child for child in node if hasattr(child, "sourceRange")])
