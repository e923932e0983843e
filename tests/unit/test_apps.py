"""APPS and TACO from their published layout, and every way in which a row can be wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sim.inbox.values import decode
from sim.python.suite import read_suite
from verireason.data import apps
from verireason.errors import UserError
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks"
ROW = {
    "problem_id": 7,
    "question": "Print 1.",
    "solutions": '["print(1)"]',
    "input_output": '{"inputs": [""], "outputs": ["1"]}',
    "difficulty": "interview",
    "starter_code": "",
}


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    return {problem.id: problem for problem in apps.load(FIXTURES / "apps").problems}


@pytest.fixture(scope="module")
def taco() -> dict[str, Problem]:
    return {problem.id: problem for problem in apps.load_taco(FIXTURES / "taco").problems}


def test_the_parts_of_apps_number_their_problems_each(problems: dict[str, Problem]) -> None:
    assert sorted(problems) == ["test/0", "test/2", "test/3", "train/0", "train/1", "train/2"]
    assert {problem.split for problem in problems.values()} == {"test", "train"}


def test_a_problem_without_tests_is_left_out_and_named() -> None:
    assert apps.load(FIXTURES / "apps").left_out == {"test/1": "no tests"}


def test_every_mode_of_apps(problems: dict[str, Problem]) -> None:
    entries = {problem_id: read_suite(problem.spec.testbench).entry for problem_id, problem in problems.items()}
    assert entries == {
        "train/0": "", "train/1": "running_totals", "train/2": "Solution.longest",
        "test/0": "", "test/2": "weigh", "test/3": "twice",
    }  # fmt: skip
    assert {problem.spec.verifier for problem in problems.values()} == {"python"}
    assert problems["train/0"].spec.top == "main"


def test_tests_of_apps_mean_what_was_published(problems: dict[str, Problem]) -> None:
    def pairs(problem_id: str) -> list[tuple[Any, Any]]:
        calls = read_suite(problems[problem_id].spec.testbench).calls
        return [(decode(test.args), decode(test.expected)) for test in calls]

    assert pairs("train/1") == [([[1, 2, 3]], [1, 3, 6]), ([[]], [])]
    assert pairs("train/2") == [([["a", "abc"]], 3), ([[]], 0)]
    assert pairs("test/2") == [([{1: 2, 10: 3}], 32), ([{}], 0)]
    big = (10**5000 - 1) // 9 * 7
    assert pairs("test/3") == [([big], 2 * big), ([-4], -8)]
    assert read_suite(problems["test/0"].spec.testbench).stdio[0].stdin == "2\nabc\nde"


def test_the_golden_is_python_3(problems: dict[str, Problem]) -> None:
    assert problems["train/0"].golden.startswith("a, b = map(int, input()")


def test_limits_of_taco_are_the_rows_where_they_are_longer(taco: dict[str, Problem]) -> None:
    limits = {
        problem_id: (problem.spec.limits.cpu_s, problem.spec.limits.mem_mb) for problem_id, problem in taco.items()
    }
    assert limits == {"test/0": (8.0, 256), "test/2": (4.0, 1024), "test/3": (4.0, 1024)}


def test_problems_of_taco_with_a_special_judge_are_left_out_or_compared_by_words(taco: dict[str, Problem]) -> None:
    assert list(apps.load_taco(FIXTURES / "taco").left_out) == ["test/1"]
    names = {problem_id: read_suite(problem.spec.testbench).comparator.name for problem_id, problem in taco.items()}
    assert names == {"test/0": "lines@1", "test/2": "tokens@1", "test/3": "lcb-call@1"}


def test_difficulties_are_numbers(problems: dict[str, Problem], taco: dict[str, Problem]) -> None:
    assert [problems[key].difficulty for key in ("train/0", "train/2", "test/0")] == [1, 2, 3]
    assert [taco[key].difficulty for key in ("test/0", "test/2", "test/3")] == [1, 3, 0]


def test_loading_changes_no_limit_of_the_interpreter() -> None:
    before = sys.get_int_max_str_digits()
    apps.load(FIXTURES / "apps")
    assert sys.get_int_max_str_digits() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_output": '{"inputs": ['}, "test.jsonl:1: field input_output is not JSON (Expecting value"),
        (
            {"input_output": "[1]"},
            "test.jsonl:1: field input_output is not an object with the lists inputs and outputs",
        ),
        ({"input_output": '{"inputs": "1"}'}, "field input_output is not an object with the lists inputs and outputs"),
        (
            {"input_output": '{"inputs": [1], "outputs": [1], "fn_name": 3}'},
            "field input_output: fn_name is not a text",
        ),
        ({"input_output": "[" * 100_000}, "test.jsonl:1: field input_output is not JSON (nested too deep)"),
        ({"solutions": '{"a": 1}'}, "test.jsonl:1: field solutions is not a list of texts"),
        ({"solutions": "print(1)"}, "test.jsonl:1: field solutions is not JSON"),
        ({"question": None}, "test.jsonl:1: field question is null; expected a text"),
        ({"problem_id": "7"}, "test.jsonl:1: neither problem_id nor id is a whole number"),
    ],
)
def test_a_bad_row_is_one_line_that_names_file_and_line(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    (tmp_path / "test.jsonl").write_text(json.dumps({**ROW, **change}))
    with pytest.raises(UserError) as raised:
        apps.load(tmp_path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_two_problems_of_one_id_are_an_error_that_names_both(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text(f"{json.dumps(ROW)}\n{json.dumps(ROW)}\n")
    with pytest.raises(UserError) as raised:
        apps.load(tmp_path)
    path = tmp_path / "test.jsonl"
    assert str(raised.value) == f"{path}:2: problem test/7 is at {path}:1 already; ids are unique"


def test_a_bad_list_of_special_judges_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text(json.dumps(ROW))
    (tmp_path / apps.SPECIAL_JUDGES).write_text('{"idx": 0, "case": 0}\n{"idx": 1, "case": 9}\n')
    with pytest.raises(UserError, match=r"output_spj\.jsonl:2: expected an object with idx and case \(0 to 3\)"):
        apps.load_taco(tmp_path)
