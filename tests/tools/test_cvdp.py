"""CVDP's harnesses on the real farm: recorded, then judged as their own pytest flow would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.verdict import Candidate, Outcome, Verdict
from tests.fixtures.cvdp_harnesses import CASES, Case
from verireason.data import cvdp
from verireason.data.calibrate import Calibration, calibrate
from verireason.problem import Problem

PLAIN = "Please answer."


def load(case: Case, directory: Path, *, solved: bool = True) -> Problem:
    (directory / "cvdp_v1.1.0_nonagentic.jsonl").write_text(json.dumps(case.row(solved=solved)) + "\n")
    loaded = cvdp.load(directory)
    assert not loaded.left_out, loaded.left_out
    return loaded.problems[0]


def calibrated(farm: Farm, problem: Problem) -> Calibration:
    found = calibrate(farm, [problem])
    assert (found.defects, found.left_out) == ({}, {})
    return found


def judge(farm: Farm, problem: Problem, source: str) -> Verdict:
    [verdict] = farm.judge([(Candidate(source=source), problem.spec)])
    return verdict


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def problem(case: Case, farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Problem:
    problem = load(case, tmp_path_factory.mktemp("cvdp"))
    return calibrated(farm, problem).problems[problem.id]


def test_the_golden_passes_each_shape_of_harness(farm: Farm, problem: Problem) -> None:
    verdict = judge(farm, problem, problem.golden)
    assert verdict.outcome is Outcome.PASS, verdict
    assert verdict.num_passed == verdict.num_tests == problem.spec.num_checks


def test_wrong_designs_fail(farm: Farm, problem: Problem, case: Case) -> None:
    for old, new in case.wrong:
        assert old in problem.golden
        verdict = judge(farm, problem, problem.golden.replace(old, new))
        assert verdict.outcome in (Outcome.MISMATCH, Outcome.COMPILE_ERROR), (new, verdict)
