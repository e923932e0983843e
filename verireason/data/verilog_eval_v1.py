"""VerilogEval v1 (NVlabs, MIT), Human and Machine, from the published layout.

Layout: `data/VerilogEval_{Human,Machine}.jsonl` with `task_id, prompt, canonical_solution, test`, where the prompt is
the module's header, and `descriptions/VerilogDescription_{Human,Machine}.jsonl` with the task in words. The testbenches
are those of v2 but for names; the published rule differs: there, any warning of the compiler fails a completion
(`sim.hdl.official`). A completion goes on from the header or is a whole module: extraction tells.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from sim.hdl.testbench import REFERENCE_TOP
from sim.verdict import Spec
from verireason.data.verilog_eval import LIMITS, RESERVED, read_text, rename, with_placeholders
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
    words = {row["task_id"]: row["detail_description"] for _, row in _rows(described, "task_id", "detail_description")}
    data = root / "data" / f"VerilogEval_{part}.jsonl"
    problems = []
    for where, row in _rows(data, "task_id", "prompt", "canonical_solution", "test"):
        if row["task_id"] not in words:
            raise UserError(f"{described}: no description of {row['task_id']}, which {data} has")
        try:
            problems.append(_problem(row, words[row["task_id"]], benchmark=benchmark))
        except ValueError as err:
            raise UserError(f"{where}: the test of {row['task_id']}: {err}") from err
    return problems


def _rows(path: Path, *fields: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every line of a published file, with its place. UserError when the file is not there, for a line that lacks a
    field, and for a second line of the same problem."""
    text = read_text(path, "give the directory of a VerilogEval v1 checkout (release/1.0.0)")
    places: dict[str, int] = {}
    for number, line in enumerate(text.rstrip("\n").split("\n"), start=1):
        try:
            row = json.loads(line)
        except ValueError as err:
            raise UserError(f"{path}:{number}: not JSON ({err})") from err
        if not isinstance(row, dict) or not all(isinstance(row.get(field), str) for field in fields):
            raise UserError(f"{path}:{number}: expected an object with the texts {', '.join(fields)}")
        if row["task_id"] in places:
            raise UserError(f"{path}:{number}: {row['task_id']} is at line {places[row['task_id']]} already")
        places[row["task_id"]] = number
        yield f"{path}:{number}", row


def _problem(row: dict[str, str], description: str, *, benchmark: str) -> Problem:
    """Raises ValueError for a test that is not whole."""
    before, start, rest = row["test"].partition("module reference_module")
    body, end, testbench = rest.partition("endmodule")
    if not start or not end:
        raise ValueError("it has no reference_module")
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
