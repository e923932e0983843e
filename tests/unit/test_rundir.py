"""The directory of a run: one process at a time, whole lines, whole checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verireason.config import Config, parse_config
from verireason.errors import UserError
from verireason.training.rundir import (
    MARKER,
    MetricsLog,
    RunDir,
    is_complete,
    last_checkpoint,
    mark_complete,
    new_run,
    resumed_run,
    truncate_metrics,
    write_versions,
)


def config(max_steps: int = 10, **run: object) -> Config:
    tree = {
        "run": {"seed": 0, "out": "runs/x", **run},
        "model": {"path": "org/model"},
        "template": {"name": "plain"},
        "grpo": {
            "prompts_per_step": 4,
            "num_generations": 4,
            "max_steps": max_steps,
            "learning_rate": 1e-4,
            "max_completion_length": 64,
        },
    }
    return parse_config(tree, source="test")


def checkpoint(run: RunDir, step: int) -> Path:
    folder = run.checkpoints / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "rng_state.pth").write_bytes(b"random state")
    mark_complete(folder)
    return folder


def test_a_run_that_came_to_nothing_is_replaced(tmp_path: Path) -> None:
    with new_run(tmp_path, config()):
        pass

    with new_run(tmp_path, config(max_steps=20)) as run:
        assert json.loads(run.config.read_text())["grpo"]["max_steps"] == 20


def test_a_directory_with_a_run_is_not_started_in_again(tmp_path: Path) -> None:
    with new_run(tmp_path / "run", config()) as run:
        run.records.write_text("{}\n")

    with (
        pytest.raises(UserError, match="already holds a run; continue it with --resume"),
        new_run(tmp_path / "run", config()),
    ):
        pass


def test_a_directory_that_a_process_works_in_is_refused(tmp_path: Path) -> None:
    with new_run(tmp_path, config()):
        for entered in (new_run(tmp_path, config()), resumed_run(tmp_path, config())):
            with pytest.raises(UserError, match="another process is at work"), entered:
                pass


def test_an_unfinished_run_that_cannot_be_resumed_is_started_over(tmp_path: Path) -> None:
    with new_run(tmp_path, config(), replace_unfinished=True) as run:
        run.metrics.write_text('{"step": 1}\n')

    with new_run(tmp_path, config(), replace_unfinished=True) as run:
        assert not run.metrics.exists()


def test_a_finished_run_is_not_started_over(tmp_path: Path) -> None:
    with new_run(tmp_path, config(), replace_unfinished=True) as run:
        run.model.mkdir()

    with pytest.raises(UserError, match="finished run"), new_run(tmp_path, config(), replace_unfinished=True):
        pass


def test_resuming_with_other_settings_names_them_with_both_values(tmp_path: Path) -> None:
    with new_run(tmp_path, config()):
        pass

    with (
        pytest.raises(UserError, match=r"another configuration: grpo\.max_steps: 10 in the run, 20 now; resume with"),
        resumed_run(tmp_path, config(max_steps=20)),
    ):
        pass


def test_resuming_allows_what_cannot_change_a_result(tmp_path: Path) -> None:
    with new_run(tmp_path, config()):
        pass

    with resumed_run(tmp_path, config(out="elsewhere", report_to=["tensorboard"])) as (_, resumed):
        assert resumed.run.report_to == ("tensorboard",)


def test_resuming_without_a_recipe_takes_the_runs_own(tmp_path: Path) -> None:
    with new_run(tmp_path, config()):
        pass

    with resumed_run(tmp_path, None) as (_, resumed):
        assert resumed == config()


def test_there_is_nothing_to_resume_in_an_empty_directory(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run to resume"), resumed_run(tmp_path, None):
        pass


def test_the_last_checkpoint_is_found_by_its_step(tmp_path: Path) -> None:
    run = RunDir(path=tmp_path)
    for step in (20, 100, 80):
        checkpoint(run, step)

    assert last_checkpoint(run) == (run.checkpoints / "checkpoint-100", 100)


def test_without_a_checkpoint_a_run_starts_at_the_beginning(tmp_path: Path) -> None:
    assert last_checkpoint(RunDir(path=tmp_path)) == (None, 0)


def test_a_checkpoint_without_its_marker_is_skipped_and_removed(tmp_path: Path) -> None:
    run = RunDir(path=tmp_path)
    checkpoint(run, 20)
    torn = checkpoint(run, 40)
    (torn / MARKER).unlink()

    assert last_checkpoint(run) == (run.checkpoints / "checkpoint-20", 20)
    assert not torn.exists()


@pytest.mark.parametrize("damage", ["short", "missing", "marker"])
def test_a_checkpoint_that_is_not_as_its_marker_says_is_not_whole(tmp_path: Path, damage: str) -> None:
    folder = checkpoint(RunDir(path=tmp_path), 20)
    assert is_complete(folder)

    match damage:
        case "short":
            (folder / "model.safetensors").write_bytes(b"wei")
        case "missing":
            (folder / "rng_state.pth").unlink()
        case "marker":
            (folder / MARKER).write_text("{")

    assert not is_complete(folder)


def test_metrics_are_cut_back_to_a_step(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    log = MetricsLog(path)
    for step in (1, 2, 3):
        log.write({"step": step})
    log.close()

    truncate_metrics(path, 2)

    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [1, 2]


def test_a_torn_line_of_metrics_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2, "rew')

    truncate_metrics(path, 5)

    assert path.read_text() == '{"step": 1}\n'


def test_versions_stay_those_of_the_first_start_and_differences_are_told(tmp_path: Path) -> None:
    run = RunDir(path=tmp_path)

    assert write_versions(run, {"torch": "2.13.0", "image": "a"}) == []
    assert write_versions(run, {"torch": "2.14.0", "image": "a"}) == ["torch: 2.13.0 then, 2.14.0 now"]
    assert json.loads(run.versions.read_text())["torch"] == "2.13.0"
