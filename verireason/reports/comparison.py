"""Two evaluations side by side: rates, whether they differ, and which problems changed. Pure functions of records.

Everything is over the problems that both sides have and have judged samples of; what only one side has is counted and
named. A difference is called one when the paired test says so, corrected for the number of benchmarks, and the interval
leaves zero out; anything else is no difference beyond chance, whatever its sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from verireason.evals.paired import PairedTest, holm, paired_test
from verireason.evals.passk import Difference, PassAtK, Tally, estimate_difference, estimate_pass_at_k
from verireason.reports.comparison_sides import Part, Side, choose_ks, part_names, tallies_by_part, unlike
from verireason.reports.rates import BOOTSTRAP_SEED, LANGUAGES

LEVEL = 0.05
"""A p-value below it is called a difference."""


class Change(StrEnum):
    """How a problem moved, in the order of a report. SOLVED: from no sample that passes to some; LOST: the reverse."""

    SOLVED = "newly solved"
    LOST = "newly lost"
    BETTER = "better"
    WORSE = "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """pass@k of one group of problems on both sides."""

    name: str
    k: int
    before: PassAtK
    after: PassAtK
    difference: Difference
    test: PairedTest
    p_value: float | None
    """Of the test; of pass@1 of a benchmark, made fit to be read with those of the others (Holm)."""

    @property
    def clear(self) -> bool:
        """Whether it is a difference beyond chance."""
        return self.difference.clear and self.p_value is not None and self.p_value < LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    """One problem; a side is None where it has no record of it."""

    part: str
    problem_id: str
    before: Tally | None
    after: Tally | None

    @property
    def change(self) -> Change | None:
        """None when the rates are equal or not both known."""
        old, new = self.before, self.after
        if old is None or new is None or not old.num_samples or not new.num_samples:
            return None
        moved = new.num_passed * old.num_samples - old.num_passed * new.num_samples
        if moved > 0:
            return Change.BETTER if old.num_passed else Change.SOLVED
        if moved < 0:
            return Change.WORSE if new.num_passed else Change.LOST
        return None

    @property
    def size(self) -> float:
        """Of the change, in [0, 1]."""
        old, new = self.before, self.after
        return abs(new.num_passed / new.num_samples - old.num_passed / old.num_samples) if old and new else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that a comparison says."""

    before: Side
    after: Side
    rows: tuple[Row, ...]
    problems: tuple[ProblemRow, ...]
    """Every problem of either side."""
    differences: tuple[str, ...]
    """In what the sides differ beside the model, and what is wrong with their files, a line each."""

    @property
    def changed(self) -> dict[Change, list[ProblemRow]]:
        """Problems by how they moved, the largest change first."""
        return {
            change: sorted((row for row in self.problems if row.change is change), key=lambda row: -row.size)
            for change in Change
        }


def compare(before: Side, after: Side) -> Comparison:
    """Put two evaluations side by side, `before` being what `after` is measured against."""
    old, new = tallies_by_part(before.records), tallies_by_part(after.records)
    names = part_names([*old, *new])
    common = [part for part in names if part in old and part in new]
    groups = [(names[part], *_both(old[part], new[part])) for part in common]
    rows = _corrected([row for name, one, other in groups for row in _rows(name, one, other)])
    rows += [row for group in _overall(common, old, new) for row in _rows(*group)]
    problems = tuple(
        row for part, name in names.items() for row in _problems(name, old.get(part, ()), new.get(part, ()))
    )
    return Comparison(
        before=before,
        after=after,
        rows=tuple(rows),
        problems=problems,
        differences=tuple(unlike(before, after)),
    )


def _both(old: Sequence[Tally], new: Sequence[Tally]) -> tuple[list[Tally], list[Tally]]:
    """What both sides have judged samples of."""
    shared = {tally.problem_id for tally in old if tally.num_samples}
    shared &= {tally.problem_id for tally in new if tally.num_samples}
    one, other = ([tally for tally in side if tally.problem_id in shared] for side in (old, new))
    return one, other


def _overall(
    parts: Sequence[Part], old: Mapping[Part, Sequence[Tally]], new: Mapping[Part, Sequence[Tally]]
) -> Iterator[tuple[str, list[Tally], list[Tally]]]:
    """All benchmarks of a language together, where there are several."""
    for language in sorted({part.language for part in parts}):
        members = [part for part in parts if part.language == language]
        if len(members) > 1:
            sides = (_merged(members, side) for side in (old, new))
            yield (f"all {LANGUAGES.get(language, language)} problems", *_both(*sides))


def _merged(parts: Sequence[Part], tallies: Mapping[Part, Sequence[Tally]]) -> list[Tally]:
    """Problems of several parts, whose names may be the same."""
    return [
        replace(tally, problem_id=f"{number}/{tally.problem_id}")
        for number, part in enumerate(parts)
        for tally in tallies[part]
    ]


def _rows(name: str, old: Sequence[Tally], new: Sequence[Tally]) -> list[Row]:
    sizes = [min(one.num_samples, other.num_samples) for one, other in _paired(old, new)]
    return [_row(name, old, new, k) for k in choose_ks(sizes)]


def _row(name: str, old: Sequence[Tally], new: Sequence[Tally], k: int) -> Row:
    pairs = [(one, other) for one, other in _paired(old, new) if min(one.num_samples, other.num_samples) >= k]
    old, new = [one for one, _ in pairs], [other for _, other in pairs]
    test = paired_test(old, new, k, seed=BOOTSTRAP_SEED)
    return Row(
        name=name,
        k=k,
        before=estimate_pass_at_k(old, k, seed=BOOTSTRAP_SEED),
        after=estimate_pass_at_k(new, k, seed=BOOTSTRAP_SEED),
        difference=estimate_difference(old, new, k, seed=BOOTSTRAP_SEED),
        test=test,
        p_value=test.p_value,
    )


def _paired(old: Sequence[Tally], new: Sequence[Tally]) -> Iterator[tuple[Tally, Tally]]:
    others = {tally.problem_id: tally for tally in new}
    return ((tally, others[tally.problem_id]) for tally in old)


def _corrected(rows: Sequence[Row]) -> list[Row]:
    """The same with the p-values of pass@1 corrected for their number."""
    first = [row for row in rows if row.k == 1]
    corrected = iter(holm([row.p_value for row in first]))
    return [replace(row, p_value=next(corrected)) if row.k == 1 else row for row in rows]


def _problems(name: str, old: Sequence[Tally], new: Sequence[Tally]) -> Iterator[ProblemRow]:
    one, other = ({tally.problem_id: tally for tally in side} for side in (old, new))
    for problem_id in dict.fromkeys([*one, *other]):
        yield ProblemRow(part=name, problem_id=problem_id, before=one.get(problem_id), after=other.get(problem_id))
