"""Python problems made ready: the reference runs on our own farm before any candidate does.

Tests that the reference fails, or passes only sometimes, are dropped and counted: no candidate could be blamed for
them. Answers that the benchmark leaves to its reference are filled in, and the CPU limit follows from what the
reference took.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sim.farm import Farm
from sim.python.reference import plan_answers, read_answers
from sim.python.suite import Suite, read_suite
from sim.verdict import Candidate, Outcome, Spec, Verdict
from verireason.data.python_tests import parse
from verireason.errors import MissingError
from verireason.problem import Problem

NUM_RUNS = 2
"""Times that the reference runs; a test counts only if it passes each time."""
PATIENCE = 4
"""The reference may take this many times the loader's limits: how long it takes is what we want to know."""
CPU_FACTOR = 10.0
"""A candidate may take this many times the reference's CPU time ..."""
CPU_FLOOR_S = 2.0
"""... but no less than this: CPU time hardly depends on what else the host does, but hosts differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """One problem after its reference has run."""

    problem: Problem
    """With a suite of tests that the reference passes; as it was when there is a defect or no reference."""
    defect: str | None
    """What is wrong with it, when no test is left."""
    dropped: tuple[tuple[str, str], ...] = ()
    """Id of each test that was dropped, and why."""


def ingest(farm: Farm, problems: Iterable[Problem]) -> list[Ingested]:
    """Run the references. Raises MissingError when the farm fails on one: without it nothing can be judged."""
    answered = {each.problem.id: _fair(each) for each in _with_answers(farm, list(problems))}
    runs = _run(farm, [each.problem for each in answered.values() if each.problem.golden and each.defect is None])
    variants = [
        variant
        for id, verdicts in runs.items()
        if (variant := _with_objects(answered[id].problem, verdicts)) is not None
    ]
    for id, verdicts in _run(farm, variants).items():
        if sum(run.num_passed or 0 for run in verdicts) > sum(run.num_passed or 0 for run in runs[id]):
            runs[id] = verdicts
            answered[id] = replace(answered[id], problem=next(each for each in variants if each.id == id))
    return [_judged(each, runs.get(each.problem.id, [])) for each in answered.values()]


_EVALUATING = frozenset({
    "eval", "exec", "compile", "__import__", "importlib", "pickle", "marshal", "shelve", "runpy", "system", "popen",
})  # fmt: skip
"""Names by which test code runs text. If the text is an answer, the candidate runs where the verdict is made."""


def _fair(ingested: Ingested) -> Ingested:
    """Without a program that may evaluate what the candidate answers."""
    suite = read_suite(ingested.problem.spec.testbench)
    if suite.program is None or ingested.defect is not None:
        return ingested
    tree = parse(suite.program.source, "test code")
    found = sorted(_EVALUATING & {name for node in ast.walk(tree) for name in _names(node)})
    if not found:
        return ingested
    why = f"the test code runs text ({', '.join(found)}), which an answer could be"
    dropped = (*ingested.dropped, *((id, why) for id in suite.program.ids or ("program",)))
    if not suite.calls and not suite.stdio:
        return replace(ingested, defect=why, dropped=dropped)
    return replace(ingested, problem=_with_suite(ingested.problem, replace(suite, program=None)), dropped=dropped)


def _names(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return (name,)
        case ast.Import(names=aliases):
            return tuple(alias.name.partition(".")[0] for alias in aliases)
        case ast.ImportFrom(module=str(module), names=aliases):
            return (module.partition(".")[0], *(alias.name for alias in aliases))
    return ()


def _run(farm: Farm, problems: list[Problem]) -> dict[str, list[Verdict]]:
    """Problem id to what its reference came to in each run."""
    pairs = (
        # An equal job would be run once: a line end more makes it another, and the program the same.
        (Candidate(source=problem.golden + "\n" * run, language="python"), _patient(problem.spec))
        for problem in problems
        for run in range(NUM_RUNS)
    )
    verdicts = farm.judge(pairs)
    return {problem.id: [next(verdicts) for _ in range(NUM_RUNS)] for problem in problems}


def _with_objects(problem: Problem, runs: list[Verdict]) -> Problem | None:
    """The problem with a program that takes objects as answers, if that may be what its reference lacks."""
    suite = read_suite(problem.spec.testbench)
    if suite.program is None or suite.program.objects or all(run.passed for run in runs):
        return None
    return _with_suite(problem, replace(suite, program=replace(suite.program, objects=True)))


def _with_answers(farm: Farm, problems: list[Problem]) -> list[Ingested]:
    """The problems; calls without an expected answer have the reference's, or are dropped where it gives none."""
    suites = [read_suite(problem.spec.testbench) for problem in problems]
    asked = {
        place: farm.pool.submit(
            plan_answers(suite, problem.golden, limits=_patient(problem.spec).limits, image=farm.image)
        )
        for place, (problem, suite) in enumerate(zip(problems, suites, strict=True))
        if any(test.expected is None for test in suite.calls)
    }
    ready = []
    for place, (problem, suite) in enumerate(zip(problems, suites, strict=True)):
        if place not in asked:
            ready.append(Ingested(problem=problem, defect=None))
            continue
        result = asked[place].result()
        if result.failure is not None:
            raise MissingError(f"{problem.id}: the farm could not run the reference: {result.failure}")
        ready.append(_answered(problem, suite, read_answers(result)))
    return ready


def _answered(problem: Problem, suite: Suite, answers: dict[int, str]) -> Ingested:
    calls = tuple(
        replace(test, expected=answers.get(place)) if test.expected is None else test
        for place, test in enumerate(suite.calls)
    )
    dropped = tuple((test.id, "the reference does not answer") for test in calls if test.expected is None)
    kept = replace(suite, calls=calls).without({id for id, _ in dropped})
    if kept is None:
        return Ingested(problem=problem, defect="the benchmark's own reference answers no test", dropped=dropped)
    return Ingested(problem=_with_suite(problem, kept), defect=None, dropped=dropped)


def _judged(ingested: Ingested, runs: list[Verdict]) -> Ingested:
    """The problem with the tests that its reference passed in all runs."""
    problem = ingested.problem
    if not runs:
        return ingested
    unjudged = next((run for run in runs if run.outcome is Outcome.UNJUDGED), None)
    if unjudged is not None:
        words = "; ".join(each.message for each in unjudged.diagnostics)
        raise MissingError(f"{problem.id}: the farm could not run the reference: {words}")
    failed = {test.name: test for run in runs for test in run.tests if not test.passed}
    dropped = (*ingested.dropped, *((name, test.message or str(test.end)) for name, test in failed.items()))
    suite = _with_ids(read_suite(problem.spec.testbench), runs[0])
    kept = suite.without(failed.keys()) if suite.ids else None
    if kept is None:
        words = "; ".join(each.message for each in runs[0].diagnostics)
        defect = f"the benchmark's own reference does not pass: {runs[0].outcome}; {words}"
        return Ingested(problem=problem, defect=defect, dropped=dropped)
    problem = _with_suite(problem, kept)
    cpu_s = CPU_FLOOR_S
    num_processes = max(1, len(suite.stdio))
    longest_s = max(run.cpu_s for run in runs)
    while cpu_s < max(problem.spec.limits.cpu_s, CPU_FACTOR * longest_s / num_processes):
        cpu_s *= 2  # coarse steps, so that noise on the host rarely changes the limit
    limits = replace(problem.spec.limits, cpu_s=cpu_s, wall_s=5 * cpu_s + 5)
    spec = replace(problem.spec, limits=limits, expected_s=longest_s, num_checks=len(kept.ids))
    return Ingested(problem=replace(problem, spec=spec), defect=None, dropped=dropped)


def _with_ids(suite: Suite, run: Verdict) -> Suite:
    """The suite with the ids of its program's tests, which only a run can tell."""
    program = suite.program
    if program is None or program.ids is not None:
        return suite
    known = set(suite.ids)
    ids = tuple(test.name for test in run.tests if test.name not in known)
    return replace(suite, program=replace(program, ids=ids))


def _patient(spec: Spec) -> Spec:
    limits = spec.limits
    return replace(spec, limits=replace(limits, cpu_s=PATIENCE * limits.cpu_s, wall_s=PATIENCE * limits.wall_s))


def _with_suite(problem: Problem, suite: Suite) -> Problem:
    return replace(problem, spec=replace(problem.spec, testbench=suite.to_text()))
