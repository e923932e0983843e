"""What a loader makes of a data set: the problems that can be judged, and why the others cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from verireason.data.rows import Row
from verireason.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The problems of a data set."""

    problems: list[Problem]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Id of a problem that is not among them to the reason."""


class LeftOut(Exception):
    """A problem that cannot be judged as it was published; the message is the reason."""


def collect(rows: Iterable[Row], *, name: Callable[[Row], str], build: Callable[[Row, str], Problem]) -> Loaded:
    """One problem per row, made by `build` from the row and its id. UserError for two rows of the same id."""
    places: dict[str, str] = {}
    problems: list[Problem] = []
    left_out: dict[str, str] = {}
    for row in rows:
        problem_id = name(row)
        if problem_id in places:
            raise row.wrong(f"problem {problem_id} is at {places[problem_id]} already; ids are unique")
        places[problem_id] = row.where
        try:
            problems.append(build(row, problem_id))
        except LeftOut as err:
            left_out[problem_id] = str(err)
    return Loaded(problems=problems, left_out=left_out)
