"""`verireason data get`: fetch a published benchmark or data set, and say what to type next."""

from __future__ import annotations

import argparse
from pathlib import Path

from verireason.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action's arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="what to fetch; --list shows the names")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where it goes; default data/NAME")
    parser.add_argument("--list", action="store_true", help="print what there is, from where, and the licence")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when it is there."""
    from verireason.data.fetch import fetch
    from verireason.data.sources import PUBLISHED

    if args.list:
        _print_table()
        return 0
    if args.name not in PUBLISHED:
        found = "no name" if args.name is None else f"unknown name {args.name!r}"
        raise UserError(f"{found}; give one of {', '.join(PUBLISHED)}, or --list")
    published = PUBLISHED[args.name]
    directory = args.out or Path("data") / published.name
    commit = fetch(published, directory)
    print(f"{published.what}\nlicence: {published.licence}\ncommit: {commit}\n{directory}")
    print(f"next: {published.next_command(str(directory))}")
    return 0


def _print_table() -> None:
    from verireason.data.sources import PUBLISHED

    for row in PUBLISHED.values():
        names = "" if row.benchmarks == (row.name,) else f"; --benchmark {' or '.join(row.benchmarks)}"
        print(f"{row.name:20} {row.what}{names}")
        print(f"{'':20} {row.source.place}; licence: {row.licence}")
