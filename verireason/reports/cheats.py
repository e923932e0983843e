"""What the guard found over all completions of a report, by kind of construct, and what became of those who tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim.verdict import Outcome
from verireason.records import Record
from verireason.reports.samples import sample_key
from verireason.reports.source import Source

MEANINGS = {
    "hierarchy": "reads or writes signals outside of its own modules, such as the testbench's",
    "reserved-name": "defines or uses a module of the test harness, such as the reference",
    "escaped-name": "hides a macro or a quote in an escaped name",
    "nesting": "is nested too deep to be read",
    "bind": "binds itself into another module",
    "program": "brings a program block along",
    "dpi": "calls foreign code (DPI)",
    "config": "chooses which modules are compiled",
    "include": "includes another file",
    "native-code": "embeds C++ through Verilator",
    "system-task": "prints, ends the run, or reads and writes files",
    "force": "forces a value onto a signal",
}
"""Kind of construct to what it does, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCount:
    """One kind of construct."""

    kind: str
    num_rejected: int
    """Completions that were rejected for it."""
    num_neutralised: int
    """Completions in which it was replaced by what does nothing."""
    outcomes: Mapping[Outcome, int]
    """What became of the completions that have it, the most frequent first."""
    example: str
    """The construct in the first of them."""
    record: Record
    """The first of them."""
    key: str | None
    """Where the page has it among the samples of its problem; None when the page is not about it."""

    @property
    def meaning(self) -> str | None:
        """What it does, in words; None for a kind that we do not know."""
        return MEANINGS.get(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All kinds, the most frequent first."""

    kinds: tuple[FindingCount, ...]
    num_completions: int
    """Completions looked at, repairs too."""
    num_rejected: int
    """Completions that were rejected, for whatever kinds."""
    num_otherwise: int
    """Completions that were rejected without any, for instance for their size."""
    num_neutralised: int
    """Others, in which something was neutralised."""
    num_passed: int
    """Of those, what passed without it."""


def find_cheats(source: Source) -> Findings | None:
    """None when the guard found nothing."""
    records = list(_records(source))
    members = [record for record in records if record.findings]
    if not members:
        return None
    kept = [record for record in members if record.outcome is not Outcome.REJECTED]
    return Findings(
        kinds=tuple(sorted(_kinds(members, _keys(source)), key=lambda each: -sum(each.outcomes.values()))),
        num_completions=len(records),
        num_rejected=len(members) - len(kept),
        num_otherwise=sum(record.outcome is Outcome.REJECTED and not record.findings for record in records),
        num_neutralised=len(kept),
        num_passed=sum(record.passed for record in kept),
    )


def _records(source: Source) -> Iterator[Record]:
    for record_set in source.record_sets:
        yield from record_set.records
        yield from record_set.repairs


def _keys(source: Source) -> dict[int, str]:
    """Key by identity of each completion that the page may show."""
    return {
        id(record): sample_key(record, "" if record_set is source.main else record_set.label)
        for record_set in source.compared
        for record in (*record_set.records, *record_set.repairs)
    }


def _kinds(records: Sequence[Record], keys: Mapping[int, str]) -> Iterator[FindingCount]:
    found: dict[str, list[Record]] = {}
    for record in records:
        for kind in dict.fromkeys(each.kind for each in record.findings):
            found.setdefault(kind, []).append(record)
    for kind, members in found.items():
        ways = [{each.neutralised for each in record.findings if each.kind == kind} for record in members]
        yield FindingCount(
            kind=kind,
            num_rejected=sum(False in each for each in ways),
            num_neutralised=sum(True in each for each in ways),
            outcomes=dict(Counter(record.outcome for record in members).most_common()),
            example=next(each.text for each in members[0].findings if each.kind == kind),
            record=members[0],
            key=keys.get(id(members[0])),
        )
