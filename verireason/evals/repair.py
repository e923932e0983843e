"""Self-correction: a failed design is shown back to the model with what the farm found, and asked for again.

What the model sees is its own design and the diagnosis of its verdict, and so nothing of a hidden testbench or
reference beyond that. Its design is hostile to the prompt too: it is kept in a fence that it cannot end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sim.verdict import Outcome
from verireason.diagnosis import explain
from verireason.evals.passk import PassAtK, estimate_pass_at_k, tally_records
from verireason.records import Record, verdict_from
from verireason.templates import Message

MAX_CODE = 16_000
"""Characters of a design that are shown back; what is longer is cut."""
MAX_DIAGNOSIS = 4_000

_ASKED = {
    "verilog": "Your design was compiled and simulated, and it does not do what was asked. What was found:",
    "python": "Your program was run, and it does not do what was asked. What was found:",
}
_ASK_AGAIN = {
    "verilog": "Find the cause, correct it, and give the complete design in the format that you were asked for.",
    "python": "Find the cause, correct it, and give the complete program in the format that you were asked for.",
}


def repair_prompt(first: str | list[Message], record: Record) -> str | list[Message]:
    """The prompt of the first answer, gone on with the attempt that failed and with what is wrong with it.

    Messages for messages, a text for a text. The record is one that was judged and did not pass.
    """
    language = record.language
    diagnosis = explain(verdict_from(record), record.code, language=language, max_chars=MAX_DIAGNOSIS)
    design = fenced(record.code[:MAX_CODE], language) if record.code is not None else "(no code)\n"
    request = f"{_ASKED[language]}\n\n{fenced(diagnosis, 'text')}\n{_ASK_AGAIN[language]}"
    if isinstance(first, str):
        return f"{first}\nYour answer was:\n\n{design}\n{request}\n"
    return [*first, {"role": "assistant", "content": design}, {"role": "user", "content": request}]


def fenced(text: str, label: str) -> str:
    """A text in a fence that is longer than any run of its mark in the text, so that nothing in there can end it.

    Example:
        fenced("a ```` b", "text")   # "`````text\\na ```` b\\n`````\\n"
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{label}\n{text}" + ("" if text.endswith("\n") else "\n") + f"{fence}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRound:
    """How a run stands after one round of repairs; round 0 is the first answers.

    Example:
        RepairRound(number=1, num_asked=12, num_judged=12, num_passed=5, rate=..., num_tokens=3100, ...)
    """

    number: int
    num_asked: int
    """Completions of this round: in round 0 all samples, then those that had failed."""
    num_judged: int
    num_passed: int
    """Of this round's."""
    rate: PassAtK
    """Share of samples whose last attempt up to this round passed. A sample whose last attempt is unjudged takes no
    part and is counted, whatever came before."""
    num_tokens: int | None
    """Written in this round; None when nobody says."""
    num_prompt_tokens: int | None
    cost: float | None
    """In the currency of the price that was given."""


def repair_rounds(records: Iterable[Record], *, seed: int = 0) -> tuple[RepairRound, ...]:
    """One entry for the first answers and one for each round that was asked for. The seed is the bootstrap's."""
    by_round: dict[int, list[Record]] = {}
    for record in records:
        by_round.setdefault(record.attempt, []).append(record)
    last: dict[tuple[str, int], Record] = {}
    rounds = []
    for number in sorted(by_round):
        found = by_round[number]
        last |= {(record.problem_id, record.sample): record for record in found}
        rounds.append(_round(number, found, list(last.values()), seed=seed))
    return tuple(rounds)


def _round(number: int, found: Sequence[Record], last: Sequence[Record], *, seed: int) -> RepairRound:
    costs = [record.cost for record in found if record.cost is not None]
    return RepairRound(
        number=number,
        num_asked=len(found),
        num_judged=sum(record.judged for record in found),
        num_passed=sum(record.outcome is Outcome.PASS for record in found),
        rate=estimate_pass_at_k(tally_records(replace(record, attempt=0) for record in last), 1, seed=seed),
        num_tokens=_sum(record.num_tokens for record in found),
        num_prompt_tokens=_sum(record.num_prompt_tokens for record in found),
        cost=sum(costs) if costs else None,
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    """The sum of what is known; None when nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
