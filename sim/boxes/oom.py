"""How often the kernel killed for memory in a container: read from the host's cgroups, or else asked inside it.

The host's file costs nothing; the question costs a way through the engine and back for every job.
"""

from __future__ import annotations

from pathlib import Path

from sim.boxes.cgroup import MOUNT

ANSWER_SIZE = 16
ASK_INSIDE = f"""while read -r question; do
  n=0
  for file in /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events; do
    [ -r $file ] && while read -r name value; do [ "$name" = oom_kill ] && n=$value; done <$file
  done
  printf %{ANSWER_SIZE}s "$n"
done"""
"""A shell program that answers each line with the count, from the container's cgroup of version 1 or 2."""


def find_on_host(container: str, *, pid: int, mount: Path = MOUNT, proc: Path = Path("/proc")) -> Path | None:
    """The file with the count, or None where the engine is elsewhere or its cgroups are out of sight."""
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if container not in path:  # an engine elsewhere: the number is another process's here
            continue
        if controllers == "memory":
            file = mount / "memory" / path.lstrip("/") / "memory.oom_control"
        elif controllers == "":
            file = mount / path.lstrip("/") / "memory.events"
        else:
            continue
        if file.exists():
            return file
    return None


def read_count(file: Path) -> int:
    """The count. Raises OSError when the container is gone."""
    for line in file.read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == "oom_kill":
            return int(value)
    return 0
