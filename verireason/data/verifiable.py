"""Programming problems that were collected for training, from the layouts of the hub.

* PRIME's Eurus-2-RL-Data (MIT): rows with ability "code"; the tests are in `reward_model.ground_truth`. No solutions.
* DeepCoder-Preview-Dataset (MIT), a directory for each of primeintellect, taco, lcbv5 and codeforces. Of a problem's
  tests the 15 with the longest inputs are kept, as its authors trained.
* open-r1's verifiable-coding-problems-python (no licence stated): `verification_info` with `test_cases`.

What is printed is compared line by line, as LiveCodeBench does. open-r1/codeforces is not read: its answers need
checkers that are programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from verireason.data.loaded import LeftOut, Loaded, collect
from verireason.data.pairs import (
    CONTEST_SETUP,
    Pairs,
    first_python,
    make_limits,
    make_prompt,
    make_spec,
    make_suite,
    read_pairs,
)
from verireason.data.rows import Row, Source, read_rows
from verireason.problem import Problem

PRIME = "prime-code"
DEEPCODER = "deepcoder"
OPEN_R1 = "open-r1-code"
PRIME_SOURCE = Source(hub="PRIME-RL/Eurus-2-RL-Data", parts=("train", "validation"), hub_files=("train.parquet",))
DEEPCODER_SOURCE = Source(
    hub="agentica-org/DeepCoder-Preview-Dataset",
    parts=("train", "test"),
    hub_files=tuple(f"{name}/train-*.parquet" for name in ("primeintellect", "taco", "lcbv5")),
)
OPEN_R1_SOURCE = Source(
    hub="open-r1/verifiable-coding-problems-python",
    parts=("train", "test"),
    hub_files=("data/train-*.parquet",),
)
MAX_TESTS = 15
"""Of a problem of DeepCoder."""
CPU_S = {PRIME: 10.0, DEEPCODER: 12.0, OPEN_R1: 5.0}
"""Of a test, as in the published graders."""

_ANSWER_FORMAT = "\n\nWrite Python code to solve the problem. Present the code in"
"""Where the words about the form of an answer begin that end PRIME's questions."""


def load_prime(root: Path) -> Loaded:
    """The programming problems of Eurus-2-RL-Data. UserError for a directory that holds none."""
    rows = (row for row in read_rows(root, PRIME_SOURCE) if row.fields.get("ability") == "code")
    return collect(rows, name=lambda row: f"{row.part}/{row.index}", build=_prime_problem)


def load_deepcoder(root: Path) -> Loaded:
    """The problems of DeepCoder. UserError for a directory that holds none."""
    rows = read_rows(root, DEEPCODER_SOURCE)
    return collect(rows, name=lambda row: f"{row.directory}/{row.part}/{row.index}", build=_deepcoder_problem)


def load_open_r1(root: Path) -> Loaded:
    """The problems of open-r1. UserError for a directory that holds none."""
    return collect(read_rows(root, OPEN_R1_SOURCE), name=lambda row: row.text("problem_id"), build=_open_r1_problem)


def _prime_problem(row: Row, problem_id: str) -> Problem:
    model = row.json("reward_model")
    if not isinstance(model, Mapping) or not isinstance(model.get("ground_truth"), str):
        raise row.wrong("field reward_model is not an object with the text ground_truth")
    truth = replace(row, fields={"ground_truth": model["ground_truth"]})
    question = _question(row)
    return _problem(
        row, problem_id, PRIME, question=question, golden="", shown=question, licence="MIT",
        pairs=read_pairs(truth.json("ground_truth"), row, "ground_truth"), category=row.text("data_source"),
    )  # fmt: skip


def _question(row: Row) -> str:
    messages = row.json("prompt")
    texts = [
        str(message["content"])
        for message in (messages if isinstance(messages, list) else [])
        if isinstance(message, Mapping) and message.get("role") == "user" and isinstance(message.get("content"), str)
    ]
    if not texts:
        raise row.wrong("field prompt is not a list of messages with one of the role user")
    return texts[-1].partition(_ANSWER_FORMAT)[0]


def _deepcoder_problem(row: Row, problem_id: str) -> Problem:
    tests = row.json("tests")
    pairs = read_pairs(tests, row, "tests") if isinstance(tests, Mapping) else _listed_pairs(tests, row, "tests")
    solutions = row.json("solutions") or []
    if not isinstance(solutions, list) or not all(isinstance(solution, str) for solution in solutions):
        raise row.wrong("field solutions is not a list of texts")
    golden = first_python(solutions)
    starter = row.text_or_none("starter_code") or ""
    return _problem(
        row, problem_id, DEEPCODER, question=row.text("problem"), golden=golden, shown=starter or golden,
        licence="MIT", pairs=_longest(pairs), category=row.directory, starter=starter,
    )  # fmt: skip


def _longest(pairs: Pairs) -> Pairs:
    """The tests with the longest inputs, in their order and under their numbers."""
    if len(pairs.inputs) != len(pairs.outputs):
        return pairs
    order = sorted(range(len(pairs.inputs)), key=lambda place: -len(pairs.inputs[place]))
    kept = sorted(order[:MAX_TESTS])
    return replace(
        pairs,
        inputs=[pairs.inputs[place] for place in kept],
        outputs=[pairs.outputs[place] for place in kept],
        ids=[str(place) for place in kept],
    )


def _open_r1_problem(row: Row, problem_id: str) -> Problem:
    checked = row.json("verification_info")
    if not isinstance(checked, Mapping) or "test_cases" not in checked:
        raise row.wrong("field verification_info is not an object with test_cases")
    if checked.get("language") != "python":
        raise LeftOut(f"its language is {checked.get('language')}")
    golden = first_python([row.text_or_none("gold_standard_solution") or ""])
    question = row.text_or_none("problem_statement") or row.text("problem")
    return _problem(
        row, problem_id, OPEN_R1, question=question, golden=golden, shown=golden or question, licence="unstated",
        pairs=_listed_pairs(checked["test_cases"], row, "verification_info"),
        category=row.text_or_none("source") or "unknown", setup="",
    )  # fmt: skip


def _problem(
    row: Row, problem_id: str, benchmark: str, *, question: str, golden: str, shown: str, licence: str, pairs: Pairs,
    category: str, starter: str = "", setup: str = CONTEST_SETUP,
) -> Problem:  # fmt: skip
    suite = make_suite(pairs, shown=shown, setup=setup)
    return Problem(
        id=problem_id,
        benchmark=benchmark,
        prompt=make_prompt(question, suite, starter),
        spec=make_spec(suite, make_limits(cpu_s=CPU_S[benchmark])),
        golden=golden,
        split="train" if row.part == "train" else "test",
        licence=licence,
        category=category,
        difficulty=0,
    )


def _listed_pairs(tests: Any, row: Row, field: str) -> Pairs:
    """Tests as a list of objects with input, output and, for a function, its name."""
    if not isinstance(tests, list) or not all(
        isinstance(test, Mapping) and "input" in test and "output" in test for test in tests
    ):
        raise row.wrong(f"field {field} is not a list of objects with input and output")
    names = {_function(test, row) for test in tests} or {None}
    if len(names) > 1:
        raise LeftOut(f"its tests call {len(names)} things")
    (name,) = names
    return Pairs(
        inputs=[test["input"] for test in tests], outputs=[test["output"] for test in tests], function=name,
        as_apps=all(test.get("testtype") != "functional" for test in tests),
    )  # fmt: skip


def _function(test: Mapping[str, Any], row: Row) -> str | None:
    """What a test calls; None for a program. DeepCoder names it in the row's metadata for what is LiveCodeBench's."""
    if test.get("testtype") == "functional":
        metadata = row.json("metadata")
        name = metadata.get("func_name") if isinstance(metadata, Mapping) else None
    else:
        name = test.get("fn_name") or None
    if name is not None and not isinstance(name, str):
        raise row.wrong("the name of its function is not a text")
    if name is None and (test.get("testtype") == "functional" or test.get("type") == "function_call"):
        raise LeftOut("its function has no name")
    return name
