"""What a report says of the course of training: steps to show, groups by kind, sentences and trends."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sim.verdict import Outcome
from tests.fixtures.sample_run import FAMILIES, make_problems, make_record, write_records, write_run
from verireason.records import Record, read_records
from verireason.reports import steps
from verireason.reports.panels import HELD_OUT, KINDS_OF_GROUPS, WITHOUT_VARIANCE, panels_for
from verireason.reports.report import build_report
from verireason.reports.source import MAX_STEPS, load_source, spread_evenly
from verireason.reports.steps import choose_pairs, choose_steps, step_of
from verireason.reports.training import in_words, trends
from verireason.reports.write import write_report

METRICS = [
    {
        "step": float(step),
        "reward": step / 10,
        "num_completions": 16.0,
        "num_judged": 16.0,
        "unjudged": 1.0,
        "rejected": 0.125,
        "zero_variance": 0.5,
        "groups.asked": 4.0,
        "groups.live": 3.0,
        "groups.none_pass": 1.0,
        "pools.active": 7.0,
        "pools.solved": float(step),
        "time.step": 4.0,
        "time.generation": 1.0,
        "time.farm": 0.2,
        "time.update": 2.8,
    }
    for step in range(1, 21)
]


def group(problem_id: str, rewards: Sequence[float | None]) -> list[Record]:
    problem = make_problems("gen", "train", FAMILIES[:1], 1, seed=0)[0]
    record = make_record(problem, 0, random.Random(0))
    return [
        replace(
            record,
            problem_id=problem_id,
            sample=sample,
            reward=reward,
            outcome=Outcome.UNJUDGED if reward is None else Outcome.PASS if reward == 1 else Outcome.MISMATCH,
            passed=reward == 1,
            terms={},
            step=1,
        )
        for sample, reward in enumerate(rewards)
    ]


def test_the_groups_whose_rewards_differ_most_are_shown_with_their_best_and_worst() -> None:
    pairs = choose_pairs([*group("narrow", [0.1, 0.2]), *group("wide", [0.3, 1, 0.0, None]), *group("tied", [1, 1])])
    assert [pair.title for pair in pairs] == ["wide: 1 of 3 pass", "narrow: 0 of 2 pass"]
    assert [(pair.best.record.sample, pair.worst.record.sample) for pair in pairs] == [(1, 2), (1, 0)]


def test_where_no_group_differs_the_best_and_the_worst_of_the_step_are_shown() -> None:
    (pair,) = choose_pairs([*group("solved", [1, 1]), *group("unsolved", [0, 0])])
    assert (pair.best.record.problem_id, pair.worst.record.problem_id) == ("solved", "unsolved")
    (pair,) = choose_pairs([*group("one", [0, 0]), *group("other", [0, 0])])
    assert pair.best.record != pair.worst.record


def test_what_was_not_judged_is_neither_best_nor_worst() -> None:
    assert choose_pairs(group("broken", [None, None])) == []
    assert choose_pairs(group("broken", [None, 0.5])) == []
    assert step_of(1, group("broken", [None, 0.5])).num_unjudged == 1


def test_shown_steps_are_few_even_and_have_both_ends(tmp_path: Path) -> None:
    assert spread_evenly(range(1, 2001), MAX_STEPS)[::23] == [1, 2000]
    assert spread_evenly([3, 5], MAX_STEPS) == [3, 5]
    records = [replace(record, step=step) for step in range(1, 101) for record in group("a", [0, 1])]
    write_records(tmp_path / "records.jsonl", records)
    chosen = [step.number for step in choose_steps(load_source(tmp_path))]
    assert (chosen[0], chosen[-1], len(chosen)) == (1, 100, MAX_STEPS)


def test_of_long_completions_fewer_steps_are_shown_the_last_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "MAX_CHARS", 30_000)
    long = [replace(record, code="x" * 100_000) for record in group("a", [0, 1])]
    write_records(tmp_path / "records.jsonl", [replace(record, step=step) for step in range(1, 11) for record in long])
    assert [step.number for step in choose_steps(load_source(tmp_path))] == [9, 10]


def test_of_a_long_run_only_what_is_shown_is_kept_in_memory(tmp_path: Path) -> None:
    write_run(tmp_path, num_steps=60, num_heldout=6, num_samples=2)
    source = load_source(tmp_path)
    assert source.training is not None
    with_code = {record.step for record in source.training.records if record.code is not None}
    assert with_code == {*source.shown_steps}
    assert len(source.training.records) == 60 * 16
    assert [step.number for step in choose_steps(source)] == [
        number for number in source.shown_steps if choose_pairs(r for r in source.training.records if r.step == number)
    ]


def test_counts_of_groups_take_the_place_of_shares_which_older_runs_have_alone() -> None:
    titles = [panel.title for panel in panels_for(METRICS)]
    assert KINDS_OF_GROUPS in titles
    assert WITHOUT_VARIANCE not in titles
    older = [{name: value for name, value in line.items() if not name.startswith("groups.")} for line in METRICS]
    assert WITHOUT_VARIANCE in [panel.title for panel in panels_for(older)]


def test_held_out_problems_are_drawn_once_with_intervals_if_there_are_some(tmp_path: Path) -> None:
    write_run(tmp_path, num_steps=4, num_heldout=6, num_samples=2)
    metrics = tmp_path / "metrics.jsonl"
    lines = [{**json.loads(line), "heldout": {"pass": 0.5}} for line in metrics.read_text().splitlines()]
    metrics.write_text("\n".join(map(json.dumps, lines)) + "\n")
    titles = [curve.title for curve in build_report(load_source(tmp_path)).curves]
    assert HELD_OUT in titles
    write_records(
        tmp_path / "eval" / "step-2" / "records.jsonl", list(read_records(tmp_path / "eval/after/records.jsonl"))
    )
    titles = [curve.title for curve in build_report(load_source(tmp_path)).curves]
    assert "Held-out tasks" in titles
    assert HELD_OUT not in titles


def test_pools_are_drawn_under_their_own_names() -> None:
    (pools,) = [panel for panel in panels_for(METRICS) if panel.title == "Pools of problems"]
    assert [line.label for line in pools.lines] == ["active", "solved"]


def test_a_run_is_summed_up_in_words() -> None:
    assert in_words(METRICS) == [
        "Of 80 groups 75.0 % were live, 25.0 % none pass.",
        "A step took 4.0 s: 25.0 % generation, 5.0 % waiting for verdicts, 70.0 % update.",
        "Of 320 completions the farm could not judge 20, and 40 were rejected for cheating.",
    ]
    assert in_words([{"step": 1.0, "loss": 0.1}]) == []


def test_a_trend_is_from_the_first_tenth_to_the_last() -> None:
    (reward,) = [trend for trend in trends(METRICS) if trend.label == "reward"]
    assert (reward.first, reward.last, reward.low, reward.high) == pytest.approx((0.15, 1.95, 0.1, 2.0))
    (rejected,) = [trend for trend in trends(METRICS) if trend.label == "rejected"]
    assert (rejected.unit, rejected.last) == ("% of completions, rejected by the guard", 12.5)


def test_both_formats_tell_of_training(tmp_path: Path) -> None:
    write_run(tmp_path, num_steps=12, num_heldout=6, num_samples=2)
    written = write_report(tmp_path)
    page, text = written.html.read_text(), written.markdown.read_text()
    for title in ("Groups by kind", "Pools of problems", "Staleness", "Attempts to cheat", "Completions judged"):
        assert f"<strong>{title}</strong>" in page
        assert title in text
    assert page.count('<option value="') > 12
    assert "### Best and worst of step 12" in text
