"""The verifier of written lines: which jobs it plans, and what it says about each way that a file can differ."""

from __future__ import annotations

import pytest

from sim.hdl import vectors_testbench as verifier
from sim.hdl.vectors_testbench import EXPECTED, compare, lines_of
from sim.job import Job, JobResult, Status, StepResult
from sim.verdict import Candidate, Outcome, Spec, Verdict

SECRET = b"s" * 32
SPEC = Spec(
    verifier=verifier.NAME,
    top="m",
    testbench='module __vr_tb; integer f; initial f = $fopen("@VR@", "w"); endmodule',
    reference="module __vr_ref; endmodule",
    files={EXPECTED: b"0 1 // first\n\n1  x0\n"},
)
CANDIDATE = Candidate(source="module m; endmodule")
OK = StepResult(status=Status.EXITED, code=0)
FOUND_NOTHING = StepResult(status=Status.EXITED, code=1)


def judge(written: StepResult, simulated: StepResult = OK) -> Verdict:
    guarded = StepResult(status=Status.EXITED, code=0, stdout=b'{"understood": true, "findings": []}')
    steps = (guarded, OK, OK, FOUND_NOTHING, simulated, written)
    return verifier.judge(CANDIDATE, SPEC, JobResult(steps=steps), image="i", secret=SECRET)


def file(text: bytes) -> StepResult:
    return StepResult(status=Status.EXITED, code=0, stdout=text)


def test_the_expected_lines_stay_out_of_the_box_and_the_files_name_is_secret() -> None:
    job = verifier.plan(CANDIDATE, SPEC, image="i", secret=SECRET)
    other = verifier.plan(CANDIDATE, SPEC, image="i", secret=b"t" * 32)
    assert isinstance(job, Job)
    assert isinstance(other, Job)
    assert EXPECTED not in job.files
    assert not any(b"1  x0" in content for content in job.files.values())
    name = job.steps[-1].argv[1]
    assert job.steps[-1].argv == ("cat", name)
    assert name != other.steps[-1].argv[1]
    assert any(f'$fopen("{name}", "w")'.encode() in content for content in job.files.values())


@pytest.mark.parametrize(
    ("written", "outcome", "num_passed", "why"),
    [
        (b"0 1\n1 x0\n", Outcome.PASS, 2, None),
        (b"0\t1\n\n1 10 // note\n", Outcome.PASS, 2, None),
        (b"0 1\n1 x\n", Outcome.MISMATCH, 1, "line 2 of 2 is '1 x'; expected '1 x0'"),
        (b"0 1\n", Outcome.MISMATCH, 1, "wrote 1 lines; a full run writes 2"),
        (b"0 1\n1 x0\n0 1\n", Outcome.MISMATCH, 2, "wrote 3 lines; a full run writes 2"),
        (b"1 x0\n0 1\n", Outcome.MISMATCH, 0, "line 1 of 2 is '1 x0'; expected '0 1'"),
        (b"", Outcome.MISMATCH, 0, "wrote 0 lines; a full run writes 2"),
    ],
)
def test_every_line_has_to_come_in_its_place(
    written: bytes, outcome: Outcome, num_passed: int, why: str | None
) -> None:
    verdict = judge(file(written))
    assert (verdict.outcome, verdict.num_passed, verdict.num_tests) == (outcome, num_passed, 2)
    assert [each.message for each in verdict.diagnostics if why and why in each.message] == (
        [verdict.diagnostics[0].message] if why else []
    )


def test_one_wrong_line_of_a_thousand_is_no_pass() -> None:
    wanted = lines_of("\n".join(f"{number} 1" for number in range(1000)))
    assert compare(wanted, [*wanted[:-1], ("999", "0")])[:2] == (Outcome.MISMATCH, 999)


def test_a_hexadecimal_number_is_known() -> None:
    assert compare(lines_of("0x1f"), lines_of("0x2f"))[0] is Outcome.MISMATCH
    assert compare(lines_of("exit"), lines_of("text"))[0] is Outcome.MISMATCH
    assert compare(lines_of("8'hxF"), lines_of("8'h0F"))[0] is Outcome.PASS


def test_a_run_without_a_file_or_without_an_end_is_no_pass() -> None:
    assert judge(FOUND_NOTHING).outcome is Outcome.MISMATCH
    endless = StepResult(status=Status.CPU_LIMIT, code=None)
    assert judge(StepResult(status=Status.SKIPPED, code=None), endless).outcome is Outcome.TIMEOUT
    assert judge(StepResult(status=Status.OUTPUT_LIMIT, code=None, stdout=b"0 1\n1 x0\n")).outcome is Outcome.MISMATCH


def test_what_the_simulation_prints_is_no_evidence() -> None:
    job = verifier.plan(CANDIDATE, SPEC, image="i", secret=SECRET)
    assert isinstance(job, Job)
    said = f"{job.steps[-1].argv[1]} Mismatches: 0 in 2 samples\n0 1\n1 x0\n".encode()
    assert judge(file(b""), StepResult(status=Status.EXITED, code=0, stdout=said)).outcome is Outcome.MISMATCH
