"""The faults of a Python corpus: what is written wrong again and again, and how a line fails to parse."""

from __future__ import annotations

import re
from random import Random

from verireason.data.faults import Faults, Habit, becomes
from verireason.data.mutation_kinds import MutationKind
from verireason.data.mutation_places import Place
from verireason.data.programs.places import find_program_places


def _takes_the_bound_in(place: Place) -> bool:
    """A comparison that should leave its bound out."""
    return place.kind is MutationKind.OFF_BY_ONE and place.construct in ("Lt", "Gt")


def _ends_early(place: Place) -> bool:
    """A range that should go one further: "`n + 1` became `n`"."""
    before, _, after = place.what.strip("`").partition("` became `")
    return place.kind is MutationKind.OFF_BY_ONE and place.context == "Call" and before == f"{after} + 1"


def _one_too_far(place: Place) -> bool:
    """The number of a slice, one too high."""
    if place.kind is not MutationKind.OFF_BY_ONE or (place.construct, place.context) != ("Constant", "Slice"):
        return False
    before, after = re.findall(r"`(-?\d+)`", place.what)
    return int(after) > int(before)


def _forgets_the_order(place: Place) -> bool:
    """A reversal that is left out."""
    return becomes("True", "False")(place) or (
        place.kind is MutationKind.DROPPED_PART and place.construct == "Subscript" and "[::-1]`" in place.what
    )


HABITS = (
    Habit(name="bound_taken_in", applies=_takes_the_bound_in),
    Habit(name="range_ends_early", applies=_ends_early),
    Habit(name="min_for_max", applies=becomes("max", "min")),
    Habit(name="order_forgotten", applies=_forgets_the_order),
    Habit(name="slice_too_far", applies=_one_too_far),
    Habit(name="quotient_for_rest", applies=becomes("%", "//")),
    Habit(name="division_not_floored", applies=becomes("//", "/")),
    Habit(name="minus_as_plus", applies=becomes("-", "+")),
    Habit(name="any_for_all", applies=becomes("all", "any")),
)
"""Each nearly always changes the behaviour."""

_WORD = re.compile(r'"[^"\n]*"|[A-Za-z_]\w*|[:)\]]')
_KEYWORDS = frozenset({"def", "return", "for", "in", "if", "else", "while"})


def syntax_slip(source: str, rng: Random) -> tuple[str, str]:
    """The source with a colon or a closing bracket left out or a keyword misspelt, and which of them it was."""
    words = list(_WORD.finditer(source))
    places = {
        "missing :": [word for word in words if word[0] == ":" and source[word.end() : word.end() + 1] == "\n"],
        "missing bracket": [word for word in words if word[0] in ")]"],
        "misspelt keyword": [word for word in words if word[0] in _KEYWORDS],
    }
    what = rng.choice([name for name, found in places.items() if found])
    word = rng.choice(places[what])
    text = ""
    if what == "misspelt keyword":
        at = rng.randrange(len(word[0]))
        text = word[0][:at] + word[0][at + 1 :]
    return source[: word.start()] + text + source[word.end() :], what


PYTHON = Faults(find=find_program_places, habits=HABITS, syntax_slip=syntax_slip)
