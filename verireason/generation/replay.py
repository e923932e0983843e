"""Completions from a file that holds them: an evaluation is repeated without a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from verireason.errors import UserError
from verireason.evals.result_files import completion_of, read_entries
from verireason.generation.generator import Generated, Request, Sampling
from verireason.problem import Completion

NUM_NAMED = 3
"""Missing completions that are named; the others are counted."""


class ReplayGenerator:
    """Answers with the file's first answers; its repairs are left out. Prompts, seeds and sampling have no part."""

    chat = True

    def __init__(self, path: Path, *, name: str) -> None:
        """Read a file of any layout of `result_files`. UserError names file and place of what is wrong in it."""
        self._path = path
        self._completions = _first_answers(path)
        self.name = name

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Generated]:
        """See Generator. Raises UserError after the last answer when the file lacks some that were asked for."""
        missing: list[tuple[str, int]] = []
        for request in requests:
            found = self._completions.get(request.key)
            if found is None:
                missing.append(request.key)
                continue
            yield Generated(
                key=request.key,
                text=found.text,
                finish_reason=found.finish_reason,
                num_tokens=found.num_tokens,
                num_prompt_tokens=found.num_prompt_tokens,
                cost=found.cost,
            )
        if missing:
            named = ", ".join(f"{problem_id} sample {sample}" for problem_id, sample in missing[:NUM_NAMED])
            more = f" and {len(missing) - NUM_NAMED} more" if len(missing) > NUM_NAMED else ""
            raise UserError(f"{self._path} has no completion of {named}{more}; add them, or ask for fewer samples")


def _first_answers(path: Path) -> dict[tuple[str, int], Completion]:
    found: dict[tuple[str, int], Completion] = {}
    num_seen: dict[str, int] = {}
    try:
        for entry in read_entries(path):
            try:
                completion = completion_of(entry, num_seen, known_ids=None)
            except ValueError as err:
                raise UserError(f"{path}{entry.where}: {err}; correct it") from err
            key = (completion.problem_id, completion.sample)
            if completion.attempt:
                continue
            if key in found:
                raise UserError(f"{path}{entry.where}: {key[0]} sample {key[1]} for the second time; leave one out")
            found[key] = completion
    except OSError as err:
        raise UserError(f"cannot read {path}: {err.strerror}; give a JSONL file of completions") from err
    if not found:
        raise UserError(f"{path} holds no completions; expected one JSON object a line with problem_id and completion")
    return found
