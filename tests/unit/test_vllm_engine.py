"""What TRL is told about vLLM, and the line for who does not have it."""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from typing import Any

import pytest

from verireason.config import Config, parse_config
from verireason.errors import MissingError
from verireason.training.vllm_engine import check_vllm, vllm_arguments

GRPO = {
    "prompts_per_step": 1,
    "num_generations": 2,
    "max_steps": 1,
    "learning_rate": 1e-4,
    "max_completion_length": 8,
}


def recipe(engine: str, **vllm: Any) -> Config:
    tree = {
        "run": {"seed": 0, "out": "unused"},
        "model": {"path": "model"},
        "template": {"name": "plain"},
        "grpo": {**GRPO, "engine": engine},
        "vllm": vllm,
    }
    return parse_config(tree, source="test")


def test_without_vllm_trl_is_told_nothing() -> None:
    assert vllm_arguments(recipe("transformers", tensor_parallel_size=2)) == {}


@pytest.mark.parametrize("engine", ["vllm-colocate", "vllm-server"])
def test_every_setting_is_one_of_trl(engine: str) -> None:
    trl = pytest.importorskip("trl", reason="the train extra is not installed")
    arguments = vllm_arguments(recipe(engine, max_model_length=512, importance_sampling_mode="token_truncate"))

    assert arguments.keys() <= inspect.signature(trl.GRPOConfig).parameters.keys()
    assert arguments["use_vllm"]
    assert arguments["vllm_importance_sampling_correction"]
    assert arguments["vllm_mode"] == engine.removeprefix("vllm-")
    assert arguments["vllm_max_model_length"] == 512
    assert arguments["vllm_importance_sampling_mode"] == "token_truncate"


def test_the_class_that_is_put_in_trls_place_overrides_what_is_there() -> None:
    pytest.importorskip("trl", reason="the train extra is not installed")
    from trl.generation.vllm_generation import VLLMGeneration
    from trl.trainer import grpo_trainer

    assert grpo_trainer.VLLMGeneration is VLLMGeneration
    assert "self.vllm_generation = VLLMGeneration(" in inspect.getsource(grpo_trainer.GRPOTrainer.__init__)
    for method in ("_init_vllm", "sync_weights", "_iter_named_params"):
        assert list(inspect.signature(getattr(VLLMGeneration, method)).parameters) == ["self"]


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed")
@pytest.mark.parametrize("engine", ["vllm-colocate", "vllm-server"])
def test_without_vllm_one_line_says_how_to_install_it(engine: str) -> None:
    with pytest.raises(MissingError, match=rf'"{engine}" and vLLM is not installed.*pip install') as caught:
        check_vllm(recipe(engine), "model")
    assert "\n" not in str(caught.value)
