"""Whether two evaluations of the same problems differ: a test that goes with the intervals of `passk`.

The sign-flip permutation test asks how often the mean change over problems would be as far from zero if each problem's
change could as well have been the opposite. It assumes that, of equal models, neither direction is likelier: exact for
equal numbers of samples on both sides, nearly so for others. With one sample a problem it is McNemar's exact test.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from verireason.evals.passk import Tally

NUM_FLIPS = 100_000
"""Random sign flips of a paired test: a p-value of 0.05 moves by about 0.001 between seeds."""
_MAX_ADDITIONS = 200_000_000
"""That an exact paired test may take; about half a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest:
    """Whether two sides differ on the problems that both have: how probable so large a difference is by chance."""

    k: int
    p_value: float | None
    """Two-sided, in (0, 1]; None without a problem that both have."""
    num_better: int
    """Problems with a higher pass@k after than before."""
    num_worse: int
    num_equal: int
    is_exact: bool
    """Whether every flip of signs was counted; else a random part of them was."""


def paired_test(before: Sequence[Tally], after: Sequence[Tally], k: int, *, seed: int) -> PairedTest:
    """Sign-flip permutation test of the mean change of pass@k over problems, two-sided.

    If the sides are alike, each problem's change could as well have been the opposite. With one sample a problem this
    is McNemar's exact test. The seed is used when there are too many flips to count.
    """
    old, new = _exact_rates(before, k), _exact_rates(after, k)
    changes = [new[problem_id] - rate for problem_id, rate in old.items() if problem_id in new]
    moved = [change for change in changes if change]
    unit = math.lcm(*(change.denominator for change in moved))
    steps = [int(change * unit) for change in moved]
    is_exact = len(steps) * sum(map(abs, steps)) <= _MAX_ADDITIONS
    return PairedTest(
        k=k,
        p_value=(_exact_p(steps) if is_exact else _sampled_p(moved, seed=seed)) if changes else None,
        num_better=sum(step > 0 for step in steps),
        num_worse=sum(step < 0 for step in steps),
        num_equal=len(changes) - len(moved),
        is_exact=is_exact,
    )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values of several tests made fit to be read together (Holm 1979). A None stays one and is no test."""
    order = sorted((p_value, place) for place, p_value in enumerate(p_values) if p_value is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p_value, place) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_value))
        adjusted[place] = highest
    return adjusted


def _exact_rates(tallies: Sequence[Tally], k: int) -> Mapping[str, Fraction]:
    return {
        tally.problem_id: 1
        - Fraction(math.comb(tally.num_samples - tally.num_passed, k), math.comb(tally.num_samples, k))
        for tally in tallies
        if tally.num_samples >= k
    }


def _exact_p(steps: Sequence[int]) -> float:
    """Share of all sign flips whose sum is as far from zero as that of `steps`."""
    import numpy

    # The sum is T minus twice what is flipped to negative, T being the sum of sizes. Both tails weigh the same, so it
    # is enough to know how often so little is flipped.
    limit = (sum(map(abs, steps)) - abs(sum(steps))) // 2
    shares = numpy.zeros(limit + 1)
    shares[0] = 1.0
    for size in map(abs, steps):
        shares /= 2
        if size <= limit:
            shares[size:] += shares[: limit + 1 - size].copy()
    return min(1.0, 2.0 * float(shares.sum()))


def _sampled_p(changes: Sequence[Fraction], *, seed: int) -> float:
    """The same for random sign flips; the one that was seen counts as one of them, so that none is impossible."""
    import numpy

    generator = numpy.random.default_rng(seed)
    total, seen = float(sum(map(abs, changes))), float(abs(sum(changes)))
    flipped = numpy.zeros(NUM_FLIPS)
    for size, count in Counter(map(abs, changes)).items():
        flipped += float(size) * generator.binomial(count, 0.5, size=NUM_FLIPS)
    num_as_far = int((abs(total - 2 * flipped) >= seen - 1e-9 * total).sum())
    return (num_as_far + 1) / (NUM_FLIPS + 1)
