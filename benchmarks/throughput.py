"""Verdicts a second on the references of VerilogEval v2, beside the bare tools at the same parallelism.

    python benchmarks/throughput.py --root VERILOG_EVAL_V2 [--boxes 2] [--runs 5]

Bare: `iverilog` and `vvp` of the same image on the published files, driven by `xargs -P`, in one sandbox around the whole
loop, at the same low priority as ours. Ours: the same references through the farm, each in a room of its own, with guard, search and evidence; no cache. The
two take turns, and the figures are medians.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from sim.farm import open_farm
from sim.image import Image, installed_image
from sim.verdict import Candidate
from verireason.data.calibrate import calibrate
from verireason.data.verilog_eval import load

BARE = (
    "iverilog -Wall -Winfloop -Wno-timescale -g2012 -s tb -o /tmp/{}.vvp {}_test.sv {}_dut.sv {}_ref.sv 2>/dev/null"
    " && vvp -n /tmp/{}.vvp >/tmp/{}.log"
)


def bare_seconds(image: Image, root: Path, names: list[str], *, parallel: int) -> float:
    """Wall seconds of the published flow on all problems."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for problem in names:
            for part in ("test", "ref"):
                text = (root / f"{problem}_{part}.sv").read_text()
                (work / f"{problem}_{part}.sv").write_text(text)
            (work / f"{problem}_dut.sv").write_text(text.replace("RefModule", "TopModule"))
        (work / "names").write_text("\n".join(names))
        argv = ("bwrap", "--unshare-all", "--ro-bind", str(image.root), "/", "--tmpfs", "/tmp", "--ro-bind", name, "/mnt",
                "--dev", "/dev", "--chdir", "/mnt", "--setenv", "PATH", "/usr/bin:/bin", "--",
                "nice", "-n", "19", "xargs", "-a", "names", "-P", str(parallel), "-I{}", "sh", "-c", BARE)  # fmt: skip
        start = time.perf_counter()
        subprocess.run(argv, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - start


def main() -> int:
    """Print one line per run and the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="a VerilogEval v2 checkout")
    parser.add_argument("--boxes", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    image = installed_image()
    if image is None:
        print("the simulation image is not built; run `verireason image build`", file=sys.stderr)
        return 3
    with open_farm(num_boxes=args.boxes, remember=False) as farm:
        problems = calibrate(farm, load(args.root)).problems.values()
        names = [problem.id for problem in problems]
        ratios, ours = [], []
        for _ in range(args.runs):
            bare = bare_seconds(image, args.root / "dataset_spec-to-rtl", names, parallel=args.boxes)
            start = time.perf_counter()
            pairs = ((Candidate(source=problem.golden), problem.spec) for problem in problems)
            num_passed = sum(verdict.passed for verdict in farm.judge(pairs))
            seconds = time.perf_counter() - start
            ours.append(seconds)
            ratios.append(bare / seconds)
            print(f"bare {bare:.2f} s, ours {seconds:.2f} s, {num_passed} of {len(names)} pass, ratio {ratios[-1]:.2f}")
    print(f"median: {len(names) / median(ours):.1f} verdicts/s, {median(ratios):.2f} of the bare tools' throughput")
    return 0


if __name__ == "__main__":
    sys.exit(main())
