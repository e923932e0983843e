"""Generate completions for problems and judge them while the model goes on writing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.farm import Farm
from verireason.data.calibrate import Calibration
from verireason.evals.judging import Tally, judge_completions, write_problems, write_records
from verireason.generation import Generator
from verireason.problem import Completion, Problem
from verireason.progress import ProgressLine
from verireason.templates import TEMPLATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How completions are drawn."""

    num_samples: int
    temperature: float
    """0 is greedy."""
    top_p: float
    max_new_tokens: int
    seed: int
    batch_size: int
    """Completions written at once; results may depend on it."""


def complete(
    generator: Generator,
    problems: Sequence[Problem],
    sampling: Sampling,
    *,
    template: str,
    system_prompt: str | None = None,
) -> Iterator[Completion]:
    """Completions of each problem in order, `num_samples` each."""
    form = TEMPLATES[template]
    prompts = [
        form.prompt(problem.prompt, chat=generator.chat, system_prompt=system_prompt, language=problem.language)
        for problem in problems
    ]
    groups = generator.generate(
        prompts,
        num_samples=sampling.num_samples,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_new_tokens=sampling.max_new_tokens,
        seed=sampling.seed,
        batch_size=sampling.batch_size,
    )
    for problem, group in zip(problems, groups, strict=True):
        for index, written in enumerate(group):
            yield Completion(
                problem_id=problem.id,
                sample=index,
                text=written.text,
                finish_reason=written.finish_reason,
                num_tokens=written.num_tokens,
                seed=sampling.seed,
                model=generator.name,
            )


def evaluate(
    generator: Generator,
    farm: Farm,
    calibration: Calibration,
    sampling: Sampling,
    out: Path,
    *,
    template: str,
    system_prompt: str | None = None,
    phase: str | None = None,
    config: str | None = None,
) -> Tally:
    """Complete and judge every problem of the calibration; records, problems and summary go to `out`."""
    problems = list(calibration.problems.values())
    num_all = len(problems) * sampling.num_samples
    progress = ProgressLine()
    write_problems(out, calibration)
    completions = complete(generator, problems, sampling, template=template, system_prompt=system_prompt)
    records = judge_completions(farm, calibration, completions, template=template, phase=phase, config=config)
    tally = write_records(
        out, records, watch=lambda tally: progress.show(f"{tally.num_records} of {num_all}: {tally.line()}")
    )
    progress.done()
    return tally
