"""Both sides' verdicts on the same candidates, and how they differ.

A difference is in the verdict; or, where both fail a candidate, in VerilogEval's letter or in the number of mismatches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sim.farm import Farm
from sim.verdict import Candidate
from verireason.agreement.cases import Case
from verireason.agreement.harness import Harness, Published
from verireason.agreement.reasons import Judged, reason_of_counts, reason_of_letters, reason_of_verdicts
from verireason.data.calibrate import Calibration
from verireason.evals.letters import letter, num_mismatches
from verireason.records import Record, record_from

OTHER_ORDER = (
    "the published flow compiles the candidate before its own files, when no time scale is set yet; with the candidate "
    "behind them it says the same as ours"
)


class Kind(StrEnum):
    """What differs."""

    VERDICT = "verdict"
    LETTER = "letter"
    MISMATCHES = "mismatches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that the two sides say otherwise.

    Example:
        Difference(kind=Kind.VERDICT, ours="PASS", published="n", reason="v2 fails an always_comb ...")
    """

    kind: Kind
    ours: str
    published: str
    reason: str | None
    """Out of what both sides said; None when nothing explains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What both sides said about one candidate."""

    case: Case
    record: Record
    published: Published
    difference: Difference | None
    """None when both say the same."""

    @property
    def is_unexplained(self) -> bool:
        """Whether they differ and nothing says why."""
        return self.difference is not None and self.difference.reason is None


def compare(
    farm: Farm, calibration: Calibration, cases: Iterable[Case], published: Mapping[str, Harness]
) -> Iterator[Compared]:
    """Judge each case in both ways, in their order. The calibration must know the problems of all cases.

    Raises MissingError when the farm fails on the published side.
    """
    listed = list(cases)
    specs = [calibration.problems[case.problem.id].spec for case in listed]
    ours = farm.judge((Candidate(source=case.code or ""), spec) for case, spec in zip(listed, specs, strict=True))
    theirs = farm.pool.map(published[case.problem.id].job(case.code or "", image=farm.image) for case in listed)
    for case, verdict, result in zip(listed, ours, theirs, strict=True):
        harness = published[case.problem.id]
        record = record_from(calibration.problems[case.problem.id], case.completion, case.code, verdict)
        judged = Judged(
            record=record,
            published=harness.judge(case.code or "", result),
            defect=calibration.defects.get(case.problem.id),
        )
        difference = difference_of(judged)
        if difference is not None and difference.reason is None and _agrees_in_other_order(farm, harness, judged):
            difference = Difference(
                kind=difference.kind, ours=difference.ours, published=difference.published, reason=OTHER_ORDER
            )
        yield Compared(case=case, record=record, published=judged.published, difference=difference)


def difference_of(judged: Judged) -> Difference | None:
    """What the sides say otherwise, the verdict before letters and letters before counts."""
    record, ruling = judged.record, judged.published.ruling
    if record.passed != ruling.passed:
        return Difference(
            kind=Kind.VERDICT, ours=str(record.outcome), published=ruling.why, reason=reason_of_verdicts(judged)
        )
    own = letter(record)
    if ruling.letter is not None and ruling.letter != own:
        return Difference(kind=Kind.LETTER, ours=own, published=ruling.letter, reason=reason_of_letters(judged))
    if ruling.num_mismatches is None or record.tests_passed is None or ruling.num_mismatches == num_mismatches(record):
        return None
    return Difference(
        kind=Kind.MISMATCHES,
        ours=f"{num_mismatches(record)} in {record.tests_total}",
        published=f"{ruling.num_mismatches} in {ruling.num_samples}",
        reason=reason_of_counts(judged),
    )


def _agrees_in_other_order(farm: Farm, harness: Harness, judged: Judged) -> bool:
    """Whether the published harness agrees with ours once its files stand as ours do."""
    other = harness.reordered()
    if other is None:
        return False
    code = judged.record.code or ""
    again = other.judge(code, farm.pool.submit(other.job(code, image=farm.image)).result())
    return difference_of(Judged(record=judged.record, published=again, defect=judged.defect)) is None
