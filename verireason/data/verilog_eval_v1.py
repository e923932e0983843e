"""VerilogEval v1 (NVlabs, MIT), Human and Machine, from the published layout.

Layout: `data/VerilogEval_{Human,Machine}.jsonl` with `task_id, prompt, canonical_solution, test`, where the prompt is
the module's header, and `descriptions/VerilogDescription_{Human,Machine}.jsonl` with the task in words. The testbenches
are those of v2 but for names; the published rule differs: there, any warning of the compiler fails a completion.
"""

from __future__ import annotations

import json
from pathlib import Path

from sim.hdl.testbench import REFERENCE_TOP
from sim.verdict import Spec
from verireason.data.verilog_eval import LIMITS, RESERVED, rename, with_placeholders
from verireason.errors import UserError
from verireason.problem import Problem

HUMAN = "verilog-eval-v1-human"
MACHINE = "verilog-eval-v1-machine"
TOP = "top_module"


def load_human(root: Path) -> list[Problem]:
    """The problems described by people, in the benchmark's order. UserError when they are not there."""
    return _load(root, benchmark=HUMAN, part="Human")


def load_machine(root: Path) -> list[Problem]:
    """The problems described by a model, in the benchmark's order. UserError when they are not there."""
    return _load(root, benchmark=MACHINE, part="Machine")


def _load(root: Path, *, benchmark: str, part: str) -> list[Problem]:
    described = root / "descriptions" / f"VerilogDescription_{part}.jsonl"
    words = {row["task_id"]: row["detail_description"] for row in _rows(described, "task_id", "detail_description")}
    data = root / "data" / f"VerilogEval_{part}.jsonl"
    problems = []
    for row in _rows(data, "task_id", "prompt", "canonical_solution", "test"):
        if row["task_id"] not in words:
            raise UserError(f"{described}: no description of {row['task_id']}, which {data} has")
        problems.append(_problem(row, words[row["task_id"]], benchmark=benchmark, path=data))
    return problems


def _rows(path: Path, *fields: str) -> list[dict[str, str]]:
    """Every line of a published file. UserError when it is not there or a line lacks a field."""
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as err:
        raise UserError(f"{path}: {err}; give the directory of a VerilogEval v1 checkout (release/1.0.0)") from err
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as err:
            raise UserError(f"{path}:{number}: not JSON ({err})") from err
        if not isinstance(row, dict) or not all(isinstance(row.get(field), str) for field in fields):
            raise UserError(f"{path}:{number}: expected an object with the texts {', '.join(fields)}")
        rows.append(row)
    return rows


def _problem(row: dict[str, str], description: str, *, benchmark: str, path: Path) -> Problem:
    before, start, rest = row["test"].partition("module reference_module")
    body, end, testbench = rest.partition("endmodule")
    if not start or not end:
        raise UserError(f"{path}: the test of {row['task_id']} has no reference_module")
    return Problem(
        id=row["task_id"],
        benchmark=benchmark,
        prompt=f"{description.strip()}\n\n{row['prompt'].strip()}",
        header=row["prompt"],
        spec=Spec(
            verifier="verilog-testbench",
            top=TOP,
            testbench=with_placeholders(before + testbench),
            reference=rename(start + body + end + "\n", {"reference_module": REFERENCE_TOP}),
            reserved=(*RESERVED, "reference_module"),
            limits=LIMITS,
        ),
        golden=f"{row['prompt']}\n{row['canonical_solution']}",
        split="test",
        licence="MIT",
        category=row["task_id"],
        difficulty=0,
    )
