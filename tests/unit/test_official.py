"""The official rules of VerilogEval, on what compiler and simulation said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.hdl.course import check_fit
from sim.hdl.official import leaves_no_nettype, with_official_rule
from sim.hdl.verilog_testbench import plan
from sim.job import Job
from sim.verdict import Candidate, Checks, OfficialRule, Outcome, Simulator, Spec, Verdict
from verireason.cli import main
from verireason.data.jsonl import read_problems, write_problems
from verireason.problem import Problem

PASSED = Verdict(outcome=Outcome.PASS, num_passed=9, num_tests=9)
WIDTH = "candidate.sv:3: warning: Numeric constant truncated to 4 bits.\n"
SENSITIVITIES = "candidate.sv:7: warning: always_comb process has no sensitivities.\n"
OLD_SENSITIVITIES = "candidate.sv:7: warning: @* found no sensitivities so it will never trigger.\n"
NAMED = "candidate.sv:7: warning: implicit definition of wire 'error_flag'.\n"
OF_THE_TESTBENCH = "vr1_tb.sv:7: warning: @* found no sensitivities so it will never trigger.\n"


def judged(rule: OfficialRule, log: str = "", *, reached_own_limit: bool = False) -> Verdict:
    return with_official_rule(PASSED, rule, log=log, reached_own_limit=reached_own_limit, file="candidate.sv")


@pytest.mark.parametrize("log", [WIDTH, SENSITIVITIES, "x"])
def test_v1_fails_whatever_is_on_standard_error(log: str) -> None:
    assert judged(OfficialRule.SILENT, log).outcome is Outcome.COMPILE_ERROR


@pytest.mark.parametrize("log", [SENSITIVITIES, OLD_SENSITIVITIES, NAMED])
def test_v2_fails_the_words_that_its_analysis_looks_for(log: str) -> None:
    assert judged(OfficialRule.LOG_WORDS, WIDTH + log).outcome is Outcome.COMPILE_ERROR


@pytest.mark.parametrize(("rule", "log"), [(OfficialRule.SILENT, ""), (OfficialRule.LOG_WORDS, WIDTH)])
def test_what_the_rule_allows_stays_a_pass(rule: OfficialRule, log: str) -> None:
    assert judged(rule, log) is PASSED


def test_v2_fails_a_run_that_reaches_the_testbenchs_own_limit() -> None:
    assert judged(OfficialRule.LOG_WORDS, reached_own_limit=True).outcome is Outcome.TIMEOUT
    assert judged(OfficialRule.SILENT, reached_own_limit=True).passed


def test_the_diagnostic_names_the_rule_and_the_candidates_line() -> None:
    (told,) = judged(OfficialRule.SILENT, WIDTH).diagnostics
    assert told.message.startswith("the official rule: VerilogEval v1 fails whatever")
    assert told.message.endswith(": warning: Numeric constant truncated to 4 bits.")


def test_a_line_about_the_testbench_is_not_shown() -> None:
    (told,) = judged(OfficialRule.SILENT, OF_THE_TESTBENCH).diagnostics
    assert told.message.endswith(": about the testbench")


def test_only_a_pass_can_change() -> None:
    wrong = replace(PASSED, outcome=Outcome.MISMATCH)
    assert with_official_rule(wrong, OfficialRule.SILENT, log=WIDTH, reached_own_limit=True, file="c") is wrong


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("`default_nettype none\nmodule m; endmodule\n", True),
        ("`default_nettype none\nmodule m; endmodule\n`default_nettype wire\n", False),
        ("`default_nettype none\nmodule m; endmodule\n`resetall\n", False),
        ("// `default_nettype none\n", False),
        ("/* `default_nettype none */ module m; endmodule", False),
        ('module m; initial $display("`default_nettype none"); endmodule', False),
        ("`default_nettype none\n// `default_nettype wire", True),
    ],
)
def test_a_nettype_that_is_left_behind_is_seen(source: str, left: bool) -> None:
    assert leaves_no_nettype(source) is left


@pytest.mark.parametrize("piece", ["/*", '"\\', "`default_nettype ", "//", '"', "`resetall"])
def test_long_hostile_sources_are_read_in_linear_time(piece: str) -> None:
    # Quadratic work on two million characters would take hours.
    assert leaves_no_nettype(piece * (2_000_000 // len(piece))) in (True, False)


def spec(official: OfficialRule | None) -> Spec:
    testbench = "module __vr_tb; endmodule\n"
    return Spec(verifier="verilog-testbench", top="m", testbench=testbench, reference="", official=official)


def own_files(official: OfficialRule | None, source: str) -> list[bytes]:
    job = plan(Candidate(source=source), spec(official), image="i", secret=b"s")
    assert isinstance(job, Job)
    return [text for name, text in job.files.items() if name.startswith("vr")]


def test_under_v2s_rule_the_candidates_nettype_reaches_the_files_behind_it() -> None:
    leaving = "module m; endmodule\n`default_nettype none\n"
    assert all(text.startswith(b"`default_nettype none\n") for text in own_files(OfficialRule.LOG_WORDS, leaving))
    for rule in (None, OfficialRule.SILENT):
        assert not any(b"nettype" in text for text in own_files(rule, leaving))


def test_under_v2s_rule_no_directive_is_in_force_where_the_candidate_starts() -> None:
    *_, last = own_files(OfficialRule.LOG_WORDS, "module m; endmodule\n")
    assert last.endswith(b"\n`resetall\n")


def test_the_rule_is_about_icarus_alone() -> None:
    check_fit(spec(OfficialRule.SILENT), Checks())
    for checks in (Checks(simulator=Simulator.VERILATOR), Checks(second_simulator=Simulator.VERILATOR)):
        with pytest.raises(ValueError, match="the official rule is about what Icarus says"):
            check_fit(spec(OfficialRule.SILENT), checks)


def test_problems_keep_their_rule_on_disk(tmp_path: Path) -> None:
    problem = Problem(
        id="a", benchmark="b", prompt="p", spec=spec(OfficialRule.SILENT), golden="g", split="test", licence="MIT",
        category="c", difficulty=0,
    )  # fmt: skip
    write_problems([problem, replace(problem, spec=spec(None))], tmp_path / "p.jsonl")
    assert [each.spec.official for each in read_problems(tmp_path / "p.jsonl")] == [OfficialRule.SILENT, None]


def test_a_benchmark_without_a_rule_refuses_the_flag_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inv").mkdir()
    for name, text in (
        ("design_description.txt", "Invert.\n"),
        ("testbench.v", 'module t; inv dut (); initial $display("===Your Design Passed==="); endmodule\n'),
        ("verified_inv.v", "module verified_inv; endmodule\n"),
    ):
        (tmp_path / "inv" / name).write_text(text)
    words = ["verify", "--benchmark", "rtllm-v1.1", "--root", str(tmp_path), "--official"]
    assert main([*words, "--completions", "c.jsonl", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("verireason: --official: rtllm-v1.1 has no rule beside its testbench's answer; leave it out")
    assert said.count("\n") == 1
