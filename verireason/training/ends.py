"""What `generate` of transformers does, told while it goes on: completions as they end, how likely each token was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class Watch:
    """Looks over the shoulder of one call of `generate`, and changes nothing of it."""

    def __init__(
        self, *, ends: Sequence[int], finished: Callable[[int, list[int]], None], temperature: float | None
    ) -> None:
        """ends: tokens that end a completion. finished: told the row and the tokens of each that has drawn one.

        temperature: of the distribution whose log-probabilities are kept; None keeps none.
        """
        self._ends, self._finished, self._temperature = ends, finished, temperature
        self._width: int | None = None
        self._going: Any = None
        self._ending: Any = None
        self._logits: Any = None
        self._log_probs: list[Any] = []

    def arguments(self) -> dict[str, Any]:
        """For the call."""
        from transformers import LogitsProcessorList, StoppingCriteriaList

        criteria = StoppingCriteriaList([self._after])
        if self._temperature is None:
            return {"stopping_criteria": criteria}
        return {"stopping_criteria": criteria, "logits_processor": LogitsProcessorList([self._before])}

    def log_probs(self) -> list[list[float]]:
        """Of each token that was drawn, by row; what follows an ending token is undefined."""
        import torch

        found: list[list[float]] = torch.stack(self._log_probs, dim=1).tolist()  # (B, C)
        return found

    def _before(self, input_ids: Any, logits: Any) -> Any:
        """A processor of logits, (B, V): called before a token is drawn, and before temperature and top-p."""
        self._logits = logits
        return logits

    def _after(self, input_ids: Any, scores: Any, **unused: Any) -> Any:
        """A criterion to stop, which never does: called when a token is drawn. input_ids: (B, P + tokens so far)."""
        import torch

        if self._width is None:
            self._width = input_ids.shape[1] - 1  # the prompt and one token
            self._going = torch.ones(len(input_ids), dtype=torch.bool, device=input_ids.device)
            self._ending = torch.tensor(self._ends, device=input_ids.device)
        drawn = input_ids[:, -1]
        if self._temperature is not None:
            logits = self._logits.float() / self._temperature
            self._log_probs.append(logits.log_softmax(dim=-1).gather(1, drawn[:, None]).squeeze(1))
        ended = self._going & torch.isin(drawn, self._ending)
        for place in ended.nonzero().flatten().tolist():
            self._finished(place, input_ids[place, self._width :].tolist())
        self._going &= ~ended
        return torch.zeros_like(ended)
