"""CodeContests from its published layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.python.suite import read_suite
from verireason.data import code_contests
from verireason.errors import UserError
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks" / "codecontests"
ROW = {
    "name": "1_A",
    "description": "Print 1.",
    "public_tests": {"input": [""], "output": ["1"]},
    "private_tests": {"input": [], "output": []},
    "generated_tests": None,
    "source": 2,
    "solutions": {"language": [3], "solution": ["print(1)"]},
    "cf_rating": 800,
    "time_limit": None,
    "memory_limit_bytes": 0,
    "input_file": "",
    "output_file": "",
}


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    return {problem.id: problem for problem in code_contests.load(FIXTURES).problems}


def test_tests_of_all_three_kinds_are_there_under_their_names(problems: dict[str, Problem]) -> None:
    suite = read_suite(problems["test/0"].spec.testbench)
    assert [(test.id, test.stdin, test.expected) for test in suite.stdio] == [
        ("public-0", "1 2\n", "3\n"), ("private-0", "5 5\n", "10\n"),
        ("generated-0", "0 0\n", "0\n"), ("generated-1", "-1 1\n", "0\n"),
    ]  # fmt: skip
    assert suite.comparator.name == "tokens@1"


def test_the_golden_is_the_first_program_in_python_3(problems: dict[str, Problem]) -> None:
    assert problems["test/0"].golden == "a, b = map(int, input().split())\nprint(a + b)\n"


def test_limits_are_the_rows_within_bounds(problems: dict[str, Problem]) -> None:
    limits = [(problem.spec.limits.cpu_s, problem.spec.limits.mem_mb) for problem in problems.values()]
    assert limits == [(4.5, 256), (3.0, 1024)]


def test_the_site_and_the_rating_are_kept(problems: dict[str, Problem]) -> None:
    assert [(problem.category, problem.difficulty) for problem in problems.values()] == [
        ("codeforces", 3), ("codeforces", 0),
    ]  # fmt: skip


def test_a_problem_with_files_of_its_own_is_left_out() -> None:
    assert code_contests.load(FIXTURES).left_out == {"valid/0": "it has an input file, input.txt"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"public_tests": {"input": ["1"], "output": []}},
            "field public_tests is not an object with the lists input and",
        ),
        ({"public_tests": "[{"}, "field public_tests is not JSON (Expecting property name"),
        ({"solutions": [["print(1)"]]}, "field solutions is not an object with the lists language and solution"),
        ({"time_limit": 3}, "field time_limit is not an object with seconds and nanos"),
        ({"memory_limit_bytes": "256 MB"}, "field memory_limit_bytes is not a number"),
        ({"description": None}, "field description is null; expected a text"),
        ({"input_file": 3}, "field input_file is an int; expected a text"),
    ],
)
def test_a_bad_row_is_one_line_that_names_file_and_line(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    (tmp_path / "test.jsonl").write_text(json.dumps({**ROW, **change}))
    with pytest.raises(UserError) as raised:
        code_contests.load(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'test.jsonl'}:1: {message}")
    assert "\n" not in str(raised.value)


def test_a_problem_without_python_3_has_no_golden(tmp_path: Path) -> None:
    solutions = {"language": [1, 2], "solution": ["print 1", "int main() {}"]}
    (tmp_path / "train.jsonl").write_text(json.dumps({**ROW, "solutions": solutions}))
    (problem,) = code_contests.load(tmp_path).problems
    assert (problem.golden, problem.split) == ("", "train")
