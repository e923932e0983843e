"""TRL's GRPOTrainer with the few things it has no hook for, and the callback that writes what a run leaves behind.

The private methods that are overridden here change between versions of TRL; tests/unit/test_trl_contract.py checks
their signatures, so that an upgrade fails there and not in a run.
"""

from __future__ import annotations

import os
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from verireason.config import Config, Grpo
from verireason.errors import UserError
from verireason.problem import Problem
from verireason.records import RecordWriter
from verireason.templates import TEMPLATES
from verireason.training.models import LanguageModel, has_chat_template, prompt_tokens
from verireason.training.progress import Progress, seconds
from verireason.training.reward import Flight, SimulationReward, TooManyUnjudged
from verireason.training.rundir import NUM_CHECKPOINTS_KEPT, MetricsLog, RunDir, is_complete, mark_complete

LOGGED = {
    "loss": "loss",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "entropy": "entropy",
    "kl": "kl",
    "clip_ratio/low_mean": "clip_low",
    "clip_ratio/high_mean": "clip_high",
}
"""What TRL reports to what metrics.jsonl calls it."""


def make_trainer(
    *,
    config: Config,
    run: RunDir,
    model: LanguageModel,
    problems: Sequence[Problem],
    reward: SimulationReward,
    log: StepLog,
) -> Any:
    """TRL's trainer over the prompts in their order. Row i of the data set is problem i."""
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import GRPOTrainer

    assert config.grpo is not None
    grpo: Grpo = config.grpo

    class SimulationTrainer(GRPOTrainer):  # type: ignore[misc]  # untyped base
        """Times the generation; masks what was not judged; stops so that the run can go on exactly.

        With `steps_ahead` it also writes the completions of later steps before it trains on those of this one.
        """

        _ahead: deque[Written]
        """Completions of the next steps, in their order. Not in checkpoints: a resumed run writes them again."""
        _given: Written | None = None
        """What the generation inside TRL's method is to return."""

        def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
            if self._given is not None:
                return self._given.token_ids, None
            started = time.perf_counter()
            generated = super()._generate_single_turn(*args, **kwargs)
            log.generation_s += time.perf_counter() - started
            return generated

        def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
            put_back_randomness = _randomness()
            num_tokens_seen = self.state.num_input_tokens_seen
            try:
                scored = (
                    self._scored_ahead(inputs) if grpo.steps_ahead else super()._generate_and_score_completions(inputs)
                )
            except TooManyUnjudged:
                # Nothing has been trained on yet. With the random state of before, a checkpoint of now is that of the
                # step before, and resuming samples this step again.
                put_back_randomness()
                self.state.num_input_tokens_seen = num_tokens_seen
                self._keep_checkpoint()
                raise
            return without_rows(scored, reward.unjudged)

        def _scored_ahead(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
            """TRL's method on completions that may be some updates old; the ratio is to the weights that wrote them."""
            now = self.state.global_step
            while len(self._ahead) <= grpo.steps_ahead and now + len(self._ahead) < grpo.max_steps:
                self._ahead.append(self._write_step(now + len(self._ahead)))
            written = self._ahead.popleft()
            assert written.rows == [row["row"] for row in inputs], "the completions of another step"
            self._given, reward.flight = written, written.flight
            try:
                scored = super()._generate_and_score_completions(inputs)
            finally:
                self._given = reward.flight = None
            if written.log_probs is not None:
                scored["old_per_token_logps"] = written.log_probs
            return scored  # type: ignore[no-any-return]  # untyped base

        def _write_step(self, step: int) -> Written:
            """Generate the completions of a step, counted from 0, and hand them to the farm."""
            now = self.state.global_step
            first = step * grpo.prompts_per_step
            rows = [first + place // grpo.num_generations for place in range(grpo.num_completions)]
            prompts = [self.train_dataset[row]["prompt"] for row in rows]
            prompt_ids, *_ = self._tokenize_prompts(prompts)
            token_ids, _ = self._generate_single_turn(prompt_ids, None, {}, grpo.num_generations)
            texts = self.processing_class.batch_decode(token_ids, skip_special_tokens=True)
            flight = reward.launch(texts, token_ids, rows, weights=now)
            log_probs = self._log_probs(prompt_ids, token_ids) if step > now else None
            return Written(rows=rows, token_ids=token_ids, flight=flight, log_probs=log_probs)

        def _log_probs(self, prompt_ids: Sequence[list[int]], token_ids: Sequence[list[int]]) -> Any:
            """What the weights of now give each token that they wrote, (B, C), 0-padded places undefined."""
            import torch

            inputs = padded(prompt_ids, token_ids, padding=self._tokenizer.pad_token_id, device=self.accelerator.device)
            with torch.no_grad():
                found, *_ = self._get_per_token_logps_and_entropies(
                    self.model, inputs.token_ids, inputs.mask, inputs.num_written,
                    batch_size=self.args.per_device_train_batch_size,
                )  # fmt: skip
            return found

        def _keep_checkpoint(self) -> None:
            folder = run.checkpoints / f"checkpoint-{self.state.global_step}"
            if self.state.global_step > 0 and not is_complete(folder):
                self._save_checkpoint(self.model, trial=None)
                self.callback_handler.on_save(self.args, self.state, self.control)

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

    trainer = SimulationTrainer(
        model=model.model,
        reward_funcs=reward,
        args=_arguments(config, run),
        train_dataset=Dataset.from_dict({"prompt": _prompts(config, problems, model), "row": range(len(problems))}),
        processing_class=model.tokenizer,
        callbacks=[Callback()],
    )
    trainer._ahead = deque()
    trainer.remove_callback(PrinterCallback)
    return trainer


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The completions of a step that is not trained on yet."""

    rows: list[int]
    """Problem of each completion."""
    token_ids: list[list[int]]
    flight: Flight
    log_probs: Any
    """(B, C) under the weights that wrote them; None when training starts from the same weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Padded:
    """Prompts, padded on the left, and completions, padded on the right, as TRL lays them out."""

    token_ids: Any
    """(B, P + C)"""
    mask: Any
    """(B, P + C), 1 where there is a token."""
    num_written: int
    """C."""


def padded(prompts: Sequence[list[int]], written: Sequence[list[int]], *, padding: int, device: Any) -> Padded:
    """One tensor of prompts and what was written to them."""
    import torch

    before, after = max(map(len, prompts)), max(map(len, written))
    rows, masks = [], []
    for prompt, answer in zip(prompts, written, strict=True):
        left, right = before - len(prompt), after - len(answer)
        rows.append([padding] * left + prompt + answer + [padding] * right)
        masks.append([0] * left + [1] * (len(prompt) + len(answer)) + [0] * right)
    return Padded(
        token_ids=torch.tensor(rows, device=device), mask=torch.tensor(masks, device=device), num_written=after
    )


def _randomness() -> Callable[[], None]:
    """Note the random state of everything that draws numbers in training; call the result to put it back."""
    import numpy as np
    import torch

    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    def put_back() -> None:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.random.set_rng_state(cpu)
        if devices:
            torch.cuda.set_rng_state_all(devices)

    return put_back


def without_rows(scored: dict[str, Any], rows: Sequence[bool]) -> dict[str, Any]:
    """A scored batch with some completions out of the loss: their tokens count neither in its sum nor in its divisor.

    TRL gives them no advantage, but would still divide by their tokens and hold them to the reference model.
    """
    if not any(rows):
        return scored
    import torch

    mask = scored["completion_mask"]  # (B, C)
    kept = ~torch.tensor(rows, device=mask.device)
    mask = mask * kept.unsqueeze(1).to(mask.dtype)
    return {**scored, "completion_mask": mask, "num_items_in_batch": mask.sum()}


class StepLog:
    """What happens around each step: metrics, progress, evaluation on held-out problems, markers of checkpoints."""

    def __init__(
        self,
        *,
        config: Config,
        metrics: MetricsLog,
        records: RecordWriter,
        reward: SimulationReward,
        progress: Progress,
        run: RunDir,
        evaluate: Callable[[int], dict[str, float]] | None,
    ) -> None:
        """evaluate: measures the model on held-out problems after the given step; None for never."""
        assert config.grpo is not None
        self._grpo = config.grpo
        self._every = config.eval.every
        self._metrics, self._records, self._reward = metrics, records, reward
        self._progress, self._run, self._evaluate = progress, run, evaluate
        self._heldout: dict[str, float] = {}
        self._times: dict[str, float] = {}
        self._started = 0.0
        self.generation_s = 0.0
        """Wall seconds of this step's generation so far; the trainer adds to it."""

    def begin_step(self) -> None:
        """Start the clocks."""
        self.generation_s = 0.0
        self._started = time.perf_counter()

    def end_step(self, step: int) -> None:
        """Stop the clocks, then evaluate if it is time."""
        whole = time.perf_counter() - self._started
        farm = self._reward.farm_s
        update = whole - self.generation_s - farm
        self._times = {"generation": self.generation_s, "farm": farm, "update": update, "step": whole}
        self._heldout = {}
        if self._evaluate is not None and self._every is not None and step % self._every == 0:
            self._heldout = self._evaluate(step)
            self._times["heldout"] = time.perf_counter() - self._started - whole

    def write(self, step: int, logs: dict[str, Any]) -> None:
        """One line of metrics and one for the person."""
        numbers = {ours: logs[theirs] for theirs, ours in LOGGED.items() if logs.get(theirs) is not None}
        times = {name: round(amount, 4) for name, amount in self._times.items()}
        farm = self._reward.farm_shares(self._times["step"])
        line: dict[str, Any] = {"step": step, **self._reward.summary, **numbers, "farm": farm}
        if self._heldout:
            line["heldout"] = self._heldout
        self._metrics.write({**line, "time": times})
        left = self._progress.time_left(step, self._grpo.max_steps, sum(self._times.values()) - self._times["step"])
        self._progress.step(step, self._grpo.max_steps, _words(line, times, left), every=1)

    def mark_checkpoint(self, step: int) -> None:
        """Say that the checkpoint of a step is whole, once all that it relies on is on disk."""
        self._records.sync()
        self._metrics.sync()
        mark_complete(self._run.checkpoints / f"checkpoint-{step}")


def _words(line: dict[str, Any], times: dict[str, float], left: float) -> str:
    fields = [
        f"reward {line['reward']:.3f}" if "reward" in line else "reward none",
        f"pass {line.get('pass', 0):4.0%}",
        f"compile {line.get('compile', 0):4.0%}",
        f"unjudged {line['unjudged']}/{line['num_completions']}",
        f"zero variance {line.get('zero_variance', 1):4.0%}",
        f"generate {times['generation']:.1f}s farm {times['farm']:.1f}s update {times['update']:.1f}s",
        f"left {seconds(left)}",
    ]
    if "heldout" in line:
        fields.append(f"held-out pass {line['heldout']['pass']:.1%}")
    return " | ".join(fields)


def _prompts(config: Config, problems: Sequence[Problem], model: LanguageModel) -> list[Any]:
    """The prompts of all rows. UserError when one does not leave room for an answer."""
    assert config.grpo is not None
    template, chat = TEMPLATES[config.template.name], has_chat_template(model.tokenizer)
    prompts = [
        template.prompt(
            problem.prompt, chat=chat, system_prompt=config.template.system_prompt, language=problem.language
        )
        for problem in problems
    ]
    longest = max(len(ids) for ids in prompt_tokens(model.tokenizer, prompts))
    room = getattr(model.model.config, "max_position_embeddings", None)
    if room is not None and longest + config.grpo.max_completion_length > room:
        raise UserError(
            f"the longest prompt has {longest} tokens and grpo.max_completion_length is "
            f"{config.grpo.max_completion_length}; the model has room for {room} together"
        )
    return prompts


def _arguments(config: Config, run: RunDir) -> Any:
    """TRL's settings from ours."""
    import torch
    from trl import GRPOConfig

    grpo = config.grpo
    assert grpo is not None
    on_cpu = not torch.cuda.is_available()
    batch_size = grpo.batch_size or grpo.num_completions
    if "tensorboard" in config.run.report_to:
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(run.path / "tensorboard")  # the only way that is not deprecated
    arguments = GRPOConfig(
        output_dir=str(run.checkpoints),
        run_name=run.path.name,
        max_steps=grpo.max_steps,
        per_device_train_batch_size=batch_size,
        # One generation per optimizer step: then every checkpoint lies between two generations, and every completion
        # is trained on once, by the weights that wrote it.
        gradient_accumulation_steps=grpo.num_completions // batch_size,
        num_generations=grpo.num_generations,
        num_iterations=1,
        shuffle_dataset=False,  # the order is ours: see prompts.py
        learning_rate=grpo.learning_rate,
        lr_scheduler_type=grpo.lr_scheduler,
        temperature=grpo.temperature,
        top_p=grpo.top_p,
        max_completion_length=grpo.max_completion_length,
        mask_truncated_completions=grpo.mask_truncated_completions,
        loss_type=grpo.loss_type,
        epsilon_high=grpo.epsilon_high,
        scale_rewards=grpo.scale_rewards,
        beta=grpo.beta,
        seed=config.run.seed,
        use_cpu=on_cpu,
        bf16=not on_cpu,
        gradient_checkpointing=grpo.gradient_checkpointing,
        dataloader_pin_memory=not on_cpu,
        save_strategy="steps",
        save_steps=grpo.save_steps,
        save_total_limit=NUM_CHECKPOINTS_KEPT,
        logging_steps=1,
        report_to=list(config.run.report_to),
        disable_tqdm=True,
    )
    if arguments.world_size > 1:
        raise UserError(f"found {arguments.world_size} training processes; expected one, started without a launcher")
    return arguments
