"""The processes that train one model together, as a launcher such as `accelerate launch` starts them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

from verireason.errors import UserError
from verireason.recipe_tables import Grpo

_Item = TypeVar("_Item")


class Ranks:
    """This process among those of the run; one alone when no launcher started it.

    All of them call `gather` and `wait` equally often and in the same order.
    """

    def __init__(self, *, timeout_s: float) -> None:
        """Join the others. timeout_s: wall seconds after which a process that the others wait for counts as lost."""
        from accelerate import PartialState
        from torch.cuda import is_available

        self._state: Any = PartialState(cpu=not is_available(), timeout=timedelta(seconds=timeout_s))
        self.index: int = self._state.process_index
        self.count: int = self._state.num_processes

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files."""
        return self.index == 0

    def gather(self, items: Sequence[_Item]) -> list[_Item]:
        """The items of all processes, in the order of the processes. Items are pickled between them."""
        from accelerate.utils import gather_object

        return list(gather_object(list(items))) if self.count > 1 else list(items)

    def share(self, items: Sequence[_Item]) -> list[_Item]:
        """The part of a list, equal on all processes, that is this one's. Its length is a multiple of `count`."""
        size = len(items) // self.count
        return list(items[self.index * size : (self.index + 1) * size])

    def wait(self) -> None:
        """Until all have come here."""
        self._state.wait_for_everyone()


def check_whole_groups(grpo: Grpo, count: int) -> None:
    """Raise UserError when the groups of a step cannot be shared out among so many processes."""
    if grpo.prompts_per_step % count:
        raise UserError(
            f"grpo.prompts_per_step is {grpo.prompts_per_step} and {count} processes train; "
            "expected a multiple, so that each has whole groups"
        )


def num_ranks() -> int:
    """Processes of this run as the launcher's environment says, without joining them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def num_local_ranks() -> int:
    """Processes of this run on this host."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
