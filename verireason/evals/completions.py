"""Completions that somebody already has: one JSON object a line, in VerilogEval's field names or ours."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from verireason.errors import UserError
from verireason.problem import Completion


@dataclass(slots=True, kw_only=True)
class CompletionFile:
    """Reads `problem_id` (or `task_id`), `completion` and, if there, `sample` from each line.

    Without `sample`, the n-th line of a problem is sample n. Every line must be good, unless `skip_bad`: then bad lines
    are left out and counted, and so are lines of problems that cannot be judged. Raises UserError naming file and line,
    while it iterates. May be iterated again.
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
        num_lines = 0
        known_ids = {*self.known_ids, *self.left_out}
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if not line.strip():
                        continue
                    num_lines += 1
                    try:
                        completion = _completion(line, num_seen, known_ids)
                    except ValueError as err:
                        message = f"{self.path}:{number}: {err}"
                        if not self.skip_bad:
                            raise UserError(
                                f"{message}; correct it, or go on without such lines by --skip-bad"
                            ) from err
                        self.num_bad += 1
                        self.first_bad = self.first_bad or message
                        continue
                    if completion.problem_id in self.left_out:
                        self.num_left_out += 1
                    else:
                        yield completion
        except OSError as err:
            raise UserError(f"cannot read {self.path}: {err.strerror}; give a JSONL file of completions") from err
        if num_lines == 0:
            raise UserError(f"{self.path} is empty; expected one JSON object a line with problem_id and completion")

    def problem_ids(self) -> set[str]:
        """Check every line, and say which problems the file is about. Raises UserError like iteration."""
        return {completion.problem_id for completion in self}


def _completion(line: bytes, num_seen: dict[str, int], known_ids: Collection[str]) -> Completion:
    """One line. Raises ValueError that says what was found and expected."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise ValueError(f"not JSON ({err})" if isinstance(err, ValueError) else "not JSON (nested too deep)") from err
    if not isinstance(data, dict):
        raise ValueError(f"a JSON {type(data).__name__}, expected an object")
    problem_id = data.get("problem_id", data.get("task_id"))
    if not isinstance(problem_id, str):
        raise ValueError("no problem_id (or task_id) that is a string")
    if problem_id not in known_ids:
        raise ValueError(f"unknown problem {problem_id!r}")
    text = data.get("completion")
    if not isinstance(text, str):
        raise ValueError("no completion that is a string")
    sample = data.get("sample", num_seen.get(problem_id, 0))
    if not isinstance(sample, int) or isinstance(sample, bool) or sample < 0:
        raise ValueError(f"sample is {sample!r}, expected a whole number from 0")
    num_seen[problem_id] = num_seen.get(problem_id, 0) + 1
    model = data.get("model")
    return Completion(problem_id=problem_id, sample=sample, text=text, model=model if isinstance(model, str) else None)
