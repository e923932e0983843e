"""What a farm could leave behind on the host, seen from the process that opened it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.boxes import cgroup

_SET_CHILD_SUBREAPER = 36
_SETTLE_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """One look at the host."""

    processes: frozenset[str]
    """Our descendants that are alive, as "pid name"."""
    cgroups: frozenset[str]
    """Groups made for this process."""
    files: frozenset[str]
    """Entries of the directory for temporary files, and files anywhere that bear the mark."""
    num_descriptors: int
    """Descriptors that this process holds open."""


@contextlib.contextmanager
def orphans_adopted() -> Iterator[None]:
    """Processes whose parent dies become children of this one meanwhile, so that none gets out of sight."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        libc.prctl(_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        for pid in [pid for pid, parent, _, state in _processes() if parent == os.getpid() and state == "Z"]:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def look(temporary: Path, *, mark: str) -> Leftovers:
    """What is there now. `mark` is part of every file name that must not appear on the host."""
    return Leftovers(
        processes=frozenset(_descendants(os.getpid())),
        cgroups=frozenset(_own_cgroups()),
        files=frozenset(os.listdir(temporary)) | frozenset(_marked(mark)),
        num_descriptors=len(os.listdir("/proc/self/fd")),
    )


def settle(before: Leftovers, temporary: Path, *, mark: str) -> Leftovers:
    """What is there once it is as before, or ten seconds later: the kernel takes a moment to end a box."""
    deadline = time.monotonic() + _SETTLE_S
    while (now := look(temporary, mark=mark)) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    return now


def _processes() -> Iterator[tuple[int, int, str, str]]:
    """Pid, parent, name and state of each process on the host."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended between the look and the read
                name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
                state, parent = rest.split()[:2]
                yield int(entry.name), int(parent), name, state


def _descendants(root: int) -> Iterator[str]:
    children: dict[int, list[tuple[int, str]]] = {}
    for pid, parent, name, state in _processes():
        if state != "Z":  # ended, and nobody asked yet how
            children.setdefault(parent, []).append((pid, name))
    waiting = [root]
    while waiting:
        for pid, name in children.get(waiting.pop(), []):
            yield f"{pid} {name}"
            waiting.append(pid)


def _own_cgroups() -> Iterator[str]:
    owner = str(os.getpid())
    for parent in {cgroup.MOUNT / cgroup.NAME, *cgroup.MOUNT.glob(f"*/{cgroup.NAME}")}:
        for path in parent.glob("*") if parent.is_dir() else ():
            if path.is_dir() and owner in path.name.split("-"):
                yield str(path)


def _marked(mark: str) -> Iterator[str]:
    for directory in {"/", "/tmp", "/var/tmp", "/dev/shm", str(Path.home()), str(Path.cwd()), str(Path.cwd().parent)}:
        with contextlib.suppress(OSError):
            yield from (f"{directory}/{name}" for name in os.listdir(directory) if mark in name)
