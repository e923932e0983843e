"""The default box: bubblewrap namespaces over the read-only simulation image, one box per job.

What it isolates: user, pid, mount, network, ipc and uts namespaces; no /proc; a sized scratch file system that dies
with the box; an environment of four names; seccomp, rlimits and, where the host has writable cgroups, memory and
process limits on the box as a whole. What it does not: CPU time is limited per step, not shared fairly between boxes;
a kernel bug is a way out.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

from sim.boxes.cgroup import CgroupSlots
from sim.boxes.wire import decode_result, encode_job
from sim.image import DEVICE_NAMES
from sim.job import Job, JobResult, Status, StepResult

RUNNER = "/opt/verireason/runner"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}
DEVICES = tuple(f"/dev/{name}" for name in DEVICE_NAMES)
START_S = 20.0
"""Grace on top of the steps' own wall limits before a box that says nothing is given up."""


class BubblewrapBox:
    """Runs each job in a fresh bubblewrap sandbox. Safe to call from many threads."""

    def __init__(self, root: Path, *, image: str, bwrap: str = "bwrap", cgroups: CgroupSlots | None = None) -> None:
        self.image = image
        self._root = root
        self._bwrap = bwrap
        self._cgroups = cgroups

    def argv(self, *, scratch_mb: int, info_fd: int) -> list[str]:
        """The sandbox's command line."""
        return [
            self._bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--uid", "65534", "--gid", "65534", "--hostname", "box", "--die-with-parent",
            "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--clearenv", "--info-fd", str(info_fd),
            "--ro-bind", str(self._root), "/", "--size", str(scratch_mb << 20), "--tmpfs", "/tmp",
            *(word for device in DEVICES for word in ("--dev-bind", device, device)), "--", RUNNER,
        ]  # fmt: skip

    def run(self, job: Job) -> JobResult:
        """Run the job in a box of its own; what goes wrong with the box itself is in `JobResult.failure`."""
        limits = [step.limits for step in job.steps]
        deadline_s = sum(limit.wall_s for limit in limits) + START_S
        message = encode_job(job, {**ENVIRONMENT, **job.env})
        info_read, info_write = os.pipe()
        slot = self._cgroups.acquire() if self._cgroups else None
        try:
            if slot:
                slot.limit(
                    mem_mb=max(limit.mem_mb for limit in limits), num_procs=max(limit.num_procs for limit in limits)
                )
            with subprocess.Popen(
                self.argv(scratch_mb=max(limit.scratch_mb for limit in limits), info_fd=info_write),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(info_write,),
            ) as process:
                os.close(info_write)
                info_write = -1
                try:
                    if slot:
                        slot.add(_runner_pid(info_read))
                    answer, errors = process.communicate(message, timeout=deadline_s)
                except subprocess.TimeoutExpired:
                    return JobResult(failure=f"the box did not answer within {deadline_s:.0f} s")
                finally:
                    # Also when an exception passes: the sandbox dies with this one process.
                    process.kill()
            result = decode_result(answer, num_steps=len(job.steps))
            if result.failure and errors:
                result = JobResult(failure=f"{result.failure}: {errors.decode(errors='replace').strip()[:300]}")
            return _blame_memory(result, oom_killed=bool(slot and slot.oom_killed()))
        except OSError as err:
            return JobResult(failure=f"the box could not start: {err}")
        finally:
            os.close(info_read)
            if info_write >= 0:
                os.close(info_write)
            if slot and self._cgroups:
                self._cgroups.release(slot)

    def close(self) -> None:
        """Remove the cgroups."""
        if self._cgroups:
            self._cgroups.close()


def _runner_pid(info_fd: int) -> int:
    """The host's pid of the runner, which waits for its job meanwhile. Raises OSError when the box did not start."""
    text = b""
    while chunk := os.read(info_fd, 4096):
        text += chunk
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return int(json.loads(text)["child-pid"])
    raise OSError("bubblewrap gave no process id")


def _blame_memory(result: JobResult, *, oom_killed: bool) -> JobResult:
    """Rename a kill for memory: the kernel's own, or an allocation that the address space limit refused."""
    return JobResult(
        failure=result.failure, steps=tuple(memory_step(step, oom_killed=oom_killed) for step in result.steps)
    )


def memory_step(step: StepResult, *, oom_killed: bool) -> StepResult:
    """The step with status MEMORY_LIMIT if memory is what ended it.

    "bad_alloc" is the candidate's own word, but the only gain in forging it is another failing outcome.
    """
    killed = step.status is Status.SIGNALLED and step.code == 9 and oom_killed
    refused = step.status is Status.SIGNALLED and step.code in (6, 11) and b"bad_alloc" in step.stderr
    if not (killed or refused):
        return step
    return replace(step, status=Status.MEMORY_LIMIT, code=None)
