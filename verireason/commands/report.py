"""`verireason report`: a page, Markdown and tables from the records of a run or an evaluation and nothing else."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="what `train`, `eval` or `verify` wrote")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go; DIR when left out")
    parser.add_argument("--wide", action="store_true", help="summary.txt of VerilogEval with two problems a line")


def run(args: argparse.Namespace) -> int:
    """Write all files, print what they say and where they are."""
    from verireason.reports.write import write_report

    written = write_report(args.directory, args.out, wide=args.wide)
    for warning in written.warnings:
        print(f"verireason: {warning}", file=sys.stderr)
    for sentence in written.conclusions:
        print(sentence)
    print(written.html)
    print(written.markdown)
    for path in written.tables:
        print(path)
    return 0
