"""The Verilog testbench verifier on the real tools: good, wrong, broken, endless, crashing and hostile designs.

The problem is a 4-bit counter; the testbench is written by hand, so this does not depend on the generator.
"""

import pytest

from sim.farm import Farm
from sim.verdict import Candidate, Limits, Outcome, Spec, Verdict

TESTBENCH = """
module __vr_tb;
  reg __vr_clk = 0, __vr_rst = 1;
  wire __vr_dut_clk = __vr_clk, __vr_dut_rst = __vr_rst;
  wire [3:0] __vr_q, __vr_want;
  integer __vr_errors = 0, __vr_i;
  __vr_ref __vr_reference(.clk(__vr_clk), .rst(__vr_rst), .q(__vr_want));
  top_module __vr_candidate(.clk(__vr_dut_clk), .rst(__vr_dut_rst), .q(__vr_q));
  initial begin
    for (__vr_i = 0; __vr_i < 40; __vr_i = __vr_i + 1) begin
      #5 __vr_clk = 1; #5 __vr_clk = 0; __vr_rst = (__vr_i % 25) == 24;
      if (__vr_q !== __vr_want) begin
        if (__vr_errors == 0)
          $display("@VR@ First: time %0d output q expected %b got %b inputs rst=%b", $time, __vr_want, __vr_q, __vr_rst);
        __vr_errors = __vr_errors + 1;
      end
    end
    $display("@VR@ Mismatches: %0d in 40 samples", __vr_errors);
    $finish;
  end
endmodule
"""
GOLDEN = """module NAME(input clk, input rst, output reg [3:0] q);
  always @(posedge clk) if (rst) q <= 0; else q <= q + 1;
endmodule
"""
SPEC = Spec(
    verifier="verilog-testbench", top="top_module", testbench=TESTBENCH,
    reference=GOLDEN.replace("NAME", "__vr_ref"),
    num_checks=40, limits=Limits(cpu_s=2, wall_s=20, mem_mb=256, output_kb=32),
)  # fmt: skip
HEADER = "module top_module(input clk, input rst, output reg [3:0] q);\n"
WRONG = HEADER + "always @(posedge clk) q <= 0;\nBODY\nendmodule\n"


def judge(farm: Farm, source: str) -> Verdict:
    return next(farm.judge([(Candidate(source=source), SPEC)]))


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
    "zero bytes": ("module top_module(\0);\0endmodule", Outcome.COMPILE_ERROR),
    "zero-delay loop": (WRONG.replace("BODY", "initial while (1);"), Outcome.TIMEOUT),
    "oscillation": (WRONG.replace("BODY", "reg a = 0; always @(a) a <= ~a; initial a = 1;"), Outcome.TIMEOUT),
    "recursive macro": ("`define A `A `A\n" + WRONG.replace("BODY", "`A"), Outcome.COMPILE_ERROR),
    "flood": (WRONG.replace("BODY", 'initial while (1) $display("flood");'), Outcome.OUTPUT_LIMIT),
    "finish at once": (WRONG.replace("BODY", "initial $finish;"), Outcome.MISMATCH),
    "finish with a zero exit": (WRONG.replace("BODY", "initial #3 $finish(0);"), Outcome.MISMATCH),
    "prints the verdict": (
        WRONG.replace("BODY", 'initial begin $display("@VR@ Mismatches: 0 in 40 samples"); $finish; end'),
        Outcome.MISMATCH,
    ),
    "prints what others accept": (
        WRONG.replace("BODY", 'final $display("Mismatches: 0 in 40 samples\\nAll tests passed.\\nPASS");'),
        Outcome.MISMATCH,
    ),
    "reads the program": (
        WRONG.replace("BODY", 'integer f; initial begin f = $fopen("sim.vvp", "r"); end'),
        Outcome.REJECTED,
    ),
    "reads by a macro": (
        "`define T $fopen\n" + WRONG.replace("BODY", 'integer f; initial f = `T("sim.vvp", "r");'),
        Outcome.REJECTED,
    ),
    "reads by a task meant for VHDL": (
        WRONG.replace("BODY", 'reg [63:0] f; initial $ivlh_file_open(f, "sim.vvp", 0);'),
        Outcome.REJECTED,
    ),
    "lists the testbench's variables": (WRONG.replace("BODY", "initial $showvars;"), Outcome.REJECTED),
    "a task that the simulator lacks": (WRONG.replace("BODY", "wire r; assign r = $rose(clk);"), Outcome.COMPILE_ERROR),
    "reads memory files": (WRONG.replace("BODY", 'reg [7:0] m[0:3]; initial $readmemh("sim.vvp", m);'), Outcome.REJECTED),
    "reads the command line": (WRONG.replace("BODY", 'initial if ($test$plusargs("x")) $finish;'), Outcome.REJECTED),
    "assigns the command line": ("module top_module(input clk, input rst, output [3:0] q);\n"
                                 'assign q = $test$plusargs("x"); endmodule', Outcome.REJECTED),
    "forces its own input": (WRONG.replace("BODY", "initial force rst = 1;"), Outcome.REJECTED),
    "drives its own input": (
        "module top_module(input clk, input rst, output reg [3:0] q);\nassign rst = 1; always @(posedge clk) q <= 0; endmodule",
        Outcome.MISMATCH,
    ),
    "guesses the reference": (HEADER.replace("reg ", "") + "__vr_ref r(clk, rst, q); endmodule", Outcome.COMPILE_ERROR),
    "reaches up by a guessed name": (WRONG.replace("BODY", "initial force __vr_tb.__vr_errors = 0;"), Outcome.COMPILE_ERROR),
    "reaches into the root": (WRONG.replace("BODY", "initial $root.__vr_tb.__vr_errors = 0;"), Outcome.COMPILE_ERROR),
    "floods the compiler's log": ("I am sorry `a\n" * 4000, Outcome.COMPILE_ERROR),
    "a line number beyond every integer": ('`line 1 "candidate.sv:' + "1" * 5000 + '" 0\nx', Outcome.COMPILE_ERROR),
    "includes a device": ('`include "/dev/ptmx"\n' + WRONG.replace("BODY", ""), Outcome.COMPILE_ERROR),
    "includes a host file": ('`include "/etc/passwd"\n' + WRONG.replace("BODY", ""), Outcome.COMPILE_ERROR),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_honest_designs_pass(farm: Farm, name: str) -> None:
    verdict = judge(farm, GOOD[name])
    assert verdict.outcome is Outcome.PASS, verdict.diagnostics
    assert (verdict.num_passed, verdict.num_tests) == (40, 40)


@pytest.mark.parametrize("name", BAD)
def test_wrong_and_hostile_designs_get_their_own_verdict(farm: Farm, name: str) -> None:
    source, outcome = BAD[name]
    verdict = judge(farm, source)
    assert verdict.outcome is outcome, verdict


def test_what_never_compiled_does_not_count_as_compiled(farm: Farm) -> None:
    assert not judge(farm, BAD["floods the compiler's log"][0]).compiled


def test_messages_are_short_however_long_the_candidates_names_are(farm: Farm) -> None:
    verdict = judge(farm, HEADER + f"assign {'x' * 5000} = undefined_{'y' * 5000}; endmodule")
    assert all(len(item.message) <= 300 for item in verdict.diagnostics)


def test_a_mismatch_says_where_and_what(farm: Farm) -> None:
    verdict = judge(farm, WRONG.replace("BODY", ""))
    assert verdict.first_failure is not None
    assert (verdict.first_failure.signal, verdict.first_failure.expected) == ("q", "0001")


def test_a_syntax_error_names_the_candidates_own_line(farm: Farm) -> None:
    verdict = judge(farm, BAD["syntax"][0])
    assert verdict.diagnostics[0].line == 2


def test_a_giant_array_costs_its_own_verdict_only(farm: Farm) -> None:
    verdict = judge(farm, WRONG.replace("BODY", "reg [1023:0] m [0:100000000]; initial m[0] = 1;"))
    assert not verdict.passed
    assert verdict.outcome is not Outcome.UNJUDGED
    assert judge(farm, GOOD["golden"]).passed


def test_the_verdict_names_the_tools_and_the_image(farm: Farm) -> None:
    verdict = judge(farm, GOOD["golden"])
    assert verdict.tools["iverilog"].startswith("12")
    assert verdict.image == farm.image


def test_verdicts_do_not_depend_on_the_number_of_boxes(farm: Farm) -> None:
    sources = [*GOOD.values(), *(source for source, outcome in BAD.values() if outcome is not Outcome.TIMEOUT)]
    first = [verdict.outcome for verdict in farm.judge((Candidate(source=source), SPEC) for source in sources)]
    again = [judge(farm, source + "\n").outcome for source in sources]
    assert first == again
