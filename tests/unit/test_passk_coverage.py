"""Intervals and tests held to their word in simulations: 95 % hold the truth, 5 % of equal pairs are called different.

Problems differ in difficulty by a beta law, so the true pass@k is known. Each case is a few hundred evaluations: few, but
enough to fail when an interval is a fifth too narrow. docs/records.md has the figures of longer runs.
"""

from __future__ import annotations

import math

import numpy
import pytest

from verireason.evals import passk
from verireason.evals.paired import paired_test
from verireason.evals.passk import Tally, estimate_difference, estimate_pass_at_k

NUM_RUNS = 200
LEAST = 0.92 * NUM_RUNS
"""Two standard errors below 95 %."""
LAWS = {"low": (0.1, 1.9), "middling": (0.3, 0.7), "high": (1.0, 0.3)}
"""Mean pass@1 of 5, 30 and 77 %."""


@pytest.fixture(autouse=True)
def _fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passk, "NUM_RESAMPLES", 1500)


def tallies(passes: numpy.ndarray, num_samples: int) -> list[Tally]:
    return [
        Tally(problem_id=f"p{index}", num_samples=num_samples, num_passed=int(count))
        for index, count in enumerate(passes)
    ]


def true_pass_at_k(alpha: float, beta: float, k: int) -> float:
    """1 - E[(1 - p)^k] for p of the beta law."""
    logs = math.lgamma(beta + k) - math.lgamma(beta) + math.lgamma(alpha + beta) - math.lgamma(alpha + beta + k)
    return 1 - math.exp(logs)


def num_held(law: tuple[float, float], *, num_problems: int, num_samples: int, k: int) -> int:
    """Of NUM_RUNS evaluations, those whose interval holds the truth."""
    generator = numpy.random.default_rng(5)
    truth, held = true_pass_at_k(*law, k), 0
    for seed in range(NUM_RUNS):
        passes = generator.binomial(num_samples, generator.beta(*law, size=num_problems))
        rate = estimate_pass_at_k(tallies(passes, num_samples), k, seed=seed)
        assert rate.low is not None
        assert rate.high is not None
        held += rate.low <= truth <= rate.high
    return held


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("k", [1, 5, 10, 20])
def test_intervals_hold_the_truth_at_156_problems_of_20_samples(law: str, k: int) -> None:
    assert num_held(LAWS[law], num_problems=156, num_samples=20, k=k) >= LEAST


@pytest.mark.parametrize(
    ("num_problems", "law"), [(24, (0.05, 1.0)), (24, (0.3, 3.0)), (40, (3.0, 0.3)), (100, (0.3, 0.7))]
)
def test_intervals_hold_the_truth_of_few_problems(num_problems: int, law: tuple[float, float]) -> None:
    assert num_held(law, num_problems=num_problems, num_samples=8, k=1) >= LEAST


@pytest.mark.parametrize(
    ("num_problems", "num_samples", "k", "law", "gain"),
    [
        (10, 8, 1, (0.3, 3.0), 0.4),
        (24, 8, 1, (0.3, 3.0), 0.05),
        (60, 8, 1, (0.3, 3.0), 0.0),
        (24, 1, 1, (2.7, 0.3), 0.05),
        (156, 1, 1, (0.3, 0.7), 0.05),
        (156, 20, 1, (2.7, 0.3), 0.3),
        (24, 20, 5, (2.7, 0.3), 0.3),
        (156, 20, 5, (0.3, 0.7), 0.0),
        (156, 20, 20, (0.1, 1.9), 0.05),
    ],
)
def test_intervals_of_differences_hold_the_truth(
    num_problems: int, num_samples: int, k: int, law: tuple[float, float], gain: float
) -> None:
    # Each problem keeps 1 - gain of its failures, so that k tries fail together (1 - gain)^k as often.
    generator = numpy.random.default_rng(5)
    truth = (1 - true_pass_at_k(*law, k)) * (1 - (1 - gain) ** k)
    held = 0
    for seed in range(NUM_RUNS):
        skill = generator.beta(*law, size=num_problems)
        before = tallies(generator.binomial(num_samples, skill), num_samples)
        after = tallies(generator.binomial(num_samples, skill + gain * (1 - skill)), num_samples)
        change = estimate_difference(before, after, k, seed=seed)
        assert change.low is not None
        assert change.high is not None
        held += change.low <= truth <= change.high
    assert held >= LEAST


@pytest.mark.parametrize(("before_samples", "after_samples", "k"), [(1, 1, 1), (20, 20, 1), (20, 20, 20), (20, 4, 1)])
@pytest.mark.parametrize("law", LAWS)
def test_equal_models_are_rarely_called_different(law: str, before_samples: int, after_samples: int, k: int) -> None:
    generator = numpy.random.default_rng(5)
    num_called = 0
    for seed in range(NUM_RUNS):
        skill = generator.beta(*LAWS[law], size=60)
        before = tallies(generator.binomial(before_samples, skill), before_samples)
        after = tallies(generator.binomial(after_samples, skill), after_samples)
        p_value = paired_test(before, after, k, seed=seed).p_value
        assert p_value is not None
        num_called += p_value < 0.05
    assert num_called <= NUM_RUNS - LEAST
