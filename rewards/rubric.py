"""A rubric: weighted terms that make one reward of an attempt.

Weights are the ones written down: nothing normalises them. A rubric in which some failure could earn more than some
pass cannot be made. Give the trainer one rubric as its one reward function.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rewards.attempt import Attempt
from rewards.terms import STYLE_TERMS, TERMS
from sim.verdict import Outcome

__all__ = ["RUBRICS", "Attempt", "Reward", "Rubric"]

MAX_WEIGHT = 1e6
"""Far beyond any sensible weight, and far from where sums of floats overflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What an attempt is worth."""

    total: float | None
    """None when the farm failed, or failed to measure a term: no reward at all, which is not zero."""
    correctness: float | None
    """What of the total is not for style (`rewards.terms.STYLE_TERMS`); None with it."""
    terms: Mapping[str, float]
    """Each measured term's value before weighting; empty for an unjudged attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """Weights of terms. Raises ValueError with one line when they do not make sense.

    Example:
        Rubric.from_weights("mine", {"correct": 1.0, "compiles": 0.1, "format": 0.05})
    """

    name: str
    weights: Mapping[str, float]
    """Term name, from `rewards.terms.TERMS`, to a weight from 0 to MAX_WEIGHT."""

    def __post_init__(self) -> None:
        if not any(self.weights.values()):
            raise ValueError(
                f"rubric {self.name!r} weighs nothing; give a weight to at least one of {', '.join(TERMS)}"
            )
        for term, weight in self.weights.items():
            self._check_weight(term, weight)
        if self.passed_low < self.failed_high:
            raise ValueError(
                f"rubric {self.name!r} can pay {self.failed_high:g} to a candidate that fails and {self.passed_low:g} "
                f"to one that passes; raise the weight of 'correct' by at least {self.failed_high - self.passed_low:g}"
            )

    def _check_weight(self, term: str, weight: float) -> None:
        if term not in TERMS:
            near = difflib.get_close_matches(term, TERMS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(TERMS)}"
            raise ValueError(f"rubric {self.name!r} weighs an unknown term {term!r}; {hint}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= MAX_WEIGHT:
            raise ValueError(
                f"rubric {self.name!r} gives {term!r} the weight {weight!r}; give a number from 0 to {MAX_WEIGHT:g}"
            )

    @classmethod
    def from_weights(cls, name: str, weights: Mapping[str, float]) -> Rubric:
        """A rubric from what a user wrote. Raises ValueError with one line when it does not make sense."""
        return cls(name=name, weights=MappingProxyType(dict(weights)))

    @property
    def needs_similarity(self) -> bool:
        """Whether candidates that compile and fail must be compared with their goldens."""
        return self.weights.get("similarity", 0.0) > 0

    @property
    def low(self) -> float:
        """The least total there is."""
        return math.fsum(weight * TERMS[term].low for term, weight in self.weights.items())

    @property
    def high(self) -> float:
        """The largest total there is."""
        return math.fsum(weight * TERMS[term].high for term, weight in self.weights.items())

    @property
    def passed_low(self) -> float:
        """The least total of a candidate that passed."""
        return math.fsum(weight * TERMS[term].passed_low for term, weight in self.weights.items())

    @property
    def failed_high(self) -> float:
        """The largest total of a candidate that did not pass."""
        return math.fsum(weight * TERMS[term].failed_high for term, weight in self.weights.items())

    def score(self, attempt: Attempt) -> Reward:
        """The reward of an attempt; UNJUDGED has none, and neither has one that lacks a measurement."""
        if attempt.verdict.outcome is Outcome.UNJUDGED:
            return Reward(total=None, correctness=None, terms={})
        values = {term: TERMS[term].function(attempt) for term, weight in self.weights.items() if weight}
        measured = {term: value for term, value in values.items() if value is not None}
        if len(measured) < len(values):
            return Reward(total=None, correctness=None, terms=measured)
        # fsum rounds once, so a larger term can never make a smaller total
        weighted = {term: self.weights[term] * value for term, value in measured.items()}
        return Reward(
            total=math.fsum(weighted.values()),
            correctness=math.fsum(value for term, value in weighted.items() if term not in STYLE_TERMS),
            terms=measured,
        )


RUBRICS = {
    rubric.name: rubric
    for rubric in (
        # 1.0 for a pass, at most 0.4 for anything else: more checks passed is worth more, and the last one most of all.
        # With TRL's scale_rewards="group" a group of failures is stretched to unit variance however small its
        # differences are; "batch" or "none" keep them as small as they are here.
        Rubric.from_weights("default", {"correct": 0.6, "compiles": 0.1, "fraction_passed": 0.3}),
        # VeriReason, arXiv 2505.11849, equation 2: 2.0 for a pass, 0.1 + similarity for code that compiles and fails,
        # 0 otherwise; and 0.1 for the format. A pass has the first three terms in full: 0.9 + 0.1 + 1.0 = 2.0. This
        # follows the paper; the published code pays 2.1 for a pass, and measures similarity on text.
        Rubric.from_weights("verireason", {"correct": 0.9, "compiles": 0.1, "similarity": 1.0, "format": 0.1}),
        # For Python, after the systems that made them known. All tests or nothing: rllm's DeepCoder.
        Rubric.from_weights("code", {"correct": 1.0}),
        # Share of the tests passed: verl over SandboxFusion.
        Rubric.from_weights("code-fraction", {"fraction_passed": 1.0}),
        # open-r1's weighted_sum for Codeforces, with 0 where it subtracts for what does not compile or holds no code.
        Rubric.from_weights("code-weighted", {"correct": 1.0, "fraction_passed": 0.1}),
        # Groups of tests as a whole: the scores of an olympiad in informatics (IOI).
        Rubric.from_weights("code-subtasks", {"subtasks": 1.0}),
        # Share of the first ten tests: verl's continuous score. It can pay in full for a program that fails later on.
        Rubric.from_weights("code-first-k", {"first_k": 1.0}),
    )
}
"""Rubric name to rubric."""
