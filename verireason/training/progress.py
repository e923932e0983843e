"""Progress for a person: one line per step on standard error, plain unless it is a terminal."""

from __future__ import annotations

import os
import sys
from typing import TextIO


class Progress:
    """Writes lines for a person. Results never go through here.

    Example:
        Progress().step(3, 150, "reward 0.412 | pass 30% ...", every=1)   # "step   3/150 | reward 0.412 | pass 30% ..."
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self._mean_step_s: float | None = None

    @classmethod
    def silent(cls) -> Progress:
        """One that nobody reads, for the processes of a run beside the main one."""
        return cls(open(os.devnull, "w"))  # for as long as the process lives

    def say(self, text: str) -> None:
        """One line of its own."""
        print(text, file=self.stream, flush=True)

    def step(self, step: int, num_steps: int, text: str, *, every: int) -> None:
        """The line of a step. Only every `every`-th, the first and the last stay; a terminal shows the others too."""
        line = f"step {step:{len(str(num_steps))}}/{num_steps} | {text}"
        shown = step % every == 0 or step in (1, num_steps)
        if self.stream.isatty():
            # \x1b[K clears what a longer line left behind
            print(f"\r\x1b[K{line}", end="\n" if shown else "", file=self.stream, flush=True)
        elif shown:
            self.say(line)

    def time_left(self, step: int, num_steps: int, step_s: float) -> float:
        """Seconds to the end, from a running mean of what steps took."""
        mean = self._mean_step_s
        self._mean_step_s = step_s if mean is None else 0.9 * mean + 0.1 * step_s
        return (num_steps - step) * self._mean_step_s


def seconds(amount: float) -> str:
    """Seconds in short: "8s", "2m05s", "1h03m"."""
    whole = round(amount)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"
