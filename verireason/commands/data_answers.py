"""`verireason data answers`: pairs for `[sft] path` from a data set that has answers with their reasoning."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action's arguments."""
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="VeriReason's data set")
    parser.add_argument("--problems", type=Path, required=True, metavar="FILE", help="what `ingest` made of it")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="pairs, as JSON lines")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when the file is there."""
    from verireason.data.answers import write_answers
    from verireason.data.jsonl import read_problems

    num = write_answers(read_problems(args.problems), args.root, args.out)
    print(f"{num} pairs in {args.out}")
    return 0
