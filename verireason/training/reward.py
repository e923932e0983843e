"""The one reward function that TRL gets: completions in, rewards out, every completion on record.

One, because TRL leaves a completion out of the baseline only if all of its reward functions give None for it: beside a
second function, a farm failure would count as a wrong answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

from rewards.attempt import Attempt
from rewards.rubric import Reward
from sim.farm import Farm
from sim.verdict import Candidate, Diagnostic, Outcome, Severity, Verdict
from verireason.config import Config
from verireason.problem import Completion, Problem
from verireason.records import RecordWriter, record_from
from verireason.templates import Extraction, extract
from verireason.training.models import LanguageModel, end_tokens
from verireason.training.similarity import with_similarity


class TooManyUnjudged(Exception):
    """The farm failed on more completions of a step than the recipe allows. The step has not been trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """The completions of one step on their way through the farm."""

    texts: Sequence[str]
    token_ids: Sequence[Sequence[int]]
    problems: Sequence[Problem]
    extractions: Sequence[Extraction]
    verdicts: Sequence[Future[Verdict]]
    launched: float
    """When the farm got them, by `time.monotonic`."""
    weights: int
    """Steps that the weights which wrote them had been trained for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One completion of a step with all that was concluded about it."""

    problem: Problem
    completion: Completion
    extraction: Extraction
    verdict: Verdict
    reward: Reward


class SimulationReward:
    """Callable as TRL wants it; see `__call__`. Keeps what the last step came to."""

    __name__ = "simulation"  # TRL's name for it in what it reports

    def __init__(
        self, *, farm: Farm, problems: Sequence[Problem], records: RecordWriter, config: Config, model: LanguageModel
    ) -> None:
        assert config.grpo is not None
        self._farm = farm
        self._problems = problems
        self._records = records
        self._config = config
        self._digest = config.digest
        self._model_name = model.name
        self._ends = end_tokens(model.model, model.tokenizer)
        self._rubric = config.rubric.rubric
        self._group_size = config.grpo.num_generations
        self.unjudged: tuple[bool, ...] = ()
        """Of the last step: which completions have no reward."""
        self.summary: dict[str, float] = {}
        """Of the last step: numbers for metrics.jsonl."""
        self.farm_s = 0.0
        """Wall seconds that the last step waited for its verdicts."""
        self.flight: Flight | None = None
        """Set by a trainer whose completions are under way already: what the next call is about."""
        self._counted = _Counted.of(farm)

    def __call__(
        self,
        *,
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]],
        row: Sequence[int],
        trainer_state: Any,
        log_metric: Callable[[str, float], None],
        **unused: Any,
    ) -> list[float | None]:
        """One reward per completion, None where the farm could not judge.

        row: index into the problems for each completion; a group has one in common. Raises TooManyUnjudged, with the
        records written.
        """
        step = trainer_state.global_step + 1
        flight = self.flight or self.launch(completions, completion_ids, row, weights=trainer_state.global_step)
        self.flight = None
        scored = self._collect(flight)
        for one in scored:
            self._records.write(
                record_from(
                    one.problem,
                    one.completion,
                    one.extraction.code,
                    one.verdict,
                    reward=one.reward.total,
                    terms=one.reward.terms,
                    step=step,
                    phase="train",
                    config=self._digest,
                    keep_prompt=False,
                )
            )
        self.unjudged = tuple(one.reward.total is None for one in scored)
        self.summary = summarise(scored, group_size=self._group_size) | {"staleness": step - 1 - flight.weights}
        for name, value in self.summary.items():
            log_metric(name, value)
        if sum(self.unjudged) > self._config.farm.max_unjudged * len(scored):
            raise TooManyUnjudged(self._complaint(step, scored))
        return [one.reward.total for one in scored]

    def launch(
        self,
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]],
        row: Sequence[int],
        *,
        weights: int,
    ) -> Flight:
        """Hand a step's completions to the farm without waiting. Arguments as of a call; weights: see Flight."""
        # Chat models answer with a list of one message.
        texts = [text if isinstance(text, str) else text[0]["content"] for text in completions]
        problems = [self._problems[index] for index in row]
        template = self._config.template.name
        extractions = [
            extract(
                text, top=problem.spec.top, template=template, header=problem.header, language=problem.answer_language
            )
            for text, problem in zip(texts, problems, strict=True)
        ]
        verdicts = [
            self._farm.submit(Candidate(source=extraction.code or "", language=problem.language), problem.spec)
            for extraction, problem in zip(extractions, problems, strict=True)
        ]
        return Flight(
            texts=texts, token_ids=completion_ids, problems=problems, extractions=extractions, verdicts=verdicts,
            launched=time.monotonic(), weights=weights,
        )  # fmt: skip

    def farm_shares(self, step_s: float) -> dict[str, float]:
        """What the farm did since the last call, as shares: "busy" of the boxes' time, "known" of the candidates."""
        before, self._counted = self._counted, _Counted.of(self._farm)
        return self._counted.since(before, capacity_s=step_s * self._farm.pool.num_boxes)

    def _collect(self, flight: Flight) -> list[Scored]:
        started = time.monotonic()
        deadline_s = self._config.farm.deadline_s
        wait(flight.verdicts, timeout=max(0.0, flight.launched + deadline_s - started))
        verdicts = [each.result() if each.done() else _late(deadline_s) for each in flight.verdicts]
        if self._rubric.needs_similarity:
            codes = [extraction.code for extraction in flight.extractions]
            verdicts = with_similarity(self._farm, codes, flight.problems, verdicts)
        self.farm_s = time.monotonic() - started
        return [
            self._scored(place % self._group_size, *one)
            for place, one in enumerate(
                zip(flight.problems, flight.texts, flight.token_ids, flight.extractions, verdicts, strict=True)
            )
        ]

    def _scored(
        self,
        sample: int,
        problem: Problem,
        text: str,
        token_ids: Sequence[int],
        extraction: Extraction,
        verdict: Verdict,
    ) -> Scored:
        finish_reason = "stop" if token_ids and token_ids[-1] in self._ends else "length"
        completion = Completion(
            problem_id=problem.id,
            sample=sample,
            text=text,
            finish_reason=finish_reason,
            num_tokens=len(token_ids),
            model=self._model_name,
        )
        attempt = Attempt(verdict=verdict, follows_format=extraction.follows_format, finish_reason=finish_reason)
        return Scored(
            problem=problem,
            completion=completion,
            extraction=extraction,
            verdict=verdict,
            reward=self._rubric.score(attempt),
        )

    def _complaint(self, step: int, scored: Sequence[Scored]) -> str:
        first = next(one.verdict for one in scored if one.reward.total is None)
        why = first.diagnostics[0].message if first.diagnostics else "no reason given"
        return (
            f"the farm could not judge {sum(self.unjudged)} of {len(scored)} completions of step {step} "
            f"(allowed: {self._config.farm.max_unjudged:.0%}); the first: {why}"
        )


def _late(deadline_s: float) -> Verdict:
    why = f"farm: no verdict within {deadline_s:g} s, the deadline of a step ([farm] deadline_s)"
    return Verdict(outcome=Outcome.UNJUDGED, diagnostics=(Diagnostic(severity=Severity.ERROR, message=why),))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """How much a farm had done at some time."""

    num_candidates: int
    num_known: int
    """Candidates and jobs that were not run, since an equal one had been."""
    busy_s: float

    @classmethod
    def of(cls, farm: Farm) -> _Counted:
        counts, pool = farm.counts, farm.pool.counts
        return cls(
            num_candidates=counts.num_candidates, num_known=counts.num_cached + pool.num_reused, busy_s=pool.busy_s
        )

    def since(self, before: _Counted, *, capacity_s: float) -> dict[str, float]:
        num_candidates = self.num_candidates - before.num_candidates
        shares = {"busy": min(1.0, (self.busy_s - before.busy_s) / capacity_s)} if capacity_s else {}
        if num_candidates:
            shares["known"] = min(1.0, (self.num_known - before.num_known) / num_candidates)
        return shares


def summarise(scored: Sequence[Scored], *, group_size: int) -> dict[str, float]:
    """What a step came to. Rates are shares of judged completions; those without any judged one are left out."""
    judged = [one for one in scored if one.reward.total is not None]
    numbers: dict[str, float] = {
        "num_completions": len(scored),
        "unjudged": len(scored) - len(judged),
        "num_tokens": sum(one.completion.num_tokens or 0 for one in scored),
        "completion_length": fmean(one.completion.num_tokens or 0 for one in scored),
        "truncated": _share(one.completion.finish_reason == "length" for one in scored),
    }
    if not judged:
        return numbers
    rewards = [one.reward.total for one in judged if one.reward.total is not None]
    numbers |= {
        "reward": fmean(rewards),
        "reward_std": pstdev(rewards),
        "pass": _share(one.verdict.passed for one in judged),
        "compile": _share(one.verdict.compiled for one in judged),
        "no_code": _share(one.verdict.outcome is Outcome.NO_CODE for one in judged),
        "format": _share(one.extraction.follows_format for one in judged),
        "unique": len({(one.problem.id, one.extraction.code) for one in judged}) / len(judged),
    }
    groups = [_judged(scored[start : start + group_size]) for start in range(0, len(scored), group_size)]
    groups = [group for group in groups if group]
    numbers |= {
        "zero_variance": _share(len({one.reward.total for one in group}) == 1 for group in groups),
        "all_pass": _share(all(one.verdict.passed for one in group) for group in groups),
        "none_pass": _share(not any(one.verdict.passed for one in group) for group in groups),
    }
    similarities = [one.verdict.similarity for one in judged if one.verdict.similarity is not None]
    if similarities:
        numbers["similarity"] = fmean(similarities)
    for term in sorted({term for one in judged for term in one.reward.terms}):
        numbers[f"terms.{term}"] = fmean(one.reward.terms.get(term, 0.0) for one in judged)
    return numbers


def _judged(scored: Sequence[Scored]) -> list[Scored]:
    return [one for one in scored if one.reward.total is not None]


def _share(claims: Any) -> float:
    return fmean(1.0 if claim else 0.0 for claim in claims)
