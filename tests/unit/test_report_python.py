"""Reports on Python programs, alone and beside hardware."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.inbox.values import encode
from sim.python.suite import CallTest, Program, StdioTest, Style, Suite
from sim.verdict import NamedTest, Outcome, Spec, TestEnd
from tests.fixtures.markdown import markdown_tokens
from tests.fixtures.sample_python_run import TASKS, make_python_record, write_mixed_run, write_python_benchmark
from tests.fixtures.sample_run import HOSTILE, write_records
from verireason.data.calibrate import Calibration
from verireason.evals.judging import write_problems
from verireason.problem import Problem
from verireason.records import Record
from verireason.reports.rates import split_groups
from verireason.reports.report import build_report
from verireason.reports.samples import MAX_TESTS
from verireason.reports.source import load_source
from verireason.reports.text import apart
from verireason.reports.write import write_report


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation of 16 problems by 8 samples with one hostile completion."""
    directory = tmp_path_factory.mktemp("python")
    write_python_benchmark(directory, num_problems=16)
    return directory


@pytest.fixture(scope="module")
def page(benchmark: Path) -> str:
    """Its report."""
    return write_report(benchmark).html.read_text()


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training run on designs and programs."""
    directory = tmp_path_factory.mktemp("mixed")
    write_mixed_run(directory, num_problems=12)
    return directory


def record_of(task_name: str, outcome: Outcome, *, seed: int = 0) -> Record:
    """A completion with this outcome."""
    rng = random.Random(seed)
    task = next(task for task in TASKS if task.name == task_name)
    while (record := make_python_record("p", task, 0, rng)).outcome is not outcome:
        pass
    return record


def page_of(directory: Path, *records: Record) -> str:
    write_records(directory / "records.jsonl", list(records))
    return write_report(directory).html.read_text()


def test_the_failed_call_and_the_failing_tests_stand_beside_the_code(tmp_path: Path) -> None:
    record = record_of("lists", Outcome.WRONG)
    num_failed = sum(not test.passed for test in record.tests)
    text = page_of(tmp_path, record)
    assert "<code>merged([1, 4, 4, 9, 12, 30], [2, 3, 4, 8])</code>" in text
    assert "got &#39;[1, 2, 3, 4, 8, 9, 12, 30]&#39;, expected" in text
    assert '<code class="got">[1, 2, 3, 4, ' in text
    # Once among the samples of its problem, once among the worst.
    assert text.count('<i class="swatch e-WRONG">') == 2 * min(num_failed, MAX_TESTS)


def test_the_line_of_an_exception_is_marked_and_its_message_given_once(tmp_path: Path) -> None:
    text = page_of(tmp_path, record_of("numbers", Outcome.CRASH))
    sample = text[text.index('<article class="sample"') : text.index("</article>")]
    marked = '<i class="error">    return not any(n % d == 0 for d in range(n))\n</i><b class="error">test '
    assert marked in sample
    assert "<h4>Messages</h4>" not in sample


def test_two_hundred_tests_are_a_strip_and_a_few_rows(tmp_path: Path) -> None:
    tests = [NamedTest(name=str(place), passed=False, end=TestEnd.WRONG, message="x" * 300) for place in range(5000)]
    text = page_of(tmp_path, replace(record_of("programs", Outcome.WRONG), tests=tuple(tests)))
    assert text.count('<i class="swatch e-WRONG">') == 2 * MAX_TESTS
    assert f"{5000 - MAX_TESTS} more fail." in text
    assert len(text) < 80_000


def test_tests_that_nobody_came_to_are_counted_and_not_listed(tmp_path: Path) -> None:
    record = record_of("programs", Outcome.TIMEOUT)
    num_not_run = sum(test.end is TestEnd.NOT_RUN for test in record.tests)
    text = page_of(tmp_path, record)
    assert f"of 200 pass, {num_not_run} were not run" in text
    assert '<i class="swatch e-NOT_RUN">' not in text


def test_subtasks_are_counted(tmp_path: Path) -> None:
    text = page_of(tmp_path, record_of("programs", Outcome.PASS))
    assert "Subtasks, 3 of 3 pass" in text
    assert "2 of 3 pass" not in text


def test_the_report_says_how_the_tests_run_and_which_were_dropped(benchmark: Path, page: str) -> None:
    (row,) = build_report(load_source(benchmark)).modes
    assert dict(row.num_tests) == {"call": 176, "stdio": 800, "program": 12}
    assert (row.num_problems, row.num_all, row.num_dropped, row.is_open) == (16, 988, 11, False)
    assert "Dropped tests of 2 problems" in page
    assert "more CPU time than it may take" in page
    assert "| made-up-code | 16 | 988 | 176 | 800 | 12 | 11 |" in write_report(benchmark).markdown.read_text()


def test_a_report_on_hardware_says_nothing_of_modes(tmp_path: Path) -> None:
    assert "How the tests run" not in page_of(tmp_path, replace(record_of("lists", Outcome.PASS), language="verilog"))


def test_a_problem_with_tests_and_no_defect_is_sound(benchmark: Path, page: str) -> None:
    assert load_source(benchmark).defects == {"Made/15": "the benchmark's own reference does not pass: CRASH"}
    assert "golden ceiling 15 of 16 problems" in page


def test_rates_of_designs_and_of_programs_are_never_mixed(mixed: Path) -> None:
    groups = split_groups(load_source(mixed), (1,))
    assert [group.name[0] for group in groups] == ["Held-out tasks, Python", "Held-out tasks, Verilog"]
    assert [group.rows[0].rates[0].num_problems for group in groups] == [12, 12]
    python, verilog = write_report(mixed).conclusions
    assert python.startswith("Held-out tasks, Python: pass@1 rose from")
    assert verilog.startswith("Held-out tasks, Verilog: pass@1 rose from")


def test_no_text_of_a_program_becomes_markup(page: str) -> None:
    assert "<img" not in page
    assert "&lt;/script&gt;&lt;/template&gt;" in page
    assert page.count("<script>") == 1


def test_markdown_of_a_hostile_program_stays_literal(benchmark: Path) -> None:
    tokens = markdown_tokens(write_report(benchmark).markdown.read_text())
    assert not [token for token in tokens if token.type in ("html_inline", "html_block", "link_open", "image")]


def test_markdown_speaks_of_python_and_explains(benchmark: Path) -> None:
    text = write_report(benchmark).markdown.read_text()
    assert "```python\n" in text
    assert "```verilog" not in text
    assert "First test that fails: " in text


@given(st.text("ab<", max_size=8), st.text("ab<", max_size=8))
def test_marks_take_nothing_away_and_add_nothing(value: str, other: str) -> None:
    marked = str(apart(value, other))
    assert marked.replace("<u>", "").replace("</u>", "").replace("&lt;", "<") == value
    assert marked.count("<u>") == marked.count("</u>") <= 1


def test_only_what_differs_is_marked() -> None:
    assert apart("[1, 2, 3]", "[1, 3]") == "[1, <u>2, </u>3]"
    assert apart("[1, 3]", "[1, 2, 3]") == "[1, 3]"
    assert apart("5", "3") == "5"


def problem(id: str, suite: Suite) -> Problem:
    spec = Spec(verifier="python", top=suite.entry or "main", testbench=suite.to_text())
    return Problem(
        id=id, benchmark="b", prompt="p", spec=spec, golden="", split="test", licence="MIT", category="c", difficulty=0
    )


CALL = CallTest(id="0", args=encode([1]), expected=encode(1))


def test_what_is_known_of_problems_is_written_and_read_back(tmp_path: Path) -> None:
    suites = {
        "calls": Suite(entry="f", calls=(CALL,)),
        "stdio": Suite(stdio=(StdioTest(id="0", stdin="1", expected="1"), StdioTest(id="1", stdin="", expected=""))),
        "open": Suite(entry="f", calls=(CALL,), program=Program(style=Style.UNITTEST, source="pass")),
        "known": Suite(
            entry="f", program=Program(style=Style.UNITTEST, source="pass", ids=("a", "b", "c"), left_out=("b",))
        ),
    }
    problems = {id: problem(id, suite) for id, suite in suites.items()}
    hardware = replace(problems["calls"], id="design", spec=Spec(verifier="verilog-testbench", top="m", testbench=""))
    calibration = Calibration(
        problems={**problems, "design": hardware}, defects={"open": "fails"}, dropped={"known": (("b", "flakes"),)}
    )
    write_problems(tmp_path, calibration)
    write_records(tmp_path / "records.jsonl", [replace(record_of("lists", Outcome.PASS), problem_id="open")])
    facts = load_source(tmp_path).facts
    assert facts is not None
    assert {id: each.tests for id, each in facts.items()} == {
        "calls": {"call": 1, "stdio": 0, "program": 0},
        "stdio": {"call": 0, "stdio": 2, "program": 0},
        "open": {"call": 1, "stdio": 0, "program": None},
        "known": {"call": 0, "stdio": 0, "program": 2},
    }
    assert facts["open"].defect == "fails"
    assert facts["known"].dropped == (("b", "flakes"),)
    assert json.loads((tmp_path / "problems.json").read_text())[0].keys() == {"problem_id", "tests"}
    assert '<td class="num">1+</td>' in write_report(tmp_path).html.read_text()


def test_hostile_names_of_dropped_tests_stay_text(page: str) -> None:
    assert HOSTILE not in page
