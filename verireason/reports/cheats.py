"""What the guard found over all completions of a report, by kind of construct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.verdict import GuardFinding
from verireason.reports.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCount:
    """One kind of construct."""

    kind: str
    num_rejected: int
    """Completions that were rejected for it."""
    num_neutralised: int
    """Completions in which it was replaced by what does nothing."""
    example: str
    """The construct in the first of them."""


def count_findings(source: Source) -> list[FindingCount]:
    """The most frequent kind first; empty when the guard found nothing."""
    examples: dict[str, str] = {}
    rejected: dict[str, int] = {}
    neutralised: dict[str, int] = {}
    for record_set in source.record_sets:
        for record in record_set.records:
            for each in record.findings:
                examples.setdefault(each.kind, each.text)
            for kind in _kinds(record.findings, neutralised=False):
                rejected[kind] = rejected.get(kind, 0) + 1
            for kind in _kinds(record.findings, neutralised=True):
                neutralised[kind] = neutralised.get(kind, 0) + 1
    found = [
        FindingCount(
            kind=kind, num_rejected=rejected.get(kind, 0), num_neutralised=neutralised.get(kind, 0), example=text
        )
        for kind, text in examples.items()
    ]
    return sorted(found, key=lambda each: -(each.num_rejected + each.num_neutralised))


def _kinds(findings: Sequence[GuardFinding], *, neutralised: bool) -> set[str]:
    return {each.kind for each in findings if each.neutralised is neutralised}
