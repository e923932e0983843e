"""Many jobs, few boxes: order, equal jobs once, the longest first, retries, a bounded queue.

The pool knows nothing of what the jobs mean. It decides one thing only: whether a result is to be believed or tried
again. A box that failed is tried again; a step that ran into its wall limit with CPU time to spare is tried again with
nothing else running and at ordinary priority, since a loaded host looks the same. What is left after that is the
answer.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from sim.job import Box, Job, JobResult, Status

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")

NUM_REMEMBERED = 4096
"""Results of finished jobs that are kept, so that an equal job later is not run again."""
NUM_AHEAD = 32
"""Jobs per box that are queued before the oldest result is asked for: enough for the longest to start first."""
MAX_REMEMBERED_BYTES = 16 << 10
"""Output of a result that is kept; a design that floods its output would fill the host's memory through us."""


@dataclass(slots=True, kw_only=True)
class PoolCounts:
    """What the pool did so far."""

    num_jobs: int = 0
    num_runs: int = 0
    """Boxes started: less than the jobs when some were equal, more when some were tried again."""
    num_reused: int = 0
    num_retries: int = 0
    num_failures: int = 0
    """Jobs without an answer after all retries."""
    busy_s: float = 0.0
    """Wall seconds that boxes were at work, added up."""


class Pool:
    """Runs jobs on `num_boxes` boxes at the same time.

    Raises ValueError for a pool without boxes.
    """

    def __init__(self, box: Box, *, num_boxes: int, num_retries: int = 3, remember: bool = True) -> None:
        if num_boxes < 1:
            raise ValueError(f"num_boxes is {num_boxes}; give at least 1")
        self.counts = PoolCounts()
        self.num_boxes = num_boxes
        self._box = box
        self._num_retries = num_retries
        self._num_remembered = NUM_REMEMBERED if remember else 0
        self._executor = ThreadPoolExecutor(num_boxes, thread_name_prefix="box")
        self._queue: list[tuple[float, int, Job, Future[JobResult]]] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Future[JobResult]] = OrderedDict()
        self._alone = _Alone()

    @property
    def image(self) -> str:
        """Digest of the root file system that the boxes run."""
        return self._box.image

    def submit(self, job: Job, *, expected_s: float = 0.0) -> Future[JobResult]:
        """Queue one job. An equal job that is queued, running or lately done shares its result.

        expected_s: what it may take. Of those in the queue the longest starts first, so that no batch ends waiting for
        one that started last.
        """
        with self._lock:
            self.counts.num_jobs += 1
            known = self._known.get(job.key)
            if known is not None:
                self.counts.num_reused += 1
                self._known.move_to_end(job.key)
                return known
            future: Future[JobResult] = Future()
            heapq.heappush(self._queue, (-expected_s, next(self._numbers), job, future))
            if self._num_remembered:
                self._known[job.key] = future
                self._forget_oldest()
        future.add_done_callback(lambda done: self._forget_unfit(job.key, done))
        self._executor.submit(self._run_next)
        return future

    def map(self, jobs: Iterable[Job]) -> Iterator[JobResult]:
        """Results in the order of the jobs; takes jobs only a few ahead of the boxes."""
        return in_order(map(self.submit, jobs), num_boxes=self.num_boxes)

    def close(self) -> None:
        """Wait for running jobs, drop queued ones, release the boxes."""
        self._executor.shutdown(cancel_futures=True)
        with self._lock:
            queue, self._queue = self._queue, []
        for *_, future in queue:
            future.cancel()
        self._box.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _run_next(self) -> None:
        with self._lock:
            *_, job, future = heapq.heappop(self._queue)
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(self._run(job))
        except BaseException as err:  # it belongs to who waits for the result
            future.set_exception(err)

    def _run(self, job: Job) -> JobResult:
        result = self._attempt(job, alone=False)
        for _ in range(self._num_retries):
            late = any(step.status is Status.WALL_LIMIT for step in result.steps)
            if result.failure is None and not late:
                break
            logger.info("job %s again: %s", job.key[:12], result.failure or "wall limit with CPU time to spare")
            with self._lock:
                self.counts.num_retries += 1
            result = self._attempt(job, alone=late)
            if late and result.failure is None:
                break  # twice late, the second time alone: the candidate's own doing
        if result.failure is not None:
            with self._lock:
                self.counts.num_failures += 1
        return result

    def _attempt(self, job: Job, *, alone: bool) -> JobResult:
        with self._lock:
            self.counts.num_runs += 1
        with self._alone.exclusive() if alone else self._alone.shared():
            started = time.monotonic()
            try:
                return self._box.run(replace(job, urgent=True) if alone else job)
            finally:
                with self._lock:
                    self.counts.busy_s += time.monotonic() - started

    def _forget_oldest(self) -> None:
        while len(self._known) > self._num_remembered and next(iter(self._known.values())).done():
            self._known.popitem(last=False)

    def _forget_unfit(self, key: str, done: Future[JobResult]) -> None:
        """A farm failure is no fact about the job: the next equal job gets a new try. Nor is a flood worth keeping."""
        if not (done.cancelled() or done.exception()) and _worth_keeping(done.result()):
            return
        with self._lock:
            if self._known.get(key) is done:
                del self._known[key]


def in_order(futures: Iterable[Future[_Result]], *, num_boxes: int) -> Iterator[_Result]:
    """Results in the order of the futures; takes futures only a few ahead of the boxes that fill them."""
    window: deque[Future[_Result]] = deque()
    for future in futures:
        window.append(future)
        while len(window) > NUM_AHEAD * num_boxes or (window and window[0].done()):
            yield window.popleft().result()
    while window:
        yield window.popleft().result()


def _worth_keeping(result: JobResult) -> bool:
    num_bytes = sum(len(step.stdout) + len(step.stderr) + len(step.evidence) for step in result.steps)
    return result.failure is None and num_bytes <= MAX_REMEMBERED_BYTES


class _Alone:
    """Many jobs side by side, or one with nothing beside it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._num_running = 0
        self._num_waiting_alone = 0

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: self._num_waiting_alone == 0 and self._num_running >= 0)
            self._num_running += 1
        try:
            yield
        finally:
            with self._condition:
                self._num_running -= 1
                self._condition.notify_all()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._condition:
            self._num_waiting_alone += 1
            self._condition.wait_for(lambda: self._num_running == 0)
            self._num_running = -1
            self._num_waiting_alone -= 1
        try:
            yield
        finally:
            with self._condition:
                self._num_running = 0
                self._condition.notify_all()
