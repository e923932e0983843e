"""`verireason eval`: generate completions with a model, and judge them.

With a recipe: its held-out problems, into RUN/eval/LABEL. With --benchmark: a public benchmark, into --out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from verireason.commands.verify import add_check_arguments, add_farm_arguments, chosen_checks, positive, resolved_box
from verireason.data.benchmarks import LOADERS
from verireason.errors import UserError

if TYPE_CHECKING:
    from sim.farm import Farm
    from sim.verdict import Checks
    from verireason.data.calibrate import Calibration
    from verireason.evals.evaluate import Plan

SPLITS = ("heldout", "heldout-family")
BATCH_SIZE = 128


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("recipe", nargs="?", type=Path, metavar="RECIPE.toml", help="evaluate on its held-out problems")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of the recipe"
    )
    parser.add_argument("--label", metavar="NAME", help='with a recipe: folder below RUN/eval, such as "before"')
    parser.add_argument("--benchmark", metavar="NAME", help=f"instead of a recipe: {', '.join(sorted(LOADERS))}")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the benchmark's directory")
    parser.add_argument("--out", type=Path, metavar="DIR", help="with --benchmark: where records.jsonl goes")
    parser.add_argument("--model", required=True, metavar="PATH", help="directory of a model, or its name on the hub")
    parser.add_argument("--template", metavar="NAME", help="with --benchmark: prompt and answer format; verireason")
    parser.add_argument("--samples", type=positive, metavar="N", help="completions per problem; 1, or the recipe's")
    parser.add_argument("--temperature", type=_temperature, metavar="T", help="0, which is greedy, or the recipe's")
    parser.add_argument("--top-p", type=_share, default=1.0, metavar="P")
    parser.add_argument("--max-tokens", type=positive, metavar="N", help="longest completion")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--batch-size", type=positive, default=BATCH_SIZE, metavar="N", help="completions at once")
    add_farm_arguments(parser)
    add_check_arguments(parser)


def _temperature(text: str) -> float:
    if not 0.0 <= float(text) <= 5.0:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 5")
    return float(text)


def _share(text: str) -> float:
    if not 0.0 < float(text) <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and up to 1")
    return float(text)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when every completion was judged, 1 when some were not."""
    if (args.recipe is None) == (args.benchmark is None):
        raise UserError("give a recipe or --benchmark NAME, one of the two; see `verireason eval --help`")
    return _benchmark(args) if args.benchmark else _recipe(args)


def _recipe(args: argparse.Namespace) -> int:
    from sim.verdict import Checks
    from verireason.config import load_config
    from verireason.data.calibrate import Calibration
    from verireason.evals.evaluate import Plan
    from verireason.generation.generator import Sampling
    from verireason.training.prompts import heldout_family_problems, heldout_problems

    config = load_config(args.recipe, args.set)
    if chosen_checks(args) != Checks():
        raise UserError("options of the farm's checks go with --benchmark; a recipe has [farm] and its rubric")
    if args.out or args.root or args.template:
        raise UserError("--out, --root and --template go with --benchmark; a recipe has run.out and [template]")
    if not args.label or Path(args.label).name != args.label:
        raise UserError(f'--label is {args.label!r}; give one folder name below RUN/eval, such as "before" or "after"')
    settings = config.eval
    problems = heldout_problems(config, num=settings.num) + heldout_family_problems(config, num=settings.num)
    limit = args.max_tokens or settings.max_completion_length or (config.grpo and config.grpo.max_completion_length)
    plan = Plan(
        num_samples=args.samples or settings.samples,
        sampling=Sampling(
            temperature=settings.temperature if args.temperature is None else args.temperature,
            top_p=args.top_p,
            max_new_tokens=limit or 1024,
        ),
        seed=config.run.seed if args.seed is None else args.seed,
        template=config.template.name,
        system_prompt=config.template.system_prompt,
    )
    args.box = args.box or config.farm.box
    args.jobs = args.jobs or config.farm.jobs
    return _evaluate(
        args,
        calibrated=lambda farm: Calibration(problems={problem.id: problem for problem in problems}, defects={}),
        plan=plan,
        out=Path(config.run.out) / "eval" / args.label,
        threads=config.run.threads,
        digest=config.digest,
        checks=config.checks,
    )


def _benchmark(args: argparse.Namespace) -> int:
    from verireason.data.benchmarks import load_benchmark
    from verireason.data.calibrate import calibrate
    from verireason.evals.evaluate import Plan
    from verireason.generation.generator import Sampling
    from verireason.templates import TEMPLATES

    if args.root is None or args.out is None:
        raise UserError("--benchmark needs --root DIR and --out DIR")
    if args.set or args.label:
        raise UserError("--set and --label go with a recipe; a benchmark has --out and the other options")
    template = args.template or "verireason"
    if template not in TEMPLATES:
        raise UserError(f"--template is {args.template!r}; expected one of {', '.join(TEMPLATES)}")
    problems = load_benchmark(args.benchmark, args.root)
    plan = Plan(
        num_samples=args.samples or 1,
        sampling=Sampling(
            temperature=0.0 if args.temperature is None else args.temperature,
            top_p=args.top_p,
            max_new_tokens=args.max_tokens or 1024,
        ),
        seed=args.seed or 0,
        template=template,
    )
    return _evaluate(
        args,
        calibrated=lambda farm: calibrate(farm, problems),
        plan=plan,
        out=args.out,
        checks=chosen_checks(args),
    )


def _evaluate(
    args: argparse.Namespace,
    *,
    calibrated: Callable[[Farm], Calibration],
    checks: Checks,
    plan: Plan,
    out: Path,
    threads: int | None = None,
    digest: str | None = None,
) -> int:
    from verireason.evals.evaluate import evaluate
    from verireason.evals.judging import farm_for_user, fresh_directory
    from verireason.generation.local import TransformersGenerator
    from verireason.training.models import check_model_path, is_local, set_up_libraries

    if plan.sampling.temperature == 0 and plan.num_samples > 1:
        raise UserError("at temperature 0 all samples of a problem are alike; give --temperature, or --samples 1")
    check_model_path(args.model)
    fresh_directory(out)
    box = resolved_box(args)
    with farm_for_user(box=box.name, num_boxes=box.jobs, checks=checks) as farm:
        set_up_libraries(threads=threads, needs_hub=not is_local(args.model))
        generator = TransformersGenerator.from_path(args.model, batch_size=args.batch_size)
        tally = evaluate(
            generator,
            farm,
            calibrated(farm),
            plan,
            out,
            phase=args.label if args.label in ("before", "after") else None,
            config=digest,
        )
    print(f"{out}: {tally.line()}")
    if tally.num_unjudged:
        print(f"verireason: {tally.num_unjudged} completions were not judged; see their diagnostics", file=sys.stderr)
        return 1
    return 0
