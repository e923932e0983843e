"""The README tells the truth about the tree."""

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"


def tree_in_readme() -> list[str]:
    """Paths named in the annotated tree: two spaces of indentation a level, a folder's name ends with a slash."""
    block = re.search(r"```tree\n(.*?)```", README.read_text(), re.DOTALL)
    assert block, "README.md has no ```tree block"
    paths, folders = [], [""]
    for line in block[1].splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        path = folders[depth] + name
        paths.append(path)
        if name.endswith("/"):
            folders[depth + 1 :] = [path]
    return paths


def tracked_files() -> set[str]:
    done = subprocess.run(("git", "ls-files"), cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return set(done.stdout.splitlines())


def test_everything_in_the_readmes_tree_exists() -> None:
    assert [path for path in tree_in_readme() if not (REPOSITORY / path).exists()] == []


def test_every_top_level_entry_and_every_module_folder_is_in_the_readmes_tree() -> None:
    named = set(tree_in_readme())
    files = tracked_files()
    folders = {
        f"{'/'.join(parts[:depth])}/"
        for file in files
        for parts in [file.split("/")[:-1]]
        for depth in (1, 2)
        if depth <= len(parts)
    }
    wanted = {
        folder for folder in folders if not folder.startswith(("tests/", "docs/", ".ci/")) or folder.count("/") == 1
    }
    wanted |= {file for file in files if "/" not in file and not file.startswith(".")}
    assert sorted(wanted - named) == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (REPOSITORY / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_nothing_tracked_names_a_private_path() -> None:
    words = ("/" + "work/", "/tmp/" + "img")
    bad = []
    for file in tracked_files():
        path = REPOSITORY / file
        if path.is_file() and any(word in path.read_text(errors="ignore") for word in words):
            bad.append(file)
    assert bad == []
