"""Dry runs: each recipe of the repository with a misspelt data set, model, file or key is one clear line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from verireason.cli import main
from verireason.config import Config, load_config
from verireason.data.generator import generate
from verireason.data.jsonl import write_problems
from verireason.training.memory import layers_of, training_bytes

RECIPES = sorted(path.stem for path in (REPOSITORY / "recipes").glob("*.toml"))
WITH_FILES = [name for name in RECIPES if name.startswith(("verireason-", "dapo-"))]
QWEN_7B = {
    "hidden_size": 3584, "intermediate_size": 18944, "num_attention_heads": 28, "num_key_value_heads": 4,
    "num_hidden_layers": 28, "vocab_size": 152064,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data and no runs of the user's."""
    monkeypatch.chdir(tmp_path)


def recipe(name: str) -> Path:
    return REPOSITORY / "recipes" / f"{name}.toml"


def refusal(capsys: pytest.CaptureFixture[str], name: str, *settings: str, command: str = "train") -> str:
    words = [word for setting in settings for word in ("--set", setting)]
    assert main([command, str(recipe(name)), "--dry-run", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1, printed.err
    return printed.err.removeprefix("verireason: ")


@pytest.mark.parametrize("name", RECIPES)
def test_a_misspelt_data_set_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    message = refusal(capsys, name, 'origins={"data/x.jsonl" = "veri-raeson"}')

    assert message.startswith("origins.data/x.jsonl is 'veri-raeson'; did you mean veri-reason?")


@pytest.mark.parametrize("name", RECIPES)
def test_a_misspelt_key_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "unknown key grpo.num_generation; did you mean grpo.num_generations?" in refusal(
        capsys, name, "grpo.num_generation=8"
    )


@pytest.mark.parametrize("name", WITH_FILES)
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("./models/none", "model path ./models/none: no such directory"),
        ("Qwen2.5-Coder-7B", "model.path is 'Qwen2.5-Coder-7B'; expected a directory, or a name of the hub"),
    ],
)
def test_a_model_that_is_none_is_refused(name: str, path: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, name, f"model.path={path}").startswith(words)


@pytest.mark.parametrize("name", WITH_FILES)
def test_a_misspelt_file_is_refused_with_the_one_that_the_recipe_can_make(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = next(path for path in load_config(recipe(name)).origins if "answers" not in path)

    message = refusal(capsys, name, f'data={{source = "jsonl", path = "{file.replace("data/", "dat/")}"}}')

    assert message.startswith("data.path is dat/")
    assert f"did you mean {file}?" in message


def test_a_misspelt_file_of_pairs_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    message = refusal(capsys, "verireason-3b", "sft.path=data/veri-reason-answer.jsonl", command="sft")

    assert message.startswith("sft.path is data/veri-reason-answer.jsonl, which is not there; did you mean")


def test_a_damaged_data_file_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_problems(generate(seed=0, split="train", num=2), tmp_path / "p.jsonl")
    with (tmp_path / "p.jsonl").open("a") as file:
        file.write("{}\n")

    assert "p.jsonl line 3" in refusal(capsys, "verireason-7b", 'data={source = "jsonl", path = "p.jsonl"}')


def test_fine_tuning_says_what_it_needs_and_how_long_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sft", str(recipe("verireason-3b")), "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4:] == [
        "to do before the run:",
        "  verireason data get veri-reason --out data/veri-reason",
        "  verireason data ingest --benchmark veri-reason --root data/veri-reason --out data/veri-reason.jsonl",
        "  verireason data answers --root data/veri-reason --problems data/veri-reason.jsonl"
        " --out data/veri-reason-answers.jsonl",
    ]

    (tmp_path / "data").mkdir()
    pairs = [json.dumps({"prompt": "p", "answer": "a"})] * 1888
    (tmp_path / "data" / "veri-reason-answers.jsonl").write_text("\n".join(pairs))
    assert main(["sft", str(recipe("verireason-3b")), "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "177 of 32 pairs, 3.0 epochs" in printed
    assert "to do" not in printed


def test_nothing_is_resumed_dry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--resume", "runs/x", "--dry-run"]) == 2
    assert "--dry-run looks at a recipe" in capsys.readouterr().err


def config(*settings: str) -> Config:
    return load_config(recipe("dapo-7b"), settings)


@pytest.mark.parametrize(
    ("settings", "bytes_per_weight"),
    [((), 16), (("grpo.beta=0.1",), 20), (("model.dtype=bfloat16",), 8)],
)
def test_memory_is_of_weights_gradients_moments_and_reference(settings: Sequence[str], bytes_per_weight: int) -> None:
    layers = layers_of(QWEN_7B)

    assert layers is not None
    assert abs(layers.num_weights - 7_615_616_512) < 1e6  # what transformers counts, norms and biases included
    assert training_bytes(layers, config(*settings), on_gpu=True) == bytes_per_weight * layers.num_weights


def test_an_adapter_needs_the_weights_once_and_itself_four_times() -> None:
    layers = layers_of(QWEN_7B)

    assert layers is not None
    found = training_bytes(layers, config("lora={r = 16}"), on_gpu=True)
    assert found == 2 * layers.num_weights + 16 * 40_370_176  # peft's own count for this model and rank


def test_a_layout_that_is_not_known_has_no_estimate() -> None:
    assert layers_of({"n_embd": 768, "n_layer": 12}) is None
