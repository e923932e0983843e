"""How much faster our Verilator verdict is than plain `verilator --binary` and a run, in the same boxes and image.

    python benchmarks/verilator_verdict.py [NUMBER OF PROBLEMS]

Both get one box and the golden of generated problems; medians. CPU seconds are what to compare on a busy host.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence

from sim.farm import open_farm
from sim.hdl import verilator_testbench
from sim.hdl.testbench import TESTBENCH_TOP
from sim.hdl.verilog_testbench import Names
from sim.job import Job, Limits, Step
from sim.pool import Pool
from sim.verdict import Candidate
from verireason.data.generator import generate
from verireason.problem import Problem

SECRET = b"benchmark"
PLAIN_LIMITS = Limits(cpu_s=120, wall_s=600, mem_mb=2048, scratch_mb=128)
NAMES = Names(prefix="vr_", evidence="@EVIDENCE@")


def our_job(problem: Problem, *, image: str) -> Job:
    """The verdict's job."""
    candidate = Candidate(source=problem.golden)
    planned = verilator_testbench.plan(candidate, problem.spec, image=image, secret=SECRET)
    assert isinstance(planned, Job)
    return planned


def plain_job(problem: Problem, *, image: str) -> Job:
    """What the manual says: `verilator --binary`, then the program."""
    files = {
        "tb.sv": NAMES.fill(problem.spec.testbench),
        "ref.sv": NAMES.fill(problem.spec.reference),
        "candidate.sv": problem.golden.encode() + b"\n",
    }
    top = NAMES.fill(TESTBENCH_TOP).decode()
    argv = ("verilator", "--binary", "--timing", "-Wno-fatal", "-j", "1", "--top-module", top, "-o", "sim", *files)
    return Job(
        image=image,
        files=files,
        steps=(Step(argv=argv, limits=PLAIN_LIMITS), Step(argv=("obj_dir/sim",), limits=PLAIN_LIMITS)),
    )


def measure(pool: Pool, jobs: Sequence[Job]) -> tuple[float, float]:
    """Median wall and CPU seconds of a job."""
    walls, cpus = [], []
    for job in jobs:
        start = time.perf_counter()
        result = next(iter(pool.map([job])))
        walls.append(time.perf_counter() - start)
        cpus.append(result.cpu_s)
        if result.failure or result.steps[-1].code != 0:
            raise SystemExit(f"a golden did not run: {result.failure or result.steps}")
    return statistics.median(walls), statistics.median(cpus)


def main() -> None:
    """Print both medians and their ratio."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    problems = list(generate(seed=11, split="train", num=number))
    with open_farm(num_boxes=1, remember=False) as farm:
        measure(farm.pool, [our_job(problems[0], image=farm.image)])  # starts the box
        ours = measure(farm.pool, [our_job(problem, image=farm.image) for problem in problems])
        plain = measure(farm.pool, [plain_job(problem, image=farm.image) for problem in problems])
    for name, (wall_s, cpu_s) in (("verdict", ours), ("verilator --binary and run", plain)):
        print(f"{name}: {wall_s:.2f} s wall, {cpu_s:.2f} s CPU (median of {number})")
    print(f"ratio: {plain[0] / ours[0]:.1f} wall, {plain[1] / ours[1]:.1f} CPU")


if __name__ == "__main__":
    main()
