"""Planning and judging cocotb jobs, on evidence as the test process wrote it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.hdl import cocotb_testbench
from sim.hdl.cocotb_testbench import judge, plan, read_evidence
from sim.inbox.cocotb_ports import read_ports
from sim.job import Job, JobResult, Limits, Status, StepResult
from sim.verdict import Candidate, Outcome, Spec, Verdict

CANDIDATE = Candidate(source="module acc; endmodule")
SPEC = Spec(verifier="cocotb", top="acc", testbench="import cocotb", limits=Limits(cpu_s=2, wall_s=20))
SECRET = b"secret"
START = '{"nonce": "N", "tests": ["resets", "adds", "tells_parity"]}\n'
FIRST = '{"nonce": "N", "test": 0, "passed": true, "message": null, "time": 15.0}\n'
REST = """{"nonce": "N", "test": 1, "passed": true, "message": null, "time": 515.0}
{"nonce": "N", "test": 2, "passed": true, "message": null, "time": 25.0}
"""
END = '{"nonce": "N", "end": true}\n'
WRONG = REST.replace(
    '"test": 2, "passed": true, "message": null', '"test": 2, "passed": false, "message": "parity of 00000111 is 0"'
)
DONE = StepResult(status=Status.EXITED, code=0)
CLEAN = replace(DONE, code=1)
"""What the search of the compiled program ends with when it finds nothing."""


def planned(spec: Spec = SPEC) -> Job:
    job = plan(CANDIDATE, spec, image="i", secret=SECRET)
    assert isinstance(job, Job)
    return job


def judged(evidence: str, *, spec: Spec = SPEC, status: Status = Status.EXITED, nonce: str | None = None) -> Verdict:
    """The verdict when everything before the tests went well."""
    nonce = nonce or planned(spec).steps[-1].argv[4]
    data = evidence.replace('"N"', f'"{nonce}"').encode()
    last = StepResult(status=status, code=0 if status is Status.EXITED else None, evidence=data)
    guarded, *compiled = [DONE] * (len(planned(spec).steps) - 2)
    steps = (guarded, *compiled, CLEAN, last)
    return judge(CANDIDATE, spec, JobResult(steps=steps), image="i", secret=SECRET)


def test_all_tests_passed_to_the_end_is_a_pass() -> None:
    verdict = judged(START + FIRST + REST + END)
    assert (verdict.outcome, verdict.num_passed, verdict.num_tests) == (Outcome.PASS, 3, 3)
    assert [test.name for test in verdict.tests] == ["resets", "adds", "tells_parity"]


def test_one_failed_test_is_a_mismatch_with_its_message() -> None:
    verdict = judged(START + FIRST + WRONG + END)
    assert (verdict.outcome, verdict.num_passed, verdict.num_tests) == (Outcome.MISMATCH, 2, 3)
    assert verdict.diagnostics[0].message == "test tells_parity: parity of 00000111 is 0"


@pytest.mark.parametrize("evidence", [START + FIRST, START + FIRST + END, START + FIRST + REST, START, START + END])
def test_tests_without_a_result_or_an_end_do_not_pass(evidence: str) -> None:
    verdict = judged(evidence)
    assert (verdict.outcome, verdict.num_tests) == (Outcome.MISMATCH, 3)


@pytest.mark.parametrize(
    "evidence", ["", "\n\n", "[1]", '{"nonce": "N"}', END, FIRST + REST + END, '{"nonce": "N", "te']
)
def test_evidence_without_a_list_of_tests_does_not_pass(evidence: str) -> None:
    verdict = judged(evidence)
    assert (verdict.outcome, verdict.num_passed) == (Outcome.MISMATCH, None)


def test_lines_with_another_nonce_say_nothing() -> None:
    assert judged(START + FIRST + REST + END, nonce="other").outcome is Outcome.MISMATCH


def test_a_second_list_of_tests_changes_nothing() -> None:
    verdict = judged(START + '{"nonce": "N", "tests": ["resets"]}\n' + FIRST + END)
    assert (verdict.outcome, verdict.num_tests) == (Outcome.MISMATCH, 3)


def test_a_second_result_of_a_test_changes_nothing() -> None:
    again = WRONG.replace('"passed": false', '"passed": true')
    assert judged(START + FIRST + WRONG + again + END).outcome is Outcome.MISMATCH


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
def test_limits_and_crashes_keep_what_was_passed_before_them(status: Status, outcome: Outcome) -> None:
    verdict = judged(START + FIRST, status=status)
    assert (verdict.outcome, verdict.num_passed, verdict.num_tests) == (outcome, 1, 3)
    assert verdict.tests[1].message == f"the simulation ended with {status}"


def test_a_testbench_that_cannot_run_is_unjudged() -> None:
    verdict = judged('{"nonce": "N", "fault": "testbench", "message": "SyntaxError: x"}\n')
    assert verdict.outcome is Outcome.UNJUDGED


def test_a_design_that_the_tests_cannot_start_on_is_a_mismatch() -> None:
    verdict = judged('{"nonce": "N", "fault": "design", "message": "AttributeError: no WIDTH"}\n')
    assert verdict.outcome is Outcome.MISMATCH


def test_a_design_that_drives_its_input_is_rejected_though_all_tests_passed() -> None:
    fault = '{"nonce": "N", "fault": "driven", "message": "the design drives its own input d"}\n'
    assert judged(START + fault + FIRST + REST + END).outcome is Outcome.REJECTED


def test_a_design_without_an_input_of_the_goldens_does_not_pass() -> None:
    fault = '{"nonce": "N", "fault": "interface", "message": "d is no input of the design"}\n'
    assert judged(START + fault + FIRST + REST + END).outcome is Outcome.MISMATCH


def test_fewer_tests_than_the_goldens_run_had_do_not_pass() -> None:
    assert judged(START + FIRST + REST + END, spec=replace(SPEC, num_checks=4)).outcome is Outcome.MISMATCH


def test_a_farm_failure_is_unjudged() -> None:
    verdict = judge(CANDIDATE, SPEC, JobResult(failure="no box"), image="i", secret=SECRET)
    assert verdict.outcome is Outcome.UNJUDGED


def test_the_seed_is_one_for_all_candidates() -> None:
    other = plan(Candidate(source="module other; endmodule"), SPEC, image="i", secret=SECRET)
    assert isinstance(other, Job)
    assert planned().steps[-1].argv[3] == other.steps[-1].argv[3]
    assert planned().steps[-1].argv[4] != other.steps[-1].argv[4]


def test_no_file_of_the_job_holds_the_nonce() -> None:
    job = planned()
    assert not any(job.steps[-1].argv[4].encode() in data for data in job.files.values())


def test_no_source_is_left_when_the_tests_run() -> None:
    job = planned(replace(SPEC, files={"pack.sv": b"", "model.py": b""}))
    left = set(job.files) - set(job.steps[-1].drop)
    assert left == {f"{cocotb_testbench.MODULE}.py", "model.py"}


@pytest.mark.parametrize("name", ["testbench.py", "candidate.sv", "design.vvp"])
def test_a_file_with_a_name_of_ours_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="rename it"):
        planned(replace(SPEC, files={name: b""}))


def test_deep_json_is_no_evidence() -> None:
    assert read_evidence(b"[" * 100_000, "N").names is None


PROGRAM = """S_0x56122b17d640 .scope package, "$unit" "$unit" 2 1;
S_0x56122b17d7d0 .scope module, "adder" "adder" 3 2;
    .port_info 0 /INPUT 4 "a";
    .port_info 1 /INPUT 4 "b";
    .port_info 5 /INPUT 1 "f";
    .port_info 7 /INPUT 1 "h";
    .port_info 8 /INPUT 4 "arr";
    .port_info 9 /INOUT 1 "io";
    .port_info 10 /OUTPUT 5 "y";
    .port_info 14 /INPUT 1 "v";
    .port_info 15 /INPUT 1 "w";
v0x56122b1cf6d0_0 .net "a", 3 0, L_0x56122b1a8140;  1 drivers
o0x7f2013cb0318 .functor BUFZ 2, C4<zz>; HiZ drive
v0x56122b1cf7b0 .array "arr", 1 0;
v0x56122b1cf7b0_0 .net v0x56122b1cf7b0 0, 1 0, o0x7f2013cb0318; 0 drivers
v0x56122b1cf7b0_1 .net v0x56122b1cf7b0 1, 1 0, L_0x56122b1d0d60; 1 drivers
v0x56122b1cf8d0_0 .net "b", 3 0, o0x7f2013cb0018;  0 drivers
v0x56122b1cfb90_0 .net8 "f", 0 0, L_0x56122b1d0b70;  1 drivers, strength-aware
v0x56122b1cfde0_0 .net8 "h", 0 0, p0x7f2013cb0408;  0 drivers, strength-aware
v0x56276002fc70_0 .var "v", 0 0;
v0x56276002fc80_0 .var "w", 0 0;
S_0x56122b1b68f0 .scope module, "l" "leaf" 3 4, 3 1 0, S_0x56122b17d7d0;
    .port_info 0 /OUTPUT 1 "b";
v0x56122b1b6b20_0 .net "b", 0 0, L_0x56122b1d0980;  1 drivers
T_0 ;
    %store/vec4 v0x56276002fc70_0, 0, 1;
"""


def faults(*inputs: str) -> dict[str, str]:
    ports = read_ports(PROGRAM, "adder")
    assert ports is not None
    return ports.faults(inputs)


@pytest.mark.parametrize("name", ["a", "f", "h", "arr", "v"])
def test_an_input_that_the_design_drives_is_seen(name: str) -> None:
    assert faults(name) == {"driven": f"the design drives its own input {name}"}


@pytest.mark.parametrize("name", ["b", "w"])
def test_an_input_that_only_the_tests_drive_is_fine(name: str) -> None:
    assert faults(name) == {}


@pytest.mark.parametrize("name", ["io", "y", "inner"])
def test_what_is_an_input_of_the_golden_must_be_one_of_the_design(name: str) -> None:
    assert faults(name) == {"interface": f"{name} is no input of the design"}


def test_without_a_golden_the_designs_own_inputs_count() -> None:
    ports = read_ports(PROGRAM, "adder")
    assert ports is not None
    assert ports.faults(None).keys() == {"driven"}


def test_the_golden_is_not_compiled_and_its_name_is_secret() -> None:
    job = planned(replace(SPEC, reference="module __vr_ref(input a); endmodule"))
    name = job.steps[-1].argv[5]
    assert job.files[name] == b"module __vr_ref(input a); endmodule"
    assert name.encode() not in job.files["ivlpp.files"]
    assert name not in planned(SPEC).files
