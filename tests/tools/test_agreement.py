"""Our verdicts against the benchmarks' own harnesses, a slice of `verireason agree`; and goldens and cheats of the
benchmarks that verdicts are compared on."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from sim.farm import Farm
from sim.verdict import Candidate, Outcome, Verdict
from verireason.agreement.cases import ENDLESS, Case, case, every_kind, mixed
from verireason.agreement.compare import Compared, Kind, compare
from verireason.agreement.published import HARNESSES
from verireason.agreement.tables import markdown
from verireason.cli import main
from verireason.data import rtllm, verilog_eval, verilog_eval_v1
from verireason.data.benchmarks import load_benchmark
from verireason.data.calibrate import Calibration, calibrate
from verireason.data.loaded import Loaded
from verireason.data.official import under_official_rule

DIRECTORIES = {
    verilog_eval_v1.HUMAN: "verilog-eval-v1",
    verilog_eval_v1.MACHINE: "verilog-eval-v1",
    verilog_eval.NAME: "verilog-eval-v2",
    verilog_eval.CODE_COMPLETE: "verilog-eval-v2",
    rtllm.NAME: "rtllm-v2",
}


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


def compared(farm: Farm, shared: Path, benchmark: str, cases: Sequence[Case]) -> list[Compared]:
    calibration = calibrate(farm, {case.problem.id: case.problem for case in cases}.values())
    return list(compare(farm, calibration, cases, HARNESSES[benchmark](shared / DIRECTORIES[benchmark])))


def test_every_letter_is_the_published_one_but_for_those_of_designs_that_passed(farm: Farm, shared: Path) -> None:
    problems = load_benchmark(verilog_eval.NAME, shared / "verilog-eval-v2")
    review = next(problem for problem in problems if problem.id == "Prob156_review2015_fancytimer")
    header = re.search(r"module TopModule[^;]*;", review.golden)
    assert header is not None
    cases = [*every_kind(problems, rng=Random(6), without=(ENDLESS,))]
    cases.append(case(review, 99, "its testbench reaches its own limit", f"{header[0]} endmodule"))
    found = compared(farm, shared, verilog_eval.NAME, cases)
    text = markdown(found)
    assert not [item for item in found if item.is_unexplained], text
    assert {item.published.ruling.letter for item in found} == set(".Se0nwmpcTCrR"), text
    differing = [item for item in found if item.difference is not None]
    assert all(item.difference.kind is Kind.VERDICT for item in differing if item.difference), text
    assert all(item.record.passed for item in differing), text
    assert {item.published.ruling.letter for item in differing} == {"n", "C", "R"}, text

    official = {
        problem.id: problem for problem in under_official_rule(Loaded(problems=problems), verilog_eval.NAME).problems
    }
    again = [replace(item.case, problem=official[item.case.problem.id]) for item in differing]
    still = [item for item in compared(farm, shared, verilog_eval.NAME, again) if item.difference is not None]
    assert [item.case.kind for item in still] == ["made: honest print of an error"], markdown(still)
    assert not [item for item in still if item.is_unexplained], markdown(still)


@pytest.mark.parametrize("benchmark", sorted(DIRECTORIES))
def test_no_verdict_differs_from_the_published_one_without_a_reason(farm: Farm, shared: Path, benchmark: str) -> None:
    problems = load_benchmark(benchmark, shared / DIRECTORIES[benchmark])
    found = compared(farm, shared, benchmark, [*mixed(problems, num=8, rng=Random(f"6/{benchmark}"))])
    assert not [item for item in found if item.is_unexplained], markdown(found)
    assert 0 < sum(item.record.passed for item in found) < 8, "where all pass or all fail nothing is compared"


def test_the_command_lists_differences_with_their_reasons(
    farm: Farm, shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "module TopModule(output zero); assign zero = 0; reg q; always_comb q = 1; endmodule"
    lines = [{"problem_id": "Prob001_zero", "completion": text} for text in (source, "sorry", source)]
    completions, out = tmp_path / "completions.jsonl", tmp_path / "out"
    completions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = f"agree --benchmark verilog-eval-v2 --root {shared / 'verilog-eval-v2'} --jobs 2"
    assert main([*words.split(), "--completions", str(completions), "--out", str(out)]) == 0
    rows = list(csv.DictReader((out / "agree.csv").open()))
    assert [(row["outcome"], row["letter"], row["published_letter"]) for row in rows] == [
        ("PASS", ".", "n"), ("NO_CODE", "m", "m"), ("PASS", ".", "n"),
    ]  # fmt: skip
    assert "without sensitivities; every sample agrees" in (out / "agree.md").read_text()
    assert (out / "agree.md").read_text() == capsys.readouterr().out
    assert len((out / "records.jsonl").read_text().splitlines()) == 3


def test_a_benchmark_without_a_rule_that_runs_here_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agree", "--benchmark", "kodcode", "--root", ".", "--goldens"]) == 2
    assert "kodcode has no published rule that can be run here; agree knows " in capsys.readouterr().err


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
    (found,) = compared(farm, shared, verilog_eval.NAME, [case(problem, 0, "race", source)])
    assert source != problem.golden
    assert found.published.ruling.letter == "R"
    assert found.difference is None


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
