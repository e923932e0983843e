"""What the runs of a harness share: equal designs are guarded once, equal builds compiled once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sim.hdl.design import Design, assemble, design_files
from sim.hdl.harness import Harness, Run
from sim.verdict import Candidate, Diagnostic, Outcome, Severity, Spec, Verdict

MAX_MESSAGE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One compilation."""

    design: int
    top: str
    parameters: Mapping[str, str]
    timescale: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Designs, what is built of them, and the runs of each build."""

    designs: tuple[Design, ...]
    builds: tuple[Build, ...]
    runs: tuple[tuple[Run, int], ...]
    """Each with the place of its build."""


def lay_out(candidate: Candidate, harness: Harness) -> Layout:
    """The builds of a candidate. Raises Unfit for what does not make a design, ValueError for an unrecorded harness."""
    if harness.runs is None:
        raise ValueError("the harness was not recorded; see sim.hdl.harness_recording")
    files = design_files(candidate.source, wanted=harness.wanted, context=harness.context)
    designs: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], int] = {}
    assembled: list[Design] = []
    builds: list[Build] = []
    runs: list[tuple[Run, int]] = []
    for run in harness.runs:
        key = (run.sources, tuple(run.defines.items()))
        if key not in designs:
            designs[key] = len(assembled)
            assembled.append(assemble(files, run.sources, defines=run.defines))
        build = Build(
            design=designs[key], top=run.top, parameters=run.parameters, timescale=run.timescale, warnings=run.warnings
        )
        if build not in builds:
            builds.append(build)
        runs.append((run, builds.index(build)))
    return Layout(designs=tuple(assembled), builds=tuple(builds), runs=tuple(runs))


def does_not_fit(spec: Spec, key: str, why: str) -> Verdict:
    """The verdict on files that do not make a design."""
    diagnostic = Diagnostic(severity=Severity.ERROR, message=why[:MAX_MESSAGE])
    return Verdict(outcome=Outcome.COMPILE_ERROR, num_tests=spec.num_checks, job_key=key, diagnostics=(diagnostic,))


def run_nonce(evidence: str, place: int) -> str:
    """What a run's evidence carries; no run knows that of another."""
    return f"E{hashlib.sha256(f'{evidence} {place}'.encode()).hexdigest()[:32]}"


def with_own_lines(found: tuple[Diagnostic, ...], design: Design) -> tuple[Diagnostic, ...]:
    """Messages about lines of a design as such about the candidate's own, and about which file where there are many."""
    return tuple(_with_own_line(each, design) for each in found)


def _with_own_line(diagnostic: Diagnostic, design: Design) -> Diagnostic:
    place = design.place(diagnostic.line)
    if place is None:
        return diagnostic
    if place.own_line is not None and len({each.path for each in design.places}) == 1:
        return replace(diagnostic, line=place.own_line)
    message = f"{place.path}:{place.line}: {diagnostic.message}"[:MAX_MESSAGE]
    return replace(diagnostic, message=message, line=place.own_line)


def merge(spec: Spec, key: str, verdicts: list[tuple[Run, Verdict]]) -> Verdict:
    """One verdict on all runs: the first that is no PASS decides, and each test carries its run's name."""
    tests = tuple(
        replace(test, name=f"{test.name}[{run.name}]") if run.name else test
        for run, verdict in verdicts
        for test in verdict.tests
    )
    num_passed = sum(verdict.num_passed or 0 for _, verdict in verdicts)
    deciding = next(((run, verdict) for run, verdict in verdicts if verdict.outcome is Outcome.UNJUDGED), None)
    deciding = deciding or next(((run, verdict) for run, verdict in verdicts if not verdict.passed), verdicts[-1])
    run, verdict = deciding
    outcome, diagnostics = verdict.outcome, verdict.diagnostics
    if outcome is not Outcome.PASS and run.name and diagnostics:
        first = replace(diagnostics[0], message=f"[{run.name}] {diagnostics[0].message}"[:MAX_MESSAGE])
        diagnostics = (first, *diagnostics[1:])
    if outcome is Outcome.PASS and spec.num_checks is not None and len(tests) != spec.num_checks:
        outcome = Outcome.MISMATCH
        why = f"{len(tests)} tests ran; the golden's runs had {spec.num_checks}"
        diagnostics = (Diagnostic(severity=Severity.ERROR, message=why), *diagnostics)
    return Verdict(
        outcome=outcome,
        num_passed=num_passed if tests else None,
        num_tests=max(len(tests), spec.num_checks or 0) or None,
        tests=tests,
        diagnostics=diagnostics,
        job_key=key,
    )
