"""Loaders of data sets that a model wrote, and of ResBench: what becomes of a row, and which are left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.hdl.vectors_testbench import EXPECTED
from tests.fixtures.rtl_data_sets import (
    COUNTER,
    GRAY,
    GRAY_LINES,
    GRAY_TESTBENCH,
    PARITY_HEADER,
    answer,
    codev_line,
    resbench,
    resyn_row,
    veri_reason_row,
    verithoughts_row,
    write_lines,
)
from verireason.cli import main
from verireason.data.benchmarks import read_benchmark
from verireason.data.jsonl import write_problems
from verireason.data.loaded import Loaded
from verireason.errors import UserError


def load(name: str, path: Path, *rows: object) -> Loaded:
    return read_benchmark(name, write_lines(path, rows))


def test_veri_reasons_testbench_gets_names_and_a_file_of_its_own(tmp_path: Path) -> None:
    (problem,) = load("veri-reason", tmp_path / "train.jsonl", veri_reason_row(7)).problems
    assert (problem.id, problem.spec.top, problem.golden) == ("7", "gray", GRAY)
    assert problem.spec.files == {EXPECTED: GRAY_LINES.encode()}
    assert "module __vr_tb;" in problem.spec.testbench
    assert '__vr_fd = $fopen("@VR@", "w");' in problem.spec.testbench
    assert "test_vectors.txt" not in problem.spec.testbench
    assert problem.spec.reference.startswith("module __vr_ref(input clk,")
    assert problem.prompt.endswith("module gray(input clk, input rst, input [2:0] d, output reg [2:0] q);")


def test_a_testbench_may_stand_in_a_fence(tmp_path: Path) -> None:
    fenced = veri_reason_row(1, tb=f"Here it is:\n```verilog\n{GRAY_TESTBENCH}```\n")
    bare, found = (
        load("veri-reason", tmp_path / name / "train.jsonl", row).problems[0].spec.testbench
        for name, row in (("a", veri_reason_row(1)), ("b", fenced))
    )
    assert found == bare


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"tb": None}, "it has no testbench"),
        ({"tb_result": " \n"}, "it has no expected lines"),
        ({"output": "I cannot."}, "its answer holds no module"),
        (
            {"output": answer(GRAY + COUNTER), "tb": "module t; endmodule"},
            "its answer has not exactly one module on top",
        ),
        ({"tb": GRAY_TESTBENCH.replace("test_vectors.txt", "v.txt")}, "its testbench does not write test_vectors.txt"),
        ({"tb": GRAY_TESTBENCH + GRAY}, "its testbench brings the design along"),
        ({"tb": GRAY_TESTBENCH + "module m; endmodule"}, "its testbench has not exactly one module on top"),
    ],
)
def test_rows_that_cannot_be_judged_are_left_out_with_the_reason(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    assert load("veri-reason", tmp_path / "train.jsonl", veri_reason_row(7, **fields)).left_out == {"7": reason}


def test_codevs_ports_clock_and_reset_are_the_published_ones(tmp_path: Path) -> None:
    (problem,) = load("codev-r1", tmp_path / "codev-r1.jsonl", codev_line("a")).problems
    assert ".rst_n(__vr_i_rst_n)" in problem.spec.testbench
    assert "reg __vr_clk = 1'b0;" in problem.spec.testbench
    assert problem.spec.num_checks is None
    falling = codev_line("a", clock_port_polarity=[["clk", 0]])
    (problem,) = load("codev-r1", tmp_path / "n" / "codev-r1.jsonl", falling).problems
    assert "reg __vr_clk = 1'b1;" in problem.spec.testbench


@pytest.mark.parametrize(
    ("ports", "reason"),
    [
        ([[f"a{place}", 1] for place in range(300)], "it has more than 256 ports, or two of one name"),
        ([["a", 1], ["a", 8]], "it has more than 256 ports, or two of one name"),
        ([["a); initial $stop; x y(", 1]], "a port has no plain name"),
        ([["a\ud800", 1]], "a port has no plain name"),
        ([["a", 5000]], "a port is no vector of 1 to 4096 bits"),
    ],
)
def test_codevs_ports_are_such_as_a_testbench_can_connect(tmp_path: Path, ports: object, reason: str) -> None:
    line = codev_line("a", input_port_width=ports, clock_port_polarity=[], reset_port_polarity_sync=[])
    assert load("codev-r1", tmp_path / "codev-r1.jsonl", line).left_out == {"a": reason}


def test_what_no_file_can_hold_is_not_in_a_problem(tmp_path: Path) -> None:
    line = {**codev_line("a"), "id": "a\ud800", "prompt": "\udfff"}
    loaded = load("codev-r1", tmp_path / "codev-r1.jsonl", line)
    assert write_problems(loaded.problems, tmp_path / "out.jsonl") == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"id": "a", "prompt": "p"}, "codev-r1.jsonl:1: field ground_truth is not an object of name to an object"),
        (codev_line("a", code=None), "codev-r1.jsonl:1: field ground_truth has no text code"),
        (codev_line("a", input_port_width=[["clk"]]), "input_port_width is not a list of str, int"),
        (codev_line("a", reset_port_polarity_sync=[["r", "0", 1]]), "reset_port_polarity_sync is not a list of"),
    ],
)
def test_a_wrong_line_of_codevs_is_named(tmp_path: Path, line: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load("codev-r1", tmp_path / "codev-r1.jsonl", line)
    assert message in str(caught.value)


def test_the_published_pickles_are_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "codev_r1_rl_train.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"run `verireason data convert-codev --root .* once"):
        read_benchmark("codev-r1", tmp_path)


def test_the_first_response_counts_and_unverified_rows_do_not(tmp_path: Path) -> None:
    (problem,) = load("rtlcoder", tmp_path / "r" / "Resyn27k.json", resyn_row()).problems
    assert (problem.id, problem.golden, problem.spec.testbench) == ("resyn/0", COUNTER, "")
    rows = [verithoughts_row(), verithoughts_row(verified=False)]
    loaded = load("verithoughts", tmp_path / "v" / "train.jsonl", *rows)
    assert [problem.id for problem in loaded.problems] == ["train/0"]
    assert loaded.left_out == {"train/1": "it is not verified"}


@pytest.mark.parametrize("whole", [False, True])
def test_resbenchs_prompt_has_the_header_alone(tmp_path: Path, whole: bool) -> None:
    (tmp_path / "problems.json").write_text(json.dumps(resbench(whole=whole)))
    (problem,) = read_benchmark("resbench", tmp_path).problems
    assert problem.prompt == f"XOR.\n\nModule header:\n{PARITY_HEADER}"
    assert problem.header == PARITY_HEADER
    assert bool(problem.golden) == whole
    assert problem.spec.testbench.count("@VR@ Mismatches: ") == 2


def test_goldens_that_a_model_wrote_are_not_parsed_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_lines(tmp_path / "Resyn27k.json", [resyn_row()])
    assert main(["data", "validate", "--benchmark", "rtlcoder", "--root", str(root)]) == 2
    assert "prove them with `verireason data ingest`" in capsys.readouterr().err
