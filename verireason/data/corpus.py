"""A corpus for supervised fine-tuning that is as faulty as what models learn from.

Public code holds habits as well as slips. A habit is the same mistake wherever a construct occurs, so that a model
trained on the corpus makes it by default and reinforcement learning has to turn it round. A slip is one mutation at
random, or a syntax error. Everything follows from the seed, the problem and its place in the stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from verireason.data.faults import Faults, Habit, becomes, is_kind
from verireason.data.mutate import mutants
from verireason.data.mutation_kinds import MutationKind
from verireason.data.mutation_places import Place, find_places
from verireason.data.programs.faults import PYTHON
from verireason.problem import Problem

_SYNTAX_SHARE = 0.4
"""Of the slips, how many are syntax errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusItem:
    """One pair to learn from."""

    problem: Problem
    text: str
    """Source, right or wrong."""
    fault: str | None
    """What is wrong, None for the golden. Example: "habit xor_as_or: line 3: `^` became `|`"; else it starts with
    "slip" or "syntax"."""


def _wraps_late(place: Place) -> bool:
    """A number that is compared for equality, one too high: a counter that wraps a step late."""
    numbers = re.findall(r"`(?:\d*'[bdh])?([0-9a-f]+)`", place.what)
    return (
        place.kind is MutationKind.OFF_BY_ONE
        and place.context == "EqualityExpression"
        and len(numbers) == 2
        and int(numbers[1], 16) > int(numbers[0], 16)
    )


def _blocks(place: Place) -> bool:
    """Blocking assignments to a register that is read afterwards."""
    return place.kind is MutationKind.BLOCKING and place.what.startswith("`<=` became `=`")


def _swaps_parts(place: Place) -> bool:
    """Two operands in the wrong order, but not those of a reduction, which has none."""
    return place.kind is MutationKind.SWAPPED_OPERANDS and not place.context.startswith("Unary")


_SWAPS_ARMS = is_kind(MutationKind.SWAPPED_ARMS, "ConditionalExpression")

HABITS = (
    Habit(name="xor_as_or", applies=becomes("^", "|")),
    Habit(name="mux_arms_swapped", applies=_SWAPS_ARMS, everywhere=False),
    Habit(name="wraps_late", applies=_wraps_late, everywhere=False),
    Habit(name="minus_as_plus", applies=becomes("-", "+")),
    Habit(name="case_arms_swapped", applies=is_kind(MutationKind.SWAPPED_ARMS, "CaseStatement"), everywhere=False),
    Habit(name="parts_swapped", applies=_swaps_parts, everywhere=False),
    Habit(name="blocking", applies=_blocks),
    Habit(name="reset_polarity", applies=is_kind(MutationKind.RESET_POLARITY)),
)
"""Each nearly always changes the behaviour."""


def faulty_corpus(problems: Iterable[Problem], *, systematic: float, random: float, seed: int) -> Iterator[CorpusItem]:
    """One item per problem, in order.

    With probability `systematic` its text follows the design's habit (the golden if it has none), with probability
    `random` it has a slip, otherwise it is the golden. Raises ValueError when these are no probabilities.
    """
    if systematic < 0 or random < 0 or systematic + random > 1:
        raise ValueError(f"systematic is {systematic} and random {random}; give two shares with a sum of at most 1")
    for index, problem in enumerate(problems):
        rng = Random(f"{seed}/{index}/{problem.id}")
        faults = PYTHON if problem.spec.verifier == "python" else VERILOG
        draw = rng.random()
        if draw < systematic:
            yield _with_habit(problem, faults)
        elif draw < systematic + random:
            yield _with_slip(problem, rng, faults)
        else:
            yield CorpusItem(problem=problem, text=problem.golden, fault=None)


def _with_habit(problem: Problem, faults: Faults) -> CorpusItem:
    found = faults.habitual(problem.golden)
    if found is None:
        return CorpusItem(problem=problem, text=problem.golden, fault=None)
    habit, mutant = found
    return CorpusItem(problem=problem, text=mutant.source, fault=f"habit {habit.name}: {mutant.description}")


def _with_slip(problem: Problem, rng: Random, faults: Faults) -> CorpusItem:
    chosen = [] if rng.random() < _SYNTAX_SHARE else mutants(problem.golden, rng=rng, limit=1, find=faults.find)
    if chosen:
        return CorpusItem(problem=problem, text=chosen[0].source, fault=f"slip {chosen[0].description}")
    text, what = faults.syntax_slip(problem.golden, rng)
    return CorpusItem(problem=problem, text=text, fault=f"syntax {what}")


_WORD = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|;|[A-Za-z_$`\\][\w$]*', re.DOTALL)
_MISSPELT = frozenset(
    {"module", "endmodule", "assign", "always", "begin", "posedge", "negedge", "input", "output", "case", "endcase"}
)


def syntax_slip(source: str, rng: Random) -> tuple[str, str]:
    """The source with a semicolon or `endmodule` left out or a keyword misspelt, and which of them it was."""
    words = list(_WORD.finditer(source))
    places = {
        "missing ;": [word for word in words if word[0] == ";"],
        "missing endmodule": [word for word in words if word[0] == "endmodule"][-1:],
        "misspelt keyword": [word for word in words if word[0] in _MISSPELT],
    }
    what = rng.choice([name for name, found in places.items() if found])
    word = rng.choice(places[what])
    text = ""
    if what == "misspelt keyword":
        at = rng.randrange(1, len(word[0]))
        text = word[0][:at] + word[0][at + 1 :]
    return source[: word.start()] + text + source[word.end() :], what


VERILOG = Faults(find=find_places, habits=HABITS, syntax_slip=syntax_slip)
