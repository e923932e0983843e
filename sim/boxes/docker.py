"""The docker box: worker containers, one job at a time in each, jobs kept apart in it by bubblewrap or by user id.

A worker is a container without network, with a read-only root, no capabilities (four with uid isolation), a seccomp
profile of our own (containers/seccomp.json), and limits on memory and processes. It is one of `verireason farm up` that
nobody uses, or else one of our own that ends with us. A worker whose box failed is replaced.

What it does not do: workers are shared between trainers of one host only, and the engine itself is trusted.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.boxes.line import LineBroken
from sim.boxes.warm_box import WarmBox
from sim.boxes.worker import (
    FARM,
    IMAGE,
    ISOLATION,
    OWNER,
    Isolation,
    ServerLine,
    Worker,
    WorkerSpec,
    is_gone,
    labels_of,
    remove_container,
)
from sim.boxes.worker_image import ensure_worker_image
from sim.image import Image, cache_directory
from sim.job import Job, JobResult

TIMEOUT_S = 120
"""For one request to the engine, the import of an image included."""


class EngineUnavailable(Exception):
    """No Docker engine, or none that can run a worker; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmWorker:
    """A worker of `verireason farm up`."""

    container: str
    image: str
    isolation: Isolation
    is_leased: bool
    """Whether a trainer of this host uses it."""


def open_engine() -> Any:
    """The SDK's client of the engine that the environment names. Raises EngineUnavailable."""
    try:
        import docker
        from docker.errors import DockerException
    except ImportError as err:
        raise EngineUnavailable("the Docker SDK is missing; run `pip install 'docker>=7'`") from err
    try:
        client = docker.from_env(timeout=TIMEOUT_S).api
        client.ping()
    except (DockerException, OSError) as err:
        raise EngineUnavailable(
            f"no Docker engine answers ({_reason(err)}); start one, for example with `containers/start-engine.sh`"
        ) from err
    return client


def _reason(err: BaseException) -> str:
    return str(err).strip().rsplit("\n", 1)[-1][:200]


class DockerBox:
    """Runs jobs in worker containers. Safe to call from many threads."""

    def __init__(
        self, image: Image, *, say: Callable[[str], None] = lambda line: None, isolation: Isolation | None = None
    ) -> None:
        """Raises EngineUnavailable or ImageError. Without `isolation`, the strongest that a worker can do here."""
        self.image = image.digest
        self._client = open_engine()
        self._lock = threading.Lock()
        self._idle: list[_Manned] = []
        self._closed = False
        tag = ensure_worker_image(self._client, image, say)
        remove_orphans(self._client)
        kinds = [isolation] if isolation else list(Isolation)
        self._spec = self._find_spec([WorkerSpec(tag=tag, image=image.digest, isolation=kind) for kind in kinds])

    @property
    def isolation(self) -> Isolation:
        """What keeps jobs apart here."""
        return self._spec.isolation

    def run(self, job: Job) -> JobResult:
        """Run the job; what goes wrong with the box itself is in `JobResult.failure`."""
        try:
            manned = self._acquire()
        except (OSError, LineBroken) as err:
            return JobResult(failure=f"no worker container: {_reason(err)}")
        sound = False
        try:
            result = manned.box.run(job)
            sound = result.failure is None
            return result
        finally:
            if sound:
                self._release(manned)
            else:
                manned.replace(self._client, self._spec)

    def close(self) -> None:
        """End our own workers, and leave those of the farm to others."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for manned in idle:
            manned.end()
        self._client.close()

    def _find_spec(self, specs: list[WorkerSpec]) -> WorkerSpec:
        """The first that works, its worker kept for the first job. Raises EngineUnavailable."""
        reasons = []
        for spec in specs:
            try:
                manned = _Manned.lease(self._client, spec) or _Manned.start(self._client, spec)
            except (OSError, LineBroken) as err:
                raise EngineUnavailable(f"the Docker engine cannot start a worker: {_reason(err)}") from err
            try:
                manned.worker.serve("plain").close()
            except (OSError, LineBroken) as err:
                reasons.append(f"{spec.isolation}: {_reason(err)}")
                manned.end()
                continue
            self._idle.append(manned)
            return spec
        raise EngineUnavailable("no server starts in a worker container; " + "; ".join(reasons))

    def _acquire(self) -> _Manned:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Manned.lease(self._client, self._spec) or _Manned.start(self._client, self._spec)

    def _release(self, manned: _Manned) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(manned)
                return
        manned.end()


class _Manned:
    """A worker and the box of the servers in it; with a lease when the worker is the farm's."""

    def __init__(self, worker: Worker, spec: WorkerSpec, *, lease: int | None) -> None:
        self.worker = worker
        self.box = WarmBox(_Servers(worker), image=spec.image)
        self._lease = lease

    @classmethod
    def start(cls, client: Any, spec: WorkerSpec) -> _Manned:
        """One of our own."""
        return cls(Worker.start(client, spec, stays=False), spec, lease=None)

    @classmethod
    def lease(cls, client: Any, spec: WorkerSpec) -> _Manned | None:
        """One of the farm's that nobody uses, if there is one."""
        for row in _farm_rows(client):
            labels = labels_of(row)
            if (labels.get(IMAGE), labels.get(ISOLATION)) != (spec.image, spec.isolation) or row["State"] != "running":
                continue
            lease = _take_lease(row["Id"])
            if lease is not None:
                return cls(Worker(client, row["Id"], isolation=spec.isolation), spec, lease=lease)
        return None

    def end(self) -> None:
        """Remove our own worker; give the farm's back."""
        self.box.close()
        if self._lease is None:
            self.worker.remove()
        else:
            self.worker.leave()
            os.close(self._lease)

    def replace(self, client: Any, spec: WorkerSpec) -> None:
        """Remove the worker; start another in its place where it was the farm's."""
        with contextlib.suppress(OSError):  # an engine that is gone has taken the worker with it
            self.box.close()
            if self._lease is None:
                self.worker.remove()
            else:
                self.worker.leave()
                _remove_farm_worker(client, self.worker.container)
                os.close(self._lease)
                Worker.start(client, spec, stays=True)


class _Servers:
    """Starts servers in one worker."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def start(self, server: str) -> ServerLine:
        return self._worker.serve(server)

    def close(self) -> None:
        """The worker is ended by whoever started it."""


def _farm_rows(client: Any) -> list[Any]:
    return list(client.containers(all=True, filters={"label": FARM}))


def _leases() -> Path:
    return cache_directory() / "leases"


def _take_lease(container: str) -> int | None:
    """A lock that the kernel takes back when this process ends, however it does; None when another has it."""
    _leases().mkdir(parents=True, exist_ok=True)
    lease = os.open(_leases() / container, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lease)
        return None
    return lease


def remove_orphans(client: Any) -> None:
    """Remove workers that a process created and did not live to start."""
    for row in client.containers(all=True, filters={"label": OWNER}):
        if is_gone(labels_of(row)[OWNER]):
            remove_container(client, row["Id"])


def farm_workers(client: Any) -> Iterator[FarmWorker]:
    """The running workers of `verireason farm up`."""
    for row in _farm_rows(client):
        if row["State"] != "running":
            continue
        labels = labels_of(row)
        lease = _take_lease(row["Id"])
        if lease is not None:
            os.close(lease)
        yield FarmWorker(
            container=row["Id"][:12],
            image=labels.get(IMAGE, "unknown"),
            isolation=Isolation(labels.get(ISOLATION, Isolation.UID)),
            is_leased=lease is None,
        )


def farm_up(image: Image, *, num_workers: int, say: Callable[[str], None]) -> list[FarmWorker]:
    """Bring the farm to this number of workers of this image. Raises EngineUnavailable or ImageError."""
    box = DockerBox(image, say=say)  # finds out what a worker can do here
    box.close()
    client = open_engine()
    _remove_farm(client, keep_image=image.digest)
    spec = WorkerSpec(tag=ensure_worker_image(client, image, say), image=image.digest, isolation=box.isolation)
    try:
        for _ in range(num_workers - len(_farm_rows(client))):
            Worker.start(client, spec, stays=True)
    except OSError as err:
        raise EngineUnavailable(f"the Docker engine cannot start a worker: {_reason(err)}") from err
    for row in _farm_rows(client)[num_workers:]:
        _remove_farm_worker(client, row["Id"])
    return list(farm_workers(client))


def farm_down() -> int:
    """Remove all workers of the farm, and those that dead trainers left; says how many of the farm's there were."""
    client = open_engine()
    remove_orphans(client)
    return _remove_farm(client, keep_image=None)


def _remove_farm(client: Any, *, keep_image: str | None) -> int:
    """Remove the farm's workers but those that run this image; says how many."""
    unfit = [
        row
        for row in _farm_rows(client)
        if keep_image is None or row["State"] != "running" or labels_of(row).get(IMAGE) != keep_image
    ]
    for row in unfit:
        _remove_farm_worker(client, row["Id"])
    return len(unfit)


def _remove_farm_worker(client: Any, container: str) -> None:
    remove_container(client, container)
    (_leases() / container).unlink(missing_ok=True)
