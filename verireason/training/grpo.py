"""GRPO with simulation as the only judge, on TRL's GRPOTrainer.

The script reads top to bottom in `_train`. What TRL has no hook for is in `trainer.py`, the reward in `reward.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from sim.farm import Farm
from verireason.config import Config
from verireason.data.calibrate import calibrate
from verireason.errors import MissingError, UserError
from verireason.evals.judging import farm_for_user
from verireason.problem import Problem
from verireason.records import RecordWriter, truncate_after_step
from verireason.training.heldout import Heldout, drop_evaluations_after
from verireason.training.models import LanguageModel, check_model_path, load_model
from verireason.training.progress import Progress
from verireason.training.prompts import prompt_sequence
from verireason.training.reward import SimulationReward, TooManyUnjudged
from verireason.training.rundir import (
    MetricsLog,
    RunDir,
    disk_errors,
    last_checkpoint,
    new_run,
    resumed_run,
    save_model,
    truncate_metrics,
    versions_now,
    write_versions,
)
from verireason.training.trainer import StepLog, make_trainer

OpenFarm = Callable[[Config], Farm]


def configured_farm(config: Config) -> Farm:
    """The farm that `[farm]` asks for. Raises MissingError with the line that says what this host lacks."""
    return farm_for_user(
        box=config.farm.box, num_boxes=config.farm.jobs or os.cpu_count() or 1, checks=config.checks,
        use_cache=config.farm.cache,
    )  # fmt: skip


def start_grpo(config: Config, *, progress: Progress, open_farm: OpenFarm = configured_farm) -> Path:
    """Train from the beginning in `run.out`; returns the directory of the model.

    Raises UserError for a bad recipe, model or data and for a directory in use, MissingError for what the host lacks
    and when the farm fails too often.
    """
    out = Path(config.run.out)
    check_start(config, out)  # before the directory is made: a bad recipe leaves nothing behind
    with new_run(out, config) as run:
        return _train(config, run, progress=progress, open_farm=open_farm)


def resume_grpo(out: Path, config: Config | None, *, progress: Progress, open_farm: OpenFarm = configured_farm) -> Path:
    """Go on with the run in `out` from its last whole checkpoint, as if it had never stopped.

    config: what the user asks for; UserError names the differences when it would change results. None asks for nothing.
    """
    with resumed_run(out, config) as (run, resumed):
        check_start(resumed, out)
        return _train(resumed, run, progress=progress, open_farm=open_farm)


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
    """Raise UserError unless the recipe can be trained from `out`."""
    if config.grpo is None:
        raise UserError("the recipe has no [grpo] section; add one")
    start = starting_model(config, out)
    if config.sft is not None and not Path(start).is_dir():
        raise UserError(f"the recipe has an [sft] section and {start} is not there; run verireason sft first")
    check_model_path(start)


def with_known_checks(farm: Farm, problems: Sequence[Problem]) -> list[Problem]:
    """The problems with the number of checks of a full run filled in where only a run of the golden can tell it.

    Raises UserError when a golden does not pass: no completion could.
    """
    unknown = {one.id: one for one in problems if one.spec.num_checks is None}
    if not unknown:
        return list(problems)
    calibration = calibrate(farm, unknown.values())
    for problem_id, defect in calibration.defects.items():
        raise UserError(f"problem {problem_id}: {defect}; leave it out of the training data")
    return [calibration.problems.get(one.id, one) for one in problems]


def _train(config: Config, run: RunDir, *, progress: Progress, open_farm: OpenFarm) -> Path:
    """Train in a directory that this process holds, from its last whole checkpoint when it has one."""
    # 1. What a killed process left behind goes back to the last checkpoint
    checkpoint, last_step = last_checkpoint(run)
    truncate_after_step(run.records, last_step)
    truncate_metrics(run.metrics, last_step)
    drop_evaluations_after(run, last_step)

    # 2. Problems, in the order in which they are asked
    problems = prompt_sequence(config)

    # 3. Model
    model = load_model(starting_model(config, run.path), name=model_name(config), dtype="float32")

    with open_farm(config) as farm, RecordWriter(run.records) as records:
        changed = write_versions(run, versions_now(image=farm.image, tools=farm.tools))
        if changed:
            progress.say(f"warning: not what the run was started with: {'; '.join(changed)}; results may differ")

        problems = with_known_checks(farm, problems)

        # 4. The one reward function
        reward = SimulationReward(farm=farm, problems=problems, records=records, config=config, model=model)

        # 5. Trainer
        metrics = MetricsLog(run.metrics)
        heldout = Heldout(config=config, run=run, farm=farm, model=model) if config.eval.every else None
        log = StepLog(
            config=config, run=run, metrics=metrics, records=records, reward=reward, progress=progress,
            evaluate=heldout.measure if heldout else None,
        )  # fmt: skip
        trainer = make_trainer(config=config, run=run, model=model, problems=problems, reward=reward, log=log)

        # 6. Train
        progress.say(_opening(config, run, model, farm, last_step))
        try:
            with disk_errors(run.path):
                trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        except TooManyUnjudged as err:
            raise MissingError(f"{err}; see verireason doctor, then go on with --resume {run.path}") from err
        metrics.close()

    # 7. Save
    save_model(model, run)
    return run.model


def _opening(config: Config, run: RunDir, model: LanguageModel, farm: Farm, last_step: int) -> str:
    assert config.grpo is not None
    start = f"resume after step {last_step}" if last_step else "start"
    return (
        f"{start}: {model.name}, {model.model.num_parameters():,} weights, {config.grpo.max_steps} steps of "
        f"{config.grpo.prompts_per_step} prompts x {config.grpo.num_generations} completions, "
        f"{farm.pool.num_boxes} boxes, config {config.digest}, in {run.path}"
    )
