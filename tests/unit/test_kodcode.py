"""KodCode from its published layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.inbox.values import decode
from sim.python.suite import Style, read_suite
from verireason.data import kodcode
from verireason.errors import UserError
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks" / "kodcode"
ROW = {
    "question_id": "Q_1",
    "question": "Return n.",
    "solution": "def same(n):\n    return n\n",
    "test": "from solution import same\ndef test_it():\n    assert same(1) == 1\n",
    "test_info": None,
    "subset": "Prefill",
    "style": "instruct",
}


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    return {problem.id: problem for problem in kodcode.load(FIXTURES).problems}


def load_one(directory: Path, **change: object) -> Problem:
    (directory / "train.jsonl").write_text(json.dumps({**ROW, **change}))
    (problem,) = kodcode.load(directory).problems
    return problem


def test_what_is_not_supported_is_named() -> None:
    assert kodcode.load(FIXTURES).left_out == {
        "Leetcode_4_I": "its tests take nothing from the candidate, or define it themselves",
        "Leetcode_5_I": "needs scipy",
        "Leetcode_6_I": "its tests are for standard input",
        "Leetcode_7_I": "its tests look at what is printed (contextlib.redirect_stdout), and run in a process of their own",
        "Leetcode_8_I": "its test code is not Python 3",
    }


def test_asserts_on_one_call_with_literals_are_calls(problems: dict[str, Problem]) -> None:
    suite = read_suite(problems["Leetcode_1_I"].spec.testbench)
    assert suite.program is None
    assert [(test.id, decode(test.args), decode(test.expected or "")) for test in suite.calls] == [
        ("test_some.0", [[1, 2, 3, 4]], 6), ("test_none.0", [[]], 0), ("test_none.1", [[1, 3]], 0),
    ]  # fmt: skip
    assert suite.libraries == ()


def test_test_code_without_an_import_gets_one(problems: dict[str, Problem]) -> None:
    suite = read_suite(problems["Leetcode_2_I"].spec.testbench)
    assert suite.entry == "Stack"
    assert suite.program is not None
    assert suite.program.source.startswith("from solution import Stack\n")
    assert suite.program.style is Style.PYTEST
    assert suite.libraries == ("pytest",)


def test_the_entry_is_the_function_that_is_named_and_the_others_come_beside_it(problems: dict[str, Problem]) -> None:
    suite = read_suite(problems["Leetcode_3_I"].spec.testbench)
    assert suite.entry == "roots"
    assert suite.program is not None
    assert suite.program.names == ("root",)


def test_the_prompt_ends_with_the_declaration(problems: dict[str, Problem]) -> None:
    assert problems["Leetcode_1_I"].prompt.endswith("Complete this code:\n\ndef sum_even(numbers):")
    assert problems["Leetcode_2_I"].prompt.endswith("The function is Stack.")


def test_the_older_name_of_the_test_code_is_read_too(tmp_path: Path) -> None:
    problem = load_one(tmp_path, test=None, test_code=ROW["test"])
    assert len(read_suite(problem.spec.testbench).calls) == 1


def test_no_call_is_taken_out_of_tests_with_a_set_up(tmp_path: Path) -> None:
    problem = load_one(tmp_path, test=f"def setup_module():\n    open('a', 'w')\n{ROW['test']}")
    suite = read_suite(problem.spec.testbench)
    assert suite.calls == ()
    assert suite.program is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question_id": None}, "field question_id is null; expected a text"),
        ({"question": 3}, "field question is an int; expected a text"),
        ({"solution": None}, "field solution is null; expected a text"),
        ({"test": None}, "field test_code is null; expected a text"),
        ({"test_info": "["}, "field test_info is not JSON (Expecting value"),
        ({"test_info": [3]}, "field test_info is not a list of objects"),
    ],
)
def test_a_bad_row_is_one_line_that_names_file_and_line(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError) as raised:
        load_one(tmp_path, **change)
    assert str(raised.value).startswith(f"{tmp_path / 'train.jsonl'}:1: {message}")
    assert "\n" not in str(raised.value)


def test_two_problems_of_one_id_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text(f"{json.dumps(ROW)}\n{json.dumps(ROW)}\n")
    with pytest.raises(UserError, match=r"train\.jsonl:2: problem Q_1 is at .*:1 already; ids are unique"):
        kodcode.load(tmp_path)
