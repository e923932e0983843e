"""Memory and process limits on a whole box, where the host lets us write cgroups (version 1 or 2).

A slot is a cgroup that boxes use one after another: making one per job would cost more than the job and leave dead
groups behind in the kernel. Slots of processes that are gone are removed at start.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
NAME = "verireason"


@dataclass(frozen=True, slots=True)
class Controllers:
    """Where the limits are written."""

    memory: Path
    pids: Path
    version: int


def find_controllers(mount: Path = MOUNT) -> Controllers | None:
    """Our parent groups, made and tried by writing; None where the host has none that we may use."""
    candidates = [
        Controllers(memory=mount / "memory" / NAME, pids=mount / "pids" / NAME, version=1),
        Controllers(memory=mount / NAME, pids=mount / NAME, version=2),
    ]
    for found in candidates:
        try:
            if found.version == 2:
                _delegate(mount)
            elif not (mount / "memory" / "memory.limit_in_bytes").exists():
                continue
            for path in (found.memory, found.pids):
                path.mkdir(exist_ok=True)
            if found.version == 2:
                (found.memory / "cgroup.subtree_control").write_text("+memory +pids")
            slot = Slot(found, f"probe-{os.getpid()}-{threading.get_ident()}")
            slot.limit(mem_mb=64, num_procs=4)
            slot.remove()
        except OSError:
            continue
        return found
    return None


def _delegate(mount: Path) -> None:
    controllers = (mount / "cgroup.controllers").read_text().split()
    if not {"memory", "pids"} <= set(controllers):
        raise OSError("cgroup v2 without memory and pids")
    enabled = (mount / "cgroup.subtree_control").read_text().split()
    if not {"memory", "pids"} <= set(enabled):
        (mount / "cgroup.subtree_control").write_text("+memory +pids")


class Slot:
    """One cgroup per controller. Raises OSError when the host refuses."""

    def __init__(self, controllers: Controllers, name: str) -> None:
        self._version = controllers.version
        self._memory = controllers.memory / name
        self._pids = controllers.pids / name
        self._limits: tuple[int, int] | None = None
        self._num_oom = 0
        self._memory.mkdir(exist_ok=True)
        self._pids.mkdir(exist_ok=True)

    def limit(self, *, mem_mb: int, num_procs: int) -> None:
        """Set the limits for the next box."""
        self._num_oom = self._count_oom()
        if self._limits == (mem_mb, num_procs):
            return
        memory_file = "memory.max" if self._version == 2 else "memory.limit_in_bytes"
        (self._memory / memory_file).write_text(str(mem_mb << 20))
        (self._pids / "pids.max").write_text(str(num_procs + 1))  # the runner is one of them
        with contextlib.suppress(OSError):
            (self._memory / ("memory.swap.max" if self._version == 2 else "memory.swappiness")).write_text("0")
        self._limits = (mem_mb, num_procs)

    def add(self, pid: int) -> None:
        """Put a process, and with it all its later children, into the slot."""
        for path in {self._memory, self._pids}:
            (path / "cgroup.procs").write_text(str(pid))

    def oom_killed(self) -> bool:
        """Whether the kernel killed for memory here since `limit`."""
        return self._count_oom() > self._num_oom

    def _count_oom(self) -> int:
        events = "memory.events" if self._version == 2 else "memory.oom_control"
        for line in (self._memory / events).read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
        return 0

    def remove(self) -> None:
        """Remove the groups; what died in them may take the kernel a moment to leave."""
        for path in {self._memory, self._pids}:
            for _ in range(50):
                try:
                    path.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)


class CgroupSlots:
    """Hands out slots; as many as there are boxes at the same time."""

    def __init__(self, controllers: Controllers) -> None:
        self._controllers = controllers
        self._lock = threading.Lock()
        self._free: list[Slot] = []
        self._num_made = 0
        self._owner = f"{os.getpid()}-{id(self):x}"
        _remove_orphans(controllers)

    def acquire(self) -> Slot:
        """A free slot. Raises OSError when the host refuses a new one."""
        with self._lock:
            if self._free:
                return self._free.pop()
            self._num_made += 1
            name = f"{self._owner}-{self._num_made}"
        return Slot(self._controllers, name)

    def release(self, slot: Slot) -> None:
        """Give a slot back."""
        with self._lock:
            self._free.append(slot)

    def close(self) -> None:
        """Remove all free slots."""
        with self._lock:
            slots, self._free = self._free, []
        for slot in slots:
            slot.remove()


def _remove_orphans(controllers: Controllers) -> None:
    """Remove the groups of processes that were killed before they could."""
    for parent in {controllers.memory, controllers.pids}:
        for path in parent.iterdir():
            owner = path.name.split("-")[0]
            if path.is_dir() and owner.isdigit() and not Path(f"/proc/{owner}").exists():
                with contextlib.suppress(OSError):
                    path.rmdir()
