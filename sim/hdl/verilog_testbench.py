"""The Verilog testbench verifier: compile with the testbench and the reference, simulate, read the evidence.

Two pure functions around one job: `plan` and `judge`. What makes the evidence hard to forge:

* every name of the testbench, and the module of the reference, is fresh for each pair of candidate and spec, so nothing
  in the candidate can refer to them; lines of evidence start with a secret that is in no name (`sim.hdl.testbench`);
* a full run is one that reports as many samples as the golden's did, so ending early earns nothing;
* the guard (`sim.inbox.guard`) reads the candidate's own elaborated tree: what reaches out of the design is rejected,
  and tasks that only a simulation knows are replaced by nothing, since honest code has them too;
* between compiling and simulating, the compiled program is searched for system tasks other than plain ones: those that
  read files or the command line could read the secret. The search looks at what the compiler made of the text, so
  whatever the guard read otherwise than the compiler does not get past it.

What it does not do: prove equivalence.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace

from sim.content import content_key
from sim.hdl.official import behind_candidate, with_official_rule
from sim.hdl.testbench import EVIDENCE, NAME_PREFIX, TESTBENCH_TOP, with_own_modules
from sim.hdl.tools import icarus
from sim.image import HOST_PREFIX
from sim.inbox.search import is_harmless
from sim.inbox.system_tasks import ENDING, PLAIN, REACHING
from sim.job import Job, JobResult, Limits, Status, Step, StepResult
from sim.verdict import (
    Candidate,
    Diagnostic,
    FirstFailure,
    GuardFinding,
    OfficialRule,
    Outcome,
    OutputMismatch,
    Severity,
    Simulator,
    Spec,
    Verdict,
)

NAME = "verilog-testbench"
MAX_SOURCE_KB = 256
PROGRAM = "sim.vvp"
SUBMITTED_FILE = "submitted.sv"
"""The candidate as it came; the guard makes CANDIDATE_FILE of it, line by line."""
CANDIDATE_FILE = "candidate.sv"

_CALL = f'[0-9]+ *"\\$(?!(?:{PLAIN.pattern}|{ENDING.pattern}|dump[a-z]*)")[^"]*"'
"""Line number and name of any other call, as they stand in a compiled program (PCRE); a quote inside a string would
have a backslash before it."""
_FORCE = "^ +%force/"
"""It reaches through ports: on its own input a design would change what the reference sees."""
SEARCH = f"{_CALL}|{_FORCE}"
_TASK = re.compile(r"\$([a-z_][a-z0-9_$]*)", re.IGNORECASE)

HELPER_LIMITS = Limits(cpu_s=5, wall_s=30)
_GUARD_LIMITS = Limits(cpu_s=10, wall_s=60, mem_mb=512, output_kb=64)
MAX_FINDINGS = 20
OWN_LIMIT = "the testbench's own time limit was reached"
"""Said of a run in which the testbench itself printed TIMEOUT, whatever came of it."""
UNTOLD = "unknown, since no run of the golden told"
"""The number of samples of a full run, before a golden has passed."""
REJECTED_CODE = 1
"""With which the guard ends when the candidate is not to be run."""

PROBE = Step(argv=("true",), limits=HELPER_LIMITS)
"""The least a box must be able to run."""

OUTCOME_OF_STATUS = {
    Status.CPU_LIMIT: Outcome.TIMEOUT,
    Status.WALL_LIMIT: Outcome.TIMEOUT,
    Status.MEMORY_LIMIT: Outcome.MEMORY,
    Status.OUTPUT_LIMIT: Outcome.OUTPUT_LIMIT,
    Status.SIGNALLED: Outcome.CRASH,
}

_END = re.compile(r"^ Mismatches: ([0-9]{1,9}) in ([0-9]{1,9}) samples\s*$")
_OUTPUT = re.compile(
    r"^ Hint: Output '([^']*)' has (?:no|(\d+)) mismatches\.(?: First mismatch occurred at time (\d+)\.)?$"
)
_FIRST = re.compile(r"^ First: time (\d+) output (\S+) expected (\S+) got (\S+) inputs ?(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """A module of ours beside the testbench."""

    top: str
    text: str
    """Verilog, with no placeholders left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What stands for the placeholders in one job."""

    prefix: str
    evidence: str

    def fill(self, text: str) -> bytes:
        """The text with both placeholders replaced."""
        return text.replace(EVIDENCE, self.evidence).replace(NAME_PREFIX, self.prefix).encode(errors="replace")


def fresh_names(key: str, *, secret: bytes) -> Names:
    """Names for one job: the same for equal content, so that equal jobs stay equal; unknown without the secret."""
    digest = hashlib.blake2b(key.encode(), key=secret, digest_size=32).hexdigest()
    return Names(prefix=f"vr{digest[:20]}_", evidence=f"E{digest[20:]}")


def plan(
    candidate: Candidate, spec: Spec, *, image: str, secret: bytes, recorder: Recorder | None = None
) -> Job | Verdict:
    """The job that judges the candidate, or the verdict when there is nothing to run.

    `recorder` is compiled in right after the testbench.
    """
    key = content_key(candidate, spec, image=image)
    if unfit := judge_source(candidate, spec, key):
        return unfit
    names = fresh_names(key, secret=secret)
    own = {
        f"{names.prefix}tb.sv": names.fill(spec.testbench),
        f"{names.prefix}ref.sv": names.fill(with_own_modules(spec.reference)),
    }
    if spec.official is OfficialRule.LOG_WORDS:
        own = behind_candidate(candidate.source, own)
    tops = [names.fill(TESTBENCH_TOP).decode()]
    if recorder:
        (testbench, *rest), recording = own, f"{names.prefix}recorder.sv"
        own = {testbench: own[testbench], recording: recorder.text.encode()} | {name: own[name] for name in rest}
        tops.append(recorder.top)
    compilation = icarus.Compilation(tops=tops, files=(*own, CANDIDATE_FILE), output=PROGRAM)
    direct = not image.startswith(HOST_PREFIX)
    hidden = (*own, *compilation.leftovers, SUBMITTED_FILE, CANDIDATE_FILE)
    return Job(
        image=image,
        server="parser",
        files={**spec.files, **own, **compilation.own_files, SUBMITTED_FILE: submitted(candidate)},
        steps=(
            guard_step(spec),
            *(Step(argv=argv, limits=spec.limits) for argv in compilation.argvs(direct=direct)),
            search_step(spec, testbench=f"{names.prefix}tb.sv"),
            Step(argv=icarus.simulate_argv(PROGRAM), limits=spec.limits, drop=hidden),
        ),
    )


def judge_source(candidate: Candidate, spec: Spec, key: str) -> Verdict | None:
    """The verdict on a source that is not worth a job; None for the others."""
    size_kb = len(candidate.source.encode(errors="replace")) >> 10
    if not candidate.source.strip():
        return Verdict(outcome=Outcome.NO_CODE, num_tests=spec.num_checks, job_key=key)
    if size_kb > MAX_SOURCE_KB:
        return rejected(spec, key, f"the source has {size_kb} KiB; at most {MAX_SOURCE_KB} are judged")
    return None


def submitted(candidate: Candidate) -> bytes:
    """The candidate's text as the guard reads it."""
    return candidate.source.encode(errors="replace") + b"\n"


def guard_step(spec: Spec, simulator: Simulator = Simulator.ICARUS) -> Step:
    """The guard reads SUBMITTED_FILE as the simulator would, and writes CANDIDATE_FILE unless it rejects."""
    argv = ("guard", f"--simulator={simulator}", SUBMITTED_FILE, CANDIDATE_FILE, spec.top, *spec.reserved)
    return Step(argv=argv, limits=_GUARD_LIMITS, warm=True)


def search_step(spec: Spec, *, testbench: str) -> Step:
    """Looks for calls in PROGRAM that reach outside the design; ends with 1 when there are none.

    A testbench may have such calls of its own; they are known by its file's name.
    """
    own = [name for name in _TASK.findall(spec.testbench + spec.reference) if not is_harmless(name)]
    if own:
        return Step(argv=("search", PROGRAM, testbench), limits=HELPER_LIMITS, proceed_on=(1,), warm=True)
    return Step(argv=("grep", "-aoPm1", SEARCH, PROGRAM), limits=HELPER_LIMITS, proceed_on=(1,))


def judge(candidate: Candidate, spec: Spec, result: JobResult, *, image: str, secret: bytes) -> Verdict:
    """What the result of `plan`'s job says about the candidate."""
    key = content_key(candidate, spec, image=image)
    if result.failure is not None:
        return unjudged(spec, key, f"farm: {result.failure}")
    guarded, *compiled, searched, simulated = result.steps
    findings = read_findings(guarded)
    failed = next((step for step in compiled if step.status is not Status.EXITED or step.code != 0), None)
    if guarded.status is not Status.EXITED or guarded.code != 0:
        verdict = judge_guard(guarded, spec, key)
    elif failed is not None:
        verdict = judge_compilation(failed, spec, key, prefix=fresh_names(key, secret=secret).prefix)
    elif searched.status is not Status.EXITED or searched.code != 1:
        verdict = judge_search(searched, spec, key)
    else:
        warnings = icarus.diagnostics(compiled[-1].stderr.decode(errors="replace"), file=CANDIDATE_FILE)
        verdict = judge_simulation(
            simulated, spec, key, evidence=fresh_names(key, secret=secret).evidence, notes=warnings
        )
        if spec.official is not None:
            verdict = with_official_rule(
                verdict,
                spec.official,
                log="".join(step.stderr.decode(errors="replace") for step in (*compiled, simulated)),
                reached_own_limit=any(note.message == OWN_LIMIT for note in verdict.diagnostics),
                file=CANDIDATE_FILE,
            )
    return replace(verdict, findings=findings, cpu_s=result.cpu_s, wall_s=result.wall_s)


def read_findings(step: StepResult) -> tuple[GuardFinding, ...]:
    """What the guard wrote; nothing when it did not get that far."""
    try:
        return tuple(GuardFinding(**found) for found in json.loads(step.stdout)["findings"][:MAX_FINDINGS])
    except (ValueError, KeyError, TypeError):
        return ()


def judge_guard(step: StepResult, spec: Spec, key: str) -> Verdict:
    """A candidate that the guard rejects, or could not read within its limits; honest code can always be read."""
    if step.status is Status.EXITED and step.code == REJECTED_CODE:
        found = [finding for finding in read_findings(step) if not finding.neutralised]
        why = "; ".join(f"line {each.line}: {each.kind}: {each.text}" for each in found[:3]) or "it gave no reason"
        return rejected(spec, key, f"reaches outside the design: {why}")
    how = f"code {step.code}" if step.status is Status.EXITED else str(step.status)
    return rejected(spec, key, f"the guard could not read the source: it ended with {how}")


def unjudged(spec: Spec, key: str, why: str) -> Verdict:
    """What is said when it is not the candidate's doing."""
    diagnostic = Diagnostic(severity=Severity.ERROR, message=why)
    return Verdict(outcome=Outcome.UNJUDGED, num_tests=spec.num_checks, job_key=key, diagnostics=(diagnostic,))


def rejected(spec: Spec, key: str, why: str) -> Verdict:
    """What is said of a candidate that is not run, or should not have been."""
    diagnostic = Diagnostic(severity=Severity.ERROR, message=why)
    return Verdict(outcome=Outcome.REJECTED, num_tests=spec.num_checks, job_key=key, diagnostics=(diagnostic,))


def judge_compilation(step: StepResult, spec: Spec, key: str, *, prefix: str) -> Verdict:
    """Whatever ends the compiler, a limit or a crash of its own included, the candidate did not compile."""
    log = step.stderr.decode(errors="replace")
    # The instance's path is a name of ours; the module is what its author knows.
    log = re.sub(rf"\b{prefix}tb\.{prefix}\w+", spec.top, log).replace(prefix, "testbench.")
    found = icarus.diagnostics(log, file=CANDIDATE_FILE)
    if step.status is not Status.EXITED or not found:
        words = f"the compiler ended with {step.status}" if step.status is not Status.EXITED else log.strip()[:300]
        found = (Diagnostic(severity=Severity.ERROR, message=words or "the compiler gave no reason"), *found)
    return Verdict(outcome=Outcome.COMPILE_ERROR, num_tests=spec.num_checks, job_key=key, diagnostics=found)


def judge_search(step: StepResult, spec: Spec, key: str) -> Verdict:
    found = step.stdout.decode(errors="replace")
    if step.code != 0:
        return rejected(spec, key, "the compiled program is too large or too odd to be searched")
    task = found.split('"')[1] if '"' in found else "force"
    if task == "force" or REACHING.fullmatch(task[1:]):
        return rejected(spec, key, f"{task} reaches outside the design")
    unknown = Diagnostic(severity=Severity.ERROR, message=f"the simulator has no {task}")
    return Verdict(outcome=Outcome.COMPILE_ERROR, num_tests=spec.num_checks, job_key=key, diagnostics=(unknown,))


@dataclass(slots=True, kw_only=True)
class _Evidence:
    """The testbench's own lines, picked out of what the simulation printed."""

    num_mismatches: int | None = None
    num_samples: int | None = None
    timed_out: bool = False
    outputs: list[OutputMismatch] = field(default_factory=list)
    first: FirstFailure | None = None


def read_evidence(output: str, secret: str) -> _Evidence:
    """Read the lines that carry the secret. The candidate may have printed anything before it on the same line."""
    found = _Evidence()
    for line in output.split("\n"):
        _, mark, text = line.rpartition(secret)
        if not mark:
            continue
        if end := _END.match(text):
            found.num_mismatches, found.num_samples = int(end[1]), int(end[2])
        elif hint := _OUTPUT.match(text):
            first_time = int(hint[3]) if hint[3] else None
            found.outputs.append(OutputMismatch(name=hint[1], num_mismatches=int(hint[2] or 0), first_time=first_time))
        elif first := _FIRST.match(text):
            found.first = FirstFailure(
                time=int(first[1]), signal=first[2], expected=first[3], got=first[4], inputs=first[5]
            )
        elif text.strip() == "TIMEOUT":
            found.timed_out = True
    return found


def judge_simulation(
    step: StepResult, spec: Spec, key: str, *, evidence: str, notes: tuple[Diagnostic, ...]
) -> Verdict:
    found = read_evidence(step.stdout.decode(errors="replace"), evidence)
    outcome, why = _conclude(step, spec, found)
    if why:
        notes = (Diagnostic(severity=Severity.ERROR, message=why), *notes)
    elif found.timed_out:
        notes = (*notes, Diagnostic(severity=Severity.NOTE, message=OWN_LIMIT))
    num_passed = None
    if found.num_samples is not None and found.num_mismatches is not None:
        num_passed = max(0, found.num_samples - found.num_mismatches)
        if spec.num_checks is not None:
            num_passed = min(num_passed, spec.num_checks)
    return Verdict(
        outcome=outcome, num_passed=num_passed, num_tests=spec.num_checks, outputs=tuple(found.outputs),
        first_failure=found.first if outcome is not Outcome.PASS else None, diagnostics=notes, job_key=key,
    )  # fmt: skip


def _conclude(step: StepResult, spec: Spec, found: _Evidence) -> tuple[Outcome, str | None]:
    if step.status is not Status.EXITED:
        return OUTCOME_OF_STATUS[step.status], f"the simulation ended with {step.status}"
    if found.timed_out and found.num_samples != spec.num_checks:
        return Outcome.TIMEOUT, OWN_LIMIT  # some goldens reach it too, in full
    if found.num_samples is None:
        return Outcome.MISMATCH, "the simulation ended before the testbench could report"
    if found.num_samples != spec.num_checks:
        expected = UNTOLD if spec.num_checks is None else spec.num_checks
        return Outcome.MISMATCH, f"{found.num_samples} samples were compared; a full run has {expected}"
    if found.num_mismatches:
        return Outcome.MISMATCH, None
    return Outcome.PASS, None
