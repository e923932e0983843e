"""`verireason verify --problems`: problems of one's own, with a Verilog or a cocotb testbench."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.verdict import Spec
from tests.corpus import load_golden, load_spec
from verireason.data.jsonl import write_problems
from verireason.problem import Problem

WRONG = "module top_module(input clk, input rst, output reg [3:0] q); always @(posedge clk) q <= 0; endmodule"


def problem(name: str) -> Problem:
    spec: Spec = load_spec(name)
    return Problem(
        id=name, benchmark="mine", prompt="A 4-bit counter.", spec=spec, golden=load_golden(name).source, split="test",
        licence="Apache-2.0", category="counter", difficulty=1,
    )  # fmt: skip


def verify(tmp_path: Path, names: tuple[str, ...], *more: str) -> subprocess.CompletedProcess[str]:
    write_problems([problem(name) for name in names], tmp_path / "problems.jsonl")
    rows = [{"problem_id": name, "completion": text} for name in names for text in (load_golden(name).source, WRONG)]
    (tmp_path / "completions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    argv = [sys.executable, "-m", "verireason", "verify", "--problems", str(tmp_path / "problems.jsonl")]
    argv += ["--completions", str(tmp_path / "completions.jsonl"), "--out", str(tmp_path / "out"), *more]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_verilog_and_cocotb_testbenches_of_ones_own_are_judged(farm: Farm, tmp_path: Path) -> None:
    done = verify(tmp_path, ("counter", "cocotb_counter"), "--lint", "--synthesis", "--waves")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in (tmp_path / "out" / "records.jsonl").read_text().splitlines()]
    assert [record["outcome"] for record in found] == ["PASS", "MISMATCH", "PASS", "MISMATCH"]
    assert all(test["passed"] for test in found[2]["tests"])
    assert not all(test["passed"] for test in found[3]["tests"])
    assert found[0]["synthesis"]["netlist"] == found[0]["synthesis"]["golden"]
    assert found[0]["lint"] is not None
    assert found[1]["waves"]["mark"] == found[1]["first_failure"]["time"]


def test_two_simulators_are_asked_and_their_disagreement_counted(farm: Farm, tmp_path: Path) -> None:
    done = verify(tmp_path, ("counter",), "--also", "verilator")
    assert done.returncode == 0, done.stderr
    assert "icarus and verilator disagree on 0" in done.stdout
    found = [json.loads(line) for line in (tmp_path / "out" / "records.jsonl").read_text().splitlines()]
    assert [record["second"] for record in found] == ["PASS", "MISMATCH"]


def test_the_formal_level_proves_what_passes_as_a_netlist(farm: Farm, tmp_path: Path) -> None:
    delayed = load_golden("counter").source.replace("q <= ", "q <= #0 ")
    write_problems([problem("counter")], tmp_path / "problems.jsonl")
    (tmp_path / "completions.jsonl").write_text(json.dumps({"problem_id": "counter", "completion": delayed}) + "\n")
    argv = [sys.executable, "-m", "verireason", "verify", "--problems", str(tmp_path / "problems.jsonl")]
    argv += ["--completions", str(tmp_path / "completions.jsonl"), "--out", str(tmp_path / "out"), "--level", "formal"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (record,) = [json.loads(line) for line in (tmp_path / "out" / "records.jsonl").read_text().splitlines()]
    assert record["outcome"] == "PASS"
    assert record["equivalence"]["proof"] == "PROVEN"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--benchmark", "verilog-eval-v2"), "give --benchmark NAME with --root DIR, or --problems FILE"),
        (("--also", "icarus"), "--also icarus is the simulator that judges already"),
    ],
)
def test_what_does_not_go_together_is_one_line(tmp_path: Path, more: tuple[str, ...], message: str) -> None:
    done = verify(tmp_path, ("counter",), *more)
    assert done.returncode == 2
    assert done.stderr.startswith(f"verireason: {message}")
    assert len(done.stderr.splitlines()) == 1
