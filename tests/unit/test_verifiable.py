"""PRIME, DeepCoder and open-r1 from their published layouts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.inbox.values import decode
from sim.python.suite import read_suite
from verireason.data.loaded import Loaded
from verireason.data.verifiable import load_deepcoder, load_open_r1, load_prime
from verireason.errors import UserError
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks"
PRIME_ROW = {
    "data_source": "apps",
    "prompt": [{"role": "user", "content": "Print 1."}],
    "ability": "code",
    "reward_model": {"ground_truth": '{"inputs": [""], "outputs": ["1"]}'},
}
DEEPCODER_ROW = {"problem": "Print 1.", "tests": '[{"input": "", "output": "1"}]'}
OPEN_R1_ROW = {
    "problem_id": "vcp_1",
    "problem_statement": "Print 1.",
    "gold_standard_solution": "print(1)",
    "verification_info": {"language": "python", "test_cases": [{"input": "", "output": "1"}]},
}


def by_id(loaded: Loaded) -> dict[str, Problem]:
    return {problem.id: problem for problem in loaded.problems}


def test_prime_is_its_programming_part_without_the_form_of_the_answer() -> None:
    loaded = load_prime(FIXTURES / "prime-code")
    problems = by_id(loaded)
    assert list(problems) == ["train/1", "train/2"]
    assert loaded.left_out == {"train/3": "no tests"}
    assert problems["train/1"].prompt == (
        "Read two integers and print their sum.\n\nThe program reads standard input and writes to standard output."
    )
    assert not any("tackling complex" in problem.prompt for problem in loaded.problems)


def test_arguments_of_prime_are_lines_of_json() -> None:
    problem = by_id(load_prime(FIXTURES / "prime-code"))["train/2"]
    suite = read_suite(problem.spec.testbench)
    assert suite.entry == "join_words"
    assert [(decode(test.args), decode(test.expected)) for test in suite.calls] == [
        ([["a", "b"], "-"], "a-b"), ([[], "-"], ""),
    ]  # fmt: skip


def test_every_layout_of_deepcoder() -> None:
    problems = by_id(load_deepcoder(FIXTURES / "deepcoder"))
    suites = {problem_id: read_suite(problem.spec.testbench) for problem_id, problem in problems.items()}
    assert {problem_id: suite.entry for problem_id, suite in suites.items()} == {
        "lcbv5/test/0": "Solution.evens",
        "primeintellect/train/0": "last_even",
        "primeintellect/train/1": "",
        "taco/train/0": "",
    }
    assert [decode(test.expected) for test in suites["lcbv5/test/0"].calls] == [[2], [4]]
    assert [decode(test.expected) for test in suites["primeintellect/train/0"].calls] == [4, 8]
    assert problems["primeintellect/train/0"].golden.startswith("def last_even")
    assert problems["lcbv5/test/0"].golden == ""


def test_of_a_problem_of_deepcoder_the_15_longest_inputs_are_kept_in_order() -> None:
    problem = by_id(load_deepcoder(FIXTURES / "deepcoder"))["primeintellect/train/1"]
    assert [test.id for test in read_suite(problem.spec.testbench).stdio] == [str(place) for place in range(5, 20)]


def test_open_r1_says_what_cannot_be_judged() -> None:
    loaded = load_open_r1(FIXTURES / "open-r1-code")
    assert list(by_id(loaded)) == ["vcp_1", "vcp_2"]
    assert loaded.left_out == {
        "vcp_3": "an argument or a result that is not JSON: 'hello there'",
        "vcp_4": "its language is cpp",
    }
    assert by_id(loaded)["vcp_1"].golden.startswith("a, b = map(")


def test_a_function_without_a_name_is_left_out(tmp_path: Path) -> None:
    tests = [{"input": [1], "output": [1], "type": "function_call", "fn_name": None}]
    (tmp_path / "train.jsonl").write_text(json.dumps({**DEEPCODER_ROW, "tests": json.dumps(tests)}))
    assert list(load_deepcoder(tmp_path).left_out.values()) == ["its function has no name"]


def test_tests_of_two_functions_are_left_out(tmp_path: Path) -> None:
    tests = [{"input": [1], "output": [1], "fn_name": name} for name in ("f", "g")]
    (tmp_path / "train.jsonl").write_text(json.dumps({**DEEPCODER_ROW, "tests": json.dumps(tests)}))
    assert list(load_deepcoder(tmp_path).left_out.values()) == ["its tests call 2 things"]


@pytest.mark.parametrize(
    ("load", "row", "change", "message"),
    [
        (load_prime, PRIME_ROW, {"reward_model": {"ground_truth": "{"}}, "field ground_truth is not JSON"),
        (load_prime, PRIME_ROW, {"reward_model": "{"}, "field reward_model is not JSON"),
        (load_prime, PRIME_ROW, {"reward_model": {}}, "field reward_model is not an object with the text ground_truth"),
        (load_prime, PRIME_ROW, {"reward_model": {"ground_truth": "[]"}}, "field ground_truth is not an object with"),
        (load_prime, PRIME_ROW, {"prompt": []}, "field prompt is not a list of messages with one of the role user"),
        (load_prime, PRIME_ROW, {"data_source": None}, "field data_source is null; expected a text"),
        (load_deepcoder, DEEPCODER_ROW, {"tests": "[{"}, "field tests is not JSON"),
        (load_deepcoder, DEEPCODER_ROW, {"tests": '[{"input": 1}]'}, "field tests is not a list of objects with input"),
        (load_deepcoder, DEEPCODER_ROW, {"tests": None}, "field tests is not a list of objects with input"),
        (load_deepcoder, DEEPCODER_ROW, {"solutions": "[3]"}, "field solutions is not a list of texts"),
        (load_deepcoder, DEEPCODER_ROW, {"problem": 3}, "field problem is an int; expected a text"),
        (
            load_open_r1,
            OPEN_R1_ROW,
            {"verification_info": None},
            "field verification_info is not an object with test_c",
        ),
        (load_open_r1, OPEN_R1_ROW, {"problem_id": None}, "field problem_id is null; expected a text"),
        (
            load_open_r1,
            OPEN_R1_ROW,
            {"verification_info": {"language": "python", "test_cases": [{"input": 1, "output": 1, "fn_name": 3}]}},
            "the name of its function is not a text",
        ),
    ],
)
def test_a_bad_row_is_one_line_that_names_file_and_line(
    tmp_path: Path, load: Callable[[Path], Loaded], row: dict[str, object], change: dict[str, object], message: str
) -> None:
    (tmp_path / "train.jsonl").write_text(json.dumps({**row, **change}))
    with pytest.raises(UserError) as raised:
        load(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'train.jsonl'}:1: {message}")
    assert "\n" not in str(raised.value)


def test_two_problems_of_one_id_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text(f"{json.dumps(OPEN_R1_ROW)}\n{json.dumps(OPEN_R1_ROW)}\n")
    with pytest.raises(
        UserError, match=r"train\.jsonl:2: problem vcp_1 is at .*train\.jsonl:1 already; ids are unique"
    ):
        load_open_r1(tmp_path)
