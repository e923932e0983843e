"""Generated programming tasks on the real farm: goldens pass, and what must not pass does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.farm import Farm
from sim.python.suite import read_suite
from sim.verdict import Candidate, Outcome
from verireason.cli import main
from verireason.data.programs.generator import HELDOUT_PROGRAM_FAMILIES, generate_programs
from verireason.data.programs.prove import prove_programs
from verireason.data.programs.table import PROGRAM_FAMILIES
from verireason.data.proofs import Fate
from verireason.problem import Problem

CELLS = [(name, level) for name, family in PROGRAM_FAMILIES.items() for level in family.levels]


def draw(name: str, level: int, num: int, *, seed: int = 8) -> list[Problem]:
    split = "heldout-family" if name in HELDOUT_PROGRAM_FAMILIES else "train"
    return list(generate_programs(seed=seed, split=split, num=num, families=[name], levels=[level]))


def test_golden_and_reference_agree_on_every_test(farm: Farm) -> None:
    problems = [problem for name, level in CELLS for problem in draw(name, level, 4)]

    verdicts = farm.judge((Candidate(source=each.golden, language="python"), each.spec) for each in problems)

    for problem, verdict in zip(problems, verdicts, strict=True):
        assert verdict.outcome is Outcome.PASS, (problem.id, verdict.failed_call)
        assert verdict.num_passed == verdict.num_tests == problem.spec.num_checks


@pytest.mark.parametrize("level", [1, 2, 3])
def test_probes_fail_and_mutants_are_killed(farm: Farm, level: int) -> None:
    problems = [each for name, wanted in CELLS if wanted == level for each in draw(name, level, 1, seed=0)]

    for proof in prove_programs(problems, farm, max_mutants_per_problem=8, seed=0):
        assert proof.defect is None, proof.problem_id
        assert (proof.false_passes, proof.idle_probes) == ((), ()), proof.problem_id
        fates = {fact.fate for fact in proof.mutants}
        left = [fact.mutant.source for fact in proof.mutants if fact.fate not in (Fate.KILLED, Fate.EQUIVALENT)]
        assert not left, proof.problem_id
        assert Fate.KILLED in fates, proof.problem_id


def test_a_blind_suite_lets_mutants_survive(farm: Farm) -> None:
    problem = draw("clamp", 1, 1)[0]
    suite = read_suite(problem.spec.testbench)
    middle = [test for test in suite.calls if test.args == f"[{test.expected}]"][:1]
    blind = replace(problem, spec=replace(problem.spec, testbench=replace(suite, calls=tuple(middle)).to_text()))

    [proof] = prove_programs([blind], farm, max_mutants_per_problem=30, seed=0)

    assert "argument" in proof.false_passes
    assert Fate.SURVIVED in {fact.fate for fact in proof.mutants}


def test_the_command_proves_python_tasks(farm: Farm, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["data", "validate", "--language", "python", "--num", "3", "--levels", "1", "--families", "slice,words"]

    assert main([*words, "--mutants-per-problem", "3"]) == 0

    assert capsys.readouterr().out.rstrip().endswith("proven")
