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
    """Python: ran, and some answer differed."""
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


class Simulator(StrEnum):
    """What runs a testbench."""

    ICARUS = "icarus"
    VERILATOR = "verilator"


class Level(StrEnum):
    """How much a PASS asks for."""

    SIMULATION = "simulation"
    """Every check of the testbench agrees."""
    NETLIST = "netlist"
    """So it does with the netlist that Yosys synthesises from the candidate in the candidate's place."""
    FORMAL = "formal"
    """And Yosys proves the candidate equal to the golden, or at least finds no counterexample."""


class OfficialRule(StrEnum):
    """What a benchmark's own harness asks for beyond right answers; see `sim.hdl.official`."""

    SILENT = "silent"
    """VerilogEval v1: no text on standard error, be it a warning."""
    LOG_WORDS = "log-words"
    """VerilogEval v2: none of the words in the log that its analysis takes for a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a candidate is judged against. Trusted text, written by us or by a benchmark.

    For verifier "verilog-testbench", see `sim.hdl.testbench` for the placeholders that the texts use.
    """

    verifier: str
    top: str
    """Module that the candidate must define."""
    testbench: str
    """Verilog, or for "cocotb" the test module's Python."""
    reference: str = ""
    """The golden, its top module renamed to the reference placeholder; empty when the testbench needs none."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Data files beside the testbench that it reads: plain name to content. Trusted."""
    reserved: tuple[str, ...] = ()
    """Module names that the published harness owns; a candidate that defines or uses one is rejected."""
    num_checks: int | None = None
    """Samples that a full run compares; None when only a run of the golden can tell."""
    limits: Limits = field(default_factory=lambda: Limits(cpu_s=10, wall_s=60))
    highest_level: Level = Level.FORMAL
    """The strictest level that the golden itself passes; a run that asks for more gets this one."""
    official: OfficialRule | None = None
    """The benchmark's own stricter rule, where it is to count; None when the testbench's answer alone decides."""
    expected_s: float | None = None
    """CPU seconds that the golden took: the longest are started first. Changes no verdict."""


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
class Checks:
    """What is looked at beyond the testbench's answer; the same for all candidates of a run.

    Example:
        Checks(simulator=Simulator.ICARUS, level=Level.NETLIST, waves=True)
    """

    simulator: Simulator = Simulator.ICARUS
    """Whose answer is the outcome."""
    second_simulator: Simulator | None = None
    """One that runs too; where it disagrees the verdict says so."""
    level: Level = Level.SIMULATION
    lint: bool = False
    """Measure `Verdict.lint` of what compiles."""
    synthesis: bool = False
    """Measure `Verdict.synthesis` of what compiles."""
    waves: bool = False
    """Record `Verdict.waves` around the first difference of a MISMATCH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFinding:
    """One construct in the candidate that reaches out of the design."""

    kind: str
    """From a closed set, e.g. "hierarchy", "bind", "system-task"; see `sim.inbox.guard`."""
    line: int | None
    """Line of the candidate's own source, from 1."""
    text: str
    """The construct, cut to 120 characters."""
    neutralised: bool
    """True when it was replaced by what does nothing; False when the candidate was rejected for it."""


class TestEnd(StrEnum):
    """How one test of a Python program ended."""

    PASS = "PASS"
    WRONG = "WRONG"
    EXCEPTION = "EXCEPTION"
    EXIT = "EXIT"
    """The program ended itself before it answered."""
    CRASH = "CRASH"
    """A signal ended it."""
    TIMEOUT = "TIMEOUT"
    MEMORY = "MEMORY"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    NOT_RUN = "NOT_RUN"
    """Too many others had to be cut short before its turn. It counts as failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTest:
    """One test of a testbench that has several (cocotb), or of a Python problem."""

    name: str
    passed: bool
    message: str | None = None
    """Why it failed, cut to 300 characters; None when it passed."""
    end: TestEnd | None = None
    """None for cocotb."""
    group: str | None = None
    """Subtask that it belongs to; None when the problem has none."""
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """The first test of a Python problem that failed. Texts are cut to 300 characters."""

    test: str
    call: str
    """What was asked: "add(1, 2)", or the standard input."""
    expected: str
    got: str | None
    """What came back; None when nothing did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """What Verilator's lint says about the candidate alone."""

    warnings: tuple[Diagnostic, ...]
    classes: Mapping[str, int]
    """Warning class, e.g. "WIDTHTRUNC", to how often it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Netlist:
    """Size of a synthesised design, after `synth` and technology mapping to simple gates."""

    num_cells: int
    num_flip_flops: int
    num_latches: int
    depth: int
    """Longest path from an input or register to an output or register, in gates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """What Yosys makes of the candidate."""

    netlist: Netlist | None
    """None when it cannot be synthesised; `why` says why."""
    why: str | None = None
    num_loops: int = 0
    """Combinational loops."""
    golden: Netlist | None = None
    """The golden's own, measured alike; None when it cannot be synthesised."""


class Proof(StrEnum):
    """What formal equivalence came to."""

    PROVEN = "PROVEN"
    DIFFERENT = "DIFFERENT"
    """A run of inputs in which Icarus saw an output differ where the golden's is known."""
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Formal equivalence with the golden."""

    proof: Proof
    counterexample: tuple[Mapping[str, str], ...] = ()
    """One step each: input name to binary digits; empty unless DIFFERENT."""
    why: str | None = None
    """For UNKNOWN: what stood in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One signal over the window."""

    name: str
    role: str
    """"input", "expected", "got"."""
    width: int
    """In bits."""
    changes: tuple[tuple[int, str], ...]
    """(time, binary digits) in order of time; the first is the value at the window's start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """A short window of signals around the first difference."""

    start: int
    """Simulation time in the testbench's unit, like all times here."""
    end: int
    mark: int
    """When the first difference was seen."""
    signals: tuple[Wave, ...]


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
    """Checks (Python: tests) of a full run: those that were sent, not those that answered."""
    outputs: tuple[OutputMismatch, ...] = ()
    first_failure: FirstFailure | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    findings: tuple[GuardFinding, ...] = ()
    """What the guard found: why a candidate is REJECTED, or what was neutralised in it."""
    tests: tuple[NamedTest, ...] = ()
    """Per test, for cocotb testbenches and Python problems."""
    failed_call: FailedCall | None = None
    similarity: float | None = None
    """Structural similarity to the golden in [0, 1]; None when it was not measured."""
    lint: Lint | None = None
    synthesis: Synthesis | None = None
    equivalence: Equivalence | None = None
    waves: Waves | None = None
    second: Outcome | None = None
    """What the second simulator concluded; None when none was asked."""
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
