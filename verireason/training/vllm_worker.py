"""New weights for a vLLM that runs on a CPU.

TRL's ways are for GPUs: it sends them to a server over NCCL, and in one process loads them where they lie, which fails
on a CPU when vLLM has packed them for oneDNN. vLLM unpacks and packs again when it is asked to reload.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def replace_weights(model_runner: Any, weights: Iterable[tuple[str, Any]]) -> None:
    """Replace all weights of a vLLM model runner by others, under the names that transformers gives them."""
    from vllm.model_executor.layers.vocab_parallel_embedding import VocabParallelEmbedding

    model_runner.reload_weights(weights_iterator=weights)
    for layer in model_runner.get_model().modules():
        if isinstance(layer, VocabParallelEmbedding):
            # A head that is tied to the embedding would go on with its old packed weights (vLLM 0.32).
            layer.quant_method.process_weights_after_loading(layer)


class ReadsWeights:
    """For a server's `--worker-extension-cls`: lets the trainer tell its workers to read weights from a file."""

    model_runner: Any

    def read_weights(self, path: str) -> None:
        """Replace all weights by those of a safetensors file."""
        from safetensors.torch import load_file

        replace_weights(self.model_runner, load_file(path).items())
