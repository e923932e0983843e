"""Proof of problems on the real farm: sound ones are proven, each sort of defect is seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.hdl.equivalence import Equivalence
from sim.hdl.testbench import EVIDENCE, TESTBENCH_TOP
from sim.verdict import Candidate, Outcome
from verireason.cli import main
from verireason.data.corpus import faulty_corpus
from verireason.data.generator import generate
from verireason.data.jsonl import write_problems
from verireason.data.probes import make_probes
from verireason.data.proofs import Fate, ProblemProof, Tally
from verireason.data.validate import prove, validate
from verireason.problem import Problem

SOUND = list(generate(seed=5, split="train", num=4, families=["adder", "gates", "counter", "mux"], levels=[1]))
NO_CHECKS = f"""\
module {TESTBENCH_TOP};
  initial begin
    $display("{EVIDENCE} Mismatches: 0 in 5 samples");
    $finish(0);
  end
endmodule
"""


def proofs(problems: Sequence[Problem], farm: Farm, *, num_mutants: int = 6) -> list[ProblemProof]:
    return list(prove(problems, farm, max_mutants_per_problem=num_mutants, seed=0))


def blind(problem: Problem) -> Problem:
    """The problem with a testbench that finds everything right."""
    return replace(problem, spec=replace(problem.spec, testbench=NO_CHECKS, num_checks=5))


def test_sound_problems_are_proven(farm: Farm) -> None:
    report = validate(SOUND, farm, max_mutants_per_problem=6, seed=0, prover=prove)
    assert report.failures() == []


def test_counts_add_up(farm: Farm) -> None:
    report = validate(SOUND, farm, max_mutants_per_problem=6, seed=0, prover=prove)
    by_kind = sum(report.by_kind.values(), start=Tally())
    assert (report.total.num_problems, report.total.fates) == (len(SOUND), by_kind.fates)


def test_every_problem_gets_its_proof_in_order(farm: Farm) -> None:
    seen: list[str] = []
    validate(
        iter(SOUND),
        farm,
        max_mutants_per_problem=1,
        seed=0,
        prover=prove,
        watch=lambda proof: seen.append(proof.problem_id),
    )
    assert seen == [problem.id for problem in SOUND]


def test_the_same_seed_proves_the_same(farm: Farm) -> None:
    assert proofs(SOUND[:2], farm) == proofs(SOUND[:2], farm)


def test_a_golden_that_does_not_pass_is_a_defect(farm: Farm) -> None:
    broken = replace(SOUND[0], golden=SOUND[1].golden)
    [proof] = proofs([broken], farm)
    assert proof.defect is not None
    assert proof.defect.startswith("the golden's verdict is")


def test_a_problem_with_a_defect_adds_no_mutants(farm: Farm) -> None:
    [proof] = proofs([replace(SOUND[0], golden=SOUND[1].golden)], farm)
    assert proof.mutants == ()


def test_a_testbench_that_checks_nothing_lets_every_probe_pass(farm: Farm) -> None:
    [proof] = proofs([blind(SOUND[0])], farm)
    assert {"zeros", "ones", "unknown"} <= set(proof.false_passes)


def test_a_testbench_that_checks_nothing_kills_nothing(farm: Farm) -> None:
    [proof] = proofs([blind(SOUND[0])], farm)
    assert {fact.fate for fact in proof.mutants} <= {Fate.SURVIVED, Fate.EQUIVALENT, Fate.NOT_COMPILED}


def test_survivors_are_compared_with_the_golden(farm: Farm) -> None:
    [proof] = proofs([blind(SOUND[0])], farm)
    found = {fact.equivalence for fact in proof.mutants if fact.fate is Fate.SURVIVED}
    assert found <= {Equivalence.DIFFERENT, Equivalence.UNKNOWN}
    assert found


def test_what_is_not_proven_is_said(farm: Farm) -> None:
    report = validate([blind(SOUND[0])], farm, max_mutants_per_problem=6, seed=0, prover=prove)
    assert any("probes" in line for line in report.failures())
    assert any("mutants killed" in line for line in report.failures())


def test_a_constant_golden_may_be_matched_by_one_probe(farm: Farm) -> None:
    problem = next(each for each in SOUND if "output reg" not in each.golden)
    source = make_probes(problem.golden, top="top_module", num_checks=9)[0].source
    golden = source[: source.index("  initial begin")] + "endmodule\n"
    constant = replace(
        problem, golden=golden, spec=replace(problem.spec, reference=golden.replace("top_module", "__vr_ref"))
    )
    [proof] = proofs([constant], farm)
    assert (proof.defect, proof.false_passes) == (None, ())


def test_a_design_of_which_most_does_not_matter_is_noticed(farm: Farm) -> None:
    golden = SOUND[0].golden
    head = golden[: golden.index(";") + 1]
    output = head.replace(")", " ").replace(";", " ").split()[-1]
    idle = f"{head}\n  assign {output} = 1'b0 & (1'b1 + 1'b0 - 1'b1 + 1'b0);\nendmodule\n"
    problem = replace(
        SOUND[0], golden=idle, spec=replace(SOUND[0].spec, reference=idle.replace("top_module", "__vr_ref"))
    )
    [proof] = proofs([problem], farm, num_mutants=20)
    assert (proof.defect, proof.is_degenerate) == (None, True)


def test_probes_compile_and_fail(farm: Farm) -> None:
    pairs = [
        (Candidate(source=probe.source), problem.spec)
        for problem in SOUND
        for probe in make_probes(problem.golden, top=problem.spec.top, num_checks=problem.spec.num_checks)
    ]
    assert {verdict.outcome for verdict in farm.judge(pairs)} == {Outcome.MISMATCH}


def test_habits_of_the_faulty_corpus_are_wrong(farm: Farm) -> None:
    problems = list(generate(seed=2, split="train", num=60))
    faulty = [item for item in faulty_corpus(problems, systematic=1, random=0, seed=0) if item.fault]
    verdicts = list(farm.judge((Candidate(source=item.text), item.problem.spec) for item in faulty))
    # Now and then such a fault changes nothing: both arms of a mux may be alike in all but name.
    assert sum(verdict.passed for verdict in verdicts) <= 0.05 * len(verdicts)
    assert all(verdict.compiled for verdict in verdicts)


def test_syntax_slips_do_not_compile(farm: Farm) -> None:
    problems = list(generate(seed=3, split="train", num=60))
    slips = [item for item in faulty_corpus(problems, systematic=0, random=1, seed=0) if item.fault]
    broken = [item for item in slips if item.fault and item.fault.startswith("syntax")]
    verdicts = farm.judge((Candidate(source=item.text), item.problem.spec) for item in broken)
    assert {verdict.outcome for verdict in verdicts} == {Outcome.COMPILE_ERROR}


@pytest.mark.usefixtures("farm")
def test_the_command_exits_with_0_when_all_is_proven(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "problems.jsonl"
    write_problems(SOUND, path)
    words = ["data", "validate", "--problems", str(path), "--mutants-per-problem", "4", "--out", str(tmp_path / "out")]
    assert main([*words, "--jobs", "2"]) == 0
    assert capsys.readouterr().out.endswith("proven\n")
    facts = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert (facts["complete"], facts["failures"]) == (True, [])
    assert [each["problem_id"] for each in facts["problems"]] == [problem.id for problem in SOUND]


@pytest.mark.usefixtures("farm")
def test_the_command_exits_with_1_and_names_survivors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "problems.jsonl"
    write_problems([blind(SOUND[0])], path)
    words = ["data", "validate", "--problems", str(path), "--mutants-per-problem", "4", "--out", str(tmp_path / "out")]
    assert main([*words, "--jobs", "2"]) == 1
    assert "not proven:" in capsys.readouterr().out
    facts = json.loads((tmp_path / "out" / "validation.json").read_text())
    survivors = [fact for fact in facts["problems"][0]["mutants"] if fact["fate"] == "survived"]
    assert all("module" in fact["source"] and fact["description"].startswith("line ") for fact in survivors)
