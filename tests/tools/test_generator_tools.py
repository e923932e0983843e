"""Generated problems on the real tools: goldens pass, and what must not pass does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from sim.farm import Farm
from sim.verdict import Candidate, Outcome, Verdict
from verireason.data.families.table import FAMILIES
from verireason.data.generator import HELDOUT_FAMILIES, generate, make_problem
from verireason.problem import Problem

CELLS = [(name, level) for name, family in FAMILIES.items() for level in family.levels]
CELLS_PER_TEST = 12
"""A farm works best on many candidates at once."""
CHUNKS = [CELLS[start : start + CELLS_PER_TEST] for start in range(0, len(CELLS), CELLS_PER_TEST)]


def draw(name: str, level: int, num: int) -> list[Problem]:
    split = "heldout-family" if name in HELDOUT_FAMILIES else "train"
    return list(generate(seed=8, split=split, num=num, families=[name], levels=[level]))


def problem_at(name: str, level: int, choice: Mapping[str, Any]) -> Problem:
    """A problem of the level whose parameters are the first values of its axes, but for `choice`."""
    family = FAMILIES[name]
    params = {**family.defaults, **{axis: values[0] for axis, values in family.levels[level].axes.items()}, **choice}
    return make_problem(family, level=level, params=params, split="train", phrasing="full")


def judge(farm: Farm, problem: Problem, source: str) -> Verdict:
    return next(farm.judge([(Candidate(source=source), problem.spec)]))


def without_logic(golden: str) -> str:
    """The golden's ports with every output at 0."""
    header = golden.partition(";")[0].replace("output reg", "output")
    outputs = re.findall(r"output (?:\[\d+:0\] )?(\w+)", header)
    return "\n".join([f"{header};", *(f"assign {name} = 0;" for name in outputs), "endmodule\n"])


@pytest.mark.parametrize("cells", CHUNKS, ids=lambda cells: f"{cells[0][0]}-{cells[-1][0]}")
def test_goldens_pass_with_the_declared_number_of_checks(farm: Farm, cells: list[tuple[str, int]]) -> None:
    problems = [problem for name, level in cells for problem in draw(name, level, 3)]
    verdicts = farm.judge((Candidate(source=problem.golden), problem.spec) for problem in problems)
    for problem, verdict in zip(problems, verdicts, strict=True):
        assert verdict.outcome is Outcome.PASS, problem.id
        assert verdict.num_passed == verdict.num_tests == problem.spec.num_checks


@pytest.mark.parametrize("cells", CHUNKS, ids=lambda cells: f"{cells[0][0]}-{cells[-1][0]}")
def test_a_module_without_logic_never_passes(farm: Farm, cells: list[tuple[str, int]]) -> None:
    problems = [problem for name, level in cells for problem in draw(name, level, 2)]
    verdicts = farm.judge((Candidate(source=without_logic(problem.golden)), problem.spec) for problem in problems)
    for problem, verdict in zip(problems, verdicts, strict=True):
        assert verdict.outcome is Outcome.MISMATCH, problem.id


def test_goldens_compile_without_warnings(farm: Farm) -> None:
    problems = [problem for name, level in CELLS for problem in draw(name, level, 1)]
    for verdict in farm.judge((Candidate(source=problem.golden), problem.spec) for problem in problems):
        assert not verdict.diagnostics


def test_first_failure_names_output_values_and_inputs(farm: Farm) -> None:
    problem = problem_at("gates", 1, {"op": "and", "width": 2})
    verdict = judge(farm, problem, problem.golden.replace("&", "|"))
    failure = verdict.first_failure
    assert failure is not None
    assert failure.signal == "y"
    inputs = dict(part.split("=") for part in failure.inputs.split())
    assert set(inputs) == {"a", "b"}
    assert int(failure.expected, 2) == int(inputs["a"], 2) & int(inputs["b"], 2)
    assert int(failure.got, 2) == int(inputs["a"], 2) | int(inputs["b"], 2)


def test_mismatches_are_counted_per_output(farm: Farm) -> None:
    problem = problem_at("adder", 2, {"form": "full", "width": 3})
    verdict = judge(farm, problem, problem.golden.replace("{cout, sum} =", "{cout, sum} = 7 &"))
    by_name = {output.name: output for output in verdict.outputs}
    assert by_name["sum"].num_mismatches == 0
    assert by_name["sum"].first_time is None
    assert by_name["cout"].num_mismatches > 0
    assert verdict.num_tests is not None
    assert verdict.num_passed == verdict.num_tests - by_name["cout"].num_mismatches


def test_a_candidate_that_drives_its_inputs_does_not_reach_the_reference(farm: Farm) -> None:
    problem = problem_at("gates", 1, {"op": "xor", "width": 1})
    source = "module top_module(input a, input b, output y); assign a = 0; assign b = 0; assign y = 0; endmodule"
    assert judge(farm, problem, source).outcome is not Outcome.PASS


COUNTER = {"width": 3, "way": "up", "reset": "sync high", "enable": "high"}
WRONG_COUNTERS = {
    "reset of the wrong polarity": ("if (rst)", "if (!rst)"),
    "asynchronous reset": ("posedge clk", "posedge clk or posedge rst"),
    "other clock edge": ("posedge clk", "negedge clk"),
    "enable missing": ("else if (en)", "else"),
    "enable before reset": ("if (rst) q <= 0;\n    else if (en) q", "if (en & rst) q <= 0;\n    else if (en) q"),
    "counts down": ("q + 1", "q - 1"),
    "stops before the last value": ("q + 1", "q + (q != 7)"),
    "wraps too early": ("q + 1", "(q == 6) ? 0 : q + 1"),
    "a latch": ("always @(posedge clk)", "always @(*)"),
}


@pytest.mark.parametrize("fault", WRONG_COUNTERS)
def test_a_wrong_counter_is_caught(farm: Farm, fault: str) -> None:
    problem = problem_at("counter", 1, COUNTER)
    right, wrong = WRONG_COUNTERS[fault]
    assert right in problem.golden
    assert judge(farm, problem, problem.golden.replace(right, wrong)).outcome is not Outcome.PASS


WRONG_DESIGNS: dict[str, tuple[str, int, dict[str, Any], str, str]] = {
    "synchronous instead of asynchronous reset": (
        "register", 1, {"reset": "async high", "width": 2}, " or posedge rst", "",
    ),
    "asynchronous low reset taken on release": (
        "register", 1, {"reset": "async low", "width": 2}, "negedge rst_n", "posedge rst_n",
    ),
    "blocking assignments in a chain": ("delay_line", 1, {"reset": "sync high"}, "<=", "="),
    "one stage too few": ("delay_line", 1, {"reset": "sync high"}, "q <= s1", "q <= d"),
    "shift in the other direction": ("shift_register", 1, {"width": 4}, "{q[2:0], si}", "{si, q[3:1]}"),
    "overlap where there must be none": ("sequence_detector", 3, {"pattern": "101"}, "2'd3: state <= x ? 2'd1 : 2'd0",
                                         "2'd3: state <= x ? 2'd1 : 2'd2"),
    "no overlap where there must be": ("sequence_detector", 1, {"pattern": "101"}, "h <= {h[1:0], x}",
                                       "h <= (h == 3'b101) ? {2'b00, x} : {h[1:0], x}"),
    "a full FIFO overwritten": ("fifo", 2, {"depth": 4, "width": 2}, "push && !full", "push"),
    "an empty FIFO read": ("fifo", 2, {"depth": 4, "width": 2}, "pop && !empty", "pop"),
    "round robin without memory": ("round_robin", 3, {"num": 3}, "if (win != 0) last <=", "if (0) last <="),
    "a skid buffer that drops a word": ("handshake", 3, {"width": 4}, "held <= 1", "held <= 0"),
    "signed taken as unsigned": ("compare", 2, {"relation": "less", "signed": True}, "$signed", "$unsigned"),
    "a sum that wraps": ("accumulator", 3, {"op": "add"}, "? 3'd7 :", "? 3'd0 :"),
    "a timer that runs below zero": ("timer", 2, {}, "else if (q != 0)", "else"),
    "a debouncer one sample early": ("debouncer", 2, {"samples": 3}, "count == 2'd2", "count == 2'd1"),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG_DESIGNS)
def test_a_wrong_design_is_caught(farm: Farm, fault: str) -> None:
    name, level, choice, right, wrong = WRONG_DESIGNS[fault]
    problem = problem_at(name, level, choice)
    assert right in problem.golden
    assert judge(farm, problem, problem.golden.replace(right, wrong)).outcome is Outcome.MISMATCH
