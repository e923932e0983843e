"""A benchmark's own harness: its files as published, its commands and its rule, run in our boxes.

For comparison only: they believe what the candidate prints. Where the published flow gives a run 30 s of wall time,
ours gives it 30 s of CPU, so that a busy host changes nothing; memory and output are bounded, which the published are
not; `vvp` never waits for a person, who in the published flow of v2 would be asked at a `$stop`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sim.job import Job, JobResult, Limits, Status, Step
from verireason.errors import MissingError

PUBLISHED_S = 30
"""Seconds after which VerilogEval's flows, both of them, end a simulation."""
ICARUS = ("iverilog", "-Wall", "-Winfloop", "-Wno-timescale", "-g2012")
"""VerilogEval's flags, of both versions."""
PROGRAM = "test.vvp"

_ENDED_BY_TIME = frozenset({Status.CPU_LIMIT, Status.WALL_LIMIT, Status.OUTPUT_LIMIT})
"""What ends a run that would have gone on for the published flow's whole time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What a harness has to judge by."""

    errors: str
    """Standard error of compiler and simulation."""
    compiled: bool
    output: str
    """Standard output of the simulation."""
    timed_out: bool
    code: str
    """The candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a harness concludes.

    Example:
        Ruling(passed=False, right=True, why="warnings", num_samples=439)
    """

    passed: bool
    right: bool
    """Whether its testbench found no difference, whatever else the rule asks for."""
    why: str
    """The harness's own word for it."""
    letter: str | None = None
    """VerilogEval v2's; None for harnesses without letters."""
    num_mismatches: int | None = None
    """None when the run did not report any number."""
    num_samples: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a harness said about one candidate."""

    ruling: Ruling
    log: Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """How one benchmark judges a problem's answers."""

    files: Mapping[str, bytes]
    candidate_file: str
    compile_argv: tuple[str, ...]
    rule: Callable[[Log], Ruling]
    before: str = ""
    """What stands before the candidate in its file."""
    other_order: tuple[str, ...] | None = None
    """The compiler's command with the candidate behind the benchmark's files; None where it is there anyway."""
    time_s: int = PUBLISHED_S

    def job(self, source: str, *, image: str) -> Job:
        """The job that judges one candidate."""
        text = (self.before + source).encode(errors="replace") + b"\n"
        limits = Limits(cpu_s=self.time_s, wall_s=10 * self.time_s, output_kb=1024)
        return Job(
            image=image,
            files={**self.files, self.candidate_file: text},
            steps=(
                Step(argv=self.compile_argv, limits=limits),
                Step(argv=("vvp", "-n", PROGRAM), limits=limits),
            ),
        )

    def judge(self, source: str, result: JobResult) -> Published:
        """What came of it. Raises MissingError for a failure of the farm, after which there is nothing to compare."""
        if result.failure is not None:
            raise MissingError(f"the farm could not run the published harness: {result.failure}; run it again")
        compiled, simulated = result.steps
        log = Log(
            errors=_text(compiled.stderr) + _text(simulated.stderr),
            compiled=compiled.status is Status.EXITED and compiled.code == 0,
            output=_text(simulated.stdout),
            timed_out=any(step.status in _ENDED_BY_TIME for step in (compiled, simulated)),
            code=source,
        )
        return Published(ruling=self.rule(log), log=log)

    def reordered(self) -> Harness | None:
        """The same with the candidate behind the benchmark's files, as in our own runs; None where it is there."""
        return replace(self, compile_argv=self.other_order, other_order=None) if self.other_order else None


def _text(stream: bytes) -> str:
    return stream.decode(errors="replace")
