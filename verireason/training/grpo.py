"""GRPO with simulation as the only judge, on TRL's GRPOTrainer.

The script reads top to bottom in `_train`. What TRL has no hook for is in `trainer.py`, the reward in `reward.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path

from sim.farm import Farm
from verireason.config import Config, read_config
from verireason.errors import MissingError, UserError
from verireason.evals.judging import farm_for_user
from verireason.records import RecordWriter, truncate_after_step
from verireason.training.asking import open_asker
from verireason.training.deck import Deck
from verireason.training.heldout import Heldout, drop_evaluations_after
from verireason.training.models import LanguageModel, check_model_path, check_target_modules, load_model, training_dtype
from verireason.training.progress import Progress
from verireason.training.prompts import prompt_sequence
from verireason.training.ranks import Ranks, num_local_ranks, num_ranks
from verireason.training.reward import SimulationReward, TooManyUnjudged
from verireason.training.rundir import (
    MetricsLog,
    RunDir,
    disk_errors,
    last_checkpoint,
    new_run,
    resumed_run,
    truncate_metrics,
    versions_now,
    write_versions,
)
from verireason.training.saving import save_trained
from verireason.training.step_log import Files, StepLog
from verireason.training.trainer import make_trainer
from verireason.training.vllm_engine import check_vllm, vllm_for_trl

OpenFarm = Callable[[Config], Farm]


def configured_farm(config: Config) -> Farm:
    """The farm that `[farm]` asks for; processes on one host share the boxes out among them.

    Raises MissingError with the line that says what this host lacks.
    """
    num_boxes = max(1, (config.farm.jobs or os.cpu_count() or 1) // num_local_ranks())
    return farm_for_user(
        box=config.farm.box, num_boxes=num_boxes, checks=config.checks, use_cache=config.farm.cache
    )  # fmt: skip


def start_grpo(config: Config, *, progress: Progress, open_farm: OpenFarm = configured_farm) -> Path:
    """Train from the beginning in `run.out`; returns the directory of the model.

    Raises UserError for a bad recipe, model or data and for a directory in use, MissingError for what the host lacks
    and when the farm fails too often.
    """
    out = Path(config.run.out)
    check_start(config, out)  # before the directory is made: a bad recipe leaves nothing behind
    ranks = Ranks(timeout_s=longest_wait_s(config))
    with new_run(out, config) if ranks.is_main else nullcontext(RunDir(path=out)) as run:
        return _train(config, run, ranks, progress=progress, open_farm=open_farm)


def resume_grpo(out: Path, config: Config | None, *, progress: Progress, open_farm: OpenFarm = configured_farm) -> Path:
    """Go on with the run in `out` from its last whole checkpoint, as if it had never stopped.

    config: what the user asks for; UserError names the differences when it would change results. None asks for nothing.
    """
    asked = config or read_config(out / "config.json")
    ranks = Ranks(timeout_s=longest_wait_s(asked))
    if not ranks.is_main:
        return _train(asked, RunDir(path=out), ranks, progress=progress,
                      open_farm=open_farm)  # fmt: skip
    with resumed_run(out, config) as (run, resumed):
        check_start(resumed, out)
        return _train(resumed, run, ranks, progress=progress, open_farm=open_farm)


def starting_model(config: Config, out: Path) -> str:
    """The model that GRPO starts from: what `verireason sft` made of the same recipe, else `model.path`."""
    if config.sft is not None:
        return str(out / "sft" / "model")
    if config.model.path is None:
        raise UserError("[model.scratch] without [sft]: random weights pass nothing; add an [sft] section")
    return config.model.path


def model_name(config: Config) -> str:
    """What records call the model: the same wherever the run is."""
    return "sft/model" if config.sft is not None else str(config.model.path)


def check_start(config: Config, out: Path) -> None:
    """Raise UserError unless the recipe can be trained from `out`, MissingError for an engine that is not there."""
    if config.grpo is None:
        raise UserError("the recipe has no [grpo] section; add one")
    start = starting_model(config, out)
    if config.sft is not None and not Path(start).is_dir():
        raise UserError(f"the recipe has an [sft] section and {start} is not there; run verireason sft first")
    check_model_path(start)
    check_vllm(config, start)
    if config.eval.every is not None and num_ranks() > 1:
        raise UserError(
            f"eval.every is set and {num_ranks()} processes train; expected one process, or no eval.every and "
            "verireason eval after the run"
        )


def longest_wait_s(config: Config) -> float:
    """Wall seconds that one process may have to wait for another: until that one's part of the farm is given up."""
    return 1800.0 + config.farm.deadline_s + config.farm.patience_s


def _train(config: Config, run: RunDir, ranks: Ranks, *, progress: Progress, open_farm: OpenFarm) -> Path:
    """Train from the last whole checkpoint of a directory that the main process holds, or from the beginning."""
    # 1. What a killed process left behind goes back to the last checkpoint
    if ranks.is_main:
        _, last_step = last_checkpoint(run)
        truncate_after_step(run.records, last_step)
        truncate_metrics(run.metrics, last_step)
        drop_evaluations_after(run, last_step)
    ranks.wait()
    checkpoint, last_step = last_checkpoint(run)
    if not ranks.is_main:
        progress = Progress.silent()

    # 2. What will be asked, and the model
    asker = open_asker(config)
    start = starting_model(config, run.path)
    model = load_model(start, name=model_name(config), dtype=training_dtype(config))
    check_target_modules(config, model.model)

    with open_farm(config) as farm, ExitStack() as files:
        written = None
        if ranks.is_main:
            changed = write_versions(run, versions_now(image=farm.image, tools=farm.tools))
            if changed:
                progress.say(f"warning: not what the run was started with: {'; '.join(changed)}; results may differ")
            written = Files(
                run=run, metrics=files.enter_context(closing(MetricsLog(run.metrics))),
                records=files.enter_context(RecordWriter(run.records)),
            )  # fmt: skip
        deck = Deck(config=config, asker=asker, farm=farm, model=model)
        deck.prepare(prompt_sequence(config))

        # 3. Reward, log, trainer
        reward = SimulationReward(config=config, farm=farm, deck=deck, model=model, say=progress.say)
        heldout = Heldout(config=config, run=run, farm=farm, model=model) if config.eval.every else None
        log = StepLog(
            config=config, files=written, deck=deck, farm=farm, reward=reward, progress=progress,
            evaluate=heldout.measure if heldout else None,
        )  # fmt: skip
        with vllm_for_trl(config):
            trainer = make_trainer(
                config=config, run=run, model=model, ranks=ranks, asker=asker, deck=deck, reward=reward, log=log,
                checkpoint=checkpoint,
            )  # fmt: skip

        # 4. Train
        progress.say(_opening(config, run, model, farm, last_step))
        try:
            with disk_errors(run.path):
                trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        except TooManyUnjudged as err:
            raise MissingError(f"{err}; see verireason doctor, then go on with --resume {run.path}") from err

    # 5. Save
    save_trained(trainer, model, run, ranks)
    return run.model


def _opening(config: Config, run: RunDir, model: LanguageModel, farm: Farm, last_step: int) -> str:
    assert config.grpo is not None
    start = f"resume after step {last_step}" if last_step else "start"
    return (
        f"{start}: {model.name}, {model.model.num_parameters():,} weights, {config.grpo.max_steps} steps of "
        f"{config.grpo.prompts_per_step} prompts x {config.grpo.num_generations} completions, "
        f"{farm.pool.num_boxes} boxes, config {config.digest}, in {run.path}"
    )
