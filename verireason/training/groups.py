"""Groups: the completions that one policy wrote to one prompt, judged, and what a step of them comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from rewards.rubric import Reward
from sim.verdict import Outcome, Verdict
from verireason.problem import Completion
from verireason.templates import Extraction
from verireason.training.advantages import GroupKind, kind_of_group
from verireason.training.asking import GroupOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One completion with all that was concluded about it."""

    completion: Completion
    token_ids: Sequence[int]
    extraction: Extraction
    verdict: Verdict
    reward: Reward
    log_probs: Sequence[float] | None = None
    """Of each token, by the weights that wrote it; None when it is trained on by the same weights."""
    sampling_log_probs: Sequence[float | None] | None = None
    """Of each token, by the engine that drew it, where that is another program than the trainer."""

    @property
    def is_judged(self) -> bool:
        """Whether the farm came to a verdict."""
        return self.reward.total is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Completions of one prompt."""

    index: int
    """Of the problem, as the asker counts them."""
    samples: tuple[Sample, ...]
    weights: int
    """Steps that the weights which wrote them had been trained for."""

    @property
    def kind(self) -> GroupKind:
        """Whether there is something to learn from it."""
        return kind_of_group(
            [each.reward.correctness for each in self.samples],
            [each.verdict.passed if each.is_judged else None for each in self.samples],
        )

    @property
    def passes(self) -> list[bool]:
        """Whether each judged completion passed."""
        return [each.verdict.passed for each in self.samples if each.is_judged]

    def outcome(self, step: int) -> GroupOutcome:
        """What an asker is told of it."""
        passes = self.passes
        return GroupOutcome(
            index=self.index, pass_rate=fmean(passes) if passes else None, step=step,
            is_live=self.kind is GroupKind.LIVE,
        )  # fmt: skip


def summarise(groups: Sequence[Group]) -> dict[str, float | dict[str, int]]:
    """What a step came to, over all groups that were asked for it. Numbers for metrics.jsonl; docs/records.md has them.

    Rates are shares of judged completions; those without any judged one are left out.
    """
    samples = [each for group in groups for each in group.samples]
    judged = [each for each in samples if each.is_judged]
    kinds = Counter(group.kind for group in groups)
    numbers: dict[str, float | dict[str, int]] = {
        "num_completions": len(samples),
        "num_judged": len(judged),
        "unjudged": len(samples) - len(judged),
        "num_tokens": sum(len(each.token_ids) for each in samples),
        "completion_length": fmean(len(each.token_ids) for each in samples),
        "truncated": _share(each.completion.finish_reason == "length" for each in samples),
        "groups": {"asked": len(groups), **{kind.value: kinds[kind] for kind in GroupKind}},
    }
    if not judged:
        return numbers
    rewards = [each.reward.total for each in judged if each.reward.total is not None]
    known = [group for group in groups if group.kind is not GroupKind.UNJUDGED]
    numbers |= {
        "reward": fmean(rewards),
        "reward_std": pstdev(rewards),
        "pass": _share(each.verdict.passed for each in judged),
        "compile": _share(each.verdict.compiled for each in judged),
        "rejected": _share(each.verdict.outcome is Outcome.REJECTED for each in judged),
        "no_code": _share(each.verdict.outcome is Outcome.NO_CODE for each in judged),
        "format": _share(each.extraction.follows_format for each in judged),
        "unique": len({(each.completion.problem_id, each.extraction.code) for each in judged}) / len(judged),
        "zero_variance": _share(group.kind is not GroupKind.LIVE for group in known),
        "all_pass": _share(all(group.passes) for group in known),
        "none_pass": _share(not any(group.passes) for group in known),
    }
    similarities = [each.verdict.similarity for each in judged if each.verdict.similarity is not None]
    if similarities:
        numbers["similarity"] = fmean(similarities)
    for term in sorted({term for each in judged for term in each.reward.terms}):
        numbers[f"terms.{term}"] = fmean(each.reward.terms.get(term, 0.0) for each in judged)
    return numbers


def _share(claims: Iterable[bool]) -> float:
    return fmean(1.0 if claim else 0.0 for claim in claims)
