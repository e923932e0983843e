"""Formal equivalence of hostile candidates, by the real Yosys, ABC and Icarus.

What matters most: nothing that differs is ever PROVEN, and nothing is DIFFERENT but what Icarus has seen.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.farm import Farm
from sim.hdl.formal import Trace, judge_formal, plan_formal
from sim.hdl.replay import judge_replay, replay_spec
from sim.verdict import Candidate, Equivalence, Proof, Spec

PORTS = "input clk, input rst, input [3:0] a, input [4:1] b, output [3:0] y, output reg [3:0] q"
COUNT = "always @(posedge clk) if (rst) q <= 0; else q <= q + a;"
REFERENCE = f"""
module __vr_ref({PORTS});
  own h(a, b, y);
  {COUNT}
endmodule
module own(input [3:0] c, input [3:0] d, output [3:0] e);
  assign e = c + d;
endmodule
"""
SPEC = Spec(verifier="verilog-testbench", top="top", testbench="", reference=REFERENCE)
Compare = Callable[..., Equivalence]


@pytest.fixture
def compare(farm: Farm) -> Compare:
    def compared(source: str, spec: Spec = SPEC) -> Equivalence:
        [result] = farm.pool.map([plan_formal(source, spec, image=farm.image)])
        found = judge_formal(result)
        if isinstance(found, Trace):
            [verdict] = farm.judge([(Candidate(source=source), replay_spec(found, spec))])
            found = judge_replay(verdict, found)
        assert found is not None
        return found

    return compared


def design(body: str) -> str:
    return f"module top({PORTS});\n{body}\nendmodule\n"


@pytest.mark.parametrize(
    "body",
    [
        f"assign y = a + b; {COUNT}",
        f"assign y = b - ~a - 1; {COUNT}",
        "assign y = a + b; wire [3:0] n = rst ? 0 : q + a; always @(posedge clk) q <= n;",
        f"wand [3:0] k; assign k = a + b; assign k = 4'hf; assign y = k; {COUNT}",
        f"assign y = (a === 4'bx) ? 0 : a + b; {COUNT}",
        f"add u(a, b, y); {COUNT} endmodule module add(input [3:0] c, d, output [3:0] e); assign e = c + d;",
        f"assign y = a + b; initial begin if (0) $finish; end always @(posedge clk) $display(q); {COUNT}",
    ],
    ids=["same", "other arithmetic", "other register", "wand", "never x", "hierarchy", "simulation only"],
)  # fmt: skip
def test_a_candidate_that_is_the_golden_is_proven(compare: Compare, body: str) -> None:
    assert compare(design(body)) == Equivalence(proof=Proof.PROVEN)


@pytest.mark.parametrize(
    "body",
    [
        f"assign y = a | b; {COUNT}",
        f"assign y = (a == 7 && b == 9) ? 3 : a + b; {COUNT}",
        f"assign y = (a == 7 && b == 9) ? 4'bx : a + b; {COUNT}",
        f"assign y = (a == 7 && b == 9) ? 4'bz : a + b; {COUNT}",
        f"reg [5:0] n = 0; always @(posedge clk) n <= n + 1; assign y = (n == 40) ? 0 : a + b; {COUNT}",
        COUNT,
        "assign y = a + b;",
        f"assign y = y; {COUNT}",
        f"reg [3:0] k; always @* if (a != 3) k = a + b; assign y = k; {COUNT}",
        "assign y = a + b; always @(negedge clk) if (rst) q <= 0; else q <= q + a;",
        "assign y = a + b; always @(posedge clk or posedge rst) if (rst) q <= 0; else q <= q + a;",
        "assign y = a + b; initial q = 0; always @(posedge clk) q <= q + a;",
        f"wor [3:0] k; assign k = a; assign k = b; assign y = k; {COUNT}",
        f"tri [3:0] k; assign k = a[0] ? a + b : 4'bz; assign y = k; {COUNT}",
    ],
    ids=["or", "rare", "rare x", "rare z", "late", "undriven", "undriven register", "itself", "latch", "edge", "asynchronous", "no reset", "wor", "z"],
)  # fmt: skip
def test_a_candidate_that_differs_is_different_with_a_run_that_icarus_saw(compare: Compare, body: str) -> None:
    found = compare(design(body))
    assert found.proof is Proof.DIFFERENT
    assert all(set(step) == {"clk", "rst", "a", "b"} and len(step["b"]) == 4 for step in found.counterexample)


@pytest.mark.parametrize(
    "body",
    [
        "assign y = a | b; always @* assume (a == 0);",
        "assign y = a | b; always @(posedge clk) assume (a == 0);",
        "assign y = a | b; assume property (a == 0);",
        "assign y = a | b; restrict property (a == 0);",
        "assign y = a | b; assert property (a == 0); cover property (a == 0);",
        "(* anyconst *) reg [3:0] k; assign y = k;",
        "(* anyseq *) wire [3:0] k; assign y = k;",
        "(* allconst *) reg [3:0] k; assign y = k;",
        "rand reg [3:0] k; assign y = k;",
        "assign y = $anyconst;",
        "assign y = $anyseq;",
        "assign y = $allconst;",
        "assign y = $allseq;",
        "assign y = $initstate ? a + b : a | b;",
        "(* gclk *) reg g; reg [3:0] k; always @(posedge g) k <= a + b; assign y = k;",
        "reg [3:0] k; always @($global_clock) k <= a + b; assign y = k;",
        "(* keep *) wire [3:0] k = a | b; assign y = k;",
        "(* blackbox *) add u(a, b, y); endmodule (* blackbox *) module add(input [3:0] c, d, output [3:0] e);",
        "own u(a, b, y); endmodule module own(input [3:0] c, d, output [3:0] e);",
        "own u(a, b, y);",
        "gold u(a, b, y); endmodule module gold(input [3:0] c, d, output [3:0] e); assign e = c | d; endmodule module gate; endmodule module miter;",
        "wire [3:0] \\gold.y = a | b; wire trigger = 1; wire in_a = 0; assign y = \\gold.y ;",
        "\\$assume u(a == 0, 1'b1); assign y = a | b; endmodule module \\$assume (input A, input EN);",
        "\\$add u(a, b, y); endmodule module \\$add (input [3:0] c, d, output [3:0] e); assign e = c | d;",
        "\\$lut #(.WIDTH(1), .LUT(2)) u(.A(a[0]), .Y(y[0]));",
        "`ifdef YOSYS\nassign y = a + b;\n`else\nassign y = a | b;\n`endif\n",
        "`ifdef FORMAL\nassign y = a + b;\n`else\nassign y = a | b;\n`endif\n",
        "assign y = a\n// synopsys translate_off\n| 4'd8\n// synopsys translate_on\n+ b;",
        "reg [3:0] k; always @* (* full_case *) case (a) 4'd0: k = b; 4'd1: k = b + 1; endcase assign y = k;",
        "(* nomem2reg *) reg [3:0] m [0:1]; always @* begin m[0] = a; m[1] = m[0] | b; end assign y = m[1];",
        "(* init = 4'd0 *) wire [3:0] k; assign y = k;",
        "wire [3:0] k = (a === 4'bx) ? a | b : a & b; assign y = k;",
        "wire [3:0] k; assign k = k ^ a; assign y = k;",
        "assign y = a + b; assign y = a | b;",
        "assign a = 0; assign y = b;",
        '`include "golden.sv"\n',
        '`include "golden.il"\n',
        '`include "miter.ys"\n',
        "assign y = gold.y;",
        "assign y = a | b; endmodule module other(input [3:0] a); endmodule bind gold other x(a);",
        'import "DPI-C" function int system(input string s); localparam X = system("true"); assign y = a | b;',
    ],
)  # fmt: skip
def test_no_trick_gets_a_wrong_candidate_proven(compare: Compare, body: str) -> None:
    assert compare(design(f"{COUNT}\n{body}")).proof is not Proof.PROVEN


@pytest.mark.parametrize("module", ["(* blackbox *) module top", "(* whitebox *) module top"])
def test_a_top_that_calls_itself_a_box_is_looked_into(compare: Compare, module: str) -> None:
    source = design(f"assign y = a | b; {COUNT}").replace("module top", module)
    assert compare(source).proof is Proof.DIFFERENT


@pytest.mark.parametrize(
    ("old", "new"),
    [("output [3:0] y, ", ""), ("input clk", "input more, input clk"), ("[3:0] y", "[2:0] y"), ("output [3:0] y", "inout [3:0] y")],
    ids=["missing", "more", "narrow", "inout"],
)  # fmt: skip
def test_other_ports_prove_nothing(compare: Compare, old: str, new: str) -> None:
    source = design(f"assign y = a + b; {COUNT}").replace(old, new)
    assert compare(source).proof is Proof.UNKNOWN


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("module top(", "syntax error"),
        ("", "not found|no reason|guard|error"),
        (design(f"assign y = a + b; {COUNT} wire [3:0] k = a ^ k; assign q[0] = k;"), "driver|loop"),
        (design(f"function integer f(input integer n); begin f = n; while (1) f = f + 1; end endfunction "
                f"localparam X = f(1); assign y = X; {COUNT}"), "CPU_LIMIT"),
    ],
    ids=["broken", "empty", "loop", "endless"],
)  # fmt: skip
def test_what_yosys_cannot_read_is_unknown_with_a_reason(compare: Compare, source: str, why: str) -> None:
    found = compare(source)
    assert found.proof is Proof.UNKNOWN
    assert found.why is not None
    assert any(word in found.why.lower() for word in why.lower().split("|")), found.why


def test_a_golden_that_never_gets_to_known_outputs_proves_nothing(compare: Compare) -> None:
    toggle = "module {}(input clk, input t, output reg q); always @(posedge clk) q <= q ^ t; endmodule"
    spec = Spec(verifier="verilog-testbench", top="top", testbench="", reference=toggle.format("__vr_ref"))
    assert compare(toggle.format("top"), spec).proof is Proof.UNKNOWN


def test_a_design_without_inputs_is_compared(compare: Compare) -> None:
    one = "module {}(output y); assign y = 1'b{}; endmodule"
    spec = Spec(verifier="verilog-testbench", top="top", testbench="", reference=one.format("__vr_ref", 1))
    assert compare(one.format("top", 1), spec).proof is Proof.PROVEN
    assert compare(one.format("top", 0), spec).proof is Proof.DIFFERENT


def test_what_the_golden_leaves_open_is_not_compared(compare: Compare) -> None:
    reference = "module __vr_ref(input [1:0] a, output y); assign y = (a == 0) ? 1'bx : a[0]; endmodule"
    spec = Spec(verifier="verilog-testbench", top="top", testbench="", reference=reference)
    assert (
        compare("module top(input [1:0] a, output y); assign y = a[0] | a == 0; endmodule", spec).proof is Proof.PROVEN
    )


def test_a_model_that_simulation_contradicts_proves_nothing(compare: Compare) -> None:
    """Yosys takes the x for a wildcard; Icarus does not, and there the candidate is right."""
    body = f"reg [3:0] t; always @* case (a) 4'bxxxx: t = 0; default: t = a + b; endcase assign y = t; {COUNT}"
    found = compare(design(body))
    assert found.proof is Proof.UNKNOWN
    assert found.why is not None
    assert "its replay in Icarus sees no difference" in found.why
