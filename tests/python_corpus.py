"""Reads the attack corpus in `tests/fixtures/attacks_python`; its README says what each field means."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from sim.job import Limits
from sim.python.suite import read_suite
from sim.verdict import Candidate, Outcome, Spec

ATTACKS = Path(__file__).parent / "fixtures" / "attacks_python"
LIMITS = ATTACKS / "limits.json"
"""Of all problems that have none of their own."""
FILES = ("hostile", "honest")
MARK = "verireason_escape"
"""Part of every file name that a row tries to write."""
OWN = "own"
"""Mode of a row that has a suite of its own."""
RIGHT = "2 * n + 1"
"""The answer that every problem asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the corpus in one of its modes."""

    name: str
    category: str
    catalogue: tuple[int, ...]
    """Rows of the published catalogue of attacks that it belongs to."""
    tries: str
    mode: str
    candidate: Candidate
    spec: Spec
    expected: frozenset[Outcome]
    after: str | None
    """Name of a row that must be judged before this one."""

    @property
    def id(self) -> str:
        """Unique over both files."""
        return f"{self.mode}-{self.name}"


def load_rows(file: str) -> list[Row]:
    """The rows of "hostile" or "honest" in each of their modes, in the file's order."""
    return [row for fields in read_lines(file) for row in _rows(fields)]


def read_lines(file: str) -> list[dict[str, Any]]:
    """The lines as they stand."""
    return [json.loads(line) for line in (ATTACKS / f"{file}.jsonl").read_text(encoding="ascii").splitlines()]


def _rows(fields: dict[str, Any]) -> Iterator[Row]:
    for mode in fields.get("modes", (OWN,)):
        spec = load_spec(mode) if mode != OWN else make_spec(json.dumps(fields["suite"]))
        yield Row(
            name=fields["name"],
            category=fields["category"],
            catalogue=tuple(fields.get("catalogue", ())),
            tries=fields["tries"],
            mode=mode,
            candidate=Candidate(source=_source(fields, mode), language="python"),
            spec=_patient(spec) if fields["expected"] == [Outcome.PASS] else spec,
            expected=frozenset(Outcome(word) for word in fields["expected"]),
            after=fields.get("after"),
        )


def _patient(spec: Spec) -> Spec:
    """Five times the time: a slow host must not end what is right. What is wrong has to be waited for."""
    limits = spec.limits
    return replace(spec, limits=replace(limits, cpu_s=5 * limits.cpu_s, wall_s=5 * limits.wall_s))


def _source(fields: dict[str, Any], mode: str) -> str:
    if "candidate" in fields:
        return str(fields["candidate"])
    return fill(mode, module=fields.get("module", ""), body=fields.get("body", ""), answer=fields["answer"])


def fill(mode: str, *, module: str, body: str, answer: str) -> str:
    """The mode's frame with the three texts in their places."""
    frame = (ATTACKS / "problems" / mode / "frame.txt").read_text()
    indent = frame.split("@ANSWER@")[0].rpartition("\n")[2].partition("return")[0] if "return" in frame else ""
    return (
        frame.replace("@MODULE@", module).replace("@BODY@", textwrap.indent(body, indent)).replace("@ANSWER@", answer)
    )


@cache
def load_spec(mode: str) -> Spec:
    """The mode's problem, ready to judge with."""
    directory = ATTACKS / "problems" / mode
    own = directory / "limits.json"
    return make_spec((directory / "suite.json").read_text(), limits=own if own.exists() else LIMITS)


def make_spec(suite: str, *, limits: Path = LIMITS) -> Spec:
    """A spec with the limits that stand in a file."""
    top = read_suite(suite).entry or "main"
    return Spec(verifier="python", top=top, testbench=suite, limits=Limits(**json.loads(limits.read_text())))


def load_golden(mode: str) -> Candidate:
    """A right answer in that mode."""
    return Candidate(source=fill(mode, module="", body="", answer=RIGHT), language="python")


def problem_names() -> list[str]:
    """All modes that have a problem."""
    return sorted(path.name for path in (ATTACKS / "problems").iterdir())
