"""What only a run of the golden can tell: how many samples a full run compares, and how long it takes.

A problem whose golden does not pass is defective: its specification, testbench and reference disagree. It stays in the
benchmark, is reported beside every rate, and no candidate can pass it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sim.farm import Farm
from sim.hdl.verilog_testbench import UNTOLD
from sim.verdict import Candidate, Checks, Level, Outcome, Verdict
from verireason.data.harnesses import record
from verireason.data.ingest import ingest
from verireason.data.ingest_designs import ingest_designs, is_draft
from verireason.errors import MissingError
from verireason.problem import Problem

CPU_FACTOR = 10.0
"""A candidate may take this many times the golden's CPU time ..."""
CPU_FLOOR_S = 10.0
"""... but no less than this: an honest design may simulate slower than the golden, and hosts differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Problems that are ready to judge with, and what is wrong with those whose golden does not pass."""

    problems: dict[str, Problem]
    """By id, in the order given; the spec's `num_checks` and CPU limit filled in where the golden told them."""
    defects: dict[str, str]
    """Problem id to what its golden's verdict says."""
    dropped: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Problem id to the tests that its reference fails, each with the reason; nobody is asked them."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Id of a problem that is not among `problems` to why its harness cannot be run here."""


def calibrate(farm: Farm, problems: Iterable[Problem]) -> Calibration:
    """Run the golden of each problem that does not know its number of checks, after recording harnesses.

    A hardware problem without a golden is taken as it is.

    Raises MissingError when the farm fails on a golden: without it nothing can be judged.
    """
    recorded = record(farm, problems)
    left_out = {each.problem.id: each.why_not for each in recorded if each.why_not is not None}
    listed = [each.problem for each in recorded if each.why_not is None]
    ingested = ingest(farm, [each for each in listed if each.spec.num_checks is None and each.language == "python"])
    proven = list(ingest_designs(farm, [each for each in listed if is_draft(each)]))
    unknown = [
        each
        for each in listed
        if each.spec.num_checks is None and each.language != "python" and each.golden and not is_draft(each)
    ]
    pairs = ((Candidate(source=problem.golden), problem.spec) for problem in unknown)
    ready = {problem.id: problem for problem in listed} | {each.problem.id: each.problem for each in ingested}
    ready |= {each.problem.id: each.problem for each in proven}
    defects = {each.problem.id: each.defect for each in ingested if each.defect is not None}
    defects |= {each.problem.id: each.defect for each in proven if each.defect is not None}
    for problem, verdict in zip(unknown, farm.judge(pairs), strict=True):
        if verdict.outcome is Outcome.UNJUDGED:
            raise MissingError(f"{problem.id}: the farm could not run the golden: {_words(verdict)}")
        if _agrees(verdict):
            ready[problem.id] = _calibrated(problem, verdict)
        else:
            defects[problem.id] = f"the benchmark's own reference does not pass: {_words(verdict)}"
    if farm.checks.level is not Level.SIMULATION:
        hardware = [each for each in ready.values() if each.id not in defects and each.language != "python"]
        ready |= _with_levels(farm, hardware)
    dropped = {each.problem.id: each.dropped for each in ingested if each.dropped}
    return Calibration(problems=ready, defects=defects, dropped=dropped, left_out=left_out)


def _with_levels(farm: Farm, problems: list[Problem]) -> dict[str, Problem]:
    """The problems, each with the strictest level that its golden passes: a testbench that changes inputs at the clock
    edge itself (VerilogEval's Prob066) fails the golden's own netlist."""
    pairs = ((Candidate(source=problem.golden), problem.spec) for problem in problems)
    checks = replace(Checks(), simulator=farm.checks.simulator, level=Level.NETLIST)
    verdicts = farm.judge(pairs, checks)
    return {
        problem.id: problem
        if verdict.passed
        else replace(problem, spec=replace(problem.spec, highest_level=Level.SIMULATION))
        for problem, verdict in zip(problems, verdicts, strict=True)
    }


def _agrees(verdict: Verdict) -> bool:
    """Whether the golden's run compared something and found no difference. It can't be a PASS yet, unless it has named
    tests: for that the number of samples has to be known beforehand."""
    if verdict.tests:
        return verdict.passed
    return bool(verdict.num_passed) and not any(output.num_mismatches for output in verdict.outputs)


def _calibrated(problem: Problem, verdict: Verdict) -> Problem:
    cpu_s = CPU_FLOOR_S
    while cpu_s < CPU_FACTOR * verdict.cpu_s:  # coarse steps, so that noise on the host rarely changes the limit
        cpu_s *= 2
    limits = replace(problem.spec.limits, cpu_s=cpu_s, wall_s=4 * cpu_s)
    spec = replace(problem.spec, num_checks=verdict.num_passed, limits=limits, expected_s=verdict.cpu_s)
    return replace(problem, spec=spec)


def _words(verdict: Verdict) -> str:
    messages = [each.message for each in verdict.diagnostics if not each.message.endswith(UNTOLD)][:3]
    wrong = [f"output {output.name} differs" for output in verdict.outputs if output.num_mismatches][:3]
    return "; ".join([str(verdict.outcome), *(messages + wrong or ["its own testbench finds it wrong"])])
