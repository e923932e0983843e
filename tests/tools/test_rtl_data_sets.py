"""Data sets that a model wrote, on the real farm: proven before use, and judged by evidence that a design cannot write."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.verdict import Candidate, Outcome, Verdict
from tests.fixtures.rtl_data_sets import (
    COUNTER,
    COUNTER_TRUTH,
    GRAY,
    GRAY_LINES,
    answer,
    codev_line,
    codev_row,
    resbench,
    resyn_row,
    veri_reason_row,
    verithoughts_row,
    write_lines,
)
from verireason.cli import main
from verireason.data.benchmarks import read_benchmark
from verireason.data.calibrate import calibrate
from verireason.data.codev_r1 import convert
from verireason.data.jsonl import read_problems
from verireason.problem import Problem

ENDED = "initial #50 $finish;\nendmodule"
OVERWRITTEN = """integer f; initial begin
  f = $fopen("test_vectors.txt", "w"); $fdisplay(f, "0 xxx"); $fdisplay(32'h80000003, "0 0 0"); $display("PASS");
end
endmodule"""


def judge(farm: Farm, problem: Problem, source: str) -> Verdict:
    return next(farm.judge([(Candidate(source=source), problem.spec)]))


@pytest.fixture(scope="module")
def gray(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Problem:
    root = write_lines(tmp_path_factory.mktemp("veri-reason") / "train.jsonl", [veri_reason_row(1)])
    calibration = calibrate(farm, read_benchmark("veri-reason", root).problems)
    assert calibration.defects == {}
    return calibration.problems["1"]


def test_veri_reasons_golden_writes_every_line(farm: Farm, gray: Problem) -> None:
    assert gray.spec.num_checks == 122
    verdict = judge(farm, gray, GRAY)
    assert (verdict.outcome, verdict.num_passed, verdict.num_tests) == (Outcome.PASS, 122, 122)


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        (GRAY.replace("endmodule", "initial q = 0;\nendmodule"), Outcome.PASS),  # known where the golden is x
        (GRAY.replace("d ^ (d >> 1)", "d"), Outcome.MISMATCH),
        # one line of 122, which the published rule would let pass
        (GRAY.replace("d ^ (d >> 1)", "($time < 1190 ? d ^ (d >> 1) : 0)"), Outcome.MISMATCH),
        (GRAY.replace("d ^ (d >> 1)", "d").replace("endmodule", ENDED), Outcome.MISMATCH),
        (GRAY.replace("d ^ (d >> 1)", "d").replace("endmodule", OVERWRITTEN), Outcome.MISMATCH),
        (GRAY.replace("d ^ (d >> 1)", "gray_tb.d"), Outcome.REJECTED),
        (GRAY.replace(";", ""), Outcome.COMPILE_ERROR),
        ("module other; endmodule", Outcome.COMPILE_ERROR),
    ],
)
def test_lines_that_a_design_writes_are_no_evidence(farm: Farm, gray: Problem, source: str, outcome: Outcome) -> None:
    assert judge(farm, gray, source).outcome is outcome


def test_drafts_that_are_not_sound_are_defects_with_their_reason(farm: Farm, tmp_path: Path) -> None:
    constant = COUNTER.replace("q <= q + 1", "q <= 0")
    rows = [
        veri_reason_row(1, tb_result=GRAY_LINES.replace("0 6 5", "0 6 4", 1)),
        veri_reason_row(2, output=answer(GRAY.replace("d ^ (d >> 1)", "$random"))),
        veri_reason_row(3, output=answer(GRAY.replace("reg [2:0] q)", "reg [2:0] q, inout z)"))),
    ]
    defects = calibrate(farm, read_benchmark("veri-reason", write_lines(tmp_path / "a" / "train.jsonl", rows)).problems)
    assert "line 4 of 122 is '0 6 5'; expected '0 6 4'" in defects.defects["1"]
    assert "its own golden does not pass: MISMATCH" in defects.defects["2"]
    assert "neither an input nor an output (z)" in defects.defects["3"]
    goldens = [
        resyn_row(constant),
        resyn_row(COUNTER.replace("if (en)", "if en")),
        resyn_row(COUNTER.replace("q + 1", "$random")),
    ]
    root = write_lines(tmp_path / "b" / "Resyn27k.json", goldens)
    found = calibrate(farm, read_benchmark("rtlcoder", root).problems).defects
    assert found["resyn/0"] == "a design passes whose outputs are all 0"
    assert found["resyn/1"].startswith("its own golden does not pass: COMPILE_ERROR")
    assert found["resyn/2"].startswith("its own golden does not pass: MISMATCH")


@pytest.mark.parametrize(
    ("name", "file", "row"),
    [
        ("rtlcoder", "Resyn27k.json", resyn_row()),
        ("verithoughts", "train.jsonl", verithoughts_row()),
        ("codev-r1", "codev-r1.jsonl", codev_line("a")),
    ],
)
def test_a_reference_alone_is_enough_to_judge_by(farm: Farm, tmp_path: Path, name: str, file: str, row: object) -> None:
    calibration = calibrate(farm, read_benchmark(name, write_lines(tmp_path / file, [row])).problems)
    assert calibration.defects == {}
    (problem,) = calibration.problems.values()
    wrong = {
        "written otherwise": (COUNTER.replace("q + 1", "q - 4'd15"), Outcome.PASS),
        "known before the reset": (COUNTER.replace("endmodule", "initial q = 3;\nendmodule"), Outcome.PASS),
        "synchronous reset": (COUNTER.replace("or negedge rst_n", ""), Outcome.MISMATCH),
        "no enable": (COUNTER.replace("if (en) ", ""), Outcome.MISMATCH),
        "stops at 14": (COUNTER.replace("q + 1", "(q == 14 ? q : q + 1)"), Outcome.MISMATCH),
        "copies": (COUNTER.replace("q + 1", "__vr_tb.__vr_good.q"), Outcome.REJECTED),
    }
    found = {what: judge(farm, problem, source).outcome for what, (source, _) in wrong.items()}
    assert found == {what: outcome for what, (_, outcome) in wrong.items()}


def test_codev_passes_what_equals_any_of_the_designs(farm: Farm, tmp_path: Path) -> None:
    down = COUNTER.replace("q + 1", "q - one(en)") + "module helper(input a); endmodule\n"
    down = down.replace("always", "function [3:0] one(input e); one = e; endfunction helper h(en);\n  always")
    line = codev_line("a")
    truth = line["ground_truth"]["answer"]
    others = {"b": {**truth, "code": down}, "c": {**truth, "output_port_width": [["q", 5]]}}
    line["ground_truth"] |= others
    loaded = read_benchmark("codev-r1", write_lines(tmp_path / "codev-r1.jsonl", [line]))
    calibration = calibrate(farm, loaded.problems)
    assert calibration.defects == {}
    problem = calibration.problems["a"]
    verdicts = [judge(farm, problem, source) for source in (COUNTER, down, COUNTER.replace("q + 1", "q + 2"))]
    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASS, Outcome.PASS, Outcome.MISMATCH]
    assert [verdict.first_failure is None for verdict in verdicts] == [True, True, False]
    mixed = COUNTER.replace("q + 1", "(q[3] ? q + 1 : q - 1)")
    assert judge(farm, problem, mixed).outcome is Outcome.MISMATCH


def test_resbench_passes_when_its_testbench_says_so(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "problems.json").write_text(json.dumps(resbench(whole=True)))
    calibration = calibrate(farm, read_benchmark("resbench", tmp_path).problems)
    (problem,) = calibration.problems.values()
    assert judge(farm, problem, problem.golden).outcome is Outcome.PASS
    shouting = problem.golden.replace("^a;", 'a[0]; initial $display("All tests passed");')
    assert judge(farm, problem, shouting).outcome is Outcome.MISMATCH


class Runs:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return open, (self.path, "w")


def test_pickles_are_read_in_boxes_and_a_bad_one_is_one_line(farm: Farm, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    evil = pickle.dumps({"answer": Runs(str(tmp_path / "made"))})
    rows = [codev_row(), codev_row(evil), codev_row(pickle.dumps(COUNTER_TRUTH)[:-9])]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "codev_r1_rl_train.parquet")
    good, *bad = convert(farm, tmp_path)
    assert good.line == codev_line("codev_r1_rl_train/0")
    assert not (tmp_path / "made").exists()
    assert [each.line for each in bad] == [None, None]
    assert all(each.where == f"{tmp_path}/codev_r1_rl_train.parquet row {row}" for row, each in enumerate(bad, start=2))
    assert "is more than plain data" in str(bad[0].wrong)
    assert "it is no whole pickle" in str(bad[1].wrong)


def test_ingest_writes_what_is_sound_and_counts_the_rest(
    farm: Farm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [resyn_row(), resyn_row("module broken("), resyn_row(COUNTER.replace("q <= q + 1", "q <= 0"))]
    root, out = write_lines(tmp_path / "Resyn27k.json", rows), tmp_path / "sound.jsonl"
    words = ["data", "ingest", "--benchmark", "rtlcoder", "--root", str(root), "--out", str(out), "--jobs", "2"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"1 of 3 problems in {out}; dropped:"
    assert [line.split(maxsplit=1) for line in lines[1:]] == [
        ["1", "its module has no list of ports"], ["1", "a design passes whose outputs are all 0"],
    ]  # fmt: skip
    (problem,) = read_problems(out)
    calibration = calibrate(farm, [problem])
    assert judge(farm, calibration.problems[problem.id], COUNTER).outcome is Outcome.PASS
    assert main(words) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
