"""Two processes train one model with gloo on the CPU: groups shared, refill decided alike, resumed exactly."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY
from tests.tools.runs import RECIPE, finish, metrics, records, setting_words

SETTINGS = (
    "grpo.max_steps=4",
    "grpo.save_steps=2",
    "grpo.refill_rounds=2",
    "data.num=8",
    "curriculum={retire_after=1}",
)
NUM_GROUPS, GROUP_SIZE = 4, 4


def two_processes(run: Path) -> subprocess.Popen[str]:
    """Start a run, or go on with it."""
    resume = ["--resume", str(run)] if (run / "config.json").exists() else []
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "verireason", "train"]
    words = setting_words(f"run.out={run}", *SETTINGS)
    return subprocess.Popen(
        [*launcher, str(RECIPE), *words, *resume], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def kinds(found: list[dict[str, Any]], phase: str) -> list[int]:
    """Groups of a phase in each step."""
    return [sum(one["step"] == step and one["phase"] == phase for one in found) // GROUP_SIZE for step in range(1, 5)]


def test_two_processes_train_on_one_batch_and_go_on_exactly_from_a_checkpoint(fine_tuned: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copytree(fine_tuned, tmp_path / "alone"))
    output = finish(two_processes(alone))
    torn = Path(shutil.copytree(alone, tmp_path / "torn"))
    shutil.rmtree(torn / "model")
    shutil.rmtree(torn / "checkpoints" / "checkpoint-4")
    finish(two_processes(torn))

    assert "1 boxes" in output, "each process has its share of the boxes"
    assert metrics(torn) == metrics(alone)
    assert records(torn) == records(alone)
    assert weights(torn) == weights(alone) != (fine_tuned / "sft" / "model" / "model.safetensors").read_bytes()

    lines, found = metrics(alone), records(alone)
    assert kinds(found, "train") == [NUM_GROUPS] * 4
    assert kinds(found, "dropped") == [line["groups"]["asked"] - NUM_GROUPS for line in lines]
    assert any(line["refill_rounds"] for line in lines), "nothing was refilled: the test proves nothing"
    for line in lines:
        # Both processes ask equally many replacements, so one more than needed may come.
        assert line["trained_live"] == min(NUM_GROUPS, line["groups"]["live"]) / NUM_GROUPS
        assert line["groups"]["live"] <= NUM_GROUPS + 1


def weights(run: Path) -> bytes:
    return (run / "model" / "model.safetensors").read_bytes()
