"""What an evaluation leaves in its directory, and when it may go on from there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.verdict import Checks, Outcome, Simulator
from verireason.errors import UserError
from verireason.evals.completions import CompletionFile
from verireason.evals.evaluate import request_seed
from verireason.evals.presets import PRESETS, presets_table
from verireason.evals.run_state import (
    COMPLETIONS,
    RUN,
    CompletionWriter,
    RunSettings,
    completion_from_json,
    completion_to_json,
    first_difference,
    read_completions,
    read_progress,
    start_or_go_on,
)
from verireason.problem import Completion
from verireason.records import Record, RecordWriter

SETTINGS = RunSettings(
    benchmark="b",
    num_problems=2,
    problems="abc",
    engine="endpoint",
    model="m",
    samples=2,
    temperature=0.8,
    top_p=0.95,
    max_tokens=100,
    seed=0,
    template="plain",
    checks=Checks(),
    image="i",
)
HOSTILE = 'a\n"b"\u2028\ud800\x00</script>'


def completion(sample: int = 0, attempt: int = 0, text: str = "t") -> Completion:
    return Completion(problem_id="p", sample=sample, attempt=attempt, text=text, num_tokens=3, cost=0.5, model="m")


def record(sample: int = 0, attempt: int = 0, outcome: Outcome = Outcome.MISMATCH) -> Record:
    passed = outcome is Outcome.PASS
    return Record(problem_id="p", benchmark="b", sample=sample, attempt=attempt, outcome=outcome, passed=passed)


def write(out: Path, completions: list[Completion], records: list[Record]) -> None:
    with CompletionWriter(out / COMPLETIONS) as writer:
        for each in completions:
            writer.write(each)
    with RecordWriter(out / "records.jsonl") as judged:
        for one in records:
            judged.write(one)


def test_a_completion_comes_back_as_it_was() -> None:
    hostile = completion(text=HOSTILE)

    assert completion_from_json(completion_to_json(hostile).encode("ascii")) == hostile


def test_completions_are_what_verify_reads(tmp_path: Path) -> None:
    write(tmp_path, [completion(sample) for sample in range(3)], [])

    found = list(CompletionFile(path=tmp_path / COMPLETIONS, known_ids={"p"}))
    assert [(each.sample, each.text, each.num_tokens, each.model) for each in found] == [
        (sample, "t", 3, "m") for sample in range(3)
    ]


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_last_line_that_was_cut_off_is_left_out_and_written_over(cut: int, tmp_path: Path) -> None:
    write(tmp_path, [completion(0), completion(1)], [])
    path = tmp_path / COMPLETIONS
    path.write_bytes(path.read_bytes()[:-cut])
    kept = [each.sample for each in read_completions(path)]
    write(tmp_path, [completion(2)], [])

    assert kept == ([0, 1] if cut == 1 else [0])
    assert [each.sample for each in read_completions(path)] == [*kept, 2]


def test_a_bad_line_within_is_named(tmp_path: Path) -> None:
    (tmp_path / COMPLETIONS).write_text('{"problem_id": 1}\n' + completion_to_json(completion()) + "\n")

    with pytest.raises(UserError, match=r"completions.jsonl:1: .*expected one completion a line"):
        list(read_completions(tmp_path / COMPLETIONS))


def test_progress_tells_judged_pending_and_what_is_to_be_repaired(tmp_path: Path) -> None:
    write(
        tmp_path,
        [completion(0), completion(1), completion(2), completion(0, attempt=1), completion(3)],
        [record(0), record(1), record(2, outcome=Outcome.PASS), record(3, outcome=Outcome.UNJUDGED)],
    )
    found = read_progress(tmp_path, num_repairs=1)

    assert {(sample, attempt) for _, sample, attempt in found.done} == {(0, 0), (1, 0), (2, 0), (0, 1), (3, 0)}
    assert [(each.sample, each.attempt) for each in found.pending] == [(0, 1), (3, 0)]
    assert [each.sample for each in found.to_repair] == [1]
    assert (found.tally.num_records, found.tally.num_unjudged) == (3, 0)
    assert read_progress(tmp_path, num_repairs=0).to_repair == []


def test_a_repair_that_failed_is_repaired_in_its_turn(tmp_path: Path) -> None:
    write(tmp_path, [completion(), completion(attempt=1)], [record(), record(attempt=1)])

    assert [each.attempt for each in read_progress(tmp_path, num_repairs=2).to_repair] == [1]
    assert read_progress(tmp_path, num_repairs=1).to_repair == []


def test_the_first_setting_that_differs_is_named() -> None:
    other = replace(SETTINGS, seed=3, checks=Checks(simulator=Simulator.VERILATOR))

    assert first_difference(SETTINGS, SETTINGS) is None
    assert first_difference(SETTINGS, replace(SETTINGS, model="x" * 99)) == f"model m, and now it is {'x' * 57}..."
    assert first_difference(SETTINGS, other) == "seed 0, and now it is 3"
    assert first_difference(SETTINGS, replace(other, seed=0)) == "checks.simulator icarus, and now it is verilator"


def test_a_run_goes_on_with_the_same_settings_only(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    start_or_go_on(out, SETTINGS, resume=False)
    write(out, [completion()], [])

    start_or_go_on(out, SETTINGS, resume=True)
    with pytest.raises(UserError, match=r"already holds completions\.jsonl; go on with --resume"):
        start_or_go_on(out, SETTINGS, resume=False)
    with pytest.raises(UserError, match=r"was started with temperature 0\.8, and now it is 0\.2"):
        start_or_go_on(out, replace(SETTINGS, temperature=0.2), resume=True)


def test_a_run_that_wrote_nothing_may_be_started_with_other_settings(tmp_path: Path) -> None:
    start_or_go_on(tmp_path, SETTINGS, resume=False)
    write(tmp_path, [], [])

    start_or_go_on(tmp_path, replace(SETTINGS, seed=1), resume=False)
    write(tmp_path, [completion()], [])
    start_or_go_on(tmp_path, replace(SETTINGS, seed=1), resume=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "holds records.jsonl and no run.json"), ("{", "not JSON"), ('{"key": "s"}', "unknown field 'key'")],
)
def test_a_directory_that_eval_did_not_write_is_refused(text: str | None, message: str, tmp_path: Path) -> None:
    write(tmp_path, [], [record()])
    if text is not None:
        (tmp_path / RUN).write_text(text)

    with pytest.raises(UserError, match=message):
        start_or_go_on(tmp_path, SETTINGS, resume=True)


def test_seeds_belong_to_completions_and_fit_every_engine() -> None:
    keys = [(problem, sample, attempt) for problem in ("p", "q", "\ud800") for sample in (0, 11) for attempt in (0, 1)]
    seeds = [request_seed(seed, key) for seed in (0, 1) for key in keys]

    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert request_seed(0, ("p", 1, 1)) != request_seed(0, ("p", 11, 0))


def test_presets_can_be_drawn_and_say_where_they_are_from() -> None:
    for name, preset in PRESETS.items():
        assert (preset.num_samples == 1) >= (preset.temperature == 0.0), name
        assert 0.0 < preset.top_p <= 1.0, name
        assert name in presets_table()
        assert preset.source
