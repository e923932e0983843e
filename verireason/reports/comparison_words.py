"""What a comparison allows to be said, in sentences. A difference inside the noise is never called a gain or a loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verireason.evals.paired import NUM_FLIPS
from verireason.evals.passk import NUM_RESAMPLES, Tally
from verireason.reports.comparison import LEVEL, Comparison, ProblemRow, Row
from verireason.reports.rates import BOOTSTRAP_SEED, percent, points

MAX_NAMED = 5
"""Problems of one kind that are named in a sentence."""


def conclusions(comparison: Comparison) -> list[str]:
    """A sentence for each group of problems, on pass@1."""
    before, after = comparison.before.label, comparison.after.label
    if not comparison.rows:
        return [f"{before} and {after} have no problem in common, so nothing can be said of their difference."]
    return [conclusion(before, after, row) for row in comparison.rows if row.k == 1]


def conclusion(before: str, after: str, row: Row) -> str:
    """What the figures of a row allow to be said."""
    if row.difference.estimate is None:
        return f"{row.name}: no problem has judged samples on both sides."
    span = (
        f"{points(row.difference.estimate)} points [{points(row.difference.low)}, {points(row.difference.high)}], "
        f"{p_words(row.p_value)}"
    )
    basis = (
        f"{row.difference.num_problems:,} problems, {row.before.num_samples:,} and {row.after.num_samples:,} judged "
        f"samples, {row.before.num_unjudged:,} and {row.after.num_unjudged:,} unjudged"
    )
    rates = f"{percent(row.before.estimate)} % ({before}) and {percent(row.after.estimate)} % ({after})"
    if not row.clear:
        return f"{row.name}: no difference beyond chance: pass@1 is {rates}: {span} ({basis})."
    verb = "higher" if row.difference.estimate > 0 else "lower"
    return f"{row.name}: pass@1 of {after} is {verb} than that of {before}: {rates}: {span} ({basis})."


def p_words(p_value: float | None) -> str:
    """A p-value for a sentence."""
    if p_value is None:
        return "p not known"
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def warnings(comparison: Comparison) -> list[str]:
    """What a reader must know before the figures: what else differs, and which problems take no part."""
    missing = [
        *_missing(comparison.before.label, [(row, row.before, row.after) for row in comparison.problems]),
        *_missing(comparison.after.label, [(row, row.after, row.before) for row in comparison.problems]),
    ]
    return [*comparison.differences, *missing]


def _missing(label: str, rows: Sequence[tuple[ProblemRow, Tally | None, Tally | None]]) -> Iterator[str]:
    """Of each row: the problem, this side's tally, the other's."""
    only = [row for row, mine, other in rows if mine is not None and other is None]
    if only:
        yield f"{len(only):,} problems are in {label} only and take no part: {_some(only)}"
    unjudged = [row for row, mine, _ in rows if mine is not None and not mine.num_samples]
    if unjudged:
        yield f"{len(unjudged):,} problems have no judged sample in {label} and take no part: {_some(unjudged)}"


def _some(rows: Sequence[ProblemRow]) -> str:
    more = f" and {len(rows) - MAX_NAMED:,} more" if len(rows) > MAX_NAMED else ""
    return ", ".join(row.problem_id for row in rows[:MAX_NAMED]) + more


def changes(comparison: Comparison) -> str:
    """How many problems moved which way, in a sentence."""
    moved = comparison.changed
    num_both = sum(
        bool(row.before and row.after and row.before.num_samples and row.after.num_samples)
        for row in comparison.problems
    )
    parts = [f"{len(rows):,} {change}" for change, rows in moved.items()]
    num_equal = num_both - sum(map(len, moved.values()))
    return f"Of {num_both:,} problems that both sides judged: {', '.join(parts)}, {num_equal:,} with equal rates."


def method(comparison: Comparison) -> str:
    """How the figures were computed."""
    return (
        f"Differences are {comparison.after.label} minus {comparison.before.label}, over the problems that both have, "
        f"paired by problem. Intervals are 95 %, by the Bayesian bootstrap over problems, {NUM_RESAMPLES:,} resamples, "
        f"seed {BOOTSTRAP_SEED}. p: two-sided sign-flip permutation test of the mean difference over problems, which "
        "with one sample a problem is McNemar's exact test; all flips are counted, or where they are too many "
        f"{NUM_FLIPS:,} random ones. p-values of pass@1 are corrected for the number of benchmarks (Holm), others are "
        f"not. A difference is called one when p is below {LEVEL} and the interval leaves zero out. Unjudged samples "
        "take no part, and repairs of an answer neither. Newly solved: from no sample that passes to some; newly lost: "
        "the reverse; with few samples a problem both happen by chance."
    )
