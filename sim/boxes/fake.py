"""A box that answers from a function: for tests of everything above the boxes."""

from __future__ import annotations

from collections.abc import Callable

from sim.job import Job, JobResult


class FakeBox:
    """Calls `answer` for each job.

    Example:
        FakeBox(lambda job: JobResult(failure="no such host"))
    """

    def __init__(self, answer: Callable[[Job], JobResult], *, image: str = "fake") -> None:
        self.image = image
        self._answer = answer

    def run(self, job: Job) -> JobResult:
        """Whatever the function says."""
        return self._answer(job)

    def close(self) -> None:
        """Nothing is held."""
