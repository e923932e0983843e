"""The faulty corpus: shares, habits, slips, and that the seed decides."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from sim.verdict import Spec
from verireason.data.corpus import VERILOG, faulty_corpus, syntax_slip
from verireason.problem import Problem

HEAD = "module top_module(input clk, input rst, input s, input [3:0] a, input [3:0] b, output reg [3:0] q, output y);\n"


def problem(number: int, body: str) -> Problem:
    golden = f"{HEAD}  {body}\nendmodule\n"
    spec = Spec(verifier="verilog-testbench", top="top_module", testbench="", reference=golden, num_checks=1)
    return Problem(
        id=f"p{number}", benchmark="generated", prompt="", spec=spec, golden=golden, split="train",
        licence="Apache-2.0", category="any", difficulty=1,
    )  # fmt: skip


PROBLEMS = [problem(number, "assign y = ^(a ^ b);") for number in range(400)]


def kinds(items: list[str | None]) -> Counter[str]:
    return Counter("golden" if fault is None else fault.split()[0].rstrip(":") for fault in items)


def test_the_shares_are_those_asked_for() -> None:
    counts = kinds([item.fault for item in faulty_corpus(PROBLEMS, systematic=0.6, random=0.2, seed=1)])
    assert counts["habit"] == pytest.approx(240, abs=40)
    assert counts["slip"] + counts["syntax"] == pytest.approx(80, abs=30)


def test_without_faults_every_text_is_the_golden() -> None:
    items = list(faulty_corpus(PROBLEMS, systematic=0, random=0, seed=1))
    assert all(item.text == item.problem.golden and item.fault is None for item in items)


def test_with_faults_no_text_is_the_golden() -> None:
    items = list(faulty_corpus(PROBLEMS, systematic=0.5, random=0.5, seed=1))
    assert not [item for item in items if item.text == item.problem.golden]


def test_the_same_seed_gives_the_same_corpus() -> None:
    first = list(faulty_corpus(PROBLEMS[:50], systematic=0.4, random=0.4, seed=7))
    assert first == list(faulty_corpus(PROBLEMS[:50], systematic=0.4, random=0.4, seed=7))


def test_another_seed_gives_another_corpus() -> None:
    first = list(faulty_corpus(PROBLEMS[:50], systematic=0.4, random=0.4, seed=7))
    assert first != list(faulty_corpus(PROBLEMS[:50], systematic=0.4, random=0.4, seed=8))


def test_shares_that_sum_to_more_than_one_are_refused() -> None:
    with pytest.raises(ValueError, match="sum of at most 1"):
        list(faulty_corpus(PROBLEMS, systematic=0.8, random=0.3, seed=0))


@pytest.mark.parametrize(
    ("body", "habit", "after"),
    [
        ("assign y = a[0] ^ b[0] ^ s;", "xor_as_or", "assign y = a[0] | b[0] | s;"),
        ("assign y = s ? a[0] : b[0];", "mux_arms_swapped", "assign y = s ? b[0] : a[0];"),
        ("assign y = a - b;", "minus_as_plus", "assign y = a + b;"),
        ("always @(*) if (a == 4'd9) q = b; else q = a;", "wraps_late", "if (a == 4'd10) q"),
        ("always @(*) case (a) 0: q = 1; default: q = 2; endcase", "case_arms_swapped", "0: q = 2; default: q = 1;"),
        ("always @(*) q = {a[1:0], b[3:2]};", "parts_swapped", "q = {b[3:2], a[1:0]};"),
        ("reg [3:0] t; always @(posedge clk) begin t <= a; q <= t; end", "blocking", "begin t = a; q <= t; end"),
        ("always @(posedge clk) if (rst) q <= 0; else q <= a;", "reset_polarity", "if (!rst) q <= 0;"),
    ],
)
def test_a_construct_has_its_habit(body: str, habit: str, after: str) -> None:
    found = VERILOG.habitual(problem(0, body).golden)
    assert found is not None
    assert (found[0].name, after in found[1].source) == (habit, True)


def test_equal_constructs_have_equal_faults() -> None:
    texts = {item.text for item in faulty_corpus(PROBLEMS, systematic=1, random=0, seed=3)}
    assert len(texts) == 1


def test_a_design_without_such_a_construct_has_no_habit() -> None:
    assert VERILOG.habitual(problem(0, "assign y = a & b;").golden) is None


def test_each_sort_of_syntax_slip_occurs() -> None:
    source = problem(0, "always @(posedge clk) begin q <= a; end").golden
    slips = {syntax_slip(source, Random(seed))[1] for seed in range(20)}
    assert slips == {"missing ;", "missing endmodule", "misspelt keyword"}


def test_a_missing_semicolon_is_not_one_of_a_comment() -> None:
    source = "// ; ; ;\nmodule m(input a, output y); // ;\nendmodule\n"
    slips = {syntax_slip(source, Random(seed)) for seed in range(20)}
    assert {text for text, what in slips if what == "missing ;"} == {source.replace("y);", "y)")}
