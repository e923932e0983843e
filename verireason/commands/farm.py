"""`verireason farm`: Docker workers that stay, for all trainers of this host that run with `--box docker`."""

from __future__ import annotations

import argparse
import os
import sys

from sim.boxes.docker import EngineUnavailable, FarmWorker, farm_down, farm_up, farm_workers, open_engine
from sim.image import ImageError, installed_image
from verireason.commands.verify import positive
from verireason.errors import MissingError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("action", choices=("up", "status", "down"), help="start workers, show them, or end all of them")
    parser.add_argument("--workers", type=positive, metavar="N", help="how many after `up`; all cores by default")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when it is done, 3 when there is no engine or no image."""
    try:
        match args.action:
            case "up":
                _show(_up(args.workers or os.cpu_count() or 1))
            case "status":
                _show(list(farm_workers(open_engine())))
            case "down":
                print(f"workers ended: {farm_down()}")
    except (EngineUnavailable, ImageError) as err:
        raise MissingError(str(err)) from err
    return 0


def _up(num_workers: int) -> list[FarmWorker]:
    image = installed_image()
    if image is None:
        raise MissingError("the simulation image is not built; run `verireason image build`")
    return farm_up(image, num_workers=num_workers, say=lambda line: print(line, file=sys.stderr, flush=True))


def _show(workers: list[FarmWorker]) -> None:
    print(f"workers: {len(workers)}, held by trainers: {sum(worker.is_leased for worker in workers)}")
    for worker in workers:
        print(f"  {worker.container}  image {worker.image}  jobs apart by {worker.isolation}")
