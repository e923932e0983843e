"""The terms that rubrics weigh: plain functions of an attempt, each with the range it keeps to.

More is always better. To add one: write the function, add a row to TERMS; the property tests take it from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from rewards.attempt import Attempt
from sim.hdl.lint import score
from sim.verdict import NamedTest, Netlist

FIRST_K = 10
"""Tests that `first_k` looks at."""
OVERLONG_SHARE = 0.2
"""Of the token limit: the buffer of `within_length`. DAPO has 4096 of 20480."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A function with its range, and what passing and failing leave of that range."""

    name: str
    function: Callable[[Attempt], float | None]
    """None when what it needs was not measured; then the attempt has no reward."""
    low: float
    high: float
    passed_low: float
    """The least that a candidate which passed can have."""
    failed_high: float
    """The most that a candidate which did not pass can have."""
    doc: str
    """One line for a person who writes a rubric."""


def correct(attempt: Attempt) -> float:
    """1.0 for a candidate that passed every check."""
    return float(attempt.verdict.passed)


def compiles(attempt: Attempt) -> float:
    """1.0 for a candidate that the tools accepted, whatever became of it then."""
    return float(attempt.verdict.compiled)


def fraction_passed(attempt: Attempt) -> float:
    """Share of the checks (Python: tests) of a full run that agreed; 0.0 when none was made.

    The denominator is what was sent, so ending the run early or hanging cannot raise it.
    """
    verdict = attempt.verdict
    if verdict.passed or not verdict.compiled:
        return float(verdict.passed)
    if not verdict.num_tests or verdict.num_passed is None:
        return 0.0
    return min(1.0, max(0.0, verdict.num_passed / verdict.num_tests))


def subtasks(attempt: Attempt) -> float:
    """Weighted share of the groups of tests that pass as a whole, as in an olympiad (IOI).

    A group is worth the largest weight among its tests, and gets it only when all of them pass: the minimum over its
    tests. A test without a group is a group of its own. Where no tests have names, as in most of RTL, the share of the
    checks that agreed.
    """
    verdict = attempt.verdict
    if verdict.passed or not verdict.compiled or not verdict.tests:
        return fraction_passed(attempt)
    groups: dict[str | int, list[NamedTest]] = {}
    for place, test in enumerate(verdict.tests):
        groups.setdefault(place if test.group is None else test.group, []).append(test)
    worth = {group: max(0.0, *(test.weight for test in tests)) for group, tests in groups.items()}
    earned = math.fsum(worth[group] for group, tests in groups.items() if all(test.passed for test in tests))
    return min(1.0, earned / math.fsum(worth.values())) if earned else 0.0


def first_k(attempt: Attempt) -> float:
    """Share of the first FIRST_K tests, in the order of the problem, that passed; 1.0 for a pass.

    As verl's continuous score. Where no tests have names, the share of the checks that agreed.
    """
    verdict = attempt.verdict
    if verdict.passed or not verdict.compiled or not verdict.tests:
        return fraction_passed(attempt)
    first = verdict.tests[:FIRST_K]
    return sum(test.passed for test in first) / len(first)


def similarity(attempt: Attempt) -> float | None:
    """Structural similarity to the golden; 1.0 for a pass, however written, and 0.0 for what does not compile."""
    verdict = attempt.verdict
    if verdict.passed or not verdict.compiled:
        return float(verdict.passed)
    return verdict.similarity


def lint(attempt: Attempt) -> float | None:
    """How clean the linter finds what compiles; 0.0 for what does not. `sim.hdl.lint` says which classes count."""
    verdict = attempt.verdict
    if not verdict.compiled:
        return 0.0
    return None if verdict.lint is None else score(verdict.lint)


def synthesisable(attempt: Attempt) -> float | None:
    """1.0 for what Yosys can make gates of, whether it passes or not; 0.0 for what does not compile."""
    verdict = attempt.verdict
    if not verdict.compiled:
        return 0.0
    return None if verdict.synthesis is None else float(verdict.synthesis.netlist is not None)


def area(attempt: Attempt) -> float | None:
    """Cells of the golden's netlist per cell of the candidate's, at most 1.0; nothing for a design that fails."""
    return _ratio_to_golden(attempt, lambda netlist: netlist.num_cells)


def depth(attempt: Attempt) -> float | None:
    """Logic depth of the golden per depth of the candidate, at most 1.0; nothing for a design that fails."""
    return _ratio_to_golden(attempt, lambda netlist: netlist.depth)


def _ratio_to_golden(attempt: Attempt, size: Callable[[Netlist], int]) -> float | None:
    """The smallest design of all is an empty one, so only a pass has any of it."""
    verdict = attempt.verdict
    if not verdict.passed:
        return 0.0
    if verdict.synthesis is None or verdict.synthesis.golden is None:
        return None
    if verdict.synthesis.netlist is None:
        return 0.0
    golden, own = size(verdict.synthesis.golden), size(verdict.synthesis.netlist)
    return 1.0 if own <= golden else golden / own


def follows_format(attempt: Attempt) -> float:
    """1.0 for a text in the form that was asked for, or when none was asked for."""
    return float(attempt.follows_format is not False)


def finished(attempt: Attempt) -> float:
    """1.0 for a text that ended by itself, 0.0 for one that was cut off at the token limit."""
    return float(attempt.finish_reason != "length")


def within_length(attempt: Attempt) -> float | None:
    """1.0 up to the last OVERLONG_SHARE of the token limit, then falling in a line to 0.0 at the limit.

    One more than DAPO's soft punishment of the over-long (arXiv 2503.14476, equation 13), which goes from 0 to -1.
    """
    if attempt.num_tokens is None or attempt.max_tokens is None:
        return None
    left = attempt.max_tokens - attempt.num_tokens
    return min(1.0, max(0.0, left / (OVERLONG_SHARE * attempt.max_tokens)))


def concise(attempt: Attempt) -> float | None:
    """Share of the token limit that a candidate which passes left unused; nothing for one that fails.

    The shortest failure is an empty one, and short failures are the easiest to learn, so only a pass has any of it.
    """
    if not attempt.verdict.passed:
        return 0.0
    if attempt.num_tokens is None or attempt.max_tokens is None:
        return None
    return min(1.0, max(0.0, 1.0 - attempt.num_tokens / attempt.max_tokens))


TERMS = {
    term.name: term
    for term in (
        Term(name="correct", function=correct, low=0.0, high=1.0, passed_low=1.0, failed_high=0.0,
             doc="1 for a candidate that passes every check"),
        Term(name="compiles", function=compiles, low=0.0, high=1.0, passed_low=1.0, failed_high=1.0,
             doc="1 for a candidate that compiles"),
        Term(name="fraction_passed", function=fraction_passed, low=0.0, high=1.0, passed_low=1.0, failed_high=1.0,
             doc="share of the checks passed"),
        Term(name="subtasks", function=subtasks, low=0.0, high=1.0, passed_low=1.0, failed_high=1.0,
             doc="weighted share of the groups of tests that pass as a whole"),
        Term(name="first_k", function=first_k, low=0.0, high=1.0, passed_low=1.0, failed_high=1.0,
             doc=f"share of the first {FIRST_K} tests passed"),
        Term(name="similarity", function=similarity, low=0.0, high=1.0, passed_low=1.0, failed_high=1.0,
             doc="structural similarity to the golden; 1 for a pass"),
        Term(name="lint", function=lint, low=0.0, high=1.0, passed_low=0.0, failed_high=1.0,
             doc="1 for a candidate without lint warnings, less for each class of them; 0 for what does not compile"),
        Term(name="synthesisable", function=synthesisable, low=0.0, high=1.0, passed_low=0.0, failed_high=1.0,
             doc="1 for a candidate that Yosys can synthesise"),
        Term(name="area", function=area, low=0.0, high=1.0, passed_low=0.0, failed_high=0.0,
             doc="the golden's cells per cell of a candidate that passes, at most 1"),
        Term(name="depth", function=depth, low=0.0, high=1.0, passed_low=0.0, failed_high=0.0,
             doc="the golden's logic depth per depth of a candidate that passes, at most 1"),
        Term(name="format", function=follows_format, low=0.0, high=1.0, passed_low=0.0, failed_high=1.0,
             doc="1 for a text in the form that the template asks for"),
        Term(name="finished", function=finished, low=0.0, high=1.0, passed_low=0.0, failed_high=1.0,
             doc="1 for a text that was not cut off at the token limit"),
        Term(name="within_length", function=within_length, low=0.0, high=1.0, passed_low=0.0, failed_high=1.0,
             doc=f"1 for a text that keeps out of the last {OVERLONG_SHARE:.0%} of the token limit, 0 at the limit"),
        Term(name="concise", function=concise, low=0.0, high=1.0, passed_low=0.0, failed_high=0.0,
             doc="share of the token limit that a candidate which passes left unused"),
    )
}  # fmt: skip
"""Term name to term."""

SYNTHESIS_TERMS = frozenset({"synthesisable", "area", "depth"})
"""Those that need `Verdict.synthesis`."""
HARDWARE_TERMS = SYNTHESIS_TERMS | {"similarity", "lint"}
"""Those that only a hardware design has: of a Python program they are never measured, so it would have no reward."""
STYLE_TERMS = frozenset({"lint", "synthesisable", "area", "depth", "format", "finished", "within_length", "concise"})
"""Those that say how well something is made or written. What the others say, whether it works and how nearly, is
correctness."""
