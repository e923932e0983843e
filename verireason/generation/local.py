"""Completions by transformers' own `generate`, on one device in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from verireason.generation.generator import Generated, Request, Sampling


class TransformersGenerator:
    """`generate` of transformers on one device."""

    def __init__(self, model: Any, tokenizer: Any, *, name: str, batch_size: int) -> None:
        """batch_size: completions written at once; results may depend on it."""
        self._model = model
        self._tokenizer = tokenizer
        self._batch_size = batch_size
        self.name = name
        self.chat = bool(getattr(tokenizer, "chat_template", None))

    @classmethod
    def from_path(cls, path: str, *, batch_size: int) -> TransformersGenerator:
        """Load a model of a directory or the hub onto the GPU, else the CPU. UserError when it is none."""
        import torch

        from verireason.training.models import load_model

        loaded = load_model(path)
        loaded.model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        return cls(loaded.model, loaded.tokenizer, name=path, batch_size=batch_size)

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Generated]:
        """See Generator. A batch is drawn with the seed of its first request."""
        stream = iter(requests)
        while batch := list(islice(stream, self._batch_size)):
            yield from self._complete(batch, sampling)

    def _complete(self, batch: Sequence[Request], sampling: Sampling) -> list[Generated]:
        import torch
        from transformers import GenerationConfig

        from verireason.training.models import end_tokens, prompt_tokens

        tokenizer, model = self._tokenizer, self._model
        rows = prompt_tokens(tokenizer, [request.prompt for request in batch])
        width = max(len(ids) for ids in rows)
        inputs = torch.tensor([[tokenizer.pad_token_id] * (width - len(ids)) + ids for ids in rows])  # (B, P)
        mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in rows])  # (B, P)
        ends = end_tokens(model, tokenizer)
        drawn: dict[str, Any] = {"do_sample": False}
        if sampling.temperature > 0:
            drawn = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        config = GenerationConfig(
            max_new_tokens=sampling.max_new_tokens,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=sorted(ends),
            disable_compile=True,
            **drawn,
        )
        with torch.no_grad(), _own_randomness(batch[0].seed), _plain_defaults(model):
            written = model.generate(
                input_ids=inputs.to(model.device), attention_mask=mask.to(model.device), generation_config=config
            )[:, width:].tolist()  # (B, C)
        return [
            self._read(request, ids, ends, num_prompt_tokens=len(row))
            for request, ids, row in zip(batch, written, rows, strict=True)
        ]

    def _read(self, request: Request, ids: Sequence[int], ends: frozenset[int], *, num_prompt_tokens: int) -> Generated:
        """Text up to the first ending token."""
        end = next((place for place, token in enumerate(ids) if token in ends), None)
        kept = ids if end is None else ids[:end]
        return Generated(
            key=request.key,
            text=self._tokenizer.decode(kept, skip_special_tokens=True),
            finish_reason="length" if end is None else "stop",
            num_tokens=len(ids) if end is None else end + 1,
            num_prompt_tokens=num_prompt_tokens,
        )


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    """Seed torch for the block and put its random state back, so that training goes on as if nothing had been drawn."""
    import torch

    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def _plain_defaults(model: Any) -> Iterator[None]:
    """Hide the sampling settings that a model ships with: transformers fills gaps in ours from them."""
    from transformers import GenerationConfig

    shipped = model.generation_config
    model.generation_config = GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = shipped
