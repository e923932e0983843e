"""`verireason watch`: a run of training as it goes on, on a terminal; elsewhere a line a step."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from verireason.reports.follow import Follower, View

EVERY_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("directory", type=Path, metavar="RUN", help="directory of a run of `train` or `sft`")
    parser.add_argument("--once", action="store_true", help="print how it stands now, and end")


def run(args: argparse.Namespace) -> int:
    """Show the run until it is finished or the user has seen enough, which is no failure."""
    from rich.console import Console

    from verireason.reports.follow import Follower

    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal without Unicode
    follower, console = Follower(args.directory), Console(highlight=False)
    try:
        if args.once:
            _once(follower, console)
        elif console.is_terminal:
            _live(follower, console)
        else:
            _lines(follower)
    except KeyboardInterrupt:
        pass
    return 0


def _once(follower: Follower, console: Console) -> None:
    from verireason.reports.live import TALL, picture

    view = follower.view()
    if view.metrics:
        height = console.height if console.is_terminal else TALL
        console.print(picture(view, width=console.width, height=height))
    else:
        print(follower.waiting)


def _live(follower: Follower, console: Console) -> None:
    from rich.live import Live
    from rich.text import Text

    from verireason.reports.live import picture

    shown = None
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            for view in _views(follower):
                shown = picture(view, width=console.width, height=console.height) if view.metrics else None
                live.update(shown or Text(follower.waiting), refresh=True)
    finally:
        if shown is not None:
            console.print(shown)  # the screen that was shown goes with the end of the block


def _lines(follower: Follower) -> None:
    from verireason.reports.live_rows import one_line

    last = None
    for view in _views(follower):
        now = view.metrics[-1]["step"] if view.metrics else None
        if now is None and last is None:
            print(follower.waiting, file=sys.stderr)
            last = 0.0
        elif now is not None and now != last:
            print(one_line(view), flush=True)
            last = now


def _views(follower: Follower) -> Iterator[View]:
    """One now and then, the last when the run is finished."""
    while True:
        view = follower.view()
        yield view
        if view.is_finished and view.metrics:
            return
        time.sleep(EVERY_S)
