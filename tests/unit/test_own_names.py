"""Every identifier of a testbench becomes its own, without parsing; and odd text takes linear time."""

from __future__ import annotations

import pytest

from verireason.data.own_names import declared_modules, top_module, with_own_names

TESTBENCH = r"""`timescale 1ns/1ps
`define STEPS 8
module tb_alu; // module alu is not declared here
  reg [7:0] a = 8'hFF, b = 8'b0z_x1; integer i = 10, fd; wire [7:0] y; reg \odd+name ;
  alu #(.W(8)) dut (.a(a), .b(b), .y(y));
  initial begin : main
    for (i = 0; i < `STEPS; i = i + 1) begin #10ns a = a + 'd3; $display("%d a \" b", y); end
    if (dut.state == 1) $finish;
  end
endmodule : tb_alu
"""


def test_names_are_prefixed_and_nothing_else_changes() -> None:
    text = with_own_names(TESTBENCH, keep={"alu"})
    assert text is not None
    assert text == (
        TESTBENCH.replace("module tb_alu;", "module __vr_tb;")
        .replace("endmodule : tb_alu", "endmodule : __vr_tb")
        .replace("reg [7:0] a = 8'hFF, b =", "reg [7:0] __vr_a = 8'hFF, __vr_b =")
        .replace("integer i = 10, fd; wire [7:0] y;", "integer __vr_i = 10, __vr_fd; wire [7:0] __vr_y;")
        .replace("dut (.a(a), .b(b), .y(y))", "__vr_dut (.a(__vr_a), .b(__vr_b), .y(__vr_y))")
        .replace("begin : main", "begin : __vr_main")
        .replace("(i = 0; i < `STEPS; i = i + 1)", "(__vr_i = 0; __vr_i < `STEPS; __vr_i = __vr_i + 1)")
        .replace("a = a + 'd3", "__vr_a = __vr_a + 'd3")
        .replace(", y); end", ", __vr_y); end")
        .replace("dut.state", "__vr_dut.state")
    )


def test_ports_of_the_testbenchs_own_modules_stay() -> None:
    text = (
        "module gen(output clk); endmodule\nmodule t; wire clk, q; gen g(.clk(clk)); dff d(.clk(clk), .q(q)); endmodule"
    )
    assert with_own_names(text, keep={"dff"}) == (
        "module __vr_gen(output clk); endmodule\n"
        "module __vr_tb; wire clk, q; __vr_gen __vr_g(.clk(clk)); dff __vr_d(.clk(clk), .q(q)); endmodule"
    )


def test_the_top_is_the_module_that_nothing_uses() -> None:
    assert top_module("module a(input x); b u(.x(x)); endmodule : a module b(input x); endmodule") == "a"
    assert top_module("module a; endmodule module b; endmodule") is None
    assert declared_modules('// module c\nmodule automatic a; endmodule "module d" module b; endmodule') == ["a", "b"]


@pytest.mark.parametrize("odd", ["/*", '"\\', ".", "`", "'", "\\", "*", ". ", "module ", "'b"])
def test_odd_text_is_read_to_its_end(odd: str) -> None:
    """In linear time: a quadratic pass over it would not end while anybody waits."""
    assert with_own_names(f"module t; {odd * 60_000}", keep=()) is not None
