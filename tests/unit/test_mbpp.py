"""MBPP and MBPP+ from their published layouts, and every way in which a row can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.inbox.values import decode
from sim.python.suite import Comparator, Suite, View, read_suite
from verireason.data import mbpp
from verireason.data.mbpp_types import typed
from verireason.errors import UserError
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks"
ROW = {
    "task_id": 9,
    "text": "Write a function that doubles.",
    "code": "def double(x):\r\n    return 2 * x",
    "test_setup_code": "",
    "test_list": ["assert double(2) == 4"],
    "challenge_test_list": [],
}
PLUS_ROW = {
    "task_id": "Mbpp/9",
    "prompt": '"""\nWrite a function that doubles.\nassert double(2) == 4\n"""\n',
    "entry_point": "double",
    "canonical_solution": "def double(x):\n    return 2 * x\n",
    "base_input": [[2]],
    "plus_input": [[3]],
    "atol": 0,
}


def suite_of(problem: Problem) -> Suite:
    return read_suite(problem.spec.testbench)


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    found = [*mbpp.load(FIXTURES / "mbpp").problems, *mbpp.load_sanitized(FIXTURES / "mbpp").problems]
    return {problem.id: problem for problem in found}


@pytest.fixture(scope="module")
def plus() -> dict[str, Problem]:
    return {problem.id: problem for problem in mbpp.load_plus(FIXTURES / "mbppplus").problems}


def test_both_parts_are_told_apart_in_one_directory(problems: dict[str, Problem]) -> None:
    benchmarks = [(problem.id, problem.benchmark) for problem in problems.values()]
    assert benchmarks == [
        ("Mbpp/9001", "mbpp"), ("Mbpp/9002", "mbpp"), ("Mbpp/9003", "mbpp"),
        ("Mbpp/9004", "mbpp-sanitized"), ("Mbpp/9005", "mbpp-sanitized"),
    ]  # fmt: skip


def test_models_are_shown_the_tests(problems: dict[str, Problem]) -> None:
    problem = problems["Mbpp/9001"]
    assert problem.prompt == (
        "Write a function that adds two numbers.\n\nYour code should pass these tests:\n\n"
        "assert add(1, 2) == 3\nassert add(-1, 1) == 0 \nassert add(0.5, 0.25)==0.75"
    )
    assert problem.golden == "def add(a, b):\n    return a + b"
    assert (problem.header, problem.split, problem.licence) == (None, "test", "CC-BY-4.0")
    assert [(call.args, call.expected) for call in suite_of(problem).calls] == [
        ("[1,2]", "3"), ("[-1,1]", "0"), ("[0.5,0.25]", "0.75"),
    ]  # fmt: skip


def test_a_class_that_tests_take_from_the_candidate_is_named(problems: dict[str, Problem]) -> None:
    suite = suite_of(problems["Mbpp/9002"])
    assert (suite.entry, [call.id for call in suite.calls]) == ("length", ["2"])
    assert suite.program is not None
    assert suite.program.names == ("Link",)
    assert suite.program.source.startswith("one = Link()\ntwo = Link()\ntwo.after = Link()\nassert length(one) == 1\n")
    assert suite.program.ids == ("0", "1")


def test_what_the_reference_imports_is_there_for_the_tests(problems: dict[str, Problem]) -> None:
    suite = suite_of(problems["Mbpp/9003"])
    assert suite.program is not None
    assert suite.program.source.startswith("import sys\nassert size((1, 2)) == sys.getsizeof((1, 2))\n")
    assert suite.program.names == ()


def test_imports_of_the_tests_are_there_for_the_candidate(problems: dict[str, Problem]) -> None:
    suite = suite_of(problems["Mbpp/9004"])
    assert suite.setup == "import math"
    assert suite.calls[0].comparator == Comparator(name="isclose@1", rel=1e-3)
    assert suite_of(problems["Mbpp/9005"]).calls[0].views == (View.SET,)


def test_inputs_of_a_release_get_their_types(plus: dict[str, Problem]) -> None:
    assert decode(suite_of(plus["Mbpp/2"]).calls[0].args) == [(1, 2), (2, 3)]
    assert decode(suite_of(plus["Mbpp/63"]).calls[0].args) == [[(3, 5), (1, 7)]]
    assert decode(suite_of(plus["Mbpp/124"]).calls[1].args) == [2.5, -1j]
    assert all(call.expected is None for problem in plus.values() for call in suite_of(problem).calls)


@pytest.mark.parametrize(
    ("number", "arguments", "wanted"),
    [
        (1, [[1], "a"], [[1], "a"]),
        (106, [[1], [2]], [[1], (2,)]),
        (115, [[[1, 1], [], {}]], [[{1}, {}, {}]]),
        (252, ["1j"], [1j]),
        (278, [[1, [2], "a"]], [(1, (2,), "a")]),
        (307, [[1, [2]], 3, [4]], [(1, [2]), 3, [4]]),
        (401, [[[1, [2]]], [[3]]], [((1, [2]),), ((3,),)]),
        (444, [[[1], [2]], 3], [[(1,), (2,)], 3]),
        (580, [[1, [2, [3]]]], [(1, (2, (3,)))]),
        (722, [{"a": [1, 2]}, [3], 4], [{"a": (1, 2)}, [3], 4]),
    ],
)
def test_every_kind_of_change(number: int, arguments: list[Any], wanted: list[Any]) -> None:
    found = typed(number, arguments)
    assert (found, [type(value) for value in found]) == (wanted, [type(value) for value in wanted])
    if number == 115:
        assert [type(value) for value in found[0]] == [set, dict, dict]


def test_tasks_that_are_compared_otherwise(plus: dict[str, Problem]) -> None:
    comparators = {problem_id: suite_of(problem).comparator for problem_id, problem in plus.items()}
    assert comparators == {
        "Mbpp/2": Comparator(name="unordered@1"),
        "Mbpp/63": Comparator(name="close@1", rel=1e-7, abs=1e-6),
        "Mbpp/737": Comparator(name="close@1", rel=1e-7, abs=1e-6),
        "Mbpp/558": Comparator(name="close@1", rel=1e-7, abs=1e-6),
        "Mbpp/124": Comparator(name="close@1", rel=1e-7, abs=1e-4),
    }
    assert {call.views for call in suite_of(plus["Mbpp/737"]).calls} == {(View.BOOL,)}


def test_inputs_with_two_right_answers_are_left_out(plus: dict[str, Problem]) -> None:
    assert [call.id for call in suite_of(plus["Mbpp/558"]).calls] == ["base.0", "base.1", "plus.1"]


def test_prompts_of_both_layouts_are_alike(plus: dict[str, Problem]) -> None:
    hub = {problem.id: problem for problem in mbpp.load_plus(FIXTURES / "mbppplus-hub").problems}
    assert plus["Mbpp/2"].prompt == hub["Mbpp/2"].prompt == (
        "Write a function that gives what two tuples share.\nassert set(similar_elements((1, 2), (2, 3))) == set((2,))"
    )  # fmt: skip
    assert [decode(call.expected or "null") for call in suite_of(hub["Mbpp/2"]).calls] == [(2,), ()]
    assert decode(suite_of(hub["Mbpp/3"]).calls[2].expected or "null") == float("inf")
    assert suite_of(hub["Mbpp/3"]).comparator.abs == 1e-4
    assert [call.expected for call in suite_of(hub["Mbpp/88"]).calls] == [None, None]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"task_id": "nine"}, 'field task_id is neither a whole number nor like "Mbpp/2"'),
        ({"task_id": True}, "field task_id is neither"),
        ({"text": None}, "field text is null; expected a text"),
        ({"code": 1}, "field code is an int; expected a text"),
        ({"code": "def double(x"}, "field code does not parse: line 1: "),
        ({"code": "x = 1"}, "no function of field code is called by every assert of test_list"),
        ({"test_list": "assert"}, "field test_list is not a list of texts"),
        ({"test_list": []}, "no function of field code is called"),
        ({"test_list": ["assert double(2) == 4", "assert ("]}, "does not parse: line "),
        ({"test_list": ["assert double"]}, "no function of field code is called"),
        ({"test_setup_code": "x ="}, "does not parse: line 2: "),
    ],
)
def test_a_bad_row_is_one_line_that_names_the_place(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    (tmp_path / "mbpp.jsonl").write_text(f"{json.dumps(ROW)}\n{json.dumps({**ROW, 'task_id': 10, **changed})}\n")
    with pytest.raises(UserError) as raised:
        mbpp.load(tmp_path)
    assert "mbpp.jsonl:2: " in str(raised.value)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"canonical_solution": None}, "field canonical_solution is null; expected a text"),
        ({"task_id": "Mbpp/722", "base_input": [[1]]}, "an input is none of those that the task takes"),
        ({"task_id": "Mbpp/307", "base_input": [[]]}, "an input is none of those that the task takes"),
        ({"base_input": [], "plus_input": {}}, "a problem without inputs"),
        ({"test_imports": 3}, "field test_imports is not a list of texts"),
    ],
)
def test_a_bad_row_of_a_release_is_one_line(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    (tmp_path / "MbppPlus.jsonl").write_text(json.dumps({**PLUS_ROW, **changed}))
    with pytest.raises(UserError) as raised:
        mbpp.load_plus(tmp_path)
    assert f"MbppPlus.jsonl:1: {message}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_same_task_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "mbpp.jsonl").write_text(f"{json.dumps(ROW)}\n{json.dumps({**ROW, 'task_id': 'Mbpp/9'})}\n")
    with pytest.raises(UserError, match=r"mbpp\.jsonl:2: problem Mbpp/9 is at .*mbpp\.jsonl:1 already"):
        mbpp.load(tmp_path)


def test_a_directory_with_the_other_part_only_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "sanitized-mbpp.json").write_text(json.dumps([{**ROW, "prompt": "Double."}]))
    with pytest.raises(UserError, match=r"no rows in a file or directory mbpp\* or full\*"):
        mbpp.load(tmp_path)
