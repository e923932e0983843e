"""Sizes by the real Yosys; and designs that try to look smaller than they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.farm import Farm
from sim.hdl.synthesis import judge_synthesis, plan_synthesis
from sim.verdict import Netlist, Spec, Synthesis

PORTS = "input clk, input rst, input [3:0] a, input [3:0] b, output [3:0] y"
SPEC = Spec(verifier="verilog-testbench", top="top", testbench="")
ADDER = "assign y = a + b;"
Measure = Callable[[str], Synthesis]


@pytest.fixture
def measure(farm: Farm) -> Measure:
    def measured(source: str) -> Synthesis:
        [result] = farm.pool.map([plan_synthesis(source, SPEC, image=farm.image)])
        found = judge_synthesis(result)
        assert found is not None, result.failure
        return found

    return measured


def design(body: str) -> str:
    return f"module top({PORTS});\n{body}\nendmodule\n"


def netlist(found: Synthesis) -> Netlist:
    assert found.netlist is not None, found.why
    return found.netlist


def test_gates_are_counted_one_by_one(measure: Measure) -> None:
    found = measure(design("assign y = a & b;"))
    assert found == Synthesis(netlist=Netlist(num_cells=4, num_flip_flops=0, num_latches=0, depth=1))


def test_flip_flops_are_counted_and_cut_paths(measure: Measure) -> None:
    found = netlist(
        measure(design("reg [3:0] r, s; always @(posedge clk) begin r <= a; s <= r & b; end assign y = s;"))
    )
    assert found == Netlist(num_cells=12, num_flip_flops=8, num_latches=0, depth=1)


def test_latches_are_counted(measure: Measure) -> None:
    assert netlist(measure(design("reg [3:0] r; always @* if (rst) r = a; assign y = r;"))).num_latches == 4


def test_a_latch_in_an_always_comb_is_a_latch(measure: Measure) -> None:
    assert netlist(measure(design("reg [3:0] r; always_comb if (rst) r = a; assign y = r;"))).num_latches == 4


def test_combinational_loops_are_counted(measure: Measure) -> None:
    assert measure(design("wire [3:0] k = ~(k & a); assign y = k;")).num_loops == 4


def test_a_carry_chain_is_no_loop(measure: Measure) -> None:
    assert measure(design("wire [4:0] c; assign c = {(a & b) | (a & c[3:0]), rst}; assign y = c[4:1];")).num_loops == 0


def test_wires_alone_cost_nothing(measure: Measure) -> None:
    assert netlist(measure(design("assign y = a;"))).num_cells == 0


def test_a_larger_design_is_larger(measure: Measure) -> None:
    once, twice = (netlist(measure(design(f"assign y = {body};"))) for body in ("a + b", "a * b + a * (b + rst)"))
    assert once.num_cells < twice.num_cells
    assert once.depth < twice.depth


def test_enables_cost_the_same_however_they_are_written(measure: Measure) -> None:
    first = "reg [3:0] r; always @(posedge clk) if (rst) r <= a; assign y = r;"
    second = "reg [3:0] r; wire [3:0] n = rst ? a : r; always @(posedge clk) r <= n; assign y = r;"
    assert measure(design(first)) == measure(design(second))


@pytest.mark.parametrize(
    "body",
    [
        "assign y = (a === 4'bx) ? 0 : a + b;",
        "assign y = (^a === 1'bx) ? 0 : a + b;",
        "assign y = (a !== 4'bzzzz) ? a + b : 0;",
        "wire [3:0] x = 4'bx; assign y = (a === x) ? 0 : a + b;",
        "`ifdef SYNTHESIS\nassign y = a;\n`else\nassign y = a + b;\n`endif",
        "`ifdef YOSYS\nassign y = a;\n`else\nassign y = a + b;\n`endif",
        "`ifndef __ICARUS__\nassign y = a;\n`else\nassign y = a + b;\n`endif",
        "assign y = a\n// synopsys translate_off\n+ b\n// synopsys translate_on\n;",
        "assign y = a /* synthesis translate_off */ + b /* synthesis translate_on */;",
        "(* blackbox *) add u(a, b, y); endmodule (* blackbox *) module add(input [3:0] a, b, output [3:0] y); assign y = a + b;",
        "(* whitebox, keep_hierarchy *) add u(a, b, y); endmodule module add(input [3:0] a, b, output [3:0] y); assign y = a + b;",
        "add u(a, b, y); endmodule (* abc9_box, abc9_box_id = 1 *) module add(input [3:0] a, b, output [3:0] y); assign y = a + b;",
        "`celldefine\n" + ADDER + "\n`endcelldefine",
        "reg [3:0] t; always @* (* full_case, parallel_case *) case (a[0]) 1'b0: t = a + b; 1'b1: t = a + b; endcase assign y = t;",
        "assign y = a + b; always @* assume (a == 0);",
        "assign y = a + b; always @* assert (a == 0);",
        "(* init = 4'd0 *) wire [3:0] t; assign t = a + b; assign y = t;",
        "\\$add u(a, b, y); endmodule module \\$add (input [3:0] A, B, output [3:0] Y); assign Y = A + B;",
        "\\$lut u(a, b, y); endmodule module \\$lut (input [3:0] A, B, output [3:0] Y); assign Y = A + B;",
        'assign y = a + b; always @(posedge clk) $display("%d", y);',
        "assign y = a + b; specify (a => y) = 1; endspecify",
    ],
)  # fmt: skip
def test_no_trick_makes_an_adder_smaller_than_it_is(measure: Measure, body: str) -> None:
    assert netlist(measure(design(body))) == netlist(measure(design(ADDER)))


def test_logic_that_nothing_reads_costs_nothing_even_if_it_asks_to_be_kept(measure: Measure) -> None:
    kept = "(* keep *) wire [3:0] k = a * b; " + ADDER
    assert netlist(measure(design(kept))) == netlist(measure(design(ADDER)))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("assign y = a +;", "syntax error"),
        ("unknown u(a, b, y);", "not part of the design"),
        ("\\$_AND_ u(.A(a[0]), .B(b[0]), .Y(y[0]));", "not part of the design"),
        ("assign y = a; assign y = b;", "more than one driver"),
        ("assign a = 0; assign y = a + b;", "more than one driver"),
        ("assign y = $anyconst;", "only a solver knows"),
        ("rand reg [3:0] k; assign y = k;", "solver knows|guard|syntax"),
        ("initial forever #1;", "syntax error"),
        ('`include "synthesis.ys"\n', "guard"),
        ('import "DPI-C" function int system(input string s); localparam X = system("true"); assign y = X;', "guard"),
        ("genvar i; generate for (i = 0; i < 10000000; i = i + 1) begin : g wire w = a[0]; end endgenerate", "LIMIT"),
    ],
)  # fmt: skip
def test_what_cannot_be_synthesised_has_a_reason(measure: Measure, body: str, why: str) -> None:
    found = measure(design(body))
    assert found.netlist is None
    assert found.why is not None
    assert any(word in found.why for word in why.split("|")), found.why
    assert len(found.why) <= 200
