"""Answers from a file: the same seam, and one line for what is wrong with the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from verireason.errors import UserError
from verireason.generation.engines import Engine, open_generator
from verireason.generation.generator import Generated, Request, Sampling

LINES = [
    {"problem_id": "a", "sample": 0, "completion": "a0", "finish_reason": "stop", "num_tokens": 3, "cost": 0.5},
    {"problem_id": "a", "sample": 1, "completion": "a1", "model": "x", "num_tokens": None},
    {"task_id": "b", "completion": "b0"},
    {"task_id": "b", "completion": "b1"},
    {"problem_id": "a", "sample": 0, "completion": "repaired", "attempt": 1},
]


def replay(path: Path, keys: Sequence[tuple[str, int]]) -> list[Generated]:
    engine = Engine(
        kind="replay",
        model="old",
        batch_size=1,
        base_url=None,
        key_env="OPENAI_API_KEY",
        concurrency=1,
        chat=None,
        price_in=None,
        price_out=None,
        completions=path,
    )
    with open_generator(engine) as generator:
        assert generator.name == "old"
        requests = [Request(key=key, prompt="any", seed=0) for key in keys]
        return list(generator.generate(requests, Sampling(temperature=0.0, top_p=1.0, max_new_tokens=1)))


def written(tmp_path: Path, lines: Sequence[dict[str, Any] | str]) -> Path:
    path = tmp_path / "completions.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_each_request_gets_its_completion_with_what_is_known_of_it(tmp_path: Path) -> None:
    found = replay(written(tmp_path, LINES), [("b", 1), ("a", 0), ("a", 1)])

    assert found == [
        Generated(key=("b", 1), text="b1", finish_reason=None, num_tokens=None),
        Generated(key=("a", 0), text="a0", finish_reason="stop", num_tokens=3, cost=0.5),
        Generated(key=("a", 1), text="a1", finish_reason=None, num_tokens=None),
    ]


def test_missing_completions_are_named_in_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, LINES)

    with pytest.raises(UserError) as caught:
        replay(path, [("a", 0), ("c", 0), *(("a", sample) for sample in range(2, 9))])
    assert str(caught.value).startswith(f"{path} has no completion of c sample 0, a sample 2, a sample 3 and 5 more;")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "holds no completions"),
        ([LINES[0], "{"], ":2: not JSON"),
        ([{"completion": "x"}], ":1: no problem_id"),
        ([LINES[0], LINES[1], LINES[0]], ":3: a sample 0 for the second time"),
    ],
    ids=["empty", "cut", "no-id", "doubled"],
)
def test_a_bad_file_is_refused_by_its_line(tmp_path: Path, lines: list[Any], expected: str) -> None:
    path = written(tmp_path, lines)

    with pytest.raises(UserError) as caught:
        replay(path, [])
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.jsonl: No such file"):
        replay(tmp_path / "none.jsonl", [])
