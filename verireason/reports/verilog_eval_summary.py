"""summary.txt and summary.csv as VerilogEval's `sv-iv-analyze` writes them, so that its users' scripts go on working.

The layout, the cutting of rates to whole per cent and the counting of missing samples are the published script's:
https://github.com/NVlabs/verilog-eval, scripts/sv-iv-analyze. Ours differs where the script reads what it should not:
it takes costs below 0.0001 for others (it reads 1.5e-05 as 1.5).

What it does with a sample that has no log, ours does with one that is not judged: `?`, which counts as failed, before a
later sample, and nothing after the last one. Samples are numbered with two digits, so those from the 100th on are left
out.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest

from verireason.evals.letters import PASSED, UNJUDGED, letter, num_mismatches
from verireason.records import Record

MAX_SAMPLES = 99
_WRONG = "R"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """One completion as the script sees it; the defaults are those of one without a log."""

    letter: str = UNJUDGED
    num_mismatches: int = 0
    num_prompt_tokens: int = 0
    num_tokens: int = 0
    cost: float = 0.0

    @property
    def outcome(self) -> str | int:
        """What the diversity of a problem's samples is counted over."""
        return self.num_mismatches if self.letter == _WRONG else self.letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The samples of one evaluation, by problem in the order of the names."""

    rows: Mapping[str, Sequence[_Sample]]


def summarise(records: Iterable[Record]) -> Summary | None:
    """The first answers among the records; None when none of them was judged."""
    rows: dict[str, dict[int, _Sample]] = {}
    for record in records:
        if record.attempt == 0 and record.judged and record.sample < MAX_SAMPLES:
            rows.setdefault(record.problem_id, {})[record.sample] = _sample(record)
    if not rows:
        return None
    return Summary(
        rows={
            problem_id: [found.get(number, _Sample()) for number in range(max(found) + 1)]
            for problem_id, found in sorted(rows.items())
        }
    )


def summary_txt(summary: Summary, *, wide: bool = False) -> str:
    """What the script prints; `wide` as its option --wide does."""
    width = max(map(len, summary.rows))
    lines = [_line(problem_id, row, width) for problem_id, row in summary.rows.items()]
    if wide:
        half = -(-len(lines) // 2)
        lines = [f"{left}  {right}" for left, right in zip_longest(lines[:half], lines[half:], fillvalue="")]
    return "\n".join(["", *lines, "", *_totals(summary), "", ""])


def summary_csv(summary: Summary) -> str:
    """What the script writes with --csv: problem, passed, samples, rate, and a letter for each sample."""
    return "".join(
        ",".join([problem_id, str(_num_passed(row)), str(len(row)), str(_rate(row) / 100.0), *(_letters(row))]) + "\n"
        for problem_id, row in summary.rows.items()
    )


def _sample(record: Record) -> _Sample:
    return _Sample(
        letter=letter(record),
        num_mismatches=num_mismatches(record),
        num_prompt_tokens=record.num_prompt_tokens or 0,
        num_tokens=record.num_tokens or 0,
        cost=record.cost or 0.0,
    )


def _line(problem_id: str, row: Sequence[_Sample], width: int) -> str:
    letters = "".join(_letters(row))
    fives = " ".join(letters[start : start + 5] for start in range(0, len(letters), 5))
    num_tokens = sum(sample.num_prompt_tokens + sample.num_tokens for sample in row)
    rate = f"[{_num_passed(row):02}/{len(row):02}]({_rate(row):3}%)"
    return f"{problem_id:{width}} {rate} {num_tokens / 1000:5.2f} {fives:24}"


def _totals(summary: Summary) -> list[str]:
    rows = summary.rows.values()
    samples = [sample for row in rows for sample in row]
    num_prompt_tokens = sum(sample.num_prompt_tokens for sample in samples)
    num_tokens = sum(sample.num_tokens for sample in samples)
    num_all = num_prompt_tokens + num_tokens
    return [
        f"pass_rate             = {sum(map(_rate, rows)) / len(rows):>10.2f}",
        f"avg_gini_simpson_idx  = {_total(map(_gini_simpson, rows)) / len(rows):>10.2f}",
        f"total_prompt_tokens   = {num_prompt_tokens:>10}",
        f"total_resp_tokens     = {num_tokens:>10}",
        f"total_tokens          = {num_all:>10}",
        f"avg_tokens_per_prompt = {num_prompt_tokens / len(samples):>10.2f}",
        f"avg_tokens_per_resp   = {num_tokens / len(samples):>10.2f}",
        f"avg_tokens_per_query  = {num_all / len(samples):>10.2f}",
        f"total_cost            = {_total(sample.cost for sample in samples):>10.2f}",
    ]


def _letters(row: Sequence[_Sample]) -> list[str]:
    return [sample.letter for sample in row]


def _num_passed(row: Sequence[_Sample]) -> int:
    return sum(sample.letter == PASSED for sample in row)


def _rate(row: Sequence[_Sample]) -> int:
    """In whole per cent, cut off and not rounded."""
    return int(_num_passed(row) / len(row) * 100)


def _gini_simpson(row: Sequence[_Sample]) -> float:
    """Chance that two samples, drawn with replacement, end differently."""
    counts = Counter(sample.outcome for sample in row)
    return 1 - _total((count / len(row)) ** 2 for count in counts.values())


def _total(values: Iterable[float]) -> float:
    """A sum with the script's rounding; Python's own is more exact from 3.12 on."""
    return reduce(operator.add, values, 0.0)
