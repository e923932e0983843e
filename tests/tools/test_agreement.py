"""Our verdicts against the benchmarks' own harnesses, a slice of `benchmarks/agreement.py`; and goldens and cheats of
the benchmarks that verdicts are compared on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.agreement import DIRECTORIES, Case, compare, is_unexplained, made_agreement, report
from benchmarks.published import harnesses, rule_rtllm, rule_v1, rule_v2
from sim.farm import Farm
from sim.verdict import Candidate, Outcome, Verdict
from verireason.data import rtllm, verilog_eval, verilog_eval_v1
from verireason.data.benchmarks import load_benchmark
from verireason.data.calibrate import Calibration, calibrate


@pytest.fixture(scope="module")
def shared(shared_data: Callable[[str], Path]) -> Path:
    for name in sorted(set(DIRECTORIES.values())):
        root = shared_data(name)
    return root.parent


@pytest.fixture(scope="module")
def rtllm_problems(farm: Farm, shared: Path) -> Calibration:
    return calibrate(farm, load_benchmark(rtllm.NAME, shared / "rtllm-v2"))


def judge(farm: Farm, calibration: Calibration, problem_id: str, source: str) -> Verdict:
    return next(farm.judge([(Candidate(source=source), calibration.problems[problem_id].spec)]))


def test_no_verdict_differs_from_the_published_one_without_a_reason(farm: Farm, shared: Path) -> None:
    compared = made_agreement(farm, shared, num=60, seed=1, endless=False)
    assert len(compared) == 60
    assert not [item for item in compared if is_unexplained(item)], report(compared)
    passed = sum(item.ours.passed for item in compared)
    assert 15 <= passed <= 45, "a slice in which everything passes or fails compares nothing"


def test_47_of_50_goldens_of_rtllm_pass_and_the_others_are_explained(rtllm_problems: Calibration) -> None:
    assert set(rtllm_problems.defects) == {"radix2_div", "ring_counter", "clkgenerator"}
    assert "Assignment to an entire array" in rtllm_problems.defects["ring_counter"]


@pytest.mark.parametrize("problem_id", ["adder_8bit", "multi_booth_8bit", "asyn_fifo", "accu"])
@pytest.mark.parametrize(
    "cheat",
    [
        'initial begin $display("===========Your Design Passed==========="); $finish; end',
        "initial $finish;",
        'initial #1 $display("@VR@ Mismatches: 0 in 1 samples");',
        'final $display("pass");',
    ],
)
def test_a_design_without_logic_does_not_pass_rtllm_by_printing_or_ending(
    farm: Farm, rtllm_problems: Calibration, problem_id: str, cheat: str
) -> None:
    problem = rtllm_problems.problems[problem_id]
    header = re.search(rf"\bmodule\s+{problem.spec.top}\b[^;]*;", problem.golden)
    assert header is not None
    verdict = judge(farm, rtllm_problems, problem_id, f"{header[0]}\n{cheat}\nendmodule\n")
    assert not verdict.passed


def test_a_wrong_design_fails_the_one_check_of_rtllm(farm: Farm, rtllm_problems: Calibration) -> None:
    golden = rtllm_problems.problems["adder_bcd"].golden
    verdict = judge(farm, rtllm_problems, "adder_bcd", golden.replace("4'b0110", "4'b0101"))
    assert (verdict.outcome, verdict.num_passed, verdict.num_tests) == (Outcome.MISMATCH, 0, 1)


@pytest.mark.parametrize(
    ("benchmark", "problem_id", "source", "signal", "inputs"),
    [
        (verilog_eval.NAME, "Prob014_andgate", "module TopModule(input a, b, output out); assign out = a | b; endmodule",
         "out", ("a=", "b=")),
        (verilog_eval_v1.HUMAN, "count15",
         "module top_module(input clk, input reset, output reg [3:0] q); always @(posedge clk) q <= 0; endmodule",
         "q", ("clk=", "reset=")),
    ],
)  # fmt: skip
def test_the_first_difference_of_a_published_testbench_is_told(
    farm: Farm, shared: Path, benchmark: str, problem_id: str, source: str, signal: str, inputs: tuple[str, ...]
) -> None:
    problems = load_benchmark(benchmark, shared / DIRECTORIES[benchmark])
    calibration = calibrate(farm, [problem for problem in problems if problem.id == problem_id])
    verdict = judge(farm, calibration, problem_id, source)
    first = verdict.first_failure
    assert first is not None
    assert verdict.outcome is Outcome.MISMATCH
    assert (first.signal, first.time) == (signal, verdict.outputs[0].first_time)
    assert first.expected != first.got
    assert all(name in first.inputs for name in inputs)


def test_a_design_that_races_with_the_stimulus_gets_the_published_verdict(farm: Farm, shared: Path) -> None:
    """Prob139's reset ends at the clock edge itself, so what sees it there hangs on who is woken first."""
    root = shared / "verilog-eval-v2"
    problem = next(p for p in load_benchmark(verilog_eval.NAME, root) if p.id == "Prob139_2013_q2bfsm")
    source = problem.golden.replace("A: next = B;", "A: next = resetn ? B : A;")
    case = Case(problem=problem, kind="race", source=source)
    (compared,) = compare(farm, [case], harnesses(verilog_eval.NAME, root))
    assert source != problem.golden
    assert compared.published.why == "mismatch"
    assert not compared.published.passed
    assert compared.agrees
    assert not compared.counts_differ


@pytest.mark.parametrize("driver", ["assign clk = 0;", "assign clk = 1'bx;", "pullup (clk);", "inner i (clk);"])
def test_a_design_without_logic_does_not_pass_by_driving_its_clock(farm: Farm, shared: Path, driver: str) -> None:
    problems = load_benchmark(verilog_eval.NAME, shared / "verilog-eval-v2")
    calibration = calibrate(farm, [problem for problem in problems if problem.id == "Prob035_count1to10"])
    source = (
        f"module TopModule(input clk, input reset, output reg [3:0] q); {driver} endmodule\n"
        "module inner(output o); assign o = 1'bx; endmodule\n"
    )
    verdict = judge(farm, calibration, "Prob035_count1to10", source)
    assert verdict.outcome in (Outcome.MISMATCH, Outcome.REJECTED, Outcome.COMPILE_ERROR)


def test_the_published_rules_say_what_they_say() -> None:
    right, wrong = "Mismatches: 0 in 20 samples\n", "Mismatches: 3 in 20 samples\n"
    assert rule_v1("", right) == (True, True, "mismatch")
    assert rule_v1("a.sv:1: warning: x\n", right) == (False, True, "warning")
    assert rule_v1("", wrong)[0] is False
    assert rule_v2("a.sv:1: warning: x\n", right)[0] is True
    assert rule_v2("", f"TIMEOUT\n{right}") == (False, True, "TIMEOUT")
    assert rule_v2("", f"x {right}")[0] is False
    assert rule_rtllm("", "bypass")[0] is True
