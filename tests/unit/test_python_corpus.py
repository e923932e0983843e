"""The attack corpus for Python is sound as data: whoever takes it elsewhere gets what its README promises."""

from __future__ import annotations

import ast
import json

import pytest

from sim.python.suite import read_suite
from sim.verdict import Outcome
from tests.python_corpus import ATTACKS, FILES, OWN, load_golden, load_rows, load_spec, problem_names, read_lines

ALWAYS = {"name", "category", "tries", "expected"}
OPTIONAL = {"catalogue", "modes", "suite", "candidate", "module", "body", "answer", "after"}
NOT_HERE = {56: "extraction of code, in tests/unit/test_templates_python.py", 58: "hardware, in tests/fixtures/attacks"}
"""Rows of the published catalogue that are tested elsewhere."""


def test_there_are_enough_rows() -> None:
    assert len(read_lines("hostile")) >= 350
    assert len(read_lines("honest")) >= 200


def test_names_are_unique_over_both_files() -> None:
    names = [line["name"] for file in FILES for line in read_lines(file)]
    assert len(names) == len(set(names))


def test_the_whole_catalogue_is_there() -> None:
    assert {number for row in load_rows("hostile") for number in row.catalogue} == set(range(1, 59)) - NOT_HERE.keys()


@pytest.mark.parametrize("file", FILES)
def test_each_row_has_the_fields_that_the_readme_names(file: str) -> None:
    for line in read_lines(file):
        assert line.keys() >= ALWAYS, line["name"]
        assert line.keys() <= ALWAYS | OPTIONAL, line["name"]
        assert ("candidate" in line) != ("answer" in line), line["name"]
        assert ("modes" in line) != ("suite" in line), line["name"]
        assert set(line.get("modes", ())) <= set(problem_names()), line["name"]


def test_nothing_hostile_may_pass_or_be_left_unjudged() -> None:
    for row in load_rows("hostile"):
        assert row.expected, row.name
        assert not row.expected & {Outcome.PASS, Outcome.UNJUDGED}, row.name


def test_all_that_is_honest_must_pass() -> None:
    assert {row.expected for row in load_rows("honest")} == {frozenset({Outcome.PASS})}


@pytest.mark.parametrize("file", FILES)
def test_a_row_comes_after_the_row_that_it_names(file: str) -> None:
    seen = set()
    for row in load_rows(file):
        assert row.after is None or row.after in seen, row.name
        seen.add(row.name)


@pytest.mark.parametrize("mode", problem_names())
def test_each_mode_has_rows_and_knows_its_tests(mode: str) -> None:
    assert any(row.mode == mode for row in load_rows("hostile"))
    suite = read_suite(load_spec(mode).testbench)
    assert suite.program is None or suite.program.ids


def test_rows_with_a_suite_of_their_own_know_their_tests() -> None:
    for row in (row for file in FILES for row in load_rows(file) if row.mode == OWN):
        suite = read_suite(row.spec.testbench)
        assert suite.program is None or suite.program.ids, row.name


def test_frames_are_filled() -> None:
    assert not [row.id for file in FILES for row in load_rows(file) if "@BODY@" in row.candidate.source]
    assert ast.parse(load_golden("method").source)


def test_limits_are_small() -> None:
    limits = json.loads((ATTACKS / "limits.json").read_text())
    assert limits["cpu_s"] <= 1
