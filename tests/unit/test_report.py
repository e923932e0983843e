"""Reports: figures that follow from the records, hostile text that stays text, and bad input in one line."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sim.verdict import Outcome
from tests.fixtures.markdown import markdown_tokens
from tests.fixtures.sample_run import (
    FAMILIES,
    HOSTILE,
    evaluate,
    make_problems,
    write_benchmark,
    write_records,
    write_run,
)
from verireason.cli import main
from verireason.errors import MissingError, UserError
from verireason.records import Record
from verireason.reports.curves import draw_curves, smooth
from verireason.reports.rates import conclusion, split_groups
from verireason.reports.report import build_report
from verireason.reports.samples import MAX_PER_PROBLEM, choose_samples
from verireason.reports.source import load_source
from verireason.reports.write import write_report


class Tags(HTMLParser):
    """Collects what a browser would see as markup, what the page keeps as text until it is opened included."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.kept: list[str] = []
        self.texts: list[str] | None = None
        self.feed(page)
        for text in self.kept:
            inner = Tags(text)
            self.names += inner.names
            self.attributes += inner.attributes
            self.scripts += inner.scripts

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.texts = self.kept if ("type", "text/plain") in attrs else self.scripts
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.texts = None

    def handle_data(self, data: str) -> None:
        if self.texts is not None:
            self.texts[-1] += data


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation of 24 problems by 8 samples with one hostile completion."""
    directory = tmp_path_factory.mktemp("benchmark")
    write_benchmark(directory, num_problems=24, num_samples=8)
    return directory


@pytest.fixture(scope="module")
def benchmark_page(benchmark: Path) -> str:
    """Its report."""
    return html_of(benchmark)


@pytest.fixture(scope="module")
def benchmark_markdown(benchmark: Path) -> str:
    """The same in Markdown."""
    return markdown_of(benchmark)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training run of 30 steps."""
    directory = tmp_path_factory.mktemp("run")
    write_run(directory, num_steps=30, num_heldout=24, num_samples=4)
    return directory


def records(num_problems: int = 4, num_samples: int = 4) -> list[Record]:
    return evaluate(make_problems("p", "test", FAMILIES, num_problems, 0), num_samples, lift=0.0, seed=0)


def html_of(directory: Path) -> str:
    return write_report(directory).html.read_text()


def markdown_of(directory: Path) -> str:
    return write_report(directory).markdown.read_text()


# --- figures


def test_the_rate_of_an_evaluation_is_written_with_its_interval_its_n_and_its_unjudged(tmp_path: Path) -> None:
    given = records()
    unjudged = sum(not record.judged for record in given)
    write_records(tmp_path / "records.jsonl", given)
    (group,) = split_groups(load_source(tmp_path), (1,))
    rate = group.rows[0].rates[0]
    assert rate.num_samples + unjudged == 16
    expected = (
        f"[{100 * rate.low:.1f}, {100 * rate.high:.1f}] (4 problems, {rate.num_samples} judged samples, {unjudged}"
    )
    assert expected in conclusion(group)
    assert f"[{100 * rate.low:.1f}, {100 * rate.high:.1f}]" in html_of(tmp_path)
    assert f"| 4 | {rate.num_samples} | {unjudged} |" in markdown_of(tmp_path)


def test_a_rate_of_nothing_but_unjudged_samples_is_a_dash(tmp_path: Path) -> None:
    unjudged = {"outcome": Outcome.UNJUDGED, "passed": False, "reward": None}
    write_records(tmp_path / "records.jsonl", [replace(record, **unjudged) for record in records()])
    assert write_report(tmp_path).conclusions == ("Benchmark: no judged sample.",)
    assert "| – [–, –] | 0 | 0 | 16 |" in markdown_of(tmp_path)


def test_a_run_is_compared_before_and_after_on_each_split(run: Path) -> None:
    tasks, families = write_report(run).conclusions
    assert re.match(r"Held-out tasks: pass@1 rose from .* \(before\) to .* \(after\): \+.* points \[", tasks)
    assert families.startswith("Held-out families: ")


def test_a_difference_within_chance_is_not_called_a_gain(tmp_path: Path) -> None:
    for label, seed in (("before", 1), ("after", 2)):
        problems = make_problems("p", "heldout", FAMILIES, 16, 0)
        write_records(tmp_path / f"eval/{label}/records.jsonl", evaluate(problems, 4, lift=0.0, seed=seed))
    (sentence,) = write_report(tmp_path).conclusions
    assert "do not differ beyond chance" in sentence
    assert "rose" not in sentence


def test_evaluations_in_between_come_in_the_order_of_their_steps(tmp_path: Path) -> None:
    for label in ("after", "step-100", "before", "step-20"):
        write_records(tmp_path / f"eval/{label}/records.jsonl", records())
    found = [record_set.label for record_set in load_source(tmp_path).evaluations]
    assert found == ["before", "step-20", "step-100", "after"]


def test_the_golden_ceiling_stands_beside_the_rate_and_names_the_defects(
    benchmark_page: str, benchmark_markdown: str
) -> None:
    assert "golden ceiling 24 of 25 problems (96.0 %)" in benchmark_page
    assert "its testbench and reference disagree on port names" in benchmark_page
    assert "its testbench and reference disagree on port names" in benchmark_markdown


def test_an_unknown_ceiling_is_said_to_be_unknown(tmp_path: Path) -> None:
    write_records(tmp_path / "records.jsonl", records())
    assert "golden ceiling not known" in html_of(tmp_path)


def test_an_interrupted_run_is_reported_from_its_training_records(run: Path, tmp_path: Path) -> None:
    for name in ("records.jsonl", "metrics.jsonl"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    (sentence,) = write_report(tmp_path).conclusions
    assert sentence.startswith("Training tasks: pass@1 is ")


def test_versions_digests_and_settings_are_in_the_page(run: Path) -> None:
    page = html_of(run)
    digest = hashlib.sha256((run / "eval/after/records.jsonl").read_bytes()).hexdigest()
    for text in ("2.13.0+cpu", "iverilog 12.0", "9f2c1ab04d77e630", digest, "grpo.group"):
        assert text in page


def test_equal_directories_give_equal_bytes(run: Path, tmp_path: Path) -> None:
    first, second = write_report(run, tmp_path / "a"), write_report(run, tmp_path / "b")
    assert first.html.read_bytes() == second.html.read_bytes()
    assert first.markdown.read_bytes() == second.markdown.read_bytes()


def test_categories_of_one_problem_each_are_not_called_families(tmp_path: Path) -> None:
    given = [replace(record, category=record.problem_id) for record in records()]
    write_records(tmp_path / "records.jsonl", given)
    report = build_report(load_source(tmp_path))
    assert report.families == ()


# --- curves


def test_only_fields_that_the_metrics_have_are_drawn_and_the_others_named(tmp_path: Path) -> None:
    write_records(tmp_path / "records.jsonl", [replace(record, step=1) for record in records()])
    lines = [{"step": step, "reward": step / 9, "clip_ratio": 0.1, "note": "text"} for step in range(1, 10)]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = build_report(load_source(tmp_path))
    assert [curve.title for curve in report.curves] == ["Reward"]
    assert "not drawn, in metrics.jsonl: clip_ratio" in report.curves_note


def test_evaluations_in_the_course_of_a_run_make_a_curve_for_each_split(tmp_path: Path) -> None:
    write_run(tmp_path, num_steps=4, num_heldout=12, num_samples=2, every=2)
    report = build_report(load_source(tmp_path))
    assert [row.label for row in report.splits[0].rows] == ["before", "step-2", "after"]
    assert [curve.title for curve in report.curves[:2]] == ["Held-out tasks", "Held-out families"]
    assert report.labels == ("before", "after")


def test_the_terms_of_the_rubric_share_a_panel(run: Path) -> None:
    (terms,) = [curve for curve in build_report(load_source(run)).curves if curve.title == "Reward terms"]
    assert [key.label for key in terms.key] == ["checks", "format"]


def test_the_smoothed_line_is_a_mean_of_what_is_there() -> None:
    assert smooth([1.0, 2.0, 3.0, 10.0], 3) == [1.5, 2.0, 5.0, 6.5]


def test_a_long_run_is_drawn_with_a_bounded_number_of_points() -> None:
    metrics = [{"step": float(step), "reward": step % 7.0} for step in range(20_000)]
    (curve,) = draw_curves(metrics, [])
    assert len(curve.svg) < 60_000


# --- samples


def test_a_problem_shows_few_designs_with_equal_ones_counted_and_the_page_says_so(tmp_path: Path) -> None:
    one = records(num_problems=1, num_samples=1)[0]
    failed = {"outcome": Outcome.MISMATCH, "passed": False, "reward": 0.1}
    num_samples = 2 * MAX_PER_PROBLEM + 2
    given = [
        replace(one, sample=index, code=f"module m{index // 2}; endmodule", **failed) for index in range(num_samples)
    ]
    write_records(tmp_path / "records.jsonl", given)
    (chosen,) = choose_samples(load_source(tmp_path)).values()
    assert [sample.num_copies for sample in chosen] == [2] * MAX_PER_PROBLEM
    words = f"the page shows {num_samples - 2} of {num_samples} completions, at most {MAX_PER_PROBLEM} different ones"
    assert words in html_of(tmp_path)


def test_best_shows_what_was_learned_and_worst_one_of_each_kind_of_failure(run: Path) -> None:
    best, worst = build_report(load_source(run)).highlights
    assert [sample.label for sample in best.samples[:2]] == ["before", "after"]
    assert best.samples[0].record.problem_id == best.samples[1].record.problem_id
    assert (best.samples[0].record.passed, best.samples[1].record.passed) == (False, True)
    kinds = [sample.record.outcome for sample in worst.samples]
    assert len(kinds) == len(set(kinds))
    assert not {Outcome.PASS, Outcome.UNJUDGED} & set(kinds)


# --- hostile text


def test_no_text_of_a_completion_becomes_markup(benchmark_page: str) -> None:
    tags = Tags(benchmark_page)
    assert "img" not in tags.names
    assert len(tags.scripts) == 1
    assert len(tags.kept) == 25
    assert tags.names.count("script") == 26
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert not [
        value for name, value in tags.attributes if name in ("href", "src") and not (value or "").startswith("#")
    ]


def test_the_hostile_text_is_there_to_be_read(benchmark_page: str) -> None:
    assert "&lt;/script&gt;&lt;/template&gt;" in benchmark_page
    assert "{{ 7 * 7 }}" in benchmark_page
    assert "\u27e8U+202E\u27e9" in benchmark_page


def test_the_page_runs_no_script_but_its_own_and_loads_nothing(benchmark_page: str) -> None:
    tags = Tags(benchmark_page)
    digest = base64.b64encode(hashlib.sha256(tags.scripts[0].encode()).digest()).decode()
    (policy,) = [value for name, value in tags.attributes if name == "content" and "default-src" in (value or "")]
    assert policy.startswith(f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri")
    assert not re.search(r"url\(|@import|<link|<iframe", benchmark_page)


def test_markdown_of_a_hostile_completion_stays_literal(benchmark_markdown: str) -> None:
    tokens = markdown_tokens(benchmark_markdown)
    assert not [token for token in tokens if token.type in ("html_inline", "html_block", "link_open", "image")]
    headings = [tokens[index + 1].content for index, token in enumerate(tokens) if token.type == "heading_open"]
    assert "not a heading" not in headings
    assert any(HOSTILE in token.content for token in tokens if token.type == "fence")


# --- bad input


def test_a_directory_without_records_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)]) == 2
    expected = "expected records.jsonl or eval/*/records.jsonl with at least one line"
    assert capsys.readouterr().err == f"verireason: {tmp_path} holds no records; {expected}\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("records.jsonl", "", "holds no records"),
        ("records.jsonl", "nonsense\n", "records.jsonl:1: not JSON"),
        ("metrics.jsonl", "{}\n", "metrics.jsonl:1: no step"),
        ("metrics.jsonl", "nonsense\n{}\n", "metrics.jsonl:1: not JSON"),
        ("config.json", "[]", "config.json holds no JSON object"),
        ("versions.json", "{", "versions.json is not JSON"),
        ("problems.json", '[{"problem": 1}]', "problems.json: unknown field 'problem'; expected a list"),
        ("problems.json", "{}", "problems.json: no list"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    write_records(tmp_path / "records.jsonl", records())
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError) as error:
        write_report(tmp_path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_directory_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a directory"):
        write_report(tmp_path / "missing")


@pytest.mark.parametrize("name", ["records.jsonl", "metrics.jsonl", "eval/after/records.jsonl"])
def test_a_last_line_cut_off_is_left_out_and_told(tmp_path: Path, name: str) -> None:
    write_run(tmp_path, num_steps=2, num_heldout=6, num_samples=1)
    with (tmp_path / name).open("ab") as file:
        file.write(b'{"step": 9')
    written = write_report(tmp_path)
    assert [warning.split(":")[0] for warning in written.warnings] == [name]
    assert "was cut off in writing and is left out" in written.html.read_text()


def test_a_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    write_records(tmp_path / "records.jsonl", records())
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingError, match="cannot write the report"):
        write_report(tmp_path, tmp_path / "file" / "out")


# --- the command


def test_the_command_prints_what_it_found_and_where_it_is(
    benchmark: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(benchmark), "--out", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Benchmark: pass@1 is ")
    assert lines[1:] == [
        str(tmp_path / "out" / name) for name in ("report.html", "report.md", "report.tex", "report.csv")
    ]
    assert all(Path(line).exists() for line in lines[1:])


def test_help_imports_nothing_heavy() -> None:
    code = """
        import sys
        from verireason.cli import main
        try:
            main(["report", "--help"])
        except SystemExit:
            print([name for name in ("numpy", "jinja2", "matplotlib", "torch", "pydantic") if name in sys.modules])
    """
    command = [sys.executable, "-c", re.sub(r"^ {8}", "", code, flags=re.MULTILINE)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1] == "[]"
