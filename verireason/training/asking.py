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
from verireason.recipe_tables import Curriculum
from verireason.training.curriculum import Asking, Pools
from verireason.training.prompts import arms, pool, problem_stream, turn


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOutcome:
    """What became of one asking of a problem."""

    index: int
    """As `Asker.ask` gave it."""
    pass_rate: float | None
    """Share of the judged completions that passed; None when none was judged."""
    step: int
    """The step that the problem was asked for."""
    is_live: bool = False
    """Whether its completions differ in correctness, as partial credit can tell them apart though none passes."""


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
    return InOrder(problem_stream(config)) if config.curriculum is None else ByPassRate(config, config.curriculum)


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


class _Known:
    """Problems of a finite source: an item is a problem, and so is a place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._problems = problems
        self.num_items = len(problems)

    def place(self, asking: Asking) -> int:
        return asking.item

    def item(self, place: int) -> int:
        return place

    def problem(self, place: int) -> Problem:
        return self._problems[place]


class _Endless:
    """Problems of a generator: an item is an arm, and each asking of it the next problem of the arm's stream."""

    def __init__(self, streams: Sequence[Iterator[Problem]]) -> None:
        self._arms = [InOrder(stream) for stream in streams]
        self.num_items = len(streams)

    def place(self, asking: Asking) -> int:
        return asking.nth * self.num_items + asking.item

    def item(self, place: int) -> int:
        return place % self.num_items

    def problem(self, place: int) -> Problem:
        return self._arms[self.item(place)].problem(place // self.num_items)


class ByPassRate:
    """Asks what the model can learn from, as its recent pass rates tell; see `curriculum.Pools`.

    Each source has pools of its own and keeps its share of what is asked. Over a finite source the curriculum is over
    its problems; over an endless one it is over the generator's families and levels. An index stands for a source and
    a place in it.
    """

    def __init__(self, config: Config, settings: Curriculum) -> None:
        sources = config.data.sources
        self._weights = config.data.weights
        self._sources = [
            _Endless(arms(source, config)) if source.is_endless else _Known(pool(source, config)) for source in sources
        ]
        self._pools = [
            Pools(source.num_items, settings=settings, seed=f"{config.run.seed}/{number}")
            for number, source in enumerate(self._sources)
        ]
        self._taken = [0] * len(sources)
        self._step = 0

    def ask(self, num: int, *, step: int) -> list[int]:
        """See Asker."""
        self._step = step
        turns: list[int] = []
        for _ in range(num):
            turns.append(turn(self._taken, self._weights))
            self._taken[turns[-1]] += 1
        asked = [iter(pools.ask(turns.count(number), step=step)) for number, pools in enumerate(self._pools)]
        return [self._sources[number].place(next(asked[number])) * len(self._sources) + number for number in turns]

    def problem(self, index: int) -> Problem:
        """See Asker."""
        place, number = divmod(index, len(self._sources))
        return self._sources[number].problem(place)

    def observe(self, outcomes: Sequence[GroupOutcome]) -> None:
        """See Asker."""
        for outcome in outcomes:
            if outcome.pass_rate is not None:
                place, number = divmod(outcome.index, len(self._sources))
                item = self._sources[number].item(place)
                self._pools[number].observe(item, outcome.pass_rate, outcome.step, is_live=outcome.is_live)

    def state(self) -> dict[str, Any]:
        """See Asker."""
        return {"taken": list(self._taken), "step": self._step, "pools": [pools.state() for pools in self._pools]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See Asker."""
        self._taken, self._step = list(state["taken"]), state["step"]
        for pools, each in zip(self._pools, state["pools"], strict=True):
            pools.restore(each)

    def counts(self) -> dict[str, int]:
        """See Asker; summed over the sources, as of the last asking."""
        by_source = [pools.counts(self._step) for pools in self._pools]
        return {name: sum(counts[name] for counts in by_source) for name in by_source[0]}
