"""Run one job by hand, to see what a box does with it.

Example:
    python -m sim design.sv tb.sv -- iverilog -g2012 -o a.out design.sv tb.sv -- vvp -n a.out
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sim.farm import BOXES, FarmUnavailable, open_farm
from sim.image import ImageError
from sim.job import Job, JobResult, Limits, Status, Step


def _split(words: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Options and files before the first `--`; then one command after each."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts[0], [part for part in parts[1:] if part]


def main(words: Sequence[str]) -> int:
    """Exit code 0 when every step ran and ended with 0, 1 when not, 2 for bad usage, 3 when the farm is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m sim", usage="%(prog)s [options] FILE ... -- COMMAND ... [-- COMMAND ...]"
    )
    parser.add_argument("files", nargs="*", type=Path, help="copied into the box")
    parser.add_argument("--box", choices=BOXES, default=BOXES[0])
    parser.add_argument("--cpu-s", type=float, default=10.0, help="CPU seconds of each step")
    parser.add_argument("--wall-s", type=float, default=60.0, help="wall seconds of each step")
    parser.add_argument("--mem-mb", type=int, default=1024)
    options, commands = _split(words)
    args = parser.parse_args(options)
    if not commands:
        parser.error("no command; put it after --")
    try:
        limits = Limits(cpu_s=args.cpu_s, wall_s=args.wall_s, mem_mb=args.mem_mb)
        steps = tuple(Step(argv=tuple(command), limits=limits) for command in commands)
        with open_farm(box=args.box, num_boxes=1) as farm:
            job = Job(image=farm.image, files={path.name: path.read_bytes() for path in args.files}, steps=steps)
            return _show(job, next(farm.pool.map([job])))
    except KeyboardInterrupt:
        return 130
    except (FarmUnavailable, ImageError, OSError, ValueError) as err:
        print(f"sim: {err}", file=sys.stderr)
        return 3 if isinstance(err, (FarmUnavailable, ImageError)) else 2


def _show(job: Job, result: JobResult) -> int:
    if result.failure is not None:
        print(f"the box failed: {result.failure}", file=sys.stderr)
        return 1
    for step, done in zip(job.steps, result.steps, strict=True):
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
        sys.stderr.buffer.write(done.stderr)
        code = "" if done.code is None else f" {done.code}"
        costs = f"{done.cpu_s:.3f} s CPU, {done.wall_s:.3f} s wall, {done.peak_mb:.0f} MiB"
        print(f"[{step.argv[0]}: {done.status}{code}, {costs}]", file=sys.stderr, flush=True)
    return 0 if all(done.status is Status.EXITED and done.code == 0 for done in result.steps) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
