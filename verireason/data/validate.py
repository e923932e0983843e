"""Proof that problems can be judged by: goldens pass, empty probes fail, faulty versions of the golden fail.

Each golden runs twice, as two different jobs, and must get the same numbers. Mutants that survive are compared with the
golden by Yosys; those proven equivalent are left out of the kill rate, all other survivors count against the problem.
What the farm could not judge is neither a kill nor a survivor, and is counted beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from random import Random
from typing import Protocol

from sim.farm import Farm
from sim.hdl.equivalence import Equivalence, judge_equivalence, plan_equivalence
from sim.hdl.tools.yosys import parse_error
from sim.verdict import Candidate, Outcome, Spec, Verdict
from verireason.data.mutate import Mutant, mutants
from verireason.data.mutation_kinds import MutationKind
from verireason.data.probes import Probe, make_probes, passing_probes
from verireason.data.proofs import Fate, MutantFact, ProblemProof, Tally, ValidationReport, tally_of
from verireason.errors import MissingError
from verireason.problem import Problem

GENERATED = frozenset({"generated", "generated-python"})
"""Benchmarks of our own problems, which have families."""
_CHUNK = 24
"""Problems whose mutants are in memory at the same time."""
_AGAIN = "\n// the same again\n"
"""Makes the second run of a golden another job: equal jobs run once."""


class Prover(Protocol):
    """`prove`, or the same for another language."""

    def __call__(
        self, problems: Iterable[Problem], farm: Farm, *, max_mutants_per_problem: int, seed: int
    ) -> Iterator[ProblemProof]:
        """One proof per problem, in order."""


def validate(
    problems: Iterable[Problem],
    farm: Farm,
    *,
    max_mutants_per_problem: int,
    seed: int,
    prover: Prover,
    watch: Callable[[ProblemProof], None] = lambda proof: None,
    defects: Mapping[str, str] | None = None,
) -> ValidationReport:
    """Prove every problem; `watch` sees each proof as it is made. Only counts are kept.

    defects: problem id to what is known to be wrong with its golden; nothing else is asked of such a problem.
    """
    by_family: dict[str, Tally] = {}
    by_kind: dict[MutationKind, Tally] = {}
    defective: list[ProblemProof] = []
    if defects:
        problems = list(problems)
        defective = [_defective(problem, defects[problem.id]) for problem in problems if problem.id in defects]
        problems = [problem for problem in problems if problem.id not in defects]
    proofs = prover(problems, farm, max_mutants_per_problem=max_mutants_per_problem, seed=seed)
    for proof in chain(defective, proofs):
        by_family[proof.family] = by_family.get(proof.family, Tally()) + tally_of(proof)
        for fact in proof.mutants:
            one = Tally(fates={fact.fate: 1})
            by_kind[fact.mutant.kind] = by_kind.get(fact.mutant.kind, Tally()) + one
        watch(proof)
    return ValidationReport(by_family=dict(sorted(by_family.items())), by_kind=dict(sorted(by_kind.items())))


def _defective(problem: Problem, defect: str) -> ProblemProof:
    return ProblemProof(
        problem_id=problem.id, family=family_of(problem), defect=defect, false_passes=(), idle_probes=(), mutants=()
    )


def prove(
    problems: Iterable[Problem], farm: Farm, *, max_mutants_per_problem: int, seed: int
) -> Iterator[ProblemProof]:
    """One proof per problem, in order. Takes problems some dozens at a time.

    Which mutants are drawn depends on the seed and the problem's id alone. Specs must know their number of checks
    (`verireason.data.calibrate`), else no golden can pass. Raises MissingError when Yosys does not run in the farm.
    """
    _check_prover(farm)
    yield from prove_by_trials(
        problems,
        farm,
        make_trial=lambda problem: _trial(problem, max_mutants_per_problem, seed),
        compare_survivors=_compare_survivors,
    )


class Trial(Protocol):
    """All that is judged about one problem."""

    def pairs(self) -> list[tuple[Candidate, Spec]]:
        """The golden twice, the probes, the mutants."""

    def conclude(self, verdicts: list[Verdict]) -> ProblemProof:
        """The proof, as far as the problem's own tests can tell. One verdict for each pair."""


def prove_by_trials(
    problems: Iterable[Problem],
    farm: Farm,
    *,
    make_trial: Callable[[Problem], Trial],
    compare_survivors: Callable[[list[ProblemProof], list[Problem], Farm], Iterator[ProblemProof]],
) -> Iterator[ProblemProof]:
    """One proof per problem, in order. Takes problems some dozens at a time.

    compare_survivors: gives the proofs back with those survivors marked that are the golden after all.
    """
    stream = iter(problems)
    while chunk := list(islice(stream, _CHUNK)):
        trials = [make_trial(problem) for problem in chunk]
        verdicts = farm.judge(pair for trial in trials for pair in trial.pairs())
        proofs = [trial.conclude([next(verdicts) for _ in trial.pairs()]) for trial in trials]
        yield from compare_survivors(proofs, chunk, farm)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """All that is judged about one problem."""

    problem: Problem
    probes: list[Probe]
    mutants: list[Mutant]

    def pairs(self) -> list[tuple[Candidate, Spec]]:
        """The golden twice, the probes, the mutants."""
        goldens = [self.problem.golden, self.problem.golden + _AGAIN]
        sources = goldens + [probe.source for probe in self.probes] + [mutant.source for mutant in self.mutants]
        return [(Candidate(source=source), self.problem.spec) for source in sources]

    def conclude(self, verdicts: list[Verdict]) -> ProblemProof:
        """The proof, as far as simulation can tell."""
        first, again, *others = verdicts
        probed, mutated = others[: len(self.probes)], others[len(self.probes) :]
        passed = [probe.name for probe, verdict in zip(self.probes, probed, strict=True) if verdict.passed]
        idle = [
            probe.name
            for probe, verdict in zip(self.probes, probed, strict=True)
            if not verdict.compiled and verdict.outcome is not Outcome.REJECTED
        ]
        defect = defect_of(first, again)
        false_passes = passing_probes(passed)
        on_merit = [probe for probe in self.probes if probe.name in passed and probe.name not in false_passes]
        return ProblemProof(
            problem_id=self.problem.id,
            family=family_of(self.problem),
            defect=defect,
            false_passes=false_passes,
            idle_probes=tuple(idle),
            mutants=mutant_facts(self.mutants, mutated) if defect is None else (),
            constant=on_merit[0] if on_merit else None,
        )


def mutant_facts(tried: list[Mutant], verdicts: list[Verdict]) -> tuple[MutantFact, ...]:
    """What became of each mutant, before anybody asks whether a survivor is equivalent."""
    return tuple(
        MutantFact(mutant=mutant, outcome=verdict.outcome, fate=_fate_of(verdict))
        for mutant, verdict in zip(tried, verdicts, strict=True)
    )


def family_of(problem: Problem) -> str:
    """The family of a generated problem; the whole benchmark for others, whose categories are their names."""
    return problem.category if problem.benchmark in GENERATED else problem.benchmark


def _trial(problem: Problem, limit: int, seed: int) -> _Trial:
    return _Trial(
        problem=problem,
        probes=make_probes(problem.golden, top=problem.spec.top, num_checks=problem.spec.num_checks),
        mutants=mutants(problem.golden, rng=Random(f"{seed}/{problem.id}"), limit=limit),
    )


def _fate_of(verdict: Verdict) -> Fate:
    match verdict.outcome:
        case Outcome.PASS:
            return Fate.SURVIVED
        case Outcome.UNJUDGED:
            return Fate.UNJUDGED
        case Outcome.COMPILE_ERROR | Outcome.REJECTED | Outcome.NO_CODE:
            return Fate.NOT_COMPILED
        case _:
            return Fate.KILLED


def defect_of(first: Verdict, again: Verdict) -> str | None:
    """What is wrong with the golden's two runs."""
    for verdict in (first, again):
        if not verdict.passed:
            messages = [diagnostic.message for diagnostic in verdict.diagnostics][:2]
            return "; ".join([f"the golden's verdict is {verdict.outcome}", *messages])
    if _numbers(first) != _numbers(again):
        return f"two runs of the golden differ: {_numbers(first)} and {_numbers(again)}"
    return None


def _numbers(verdict: Verdict) -> tuple[object, ...]:
    return verdict.num_passed, verdict.num_tests, verdict.outputs


def _check_prover(farm: Farm) -> None:
    """A prover that fails at everything would turn equivalent mutants into survivors without a word."""
    same = "module m(input a, output y);\n  assign y = ~a;\nendmodule\n"
    [result] = farm.pool.map([plan_equivalence(golden=same, mutant=same, top="m", image=farm.image)])
    if judge_equivalence(result) is not Equivalence.EQUIVALENT:
        said = result.failure or "\n".join(step.stderr.decode(errors="replace") for step in result.steps)
        why = parse_error(said) or said.strip()[:200]
        raise MissingError(f"Yosys does not work in the simulation image: {why}; `verireason doctor` says more")


def _compare_survivors(proofs: list[ProblemProof], problems: list[Problem], farm: Farm) -> Iterator[ProblemProof]:
    """The proofs with those survivors marked that are the golden after all, and constants that are not the golden."""
    compared = [
        (problem, source)
        for proof, problem in zip(proofs, problems, strict=True)
        for source in [
            *([proof.constant.bare] if proof.constant else []),
            *(fact.mutant.source for fact in proof.mutants if fact.fate is Fate.SURVIVED),
        ]
    ]
    jobs = [
        plan_equivalence(golden=problem.golden, mutant=source, top=problem.spec.top, image=farm.image)
        for problem, source in compared
    ]
    found = (judge_equivalence(result) for result in farm.pool.map(jobs))
    for proof in proofs:
        if proof.constant is not None and next(found) is Equivalence.DIFFERENT:
            proof = replace(proof, false_passes=(proof.constant.name, *proof.false_passes))
        facts = []
        for fact in proof.mutants:
            if fact.fate is Fate.SURVIVED:
                equivalence = next(found)
                fate = Fate.EQUIVALENT if equivalence is Equivalence.EQUIVALENT else Fate.SURVIVED
                fact = replace(fact, equivalence=equivalence, fate=fate)
            facts.append(fact)
        yield replace(proof, mutants=tuple(facts), constant=None)
