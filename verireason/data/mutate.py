"""Mutants of a design or a program: the same text with one small fault.

For trusted texts only. A mutant differs from its source as a sequence of tokens, but it may behave alike (a reset of
zero to `'0` and the like); only a proof can tell (`sim.hdl.equivalence`). Most compile, which only the tools can tell.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from verireason.data.mutation_kinds import MutationKind
from verireason.data.mutation_places import Place, find_places


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A faulty version of a source."""

    source: str
    kind: MutationKind
    line: int
    """First line that changed, from 1."""
    description: str
    """Example: "line 4: `+` became `-`"."""


def mutants(
    source: str,
    *,
    rng: random.Random | None,
    kinds: Collection[MutationKind] | None = None,
    limit: int | None = None,
    find: Callable[[str], list[Place]] = find_places,
) -> list[Mutant]:
    """Single mutations of `source` in source order, no two alike; all of them when `limit` is None. `find` says where
    it can be changed: Verilog's rules, or those of `verireason.data.programs.places`.

    With a limit, `rng` draws the sample, kind by kind in turn, so that each kind that occurs has its share. Raises
    ValueError for a limit without an rng. Deterministic for the same arguments.
    """
    places = [place for place in find(source) if kinds is None or place.kind in kinds]
    if limit is not None and len(places) > limit:
        if rng is None:
            raise ValueError("a sample of the mutants needs an rng")
        places = _sample(places, rng, limit)
    found: dict[str, Mutant] = {}
    for place in places:
        mutant = mutate(source, [place])
        if mutant.source != source:
            found.setdefault(mutant.source, mutant)
    return list(found.values())


def mutate(source: str, places: Sequence[Place]) -> Mutant:
    """The source with every one of `places` changed; they must be of one kind and must not overlap."""
    data = source.encode()
    for edit in sorted((edit for place in places for edit in place.edits), key=lambda edit: -edit.start):
        data = data[: edit.start] + edit.text + data[edit.end :]
    first = places[0]
    description = "; ".join(f"line {place.line}: {place.what}" for place in places)
    return Mutant(source=data.decode(), kind=first.kind, line=first.line, description=description)


def _sample(places: list[Place], rng: random.Random, limit: int) -> list[Place]:
    """`limit` of the places, taken kind by kind in turn, back in source order."""
    queues: dict[MutationKind, list[int]] = {}
    for index in rng.sample(range(len(places)), len(places)):
        queues.setdefault(places[index].kind, []).append(index)
    waiting = deque(queues.values())
    chosen: list[int] = []
    while waiting and len(chosen) < limit:
        queue = waiting.popleft()
        chosen.append(queue.pop())
        if queue:
            waiting.append(queue)
    return [places[index] for index in sorted(chosen)]
