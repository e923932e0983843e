"""A box without walls: the host's own tools in a temporary directory.

For hosts where no sandbox can be had. It limits CPU, wall time, address space, file size and output, and ends the
process group of a step. It does NOT hide the host's files, network, processes or environment variables' values from a
determined design, cannot limit memory of all processes together, and cannot end a process that left its group. Warm
steps start this Python anew each time, which takes a while.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sim.boxes.warm_box import ENVIRONMENT, memory_step
from sim.job import Job, JobResult, Limits, Status, Step, StepResult


class HostBox:
    """Runs each job in a fresh temporary directory of the host."""

    def __init__(self, *, image: str) -> None:
        self.image = image

    def run(self, job: Job) -> JobResult:
        """Run the steps one after another; a missing tool or a full disk is `JobResult.failure`."""
        try:
            with tempfile.TemporaryDirectory(prefix="verireason-box-") as directory:
                return self._run_in(Path(directory), job)
        except OSError as err:
            return JobResult(failure=f"the host could not run the job: {err}")

    def _run_in(self, directory: Path, job: Job) -> JobResult:
        if job.server.partition(":")[0] not in _COLD:
            return JobResult(failure=f"--box host has no {job.server}; leave it out and use the image")
        for name, data in job.files.items():
            (directory / name).write_bytes(data)
        env = {**ENVIRONMENT, "TMPDIR": str(directory), "HOME": str(directory), "PATH": os.defpath, **job.env}
        results: list[StepResult] = []
        for step in job.steps:
            previous = results[-1] if results else None
            if previous and not _proceeds(previous, job.steps[len(results) - 1]):
                results.append(StepResult(status=Status.SKIPPED, code=None))
                continue
            for name in step.drop:
                (directory / name).unlink(missing_ok=True)
            argv = (*_COLD[job.server.partition(":")[0]], *step.argv) if step.warm else step.argv
            results.append(_run_step(argv, step, directory, env, urgent=job.urgent))
        return JobResult(steps=tuple(results))

    def close(self) -> None:
        """Nothing is held between jobs."""


def _cold(module: str) -> tuple[str, ...]:
    """A warm step's program, started from nothing."""
    path = f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r}); "
    return (sys.executable, "-P", "-c", f"{path}from {module} import run_once; run_once(sys.argv[1:])")


_COLD = {
    "plain": (),
    "parser": _cold("sim.inbox.parser_server"),
    "python": _cold("sim.inbox.python_server"),
}
"""Servers whose warm steps can be run here, and how."""
EVIDENCE_FD = 3


def _proceeds(result: StepResult, step: Step) -> bool:
    return result.status is Status.EXITED and result.code in step.proceed_on


def _apply(limits: Limits, *, urgent: bool) -> None:
    """In the child, before exec: the same rlimits as the runner's."""
    cpu_s = -int(-limits.cpu_s // 1)
    address_space = limits.mem_mb << 21
    for kind, soft, hard in (
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),
        (resource.RLIMIT_AS, address_space, address_space),
        (resource.RLIMIT_FSIZE, limits.scratch_mb << 20, limits.scratch_mb << 20),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(kind, (soft, hard))
    if not urgent:
        os.nice(19)


def _run_step(argv: tuple[str, ...], step: Step, directory: Path, env: dict[str, str], *, urgent: bool) -> StepResult:
    start = time.monotonic()
    evidence_read, evidence_write = os.pipe()

    def prepare() -> None:
        os.dup2(evidence_write, EVIDENCE_FD)
        _apply(step.limits, urgent=urgent)

    try:
        process = subprocess.Popen(
            argv, cwd=directory, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            process_group=0, preexec_fn=prepare, pass_fds=(EVIDENCE_FD,) if step.evidence else (),
        )  # fmt: skip
    except BaseException:
        os.close(evidence_read)
        raise
    finally:
        os.close(evidence_write)
    try:
        output, cut = _read_capped(process, evidence_read, limits=step.limits, deadline=start + step.limits.wall_s)
    finally:
        os.close(evidence_read)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
    cpu_s = usage.ru_utime + usage.ru_stime
    status, code = _conclude(cut, process.returncode, cpu_s=cpu_s, limits=step.limits)
    result = StepResult(
        status=status, code=code, stdout=bytes(output[1]), stderr=bytes(output[2]), evidence=bytes(output[EVIDENCE_FD]),
        cpu_s=cpu_s, wall_s=time.monotonic() - start, peak_mb=usage.ru_maxrss / 1024,
    )  # fmt: skip
    return memory_step(result, oom_killed=False)


def _read_capped(
    process: subprocess.Popen[bytes], evidence: int, *, limits: Limits, deadline: float
) -> tuple[dict[int, bytearray], Status | None]:
    """Standard output (1), error (2) and evidence (3) until all end, the clock runs out, or one is too long."""
    output = {1: bytearray(), 2: bytearray(), EVIDENCE_FD: bytearray()}
    assert process.stdout is not None
    assert process.stderr is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, 1)
        selector.register(process.stderr, selectors.EVENT_READ, 2)
        selector.register(evidence, selectors.EVENT_READ, EVIDENCE_FD)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return output, Status.WALL_LIMIT
            for key, _ in selector.select(left):
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fileobj)
                    continue
                kept = output[key.data]
                kept += chunk[: (limits.output_kb << 10) - len(kept)]
                if len(kept) >= limits.output_kb << 10:
                    return output, Status.OUTPUT_LIMIT
    return output, None


def _conclude(cut: Status | None, code: int, *, cpu_s: float, limits: Limits) -> tuple[Status, int | None]:
    if cut is Status.OUTPUT_LIMIT:
        return cut, None
    if cpu_s >= limits.cpu_s or code == -signal.SIGXCPU:
        return Status.CPU_LIMIT, None
    if cut is Status.WALL_LIMIT:
        return cut, None
    return (Status.SIGNALLED, -code) if code < 0 else (Status.EXITED, code)
