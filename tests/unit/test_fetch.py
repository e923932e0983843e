"""`verireason data get`: from a git repository that is really there, and one line when something is not."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import missing
from verireason.cli import main
from verireason.data.benchmarks import LOADERS
from verireason.data.fetch import PROVENANCE, fetch
from verireason.data.sources import PUBLISHED, Git, Hub, Published
from verireason.errors import MissingError, UserError


def git(directory: Path, *words: str) -> str:
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    done = subprocess.run(("git", *who, *words), cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits; only the first has a.txt."""
    if shutil.which("git") is None:
        missing("git is not installed")
    path = tmp_path / "upstream"
    path.mkdir()
    git(path, "init", "--quiet")
    for name in ("a.txt", "b.txt"):
        (path / "a.txt").unlink(missing_ok=True)
        (path / name).write_text(name)
        git(path, "add", "-A")
        git(path, "commit", "--quiet", "-m", name)
    return path


def published(source: Git | Hub) -> Published:
    return Published(name="n", what="w", source=source, licence="MIT", benchmarks=("n",))


def test_the_pinned_commit_is_what_comes_and_is_written_down(repository: Path, tmp_path: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD~1")
    out = tmp_path / "data" / "n"
    assert fetch(published(Git(url=repository.as_uri(), commit=commit)), out) == commit
    assert sorted(path.name for path in out.iterdir()) == ["a.txt", PROVENANCE]
    facts = json.loads((out / PROVENANCE).read_text())
    assert (facts["commit"], facts["licence"]) == (commit, "MIT")


def test_a_commit_that_is_not_there_leaves_nothing_behind(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="git could not fetch file://"):
        fetch(published(Git(url=repository.as_uri(), commit="0" * 40)), tmp_path / "data" / "n")
    assert list((tmp_path / "data").iterdir()) == []


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "n").mkdir()
    with pytest.raises(UserError, match="is there already"):
        fetch(published(Git(url="file:///nowhere", commit="0" * 40)), tmp_path / "n")


def test_without_a_network_the_error_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub")
    hub = Hub(name="n o t/a name", files=("*",))  # refused before anything is asked
    with pytest.raises(MissingError, match="could not be fetched") as caught:
        fetch(published(hub), tmp_path / "n")
    assert "\n" not in str(caught.value)


def test_the_next_command_is_printed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Git(url=repository.as_uri(), commit=git(repository, "rev-parse", "HEAD"))
    monkeypatch.setitem(PUBLISHED, "resbench", replace(PUBLISHED["resbench"], source=source))
    assert main(["data", "get", "resbench", "--out", str(tmp_path / "r")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == (
        f"next: verireason verify --benchmark resbench --root {tmp_path / 'r'} --completions FILE --out runs/resbench"
    )


def test_the_list_has_every_row_with_its_licence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "get", "--list"]) == 0
    out = capsys.readouterr().out
    assert all(f"{row.name} " in out and row.source.place in out for row in PUBLISHED.values())
    assert out.count("licence: ") == len(PUBLISHED)


def test_an_unknown_name_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "get", "nothing"]) == 2
    assert "unknown name 'nothing'; give one of verilog-eval-v1" in capsys.readouterr().err


def test_every_loader_has_a_source_and_every_source_a_loader() -> None:
    assert {name for row in PUBLISHED.values() for name in row.benchmarks} == set(LOADERS)
    commits = [row.source.commit for row in PUBLISHED.values() if isinstance(row.source, Git)]
    assert all(len(commit) == 40 and set(commit) <= set("0123456789abcdef") for commit in commits)
