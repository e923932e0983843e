"""From the rewards of a step's groups to advantages, and whether a group has something to teach.

TRL's formulas (checked against it by a test), and a guard that TRL lacks: by its divisor a group that ties in
correctness and differs a little in style would be taught style as hard as another group is taught to pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, stdev
from typing import Literal

from rewards.rubric import Reward
from rewards.terms import STYLE_TERMS

EPSILON = 1e-4
"""TRL adds it to each divisor."""


class GroupKind(StrEnum):
    """What a group is to training."""

    LIVE = "live"
    """Its completions differ in correctness."""
    ALL_PASS = "all_pass"
    NONE_PASS = "none_pass"
    """No difference in correctness, and none passes: not even partial credit tells them apart."""
    TIED = "tied"
    """Equal in correctness though some pass and some fail, as a rubric without `correct` can have it."""
    UNJUDGED = "unjudged"
    """None of it was judged."""


def kind_of_group(correctness: Sequence[float | None], passes: Sequence[bool | None]) -> GroupKind:
    """The kind of a group by `Reward.correctness` and passing of each completion, None where unjudged.

    Differences in style alone make no group live: nearly every group has some, and a refill would have nothing to do.
    """
    values = {value for value in correctness if value is not None}
    passed = {value for value in passes if value is not None}
    if not values:
        return GroupKind.UNJUDGED
    if len(values) > 1:
        return GroupKind.LIVE
    if len(passed) > 1:
        return GroupKind.TIED
    return GroupKind.ALL_PASS if passed == {True} else GroupKind.NONE_PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worth:
    """A reward in its two parts."""

    correctness: float
    style: float

    @property
    def total(self) -> float:
        return self.correctness + self.style

    def divided(self, by: float, *, min_std: float) -> float:
        return self.correctness / by + self.style / max(by, min_std)


def advantages(
    groups: Sequence[Sequence[Reward]],
    *,
    weights: Mapping[str, float],
    scale: Literal["group", "batch", "none"],
    normalise: Literal["after_sum", "before_sum"],
    min_std: float,
) -> list[list[float]]:
    """An advantage for each completion of each group of a step; 0.0 where there is no reward.

    weights: the rubric's. scale: whose standard deviation a reward is divided by; "before_sum" takes the batch's.
    normalise: "after_sum" compares the totals of a group; "before_sum" (GDPO, arXiv 2601.05242) first makes the values
    of each term of a group equally large, then weighs and sums them. min_std: the least that the part of a reward for
    style is divided by, so that it stays small where it is small; 0.0 is what TRL does.
    """
    before_sum = normalise == "before_sum"
    worths = [_sum_of_terms(group, weights, min_std) if before_sum else _sums(group) for group in groups]
    batch = [worth for group in worths for worth in group]
    batch_mean, batch_std = _mean(batch), _std(batch)
    found = []
    for group in worths:
        mean = batch_mean if before_sum else _mean(group)
        std = batch_std if before_sum or scale == "batch" else _std(group)
        by = 1.0 if scale == "none" else std + EPSILON
        found.append([0.0 if worth is None else _minus(worth, mean).divided(by, min_std=min_std) for worth in group])
    return found


def _sums(group: Sequence[Reward]) -> list[_Worth | None]:
    return [
        None
        if reward.total is None or reward.correctness is None
        else _Worth(correctness=reward.correctness, style=reward.total - reward.correctness)
        for reward in group
    ]


def _sum_of_terms(group: Sequence[Reward], weights: Mapping[str, float], min_std: float) -> list[_Worth | None]:
    """Each term's values around their mean in the group and divided by their deviation there; weighed and summed."""
    judged = [reward.terms for reward in group if reward.total is not None]
    correctness, style = [0.0] * len(judged), [0.0] * len(judged)
    for term, weight in weights.items():
        if not weight or not judged:
            continue
        values = [terms[term] for terms in judged]
        mean, by = fmean(values), _deviation(values) + EPSILON
        part, by = (style, max(by, min_std)) if term in STYLE_TERMS else (correctness, by)
        for place, value in enumerate(values):
            part[place] += weight * (value - mean) / by
    sums = iter([_Worth(correctness=one, style=other) for one, other in zip(correctness, style, strict=True)])
    return [None if reward.total is None else next(sums) for reward in group]


def _minus(worth: _Worth, mean: _Worth) -> _Worth:
    return _Worth(correctness=worth.correctness - mean.correctness, style=worth.style - mean.style)


def _mean(worths: Sequence[_Worth | None]) -> _Worth:
    known = [worth for worth in worths if worth is not None] or [_Worth(correctness=0.0, style=0.0)]
    return _Worth(correctness=fmean(each.correctness for each in known), style=fmean(each.style for each in known))


def _std(worths: Sequence[_Worth | None]) -> float:
    return _deviation([worth.total for worth in worths if worth is not None])


def _deviation(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0
