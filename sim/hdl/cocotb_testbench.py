"""The cocotb verifier: compile the candidate, let the testbench's own Python tests drive it, read what they say.

Two pure functions around one job: `plan` and `judge`. The tests run in the simulator's process and report over a
descriptor that a design cannot name (`sim.inbox.cocotb_evidence`), each line with a nonce that is in none of the job's
files. The denominator is the tests that were collected before the design ran.

What it does not do: protect tests from a design that breaks the simulator itself, or make a weak testbench strong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sim.content import content_key
from sim.hdl import verilog_testbench as verilog
from sim.hdl.tools import icarus
from sim.job import Job, JobResult, Limits, Status, Step, StepResult
from sim.verdict import Candidate, Diagnostic, NamedTest, Outcome, Severity, Spec, Verdict

NAME = "cocotb"
SERVER = "cocotb-icarus"
MODULE = "testbench"
"""Name of the test module: `Spec.testbench` is written to testbench.py."""
PROGRAM = "design.vvp"
"""The server opens this name (`sim/boxes/servers.py`)."""
MAX_MESSAGE = 300
EVIDENCE_KB = 1024


def plan(candidate: Candidate, spec: Spec, *, image: str, secret: bytes) -> Job | Verdict:
    """The job that judges the candidate, or the verdict when there is nothing to run.

    Raises ValueError for a spec with a file that has a name of ours.
    """
    key = content_key(candidate, spec, image=image)
    unfit = verilog.judge_source(candidate, spec, key)
    if unfit is not None:
        return unfit
    names = verilog.fresh_names(key, secret=secret)
    # First a time scale for all that have none, as cocotb's clocks in nanoseconds need; its empty module, a second top,
    # keeps the precision there whatever the candidate says.
    precision = f"{names.prefix}precision"
    scale = {f"{precision}.sv": f"`timescale 1ns/1ps\nmodule {precision}; endmodule\n".encode()}
    # What is an input the golden says. Nobody can include it: its name is secret, and it is gone when the design runs.
    golden = {f"{names.prefix}golden": spec.reference.encode()} if spec.reference else {}
    files = job_files(candidate, spec, {**scale, **golden})
    sources = source_names(files)
    compilation = icarus.Compilation(tops=(spec.top, precision), files=sources, output=PROGRAM)
    return Job(
        image=image,
        server=SERVER,
        files={**files, **compilation.own_files},
        steps=(
            verilog.guard_step(spec),
            *(Step(argv=argv, limits=spec.limits) for argv in compilation.argvs(direct=True)),
            Step(argv=("grep", "-aoPm1", verilog.SEARCH, PROGRAM), limits=verilog.HELPER_LIMITS, proceed_on=(1,)),
            Step(
                argv=("cocotb", MODULE, spec.top, str(seed(spec)), names.evidence, next(iter(golden), "-")),
                limits=test_limits(spec),
                warm=True,
                evidence=True,
                drop=(*compilation.leftovers, *sources, verilog.SUBMITTED_FILE),
            ),
        ),
    )


def job_files(candidate: Candidate, spec: Spec, ours: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Files of ours, the testbench's, and the candidate for the guard. Raises ValueError when two have one name."""
    ours = {**ours, f"{MODULE}.py": spec.testbench.encode()}
    submitted = {verilog.SUBMITTED_FILE: verilog.submitted(candidate)}
    taken = spec.files.keys() & {*ours, *submitted, verilog.CANDIDATE_FILE, PROGRAM}
    if taken:
        raise ValueError(f"the testbench has a file {min(taken)}, which is a name of ours; rename it")
    return {**ours, **spec.files, **submitted}


def source_names(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """What is compiled, in order; the candidate, as the guard leaves it, comes last."""
    own = (name for name in files if name.endswith((".v", ".sv")) and name != verilog.SUBMITTED_FILE)
    return (*own, verilog.CANDIDATE_FILE)


def test_limits(spec: Spec) -> Limits:
    """The spec's, with room for the reports of a testbench that has thousands of tests."""
    return replace(spec.limits, output_kb=max(spec.limits.output_kb, EVIDENCE_KB))


def seed(spec: Spec) -> int:
    """COCOTB_RANDOM_SEED: the same for every candidate of a spec."""
    return int(hashlib.sha256(spec.testbench.encode()).hexdigest()[:7], 16)


def judge(candidate: Candidate, spec: Spec, result: JobResult, *, image: str, secret: bytes) -> Verdict:
    """What the result of `plan`'s job says about the candidate."""
    key = content_key(candidate, spec, image=image)
    names = verilog.fresh_names(key, secret=secret)
    if result.failure is not None:
        return verilog.unjudged(spec, key, f"farm: {result.failure}")
    guarded, *compiled, searched, simulated = result.steps
    findings = verilog.read_findings(guarded)
    failed = next((step for step in compiled if step.status is not Status.EXITED or step.code != 0), None)
    if guarded.status is not Status.EXITED or guarded.code != 0:
        verdict = verilog.judge_guard(guarded, spec, key)
    elif failed is not None:
        verdict = verilog.judge_compilation(failed, spec, key, prefix=names.prefix)
    elif searched.status is not Status.EXITED or searched.code != 1:
        verdict = verilog.judge_search(searched, spec, key)
    else:
        notes = icarus.diagnostics(compiled[-1].stderr.decode(errors="replace"), file=verilog.CANDIDATE_FILE)
        verdict = judge_run(simulated, spec, key, nonce=names.evidence, notes=notes)
    return replace(verdict, findings=findings, cpu_s=result.cpu_s, wall_s=result.wall_s)


def judge_run(step: StepResult, spec: Spec, key: str, *, nonce: str, notes: tuple[Diagnostic, ...]) -> Verdict:
    """What a run of the tests says, on whichever simulator."""
    run = read_evidence(step.evidence, nonce)
    if step.status is Status.EXITED and run.faults.get("testbench"):
        return verilog.unjudged(spec, key, f"the testbench cannot run: {run.faults['testbench']}"[:MAX_MESSAGE])
    tests = run.all_tests(_silence(step))
    outcome, why = _conclude(step, spec, run, tests)
    chose_its_questions = bool({"driven", "interface"} & run.faults.keys())
    if why is not None:
        notes = (Diagnostic(severity=Severity.ERROR, message=why[:MAX_MESSAGE]), *notes)
    return Verdict(
        outcome=outcome,
        num_passed=None if run.names is None else 0 if chose_its_questions else sum(test.passed for test in tests),
        num_tests=spec.num_checks if run.names is None else max(len(tests), spec.num_checks or 0),
        tests=tests,
        diagnostics=notes,
        job_key=key,
    )


@dataclass(slots=True, kw_only=True)
class Run:
    """What the test process wrote."""

    names: tuple[str, ...] | None = None
    """Tests that were collected, before the design ran; None when the process did not get that far."""
    results: dict[int, NamedTest] = field(default_factory=dict)
    """Place in `names` to result."""
    faults: dict[str, str] = field(default_factory=dict)
    """Words for what is wrong with the "testbench", the "design" (tests could not start), or its inputs ("interface",
    "driven")."""
    ended: bool = False

    def all_tests(self, silence: str) -> tuple[NamedTest, ...]:
        """One test for each that was collected; those without a result failed, for the reason `silence`."""
        return tuple(
            self.results.get(place) or NamedTest(name=name, passed=False, message=silence)
            for place, name in enumerate(self.names or ())
        )


def read_evidence(evidence: bytes, nonce: str) -> Run:
    """The lines that carry the nonce; a last line that was cut off says nothing."""
    run = Run()
    for line in evidence.split(b"\n"):
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict) and said.get("nonce") == nonce:
            _take(run, said)
    return run


def _take(run: Run, said: Mapping[str, object]) -> None:
    match said:
        case {"tests": [*names]} if run.names is None:
            run.names = tuple(str(name) for name in names)
        case {"test": int(place), "passed": bool(passed), "message": message} if place in range(len(run.names or ())):
            assert run.names is not None
            why = None if passed else str(message)[:MAX_MESSAGE]
            run.results.setdefault(place, NamedTest(name=run.names[place], passed=passed, message=why))
        case {"fault": str(whose), "message": message}:
            run.faults[whose] = str(message)
        case {"end": True}:
            run.ended = True


def _silence(step: StepResult) -> str:
    """Why a test has no result."""
    if step.status is Status.EXITED:
        return "the simulation ended before this test did"
    return f"the simulation ended with {step.status}"


def _conclude(step: StepResult, spec: Spec, run: Run, tests: tuple[NamedTest, ...]) -> tuple[Outcome, str | None]:
    if step.status is not Status.EXITED:
        return verilog.OUTCOME_OF_STATUS[step.status], _silence(step)
    if "driven" in run.faults:
        return Outcome.REJECTED, run.faults["driven"]
    if "interface" in run.faults:
        return Outcome.MISMATCH, run.faults["interface"]
    if "design" in run.faults:
        return Outcome.MISMATCH, f"the tests could not start: {run.faults['design']}"
    if run.names is None:
        return Outcome.MISMATCH, "the simulation ended before the tests could start"
    failed = next((test for test in tests if not test.passed), None)
    if failed is not None:
        return Outcome.MISMATCH, f"test {failed.name}: {failed.message}"
    if not run.ended or not tests:
        return Outcome.MISMATCH, "the simulation ended before the tests did"
    if spec.num_checks is not None and len(tests) != spec.num_checks:
        return Outcome.MISMATCH, f"{len(tests)} tests ran; the golden's run had {spec.num_checks}"
    return Outcome.PASS, None
