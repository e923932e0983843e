"""Tables in Markdown, LaTeX and CSV: the same figures in each, and words that stay words."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sim.verdict import Outcome
from tests.fixtures.markdown import markdown_tokens
from tests.fixtures.sample_run import HOSTILE, write_benchmark, write_records, write_run
from verireason.cli import main
from verireason.records import Record
from verireason.reports.latex import latex, latex_text
from verireason.reports.tables import Column, Interval, Kind, Table, csv_text, markdown
from verireason.reports.write import write_report

TABLE = Table(
    name="Some result",
    caption="50 % of what is asked_for",
    columns=(
        Column(head="model", kind=Kind.WORDS),
        Column(head="pass@1 %", kind=Kind.SHARE, key="pass@1"),
        Column(head="change", kind=Kind.POINTS),
        Column(head="n", kind=Kind.COUNT),
        Column(head="p", kind=Kind.CHANCE),
    ),
    rows=(
        ("a_b & c", Interval(value=0.4567, low=0.4, high=0.5), -0.012, 1560, 0.0001),
        ("[unknown]", None, None, None, 0.25),
    ),
)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_markdown_shows_intervals_and_dashes() -> None:
    text = markdown(TABLE)
    assert "| a\\_b \\& c | 45.7 [40.0, 50.0] | −1.2 | 1,560 | \\< 0.001 |" in text
    assert "| – | – | – | 0.250 |" in text
    assert "table_open" in [token.type for token in markdown_tokens(text)]


def test_latex_sets_bounds_small_and_escapes_words() -> None:
    text = latex([TABLE])
    assert r"a\_b \& c & $45.7_{40.0}^{50.0}$ & $-1.2$ & $1{,}560$ & $< 0.001$ \\" in text
    assert r"{[}unknown] & \textendash{} & \textendash{} & \textendash{} & $0.250$ \\" in text
    assert r"\caption{50 \% of what is asked\_for}" in text
    assert r"\label{tab:some-result}" in text


def test_latex_environments_and_braces_are_balanced_whatever_the_words_are() -> None:
    hostile = Table(name="x", caption=HOSTILE, columns=TABLE.columns[:1], rows=((HOSTILE + "\\end{tabular}}%\n\\",),))
    text = latex([hostile])
    plain = text.replace(r"\{", "").replace(r"\}", "")
    assert plain.count("{") == plain.count("}")
    assert [text.count(f"\\{word}{{tabular}}") for word in ("begin", "end")] == [1, 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a--b---c", "a-{}-b-{}-{}-c"),
        ("50% $x$ #1 ^ ~", r"50\% \$x\$ \#1 \textasciicircum{} \textasciitilde{}"),
        ("3 × 4 − 1", r"3 $\times$ 4 $-$ 1"),
        ("\u202e\u4e2d\xe9\n", "U+27E8U+202EU+27E9U+4E2D\xe9 "),
    ],
)
def test_latex_text(text: str, expected: str) -> None:
    assert latex_text(text) == expected


def test_csv_gives_an_interval_three_columns_and_leaves_out_what_is_not_known() -> None:
    first, second = rows_of(csv_text(TABLE))
    assert (first["pass@1"], first["pass@1 low"], first["pass@1 high"]) == ("0.4567", "0.4", "0.5")
    assert (first["model"], first["n"], first["p"]) == ("a_b & c", "1560", "0.0001")
    assert (second["pass@1"], second["pass@1 low"], second["change"], second["n"]) == ("", "", "", "")


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation of 12 problems by 6 samples with its report."""
    directory = tmp_path_factory.mktemp("benchmark")
    write_benchmark(directory, num_problems=12, num_samples=6)
    write_report(directory)
    return directory


def test_a_report_has_a_row_for_every_problem(benchmark: Path) -> None:
    records = [json.loads(line) for line in (benchmark / "records.jsonl").read_text().splitlines()]
    rows = rows_of((benchmark / "report.csv").read_text())
    assert len(rows) == len({record["problem_id"] for record in records})
    last = records[-1]["problem_id"]
    found = [record for record in records if record["problem_id"] == last]
    judged = [record for record in found if record["outcome"] != "UNJUDGED"]
    (row,) = [row for row in rows if row["problem"] == last]
    num_passed = sum(record["passed"] for record in judged)
    assert (int(row["n"]), int(row["passed"]), int(row["unjudged"])) == (
        len(judged),
        num_passed,
        len(found) - len(judged),
    )
    assert float(row["pass@1"]) == pytest.approx(num_passed / len(judged), abs=1e-5)
    assert len(row["letters"]) == 6
    assert row["reference fails"] == "its testbench and reference disagree on port names"


def test_a_run_has_a_row_for_every_evaluation_and_its_differences(tmp_path: Path) -> None:
    write_run(tmp_path, num_steps=3, num_heldout=6, num_samples=4)
    write_report(tmp_path)
    labels = [row["evaluation"] for row in rows_of((tmp_path / "report.csv").read_text())]
    assert {label: labels.count(label) for label in labels} == {"before": 8, "after": 8}
    assert r"\label{tab:differences}" in (tmp_path / "report.tex").read_text()


def test_summaries_are_written_for_verilog_eval_only(benchmark: Path, tmp_path: Path) -> None:
    assert not (benchmark / "summary.txt").exists()
    write_records(tmp_path / "records.jsonl", [sample("verilog-eval-v2-spec-to-rtl", Outcome.PASS)])
    written = write_report(tmp_path)
    assert {tmp_path / "summary.txt", tmp_path / "summary.csv"} < set(written.tables)
    assert (tmp_path / "summary.csv").read_text() == "Prob001_zero,1,1,1.0,.\n"


def test_the_wide_summary_has_two_problems_a_line(tmp_path: Path) -> None:
    name = "verilog-eval-v2-spec-to-rtl"
    first = sample(name, Outcome.PASS)
    write_records(tmp_path / "records.jsonl", [first, replace(first, problem_id="Prob002_m2014_q4i")])
    assert main(["report", str(tmp_path), "--wide"]) == 0
    assert len((tmp_path / "summary.txt").read_text().splitlines()) == 13
    assert "Prob001_zero" in (line := (tmp_path / "summary.txt").read_text().splitlines()[1])
    assert "Prob002_m2014_q4i" in line


def test_two_benchmarks_of_one_run_have_a_summary_each(tmp_path: Path) -> None:
    names = ("verilog-eval-v2-spec-to-rtl", "verilog-eval-v2-code-complete")
    write_records(tmp_path / "records.jsonl", [sample(name, Outcome.PASS) for name in names])
    write_report(tmp_path)
    assert [(tmp_path / name / "summary.csv").read_text() for name in names] == ["Prob001_zero,1,1,1.0,.\n"] * 2


def test_a_summary_that_counts_unjudged_samples_as_failed_says_so(tmp_path: Path) -> None:
    name = "verilog-eval-v2-spec-to-rtl"
    write_records(tmp_path / "records.jsonl", [sample(name, Outcome.UNJUDGED), sample(name, Outcome.PASS, 1)])
    (warning,) = write_report(tmp_path).warnings
    assert "summary.txt: 1 samples are not judged" in warning
    assert (tmp_path / "summary.csv").read_text() == "Prob001_zero,1,2,0.5,?,.\n"


def sample(benchmark: str, outcome: Outcome, number: int = 0) -> Record:
    return Record(
        problem_id="Prob001_zero",
        benchmark=benchmark,
        sample=number,
        outcome=outcome,
        passed=outcome is Outcome.PASS,
        split="test",
    )
