"""Problems on disk: there and back, and one clear line for what is wrong with a file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from sim.job import Limits
from sim.verdict import Level, Spec
from verireason.data.jsonl import read_problems, write_problems
from verireason.errors import MissingError, UserError
from verireason.problem import Problem

SPEC = Spec(
    verifier="verilog-testbench", top="top_module", testbench="module __vr_tb; endmodule", reference="",
    num_checks=None, limits=Limits(cpu_s=2.5, wall_s=10), files={"data.hex": b"\x00\xff"}, reserved=("tb",),
    highest_level=Level.NETLIST, expected_s=0.5,
)  # fmt: skip
FACTS = asdict(SPEC) | {"files": {}}
PROBLEM = Problem(
    id="p-1", benchmark="generated", prompt="Write “this”\u2028.", spec=SPEC, golden="module top_module; endmodule\n",
    split="train", licence="Apache-2.0", category="gates", difficulty=1,
)  # fmt: skip


def read_with(tmp_path: Path, **changes: object) -> list[Problem]:
    path = tmp_path / "bad.jsonl"
    path.parent.mkdir(exist_ok=True)
    write_problems([PROBLEM], path)
    facts = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({name: value for name, value in facts.items() if value is not ...}) + "\n")
    return list(read_problems(path))


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "problems.jsonl"
    assert write_problems([PROBLEM, PROBLEM], path) == 2
    assert list(read_problems(path)) == [PROBLEM, PROBLEM]


def test_each_problem_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    write_problems([PROBLEM] * 3, path)
    assert len(path.read_bytes().splitlines()) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prompt": ...}, "bad.jsonl line 1: field prompt is missing"),
        ({"difficulty": "1"}, 'field difficulty is "1"; expected int'),
        ({"difficulty": True}, "field difficulty is true; expected int"),
        ({"colour": 3}, "unknown field colour"),
        ({"spec": []}, r"field spec is \[\]; expected a JSON object"),
        ({"spec": {"verifier": "v"}}, "field spec.top is missing"),
        (
            {"spec": FACTS | {"files": {"a": "no base64"}}},
            'field spec.files is {"a": "no base64"}; expected file names',
        ),
        ({"spec": FACTS | {"reserved": "tb"}}, 'field spec.reserved is "tb"; expected a list of strings'),
        ({"spec": FACTS | {"highest_level": "high"}}, 'field spec.highest_level is "high"; expected one of simulation'),
        ({"spec": FACTS | {"num_checks": "x"}}, 'field spec.num_checks is "x"; expected int or null'),
        ({"spec": FACTS | {"limits": {"cpu_s": 0, "wall_s": 1}}}, "limits.cpu_s is 0; give a positive number"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_with(tmp_path, **changes)


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(asdict(PROBLEM) | {"spec": FACTS}) + "\n\n{oops\n")
    with pytest.raises(UserError, match=r"bad\.jsonl line 3: not a JSON object"):
        list(read_problems(path))


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    with pytest.raises(UserError, match="holds no problems"):
        list(read_problems(path))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        list(read_problems(tmp_path / "none.jsonl"))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MissingError, match="cannot write"):
        write_problems([PROBLEM], tmp_path / "file" / "problems.jsonl")


def test_a_full_disk_is_one_line() -> None:
    with pytest.raises(MissingError, match="No space left on device"):
        write_problems([PROBLEM], Path("/dev/full"))
