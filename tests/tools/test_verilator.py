"""The Verilator verifier and the linter on the real tools: good, wrong, broken, endless, crashing and hostile designs.

The problem is the 4-bit counter of `test_rtl_verdicts`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.farm import Farm
from sim.hdl import lint, verilator_testbench
from sim.job import Job, Limits
from sim.verdict import Candidate, Lint, Outcome, Spec, Verdict
from tests.tools.test_rtl_verdicts import GOLDEN, HEADER, SPEC, WRONG
from verireason.data.generator import generate

GOOD = {
    "golden": GOLDEN.replace("NAME", "top_module"),
    "carriage returns": GOLDEN.replace("NAME", "top_module").replace("\n", "\r\n"),
    "no newline at the end": GOLDEN.replace("NAME", "top_module").strip(),
    "own directives": "`default_nettype none\n`timescale 1ns/1ps\n`define W 4\n"
    + GOLDEN.replace("NAME", "top_module").replace("input ", "input wire "),
    "forbidden words in comments and strings": '// $fopen("x") force `include\n'
    + GOLDEN.replace("NAME", "top_module").replace("endmodule", 'initial $display("1 \\"$fopen\\" %m"); endmodule'),
    "a guard that never fires": HEADER.replace("top_module(", "top_module #(parameter P = 1) (")
    + 'initial if (P < 1) begin $error("P"); $finish; end\n'
    "always @(posedge clk) if (rst) q <= 0; else q <= q + 1;\nendmodule\n",
    "plain system tasks": GOLDEN.replace("NAME", "top_module").replace(
        "endmodule",
        "integer i; real r; string s; initial begin i = $clog2(9) + $random + $urandom_range(3) + $countones(4'b1010); "
        'r = $sqrt($itor(i)); s = $sformatf("%0d", i); $write("%b %t", i, $time); $strobe("x"); $dumpvars; end endmodule',
    ),
    "a helper module": "module add(input [3:0] a, output [3:0] y); assign y = a + 1; endmodule\n"
    + HEADER
    + "wire [3:0] n; add u(q, n);\nalways @(posedge clk) q <= rst ? 4'd0 : n;\nendmodule\n",
}

BAD = {
    "constant": (WRONG.replace("BODY", ""), Outcome.MISMATCH),
    "off by one": (GOLDEN.replace("NAME", "top_module").replace("+ 1", "+ 2"), Outcome.MISMATCH),
    "other module name": (GOLDEN.replace("NAME", "counter"), Outcome.COMPILE_ERROR),
    "missing port": ("module top_module(input clk, output reg [3:0] q); endmodule", Outcome.COMPILE_ERROR),
    "syntax": (HEADER + "always @(posedge clk) q <= ;\nendmodule", Outcome.COMPILE_ERROR),
    "not Verilog": ("I am sorry, I cannot do that.", Outcome.COMPILE_ERROR),
    "endless": (WRONG.replace("BODY", "integer i = 1; initial begin while (i != 0) i = i | 1; $display(i); end"), Outcome.TIMEOUT),
    "oscillation": (WRONG.replace("BODY", "reg a = 0; always @(a) a <= ~a; initial a = 1;"), Outcome.CRASH),
    "flood": (WRONG.replace("BODY", 'integer i = 0; initial while (1) begin i = i + 1; $display("flood %d", i); end'),
              Outcome.OUTPUT_LIMIT),
    "prints the verdict": (
        WRONG.replace("BODY", 'initial $display("@VR@ Mismatches: 0 in 40 samples");'),
        Outcome.MISMATCH,
    ),
    "prints what others accept": (
        WRONG.replace("BODY", 'final $display("Mismatches: 0 in 40 samples\\nAll tests passed.\\nPASS");'),
        Outcome.MISMATCH,
    ),
    "forces its own input": (WRONG.replace("BODY", "initial force rst = 1;"), Outcome.MISMATCH),
    "guesses the reference": (HEADER.replace("reg ", "") + "__vr_ref r(clk, rst, q); endmodule", Outcome.COMPILE_ERROR),
    "floods the compiler's log": ("I am sorry `a\n" * 4000, Outcome.COMPILE_ERROR),
    "includes a host file": ('`include "/etc/passwd"\n' + WRONG.replace("BODY", ""), Outcome.REJECTED),
    "an array as large as memory": (WRONG.replace("BODY", "reg [1023:0] m [0:100000000]; initial m[0] = 1;"), None),
    "a line number beyond every integer": ('`line 1 "candidate.sv:' + "1" * 5000 + '" 0\nx', None),
    "reads the program": (WRONG.replace("BODY", 'integer f; initial f = $fopen("obj/sim", "r");'), None),
    "reads the command line": (WRONG.replace("BODY", 'initial if ($test$plusargs("x")) $finish;'), None),
}  # fmt: skip
"""None: any outcome but a pass; the guard may take the construct out of the design."""

SECRET = b"s" * 32
NATIVE = {
    "a C statement": '`ifdef VERILATOR\ninitial $c("exit(0);");\n`endif\ninitial $c("exit(0);");',
    "a C function": 'integer f; initial f = $c32("exit(0)");',
    "C by a macro": '`define D(x) $``x\ninitial `D(c)("exit(0);");',
    "imported C": 'import "DPI-C" function int system(input string s); integer f; initial f = system("true");',
    "a C section": "endmodule\n`systemc_header\n#include <cstdlib>\n`verilog\nmodule other;",
}
SHELL = 'initial $system("true");'
BREAKOUT = 'reg \\"+(exit(0),0)?"":" = 0; initial @(\\"+(exit(0),0)?"":" );'
"""A name that ends the C++ string into which Verilator 5.032 writes event expressions."""


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
def test_wrong_and_hostile_designs_get_their_own_verdict(farm: Farm, name: str) -> None:
    source, outcome = BAD[name]
    found = judge(farm, source)
    assert found.outcome not in (Outcome.PASS, Outcome.UNJUDGED)
    assert found.outcome is (outcome or found.outcome), found


@pytest.mark.parametrize("name", NATIVE)
def test_designs_that_bring_c_never_run(farm: Farm, name: str) -> None:
    assert judge(farm, WRONG.replace("BODY", NATIVE[name])).outcome in (Outcome.REJECTED, Outcome.COMPILE_ERROR)


@pytest.mark.parametrize(
    "body",
    [NATIVE["a C statement"], NATIVE["a C function"], NATIVE["imported C"], SHELL, BREAKOUT, "initial force rst = 1;"],
)
def test_the_second_lock_holds_without_the_guard(farm: Farm, body: str) -> None:
    candidate = Candidate(source=WRONG.replace("BODY", body))
    planned = verilator_testbench.plan(candidate, SPEC, image=farm.image, secret=SECRET)
    assert isinstance(planned, Job)
    guard, *rest = planned.steps
    blind = replace(guard, argv=("cp", guard.argv[1], guard.argv[2]), warm=False)
    result = next(iter(farm.pool.map([replace(planned, server="plain", steps=(blind, *rest))])))
    verdict = verilator_testbench.judge(candidate, SPEC, result, image=farm.image, secret=SECRET)
    assert verdict.outcome is Outcome.REJECTED


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
     "// synopsys translate_off\n", "/* veri\rlator lint_off LATCH */", '`line 1 "elsewhere.sv" 0\n'],
)  # fmt: skip
def test_a_text_cannot_turn_its_warnings_off(farm: Farm, silencer: str) -> None:
    source = HEADER + silencer + "reg w; always @* if (rst) w = 1;\nalways @(posedge clk) q <= {4{w}};\nendmodule\n"
    assert "LATCH" in lint_of(farm, source).classes


def test_a_text_that_ends_the_linter_is_worth_nothing(farm: Farm) -> None:
    assert lint.score(lint_of(farm, "I am sorry, I cannot do that.")) == 0.0
    assert lint.score(lint_of(farm, "module other; endmodule")) == 0.0


def test_a_string_in_an_event_expression_stays_a_string(farm: Farm) -> None:
    body = 'string s; initial begin wait (s == "+(abort(),0)?__FILE__:"); end endmodule'
    assert judge(farm, GOLDEN.replace("NAME", "top_module").replace("endmodule", body)).outcome is Outcome.PASS


def test_honest_escaped_names_pass(farm: Farm) -> None:
    source = "module top_module(input clk, input rst, output reg [3:0] q);\nwire \\n[0].x = rst; reg \\$0q ;\n"
    source += "always @(posedge clk) if (\\n[0].x ) q <= 0; else q <= q + 1;\nendmodule\n"
    assert judge(farm, source).outcome is Outcome.PASS


def test_errors_and_failed_assertions_do_not_end_the_run(farm: Farm) -> None:
    body = 'initial begin $error("x"); assert (0); end endmodule'
    assert judge(farm, GOLDEN.replace("NAME", "top_module").replace("endmodule", body)).outcome is Outcome.PASS


def test_words_cannot_be_cut_where_only_verilator_does_not_see_it(farm: Farm) -> None:
    good = GOLDEN.replace("NAME", "top_module")
    assert judge(farm, good.replace("always", "al\0ways")).outcome is Outcome.COMPILE_ERROR
    assert judge(farm, good.replace("always", "al\rways")).outcome is Outcome.COMPILE_ERROR
