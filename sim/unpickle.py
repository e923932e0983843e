"""Pickles of plain data, read by `sim.inbox.plain_pickle` in a box: the job, and what came of it. Pure functions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sim.job import Job, JobResult, Limits, Status, Step

FILE = "data.pickle"
MAX_KB = 4096
_LIMITS = Limits(cpu_s=10, wall_s=60, mem_mb=512, output_kb=4 * MAX_KB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpickled:
    """What a pickle held, or why it was not read."""

    value: Any
    """Made of None, bools, numbers, texts, lists and dicts with texts as keys."""
    wrong: str | None


def plan_unpickle(data: bytes, *, image: str) -> Job:
    """The job that reads one pickle, of MAX_KB at most."""
    step = Step(argv=("unpickle", FILE), limits=_LIMITS, warm=True)
    return Job(image=image, server="parser", files={FILE: data}, steps=(step,))


def judge_unpickle(result: JobResult) -> Unpickled:
    """For results without a failure of the farm. Whatever the pickle did to its box, what comes back is JSON or not."""
    (step,) = result.steps
    text = step.stdout.decode(errors="replace").strip()
    if step.status is not Status.EXITED or step.code not in (0, 1):
        return Unpickled(value=None, wrong=f"its reader ended with {step.status}")
    if step.code == 1:
        return Unpickled(value=None, wrong=text[:200] or "its reader gave no reason")
    try:
        return Unpickled(value=json.loads(text), wrong=None)
    except (ValueError, RecursionError):
        return Unpickled(value=None, wrong="its reader wrote no JSON")
