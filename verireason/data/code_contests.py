"""CodeContests (google-deepmind, CC-BY-4.0), from the layout of the hub.

Rows have `description`, `source`, `cf_rating`, `time_limit` ({seconds, nanos}), `memory_limit_bytes`, the tests as
`public_tests`, `private_tests` and `generated_tests` ({input: [], output: []}), and `solutions` ({language: [],
solution: []}). What is printed is compared word by word, as the published tester does.

Left out are problems that read or write files of their own name. Problems with several right answers cannot be told
apart: their checkers were not published, and right programs fail them. `incorrect_solutions` are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any

from verireason.data.loaded import LeftOut, Loaded, collect
from verireason.data.pairs import TOKENS, Pairs, first_python, make_limits, make_prompt, make_spec, make_suite
from verireason.data.rows import Row, Source, read_rows
from verireason.problem import Problem

NAME = "codecontests"
SOURCE = Source(hub="deepmind/code_contests", parts=("train", "valid", "test"), hub_files=("data/test-*.parquet",))
CPU_S = 3.0
"""Of a test. A longer limit of the row's counts instead; a shorter one was meant for compiled programs."""

_PYTHON_3 = 3
"""Number of the language; 1 is Python 2."""
_TESTS = {"public_tests": "public", "private_tests": "private", "generated_tests": "generated"}
"""Field to the first word of its tests' ids."""
_RATING_STEP = 400


class Site(IntEnum):
    """Where a problem comes from; the numbers of `source`."""

    UNKNOWN = 0
    CODECHEF = 1
    CODEFORCES = 2
    HACKEREARTH = 3
    CODEJAM = 4
    ATCODER = 6
    AIZU = 7


def load(root: Path) -> Loaded:
    """The problems of all parts that are there. UserError for a directory that holds none."""
    return collect(read_rows(root, SOURCE), name=lambda row: f"{row.part}/{row.index}", build=_problem)


def _problem(row: Row, problem_id: str) -> Problem:
    for field in ("input_file", "output_file"):
        if name := row.text_or_none(field):
            raise LeftOut(f"it has an {field.replace('_', ' ')}, {name[:40]}")
    suite = make_suite(_pairs(row), shown="", stdio=TOKENS)
    limits = make_limits(cpu_s=max(CPU_S, _seconds(row)), mem_mb=_number(row, "memory_limit_bytes") / 2**20 or None)
    return Problem(
        id=problem_id,
        benchmark=NAME,
        prompt=make_prompt(row.text("description"), suite),
        spec=make_spec(suite, limits),
        golden=first_python(_solutions(row)),
        split="train" if row.part == "train" else "test",
        licence="CC-BY-4.0",
        category=_site(row),
        difficulty=int(_number(row, "cf_rating")) // _RATING_STEP,
    )


def _pairs(row: Row) -> Pairs:
    inputs: list[Any] = []
    outputs: list[Any] = []
    ids: list[str] = []
    for field, word in _TESTS.items():
        given, wanted = _columns(row, field, "input", "output")
        inputs += given
        outputs += wanted
        ids += [f"{word}-{number}" for number in range(len(given))]
    return Pairs(inputs=inputs, outputs=outputs, function=None, ids=ids)


def _solutions(row: Row) -> Iterator[str]:
    languages, solutions = _columns(row, "solutions", "language", "solution")
    return (text for language, text in zip(languages, solutions, strict=True) if language == _PYTHON_3)


def _columns(row: Row, field: str, first: str, second: str) -> tuple[list[Any], list[Any]]:
    """Two lists of the same length in an object; both empty where the field is null."""
    value = row.json(field) or {first: [], second: []}
    if isinstance(value, dict):
        one, other = value.get(first), value.get(second)
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            return one, other
    raise row.wrong(f"field {field} is not an object with the lists {first} and {second} of one length")


def _seconds(row: Row) -> float:
    limit = row.json("time_limit") or {}
    if not isinstance(limit, dict):
        raise row.wrong("field time_limit is not an object with seconds and nanos")
    return float(limit.get("seconds") or 0) + float(limit.get("nanos") or 0) / 1e9


def _number(row: Row, field: str) -> float:
    """0 where the field is null, as where the source does not say."""
    value = row.fields.get(field) or 0
    if not isinstance(value, int | float):
        raise row.wrong(f"field {field} is not a number")
    return value


def _site(row: Row) -> str:
    number = int(_number(row, "source"))
    return Site(number).name.lower() if number in list(Site) else Site.UNKNOWN.name.lower()
