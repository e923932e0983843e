"""Mutants: where they are made, what is left alone, what a sample is."""

from __future__ import annotations

from random import Random

import pyslang
import pytest
from pyslang.syntax import SyntaxTree

from verireason.data.mutate import mutants
from verireason.data.mutation_kinds import MutationKind as Kind

COUNTER = """\
module top_module(input clk, input rst_n, input en, input clr, input [3:0] a, input [3:0] b, output reg [3:0] q,
                  output tick, output [7:0] wide);
  // never touch this: a + b ^ 4'd9 posedge
  localparam LAST = 4'd9;
  wire [4:0] sum = a + b;
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) q <= 4'd0;
    else if (en) begin
      if (q >= LAST) q <= 0;
      else q <= q + 1;
    end
  end
  assign tick = en ? (q == 4'd9) : clr;
  assign wide = {a ^ b, sum[3:0]};
endmodule
"""
HEAD = "module m(input clk, input rst, input [3:0] d, output reg [3:0] q, output reg [3:0] r);\n"


def descriptions(source: str, *kinds: Kind) -> list[str]:
    return [mutant.description for mutant in mutants(source, rng=None, kinds=kinds or None)]


def in_body(body: str, *kinds: Kind) -> list[str]:
    return [text.split(": ", 1)[1] for text in descriptions(f"{HEAD}{body}\nendmodule\n", *kinds)]


def tokens(source: str) -> list[str]:
    found: list[str] = []

    def collect(node: object) -> None:
        for child in node:  # type: ignore[attr-defined]
            if hasattr(child, "sourceRange"):
                collect(child)
            else:
                found.append(child.rawText)

    tree = SyntaxTree.fromText(source, pyslang.SourceManager())
    collect(tree.root)
    return found


def test_a_mutant_says_its_line_and_what_became_of_what() -> None:
    assert "line 5: `+` became `-`" in descriptions(COUNTER, Kind.OPERATOR)


def test_the_mutant_is_the_source_but_for_that_place() -> None:
    [mutant] = [each for each in mutants(COUNTER, rng=None) if each.description == "line 5: `+` became `-`"]
    assert (mutant.source, mutant.line) == (COUNTER.replace("= a + b", "= a - b"), 5)


def test_many_kinds_of_slips_are_found() -> None:
    assert {mutant.kind for mutant in mutants(COUNTER, rng=None)} >= {
        Kind.OPERATOR, Kind.CONSTANT, Kind.OFF_BY_ONE, Kind.EDGE, Kind.RESET_POLARITY, Kind.CONDITION_NEGATED,
        Kind.SWAPPED_ARMS, Kind.SWAPPED_OPERANDS, Kind.DROPPED_STATEMENT, Kind.WIDTH, Kind.SIGNAL,
    }  # fmt: skip


def test_every_mutant_differs_from_the_source_in_its_tokens() -> None:
    assert all(tokens(mutant.source) != tokens(COUNTER) for mutant in mutants(COUNTER, rng=None))


def test_no_two_mutants_are_alike() -> None:
    found = mutants(COUNTER, rng=None)
    assert len({mutant.source for mutant in found}) == len(found)


def test_every_mutant_still_parses() -> None:
    for mutant in mutants(COUNTER, rng=None):
        tree = SyntaxTree.fromText(mutant.source, pyslang.SourceManager())
        assert not [diagnostic for diagnostic in tree.diagnostics if diagnostic.isError()], mutant.description


def test_comments_and_the_module_head_stay_as_they_are() -> None:
    head = COUNTER.index("  localparam")
    assert all(mutant.source.startswith(COUNTER[:head]) for mutant in mutants(COUNTER, rng=None))


def test_strings_and_calls_of_tasks_stay_as_they_are() -> None:
    assert in_body('initial begin $display("a + b %d", 3 + 4); q = 1; end', Kind.OPERATOR) == []


def test_delays_stay_as_they_are() -> None:
    assert in_body("initial begin #5 q = d; end", Kind.OFF_BY_ONE, Kind.CONSTANT) == []


def test_the_step_of_a_loop_stays_as_it_is() -> None:
    loop = "integer i; always @(*) for (i = 0; i < 4; i = i + 1) q[i] = d[i];"
    assert in_body(loop, Kind.OPERATOR, Kind.CONSTANT) == ["`<` became `>`"]


def test_what_a_macro_made_stays_as_it_is() -> None:
    source = f"`define SUM d + 4'd3\n{HEAD}assign q = `SUM;\nendmodule\n"
    assert descriptions(source, Kind.OPERATOR, Kind.CONSTANT, Kind.OFF_BY_ONE) == []


def test_a_redeclared_port_keeps_its_width() -> None:
    source = "module m(d, q);\ninput [3:0] d; output [3:0] q; reg [3:0] q; reg [2:0] t;\nendmodule\n"
    assert descriptions(source, Kind.WIDTH) == ["line 2: `2` became `1`", "line 2: `2` became `3`"]


def test_a_synchronous_reset_changes_its_polarity() -> None:
    assert in_body("always @(posedge clk) if (rst) q <= 0; else q <= d;", Kind.RESET_POLARITY) == [
        "`if (rst)` became `if (!rst)`"
    ]


def test_an_asynchronous_reset_changes_its_edge_too() -> None:
    [mutant] = mutants(COUNTER, rng=None, kinds=[Kind.RESET_POLARITY])
    assert "posedge clk or posedge rst_n" in mutant.source
    assert "if (rst_n) q" in mutant.source


def test_only_the_first_condition_of_a_clocked_block_is_a_reset() -> None:
    assert descriptions(COUNTER, Kind.CONDITION_NEGATED) == [
        "line 8: `if (en)` became `if (!en)`",
        "line 9: `if (q >= LAST)` became `if (!(q >= LAST))`",
    ]


def test_a_dropped_default_leaves_a_case_that_still_parses() -> None:
    text = "always @(*) case (d) 0: q = 1; default: q = 2; endcase"
    assert in_body(text, Kind.DROPPED_STATEMENT) == ["`q = 1;` was dropped", "`q = 2;` was dropped"]


def test_another_input_of_the_same_width_takes_a_signals_place() -> None:
    assert "line 5: `a` became `b`" in descriptions(COUNTER, Kind.SIGNAL)


def test_a_clock_is_nobodys_substitute() -> None:
    assert not [text for text in descriptions(COUNTER, Kind.SIGNAL) if "became `clk`" in text]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("always @(posedge clk) begin q <= d; r <= q; end", ["`<=` became `=` for `q`"]),
        ("always @(posedge clk) begin r <= q; q <= d; end", []),
        ("always @(posedge clk) if (rst) q <= 0; else q <= q + 1;", []),
        ("always @(posedge clk) begin q <= 0; if (rst) q <= q + 1; end", ["`<=` became `=` for `q`"]),
        ("always @(*) begin q = 0; if (rst) q = d; end", []),
        (
            "integer i; always @(*) begin q = 0; for (i = 0; i < 4; i = i + 1) q = q + d[i]; end",
            ["`=` became `<=` for `q`"],
        ),
        ("always @(posedge clk) q <= d; always @(posedge clk) r <= q;", ["`<=` became `=` for `q`"]),
        ("integer i; always @(*) for (i = 0; i < 4; i = i + 1) q[i] = d[3 - i];", []),
        ("always @(posedge clk) begin {q, r} <= {r, q}; r <= q; end", []),
    ],
)
def test_the_kind_of_assignment_changes_where_it_can_matter(body: str, found: list[str]) -> None:
    assert in_body(body, Kind.BLOCKING) == found


@pytest.mark.parametrize(
    ("literal", "others"),
    [
        ("4'd9", {"4'd0", "4'd8", "4'd10"}),
        ("4'b0101", {"4'b0000", "4'b0100", "4'b0110"}),
        ("8'hff", {"8'h00", "8'hfe"}),
        ("1'b0", {"1'b1"}),
        ("4'b1??0", {"4'b0??0"}),
        ("7", {"6", "8"}),
        ("0", {"1"}),
        ("'0", {"'1"}),
    ],
)
def test_numbers_turn_into_their_neighbours_and_into_zero_or_ones(literal: str, others: set[str]) -> None:
    made = in_body(f"always @(*) q = {literal};", Kind.CONSTANT, Kind.OFF_BY_ONE)
    assert {text.split("`")[3] for text in made} == others


def test_a_variable_never_has_both_kinds_of_assignment() -> None:
    body = "always @(posedge clk) begin q <= d; r <= q; if (rst) q <= 0; end"
    [mutant] = mutants(f"{HEAD}{body}\nendmodule\n", rng=None, kinds=[Kind.BLOCKING])
    assert body.replace("q <=", "q =") in mutant.source


def test_the_same_arguments_give_the_same_sample() -> None:
    assert mutants(COUNTER, rng=Random(3), limit=8) == mutants(COUNTER, rng=Random(3), limit=8)


def test_another_seed_gives_another_sample() -> None:
    assert mutants(COUNTER, rng=Random(3), limit=8) != mutants(COUNTER, rng=Random(4), limit=8)


def test_a_sample_has_every_kind_before_it_has_one_twice() -> None:
    kinds = [mutant.kind for mutant in mutants(COUNTER, rng=Random(0), limit=10)]
    assert len(set(kinds)) == 10


def test_a_sample_without_a_source_of_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an rng"):
        mutants(COUNTER, rng=None, limit=3)


def test_letters_beyond_ascii_do_not_shift_the_places() -> None:
    source = f"// größer als 0\n{HEAD}assign q = d + 1; // µ\nendmodule\n"
    [mutant] = mutants(source, rng=None, kinds=[Kind.OPERATOR])
    assert mutant.source == source.replace("+", "-")
