"""APPS (hendrycks, MIT) and TACO (FlagOpen, Apache-2.0), from the layout of the hub.

Rows have `question`, `solutions` (JSON: programs), `input_output` (JSON: `inputs`, `outputs`, perhaps `fn_name`),
`starter_code` and `difficulty`; APPS `problem_id` or `id`, unique within a part; TACO `source`, `time_limit` and
`memory_limit`. Rows without tests are left out: 1,235 of the 5,000 for testing in APPS have no solution either.

The published graders compare what is printed as sets of lines and of words in the end, which accepts wrong answers.
Here lines are compared as LiveCodeBench does. `output_spj.jsonl` of the TACO repository, if it lies in the root, says
which problems of TACO's test part need more: those with several right answers are left out, those where letter case
or the last digits are free are compared word by word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import partial
from pathlib import Path

from sim.python.suite import Comparator
from verireason.data.loaded import LeftOut, Loaded, collect
from verireason.data.pairs import (
    APPS_SETUP,
    LINES,
    TOKENS,
    first_python,
    make_limits,
    make_prompt,
    make_spec,
    make_suite,
    read_pairs,
)
from verireason.data.rows import Row, Source, parse_json, read_rows
from verireason.errors import UserError
from verireason.problem import Problem

NAME = "apps"
TACO = "taco"
SOURCE = Source(hub="codeparrot/apps", parts=("train", "test"), hub_files=("test.jsonl",))
TACO_SOURCE = Source(hub="BAAI/TACO", parts=("train", "test"), hub_files=("ALL/test-*.parquet",))
SPECIAL_JUDGES = "output_spj.jsonl"
CPU_S = 4.0
"""Of a test, in the published graders. A longer limit of the row's counts instead; a shorter one was meant for compiled
programs."""

_DIFFICULTIES = ("introductory", "interview", "competition")
_TACO_DIFFICULTIES = ("EASY", "MEDIUM", "MEDIUM_HARD", "HARD", "VERY_HARD")
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?")


class SpecialJudge(IntEnum):
    """What a problem of TACO's test part needs beyond a comparison; the number in `output_spj.jsonl`."""

    NONE = 0
    SEVERAL_ANSWERS = 1
    CASE = 2
    DIGITS = 3


def load(root: Path) -> Loaded:
    """The problems of APPS. UserError for a directory that holds none."""
    return collect(read_rows(root, SOURCE), name=_apps_id, build=_apps_problem)


def load_taco(root: Path) -> Loaded:
    """The problems of TACO. UserError for a directory that holds none."""
    judges = _special_judges(root / SPECIAL_JUDGES)
    build = partial(_taco_problem, judges=judges)
    return collect(read_rows(root, TACO_SOURCE), name=lambda row: f"{row.part}/{row.index}", build=build)


def _apps_id(row: Row) -> str:
    number = row.fields.get("problem_id", row.fields.get("id"))
    if not isinstance(number, int):
        raise row.wrong("neither problem_id nor id is a whole number")
    return f"{row.part}/{number}"


def _apps_problem(row: Row, problem_id: str) -> Problem:
    difficulty = row.text("difficulty")
    return _problem(
        row, problem_id, benchmark=NAME, licence="MIT", stdio=LINES,
        category=difficulty, difficulty=_place(difficulty, _DIFFICULTIES),
    )  # fmt: skip


def _taco_problem(row: Row, problem_id: str, *, judges: Mapping[int, SpecialJudge]) -> Problem:
    judge = judges.get(row.index, SpecialJudge.NONE) if row.part == "test" else SpecialJudge.NONE
    if judge is SpecialJudge.SEVERAL_ANSWERS:
        raise LeftOut("several answers are right; its special judge is not published")
    return _problem(
        row, problem_id, benchmark=TACO, licence="Apache-2.0", stdio=TOKENS if judge else LINES,
        category=row.text_or_none("source") or "unknown",
        difficulty=_place(row.text_or_none("difficulty"), _TACO_DIFFICULTIES),
    )  # fmt: skip


def _problem(
    row: Row, problem_id: str, *, benchmark: str, licence: str, stdio: Comparator, category: str, difficulty: int
) -> Problem:
    tests = row.json("input_output") if row.fields.get("input_output") else {}
    starter = row.text_or_none("starter_code") or ""
    golden = first_python(_solutions(row))
    suite = make_suite(
        read_pairs(tests, row, "input_output"), shown=starter or golden, stdio=stdio, setup=APPS_SETUP,
        libraries=("numpy",),
    )  # fmt: skip
    limits = make_limits(
        cpu_s=max(CPU_S, _number(row.text_or_none("time_limit")) or 0),
        mem_mb=_number(row.text_or_none("memory_limit")),
    )
    return Problem(
        id=problem_id,
        benchmark=benchmark,
        prompt=make_prompt(row.text("question"), suite, starter),
        spec=make_spec(suite, limits),
        golden=golden,
        split=row.part,
        licence=licence,
        category=category,
        difficulty=difficulty,
    )


def _solutions(row: Row) -> Iterable[str]:
    solutions = row.json("solutions") if row.fields.get("solutions") else []
    if not isinstance(solutions, list) or not all(isinstance(solution, str) for solution in solutions):
        raise row.wrong("field solutions is not a list of texts")
    return solutions


def _place(word: str | None, words: tuple[str, ...]) -> int:
    """From 1; 0 for a word that is not one of them."""
    return words.index(word) + 1 if word in words else 0


def _number(limit: str | None) -> float | None:
    """The number in "2.0 seconds" or "256.0 megabytes"; None when there is none."""
    found = _NUMBER.match(limit or "")
    return float(found[0]) or None if found else None


def _special_judges(path: Path) -> dict[int, SpecialJudge]:
    """Index in the test part to what it needs; empty when the file is not there."""
    judges: dict[int, SpecialJudge] = {}
    if not path.is_file():
        return judges
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = parse_json(line)
            judges[row["idx"]] = SpecialJudge(row["case"])
        except (ValueError, KeyError, TypeError) as err:
            raise UserError(f"{path}:{number}: expected an object with idx and case (0 to 3)") from err
    return judges
