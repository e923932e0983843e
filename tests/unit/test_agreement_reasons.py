"""What differs between the two sides, and when that has a reason; for logs as the tools write them."""

from __future__ import annotations

import pytest

from sim.hdl.verilog_testbench import OWN_LIMIT
from sim.verdict import Diagnostic, GuardFinding, Outcome, Severity
from verireason.agreement.compare import Kind, difference_of
from verireason.agreement.harness import Log, Published
from verireason.agreement.published import rule_v1, rule_v2
from verireason.agreement.reasons import Judged
from verireason.records import Record

RIGHT, WRONG, EARLY = "Mismatches: 0 in 20 samples\n", "Mismatches: 3 in 20 samples\n", "Mismatches: 0 in 7 samples\n"
NO_SENSITIVITIES = "a.sv:1: warning: always_comb process has no sensitivities.\n"
FINISH = GuardFinding(kind="system-task", line=1, text="$finish", neutralised=True)


def judged(
    outcome: Outcome,
    output: str,
    *,
    errors: str = "",
    said: str = "",
    passed: int | None = None,
    findings: tuple[GuardFinding, ...] = (),
    code: str = "",
    version: int = 2,
) -> Judged:
    notes = (Diagnostic(severity=Severity.ERROR, message=said),) if said else ()
    log = Log(errors=errors, compiled=True, output=output, timed_out=False, code=code)
    record = Record(
        problem_id="p", benchmark="b", sample=0, outcome=outcome, passed=outcome is Outcome.PASS, code=code,
        tests_passed=passed, tests_total=20, diagnostics=notes, findings=findings,
    )  # fmt: skip
    ruling = rule_v1(log) if version == 1 else rule_v2(log)
    return Judged(record=record, published=Published(ruling=ruling, log=log), defect=None)


@pytest.mark.parametrize(
    "same",
    [
        judged(Outcome.PASS, RIGHT, passed=20),
        judged(Outcome.MISMATCH, WRONG, passed=17),
        judged(Outcome.MISMATCH, WRONG, passed=17, errors=NO_SENSITIVITIES, said=NO_SENSITIVITIES[17:].strip()),
        judged(Outcome.REJECTED, WRONG),
    ],
)
def test_what_both_say_is_no_difference(same: Judged) -> None:
    assert difference_of(same) is None


@pytest.mark.parametrize(
    ("other", "kind", "reason"),
    [
        (judged(Outcome.PASS, RIGHT, passed=20, errors=NO_SENSITIVITIES), Kind.VERDICT, "without sensitivities"),
        (judged(Outcome.PASS, RIGHT, passed=20, errors="a: warning: x", version=1), Kind.VERDICT, "warns about"),
        (judged(Outcome.PASS, "TIMEOUT\n" + RIGHT, passed=20, said=OWN_LIMIT), Kind.VERDICT, "own limit"),
        (judged(Outcome.PASS, "no error\n" + RIGHT, passed=20), Kind.VERDICT, "the word error"),
        (judged(Outcome.PASS, "", passed=20, findings=(FINISH,)), Kind.VERDICT, "replaces it by nothing"),
        (judged(Outcome.MISMATCH, EARLY, passed=7, said="7 samples were compared; a full run has 20"), Kind.VERDICT,
         "does not count them"),
        (judged(Outcome.TIMEOUT, RIGHT), Kind.VERDICT, "ten times the golden's"),
        (judged(Outcome.MISMATCH, "my error\n" + WRONG, passed=17), Kind.LETTER, "takes for a compile error"),
        (judged(Outcome.OUTPUT_LIMIT, WRONG), Kind.LETTER, "under our limits"),
        (judged(Outcome.REJECTED, "", errors="a.sv:1: Unknown module type: x"), Kind.LETTER, "has no log"),
        (judged(Outcome.MISMATCH, "Mismatches: 1 in 7 samples\n", passed=17, findings=(FINISH,)), Kind.MISMATCHES,
         "replaces it by nothing"),
    ],
)  # fmt: skip
def test_a_difference_is_explained_by_what_both_said(other: Judged, kind: Kind, reason: str) -> None:
    found = difference_of(other)
    assert found is not None
    assert found.kind is kind
    assert reason in (found.reason or "")


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (judged(Outcome.REJECTED, RIGHT), Kind.VERDICT),
        (judged(Outcome.UNJUDGED, RIGHT), Kind.VERDICT),
        (judged(Outcome.MISMATCH, RIGHT, passed=17), Kind.VERDICT),
        (judged(Outcome.PASS, WRONG, passed=20), Kind.VERDICT),
        (judged(Outcome.PASS, EARLY.replace("0 in", "2 in"), passed=20), Kind.VERDICT),
        (judged(Outcome.PASS, "TIMEOUT\n" + RIGHT, passed=20), Kind.VERDICT),
        (judged(Outcome.MISMATCH, WRONG, passed=17, errors=NO_SENSITIVITIES), Kind.LETTER),
        (judged(Outcome.MISMATCH, WRONG, passed=16), Kind.MISMATCHES),
    ],
)
def test_what_neither_side_explains_stays_unexplained(other: Judged, kind: Kind) -> None:
    found = difference_of(other)
    assert found is not None
    assert (found.kind, found.reason) == (kind, None)
