"""What is known of problems before any candidate is judged: problems.json beside the records; see docs/records.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.python.suite import Mode, read_suite
from sim.strict_json import from_json
from verireason.data.errata import erratum_words
from verireason.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFacts:
    """One problem that there is something to say of.

    Example:
        ProblemFacts(problem_id="HumanEval/0", tests={"call": 7, "stdio": 0, "program": 0})
    """

    problem_id: str
    defect: str | None = None
    """What is wrong with its own reference, so that no candidate can pass; None when nothing is."""
    erratum: str | None = None
    """What is publicly known to be wrong with it, with the source; None when nothing is."""
    tests: Mapping[str, int | None] | None = None
    """Of a Python problem: mode to the number of tests that run in it, None for a number that only a run can tell."""
    dropped: tuple[tuple[str, str], ...] = ()
    """Tests that nobody is asked, since the reference itself fails them: id and reason."""


def facts_of(problem: Problem, *, defect: str | None, dropped: tuple[tuple[str, str], ...]) -> ProblemFacts:
    """What there is to say of a problem that is ready to be judged with."""
    tests = _tests_by_mode(problem) if problem.language == "python" else None
    erratum = erratum_words(problem.benchmark, problem.id)
    return ProblemFacts(problem_id=problem.id, defect=defect, erratum=erratum, tests=tests, dropped=dropped)


def write_facts(path: Path, facts: Iterable[ProblemFacts]) -> None:
    """A list of objects. What is absent is left out, and so is a problem that there is nothing to say of."""
    entries = [{name: value for name, value in _fields(each) if value} for each in facts]
    path.write_text(json.dumps([entry for entry in entries if len(entry) > 1], indent=1) + "\n")


def read_facts(path: Path) -> list[ProblemFacts]:
    """The problems in a file. ValueError says what is wrong with it."""
    entries = json.loads(path.read_bytes())
    if not isinstance(entries, list):
        raise ValueError("no list")
    return [from_json(ProblemFacts, json.dumps(entry)) for entry in entries]


def _tests_by_mode(problem: Problem) -> dict[str, int | None]:
    suite = read_suite(problem.spec.testbench)
    num_calls, num_stdio = len(suite.calls), len(suite.stdio)
    is_open = suite.program is not None and suite.program.ids is None
    num_program = None if is_open else len(suite.ids) - num_calls - num_stdio
    return {Mode.CALL: num_calls, Mode.STDIO: num_stdio, Mode.PROGRAM: num_program}


def _fields(facts: ProblemFacts) -> Iterable[tuple[str, object]]:
    return ((name, getattr(facts, name)) for name in facts.__dataclass_fields__)
