"""What a model wrote to published questions, its thoughts included: what VeriReason fine-tunes on first.

Hostile text, which becomes tokens and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from verireason.data import veri_reason
from verireason.data.rows import read_rows
from verireason.errors import MissingError, UserError
from verireason.problem import Problem


def write_answers(problems: Iterable[Problem], root: Path, path: Path) -> int:
    """Write {"prompt", "answer", "language"} for each of the problems, and return their number.

    problems: as `verireason data ingest` wrote them, so an answer's code is known to pass. root: the data set that they
    come from. Raises UserError when a problem is not in it, MissingError when the file cannot be written.
    """
    answers = {veri_reason.name_of(row): row.text("output") for row in read_rows(root, veri_reason.SOURCE)}
    lines = []
    for problem in problems:
        if problem.id not in answers:
            raise UserError(
                f"problem {problem.id} is not in {root}; give the data set that the problems were made from"
            )
        row = {"prompt": problem.prompt, "answer": answers[problem.id].strip(), "language": problem.language}
        lines.append(json.dumps(row) + "\n")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as err:
        raise MissingError(f"cannot write {path}: {err.strerror}") from err
    return len(lines)
