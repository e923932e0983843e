"""Verilator's logs as it wrote them, and what is asked of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.content import content_key
from sim.hdl import lint, verilator_testbench
from sim.hdl.tools import verilator
from sim.hdl.verilog_testbench import fresh_names
from sim.job import Job, JobResult, Status, StepResult
from sim.verdict import Candidate, Lint, Outcome, Severity, Spec, Verdict

LOGS = Path(__file__).resolve().parents[1] / "fixtures" / "verilator"
SPEC = Spec(verifier="verilog-testbench", top="top_module", testbench="module __vr_tb; endmodule", num_checks=4)
CANDIDATE = Candidate(source="module top_module; endmodule")
SECRET = b"s" * 32


def log(name: str) -> str:
    return (LOGS / f"{name}.log").read_text()


def step(status: Status = Status.EXITED, code: int | None = 0, *, stdout: str = "", stderr: str = "") -> StepResult:
    return StepResult(status=status, code=code, stdout=stdout.encode(), stderr=stderr.encode())


def test_each_warning_of_a_log_is_one_message() -> None:
    found = verilator.messages(log("lint"))
    assert [(each.name, each.line) for each in found] == [
        ("DECLFILENAME", 1),
        ("PINMISSING", 5),
        ("WIDTHTRUNC", 3),
        ("UNUSEDSIGNAL", 1),
        ("UNDRIVEN", 2),
        ("LATCH", 3),
    ]


def test_a_syntax_error_names_its_line_and_nothing_else() -> None:
    (found,) = verilator.diagnostics(log("syntax"), file="candidate.sv")
    assert (found.severity, found.line) == (Severity.ERROR, 9)
    assert found.message == "syntax error, unexpected endmodule, expecting ',' or ';'"


def test_messages_about_other_files_lose_their_line() -> None:
    (found,) = verilator.diagnostics(log("syntax"), file="other.sv")
    assert found.line is None


def test_warnings_about_other_files_are_left_out() -> None:
    assert verilator.diagnostics(log("lint"), file="other.sv") == ()


def test_a_message_is_cut() -> None:
    (found,) = verilator.messages("%Error: candidate.sv:1:1: " + "x" * 5000)
    assert len(found.text) == verilator.MAX_MESSAGE


@pytest.mark.parametrize(
    "line", ["%Error", "%Warning-: x", "%Error-A", "% Error: x", "%Warning-" + "A" * 99 + ": x", ""]
)
def test_what_is_no_message_is_none(line: str) -> None:
    assert verilator.messages(line) == ()


def test_a_line_number_beyond_every_integer_is_part_of_the_text() -> None:
    (found,) = verilator.messages(f"%Error: candidate.sv:{'1' * 5000}:2: x")
    assert (found.file, found.line) == (None, None)


def lint_of(log_text: str, *, code: int = 0) -> Lint:
    found = lint.judge_lint(JobResult(steps=(step(), step(code=code, stderr=log_text))))
    assert found is not None
    return found


def test_lint_counts_classes() -> None:
    found = lint_of(log("lint"))
    assert found.classes["WIDTHTRUNC"] == 1
    assert len(found.warnings) == sum(found.classes.values()) == 6


def test_lint_of_a_clean_text_is_empty() -> None:
    assert lint_of("") == Lint(warnings=(), classes={})
    assert lint.score(lint_of("")) == 1.0


def test_lint_of_a_text_with_errors_is_worth_nothing() -> None:
    assert lint.score(lint_of(log("undeclared"), code=1)) == 0.0


@pytest.mark.parametrize("status", [Status.CPU_LIMIT, Status.OUTPUT_LIMIT, Status.SIGNALLED, Status.MEMORY_LIMIT])
def test_whatever_ends_the_linter_counts_as_an_error(status: Status) -> None:
    ended = step(status, 11 if status is Status.SIGNALLED else None)
    found = lint.judge_lint(JobResult(steps=(step(), ended)))
    assert found is not None
    assert lint.score(found) == 0.0


def test_a_linter_that_fails_without_a_word_counts_as_an_error() -> None:
    assert lint.score(lint_of("", code=1)) == 0.0


def test_no_lint_comes_of_a_failed_box() -> None:
    assert lint.judge_lint(JobResult(failure="no box")) is None


def test_matters_of_style_cost_nothing() -> None:
    assert lint.score(Lint(warnings=(), classes=dict.fromkeys(lint.STYLE, 3))) == 1.0


def test_more_warnings_are_worth_less() -> None:
    scores = [
        lint.score(Lint(warnings=(), classes=classes))
        for classes in ({}, {"LATCH": 1}, {"LATCH": 2}, {"LATCH": 1, "UNDRIVEN": 2}, {"LATCH": 900, "UNDRIVEN": 900})
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert all(0 < score <= 1 for score in scores)


def test_initial_blocks_become_blocks_that_run_once() -> None:
    text = verilator_testbench.run_once('// initial\ninitial begin $display("initial"); end initial x = \\initial ;')
    assert text == (
        '// initial\nbit __vr_once1 = 0; always if (__vr_once1++) wait (0); else begin $display("initial"); end '
        "bit __vr_once2 = 0; always if (__vr_once2++) wait (0); else x = \\initial ;"
    )


def search(spec: Spec, tree: str, *, alone: bool = False) -> bool:
    return re.search(verilator_testbench.search_pattern(spec, alone=alone), tree) is not None


def test_a_design_alone_must_not_wait_for_events() -> None:
    tree = '"type":"EVENTCONTROL","name":""'
    assert search(SPEC, tree, alone=True)
    assert not search(SPEC, tree)
    assert not search(SPEC, '"type":"SENITEM","name":""', alone=True)


@pytest.mark.parametrize("kind", ["UCSTMT", "UCFUNC", "SCHDR", "SCIMP", "SYSTEMT", "FOPEN", "READMEM", "VALUEPLUSARGS"])
def test_the_search_finds_what_reaches_out(kind: str) -> None:
    assert search(SPEC, f'{{"type":"{kind}","name":""')


def test_the_search_finds_imported_c() -> None:
    assert search(SPEC, '"dpiExport":false,"dpiImport":true')


def test_the_search_is_not_fooled_by_text_in_strings() -> None:
    assert not search(SPEC, r'"name":"\"type\":\"UCSTMT\""')


@pytest.mark.parametrize("name", [r"\"+system(0)+\"", r"a\\b", "a%s"])
def test_the_search_finds_names_that_would_break_out_of_a_string(name: str) -> None:
    assert search(SPEC, f'{{"type":"VAR","name":"{name}","addr"')
    assert not search(SPEC, f'{{"type":"SFORMATF","name":"{name}","addr"')


@pytest.mark.parametrize("kind", ["DISPLAY", "SFORMATF", "DUMPCTL", "FINISH", "VAR", "CONST", "SCOPE"])
def test_the_search_lets_ordinary_nodes_through(kind: str) -> None:
    assert not search(SPEC, f'{{"type":"{kind}","name":"","dpiExport":false,"dpiImport":false')


def test_a_testbench_may_read_files_but_nothing_may_bring_c() -> None:
    spec = Spec(verifier="verilog-testbench", top="t", testbench='initial $readmemh("data.hex", m);')
    assert not search(spec, '"type":"READMEM"')
    assert search(spec, '"type":"FOPEN"')
    assert search(spec, '"type":"UCSTMT"')


def planned(candidate: Candidate = CANDIDATE) -> Job:
    job = verilator_testbench.plan(candidate, SPEC, image="image", secret=SECRET)
    assert isinstance(job, Job)
    return job


def test_the_search_stands_before_any_c_is_made() -> None:
    programs = [step.argv[0] for step in planned().steps]
    assert programs == ["guard", "perl", "verilator_bin", "grep", "verilator_bin", "sh", "obj/sim"]


def test_the_simulation_finds_no_source() -> None:
    job = planned()
    assert set(job.files) <= set(job.steps[-1].drop)


def test_equal_candidates_are_equal_jobs() -> None:
    assert planned().key == planned().key


def test_an_empty_source_is_no_code() -> None:
    verdict = verilator_testbench.plan(Candidate(source=" \n"), SPEC, image="image", secret=SECRET)
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is Outcome.NO_CODE


def judged(*steps: StepResult) -> Verdict:
    skipped = step(Status.SKIPPED, None)
    padded = (*steps, *[skipped] * (7 - len(steps)))
    return verilator_testbench.judge(CANDIDATE, SPEC, JobResult(steps=padded), image="image", secret=SECRET)


def test_a_failed_box_is_unjudged() -> None:
    result = JobResult(failure="no box")
    verdict = verilator_testbench.judge(CANDIDATE, SPEC, result, image="image", secret=SECRET)
    assert verdict.outcome is Outcome.UNJUDGED


def test_a_found_node_is_rejected_and_named() -> None:
    verdict = judged(step(), step(), step(), step(stdout='"type":"UCSTMT"\n'))
    assert verdict.outcome is Outcome.REJECTED
    assert "UCSTMT" in verdict.diagnostics[0].message


def test_a_tree_too_large_to_search_is_rejected() -> None:
    verdict = judged(step(), step(), step(), step(Status.CPU_LIMIT, None))
    assert verdict.outcome is Outcome.REJECTED


@pytest.mark.parametrize("place", [2, 4, 5])
@pytest.mark.parametrize("status", [Status.EXITED, Status.SIGNALLED, Status.CPU_LIMIT, Status.MEMORY_LIMIT])
def test_whatever_ends_the_compiler_is_a_compile_error(place: int, status: Status) -> None:
    before = [step(), step(), step(), step(code=1), step(), step()][:place]
    verdict = judged(*before, step(status, 1 if status is Status.EXITED else None, stderr=log("syntax")))
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert any(each.line == 9 for each in verdict.diagnostics)


def run_of(evidence: str) -> Verdict:
    return judged(*[step()] * 3, step(code=1), step(), step(), step(stdout=f"{evidence} Mismatches: 0 in 4 samples\n"))


def test_the_secret_line_decides() -> None:
    key = content_key(CANDIDATE, SPEC, image="image verilator")
    assert run_of(fresh_names(key, secret=SECRET).evidence).outcome is Outcome.PASS
    assert run_of("@VR@").outcome is Outcome.MISMATCH
