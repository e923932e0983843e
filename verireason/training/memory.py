"""How much memory the weights of a model take while they are trained, from its config.json alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verireason.config import Config
from verireason.recipe_tables import Lora

BYTES = {"float32": 4, "bfloat16": 2}
NUM_COPIES = 4
"""Of each trained weight, all in its type: itself, its gradient, and the two moments of AdamW."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The linear layers of a Llama-like decoder (Llama, Qwen2, Qwen3, Mistral), and its embeddings."""

    inputs_outputs: tuple[tuple[int, int], ...]
    """Of each linear layer in one block."""
    num_blocks: int
    num_embedding_weights: int

    @property
    def num_weights(self) -> int:
        """All but norms and biases, which are some tenths of a percent."""
        return self.num_blocks * sum(one * other for one, other in self.inputs_outputs) + self.num_embedding_weights

    def num_adapter_weights(self, lora: Lora) -> int:
        """Of an adapter on every linear layer."""
        return lora.r * self.num_blocks * sum(one + other for one, other in self.inputs_outputs)


def layers_of(settings: Mapping[str, Any]) -> Layers | None:
    """The layers that a config.json describes; None for a layout that is not known here."""
    try:
        hidden, inner = int(settings["hidden_size"]), int(settings["intermediate_size"])
        heads = int(settings["num_attention_heads"])
        kv_heads = int(settings.get("num_key_value_heads") or heads)
        head = int(settings.get("head_dim") or hidden // heads)
        num_blocks, vocabulary = int(settings["num_hidden_layers"]), int(settings["vocab_size"])
    except (KeyError, TypeError, ValueError):
        return None
    attention = ((hidden, heads * head), (hidden, kv_heads * head), (hidden, kv_heads * head), (heads * head, hidden))
    return Layers(
        inputs_outputs=(*attention, (hidden, inner), (hidden, inner), (inner, hidden)),
        num_blocks=num_blocks,
        num_embedding_weights=vocabulary * hidden * (1 if settings.get("tie_word_embeddings") else 2),
    )


def training_bytes(layers: Layers, config: Config, *, on_gpu: bool) -> int:
    """Weights, gradients, optimizer and the reference model, whole, without what computing takes on top."""
    num, lora = layers.num_weights, config.lora
    if lora is not None:  # the adapter is float32, and switched off it is the reference
        base = BYTES[config.model.dtype or ("bfloat16" if on_gpu else "float32")]
        return num * base + layers.num_adapter_weights(lora) * NUM_COPIES * BYTES["float32"]
    width = BYTES[config.model.dtype or "float32"]
    has_reference = config.grpo is not None and config.grpo.beta > 0
    return num * width * (NUM_COPIES + has_reference)
