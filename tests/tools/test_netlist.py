"""Netlists by the real Yosys, simulated in the candidate's place by the real Icarus."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.farm import Farm
from sim.hdl.formal import Trace, TracePort
from sim.hdl.netlist import NetlistText, judge_netlist, plan_netlist
from sim.hdl.replay import replay_testbench
from sim.job import Limits
from sim.verdict import Candidate, Outcome, Spec, Verdict

PORTS = "input clk, input rst, input [3:0] a, input [4:1] b, output [3:0] y, output reg [3:0] q"
REFERENCE = f"""
module __vr_ref({PORTS});
  assign y = a + b;
  always @(posedge clk) if (rst) q <= 0; else q <= q + a;
endmodule
"""
COUNT = "always @(posedge clk) if (rst) q <= 0; else q <= q + a;"
INPUTS = tuple(TracePort(name=name, width=width, is_clock=name == "clk") for name, width in
               (("clk", 1), ("rst", 1), ("a", 4), ("b", 4)))  # fmt: skip
STEPS = (("0", "1", "0000", "0000"), ("1", "1", "0011", "0001"), ("0", "0", "0101", "0110"), ("1", "0", "0101", "1110"))
TRACE = Trace(inputs=INPUTS, outputs=(TracePort(name="y", width=4), TracePort(name="q", width=4)), steps=STEPS)
"""Reset, then one addition: y and q are compared at the end."""
SPEC = Spec(
    verifier="verilog-testbench", top="top", testbench=replay_testbench(TRACE, top="top"), reference=REFERENCE,
    num_checks=1, limits=Limits(cpu_s=5, wall_s=60),
)  # fmt: skip


@pytest.fixture
def make(farm: Farm) -> Callable[[str], NetlistText]:
    def made(source: str) -> NetlistText:
        [result] = farm.pool.map([plan_netlist(source, SPEC, image=farm.image)])
        text = judge_netlist(result)
        assert text is not None, result.failure
        return text

    return made


@pytest.fixture
def judge(farm: Farm) -> Callable[[str], Verdict]:
    def judged(source: str) -> Verdict:
        [verdict] = farm.judge([(Candidate(source=source), SPEC)])
        return verdict

    return judged


def design(body: str) -> str:
    return f"module top({PORTS});\n{body}\nendmodule\n"


def verilog(text: NetlistText) -> str:
    assert text.verilog is not None, text.why
    return text.verilog


Make = Callable[[str], NetlistText]
Judged = Callable[[str], Verdict]


@pytest.mark.parametrize(
    "body",
    [
        f"assign y = a + b; {COUNT}",
        f"helper h(a, b, y); {COUNT} endmodule\n"
        "module helper(input [3:0] c, d, output [3:0] e); assign e = c + d;",
        f"reg [3:0] t; always_comb begin t = a; t = t + b; end assign y = t; {COUNT}",
        f"assign y = a + b; initial q = 9; {COUNT}",
        f"assign y = a + b; always @(posedge clk) $display(\"%d\", q); {COUNT}",
        f"assign y = a + b; initial if (0) begin $error(\"no\"); $finish; end {COUNT}",
        f"reg [3:0] m [0:1]; always @(posedge clk) m[a[0]] <= a; assign y = a + b; {COUNT}",
    ],
    ids=["plain", "hierarchy", "always_comb", "initial value", "prints", "guarded finish", "memory"],
)  # fmt: skip
def test_the_netlist_of_a_good_design_passes_like_the_design(make: Make, judge: Judged, body: str) -> None:
    assert judge(design(body)).passed
    assert judge(verilog(make(design(body)))).passed


def test_the_netlist_of_a_wrong_design_fails_like_the_design(make: Make, judge: Judged) -> None:
    assert judge(verilog(make(design(f"assign y = a | b; {COUNT}")))).outcome is Outcome.MISMATCH


@pytest.mark.parametrize(
    "body",
    [
        f"reg [3:0] t; always @* case (a) 4'bxxxx: t = 0; default: t = a + b; endcase assign y = t; {COUNT}",
        f"wire z; assign y = (z === 1'bz) ? a + b : 0; {COUNT}",
        f"wire x = 1'bx; reg [3:0] t; always @* if (x) t = 0; else t = a + b; assign y = t; {COUNT}",
        f"reg c = 0; always #1 c = ~c; reg [3:0] t; always @(posedge c) t <= a + b; assign y = t; {COUNT}",
    ],
    ids=["case item x", "undriven z", "if x", "own clock"],
)  # fmt: skip
def test_what_only_a_simulator_does_passes_as_written_and_not_as_a_netlist(
    make: Make, judge: Judged, body: str
) -> None:
    assert judge(design(body)).passed
    assert not judge(verilog(make(design(body)))).passed


@pytest.mark.parametrize("macro", ["YOSYS", "SYNTHESIS"])
def test_macros_do_not_show_the_synthesiser_another_design(make: Make, judge: Judged, macro: str) -> None:
    body = f"`ifdef {macro}\nassign y = a + b;\n`else\nassign y = a | b;\n`endif\n{COUNT}"
    assert judge(verilog(make(design(body)))).outcome is Outcome.MISMATCH


def test_ports_keep_their_order_widths_and_ranges(make: Make) -> None:
    text = verilog(make(design(f"assign y = a + b; {COUNT}")))
    assert "module top(clk, rst, a, b, y, q);" in text
    assert "input [4:1] b;" in text


@pytest.mark.parametrize("what", ["display", "finish", "assert", "assume", "(*", "#"])
def test_nothing_but_hardware_is_left_in_the_text(make: Make, what: str) -> None:
    body = f"""
      assign #3 y = a + b; {COUNT}
      (* keep *) wire k = a[0];
      always @(posedge clk) begin $display("x"); assert (a == 0); assume (b == 0); end
      initial begin #5 $finish; end
    """
    assert what not in verilog(make(design(body)))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("assign y = a +;", "syntax error"),
        ("missing m(a, b, y);", "not part of the design"),
        ("assign y = a; assign y = b;", "more than one driver"),
        ("assign a = 0; assign y = a + b;", "more than one driver"),
        ("assign y = $anyseq;", "only a solver knows"),
        ("function integer f(input integer n); begin f = n; while (1) f = f + 1; end endfunction\n"
         "localparam X = f(1); assign y = X;", "CPU_LIMIT"),
        ("real r; always @* r = a; assign y = r;", "syntax error"),
        ("assign y = tb.x;", "the guard rejects it"),
    ],
    ids=["broken", "no module", "two drivers", "driven input", "solver", "endless", "real", "guard"],
)  # fmt: skip
def test_what_is_not_hardware_has_a_reason_instead_of_a_netlist(make: Make, body: str, why: str) -> None:
    text = make(design(body))
    assert text.verilog is None
    assert text.why is not None
    assert why in text.why
