"""What the Verilog testbench verifier says beside the outcome, on the real tools; the outcomes are the attack corpus's.

The problem is a 4-bit counter; the testbench is written by hand, so this does not depend on the generator.
"""

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


GOOD = GOLDEN.replace("NAME", "top_module")


def test_what_never_compiled_does_not_count_as_compiled(farm: Farm) -> None:
    assert not judge(farm, "I am sorry `a\n" * 4000).compiled


def test_messages_are_short_however_long_the_candidates_names_are(farm: Farm) -> None:
    verdict = judge(farm, HEADER + f"assign {'x' * 5000} = undefined_{'y' * 5000}; endmodule")
    assert all(len(item.message) <= 300 for item in verdict.diagnostics)


def test_a_mismatch_says_where_and_what(farm: Farm) -> None:
    verdict = judge(farm, WRONG.replace("BODY", ""))
    assert verdict.first_failure is not None
    assert (verdict.first_failure.signal, verdict.first_failure.expected) == ("q", "0001")


def test_a_syntax_error_names_the_candidates_own_line(farm: Farm) -> None:
    verdict = judge(farm, HEADER + "always @(posedge clk) q <= ;\nendmodule")
    assert verdict.diagnostics[0].line == 2


def test_a_giant_array_costs_its_own_verdict_only(farm: Farm) -> None:
    verdict = judge(farm, WRONG.replace("BODY", "reg [1023:0] m [0:100000000]; initial m[0] = 1;"))
    assert not verdict.passed
    assert verdict.outcome is not Outcome.UNJUDGED
    assert judge(farm, GOOD).passed


def test_the_verdict_names_the_tools_and_the_image(farm: Farm) -> None:
    verdict = judge(farm, GOOD)
    assert verdict.tools["iverilog"].startswith("12")
    assert verdict.image == farm.image


def test_verdicts_do_not_depend_on_the_number_of_boxes(farm: Farm) -> None:
    bodies = ("", "initial $finish;", "initial force rst = 1;", "x", 'initial while (1) $display("flood");')
    sources = [GOOD, *(WRONG.replace("BODY", body) for body in bodies)]
    first = [verdict.outcome for verdict in farm.judge((Candidate(source=source), SPEC) for source in sources)]
    again = [judge(farm, source + "\n").outcome for source in sources]
    assert first == again
