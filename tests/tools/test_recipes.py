"""The recipes of the repository: every dry run passes; with a stand-in for the model, training goes to its end."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from sim.farm import Farm
from tests.conftest import REPOSITORY
from tests.tools.runs import num_lines, setting_words
from verireason.cli import main
from verireason.config import load_config

RECIPES = sorted((REPOSITORY / "recipes").glob("*.toml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_the_dry_run_passes_and_says_what_has_to_be_fetched(
    recipe: Path, farm: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["train", str(recipe), "--dry-run"]) == 0

    printed = capsys.readouterr().out
    config = load_config(recipe)
    assert config.grpo is not None
    num = config.grpo.max_steps * config.grpo.num_completions
    assert re.search(rf"^completions +{num:,}[,;]", printed, re.MULTILINE)
    for name in config.origins.values():
        assert f"verireason data get {name} --out data/{name}\n" in printed
    assert (f"verireason sft {recipe}" in printed) == (config.sft is not None)


@pytest.mark.parametrize("name", ["verireason-7b", "dapo-7b"])  # the others of VeriReason differ in numbers only
def test_a_recipe_trains_to_its_end_with_a_stand_in(
    name: str, fine_tuned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = REPOSITORY / "recipes" / f"{name}.toml"
    tiny = shutil.copytree(fine_tuned / "sft" / "model", tmp_path / "tiny")
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"prompt": "// y = a", "completion": "module m(input a, output y); assign y = a; endmodule"}\n')
    settings = [f"run.out={tmp_path / 'run'}", f"model.path={tiny}", *stand_in("stand-in.txt")]
    if load_config(recipe).sft is not None:
        settings += [f"sft.path={pairs}", *stand_in("stand-in-sft.txt")]
        assert main(["sft", str(recipe), *setting_words(*settings)]) == 0
    capsys.readouterr()

    assert main(["train", str(recipe), "--dry-run", *setting_words(*settings)]) == 0
    assert "to do" not in capsys.readouterr().out
    assert main(["train", str(recipe), *setting_words(*settings)]) == 0

    assert num_lines(tmp_path / "run" / "metrics.jsonl") == 2
    assert (tmp_path / "run" / "model" / "model.safetensors").exists()


def stand_in(name: str) -> list[str]:
    """The settings that recipes/stand-in.sh gives."""
    return (REPOSITORY / "recipes" / name).read_text().splitlines()


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "recipes" / "accelerate").glob("*.yaml")), ids=lambda path: path.stem
)
def test_accelerate_takes_the_configurations(path: Path) -> None:
    config_args = pytest.importorskip("accelerate.commands.config.config_args", reason="the train extra is missing")

    found = config_args.load_config_from_file(str(path))  # refuses a key that it does not know

    assert found.num_processes == {"one-gpu": 1, "two-cpus": 2}.get(path.stem, 8)
