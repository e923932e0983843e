"""Progress for a person, on standard error: a line that is rewritten on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time


class ProgressLine:
    """Shows the latest text; `done` ends the line."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._every_s = 0.2 if self._is_terminal else 10.0
        self._last = time.monotonic() if not self._is_terminal else 0.0

    def show(self, text: str) -> None:
        """The state now; most calls print nothing."""
        now = time.monotonic()
        if now - self._last < self._every_s:
            return
        self._last = now
        print(
            f"\r\x1b[K{text}" if self._is_terminal else text,
            end="" if self._is_terminal else "\n",
            file=sys.stderr,
            flush=True,
        )

    def done(self) -> None:
        """Clear the line."""
        if self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
