"""Completions by transformers' own `generate`, on one device in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from verireason.errors import UserError
from verireason.generation.generator import Generated, Request, Sampling


class TransformersGenerator:
    """`generate` of transformers on one device.

    Each completion is drawn with its own seed alone, so it is the same in any batch, up to what rounding does to the
    model's numbers: a run that was cut short and goes on in other batches neither repeats a draw nor changes one.
    """

    def __init__(self, model: Any, tokenizer: Any, *, name: str, batch_size: int, chat: bool | None = None) -> None:
        """batch_size: completions written at once. chat: None asks the tokenizer. UserError when it cannot."""
        self._model = model
        self._tokenizer = tokenizer
        self._batch_size = batch_size
        self.name = name
        self.chat = wants_chat(tokenizer, chat, name=name)

    @classmethod
    def from_path(cls, path: str, *, batch_size: int, chat: bool | None = None) -> TransformersGenerator:
        """Load a model of a directory or the hub onto the GPU, else the CPU. UserError when it is none."""
        import torch

        from verireason.training.models import load_model

        loaded = load_model(path)
        loaded.model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        return cls(loaded.model, loaded.tokenizer, name=path, batch_size=batch_size, chat=chat)

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Generated]:
        """See Generator."""
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
        config = GenerationConfig(
            do_sample=False,  # seeded_draws does it, with a seed for each row
            max_new_tokens=sampling.max_new_tokens,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=sorted(ends),
            disable_compile=True,
        )
        with torch.no_grad(), _plain_defaults(model):
            written = model.generate(
                input_ids=inputs.to(model.device),
                attention_mask=mask.to(model.device),
                generation_config=config,
                logits_processor=seeded_draws([request.seed for request in batch], sampling, width=width),
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


def wants_chat(tokenizer: Any, chat: bool | None, *, name: str) -> bool:
    """Whether prompts are messages: as asked, else as the tokenizer has it. UserError when it has no template."""
    from verireason.training.models import has_chat_template

    if chat and not has_chat_template(tokenizer):
        raise UserError(
            f"model {name} has no chat template, so it cannot be asked by messages; leave the chat option out"
        )
    return has_chat_template(tokenizer) if chat is None else chat


def seeded_draws(seeds: Sequence[int], sampling: Sampling, *, width: int) -> Any:
    """Processors of logits that leave each row only the token that its seed draws; none for temperature 0.

    width: tokens of the prompts. A token is drawn by one number between 0 and 1 against the summed probabilities, and
    all numbers of a row come from its own seed: the random state of the process has no part in it.
    """
    import torch
    from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopPLogitsWarper

    if sampling.temperature == 0:
        return LogitsProcessorList()
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    numbers = torch.stack(
        [torch.rand(sampling.max_new_tokens, generator=one, dtype=torch.float64) for one in generators]
    )  # (B, C)

    def draw(input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        sums = torch.softmax(scores, dim=-1, dtype=torch.float64).cumsum(dim=-1)  # (B, V)
        wanted = numbers[:, input_ids.shape[1] - width, None].to(sums.device) * sums[:, -1:]  # (B, 1)
        tokens = torch.searchsorted(sums, wanted, right=True).clamp(max=scores.shape[1] - 1)  # (B, 1)
        return torch.full_like(scores, -torch.inf).scatter(1, tokens, 0.0)

    narrowed = [TopPLogitsWarper(sampling.top_p)] if sampling.top_p < 1 else []
    return LogitsProcessorList([TemperatureLogitsWarper(sampling.temperature), *narrowed, draw])


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
