"""`verireason image`: build the simulation image, or say which one is there."""

from __future__ import annotations

import argparse
import sys

from sim.image import ImageError, build_image, installed_image, read_recipe
from verireason.errors import MissingError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("action", choices=("build", "show"), help="build the image if it is missing, or show it")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when the image is there, 3 when it cannot be."""
    try:
        if args.action == "build":
            image = build_image(lambda line: print(line, file=sys.stderr, flush=True))
        else:
            found = installed_image()
            if found is None:
                raise MissingError(f"image {read_recipe().digest} is not built; run `verireason image build`")
            image = found
    except ImageError as err:
        raise MissingError(str(err)) from err
    print(f"{image.digest} {image.root}")
    for name, version in sorted(image.tools.items()):
        print(f"  {name} {version}")
    return 0
