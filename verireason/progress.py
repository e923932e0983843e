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


class Bars:
    """Two bars of an evaluation, completions and verdicts; plain lines now and then where there is no terminal.

    A context manager. Both sides may be told of from threads of their own.
    """

    def __init__(self, *, num_wanted: int, num_generated: int, num_judged: int) -> None:
        """num_wanted: completions that there will be. The others: what is there already from an earlier start."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._num_wanted, self._num_generated, self._num_judged = num_wanted, num_generated, num_judged
        self._num_tokens = 0
        self._started = time.monotonic()
        self._speed = ""
        self._verdicts = ""
        self._line = None if sys.stderr.isatty() else ProgressLine()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                   TextColumn("{task.fields[more]}", markup=False))  # fmt: skip
        self._bars = Progress(*columns, console=Console(stderr=True), transient=True, disable=self._line is not None)
        self._completions = self._bars.add_task("completions", total=num_wanted, completed=num_generated, more="")
        self._judged = self._bars.add_task("verdicts   ", total=num_wanted, completed=num_judged, more="")

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bars.stop()

    def want(self, num_more: int) -> None:
        """More completions will be asked for."""
        self._num_wanted += num_more
        for task in (self._completions, self._judged):
            self._bars.update(task, total=self._num_wanted)

    def generated(self, num_tokens: int | None) -> None:
        """One completion is there."""
        self._num_generated += 1
        self._num_tokens += num_tokens or 0
        if self._num_tokens:
            self._speed = f"{self._num_tokens / (time.monotonic() - self._started):.0f} tokens/s"
        self._bars.update(self._completions, advance=1, more=self._speed)
        self._show_line()

    def judged(self, text: str) -> None:
        """One verdict is there; `text` says how all of them went."""
        self._num_judged += 1
        self._verdicts = text
        self._bars.update(self._judged, advance=1, more=text)
        self._show_line()

    def _show_line(self) -> None:
        if self._line is not None:
            speed = f" ({self._speed})" if self._speed else ""
            generated = f"completions {self._num_generated} of {self._num_wanted}{speed}"
            self._line.show(f"{generated}; verdicts {self._num_judged}: {self._verdicts}")
