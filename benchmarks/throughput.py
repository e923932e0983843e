"""Verdicts a second on the references of VerilogEval v2, beside the bare tools at the same parallelism.

    python benchmarks/throughput.py --root VERILOG_EVAL_V2 [--boxes 2] [--box bubblewrap] [--runs 5]

Bare: `iverilog` and `vvp` of the same image on the published files, without waves, by `xargs -P` in one sandbox around
the whole loop, at the same low priority as ours. Ours: the same references through the farm, each in a room of its own,
with guard, search and evidence; no cache. The two take turns, and the figures are medians.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sim.farm import BOXES, Farm, open_farm
from sim.image import Image, installed_image
from sim.verdict import Candidate
from verireason.data.calibrate import calibrate
from verireason.data.verilog_eval import DATASETS, NAME, load
from verireason.problem import Problem

BARE = (
    "iverilog -Wall -Winfloop -Wno-timescale -g2012 -s tb -o /tmp/{}.vvp {}_test.sv {}_dut.sv {}_ref.sv 2>/dev/null"
    " && vvp -n /tmp/{}.vvp -none >/tmp/{}.log"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Medians over runs."""

    bare_per_s: float
    ours_per_s: float
    ratio: float
    """Ours to bare, taken run by run."""


def measure(root: Path, *, box: str, num_boxes: int, num_runs: int) -> Throughput:
    """Both ways in turn. Raises RuntimeError when a reference that is sound does not pass."""
    image = installed_image()
    assert image is not None, "open_farm would have refused"
    bare, ours = [], []
    with open_farm(box=box, num_boxes=num_boxes, remember=False) as farm:
        problems = [each for each in calibrate(farm, load(root)).problems.values() if each.spec.num_checks]
        for _ in range(num_runs):
            bare.append(bare_seconds(image, root / DATASETS[NAME], [each.id for each in problems], parallel=num_boxes))
            ours.append(our_seconds(farm, problems))
            print(
                f"  bare {bare[-1]:.2f} s, {box} {ours[-1]:.2f} s, {num_boxes} at a time", file=sys.stderr, flush=True
            )
    ratios = [one / other for one, other in zip(bare, ours, strict=True)]
    return Throughput(
        bare_per_s=len(problems) / median(bare), ours_per_s=len(problems) / median(ours), ratio=median(ratios)
    )


def our_seconds(farm: Farm, problems: Sequence[Problem]) -> float:
    """Wall seconds of verdicts on all goldens."""
    start = time.perf_counter()
    verdicts = list(farm.judge((Candidate(source=each.golden), each.spec) for each in problems))
    seconds = time.perf_counter() - start
    if not all(verdict.passed for verdict in verdicts):
        raise RuntimeError("a sound reference did not pass")
    return seconds


def bare_seconds(image: Image, root: Path, names: Sequence[str], *, parallel: int) -> float:
    """Wall seconds of the published flow on all problems."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for problem in names:
            reference = (root / f"{problem}_ref.sv").read_text()
            (work / f"{problem}_test.sv").write_text((root / f"{problem}_test.sv").read_text())
            (work / f"{problem}_ref.sv").write_text(reference)
            (work / f"{problem}_dut.sv").write_text(reference.replace("RefModule", "TopModule"))
        (work / "names").write_text("\n".join(names))
        sandbox = ("bwrap", "--unshare-all", "--ro-bind", str(image.root), "/", "--tmpfs", "/tmp",
                   "--ro-bind", name, "/mnt", "--dev", "/dev", "--chdir", "/mnt",
                   "--setenv", "PATH", "/usr/bin:/bin", "--", "nice", "-n", "19")  # fmt: skip
        argv = (*sandbox, "xargs", "-a", "names", "-P", str(parallel), "-I{}", "sh", "-c", BARE)
        start = time.perf_counter()
        subprocess.run(argv, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - start


def main() -> int:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="a VerilogEval v2 checkout")
    parser.add_argument("--boxes", type=int, default=2)
    parser.add_argument("--box", choices=BOXES, default=BOXES[0])
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    found = measure(args.root, box=args.box, num_boxes=args.boxes, num_runs=args.runs)
    print(
        f"{found.ours_per_s:.1f} verdicts/s, bare tools {found.bare_per_s:.1f}: {found.ratio:.2f} of their throughput"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
