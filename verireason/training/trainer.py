"""TRL's GRPOTrainer on batches of ours, and the callback that keeps the run's log.

The private methods that are overridden here change between versions of TRL; tests/unit/test_trl_contract.py checks
their signatures, so that an upgrade fails there and not in a run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from verireason.config import Config
from verireason.recipe_tables import Grpo
from verireason.training.advantages import advantages
from verireason.training.asking import Asker
from verireason.training.deck import Deck
from verireason.training.ends import Watch
from verireason.training.groups import Sample
from verireason.training.models import LanguageModel, lora_config
from verireason.training.ranks import Ranks
from verireason.training.reward import SimulationReward, TooManyUnjudged
from verireason.training.rollouts import Batch, Rollouts, Written
from verireason.training.rundir import RunDir, is_complete, read_asked, write_asked
from verireason.training.step_log import StepLog
from verireason.training.tensors import randomness, right_padded, without_rows
from verireason.training.trl_arguments import trl_arguments


def make_trainer(
    *,
    config: Config,
    run: RunDir,
    model: LanguageModel,
    ranks: Ranks,
    asker: Asker,
    deck: Deck,
    reward: SimulationReward,
    log: StepLog,
    checkpoint: Path | None = None,
) -> Any:
    """TRL's trainer on groups that `Rollouts` makes. checkpoint: where the run goes on from."""
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import GRPOTrainer

    assert config.grpo is not None
    grpo: Grpo = config.grpo

    class SimulationTrainer(GRPOTrainer):  # type: ignore[misc]  # untyped base
        """Trains on what it wrote, perhaps some steps ago; masks what was not judged; stops so that it can go on."""

        _rollouts: Rollouts
        _given: Sequence[Sample] | None = None
        """This process's completions of the step: what the generation inside TRL's method is to return."""

        def write(self, indices: Sequence[int]) -> Written:
            """See Writer."""
            started = time.perf_counter()
            flight = reward.flight(indices)
            prompt_ids, *_ = self._tokenize_prompts([deck.prompt(index) for index in indices])
            watch = Watch(
                ends=self.eos_token_ids,
                finished=lambda place, ids: reward.launch(flight, place, ids),
                temperature=grpo.temperature if grpo.steps_ahead else None,
            )
            with self._watched_by(watch):
                token_ids, drawn = super()._generate_single_turn(prompt_ids, None, {}, grpo.num_generations)
            for place, ids in enumerate(token_ids):
                reward.launch(flight, place, ids)
            log_probs = None
            if grpo.steps_ahead and drawn is None:
                log_probs = [row[: len(ids)] for row, ids in zip(watch.log_probs(), token_ids, strict=True)]
            log.generation_s += time.perf_counter() - started
            weights = self.state.global_step
            return Written(flight=flight, weights=weights, log_probs=log_probs, sampling_log_probs=drawn)

        @contextmanager
        def _watched_by(self, watch: Watch) -> Iterator[None]:
            """Within it transformers' `generate` is watched. Other engines hand over everything at the end."""
            if self.use_vllm:
                yield
                return
            writer = self.accelerator.unwrap_model(self.model_wrapped)
            writer.generate = partial(writer.generate, **watch.arguments())
            try:
                yield
            finally:
                del writer.generate

        def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
            if self._given is None:
                return super()._generate_single_turn(*args, **kwargs)
            drawn = [each.sampling_log_probs for each in self._given]
            return [list(each.token_ids) for each in self._given], None if drawn[0] is None else drawn

        def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
            """TRL's method on a batch of ours; which rows the loader brought does not matter."""
            put_back_randomness = randomness()
            try:
                batch = self._rollouts.batch(self.state.global_step)
            except TooManyUnjudged:
                # Nothing has been trained on yet. With the random state of before, a checkpoint of now is that of the
                # step before, and resuming samples this step again.
                put_back_randomness()
                self._keep_checkpoint()
                raise
            log.note(batch, step=self.state.global_step, pools=asker.counts())
            groups = ranks.share(batch.groups)
            self._given = [each for group in groups for each in group.samples]
            rows = [{"prompt": deck.prompt(group.index)} for group in groups for _ in group.samples]
            try:
                scored = super()._generate_and_score_completions(rows)
            finally:
                given, self._given = self._given, None
            if given[0].log_probs is not None:
                scored["old_per_token_logps"] = right_padded(
                    [each.log_probs for each in given], like=scored["completion_mask"]
                )
            if grpo.normalise == "before_sum" or grpo.min_reward_std:
                scored["advantages"] = scored["advantages"].new_tensor(ranks.share(self._advantages(batch)))
            unjudged = [not each.is_judged for group in batch.groups for each in group.samples]
            return without_rows(
                scored, ranks.share(unjudged), any_anywhere=any(unjudged), gather=self.accelerator.gather
            )

        def _advantages(self, batch: Batch) -> list[float]:
            """Where they are not what TRL makes of the totals. By completion, of all processes."""
            found = advantages(
                [[each.reward for each in group.samples] for group in batch.groups],
                weights=config.rubric.rubric.weights, scale=grpo.scale_rewards, normalise=grpo.normalise,
                min_std=grpo.min_reward_std,
            )  # fmt: skip
            return [each for group in found for each in group]

        def _keep_checkpoint(self) -> None:
            folder = run.checkpoints / f"checkpoint-{self.state.global_step}"
            if self.state.global_step > 0 and not is_complete(folder):
                self._save_checkpoint(self.model, trial=None)
                self.callback_handler.on_save(self.args, self.state, self.control)

        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            super()._save_checkpoint(model, trial)
            if ranks.is_main:
                write_asked(run.checkpoints / f"checkpoint-{self.state.global_step}", self._rollouts.state())
            ranks.wait()  # each process writes its own random state; only then is the checkpoint whole

        def create_model_card(self, *args: Any, **kwargs: Any) -> None:
            """None: TRL would write one into the folder of checkpoints at every save."""

    class Callback(TrainerCallback):  # type: ignore[misc]  # untyped base
        """Hands TRL's events to the log."""

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            log.begin_step()

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            log.end_step(state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **kwargs: Any) -> None:
            if "loss" in logs:  # else it is the summary at the end
                log.write(state.global_step, logs)

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            log.mark_checkpoint(state.global_step)

    def simulation(*, log_metric: Callable[[str, float], None], **unused: Any) -> list[float | None]:
        """TRL's reward function: what was found out already."""
        for name, value in log.summary.items():
            if not isinstance(value, dict):
                log_metric(name, value)
        assert trainer._given is not None
        return [each.reward.total for each in trainer._given]

    # The loader only counts: as many rows as prompts will be trained on.
    num_rows = grpo.max_steps * grpo.prompts_per_step
    trainer = SimulationTrainer(
        model=model.model,
        reward_funcs=simulation,
        args=trl_arguments(config, run, ranks),
        train_dataset=Dataset.from_dict({"prompt": [""] * num_rows}),
        processing_class=model.tokenizer,
        peft_config=lora_config(config),
        callbacks=[Callback()],
    )
    trainer._rollouts = Rollouts(
        grpo=grpo, max_unjudged=config.farm.max_unjudged, ranks=ranks, asker=asker, reward=reward, writer=trainer,
        keep=log.keep,
    )  # fmt: skip
    if checkpoint is not None:
        trainer._rollouts.restore(read_asked(checkpoint))
    trainer.remove_callback(PrinterCallback)
    return trainer
