"""One cocotb verdict: ours, beside cocotb's own runner on the same design and test.

    python benchmarks/cocotb_verdict.py [--runs 20]

Ours: through the farm, with guard, search and evidence, each in a room of its own, each candidate new. Theirs:
`get_runner("icarus")`, `build` and `test`, in the same image in a sandbox without network, each in a fresh Python as
harnesses run it; timed inside, so that neither the sandbox nor the start of that Python counts, and outside. The two
take turns, and the figures are medians.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from sim.farm import Farm, open_farm
from sim.image import Image, installed_image
from sim.job import Limits
from sim.verdict import Candidate, Spec

DESIGN = """module counter(input clk, input rst, input en, output reg [7:0] q);
  always @(posedge clk) if (rst) q <= 0; else if (en) q <= q + 1;
endmodule
"""
TESTS = """
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge


async def reset(dut):
    cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
    dut.rst.value, dut.en.value = 1, 0
    await FallingEdge(dut.clk)
    await FallingEdge(dut.clk)
    dut.rst.value = 0


@cocotb.test()
async def resets(dut):
    await reset(dut)
    assert dut.q.value == 0


@cocotb.test()
async def counts(dut):
    await reset(dut)
    want = 0
    for _ in range(100):
        dut.en.value = random.randrange(2)
        await FallingEdge(dut.clk)
        want = (want + int(dut.en.value)) % 256
        assert dut.q.value == want
"""
RUNNER = """
import os, sys, time
started = time.perf_counter()
from cocotb_tools.runner import get_runner
out = os.dup(1)
os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
runner = get_runner("icarus")
runner.build(sources=["counter.v"], hdl_toplevel="counter", timescale=("1ns", "1ps"), always=True)
results = runner.test(hdl_toplevel="counter", test_module="test_counter")
assert open(results).read().count("<testcase ") == 2 and "<failure" not in open(results).read()
os.write(out, str(time.perf_counter() - started).encode())
"""


def runner_seconds(image: Image, *, turn: int) -> tuple[float, float]:
    """Wall seconds of cocotb's runner, inside its Python and with everything around it."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "counter.v").write_text(DESIGN + "\n" * turn)
        (work / "test_counter.py").write_text(TESTS)
        (work / "run.py").write_text(RUNNER)
        argv = ("bwrap", "--unshare-all", "--ro-bind", str(image.root), "/", "--tmpfs", "/tmp", "--bind", name, "/mnt",
                "--dev", "/dev", "--chdir", "/mnt", "--setenv", "PATH", "/usr/bin:/bin", "--",
                "python3", "run.py")  # fmt: skip
        start = time.perf_counter()
        done = subprocess.run(argv, check=True, capture_output=True, text=True)
        return float(done.stdout), time.perf_counter() - start


def our_seconds(farm: Farm, *, turn: int) -> float:
    """Wall seconds of one verdict of ours."""
    spec = Spec(verifier="cocotb", top="counter", testbench=TESTS, limits=Limits(cpu_s=10, wall_s=60))
    start = time.perf_counter()
    (verdict,) = farm.judge([(Candidate(source=DESIGN + "\n" * turn), spec)])
    seconds = time.perf_counter() - start
    if not verdict.passed or verdict.num_tests != 2:
        raise RuntimeError(f"the design must pass both tests, and its verdict is {verdict}")
    return seconds


def main() -> int:
    """Print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    args = parser.parse_args()
    image = installed_image()
    if image is None:
        print("the simulation image is not built; run `verireason image build`", file=sys.stderr)
        return 3
    ours: list[float] = []
    inside: list[float] = []
    outside: list[float] = []
    with open_farm(num_boxes=1, remember=False) as farm:
        our_seconds(farm, turn=0)  # starts the server
        for turn in range(1, args.runs + 1):
            ours.append(our_seconds(farm, turn=turn))
            for figures, seconds in zip((inside, outside), runner_seconds(image, turn=turn), strict=True):
                figures.append(seconds)
    mine, theirs, whole = (1000 * median(figures) for figures in (ours, inside, outside))
    print(
        f"n={args.runs}: ours {mine:.0f} ms, cocotb's runner {theirs:.0f} ms ({theirs / mine:.1f} times), "
        f"with its Python's start and sandbox {whole:.0f} ms ({whole / mine:.1f} times); medians"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
