"""Recording of a harness: its own `pytest` runs once in a box, with nothing to simulate (`sim.inbox.cocotb_record`).

Random parameters are thereby fixed: Python's random numbers are seeded by the harness's own files, and each run gets a
seed of its own, so that a test which is repeated for other random values still is.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sim.boxes.servers import LIBRARY, PACKAGES
from sim.hdl.design import design_files
from sim.hdl.harness import HARNESS, Harness, Run
from sim.job import Job, JobResult, Limits, Status, Step
from sim.verdict import Simulator

LIMITS = Limits(cpu_s=60, wall_s=300, mem_mb=1024, output_kb=8192)
MAX_RUNS = 200
_ARGV = (
    "env", "PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", "PYTHONNOUSERSITE=1", f"PYTHONPATH={LIBRARY}:{PACKAGES}",
    "HOME=/tmp", "python3", "-s", "-m", "sim.inbox.cocotb_record",
)  # fmt: skip


def plan_recording(harness: Harness, files: Mapping[str, bytes], golden: str, *, image: str) -> Job:
    """The job that finds out what a harness runs. `files` are its own, by plain name; `golden` may be empty."""
    design = design_files(golden, wanted=harness.wanted, context=harness.context)
    tree = {f"src/{name}": data.decode(errors="replace") for name, data in files.items()}
    for path, file in design.items():
        tree[f"src/{path.removeprefix(HARNESS)}" if path.startswith(HARNESS) else f"code/{path}"] = file.text
    request = {
        "files": tree,
        "services": [
            {"program": each.program, "scripts": each.scripts, "environment": dict(each.environment)}
            for each in harness.services
        ],
        "seed": _seed(files, 0),
        "wanted": harness.wanted,
        "with_golden": bool(golden),
    }
    step = Step(argv=_ARGV, limits=LIMITS, evidence=True)
    return Job(image=image, files={"harness.json": json.dumps(request).encode()}, steps=(step,))


def read_recording(harness: Harness, files: Mapping[str, bytes], result: JobResult) -> Harness | str:
    """The harness with its runs, or why it cannot be run here. `result.failure` is the caller's to look at."""
    (step,) = result.steps
    found = [json.loads(line) for line in step.evidence.split(b"\n") if line]
    if step.status is not Status.EXITED or len(found) != len(harness.services):
        said = step.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        return f"its harness ends with {step.status} before it was recorded: {said}"[:300]
    fault = next((fault for each in found for fault in each["faults"]), None)
    if fault is not None:
        return f"its harness cannot be recorded: {fault}"
    noted: list[dict[str, Any]] = [run for each in found for run in each["runs"]]
    if len(noted) > MAX_RUNS:
        return f"its harness has {len(noted)} runs; at most {MAX_RUNS} are made"
    simulators = sorted({run["simulator"] for run in noted})
    if len(simulators) > 1:
        return f"its harness uses several simulators: {', '.join(simulators)}"
    names = _names(noted)
    runs = tuple(
        _run(run, name, _seed(files, place + 1)) for place, (run, name) in enumerate(zip(noted, names, strict=True))
    )
    return replace(harness, runs=runs, simulator=Simulator(simulators[0]))


def _run(noted: Mapping[str, Any], name: str, seed: int) -> Run:
    return Run(
        name=name,
        top=noted["top"],
        sources=tuple(noted["sources"]),
        modules=tuple(noted["modules"]),
        seed=seed if noted["seed"] is None else noted["seed"],
        parameters=noted["parameters"],
        defines=noted["defines"],
        timescale=noted["timescale"],
        warnings=tuple(noted["warnings"]),
        plusargs=tuple(noted["plusargs"]),
        env=noted["env"],
        filters=tuple(noted["filters"]),
        inputs=None if noted["inputs"] is None else tuple(noted["inputs"]),
    )


def _names(noted: list[dict[str, Any]]) -> list[str]:
    """What tells the runs from each other: parameters, defines and plusargs; a number where these are equal."""
    if len(noted) == 1:
        return [""]
    names = []
    several_modules = len({tuple(run["modules"]) for run in noted}) > 1
    for run in noted:
        words = [f"{name}={value}" for name, value in {**run["defines"], **run["parameters"]}.items()]
        words += [word.removeprefix("+") for word in run["plusargs"]]
        names.append(",".join([*(run["modules"] if several_modules else ()), *words])[:80])
    counts = Counter(names)
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        if counts[name] > 1:
            seen[name] += 1
            names[place] = f"{name}#{seen[name]}"
    return names


def _seed(files: Mapping[str, bytes], place: int) -> int:
    digest = hashlib.sha256(repr(place).encode())
    for name in sorted(files):
        digest.update(files[name])
    return int(digest.hexdigest()[:7], 16)
