"""The Verilator verifier and the linter on the real tools: good, wrong, broken, endless, crashing and hostile designs.

The problem and most designs are those of `test_rtl_verdicts`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.farm import Farm
from sim.hdl import lint, verilator_testbench
from sim.job import Job, Limits
from sim.verdict import Candidate, Lint, Outcome, Spec, Verdict
from tests.tools.test_rtl_verdicts import BAD, GOLDEN, GOOD, HEADER, SPEC, WRONG
from verireason.data.generator import generate

SECRET = b"s" * 32
NATIVE = {
    "a C statement": '`ifdef VERILATOR\ninitial $c("exit(0);");\n`endif\ninitial $c("exit(0);");',
    "a C function": 'integer f; initial f = $c32("exit(0)");',
    "C by a macro": '`define D(x) $``x\ninitial `D(c)("exit(0);");',
    "imported C": 'import "DPI-C" function int system(input string s); integer f; initial f = system("true");',
    "a C section": "endmodule\n`systemc_header\n#include <cstdlib>\n`verilog\nmodule other;",
    "a shell": 'initial $system("true");',
}


def judge(farm: Farm, source: str, spec: Spec = SPEC) -> Verdict:
    candidate = Candidate(source=source)
    planned = verilator_testbench.plan(candidate, spec, image=farm.image, secret=SECRET)
    assert isinstance(planned, Job)
    result = next(iter(farm.pool.map([planned])))
    return verilator_testbench.judge(candidate, spec, result, image=farm.image, secret=SECRET)


@pytest.mark.parametrize("name", GOOD)
def test_honest_designs_pass(farm: Farm, name: str) -> None:
    verdict = judge(farm, GOOD[name])
    assert verdict.outcome is Outcome.PASS, verdict.diagnostics
    assert (verdict.num_passed, verdict.num_tests) == (40, 40)


@pytest.mark.parametrize("name", BAD)
def test_no_wrong_or_hostile_design_passes(farm: Farm, name: str) -> None:
    source, _ = BAD[name]
    assert judge(farm, source).outcome not in (Outcome.PASS, Outcome.UNJUDGED)


@pytest.mark.parametrize("name", NATIVE)
def test_designs_that_bring_c_never_run(farm: Farm, name: str) -> None:
    assert judge(farm, WRONG.replace("BODY", NATIVE[name])).outcome in (Outcome.REJECTED, Outcome.COMPILE_ERROR)


@pytest.mark.parametrize("name", ["a C statement", "a C function", "imported C", "a shell"])
def test_the_second_lock_holds_without_the_guard(farm: Farm, name: str) -> None:
    candidate = Candidate(source=WRONG.replace("BODY", NATIVE[name]))
    planned = verilator_testbench.plan(candidate, SPEC, image=farm.image, secret=SECRET)
    assert isinstance(planned, Job)
    guard, *rest = planned.steps
    blind = replace(guard, argv=("cp", guard.argv[1], guard.argv[2]), warm=False)
    result = next(iter(farm.pool.map([replace(planned, server="plain", steps=(blind, *rest))])))
    verdict = verilator_testbench.judge(candidate, SPEC, result, image=farm.image, secret=SECRET)
    assert verdict.outcome is Outcome.REJECTED


def test_an_endless_design_times_out(farm: Farm) -> None:
    assert judge(farm, WRONG.replace("BODY", "integer i; initial while (1) i = i + 1;")).outcome is Outcome.TIMEOUT


def test_a_flood_is_an_output_limit(farm: Farm) -> None:
    source = WRONG.replace("BODY", 'integer i = 0; initial while (1) begin i = i + 1; $display("flood %d", i); end')
    assert judge(farm, source).outcome is Outcome.OUTPUT_LIMIT


def test_a_mismatch_says_where_and_what(farm: Farm) -> None:
    verdict = judge(farm, WRONG.replace("BODY", ""))
    assert verdict.outcome is Outcome.MISMATCH
    assert verdict.first_failure is not None
    assert (verdict.first_failure.signal, verdict.first_failure.expected) == ("q", "0001")


def test_a_syntax_error_names_the_candidates_own_line(farm: Farm) -> None:
    verdict = judge(farm, BAD["syntax"][0])
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert verdict.diagnostics[0].line == 2


def test_non_blocking_stimulus_comes_after_the_clock_edge(farm: Farm) -> None:
    testbench = """
    module __vr_tb;
      reg __vr_clk = 0, __vr_d; wire __vr_q;
      delay __vr_candidate(.clk(__vr_clk), .d(__vr_d), .q(__vr_q));
      initial forever #5 __vr_clk = ~__vr_clk;
      initial begin
        __vr_d <= 0; @(posedge __vr_clk); __vr_d <= 1; #1
        $display("@VR@ Mismatches: %0d in 1 samples", __vr_q !== 1'b0); $finish;
      end
    endmodule
    """
    spec = Spec(verifier="verilog-testbench", top="delay", testbench=testbench, num_checks=1,
                limits=Limits(cpu_s=2, wall_s=20))  # fmt: skip
    design = "module delay(input clk, input d, output reg q); always @(posedge clk) q <= d; endmodule"
    assert judge(farm, design, spec).outcome is Outcome.PASS


def test_generated_problems_pass_with_their_golden(farm: Farm) -> None:
    for problem in generate(seed=5, split="train", num=4):
        verdict = judge(farm, problem.golden, problem.spec)
        assert verdict.outcome is Outcome.PASS, (problem.id, verdict)


def lint_of(farm: Farm, source: str) -> Lint:
    job = lint.plan_lint(Candidate(source=source), SPEC, image=farm.image)
    found = lint.judge_lint(next(iter(farm.pool.map([job]))))
    assert found is not None
    return found


def test_lint_is_content_with_the_golden_up_to_style(farm: Farm) -> None:
    found = lint_of(farm, GOLDEN.replace("NAME", "top_module"))
    assert set(found.classes) <= lint.STYLE | {"WIDTHEXPAND", "WIDTHTRUNC"}


def test_lint_sees_a_latch_and_a_narrow_target(farm: Farm) -> None:
    source = HEADER + "reg [7:0] w; always @* if (rst) w = 8'd3;\nalways @(posedge clk) q <= w;\nendmodule\n"
    found = lint_of(farm, source)
    assert {"LATCH", "WIDTHTRUNC"} <= set(found.classes)
    assert {warning.line for warning in found.warnings if "LATCH" in warning.message} == {2}


@pytest.mark.parametrize(
    "silencer",
    ["/* verilator lint_off LATCH */", "/*\nverilator lint_off LATCH */", "//verilator lint_off LATCH\n",
     "// synopsys translate_off\n", '`line 1 "elsewhere.sv" 0\n'],
)  # fmt: skip
def test_a_text_cannot_turn_its_warnings_off(farm: Farm, silencer: str) -> None:
    source = HEADER + silencer + "reg w; always @* if (rst) w = 1;\nalways @(posedge clk) q <= {4{w}};\nendmodule\n"
    assert "LATCH" in lint_of(farm, source).classes


def test_a_text_that_ends_the_linter_is_worth_nothing(farm: Farm) -> None:
    assert lint.score(lint_of(farm, "I am sorry, I cannot do that.")) == 0.0
    assert lint.score(lint_of(farm, "module other; endmodule")) == 0.0
