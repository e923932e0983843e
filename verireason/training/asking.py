"""Which problem is asked next.

Askers are deterministic: the same calls give the same answers, on every process and after a restore. So all processes
keep one each, tell it the same outcomes, and need not talk about what to ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from verireason.config import Config
from verireason.problem import Problem
from verireason.training.prompts import problem_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOutcome:
    """What became of one asking of a problem."""

    index: int
    """As `Asker.ask` gave it."""
    pass_rate: float | None
    """Share of the judged completions that passed; None when none was judged."""
    step: int
    """The step that the problem was asked for."""


class Asker(Protocol):
    """Chooses problems. What it is told must not depend on time or on the process that tells it."""

    def ask(self, num: int, *, step: int) -> list[int]:
        """The indices of the next `num` problems. A problem may come again, later in the run."""

    def problem(self, index: int) -> Problem:
        """The problem of an index that was asked, on this asker or on the one that its state was restored from."""

    def observe(self, outcomes: Sequence[GroupOutcome]) -> None:
        """Note what became of problems that were asked, in any order and at any later time."""

    def state(self) -> dict[str, Any]:
        """Everything that later answers depend on, fit for JSON."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of an asker that was opened with the same settings."""

    def counts(self) -> dict[str, int]:
        """How many problems are in each pool; empty where there are no pools."""


def open_asker(config: Config) -> Asker:
    """The asker that the settings ask for, at its beginning. Raises UserError as `problem_stream` does."""
    return InOrder(problem_stream(config))


class InOrder:
    """The problems of a stream one after another, whatever becomes of them. An index is a place in the stream."""

    def __init__(self, stream: Iterator[Problem]) -> None:
        self._stream = stream
        self._made: list[Problem] = []
        self._num_asked = 0

    def ask(self, num: int, *, step: int) -> list[int]:
        """See Asker."""
        first, self._num_asked = self._num_asked, self._num_asked + num
        return list(range(first, self._num_asked))

    def problem(self, index: int) -> Problem:
        """See Asker; any index from 0 works."""
        self._made += islice(self._stream, max(0, index + 1 - len(self._made)))
        return self._made[index]

    def observe(self, outcomes: Sequence[GroupOutcome]) -> None:
        """See Asker; nothing changes."""

    def state(self) -> dict[str, Any]:
        """See Asker."""
        return {"num_asked": self._num_asked}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See Asker."""
        self._num_asked = int(state["num_asked"])

    def counts(self) -> dict[str, int]:
        """See Asker; no pools."""
        return {}
