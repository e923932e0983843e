"""The verifier for testbenches that write what they saw to a file, line by line, for others to compare.

VeriReason's data are of this kind. The testbench opens its file under the name `@VR@` (`sim.hdl.testbench`), so the
file's name is the secret of the job; the design can neither guess it nor open any file (`sim.hdl.verilog_testbench`,
whose plan and judge this one goes on from). When the simulation has ended, one more step prints the file.

What it must say stands in the spec's file `EXPECTED`, which never enters a box. All lines have to come, in their order
and no more; each has the same words, where space and `//` comments do not count, but a word of the golden's with an x
is unknown and may be anything. That is stricter than the published rule, which compares the shorter of the two files
and is content with 99 % of its lines; in return it does not insist on x.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sim.content import content_key
from sim.hdl import verilog_testbench
from sim.job import Job, JobResult, Status, Step, StepResult
from sim.verdict import Candidate, Diagnostic, Outcome, Severity, Spec, Verdict

NAME = "verilog-vectors"
EXPECTED = "expected.txt"
_OUTPUT_KB = 1024
_SHOWN = 120
"""Characters of a line in a diagnostic."""
_UNKNOWN = re.compile(r"(?:\d*'[bBdDhHoO])?[0-9a-fA-FxXzZ_]*[xX][0-9a-fA-FxXzZ_]*")
"""A word that is a number with an unknown digit; `0x1f` is none."""
_PREFIXED = re.compile("0[xX][0-9a-fA-F]+")


def plan(candidate: Candidate, spec: Spec, *, image: str, secret: bytes) -> Job | Verdict:
    """The job that judges the candidate, or the verdict when there is nothing to run."""
    shown = _without_expected(spec)
    planned = verilog_testbench.plan(candidate, shown, image=image, secret=secret)
    if isinstance(planned, Verdict):
        return planned
    names = verilog_testbench.fresh_names(content_key(candidate, shown, image=image), secret=secret)
    *before, simulate = planned.steps
    limits = replace(verilog_testbench.HELPER_LIMITS, output_kb=_OUTPUT_KB)
    # A testbench may end by $fatal or $stop, after which vvp's code is 1.
    steps = (*before, replace(simulate, proceed_on=(0, 1)), Step(argv=("cat", names.evidence), limits=limits))
    return replace(planned, steps=steps)


def judge(candidate: Candidate, spec: Spec, result: JobResult, *, image: str, secret: bytes) -> Verdict:
    """What the result of `plan`'s job says about the candidate."""
    wanted = lines_of(spec.files.get(EXPECTED, b"").decode(errors="replace"))
    shown = _without_expected(spec)
    if result.failure is not None:
        return verilog_testbench.judge(candidate, shown, result, image=image, secret=secret)
    *before, written = result.steps
    verdict = verilog_testbench.judge(
        candidate, shown, replace(result, steps=tuple(before)), image=image, secret=secret
    )
    verdict = replace(verdict, num_tests=len(wanted), num_passed=None, outputs=(), first_failure=None)
    if before[-1].status is not Status.EXITED:
        return verdict
    outcome, num_passed, why = compare(wanted, lines_of(_text(written)))
    notes = tuple(each for each in verdict.diagnostics if each.severity is not Severity.ERROR)
    if why is not None:
        notes = (Diagnostic(severity=Severity.ERROR, message=why), *notes)
    return replace(verdict, outcome=outcome, num_passed=num_passed, diagnostics=notes)


def lines_of(text: str) -> list[tuple[str, ...]]:
    """The words of each line that has any."""
    lines = (tuple(line.partition("//")[0].split()) for line in text.split("\n"))
    return [line for line in lines if line]


def compare(wanted: list[tuple[str, ...]], found: list[tuple[str, ...]]) -> tuple[Outcome, int, str | None]:
    """The outcome, how many lines are as they should be, and what is wrong with the first that is not."""
    agree = [_agrees(*pair) for pair in zip(wanted, found, strict=False)]
    num_passed = sum(agree)
    if not wanted:
        return Outcome.MISMATCH, 0, "it is unknown which lines are expected"
    if False in agree:
        place = agree.index(False)
        expected, got = (" ".join(lines[place])[:_SHOWN] for lines in (wanted, found))
        return Outcome.MISMATCH, num_passed, f"line {place + 1} of {len(wanted)} is {got!r}; expected {expected!r}"
    if len(found) != len(wanted):
        return Outcome.MISMATCH, num_passed, f"the testbench wrote {len(found)} lines; a full run writes {len(wanted)}"
    return Outcome.PASS, num_passed, None


def _agrees(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return len(wanted) == len(found) and all(
        want == got or (_is_unknown(want) and len(want) == len(got)) for want, got in zip(wanted, found, strict=True)
    )


def _is_unknown(word: str) -> bool:
    return bool(_UNKNOWN.fullmatch(word)) and not _PREFIXED.fullmatch(word)


def _text(step: StepResult) -> str:
    """What the file held; nothing when there is none, or more than is read of it."""
    return step.stdout.decode(errors="replace") if step.status is Status.EXITED and step.code == 0 else ""


def _without_expected(spec: Spec) -> Spec:
    return replace(spec, files={})
