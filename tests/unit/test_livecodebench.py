"""LiveCodeBench from its published layout; its packed tests are read without running a pickle."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from sim.inbox.values import decode
from sim.python.suite import read_suite
from verireason.data import livecodebench
from verireason.data.livecodebench import unpack, unpickle_text
from verireason.errors import UserError
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks" / "livecodebench"
CASE = {"input": "1", "output": "1", "testtype": "stdin"}
ROW = {
    "question_id": "1_A",
    "question_content": "Print 1.",
    "platform": "codeforces",
    "contest_date": "2024-01-31T00:00:00",
    "starter_code": "",
    "difficulty": "easy",
    "public_test_cases": json.dumps([CASE]),
    "private_test_cases": "[]",
    "metadata": "{}",
}


def pack(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    return {problem.id: problem for problem in livecodebench.load(FIXTURES).problems}


def test_all_releases_are_read(problems: dict[str, Problem]) -> None:
    assert list(problems) == ["abc900_a", "9001", "900_B"]


def test_public_and_private_tests_are_both_there_under_their_names(problems: dict[str, Problem]) -> None:
    suite = read_suite(problems["900_B"].spec.testbench)
    assert [(test.id, test.stdin, test.expected) for test in suite.stdio] == [
        ("public-0", "2\n1\n4\n", "0.5\n2\n"), ("private-0", "1\n7\n", "3.5\n"),
    ]  # fmt: skip
    assert suite.comparator.name == "lines@1"


def test_an_argument_of_a_function_is_a_line_of_json(problems: dict[str, Problem]) -> None:
    suite = read_suite(problems["9001"].spec.testbench)
    assert suite.entry == problems["9001"].spec.top == "Solution.longer"
    assert [(decode(test.args), decode(test.expected)) for test in suite.calls] == [
        ([["a", "abc"], 1], ["abc"]), ([[], 5], []), ([["xy"], 0], ["xy"]),
    ]  # fmt: skip
    assert suite.comparator.name == "lcb-call@1"


def test_the_category_is_the_month_of_the_contest(problems: dict[str, Problem]) -> None:
    assert [problem.category for problem in problems.values()] == ["2023-08", "2024-02", "2024-02"]
    assert [problem.difficulty for problem in problems.values()] == [1, 2, 3]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("text", ["", "short", "ä" * 300, "long " * 20_000])
def test_a_packed_text_comes_back(protocol: int, text: str) -> None:
    assert unpack(pack(pickle.dumps(text, protocol=protocol))) == text


def test_the_private_tests_of_a_published_problem_are_read() -> None:
    packed = (  # 1873_A, as in an issue of the benchmark's repository
        "eJxrYJmaz8gABhEZQEZ0tVJmXkFpiZKVgpJhTF5iUnJMnpKOglJ+aQlUNNI1GCJUklpcUlJZkAoSLC5JycxTqtVRQNJuDNWOILAYhCCIMdI0Ji85"
        "MQloWjKQSE5KjMlLSgSam5SciG64nz+y2WACJESMJWYY7ibFG8T5KnaKHgAcinnp"
    )
    cases = json.loads(unpack(packed))
    assert len(cases) == 4
    assert cases[0] == {"input": "1\nabc\n", "output": "YES\n", "testtype": "stdin"}


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("verireason_escape",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps(Evil()), "a pickle of more than one text (it has "),
        (pickle.dumps([json.dumps([CASE])]), "a pickle of more than one text (it has EMPTY_LIST)"),
        (pickle.dumps(b"[]"), "a pickle of more than one text (it has SHORT_BINBYTES)"),
        (pickle.dumps(7), "a pickle of more than one text (it has BININT1)"),
        (b"cos\nsystem\n(S'true'\ntR.", "a pickle of more than one text (it has GLOBAL)"),
        (b"\x80\x04\x8c\x01a\x8c\x01b.", "(it has 2 texts)"),
        (b"\x80\x04.", "(it has 0 texts)"),
        (b"\x80\x04\x8c\x05ab", "no pickle of a text (expected 5 bytes in a unicodestring1"),
        (b"\x80\x04\x8c\x01a", "no pickle of a text (pickle exhausted before seeing STOP)"),
        (b"\x80\x04\x8c\x01\xff.", "no pickle of a text ('utf-8' codec"),
        (b"[]", "no pickle of a text (at position 0, opcode b'[' unknown)"),
        (b"\x80\x04\x8c\x01a" + b"\x94" * 999, "(it has 1 texts)"),
        (b"", "no pickle of a text (pickle exhausted before seeing STOP)"),
    ],
)
def test_a_pickle_of_anything_else_is_not_run(
    data: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="pickle") as raised:
        unpickle_text(data)
    assert message in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livecodebench, "MAX_UNPACKED", 1 << 20)
    with pytest.raises(ValueError, match="more than 1 MiB when unpacked"):
        unpack(pack(b"\x80\x04" + b"0" * (50 << 20)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"private_test_cases": "%%%"}, "field private_test_cases: neither JSON nor base64 of zlib ("),
        ({"private_test_cases": pack(b"x")[:-4]}, "field private_test_cases: "),
        ({"private_test_cases": pack(pickle.dumps(Evil()))}, "a pickle of more than one text"),
        ({"private_test_cases": pack(pickle.dumps("not json"))}, "field private_test_cases: Expecting value"),
        ({"private_test_cases": pack(pickle.dumps('{"a": 1}'))}, "field private_test_cases is not a list of objects"),
        ({"private_test_cases": "[1"}, "field private_test_cases: Expecting ',' delimiter"),
        ({"private_test_cases": None}, "field private_test_cases is null; expected a text"),
        ({"public_test_cases": '[{"input": 1}]'}, "field public_test_cases is not a list of objects with the texts"),
        ({"public_test_cases": "{"}, "field public_test_cases is not JSON"),
        ({"public_test_cases": json.dumps([CASE, {**CASE, "testtype": "functional"}])}, "its tests are of 2 types"),
        ({"public_test_cases": json.dumps([{**CASE, "testtype": "functional"}])}, "and metadata has no func_name"),
        ({"contest_date": "yesterday"}, "contest_date is 'yesterday'; expected 2024-01-31T00:00:00"),
        ({"question_id": 3}, "field question_id is an int; expected a text"),
    ],
)
def test_a_bad_row_is_one_line_that_names_file_and_line(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    (tmp_path / "test.jsonl").write_text(json.dumps({**ROW, **change}))
    with pytest.raises(UserError) as raised:
        livecodebench.load(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'test.jsonl'}:1: ")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_same_problem_in_two_releases_is_an_error(tmp_path: Path) -> None:
    for name in ("test.jsonl", "test2.jsonl"):
        (tmp_path / name).write_text(json.dumps(ROW))
    with pytest.raises(UserError, match=r"test2\.jsonl:1: problem 1_A is at .*test\.jsonl:1 already"):
        livecodebench.load(tmp_path)
