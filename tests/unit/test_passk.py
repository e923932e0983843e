"""pass@k: the estimator against enumeration, and what is counted. The intervals: test_passk_coverage.py."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from math import comb

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.verdict import Outcome
from verireason.evals.passk import (
    Tally,
    estimate_difference,
    estimate_pass_at_k,
    pass_at_k,
    tally_records,
)
from verireason.records import Record


def tallies(*counts: tuple[int, int], prefix: str = "p") -> list[Tally]:
    """Tallies from (num_samples, num_passed)."""
    return [Tally(problem_id=f"{prefix}{index}", num_samples=n, num_passed=c) for index, (n, c) in enumerate(counts)]


def record(problem_id: str, outcome: Outcome) -> Record:
    return Record(problem_id=problem_id, benchmark="b", sample=0, outcome=outcome, passed=outcome is Outcome.PASS)


@pytest.mark.parametrize("num_samples", range(1, 8))
def test_pass_at_k_equals_enumeration_of_all_draws(num_samples: int) -> None:
    for num_passed in range(num_samples + 1):
        samples = [True] * num_passed + [False] * (num_samples - num_passed)
        for k in range(1, num_samples + 1):
            draws = list(itertools.combinations(samples, k))
            expected = sum(any(draw) for draw in draws) / len(draws)
            assert pass_at_k(num_samples=num_samples, num_passed=num_passed, k=k) == pytest.approx(expected, abs=1e-12)


@given(st.data())
def test_pass_at_k_equals_exact_arithmetic_at_any_size(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 2000))
    c = data.draw(st.integers(0, n))
    k = data.draw(st.integers(1, n))
    exact = 1 - Fraction(comb(n - c, k), comb(n, k))
    assert pass_at_k(num_samples=n, num_passed=c, k=k) == pytest.approx(float(exact), abs=1e-12)


@pytest.mark.parametrize("k", [1, 5, 10, 20])
def test_the_customary_k_of_random_evaluations_equal_exact_arithmetic(k: int) -> None:
    generator = numpy.random.default_rng(k)
    for _ in range(20):
        sizes = generator.integers(k, 60, size=40)
        counts = [(int(size), int(generator.integers(0, size + 1))) for size in sizes]
        exact = sum(1 - Fraction(comb(n - c, k), comb(n, k)) for n, c in counts) / len(counts)
        estimate = estimate_pass_at_k(tallies(*counts), k, seed=0).estimate
        assert estimate == pytest.approx(float(exact), abs=1e-12)


@given(st.integers(1, 50), st.data())
def test_more_tries_and_more_passes_never_lower_pass_at_k(n: int, data: st.DataObject) -> None:
    c = data.draw(st.integers(0, n - 1))
    k = data.draw(st.integers(1, n))
    rate = pass_at_k(num_samples=n, num_passed=c, k=k)
    assert pass_at_k(num_samples=n, num_passed=c + 1, k=k) >= rate
    if k < n:
        assert pass_at_k(num_samples=n, num_passed=c, k=k + 1) >= rate - 1e-12


@pytest.mark.parametrize(("n", "c", "k"), [(4, 5, 1), (4, -1, 1), (4, 2, 0), (4, 2, 5), (0, 0, 1)])
def test_impossible_counts_are_refused(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="; give "):
        pass_at_k(num_samples=n, num_passed=c, k=k)


def test_unjudged_samples_are_counted_and_take_no_part() -> None:
    outcomes = [Outcome.PASS, Outcome.UNJUDGED, Outcome.MISMATCH, Outcome.UNJUDGED, Outcome.UNJUDGED]
    assert tally_records(record("p", outcome) for outcome in outcomes) == (
        Tally(problem_id="p", num_samples=2, num_passed=1, num_unjudged=3),
    )


def test_repairs_take_no_part() -> None:
    first = record("p", Outcome.MISMATCH)
    repaired = replace(first, attempt=1, outcome=Outcome.PASS, passed=True)
    assert tally_records([first, repaired]) == (Tally(problem_id="p", num_samples=1, num_passed=0),)


def test_tallies_come_in_order_of_first_appearance() -> None:
    records = [record(problem_id, Outcome.PASS) for problem_id in "bab"]
    assert [tally.problem_id for tally in tally_records(records)] == ["b", "a"]


def test_the_estimate_is_the_mean_over_problems_and_not_over_samples() -> None:
    rate = estimate_pass_at_k(tallies((10, 10), (2, 0)), 1, seed=0)
    assert (rate.estimate, rate.num_problems, rate.num_samples) == (0.5, 2, 12)


def test_problems_with_fewer_than_k_samples_are_left_out_and_counted() -> None:
    given = [*tallies((5, 5), (4, 0)), Tally(problem_id="none", num_samples=0, num_passed=0, num_unjudged=5)]
    rate = estimate_pass_at_k(given, 5, seed=0)
    assert (rate.estimate, rate.num_problems, rate.num_samples, rate.num_excluded) == (1.0, 1, 5, 2)
    assert rate.num_unjudged == 5


def test_a_rate_of_nothing_is_none_and_not_zero() -> None:
    rate = estimate_pass_at_k(tallies((4, 4)), 5, seed=0)
    assert (rate.estimate, rate.low, rate.high, rate.num_problems, rate.num_excluded) == (None, None, None, 0, 1)


def test_the_interval_is_the_same_for_the_same_seed() -> None:
    given = tallies(*[(8, c % 9) for c in range(40)])
    assert estimate_pass_at_k(given, 1, seed=3) == estimate_pass_at_k(given, 1, seed=3)
    assert estimate_pass_at_k(given, 1, seed=3) != estimate_pass_at_k(given, 1, seed=4)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=30))
def test_the_interval_holds_the_estimate_and_stays_on_the_scale(passes: list[int]) -> None:
    rate = estimate_pass_at_k(tallies(*[(8, c) for c in passes]), 1, seed=0)
    assert rate.estimate is not None
    assert rate.low is not None
    assert rate.high is not None
    assert 0 <= rate.low <= rate.estimate <= rate.high <= 1


def test_nothing_but_failures_gives_the_exact_binomial_bound_and_no_certainty() -> None:
    rate = estimate_pass_at_k(tallies(*[(8, 0)] * 40), 1, seed=0)
    assert (rate.estimate, rate.low) == (0.0, 0.0)
    assert rate.high == pytest.approx(1 - 0.025 ** (1 / 40), rel=0.05)


def test_the_difference_is_paired_by_problem() -> None:
    before = tallies(*[(8, c % 9) for c in range(60)])
    after = [replace(tally, num_passed=min(8, tally.num_passed + 1)) for tally in before]
    change = estimate_difference(before, after, 1, seed=0)
    unpaired = estimate_pass_at_k(before, 1, seed=0)
    assert change.clear
    assert change.low is not None
    assert change.high is not None
    assert unpaired.low is not None
    assert unpaired.high is not None
    assert change.high - change.low < unpaired.high - unpaired.low


def test_no_change_is_not_a_clear_difference() -> None:
    same = tallies(*[(8, c % 9) for c in range(60)])
    change = estimate_difference(same, same, 1, seed=0)
    assert change.estimate == 0
    assert not change.clear


def test_problems_of_one_side_only_are_left_out_of_the_difference_and_counted() -> None:
    change = estimate_difference(tallies((8, 0), (8, 8)), [*tallies((8, 8)), *tallies((8, 8), prefix="new")], 1, seed=0)
    assert (change.estimate, change.num_problems, change.num_excluded) == (1.0, 1, 2)


def test_a_difference_of_nothing_is_none() -> None:
    change = estimate_difference(tallies((8, 0)), [], 1, seed=0)
    assert (change.estimate, change.low, change.clear) == (None, None, False)


@pytest.mark.parametrize(("num_agreeing", "clear"), [(4, False), (5, False), (6, True)])
def test_a_difference_is_clear_where_a_sign_test_is(num_agreeing: int, clear: bool) -> None:
    before = tallies(*[(1, 0)] * 156)
    after = tallies(*[(1, 1)] * num_agreeing, *[(1, 0)] * (156 - num_agreeing))
    assert estimate_difference(before, after, 1, seed=0).clear is clear
