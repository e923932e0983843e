"""The farm's front door: candidates in, verdicts out, in order."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace

from sim.boxes.bubblewrap import BubblewrapBox
from sim.boxes.cgroup import CgroupSlots, find_controllers
from sim.boxes.host import HostBox
from sim.hdl import verilog_testbench
from sim.image import Image, host_image, installed_image
from sim.job import Box, Job, JobResult
from sim.pool import Pool, in_order
from sim.verdict import Candidate, Spec, Verdict

VERIFIERS = {verilog_testbench.NAME: verilog_testbench}
"""Spec's verifier name to the module with its `plan` and `judge`."""

BOXES = ("bubblewrap", "host")


class FarmUnavailable(Exception):
    """The host lacks something the farm needs; the message says what and the command that mends it."""


class Farm:
    """Verifiers over one pool. A context manager: closing it ends every box."""

    def __init__(self, pool: Pool, *, tools: Mapping[str, str], secret: bytes | None = None) -> None:
        self.pool = pool
        self.tools = dict(tools)
        self._secret = secret or secrets.token_bytes(32)

    @property
    def image(self) -> str:
        """Digest of the root file system that the tools come from."""
        return self.pool.image

    def submit(self, candidate: Candidate, spec: Spec) -> Future[Verdict]:
        """Queue one candidate. Raises ValueError for a spec that names no verifier."""
        if spec.verifier not in VERIFIERS:
            raise ValueError(f"unknown verifier {spec.verifier!r}; known are {', '.join(VERIFIERS)}")
        verifier = VERIFIERS[spec.verifier]
        planned = verifier.plan(candidate, spec, image=self.image, secret=self._secret)
        future: Future[Verdict] = Future()
        if isinstance(planned, Verdict):
            future.set_result(self._signed(planned))
            return future

        def conclude(done: Future[JobResult]) -> None:
            try:
                verdict = verifier.judge(candidate, spec, done.result(), image=self.image, secret=self._secret)
                future.set_result(self._signed(verdict))
            except BaseException as err:  # whatever it was belongs to who waits for the verdict
                future.set_exception(err)

        self.pool.submit(planned).add_done_callback(conclude)
        return future

    def judge(self, pairs: Iterable[tuple[Candidate, Spec]]) -> Iterator[Verdict]:
        """Verdicts in the order of the pairs; takes pairs only a few ahead of the boxes."""
        verdicts = (self.submit(candidate, spec) for candidate, spec in pairs)
        return in_order(verdicts, num_boxes=self.pool.num_boxes)

    def _signed(self, verdict: Verdict) -> Verdict:
        return replace(verdict, tools=self.tools, image=self.image)

    def close(self) -> None:
        """End every box."""
        self.pool.close()

    def __enter__(self) -> Farm:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def open_farm(*, box: str = "bubblewrap", num_boxes: int = 2, remember: bool = True) -> Farm:
    """A farm on this host.

    Raises FarmUnavailable when the image or a tool is missing, ValueError for a box that does not exist.
    """
    if box not in BOXES:
        raise ValueError(f"unknown box {box!r}; known are {', '.join(BOXES)}")
    image = host_image() if box == "host" else installed_image()
    if image is None:
        raise FarmUnavailable("the simulation image is not built; run `verireason image build`")
    made = HostBox(image=image.digest) if box == "host" else _bubblewrap(image)
    return Farm(Pool(made, num_boxes=num_boxes, remember=remember), tools=image.tools)


def _bubblewrap(image: Image) -> Box:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise FarmUnavailable("bubblewrap is not installed; run `apt-get install bubblewrap`, or use --box host")
    controllers = find_controllers()
    assert image.inbox is not None
    box = BubblewrapBox(
        image.root, image.inbox, image=image.digest, bwrap=bwrap,
        cgroups=CgroupSlots(controllers) if controllers else None,
    )  # fmt: skip
    probe = box.run(Job(image=image.digest, files={}, steps=(verilog_testbench.PROBE,)))
    if probe.failure is not None:
        box.close()
        raise FarmUnavailable(f"bubblewrap cannot make a box here: {probe.failure}; `verireason doctor` says more")
    return box
