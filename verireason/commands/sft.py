"""`verireason sft`: supervised fine-tuning from a recipe."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_recipe_arguments(parser)


def add_recipe_arguments(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """A recipe and what to change in it."""
    nargs = "?" if optional else None
    parser.add_argument("recipe", nargs=nargs, type=Path, metavar="RECIPE.toml", help="such as recipes/demo.toml")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting, such as sft.num_steps=100"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what the run would be and what it lacks, and start nothing"
    )


def run(args: argparse.Namespace) -> int:
    """Train, then print the directory of the model. An interrupted run is started over."""
    from verireason.config import load_config
    from verireason.training.models import is_local, set_up_libraries
    from verireason.training.progress import Progress
    from verireason.training.sft import run_sft

    config = load_config(args.recipe, args.set)
    if args.dry_run:
        from verireason.training.dry_run import plan_sft

        say(plan_sft(config, str(args.recipe)).lines())
        return 0
    needs_hub = config.model.path is not None and not is_local(config.model.path)
    set_up_libraries(threads=config.run.threads, needs_hub=needs_hub)
    try:
        model = run_sft(config, progress=Progress())
    except KeyboardInterrupt:
        print("verireason: interrupted; fine-tuning starts over when it is run again", file=sys.stderr)
        return 130
    say([str(model)])
    return 0


def say(lines: Iterable[str]) -> None:
    """Print, if this is the first process of the run."""
    if os.environ.get("RANK", "0") == "0":
        print(*lines, sep="\n")
