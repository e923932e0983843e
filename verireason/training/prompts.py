"""The problems that a recipe trains on, and their order without a curriculum: pure functions of the settings.

TRL shuffles and rewinds its data by a state that a checkpoint does not hold. Here a run is one pass over one endless
stream, so a resumed run finds its place by counting; `asking.py` does that.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from sim.python.suite import read_suite
from verireason.config import Config, check_terms
from verireason.data.families.table import FAMILIES
from verireason.data.generator import HELDOUT_FAMILIES, generate
from verireason.data.jsonl import read_problems
from verireason.data.programs.generator import HELDOUT_PROGRAM_FAMILIES, generate_programs
from verireason.data.programs.table import PROGRAM_FAMILIES
from verireason.data.streams import Space
from verireason.errors import UserError
from verireason.problem import Problem
from verireason.recipe_tables import Data, Source


def prompt_sequence(config: Config) -> list[Problem]:
    """The first problems of `problem_stream`: as many as a run without refill asks."""
    assert config.grpo is not None
    return list(islice(problem_stream(config), config.grpo.prompts_per_step * config.grpo.max_steps))


def problem_stream(config: Config) -> Iterator[Problem]:
    """The problems of a run in order, endless and made as they are taken; equal settings, equal stream.

    Several sources take turns, so that at any place each has had its share of the prompts, give or take one. Without
    `num` every prompt of a generated source is a new problem (until the generator has no more). With it, or with
    problems from a file, the pool is gone through in seeded shuffles, one after another. Raises UserError for a bad
    choice of families or levels, for a bad file, and for Python problems under a rubric for hardware.
    """
    streams = [_training_stream(source, config) for source in config.data.sources]
    return _take_turns(streams, config.data.weights)


def pool(source: Source, config: Config) -> list[Problem]:
    """The training problems of a source that has finitely many. Raises UserError as `problem_stream` does."""
    if source.is_generated:
        problems = list(generated(source, split="train", num=source.num))
    else:
        assert source.path is not None  # the configuration has it for this kind
        problems = _read(source.path)[: source.num]
    if any(problem.language == "python" for problem in problems):
        try:
            check_terms(config.terms)
        except ValueError as err:
            raise UserError(str(err)) from err
    return with_libraries(problems, config.farm.python_libraries)


def check_room(longest: int, *, room: int | None, answer: int) -> None:
    """Raise UserError when the longest prompt leaves no room for an answer. All in tokens; room: None is any."""
    if room is not None and longest + answer > room:
        raise UserError(
            f"the longest prompt has {longest} tokens and grpo.max_completion_length is {answer}; "
            f"the model has room for {room} together"
        )


def heldout_problems(config: Config, *, num: int) -> list[Problem]:
    """At most `num` held-out problems of each source, the same for equal settings. UserError when there are none."""
    problems: list[Problem] = []
    for source in config.data.sources:
        if source.is_generated:
            problems += generated(source, split="heldout", num=num)
        elif source.heldout_path is None:
            raise UserError("data.heldout_path is missing; expected the file of held-out problems")
        else:
            problems += _read(source.heldout_path)[:num]
    return with_libraries(problems, config.farm.python_libraries)


def heldout_family_problems(config: Config, *, num: int) -> list[Problem]:
    """`num` problems of the families that are held out whole, for each source that generates."""
    problems: list[Problem] = []
    for source in config.data.sources:
        if source.is_generated:
            whole_families = source.model_copy(update={"families": None})
            problems += generated(whole_families, split="heldout-family", num=num)
    return with_libraries(problems, config.farm.python_libraries)


def corpus_problems(data: Data, *, num: int) -> list[Problem]:
    """The first `num` training problems of the sources that generate, in their shares; of all RTL if none does."""
    sources = [(each, weight) for each, weight in zip(data.sources, data.weights, strict=True) if each.is_generated]
    sources = sources or [(Source(seed=data.seed, phrasing=data.phrasing), 1.0)]
    streams = [generated(source, split="train", num=None) for source, _ in sources]
    return list(islice(_take_turns(streams, [weight for _, weight in sources]), num))


def generated(source: Source, *, split: str, num: int | None) -> Iterator[Problem]:
    """Generated problems as a source says."""
    make = generate_programs if source.source == "generated-python" else generate
    return make(
        seed=source.seed,
        split=split,
        num=num,
        families=source.families,
        levels=source.levels,
        phrasing=source.phrasing,
    )


def arms(source: Source, config: Config) -> list[Iterator[Problem]]:
    """The training problems of each family and level that a source generates, endless. UserError for a bad choice."""
    generated(source, split="train", num=None)  # refuses a bad choice
    python = source.source == "generated-python"
    families: Mapping[str, Space] = PROGRAM_FAMILIES if python else FAMILIES
    heldout = HELDOUT_PROGRAM_FAMILIES if python else HELDOUT_FAMILIES
    return [
        endless_problems(source.model_copy(update={"families": (name,), "levels": (level,)}), config)
        for name, family in families.items()
        if name not in heldout and (source.families is None or name in source.families)
        for level in family.levels
        if source.levels is None or level in source.levels
    ]


def endless_problems(source: Source, config: Config) -> Iterator[Problem]:
    """The training problems of a source that generates, as long as they are taken."""
    endless = generated(source, split="train", num=None)
    return (_with_libraries(each, config.farm.python_libraries) for each in endless)


def with_libraries(problems: Sequence[Problem], libraries: Sequence[str]) -> list[Problem]:
    """The problems, those in Python with these libraries imported beside the ones that they ask for."""
    return [_with_libraries(each, libraries) for each in problems]


def _with_libraries(problem: Problem, libraries: Sequence[str]) -> Problem:
    if not libraries or problem.language != "python":
        return problem
    suite = read_suite(problem.spec.testbench)
    suite = replace(suite, libraries=tuple(dict.fromkeys([*suite.libraries, *libraries])))
    return replace(problem, spec=replace(problem.spec, testbench=suite.to_text()))


def _training_stream(source: Source, config: Config) -> Iterator[Problem]:
    """A source's training problems, endless."""
    if source.is_endless:
        return endless_problems(source, config)
    return _shuffles(pool(source, config), seed=config.run.seed)


def turn(taken: Sequence[int], weights: Sequence[float]) -> int:
    """The source whose turn it is when each was taken so often: the one that is furthest behind its share."""
    return min(range(len(taken)), key=lambda place: (taken[place] + 1) / weights[place])


def _take_turns(streams: Sequence[Iterator[Problem]], weights: Sequence[float]) -> Iterator[Problem]:
    """From each stream in proportion to its weight."""
    taken = [0] * len(streams)
    while True:
        place = turn(taken, weights)
        taken[place] += 1
        yield next(streams[place])


def _shuffles(pool: Sequence[Problem], *, seed: int) -> Iterator[Problem]:
    lap = 0
    while True:
        yield from random.Random(f"{seed}/{lap}").sample(pool, len(pool))
        lap += 1


def _read(path: str) -> list[Problem]:
    return list(read_problems(Path(path)))
