"""The Verilog testbench verifier's pure halves, on results that a box could have given."""

import json
from dataclasses import replace

import pytest

from sim.content import content_key
from sim.hdl import verilog_testbench as verifier
from sim.hdl.testbench import EVIDENCE, NAME_PREFIX
from sim.inbox.search import find
from sim.job import Job, JobResult, Status, StepResult
from sim.verdict import Candidate, Outcome, Severity, Spec, Verdict

SECRET = b"s" * 32
SPEC = Spec(
    verifier=verifier.NAME,
    top="top_module",
    testbench='module __vr_tb; initial $display("@VR@ Mismatches: 0 in 4 samples"); endmodule',
    reference="module __vr_ref; endmodule",
    num_checks=4,
)
CANDIDATE = Candidate(source="module top_module; endmodule")


def plan(candidate: Candidate = CANDIDATE, spec: Spec = SPEC, secret: bytes = SECRET) -> Job:
    job = verifier.plan(candidate, spec, image="i", secret=secret)
    assert isinstance(job, Job)
    return job


def secret_of(candidate: Candidate = CANDIDATE) -> str:
    return verifier.fresh_names(content_key(candidate, SPEC, image="i"), secret=SECRET).evidence


def judge(
    *,
    guarded: StepResult | None = None,
    compiled: StepResult | None = None,
    searched: int = 1,
    simulated: StepResult | None = None,
) -> Verdict:
    ok = StepResult(status=Status.EXITED, code=0)
    steps = (
        guarded or StepResult(status=Status.EXITED, code=0, stdout=b'{"understood": true, "findings": []}'),
        ok,
        compiled or ok,
        StepResult(status=Status.EXITED, code=searched, stdout=b' 3 4 "$fopen"' if searched == 0 else b""),
        simulated or ok,
    )
    return verifier.judge(CANDIDATE, SPEC, JobResult(steps=steps), image="i", secret=SECRET)


def finding(*, neutralised: bool) -> bytes:
    found = {"kind": "system-task", "line": 3, "text": "$fopen", "neutralised": neutralised}
    return json.dumps({"understood": True, "findings": [found]}).encode()


def test_what_the_guard_rejects_is_rejected_with_its_reason() -> None:
    step = StepResult(status=Status.EXITED, code=verifier.REJECTED_CODE, stdout=finding(neutralised=False))
    verdict = judge(guarded=step)
    assert verdict.outcome is Outcome.REJECTED
    assert "line 3: system-task: $fopen" in verdict.diagnostics[0].message


def test_what_the_guard_neutralised_is_told_beside_the_outcome() -> None:
    step = StepResult(status=Status.EXITED, code=0, stdout=finding(neutralised=True))
    verdict = judge(guarded=step, simulated=simulation("EVIDENCE Mismatches: 0 in 4 samples"))
    assert verdict.outcome is Outcome.PASS
    assert [(each.kind, each.line) for each in verdict.findings] == [("system-task", 3)]


@pytest.mark.parametrize("status", [Status.SIGNALLED, Status.CPU_LIMIT, Status.MEMORY_LIMIT])
def test_a_source_that_breaks_the_guard_is_rejected(status: Status) -> None:
    assert judge(guarded=StepResult(status=status, code=None)).outcome is Outcome.REJECTED


PROGRAM = """#! /usr/bin/vvp
{line}
:file_names 6;
    "N/A";
    "<interactive>";
    "ivl.in";
    "candidate.sv";
    "vr00_tb.sv";
    "vr00_ref.sv";
"""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('    %vpi_call/w 3 26 "$fopen", "x" {0 0 0};', '"$fopen"'),
        ('    %vpi_call/w 4 26 "$fopen", "x" {0 0 0};', None),
        ('    %vpi_call/w 44 26 "$fopen", "x" {0 0 0};', '"$fopen"'),
        ('    %vpi_call/w 3 4 "$fopen", "x" {0 0 0};', '"$fopen"'),
        ('    %vpi_func 3 4 "$display" 32 {0 0 0};', None),
        ('L_0x5 .sfunc/e 5 3 "$test$plusargs", "x";', '"$test$plusargs"'),
        ('    %vpi_call 26 "$fopen", "x" {0 0 0};', '"$fopen"'),
        ("    %force/vec4 v0x5_0;", "%force/"),
        ('    %vpi_call/w 3 4 "$display", "\\"$fopen\\" 4 4";', None),
    ],
)
def test_a_testbench_may_read_files_of_its_own_and_the_candidate_may_not(line: str, found: str | None) -> None:
    assert find(PROGRAM.format(line=line), trusted="vr00_tb.sv") == found


def test_a_program_without_a_table_of_files_trusts_nobody() -> None:
    assert find('%vpi_call 4 26 "$fopen"', trusted="vr00_tb.sv") == '"$fopen"'


def test_only_a_testbench_with_such_calls_costs_a_slower_search() -> None:
    reading = replace(SPEC, testbench='module __vr_tb; initial $readmemh("data", mem); endmodule')
    assert [plan(spec=spec).steps[-2].argv[0] for spec in (SPEC, reading)] == ["grep", "search"]


def simulation(*lines: str, status: Status = Status.EXITED) -> StepResult:
    text = "\n".join(lines).replace("EVIDENCE", secret_of())
    return StepResult(status=status, code=0 if status is Status.EXITED else None, stdout=text.encode())


def test_no_placeholder_is_left_in_the_job() -> None:
    for text in plan().files.values():
        assert EVIDENCE.encode() not in text
        assert NAME_PREFIX.encode() not in text


def test_the_evidence_secret_stands_in_no_name_and_not_in_the_command_line() -> None:
    job = plan()
    words = [word for step in job.steps for word in step.argv] + list(job.files)
    assert not any(secret_of() in word for word in words)


def test_equal_pairs_make_equal_jobs_and_another_secret_another_one() -> None:
    assert plan().key == plan().key
    assert plan().key != plan(secret=b"t" * 32).key


def test_another_candidate_gets_other_names() -> None:
    both = set(plan().files) & set(plan(Candidate(source="module a; endmodule")).files)
    assert both == {verifier.SUBMITTED_FILE, "ivl.conf", "ivlpp.defines", "ivlpp.files"}


def test_sources_are_gone_before_the_simulation_starts() -> None:
    job = plan()
    assert set(job.steps[-1].drop) == {*job.files, verifier.CANDIDATE_FILE, "ivl.in"}


def test_the_job_key_of_a_verdict_does_not_depend_on_the_secret() -> None:
    other = verifier.judge(CANDIDATE, SPEC, JobResult(failure="x"), image="i", secret=b"other")
    assert other.job_key == judge().job_key


@pytest.mark.parametrize("source", ["", " \n\t"])
def test_nothing_to_judge_is_no_code(source: str) -> None:
    verdict = verifier.plan(Candidate(source=source), SPEC, image="i", secret=SECRET)
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is Outcome.NO_CODE


def test_a_source_beyond_the_limit_is_rejected_without_a_job() -> None:
    verdict = verifier.plan(Candidate(source="x" * (300 << 10)), SPEC, image="i", secret=SECRET)
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is Outcome.REJECTED


def test_half_a_surrogate_pair_is_no_crash() -> None:
    assert b"module" in plan(Candidate(source="module \ud800")).files[verifier.SUBMITTED_FILE]


def test_a_full_run_without_difference_passes() -> None:
    verdict = judge(
        simulated=simulation("EVIDENCE Hint: Output 'q' has no mismatches.", "EVIDENCE Mismatches: 0 in 4 samples")
    )
    assert verdict.outcome is Outcome.PASS
    assert (verdict.num_passed, verdict.num_tests) == (4, 4)


def test_lines_without_the_secret_prove_nothing() -> None:
    verdict = judge(simulated=simulation("Mismatches: 0 in 4 samples", "@VR@ Mismatches: 0 in 4 samples"))
    assert verdict.outcome is Outcome.MISMATCH
    assert verdict.num_passed is None


def test_output_of_the_candidate_before_evidence_on_its_line_does_not_hide_it() -> None:
    assert judge(simulated=simulation("noise EVIDENCE Mismatches: 0 in 4 samples")).passed


@pytest.mark.parametrize("samples", [0, 3, 5])
def test_a_run_of_another_length_than_the_goldens_does_not_pass(samples: int) -> None:
    verdict = judge(simulated=simulation(f"EVIDENCE Mismatches: 0 in {samples} samples"))
    assert verdict.outcome is Outcome.MISMATCH
    assert verdict.num_tests == 4


def test_mismatches_are_counted_by_output_with_the_first_failure() -> None:
    verdict = judge(
        simulated=simulation(
            "EVIDENCE First: time 95 output q expected 01x1 got 0000 inputs a=0101 b=1",
            "EVIDENCE Hint: Output 'q' has 3 mismatches. First mismatch occurred at time 95.",
            "EVIDENCE Mismatches: 3 in 4 samples",
        )
    )
    assert verdict.outcome is Outcome.MISMATCH
    assert verdict.num_passed == 1
    assert [(out.name, out.num_mismatches, out.first_time) for out in verdict.outputs] == [("q", 3, 95)]
    assert verdict.first_failure is not None
    assert (verdict.first_failure.expected, verdict.first_failure.inputs) == ("01x1", "a=0101 b=1")


def test_the_testbenchs_own_time_limit_is_a_timeout_unless_the_golden_reaches_it_too() -> None:
    assert (
        judge(simulated=simulation("EVIDENCE TIMEOUT", "EVIDENCE Mismatches: 0 in 2 samples")).outcome
        is Outcome.TIMEOUT
    )
    assert judge(simulated=simulation("EVIDENCE TIMEOUT", "EVIDENCE Mismatches: 0 in 4 samples")).passed


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (Status.CPU_LIMIT, Outcome.TIMEOUT),
        (Status.WALL_LIMIT, Outcome.TIMEOUT),
        (Status.MEMORY_LIMIT, Outcome.MEMORY),
        (Status.OUTPUT_LIMIT, Outcome.OUTPUT_LIMIT),
        (Status.SIGNALLED, Outcome.CRASH),
    ],
)
def test_how_a_simulation_ends_outweighs_what_it_printed(status: Status, outcome: Outcome) -> None:
    assert judge(simulated=simulation("EVIDENCE Mismatches: 0 in 4 samples", status=status)).outcome is outcome


def test_a_call_that_reaches_outside_the_design_is_rejected_by_name() -> None:
    verdict = judge(searched=0)
    assert verdict.outcome is Outcome.REJECTED
    assert "$fopen" in verdict.diagnostics[0].message


def test_a_program_that_cannot_be_searched_is_rejected() -> None:
    assert judge(searched=2).outcome is Outcome.REJECTED


def test_a_task_that_the_simulator_lacks_is_a_compile_error() -> None:
    searched = StepResult(status=Status.EXITED, code=0, stdout=b' 3 4 "$rose"')
    ok = StepResult(status=Status.EXITED, code=0)
    verdict = verifier.judge(CANDIDATE, SPEC, JobResult(steps=(ok, searched, ok)), image="i", secret=SECRET)
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert "$rose" in verdict.diagnostics[0].message


def test_a_farm_failure_is_unjudged() -> None:
    verdict = verifier.judge(CANDIDATE, SPEC, JobResult(failure="killed"), image="i", secret=SECRET)
    assert verdict.outcome is Outcome.UNJUDGED


def test_compiler_messages_keep_the_candidates_lines_and_hide_the_testbenchs_names() -> None:
    prefix = verifier.fresh_names(content_key(CANDIDATE, SPEC, image="i"), secret=SECRET).prefix
    log = f"candidate.sv:7: error: Unable to bind wire `foo' in `{prefix}tb.dut'\n{prefix}tb.sv:3: error: bad port\n"
    verdict = judge(compiled=StepResult(status=Status.EXITED, code=2, stderr=log.encode()))
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert [(item.line, item.severity) for item in verdict.diagnostics] == [(7, Severity.ERROR), (None, Severity.ERROR)]
    assert not any(prefix in item.message for item in verdict.diagnostics)


def test_a_compiler_that_says_nothing_still_gives_a_diagnostic() -> None:
    verdict = judge(compiled=StepResult(status=Status.EXITED, code=1))
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert verdict.diagnostics
