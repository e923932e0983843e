"""Endless programming tasks with exact references, out of the families' parameter spaces.

Splits are disjoint by design: which split a task is in follows from what its function answers, so that neither a
renamed argument nor another way to say the same (above 3, at least 4) can carry a held-out function into training.
Families in HELDOUT_PROGRAM_FAMILIES occur in the split "heldout-family" only.

Expected values come from the families' references, which run here; what a model wrote never does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from random import Random
from typing import Any

from sim.inbox.values import encode
from sim.job import Limits
from sim.python.suite import CallTest, Comparator, Suite
from sim.verdict import Spec
from verireason.data.programs.program import ENTRY, ProgramFamily
from verireason.data.programs.prompt import PROGRAM_LAYOUTS, full_prompt, terse_prompt
from verireason.data.programs.signatures import inputs
from verireason.data.programs.table import PROGRAM_FAMILIES
from verireason.data.streams import PHRASINGS, Collection, FamilyRow, Params, check_choice
from verireason.problem import Problem

BENCHMARK = "generated-python"
LICENCE = "Apache-2.0"
LIMITS = Limits(cpu_s=2, wall_s=20, mem_mb=256, output_kb=64, scratch_mb=16)
COMPARATOR = Comparator(name="strict@1")

HELDOUT_PROGRAM_FAMILIES = frozenset({"gaps", "tally", "words"})
"""Never in train: each joins things that train has apart (neighbours and a change, counting and a condition ...)."""
HELDOUT_SHARE = 5
"""One function in this many is held out."""
SPLIT_SALT = "programs 0 "
"""Goes into the hash that decides the split."""
NUM_DRAWN = 20
"""Drawn inputs of a suite, beside the edges."""


def generate_programs(
    *,
    seed: int,
    split: str,
    num: int | None = None,
    families: Sequence[str] | None = None,
    levels: Sequence[int] | None = None,
    phrasing: str = "full",
) -> Iterator[Problem]:
    """Problems of one split, endless when `num` is None; arguments and errors as `verireason.data.generator.generate`
    has them."""
    check_choice("phrasing", [phrasing], PHRASINGS)
    tasks = _COLLECTION.tasks(seed=seed, split=split, families=families, levels=levels)
    problems = (
        task.problem(make_program_problem, num_layouts=len(PROGRAM_LAYOUTS), split=split, phrasing=phrasing)
        for task in tasks
    )
    return islice(problems, num)


def make_program_problem(
    family: ProgramFamily,
    *,
    level: int,
    params: Params,
    split: str,
    phrasing: str,
    wording: int = 0,
    layout: int = 0,
) -> Problem:
    """One problem from one point of a family. `wording` and `layout` choose among the full phrasings."""
    program, header = family.program(level, params), family.header(params)
    terse = phrasing == "terse"
    suite = make_suite(family, level=level, params=params)
    return Problem(
        id=f"py-{family.name}-l{level}-{family.digest(level, params)}",
        benchmark=BENCHMARK,
        prompt=terse_prompt(program, header) if terse else full_prompt(program, header, wording=wording, layout=layout),
        spec=Spec(verifier="python", top=ENTRY, testbench=suite.to_text(), num_checks=len(suite.calls), limits=LIMITS),
        golden=family.source(level, params),
        split=split,
        licence=LICENCE,
        category=family.name,
        difficulty=level,
    )


def make_suite(family: ProgramFamily, *, level: int, params: Params, num_drawn: int = NUM_DRAWN) -> Suite:
    """The tests of a point: the same for equal functions of a level, whatever their arguments are called."""
    axes = {**params, "names": family.levels[level].signature.namings[0]}
    return _suite(family, level, tuple(axes.items()), num_drawn)


@lru_cache(maxsize=4096)
def _suite(family: ProgramFamily, level: int, axes: tuple[tuple[str, Any], ...], num_drawn: int) -> Suite:
    program = family.program(level, dict(axes))
    rng = Random(f"inputs/{family.function(level, dict(axes))}")
    drawn = inputs(family.levels[level].signature, program, rng, num_drawn=num_drawn)
    calls = (
        CallTest(id=str(index), args=encode(list(arguments)), expected=encode(program.reference(*arguments)))
        for index, arguments in enumerate(drawn)
    )
    return Suite(entry=ENTRY, calls=tuple(calls), comparator=COMPARATOR)


def more_tests(problem: Problem, *, num_drawn: int) -> str:
    """The suite of a generated problem, found again by its id, with other numbers of drawn inputs."""
    family = PROGRAM_FAMILIES[problem.category]
    params = _points(family, problem.difficulty)[problem.id.rpartition("-")[2]]
    return make_suite(family, level=problem.difficulty, params=params, num_drawn=num_drawn).to_text()


@lru_cache(maxsize=64)
def _points(family: ProgramFamily, level: int) -> dict[str, Params]:
    """All points of a level by their digests."""
    points = (family.point(level, index) for index in range(family.num_points(level)))
    return {family.digest(level, params): params for params in points if params is not None}


def program_split_of(family: ProgramFamily, level: int, params: Params) -> str:
    """The split that a point belongs to."""
    if family.name in HELDOUT_PROGRAM_FAMILIES:
        return "heldout-family"
    bucket = hashlib.sha256((SPLIT_SALT + family.function(level, params)).encode()).digest()[0]
    return "heldout" if bucket % HELDOUT_SHARE == 0 else "train"


def program_families_table() -> list[FamilyRow]:
    """All families and levels with the size of their spaces. Takes some seconds: functions are told apart by trying."""
    return _COLLECTION.rows(_sizes)


def _sizes(family: ProgramFamily, level: int) -> tuple[int, int | None]:
    points = _points(family, level)
    return len(points), len({family.function(level, params) for params in points.values()})


_COLLECTION = Collection(
    families=PROGRAM_FAMILIES, heldout_families=HELDOUT_PROGRAM_FAMILIES, split_of=program_split_of
)
