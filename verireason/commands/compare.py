"""`verireason compare A B`: whether two evaluations differ beyond chance, and on which problems."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

MAX_CHANGES = 20
"""Problems that are named on the terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    what = "evaluations, or runs with an evaluation after training; B is measured against A"
    parser.add_argument("directories", nargs=2, type=Path, metavar=("A", "B"), help=what)
    parser.add_argument("--out", type=Path, metavar="DIR", help="write a page, Markdown, LaTeX and CSV there")


def run(args: argparse.Namespace) -> int:
    """Print what differs and what it rests on."""
    from verireason.reports.comparison import compare
    from verireason.reports.comparison_sides import labels_of, load_side
    from verireason.reports.comparison_tables import changed_table, comparison_files, rates_table
    from verireason.reports.comparison_words import changes, conclusions, warnings
    from verireason.reports.tables import plain
    from verireason.reports.write import write_files

    sides = [
        load_side(directory, label)
        for directory, label in zip(args.directories, labels_of(args.directories), strict=True)
    ]
    comparison = compare(*sides)
    for warning in warnings(comparison):
        print(f"verireason: {warning}", file=sys.stderr)
    for sentence in conclusions(comparison):
        print(sentence)
    changed = changed_table(comparison)
    print(f"\n{plain(rates_table(comparison))}\n\n{changes(comparison)}")
    if changed.rows:
        print(f"\n{plain(changed, max_rows=MAX_CHANGES)}")
    if args.out:
        files = comparison_files(comparison)
        write_files(args.out, files)
        print("", *(args.out / name for name in files), sep="\n")
    return 0
