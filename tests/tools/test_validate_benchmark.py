"""`verireason data validate` on public benchmarks: the ceiling, what is known, and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verireason.cli import main
from verireason.data.errata import ERRATA, Flaw
from verireason.data.rtllm import V1

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "python_benchmarks"
TESTBENCH = """module test; reg a = 0; wire y; reg failed = 0; inv dut (.a(a), .y(y));
  initial begin
    #1 if (y !== 1) failed = 1;
    a = 1;
    #1 if (y !== 0) failed = 1;
    if (failed) $display("===========Error==========="); else $display("===========Your Design Passed===========");
  end
endmodule
"""
GOLDEN = "module verified_inv(input a, output y); assign y = ~a; endmodule\n"
WRONG = GOLDEN.replace("~a", "a")
BLIND = TESTBENCH.replace("failed = 1;", "failed = 0;")
HALF_BLIND = TESTBENCH.replace("#1 if (y !== 0) failed = 1;", "")
"""Passes whatever is always 1."""
MUTE = TESTBENCH.replace("Your Design Passed", "done")


def write(root: Path, name: str, *, testbench: str = TESTBENCH, golden: str = GOLDEN) -> None:
    directory = root / name
    directory.mkdir(parents=True)
    for file, text in (("design_description.txt", "Invert.\n"), ("testbench.v", testbench), ("verified_x.v", golden)):
        (directory / file).write_text(text)


def validate(benchmark: str, root: Path, out: Path, *more: str) -> int:
    words = ["data", "validate", "--benchmark", benchmark, "--root", str(root), "--out", str(out), "--jobs", "2"]
    return main([*words, "--mutants-per-problem", "2", *more])


@pytest.mark.usefixtures("farm")
def test_what_errata_explain_is_told_and_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden_flaw = next(name for name, known in ERRATA[V1].items() if known[0].flaw is Flaw.GOLDEN)
    write(tmp_path / "b", "sound")
    write(tmp_path / "b", golden_flaw, golden=WRONG)
    write(tmp_path / "b", "mute", testbench=MUTE)
    assert validate(V1, tmp_path / "b", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert "rtllm-v1.1: 1 of 2 goldens pass with Icarus 12" in said
    assert f"  {golden_flaw}: the benchmark's own reference does not pass: MISMATCH" in said
    assert "[known: " in said
    assert "  left out, its testbench never prints that the design passed (1): mute\n" in said
    assert said.endswith("proven, but for what is known\n")
    facts = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert (facts["failures"], facts["ceiling"]) == (
        [],
        f"1 of 2 goldens pass with Icarus {facts['tools']['iverilog']}",
    )
    assert [finding["problem_id"] for finding in facts["findings"]] == [golden_flaw]
    assert list(facts["left_out"]) == ["mute"]


@pytest.mark.usefixtures("farm")
def test_what_nothing_explains_fails_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "b", "broken", golden=WRONG)
    write(tmp_path / "b", "blind", testbench=BLIND)
    write(tmp_path / "b", "half_blind", testbench=HALF_BLIND)
    assert validate(V1, tmp_path / "b", tmp_path / "out") == 1
    said = capsys.readouterr().out
    not_proven = said[said.index("not proven:") :]
    assert "  broken: the benchmark's own reference does not pass" in not_proven
    assert "  blind: designs without logic pass: finish, ones, unknown, zeros\n" in not_proven
    assert "  half_blind: designs without logic pass: ones\n" in not_proven


@pytest.mark.usefixtures("farm")
def test_a_python_benchmark_is_proven_in_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate("mbpp", FIXTURES / "mbpp", tmp_path / "out") == 0
    assert "mbpp: 3 of 3 goldens pass with Python 3" in capsys.readouterr().out


def test_a_language_that_is_not_the_problems_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate("mbpp", FIXTURES / "mbpp", tmp_path / "out", "--language", "verilog") == 2
    said = capsys.readouterr().err
    assert said == "verireason: --language is verilog, and the problems are in python; leave it out\n"


def test_a_benchmark_without_references_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate("livecodebench", FIXTURES / "livecodebench", tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert said == "verireason: livecodebench: no problem has a reference, so nothing can be proven\n"
