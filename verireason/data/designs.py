"""Problems from designs that a model wrote: their text is read token by token here, and parsed and run in boxes only.

What a loader of such a data set makes is a draft: `verireason.data.ingest_designs` proves it, or says what is wrong,
before any candidate is judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sim.hdl.testbench import REFERENCE_TOP
from sim.job import Limits
from sim.verdict import Spec
from verireason.data.loaded import LeftOut
from verireason.data.own_names import names_in, tokens, top_module
from verireason.extraction.answer import answer_part, encodable
from verireason.extraction.verilog import find_code
from verireason.problem import Problem

MODEL_WRITTEN = frozenset({"veri-reason", "codev-r1", "rtlcoder", "verithoughts"})
"""Benchmarks whose goldens came from a model. They are never parsed outside of a box."""
LIMITS = Limits(cpu_s=10, wall_s=60, output_kb=1024)
MAX_CODE_KB = 256
_HEADER_END = re.compile(r"\)\s*;")


def code_in(answer: str) -> str:
    """The design in a model's answer. LeftOut when there is none."""
    part = answer_part(encodable(answer))
    code = find_code(part, top="", header=None).code if part is not None else None
    if code is None:
        raise LeftOut("its answer holds no module")
    if len(code) > MAX_CODE_KB << 10:
        raise LeftOut(f"its answer has more than {MAX_CODE_KB} KiB")
    return code


def top_of(code: str) -> str:
    """The design's top module: the one that no other of its modules uses. LeftOut when that is not one."""
    top = top_module(code)
    if top is None:
        raise LeftOut("its answer has not exactly one module on top")
    return top


def draft(
    *, id: str, benchmark: str, instruction: str, golden: str, top: str, category: str = "unknown",
    verifier: str = "verilog-testbench", testbench: str = "", files: Mapping[str, bytes] | None = None,
) -> Problem:  # fmt: skip
    """A problem that is yet to be proven; without a testbench, ingest makes one from the golden's ports.

    The published questions often leave the module's name and ports to luck, so the header is added to the prompt.
    """
    return Problem(
        id=id,
        benchmark=benchmark,
        prompt=f"{encodable(instruction).strip()}\n\nThe module's header is:\n\n{header_of(golden, top)}",
        spec=Spec(
            verifier=verifier,
            top=top,
            testbench=testbench,
            reference=renamed(golden, {top: REFERENCE_TOP}),
            files=files or {},
            limits=LIMITS,
        ),
        golden=golden,
        split="train",
        licence="unstated",
        category=category,
        difficulty=0,
    )


def header_of(code: str, top: str) -> str:
    """The text from `module TOP` to the end of its port list."""
    start = next((match.end() for match in re.finditer(rf"\bmodule\s+(?:automatic\s+)?{re.escape(top)}\b", code)), None)
    if start is None:
        raise LeftOut("its module has no header")
    end = _HEADER_END.search(code, start)
    if end is None:
        raise LeftOut("its module has no list of ports")
    return f"module {top}{code[start : end.end()]}"


def renamed(code: str, names: Mapping[str, str]) -> str:
    """The code with identifiers renamed; comments, strings, macros and what stands behind a dot stay."""
    pieces: list[str] = []
    place = 0
    for match in tokens(code):
        if match["name"] and not match["dot"] and match["name"] in names:
            pieces += [code[place : match.start()], names[match["name"]]]
            place = match.end()
    return "".join([*pieces, code[place:]])


def uses(testbench: str, modules: Sequence[str]) -> str | None:
    """The first of the modules that the testbench names."""
    named = names_in(testbench)
    return next((module for module in modules if module in named), None)
