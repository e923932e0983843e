"""What a reward is computed from: one completion, judged."""

from __future__ import annotations

from dataclasses import dataclass

from sim.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A verdict and the facts about the completion that terms look at.

    Example:
        Attempt(verdict=verdict, follows_format=True, finish_reason="stop")
    """

    verdict: Verdict
    follows_format: bool | None = None
    """Whether the text has the form that the prompt asked for; None when it asked for none."""
    finish_reason: str | None = None
    """"stop", or "length" for a text that was cut off; None when the source does not say."""
    num_tokens: int | None = None
    """That the model wrote, the ending one included; None when the source does not say."""
    max_tokens: int | None = None
    """That it was allowed to write."""
