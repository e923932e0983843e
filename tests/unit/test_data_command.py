"""`verireason data` as a user meets it, as far as no simulation is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from verireason.cli import main
from verireason.data.jsonl import read_problems


def test_generate_writes_as_many_problems_as_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "problems.jsonl"
    assert main(["data", "generate", "--num", "7", "--seed", "3", "--out", str(path)]) == 0
    assert len(list(read_problems(path))) == 7
    assert capsys.readouterr().out == f"7 problems in {path}\n"


def test_generate_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        main(["data", "generate", "--num", "5", "--seed", "3", "--phrasing", "terse", "--out", str(tmp_path / name)])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_families_and_levels_limit_the_choice(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    main(["data", "generate", "--num", "6", "--families", "adder,counter", "--levels", "1", "--out", str(path)])
    found = {(problem.category, problem.difficulty) for problem in read_problems(path)}
    assert found == {("adder", 1), ("counter", 1)}


def test_all_splits_together_include_families_that_train_has_not(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    main(["data", "generate", "--num", "96", "--split", "all", "--out", str(path)])
    assert {problem.split for problem in read_problems(path)} == {"train", "heldout-family"}


def test_an_unknown_family_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["data", "generate", "--num", "1", "--families", "adderr", "--out", str(tmp_path / "p")]
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("verireason: unknown family 'adderr'")


def test_a_benchmark_without_its_directory_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "validate", "--benchmark", "verilog-eval-v2"]) == 2
    assert capsys.readouterr().err == "verireason: --benchmark needs --root DIR, the directory of its checkout\n"


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["data", "generate", "--num", number, "--out", "p"])
    assert stopped.value.code == 2


def test_the_families_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "families"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len({line.split()[0] for line in lines[1:]}) >= 24


def test_a_directory_with_a_validation_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "validation.json").write_text("{}")
    assert main(["data", "validate", "--num", "1", "--out", str(tmp_path)]) == 2
    assert "already holds validation.json" in capsys.readouterr().err
