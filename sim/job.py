"""The types that every box speaks: what to run, under which limits, and what came of it.

A job is plain data: files, then steps that run one after another in the same box. Nothing here knows what
the files mean. A candidate owns every byte of `stdout` and `stderr`, so neither is evidence by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one step may use. Every number is a ceiling, enforced by the kernel or by the box's runner."""

    cpu_s: float
    """CPU seconds of the step and its children, user and system together. The candidate's clock."""
    wall_s: float
    """Wall seconds. The host's clock: generous, since a loaded host must not turn into wrong answers."""
    mem_mb: int = 1024
    """Resident memory and scratch files of the whole box, in MiB."""
    output_kb: int = 256
    """Standard output and standard error, each, in KiB."""
    scratch_mb: int = 64
    """Scratch file system of the box, and the largest file in it, in MiB."""
    num_procs: int = 32
    """Processes and threads in the box."""

    def __post_init__(self) -> None:
        for name in ("cpu_s", "wall_s", "mem_mb", "output_kb", "scratch_mb", "num_procs"):
            if not getattr(self, name) > 0:
                raise ValueError(f"limits.{name} is {getattr(self, name)}; give a positive number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command. No shell: `argv` is handed to the kernel as it is."""

    argv: tuple[str, ...]
    limits: Limits
    warm: bool = False
    """A fork of the job's warm server runs `argv` as a function call instead of the kernel as a program."""
    evidence: bool = False
    """Give the step descriptor 3 to write `StepResult.evidence` to."""
    proceed_on: tuple[int, ...] = (0,)
    """Exit codes (0 to 31) after which the next step runs; any other end skips the rest."""
    drop: tuple[str, ...] = ()
    """Files of the job that are deleted before this step starts, so that it cannot read them."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Files and steps for one box.

    Example:
        Job(image="host", files={"a.v": b"module a; endmodule"},
            steps=(Step(argv=("iverilog", "-t", "null", "a.v"), limits=Limits(cpu_s=5, wall_s=20)),))
    """

    files: Mapping[str, bytes]
    """Plain names (no directories) and contents, written to the box's working directory."""
    steps: tuple[Step, ...]
    image: str
    """Digest of the root file system that the tools come from; part of the key."""
    server: str = "plain"
    """What waits in the box for jobs: a name from `sim.boxes.servers`. Only its warm steps depend on it."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the box's fixed environment."""
    urgent: bool = False
    """Run beside what else the host does instead of behind it. No part of the key: it changes when, and not what."""

    def __post_init__(self) -> None:
        for name in self.files:
            if not name or "/" in name or "\0" in name or name in {".", ".."} or len(name) > 255:
                raise ValueError(f"file name {name!r} in a job; give a plain name without a directory")
        if not self.steps:
            raise ValueError("a job without steps; give at least one")

    @cached_property
    def key(self) -> str:
        """Hash of all that can change the result: equal keys, equal jobs."""
        parts = [self.image.encode(), self.server.encode()]
        for name in sorted(self.files):
            parts += [name.encode(), self.files[name]]
        parts += [f"{name}={value}".encode() for name, value in sorted(self.env.items())]
        parts += [repr(step).encode() for step in self.steps]
        digest = hashlib.sha256()
        for part in parts:
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        return digest.hexdigest()


class Status(StrEnum):
    """How a step ended. A closed set."""

    EXITED = "EXITED"
    SIGNALLED = "SIGNALLED"
    CPU_LIMIT = "CPU_LIMIT"
    WALL_LIMIT = "WALL_LIMIT"
    MEMORY_LIMIT = "MEMORY_LIMIT"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one step did. The output is the candidate's word, capped at the step's limit."""

    status: Status
    code: int | None
    """Exit code for EXITED, signal number for SIGNALLED, else None."""
    stdout: bytes = b""
    stderr: bytes = b""
    evidence: bytes = b""
    """What came over descriptor 3, for a step that has one: capped like the output."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0
    """Largest resident set of any process of the step, in MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What came of a job: either one result per step, or `failure`, which is the farm's fault."""

    steps: tuple[StepResult, ...] = ()
    failure: str | None = None
    """Why the box could not answer; None when it did. Never the candidate's fault."""

    @property
    def cpu_s(self) -> float:
        """CPU seconds over all steps."""
        return sum(step.cpu_s for step in self.steps)

    @property
    def wall_s(self) -> float:
        """Wall seconds over all steps, without the box's own start."""
        return sum(step.wall_s for step in self.steps)


class Box(Protocol):
    """Runs one job at a time per call; safe to call from several threads."""

    image: str
    """Digest of the root file system whose tools the box runs."""

    def run(self, job: Job) -> JobResult:
        """Run the job and leave nothing behind. Farm failures are in the result; only bugs raise."""

    def close(self) -> None:
        """Release what the box holds on the host. May be called twice."""
