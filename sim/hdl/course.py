"""The course of one candidate: which jobs it takes, one after another, until there is a verdict.

A generator that yields jobs and is sent their results, so that it knows nothing of pools, boxes or threads. The
testbench decides first; what `Checks` asks for beyond it follows. A measure that the farm failed to make is None; a
level that it failed to judge is UNJUDGED.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from sim.hdl import (
    cocotb_harness,
    cocotb_testbench,
    cocotb_verilator,
    formal,
    lint,
    netlist,
    replay,
    synthesis,
    vectors_testbench,
    verilator_testbench,
    verilog_testbench,
    waves,
)
from sim.job import Job, JobResult
from sim.verdict import (
    Candidate,
    Checks,
    Diagnostic,
    Level,
    Netlist,
    Outcome,
    Proof,
    Severity,
    Simulator,
    Spec,
    Synthesis,
    Verdict,
)

VERIFIERS = {
    (verilog_testbench.NAME, Simulator.ICARUS): verilog_testbench,
    (verilog_testbench.NAME, Simulator.VERILATOR): verilator_testbench,
    (vectors_testbench.NAME, Simulator.ICARUS): vectors_testbench,
    (cocotb_testbench.NAME, Simulator.ICARUS): cocotb_testbench,
    (cocotb_testbench.NAME, Simulator.VERILATOR): cocotb_verilator,
    (cocotb_harness.NAME, Simulator.ICARUS): cocotb_harness,
}
"""Spec's verifier name and the simulator to the module with their `plan` and `judge`."""

Answer = Generator[Job, JobResult, Verdict]
"""Yields jobs, is sent their results, returns the verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges candidates with the tools of one image. Raises ValueError for what does not go together.

    Example:
        Judge(image=farm.image, secret=secret).course(candidate, spec, Checks(level=Level.NETLIST))
    """

    image: str
    secret: bytes

    def course(self, candidate: Candidate, spec: Spec, checks: Checks) -> Answer:
        """The verdict with all that the checks ask for."""
        verdict = yield from self._simulate(candidate, spec, checks.simulator)
        if checks.second_simulator is not None and verdict.outcome is not Outcome.UNJUDGED:
            second = yield from self._simulate(candidate, spec, checks.second_simulator)
            verdict = replace(verdict, second=second.outcome)
        level = min(checks.level, spec.highest_level, key=list(Level).index)
        if verdict.passed and level is not Level.SIMULATION:
            verdict = yield from self._netlist(candidate, spec, checks, verdict)
        if verdict.passed and level is Level.FORMAL:
            verdict = yield from self._formal(candidate, spec, verdict)
        return (yield from self._measure(candidate, spec, checks, verdict))

    def _measure(self, candidate: Candidate, spec: Spec, checks: Checks, verdict: Verdict) -> Answer:
        """What does not change the outcome."""
        if verdict.compiled and checks.lint:
            result = yield lint.plan_lint(candidate, spec, image=self.image)
            verdict = replace(verdict, lint=lint.judge_lint(result))
        if verdict.compiled and checks.synthesis:
            verdict = replace(verdict, synthesis=(yield from self._synthesis(candidate, spec)))
        if verdict.outcome is Outcome.MISMATCH and checks.waves and spec.verifier == verilog_testbench.NAME:
            job = waves.plan_waves(candidate, spec, verdict, image=self.image, secret=self.secret)
            if job is not None:
                result = yield job
                found = waves.judge_waves(candidate, spec, verdict, result, image=self.image, secret=self.secret)
                verdict = replace(verdict, waves=found)
        return verdict

    def _simulate(self, candidate: Candidate, spec: Spec, simulator: Simulator) -> Answer:
        verifier = VERIFIERS[spec.verifier, simulator]
        planned = verifier.plan(candidate, spec, image=self.image, secret=self.secret)
        if isinstance(planned, Verdict):
            return planned
        result = yield planned
        verdict: Verdict = verifier.judge(candidate, spec, result, image=self.image, secret=self.secret)
        return verdict

    def _netlist(self, candidate: Candidate, spec: Spec, checks: Checks, verdict: Verdict) -> Answer:
        """The outcome of the netlist in the candidate's place; what cannot be synthesised does not pass."""
        text = netlist.judge_netlist((yield netlist.plan_netlist(candidate.source, spec, image=self.image)))
        if text is None:
            return _changed(verdict, Outcome.UNJUDGED, "farm: the netlist could not be made")
        if text.verilog is None:
            return _changed(verdict, Outcome.COMPILE_ERROR, f"cannot be synthesised: {text.why}")
        as_netlist = replace(candidate, source=text.verilog)
        again = yield from self._simulate(as_netlist, replace(spec, official=None), checks.simulator)
        if again.passed:
            return verdict
        again = replace(again, findings=verdict.findings, job_key=verdict.job_key, second=verdict.second)
        return _changed(again, again.outcome, "passes as written, but not as the netlist that Yosys synthesises")

    def _formal(self, candidate: Candidate, spec: Spec, verdict: Verdict) -> Answer:
        """MISMATCH for a difference that Icarus confirms; PROVEN and UNKNOWN leave the pass as it is."""
        found = formal.judge_formal((yield formal.plan_formal(candidate.source, spec, image=self.image)))
        if isinstance(found, formal.Trace):
            replayed = replace(replay.replay_spec(found, spec), official=None)
            again = yield from self._simulate(candidate, replayed, Simulator.ICARUS)
            found = replay.judge_replay(again, found)
        if found is None:
            return _changed(verdict, Outcome.UNJUDGED, "farm: formal equivalence could not be examined")
        verdict = replace(verdict, equivalence=found)
        if found.proof is not Proof.DIFFERENT:
            return verdict
        return _changed(verdict, Outcome.MISMATCH, "differs from the golden on inputs that the testbench does not try")

    def _synthesis(self, candidate: Candidate, spec: Spec) -> Generator[Job, JobResult, Synthesis | None]:
        result = yield synthesis.plan_synthesis(candidate.source, spec, image=self.image)
        golden: Netlist | None = None
        if spec.reference:
            # Equal for all candidates of a spec, so the pool runs it once.
            source = formal.golden_source(spec)
            measured = synthesis.judge_synthesis((yield synthesis.plan_synthesis(source, spec, image=self.image)))
            golden = measured.netlist if measured else None
        return synthesis.judge_synthesis(result, golden=golden)


def check_fit(spec: Spec, checks: Checks) -> None:
    """Raise ValueError when the checks cannot be made for the spec."""
    if spec.verifier == cocotb_harness.NAME and (checks.simulator, checks.second_simulator) != (Simulator.ICARUS, None):
        raise ValueError("a published cocotb harness names its simulator itself; leave the choice out")
    for simulator in (checks.simulator, checks.second_simulator):
        if simulator is not None and (spec.verifier, simulator) not in VERIFIERS:
            known = sorted({name for name, _ in VERIFIERS})
            raise ValueError(f"no verifier {spec.verifier!r} on {simulator}; known are {', '.join(known)}")
    if spec.official is not None and {checks.simulator, checks.second_simulator} - {Simulator.ICARUS, None}:
        raise ValueError("the official rule is about what Icarus says; leave Verilator out, or --official")
    if checks.level is not Level.SIMULATION and not (spec.verifier == verilog_testbench.NAME or spec.reference):
        raise ValueError(f"level {checks.level} needs a golden, and a problem with verifier {spec.verifier!r} has none")


def _error(message: str) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, message=message)


def _changed(verdict: Verdict, outcome: Outcome, why: str) -> Verdict:
    return replace(verdict, outcome=outcome, diagnostics=(_error(why), *verdict.diagnostics))
