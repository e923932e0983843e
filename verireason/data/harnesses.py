"""Published cocotb harnesses made ready: each is recorded on our own farm before any candidate is there."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from sim.farm import Farm
from sim.hdl import cocotb_harness
from sim.hdl.harness import read_harness
from sim.hdl.harness_recording import plan_recording, read_recording
from sim.job import JobResult
from verireason.errors import MissingError
from verireason.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One problem after its harness was recorded."""

    problem: Problem
    why_not: str | None = None
    """Why its harness cannot be run here; None when it can."""


def is_open(problem: Problem) -> bool:
    """Whether the problem has a harness that was not recorded yet."""
    return problem.spec.verifier == cocotb_harness.NAME and read_harness(problem.spec.testbench).runs is None


def record(farm: Farm, problems: Iterable[Problem]) -> list[Recorded]:
    """Record the open harnesses; the other problems are as they were. MissingError when the farm fails on one."""
    listed = list(problems)
    jobs = [_submit(farm, problem) if is_open(problem) else None for problem in listed]
    found = []
    for problem, job in zip(listed, jobs, strict=True):
        if job is None:
            found.append(Recorded(problem=problem))
            continue
        result = job.result()
        if result.failure is not None:
            raise MissingError(f"{problem.id}: the farm could not record the harness: {result.failure}")
        spec = problem.spec
        read = read_recording(read_harness(spec.testbench), spec.files, result)
        if isinstance(read, str):
            found.append(Recorded(problem=problem, why_not=read))
        else:
            found.append(Recorded(problem=replace(problem, spec=replace(spec, testbench=read.to_text()))))
    return found


def _submit(farm: Farm, problem: Problem) -> Future[JobResult]:
    spec = problem.spec
    job = plan_recording(read_harness(spec.testbench), spec.files, problem.golden, image=farm.image)
    return farm.pool.submit(job)
