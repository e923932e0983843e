"""What a language's faults are: habits, slips and syntax errors, as a faulty corpus has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from verireason.data.mutate import Mutant, mutate
from verireason.data.mutation_kinds import MutationKind
from verireason.data.mutation_places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """A mistake that is made wherever it can be."""

    name: str
    applies: Callable[[Place], bool]
    everywhere: bool = True
    """Whether all places change, or the first alone (those may be nested)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The faults of one language."""

    find: Callable[[str], list[Place]]
    """Where a text can be changed."""
    habits: tuple[Habit, ...]
    """In order of precedence: a text gets the first that applies to it."""
    syntax_slip: Callable[[str, Random], tuple[str, str]]
    """The text with a syntax error, and which it is."""

    def habitual(self, source: str) -> tuple[Habit, Mutant] | None:
        """The habit that this text falls under and the text with it; None when no habit applies."""
        places = self.find(source)
        for habit in self.habits:
            found = [place for place in places if habit.applies(place)]
            if found:
                return habit, mutate(source, found if habit.everywhere else found[:1])
        return None


def becomes(before: str, after: str) -> Callable[[Place], bool]:
    """Places where one text becomes another."""
    return lambda place: place.what == f"`{before}` became `{after}`"


def is_kind(kind: MutationKind, *constructs: str) -> Callable[[Place], bool]:
    """Places of a kind, in some constructs only when any are given."""
    return lambda place: place.kind is kind and (not constructs or place.construct in constructs)
