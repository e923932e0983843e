"""Equivalence by Yosys on pairs whose answer is known. A false EQUIVALENT would hide a survivor: those matter most."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.farm import Farm
from sim.hdl.equivalence import Equivalence, judge_equivalence, plan_equivalence

COMB = "module m(input [3:0] a, input [3:0] b, output [3:0] y);\n  assign y = {};\nendmodule\n"
CLOCKED = (
    "module m(input clk, input rst, input en, input [3:0] d, output reg [3:0] q, output reg [3:0] r);\n{}\nendmodule\n"
)
SYNC = "always @(posedge clk) if (rst) q <= 0; else if (en) q <= {};"
FIFO = """
module m(input clk, input rst, input wr, input rd, input [3:0] din, output [3:0] dout, output full, output empty);
  reg [3:0] mem [0:3];
  reg [1:0] wp, rp;
  reg [2:0] cnt;
  assign full = cnt FULL;
  assign empty = cnt == 0;
  assign dout = mem[rp];
  always @(posedge clk)
    if (rst) begin
      wp <= 0;
      rp <= 0;
      cnt <= 0;
    end else begin
      if (wr && !full) begin mem[wp] <= din; wp <= wp + STEP; end
      if (rd && !empty) rp <= rp + 1;
      cnt <= cnt + (wr && !full) - (rd && !empty);
    end
endmodule
"""
Compare = Callable[[str, str], Equivalence]


@pytest.fixture
def compare(farm: Farm) -> Compare:
    def judged(golden: str, mutant: str) -> Equivalence:
        [result] = farm.pool.map([plan_equivalence(golden=golden, mutant=mutant, top="m", image=farm.image)])
        assert result.failure is None
        return judge_equivalence(result)

    return judged


def counter(update: str) -> str:
    return CLOCKED.format(SYNC.format(update))


def clocked(body: str) -> str:
    return CLOCKED.format(body)


@pytest.mark.parametrize(
    ("golden", "mutant"),
    [
        (COMB.format("a & b"), COMB.format("b & a")),
        (COMB.format("a + b"), COMB.format("b - ~a - 1")),
        (COMB.format("(a < b) ? a : b"), COMB.format("(b > a) ? a : b")),
        (clocked("always @(posedge clk) q <= d;"), clocked("always @(posedge clk) q = d;")),
        (counter("q + 1"), counter("q - 4'hf")),
        (counter("(q == 9) ? 0 : q + 1"), counter("(q >= 9) ? 0 : q + 1")),
        (counter("q + 1"), clocked("always @(posedge clk) begin if (en) q <= q + 1; if (rst) q <= 0; end")),
        (clocked("reg [3:0] t; always @(posedge clk) begin t <= d; q <= t; end"),
         clocked("reg [3:0] u; always @(posedge clk) begin q = u; u = d; end")),
        (FIFO.replace("FULL", "== 4").replace("STEP", "1"), FIFO.replace("FULL", ">= 4").replace("STEP", "1")),
    ],
    ids=["operands", "minus", "relation", "one register", "modular", "unreachable", "priority", "renamed", "fifo"],
)  # fmt: skip
def test_equal_designs_are_proven_equivalent(compare: Compare, golden: str, mutant: str) -> None:
    outputs = "q" if "reg [3:0] q" in golden else ""
    if outputs:
        # An output that nothing drives would be an error of its own.
        golden, mutant = (text.replace("endmodule", "always @(*) r = q;\nendmodule") for text in (golden, mutant))
    assert compare(golden, mutant) is Equivalence.EQUIVALENT


@pytest.mark.parametrize(
    ("golden", "mutant"),
    [
        (COMB.format("a & b"), COMB.format("a | b")),
        (COMB.format("a + b"), COMB.format("a + b + (a == 4'd13 && b == 4'd7)")),
        (counter("q + 1"), counter("q + 2")),
        (counter("(q == 9) ? 0 : q + 1"), counter("(q == 8) ? 0 : q + 1")),
        (counter("(q == 9) ? 0 : q + 1"), counter("(q > 9) ? 0 : q + 1")),
        (counter("q + 1"), counter("q + 1").replace("posedge clk", "negedge clk")),
        (counter("q + 1"), counter("q + 1").replace("(rst)", "(!rst)")),
        (counter("q + 1"), counter("q + 1").replace("posedge clk", "posedge clk or posedge rst")),
        (counter("q + 1"), counter("q + 1").replace("q <= 0;", "q <= 1;")),
        (clocked("initial q = 0; always @(posedge clk) q <= q ^ d;"),
         clocked("initial q = 1; always @(posedge clk) q <= q ^ d;")),
        (clocked("initial q = 0; always @(posedge clk) q <= q ^ d;"), clocked("always @(posedge clk) q <= q ^ d;")),
        (clocked("reg [3:0] t; always @(posedge clk) begin t <= d; q <= t; end"),
         clocked("reg [3:0] t; always @(posedge clk) begin t = d; q <= t; end")),
        (FIFO.replace("FULL", "== 4").replace("STEP", "1"), FIFO.replace("FULL", "== 4").replace("STEP", "2")),
    ],
)  # fmt: skip
def test_different_designs_are_told_apart(compare: Compare, golden: str, mutant: str) -> None:
    if "reg [3:0] q" in golden:
        golden, mutant = (text.replace("endmodule", "always @(*) r = q;\nendmodule") for text in (golden, mutant))
    assert compare(golden, mutant) is Equivalence.DIFFERENT


def test_a_golden_that_never_gets_to_known_outputs_proves_nothing(compare: Compare) -> None:
    toggle = "module m(input clk, input t, output reg q);\n  always @(posedge clk) q <= {};\nendmodule\n"
    assert compare(toggle.format("q ^ t"), toggle.format("t ^ q")) is Equivalence.UNKNOWN


def test_a_combinational_loop_proves_nothing(compare: Compare) -> None:
    assert compare(COMB.format("a"), COMB.format("y + b")) is Equivalence.UNKNOWN


def test_two_drivers_of_a_net_prove_nothing(compare: Compare) -> None:
    assert compare(COMB.format("a"), COMB.format("a; assign y = b")) is Equivalence.UNKNOWN


def test_a_text_that_yosys_cannot_read_proves_nothing(compare: Compare) -> None:
    assert compare(COMB.format("a"), COMB.format("a +")) is Equivalence.UNKNOWN


def test_an_output_that_may_be_anything_in_the_golden_is_not_compared(compare: Compare) -> None:
    assert compare(COMB.format("(a == 0) ? 4'bx : b"), COMB.format("b")) is Equivalence.EQUIVALENT


def test_an_output_that_may_be_anything_in_the_mutant_is_a_difference(compare: Compare) -> None:
    assert compare(COMB.format("b"), COMB.format("(a == 0) ? 4'bx : b")) is Equivalence.DIFFERENT
