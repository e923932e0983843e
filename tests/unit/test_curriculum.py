"""What the pools ask, against problems whose true pass rates are fixed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from verireason.recipe_tables import Curriculum
from verireason.training.curriculum import Pools

SETTINGS = Curriculum()
GROUP = 8
PER_STEP = 8

NEVER, ALWAYS, SOMETIMES = 0.0, 1.0, 0.4
RATES = [*[NEVER] * 50, *[ALWAYS] * 30, *[SOMETIMES] * 20]
"""One problem in five has something to teach."""


def opened(num_items: int = len(RATES), *, settings: Curriculum = SETTINGS, seed: str = "0") -> Pools:
    return Pools(num_items, settings=settings, seed=seed)


def ask(pools: Pools, num: int, *, step: int) -> list[int]:
    return [asking.item for asking in pools.ask(num, step=step)]


def train(pools: Pools, rates: Sequence[float], *, steps: range, seed: int = 0) -> list[dict[int, float]]:
    """For each step, what was asked and how many of its group passed."""
    rng = Random(seed)
    told = []
    for step in steps:
        found = {item: sum(rng.random() < rates[item] for _ in range(GROUP)) / GROUP
                 for item in ask(pools, PER_STEP, step=step)}  # fmt: skip
        for item, rate in found.items():
            pools.observe(item, rate, step)
        told.append(found)
    return told


def share_live(told: Sequence[dict[int, float]]) -> float:
    rates = [rate for found in told for rate in found.values()]
    return sum(0 < rate < 1 for rate in rates) / len(rates)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_live_groups_are_asked_far_more_often_than_in_order(seed: int) -> None:
    told = train(opened(seed=str(seed)), RATES, steps=range(150), seed=seed)

    assert share_live(told) > 0.6
    assert share_live(told[100:]) > 0.8


def test_every_problem_is_asked_and_retired_ones_are_tried_again() -> None:
    settings = SETTINGS.model_copy(update={"retry_after": 20})

    told = train(opened(settings=settings), RATES, steps=range(400))

    times = Counter(item for found in told for item in found)
    assert len(times) == len(RATES)
    assert min(times.values()) > settings.retire_after


def test_a_problem_that_became_solvable_comes_back() -> None:
    pools = opened()
    train(pools, RATES, steps=range(100))
    learned = [SOMETIMES if rate == NEVER else rate for rate in RATES]

    later = train(pools, learned, steps=range(100, 500))

    times = Counter(item for found in later[-100:] for item in found if RATES[item] == NEVER)
    assert sum(times.values()) / (100 * PER_STEP) > 0.3


def test_a_problem_is_retired_by_groups_in_a_row_and_retried_after_its_time() -> None:
    pools = opened(3, settings=SETTINGS.model_copy(update={"retire_after": 2, "retry_after": 10}))
    ask(pools, 3, step=0)
    for item, rates in enumerate([(0.0, 0.0), (0.0, 0.5), (0.0, 1.0)]):
        for step, rate in enumerate(rates):
            pools.observe(item, rate, step)

    assert pools.counts(10) == {"new": 0, "hard": 0, "middle": 2, "easy": 0, "retry": 0, "retired": 1}
    assert pools.counts(11)["retry"] == 1
    assert 0 not in ask(pools, 20, step=2)
    assert 0 in ask(pools, 3, step=11)

    pools.observe(0, 0.0, 11)
    assert pools.counts(20)["retired"] == 1
    pools.observe(0, 0.1, 21)
    assert pools.counts(21)["hard"] == 1


def test_a_problem_that_never_passes_is_not_retired_while_partial_credit_tells_its_completions_apart() -> None:
    settings = SETTINGS.model_copy(update={"retire_after": 2})
    alike, told_apart = opened(1, settings=settings), opened(1, settings=settings)
    for step in range(3):
        for pools, is_live in ((alike, False), (told_apart, True)):
            ask(pools, 1, step=step)
            pools.observe(0, 0.0, step, is_live=is_live)

    assert alike.counts(3)["retired"] == 1
    assert told_apart.counts(3)["hard"] == 1


def test_when_all_are_retired_those_asked_the_longest_ago_come_first() -> None:
    pools = opened(3, settings=SETTINGS.model_copy(update={"retire_after": 1}))
    order = ask(pools, 3, step=0)
    for item in order:
        pools.observe(item, 1.0, 0)

    assert ask(pools, 2, step=1) == order[:2]
    assert ask(pools, 4, step=2) == [order[2], *order]


def test_none_is_asked_twice_for_a_step_while_there_are_others() -> None:
    pools = opened(10)
    train(pools, [SOMETIMES] * 2 + [ALWAYS] * 8, steps=range(1, 3))

    first, refill = ask(pools, 6, step=3), ask(pools, 4, step=3)

    assert sorted(first + refill) == list(range(10))


def test_the_pools_are_asked_in_proportion_to_their_weights() -> None:
    weights = {"hard": 1.0, "middle": 3.0, "easy": 2.0}
    pools = opened(600, settings=Curriculum(**weights))
    for step in range(10):
        ask(pools, 60, step=step)
    rates = {"hard": 0.1, "middle": 0.5, "easy": 0.9}
    for item in range(600):
        pools.observe(item, list(rates.values())[item % 3], 10)

    asked = Counter(list(rates)[item % 3] for step in range(20, 120) for item in ask(pools, 6, step=step))

    assert {pool: asked[pool] / 100 for pool in weights} == pytest.approx(weights, rel=0.2)


def test_a_restored_state_goes_on_in_the_same_way_from_any_place() -> None:
    """A random walk of asking (ahead of what is known), observing and restoring from JSON, on two pools alike."""
    for seed in range(10):
        rng = Random(seed)
        settings = SETTINGS.model_copy(update={"retire_after": rng.randint(1, 3), "retry_after": rng.randint(1, 9)})
        num_items = rng.randint(1, 30)
        left, right = (opened(num_items, settings=settings, seed=str(seed)) for _ in range(2))
        waiting: list[int] = []
        for step in range(60):
            num = rng.randint(0, 8)
            asked = left.ask(num, step=step)
            assert asked == right.ask(num, step=step)
            waiting += [asking.item for asking in asked]
            while waiting and rng.random() < 0.8:
                item, rate = waiting.pop(rng.randrange(len(waiting))), rng.choice([0.0, 0.0, 0.5, 1.0, 1.0])
                left.observe(item, rate, step)
                right.observe(item, rate, step)
            if rng.random() < 0.3:
                state = json.loads(json.dumps(left.state()))
                right = opened(num_items, settings=settings, seed=str(seed))
                right.restore(state)
            assert left.counts(step) == right.counts(step)
            assert sum(left.counts(step).values()) == num_items


def test_another_seed_asks_in_another_order() -> None:
    assert ask(opened(seed="0"), 50, step=0) != ask(opened(seed="1"), 50, step=0)
