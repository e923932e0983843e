"""A model checker's counterexample, run in Icarus: the usual verifier with a testbench made of the trace.

One sample is compared, at the end of the trace: that is where the checker says that the designs differ. Within a step
clocks change first and the other inputs a while later, as registers in the checker's model see old data. So a replay
has no race of its own, and a difference that it shows is one, whatever the model is worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sim.hdl.formal import Trace, TracePort
from sim.hdl.testbench import EVIDENCE, NAME_PREFIX, REFERENCE_TOP, TESTBENCH_TOP
from sim.hdl.verilog_testbench import NAME
from sim.job import Limits
from sim.verdict import Equivalence, Outcome, Proof, Spec, Verdict

_LIMITS = Limits(cpu_s=10, wall_s=60)


def replay_spec(trace: Trace, spec: Spec) -> Spec:
    """What the candidate is judged against to see the trace's difference: MISMATCH confirms it."""
    return replace(
        spec, verifier=NAME, testbench=replay_testbench(trace, top=spec.top), files={}, num_checks=1, limits=_LIMITS
    )


def judge_replay(verdict: Verdict, trace: Trace) -> Equivalence | None:
    """What the verdict of a replay says about the trace; None when the farm failed."""
    if verdict.outcome is Outcome.UNJUDGED:
        return None
    if verdict.outcome is Outcome.MISMATCH and verdict.num_passed == 0 and verdict.first_failure is not None:
        names = [port.name for port in trace.inputs]
        steps = tuple(dict(zip(names, step, strict=True)) for step in trace.steps)
        return Equivalence(proof=Proof.DIFFERENT, counterexample=steps)
    seen = "sees no difference" if verdict.passed else f"ends with {verdict.outcome}"
    return Equivalence(proof=Proof.UNKNOWN, why=f"the model has a counterexample, but its replay in Icarus {seen}")


def replay_testbench(trace: Trace, *, top: str) -> str:
    """The testbench's text, with the placeholders of `sim.hdl.testbench`."""
    lines = [f"module {TESTBENCH_TOP};"]
    lines += [f"  reg {_range(port)}$Pin_{port.name};" for port in trace.inputs]
    lines += [*_instance(REFERENCE_TOP, "ref", trace), *_instance(top, "dut", trace)]
    lines += ["  integer $Pbad = 0;", "  initial begin", *_stimulus(trace), *_comparison(trace)]
    lines += ['    $display("$E Mismatches: %0d in 1 samples", $Pbad);', "    $finish;", "  end", "endmodule"]
    return "\n".join(lines).replace("$P", NAME_PREFIX).replace("$E", EVIDENCE) + "\n"


def _range(port: TracePort) -> str:
    return f"[{port.width - 1}:0] " if port.width > 1 else ""


def _instance(module: str, side: str, trace: Trace) -> Iterator[str]:
    """An instance, each input behind a buffer of its own, so that neither side can drive the other's."""
    for port in trace.inputs:
        yield f"  wire {_range(port)}$P{side}_{port.name} = $Pin_{port.name};"
    for port in trace.outputs:
        yield f"  wire {_range(port)}$P{side}_{port.name};"
    ports = ", ".join(f".{port.name}($P{side}_{port.name})" for port in (*trace.inputs, *trace.outputs))
    yield f"  {module} $P{side} ({ports});"


def _stimulus(trace: Trace) -> Iterator[str]:
    before: Sequence[str | None] = [None] * len(trace.inputs)
    for step in trace.steps:
        changed = [
            (port, digits) for port, digits, old in zip(trace.inputs, step, before, strict=True) if digits != old
        ]
        for now in (True, False):
            moves = [f"$Pin_{port.name} = {port.width}'b{digits};" for port, digits in changed if port.is_clock is now]
            yield " ".join(["   ", *moves, "#10;"])
        before = step


def _comparison(trace: Trace) -> Iterator[str]:
    """Where the golden's output is x or z, both sides become x and agree."""
    inputs = " ".join(f"{port.name}=%b" for port in trace.inputs)
    values = "".join(f", $Pin_{port.name}" for port in trace.inputs)
    for port in trace.outputs:
        good, got = f"$Pref_{port.name}", f"$Pdut_{port.name}"
        words = f"$E First: time %0d output {port.name} expected %b got %b inputs {inputs}"
        yield f"    if (({got} ^ {good} ^ {good}) !== ({good} ^ {good} ^ {good})) begin"
        yield f'      if (!$Pbad) $display("{words}", $time, {good}, {got}{values});'
        yield "      $Pbad = 1;"
        yield "    end"
