"""Structural similarity in a real box, with both parsers, on honest and on hostile text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.hdl.structure import Backend, StructurePair, judge_structure, plan_structure, split_pairs

FIXTURES = Path(__file__).parent.parent / "fixtures" / "structure"
DESIGNS = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
ALIKE = ("golden", "reformatted", "renamed")
REWRITTEN = {
    Backend.PYSLANG: ("rewritten_1", "rewritten_2", "rewritten_3"),
    Backend.PYVERILOG: ("rewritten_1", "rewritten_3"),  # the other one is SystemVerilog
}

PORTS = "module top_module(input [7:0] a, output [7:0] y);"
GOLDEN = f"{PORTS} assign y = ~a + 8'd1; endmodule"
ENDLESS_LOOPS = "integer i, j, k; reg [7:0] t; always @(*) begin t = 0; " + "".join(
    f"for ({name} = 0; {name} < 1000; {name} = {name} + 1) " for name in "ijk"
)
BOMBS = {
    "parentheses": f"{PORTS} assign y = {'(' * 50000}a{')' * 50000}; endmodule",
    "sum": f"{PORTS} assign y = {' + '.join(['a'] * 40000)}; endmodule",
    "ifs": f"{PORTS} reg [7:0] y; always @(*) {'if (a[0]) ' * 20000} y = a; endmodule",
    "doubled sums": f"{PORTS} wire [7:0] w0 = a;"
    + "".join(f"wire [7:0] w{i} = w{i - 1} + w{i - 1};" for i in range(1, 300))
    + "assign y = w299; endmodule",
    "instances": f"{PORTS} tree #(40) t(a, y); endmodule\n"
    "module tree #(parameter N = 0)(input [7:0] a, output [7:0] y);"
    " generate if (N) begin tree #(N - 1) l(a, y); tree #(N - 1) r(a, y); end endgenerate endmodule",
    "generate": f"{PORTS} genvar i; generate for (i = 0; i < 100000000; i = i + 1) begin: g wire w = a[0]; end"
    " endgenerate assign y = a; endmodule",
    "replication": f"{PORTS} assign y = {{1000{{{{1000{{{{1000{{a}}}}}}}}}}}}; endmodule",
    "loops": f"{PORTS} {ENDLESS_LOOPS} t = t + a[k % 8]; end assign y = t; endmodule",
    "constant function": f"{PORTS} function integer f(input integer n);"
    " begin while (1) n = n + 1; f = n; end endfunction localparam X = f(1); assign y = X; endmodule",
    "macros": "`define M0 a +\n"
    + "".join(f"`define M{i} `M{i - 1} `M{i - 1} `M{i - 1} `M{i - 1}\n" for i in range(1, 30))
    + f"{PORTS} assign y = `M29 a; endmodule",
    "device": f'`include "/dev/zero"\n{PORTS} assign y = a; endmodule',
    "large": f"{PORTS} /*{'x' * 400_000}*/ assign y = a; endmodule",
    "zeros": "\0" * 1000,
    "surrogate": "\ud800 module",
    "prose": "The answer is a two's complement negation.",
    "nothing": "",
}
FEW_BOMBS = ("sum", "instances", "loops", "large", "zeros", "nothing")
"""For the slower parser."""


def answers(farm: Farm, pairs: list[StructurePair], backend: Backend) -> list[dict[str, object]]:
    """What the program in the box writes."""
    (result,) = farm.pool.map([plan_structure(pairs, backend=backend, image=farm.image)])
    assert result.failure is None
    assert result.steps[0].code == 0, result.steps[0].stderr.decode()
    return [json.loads(line) for line in result.steps[0].stdout.splitlines()]


def similarities(farm: Farm, choices: list[tuple[str, str]], backend: Backend) -> list[float | None]:
    """Similarities of variants of designs to their goldens."""
    texts = {(path.parent.name, path.stem): path.read_text() for path in FIXTURES.glob("*/*")}
    pairs = [StructurePair(candidate=texts[choice], reference=texts[choice[0], "golden"]) for choice in choices]
    jobs = [plan_structure(chunk, backend=backend, image=farm.image) for chunk in split_pairs(pairs)]
    chunks = zip(farm.pool.map(jobs), split_pairs(pairs), strict=True)
    return [score for result, chunk in chunks for score in judge_structure(result, len(chunk))]


@pytest.mark.parametrize("backend", Backend)
def test_the_examples_keep_their_order(farm: Farm, backend: Backend) -> None:
    rewritten = REWRITTEN[backend]
    variants = (*ALIKE, *rewritten, "bug", "ports_only", "unrelated")
    found = similarities(farm, [(design, variant) for design in DESIGNS for variant in variants], backend)
    scores = [score for score in found if score is not None]
    assert len(scores) == len(found)
    for start in range(0, len(scores), len(variants)):
        *same, bug, ports_only, unrelated = scores[start : start + len(variants)]
        correct = same[len(ALIKE) :]
        assert same[: len(ALIKE)] == [1.0] * len(ALIKE)
        assert min(correct) > 0.5
        assert 0.7 < bug < 1.0
        assert ports_only == 0.0
        assert unrelated < min(correct) / 2


def test_both_parsers_agree_on_what_they_both_read(farm: Farm) -> None:
    choices = [(design, variant) for design in DESIGNS for variant in ("rewritten_1", "bug", "unrelated")]
    slang, pyverilog = (similarities(farm, choices, backend) for backend in Backend)
    assert slang == pytest.approx(pyverilog)


def test_systemverilog_is_outside_pyverilogs_subset(farm: Farm) -> None:
    texts = {path.stem: path.read_text() for path in (FIXTURES / "fsm").iterdir()}
    pairs = [StructurePair(candidate=texts["rewritten_2"], reference=texts["golden"])]
    (answer,) = answers(farm, pairs, Backend.PYVERILOG)
    assert answer == {"index": 0, "score": None, "fault": "candidate", "reason": "outside the subset"}


def test_a_reference_outside_the_subset_is_not_the_candidates_fault(farm: Farm) -> None:
    texts = {path.stem: path.read_text() for path in (FIXTURES / "fsm").iterdir()}
    pairs = [StructurePair(candidate=texts["golden"], reference=texts["rewritten_2"])]
    (answer,) = answers(farm, pairs, Backend.PYVERILOG)
    assert answer == {"index": 0, "score": None, "fault": "reference", "reason": "outside the subset"}


@pytest.mark.parametrize("backend", Backend)
def test_hostile_text_costs_its_own_pair_only(farm: Farm, backend: Backend) -> None:
    bombs = BOMBS.values() if backend is Backend.PYSLANG else [BOMBS[name] for name in FEW_BOMBS]
    candidates = [GOLDEN, *bombs, GOLDEN]
    pairs = [StructurePair(candidate=candidate, reference=GOLDEN) for candidate in candidates]
    first, *bombed, last = answers(farm, pairs, backend)
    assert first["score"] == last["score"] == 1.0
    assert {answer["fault"] for answer in bombed} <= {"candidate", None}
    assert all(answer["score"] is None or float(str(answer["score"])) < 0.5 for answer in bombed)
    assert {answer["reason"] for answer in bombed} >= {"CPU limit", "too large"}


def test_a_module_under_another_name_is_none_to_compare(farm: Farm) -> None:
    pairs = [StructurePair(candidate=GOLDEN.replace("top_module", "other"), reference=GOLDEN)]
    (answer,) = answers(farm, pairs, Backend.PYSLANG)
    assert (answer["fault"], answer["reason"]) == ("candidate", "no such module")
