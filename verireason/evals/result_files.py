"""Files that other systems leave behind, read as completions, whatever their layout.

* JSON lines: VerilogEval's samples and results (`task_id`, `completion`), VeriCoder's (with `description` and `prompt`
  besides), HumanEval's, and ours (`problem_id`, `completion`, `sample`).
* One JSON list of problems, each a list of samples with `generation`: TuRTLe's. The problem is the one that `test_path`
  is for (`.../ProbNNN_name_test.sv` of VerilogEval, `.../DESIGN/testbench.v` of RTLLM), or else `task_id`.

What a model wrote stays a text; nothing here looks into it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from verireason.problem import Completion

T = TypeVar("T")

_TEST = "_test.sv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One completion as it stands in a file, or why it cannot be read."""

    where: str
    """Its place behind the file's name: ":3", or " problem 3 sample 2", both from 1."""
    fields: dict[str, Any] | None
    """With problem_id or task_id, and completion; None when `wrong` says what is wrong."""
    wrong: str | None = None


def read_entries(path: Path) -> Iterator[Entry]:
    """The entries in the file's order. OSError when the file cannot be read."""
    with path.open("rb") as file:
        if _first_byte(file.read(4096)) == b"[":
            file.seek(0)
            yield from _turtle_entries(file.read())
            return
        file.seek(0)
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _line_entry(line, f":{number}")


def completion_of(entry: Entry, num_seen: dict[str, int], known_ids: Collection[str] | None) -> Completion:
    """The completion of an entry, counted in `num_seen`. ValueError says what was found and expected.

    known_ids: None knows every problem. What a record says of how it was written is taken where it is of its type.
    """
    if entry.fields is None:
        raise ValueError(entry.wrong)
    data = entry.fields
    problem_id = data.get("problem_id", data.get("task_id"))
    if not isinstance(problem_id, str):
        raise ValueError("no problem_id (or task_id) that is a string")
    if known_ids is not None and problem_id not in known_ids:
        raise ValueError(f"unknown problem {problem_id!r}")
    text = data.get("completion")
    if not isinstance(text, str):
        raise ValueError("no completion that is a string")
    sample = data.get("sample", num_seen.get(problem_id, 0))
    if not isinstance(sample, int) or isinstance(sample, bool) or sample < 0:
        raise ValueError(f"sample is {sample!r}, expected a whole number from 0")
    attempt = _of_type(data, "attempt", int) or 0
    if attempt < 0:
        raise ValueError(f"attempt is {attempt}, expected a whole number from 0")
    cost = _of_type(data, "cost", float)
    num_seen[problem_id] = num_seen.get(problem_id, 0) + 1
    return Completion(
        problem_id=problem_id,
        sample=sample,
        text=text,
        attempt=attempt,
        finish_reason=_of_type(data, "finish_reason", str),
        num_tokens=_of_type(data, "num_tokens", int),
        num_prompt_tokens=_of_type(data, "num_prompt_tokens", int),
        cost=cost if cost is not None and math.isfinite(cost) else None,
        model=_of_type(data, "model", str),
    )


def _of_type(data: dict[str, Any], name: str, kind: type[T]) -> T | None:
    value = data.get(name)
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _first_byte(head: bytes) -> bytes:
    return head.lstrip()[:1]


def _line_entry(line: bytes, where: str) -> Entry:
    data, wrong = _parsed(line)
    if wrong is None and not isinstance(data, dict):
        wrong = f"a JSON {type(data).__name__}, expected an object"
    return Entry(where=where, fields=data if wrong is None else None, wrong=wrong)


def _parsed(text: bytes) -> tuple[Any, str | None]:
    try:
        return json.loads(text), None
    except RecursionError:
        return None, "not JSON (nested too deep)"
    except ValueError as err:
        return None, f"not JSON ({err})"


def _turtle_entries(text: bytes) -> Iterator[Entry]:
    problems, wrong = _parsed(text)
    if wrong is not None:
        yield Entry(where="", fields=None, wrong=wrong)
        return
    for number, samples in enumerate(problems, start=1):
        if not isinstance(samples, list):
            found = type(samples).__name__
            yield Entry(where=f" problem {number}", fields=None, wrong=f"a JSON {found}, expected a list of samples")
            continue
        for place, sample in enumerate(samples, start=1):
            yield _turtle_entry(sample, f" problem {number} sample {place}")


def _turtle_entry(sample: Any, where: str) -> Entry:
    if not isinstance(sample, dict) or not isinstance(sample.get("generation"), str):
        return Entry(where=where, fields=None, wrong="no object with a generation that is a string")
    problem_id = _turtle_problem(sample)
    if problem_id is None:
        return Entry(where=where, fields=None, wrong="no test_path or task_id that names its problem")
    return Entry(where=where, fields={"problem_id": problem_id, "completion": sample["generation"]})


def _turtle_problem(sample: dict[str, Any]) -> str | None:
    if isinstance(sample.get("test_path"), str):
        test = PurePosixPath(sample["test_path"])
        if test.name.endswith(_TEST):
            return test.name.removesuffix(_TEST)
        if test.name == "testbench.v":
            return test.parent.name
    return sample["task_id"] if isinstance(sample.get("task_id"), str) else None
