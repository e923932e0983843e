"""Training from the command line with the real farm and a tiny model on the CPU: killed, resumed, refused."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import Future
from io import StringIO
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.verdict import Candidate, Checks, Outcome, Spec, Verdict
from tests.conftest import REPOSITORY
from tests.tools.runs import (
    DEADLINE_S,
    KILL_AT_STEP,
    RECIPE,
    STEP_SIZE,
    finish,
    kill_in_step,
    metrics,
    num_lines,
    records,
    verireason,
    wait_until,
)
from verireason.cli import main
from verireason.errors import MissingError


@pytest.fixture(scope="module")
def undisturbed(fine_tuned: Path) -> Path:
    """A run that nobody touched."""
    run = fine_tuned.with_name("undisturbed")
    shutil.copytree(fine_tuned, run)
    finish(verireason("train", RECIPE, "--set", f"run.out={run}"))
    return run


def test_training_changes_the_model_and_leaves_a_whole_run(undisturbed: Path) -> None:
    rewards = [line["reward"] for line in metrics(undisturbed)]

    assert len(rewards) == 6
    assert any(line["zero_variance"] < 1 for line in metrics(undisturbed)), (
        "no group to learn from: the test proves nothing"
    )
    assert [record["step"] for record in records(undisturbed)] == [
        step for step in range(1, 7) for _ in range(STEP_SIZE)
    ]
    assert {"config.json", "versions.json", "metrics.jsonl", "records.jsonl", "checkpoints", "model"} <= set(
        os.listdir(undisturbed)
    )
    assert weights(undisturbed / "model") != weights(undisturbed / "sft" / "model")


def weights(model: Path) -> bytes:
    return (model / "model.safetensors").read_bytes()


def test_a_run_killed_in_mid_step_and_resumed_ends_as_if_left_alone(undisturbed: Path, fresh: Path) -> None:
    kill_in_step(fresh, KILL_AT_STEP)
    assert len(metrics(fresh)) < 6
    assert not (fresh / "model").exists()

    finish(verireason("train", "--resume", fresh))

    assert metrics(fresh) == metrics(undisturbed)
    assert records(fresh) == records(undisturbed)
    assert weights(fresh / "model") == weights(undisturbed / "model")


def test_a_run_killed_while_it_saved_goes_on_from_the_checkpoint_before(undisturbed: Path, fresh: Path) -> None:
    kill_in_step(fresh, 5)
    torn = fresh / "checkpoints" / "checkpoint-4"
    (torn / "complete.json").unlink(missing_ok=True)
    (torn / "optimizer.pt").write_bytes(b"half of it")

    output = finish(verireason("train", RECIPE, "--resume", fresh))

    assert "resume after step 2" in output
    assert metrics(fresh) == metrics(undisturbed)
    assert records(fresh) == records(undisturbed)


def test_resuming_a_finished_run_changes_nothing(undisturbed: Path) -> None:
    before = (metrics(undisturbed), records(undisturbed), weights(undisturbed / "model"))

    finish(verireason("train", "--resume", undisturbed))

    assert (metrics(undisturbed), records(undisturbed), weights(undisturbed / "model")) == before


class FailingFarm(Farm):
    """A farm that judges nothing in one of the steps."""

    def __init__(self, farm: Farm, *, fail_at: int) -> None:
        self.pool, self.tools, self.counts = farm.pool, farm.tools, farm.counts
        self._farm, self._fail_at, self._num_submitted = farm, fail_at, 0

    def submit(self, candidate: Candidate, spec: Spec, checks: Checks | None = None) -> Future[Verdict]:
        step = self._num_submitted // STEP_SIZE + 1
        self._num_submitted += 1
        if step != self._fail_at:
            return self._farm.submit(candidate, spec, checks)
        failed: Future[Verdict] = Future()
        failed.set_result(Verdict(outcome=Outcome.UNJUDGED))
        return failed

    def close(self) -> None:
        """The farm belongs to the session."""


def test_a_run_that_stops_because_the_farm_fails_goes_on_exactly(undisturbed: Path, fresh: Path, farm: Farm) -> None:
    from verireason.config import load_config
    from verireason.training.grpo import resume_grpo, start_grpo
    from verireason.training.models import set_up_libraries
    from verireason.training.progress import Progress

    set_up_libraries(threads=1, needs_hub=False)
    config = load_config(RECIPE, [f"run.out={fresh}", "farm.patience_s=0"])
    progress = Progress(StringIO())

    with pytest.raises(MissingError, match=r"could not judge 16 of 16 completions of step 4 .* --resume"):
        start_grpo(config, progress=progress, open_farm=lambda _: FailingFarm(farm, fail_at=4))
    assert len(metrics(fresh)) == 3
    assert (fresh / "checkpoints" / "checkpoint-3" / "complete.json").exists()

    resume_grpo(fresh, None, progress=progress, open_farm=lambda _: FailingFarm(farm, fail_at=0))
    assert metrics(fresh) == metrics(undisturbed)
    assert records(fresh) == records(undisturbed)


def test_ctrl_c_leaves_whole_lines_and_says_how_to_go_on(fresh: Path) -> None:
    process = verireason("train", RECIPE, "--set", f"run.out={fresh}")
    wait_until(lambda: num_lines(fresh / "records.jsonl") > STEP_SIZE, process)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=DEADLINE_S)

    assert process.returncode == 130
    assert f"go on with verireason train --resume {fresh}" in output
    assert "Traceback" not in output
    assert (fresh / "records.jsonl").read_bytes().endswith(b"\n")


def test_a_full_disk_is_one_line_and_costs_no_step_of_a_checkpoint(undisturbed: Path, fresh: Path) -> None:
    # A limit on the size of files stands for the disk: the weights in a checkpoint are the first file that meets it.
    command = f'ulimit -S -f 512; exec "{sys.executable}" -m verireason train "{RECIPE}" --set run.out="{fresh}"'
    process = subprocess.run(
        ["bash", "-c", command], cwd=REPOSITORY, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )

    assert process.returncode == 3, process.stderr
    assert "cannot write to" in process.stderr.splitlines()[-1]
    assert "Traceback" not in process.stderr
    assert len(records(fresh)) == 2 * STEP_SIZE

    finish(verireason("train", "--resume", fresh))
    assert metrics(fresh) == metrics(undisturbed)
    assert records(fresh) == records(undisturbed)


def test_a_chat_model_is_asked_in_messages_and_its_answers_are_judged(fresh: Path) -> None:
    # The words around the question are none that fine-tuning has seen, so only the way there is looked at.
    template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    (fresh / "sft" / "model" / "chat_template.jinja").write_text(template)

    finish(verireason("train", RECIPE, "--set", f"run.out={fresh}", "--set", "grpo.max_steps=1"))

    assert len(records(fresh)) == STEP_SIZE
    assert all(isinstance(record["completion"], str) and record["outcome"] != "UNJUDGED" for record in records(fresh))


def test_a_rubric_with_similarity_has_it_measured_for_what_compiles_and_fails(fresh: Path) -> None:
    settings = ("--set", f"run.out={fresh}", "--set", "rubric.name=verireason", "--set", "grpo.max_steps=2")
    finish(verireason("train", RECIPE, *settings))

    failed = [record for record in records(fresh) if record["outcome"] == "MISMATCH"]
    assert failed, "nothing compiled and failed: the test proves nothing"
    for record in failed:
        assert 0.0 <= record["similarity"] <= 1.0
        assert record["terms"]["similarity"] == record["similarity"]


def test_tensorboard_and_held_out_problems_are_there_on_demand(fresh: Path) -> None:
    settings = ["run.report_to=['tensorboard']", "eval.every=1", "eval.num=4", "grpo.max_steps=1", f"run.out={fresh}"]
    finish(verireason("train", RECIPE, *(word for setting in settings for word in ("--set", setting))))

    assert list((fresh / "tensorboard").glob("events*"))
    assert num_lines(fresh / "eval" / "step-1" / "records.jsonl") == 4
    assert metrics(fresh)[0]["heldout"]["num_completions"] == 4


MIX = """{mix = [
    {levels = [1], phrasing = "terse", families = ["parity", "reduction"]},
    {levels = [1], phrasing = "terse", source = "generated-python", families = ["arithmetic", "apply"]},
]}"""


def test_both_languages_are_trained_on_in_one_run(farm: Farm, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="the train extra is not installed")
    settings = [
        f"data={' '.join(MIX.split())}",
        f"run.out={tmp_path}",
        "grpo.max_steps=2",
        "eval.every=2",
        "eval.num=4",
        "sft.num_steps=20",  # nothing has to be learned
        "sft.corpus.num=200",
    ]
    words = [word for setting in settings for word in ("--set", setting)]

    finish(verireason("sft", RECIPE, *words))
    finish(verireason("train", RECIPE, *words))

    for step in (1, 2):
        languages = [record["benchmark"] for record in records(tmp_path) if record["step"] == step]
        assert languages.count("generated") == languages.count("generated-python") == STEP_SIZE // 2
    assert not any(record["outcome"] == "UNJUDGED" for record in records(tmp_path))
    assert {"pass", "pass.generated", "pass.generated-python"} <= set(metrics(tmp_path)[1]["heldout"])
    assert num_lines(tmp_path / "eval" / "step-2" / "records.jsonl") == 8


def refusal(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """The one line with which a command that must refuse does so."""
    assert main([str(word) for word in words]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1, message
    return message


def test_a_second_run_in_the_same_directory_is_refused(undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = refusal(capsys, "train", RECIPE, "--set", f"run.out={undisturbed}")

    assert "already holds a finished run" in message


def test_resuming_with_another_recipe_is_refused_with_the_differences(
    undisturbed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refusal(capsys, "train", RECIPE, "--set", "grpo.max_steps=9", "--resume", undisturbed)

    assert "grpo.max_steps: 6 in the run, 9 now" in message


def test_a_misspelt_key_is_refused_before_anything_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = refusal(capsys, "train", RECIPE, "--set", f"run.out={tmp_path}/run", "--set", "grpo.max_step=9")

    assert "unknown key grpo.max_step; did you mean grpo.max_steps?" in message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("found", ["missing", "empty"])
def test_a_model_path_that_is_not_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], found: str
) -> None:
    model = tmp_path / "model"
    if found == "empty":
        model.mkdir()
    recipe = tmp_path / "recipe.toml"
    without_sft = RECIPE.read_text().split("[sft]")[0] + "[grpo]" + RECIPE.read_text().split("[grpo]")[1]
    scratch, rest = without_sft.split("[model.scratch]")[0], without_sft.split("[data]")[1]
    recipe.write_text(f'{scratch}[model]\npath = "{model}"\n[data]{rest}')

    message = refusal(capsys, "train", recipe, "--set", f"run.out={tmp_path}/run")

    assert f"model path {model}" in message
    assert not (tmp_path / "run").exists()


def test_training_before_fine_tuning_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = refusal(capsys, "train", RECIPE, "--set", f"run.out={tmp_path}/run")

    assert "run verireason sft first" in message
