"""Files that only grow, a line at a time, so that whatever ends the process leaves whole lines.

SIGKILL can cut the last line (the kernel stops a write between two pages): the next appender cuts it off. A machine
that loses power may lose the lines since the last `sync`.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from verireason.errors import MissingError, UserError

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a write says when the disk, a quota or a size limit is at its end, or the device broke."""


class LineAppender:
    """Appends lines to a file; one appender at a time, held by a lock that ends with the process.

    What a killed one left half written is cut off at the start. A full disk raises MissingError and leaves whole lines.
    """

    def __init__(self, path: Path, *, is_whole: Callable[[bytes], bool], what: str) -> None:
        """is_whole: whether a last line without its end is complete nevertheless. what: "records", for messages."""
        self.path = path
        self._what = what
        self._fd = open_to_append(path)
        try:
            self._size, self.num_lines = _mend_tail(self._fd, is_whole)
        except BaseException:
            os.close(self._fd)
            raise

    def write(self, line: bytes) -> None:
        """Append one line, which has no end yet. When this returns, the line outlives the process."""
        line += b"\n"
        try:
            num_bytes = os.write(self._fd, line)
            if num_bytes < len(line):
                # A disk with room for a part takes that part, and says so only at the next write.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as err:
            os.ftruncate(self._fd, self._size)
            raise self._full(err) from err
        self._size += num_bytes
        self.num_lines += 1

    def sync(self) -> None:
        """Make what was written outlive the machine."""
        try:
            os.fsync(self._fd)
        except OSError as err:
            raise self._full(err) from err

    def close(self) -> None:
        """Sync and let go. May be called twice."""
        if self._fd < 0:
            return
        try:
            self.sync()
        finally:
            os.close(self._fd)
            self._fd = -1

    def _full(self, err: OSError) -> Exception:
        if err.errno not in DISK_FULL:
            return err
        safe = f"{self.num_lines} {self._what} are safe in it"
        return MissingError(f"cannot write to {self.path}: {err.strerror}; {safe}: make room and resume")


def open_to_append(path: Path) -> int:
    """A locked descriptor. UserError when another process has the lock or the file can't be written."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as err:
        kind = MissingError if err.errno in DISK_FULL else UserError
        raise kind(f"cannot write to {path}: {err.strerror}; give a directory that can be written") from err
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as err:
        os.close(fd)
        raise UserError(f"{path} is being written by another process; wait for it or give another directory") from err
    except OSError:
        pass  # a file system without locks: two writers are then the user's to avoid
    return fd


def _mend_tail(fd: int, is_whole: Callable[[bytes], bool]) -> tuple[int, int]:
    """End the file with a whole line; returns its size in bytes and its number of lines."""
    size = os.fstat(fd).st_size
    num_lines, tail_start, offset = 0, 0, 0
    while chunk := os.pread(fd, 1 << 20, offset):
        num_lines += chunk.count(b"\n")
        if (last := chunk.rfind(b"\n")) >= 0:
            tail_start = offset + last + 1
        offset += len(chunk)
    if tail_start == size:
        return size, num_lines
    if not is_whole(os.pread(fd, size - tail_start, tail_start)):
        os.ftruncate(fd, tail_start)
        return tail_start, num_lines
    os.write(fd, b"\n")  # the line is whole, only its end is missing
    return size + 1, num_lines + 1
