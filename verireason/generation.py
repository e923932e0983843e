"""Prompts in, completions out: the seam between a language model and everything that judges its work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from verireason.templates import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One completion of one prompt. Hostile text.

    Example:
        Generated(text="module m; endmodule\\n", finish_reason="stop", num_tokens=9)
    """

    text: str
    finish_reason: str
    """"stop" when the model ended it, "length" when the limit did."""
    num_tokens: int
    """Tokens written, the ending one included."""


class Generator(Protocol):
    """Writes completions. The contract: prompts in order, `num_samples` each, the same for the same arguments."""

    name: str
    """What the records call the model."""
    chat: bool
    """Whether prompts are messages (`Template.prompt(..., chat=True)`) and else texts."""

    def generate(
        self,
        prompts: Sequence[str | list[Message]],
        *,
        num_samples: int,
        temperature: float,
        top_p: float,
        max_new_tokens: int,
        seed: int,
        batch_size: int,
    ) -> Iterator[list[Generated]]:
        """The completions of each prompt, in order, as they get ready.

        temperature: 0 takes the likeliest token each time. batch_size: completions written at once; results may depend
        on it. The random state of the process is as before between any two items.
        """


class TransformersGenerator:
    """`generate` of transformers on one device."""

    def __init__(self, model: Any, tokenizer: Any, *, name: str) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self.name = name
        self.chat = bool(getattr(tokenizer, "chat_template", None))

    @classmethod
    def from_path(cls, path: str) -> TransformersGenerator:
        """Load a model of a directory or the hub onto the GPU, else the CPU. UserError when it is none."""
        import torch

        from verireason.training.models import load_model

        loaded = load_model(path)
        loaded.model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        return cls(loaded.model, loaded.tokenizer, name=path)

    def generate(
        self,
        prompts: Sequence[str | list[Message]],
        *,
        num_samples: int,
        temperature: float,
        top_p: float,
        max_new_tokens: int,
        seed: int,
        batch_size: int,
    ) -> Iterator[list[Generated]]:
        """See Generator."""
        from verireason.training.models import prompt_tokens

        token_ids = prompt_tokens(self._tokenizer, prompts) if prompts else []
        rows = [ids for ids in token_ids for _ in range(num_samples)]
        done: list[Generated] = []
        for start in range(0, len(rows), batch_size):
            done += self._complete(
                rows[start : start + batch_size],
                temperature=temperature,
                top_p=top_p,
                max_new_tokens=max_new_tokens,
                seed=seed + start,  # each batch its own, so that equal prompts in two batches differ
            )
            while len(done) >= num_samples:
                yield done[:num_samples]
                del done[:num_samples]

    def _complete(
        self, rows: Sequence[list[int]], *, temperature: float, top_p: float, max_new_tokens: int, seed: int
    ) -> list[Generated]:
        """One completion for each row of token ids."""
        import torch
        from transformers import GenerationConfig

        from verireason.training.models import end_tokens

        tokenizer, model = self._tokenizer, self._model
        width = max(len(ids) for ids in rows)
        inputs = torch.tensor([[tokenizer.pad_token_id] * (width - len(ids)) + ids for ids in rows])  # (B, P)
        mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in rows])  # (B, P)
        ends = end_tokens(model, tokenizer)
        sampling: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            sampling = {"do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": 0}
        config = GenerationConfig(
            max_new_tokens=max_new_tokens,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=sorted(ends),
            disable_compile=True,
            **sampling,
        )
        with torch.no_grad(), _own_randomness(seed), _plain_defaults(model):
            written = model.generate(
                input_ids=inputs.to(model.device), attention_mask=mask.to(model.device), generation_config=config
            )[:, width:].tolist()  # (B, C)
        return [self._read(ids, ends) for ids in written]

    def _read(self, ids: Sequence[int], ends: frozenset[int]) -> Generated:
        """Text up to the first ending token."""
        end = next((place for place, token in enumerate(ids) if token in ends), None)
        kept = ids if end is None else ids[:end]
        return Generated(
            text=self._tokenizer.decode(kept, skip_special_tokens=True),
            finish_reason="length" if end is None else "stop",
            num_tokens=len(ids) if end is None else end + 1,
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
