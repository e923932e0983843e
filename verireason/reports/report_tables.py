"""The figures of a report for papers, spreadsheets and other people's scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from verireason.evals.passk import pass_at_k, tally_records
from verireason.records import Record
from verireason.reports.latex import latex
from verireason.reports.letters import letter_of
from verireason.reports.rates import Group
from verireason.reports.source import RecordSet, Source
from verireason.reports.tables import Cell, Column, Kind, Table, csv_text, interval_of
from verireason.reports.verilog_eval_summary import MAX_SAMPLES, summarise, summary_csv, summary_txt

LATEX, CSV = "report.tex", "report.csv"
SUMMARY_TXT, SUMMARY_CSV = "summary.txt", "summary.csv"


def table_files(source: Source, groups: Sequence[Group], ks: Sequence[int], *, wide: bool) -> dict[str, str]:
    """File name to text: tables in LaTeX, problems in CSV, and VerilogEval's summaries where they apply.

    `wide` is an option of summary.txt: two problems a line.
    """
    tables = [_rates(groups, ks), *_differences(groups, ks)]
    return {
        LATEX: latex(tables),
        CSV: csv_text(problem_table(source, ks)),
        **_summaries(source.main, wide=wide),
    }


def summary_notes(record_set: RecordSet) -> list[str]:
    """What a reader of VerilogEval's summaries must know; nothing when there are none."""
    records = [record for record in record_set.records if _is_verilog_eval(record) and record.attempt == 0]
    notes = []
    if num_unjudged := sum(not record.judged for record in records):
        notes.append(
            f"{SUMMARY_TXT}: {num_unjudged:,} samples are not judged; as the published script does with a sample "
            "without a log, it shows those before a later one as ? and counts them as failed"
        )
    if num_late := sum(record.sample >= MAX_SAMPLES for record in records):
        notes.append(
            f"{SUMMARY_TXT}: {num_late:,} samples from the 100th on are left out, as the script cannot read them"
        )
    return notes


def _rates(groups: Sequence[Group], ks: Sequence[int]) -> Table:
    return Table(
        name="rates",
        caption=(
            "pass@k in per cent with 95 % intervals over problems; unjudged completions take no part. Ceiling: "
            "problems whose own reference passes."
        ),
        columns=(
            Column(head="problems", kind=Kind.WORDS),
            Column(head="evaluation", kind=Kind.WORDS),
            *(Column(head=f"pass@{k}", kind=Kind.SHARE) for k in ks),
            *(Column(head=name, kind=Kind.COUNT) for name in ("n", "unjudged")),
            Column(head="ceiling", kind=Kind.WORDS),
        ),
        rows=tuple(
            (
                group.name[0],
                row.label,
                *(interval_of(rate) for rate in row.rates),
                row.rates[0].num_problems,
                row.rates[0].num_unjudged,
                f"{group.ceiling.num_sound}/{group.ceiling.num_problems}" if group.ceiling else None,
            )
            for group in groups
            for row in group.rows
        ),
    )


def _differences(groups: Sequence[Group], ks: Sequence[int]) -> Iterator[Table]:
    """What changed from the first evaluation to the last, where there are two."""
    rows = [
        (
            group.name[0],
            f"{group.rows[0].label} to {group.rows[-1].label}",
            *(interval_of(each) for each in group.differences),
            group.differences[0].num_problems,
        )
        for group in groups
        if group.differences
    ]
    if rows:
        yield Table(
            name="differences",
            caption="Differences of pass@k in points, paired by problem, with 95 % intervals.",
            columns=(
                Column(head="problems", kind=Kind.WORDS),
                Column(head="evaluations", kind=Kind.WORDS),
                *(Column(head=f"pass@{k}", kind=Kind.POINTS) for k in ks),
                Column(head="n", kind=Kind.COUNT),
            ),
            rows=tuple(rows),
        )


def problem_table(source: Source, ks: Sequence[int]) -> Table:
    """One row a problem and evaluation."""
    defects = source.defects
    return Table(
        name="problems",
        caption="Every problem in every evaluation.",
        columns=(
            *(
                Column(head=name, kind=Kind.WORDS)
                for name in ("evaluation", "benchmark", "split", "category", "problem")
            ),
            *(Column(head=name, kind=Kind.COUNT) for name in ("n", "passed", "unjudged")),
            *(Column(head=f"pass@{k}", kind=Kind.SHARE) for k in ks),
            *(Column(head=name, kind=Kind.WORDS) for name in ("letters", "reference fails")),
        ),
        rows=tuple(
            _problem_row(record_set.label, records, ks, defects)
            for record_set in source.evaluations or (source.main,)
            for records in _by_problem(record_set.records).values()
        ),
    )


def _problem_row(
    label: str, records: Sequence[Record], ks: Sequence[int], defects: Mapping[str, str] | None
) -> tuple[Cell, ...]:
    (tally,) = tally_records(records)
    first = records[0]
    rates = (
        pass_at_k(num_samples=tally.num_samples, num_passed=tally.num_passed, k=k) if k <= tally.num_samples else None
        for k in ks
    )
    letters = "".join(map(letter_of, records))
    words = (label, first.benchmark, first.split, first.category, first.problem_id)
    counts = (tally.num_samples, tally.num_passed, tally.num_unjudged)
    return (*words, *counts, *rates, letters, (defects or {}).get(first.problem_id))


def _by_problem(records: Sequence[Record]) -> Mapping[tuple[str, str], list[Record]]:
    """The first answers to each problem, in order of the samples; problems in order of appearance."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.attempt == 0:
            found.setdefault((record.benchmark, record.problem_id), []).append(record)
    return {key: sorted(each, key=lambda record: record.sample) for key, each in found.items()}


def _summaries(record_set: RecordSet, *, wide: bool) -> dict[str, str]:
    """VerilogEval's summaries; in a directory for each, where several of its benchmarks were evaluated together."""
    parts: dict[str, list[Record]] = {}
    for record in record_set.records:
        if _is_verilog_eval(record):
            parts.setdefault(record.benchmark, []).append(record)
    files: dict[str, str] = {}
    for benchmark, records in parts.items():
        if summary := summarise(records):
            place = f"{benchmark}/" if len(parts) > 1 else ""
            files |= {
                f"{place}{SUMMARY_TXT}": summary_txt(summary, wide=wide),
                f"{place}{SUMMARY_CSV}": summary_csv(summary),
            }
    return files


def _is_verilog_eval(record: Record) -> bool:
    return record.benchmark.startswith("verilog-eval")
