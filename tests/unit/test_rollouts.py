"""Which groups a step trains on: refilled, written ahead, put back when a step is not trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from rewards.rubric import Reward
from sim.verdict import Outcome, Verdict
from verireason.problem import Completion, Problem
from verireason.recipe_tables import Grpo
from verireason.templates import Extraction
from verireason.training.asking import GroupOutcome
from verireason.training.groups import Group, Sample
from verireason.training.reward import TooManyUnjudged
from verireason.training.rollouts import Rollouts

Script = Callable[[int], str]
"""Problem to what its completions come to: "." passes, "x" fails, "?" is not judged."""


class Counting:
    """Asks 0, 1, 2, ..."""

    def __init__(self) -> None:
        self.next = 0
        self.seen: list[GroupOutcome] = []

    def ask(self, num: int, *, step: int) -> list[int]:
        self.next += num
        return list(range(self.next - num, self.next))

    def problem(self, index: int) -> Problem:
        raise NotImplementedError

    def observe(self, outcomes: Sequence[GroupOutcome]) -> None:
        self.seen += outcomes

    def state(self) -> dict[str, Any]:
        return {"next": self.next}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.next = state["next"]

    def counts(self) -> dict[str, int]:
        return {}


class OneProcess:
    count = 1

    def share(self, items: Sequence[Any]) -> list[Any]:
        return list(items)

    def gather(self, items: Sequence[Any]) -> list[Any]:
        return list(items)


class Play:
    """Writes and judges by a script, and keeps what it was asked to."""

    def __init__(self, script: Script, **settings: Any) -> None:
        self.script, self.written, self.kept = script, [], []  # type: ignore[var-annotated]
        self.asker = Counting()
        self.rollouts = self.opened(**settings)

    def opened(self, **settings: Any) -> Rollouts:
        grpo = Grpo(
            **{"prompts_per_step": 3, "num_generations": 2, "max_steps": 9, "learning_rate": 0.1,
               "max_completion_length": 8, **settings}
        )  # fmt: skip
        self.asker = Counting()
        return Rollouts(
            grpo=grpo, max_unjudged=0.5, ranks=OneProcess(), asker=self.asker, reward=self,  # type: ignore[arg-type]
            writer=self, keep=lambda groups, phase, step: self.kept.extend((phase, step, one.index) for one in groups),
        )  # fmt: skip

    def write(self, indices: Sequence[int]) -> Any:
        self.written.append(list(dict.fromkeys(indices)))
        return _Written(indices)

    def collect(self, flight: Sequence[int]) -> list[Sample]:
        found = []
        for place, index in enumerate(flight):
            what = self.script(index)[place % 2]
            total = {".": 1.0, "x": 0.0, "?": None}[what]
            outcome = {".": Outcome.PASS, "x": Outcome.MISMATCH, "?": Outcome.UNJUDGED}[what]
            found.append(
                Sample(
                    completion=Completion(problem_id=str(index), sample=place % 2, text=""),
                    token_ids=[1], extraction=Extraction(code="", follows_format=True, why=""),
                    verdict=Verdict(outcome=outcome), reward=Reward(total=total, correctness=total, terms={}),
                )
            )  # fmt: skip
        return found


class _Written:
    log_probs = sampling_log_probs = None
    weights = 0

    def __init__(self, flight: Sequence[int]) -> None:
        self.flight = flight


def indices(groups: Sequence[Group]) -> list[int]:
    return [group.index for group in groups]


def test_without_refill_a_step_trains_on_what_came() -> None:
    play = Play(lambda index: "xx")

    batch = play.rollouts.batch(0)

    assert (indices(batch.groups), batch.dropped, batch.num_rounds) == ([0, 1, 2], [], 0)


def test_as_many_problems_are_asked_again_as_groups_without_signal_came() -> None:
    play = Play(lambda index: ".x" if index in (1, 4, 5) else "..", refill_rounds=5)

    batch = play.rollouts.batch(0)

    assert play.written == [[0, 1, 2], [3, 4], [5]]
    assert (indices(batch.groups), indices(batch.dropped), batch.num_rounds) == ([1, 4, 5], [0, 2, 3], 2)
    assert play.kept == [("train", 1, 1), ("train", 1, 4), ("train", 1, 5), ("dropped", 1, 0), ("dropped", 1, 2),
                         ("dropped", 1, 3)]  # fmt: skip
    assert [(seen.index, seen.pass_rate) for seen in play.asker.seen][:3] == [(0, 1.0), (1, 0.5), (2, 1.0)]


def test_when_the_rounds_are_used_up_groups_without_signal_fill_the_batch() -> None:
    play = Play(lambda index: ".x" if index == 2 else "xx", refill_rounds=2)

    batch = play.rollouts.batch(0)

    assert play.written == [[0, 1, 2], [3, 4], [5, 6]]
    assert indices(batch.groups) == [2, 0, 1]
    assert indices(batch.dropped) == [3, 4, 5, 6]


def test_ahead_a_step_is_written_before_the_one_before_it_is_collected_and_none_after_the_last() -> None:
    play = Play(lambda index: ".x", steps_ahead=1, max_steps=3)

    assert [indices(play.rollouts.batch(step).groups) for step in range(3)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert play.written == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_what_was_written_ahead_is_written_again_after_a_restart_and_nothing_is_skipped() -> None:
    play = Play(lambda index: ".x", steps_ahead=2)
    play.rollouts.batch(0)
    state = play.rollouts.state()
    assert state == {"asker": {"next": 9}, "pending": [[3, 4, 5], [6, 7, 8]]}

    again = Play(lambda index: ".x", steps_ahead=2)
    again.rollouts.restore(state)

    assert indices(again.rollouts.batch(1).groups) == [3, 4, 5]
    assert again.written == [[3, 4, 5], [6, 7, 8], [9, 10, 11]]


@pytest.mark.parametrize("steps_ahead", [0, 1])
def test_a_step_that_the_farm_failed_is_asked_again_after_a_restart(steps_ahead: int) -> None:
    play = Play(lambda index: "??" if index in (3, 4) else ".x", steps_ahead=steps_ahead)
    play.rollouts.batch(0)
    with pytest.raises(TooManyUnjudged, match="could not judge 4 of 6 completions of step 2"):
        play.rollouts.batch(1)
    assert ("train", 2, 3) in play.kept

    again = Play(lambda index: ".x", steps_ahead=steps_ahead)
    again.rollouts.restore(play.rollouts.state())

    assert indices(again.rollouts.batch(1).groups) == [3, 4, 5]


def test_a_group_that_was_not_judged_is_replaced_and_tells_the_asker_nothing() -> None:
    play = Play(lambda index: "??" if index == 1 else ".x", refill_rounds=1)

    batch = play.rollouts.batch(0)

    assert (indices(batch.groups), indices(batch.dropped)) == ([0, 2, 3], [1])
    assert [seen.pass_rate for seen in play.asker.seen if seen.index == 1] == [None]


def test_a_few_replacements_that_are_not_judged_stop_no_run() -> None:
    play = Play(lambda index: {0: "xx", 3: "??", 4: "xx"}.get(index, ".x"), refill_rounds=3)

    batch = play.rollouts.batch(0)

    assert (indices(batch.groups), indices(batch.dropped)) == ([1, 2, 5], [0, 3, 4])
