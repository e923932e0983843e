"""Reads the attack corpus in `tests/fixtures/attacks`; its README says what each field means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sim.hdl.testbench import REFERENCE_TOP
from sim.job import Limits
from sim.verdict import Candidate, Outcome, Simulator, Spec
from verireason.data.verilog_eval import with_placeholders

ATTACKS = Path(__file__).parent / "fixtures" / "attacks"
FILES = ("hostile", "honest")
MARK = "verireason_escape"
"""Part of every file name that a row tries to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the corpus."""

    name: str
    category: str
    tries: str
    problem: str
    candidate: Candidate
    expected: frozenset[Outcome]
    also_on_verilator: frozenset[Outcome]
    simulators: frozenset[Simulator]
    after: str | None
    """A row that must be judged before this one."""

    @property
    def spec(self) -> Spec:
        """What the row is judged against."""
        return load_spec(self.problem)

    def allows(self, outcome: Outcome, simulator: Simulator) -> bool:
        """Whether an expert would give this verdict."""
        return outcome in self.expected or (simulator is Simulator.VERILATOR and outcome in self.also_on_verilator)


def load_rows(file: str) -> list[Row]:
    """The rows of "hostile" or "honest", in the file's order."""
    lines = (ATTACKS / f"{file}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_row(json.loads(line)) for line in lines]


def _row(fields: dict[str, Any]) -> Row:
    return Row(
        name=fields["name"],
        category=fields["category"],
        tries=fields["tries"],
        problem=fields["problem"],
        candidate=Candidate(source=_source(fields)),
        expected=frozenset(Outcome(word) for word in fields["expected"]),
        also_on_verilator=frozenset(Outcome(word) for word in fields.get("also_on_verilator", ())),
        simulators=frozenset(Simulator(word) for word in fields["simulators"]),
        after=fields.get("after"),
    )


def _source(fields: dict[str, Any]) -> str:
    if "generated" in fields:
        return "".join(text * times for text, times in fields["generated"])
    return str(fields["candidate"])


@cache
def load_spec(problem: str) -> Spec:
    """The problem's spec, ready to judge with."""
    directory = ATTACKS / "problems" / problem
    fields = json.loads((directory / "spec.json").read_text())
    testbench = next(directory.glob("testbench.*")).read_text()
    reference = directory / "reference.sv"
    text = reference.read_text() if reference.exists() else ""
    if fields.get("style") == "verilog-eval-v2":
        testbench, text = with_placeholders(testbench), text.replace("RefModule", REFERENCE_TOP)
    return Spec(
        verifier=fields["verifier"],
        top=fields["top"],
        testbench=testbench,
        reference=text,
        reserved=tuple(fields.get("reserved", ())),
        num_checks=fields["num_checks"],
        limits=Limits(**fields["limits"]),
    )


def load_golden(problem: str) -> Candidate:
    """A right answer to the problem."""
    return Candidate(source=(ATTACKS / "problems" / problem / "golden.sv").read_text())


def problem_names() -> list[str]:
    """All problems of the corpus."""
    return sorted(path.name for path in (ATTACKS / "problems").iterdir())
