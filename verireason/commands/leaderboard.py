"""`verireason leaderboard DIR...`: many evaluations in one order, as far as they can be compared."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from verireason.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR", help="an evaluation, or a run with one")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write a page, Markdown, LaTeX and CSV there")


def run(args: argparse.Namespace) -> int:
    """Print the tables. Exit code 1 when a directory had to be left out."""
    from verireason.reports.comparison_sides import labels_of, load_side
    from verireason.reports.leaderboard import boards
    from verireason.reports.leaderboard_tables import board_table, leaderboard_files
    from verireason.reports.tables import plain
    from verireason.reports.write import write_files

    sides, left_out = [], []
    for directory, label in zip(args.directories, labels_of(args.directories), strict=True):
        try:
            sides.append(load_side(directory, label))
        except UserError as err:
            left_out.append(str(err))
    for line in [*left_out, *(warning for side in sides for warning in side.warnings)]:
        print(f"verireason: {line}", file=sys.stderr)
    if not sides:
        raise UserError("no directory holds an evaluation that can be read; give what `eval` or `verify` wrote")
    found = boards(sides)
    for board in found:
        table = board_table(board)
        print(f"{table.caption}\n\n{plain(table)}\n")
    if args.out:
        files = leaderboard_files(found, left_out)
        write_files(args.out, files)
        print(*(args.out / name for name in files), sep="\n")
    return 1 if left_out else 0
