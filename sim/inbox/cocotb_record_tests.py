"""What can be said of a harness's test modules before any simulation: whether they can be used. In boxes only."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from sim.inbox import guard
from sim.inbox.ports import input_names

_INCLUDE = re.compile(r"^[ \t]*`include\b.*$", re.MULTILINE)


class TestModules:
    """The test modules in one directory."""

    def __init__(self, directory: Path, root: Path) -> None:
        self._directory = directory
        self._root = root
        self._known: dict[str, list[str]] = {}

    def faults(self, run: Mapping[str, Any]) -> list[str]:
        """What keeps the modules of a run from being used."""
        os.environ.update(run["env"])
        return [fault for name in run["modules"] for fault in self._of_module(name)]

    def _of_module(self, name: str) -> list[str]:
        if name not in self._known:
            self._known[name] = self._look(name)
        return self._known[name]

    def _look(self, name: str) -> list[str]:
        path = self._directory / f"{name}.py"
        if not path.is_file():
            return [f"there is no test module {name}"]
        try:
            tree = ast.parse(path.read_text())
        except SyntaxError as err:
            return [f"its test module {name} is not Python: {err.msg} in line {err.lineno}"]
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and f"{self._root}/" in node.value:
                return [f"its test module {name} reads {node.value.replace(str(self._root), '')}"]
        try:
            import_module(name)
        except ImportError as err:
            return [f"its test module {name} cannot be imported: {err}"]
        except Exception:  # outside a simulation a module may well fail; in one it need not
            pass
        return []


def input_ports(root: Path, run: Mapping[str, Any]) -> list[str] | None:
    """Input ports of a run's top, as the files that are there define it."""
    found = input_names(_text(root, run, run["sources"]), (run["top"],))
    return None if found is None else sorted(found)


def reaching(root: Path, run: Mapping[str, Any], *, wanted: Collection[str]) -> list[str]:
    """What the guard would reject in files that no answer writes: with them no design could pass."""
    own = [name for name in run["sources"] if name not in wanted]
    if not own:
        return []
    text = _INCLUDE.sub("", _text(root, run, own))
    findings = guard.examine(text, top=run["top"], reserved=frozenset()).findings
    return [f"its own files hold {each.kind}: {each.text}" for each in findings if not each.neutralised][:1]


def _text(root: Path, run: Mapping[str, Any], names: Iterable[str]) -> str:
    texts = [_place(root, name).read_text() for name in names if _place(root, name).is_file()]
    return "".join(f"`define {name} {value}\n" for name, value in run["defines"].items()) + "\n".join(texts)


def _place(root: Path, name: str) -> Path:
    return root / "src" / name.removeprefix("src:") if name.startswith("src:") else root / "code" / name
