"""`verireason train`: GRPO from a recipe, with simulation as the reward."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from verireason.commands.sft import add_recipe_arguments, say
from verireason.errors import UserError

if TYPE_CHECKING:
    from verireason.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_recipe_arguments(parser, optional=True)
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="DIR",
        help="go on with the run in DIR, where the recipe may be left out; without DIR, with that of the recipe",
    )


def run(args: argparse.Namespace) -> int:
    """Train, then print the directory of the model. Interrupted, say how to go on."""
    from verireason.config import load_config, read_config

    asked = load_config(args.recipe, args.set) if args.recipe else None
    if asked is None and not args.resume:
        raise UserError("give a recipe, such as recipes/demo.toml, or --resume DIR")
    if asked is None and args.set:
        raise UserError("--set changes a recipe; give the recipe too")
    if args.dry_run:
        if asked is None or args.resume is not None:
            raise UserError("--dry-run looks at a recipe before it is started; give the recipe, without --resume")
        from verireason.training.dry_run import plan_grpo

        say(plan_grpo(asked, str(args.recipe)).lines())
        return 0
    config = asked or read_config(Path(args.resume) / "config.json")
    out = Path(args.resume or config.run.out)
    try:
        model = _train(out, asked, config, resume=args.resume is not None)
    except KeyboardInterrupt:
        hint = f"go on with verireason train --resume {out}" if (out / "config.json").exists() else "nothing was begun"
        print(f"verireason: interrupted; what was written so far is whole; {hint}", file=sys.stderr)
        return 130
    say([str(model)])
    return 0


def _train(out: Path, asked: Config | None, config: Config, *, resume: bool) -> Path:
    from verireason.training.grpo import check_start, resume_grpo, start_grpo
    from verireason.training.models import is_local, set_up_libraries
    from verireason.training.progress import Progress

    check_start(config, out)  # before torch, which takes seconds to load
    needs_hub = config.sft is None and config.model.path is not None and not is_local(config.model.path)
    set_up_libraries(threads=config.run.threads, needs_hub=needs_hub)
    if resume:
        return resume_grpo(out, asked, progress=Progress())
    return start_grpo(config, progress=Progress())
