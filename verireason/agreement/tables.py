"""What a comparison came to, as a table for people (Markdown, which a terminal shows as well) and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from verireason.agreement.compare import Compared, Kind
from verireason.evals.letters import LETTERS, letter, num_mismatches

UNEXPLAINED = "UNEXPLAINED"
COLUMNS = (
    "benchmark", "problem_id", "sample", "kind", "outcome", "letter", "mismatches", "published", "published_letter",
    "published_mismatches", "differs_in", "reason",
)  # fmt: skip

_COUNTED = (
    "benchmark", "n", "both pass", "both fail", "only ours passes", "only published passes", "other letter",
    "other count", "unexplained",
)  # fmt: skip


def markdown(compared: Sequence[Compared]) -> str:
    """The table by benchmark, the differences by reason, the letters, and each difference."""
    differing = [item for item in compared if item.difference is not None]
    lettered = [item for item in compared if item.published.ruling.letter is not None]
    sections = {
        "Differences by reason": _table(("n", "differs in", "reason"), _by_reason(differing))
        if differing
        else ["None."],
        "Letters": _table(("letter", "meaning", "ours", "published"), _letters(lettered)) if lettered else [],
        "Differences": _table(
            ("candidate", "kind", "differs in", "ours", "published", "reason"), map(_difference, differing)
        )
        if differing
        else [],
    }
    counts = [_counts(benchmark, compared) for benchmark in dict.fromkeys(item.record.benchmark for item in compared)]
    lines = ["# Agreement with the published harnesses", "", *_table(_COUNTED, counts)]
    for title, section in sections.items():
        lines += ["", f"{title}:", "", *section] if section else []
    return "\n".join(lines) + "\n"


def to_csv(compared: Iterable[Compared]) -> str:
    """One line for each candidate. Absent values are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in compared:
        record, ruling, difference = item.record, item.published.ruling, item.difference
        writer.writerow(
            (
                record.benchmark, record.problem_id, record.sample, item.case.kind, record.outcome, letter(record),
                None if record.tests_passed is None else num_mismatches(record), ruling.why, ruling.letter,
                ruling.num_mismatches, difference and difference.kind,
                difference and (difference.reason or UNEXPLAINED),
            )
        )  # fmt: skip
    return text.getvalue()


def _table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    cells = [tuple(str(cell).replace("|", "\\|") for cell in row) for row in (titles, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    lines = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in cells]
    return [lines[0], f"|{'|'.join('-' * (width + 2) for width in widths)}|", *lines[1:]]


def _counts(benchmark: str, compared: Sequence[Compared]) -> tuple[object, ...]:
    own = [item for item in compared if item.record.benchmark == benchmark]

    def num(holds: Callable[[Compared], bool]) -> int:
        return sum(map(holds, own))

    def num_of(kind: Kind) -> int:
        return num(lambda item: item.difference is not None and item.difference.kind is kind)

    return (
        benchmark,
        len(own),
        num(lambda item: item.record.passed and item.published.ruling.passed),
        num(lambda item: not item.record.passed and not item.published.ruling.passed),
        num(lambda item: item.record.passed and not item.published.ruling.passed),
        num(lambda item: not item.record.passed and item.published.ruling.passed),
        num_of(Kind.LETTER),
        num_of(Kind.MISMATCHES),
        num(lambda item: item.is_unexplained),
    )


def _by_reason(differing: Sequence[Compared]) -> list[tuple[object, ...]]:
    found = Counter(
        (item.difference.kind, item.difference.reason or UNEXPLAINED) for item in differing if item.difference
    )
    return [(count, kind, reason) for (kind, reason), count in found.most_common()]


def _letters(lettered: Sequence[Compared]) -> list[tuple[object, ...]]:
    ours = Counter(letter(item.record) for item in lettered)
    theirs = Counter(item.published.ruling.letter for item in lettered)
    return [(sign, meaning, ours[sign], theirs[sign]) for sign, meaning in LETTERS.items()]


def _difference(item: Compared) -> tuple[object, ...]:
    assert item.difference is not None
    record, difference = item.record, item.difference
    why = difference.reason
    if why is None:
        kinds = sorted({each.kind for each in record.findings if not each.neutralised})
        why = f"{UNEXPLAINED}; the guard rejected: {', '.join(kinds)}" if kinds else UNEXPLAINED
    name = f"{record.benchmark} {record.problem_id} {record.sample}"
    return name, item.case.kind, difference.kind, difference.ours, difference.published, why
