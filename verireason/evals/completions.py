"""Completions that somebody already has: JSON lines, or the result file of another system (`result_files`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from verireason.errors import UserError
from verireason.evals.result_files import completion_of, read_entries
from verireason.problem import Completion


@dataclass(slots=True, kw_only=True)
class CompletionFile:
    """Reads the completions of a file; `result_files` says which layouts there are.

    Without `sample`, the n-th entry of a problem is sample n. Every entry must be good, unless `skip_bad`: then bad
    ones are left out and counted, and so are those of problems that cannot be judged. Raises UserError naming file
    and place, while it iterates. May be iterated again.
    """

    path: Path
    known_ids: Collection[str]
    left_out: Collection[str] = ()
    """Ids of problems that are known and cannot be judged."""
    skip_bad: bool = False
    num_bad: int = 0
    first_bad: str | None = None
    num_left_out: int = 0

    def __iter__(self) -> Iterator[Completion]:
        self.num_bad, self.first_bad, self.num_left_out = 0, None, 0
        num_seen: dict[str, int] = {}
        num_entries = 0
        known_ids = {*self.known_ids, *self.left_out}
        try:
            for entry in read_entries(self.path):
                num_entries += 1
                try:
                    completion = completion_of(entry, num_seen, known_ids)
                except ValueError as err:
                    message = f"{self.path}{entry.where}: {err}"
                    if not self.skip_bad:
                        raise UserError(f"{message}; correct it, or go on without such lines by --skip-bad") from err
                    self.num_bad += 1
                    self.first_bad = self.first_bad or message
                    continue
                if completion.problem_id in self.left_out:
                    self.num_left_out += 1
                else:
                    yield completion
        except OSError as err:
            raise UserError(f"cannot read {self.path}: {err.strerror}; give a JSONL file of completions") from err
        if num_entries == 0:
            raise UserError(f"{self.path} is empty; expected one JSON object a line with problem_id and completion")

    def problem_ids(self) -> set[str]:
        """Check every line, and say which problems the file is about. Raises UserError like iteration."""
        return {completion.problem_id for completion in self}
