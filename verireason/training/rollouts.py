"""Which groups a step trains on: asked ahead, judged while other things go on, replaced when they teach nothing.

Everything here is decided alike on all processes: problems are asked from equal askers, and every process knows every
judged group. What is asked when does not depend on how fast the farm is.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from verireason.recipe_tables import Grpo
from verireason.training.advantages import GroupKind
from verireason.training.asking import Asker
from verireason.training.groups import Group
from verireason.training.ranks import Ranks
from verireason.training.reward import Flight, SimulationReward, TooManyUnjudged, complaint


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the policy wrote to some prompts, on its way through the farm."""

    flight: Flight
    weights: int
    """Steps that the weights had been trained for."""
    log_probs: Sequence[Sequence[float]] | None
    """Of each token by those weights; None when nobody will ask."""
    sampling_log_probs: Sequence[Sequence[float | None]] | None
    """Of each token by the engine that drew it; None when that is the policy itself."""


class Writer(Protocol):
    """The policy's hand."""

    def write(self, indices: Sequence[int]) -> Written:
        """Complete the prompt of each problem, given by completion, and launch what was written.

        All processes call it equally often.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ahead:
    """A step that was written before its turn."""

    asked: list[int]
    """Problems, of all processes."""
    written: Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one step trains on and what it took. The same on all processes."""

    groups: list[Group]
    """As many as there are prompts in a step."""
    dropped: list[Group]
    """Asked, judged and left out: another group took their place."""
    num_rounds: int
    """Times that replacements were asked."""

    @property
    def asked(self) -> list[Group]:
        """All groups of the step."""
        return self.groups + self.dropped


class Rollouts:
    """Makes the batches of a run, one after another."""

    def __init__(
        self,
        *,
        grpo: Grpo,
        max_unjudged: float,
        ranks: Ranks,
        asker: Asker,
        reward: SimulationReward,
        writer: Writer,
        keep: Callable[[Sequence[Group], str, int], None],
    ) -> None:
        """keep: puts groups on record, with their phase and step."""
        self._grpo, self._max_unjudged = grpo, max_unjudged
        self._ranks, self._asker, self._reward, self._writer, self._keep = ranks, asker, reward, writer, keep
        self._ahead: deque[_Ahead] = deque()
        self._pending: deque[list[int]] = deque()
        """Problems of the next steps that were asked and not written: a checkpoint's, after a restart."""
        self._before: dict[str, Any] | None = None

    def state(self) -> dict[str, Any]:
        """For a checkpoint: what was asked. Within a step that is not trained on yet, it is that of before the step."""
        if self._before is not None:
            return self._before
        return {
            "asker": self._asker.state(),
            "pending": [each.asked for each in self._ahead] + list(self._pending),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the state of a checkpoint. What was written ahead is written again, by the weights of now."""
        self._asker.restore(state["asker"])
        self._pending = deque(state["pending"])

    def batch(self, step: int) -> Batch:
        """The groups of a step, counted from 0. Raises TooManyUnjudged, with everything judged on record."""
        self._before = self.state()
        while len(self._ahead) <= self._grpo.steps_ahead and step + len(self._ahead) < self._grpo.max_steps:
            asked = (
                self._pending.popleft() if self._pending else self._asker.ask(self._grpo.prompts_per_step, step=step)
            )
            self._ahead.append(_Ahead(asked=asked, written=self._write(asked)))
        ahead = self._ahead.popleft()
        groups = self._collect(ahead.asked, ahead.written, step, so_far=[])
        num_rounds = 0
        while (missing := self._num_missing(groups)) > 0 and num_rounds < self._grpo.refill_rounds:
            # The same number on each process: engines that write together must be called together.
            asked = self._asker.ask(math.ceil(missing / self._ranks.count) * self._ranks.count, step=step)
            groups += self._collect(asked, self._write(asked), step, so_far=groups)
            num_rounds += 1
        batch = self._chosen(groups, num_rounds)
        self._keep(batch.groups, "train", step + 1)
        self._keep(batch.dropped, "dropped", step + 1)
        self._before = None
        return batch

    def _write(self, asked: Sequence[int]) -> Written:
        mine = self._ranks.share(asked)
        return self._writer.write([index for index in mine for _ in range(self._grpo.num_generations)])

    def _collect(self, asked: Sequence[int], written: Written, step: int, *, so_far: list[Group]) -> list[Group]:
        samples = self._reward.collect(written.flight)
        size = self._grpo.num_generations
        samples = [
            replace(
                each,
                log_probs=written.log_probs[place] if written.log_probs else None,
                sampling_log_probs=written.sampling_log_probs[place] if written.sampling_log_probs else None,
            )
            for place, each in enumerate(samples)
        ]
        groups = self._ranks.gather(
            [
                Group(index=index, samples=tuple(samples[place * size : (place + 1) * size]), weights=written.weights)
                for place, index in enumerate(self._ranks.share(asked))
            ]
        )
        samples = [each for group in so_far + groups for each in group.samples]
        if sum(not each.is_judged for each in samples) > self._max_unjudged * len(samples):
            self._keep(so_far + groups, "train", step + 1)
            raise TooManyUnjudged(complaint(samples, step=step + 1, allowed=self._max_unjudged))
        self._asker.observe([group.outcome(step) for group in groups])
        return groups

    def _num_missing(self, groups: Sequence[Group]) -> int:
        return self._grpo.prompts_per_step - sum(group.kind is GroupKind.LIVE for group in groups)

    def _chosen(self, groups: Sequence[Group], num_rounds: int) -> Batch:
        """Groups with signal first; without enough of them the others fill the batch up, and teach nothing."""
        size = self._grpo.prompts_per_step
        if num_rounds:
            groups = sorted(groups, key=lambda group: group.kind is not GroupKind.LIVE)
        return Batch(groups=list(groups[:size]), dropped=list(groups[size:]), num_rounds=num_rounds)
