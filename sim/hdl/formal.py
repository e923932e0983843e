"""Whether a candidate, hostile text, is its golden: PROVEN, DIFFERENT with a run that shows it, or UNKNOWN.

The notion of equality, the model and the proof are those of `sim.hdl.equivalence`: three-valued, every register unknown
at the start unless it has an initial value, clocks and asynchronous resets as free inputs, outputs compared wherever
the golden's is known, unbounded proof by IC3, and PROVEN only for a golden that can get all its outputs known at once.

What is different here:

* the candidate is read as `sim.hdl.elaboration` says, so nothing in it can assume, choose or hide anything, and the
  golden's text is gone before a tool opens the candidate's, which could otherwise include it;
* the two designs are flattened apart, so modules of one cannot stand in for modules of the other of the same name;
* what nothing drives is unknown, and where the golden's output is known that is a difference;
* the model checker's counterexample is not believed: `sim.hdl.replay` runs it in Icarus, and only a difference that
  Icarus sees at its last step is DIFFERENT.

PROVEN is about Yosys's reading of the candidate. Delays, sensitivity lists and races are not in it, so it adds to a
simulation and does not replace one. A golden without don't-cares is compared where its specification has some, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sim.hdl.elaboration import (
    DESIGN_FILE,
    SERVER,
    candidate_files,
    candidate_steps,
    check_top,
    preprocessing_steps,
    reading_commands,
    reason,
)
from sim.hdl.equivalence import KNOWN, MITER, NUM_HALF_PERIODS, PROOF_SECONDS
from sim.hdl.testbench import REFERENCE_TOP
from sim.hdl.tools import yosys
from sim.hdl.tools.yosys import abc_argv, parse_proof, parse_trace, prove_never_commands, script_argv
from sim.job import Job, JobResult, Limits, Status, Step, StepResult
from sim.verdict import Equivalence, Proof, Spec

MAX_TRACE_STEPS = 1000
GOLDEN_FILE = "golden.sv"
_GOLDEN_DESIGN = "golden_design.sv"
_TRACE_FILE = "trace.txt"
_PORTS_FILE = "ports.txt"
_CLOCK_FILES = ("golden_clocks.txt", "candidate_clocks.txt")
_NUM_GOLDEN_STEPS = 3
_LIMITS = Limits(cpu_s=20, wall_s=120, mem_mb=1024, output_kb=64, scratch_mb=64)
_KNOWN_LIMITS = Limits(cpu_s=10, wall_s=60, mem_mb=1024, output_kb=64, scratch_mb=64)
_TRACE_LIMITS = Limits(cpu_s=5, wall_s=30, output_kb=2048)

# An input that clocks a register or opens a latch: a replay changes it before the others.
_MODEL = """\
setundef -undriven -undef
memory_collect
select -write {clocks} i:* t:* %ci1:+[CLK] t:$*latch* %ci1:+[EN] %u %i
memory_map -keepdc
check -assert
clk2fflogic
"""

_GOLDEN = """\
tee -q -o {ports} portlist
{model}write_rtlil golden.il
"""

_INPUT = re.compile(r"^input \[(-?[0-9]{1,7}):(-?[0-9]{1,7})\] (\S+)$", re.MULTILINE)
_OUTPUT = re.compile(r"^output \[(-?[0-9]{1,7}):(-?[0-9]{1,7})\] (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePort:
    """One port of the golden."""

    name: str
    width: int
    """In bits."""
    is_clock: bool = False
    """Whether it changes before the other inputs of its step, which registers then see as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Inputs that lead to a difference at the last step, as the model checker has it."""

    inputs: tuple[TracePort, ...]
    outputs: tuple[TracePort, ...]
    steps: tuple[tuple[str, ...], ...]
    """For each step, binary digits for each of `inputs`, in order."""


def golden_source(spec: Spec) -> str:
    """The golden under the candidate's name."""
    return spec.reference.replace(REFERENCE_TOP, spec.top)


def plan_formal(candidate_source: str, spec: Spec, *, image: str) -> Job:
    """The job that compares a candidate with the golden in `spec.reference`.

    The golden's model; the miter; its proof; the counterexample, if there is one; whether the golden gets known.
    """
    top = check_top(spec.top)
    golden = reading_commands(top, file=_GOLDEN_DESIGN) + _GOLDEN.format(
        ports=_PORTS_FILE, model=_MODEL.format(clocks=_CLOCK_FILES[0])
    )
    candidate = reading_commands(top, file=DESIGN_FILE) + _MODEL.format(clocks=_CLOCK_FILES[1])
    miter = f"read_rtlil golden.il\ndesign -stash gold\n{candidate}design -stash gate\n{MITER.format(top=top)}"
    known = f"read_rtlil golden.il\n{KNOWN.format(top=top, steps=NUM_HALF_PERIODS)}"
    proof = prove_never_commands("miter.aig", seconds=PROOF_SECONDS, trace=_TRACE_FILE)
    return Job(
        image=image,
        server=SERVER,
        files={
            **candidate_files(candidate_source),
            GOLDEN_FILE: golden_source(spec).encode(errors="replace"),
            "golden.ys": golden.encode(),
            "miter.ys": miter.encode(),
            "known.ys": known.encode(),
        },
        steps=(
            *preprocessing_steps(source=GOLDEN_FILE, design=_GOLDEN_DESIGN),
            Step(argv=script_argv("golden.ys"), limits=_LIMITS),
            *candidate_steps(spec, drop=(GOLDEN_FILE, _GOLDEN_DESIGN)),
            Step(argv=script_argv("miter.ys"), limits=_LIMITS),
            # ABC ends with an error when registers are left at its last command; what it printed is what counts.
            Step(argv=abc_argv(proof), limits=_LIMITS, proceed_on=(0, 1)),
            # Only without a counterexample (`cat` ends with 1) does it matter whether the golden gets known.
            Step(argv=("cat", _TRACE_FILE, _PORTS_FILE, *_CLOCK_FILES), limits=_TRACE_LIMITS, proceed_on=(1,)),
            Step(argv=script_argv("known.ys"), limits=_KNOWN_LIMITS),
        ),
    )


def judge_formal(result: JobResult) -> Equivalence | Trace | None:
    """The answer, or a counterexample to be replayed (`sim.hdl.replay`); None when the farm failed."""
    if result.failure is not None:
        return None
    *reading, proof, printed, known = result.steps
    for index, step in enumerate(reading):
        if step.status is not Status.EXITED or step.code != 0:
            whose = "golden" if index < _NUM_GOLDEN_STEPS else "candidate"
            return _unknown(f"{whose}: {_reading_reason(step)}")
    if proof.status is not Status.EXITED:
        return _unknown(f"the proof ended with {proof.status}")
    match parse_proof(proof.stdout.decode(errors="replace")):
        case yosys.Proof.FAILS:
            return _read_trace(printed)
        case yosys.Proof.HOLDS if known.status is Status.EXITED and known.code == 0:
            return Equivalence(proof=Proof.PROVEN)
        case yosys.Proof.HOLDS:
            return _unknown(f"the golden's outputs are not seen known within {NUM_HALF_PERIODS} steps")
        case _:
            return _unknown(f"no proof and no counterexample within {PROOF_SECONDS} s")


def _unknown(why: str) -> Equivalence:
    return Equivalence(proof=Proof.UNKNOWN, why=why)


def _reading_reason(step: StepResult) -> str:
    log = step.stderr.decode(errors="replace")
    if "found logic loop" in log:
        return "combinational loop"
    return reason(step)


def _read_trace(printed: StepResult) -> Equivalence | Trace:
    text = printed.stdout.decode(errors="replace")
    if printed.status is not Status.EXITED or printed.code != 0:
        return _unknown("the counterexample could not be written")
    clocks = {line.rpartition("/")[2] for line in text.split("\n")}
    inputs = tuple(
        TracePort(name=name, width=abs(int(left) - int(right)) + 1, is_clock=name in clocks)
        for left, right, name in _INPUT.findall(text)
    )
    outputs = tuple(
        TracePort(name=name, width=abs(int(left) - int(right)) + 1) for left, right, name in _OUTPUT.findall(text)
    )
    steps = parse_trace(text) if inputs else [{}]
    if not 0 < len(steps) <= MAX_TRACE_STEPS:
        return _unknown(f"the counterexample has {len(steps)} steps; 1 to {MAX_TRACE_STEPS} are replayed")
    return Trace(inputs=inputs, outputs=outputs, steps=tuple(_digits(step, inputs) for step in steps))


def _digits(step: dict[str, dict[int, str]], inputs: Sequence[TracePort]) -> tuple[str, ...]:
    """Inputs that the proof found irrelevant are left out of the trace, and are 0."""
    found = [step.get(f"in_{port.name}", {}) for port in inputs]
    return tuple(
        "".join(bits.get(index, "0") for index in reversed(range(port.width)))
        for port, bits in zip(inputs, found, strict=True)
    )
