"""`verireason image`: build the simulation image, or say which one is there."""

from __future__ import annotations

import argparse
import sys

from sim.boxes.docker import EngineUnavailable, open_engine
from sim.boxes.worker_image import ensure_worker_image
from sim.image import ImageError, build_image, installed_image, read_recipe
from verireason.errors import MissingError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "action",
        choices=("build", "show", "docker"),
        help="build the image if it is missing, show it, or give it to the Docker engine as the worker image",
    )


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when the image is there, 3 when it cannot be."""
    try:
        if args.action == "build":
            image = build_image(_say)
        else:
            found = installed_image()
            if found is None:
                raise MissingError(f"image {read_recipe().digest} is not built; run `verireason image build`")
            image = found
        if args.action == "docker":
            print(ensure_worker_image(open_engine(), image, _say))
            return 0
    except (EngineUnavailable, ImageError) as err:
        raise MissingError(str(err)) from err
    print(f"{image.digest} {image.root}")
    for name, version in sorted(image.tools.items()):
        print(f"  {name} {version}")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
