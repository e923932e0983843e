"""Counts of a validation: what is in the kill rate, and when problems count as proven."""

from __future__ import annotations

import pytest

from verireason.data.proofs import Fate, Tally, ValidationReport


def tally(*, killed: int = 0, survived: int = 0, problems: int = 1, goldens: int = 1, probes: int = 1) -> Tally:
    return Tally(
        num_problems=problems, num_goldens_pass=goldens, num_probes_fail=probes,
        fates={Fate.KILLED: killed, Fate.SURVIVED: survived},
    )  # fmt: skip


def failures(**families: Tally) -> list[str]:
    return ValidationReport(by_family=families, by_kind={}).failures()


def test_the_kill_rate_counts_killed_and_survivors_alone() -> None:
    fates = {Fate.KILLED: 19, Fate.SURVIVED: 1, Fate.EQUIVALENT: 30, Fate.NOT_COMPILED: 30, Fate.UNJUDGED: 30}
    assert Tally(fates=fates).kill_rate == 0.95


def test_there_is_no_kill_rate_without_a_scored_mutant() -> None:
    assert Tally(fates={Fate.EQUIVALENT: 3, Fate.UNJUDGED: 2}).kill_rate is None


def test_tallies_add_up() -> None:
    total = ValidationReport(by_family={"a": tally(killed=3), "b": tally(killed=4, survived=1)}, by_kind={}).total
    assert (total.num_problems, total.num_mutants, total.num_scored) == (2, 8, 8)


def test_all_good_is_proven() -> None:
    assert failures(a=tally(killed=20), b=tally(killed=19, survived=1)) == []


def test_one_weak_family_is_enough_to_fail() -> None:
    assert failures(a=tally(killed=200), b=tally(killed=18, survived=2)) == [
        "b: 18 of 20 mutants killed, 95% are needed"
    ]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (tally(killed=9, goldens=0), "goldens do not pass"),
        (tally(killed=9, probes=0), "probes do not all fail"),
        (tally(), "no mutant was judged"),
    ],
)
def test_each_sort_of_failure_is_named(bad: Tally, words: str) -> None:
    [line] = failures(gates=bad)
    assert line.startswith("gates: ")
    assert words in line


def test_no_problems_are_no_proof() -> None:
    assert failures() == ["no problems"]
