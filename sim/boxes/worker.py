"""One worker container: how it is started, how a server runs in it, and how it ends.

Whatever happens to the trainer, nothing stays behind: the container's first process reads its standard input, which is
a connection to the trainer that started it, and ends when that closes; the engine then removes the container. A server
in it reads from a connection too, and ends the same way. Workers of `verireason farm up` stay until `farm down`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sim.boxes.bubblewrap import DEVICES, START_S, sandbox_argv
from sim.boxes.frames import FramedStream
from sim.boxes.line import LineBroken
from sim.boxes.oom import ANSWER_SIZE, ASK_INSIDE, find_on_host, read_count
from sim.boxes.servers import find_server
from sim.boxes.warm_box import ENVIRONMENT
from sim.boxes.worker_image import WORKER_UID
from sim.image import INBOX, ImageError, recipe_directory

OWNER = "verireason.owner"
"""Label of a trainer's own worker: the process that it belongs to."""
FARM = "verireason.farm"
"""Label of a worker of `verireason farm up`."""
IMAGE = "verireason.image"
ISOLATION = "verireason.isolation"

CAPABILITIES = ("SETUID", "SETGID", "KILL", "CHOWN")
"""With uid isolation: what it takes to give a job a user id and a directory, and to end all that it started."""
SCRATCH_MB = 512
"""Scratch of all jobs in a container without namespaces of its own; each file has its step's limit besides."""
SLACK_MB = 16
"""Memory of the container's own processes."""
CPU_SHARES = 128
"""Of 1024 for an ordinary process outside: a training step comes first, and niceness ends at the container's edge."""
MAX_PROCESSES = 512
"""In the whole container; a step has its own limit."""

_HIDDEN = (
    # The container's /proc and /sys stay outside. Yosys asks /proc where its own program lies, and nothing else.
    "--tmpfs", "/proc", "--dir", "/proc/self", "--symlink", "/usr/bin/yosys", "/proc/self/exe", "--remount-ro", "/proc",
    "--tmpfs", "/sys", "--remount-ro", "/sys",
    "--tmpfs", "/dev", *(word for device in DEVICES for word in ("--dev-bind", device, device)), "--remount-ro", "/dev",
)  # fmt: skip
_LAUNCH = ("sh", "-c", 'read -r go && exec "$@"', "sh")
"""Says nothing before it was spoken to: what a server says at once could get lost behind the engine's own answer."""
_CLOSE_DOORS = ("sh", "-c", 'chmod 755 /tmp /dev/mqueue && exec "$@"', "sh")
"""With uid isolation: no place where a job could leave something for the next. The engine ignores a mode for /tmp."""


class Isolation(StrEnum):
    """What keeps a job apart inside a worker."""

    BUBBLEWRAP = "bubblewrap"
    """Namespaces, as on the host."""
    UID = "uid"
    """A user id and a directory of its own, limits, and the container around it. Jobs can see that others exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """What a worker is started from."""

    tag: str
    """Name of the worker image."""
    image: str
    """Digest of the simulation image in it."""
    isolation: Isolation


def process_name(pid: int) -> str:
    """The process for all time on this host: its number alone is given away again."""
    start_ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    return f"{pid}@{socket.gethostname()}/{start_ticks}"


def is_gone(owner: str) -> bool:
    """Whether the process of this name was here and is not any more."""
    pid, _, rest = owner.partition("@")
    if not pid.isdigit() or rest.partition("/")[0] != socket.gethostname():
        return False
    try:
        return process_name(int(pid)) != owner
    except OSError:
        return True


def _options(client: Any, isolation: Isolation) -> Any:
    scratch = "size=64k" if isolation is Isolation.BUBBLEWRAP else f"size={SCRATCH_MB}m,nr_inodes=100k"
    try:
        profile = json.dumps(json.loads((recipe_directory() / "seccomp.json").read_text()))
    except FileNotFoundError as err:
        raise ImageError(f"{err.filename} is missing; install VeriReason from its repository") from err
    return client.create_host_config(
        auto_remove=True,
        network_mode="none",
        ipc_mode="none",  # no /dev/shm
        read_only=True,
        tmpfs={"/tmp": scratch},
        cap_drop=["ALL"],
        cap_add=[] if isolation is Isolation.BUBBLEWRAP else list(CAPABILITIES),
        # Docker's AppArmor profile denies every mount, also in namespaces of one's own.
        security_opt=[f"seccomp={profile}", "no-new-privileges", "apparmor=unconfined"],
        pids_limit=MAX_PROCESSES,
        cpu_shares=CPU_SHARES,
        mem_limit=f"{1 << 10}m",
        memswap_limit=f"{1 << 10}m",
        log_config={"Type": "none", "Config": {}},
    )


class Worker:
    """A running worker container."""

    def __init__(self, client: Any, container: str, *, isolation: Isolation, lifeline: Any = None) -> None:
        self.container = container
        self._client = client
        self._isolation = isolation
        self._lifeline = lifeline
        self._limit_mb: int | None = None
        self._held_mb = SLACK_MB
        self._oom_file: Path | None = None
        self._oom: Connection | None = None

    @classmethod
    def start(cls, client: Any, spec: WorkerSpec, *, stays: bool) -> Worker:
        """A new container: one that stays, or one that ends with this process. Raises OSError."""
        labels = {IMAGE: spec.image, ISOLATION: spec.isolation.value}
        labels[FARM if stays else OWNER] = process_name(os.getpid())
        container = client.create_container(
            spec.tag,
            detach=stays,  # else its standard input closes with the first connection to it
            stdin_open=True,
            labels=labels,
            environment=ENVIRONMENT,
            hostname="box",
            user=str(WORKER_UID if spec.isolation is Isolation.BUBBLEWRAP else 0),
            host_config=_options(client, spec.isolation),
        )["Id"]
        worker = cls(client, container, isolation=spec.isolation)
        try:
            if not stays:
                worker._lifeline = client.attach_socket(container, params={"stdin": 1, "stream": 1})
            client.start(container)
        except BaseException:
            worker.remove()
            raise
        return worker

    def serve(self, name: str) -> ServerLine:
        """Start a server in it. Raises OSError or LineBroken."""
        server = find_server(name)
        if self._isolation is Isolation.BUBBLEWRAP:
            argv = [*sandbox_argv(root=Path("/"), inbox=Path(INBOX)), *_HIDDEN, "--", *server.argv]
        else:
            argv = [*_CLOSE_DOORS, "env", "VR_ISOLATE_BY_UID=1", *server.argv]
        self._held_mb += server.held_mb
        self.limit(mem_mb=1 << 10)
        return ServerLine(self, self._exec([*_LAUNCH, *argv]))

    def limit(self, *, mem_mb: int) -> None:
        """Set the memory of the whole container to what the next job may use and what is held. Raises OSError."""
        limit_mb = mem_mb + self._held_mb
        if limit_mb != self._limit_mb:
            self._client.update_container(self.container, mem_limit=f"{limit_mb}m", memswap_limit=f"{limit_mb}m")
            self._limit_mb = limit_mb

    def count_oom(self) -> int:
        """How often the kernel killed for memory in the container. Raises OSError or LineBroken."""
        if self._oom_file is None and self._oom is None:
            pid = self._client.inspect_container(self.container)["State"]["Pid"]
            self._oom_file = find_on_host(self.container, pid=pid)
        if self._oom_file is not None:
            return read_count(self._oom_file)
        if self._oom is None:
            self._oom = self._exec([*_LAUNCH, "sh", "-c", ASK_INSIDE])
        return int(self._oom.stream.exchange(b"\n", size=ANSWER_SIZE, timeout_s=START_S))

    def _exec(self, argv: list[str]) -> Connection:
        started = self._client.exec_create(self.container, argv, stdin=True, tty=False)["Id"]
        return Connection(self._client.exec_start(started, socket=True))

    def remove(self) -> None:
        """End the container and all in it. May be called twice."""
        remove_container(self._client, self.container)
        self.leave()

    def leave(self) -> None:
        """Close our connections: a worker of our own ends by that too, one that stays goes on. May be called twice."""
        if self._oom is not None:
            self._oom.close()
            self._oom = None
        if self._lifeline is not None:
            close_socket(self._lifeline)
            self._lifeline = None


def remove_container(client: Any, container: str) -> None:
    """Kill and remove; one that goes away by itself meanwhile is as good."""
    from docker.errors import APIError

    try:
        client.remove_container(container, force=True)
    except APIError as err:
        if err.status_code not in (404, 409):  # gone; being removed
            raise


def close_socket(found: Any) -> None:
    """Close what the SDK gives for a connection, and the HTTP answer that it came out of."""
    for part in (found, getattr(found, "_sock", None), getattr(found, "_response", None)):
        if part is not None:
            with contextlib.suppress(OSError, ValueError):  # ValueError: flushing what was closed one line above
                part.close()


class Connection:
    """The stream of an exec and the socket under it."""

    def __init__(self, found: Any) -> None:
        self._found = found
        # Over a Unix socket or TCP the SDK wraps the socket; over TLS it is one.
        raw: socket.socket = getattr(found, "_sock", found)
        raw.settimeout(None)  # the SDK's own would make reads and writes fail halfway
        raw.sendall(b"go\n")
        self.stream = FramedStream(raw.fileno())

    def close(self) -> None:
        """What runs at the other end reads the end of its input, and ends."""
        close_socket(self._found)


class ServerLine:
    """A server in a worker."""

    def __init__(self, worker: Worker, connection: Connection) -> None:
        self._worker = worker
        self._connection = connection
        self._num_oom = 0
        try:
            connection.stream.hello(timeout_s=START_S)
        except (LineBroken, OSError) as err:
            said = connection.stream.said()
            self.close()
            raise LineBroken(f"{err}: {said}" if said else str(err)) from err
        except BaseException:
            self.close()
            raise

    def ask(self, message: bytes, *, timeout_s: float) -> bytes:
        """Send a job, wait for the answer. Raises LineBroken."""
        return self._connection.stream.ask(message, timeout_s=timeout_s)

    def is_open(self) -> bool:
        """Whether the server still listens."""
        return self._connection.stream.is_open()

    def limit(self, *, mem_mb: int, num_procs: int) -> None:
        """Set the container's memory; processes are limited by the step's own limit and by the container's."""
        self._worker.limit(mem_mb=mem_mb)
        self._num_oom = self._worker.count_oom()

    def oom_killed(self) -> bool:
        """Whether the kernel killed for memory since `limit`."""
        return self._worker.count_oom() > self._num_oom

    def close(self) -> None:
        """End the server."""
        self._connection.close()


def labels_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Labels of a container as the engine lists it."""
    return dict(row.get("Labels") or {})
