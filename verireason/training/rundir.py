"""A run is a directory, and one process at a time works in it.

config.json      resolved settings and their digest
versions.json    what computed the results: Python, packages, simulation image, tools, commit
metrics.jsonl    one line per step; seconds stand apart under "time", so the rest can be compared between runs
records.jsonl    every completion with its verdict and reward
checkpoints/     the last two; one without its marker was torn by a kill and is not used
adapter/         with [lora]: what was trained, as peft saves it; the model has it merged in
model/           the result, a model like any other, there only when the run is finished
"""

from __future__ import annotations

import errno
import fcntl
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verireason.config import Config, differences, read_config, write_config
from verireason.errors import MissingError, UserError
from verireason.training.models import LanguageModel

PACKAGES = ("verireason", "torch", "transformers", "trl", "accelerate", "datasets", "peft", "tokenizers", "numpy")
MARKER = "complete.json"
ASKED = "asked.json"
NUM_CHECKPOINTS_KEPT = 2
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDir:
    """The paths of a run."""

    path: Path

    @property
    def config(self) -> Path:
        """Resolved settings."""
        return self.path / "config.json"

    @property
    def versions(self) -> Path:
        """What computed the results."""
        return self.path / "versions.json"

    @property
    def metrics(self) -> Path:
        """One JSON line per step."""
        return self.path / "metrics.jsonl"

    @property
    def records(self) -> Path:
        """One JSON line per completion."""
        return self.path / "records.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Folder of checkpoint-STEP folders."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The trained model; complete when it is there."""
        return self.path / "model"

    @property
    def adapter(self) -> Path:
        """With `[lora]`: the adapter alone."""
        return self.path / "adapter"

    @property
    def has_run(self) -> bool:
        """Whether a run was started here."""
        return self.config.exists()

    @property
    def has_results(self) -> bool:
        """Whether a run here came so far that there is something to lose."""
        files = (self.metrics, self.records)
        return self.model.exists() or any(file.exists() and file.stat().st_size > 0 for file in files)


@contextmanager
def new_run(path: Path, config: Config, *, replace_unfinished: bool = False) -> Iterator[RunDir]:
    """Start a run in `path` and hold it until the block ends. One that came to nothing is replaced.

    replace_unfinished: start over where a run has left no model (for runs that are cheap and cannot be resumed).
    Raises UserError when the directory holds a run already or another process works in it.
    """
    run = RunDir(path=path)
    with _locked(run):
        if run.has_run:
            if run.model.exists() or (run.has_results and not replace_unfinished):
                raise UserError(_already_there(run))
            for name in (run.metrics, run.records, run.versions):
                name.unlink(missing_ok=True)
            shutil.rmtree(run.checkpoints, ignore_errors=True)
        write_config(config, run.config)
        yield run


@contextmanager
def resumed_run(path: Path, config: Config | None) -> Iterator[tuple[RunDir, Config]]:
    """Hold the run in `path` until the block ends, under the settings it was started with.

    config: what the user asks for now; None asks for nothing. Settings that cannot change a result are taken from it.
    Raises UserError when there is no run, another process works in it, or the settings differ, naming the differences.
    """
    run = RunDir(path=path)
    if not run.has_run:
        raise UserError(f"{path} holds no run to resume; start one without --resume")
    old = read_config(run.config)
    changed = differences(old, config) if config is not None else []
    if changed:
        raise UserError(
            f"{path} was started with another configuration: {'; '.join(changed)}; "
            "resume with the old one, or start a new run with another run.out"
        )
    with _locked(run):
        yield run, config or old


def write_versions(run: RunDir, versions: Mapping[str, Any]) -> list[str]:
    """Write versions.json at the first start. When it is there, leave it and return what differs from it, in words."""
    if not run.versions.exists():
        run.versions.write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")
        return []
    try:
        old = json.loads(run.versions.read_text(encoding="utf-8"))
    except ValueError:  # torn by a kill between creation and writing
        run.versions.unlink()
        return write_versions(run, versions)
    changed = [key for key in versions if old.get(key) != versions[key]]
    return [f"{key}: {old.get(key)} then, {versions[key]} now" for key in changed]


def versions_now(*, image: str | None, tools: Mapping[str, str]) -> dict[str, Any]:
    """What computes the results from here on: Python, packages, CPU, simulation image and tools, commit."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        **found,
        "machine": platform.machine(),
        "image": image,
        "tools": dict(tools),
        "commit": _commit(),
    }


def save_model(model: LanguageModel, run: RunDir, *, state_dict: Mapping[str, Any] | None = None) -> None:
    """Save the result. The name `model` appears when all of it is there, which says that the run is finished.

    state_dict: the weights, where the model in memory holds a part of them only. A model of peft is merged, in memory
    too, and its adapter saved beside it.
    """
    part = run.path / "model.part"
    shutil.rmtree(part, ignore_errors=True)
    with disk_errors(part):
        weights = model.model
        if hasattr(weights, "merge_and_unload"):
            weights.save_pretrained(run.adapter)
            weights = weights.merge_and_unload()
        weights.save_pretrained(part, **({} if state_dict is None else {"state_dict": state_dict}))
        model.tokenizer.save_pretrained(part)
        shutil.rmtree(run.model, ignore_errors=True)  # there when a finished run is resumed
        os.replace(part, run.model)


class MetricsLog:
    """Appends steps to metrics.jsonl, one whole line in one write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one step. MissingError when the disk is full."""
        data = json.dumps(line, allow_nan=False).encode() + b"\n"
        with disk_errors(self.path):
            if self._file.write(data) < len(data):
                # A disk with room for a part takes that part, and says so only at the next write.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self) -> None:
        """Make what was written outlive the machine."""
        with disk_errors(self.path):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Sync and let go. May be called twice."""
        if not self._file.closed:
            self.sync()
            self._file.close()


def truncate_metrics(path: Path, step: int) -> None:
    """Keep the lines of steps up to `step`; a line that a kill tore goes too. A missing file stays missing."""
    if not path.exists():
        return
    kept = []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            if json.loads(line)["step"] <= step and line.endswith(b"\n"):
                kept.append(line)
        except ValueError:
            break
    part = path.with_suffix(".part")
    part.write_bytes(b"".join(kept))
    os.replace(part, path)


def mark_complete(checkpoint: Path) -> None:
    """Say that a checkpoint is whole: its files, with sizes, once they have reached the disk."""
    sizes = {}
    for file in sorted(checkpoint.iterdir()):
        if file.is_file() and file.name != MARKER:
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
            sizes[file.name] = file.stat().st_size
    part = checkpoint / (MARKER + ".part")
    part.write_text(json.dumps(sizes, indent=2), encoding="utf-8")
    os.replace(part, checkpoint / MARKER)


def is_complete(checkpoint: Path) -> bool:
    """Whether a checkpoint has its marker and every file that it lists at the size that it lists."""
    try:
        sizes = json.loads((checkpoint / MARKER).read_text(encoding="utf-8"))
        return all((checkpoint / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def write_asked(checkpoint: Path, state: Mapping[str, Any]) -> None:
    """Keep what was asked so far in a checkpoint."""
    with disk_errors(checkpoint):
        (checkpoint / ASKED).write_text(json.dumps(state), encoding="utf-8")


def read_asked(checkpoint: Path) -> dict[str, Any]:
    """What was asked up to a checkpoint. UserError for one of an older version, which has no such file."""
    try:
        return json.loads((checkpoint / ASKED).read_text(encoding="utf-8"))  # type: ignore[no-any-return]  # ours
    except FileNotFoundError as err:
        raise UserError(
            f"{checkpoint}: found no {ASKED}, which says what was asked; an older version made this checkpoint: "
            "go on with that one, or start a new run"
        ) from err


def last_checkpoint(run: RunDir) -> tuple[Path | None, int]:
    """The newest whole checkpoint and its step; (None, 0) when there is none. Later ones, all torn, are deleted."""
    found = sorted(run.checkpoints.glob("checkpoint-*"), key=_step_of, reverse=True)
    for checkpoint in found:
        if is_complete(checkpoint):
            return checkpoint, _step_of(checkpoint)
        shutil.rmtree(checkpoint)
    return None, 0


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk into one line for the user, whoever met it."""
    try:
        yield
    except Exception as err:  # torch, safetensors and the system each raise a type of their own
        why = _full_disk(err, path)
        if why is None:
            raise
        raise MissingError(
            f"cannot write to {path}: {why}; make room, then resume; what was written before is whole"
        ) from err


def _full_disk(err: Exception, path: Path) -> str | None:
    """What the system calls it when `err` comes from a full disk; None for any other error."""
    if isinstance(err, OSError) and err.errno in _DISK_FULL:
        return err.strerror
    for code in _DISK_FULL:
        if os.strerror(code) in str(err):  # safetensors quotes the system
            return os.strerror(code)
    if "unexpected pos" in str(err) and shutil.disk_usage(path).free < 1 << 20:  # all that torch says
        return os.strerror(errno.ENOSPC)
    return None


@contextmanager
def _locked(run: RunDir) -> Iterator[None]:
    """Hold the directory by a lock that ends with the process."""
    try:
        run.path.mkdir(parents=True, exist_ok=True)
        file = (run.path / ".lock").open("a+")
    except OSError as err:
        raise UserError(f"cannot use {run.path} for a run: {err.strerror}; choose another run.out") from err
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise UserError(f"another process is at work in {run.path}; wait for it or choose another run.out") from err
        yield


def _already_there(run: RunDir) -> str:
    if run.model.exists():
        return f"{run.path} already holds a finished run; choose another run.out or remove it"
    return f"{run.path} already holds a run; continue it with --resume {run.path} or choose another run.out"


def _step_of(checkpoint: Path) -> int:
    digits = checkpoint.name.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else -1


def _commit() -> str | None:
    """The commit of the checkout that this code is in, with "+" when it has changes; None outside one."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return described.stdout.strip() or None
