"""Training an adapter: resumed exactly, saved as a plain model with the adapter beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tools.runs import RECIPE, metrics, num_lines, records, setting_words
from verireason.cli import main
from verireason.config import load_config
from verireason.errors import UserError

SETTINGS = ("lora={r = 4, lora_alpha = 8, lora_dropout = 0.1}", "grpo.max_steps=3", "grpo.save_steps=1")


def test_an_adapter_is_trained_resumed_exactly_and_merged_into_a_plain_model(fresh: Path, tmp_path: Path) -> None:
    assert main(["train", str(RECIPE), *setting_words(f"run.out={fresh}", *SETTINGS)]) == 0
    resumed = Path(shutil.copytree(fresh, tmp_path / "resumed"))
    for name in ("checkpoints/checkpoint-3", "model", "adapter"):
        shutil.rmtree(resumed / name)
    assert main(["train", "--resume", str(resumed)]) == 0

    assert metrics(resumed) == metrics(fresh)
    assert records(resumed) == records(fresh)
    assert any(line["zero_variance"] < 1 for line in metrics(fresh)), "no update: the test proves nothing"
    assert weights(resumed / "model") == weights(fresh / "model") != weights(fresh / "sft" / "model")
    assert tensors(fresh / "model") == tensors(fresh / "sft" / "model"), "not a plain model"
    adapter = fresh / "adapter" / "adapter_model.safetensors"
    assert adapter.stat().st_size < len(weights(fresh / "model")) / 4

    words = ["--model", str(fresh / "model"), "--label", "after"]
    assert main(["eval", str(RECIPE), *setting_words(f"run.out={fresh}", "eval.num=2"), *words]) == 0
    assert num_lines(fresh / "eval" / "after" / "records.jsonl") > 0


def test_a_misspelt_layer_is_refused_with_those_that_there_are(fine_tuned: Path) -> None:
    from verireason.training.models import check_target_modules, load_model

    config = load_config(RECIPE, ['lora={target_modules = ["q_porj", "v_proj"]}'])

    with pytest.raises(UserError, match=r"lora.target_modules has 'q_porj'; expected .* q_proj, up_proj, v_proj"):
        check_target_modules(config, load_model(str(fine_tuned / "sft" / "model")).model)


def weights(model: Path) -> bytes:
    return (model / "model.safetensors").read_bytes()


def tensors(model: Path) -> dict[str, list[int]]:
    """Name to shape."""
    from safetensors import safe_open

    with safe_open(model / "model.safetensors", framework="pt") as file:
        return {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118  # no mapping
