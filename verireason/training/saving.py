"""The model that a trainer of TRL has trained, saved by one of its processes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from verireason.training.models import LanguageModel
from verireason.training.ranks import Ranks
from verireason.training.rundir import RunDir, save_model


def save_trained(trainer: Any, model: LanguageModel, run: RunDir, ranks: Ranks) -> None:
    """Save the result of a run; all processes call it. Where they share the weights out, the weights are gathered."""
    sharded = trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled
    state_dict = trainer.accelerator.get_state_dict(trainer.model_wrapped) if sharded else None
    if ranks.is_main:
        trained = replace(model, model=trainer.accelerator.unwrap_model(trainer.model))
        save_model(trained, run, state_dict=state_dict)
    ranks.wait()
