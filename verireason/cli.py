"""The command line. Each command lives in `verireason.commands.<name>` and is imported only when it is named.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 1 done but not all was
judged or proven, 2 bad input, 3 something is missing on this host, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from verireason.errors import UserError

COMMANDS = {
    "doctor": "say what this host can run and isolate, and what is missing",
    "image": "build or show the simulation image",
    "data": "generate problems, and prove them",
    "verify": "judge completions that exist",
    "eval": "generate completions with a model, and judge them",
    "sft": "supervised fine-tuning",
    "train": "GRPO with simulation as the reward",
    "report": "write HTML and Markdown from the records of a run",
}
"""Command name to its one-line help; the module `verireason.commands.<name>` has `add_arguments` and `run`."""


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The parser, with the arguments of `command` filled in and those of the others left out."""
    parser = argparse.ArgumentParser(prog="verireason", description="Train models to write RTL, judged by simulation.")
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
    args = build_parser(command).parse_args(words)
    try:
        return int(args.run(args))
    except UserError as err:
        print(f"verireason: {err}", file=sys.stderr)
        return err.exit_code
    except KeyboardInterrupt:
        print("verireason: interrupted; what was written so far is whole", file=sys.stderr)
        return 130
