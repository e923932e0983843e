"""Prompts in, completions out: the seam between a language model and everything that judges its work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from verireason.templates import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How each completion is drawn."""

    temperature: float
    """0 takes the likeliest token each time."""
    top_p: float
    max_new_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One completion that is wanted.

    Example:
        Request(key=("Prob001_zero", 0), prompt="// y = 0\\n", seed=17)
    """

    key: tuple[str, int]
    """Problem and sample: comes back with the answer."""
    prompt: str | list[Message]
    """Messages for a generator with `chat`, else a text."""
    seed: int
    """Of this completion alone; equal prompts with different seeds give different completions at a temperature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One completion of one prompt. Hostile text.

    Example:
        Generated(key=("Prob001_zero", 0), text="module m; endmodule\\n", finish_reason="stop", num_tokens=9)
    """

    key: tuple[str, int]
    text: str
    finish_reason: str | None
    """"stop" when the model ended it, "length" when the limit did; a `Refusal` when the prompt was refused and the text
    is empty; None when nobody says."""
    num_tokens: int | None
    """Tokens written, the ending one included; None when nobody says."""
    num_prompt_tokens: int | None = None
    cost: float | None = None
    """In the currency of the price that was given; None when none was."""


class Generator(Protocol):
    """Writes completions.

    The contract: one answer for each request, each once, in whatever order they get ready. Requests are taken from the
    iterable as there is room for them, answers are given as soon as they are there, so that judging goes on meanwhile.
    """

    name: str
    """What the records call the model."""
    chat: bool
    """Whether prompts are messages (`Template.prompt(..., chat=True)`) and else texts."""

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Generated]:
        """The answers. The random state of the process is as before between any two of them."""
