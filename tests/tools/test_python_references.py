"""HumanEval, MBPP and their plus forms on the real farm: a reference's answers, and what passes with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.inbox.values import decode
from sim.python.suite import read_suite
from sim.verdict import Candidate, Outcome, Verdict
from verireason.data import human_eval, mbpp
from verireason.data.ingest import ingest
from verireason.data.loaded import Loaded
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks"
LAYOUTS: dict[str, Callable[[], Loaded]] = {
    "mbpp": lambda: mbpp.load(FIXTURES / "mbpp"),
    "mbpp-sanitized": lambda: mbpp.load_sanitized(FIXTURES / "mbpp"),
    "mbppplus": lambda: mbpp.load_plus(FIXTURES / "mbppplus"),
    "mbppplus, hub": lambda: mbpp.load_plus(FIXTURES / "mbppplus-hub"),
    "humanevalplus": lambda: human_eval.load_plus(FIXTURES / "humanevalplus"),
    "humanevalplus, hub": lambda: human_eval.load_plus(FIXTURES / "humanevalplus-hub"),
}


@pytest.fixture(scope="module", params=LAYOUTS)
def problems(request: pytest.FixtureRequest, farm: Farm) -> list[Problem]:
    """As they are judged: with the reference's answers, and with no test lost."""
    found = ingest(farm, LAYOUTS[request.param]().problems)
    assert [(each.problem.id, each.defect, each.dropped) for each in found if each.defect or each.dropped] == []
    return [each.problem for each in found]


def judge(farm: Farm, problems: list[Problem], source: Callable[[Problem], str]) -> list[Verdict]:
    return list(farm.judge((Candidate(source=source(each), language="python"), each.spec) for each in problems))


def defining(body: str) -> Callable[[Problem], str]:
    """A program with that body for the function, and one of each name that the tests take beside it."""

    def source(problem: Problem) -> str:
        program = read_suite(problem.spec.testbench).program
        others = "".join(f"class {name}: pass\n" for name in (program.names if program else ()))
        return f"{others}def {problem.spec.top}(*args, **kwargs):\n    {body}\n"

    return source


def test_references_pass_every_test(farm: Farm, problems: list[Problem]) -> None:
    for problem, verdict in zip(problems, judge(farm, problems, lambda each: each.golden), strict=True):
        assert verdict.outcome is Outcome.PASS, (problem.id, verdict.failed_call, verdict.diagnostics)
        assert verdict.num_passed == verdict.num_tests == len(read_suite(problem.spec.testbench).ids)


@pytest.mark.parametrize("body", ["return None", "return args[0] if args else None", "import os; os._exit(0)"])
def test_wrong_programs_do_not_pass(farm: Farm, problems: list[Problem], body: str) -> None:
    verdicts = judge(farm, problems, defining(body))
    assert [each.id for each, verdict in zip(problems, verdicts, strict=True) if verdict.passed] == []
    assert all(verdict.outcome is not Outcome.UNJUDGED for verdict in verdicts)


def test_an_answer_that_is_a_match_counts_as_its_truth(farm: Farm) -> None:
    (problem,) = [each for each in mbpp.load_plus(FIXTURES / "mbppplus").problems if each.id == "Mbpp/737"]
    (ready,) = ingest(farm, [problem])
    answers = [decode(call.expected or "null") for call in read_suite(ready.problem.spec.testbench).calls]
    assert answers == [True, False]


def test_a_body_that_goes_on_from_the_prompt_has_its_helpers(farm: Farm) -> None:
    (problem,) = [each for each in human_eval.load_plus(FIXTURES / "humanevalplus").problems if each.id.endswith("900")]
    (ready,) = ingest(farm, [problem])
    whole = "def wanted(texts: List[str]) -> List[str]:\n    return list(filter(is_wanted, texts))\n"
    assert judge(farm, [ready.problem], lambda _: whole)[0].outcome is Outcome.PASS


def test_all_of_human_eval_passes_with_its_references_only(farm: Farm, shared_data: Callable[[str], Path]) -> None:
    problems = human_eval.load(shared_data("human-eval")).problems
    assert [verdict.passed for verdict in judge(farm, problems, lambda each: each.golden)] == [True] * 164
    assert [verdict.passed for verdict in judge(farm, problems, defining("return None"))] == [False] * 164
