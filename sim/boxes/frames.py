"""Docker's stream of an exec: standard output and standard error of one process in frames on one socket.

A frame is 8 bytes of head (stream number, three zeros, length as a big-endian u32) and that many bytes.
"""

from __future__ import annotations

import os
import struct
import time

from sim.boxes.line import LineBroken, Stream

_HEAD = struct.Struct(">BxxxI")
_STDOUT, _STDERR = 1, 2
MAX_ERROR_BYTES = 4096
"""How much of standard error is kept: enough to say why a server did not start."""


class Frames:
    """Takes frames apart, wherever the socket cut them."""

    def __init__(self) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._head = bytearray()
        self._stream = 0
        self._left = 0

    def feed(self, data: bytes) -> None:
        """Add what came from the socket. Raises LineBroken when it is no frame."""
        at = 0
        while at < len(data):
            if self._left == 0:
                part = data[at : at + _HEAD.size - len(self._head)]
                self._head += part
                at += len(part)
                self._open_frame()
                continue
            part = data[at : at + self._left]
            self._keep(part)
            self._left -= len(part)
            at += len(part)

    def take(self, size: int) -> bytes:
        """The next bytes of standard output, which must be there."""
        taken = bytes(self.stdout[:size])
        del self.stdout[:size]
        return taken

    def _open_frame(self) -> None:
        if len(self._head) < _HEAD.size:
            return
        self._stream, self._left = _HEAD.unpack(self._head)
        self._head.clear()
        if self._stream not in (_STDOUT, _STDERR):
            raise LineBroken(f"the engine sent a frame of stream {self._stream}")

    def _keep(self, part: bytes) -> None:
        if self._stream == _STDOUT:
            self.stdout += part
        else:
            self.stderr += part[: MAX_ERROR_BYTES - len(self.stderr)]


class FramedStream(Stream):
    """A line's reads and writes on the socket of an exec."""

    def __init__(self, fd: int) -> None:
        super().__init__(read_fd=fd, write_fd=fd)
        self._frames = Frames()

    def is_open(self) -> bool:
        """Whether the server is there and silent; what it said on standard error does not count."""
        try:
            while self._poll.poll(0):
                if not self._receive():
                    return False
        except (OSError, LineBroken):
            return False
        return not self._frames.stdout

    def exchange(self, message: bytes, *, size: int, timeout_s: float) -> bytes:
        """Send a question, read an answer of known size. Raises LineBroken."""
        self._write(message)
        return self._read(size, deadline=time.monotonic() + timeout_s)

    def said(self) -> str:
        """The server's standard error so far."""
        return self._frames.stderr.decode(errors="replace").strip()[:300]

    def _read(self, size: int, *, deadline: float) -> bytes:
        while len(self._frames.stdout) < size:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not self._poll.poll(left_s * 1000):
                raise LineBroken("the box did not answer in time")
            if not self._receive():
                raise LineBroken("the box died before it had an answer")
        return self._frames.take(size)

    def _receive(self) -> bool:
        """Read what is there; False at the end of the stream."""
        data = os.read(self._read_fd, 1 << 20)
        self._frames.feed(data)
        return bool(data)
