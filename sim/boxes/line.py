"""One open line to a server in a box: a job's message goes out, an answer comes back, one at a time.

The format: sim/inbox/runner.c. A line that broke or was late is of no use any more; whoever holds it closes it.
"""

from __future__ import annotations

import os
import select
import struct
import time
from typing import Protocol

HELLO = b"VRS2"
MAX_ANSWER_BYTES = 64 << 20
_SIZE = struct.Struct("<I")


class LineBroken(Exception):
    """The server ended, was late or answered nonsense: the farm's failure."""


class Line(Protocol):
    """A server that was started and has said hello."""

    def ask(self, message: bytes, *, timeout_s: float) -> bytes:
        """Send a job, wait for the answer. Raises LineBroken."""

    def is_open(self) -> bool:
        """Whether the server still listens; quick."""

    def limit(self, *, mem_mb: int, num_procs: int) -> None:
        """Set what the next job may use, where the box can enforce that as a whole. Raises OSError."""

    def oom_killed(self) -> bool:
        """Whether the kernel killed for memory since `limit`."""

    def close(self) -> None:
        """End the server and all that is left of its jobs. May be called twice."""


class Stream:
    """Reads and writes of a line on two descriptors, with a deadline."""

    def __init__(self, *, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._poll = select.poll()
        self._poll.register(read_fd, select.POLLIN)

    def hello(self, *, timeout_s: float) -> None:
        """Wait until the server is ready. Raises LineBroken."""
        if self._read(len(HELLO), deadline=time.monotonic() + timeout_s) != HELLO:
            raise LineBroken("the server in the box did not say hello")

    def is_open(self) -> bool:
        """Whether the other end is there and silent, as it is between jobs."""
        return not self._poll.poll(0)

    def ask(self, message: bytes, *, timeout_s: float) -> bytes:
        """Send a message with its size, read an answer with its size. Raises LineBroken."""
        deadline = time.monotonic() + timeout_s
        self._write(_SIZE.pack(len(message)) + message)
        (size,) = _SIZE.unpack(self._read(_SIZE.size, deadline=deadline))
        if size > MAX_ANSWER_BYTES:
            raise LineBroken(f"the box announced an answer of {size} bytes")
        return self._read(size, deadline=deadline)

    def _write(self, data: bytes) -> None:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._write_fd, rest) :]
        except OSError as err:
            raise LineBroken("the box died before it had a job") from err

    def _read(self, size: int, *, deadline: float) -> bytes:
        parts = []
        while size > 0:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not self._poll.poll(left_s * 1000):
                raise LineBroken("the box did not answer in time")
            part = os.read(self._read_fd, min(size, 1 << 20))
            if not part:
                raise LineBroken("the box died before it had an answer")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
