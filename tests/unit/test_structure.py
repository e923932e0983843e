"""Structural similarity: the graph, the measure, and the host's half of asking for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.boxes.host import HostBox
from sim.hdl.structure import (
    MODULE_BYTES,
    PAIRS_PER_JOB,
    Backend,
    StructurePair,
    judge_structure,
    plan_structure,
    split_pairs,
)
from sim.inbox.structure_graph import Graph
from sim.inbox.structure_measure import features, min_max, similarity
from sim.inbox.structure_pyverilog import constant_of
from sim.inbox.structure_slang import SlangReader
from sim.job import JobResult, Status, StepResult

FIXTURES = Path(__file__).parent.parent / "fixtures" / "structure"
DESIGNS = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
REWRITTEN = ("rewritten_1", "rewritten_2", "rewritten_3")
HEAD = "module top_module(input clk, input a, b, c, input [7:0] x, y, input [1:0] s, output {kind} {out}); "
READER = SlangReader()


def source(design: str, variant: str) -> str:
    return next((FIXTURES / design).glob(f"{variant}.*")).read_text()


def alike(left: str, right: str) -> float:
    """Similarity of two modules, by slang."""
    top, reference = READER.read(left, None)
    return similarity(features(reference), features(READER.read(right, top)[1]))


def body_alike(
    left: str, right: str, *, out: str = "[7:0] q", left_kind: str = "logic", right_kind: str = "logic"
) -> float:
    """Similarity of two module bodies between the same ports."""
    heads = [HEAD.format(kind=kind, out=out) for kind in (left_kind, right_kind)]
    return alike(f"{heads[0]} {left} endmodule", f"{heads[1]} {right} endmodule")


# ---- the requirement, on the examples


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("variant", ["golden", "reformatted", "renamed"])
def test_the_same_module_in_other_words_scores_one(design: str, variant: str) -> None:
    assert alike(source(design, "golden"), source(design, variant)) == 1.0


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("variant", REWRITTEN)
def test_a_correct_module_written_differently_scores_above_a_half(design: str, variant: str) -> None:
    assert alike(source(design, "golden"), source(design, variant)) > 0.5


@pytest.mark.parametrize("design", DESIGNS)
def test_ports_without_logic_score_under_a_quarter(design: str) -> None:
    assert alike(source(design, "golden"), source(design, "ports_only")) < 0.25


@pytest.mark.parametrize("design", DESIGNS)
def test_unrelated_logic_scores_far_under_every_correct_module(design: str) -> None:
    golden = source(design, "golden")
    worst = min(alike(golden, source(design, variant)) for variant in REWRITTEN)
    assert alike(golden, source(design, "unrelated")) < worst / 2


@pytest.mark.parametrize("design", DESIGNS)
def test_a_small_bug_shows_but_costs_little(design: str) -> None:
    assert 0.7 < alike(source(design, "golden"), source(design, "bug")) < 1.0


@pytest.mark.parametrize("design", DESIGNS)
def test_similarity_is_symmetric(design: str) -> None:
    golden, other = source(design, "golden"), source(design, "rewritten_1")
    assert alike(golden, other) == alike(other, golden)


# ---- what does not count


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("assign q = x + y;", "assign q = y + x;"),
        ("assign q = x + y;", "always_comb q = x + y;"),
        ("assign q = x + y;", "logic [7:0] t, u; assign q = u; assign u = t; assign t = x + y;"),
        ("assign q = a ? x : y;", "always_comb begin q = y; if (a) q = x; end"),
        ("assign q = a ? x : y;", "assign q = !a ? y : x;"),
        ("assign q = a ? x : y;", "always_comb case (a) 1'b1: q = x; 1'b0: q = y; endcase"),
        ("assign q = a ? x : y;", "always_comb case (a) 1'b0: q = y; default: q = x; endcase"),
        ("assign q = s == 0 ? x : s == 1 ? y : 0;", "always_comb case (s) 1: q = y; 0: q = x; default: q = 0; endcase"),
        ("assign q = x > y ? x : y;", "assign q = y < x ? x : y;"),
        ("assign q = ~(x & y);", "assign q = ~x | ~y;"),
        ("assign q = (x != y) ? x : 0;", "assign q = (x == y) ? 0 : x;"),
        ("assign q = ~(~x);", "assign q = x;"),
        ("assign q = {4{s}};", "assign q = {s, s, s, s};"),
        ("assign q = {y[7:4], x[3:0]};", "assign q[3:0] = x[3:0]; assign q[7:4] = y[7:4];"),
        ("assign q = x ^ y;", "genvar i; for (i = 0; i < 8; i = i + 1) assign q[i] = y[i] ^ x[i];"),
        ("assign q = x ^ y;", "always_comb for (int i = 7; i >= 0; i--) q[i] = x[i] ^ y[i];"),
        ("assign q = x & y;", "and gates [7:0] (q, x, y);"),
        ("localparam N = 3; assign q = x + N;", "assign q = x + 8'd3;"),
        ("assign q = x + y;", "function [7:0] f(input [7:0] u, v); f = u + v; endfunction assign q = f(x, y);"),
        ("assign q = x + y;", "function automatic [7:0] f(input [7:0] u); return u + y; endfunction assign q = f(x);"),
        ("assign q = x + $bits(x);", "assign q = x + 8;"),
        ("always_ff @(posedge clk) q <= q + 1;", "always @(posedge clk) q <= 8'd1 + q;"),
        ("always @(posedge clk) if (a) q <= x;", "always @(posedge clk) q <= a ? x : q;"),
        ("always @(posedge clk) if (a) q <= x;", "logic [7:0] n; assign n = a ? x : q; always @(posedge clk) q <= n;"),
        ("always @(posedge clk) q <= x;", "initial q = 0; always @(posedge clk) begin $display(q); q <= x; end"),
        ("always @(posedge clk) {q[7:1], q[0]} <= {q[6:0], a};", "always @(posedge clk) q <= {q[6:0], a};"),
    ],
)  # fmt: skip
def test_a_matter_of_style_does_not_count(left: str, right: str) -> None:
    assert body_alike(left, right) == 1.0


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("assign q = a & b;", "always_comb if (a) q = b; else q = 0;"),
        ("assign q = a | b;", "assign q = a ? 1'b1 : b;"),
        ("assign q = a;", "assign q = (a == 1'b1) ? 1 : 0;"),
        ("assign q = a;", "always_comb case (1'b1) a: q = 1; default: q = 0; endcase"),
        ("assign q = a ^ b;", "assign q = a != b;"),
        ("assign q = |x;", "assign q = x != 0;"),
        ("assign q = !x;", "assign q = x == 8'd0;"),
        ("assign q = x inside {8'd1, 8'd5};", "assign q = x == 5 || x == 1;"),
    ],
)
def test_a_matter_of_style_does_not_count_on_one_bit(left: str, right: str) -> None:
    assert body_alike(left, right, out="q") == 1.0


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("assign q = x + y;", "assign q = x - y;"),
        ("assign q = x - y;", "assign q = y - x;"),
        ("assign q = x + 1;", "assign q = x + 2;"),
        ("assign q = a ? x : y;", "assign q = a ? y : x;"),
        ("assign q = x << 1;", "assign q = x >> 1;"),
        ("always @(posedge clk) q <= x;", "always @(negedge clk) q <= x;"),
        ("always @(posedge clk) q <= x;", "always_comb q = x;"),
        ("always @(posedge clk) q <= a ? 0 : x;", "always @(posedge clk or posedge a) if (a) q <= 0; else q <= x;"),
        ("assign q = {x[6:0], a};", "assign q = {a, x[7:1]};"),
        ("always_comb if (a) q = x; else q = 0;", "always_latch if (a) q = x;"),
    ],
)  # fmt: skip
def test_a_change_of_function_counts(left: str, right: str) -> None:
    assert body_alike(left, right) < 1.0


@pytest.mark.parametrize("filler", ["", "logic [7:0] t; assign t = x + y;", "initial q = 1;", "wire unused = a & b;"])
def test_declarations_and_logic_that_reach_no_output_are_worth_nothing(filler: str) -> None:
    assert body_alike("assign q = x + y;", filler) == 0.0


def test_instances_are_looked_into() -> None:
    adder = "module add(input [7:0] i, j, output [7:0] o); assign o = i + j; endmodule "
    head = HEAD.format(kind="logic", out="[7:0] q")
    inside = f"{adder} {head} add u (.i(x), .j(y), .o(q)); endmodule"
    assert alike(f"{head} assign q = x + y; endmodule", inside) == 1.0


def test_a_combinational_loop_is_cut() -> None:
    assert body_alike("assign q = q + x;", "assign q = x + q;") == 1.0


def test_carry_chains_do_not_explode() -> None:
    wires = "".join(f"wire [7:0] w{i} = (w{i - 1} ^ x) & ~(w{i - 1} | y);" for i in range(1, 40))
    assert body_alike(f"wire [7:0] w0 = x; {wires} assign q = w39;", "assign q = x;") < 0.5


def test_the_golden_of_one_constant_is_not_matched_by_nothing() -> None:
    assert body_alike("assign q = 0;", "") < 0.25
    assert body_alike("assign q = 0;", "assign q = 8'h00;") == 1.0


# ---- the measure


@given(st.dictionaries(st.integers(0, 9), st.integers(1, 5)), st.dictionaries(st.integers(0, 9), st.integers(1, 5)))
def test_min_max_is_symmetric_and_in_range(left: dict[int, int], right: dict[int, int]) -> None:
    assert 0.0 <= min_max(left, right) == min_max(right, left) <= 1.0
    assert min_max(left, left) == 1.0


def test_min_max_counts_occurrences() -> None:
    assert min_max({1: 2, 2: 1}, {1: 1, 3: 1}) == 1 / 4


def test_features_are_the_same_in_every_process() -> None:
    program = (
        "import sys\n"
        "from sim.inbox.structure_slang import SlangReader\n"
        "from sim.inbox.structure_measure import features\n"
        "_, graph = SlangReader().read(sys.stdin.read(), None)\n"
        "print([sorted(family.items()) for family in features(graph)])"
    )
    outputs = {
        subprocess.run(
            (sys.executable, "-c", program),
            input=source("alu", "golden"), capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1


def test_equal_terms_are_one_node() -> None:
    graph = Graph()
    a, b = graph.leaf("in:a", width=1), graph.leaf("in:b", width=1)
    assert graph.apply("and", a, b) == graph.apply("and", b, a)
    assert graph.apply("nor", a, b) == graph.apply("and", graph.negate(a), graph.negate(b))


def test_a_part_of_a_concatenation_is_its_operand() -> None:
    graph = Graph()
    high, low = graph.leaf("in:a", width=4), graph.leaf("in:b", width=2)
    whole = graph.concat([high, low], [4, 2])
    assert graph.part(whole, graph.const(5), graph.const(2)) == high


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", (12, None)), ("4'b1010", (10, 4)), ("8'hF_F", (255, 8)), ("'d3", (3, None)), ("4'b1z0x", ("b1z0x", 4)),
     ("8'sd5", (5, 8))],
)  # fmt: skip
def test_literals_have_their_value_and_width(text: str, expected: tuple[int | str, int | None]) -> None:
    assert constant_of(text) == expected


# ---- the host's half


def pairs_of(number: int) -> list[StructurePair]:
    golden = source("mux", "golden")
    return [StructurePair(candidate=f"{golden} // {index}", reference=golden) for index in range(number)]


def plan(pairs: list[StructurePair]) -> dict[str, bytes]:
    return dict(plan_structure(pairs, backend=Backend.PYSLANG, image="host").files)


def result_of(*lines: object, code: int = 0, status: Status = Status.EXITED) -> JobResult:
    text = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    return JobResult(steps=(StepResult(status=status, code=code, stdout=text),))


def scored(index: int, score: object = 0.5) -> dict[str, object]:
    return {"index": index, "score": score, "fault": None, "reason": None}


def failed(index: int, fault: object) -> dict[str, object]:
    return {"index": index, "score": None, "fault": fault, "reason": "CPU limit"}


def test_a_reference_that_pairs_share_travels_once() -> None:
    assert sum(name.startswith("reference_") for name in plan(pairs_of(3))) == 1


def test_equal_requests_are_equal_jobs() -> None:
    jobs = [plan_structure(pairs_of(2), backend=Backend.PYSLANG, image="host") for _ in range(2)]
    other = plan_structure(pairs_of(2), backend=Backend.PYVERILOG, image="host")
    assert jobs[0].key == jobs[1].key != other.key


def test_an_endless_text_is_cut_where_the_box_will_refuse_it() -> None:
    files = plan([StructurePair(candidate="x" * (MODULE_BYTES * 2), reference="")])
    assert len(files["candidate_0.sv"]) == MODULE_BYTES + 1


@pytest.mark.parametrize("number", [0, PAIRS_PER_JOB + 1])
def test_a_job_takes_neither_none_nor_too_many_pairs(number: int) -> None:
    with pytest.raises(ValueError, match=f"{number} pairs"):
        plan_structure(pairs_of(number), backend=Backend.PYSLANG, image="host")


def test_splitting_keeps_every_pair_in_order() -> None:
    pairs = pairs_of(2 * PAIRS_PER_JOB + 1)
    chunks = list(split_pairs(pairs))
    assert [len(chunk) for chunk in chunks] == [PAIRS_PER_JOB, PAIRS_PER_JOB, 1]
    assert [pair for chunk in chunks for pair in chunk] == pairs


def test_scores_come_back_in_order() -> None:
    assert judge_structure(result_of(scored(0, 0.25), scored(1, 1.0)), 2) == [0.25, 1.0]


def test_a_candidates_own_fault_scores_zero_and_any_other_fault_nothing() -> None:
    result = result_of(failed(0, "candidate"), failed(1, "reference"), failed(2, "box"))
    assert judge_structure(result, 3) == [0.0, None, None]


@pytest.mark.parametrize(
    "result",
    [
        JobResult(failure="no such image"),
        JobResult(),
        result_of(scored(0), scored(1), code=1),
        result_of(scored(0), scored(1), status=Status.CPU_LIMIT),
        result_of(scored(0)),
        result_of(scored(0), scored(1), scored(2)),
        result_of(scored(0), scored(0)),
        result_of(scored(0), b"{"),
        result_of(scored(0), b"[" * 100_000),
        result_of(scored(0), b"\xff"),
        result_of(scored(0), [1]),
        result_of(scored(0), {"index": 1, "score": 0.5}),
        result_of(scored(0), {**scored(1), "extra": 1}),
        result_of(scored(0), scored(1, 1.5)),
        result_of(scored(0), scored(1, -0.5)),
        result_of(scored(0), scored(1, True)),
        result_of(scored(0), scored(1, "0.5")),
        result_of(scored(0), scored(1, None)),
        result_of(scored(0), b'{"index": 1, "score": NaN, "fault": null, "reason": null}'),
        result_of(scored(0), failed(1, "nobody")),
        result_of(scored(0), failed(1, ["candidate"])),
    ],
)
def test_a_box_that_failed_or_says_what_our_program_cannot_gives_nothing(result: JobResult) -> None:
    assert judge_structure(result, 2) == [None, None]


def test_a_request_is_answered_on_a_host_without_an_image() -> None:
    variants = ("golden", "ports_only", "rewritten_1")
    pairs = [StructurePair(candidate=source("alu", name), reference=source("alu", "golden")) for name in variants]
    result = HostBox(image="host").run(plan_structure(pairs, backend=Backend.PYSLANG, image="host"))
    same, nothing, rewritten = judge_structure(result, 3)
    assert same == 1.0
    assert nothing == 0.0
    assert rewritten is not None
    assert 0.5 < rewritten < 1.0
