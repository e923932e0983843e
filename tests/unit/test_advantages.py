"""From rewards to advantages: TRL's numbers, and what the guard against blown-up style changes."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Literal

import pytest

from rewards.attempt import Attempt
from rewards.rubric import Reward, Rubric
from sim.verdict import Lint, Outcome, Verdict
from verireason.training.advantages import GroupKind, advantages, kind_of_group

RUBRIC = Rubric.from_weights("mine", {"correct": 0.6, "compiles": 0.1, "fraction_passed": 0.3, "lint": 0.05})
SIZE = 4

Scale = Literal["group", "batch", "none"]
Normalise = Literal["after_sum", "before_sum"]


def reward(outcome: Outcome, *, num_passed: int = 0, warnings: int = 0) -> Reward:
    verdict = Verdict(
        outcome=outcome, num_passed=num_passed, num_tests=10,
        lint=Lint(warnings=(), classes={f"CLASS{place}": 1 for place in range(warnings)}),
    )  # fmt: skip
    return RUBRIC.score(Attempt(verdict=verdict))


def drawn_groups(seed: int, num_groups: int = 6) -> list[list[Reward]]:
    """Groups of all kinds: mixed, tied, with one, and with no judged completion."""
    rng = Random(seed)
    outcomes = [Outcome.PASS, Outcome.MISMATCH, Outcome.COMPILE_ERROR, Outcome.UNJUDGED]
    groups = [
        [
            reward(rng.choice(outcomes), num_passed=rng.randrange(10), warnings=rng.randrange(4))
            for _ in range(SIZE)
        ]
        for _ in range(num_groups)
    ]  # fmt: skip
    unjudged = reward(Outcome.UNJUDGED)
    return [*groups, [unjudged] * SIZE, [reward(Outcome.PASS), *[unjudged] * (SIZE - 1)], [reward(Outcome.PASS)] * SIZE]


def found(
    groups: Sequence[Sequence[Reward]],
    *,
    scale: Scale = "group",
    normalise: Normalise = "after_sum",
    min_std: float = 0.0,
) -> list[list[float]]:
    return advantages(groups, weights=RUBRIC.weights, scale=scale, normalise=normalise, min_std=min_std)


def trl_after_sum(rewards: Any, scale: Scale) -> Any:
    """TRL 1.16's "sum_then_normalize" of rewards (groups, completions), NaN where there is none."""
    torch = pytest.importorskip("torch")
    nanstd = pytest.importorskip("trl.trainer.utils", reason="the train extra is not installed").nanstd
    around = rewards - torch.nanmean(rewards, dim=1, keepdim=True)
    if scale == "group":
        around = around / (nanstd(rewards, dim=1, keepdim=True) + 1e-4)
    if scale == "batch":
        around = around / (nanstd(rewards) + 1e-4)
    return torch.nan_to_num(around, nan=0.0)


def trl_before_sum(values: Any, weights: Any) -> Any:
    """TRL 1.16's "normalize_then_sum" of values (groups, completions, terms), NaN where there is none."""
    torch = pytest.importorskip("torch")
    nanstd = pytest.importorskip("trl.trainer.utils", reason="the train extra is not installed").nanstd
    around = (values - torch.nanmean(values, dim=1, keepdim=True)) / (nanstd(values, dim=1, keepdim=True) + 1e-4)
    rewards = (around * weights).nansum(dim=2)
    rewards[torch.isnan(values).all(dim=2)] = torch.nan
    return torch.nan_to_num((rewards - torch.nanmean(rewards)) / (nanstd(rewards) + 1e-4), nan=0.0)


@pytest.mark.parametrize("scale", ["group", "batch", "none"])
def test_after_the_sum_the_advantages_are_those_of_trl(scale: Scale) -> None:
    torch = pytest.importorskip("torch", reason="the train extra is not installed")
    for seed in range(20):
        groups = drawn_groups(seed)
        rewards = torch.tensor([[float("nan") if one.total is None else one.total for one in each] for each in groups])

        assert torch.allclose(torch.tensor(found(groups, scale=scale)), trl_after_sum(rewards, scale), atol=2e-5)


def test_before_the_sum_the_advantages_are_those_of_trl() -> None:
    torch = pytest.importorskip("torch", reason="the train extra is not installed")
    for seed in range(20):
        groups = drawn_groups(seed)
        missing = dict.fromkeys(RUBRIC.weights, float("nan"))
        values = torch.tensor(
            [[[(one.terms or missing)[term] for term in RUBRIC.weights] for one in each] for each in groups],
            dtype=torch.float64,
        )
        weights = torch.tensor(list(RUBRIC.weights.values()), dtype=torch.float64)

        ours = torch.tensor(found(groups, normalise="before_sum"), dtype=torch.float64)

        assert torch.allclose(ours, trl_before_sum(values, weights), atol=1e-9)


CLEAN, UNTIDY = reward(Outcome.PASS), reward(Outcome.PASS, warnings=4)
TIED_IN_TESTS = [CLEAN, CLEAN, UNTIDY, UNTIDY]
GUARD = 0.5


def spread(values: Sequence[float]) -> float:
    return max(values) - min(values)


def style_difference() -> float:
    assert CLEAN.total is not None
    assert UNTIDY.total is not None
    return CLEAN.total - UNTIDY.total


def test_style_alone_is_blown_up_without_the_guard_and_keeps_its_size_with_it() -> None:
    assert 0.01 < style_difference() < 0.05

    assert spread(found([TIED_IN_TESTS])[0]) > 1.5
    assert spread(found([TIED_IN_TESTS], min_std=GUARD)[0]) == pytest.approx(style_difference() / GUARD)


@pytest.mark.parametrize("scale", ["group", "batch"])
def test_a_difference_in_the_tests_is_of_full_size_with_the_guard(scale: Scale) -> None:
    for failed in (reward(Outcome.COMPILE_ERROR), reward(Outcome.MISMATCH, num_passed=9)):
        differing = [CLEAN, CLEAN, failed, failed]

        assert spread(found([differing], scale=scale, min_std=GUARD)[0]) > 1.6


def test_partial_credit_of_a_group_without_a_pass_is_of_full_size_with_the_guard() -> None:
    some, more = reward(Outcome.MISMATCH, num_passed=3), reward(Outcome.MISMATCH, num_passed=4)

    assert spread(found([[some, some, more, more]], min_std=GUARD)[0]) > 1.6


@pytest.mark.parametrize("normalise", ["after_sum", "before_sum"])
def test_with_the_guard_style_decides_among_equals_and_is_small_beside_correctness(normalise: Normalise) -> None:
    failed = reward(Outcome.COMPILE_ERROR)
    group = [CLEAN, UNTIDY, failed, failed]

    clean, untidy, *others = found([group], normalise=normalise, min_std=GUARD)[0]

    assert clean > untidy > max(others)
    assert clean - untidy < 0.2 * (untidy - max(others))


def test_a_batch_of_ties_is_not_blown_up_before_the_sum_either() -> None:
    assert spread(found([TIED_IN_TESTS] * 3, normalise="before_sum")[0]) > 1.5
    assert spread(found([TIED_IN_TESTS] * 3, normalise="before_sum", min_std=GUARD)[0]) < 0.2


def test_what_was_not_judged_has_no_advantage_and_moves_no_other() -> None:
    judged = [reward(Outcome.PASS), reward(Outcome.COMPILE_ERROR), reward(Outcome.MISMATCH, num_passed=5)]
    unjudged = reward(Outcome.UNJUDGED)

    for normalise in ("after_sum", "before_sum"):
        [with_gap], [without] = found([[*judged, unjudged]], normalise=normalise), found([judged], normalise=normalise)
        assert with_gap == [*without, 0.0]


@pytest.mark.parametrize(
    ("outcomes", "num_passed", "kind"),
    [
        ([Outcome.PASS, Outcome.MISMATCH], [10, 3], GroupKind.LIVE),
        ([Outcome.MISMATCH, Outcome.MISMATCH], [4, 3], GroupKind.LIVE),
        ([Outcome.PASS, Outcome.UNJUDGED], [10, 0], GroupKind.ALL_PASS),
        ([Outcome.COMPILE_ERROR, Outcome.NO_CODE], [0, 0], GroupKind.NONE_PASS),
        ([Outcome.MISMATCH, Outcome.MISMATCH], [3, 3], GroupKind.NONE_PASS),
        ([Outcome.UNJUDGED, Outcome.UNJUDGED], [0, 0], GroupKind.UNJUDGED),
    ],
)
def test_a_group_is_of_the_kind(outcomes: Sequence[Outcome], num_passed: Sequence[int], kind: GroupKind) -> None:
    rewards = [
        reward(outcome, num_passed=number, warnings=place)
        for place, (outcome, number) in enumerate(zip(outcomes, num_passed, strict=True))
    ]
    passes = [None if outcome is Outcome.UNJUDGED else outcome is Outcome.PASS for outcome in outcomes]

    assert kind_of_group([each.correctness for each in rewards], passes) is kind


def test_a_group_that_passes_by_halves_and_earns_the_same_is_tied() -> None:
    assert kind_of_group([0.1, 0.1], [True, False]) is GroupKind.TIED
