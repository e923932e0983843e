"""Recipes: what is read, what is refused and in which words."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from verireason.config import FREE_KEYS, LATER_KEYS, differences, flatten, load_config, read_config, write_config
from verireason.errors import UserError

RECIPE = """
[run]
seed = 0
out = "runs/x"

[model]
path = "org/model"

[template]
name = "plain"

[grpo]
prompts_per_step = 4
num_generations = 4
max_steps = 10
learning_rate = 1e-4
max_completion_length = 64
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


@pytest.mark.parametrize("name", ["demo", "demo-python", "demo-mixed", "tiny"])
def test_the_recipes_of_the_repository_are_good(name: str) -> None:
    config = load_config(Path(__file__).parents[2] / "recipes" / f"{name}.toml")

    assert config.grpo is not None


def test_settings_and_defaults_are_read(recipe: Path) -> None:
    config = load_config(recipe)

    assert config.grpo is not None
    assert (config.grpo.max_steps, config.grpo.learning_rate, config.grpo.epsilon_high) == (10, 1e-4, 0.28)
    assert config.grpo.num_completions == 16


def test_overrides_win_and_are_read_as_toml(recipe: Path) -> None:
    config = load_config(recipe, ["grpo.max_steps=20", "run.out=runs/y", 'data.families=["mux", "adder"]'])

    assert config.grpo is not None
    assert config.grpo.max_steps == 20
    assert config.run.out == "runs/y"
    assert config.data.families == ("mux", "adder")


def problem_with(recipe: Path, *overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        load_config(recipe, overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{recipe}: ")


def test_a_misspelt_key_is_refused_with_the_nearest_one(recipe: Path) -> None:
    recipe.write_text(RECIPE + "learning_rat = 1e-3\n")

    assert problem_with(recipe) == "unknown key grpo.learning_rat; did you mean grpo.learning_rate?"


def test_a_misspelt_section_is_refused_with_the_nearest_one(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("[grpo]", "[gpro]"))

    assert problem_with(recipe) == "unknown key gpro; did you mean grpo?"


REFUSED = {
    "grpo.learning_rate=fast": "grpo.learning_rate is 'fast'; expected a valid number",
    "grpo.max_steps=2.5": "grpo.max_steps is 2.5; expected a valid integer",
    'run.seed="7"': "run.seed is '7'; expected a valid integer",
    "grpo.learning_rate=-1.0": "grpo.learning_rate is -1.0; expected greater than 0",
    "grpo.learning_rate=nan": "grpo.learning_rate is nan; expected",
    "grpo.num_generations=1": "grpo.num_generations is 1; expected greater than or equal to 2",
    "grpo.loss_type=dpo": "grpo.loss_type is 'dpo'; expected 'dapo', 'grpo', 'dr_grpo', 'bnpo',",
    "grpo.importance_sampling_level=sequence": 'grpo: importance_sampling_level is "sequence"; expected "token" with loss_type "dapo"; GSPO is loss_type = "grpo"',
    "grpo.loss_type=luspo": 'grpo: importance_sampling_level is "token"; expected "sequence" with loss_type "luspo"',
    "grpo.loss_type=cispo": "grpo: epsilon_high is 0.28, which loss_type cispo caps the ratio at; expected 1 or more",
    "grpo.delta=1.2": "grpo: delta is 1.2; expected more than 1 + epsilon_high = 1.28",
    "grpo.top_entropy_quantile=0.0": "grpo.top_entropy_quantile is 0.0; expected greater than 0",
    "curriculum.hard_below=0.9": "curriculum: hard_below is 0.9; expected at most easy_above = 0.75",
    "curriculum.new=0": "curriculum.new is 0; expected greater than 0",
    "grpo.batch_size=5": "grpo: batch_size is 5; expected a divisor of prompts_per_step * num_generations = 16",
    "farm.box=podman": "farm: box is 'podman'; expected one of bubblewrap,",
    "rubric.name=best": "rubric: name is 'best'; expected one of",
    "rubric.weights={corect = 1.0}": "rubric: rubric 'default' weighs an unknown term 'corect'",
    "data.families=mux": "data.families is 'mux'; expected a list, such as [",
    "data.families=[]": "data.families is []; expected at least one item",
    "grpo=3": "grpo is 3; expected a table",
    "data.path=x.jsonl": 'data: path is set and source is "generated"; expected it only with source = "jsonl"',
    "data.mix=[]": "data.mix is []; expected at least one item",
    "data={seed = 3, mix = [{}]}": "data: seed is set beside [[data.mix]]; expected it in the tables of the mix",
    "data.mix=[{weight = 0.0}]": "data.mix.0.weight is 0.0; expected greater than 0",
    "data.mix=[{weigth = 2.0}]": "unknown key data.mix.0.weigth; did you mean data.mix.weight?",
    "data.mix=[{source = 'jsonl'}]": 'data.mix.0: source is "jsonl" and path is missing; expected',
    "data.mix=[{source = 'generated-python', path = 'x'}]": 'data.mix.0: path is set and source is "generated-python"',
    "lora={rank = 8}": "unknown key lora.rank; did you mean",
    "lora={target_modules = []}": "lora.target_modules is []; expected at least one item",
    "model.dtype=float16": "model.dtype is 'float16'; expected 'float32' or 'bfloat16'",
    "sft={num_steps = 1, batch_size = 4, learning_rate = 0.1, path = 'x', pass_size = 3}": "sft: pass_size is 3; expected a divisor of batch_size = 4",
    "run.report_to=['mlflow']": "run.report_to.0 is 'mlflow'; expected 'tensorboard', 'wandb' or 'trackio'",
}


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ["grpo.loss_type=sapo", "grpo.delta=2.0"],
            "delta is set with loss_type sapo; expected it only with dapo, grpo",
        ),
        (["grpo.loss_type=vespo", "grpo.engine=vllm-server"], "configuration: vllm.importance_sampling_mode is"),
        (["grpo.scale_rewards=none", "grpo.min_reward_std=0.5"], 'min_reward_std is set with scale_rewards = "none"'),
        (["grpo.scale_rewards=none", "grpo.normalise=before_sum"], 'scale_rewards is "none" with normalise'),
    ],
    ids=["delta", "engine", "guard", "before the sum"],
)
def test_settings_of_the_objective_that_do_not_go_together_are_refused(
    recipe: Path, overrides: list[str], words: str
) -> None:
    assert problem_with(recipe, *overrides).removeprefix("grpo: ").startswith(words)


@pytest.mark.parametrize(
    "objective",
    [
        {"loss_type": "grpo", "importance_sampling_level": "sequence", "epsilon": 3e-4, "epsilon_high": 4e-4},
        {"loss_type": "cispo", "epsilon_high": 5.0},
        {"loss_type": "luspo", "importance_sampling_level": "sequence"},
        {"loss_type": "sapo"},
        {"loss_type": "vespo"},
        {"loss_type": "dr_grpo", "scale_rewards": "none", "delta": 2.0},
        {"loss_type": "bnpo", "normalise": "before_sum", "min_reward_std": 0.5, "top_entropy_quantile": 0.2},
    ],
    ids=lambda objective: objective["loss_type"],
)
def test_every_objective_of_trl_can_be_asked_for(recipe: Path, objective: dict[str, object]) -> None:
    config = load_config(recipe, [f"grpo.{key}={value}" for key, value in objective.items()])

    assert config.grpo is not None
    assert config.grpo.model_dump(include=set(objective)) == objective


@pytest.mark.parametrize(("override", "words"), REFUSED.items(), ids=REFUSED)
def test_a_bad_value_is_refused_with_what_was_found_and_expected(recipe: Path, override: str, words: str) -> None:
    assert problem_with(recipe, override).startswith(words)


def test_a_missing_key_is_named_with_what_is_expected(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("seed = 0\n", ""))

    assert problem_with(recipe) == "run.seed is missing; expected a whole number"


def test_a_missing_table_is_named(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace('[template]\nname = "plain"\n', ""))

    assert problem_with(recipe) == "template is missing; expected a table [template]"


def test_a_model_has_exactly_one_source(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace('path = "org/model"\n', ""))

    assert problem_with(recipe) == "model: found both or neither of path and [model.scratch]; expected exactly one"


def test_text_that_is_not_toml_is_refused(recipe: Path) -> None:
    recipe.write_text("[run\nseed = 0")

    assert problem_with(recipe).startswith("not TOML: ")


def test_a_missing_file_is_one_line() -> None:
    with pytest.raises(UserError, match=r"recipes/none\.toml: No such file"):
        load_config(Path("recipes/none.toml"))


@pytest.mark.parametrize("override", ["grpo.max_steps", "=3", "grpo.max_steps.x=3"])
def test_an_override_that_is_none_is_refused(recipe: Path, override: str) -> None:
    with pytest.raises(UserError, match=r"--set"):
        load_config(recipe, [override])


def test_what_a_run_writes_is_read_back_equal(recipe: Path, tmp_path: Path) -> None:
    config = load_config(recipe, ["data.levels=[1, 2]", "run.report_to=['tensorboard']"])

    write_config(config, tmp_path / "config.json")

    assert read_config(tmp_path / "config.json") == config


def test_differences_name_keys_and_both_values(recipe: Path) -> None:
    old, new = load_config(recipe), load_config(recipe, ["grpo.max_steps=20", "farm.jobs=7", "run.out=elsewhere"])

    assert differences(old, new) == ["grpo.max_steps: 10 in the run, 20 now"]


def test_a_section_that_one_side_lacks_is_a_difference(recipe: Path) -> None:
    old = load_config(recipe)
    new = load_config(recipe, ["sft={num_steps = 1, batch_size = 1, learning_rate = 0.1, path = 'x.jsonl'}"])

    assert "sft.num_steps: 'nothing' in the run, 1 now" in differences(old, new)


def test_the_digest_is_of_what_can_change_a_result(recipe: Path) -> None:
    config = load_config(recipe)

    assert config.digest == load_config(recipe, ["run.out=elsewhere", "farm.jobs=3"]).digest
    assert config.digest != load_config(recipe, ["run.seed=1"]).digest


def test_a_recipe_without_a_mix_has_one_source(recipe: Path) -> None:
    data = load_config(recipe, ["data.levels=[1]"]).data

    assert data.sources == (data,)
    assert data.weights == (1.0,)


def test_a_mix_has_its_sources_and_weights(recipe: Path) -> None:
    recipe.write_text(
        RECIPE + '[[data.mix]]\nlevels = [1]\n[[data.mix]]\nweight = 2\nsource = "generated-python"\nseed = 4\n'
    )

    data = load_config(recipe).data

    assert [source.source for source in data.sources] == ["generated", "generated-python"]
    assert [source.seed for source in data.sources] == [0, 4]
    assert data.weights == (1.0, 2.0)


def test_a_mix_that_a_run_writes_is_read_back_equal(recipe: Path, tmp_path: Path) -> None:
    config = load_config(recipe, ["data.mix=[{levels = [1]}, {source = 'generated-python', weight = 0.5}]"])

    write_config(config, tmp_path / "config.json")

    assert read_config(tmp_path / "config.json") == config


def test_another_weight_is_a_difference_and_another_digest(recipe: Path) -> None:
    old, new = (load_config(recipe, [f"data.mix=[{{}}, {{weight = {weight}}}]"]) for weight in (1.0, 2.0))

    assert old.digest != new.digest
    assert [line.partition(":")[0] for line in differences(old, new)] == ["data.mix"]


def test_settings_that_came_later_leave_the_digest_of_a_recipe_as_it_was(recipe: Path) -> None:
    config = load_config(recipe)
    settings = {key: value for key, value in flatten(config.model_dump(mode="json")) if key not in FREE_KEYS}
    old = {key: value for key, value in settings.items() if key not in LATER_KEYS}

    assert config.digest == hashlib.sha256(json.dumps(old, sort_keys=True).encode()).hexdigest()[:12]
    assert config.digest != load_config(recipe, ["farm.python_libraries=['numpy']"]).digest


@pytest.mark.parametrize("weights", ["{correct = 1.0, lint = 0.1}", "{correct = 1.0, area = 0.5}"])
def test_terms_that_only_hardware_has_are_refused_for_python_problems(recipe: Path, weights: str) -> None:
    overrides = ("data.mix=[{}, {source = 'generated-python'}]", "rubric.name=mine", f"rubric.weights={weights}")

    assert problem_with(recipe, *overrides).startswith("configuration: the rubric weighs ")
    load_config(recipe, ["data.mix=[{}]", *overrides[1:]])
