"""Lint: what Verilator warns about in the candidate alone.

Pure functions around one job, like a verifier. Whatever a candidate does to the linter counts against it: a text that
does not parse, or that ends the tool by a limit, has the class "ERROR". Comments, macros and directives by which a text
can turn warnings off are gone or disarmed first.

All classes are kept. `STYLE` names those that are no sign of a fault in an answer to a benchmark problem: the interface
is given, so ports may go unused, and the file's name is ours. `score` leaves them out.
"""

from __future__ import annotations

import math

from sim.hdl.tools import verilator
from sim.hdl.verilog_testbench import CANDIDATE_FILE, MAX_SOURCE_KB, SUBMITTED_FILE, guard_step
from sim.job import Job, JobResult, Limits, Status, Step
from sim.verdict import Candidate, Diagnostic, Lint, Severity, Simulator, Spec

MAX_WARNINGS = 20
"""Warnings that are kept with their text; `Lint.classes` counts all."""
ERROR = "ERROR"
STYLE = frozenset(
    {
        "EOFNEWLINE",
        "UNUSEDSIGNAL", "UNUSEDPARAM", "UNUSEDGENVAR", "PINCONNECTEMPTY",  # the interface is given
        "MULTITOP",  # helper modules left over
        "GENUNNAMED", "IMPORTSTAR", "INCABSPATH", "VARHIDDEN", "TIMESCALEMOD",  # taste
        "BADSTDPRAGMA", "STMTDLY", "ZERODLY", "SYNCASYNCNET",  # legal, and synthesised as meant
        "USERINFO", "USERWARN",  # the candidate's own messages
    }
)  # fmt: skip
"""Classes that `score` does not count."""

_LIMITS = Limits(cpu_s=10, wall_s=60, mem_mb=1024, output_kb=256, scratch_mb=32)


def plan_lint(candidate: Candidate, spec: Spec, *, image: str) -> Job:
    """The job that lints the candidate."""
    source = candidate.source.encode(errors="replace")[: MAX_SOURCE_KB << 10] + b"\n"
    return Job(
        image=image,
        server="parser",
        files={SUBMITTED_FILE: source},
        steps=(
            # Written out again by the guard: no macro, pragma or comment is left to turn warnings off.
            guard_step(spec, Simulator.VERILATOR),
            Step(argv=verilator.unpragma_argv(CANDIDATE_FILE), limits=_LIMITS),
            Step(argv=verilator.lint_argv(top=spec.top, file=CANDIDATE_FILE), limits=_LIMITS),
        ),
    )


def judge_lint(result: JobResult) -> Lint | None:
    """What the linter said; None when the farm failed."""
    if result.failure is not None:
        return None
    step = next((each for each in result.steps if each.status is not Status.EXITED), result.steps[-1])
    found = verilator.messages(step.stderr.decode(errors="replace"))
    shown = tuple(verilator.diagnostic(each, file=CANDIDATE_FILE) for each in found)
    classes = verilator.count_classes(found)
    if (step.status is not Status.EXITED or step.code != 0) and ERROR not in classes:
        classes[ERROR] = 1
        why = f"the linter ended with {step.status if step.code is None else f'{step.status} {step.code}'}"
        shown = (Diagnostic(severity=Severity.ERROR, message=why), *shown)
    return Lint(warnings=shown[:MAX_WARNINGS], classes=classes)


def score(lint: Lint) -> float:
    """1.0 for a clean text, 0.0 for one with errors, and in between less for each class and each doubling of a class.

    The first warning of a class tells most: `q <= q + 1` alone gives one for each counter.
    """
    if ERROR in lint.classes:
        return 0.0
    counted = (number for name, number in lint.classes.items() if name not in STYLE and number > 0)
    return 1.0 / (1.0 + math.fsum(1.0 + math.log2(number) for number in counted) / 4)
