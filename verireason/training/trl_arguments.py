"""TRL's settings from those of a recipe."""

from __future__ import annotations

import os
from typing import Any

from verireason.config import Config
from verireason.errors import UserError
from verireason.training.ranks import Ranks, check_whole_groups
from verireason.training.rundir import NUM_CHECKPOINTS_KEPT, RunDir
from verireason.training.vllm_engine import vllm_arguments


def trl_arguments(config: Config, run: RunDir, ranks: Ranks) -> Any:
    """TRL's settings from those of a recipe.

    Raises UserError when the step cannot be shared out among the processes.
    """
    import torch
    from trl import GRPOConfig

    grpo = config.grpo
    assert grpo is not None
    on_cpu = not torch.cuda.is_available()
    mine = grpo.num_completions // ranks.count
    batch_size = grpo.batch_size or mine
    check_whole_groups(grpo, ranks.count)
    if mine % batch_size:
        raise UserError(
            f"grpo.batch_size is {batch_size} and each of {ranks.count} processes has {mine} completions of a step; "
            "expected a divisor"
        )
    if "tensorboard" in config.run.report_to:
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(run.path / "tensorboard")  # the only way that is not deprecated
    return GRPOConfig(
        output_dir=str(run.checkpoints),
        run_name=run.path.name,
        max_steps=grpo.max_steps,
        per_device_train_batch_size=batch_size,
        # One generation per optimizer step: then every checkpoint lies between two generations, and every completion
        # is trained on once, by the weights that wrote it.
        gradient_accumulation_steps=mine // batch_size,
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
        importance_sampling_level=grpo.importance_sampling_level,
        epsilon=grpo.epsilon,
        epsilon_high=grpo.epsilon_high,
        delta=grpo.delta,
        top_entropy_quantile=grpo.top_entropy_quantile,
        scale_rewards=grpo.scale_rewards,
        beta=grpo.beta,
        ddp_find_unused_parameters=False,
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
        **vllm_arguments(config),
    )
