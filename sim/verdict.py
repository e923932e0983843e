"""What is judged, against what, and what we conclude: candidate, spec, verdict.

A verdict is data. The candidate's fault is an outcome; the farm's fault is UNJUDGED; our fault never gets here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sim.job import Limits


class Outcome(StrEnum):
    """The closed set of conclusions."""

    PASS = "PASS"
    MISMATCH = "MISMATCH"
    """RTL: ran, and some output differed or the run ended before the testbench did."""
    WRONG = "WRONG"
    """Python: ran, and some answer differed. No verifier gives it yet."""
    COMPILE_ERROR = "COMPILE_ERROR"
    CRASH = "CRASH"
    TIMEOUT = "TIMEOUT"
    MEMORY = "MEMORY"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    REJECTED = "REJECTED"
    """The guard found something that honest code has no use for."""
    NO_CODE = "NO_CODE"
    """The completion held no code to judge."""
    UNJUDGED = "UNJUDGED"
    """The farm failed. No reward, no part in any rate, counted beside it."""


class Severity(StrEnum):
    """How bad a diagnostic is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Code taken from a completion. Hostile text."""

    source: str
    language: str = "verilog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a candidate is judged against. Trusted text, written by us or by a benchmark.

    For verifier "verilog-testbench", see `sim.hdl.testbench` for the placeholders that the texts use.
    """

    verifier: str
    top: str
    """Module that the candidate must define."""
    testbench: str
    reference: str
    """The golden, its top module renamed to the reference placeholder."""
    num_checks: int | None = None
    """Samples that a full run compares; None when only a run of the golden can tell."""
    limits: Limits = field(default_factory=lambda: Limits(cpu_s=10, wall_s=60))


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One message for a person or a model."""

    severity: Severity
    message: str
    line: int | None = None
    """Line of the candidate's own source, from 1; None when the message is about no line of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputMismatch:
    """How often one output port differed from the golden's."""

    name: str
    num_mismatches: int
    first_time: int | None
    """Simulation time of the first difference, in the testbench's unit; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFailure:
    """The first check that failed. Values are binary digits as the simulator prints them, x and z included."""

    signal: str
    time: int
    expected: str
    got: str
    inputs: str
    """The inputs at that time, as "a=01 b=1"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What we conclude about one candidate.

    Example:
        Verdict(outcome=Outcome.MISMATCH, num_passed=90, num_tests=100, job_key="5e1f...")
    """

    outcome: Outcome
    num_passed: int | None = None
    """Checks that agreed; None when nothing was checked."""
    num_tests: int | None = None
    """Checks that a full run makes: those that were sent, not those that answered."""
    outputs: tuple[OutputMismatch, ...] = ()
    first_failure: FirstFailure | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    similarity: float | None = None
    """Structural similarity to the golden in [0, 1]; None when it was not measured."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Tool name to version."""
    image: str | None = None
    job_key: str | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether every check of a full run agreed."""
        return self.outcome is Outcome.PASS

    @property
    def compiled(self) -> bool:
        """Whether the tools accepted the candidate."""
        return self.outcome in COMPILED


COMPILED = frozenset(
    {
        Outcome.PASS,
        Outcome.MISMATCH,
        Outcome.WRONG,
        Outcome.CRASH,
        Outcome.TIMEOUT,
        Outcome.MEMORY,
        Outcome.OUTPUT_LIMIT,
    }
)
"""Outcomes of candidates that got as far as running."""
