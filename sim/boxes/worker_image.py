"""The worker image: the simulation image's root file system as a Docker image, made without a registry.

Two layers. The first is the root file system as it is, so the tools are the same bytes as under bubblewrap; the second
holds our programs for boxes (sim/inbox), which change more often. Tags are digests: an image that is there is right.
`containers/Dockerfile` makes an image like it from a registry's Debian, for who has one.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sim.image import INBOX, Image, ImageError

REPOSITORY = "verireason-worker"
WORKER_UID = 58737
"""Nobody's on any host: limits on processes count by user id."""
_CHANGES = [f'ENTRYPOINT ["{INBOX}/runner", "--idle"]', "WORKDIR /tmp", f"USER {WORKER_UID}"]


def worker_tag(image: Image) -> str:
    """Name of the worker image for this simulation image."""
    return f"{REPOSITORY}:{image.digest}"


def ensure_worker_image(client: Any, image: Image, say: Callable[[str], None]) -> str:
    """The worker image's name; made when it is not there. Raises ImageError."""
    if image.inbox is None:
        raise ImageError("the host's own tools cannot be a worker image; run `verireason image build`")
    tag = worker_tag(image)
    if _is_there(client, tag):
        return tag
    base = f"{REPOSITORY}:{image.digest.split('-')[0]}"
    if not _is_there(client, base):
        say(f"worker image {base}: importing {image.root}")
        _import(client, image.root, base)
    say(f"worker image {tag}: adding {image.inbox}")
    _add_inbox(client, image.inbox, base=base, tag=tag)
    return tag


def _is_there(client: Any, name: str) -> bool:
    from docker.errors import ImageNotFound

    try:
        client.inspect_image(name)
    except ImageNotFound:
        return False
    return True


def _import(client: Any, root: Path, name: str) -> None:
    """What `tar | docker import` does. Devices and /proc are the engine's to make."""
    argv = ("tar", "-C", str(root), "--exclude=./dev/*", "--exclude=./proc/*", "--owner=0", "--group=0",
            "--numeric-owner", "-c", ".")  # fmt: skip
    repository, tag = name.split(":")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tar:
        assert tar.stdout is not None
        assert tar.stderr is not None
        chunks = iter(partial(tar.stdout.read, 1 << 20), b"")
        answer = client.import_image_from_stream(chunks, repository=repository, tag=tag)
        errors = tar.stderr.read().decode(errors="replace").strip()
    if tar.returncode:
        client.remove_image(name)
        raise ImageError(f"tar could not read {root}: {errors[:300]}")
    if '"error"' in answer:
        raise ImageError(f"the engine could not import {root}: {answer.strip()[-300:]}")


def _add_inbox(client: Any, inbox: Path, *, base: str, tag: str) -> None:
    """A container that never runs is the cheapest builder: no network, no build context, any engine."""
    container = client.create_container(base, command=["unused"])["Id"]
    try:
        client.put_archive(container, "/", _archive(inbox))
        repository, name = tag.split(":")
        client.commit(container, repository=repository, tag=name, changes=_CHANGES)
    finally:
        client.remove_container(container, force=True)


def _archive(inbox: Path) -> bytes:
    """The directory at its place in the image, owned by root."""

    def owned(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return entry

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(inbox, arcname=INBOX.lstrip("/"), filter=owned)
    return stream.getvalue()
