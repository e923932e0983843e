"""The attack corpus is sound as data: whoever takes it elsewhere gets what its README promises."""

from __future__ import annotations

import json

import pytest

from sim.verdict import Outcome, Simulator
from tests.corpus import ATTACKS, FILES, load_golden, load_rows, load_spec, problem_names

KEYS = {
    "name",
    "category",
    "tries",
    "problem",
    "candidate",
    "generated",
    "expected",
    "also_on_verilator",
    "simulators",
    "after",
}
OPTIONAL = {"candidate", "generated", "also_on_verilator", "after"}


def test_there_are_enough_rows() -> None:
    assert len(load_rows("hostile")) >= 120
    assert len(load_rows("honest")) >= 75


def test_names_are_unique_over_both_files() -> None:
    names = [row.name for file in FILES for row in load_rows(file)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("file", FILES)
def test_each_row_has_the_fields_that_the_readme_names(file: str) -> None:
    for line in (ATTACKS / f"{file}.jsonl").read_text(encoding="ascii").splitlines():
        fields = json.loads(line)
        assert KEYS - OPTIONAL <= set(fields) <= KEYS, fields["name"]
        assert ("candidate" in fields) != ("generated" in fields), fields["name"]
        assert fields["problem"] in problem_names()
        assert fields["tries"]


def test_nothing_hostile_may_pass_or_be_left_unjudged() -> None:
    for row in load_rows("hostile"):
        assert row.expected, row.name
        assert not (row.expected | row.also_on_verilator) & {Outcome.PASS, Outcome.UNJUDGED}, row.name


def test_all_that_is_honest_must_pass() -> None:
    assert {row.expected for row in load_rows("honest")} == {frozenset({Outcome.PASS})}


@pytest.mark.parametrize("file", FILES)
def test_each_row_is_for_some_simulator(file: str) -> None:
    assert all(row.simulators for row in load_rows(file))
    assert any(Simulator.VERILATOR in row.simulators for row in load_rows(file))


@pytest.mark.parametrize("file", FILES)
def test_a_row_comes_after_the_row_that_it_names(file: str) -> None:
    seen = set()
    for row in load_rows(file):
        assert row.after is None or row.after in seen, row.name
        seen.add(row.name)


def test_nothing_hostile_is_a_golden_in_disguise() -> None:
    goldens = {load_golden(name).source.strip() for name in problem_names()}
    assert not [row.name for row in load_rows("hostile") if row.candidate.source.strip() in goldens]


@pytest.mark.parametrize("name", problem_names())
def test_each_problem_knows_its_number_of_checks_and_has_a_golden(name: str) -> None:
    spec = load_spec(name)
    assert spec.num_checks
    assert f"module {spec.top}(" in load_golden(name).source


def test_generated_candidates_are_text_times_number() -> None:
    row = next(row for row in load_rows("hostile") if row.name == "deep brackets")
    assert row.candidate.source.count("(") == 100001
