"""Generate completions for problems and judge them while the model goes on writing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.farm import Farm
from verireason.data.calibrate import Calibration
from verireason.evals.judging import Tally, judge_completions, write_problems, write_records
from verireason.generation.generator import Generator, Request, Sampling
from verireason.problem import Completion, Problem
from verireason.progress import ProgressLine
from verireason.templates import TEMPLATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which completions are wanted."""

    num_samples: int
    """Of each problem."""
    sampling: Sampling
    seed: int
    template: str
    system_prompt: str | None = None


def complete(generator: Generator, problems: Sequence[Problem], plan: Plan) -> Iterator[Completion]:
    """The completions of the plan, in whatever order the generator gives them."""
    form = TEMPLATES[plan.template]

    def requests() -> Iterator[Request]:
        for number, problem in enumerate(problems):
            prompt = form.prompt(
                problem.prompt, chat=generator.chat, system_prompt=plan.system_prompt, language=problem.language
            )
            for sample in range(plan.num_samples):
                seed = plan.seed + number * plan.num_samples + sample
                yield Request(key=(problem.id, sample), prompt=prompt, seed=seed)

    for written in generator.generate(requests(), plan.sampling):
        problem_id, sample = written.key
        yield Completion(
            problem_id=problem_id,
            sample=sample,
            text=written.text,
            finish_reason=written.finish_reason,
            num_tokens=written.num_tokens,
            num_prompt_tokens=written.num_prompt_tokens,
            cost=written.cost,
            seed=plan.seed,
            model=generator.name,
        )


def evaluate(
    generator: Generator,
    farm: Farm,
    calibration: Calibration,
    plan: Plan,
    out: Path,
    *,
    phase: str | None = None,
    config: str | None = None,
) -> Tally:
    """Complete and judge every problem of the calibration; records, problems and summary go to `out`."""
    problems = list(calibration.problems.values())
    num_all = len(problems) * plan.num_samples
    progress = ProgressLine()
    write_problems(out, calibration)
    completions = complete(generator, problems, plan)
    records = judge_completions(farm, calibration, completions, template=plan.template, phase=phase, config=config)
    tally = write_records(
        out, records, watch=lambda tally: progress.show(f"{tally.num_records} of {num_all}: {tally.line()}")
    )
    progress.done()
    return tally
