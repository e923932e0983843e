"""How the model does on held-out problems while it is trained.

Training does not notice: no weight, random number or record of it changes. The records go to eval/step-N of the run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from statistics import fmean
from typing import Any

from sim.farm import Farm
from verireason.config import Config
from verireason.data.calibrate import calibrate
from verireason.evals.evaluate import Plan, evaluate
from verireason.evals.judging import RECORDS
from verireason.generation.generator import Sampling
from verireason.generation.local import TransformersGenerator
from verireason.records import Record, read_records
from verireason.training.models import LanguageModel
from verireason.training.prompts import heldout_problems
from verireason.training.rundir import RunDir

BATCH_SIZE = 128
"""Completions written at once; the same as in `verireason eval`."""


class Heldout:
    """Evaluates the model that is being trained."""

    def __init__(self, *, config: Config, run: RunDir, farm: Farm, model: LanguageModel) -> None:
        """Raises UserError when there are no held-out problems."""
        grpo, settings = config.grpo, config.eval
        assert grpo is not None
        self._config, self._run, self._farm, self._model = config, run, farm, model
        self._calibration = calibrate(farm, heldout_problems(config, num=settings.num))
        self._plan = Plan(
            num_samples=settings.samples,
            sampling=Sampling(
                temperature=settings.temperature,
                top_p=1.0,
                max_new_tokens=settings.max_completion_length or grpo.max_completion_length,
            ),
            seed=config.run.seed,
            template=config.template.name,
            system_prompt=config.template.system_prompt,
        )

    def measure(self, step: int) -> dict[str, float]:
        """Evaluate after a step; returns numbers for metrics.jsonl. The rate is a share of judged completions."""
        out = self._run.path / "eval" / f"step-{step}"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        generator = TransformersGenerator(
            self._model.model, self._model.tokenizer, name=f"step-{step}", batch_size=BATCH_SIZE
        )
        with _inference(self._model.model):
            done = evaluate(generator, self._farm, self._calibration, self._plan, out, config=self._config.digest)
        tally = done.tally
        num_judged = tally.num_records - tally.num_unjudged
        numbers: dict[str, float] = {"num_completions": tally.num_records, "unjudged": tally.num_unjudged}
        if num_judged:
            numbers["pass"] = tally.num_passed / num_judged
        return {**numbers, **_rates_by_benchmark(read_records(out / RECORDS))}


def _rates_by_benchmark(records: Iterable[Record]) -> dict[str, float]:
    """Shares of the judged completions as "pass.generated"; none when there is but one benchmark."""
    passed: dict[str, list[bool]] = {}
    for record in records:
        if record.judged:
            passed.setdefault(record.benchmark, []).append(record.passed)
    return {f"pass.{name}": fmean(claims) for name, claims in passed.items()} if len(passed) > 1 else {}


def drop_evaluations_after(run: RunDir, step: int) -> None:
    """Remove the evaluations of steps after `step`; a resumed run makes them again."""
    for folder in (run.path / "eval").glob("step-*"):
        digits = folder.name.removeprefix("step-")
        if digits.isdecimal() and int(digits) > step:
            shutil.rmtree(folder)


@contextmanager
def _inference(model: Any) -> Iterator[None]:
    """Evaluation mode for the block, then whatever it was."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
