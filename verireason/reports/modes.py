"""How the tests of Python problems run, and which were dropped, by benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.python.suite import Mode
from verireason.evals.facts import ProblemFacts
from verireason.reports.source import Source

MEANINGS = {
    Mode.CALL: "the function is called, and what it returns is compared outside its box",
    Mode.STDIO: "the program reads standard input, and its output is compared outside its box",
    Mode.PROGRAM: "test code that makes no such pairs runs in a process of its own and calls the function from there",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRow:
    """The tests of one benchmark."""

    benchmark: str
    num_problems: int
    num_tests: tuple[tuple[Mode, int], ...]
    """One for each mode, in their order."""
    is_open: bool
    """Whether there are more tests of mode "program", whose number only a run can tell."""
    num_dropped: int

    @property
    def num_all(self) -> int:
        """Tests of all modes that are asked."""
        return sum(number for _, number in self.num_tests)


def mode_rows(source: Source) -> list[ModeRow]:
    """One row a benchmark, in order of appearance; none for hardware."""
    benchmarks: dict[str, str] = {}
    for record_set in source.compared:
        for record in record_set.records:
            benchmarks.setdefault(record.problem_id, record.benchmark)
    found: dict[str, list[ProblemFacts]] = {}
    for problem_id, benchmark in benchmarks.items():
        facts = (source.facts or {}).get(problem_id)
        if facts is not None and facts.tests is not None:
            found.setdefault(benchmark, []).append(facts)
    return [_row(benchmark, members) for benchmark, members in found.items()]


def _row(benchmark: str, members: Sequence[ProblemFacts]) -> ModeRow:
    numbers = [(mode, [(facts.tests or {}).get(mode) for facts in members]) for mode in Mode]
    return ModeRow(
        benchmark=benchmark,
        num_problems=len(members),
        num_tests=tuple((mode, sum(number or 0 for number in each)) for mode, each in numbers),
        is_open=any(number is None for _, each in numbers for number in each),
        num_dropped=sum(len(facts.dropped) for facts in members),
    )
