"""Which course a candidate takes, by the verifier that its spec names."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from sim.hdl import course as hdl
from sim.job import Job, JobResult
from sim.python import course as python
from sim.verdict import Candidate, Checks, Spec, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges candidates with the tools of one image. Raises ValueError for what does not go together."""

    image: str
    secret: bytes

    def course(self, candidate: Candidate, spec: Spec, checks: Checks) -> Generator[Job, JobResult, Verdict]:
        """Yields jobs, is sent their results, returns the verdict with all that the checks ask for."""
        if spec.verifier == python.NAME:
            return python.course(candidate, spec, image=self.image, secret=self.secret)
        return hdl.Judge(image=self.image, secret=self.secret).course(candidate, spec, checks)


def check_fit(spec: Spec, checks: Checks) -> None:
    """Raise ValueError when the spec cannot be read, or the checks cannot be made for it.

    The checks are about hardware: for a Python problem there is nothing to look at beyond its tests.
    """
    if spec.verifier == python.NAME:
        python.check(spec)
    else:
        hdl.check_fit(spec, checks)
