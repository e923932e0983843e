"""Endless RTL tasks with exact references, out of the families' parameter spaces.

Splits are disjoint by design: which split a task is in follows from its circuit (the family and the parameters that
change the circuit, names of ports left out), so that renaming cannot carry a held-out circuit into training. Families
in HELDOUT_FAMILIES occur in the split "heldout-family" only.

A stream goes through the families in shuffled rounds and through each level's space in a seeded order without
repetition. When a level's share of the split is used up it starts again in another order, with the same ids as before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from random import Random

from sim.hdl.testbench import REFERENCE_TOP
from sim.job import Limits
from sim.verdict import Spec
from verireason.data.families.family import Design, Family, Params
from verireason.data.families.prompt import LAYOUTS, TOP, full_prompt, terse_prompt
from verireason.data.families.script import Script
from verireason.data.families.table import FAMILIES
from verireason.data.testbench import build_testbench
from verireason.errors import UserError
from verireason.problem import Problem

BENCHMARK = "generated"
LICENCE = "Apache-2.0"
SPLITS = ("train", "heldout", "heldout-family")
PHRASINGS = ("full", "terse")
LIMITS = Limits(cpu_s=5, wall_s=30, mem_mb=512, output_kb=64, scratch_mb=16)

HELDOUT_FAMILIES = frozenset({"demux", "gray_counter", "minmax", "pulse_stretcher", "registered_logic"})
"""Never in train: each joins things that train has apart (a comparison and a mux, a register and a gate ...)."""
HELDOUT_SHARE = 5
"""One circuit in this many is held out."""
SPLIT_SALT = "split 112 "
"""Goes into the hash that decides the split. Some levels have few circuits (16 to 40); with this salt, each of them has
between 11 and 27 percent held out."""


def generate(
    *,
    seed: int,
    split: str,
    num: int | None = None,
    families: Sequence[str] | None = None,
    levels: Sequence[int] | None = None,
    phrasing: str = "full",
) -> Iterator[Problem]:
    """Problems of one split, endless when `num` is None.

    The i-th problem depends on the arguments other than `num`, and on i, alone. `families` and `levels` (1 to 3) limit
    the choice; `phrasing` is "full" (several wordings and layouts, picked by the seed) or "terse" (a line, always the
    same for a task). Raises UserError for a name that does not exist and for a choice that leaves nothing.
    """
    _check_choice("split", [split], SPLITS)
    _check_choice("phrasing", [phrasing], PHRASINGS)
    streams = _streams(seed=seed, split=split, families=families, levels=levels)
    return islice(_problems(seed=seed, split=split, streams=streams, phrasing=phrasing), num)


def make_problem(
    family: Family, *, level: int, params: Params, split: str, phrasing: str, wording: int = 0, layout: int = 0
) -> Problem:
    """One problem from one point of a family. `wording` and `layout` choose among the full phrasings."""
    design = family.make(params)
    prompt = terse_prompt(design) if phrasing == "terse" else full_prompt(design, wording=wording, layout=layout)
    return Problem(
        id=f"gen-{family.name}-l{level}-{family.digest(params)}",
        benchmark=BENCHMARK,
        prompt=prompt,
        spec=_spec(design, seed=family.digest(params)),
        golden=design.source(TOP),
        split=split,
        licence=LICENCE,
        category=family.name,
        difficulty=level,
    )


def split_of(family: Family, params: Params) -> str:
    """The split that a point belongs to."""
    if family.name in HELDOUT_FAMILIES:
        return "heldout-family"
    bucket = hashlib.sha256((SPLIT_SALT + family.circuit(params)).encode()).digest()[0]
    return "heldout" if bucket % HELDOUT_SHARE == 0 else "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRow:
    """One level of a family, for a listing."""

    name: str
    category: str
    level: int
    num_tasks: int
    """Distinct tasks, names included."""
    num_circuits: int | None
    """Distinct circuits up to names; None when there are too many to count."""
    held_out: bool
    """Whether the whole family is kept out of train."""


def families_table() -> list[FamilyRow]:
    """All families and levels with the size of their spaces. Takes some seconds: the spaces are counted."""
    rows = []
    for family in FAMILIES.values():
        for level in family.levels:
            space = family.space(level)
            rows.append(
                FamilyRow(
                    name=family.name,
                    category=family.category,
                    level=level,
                    num_tasks=space.num_tasks,
                    num_circuits=space.num_circuits,
                    held_out=family.name in HELDOUT_FAMILIES,
                )
            )
    return rows


@dataclass(slots=True, kw_only=True)
class _Stream:
    """The tasks of one family in one split: its levels in turn, each level's space in a seeded order."""

    family: Family
    levels: tuple[int, ...]
    split: str
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
                if params is not None and split_of(self.family, params) == self.split:
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


def _problems(*, seed: int, split: str, streams: Sequence[_Stream], phrasing: str) -> Iterator[Problem]:
    for turn in count():
        order = list(streams)
        Random(f"{seed}/{split}/round {turn}").shuffle(order)
        for place, stream in enumerate(order):
            level, params = stream.take()
            rng = Random(f"{seed}/{split}/problem {turn * len(order) + place}")
            yield make_problem(
                stream.family,
                level=level,
                params=params,
                split=split,
                phrasing=phrasing,
                wording=rng.randrange(3),
                layout=rng.randrange(len(LAYOUTS)),
            )


def _streams(
    *, seed: int, split: str, families: Sequence[str] | None, levels: Sequence[int] | None
) -> tuple[_Stream, ...]:
    if families is not None:
        _check_choice("family", families, tuple(FAMILIES))
    if levels is not None:
        _check_choice("level", [str(level) for level in levels], ("1", "2", "3"))
    streams = []
    for family in FAMILIES.values():
        wanted = tuple(level for level in family.levels if levels is None or level in levels)
        in_split = (family.name in HELDOUT_FAMILIES) == (split == "heldout-family")
        if wanted and in_split and (families is None or family.name in families):
            streams.append(_Stream(family=family, levels=wanted, split=split, key=f"{seed}/{split}"))
    if not streams:
        raise UserError(
            f"no family left for split {split}, families {families} and levels {levels}; "
            f"the split heldout-family has {', '.join(sorted(HELDOUT_FAMILIES))}, the others have the rest"
        )
    return tuple(streams)


def _check_choice(what: str, found: Sequence[str], known: Sequence[str]) -> None:
    for name in found:
        if name not in known:
            raise UserError(f"unknown {what} {name!r}; give one of {', '.join(known)}")


def _spec(design: Design, *, seed: str) -> Spec:
    script = Script(ports=design.ports, control=design.control, rng=Random(f"testbench/{seed}"))
    design.drive(script)
    stimulus = script.stimulus()
    clock = None if design.control is None else design.control.clock
    return Spec(
        verifier="verilog-testbench",
        top=TOP,
        testbench=build_testbench(ports=design.ports, clock=clock, stimulus=stimulus, top=TOP),
        reference=design.source(REFERENCE_TOP),
        num_checks=stimulus.num_checks,
        limits=LIMITS,
    )
