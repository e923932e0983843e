"""Runs a published harness once with nothing to simulate, and writes down what it would build and run. In boxes only.

`cocotb_tools.runner` is the real one but for the two methods that would start a simulator: they note their arguments.
What a note cannot stand for is a fault: a command that the harness starts itself, a log that it reads, a simulator or
an option that is not known here. Descriptor 3 gets one JSON object: {"runs": [...], "faults": [...]}.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.inbox.cocotb_record_runner import Recorder
from sim.inbox.cocotb_record_tests import TestModules, input_ports, reaching

FD = 3
REQUEST = "harness.json"
MAX_FAULT = 300
_PLACES = re.compile(r"(?<![\w./])/(code|src|rundir)(?=/|\b)")
_STARTING = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn"}
_NOT_OURS = ("PYTHON", "LD_", "PYTEST_", "PYGPI", "GPI_", "COCOTB_TEST")
"""How names start that are not passed on to the tests."""


def main() -> None:
    """Record every service of the request in a process of its own, one after another."""
    asked = json.loads(Path(REQUEST).read_text())
    root = Path.cwd()
    write_tree(root, asked["files"])
    for service in asked["services"]:
        child = os.fork()
        if child == 0:
            try:
                _record(root, service, asked)
            finally:
                os._exit(0)
        os.waitpid(child, 0)


def write_tree(root: Path, files: Mapping[str, str]) -> None:
    """Files below `root`; in Python, paths of the published container are turned into those below it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(moved(text, root) if name.endswith(".py") else text)
    (root / "code" / "rundir").mkdir(parents=True, exist_ok=True)


def moved(text: str, root: Path) -> str:
    """The text with /code, /src and /rundir below `root`."""
    return _PLACES.sub(rf"{root}/\1", text)


def _record(root: Path, service: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    os.chdir(root / "code" / "rundir")
    before = dict(os.environ)
    os.environ.update({name: moved(value, root) for name, value in service["environment"].items()})
    sys.path[:0] = [str(root / "src"), *filter(None, os.environ.get("PYTHONPATH", "").split(":"))]
    random.seed(asked["seed"])
    recorder = Recorder(root=root, environment=lambda: _added(before, root))
    recorder.install()
    watch = _Watch(root)
    sys.addaudithook(watch.note)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        faults = _run(service, root)
    watch.active = False
    faults = [*watch.faults, *recorder.faults, *faults]
    if not recorder.runs and not faults:
        faults = ["it starts no simulation"]
    if not faults:
        modules = TestModules(root / "src", root)
        faults = [fault for run in recorder.runs for fault in modules.faults(run)]
        faults += [fault for run in recorder.runs for fault in reaching(root, run, wanted=asked["wanted"])]
    for run in recorder.runs:
        run["inputs"] = input_ports(root, run) if asked["with_golden"] else None
    _write({"runs": recorder.runs, "faults": [fault[:MAX_FAULT] for fault in dict.fromkeys(faults)]})


def _run(service: Mapping[str, Any], root: Path) -> list[str]:
    """What went wrong as the harness ran."""
    scripts = [str(root / "src" / name) for name in service["scripts"]]
    try:
        if service["program"] == "pytest":
            return _run_pytest(scripts, root)
        runpy.run_path(scripts[0], run_name="__main__")
    except BaseException as err:  # whatever ends a harness, SystemExit too, is why it cannot be recorded
        return [f"it ends with {type(err).__name__}: {err}"]
    return []


def _run_pytest(scripts: list[str], root: Path) -> list[str]:
    import pytest

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    told = _Told()
    code = pytest.main(["-q", "-p", "no:cacheprovider", f"--rootdir={root / 'src'}", *scripts], plugins=[told])
    if told.failures or code not in (0, 1):
        return told.failures or [f"pytest ends with code {int(code)}"]
    return []


class _Told:
    """A plugin that keeps why tests failed."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self._keep(report)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._keep(report)

    def _keep(self, report: Any) -> None:
        crash = getattr(report.longrepr, "reprcrash", None)
        text = crash.message if crash else str(report.longrepr).strip().rpartition("\n")[2]
        self.failures.append(f"its {report.nodeid.rpartition('/')[2]} fails: {text.strip().partition(chr(10))[0]}")


class _Watch:
    """An audit hook: commands that the harness starts, and files of the design or of the run that it reads."""

    def __init__(self, root: Path) -> None:
        self.active = True
        self.faults: list[str] = []
        self._code = f"{root}/code/"
        self._written: set[str] = set()

    def note(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event in _STARTING:
            self.faults.append(f"it starts a command of its own: {_words(event, args)}")
        elif event == "open" and isinstance(args[0], str | os.PathLike):
            path = os.path.abspath(os.fspath(args[0]))
            if isinstance(path, str) and path.startswith(self._code) and not path.endswith("results.xml"):
                self._note_file(path, args)

    def _note_file(self, path: str, args: tuple[Any, ...]) -> None:
        mode, flags = args[1], args[2]
        if (isinstance(mode, str) and set(mode) & set("wax")) or (mode is None and flags & (os.O_WRONLY | os.O_RDWR)):
            self._written.add(path)
        elif path not in self._written and not os.path.isdir(path):
            self.faults.append(f"it reads {path.removeprefix(self._code)}")


def _words(event: str, args: tuple[Any, ...]) -> str:
    command = args[1] if event == "subprocess.Popen" else args[0]
    if isinstance(command, list | tuple):
        command = " ".join(map(str, command))
    text = command.decode(errors="replace") if isinstance(command, bytes) else str(command)
    return text.removeprefix("/bin/sh -c ")[:100]


def _added(before: Mapping[str, str], root: Path) -> dict[str, str]:
    """What the service and the harness added to the environment."""
    return {
        name: value.replace(f"{root}/", "/")
        for name, value in os.environ.items()
        if before.get(name) != value and not name.startswith(_NOT_OURS)
    }


def _write(what: Mapping[str, Any]) -> None:
    data = json.dumps(what).encode() + b"\n"
    while data:
        data = data[os.write(FD, data) :]


if __name__ == "__main__":
    main()
