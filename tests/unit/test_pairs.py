"""Published inputs and outputs become tests that mean the same, or a reason why they cannot."""

from __future__ import annotations

from typing import Any

import pytest

from sim.inbox.values import decode
from sim.python.suite import Suite
from verireason.data.loaded import LeftOut
from verireason.data.pairs import (
    APPS_SETUP,
    CONTEST_SETUP,
    Pairs,
    first_python,
    make_limits,
    make_prompt,
    make_spec,
    make_suite,
)


def calls(inputs: list[Any], outputs: list[Any], **fields: Any) -> list[tuple[Any, Any]]:
    suite = make_suite(Pairs(inputs=inputs, outputs=outputs, function="f", **fields), shown="")
    return [(decode(test.args), decode(test.expected)) for test in suite.calls]


def test_a_list_is_arguments_and_a_text_is_one_value_of_json_per_line() -> None:
    assert calls([[1, [2]], ["3"]], ["a", 4]) == [([1, [2]], "a"), (["3"], 4)]
    assert calls(['1\n[2]\n"x"'], ['{"a": null}']) == [([1, [2], "x"], {"a": None})]


def test_results_are_taken_out_of_a_list_of_one_when_all_of_them_are_in_one() -> None:
    assert [expected for _, expected in calls([[1], [2]], [[5], [[6]]])] == [5, [6]]
    assert [expected for _, expected in calls([[1], [2]], [[5], 6])] == [[5], 6]
    assert [expected for _, expected in calls([[1], [2]], [[5], []])] == [[5], []]
    assert [expected for _, expected in calls(["1", "2"], ["[5]", "[6]"], as_apps=False)] == [[5], [6]]


def test_a_dict_whose_keys_read_as_ints_had_ints_for_keys() -> None:
    assert calls([[{"1": "a"}]], [[{"2": "b"}]]) == [([{1: "a"}], {2: "b"})]
    assert calls([[{"1": "a"}, 3]], [{"x": "b"}]) == [([{"1": "a"}, 3], {"x": "b"})]
    assert calls(['{"1": 2}'], ['{"1": 2}'], as_apps=False) == [([{"1": 2}], {"1": 2})]


def test_standard_input_is_a_text_or_lines() -> None:
    suite = make_suite(Pairs(inputs=["1\n", ["2", "3"], []], outputs=["1", ["5", "6"], ""], function=None), shown="")
    assert [(test.id, test.stdin, test.expected) for test in suite.stdio] == [
        ("0", "1\n", "1"), ("1", "2\n3", "5\n6"), ("2", "", ""),
    ]  # fmt: skip
    assert suite.entry == ""


@pytest.mark.parametrize(
    ("shown", "entry"),
    [
        ("class Solution:\n    def f(self): ...", "Solution.f"),
        ("Words.\n\nclass Solution(object):\n    def f(self): ...", "Solution.f"),
        ("def f(): ...", "f"),
        ("# class Solution is not wanted\nclass Solutions: ...", "f"),
    ],
)
def test_a_function_is_a_method_where_it_is_shown_as_one(shown: str, entry: str) -> None:
    assert make_suite(Pairs(inputs=[[1]], outputs=[1], function="f"), shown=shown).entry == entry


@pytest.mark.parametrize(
    ("inputs", "outputs", "function", "reason"),
    [
        ([], [], None, "no tests"),
        (["1"], [], None, "1 inputs and 0 outputs"),
        ([3], ["3"], None, "test 0 holds neither a text nor lines of text"),
        (["1", "2"], ["1", [2]], None, "test 1 holds neither a text nor lines of text"),
        (["1" * (17 << 20)], ["3"], None, "test 0 holds a text of 17 MiB"),
        (["1 2"], ["3"], "f", "an argument or a result that is not JSON: '1 2'"),
        (["1"], ["abc"], "f", "an argument or a result that is not JSON: 'abc'"),
        ([3], [3], "f", "arguments that are no list"),
        ([[1]], [1], "f g", "its function is called 'f g'"),
        ([[list(range(600_000))]], [1], "f", "test 0 holds a value of more than 500000 parts"),
    ],
)
def test_what_cannot_be_judged_is_left_out_with_a_reason(
    inputs: list[Any], outputs: list[Any], function: str | None, reason: str
) -> None:
    with pytest.raises(LeftOut) as raised:
        make_suite(Pairs(inputs=inputs, outputs=outputs, function=function), shown="")
    assert str(raised.value) == reason


def test_the_golden_is_the_first_solution_that_is_python_3_without_its_fence() -> None:
    assert first_python(["print 1", "```python\nprint(1)\n```", "print(2)"]) == "print(1)\n"
    assert first_python(["print 1", "", "```\nint x;\n```"]) == ""
    assert first_python(["x = '''\n```\n'''\n"]) == "x = '''\n```\n'''\n"
    assert first_python(["("] * 20 + ["print(1)"]) == ""


def test_a_program_may_print_twice_what_is_expected() -> None:
    suite = make_suite(Pairs(inputs=["", ""], outputs=["1" * (3 << 20), "1"], function=None), shown="")
    assert make_spec(suite, make_limits(cpu_s=1)).limits.output_kb == 6 << 10
    suite = make_suite(Pairs(inputs=[""], outputs=["1"], function=None), shown="")
    assert make_spec(suite, make_limits(cpu_s=1)).limits.output_kb == 1024


def test_memory_is_the_benchmarks_within_bounds() -> None:
    assert [make_limits(cpu_s=2, mem_mb=size).mem_mb for size in (None, 16, 512, 9999)] == [1024, 256, 512, 1024]
    assert make_limits(cpu_s=2).wall_s == 22


def test_the_prompt_ends_with_what_is_to_be_written() -> None:
    program = make_suite(Pairs(inputs=[""], outputs=["1"], function=None), shown="")
    function = Suite(
        entry="Solution.f", calls=make_suite(Pairs(inputs=[[1]], outputs=[1], function="f"), shown="").calls
    )
    assert make_prompt(" Print 1.\n", program) == (
        "Print 1.\n\nThe program reads standard input and writes to standard output."
    )
    assert make_prompt("Return 1.", function).endswith("Return 1.\n\nThe function is Solution.f.")
    assert make_prompt("Return 1.", function, "class Solution:\n").endswith("Complete this code:\n\nclass Solution:")


@pytest.mark.parametrize("setup", [APPS_SETUP, CONTEST_SETUP])
def test_setups_are_imports_and_nothing_more(setup: str) -> None:
    lines = setup.splitlines()
    assert all(line.startswith(("import ", "from ")) for line in lines if line != "sys.setrecursionlimit(50000)")
    compile(setup, "<setup>", "exec")
