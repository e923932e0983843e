"""Endless RTL tasks with exact references, out of the families' parameter spaces.

Splits are disjoint by design: which split a task is in follows from its circuit (the family and the parameters that
change the circuit, names of ports left out), so that renaming cannot carry a held-out circuit into training. Families
in HELDOUT_FAMILIES occur in the split "heldout-family" only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random

from sim.hdl.testbench import REFERENCE_TOP
from sim.job import Limits
from sim.verdict import Spec
from verireason.data.families.family import Design, Family
from verireason.data.families.prompt import LAYOUTS, TOP, full_prompt, terse_prompt
from verireason.data.families.script import Script
from verireason.data.families.table import FAMILIES
from verireason.data.streams import PHRASINGS, Collection, FamilyRow, Params, check_choice
from verireason.data.testbench import build_testbench
from verireason.problem import Problem

BENCHMARK = "generated"
LICENCE = "Apache-2.0"
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
    check_choice("phrasing", [phrasing], PHRASINGS)
    tasks = _COLLECTION.tasks(seed=seed, split=split, families=families, levels=levels)
    problems = (task.problem(make_problem, num_layouts=len(LAYOUTS), split=split, phrasing=phrasing) for task in tasks)
    return islice(problems, num)


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


def families_table() -> list[FamilyRow]:
    """All families and levels with the size of their spaces. Takes some seconds: the spaces are counted."""
    return _COLLECTION.rows(_sizes)


def _sizes(family: Family, level: int) -> tuple[int, int | None]:
    space = family.space(level)
    return space.num_tasks, space.num_circuits


_COLLECTION = Collection(
    families=FAMILIES,
    heldout_families=HELDOUT_FAMILIES,
    split_of=lambda family, level, params: split_of(family, params),
)


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
