"""Which problem is asked at which step: a pure function of the settings, laid out before the first step.

TRL shuffles and rewinds its data by a state that a checkpoint does not hold. Here the whole run is one pass over one
list, so a resumed run finds its place by counting.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from verireason.config import Config, Data
from verireason.data.generator import generate
from verireason.data.jsonl import read_problems
from verireason.errors import UserError
from verireason.problem import Problem


def prompt_sequence(config: Config) -> list[Problem]:
    """The problems of all steps in order, `grpo.prompts_per_step` for each; equal settings, equal list.

    Without `data.num` every prompt is a new problem (until the generator has no more). With it, or with problems from a
    file, the pool is gone through in seeded shuffles, one after another. Raises UserError for a bad choice of families
    or levels, and for a bad file.
    """
    assert config.grpo is not None
    num_prompts = config.grpo.prompts_per_step * config.grpo.max_steps
    if config.data.source == "generated" and config.data.num is None:
        return list(generated(config.data, split="train", num=num_prompts))
    pool = training_pool(config.data)
    return list(islice(_shuffles(pool, seed=config.run.seed), num_prompts))


def training_pool(data: Data) -> list[Problem]:
    """The problems that training draws from when their number is limited."""
    if data.source == "generated":
        return list(generated(data, split="train", num=data.num))
    assert data.path is not None  # the configuration has it for this source
    return _read(data.path)[: data.num]


def heldout_problems(data: Data, *, num: int) -> list[Problem]:
    """At most `num` held-out problems, the same for equal settings. UserError when there are none."""
    if data.source == "generated":
        return list(generated(data, split="heldout", num=num))
    if data.heldout_path is None:
        raise UserError("data.heldout_path is missing; expected the file of held-out problems")
    return _read(data.heldout_path)[:num]


def generated(data: Data, *, split: str, num: int | None) -> Iterator[Problem]:
    """Generated problems as `[data]` says."""
    return generate(
        seed=data.seed, split=split, num=num, families=data.families, levels=data.levels, phrasing=data.phrasing
    )


def _shuffles(pool: Sequence[Problem], *, seed: int) -> Iterator[Problem]:
    lap = 0
    while True:
        yield from random.Random(f"{seed}/{lap}").sample(pool, len(pool))
        lap += 1


def _read(path: str) -> list[Problem]:
    return list(read_problems(Path(path)))
