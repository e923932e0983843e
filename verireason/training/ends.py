"""Completions as they end, while `generate` of transformers goes on with the others of the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def watch_ends(ends: Sequence[int], finished: Callable[[int, list[int]], None]) -> Any:
    """A stopping criterion of transformers that stops nothing: it tells the row and the tokens of each completion that
    has drawn one of the ending tokens."""
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList

    class Watch(StoppingCriteria):  # type: ignore[misc]  # untyped base
        """Looks at each token once."""

        def __init__(self) -> None:
            self._width: int | None = None
            self._going: Any = None

        def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
            if self._width is None or self._going is None:
                self._width = input_ids.shape[1] - 1  # the prompt and one token
                self._going = torch.ones(len(input_ids), dtype=torch.bool, device=input_ids.device)
            ended = self._going & torch.isin(input_ids[:, -1], torch.tensor(ends, device=input_ids.device))
            for place in ended.nonzero().flatten().tolist():
                finished(place, input_ids[place, self._width :].tolist())
            self._going &= ~ended
            return torch.zeros_like(ended)

    return StoppingCriteriaList([Watch()])
