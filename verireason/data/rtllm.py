"""RTLLM v2 (hkust-zhiyao, MIT) from the published layout.

Layout: `Category/Sub/design/{design_description.txt,testbench.v,verified_*.v}` and data files that the testbench reads.
The published rule is "pass" anywhere in what the run prints, and each testbench prints "Your Design Passed" when it is
content. Here a run passes when the testbench gets to that line: one check, since the testbenches count in many ways.

The testbench becomes a text with placeholders (`sim.hdl.testbench`):

* all names that it declares are prefixed, so that nothing in a candidate can refer to them;
* its lines of passing and failing become lines of evidence; one that ends without either has failed;
* what it reads from data files stands in its text, so that no file lies beside a candidate and no task opens any;
* its random stimulus is a sequence of its own, with the same values;
* without a time scale it gets 1 ns, the published makefile's;
* `break`, which Icarus 12 lacks, becomes what ends the loop there (asyn_fifo).

What it does not do: mend testbenches. Three goldens of 50 do not pass: radix2_div computes three of eight results
wrong, clkgenerator toggles at the moment it is sampled, and ring_counter's testbench has an array value that Icarus 12
lacks. Seven let designs pass whose outputs are constant, here as in the published run: comparator_3bit, comparator_4bit
(x, z, or all ones), fixed_point_adder, fixed_point_substractor (x), sequence_detector (x, z), square_wave (x, z, 0) and
edge_detect (0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.hdl.testbench import EVIDENCE, NAME_PREFIX, TESTBENCH_TOP
from sim.job import Limits
from sim.verdict import Spec
from verireason.data.verilog_eval import TOKEN, rename, with_own_seeds
from verireason.errors import UserError
from verireason.problem import Problem

NAME = "rtllm-v2"
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


def load(root: Path) -> list[Problem]:
    """All problems below `root`, in order of their directories. UserError for a directory that is not the benchmark."""
    tests = sorted(root.glob("*/*/*/testbench.v"))
    if not tests:
        raise UserError(f"{root}: no CATEGORY/SUB/DESIGN/testbench.v in it; give the directory of an RTLLM v2 checkout")
    return [_problem(path.parent) for path in tests]


def _problem(directory: Path) -> Problem:
    goldens = sorted(directory.glob("verified_*.v"))
    if len(goldens) != 1:
        raise UserError(f"{directory}: {len(goldens)} files verified_*.v; every problem has one")
    testbench, golden = _text(directory / "testbench.v"), _text(goldens[0])
    top = instantiated(testbench)
    if top is None:
        raise UserError(f"{directory / 'testbench.v'}: it instantiates no module; expected the design")
    files = {path.name: _text(path) for path in sorted(directory.iterdir()) if _is_data(path)}
    return Problem(
        id=directory.name,
        benchmark=NAME,
        prompt=_text(directory / "design_description.txt").strip(),
        spec=Spec(
            verifier="verilog-testbench",
            top=top,
            testbench=with_placeholders(testbench, files, path=directory),
            reserved=tuple(_modules(testbench)),
            limits=Limits(cpu_s=30, wall_s=120, output_kb=1024),
        ),
        golden=rename(golden, {_top_of(golden): top}),
        split="test",
        licence="MIT",
        category="/".join(directory.parts[-3:-1]),
        difficulty=0,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    except OSError as err:
        raise UserError(f"{path}: {err.strerror}; every problem has a description, a testbench and a design") from err


def _is_data(path: Path) -> bool:
    return path.is_file() and path.suffix in (".dat", ".txt") and path.name != "design_description.txt"


def _top_of(golden: str) -> str:
    """The golden's top module: the one that no other of its modules uses."""
    used = {str(node.type.value) for node in _nodes(golden) if node.kind.name == "HierarchyInstantiation"}
    return next(name for name in _modules(golden) if name not in used)


def with_placeholders(testbench: str, files: Mapping[str, str], *, path: Path) -> str:
    """The published testbench as the module docstring says. UserError when it has no line of passing."""
    if not _PASSED.search(testbench):
        raise UserError(f"{path / 'testbench.v'}: it never prints that the design passed")
    names = {name: NAME_PREFIX + name for name in _declared(testbench)}
    names |= dict.fromkeys(_modules(testbench), TESTBENCH_TOP)
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


def _modules(source: str) -> list[str]:
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
