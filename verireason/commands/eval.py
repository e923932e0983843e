"""`verireason eval`: generate completions with a model, and judge them while it goes on writing.

With a recipe: its held-out problems, into RUN/eval/LABEL. With --benchmark or --problems: into --out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from verireason.commands.eval_options import (
    PUBLISHED,
    add_engine_arguments,
    add_sampling_arguments,
    check_source,
    chosen_engine,
    chosen_sampling,
)
from verireason.commands.verify import (
    add_check_arguments,
    add_farm_arguments,
    add_official_argument,
    chosen_checks,
    positive,
    resolved_box,
)
from verireason.data.benchmarks import LOADERS
from verireason.errors import UserError
from verireason.evals.presets import presets_table

if TYPE_CHECKING:
    from sim.farm import Farm
    from verireason.data.calibrate import Calibration
    from verireason.evals.task import Task


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = presets_table()
    parser.add_argument("recipe", nargs="?", type=Path, metavar="RECIPE.toml", help="evaluate on its held-out problems")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of the recipe"
    )
    parser.add_argument("--label", metavar="NAME", help='with a recipe: folder below RUN/eval, such as "before"')
    parser.add_argument("--benchmark", metavar="NAME", help=f"instead of a recipe: {', '.join(sorted(LOADERS))}")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the benchmark's directory, or hub to fetch it")
    parser.add_argument("--problems", type=Path, metavar="FILE", help="instead of a benchmark: problems as JSON lines")
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N problems of a benchmark")
    parser.add_argument("--out", type=Path, metavar="DIR", help="without a recipe: where completions and records go")
    parser.add_argument("--resume", action="store_true", help="go on where a run of the same settings was ended")
    parser.add_argument(
        "--repair",
        type=positive,
        default=0,
        metavar="N",
        help="show what failed back to the model with the diagnosis, up to N times",
    )
    add_engine_arguments(parser)
    add_sampling_arguments(parser)
    add_farm_arguments(parser)
    add_check_arguments(parser)
    add_official_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when every completion was judged, 1 when some were not."""
    check_source(args)
    engine = chosen_engine(args)
    task = _recipe_task(args) if args.recipe else _benchmark_task(args)
    from verireason.evals.summary import summary_lines
    from verireason.evals.task import carry_out

    box = resolved_box(args)
    summary = carry_out(task, engine, box=box.name, num_boxes=box.jobs, resume=args.resume)
    print(*summary_lines(summary, task.out), sep="\n")
    if summary.num_unjudged:
        print(
            f"verireason: {summary.num_unjudged} completions were not judged; see their diagnostics, and try again "
            "with --resume",
            file=sys.stderr,
        )
        return 1
    return 0


def _recipe_task(args: argparse.Namespace) -> Task:
    from sim.verdict import Checks
    from verireason.config import load_config
    from verireason.data.calibrate import Calibration
    from verireason.data.loaded import Loaded
    from verireason.evals.evaluate import Plan
    from verireason.evals.task import Task
    from verireason.training.prompts import heldout_family_problems, heldout_problems

    config = load_config(args.recipe, args.set)
    if chosen_checks(args) != Checks():
        raise UserError("options of the farm's checks go with --benchmark; a recipe has [farm] and its rubric")
    settings = config.eval
    problems = heldout_problems(config, num=settings.num) + heldout_family_problems(config, num=settings.num)
    drawn = chosen_sampling(
        args,
        num_samples=settings.samples,
        temperature=settings.temperature,
        max_tokens=settings.max_completion_length or (config.grpo and config.grpo.max_completion_length) or 1024,
    )
    args.box = args.box or config.farm.box
    args.jobs = args.jobs or config.farm.jobs
    return Task(
        benchmark="generated",
        loaded=Loaded(problems=problems),
        calibrated=lambda farm: Calibration(problems={problem.id: problem for problem in problems}, defects={}),
        checks=config.checks,
        plan=Plan(
            num_samples=drawn.num_samples,
            sampling=drawn.sampling,
            seed=config.run.seed if args.seed is None else args.seed,
            template=config.template.name,
            system_prompt=config.template.system_prompt,
            num_repairs=args.repair,
        ),
        out=Path(config.run.out) / "eval" / args.label,
        phase=args.label if args.label in ("before", "after") else None,
        threads=config.run.threads,
        config=config.digest,
    )


def _benchmark_task(args: argparse.Namespace) -> Task:
    from verireason.commands.verify import load_problems
    from verireason.data.calibrate import calibrate
    from verireason.data.loaded import Loaded
    from verireason.data.official import with_official_defects
    from verireason.data.verilog_eval_prompts import SYSTEM_MESSAGES, with_examples
    from verireason.evals.evaluate import Plan
    from verireason.evals.task import Task

    checks = chosen_checks(args)
    drawn = chosen_sampling(args, num_samples=1, temperature=0.0, max_tokens=1024)
    loaded = load_problems(args, checks)
    problems = list({problem.id: problem for problem in loaded.problems}.values())[: args.limit]
    template = args.template or (PUBLISHED if args.examples or args.rules else "verireason")
    system_prompt = SYSTEM_MESSAGES.get(args.benchmark) if template == PUBLISHED else None
    if system_prompt or args.examples or args.rules:
        problems = with_examples(problems, args.root, num_examples=args.examples, rules=args.rules)

    def calibrated(farm: Farm) -> Calibration:
        found = calibrate(farm, problems)
        return with_official_defects(farm, found) if args.official else found

    return Task(
        benchmark=args.benchmark or str(args.problems),
        loaded=Loaded(problems=problems, left_out=loaded.left_out),
        calibrated=calibrated,
        checks=checks,
        plan=Plan(
            num_samples=drawn.num_samples,
            sampling=drawn.sampling,
            seed=args.seed or 0,
            template=template,
            system_prompt=system_prompt,
            num_repairs=args.repair,
        ),
        out=args.out,
        examples=args.examples,
        rules=args.rules,
    )
