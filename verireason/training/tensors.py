"""What is done to the tensors of a batch, and to the random state, that TRL has no hook for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any


def right_padded(rows: Sequence[Any], *, like: Any) -> Any:
    """Numbers by token, with zeros behind; of the shape (B, C) and on the device of `like`."""
    import torch

    width = like.shape[1]
    return torch.tensor([[*row, *[0.0] * (width - len(row))] for row in rows], device=like.device)


def without_rows(
    scored: dict[str, Any], rows: Sequence[bool], *, any_anywhere: bool, gather: Callable[[Any], Any]
) -> dict[str, Any]:
    """A scored batch with some completions out of the loss: their tokens count neither in its sum nor in its divisor.

    TRL gives them no advantage, but would still divide by their tokens and hold them to the reference model.

    rows: of this process; any_anywhere: whether any process leaves some out. gather: tensors of all processes.
    """
    if not any_anywhere:
        return scored
    import torch

    mask = scored["completion_mask"]  # (B, C)
    kept = ~torch.tensor(rows, device=mask.device)
    mask = mask * kept.unsqueeze(1).to(mask.dtype)
    return {**scored, "completion_mask": mask, "num_items_in_batch": gather(mask.sum()).sum()}


def randomness() -> Callable[[], None]:
    """Note the random state of everything that draws numbers in training; call the result to put it back."""
    import numpy as np
    import torch

    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    def put_back() -> None:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.random.set_rng_state(cpu)
        if devices:
            torch.cuda.set_rng_state_all(devices)

    return put_back
