"""The Python benchmarks' contract on the real farm: references pass, wrong programs do not, no test is lost unsaid."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.python.suite import read_suite
from sim.verdict import Candidate, Outcome, Verdict
from verireason.cli import main
from verireason.data import apps, bigcodebench, code_contests, kodcode, livecodebench, verifiable
from verireason.data.ingest import Ingested, ingest
from verireason.data.loaded import Loaded
from verireason.problem import Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "python_benchmarks"
LOADERS: dict[str, Callable[[Path], Loaded]] = {
    apps.NAME: apps.load,
    apps.TACO: apps.load_taco,
    bigcodebench.NAME: bigcodebench.load,
    code_contests.NAME: code_contests.load,
    kodcode.NAME: kodcode.load,
    livecodebench.NAME: livecodebench.load,
    verifiable.DEEPCODER: verifiable.load_deepcoder,
    verifiable.OPEN_R1: verifiable.load_open_r1,
    verifiable.PRIME: verifiable.load_prime,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A fixture's problems, and a right answer to each."""

    problems: list[Problem]
    answers: dict[str, str]


@cache
def benchmark(name: str) -> Benchmark:
    """The fixture of that name; benchmarks without references have answers beside their data."""
    problems = LOADERS[name](FIXTURES / name).problems
    beside = FIXTURES / name / "answers.json"
    answers = json.loads(beside.read_text()) if beside.exists() else {}
    return Benchmark(
        problems=problems, answers={problem.id: problem.golden or answers[problem.id] for problem in problems}
    )


def judge(farm: Farm, problems: list[Problem], source: Callable[[Problem], str]) -> list[Verdict]:
    """The verdicts on one program per problem."""
    pairs = ((Candidate(source=source(problem), language="python"), problem.spec) for problem in problems)
    return list(farm.judge(pairs))


def silent(problem: Problem) -> str:
    """A program that answers nothing."""
    return _defining(problem, "return None") or "input"


def agreeable(problem: Problem) -> str:
    """A program whose answer says that it is equal to everything."""
    equal = "class Equal(str):\n    __eq__ = lambda self, other: True\n    __ne__ = lambda self, other: False\n"
    equal += "    __hash__ = str.__hash__\n    __bool__ = __len__ = lambda self: True\n"
    return equal + (_defining(problem, "return Equal()") or "print(Equal())")


def leaving(problem: Problem) -> str:
    """A program that ends as if all were well."""
    return f"import os\n{_defining(problem, 'os._exit(0)') or 'os._exit(0)'}"


def _defining(problem: Problem, body: str) -> str:
    owner, _, name = read_suite(problem.spec.testbench).entry.rpartition(".")
    if not owner:
        return f"def {name}(*args, **kwargs):\n    {body}\n" if name else ""
    return f"class {owner}:\n    def {name}(self, *args, **kwargs):\n        {body}\n"


@pytest.mark.parametrize("name", sorted(LOADERS))
def test_right_programs_pass_every_test(farm: Farm, name: str) -> None:
    found = benchmark(name)
    problems = [each.problem for each in ingest(farm, found.problems)]
    verdicts = judge(farm, problems, lambda problem: found.answers[problem.id])
    for problem, verdict in zip(problems, verdicts, strict=True):
        assert verdict.outcome is Outcome.PASS, (problem.id, verdict.failed_call, verdict.diagnostics)
        assert verdict.num_passed == verdict.num_tests
        assert verdict.num_passed >= len(read_suite(problem.spec.testbench).ids)


@pytest.mark.parametrize("program", [silent, agreeable, leaving])
@pytest.mark.parametrize("name", sorted(LOADERS))
def test_wrong_programs_do_not_pass(farm: Farm, name: str, program: Callable[[Problem], str]) -> None:
    found = benchmark(name)
    verdicts = judge(farm, found.problems, program)
    passed = [problem.id for problem, verdict in zip(found.problems, verdicts, strict=True) if verdict.passed]
    assert passed == []
    assert all(verdict.outcome is not Outcome.UNJUDGED for verdict in verdicts)


@pytest.mark.parametrize("name", sorted(LOADERS))
def test_references_lose_no_test_at_ingest(farm: Farm, name: str) -> None:
    found: list[Ingested] = ingest(farm, benchmark(name).problems)
    assert [(each.problem.id, each.defect, each.dropped) for each in found if each.defect or each.dropped] == []


def test_an_incorrect_solution_of_code_contests_fails(farm: Farm) -> None:
    rows = [json.loads(line) for line in (FIXTURES / "codecontests" / "test.jsonl").read_text().splitlines()]
    wrong = {f"test/{place}": row["incorrect_solutions"]["solution"][0] for place, row in enumerate(rows)}
    verdicts = judge(farm, benchmark("codecontests").problems, lambda problem: wrong[problem.id])
    assert {verdict.outcome for verdict in verdicts} == {Outcome.WRONG}


def test_a_body_that_goes_on_from_the_prompt_of_bigcodebench_is_judged(farm: Farm) -> None:
    (problem,) = [each for each in benchmark("bigcodebench").problems if each.id == "BigCodeBench/9002"]
    assert problem.header is not None
    (verdict,) = judge(farm, [problem], lambda each: f"{each.header}    return np.ones((rows, columns))\n")
    assert verdict.passed
    (verdict,) = judge(farm, [problem], lambda each: f"{each.header}    return np.zeros((rows, columns))\n")
    assert verdict.outcome is Outcome.WRONG


def test_lines_of_problems_that_cannot_be_judged_are_left_out_and_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = FIXTURES / bigcodebench.NAME
    loaded = bigcodebench.load(root)
    lines = [{"task_id": each.id, "completion": each.golden} for each in loaded.problems]
    lines += [{"task_id": problem_id, "completion": "x"} for problem_id in loaded.left_out]
    completions = tmp_path / "completions.jsonl"
    completions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ["verify", "--benchmark", "bigcodebench", "--root", str(root), "--completions", str(completions)]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    said = capfd.readouterr()
    assert f"{len(loaded.problems)} of {len(loaded.problems)} passed" in said.out
    assert f"{len(loaded.left_out)} lines of {len(loaded.left_out)} problems that cannot be judged left out" in said.err
