"""What a verdict is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rewards.attempt import Attempt
from rewards.rubric import RUBRICS, Rubric
from rewards.terms import FIRST_K, HARDWARE_TERMS, TERMS
from sim.verdict import COMPILED, Lint, NamedTest, Netlist, Outcome, Synthesis, Verdict

CONCLUSIONS = [outcome for outcome in Outcome if outcome is not Outcome.UNJUDGED]
FAILURES = [outcome for outcome in CONCLUSIONS if outcome is not Outcome.PASS]


lint_classes = st.dictionaries(st.sampled_from(["ERROR", "LATCH", "WIDTHTRUNC", "UNUSEDSIGNAL"]), st.integers(1, 99))

netlists = st.builds(
    Netlist,
    num_cells=st.integers(0, 5000),
    num_flip_flops=st.integers(0, 100),
    num_latches=st.integers(0, 10),
    depth=st.integers(0, 100),
)
syntheses = st.builds(Synthesis, netlist=st.none() | netlists, golden=netlists)
named_tests = st.builds(
    NamedTest,
    name=st.just("t"),
    passed=st.booleans(),
    group=st.sampled_from([None, "1", "2", "3"]),
    weight=st.sampled_from([0.0, 0.5, 1.0, 30.0]),
)


@st.composite
def attempts(draw: st.DrawFn, outcomes: Sequence[Outcome]) -> Attempt:
    """Any attempt with one of the outcomes, with counts and similarities that a farm can report."""
    num_tests = draw(st.none() | st.integers(0, 1000))
    num_passed = None if num_tests is None else draw(st.none() | st.integers(0, num_tests))
    verdict = Verdict(
        outcome=draw(st.sampled_from(outcomes)),
        num_passed=num_passed,
        num_tests=num_tests,
        tests=tuple(draw(st.lists(named_tests, max_size=25))),
        similarity=draw(st.floats(0.0, 1.0)),
        lint=Lint(warnings=(), classes=draw(lint_classes)),
        synthesis=draw(syntheses),
    )
    return Attempt(
        verdict=verdict,
        follows_format=draw(st.sampled_from([None, True, False])),
        finish_reason=draw(st.sampled_from([None, "stop", "length"])),
        num_tokens=draw(st.integers(0, 600)),
        max_tokens=512,
    )


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    """A preset, or weights that a user could write and that make a rubric."""
    if draw(st.booleans()):
        return draw(st.sampled_from(list(RUBRICS.values())))
    weights = draw(st.dictionaries(st.sampled_from(list(TERMS)), st.floats(0.0, 10.0), min_size=1))
    try:
        return Rubric.from_weights("drawn", weights)
    except ValueError:
        assume(False)
        raise


def total(rubric: Rubric, attempt: Attempt) -> float:
    worth = rubric.score(attempt).total
    assert worth is not None
    return worth


def wrong(num_passed: int, num_tests: int) -> Attempt:
    verdict = Verdict(
        outcome=Outcome.MISMATCH, num_passed=num_passed, num_tests=num_tests, similarity=0.5,
        lint=Lint(warnings=(), classes={}), synthesis=Synthesis(netlist=None),
    )  # fmt: skip
    return Attempt(verdict=verdict, num_tokens=10, max_tokens=512)


def program(tests: Sequence[NamedTest]) -> Attempt:
    """A Python program that failed at least one test which is not among these; measured like a design all the same."""
    verdict = Verdict(
        outcome=Outcome.WRONG, num_passed=sum(test.passed for test in tests), num_tests=len(tests) + 1,
        tests=tuple(tests), similarity=0.5, lint=Lint(warnings=(), classes={}), synthesis=Synthesis(netlist=None),
    )  # fmt: skip
    return Attempt(verdict=verdict, num_tokens=10, max_tokens=512)


def netlist(num_cells: int, depth: int) -> Netlist:
    return Netlist(num_cells=num_cells, num_flip_flops=0, num_latches=0, depth=depth)


def synthesised(outcome: Outcome, own: Netlist | None, golden: Netlist | None) -> Attempt:
    return Attempt(verdict=Verdict(outcome=outcome, synthesis=Synthesis(netlist=own, golden=golden)))


@given(rubrics(), attempts([Outcome.PASS]), attempts(FAILURES))
def test_a_pass_is_never_worth_less_than_a_failure(rubric: Rubric, passed: Attempt, failed: Attempt) -> None:
    assert total(rubric, passed) >= total(rubric, failed)


@given(rubrics(), st.integers(1, 500), st.data())
def test_more_checks_passed_are_never_worth_less(rubric: Rubric, num_tests: int, data: st.DataObject) -> None:
    more = data.draw(st.integers(0, num_tests))
    fewer = data.draw(st.integers(0, more))
    assert total(rubric, wrong(more, num_tests)) >= total(rubric, wrong(fewer, num_tests))


@given(rubrics(), st.lists(named_tests, min_size=1, max_size=25), st.data())
def test_a_program_that_passes_the_same_tests_and_more_is_never_worth_less(
    rubric: Rubric, more: list[NamedTest], data: st.DataObject
) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(more), max_size=len(more)))
    fewer = [replace(test, passed=test.passed and keep) for test, keep in zip(more, kept, strict=True)]
    assert total(rubric, program(more)) >= total(rubric, program(fewer))


@given(rubrics(), attempts(CONCLUSIONS))
def test_a_total_stays_in_the_rubrics_range(rubric: Rubric, attempt: Attempt) -> None:
    assert rubric.low <= total(rubric, attempt) <= rubric.high


@given(rubrics(), attempts([Outcome.UNJUDGED]))
def test_unjudged_has_no_reward(rubric: Rubric, attempt: Attempt) -> None:
    reward = rubric.score(attempt)
    assert reward.total is None
    assert not reward.terms


@given(st.sampled_from(list(TERMS)), attempts([Outcome.PASS]))
def test_a_term_keeps_to_its_range_for_a_pass(name: str, attempt: Attempt) -> None:
    term = TERMS[name]
    value = term.function(attempt)
    assert value is not None
    assert term.low <= term.passed_low <= value <= term.high


@given(st.sampled_from(list(TERMS)), attempts(FAILURES))
def test_a_term_keeps_to_its_range_for_a_failure(name: str, attempt: Attempt) -> None:
    term = TERMS[name]
    value = term.function(attempt)
    assert value is not None
    assert term.low <= value <= term.failed_high <= term.high


@pytest.mark.parametrize(
    ("own", "area", "depth"),
    [
        (netlist(10, 4), 1.0, 1.0),
        (netlist(5, 2), 1.0, 1.0),
        (netlist(40, 4), 0.25, 1.0),
        (netlist(0, 8), 1.0, 0.5),
        (None, 0.0, 0.0),
    ],
    ids=["equal", "smaller", "larger", "deeper", "not synthesisable"],
)
def test_a_passing_netlist_is_worth_its_ratio_to_the_goldens(own: Netlist | None, area: float, depth: float) -> None:
    attempt = synthesised(Outcome.PASS, own, netlist(10, 4))
    assert (TERMS["area"].function(attempt), TERMS["depth"].function(attempt)) == (area, depth)


def test_a_golden_of_wires_alone_leaves_nothing_to_gates() -> None:
    golden = netlist(0, 0)
    area = TERMS["area"].function
    assert area(synthesised(Outcome.PASS, golden, golden)) == 1.0
    assert area(synthesised(Outcome.PASS, netlist(1, 1), golden)) == 0.0


@pytest.mark.parametrize("name", ["area", "depth"])
@pytest.mark.parametrize("outcome", FAILURES)
def test_an_empty_design_that_fails_earns_nothing_by_being_small(name: str, outcome: Outcome) -> None:
    assert TERMS[name].function(synthesised(outcome, netlist(0, 0), netlist(10, 4))) == 0.0


@pytest.mark.parametrize("name", ["area", "depth", "synthesisable"])
def test_a_pass_whose_synthesis_was_not_measured_has_no_such_term(name: str) -> None:
    assert TERMS[name].function(Attempt(verdict=Verdict(outcome=Outcome.PASS))) is None


@pytest.mark.parametrize("name", ["area", "depth"])
def test_a_netlist_without_the_goldens_has_no_ratio(name: str) -> None:
    assert TERMS[name].function(synthesised(Outcome.PASS, netlist(1, 1), None)) is None


@pytest.mark.parametrize(
    ("num_tokens", "within", "share_left"),
    [(1, 1.0, 0.99), (80, 1.0, 0.2), (90, 0.5, 0.1), (95, 0.25, 0.05), (100, 0.0, 0.0)],
)
def test_length_costs_in_the_last_fifth_and_pays_a_pass_all_along(
    num_tokens: int, within: float, share_left: float
) -> None:
    passed, failed = (
        Attempt(verdict=Verdict(outcome=outcome), num_tokens=num_tokens, max_tokens=100)
        for outcome in (Outcome.PASS, Outcome.MISMATCH)
    )
    assert TERMS["within_length"].function(passed) == pytest.approx(within)
    assert TERMS["within_length"].function(failed) == pytest.approx(within)
    assert TERMS["concise"].function(passed) == pytest.approx(share_left)
    assert TERMS["concise"].function(failed) == 0.0


@pytest.mark.parametrize("name", ["within_length", "concise"])
def test_a_pass_of_unknown_length_has_no_such_term(name: str) -> None:
    assert TERMS[name].function(Attempt(verdict=Verdict(outcome=Outcome.PASS))) is None


def test_correctness_is_the_total_without_style() -> None:
    rubric = Rubric.from_weights("mine", {"correct": 1.0, "fraction_passed": 0.5, "format": 0.2, "lint": 0.1})
    reward = rubric.score(wrong(50, 100))
    assert (reward.total, reward.correctness) == (pytest.approx(0.55), pytest.approx(0.25))


def test_synthesisable_is_what_has_a_netlist() -> None:
    term = TERMS["synthesisable"].function
    assert term(synthesised(Outcome.MISMATCH, netlist(1, 1), None)) == 1.0
    assert term(synthesised(Outcome.MISMATCH, None, None)) == 0.0
    assert term(Attempt(verdict=Verdict(outcome=Outcome.COMPILE_ERROR))) == 0.0


@pytest.mark.parametrize("name", [name for name, rubric in RUBRICS.items() if rubric.weights.get("correct")])
def test_nothing_but_a_pass_is_worth_the_most(name: str) -> None:
    assert RUBRICS[name].failed_high < RUBRICS[name].passed_low


def test_default_pays_strictly_more_for_each_check_passed() -> None:
    totals = [total(RUBRICS["default"], wrong(num_passed, 100)) for num_passed in range(101)]
    assert all(less < more for less, more in pairwise(totals))


def test_default_pays_less_than_half_of_a_pass_for_all_checks_but_the_end_of_the_run() -> None:
    assert total(RUBRICS["default"], wrong(100, 100)) < 0.5


@pytest.mark.parametrize(
    ("outcome", "similarity", "expected"),
    [
        (Outcome.PASS, None, 2.0),
        (Outcome.PASS, 0.3, 2.0),
        (Outcome.MISMATCH, 0.75, 0.85),
        (Outcome.TIMEOUT, 0.0, 0.1),
        (Outcome.COMPILE_ERROR, 0.75, 0.0),
        (Outcome.REJECTED, 0.75, 0.0),
        (Outcome.NO_CODE, None, 0.0),
    ],
)
def test_verireason_pays_the_tiers_of_the_paper(outcome: Outcome, similarity: float | None, expected: float) -> None:
    attempt = Attempt(verdict=Verdict(outcome=outcome, similarity=similarity), follows_format=False)
    assert total(RUBRICS["verireason"], attempt) == pytest.approx(expected)


def test_verireason_adds_a_tenth_for_the_format() -> None:
    attempt = Attempt(verdict=Verdict(outcome=Outcome.PASS), follows_format=True)
    assert total(RUBRICS["verireason"], attempt) == pytest.approx(2.1)


@pytest.mark.parametrize("outcome", sorted(COMPILED - {Outcome.PASS}))
def test_an_unmeasured_similarity_gives_no_reward(outcome: Outcome) -> None:
    assert RUBRICS["verireason"].score(Attempt(verdict=Verdict(outcome=outcome))).total is None


def test_only_a_rubric_that_weighs_similarity_needs_it() -> None:
    weights = {"correct": 1.0, "similarity": 0.0}
    assert RUBRICS["verireason"].needs_similarity
    assert not RUBRICS["default"].needs_similarity
    assert not Rubric.from_weights("mine", weights).needs_similarity


def test_checks_that_were_never_made_count_as_failed() -> None:
    fraction = TERMS["fraction_passed"].function
    assert fraction(wrong(10, 100)) == 0.1
    assert fraction(Attempt(verdict=Verdict(outcome=Outcome.TIMEOUT, num_tests=100))) == 0.0


OLYMPIAD = [
    NamedTest(name="1a", passed=True, group="1", weight=20.0),
    NamedTest(name="1b", passed=True, group="1", weight=20.0),
    NamedTest(name="2a", passed=True, group="2", weight=30.0),
    NamedTest(name="2b", passed=False, group="2", weight=30.0),
    NamedTest(name="3a", passed=True, group="3", weight=0.0),
    NamedTest(name="3b", passed=True, group="3", weight=50.0),
]


def test_a_subtask_is_worth_its_largest_weight_and_lost_with_any_of_its_tests() -> None:
    assert total(RUBRICS["code-subtasks"], program(OLYMPIAD)) == pytest.approx(0.7)


def test_tests_without_a_subtask_are_one_each() -> None:
    tests = [replace(test, group=None, weight=1.0) for test in OLYMPIAD]
    assert total(RUBRICS["code-subtasks"], program(tests)) == pytest.approx(5 / 6)


def test_only_the_first_tests_count_for_first_k() -> None:
    tests = [NamedTest(name=str(index), passed=index != 3) for index in range(3 * FIRST_K)]
    assert total(RUBRICS["code-first-k"], program(tests)) == pytest.approx(1 - 1 / FIRST_K)
    assert total(RUBRICS["code-first-k"], program(tests[:5])) == pytest.approx(4 / 5)


@pytest.mark.parametrize(
    ("name", "worth"),
    [("code", 0.0), ("code-fraction", 0.25), ("code-weighted", 0.025), ("code-subtasks", 0.25), ("code-first-k", 0.3)],
)
def test_a_program_that_passes_a_quarter_of_its_tests_is_worth(name: str, worth: float) -> None:
    tests = [NamedTest(name=str(index), passed=index % 4 == 1) for index in range(12)]
    verdict = Verdict(outcome=Outcome.CRASH, num_passed=3, num_tests=12, tests=tuple(tests))
    assert total(RUBRICS[name], Attempt(verdict=verdict)) == pytest.approx(worth)


@pytest.mark.parametrize("name", [name for name in RUBRICS if name.startswith("code")])
@pytest.mark.parametrize("outcome", [Outcome.COMPILE_ERROR, Outcome.NO_CODE])
def test_a_program_that_does_not_run_is_worth_nothing(name: str, outcome: Outcome) -> None:
    verdict = Verdict(outcome=outcome, num_passed=0, num_tests=3, tests=tuple(OLYMPIAD))
    assert total(RUBRICS[name], Attempt(verdict=verdict)) == 0.0


@pytest.mark.parametrize("name", ["subtasks", "first_k"])
def test_where_no_tests_have_names_the_checks_count(name: str) -> None:
    assert TERMS[name].function(wrong(10, 40)) == 0.25


@pytest.mark.parametrize("outcome", [outcome for outcome in CONCLUSIONS if outcome in COMPILED])
def test_a_program_has_every_term_but_those_of_hardware(outcome: Outcome) -> None:
    attempt = Attempt(
        verdict=Verdict(outcome=outcome, num_passed=1, num_tests=2), num_tokens=10, max_tokens=512
    )  # fmt: skip
    missing = {name for name, term in TERMS.items() if term.function(attempt) is None}
    assert missing <= HARDWARE_TERMS
    assert outcome is not Outcome.PASS or missing == HARDWARE_TERMS - {"similarity"}


def test_terms_are_reported_before_weighting() -> None:
    reward = RUBRICS["default"].score(wrong(50, 100))
    assert reward.terms == {"correct": 0.0, "compiles": 1.0, "fraction_passed": 0.5}
    assert reward.total == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, "weighs nothing"),
        ({"correct": 0.0}, "weighs nothing"),
        ({"corect": 1.0}, "did you mean 'correct'"),
        ({"zzz": 1.0}, "known are correct"),
        ({"correct": -1.0}, "a number from 0"),
        ({"correct": True}, "a number from 0"),
        ({"correct": float("nan")}, "a number from 0"),
        ({"correct": float("inf")}, "a number from 0"),
        ({"correct": "1"}, "a number from 0"),
        ({"format": 1.0}, "can pay 1 to a candidate that fails and 0 to one that passes"),
        ({"correct": 0.5, "format": 0.4, "finished": 0.2}, "raise the weight of 'correct' by at least 0.1"),
    ],
)
def test_weights_that_make_no_sense_are_refused_in_one_line(weights: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Rubric.from_weights("mine", weights)
    assert "\n" not in str(caught.value)


def test_a_rubric_does_not_change_with_the_dictionary_it_was_made_from() -> None:
    weights = {"correct": 1.0}
    rubric = Rubric.from_weights("mine", weights)
    weights["format"] = 5.0
    assert dict(rubric.weights) == {"correct": 1.0}
