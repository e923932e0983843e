"""Completions in, judged completions out: what stands between the trainer and the farm."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field

from rewards.attempt import Attempt
from sim.farm import Farm
from sim.verdict import Candidate, Diagnostic, Outcome, Severity, Verdict
from verireason.config import Config
from verireason.problem import Completion, Problem
from verireason.templates import Extraction, extract
from verireason.training.deck import Deck
from verireason.training.groups import Sample
from verireason.training.models import LanguageModel, end_tokens
from verireason.training.patience import judged_patiently, why
from verireason.training.ranks import num_ranks
from verireason.training.similarity import with_similarity


class TooManyUnjudged(Exception):
    """The farm failed on more completions of a step than the recipe allows. The step has not been trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """One completion on its way through the farm."""

    problem: Problem
    token_ids: Sequence[int]
    text: str
    extraction: Extraction
    verdict: Future[Verdict]


@dataclass(slots=True, kw_only=True)
class Flight:
    """The completions of one batch, each launched as it is finished."""

    problems: Sequence[Problem]
    """By place."""
    launched: dict[int, Launched] = field(default_factory=dict)
    """By place."""
    last: float = 0.0
    """When the farm got the last one, by `time.monotonic`."""


class SimulationReward:
    """Judges completions by the farm and scores them by the recipe's rubric."""

    def __init__(
        self, *, config: Config, farm: Farm, deck: Deck, model: LanguageModel, say: Callable[[str], None]
    ) -> None:
        """say: tells the person why nothing moves."""
        assert config.grpo is not None
        self._config, self._farm, self._deck = config, farm, deck
        self._say = say
        self._tokenizer = model.tokenizer
        self._model_name = model.name
        self._ends = end_tokens(model.model, model.tokenizer)
        self._rubric = config.rubric.rubric
        self._group_size = config.grpo.num_generations
        self._max_tokens = config.grpo.max_completion_length
        self._max_unjudged = config.farm.max_unjudged * config.grpo.num_completions / num_ranks()
        """Completions of this process's part of a step that may stay UNJUDGED before the farm is waited for."""
        self.waited_s = 0.0
        """Wall seconds that were spent waiting for verdicts; whoever reads it sets it back."""

    def flight(self, indices: Sequence[int]) -> Flight:
        """An empty flight for the problem of each completion; a group has one in common."""
        problems = {index: self._deck.problem(index) for index in dict.fromkeys(indices)}
        return Flight(problems=[problems[index] for index in indices])

    def launch(self, flight: Flight, place: int, token_ids: Sequence[int]) -> None:
        """Hand a completion to the farm without waiting. One that is under way already is left alone."""
        if place in flight.launched:
            return
        problem = flight.problems[place]
        text = self._tokenizer.decode(token_ids, skip_special_tokens=True)
        extraction = extract(
            text, top=problem.spec.top, template=self._config.template.name, header=problem.header,
            language=problem.answer_language,
        )  # fmt: skip
        verdict = self._farm.submit(_candidate(extraction, problem), problem.spec)
        flight.launched[place] = Launched(
            problem=problem, token_ids=token_ids, text=text, extraction=extraction, verdict=verdict
        )
        flight.last = time.monotonic()

    def collect(self, flight: Flight) -> list[Sample]:
        """Wait for a flight; its completions by place.

        What is not judged within `[farm] deadline_s` is UNJUDGED. When that is more than the recipe allows, the farm
        gets `[farm] patience_s` to come back.
        """
        started = time.monotonic()
        launched = [flight.launched[place] for place in range(len(flight.problems))]
        settings = self._config.farm
        wait([each.verdict for each in launched], timeout=max(0.0, flight.last + settings.deadline_s - started))
        verdicts: Sequence[Verdict] = [
            each.verdict.result() if each.verdict.done() else _late(settings.deadline_s) for each in launched
        ]
        verdicts = judged_patiently(
            self._farm, [(_candidate(each.extraction, each.problem), each.problem.spec) for each in launched], verdicts,
            max_unjudged=min(1.0, self._max_unjudged / len(launched)), patience_s=settings.patience_s, say=self._say,
        ).verdicts  # fmt: skip
        if self._rubric.needs_similarity:
            codes = [each.extraction.code for each in launched]
            verdicts = with_similarity(self._farm, codes, flight.problems, verdicts)
        self.waited_s += time.monotonic() - started
        return [
            self._sample(place % self._group_size, each, verdict)
            for place, (each, verdict) in enumerate(zip(launched, verdicts, strict=True))
        ]

    def _sample(self, number: int, launched: Launched, verdict: Verdict) -> Sample:
        token_ids = launched.token_ids
        finish_reason = "stop" if token_ids and token_ids[-1] in self._ends else "length"
        attempt = Attempt(
            verdict=verdict, follows_format=launched.extraction.follows_format, finish_reason=finish_reason,
            num_tokens=len(token_ids), max_tokens=self._max_tokens,
        )  # fmt: skip
        return Sample(
            completion=Completion(
                problem_id=launched.problem.id, sample=number, text=launched.text, finish_reason=finish_reason,
                num_tokens=len(token_ids), model=self._model_name,
            ),
            token_ids=token_ids,
            extraction=launched.extraction,
            verdict=verdict,
            reward=self._rubric.score(attempt),
        )  # fmt: skip


def complaint(samples: Sequence[Sample], *, step: int, allowed: float) -> str:
    """Words for too many UNJUDGED completions."""
    unjudged = [each for each in samples if not each.is_judged]
    return (
        f"the farm could not judge {len(unjudged)} of {len(samples)} completions of step {step} "
        f"(allowed: {allowed:.0%}); the first: {why(unjudged[0].verdict)}"
    )


def _candidate(extraction: Extraction, problem: Problem) -> Candidate:
    return Candidate(source=extraction.code or "", language=problem.language)


def _late(deadline_s: float) -> Verdict:
    why = f"farm: no verdict within {deadline_s:g} s, the deadline of a step ([farm] deadline_s)"
    return Verdict(outcome=Outcome.UNJUDGED, diagnostics=(Diagnostic(severity=Severity.ERROR, message=why),))


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmUse:
    """How much a farm had done at some time."""

    num_candidates: int
    num_known: int
    """Candidates and jobs that were not run, since an equal one had been."""
    busy_s: float

    @classmethod
    def of(cls, farm: Farm) -> FarmUse:
        """By now."""
        counts, pool = farm.counts, farm.pool.counts
        return cls(
            num_candidates=counts.num_candidates, num_known=counts.num_cached + pool.num_reused, busy_s=pool.busy_s
        )

    def since(self, before: FarmUse, *, capacity_s: float) -> dict[str, float]:
        """As shares: "busy" of the boxes' time, "known" of the candidates."""
        num_candidates = self.num_candidates - before.num_candidates
        shares = {"busy": min(1.0, (self.busy_s - before.busy_s) / capacity_s)} if capacity_s else {}
        if num_candidates:
            shares["known"] = min(1.0, (self.num_known - before.num_known) / num_candidates)
        return shares
