"""The paired test against enumeration of all flips, against McNemar's exact test, and what it counts."""

from __future__ import annotations

import itertools
import random
from math import comb

import pytest

from verireason.evals import paired
from verireason.evals.paired import holm, paired_test
from verireason.evals.passk import Tally, pass_at_k


def tallies(*counts: int, num_samples: int) -> list[Tally]:
    return [
        Tally(problem_id=f"p{index}", num_samples=num_samples, num_passed=count) for index, count in enumerate(counts)
    ]


def by_enumeration(before: list[Tally], after: list[Tally], k: int) -> float:
    """The p-value from every flip of signs."""
    old, new = (
        [pass_at_k(num_samples=each.num_samples, num_passed=each.num_passed, k=k) for each in side]
        for side in (before, after)
    )
    changes = [b - a for a, b in zip(old, new, strict=True)]
    sums = [
        abs(sum(sign * change for sign, change in zip(signs, changes, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(changes))
    ]
    return sum(each >= abs(sum(changes)) - 1e-9 for each in sums) / len(sums)


@pytest.mark.parametrize(("num_samples", "k"), [(1, 1), (3, 1), (7, 5), (12, 10), (20, 20)])
def test_the_p_value_is_that_of_all_flips(num_samples: int, k: int) -> None:
    rng = random.Random(num_samples)
    for num_problems in range(1, 10):
        before, after = (
            tallies(*(rng.randint(0, num_samples) for _ in range(num_problems)), num_samples=num_samples)
            for _ in range(2)
        )
        found = paired_test(before, after, k, seed=0)
        assert found.is_exact
        assert found.p_value == pytest.approx(by_enumeration(before, after, k), abs=1e-12)


@pytest.mark.parametrize(("num_better", "num_worse"), [(0, 0), (4, 0), (9, 2), (30, 12)])
def test_with_one_sample_it_is_mcnemars_exact_test(num_better: int, num_worse: int) -> None:
    before = tallies(*[0] * num_better, *[1] * num_worse, *[0, 1] * 20, num_samples=1)
    after = tallies(*[1] * num_better, *[0] * num_worse, *[0, 1] * 20, num_samples=1)
    num = num_better + num_worse
    tail = sum(comb(num, count) for count in range(min(num_better, num_worse) + 1)) / 2**num
    found = paired_test(before, after, 1, seed=0)
    assert found.p_value == pytest.approx(min(1.0, 2 * tail))
    assert (found.num_better, found.num_worse, found.num_equal) == (num_better, num_worse, 40)


def test_random_flips_come_near_all_flips(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    before = tallies(*(rng.randint(0, 8) for _ in range(60)), num_samples=8)
    after = tallies(*(min(8, each.num_passed + rng.choice([-1, 0, 1, 1])) for each in before), num_samples=8)
    after = [Tally(problem_id=each.problem_id, num_samples=8, num_passed=max(0, each.num_passed)) for each in after]
    exact = paired_test(before, after, 1, seed=0)
    monkeypatch.setattr(paired, "_MAX_ADDITIONS", 0)
    sampled = paired_test(before, after, 1, seed=0)
    assert (exact.is_exact, sampled.is_exact) == (True, False)
    assert sampled.p_value == pytest.approx(exact.p_value, abs=0.003)
    assert sampled == paired_test(before, after, 1, seed=0)


def test_sizes_that_differ_from_problem_to_problem_are_no_obstacle() -> None:
    before = [Tally(problem_id=str(size), num_samples=size, num_passed=size // 3) for size in range(40, 400)]
    after = [Tally(problem_id=str(size), num_samples=size + 1, num_passed=size // 2) for size in range(40, 400)]
    found = paired_test(before, after, 20, seed=0)
    assert found.p_value is not None
    assert found.p_value < 0.001


def test_problems_of_one_side_and_with_too_few_samples_take_no_part() -> None:
    before = [*tallies(0, 0, num_samples=5), Tally(problem_id="few", num_samples=4, num_passed=0)]
    after = [*tallies(5, num_samples=5), Tally(problem_id="few", num_samples=5, num_passed=5)]
    found = paired_test(before, after, 5, seed=0)
    assert (found.num_better, found.num_worse, found.num_equal, found.p_value) == (1, 0, 0, 1.0)


def test_nothing_in_common_is_no_test() -> None:
    assert paired_test(tallies(1, num_samples=1), [], 1, seed=0).p_value is None


def test_holm_raises_p_values_in_their_order_and_keeps_what_is_no_test() -> None:
    assert holm([0.04, None, 0.01, 0.03]) == [pytest.approx(0.06), None, pytest.approx(0.03), pytest.approx(0.06)]
    assert holm([0.9, 0.6]) == [1.0, 1.0]
