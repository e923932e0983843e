"""The Verilog testbench verifier on Verilator: the same testbenches, names, evidence and conclusions as on Icarus.

Beside `sim.hdl.verilog_testbench`, what differs:

* A Verilated simulation is one C++ program, so C++ that a candidate brings in (`$c`, DPI, `systemc_...`) could do
  anything. The guard rejects it; as a second lock, Verilator writes down the design as it understood it, and that is
  searched before any C++ is made. The search names kinds of nodes in Verilator's own tree, so macros, escaped names and
  comments don't get past it.
* Verilator has two states. Where Icarus would have x, both golden and candidate have 0 (`--x-initial 0`), so a
  candidate that differs from the golden only before the reset, where Icarus forgives an x of the golden's, fails here.
* A non-blocking assignment in an `initial` block is executed as a blocking one, which moves stimulus across the clock
  edge. Testbenches get theirs as `always` blocks that run once (`run_once`), where it is a non-blocking one.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sim.content import content_key
from sim.hdl.testbench import NAME_PREFIX, TESTBENCH_TOP, with_own_modules
from sim.hdl.tools import verilator
from sim.hdl.verilog_testbench import (
    CANDIDATE_FILE,
    NAME,
    SUBMITTED_FILE,
    fresh_names,
    guard_step,
    judge_guard,
    judge_simulation,
    judge_source,
    read_findings,
    rejected,
    submitted,
    unjudged,
)
from sim.job import Job, JobResult, Limits, Status, Step, StepResult
from sim.verdict import Candidate, Diagnostic, Outcome, Severity, Simulator, Spec, Verdict

__all__ = ("NAME", "judge", "plan")

_NATIVE = "UCSTMT|UCFUNC|SC(?:CTOR|DTOR|HDR|IMP|IMPHDR|INT)|DPIEXPORT"
"""Nodes that hold C++ of the text's own; CSTMT and CEXPR hold Verilator's."""
_OUTWARD = {
    "system": "SYSTEM[FT]",
    "fopen": "FOPEN(?:MCD)?",
    "fclose": "FCLOSE",
    "f(?:gets|getc|read|scanf|seek|tell|eof|error|flush)|ungetc|rewind": "F(?:GETS|GETC|READ|SCANF|SEEK|TELL|EOF|ERROR"
    "|FLUSH|UNGETC|REWIND)",
    "readmem[bh]": "READMEM",
    "writemem[bh]": "WRITEMEM",
    "(?:test|value)\\$plusargs": "(?:TEST|VALUE)PLUSARGS",
}
"""System tasks that reach out of the design, and how they stand in the tree. A testbench may use them: then only the
guard keeps a candidate from it."""
_FORCED = "ASSIGNFORCE|RELEASE"
_EVENTS = "WAIT|EVENTCONTROL"
"""Waiting inside a process, which no hardware does; the list of an `always` is another node."""
_ODD_NAME = r'"type":"(?!(?:CONST|SFORMATF?|DISPLAY|ELABDISPLAY|TEXT|COMMENT|SSCANF|FSCANF)")[A-Z]+","name":"[^"]*[\\%]'
"""A name with a quote, a backslash or a percent sign, which Verilator has been seen to write as it stands into strings
and formats of C++ (`_NO_NAMES` in `sim.hdl.tools.verilator` is the first lock). The nodes left out hold text."""

TREE_LIMITS = Limits(cpu_s=20, wall_s=120, mem_mb=1024, output_kb=256, scratch_mb=128)
SEARCH_LIMITS = Limits(cpu_s=5, wall_s=30, output_kb=16, scratch_mb=128)
BUILD_LIMITS = Limits(cpu_s=60, wall_s=300, mem_mb=2048, output_kb=64, scratch_mb=128)

_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|\\\S+|[`$]?[A-Za-z_][A-Za-z0-9_$]*', re.DOTALL)
_ONCE = NAME_PREFIX + "once"


def plan(candidate: Candidate, spec: Spec, *, image: str, secret: bytes) -> Job | Verdict:
    """The job that judges the candidate, or the verdict when there is nothing to run."""
    key = _key(candidate, spec, image=image)
    if unfit := judge_source(candidate, spec, key):
        return unfit
    names = fresh_names(key, secret=secret)
    own = {
        f"{names.prefix}tb.sv": names.fill(run_once(spec.testbench)),
        f"{names.prefix}ref.sv": names.fill(with_own_modules(spec.reference)),
    }
    top, files = names.fill(TESTBENCH_TOP).decode(), (*own, CANDIDATE_FILE)
    hidden = (*own, SUBMITTED_FILE, CANDIDATE_FILE, verilator.TREE, verilator.TREE_FILES)
    search = ("grep", "-aoPm1", search_pattern(spec, alone=False), verilator.TREE)
    return Job(
        image=image,
        server="parser",
        files={**spec.files, **own, SUBMITTED_FILE: submitted(candidate)},
        steps=(
            guard_step(spec, Simulator.VERILATOR),
            Step(argv=verilator.unpragma_argv(CANDIDATE_FILE), limits=SEARCH_LIMITS),
            Step(argv=verilator.tree_argv(top=top, files=files), limits=TREE_LIMITS),
            Step(argv=search, limits=SEARCH_LIMITS, proceed_on=(1,)),
            Step(argv=verilator.verilate_argv(top=top, files=files), limits=TREE_LIMITS),
            Step(argv=verilator.build_argv(), limits=BUILD_LIMITS),
            Step(argv=verilator.simulate_argv(), limits=spec.limits, drop=hidden),
        ),
    )


def judge(candidate: Candidate, spec: Spec, result: JobResult, *, image: str, secret: bytes) -> Verdict:
    """What the result of `plan`'s job says about the candidate."""
    key = _key(candidate, spec, image=image)
    if result.failure is not None:
        return unjudged(spec, key, f"farm: {result.failure}")
    guarded, unpragmed, tree, searched, verilated, built, simulated = result.steps
    names = fresh_names(key, secret=secret)
    failed = next((step for step in (unpragmed, tree, verilated, built) if ended_badly(step)), None)
    if ended_badly(guarded):
        verdict = judge_guard(guarded, spec, key)
    elif not ended_badly(tree) and (searched.status is not Status.EXITED or searched.code != 1):
        verdict = judge_search(searched, spec, key)
    elif failed is not None:
        verdict = judge_compilation(failed, spec, key, prefix=names.prefix)
    else:
        notes = verilator.diagnostics(verilated.stderr.decode(errors="replace"), file=CANDIDATE_FILE)
        verdict = judge_simulation(simulated, spec, key, evidence=names.evidence, notes=notes)
    return replace(verdict, findings=read_findings(guarded), cpu_s=result.cpu_s, wall_s=result.wall_s)


def run_once(testbench: str) -> str:
    """The testbench with each `initial` as an `always` that runs its statement once and then waits for ever."""
    num_blocks = 0

    def block(token: re.Match[str]) -> str:
        nonlocal num_blocks
        if token[0] != "initial":
            return token[0]
        num_blocks += 1
        once = f"{_ONCE}{num_blocks}"
        return f"bit {once} = 0; always if ({once}++) wait (0); else"

    return _TOKEN.sub(block, testbench)


def search_pattern(spec: Spec, *, alone: bool) -> str:
    """What must not stand in the tree (PCRE); a quote inside a string would have a backslash before it.

    `alone`: the tree holds the candidate only, made into C++ with its own names. Then a string in an event expression
    can become code (`_NO_NAMES` in `sim.hdl.tools.verilator`), and waiting for events inside a process is not allowed.
    """
    trusted = spec.testbench + spec.reference
    kinds = [_NATIVE]
    kinds += [node for task, node in _OUTWARD.items() if not re.search(rf"\$(?:{task})\b", trusted)]
    if not re.search(r"\b(?:force|release)\b", trusted):
        kinds.append(_FORCED)
    if alone:
        kinds.append(_EVENTS)
    return f'"type":"(?:{"|".join(kinds)})"|"dpi(?:Im|Ex)port":true|{_ODD_NAME}'


def _key(candidate: Candidate, spec: Spec, *, image: str) -> str:
    return content_key(candidate, spec, image=f"{image} verilator")


def ended_badly(step: StepResult) -> bool:
    return step.status is not Status.EXITED or step.code != 0


def judge_search(step: StepResult, spec: Spec, key: str) -> Verdict:
    found = step.stdout.decode(errors="replace")
    if step.code != 0 or not found:
        return rejected(spec, key, "the elaborated design is too large or too odd to be searched")
    if '"name":' in found:
        return rejected(spec, key, "a name holds a quote, a backslash or a percent sign")
    return rejected(spec, key, f"reaches outside the design: {found.strip()[:100]} in Verilator's tree")


def judge_compilation(step: StepResult, spec: Spec, key: str, *, prefix: str) -> Verdict:
    """Whatever ends the compiler, a limit or a crash of its own included, the candidate did not compile."""
    log = step.stderr.decode(errors="replace").replace(prefix, "testbench.")
    found = verilator.diagnostics(log, file=CANDIDATE_FILE)
    if step.status is not Status.EXITED or not found:
        words = f"the compiler ended with {step.status}" if step.status is not Status.EXITED else log.strip()[:300]
        found = (Diagnostic(severity=Severity.ERROR, message=words or "the compiler gave no reason"), *found)
    return Verdict(outcome=Outcome.COMPILE_ERROR, num_tests=spec.num_checks, job_key=key, diagnostics=found)
