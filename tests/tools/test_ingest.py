"""References on the real farm before any candidate: what is dropped, filled in, limited, and counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.farm import Farm
from sim.job import Limits
from sim.python.course import NAME
from sim.python.suite import CallTest, Program, Style, Suite, read_suite
from sim.verdict import Candidate, Spec
from verireason.data.calibrate import calibrate
from verireason.data.ingest import CPU_FLOOR_S, ingest
from verireason.problem import Problem

GOLDEN = "def f(n):\n    return 2 * n + 1\n"
CALLS = (CallTest(id="right", args="[1]", expected="3"), CallTest(id="also", args="[0]", expected="1"))


def problem_of(suite: Suite, golden: str = GOLDEN, cpu_s: float = 1) -> Problem:
    limits = Limits(cpu_s=cpu_s, wall_s=10, mem_mb=512, output_kb=256)
    spec = Spec(verifier=NAME, top="f", testbench=suite.to_text(), limits=limits)
    return Problem(
        id="p", benchmark="b", prompt="", spec=spec, golden=golden, split="test", licence="", category="", difficulty=0
    )


def test_tests_that_the_reference_fails_are_dropped_and_counted(farm: Farm) -> None:
    suite = Suite(entry="f", calls=(*CALLS, CallTest(id="wrong", args="[1]", expected="4")))
    (found,) = ingest(farm, [problem_of(suite)])
    assert found.dropped == (("wrong", "got 3, expected 4"),)
    assert read_suite(found.problem.spec.testbench).ids == ("right", "also")
    assert found.problem.spec.num_checks == 2
    calibration = calibrate(farm, [problem_of(suite)])
    assert (calibration.dropped, calibration.defects) == ({"p": found.dropped}, {})


def test_tests_that_the_reference_passes_only_sometimes_are_dropped(farm: Farm) -> None:
    golden = "def f(n):\n    return n if len(open(__file__).read()) % 2 else -n\n"
    calls = (CallTest(id="zero", args="[0]", expected="0"), CallTest(id="one", args="[1]", expected="1"))
    (found,) = ingest(farm, [problem_of(Suite(entry="f", calls=calls), golden)])
    assert [id for id, _ in found.dropped] == ["one"]


def test_a_reference_that_passes_nothing_is_a_defect(farm: Farm) -> None:
    for golden in ("def f(n):\n    return None\n", "def f(n:\n", "import nothing_like_it\n"):
        (found,) = ingest(farm, [problem_of(Suite(entry="f", calls=CALLS), golden)])
        assert found.defect is not None
        assert found.defect.startswith("the benchmark's own reference does not pass: ")


def test_a_problem_without_a_reference_stays_as_it_is(farm: Farm) -> None:
    problem = problem_of(Suite(entry="f", calls=CALLS), "")
    (found,) = ingest(farm, [problem])
    assert (found.problem, found.defect, found.dropped) == (problem, None, ())


def test_answers_that_the_benchmark_leaves_to_its_reference_are_filled_in(farm: Farm) -> None:
    calls = (*CALLS, CallTest(id="open", args="[20]", expected=None), CallTest(id="none", args='["x"]', expected=None))
    golden = "def f(n):\n    return 2 * n + 1 if n != 'x' else 1 // 0\n"
    (found,) = ingest(farm, [problem_of(Suite(entry="f", calls=calls), golden)])
    assert read_suite(found.problem.spec.testbench).calls[2].expected == "41"
    assert found.dropped == (("none", "the reference does not answer"),)


def test_the_cpu_limit_follows_from_the_reference(farm: Farm) -> None:
    (quick,) = ingest(farm, [problem_of(Suite(entry="f", calls=CALLS))])
    assert quick.problem.spec.limits.cpu_s == CPU_FLOOR_S
    slow = "import time\ndef f(n):\n    end = time.process_time() + 0.5\n    while time.process_time() < end: pass\n    return 2 * n + 1\n"
    (found,) = ingest(farm, [problem_of(Suite(entry="f", calls=CALLS), slow, cpu_s=0.5)])
    assert found.dropped == ()  # it took longer than the loader's limit
    assert found.problem.spec.limits.cpu_s >= 10
    assert found.problem.spec.limits.wall_s > found.problem.spec.limits.cpu_s


def test_ids_of_tests_that_only_a_run_can_tell_are_kept(farm: Farm) -> None:
    source = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(1), 3)\n    def test_b(self):\n        self.assertEqual(f(1), 4)\n"
    (found,) = ingest(farm, [problem_of(Suite(entry="f", program=Program(style=Style.UNITTEST, source=source)))])
    suite = read_suite(found.problem.spec.testbench)
    assert suite.program is not None
    assert (suite.program.ids, suite.program.left_out, suite.ids) == (
        ("T.test_a", "T.test_b"),
        ("T.test_b",),
        ("T.test_a",),
    )
    (verdict,) = farm.judge([(Candidate(source=GOLDEN), found.problem.spec)])
    assert (verdict.passed, verdict.num_tests) == (True, 1)


@pytest.mark.parametrize(
    ("golden", "objects"), [("class f:\n    def __init__(self, n):\n        self.n = n\n", True), (GOLDEN, False)]
)
def test_objects_are_answers_where_the_reference_gives_some(farm: Farm, golden: str, objects: bool) -> None:
    source = "assert f(3).n == 3" if objects else "assert f(3) == 7"
    program = Program(style=Style.STATEMENTS, source=source, ids=("0",))
    (found,) = ingest(farm, [problem_of(Suite(entry="f", program=program), golden)])
    assert (found.defect, found.dropped) == (None, ())
    assert read_suite(found.problem.spec.testbench).program == replace(program, objects=objects)


@pytest.mark.parametrize(
    "source",
    [
        "assert eval(f('1')) == 3",
        "import pickle\nassert pickle.loads(f(b'')) == 3",
        "from os import system\nassert system(f('')) == 0",
    ],
)
def test_test_code_that_runs_text_is_not_used(farm: Farm, source: str) -> None:
    program = Program(style=Style.STATEMENTS, source=source, ids=("text",))
    (found,) = ingest(farm, [problem_of(Suite(entry="f", calls=CALLS, program=program))])
    assert read_suite(found.problem.spec.testbench).ids == ("right", "also")
    assert [id for id, _ in found.dropped] == ["text"]
    (found,) = ingest(farm, [problem_of(Suite(entry="f", program=program))])
    assert found.defect is not None
    assert "runs text" in found.defect
