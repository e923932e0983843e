"""The command line. Each command lives in `verireason.commands.<name>` and is imported only when it is named.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 1 done but not all was
judged or proven, 2 bad input, 3 something is missing on this host, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from verireason.errors import UserError

COMMANDS = {
    "doctor": "say what this host can run and isolate, and what is missing",
    "image": "build or show the simulation image",
    "farm": "start and end Docker workers that trainers share",
    "data": "generate problems, and prove them",
    "verify": "judge completions that exist",
    "agree": "compare our verdicts with those of a benchmark's own harness",
    "eval": "generate completions with a model, and judge them",
    "sft": "supervised fine-tuning",
    "train": "GRPO with simulation as the reward",
    "watch": "show training as it goes on",
    "report": "write a page, Markdown and tables from the records of a run",
    "compare": "say whether two evaluations differ beyond chance, and on which problems",
    "leaderboard": "put many evaluations in one order, as far as they can be compared",
}
"""Command name to its one-line help; the module `verireason.commands.<name>` has `add_arguments` and `run`."""


class _Version(argparse.Action):
    """Reads the installed version only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *unused: object) -> None:
        from importlib.metadata import version

        print(f"verireason {version('verireason')}")
        parser.exit()


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The parser, with the arguments of `command` filled in and those of the others left out."""
    parser = argparse.ArgumentParser(prog="verireason", description="Train models to write RTL, judged by simulation.")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name == command:
            module = importlib.import_module(f"verireason.commands.{name}")
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in words if word in COMMANDS), None)
    try:
        args = build_parser(command).parse_args(words)
        code = int(args.run(args))
        sys.stdout.flush()
        return code
    except UserError as err:
        print(f"verireason: {err}", file=sys.stderr)
        return err.exit_code
    except KeyboardInterrupt:
        print("verireason: interrupted; lines written so far are whole", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
