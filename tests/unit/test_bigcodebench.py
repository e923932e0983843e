"""BigCodeBench from its published layout: calls where they can be, a program elsewhere, and what is not supported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.inbox.values import decode
from sim.python.suite import Style, read_suite
from verireason.data import bigcodebench
from verireason.errors import UserError
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks" / "bigcodebench"
ROW = {
    "task_id": "BigCodeBench/1",
    "complete_prompt": 'def task_func(n):\n    """Return n."""\n',
    "code_prompt": "def task_func(n):\n",
    "canonical_solution": "    return n\n",
    "test": "import unittest\nclass TestCases(unittest.TestCase):\n    def test_1(self):\n        self.assertEqual(task_func(1), 1)",
    "entry_point": "task_func",
}


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    return {problem.id: problem for problem in bigcodebench.load(FIXTURES).problems}


def test_what_is_not_supported_is_named() -> None:
    assert bigcodebench.load(FIXTURES).left_out == {
        "BigCodeBench/9003": "needs pandas, sklearn",
        "BigCodeBench/9004": "its tests replace parts of modules (unittest.mock), and run in a process of their own",
        "BigCodeBench/9005": "needs a network: it imports urllib.request",
        "BigCodeBench/9006": "its tests look at what is printed (sys.stdout), and run in a process of their own",
    }


def test_answers_may_go_on_from_the_prompt(problems: dict[str, Problem]) -> None:
    problem = problems["BigCodeBench/9000"]
    assert problem.header is not None
    assert problem.header.strip() == problem.prompt
    assert problem.golden.startswith(problem.header)
    assert problem.spec.top == "task_func"


def test_asserts_on_one_call_with_literals_are_calls(problems: dict[str, Problem]) -> None:
    suite = read_suite(problems["BigCodeBench/9000"].spec.testbench)
    assert [(decode(test.args), decode(test.expected or "")) for test in suite.calls] == [
        (["banana"], {"a": 3}),
        ([""], {}),
    ]


def test_the_prompts_imports_and_constants_are_there_for_candidate_and_tests(problems: dict[str, Problem]) -> None:
    suite = read_suite(problems["BigCodeBench/9000"].spec.testbench)
    assert suite.setup == "import re\nfrom collections import Counter\nVOWELS = 'aeiou'\n"
    assert suite.program is not None
    assert suite.program.prelude == suite.setup
    assert suite.program.style is Style.UNITTEST
    assert "test_case_3" in suite.program.source
    assert "test_case_1" not in suite.program.source


def test_no_call_is_taken_out_of_tests_with_a_set_up(problems: dict[str, Problem]) -> None:
    suite = read_suite(problems["BigCodeBench/9001"].spec.testbench)
    assert suite.calls == ()
    assert suite.program is not None
    assert suite.program.source.count("def test_case_") == 3


def test_numpy_is_loaded_beforehand_where_it_is_used(problems: dict[str, Problem]) -> None:
    assert [read_suite(problem.spec.testbench).libraries for problem in problems.values()] == [(), (), ("numpy",)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"test": "class TestCases(:"}, "its test code is not Python 3"),
        ({"canonical_solution": "    return (\n"}, "its reference is not Python 3"),
        ({"code_prompt": "def task_func(n:"}, "its prompt is not Python 3"),
    ],
)
def test_code_that_does_not_parse_is_left_out(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    (tmp_path / "v0.1.4.jsonl").write_text(json.dumps({**ROW, **change}))
    assert bigcodebench.load(tmp_path).left_out == {"BigCodeBench/1": reason}


@pytest.mark.parametrize(
    "field", ["task_id", "complete_prompt", "code_prompt", "canonical_solution", "test", "entry_point"]
)
def test_a_row_without_a_field_is_one_line_that_names_file_and_line(tmp_path: Path, field: str) -> None:
    (tmp_path / "BigCodeBench-v0.1.4.jsonl").write_text(json.dumps({**ROW, field: None}))
    with pytest.raises(UserError) as raised:
        bigcodebench.load(tmp_path)
    path = tmp_path / "BigCodeBench-v0.1.4.jsonl"
    assert str(raised.value) == f"{path}:1: field {field} is null; expected a text"


def test_two_problems_of_one_id_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "v0.1.4.jsonl").write_text(f"{json.dumps(ROW)}\n{json.dumps(ROW)}\n")
    with pytest.raises(
        UserError, match=r"v0\.1\.4\.jsonl:2: problem BigCodeBench/1 is at .*:1 already; ids are unique"
    ):
        bigcodebench.load(tmp_path)
