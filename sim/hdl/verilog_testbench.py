"""The Verilog testbench verifier: compile with the testbench and the reference, simulate, read the evidence.

Two pure functions around one job: `plan` and `judge`. What makes the evidence hard to forge:

* every name of the testbench, and the module of the reference, is fresh for each pair of candidate and spec, so nothing
  in the candidate can refer to them; lines of evidence start with a secret that is in no name (`sim.hdl.testbench`);
* a full run is one that reports as many samples as the golden's did, so ending early earns nothing;
* between compiling and simulating, the compiled program is searched for system tasks other than plain ones: those that
  read files or the command line could read the secret, and no synthesizable design needs them. The search looks at what
  the compiler made of the text, so macros and escaped names don't get past it.

What it does not do: tell an honest misuse of those tasks from a hostile one (both are REJECTED), or prove equivalence.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace

from sim.hdl.testbench import EVIDENCE, NAME_PREFIX, TESTBENCH_TOP
from sim.hdl.tools import icarus
from sim.job import Job, JobResult, Limits, Status, Step, StepResult
from sim.verdict import Candidate, Diagnostic, FirstFailure, Outcome, OutputMismatch, Severity, Spec, Verdict

NAME = "verilog-testbench"
MAX_SOURCE_KB = 256
PROGRAM = "sim.vvp"
CANDIDATE_FILE = "candidate.sv"

_BASES = "[bho]?"
_PLAIN_TASKS = tuple(
    (
        f"display{_BASES} write{_BASES} monitor{_BASES} monitoro(ff|n) strobe{_BASES} swrite{_BASES} sformatf? sscanf "
        "finish finish_and_return stop fatal error warning info s?time realtime simtime timeformat printtimescale "
        "u?random urandom_range dist_[a-z_]+ clog2 bits signed unsigned itor rtoi bitstoreal realtobits "
        "shortrealtobits bitstoshortreal high low left right size increment dimensions unpacked_dimensions "
        "count(ones|bits) onehot0? isunknown abs min max ceil floor sqrt pow exp ln log10 a?(sin|cos|tan)h? atan2 "
        "hypot "
        r"dump(file|vars|on|off|all|limit|flush) ivl_(enum|string)_method\$[a-z]+ a?sync\$n?(and|or)\$(array|plane)"
    ).split()
)
"""System tasks that stay inside the design (regular expressions, without the dollar). Waves are off."""

_SEARCH = ' *[0-9]+ *"\\$(?!(?:' + "|".join(_PLAIN_TASKS) + ')")[^"]*"|^ +%force/'
"""How any other call, or a `force`, stands in a compiled program (PCRE); a quote inside a string would have a backslash
before it. `force` reaches through ports: on its own input a design would change what the reference sees."""

_REACHING_OUT = re.compile(
    r"f(open|close|read|get|put|scanf|seek|tell|eof|flush|error|display|write|monitor|strobe)|ungetc|rewind|s?read|write|"
    r"(value|test)\$plusargs|system|sdf|save|restart|incsave|input|log|nolog|key|nokey|deposit|ivlh_|show|scope|list|table|vpi"
)
"""Beginnings of tasks that read or write beyond the design; what is neither here nor plain, the simulator lacks."""

_HELPER_LIMITS = Limits(cpu_s=5, wall_s=30)

PROBE = Step(argv=("true",), limits=_HELPER_LIMITS)
"""The least a box must be able to run."""

_OUTCOME_OF_STATUS = {
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
class Names:
    """What stands for the placeholders in one job."""

    prefix: str
    evidence: str

    def fill(self, text: str) -> bytes:
        """The text with both placeholders replaced."""
        return text.replace(EVIDENCE, self.evidence).replace(NAME_PREFIX, self.prefix).encode(errors="replace")


def content_key(candidate: Candidate, spec: Spec, *, image: str) -> str:
    """Hash of all that the verdict depends on; the same on every host and in every run."""
    digest = hashlib.sha256()
    for part in (
        NAME,
        image,
        candidate.source,
        spec.top,
        spec.testbench,
        spec.reference,
        repr(spec.limits),
        repr(spec.num_checks),
    ):
        data = part.encode(errors="replace")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def fresh_names(key: str, *, secret: bytes) -> Names:
    """Names for one job: the same for equal content, so that equal jobs stay equal; unknown without the secret."""
    digest = hashlib.blake2b(key.encode(), key=secret, digest_size=32).hexdigest()
    return Names(prefix=f"vr{digest[:20]}_", evidence=f"E{digest[20:]}")


def plan(candidate: Candidate, spec: Spec, *, image: str, secret: bytes) -> Job | Verdict:
    """The job that judges the candidate, or the verdict when there is nothing to run."""
    key = content_key(candidate, spec, image=image)
    source = candidate.source.encode(errors="replace")
    if not source.strip():
        return Verdict(outcome=Outcome.NO_CODE, num_tests=spec.num_checks, job_key=key)
    if len(source) > MAX_SOURCE_KB << 10:
        return _rejected(spec, key, f"the source has {len(source) >> 10} KiB; at most {MAX_SOURCE_KB} are judged")
    names = fresh_names(key, secret=secret)
    testbench, reference = f"{names.prefix}tb.sv", f"{names.prefix}ref.sv"
    compile_argv = icarus.compile_argv(
        top=names.fill(TESTBENCH_TOP).decode(), files=(testbench, reference, CANDIDATE_FILE), output=PROGRAM
    )
    return Job(
        image=image,
        files={
            testbench: names.fill(spec.testbench),
            reference: names.fill(spec.reference),
            CANDIDATE_FILE: source + b"\n",
        },
        steps=(
            Step(argv=compile_argv, limits=spec.limits),
            Step(argv=("grep", "-aoPm1", _SEARCH, PROGRAM), limits=_HELPER_LIMITS, proceed_on=(1,)),
            Step(argv=icarus.simulate_argv(PROGRAM), limits=spec.limits, drop=(testbench, reference, CANDIDATE_FILE)),
        ),
    )


def judge(candidate: Candidate, spec: Spec, result: JobResult, *, image: str, secret: bytes) -> Verdict:
    """What the result of `plan`'s job says about the candidate."""
    key = content_key(candidate, spec, image=image)
    if result.failure is not None:
        return Verdict(
            outcome=Outcome.UNJUDGED, num_tests=spec.num_checks, job_key=key,
            diagnostics=(Diagnostic(severity=Severity.ERROR, message=f"farm: {result.failure}"),),
        )  # fmt: skip
    compiled, searched, simulated = result.steps
    if compiled.status is not Status.EXITED or compiled.code != 0:
        verdict = _judge_compilation(compiled, spec, key, prefix=fresh_names(key, secret=secret).prefix)
    elif searched.status is not Status.EXITED or searched.code != 1:
        verdict = _judge_search(searched, spec, key)
    else:
        warnings = icarus.diagnostics(compiled.stderr.decode(errors="replace"), file=CANDIDATE_FILE)
        verdict = _judge_simulation(
            simulated, spec, key, evidence=fresh_names(key, secret=secret).evidence, notes=warnings
        )
    return replace(verdict, cpu_s=result.cpu_s, wall_s=result.wall_s)


def _rejected(spec: Spec, key: str, why: str) -> Verdict:
    diagnostic = Diagnostic(severity=Severity.ERROR, message=why)
    return Verdict(outcome=Outcome.REJECTED, num_tests=spec.num_checks, job_key=key, diagnostics=(diagnostic,))


def _judge_compilation(step: StepResult, spec: Spec, key: str, *, prefix: str) -> Verdict:
    """Whatever ends the compiler, a limit or a crash of its own included, the candidate did not compile."""
    log = step.stderr.decode(errors="replace").replace(prefix, "testbench.")
    found = icarus.diagnostics(log, file=CANDIDATE_FILE)
    if step.status is not Status.EXITED or not found:
        words = f"the compiler ended with {step.status}" if step.status is not Status.EXITED else log.strip()[:300]
        found = (Diagnostic(severity=Severity.ERROR, message=words or "the compiler gave no reason"), *found)
    return Verdict(outcome=Outcome.COMPILE_ERROR, num_tests=spec.num_checks, job_key=key, diagnostics=found)


def _judge_search(step: StepResult, spec: Spec, key: str) -> Verdict:
    found = step.stdout.decode(errors="replace")
    if step.code != 0:
        return _rejected(spec, key, "the compiled program is too large or too odd to be searched")
    task = found.split('"')[1] if '"' in found else "force"
    if task == "force" or _REACHING_OUT.match(task[1:]):
        return _rejected(spec, key, f"{task} reaches outside the design")
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


def _judge_simulation(
    step: StepResult, spec: Spec, key: str, *, evidence: str, notes: tuple[Diagnostic, ...]
) -> Verdict:
    found = read_evidence(step.stdout.decode(errors="replace"), evidence)
    outcome, why = _conclude(step, spec, found)
    if why:
        notes = (Diagnostic(severity=Severity.ERROR, message=why), *notes)
    num_passed = None
    if found.num_samples is not None and found.num_mismatches is not None:
        num_passed = max(0, found.num_samples - found.num_mismatches)
        if spec.num_checks is not None:
            num_passed = min(num_passed, spec.num_checks)
    return Verdict(
        outcome=outcome, num_passed=num_passed, num_tests=spec.num_checks, outputs=tuple(found.outputs),
        first_failure=found.first, diagnostics=notes, job_key=key,
    )  # fmt: skip


def _conclude(step: StepResult, spec: Spec, found: _Evidence) -> tuple[Outcome, str | None]:
    if step.status is not Status.EXITED:
        return _OUTCOME_OF_STATUS[step.status], f"the simulation ended with {step.status}"
    if found.timed_out and found.num_samples != spec.num_checks:
        return Outcome.TIMEOUT, "the testbench's own time limit was reached"  # some goldens reach it too, in full
    if found.num_samples is None:
        return Outcome.MISMATCH, "the simulation ended before the testbench could report"
    if found.num_samples != spec.num_checks:
        expected = "unknown, since no run of the golden told" if spec.num_checks is None else spec.num_checks
        return Outcome.MISMATCH, f"{found.num_samples} samples were compared; a full run has {expected}"
    if found.num_mismatches:
        return Outcome.MISMATCH, None
    return Outcome.PASS, None
