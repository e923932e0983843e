"""Which problems a model learns from: those that it neither always nor never solves, by its own samples.

The filter of VeriReason (arXiv 2505.11849) is the default: 8 samples of the model to be trained, mean reward from 0.3
to 1.8 of its 2.0, standard deviation above 0.1; a problem is hard when 1 - (mean - 0.3) / 1.5 is above 0.5. Selection
as ReST-RL does it, by the spread of the rewards alone, is the top share of what the bounds leave.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, pstdev

from verireason.problem import Problem

EASY, HARD = 1, 2
"""What a selected problem has for its difficulty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is kept. Means and deviations are of rewards, the deviation that of the samples themselves (1/n)."""

    low: float
    """Least mean."""
    high: float
    """Largest mean."""
    deviation: float
    """The deviation must be above this."""
    num_samples: int
    """Fewer judged samples decide nothing."""
    top_share: float
    """Share of what fits the bounds that is kept: the problems with the largest deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What became of the problems."""

    kept: tuple[Problem, ...]
    """In their order, with EASY or HARD for their difficulty."""
    left_out: Mapping[str, str]
    """Problem to why it was not kept."""


def select(problems: Iterable[Problem], rewards: Mapping[str, Sequence[float]], bounds: Bounds) -> Selection:
    """Keep the problems whose rewards fit the bounds. rewards: problem id to those of its judged samples."""
    fitting: list[Problem] = []
    left_out: dict[str, str] = {}
    for problem in problems:
        found = rewards.get(problem.id, ())
        reason = why_not(found, bounds)
        if reason is None:
            fitting.append(replace(problem, difficulty=level(fmean(found), bounds)))
        else:
            left_out[problem.id] = reason
    num_kept = math.ceil(bounds.top_share * len(fitting))
    by_spread = sorted(range(len(fitting)), key=lambda place: -pstdev(rewards[fitting[place].id]))
    kept = set(by_spread[:num_kept])
    left_out |= {
        problem.id: "not of the top share by deviation" for place, problem in enumerate(fitting) if place not in kept
    }
    return Selection(kept=tuple(problem for place, problem in enumerate(fitting) if place in kept), left_out=left_out)


def why_not(rewards: Sequence[float], bounds: Bounds) -> str | None:
    """Why a problem with these rewards is left out; None when it is kept."""
    if len(rewards) < bounds.num_samples:
        return f"fewer than {bounds.num_samples} judged samples"
    mean = fmean(rewards)
    if mean < bounds.low:
        return f"mean reward below {bounds.low:g}"
    if mean > bounds.high:
        return f"mean reward above {bounds.high:g}"
    if pstdev(rewards) <= bounds.deviation:
        return f"deviation of {bounds.deviation:g} or less"
    return None


def level(mean: float, bounds: Bounds) -> int:
    """EASY or HARD, by where the mean lies between the bounds."""
    width = bounds.high - bounds.low
    return HARD if width > 0 and 1 - (mean - bounds.low) / width > 0.5 else EASY
