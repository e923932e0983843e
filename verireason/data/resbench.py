"""ResBench (jultrishyyy, no licence stated) from the published layout.

Layout: `problems.json`, an object of category to a list of problems with module, Problem, "Module header" and
Testbench. The published rule is "All tests passed" anywhere in what Vivado prints in 3,000 ns. Here a run passes when
the testbench gets to that line, in Icarus and without a limit of simulated time.

There are no references, but 9 of the 56 headers go on to be the whole design: those are the golden of their problem,
and the prompt has the header alone. The other testbenches are proven by nothing but the designs that pass them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.hdl.testbench import EVIDENCE
from sim.job import Limits
from sim.verdict import Spec
from verireason.data.own_names import declared_modules, with_own_names
from verireason.data.rows import parse_json
from verireason.errors import UserError
from verireason.problem import Problem

NAME = "resbench"
FILE = "problems.json"
_HEADER_END = re.compile(r"\)\s*;")
_PASSED = re.compile(r'\$display\s*\(\s*"All tests passed"\s*\)\s*;')
_FAILED = re.compile(r'\$display\s*\(\s*"Some tests failed[^;]*\)\s*;')


def load(root: Path) -> list[Problem]:
    """All problems in the file's order. UserError for a directory that is not the benchmark."""
    path = root / FILE
    try:
        value = parse_json(path.read_bytes())
    except OSError as err:
        raise UserError(f"{path}: {err.strerror}; give the directory of a ResBench checkout") from err
    except ValueError as err:
        raise UserError(f"{path}: not JSON ({err}); copy it again") from err
    if not isinstance(value, dict) or not all(isinstance(listed, list) for listed in value.values()):
        raise UserError(f"{path}: expected an object of category to a list of problems")
    problems: dict[str, Problem] = {}
    for category, listed in value.items():
        for number, fields in enumerate(listed, start=1):
            problem = _problem(fields, category, f"{path}, {category} {number}")
            if problem.id in problems:
                raise UserError(f"{path}, {category} {number}: problem {problem.id} is there already; ids are unique")
            problems[problem.id] = problem
    if not problems:
        raise UserError(f"{path}: it holds no problems; copy it again")
    return list(problems.values())


def _problem(fields: Any, category: str, where: str) -> Problem:
    # Two problems of 56 write "Module Header".
    texts = {str(key).lower(): value for key, value in fields.items()} if isinstance(fields, Mapping) else {}
    wanted = ("module", "problem", "module header", "testbench")
    lacking = [name for name in wanted if not isinstance(texts.get(name), str)]
    if lacking:
        raise UserError(f"{where}: no text {', '.join(lacking)}; every problem has {', '.join(wanted)}")
    published = texts["module header"].strip()
    end = _HEADER_END.search(published)
    header = published[: end.end()] if end else None  # kinetic_energy's ends in the middle of its ports
    return Problem(
        id=texts["module"],
        benchmark=NAME,
        prompt=f"{texts['problem'].strip()}\n\nModule header:\n{header or published}",
        header=header,
        spec=Spec(
            verifier="verilog-testbench",
            top=texts["module"],
            testbench=_with_placeholders(texts["testbench"], texts["module"], where),
            reserved=tuple(declared_modules(texts["testbench"])),
            num_checks=1,
            limits=Limits(cpu_s=10, wall_s=60, output_kb=1024),
        ),
        golden=published if published.endswith("endmodule") else "",
        split="test",
        licence="unstated",
        category=category,
        difficulty=0,
    )


def _with_placeholders(testbench: str, top: str, where: str) -> str:
    """The testbench with names and lines of evidence of its own. UserError when it cannot tell pass from failure."""
    if not _PASSED.search(testbench):
        raise UserError(f"{where}: its testbench never prints that all tests passed")
    text = with_own_names(testbench, keep={top})
    if text is None or top not in text:
        raise UserError(f"{where}: its testbench is not one module that uses {top}")
    text = _PASSED.sub(f'$display("{EVIDENCE} Mismatches: 0 in 1 samples");', text)
    return _FAILED.sub(f'$display("{EVIDENCE} Mismatches: 1 in 1 samples");', text)
