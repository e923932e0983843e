"""A box over servers that stay: whoever can start a server by name gets the rest from here.

Servers are started when a job needs one, serve one job at a time, are kept for the next, and are replaced when they
broke, were late, or have served long enough. Nothing of a job outlives it inside (sim/inbox/runner.c).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from sim.boxes.line import Line, LineBroken
from sim.boxes.wire import decode_result, encode_job
from sim.job import Job, JobResult, Status, StepResult

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}
GRACE_S = 20.0
"""On top of the steps' own wall limits before a box that says nothing is given up."""
MAX_SERVED = 5000
"""Jobs after which a server is replaced, so that nothing can add up in it."""


class Starter(Protocol):
    """Builds boxes."""

    def start(self, server: str) -> Line:
        """A new server, ready. Raises OSError or LineBroken when the host refuses."""

    def close(self) -> None:
        """Release what is held for all boxes together."""


@dataclass(slots=True)
class _Kept:
    line: Line
    num_served: int = 0


class WarmBox:
    """Runs each job in a room of its own on a server that is there already. Safe to call from many threads."""

    def __init__(self, starter: Starter, *, image: str, environment: Mapping[str, str] | None = None) -> None:
        self.image = image
        self._starter = starter
        self._environment = dict(environment or ENVIRONMENT)
        self._lock = threading.Lock()
        self._idle: defaultdict[str, list[_Kept]] = defaultdict(list)
        self._closed = False

    def run(self, job: Job) -> JobResult:
        """Run the job; what goes wrong with the box itself is in `JobResult.failure`."""
        message = encode_job(job, {**self._environment, **job.env})
        try:
            kept = self._acquire(job.server)
        except (OSError, LineBroken) as err:
            return JobResult(failure=f"the box could not start: {err}")
        try:
            result = _ask(kept.line, job, message)
        except (OSError, LineBroken) as err:
            oom_killed = kept.line.oom_killed()
            kept.line.close()
            # Memory that belongs to no process, such as a memfd's, costs the server its life instead of the job's.
            return out_of_memory(job) if oom_killed else JobResult(failure=str(err))
        except BaseException:  # an interrupt in mid-answer: the line cannot be used again
            kept.line.close()
            raise
        self._release(job.server, kept)
        return result

    def close(self) -> None:
        """End all servers that are idle; those at work end when their job does."""
        with self._lock:
            self._closed = True
            idle = [kept for rest in self._idle.values() for kept in rest]
            self._idle.clear()
        for kept in idle:
            kept.line.close()
        self._starter.close()

    def _acquire(self, server: str) -> _Kept:
        while True:
            with self._lock:
                kept = self._idle[server].pop() if self._idle[server] else None
            if kept is None:
                return _Kept(self._starter.start(server))
            if kept.line.is_open():
                return kept
            kept.line.close()  # it was ended from outside while nothing ran in it

    def _release(self, server: str, kept: _Kept) -> None:
        kept.num_served += 1
        with self._lock:
            if not self._closed and kept.num_served < MAX_SERVED:
                self._idle[server].append(kept)
                return
        kept.line.close()


def _ask(line: Line, job: Job, message: bytes) -> JobResult:
    limits = [step.limits for step in job.steps]
    line.limit(mem_mb=max(limit.mem_mb for limit in limits), num_procs=max(limit.num_procs for limit in limits))
    answer = line.ask(message, timeout_s=sum(limit.wall_s for limit in limits) + GRACE_S)
    result = decode_result(answer, num_steps=len(job.steps))
    oom_killed = line.oom_killed()
    if result.failure is not None and oom_killed:
        return out_of_memory(job)  # the kernel chose the job's first process
    return JobResult(
        failure=result.failure, steps=tuple(memory_step(step, oom_killed=oom_killed) for step in result.steps)
    )


def out_of_memory(job: Job) -> JobResult:
    """The job used up its memory; in which step, nobody knows."""
    lost = [StepResult(status=Status.SKIPPED, code=None)] * (len(job.steps) - 1)
    return JobResult(steps=(StepResult(status=Status.MEMORY_LIMIT, code=None), *lost))


def memory_step(step: StepResult, *, oom_killed: bool) -> StepResult:
    """The step with status MEMORY_LIMIT if memory is what ended it.

    "bad_alloc" is the candidate's own word, but the only gain in forging it is another failing outcome.
    """
    killed = step.status is Status.SIGNALLED and step.code == 9 and oom_killed
    refused = step.status is Status.SIGNALLED and step.code in (6, 11) and b"bad_alloc" in step.stderr
    if not (killed or refused):
        return step
    return replace(step, status=Status.MEMORY_LIMIT, code=None)
