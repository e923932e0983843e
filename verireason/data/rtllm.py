"""RTLLM (hkust-zhiyao, MIT), versions 1.1 and 2.0, from the published layouts.

Layout: `design_description.txt`, `testbench.v`, `verified_*.v` and data files that the testbench reads, one directory a
design: `DESIGN/` in v1.1, `Category/Sub/DESIGN/` in v2.0. The golden gets the name that the testbench instantiates.

The published rule is "pass" anywhere in what the run prints, and each testbench prints "Your Design Passed" when it is
content. Here a run passes when the testbench gets to that line: one check, since the testbenches count in many ways. A
design whose testbench never prints it is left out and named. `verireason.data.rtllm_testbench` says what becomes of a
testbench. It is not mended: goldens that fail and testbenches that let empty designs pass are named in
`verireason.data.errata`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.job import Limits
from sim.verdict import Spec
from verireason.data.loaded import LeftOut, Loaded
from verireason.data.rtllm_testbench import declared_modules, instantiated, top_of, with_placeholders
from verireason.data.verilog_eval import rename
from verireason.errors import UserError
from verireason.problem import Problem

NAME = "rtllm-v2"
V1 = "rtllm-v1.1"
LIMITS = Limits(cpu_s=30, wall_s=120, output_kb=1024)


def load(root: Path) -> Loaded:
    """The problems of v2.0 below `root`, in order of their directories. UserError for another layout."""
    tests = sorted(root.glob("*/*/*/testbench.v"))
    if not tests:
        raise UserError(f"{root}: no CATEGORY/SUB/DESIGN/testbench.v in it; give the directory of an RTLLM v2 checkout")
    return _load(tests, NAME)


def load_v1(root: Path) -> Loaded:
    """The problems of v1.1 below `root`, in order of their directories. UserError for another layout."""
    tests = sorted(root.glob("*/testbench.v"))
    if not tests:
        raise UserError(
            f"{root}: no DESIGN/testbench.v in it; give the directory of an RTLLM v1.1 checkout (branch v1.1)"
        )
    return _load(tests, V1)


def _load(tests: Sequence[Path], benchmark: str) -> Loaded:
    problems: list[Problem] = []
    left_out: dict[str, str] = {}
    places: dict[str, Path] = {}
    for directory in (test.parent for test in tests):
        if directory.name in places:
            raise UserError(f"{directory}: problem {directory.name} is at {places[directory.name]} already")
        places[directory.name] = directory
        try:
            problems.append(_problem(directory, benchmark))
        except LeftOut as err:
            left_out[directory.name] = str(err)
    return Loaded(problems=problems, left_out=left_out)


def _problem(directory: Path, benchmark: str) -> Problem:
    goldens = sorted(directory.glob("verified_*.v"))
    if len(goldens) != 1:
        raise UserError(f"{directory}: {len(goldens)} files verified_*.v; every problem has one")
    testbench, golden = _source(directory / "testbench.v"), _source(goldens[0])
    top, golden_top = instantiated(testbench), top_of(golden)
    if top is None:
        raise UserError(f"{directory / 'testbench.v'}: it instantiates no module; expected the design")
    if golden_top is None:
        raise UserError(f"{goldens[0]}: it has no module; expected the design")
    files = {path.name: _text(path) for path in sorted(directory.iterdir()) if _is_data(path)}
    return Problem(
        id=directory.name,
        benchmark=benchmark,
        prompt=_text(directory / "design_description.txt").strip(),
        spec=Spec(
            verifier="verilog-testbench",
            top=top,
            testbench=with_placeholders(testbench, files, path=directory),
            reserved=tuple(declared_modules(testbench)),
            limits=LIMITS,
        ),
        golden=rename(golden, {golden_top: top}),
        split="test",
        licence="MIT",
        category="/".join(directory.parts[-3:-1]) if benchmark == NAME else directory.name,
        difficulty=0,
    )


def _source(path: Path) -> str:
    """A Verilog file, whole."""
    text = _text(path)
    if "endmodule" not in text:
        raise UserError(f"{path}: no endmodule in it, so it is cut short; copy it again")
    return text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    except OSError as err:
        raise UserError(f"{path}: {err.strerror}; every problem has a description, a testbench and a design") from err


def _is_data(path: Path) -> bool:
    return path.is_file() and path.suffix in (".dat", ".txt") and path.name != "design_description.txt"
