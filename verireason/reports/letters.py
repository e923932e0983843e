"""One letter for each completion, as VerilogEval's analysis prints them, and how often each came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.verdict import Outcome
from verireason.evals.letters import LETTERS, letter
from verireason.records import Record

PYTHON_LETTERS = {
    Outcome.PASS: ".",
    Outcome.WRONG: "W",
    Outcome.COMPILE_ERROR: "C",
    Outcome.CRASH: "X",
    Outcome.TIMEOUT: "T",
    Outcome.MEMORY: "M",
    Outcome.OUTPUT_LIMIT: "O",
    Outcome.REJECTED: "J",
    Outcome.NO_CODE: "N",
    Outcome.UNJUDGED: "?",
}
"""VerilogEval has no letters for programs; these say the outcome and no more."""
_PYTHON_MEANINGS = {
    ".": "passed",
    "W": "an answer differed",
    "C": "does not parse, or does not define what is called",
    "X": "an exception, an exit or a signal",
    "T": "did not end in time",
    "M": "used too much memory",
    "O": "printed too much",
    "J": "of a kind that is not run",
    "N": "no code",
    "?": "not judged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterCount:
    """One kind of end."""

    language: str
    letter: str
    meaning: str
    outcomes: Mapping[Outcome, int]
    """Completions with this letter by outcome, the most frequent first."""
    num_problems: int
    """Problems with at least one."""
    num_all: int
    """Completions with any letter."""

    @property
    def num_completions(self) -> int:
        """Completions with this letter."""
        return sum(self.outcomes.values())


def letter_of(record: Record) -> str:
    """One character, in either language."""
    return PYTHON_LETTERS.get(record.outcome, "?") if record.language == "python" else letter(record)


def tally_letters(records: Sequence[Record]) -> str:
    """Failures in words, the most frequent first; empty when there are none.

    Example:
        tally_letters(records)   # "R 5, S 2"
    """
    counts = Counter(letter_of(record) for record in records if not record.passed)
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def count_letters(records: Sequence[Record]) -> list[LetterCount]:
    """The letters that occur, in the order of the analysis; those of programs after those of designs."""
    meanings = [("verilog", LETTERS), ("python", _PYTHON_MEANINGS)]
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        language = "python" if record.language == "python" else "verilog"
        found.setdefault((language, letter_of(record)), []).append(record)
    return [
        LetterCount(
            language=language,
            letter=name,
            meaning=meaning,
            outcomes=dict(Counter(record.outcome for record in members).most_common()),
            num_problems=len({record.problem_id for record in members}),
            num_all=len(records),
        )
        for language, table in meanings
        for name, meaning in table.items()
        if (members := found.get((language, name)))
    ]
