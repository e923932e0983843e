"""The farm's front door: candidates in, verdicts out, in order."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sim.boxes.bubblewrap import BubblewrapBox
from sim.boxes.cgroup import CgroupSlots, find_controllers
from sim.boxes.docker import DockerBox, EngineUnavailable
from sim.boxes.host import HostBox
from sim.cache import VerdictCache
from sim.content import content_key
from sim.course import Judge, check_fit
from sim.hdl.verilog_testbench import PROBE
from sim.image import Image, cache_directory, host_image, installed_image
from sim.job import Box, Job, JobResult
from sim.pool import Pool, in_order
from sim.verdict import Candidate, Checks, Spec, Verdict

BOXES = ("bubblewrap", "docker", "host")


class FarmUnavailable(Exception):
    """The host lacks something the farm needs; the message says what and the command that mends it."""


@dataclass(slots=True, kw_only=True)
class FarmCounts:
    """What the farm did so far, beyond what its pool counts."""

    num_candidates: int = 0
    num_cached: int = 0
    """Verdicts that came from disk."""


class Farm:
    """Verifiers over one pool. A context manager: closing it ends every box."""

    def __init__(
        self,
        pool: Pool,
        *,
        tools: Mapping[str, str],
        checks: Checks | None = None,
        verdicts: VerdictCache | None = None,
        secret: bytes | None = None,
    ) -> None:
        self.pool = pool
        self.tools = dict(tools)
        self.checks = checks or Checks()
        self.counts = FarmCounts()
        self._verdicts = verdicts
        self._judge = Judge(image=pool.image, secret=secret or secrets.token_bytes(32))
        self._lock = threading.Lock()

    @property
    def image(self) -> str:
        """Digest of the root file system that the tools come from."""
        return self.pool.image

    def submit(self, candidate: Candidate, spec: Spec, checks: Checks | None = None) -> Future[Verdict]:
        """Queue one candidate. Raises ValueError for checks that cannot be made for the spec."""
        checks = checks or self.checks
        check_fit(spec, checks)
        future: Future[Verdict] = Future()
        key = self._key(candidate, spec, checks)
        known = self._verdicts.get(key) if self._verdicts else None
        with self._lock:
            self.counts.num_candidates += 1
            self.counts.num_cached += known is not None
        if known is not None:
            future.set_result(known)
        else:
            course = self._judge.course(candidate, spec, checks)
            self._go_on(course, future, key=key, expected_s=spec.expected_s or 0.0, result=None)
        return future

    def judge(self, pairs: Iterable[tuple[Candidate, Spec]], checks: Checks | None = None) -> Iterator[Verdict]:
        """Verdicts in the order of the pairs; takes pairs only a few ahead of the boxes."""
        verdicts = (self.submit(candidate, spec, checks) for candidate, spec in pairs)
        return in_order(verdicts, num_boxes=self.pool.num_boxes)

    def _go_on(
        self,
        course: Generator[Job, JobResult, Verdict],
        future: Future[Verdict],
        *,
        key: str,
        expected_s: float,
        result: Future[JobResult] | None,
    ) -> None:
        """Give the course the result that it waits for, and queue the job that it wants next."""
        try:
            job = next(course) if result is None else course.send(result.result())
            queued = self.pool.submit(job, expected_s=expected_s)
        except StopIteration as done:
            try:
                future.set_result(self._signed(done.value, key))
            except BaseException as err:
                future.set_exception(err)
        except BaseException as err:  # whatever it was belongs to who waits for the verdict
            future.set_exception(err)
        else:
            queued.add_done_callback(
                lambda done: self._go_on(course, future, key=key, expected_s=expected_s, result=done)
            )

    def _signed(self, verdict: Verdict, key: str) -> Verdict:
        verdict = replace(verdict, tools=self.tools, image=self.image)
        if self._verdicts:
            self._verdicts.put(key, verdict)
        return verdict

    def _key(self, candidate: Candidate, spec: Spec, checks: Checks) -> str:
        content = content_key(candidate, spec, image=self.image)
        return hashlib.sha256(f"{content} {checks!r} {program_digest()}".encode()).hexdigest()

    def close(self) -> None:
        """End every box."""
        self.pool.close()
        if self._verdicts:
            self._verdicts.close()

    def __enter__(self) -> Farm:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@cache
def program_digest() -> str:
    """Digest of this package's own sources: what judged, beside the tools."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).resolve().parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def open_farm(
    *,
    box: str = "bubblewrap",
    num_boxes: int = 2,
    remember: bool = True,
    checks: Checks | None = None,
    cache_path: Path | None = None,
) -> Farm:
    """A farm on this host. `cache_path` names the file with verdicts of earlier runs; None for none.

    Raises FarmUnavailable when the image or a tool is missing, ValueError for a box that does not exist.
    """
    if box not in BOXES:
        raise ValueError(f"unknown box {box!r}; known are {', '.join(BOXES)}")
    image = host_image() if box == "host" else installed_image()
    if image is None:
        raise FarmUnavailable("the simulation image is not built; run `verireason image build`")
    pool = Pool(_make_box(box, image), num_boxes=num_boxes, remember=remember)
    verdicts = VerdictCache(cache_path) if cache_path and remember else None
    return Farm(pool, tools=image.tools, checks=checks, verdicts=verdicts)


def default_cache_path() -> Path:
    """Where commands keep verdicts, for all runs of a user on this host."""
    return cache_directory() / "verdicts.sqlite"


def _make_box(box: str, image: Image) -> Box:
    if box == "host":
        return HostBox(image=image.digest)
    made = _docker(image) if box == "docker" else _bubblewrap(image)
    probe = made.run(Job(image=image.digest, files={}, steps=(PROBE,)))
    if probe.failure is not None:
        made.close()
        raise FarmUnavailable(f"{box} cannot make a box here: {probe.failure}; `verireason doctor` says more")
    return made


def _docker(image: Image) -> Box:
    try:
        return DockerBox(image)
    except EngineUnavailable as err:
        raise FarmUnavailable(str(err)) from err


def _bubblewrap(image: Image) -> Box:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise FarmUnavailable("bubblewrap is not installed; run `apt-get install bubblewrap`, or use --box host")
    controllers = find_controllers()
    assert image.inbox is not None
    return BubblewrapBox(
        image.root, image.inbox, image=image.digest, bwrap=bwrap,
        cgroups=CgroupSlots(controllers) if controllers else None,
    )  # fmt: skip
