"""Bad input for every loader by name: one line that names the file, and the line where there are lines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.rtl_data_sets import (
    codev_line,
    resbench,
    resyn_row,
    veri_reason_row,
    verithoughts_row,
    write_lines,
)
from verireason.data.benchmarks import LOADERS, read_benchmark
from verireason.errors import UserError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks"
SharedData = Callable[[str], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A sound copy of a benchmark that a test may damage."""

    root: Path
    file: Path
    """One of its files, of the kind that a broken download would cut short."""


def _copied(tmp_path: Path, source: Path, file: str) -> Copy:
    root = tmp_path / source.name
    shutil.copytree(source, root)
    return Copy(root=root, file=root / file)


def _made(tmp_path: Path, file: str, *rows: object) -> Copy:
    root = write_lines(tmp_path / "made" / file, rows)
    return Copy(root=root, file=root / file)


def _verilog_eval(tmp_path: Path, shared_data: SharedData, dataset: str) -> Copy:
    """A few problems of v2."""
    (tmp_path / "v2" / dataset).mkdir(parents=True)
    for path in (shared_data("verilog-eval-v2") / dataset).glob("Prob00*"):
        shutil.copy(path, tmp_path / "v2" / dataset)
    return Copy(root=tmp_path / "v2", file=tmp_path / "v2" / dataset / "Prob001_zero_test.sv")


def _rtllm_v1(tmp_path: Path, shared_data: SharedData) -> Copy:
    """A design of v2.0, one directory deep."""
    design = shared_data("rtllm-v2") / "Arithmetic" / "Adder" / "adder_8bit"
    shutil.copytree(design, tmp_path / "v1" / design.name)
    return Copy(root=tmp_path / "v1", file=tmp_path / "v1" / design.name / "testbench.v")


def _resbench(tmp_path: Path) -> Copy:
    (tmp_path / "problems.json").write_text(json.dumps(resbench()))
    return Copy(root=tmp_path, file=tmp_path / "problems.json")


def _cvdp(tmp_path: Path, shared_data: SharedData, kind: str) -> Copy:
    name = f"cvdp_v1.1.0_example_{kind}_code_generation_no_commercial.jsonl"
    (tmp_path / "cvdp").mkdir()
    shutil.copy(shared_data("cvdp-examples") / "example_dataset" / name, tmp_path / "cvdp")
    return Copy(root=tmp_path / "cvdp", file=tmp_path / "cvdp" / name)


COPIES: dict[str, Callable[[Path, SharedData], Copy]] = {
    "rtllm-v1.1": _rtllm_v1,
    "rtllm-v2": lambda path, data: _copied(path, data("rtllm-v2"), "Arithmetic/Adder/adder_8bit/testbench.v"),
    "verilog-eval-v2": lambda path, data: _verilog_eval(path, data, "dataset_spec-to-rtl"),
    "verilog-eval-v2-code-complete": lambda path, data: _verilog_eval(path, data, "dataset_code-complete-iccad2023"),
    "verilog-eval-v1-human": lambda path, data: _copied(path, data("verilog-eval-v1"), "data/VerilogEval_Human.jsonl"),
    "verilog-eval-v1-machine": lambda path, data: _copied(
        path, data("verilog-eval-v1"), "data/VerilogEval_Machine.jsonl"
    ),
    "cvdp": lambda path, data: _cvdp(path, data, "nonagentic"),
    "cvdp-agentic": lambda path, data: _cvdp(path, data, "agentic"),
    "resbench": lambda path, data: _resbench(path),
    "veri-reason": lambda path, data: _made(path, "train.jsonl", veri_reason_row(1), veri_reason_row(2)),
    "codev-r1": lambda path, data: _made(path, "codev-r1.jsonl", codev_line("a"), codev_line("b")),
    "rtlcoder": lambda path, data: _made(path, "Resyn27k.json", resyn_row(), resyn_row()),
    "verithoughts": lambda path, data: _made(path, "train.jsonl", verithoughts_row(), verithoughts_row()),
    "humaneval": lambda path, data: _made(
        path,
        "HumanEval.jsonl",
        *(
            {"task_id": f"H/{n}", "prompt": 'def f():\n    """One."""\n', "canonical_solution": "    return 1\n", "entry_point": "f",
             "test": "def check(candidate):\n    assert candidate() == 1\n"}
            for n in range(2)
        ),
    ),
    "humanevalplus": lambda path, data: _copied(path, FIXTURES / "humanevalplus", "HumanEvalPlus.jsonl"),
    "mbpp": lambda path, data: _copied(path, FIXTURES / "mbpp", "mbpp.jsonl"),
    "mbpp-sanitized": lambda path, data: _copied(path, FIXTURES / "mbpp", "sanitized-mbpp.json"),
    "mbppplus": lambda path, data: _copied(path, FIXTURES / "mbppplus", "MbppPlus.jsonl"),
    "apps": lambda path, data: _copied(path, FIXTURES / "apps", "test.jsonl"),
    "taco": lambda path, data: _copied(path, FIXTURES / "taco", "test.jsonl"),
    "livecodebench": lambda path, data: _copied(path, FIXTURES / "livecodebench", "test.jsonl"),
    "codecontests": lambda path, data: _copied(path, FIXTURES / "codecontests", "test.jsonl"),
    "bigcodebench": lambda path, data: _copied(path, FIXTURES / "bigcodebench", "v0.1.4.jsonl"),
    "prime-code": lambda path, data: _copied(path, FIXTURES / "prime-code", "train.jsonl"),
    "deepcoder": lambda path, data: _copied(path, FIXTURES / "deepcoder", "taco/train.jsonl"),
    "open-r1-code": lambda path, data: _copied(path, FIXTURES / "open-r1-code", "train.jsonl"),
    "kodcode": lambda path, data: _copied(path, FIXTURES / "kodcode", "train.jsonl"),
}  # fmt: skip
WITH_IDS = (
    "apps", "bigcodebench", "codev-r1", "cvdp", "cvdp-agentic", "humaneval", "humanevalplus", "kodcode",
    "livecodebench", "mbpp", "mbppplus", "open-r1-code", "veri-reason", "verilog-eval-v1-human",
    "verilog-eval-v1-machine",
)  # fmt: skip
"""Of JSON lines with ids of their own; of the others, a row that stands twice is two problems."""


@pytest.fixture(params=sorted(LOADERS))
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def copy(name: str, tmp_path: Path, shared_data: SharedData) -> Copy:
    return COPIES[name](tmp_path, shared_data)


def error_of(name: str, root: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_benchmark(name, root)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_sound_copy_loads(name: str, copy: Copy) -> None:
    assert read_benchmark(name, copy.root).problems


def test_a_directory_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    assert str(tmp_path / "none") in error_of(name, tmp_path / "none")


def test_a_directory_of_something_else_is_named_with_what_was_expected(name: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("something else")
    message = error_of(name, tmp_path)
    assert str(tmp_path) in message
    assert "give" in message


def test_a_file_that_was_cut_short_is_named(name: str, copy: Copy) -> None:
    content = copy.file.read_bytes().rstrip()
    is_json = copy.file.suffix in (".jsonl", ".json")
    copy.file.write_bytes(content[:-20] if is_json else b"")
    message = error_of(name, copy.root)
    assert str(copy.file) in message
    if copy.file.suffix == ".jsonl":
        line = content.count(b"\n") + 1
        assert f"{copy.file}:{line}: not JSON" in message
    elif is_json:
        assert "not JSON" in message


@pytest.mark.parametrize("name", WITH_IDS)
def test_a_problem_that_is_there_twice_is_named(name: str, copy: Copy) -> None:
    lines = copy.file.read_bytes().rstrip(b"\n").split(b"\n")
    copy.file.write_bytes(b"\n".join([*lines, lines[-1]]) + b"\n")
    assert f"{copy.file}:{len(lines) + 1}" in error_of(name, copy.root)
