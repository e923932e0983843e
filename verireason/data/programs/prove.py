"""Proof that programming tasks can be judged by: goldens pass, empty probes fail, faulty goldens fail.

The kinds of facts are those of `verireason.data.validate`. Whether a mutant that passed is the golden after all is
asked of a suite with many more inputs, for generated problems, which have one: a mutant that passes that too counts as
equivalent. For public benchmarks nobody knows, so every survivor counts against the kill rate, which is a lower bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from sim.farm import Farm
from sim.python.suite import read_suite
from sim.verdict import Candidate, Outcome, Spec, Verdict
from verireason.data.mutate import Mutant, mutants
from verireason.data.programs.generator import more_tests
from verireason.data.programs.places import find_program_places
from verireason.data.programs.probes import program_probes
from verireason.data.proofs import Fate, ProblemProof
from verireason.data.validate import GENERATED, defect_of, family_of, mutant_facts, prove_by_trials
from verireason.problem import Problem

NUM_MORE = 400
"""Drawn inputs that decide whether a mutant is equivalent."""
_AGAIN = "\n# the same again\n"
"""Makes the second run of a golden another job: equal jobs run once."""


def prove_programs(
    problems: Iterable[Problem], farm: Farm, *, max_mutants_per_problem: int, seed: int
) -> Iterator[ProblemProof]:
    """One proof per problem, in order. Takes problems some dozens at a time.

    Which mutants are drawn depends on the seed and the problem's id alone.
    """
    return prove_by_trials(
        problems,
        farm,
        make_trial=lambda problem: _trial(problem, max_mutants_per_problem, seed),
        compare_survivors=_compare_survivors,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """All that is judged about one problem."""

    problem: Problem
    probes: dict[str, str]
    mutants: list[Mutant]

    def pairs(self) -> list[tuple[Candidate, Spec]]:
        """The golden twice, the probes, the mutants."""
        golden = self.problem.golden
        sources = [golden, golden + _AGAIN, *self.probes.values(), *(mutant.source for mutant in self.mutants)]
        return [(_candidate(source), self.problem.spec) for source in sources]

    def conclude(self, verdicts: list[Verdict]) -> ProblemProof:
        """The proof, as far as the problem's own tests can tell."""
        first, again, *others = verdicts
        probed = dict(zip(self.probes, others, strict=False))
        defect = defect_of(first, again)
        return ProblemProof(
            problem_id=self.problem.id,
            family=family_of(self.problem),
            defect=defect,
            false_passes=tuple(name for name, verdict in probed.items() if verdict.passed),
            idle_probes=tuple(name for name, verdict in probed.items() if verdict.outcome is Outcome.UNJUDGED),
            mutants=mutant_facts(self.mutants, others[len(self.probes) :]) if defect is None else (),
        )


def _trial(problem: Problem, limit: int, seed: int) -> _Trial:
    rng = Random(f"{seed}/{problem.id}")
    return _Trial(
        problem=problem,
        probes=program_probes(problem.golden, entry=read_suite(problem.spec.testbench).entry),
        mutants=mutants(problem.golden, rng=rng, limit=limit, find=find_program_places),
    )


def _candidate(source: str) -> Candidate:
    return Candidate(source=source, language="python")


def _compare_survivors(proofs: list[ProblemProof], problems: list[Problem], farm: Farm) -> Iterator[ProblemProof]:
    """The proofs with those survivors marked that answer as the golden does on many more inputs."""
    survivors = [
        (_candidate(fact.mutant.source), replace(problem.spec, testbench=more_tests(problem, num_drawn=NUM_MORE)))
        for proof, problem in zip(proofs, problems, strict=True)
        for fact in proof.mutants
        if fact.fate is Fate.SURVIVED and problem.benchmark in GENERATED
    ]
    verdicts = farm.judge(survivors)
    for proof, problem in zip(proofs, problems, strict=True):
        facts = [
            replace(fact, fate=Fate.EQUIVALENT)
            if fact.fate is Fate.SURVIVED and problem.benchmark in GENERATED and next(verdicts).passed
            else fact
            for fact in proof.mutants
        ]
        yield replace(proof, mutants=tuple(facts))
