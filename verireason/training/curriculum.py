"""What to ask next, by what became of it before: pools by recent pass rate. Pure bookkeeping on numbered items.

An item is a problem of a finite source, or a family and level of a generator. The groups of an item that always passes
or never does teach nothing: such items are retired, and tried again later, since the model changes.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from random import Random
from statistics import fmean
from typing import Any

from verireason.recipe_tables import Curriculum

MEMORY = 4
"""Groups whose mean is the recent pass rate of an item."""


class Pool(StrEnum):
    """Where an item is; the names of all but RETIRED are those of their weights in `[curriculum]`."""

    NEW = "new"
    HARD = "hard"
    MIDDLE = "middle"
    EASY = "easy"
    RETRY = "retry"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """An item, and how often it was asked before."""

    item: int
    nth: int


@dataclass(slots=True, kw_only=True)
class _Item:
    """What is known of an item that was asked."""

    num_times: int = 0
    last_asked: int = 0
    """Items asked before it was asked last, by which it is in turn again."""
    last_step: int = 0
    """Step that it was asked for last."""
    rates: tuple[float, ...] = ()
    """Pass rates of the last groups, the latest one last; at most MEMORY."""
    num_alike: int = 0
    """Latest groups in a row that all passed, or that all failed without a difference."""
    retired_at: int | None = None
    """Step of the group that retired it."""

    def note(self, rate: float, step: int, *, is_live: bool, retire_after: int) -> None:
        is_extreme = rate in (0.0, 1.0) and not is_live
        goes_on = is_extreme and self.rates[-1:] == (rate,)
        self.num_alike = (self.num_alike if goes_on else 0) + is_extreme
        self.rates = (*self.rates, rate)[-MEMORY:]
        self.retired_at = step if self.num_alike >= retire_after else None


class Pools:
    """Chooses among items 0 to `num_items` - 1. The same calls give the same answers.

    Each time a pool is drawn by its weight among those that hold something, and within it the item that was asked the
    longest ago is taken; those that never were come first, in a seeded order. None is asked twice for a step while
    there are others that are not retired, and a retired one before its time only when all are.
    """

    def __init__(self, num_items: int, *, settings: Curriculum, seed: str) -> None:
        self._settings, self._seed = settings, seed
        order = list(range(num_items))
        Random(f"{seed}/order").shuffle(order)
        self._ranks = {item: rank - num_items for rank, item in enumerate(order)}
        self._items: dict[int, _Item] = {}
        self._num_asked = 0

    def ask(self, num: int, *, step: int) -> list[Asking]:
        """The next items for a step."""
        asked: list[Asking] = []
        queues: dict[Pool, deque[int]] = {}
        for _ in range(num):
            if not queues:
                queues = self._queues(num - len(asked), step)
            draw = Random(f"{self._seed}/{self._num_asked}")
            pool = draw.choices(list(queues), [getattr(self._settings, pool) for pool in queues])[0]
            item = queues[pool].popleft()
            if not queues[pool]:
                del queues[pool]
            known = self._items.setdefault(item, _Item())
            asked.append(Asking(item=item, nth=known.num_times))
            known.num_times += 1
            known.last_asked, known.last_step = self._num_asked, step
            self._num_asked += 1
        return asked

    def _queues(self, num: int, step: int) -> dict[Pool, deque[int]]:
        """The first `num` items of each pool that may be asked for a step now, pools without any left out."""
        pools = {item: self._pool(item, step) for item in self._ranks}
        active = [item for item, pool in pools.items() if pool is not Pool.RETIRED]
        rested = [item for item in active if item not in self._items or self._items[item].last_step != step]
        members: dict[Pool, list[int]] = {}
        for item in rested or active or self._ranks:
            pool = Pool.RETRY if pools[item] is Pool.RETIRED else pools[item]
            members.setdefault(pool, []).append(item)
        return {pool: deque(heapq.nsmallest(num, items, key=self._turn)) for pool, items in sorted(members.items())}

    def observe(self, item: int, rate: float, step: int, *, is_live: bool = False) -> None:
        """Note the pass rate of a group of an item that was asked, and whether there was something to learn from it."""
        self._items[item].note(rate, step, is_live=is_live, retire_after=self._settings.retire_after)

    def counts(self, step: int) -> dict[str, int]:
        """How many items are in each pool at a step."""
        counts = dict.fromkeys(map(str, Pool), 0)
        for item in self._ranks:
            counts[self._pool(item, step)] += 1
        return counts

    def state(self) -> dict[str, Any]:
        """Everything that later answers depend on, fit for JSON."""
        return {
            "num_asked": self._num_asked,
            "items": {str(item): asdict(known) for item, known in self._items.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._num_asked = state["num_asked"]
        self._items = {
            int(item): _Item(**{**known, "rates": tuple(known["rates"])}) for item, known in state["items"].items()
        }

    def _turn(self, item: int) -> int:
        return self._items[item].last_asked if item in self._items else self._ranks[item]

    def _pool(self, item: int, step: int) -> Pool:
        known = self._items.get(item)
        if known is None or not known.rates:
            return Pool.NEW
        if known.retired_at is not None:
            is_due = step >= known.retired_at + self._settings.retry_after
            return Pool.RETRY if is_due else Pool.RETIRED
        recent = fmean(known.rates)
        if recent < self._settings.hard_below:
            return Pool.HARD
        return Pool.EASY if recent > self._settings.easy_above else Pool.MIDDLE
