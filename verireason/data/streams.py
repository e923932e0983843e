"""Which task comes when: what generators of RTL and of programs have in common.

A stream goes through the families in shuffled rounds and through each level's space in a seeded order without
repetition. When a level's share of the split is used up it starts again in another order, with the same ids as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from verireason.errors import UserError
from verireason.problem import Problem

Params = Mapping[str, Any]
"""Axis name to value; values are numbers, strings or tuples of them."""

SPLITS = ("train", "heldout", "heldout-family")
PHRASINGS = ("full", "terse")


class Space(Protocol):
    """A family, as far as a stream needs to know it."""

    @property
    def name(self) -> str:
        """Unique among the families."""

    @property
    def category(self) -> str:
        """Its theme."""

    @property
    def levels(self) -> Mapping[int, Any]:
        """Difficulty (1 to 3) to whatever the family makes of it."""

    def num_points(self, level: int) -> int:
        """Size of the level's space, points that do not exist included."""

    def point(self, level: int, index: int) -> Params | None:
        """The parameters with this number; None when the point does not exist."""


FamilyT = TypeVar("FamilyT", bound=Space)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[FamilyT]):
    """One point of one family, and the randomness for how it is said."""

    family: FamilyT
    level: int
    params: Params
    rng: Random

    def problem(self, make: Callable[..., Problem], *, num_layouts: int, split: str, phrasing: str) -> Problem:
        """The task as a problem, in a wording (of three) and a layout that are drawn."""
        return make(
            self.family,
            level=self.level,
            params=self.params,
            split=split,
            phrasing=phrasing,
            wording=self.rng.randrange(3),
            layout=self.rng.randrange(num_layouts),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection(Generic[FamilyT]):
    """Families, and the rule of what is held out."""

    families: Mapping[str, FamilyT]
    heldout_families: frozenset[str]
    split_of: Callable[[FamilyT, int, Params], str]
    """The split that a point of a level belongs to."""

    def tasks(
        self, *, seed: int, split: str, families: Sequence[str] | None, levels: Sequence[int] | None
    ) -> Iterator[Task[FamilyT]]:
        """The tasks of a split, endless; the i-th depends on the arguments and on i alone.

        Raises UserError for a name that does not exist and for a choice that leaves nothing.
        """
        check_choice("split", [split], SPLITS)
        return _rounds(self._streams(seed=seed, split=split, families=families, levels=levels), f"{seed}/{split}")

    def rows(self, sizes: Callable[[FamilyT, int], tuple[int, int | None]]) -> list[FamilyRow]:
        """All families and levels. sizes: how many distinct tasks, and circuits or functions, a level has."""
        rows = []
        for family in self.families.values():
            for level in family.levels:
                num_tasks, num_distinct = sizes(family, level)
                rows.append(
                    FamilyRow(
                        name=family.name,
                        category=family.category,
                        level=level,
                        num_tasks=num_tasks,
                        num_distinct=num_distinct,
                        held_out=family.name in self.heldout_families,
                    )
                )
        return rows

    def _streams(
        self, *, seed: int, split: str, families: Sequence[str] | None, levels: Sequence[int] | None
    ) -> list[_Stream[FamilyT]]:
        if families is not None:
            check_choice("family", families, tuple(self.families))
        if levels is not None:
            check_choice("level", [str(level) for level in levels], ("1", "2", "3"))
        streams = []
        for family in self.families.values():
            wanted = tuple(level for level in family.levels if levels is None or level in levels)
            in_split = (family.name in self.heldout_families) == (split == "heldout-family")
            if wanted and in_split and (families is None or family.name in families):
                streams.append(
                    _Stream(
                        family=family, levels=wanted, split=split, split_of=self.split_of, key=f"{seed}/{split}"
                    )
                )  # fmt: skip
        if not streams:
            raise UserError(
                f"no family left for split {split}, families {families} and levels {levels}; "
                f"the split heldout-family has {', '.join(sorted(self.heldout_families))}, the others have the rest"
            )
        return streams


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRow:
    """One level of a family, for a listing."""

    name: str
    category: str
    level: int
    num_tasks: int
    """Distinct tasks, names included."""
    num_distinct: int | None
    """Distinct circuits or functions, names left out; None when there are too many to count."""
    held_out: bool
    """Whether the whole family is kept out of train."""


def check_choice(what: str, found: Sequence[str], known: Sequence[str]) -> None:
    """Raise UserError for the first name that is not known."""
    for name in found:
        if name not in known:
            raise UserError(f"unknown {what} {name!r}; give one of {', '.join(known)}")


def _rounds(streams: Sequence[_Stream[FamilyT]], key: str) -> Iterator[Task[FamilyT]]:
    for turn in count():
        order = list(streams)
        Random(f"{key}/round {turn}").shuffle(order)
        for place, stream in enumerate(order):
            level, params = stream.take()
            rng = Random(f"{key}/problem {turn * len(order) + place}")
            yield Task(family=stream.family, level=level, params=params, rng=rng)


@dataclass(slots=True, kw_only=True)
class _Stream(Generic[FamilyT]):
    """The tasks of one family in one split: its levels in turn, each level's space in a seeded order."""

    family: FamilyT
    levels: tuple[int, ...]
    split: str
    split_of: Callable[[FamilyT, int, Params], str]
    key: str
    _turn: int = 0
    _points: dict[int, Iterator[Params]] = field(default_factory=dict)

    def take(self) -> tuple[int, Params]:
        """The next level and its next point."""
        level = self.levels[self._turn % len(self.levels)]
        self._turn += 1
        if level not in self._points:
            self._points[level] = self._walk(level)
        return level, next(self._points[level])

    def _walk(self, level: int) -> Iterator[Params]:
        size = self.family.num_points(level)
        for lap in count():
            order = _Order(size=size, key=f"{self.key}/{self.family.name}/{level}/{lap}")
            is_empty = True
            for index in range(size):
                params = self.family.point(level, order.place(index))
                if params is not None and self.split_of(self.family, level, params) == self.split:
                    is_empty = False
                    yield params
            assert not is_empty, f"level {level} of {self.family.name} has nothing in {self.split}"


class _Order:
    """A seeded permutation of range(size) that needs no list: a Feistel network, walked until it falls in range."""

    def __init__(self, *, size: int, key: str) -> None:
        self._size = size
        self._half = max(1, ((size - 1).bit_length() + 1) // 2)
        rng = Random(key)
        self._keys = [rng.getrandbits(64) | 1 for _ in range(4)]

    def place(self, index: int) -> int:
        """Where `index` goes."""
        while True:
            index = self._shuffle(index)
            if index < self._size:
                return index

    def _shuffle(self, index: int) -> int:
        mask = (1 << self._half) - 1
        left, right = index >> self._half, index & mask
        for key in self._keys:
            mixed = (right * 0x9E3779B97F4A7C15 + key) * key & (1 << 64) - 1
            left, right = right, left ^ mixed >> 29 & mask
        return left << self._half | right
