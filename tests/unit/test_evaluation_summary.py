"""The last lines of an evaluation: prompts that were refused are told apart from answers."""

from __future__ import annotations

from pathlib import Path

from sim.verdict import Outcome
from verireason.evals.summary import summarise, summary_lines
from verireason.records import Record


def record(sample: int, finish_reason: str | None) -> Record:
    return Record(
        problem_id="p",
        benchmark="b",
        sample=sample,
        outcome=Outcome.NO_CODE,
        passed=False,
        finish_reason=finish_reason,
    )


def lines(*finish_reasons: str | None) -> list[str]:
    records = [record(sample, reason) for sample, reason in enumerate(finish_reasons)]
    return list(summary_lines(summarise(records, num_problems=1, defects={}, left_out={}), Path("out")))


def test_refused_prompts_are_counted_by_their_reason() -> None:
    found = lines("context", "stop", "refused", "context", None, "length")

    assert "prompts refused, which counts as failed: 3 (context 2, refused 1)" in found


def test_nothing_is_said_when_none_was_refused() -> None:
    assert not any("refused" in line for line in lines("stop", "length", None))
