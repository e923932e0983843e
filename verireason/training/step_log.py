"""What a training run leaves behind of each step. Only the main process writes; the others keep the times alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sim.farm import Farm
from verireason.config import Config
from verireason.records import RecordWriter, record_from
from verireason.training.advantages import GroupKind
from verireason.training.deck import Deck
from verireason.training.groups import Group, summarise
from verireason.training.progress import Progress, seconds
from verireason.training.reward import FarmUse, SimulationReward
from verireason.training.rollouts import Batch
from verireason.training.rundir import MetricsLog, RunDir, mark_complete

LOGGED = {
    "loss": "loss",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "entropy": "entropy",
    "kl": "kl",
    "clip_ratio/low_mean": "clip_low",
    "clip_ratio/high_mean": "clip_high",
    "sampling/sampling_logp_difference/mean": "engine_difference",
}
"""What TRL reports to what metrics.jsonl calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What the main process writes to."""

    run: RunDir
    metrics: MetricsLog
    records: RecordWriter


class StepLog:
    """What happens around each step: metrics, progress, evaluation on held-out problems, markers of checkpoints."""

    def __init__(
        self,
        *,
        config: Config,
        files: Files | None,
        deck: Deck,
        farm: Farm,
        reward: SimulationReward,
        progress: Progress,
        evaluate: Callable[[int], dict[str, float]] | None = None,
    ) -> None:
        """files: None in processes that write none. evaluate: measures the model on held-out problems after the given
        step; None for never."""
        assert config.grpo is not None
        self._grpo = config.grpo
        self._every = config.eval.every
        self._digest = config.digest
        self._files, self._deck, self._farm, self._reward = files, deck, farm, reward
        self._progress, self._evaluate = progress, evaluate
        self._heldout: dict[str, float] = {}
        self._times: dict[str, float] = {}
        self._started = 0.0
        self._use = FarmUse.of(farm)
        self.summary: dict[str, Any] = {}
        """Of the step's batch: numbers for metrics.jsonl."""
        self.generation_s = 0.0
        """Wall seconds of this step's generation so far; the trainer adds to it."""

    def begin_step(self) -> None:
        """Start the clocks."""
        self.generation_s = self._reward.waited_s = 0.0
        self._started = time.perf_counter()

    def keep(self, groups: Sequence[Group], phase: str, step: int) -> None:
        """Put groups on record."""
        if self._files is None:
            return
        for group in groups:
            problem = self._deck.problem(group.index)
            for each in group.samples:
                self._files.records.write(
                    record_from(
                        problem, each.completion, each.extraction.code, each.verdict, reward=each.reward.total,
                        terms=each.reward.terms, step=step, phase=phase, config=self._digest, keep_prompt=False,
                    )
                )  # fmt: skip

    def note(self, batch: Batch, *, step: int, pools: Mapping[str, int]) -> None:
        """Take the numbers of the batch that a step, counted from 0, trains on."""
        self.summary = summarise(batch.asked) | {
            "staleness": fmean(step - group.weights for group in batch.groups),
            "refill_rounds": batch.num_rounds,
            "trained_live": fmean(group.kind is GroupKind.LIVE for group in batch.groups),
        }
        if pools:
            self.summary["pools"] = dict(pools)

    def end_step(self, step: int) -> None:
        """Stop the clocks, then evaluate if it is time."""
        whole = time.perf_counter() - self._started
        waited = self._reward.waited_s
        update = whole - self.generation_s - waited
        self._times = {"generation": self.generation_s, "farm": waited, "update": update, "step": whole}
        self._heldout = {}
        if self._evaluate is not None and self._every is not None and step % self._every == 0:
            self._heldout = self._evaluate(step)
            self._times["heldout"] = time.perf_counter() - self._started - whole

    def write(self, step: int, logs: dict[str, Any]) -> None:
        """One line of metrics and one for the person."""
        if self._files is None:
            return
        numbers = {ours: logs[theirs] for theirs, ours in LOGGED.items() if logs.get(theirs) is not None}
        times = {name: round(amount, 4) for name, amount in self._times.items()}
        line: dict[str, Any] = {"step": step, **self.summary, **numbers, "farm": self._farm_shares()}
        if self._heldout:
            line["heldout"] = self._heldout
        self._files.metrics.write({**line, "time": times})
        left = self._progress.time_left(step, self._grpo.max_steps, sum(self._times.values()) - self._times["step"])
        self._progress.step(step, self._grpo.max_steps, _words(line, times, left), every=1)

    def _farm_shares(self) -> dict[str, float]:
        before, self._use = self._use, FarmUse.of(self._farm)
        return self._use.since(before, capacity_s=self._times["step"] * self._farm.pool.num_boxes)

    def mark_checkpoint(self, step: int) -> None:
        """Say that the checkpoint of a step is whole, once all that it relies on is on disk."""
        if self._files is None:
            return
        self._files.records.sync()
        self._files.metrics.sync()
        mark_complete(self._files.run.checkpoints / f"checkpoint-{step}")


def _words(line: dict[str, Any], times: dict[str, float], left: float) -> str:
    fields = [
        f"reward {line['reward']:.3f}" if "reward" in line else "reward none",
        f"pass {line.get('pass', 0):4.0%}",
        f"compile {line.get('compile', 0):4.0%}",
        f"unjudged {line['unjudged']}/{line['num_completions']}",
        f"live {line['groups']['live']}/{line['groups']['asked']}",
        f"generate {times['generation']:.1f}s farm {times['farm']:.1f}s update {times['update']:.1f}s",
        f"left {seconds(left)}",
    ]
    if "heldout" in line:
        fields.append(f"held-out pass {line['heldout']['pass']:.1%}")
    return " | ".join(fields)
