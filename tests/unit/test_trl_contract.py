"""What training relies on in TRL and transformers beyond their public interface. It fails here when an upgrade moves it."""

from __future__ import annotations

import inspect

import pytest

trl = pytest.importorskip("trl", reason="the train extra is not installed")


def parameters(name: str) -> list[str]:
    return list(inspect.signature(getattr(trl.GRPOTrainer, name)).parameters)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "_generate_single_turn",
            ["self", "prompt_ids", "images", "multimodal_fields", "num_generations", "has_tool_images"],
        ),
        ("_generate_and_score_completions", ["self", "inputs"]),
        ("_save_checkpoint", ["self", "model", "trial"]),
        ("_tokenize_prompts", ["self", "prompts"]),
        ("_calculate_rewards", ["self", "inputs", "prompts", "completions", "completion_ids_list"]),
    ],
)
def test_the_private_methods_have_the_parameters_that_we_pass_on(name: str, expected: list[str]) -> None:
    assert parameters(name) == expected


def test_rewards_are_computed_inside_the_method_that_masks_the_unjudged() -> None:
    source = inspect.getsource(trl.GRPOTrainer._generate_and_score_completions)

    assert "self._calculate_rewards(" in source
    assert '"completion_mask": completion_mask' in source
    assert '"num_items_in_batch": num_items_in_batch' in source


def test_a_row_that_every_reward_function_left_out_has_no_advantage() -> None:
    source = inspect.getsource(trl.GRPOTrainer._generate_and_score_completions)

    assert "unscorable_mask = torch.isnan(rewards_per_func).all(dim=1)" in source
    assert "torch.nan_to_num(advantages, nan=0.0)" in source


def test_reward_functions_are_told_the_state_and_may_log() -> None:
    source = inspect.getsource(trl.GRPOTrainer._calculate_rewards)

    assert 'reward_kwargs["trainer_state"] = self.state' in source
    assert 'reward_kwargs["log_metric"] = self._log_metric' in source


def test_log_probabilities_of_the_writer_are_taken_for_the_ratio() -> None:
    assert 'inputs.get("old_per_token_logps")' in inspect.getsource(trl.GRPOTrainer._compute_loss)


def test_the_order_of_prompts_is_left_alone_on_demand() -> None:
    assert "shuffle=self.shuffle_dataset" in inspect.getsource(trl.GRPOTrainer._get_train_sampler)
