"""The default box: bubblewrap namespaces over the read-only simulation image.

What it isolates: user, pid, mount, network, ipc and uts namespaces; no /proc; for each job a pid namespace and a sized
scratch file system that die with it; an environment of four names; no capabilities, seccomp, rlimits and, where the
host has writable cgroups, memory and process limits on the box as a whole. What it does not: CPU time is limited per
step, not shared fairly between boxes; a kernel bug is a way out.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

from sim.boxes.cgroup import CgroupSlots, Slot
from sim.boxes.line import LineBroken, Stream
from sim.boxes.servers import Server, find_server
from sim.boxes.warm_box import ENVIRONMENT, WarmBox
from sim.image import DEVICE_NAMES, INBOX

DEVICES = tuple(f"/dev/{name}" for name in DEVICE_NAMES)
START_S = 60.0
"""Wall seconds until a server must be ready; it starts in less than one on an idle host."""


def sandbox_argv(*, root: Path, inbox: Path, bwrap: str = "bwrap") -> list[str]:
    """The sandbox's command line, without the program in it.

    The capability counts within the sandbox's own user namespace only. The runner needs it to give each job namespaces
    of its own, and drops it before anything of a job runs. The sandbox stays in our session, since kernels share the
    processor out between sessions first and niceness counts within one; there is no terminal in it to write to.
    """
    return [
        bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", "--uid", "65534", "--gid", "65534", "--hostname", "box", "--die-with-parent",
        "--as-pid-1", "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--clearenv",
        *(word for name, value in ENVIRONMENT.items() for word in ("--setenv", name, value)),
        "--ro-bind", str(root), "/", "--ro-bind", str(inbox), INBOX, "--size", str(1 << 20), "--tmpfs", "/tmp",
        *(word for device in DEVICES for word in ("--dev-bind", device, device)),
    ]  # fmt: skip


class BubblewrapBox(WarmBox):
    """Runs jobs in bubblewrap sandboxes. Safe to call from many threads."""

    def __init__(
        self, root: Path, inbox: Path, *, image: str, bwrap: str = "bwrap", cgroups: CgroupSlots | None = None
    ) -> None:
        super().__init__(_Sandboxes(root=root, inbox=inbox, bwrap=bwrap, cgroups=cgroups), image=image)


class _Sandboxes:
    """Starts one sandbox per server."""

    def __init__(self, *, root: Path, inbox: Path, bwrap: str, cgroups: CgroupSlots | None) -> None:
        self._argv = sandbox_argv(root=root, inbox=inbox, bwrap=bwrap)
        self._cgroups = cgroups

    def start(self, server: str) -> _SandboxLine:
        return _SandboxLine(self._argv, find_server(server), cgroups=self._cgroups)

    def close(self) -> None:
        if self._cgroups:
            self._cgroups.close()


class _SandboxLine:
    """A sandbox with a server in it, over its standard input and output."""

    def __init__(self, argv: list[str], server: Server, *, cgroups: CgroupSlots | None) -> None:
        self._server = server
        self._cgroups = cgroups
        self._slot: Slot | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # a pipe could fill up and stop the server
        try:
            self._slot = cgroups.acquire() if cgroups else None
            self._stream = self._start(argv)
            self._stream.hello(timeout_s=START_S)
        except LineBroken as err:
            said = self._said()
            self.close()
            raise LineBroken(f"{err}: {said}" if said else str(err)) from err
        except BaseException:
            self.close()
            raise

    def _start(self, argv: list[str]) -> Stream:
        info_read, info_write = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*argv, "--info-fd", str(info_write), "--", *self._server.argv],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, pass_fds=(info_write,), bufsize=0,
                process_group=0,  # what a person types at a terminal is for us
            )  # fmt: skip
            os.close(info_write)
            info_write = -1
            pid = _server_pid(info_read)  # read even when nobody needs it, or bubblewrap dies of its broken pipe
            if self._slot:
                self._slot.add(pid)
        finally:
            os.close(info_read)
            if info_write >= 0:
                os.close(info_write)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return Stream(read_fd=self._process.stdout.fileno(), write_fd=self._process.stdin.fileno())

    def ask(self, message: bytes, *, timeout_s: float) -> bytes:
        try:
            return self._stream.ask(message, timeout_s=timeout_s)
        except LineBroken as err:
            said = self._said()
            raise LineBroken(f"{err}: {said}" if said else str(err)) from err

    def is_open(self) -> bool:
        return self._stream.is_open()

    def limit(self, *, mem_mb: int, num_procs: int) -> None:
        if self._slot:
            self._slot.limit(mem_mb=mem_mb + self._server.held_mb, num_procs=num_procs)

    def oom_killed(self) -> bool:
        return self._slot is not None and self._slot.oom_killed()

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read(4096).decode(errors="replace").strip()[:300]

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()  # the sandbox dies with this one process
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process.wait()
            self._process = None
        self._errors.close()
        if self._slot and self._cgroups:
            self._cgroups.release(self._slot)
            self._slot = None


def _server_pid(info_fd: int) -> int:
    """The host's pid of the server. Raises LineBroken when the sandbox did not start."""
    text = b""
    while chunk := os.read(info_fd, 4096):
        text += chunk
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return int(json.loads(text)["child-pid"])
    raise LineBroken("bubblewrap gave no process id")
