"""RTLCoder's Resyn27k (hkust-zhiyao, no licence stated) and VeriThoughts (wilyub, no licence stated).

Questions with a model's design and no testbench: what a candidate has to equal is that design
(`verireason.data.random_testbench`). Neither set promises that its designs do what the question says.

* Resyn27k: lines of {Instruction, Response: [design]}; the first response counts.
* VeriThoughts: question, ground_truth, and verified: whether the published formal check found another model's design
  equal. Rows that say no are left out, as in the published evaluation.
"""

from __future__ import annotations

from pathlib import Path

from verireason.data.designs import code_in, draft, top_of
from verireason.data.loaded import LeftOut, Loaded, collect
from verireason.data.rows import Row, Source, read_rows
from verireason.problem import Problem

NAME = "rtlcoder"
VERITHOUGHTS = "verithoughts"
SOURCE = Source(hub="hkust-zhiyao/RTL-Coder", parts=("Resyn",), hub_files=())
VERITHOUGHTS_SOURCE = Source(
    hub="wilyub/VeriThoughtsTrainSet",
    parts=("train", "test", "VeriThoughts", "verithoughts", "benchmark", "data"),
    hub_files=("data/train-*.parquet",),
)


def load(root: Path) -> Loaded:
    """Drafts of RTLCoder's problems. UserError for a directory that holds none."""
    return collect(read_rows(root, SOURCE), name=lambda row: f"resyn/{row.index}", build=_resyn_problem)


def load_verithoughts(root: Path) -> Loaded:
    """Drafts of VeriThoughts' problems. UserError for a directory that holds none."""
    rows = read_rows(root, VERITHOUGHTS_SOURCE)
    return collect(rows, name=lambda row: f"{row.part}/{row.index}", build=_verithoughts_problem)


def _resyn_problem(row: Row, problem_id: str) -> Problem:
    responses = row.json("Response")
    if not isinstance(responses, list) or not all(isinstance(each, str) for each in responses):
        raise row.wrong("field Response is not a list of texts")
    if not responses:
        raise LeftOut("it has no response")
    return _problem(problem_id, NAME, row.text("Instruction"), responses[0])


def _verithoughts_problem(row: Row, problem_id: str) -> Problem:
    verified = row.fields.get("verified", True)
    if verified not in (True, False, "True", "False", "true", "false"):
        raise row.wrong("field verified is neither true nor false")
    question, truth = row.text("question"), row.text("ground_truth")
    if str(verified).lower() == "false":
        raise LeftOut("it is not verified")
    return _problem(problem_id, VERITHOUGHTS, question, truth)


def _problem(problem_id: str, benchmark: str, instruction: str, answer: str) -> Problem:
    golden = code_in(answer)
    return draft(id=problem_id, benchmark=benchmark, instruction=instruction, golden=golden, top=top_of(golden))
