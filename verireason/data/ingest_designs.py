"""Drafts of hardware problems made ready: what a model wrote is parsed and run in boxes, before any candidate is.

A draft's design comes from a model (`verireason.data.designs`). A problem is dropped, with the reason, when the ports
of its golden cannot be read, its golden does not pass or not alike twice, or a design with constant outputs passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sim.farm import Farm
from sim.hdl.interface import ModulePort, judge_interface, plan_interface
from sim.pool import in_order
from sim.verdict import Candidate, Checks, Outcome, Verdict
from verireason.data.designs import MODEL_WRITTEN
from verireason.data.loaded import LeftOut
from verireason.data.random_testbench import find_interface, random_testbench
from verireason.data.testbench import Port
from verireason.errors import MissingError
from verireason.problem import Problem

NUM_RUNS = 2
CONSTANTS = ("0", "1", "x")
"""Digits of the probes: designs whose outputs are all that."""
BATCH = 64
"""Problems that are looked at together: enough to keep the boxes busy, few enough to remember."""
_SIMULATED = Checks()
"""What proves a draft, whatever the run asks of candidates: `calibrate` finds out the level that a golden passes."""
CPU_FACTOR = 10.0
CPU_FLOOR_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """One draft after its golden has run."""

    problem: Problem
    """With testbench, number of checks and CPU limit; as it was when there is a defect."""
    defect: str | None


def is_draft(problem: Problem) -> bool:
    """Whether somebody's model wrote the problem's golden, and nobody has run it yet."""
    return problem.benchmark in MODEL_WRITTEN and problem.spec.num_checks is None


def ingest_designs(farm: Farm, drafts: Iterable[Problem]) -> Iterator[Proven]:
    """The drafts in their order, as they are proven. MissingError when the farm fails: without it nothing can be."""
    waiting: list[Problem] = []
    for problem in drafts:
        waiting.append(problem)
        if len(waiting) == BATCH:
            yield from _ingest(farm, waiting)
            waiting = []
    yield from _ingest(farm, waiting)


def _ingest(farm: Farm, drafts: Sequence[Problem]) -> list[Proven]:
    ports = _read_ports(farm, drafts)
    ready = {draft.id: _with_testbench(draft, ports[draft.id]) for draft in drafts}
    asked = [problem for problem in ready.values() if isinstance(problem, Problem)]
    # An equal job would be run once: a line end more makes it another, and the design the same.
    pairs = [(Candidate(source=each.golden + "\n" * run), each.spec) for each in asked for run in range(NUM_RUNS)]
    goldens = farm.judge(pairs, _SIMULATED)
    runs = {problem.id: [next(goldens) for _ in range(NUM_RUNS)] for problem in asked}
    proven = {problem.id: _judged(problem, runs[problem.id]) for problem in asked}
    sound = [each.problem for each in proven.values() if each.defect is None]
    asked_probes = (
        (Candidate(source=_probe(problem, ports[problem.id], digit)), problem.spec)
        for problem in sound
        for digit in CONSTANTS
    )
    probes = farm.judge(asked_probes, _SIMULATED)
    for problem in sound:
        passed = [
            digit for digit, verdict in zip(CONSTANTS, [next(probes) for _ in CONSTANTS], strict=True) if verdict.passed
        ]
        if passed:
            proven[problem.id] = Proven(problem=problem, defect=f"a design passes whose outputs are all {passed[0]}")
    return [
        proven[draft.id] if draft.id in proven else Proven(problem=draft, defect=str(ready[draft.id]))
        for draft in drafts
    ]


_Ports = tuple[ModulePort, ...] | str
"""The ports, or why there are none."""


def _read_ports(farm: Farm, drafts: Sequence[Problem]) -> dict[str, _Ports]:
    jobs = (farm.pool.submit(plan_interface(each.golden, each.spec.top, image=farm.image)) for each in drafts)
    found: dict[str, _Ports] = {}
    for problem, result in zip(drafts, in_order(jobs, num_boxes=farm.pool.num_boxes), strict=True):
        if result.failure is not None:
            raise MissingError(f"{problem.id}: the farm could not read the golden: {result.failure}")
        found[problem.id] = judge_interface(result)
    return found


def _with_testbench(problem: Problem, ports: _Ports) -> Problem | str:
    """The problem with a testbench; or why there is none to be had."""
    if isinstance(ports, str):
        return ports
    if problem.spec.testbench:
        return problem
    listed = [Port(name=port.name, width=port.width, is_output=port.is_output) for port in ports]
    try:
        text, num_checks = random_testbench(
            find_interface(listed, problem.golden), seed=problem.id, top=problem.spec.top
        )  # fmt: skip
    except LeftOut as err:
        return str(err)
    return replace(problem, spec=replace(problem.spec, testbench=text, num_checks=num_checks))


def _judged(problem: Problem, runs: Sequence[Verdict]) -> Proven:
    unjudged = next((run for run in runs if run.outcome is Outcome.UNJUDGED), None)
    if unjudged is not None:
        raise MissingError(f"{problem.id}: the farm could not run the golden: {_words(unjudged)}")
    if not all(_agrees(run) for run in runs):
        failed = next(run for run in runs if not _agrees(run))
        return Proven(problem=problem, defect=f"its own golden does not pass: {_words(failed)}")
    if len({run.num_passed for run in runs}) > 1:
        return Proven(problem=problem, defect="two runs of its golden differ")
    cpu_s, longest_s = CPU_FLOOR_S, max(run.cpu_s for run in runs)
    while cpu_s < CPU_FACTOR * longest_s:  # coarse steps, so that noise on the host rarely changes the limit
        cpu_s *= 2
    limits = replace(problem.spec.limits, cpu_s=cpu_s, wall_s=4 * cpu_s)
    spec = replace(problem.spec, num_checks=runs[0].num_passed, limits=limits, expected_s=longest_s)
    return Proven(problem=replace(problem, spec=spec), defect=None)


def _agrees(verdict: Verdict) -> bool:
    """Whether a run of the golden compared something and found no difference; PASS where the number is known."""
    return verdict.passed or (
        verdict.outcome is Outcome.MISMATCH and verdict.num_tests is None and bool(verdict.num_passed)
    )


def _words(verdict: Verdict) -> str:
    return "; ".join([str(verdict.outcome), *(each.message for each in verdict.diagnostics)])[:300]


def _probe(problem: Problem, ports: _Ports, digit: str) -> str:
    """A design with the golden's ports whose outputs are constant."""
    assert not isinstance(ports, str), "a problem without ports is not sound"
    listed = [f"{'output' if port.is_output else 'input'} [{port.width - 1}:0] {port.name}" for port in ports]
    driven = "".join(f"  assign {port.name} = {{{port.width}{{1'b{digit}}}}};\n" for port in ports if port.is_output)
    return f"module {problem.spec.top}({', '.join(listed)});\n{driven}endmodule\n"
