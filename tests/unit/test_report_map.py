"""What a report says of each sample: letters, the map, lengths, repairs, links."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from sim.verdict import Outcome
from tests.fixtures.sample_python_run import TASKS, make_python_record
from tests.fixtures.sample_run import FAMILIES, evaluate, make_problems, write_records
from verireason.evals.facts import ProblemFacts, write_facts
from verireason.evals.letters import LETTERS
from verireason.records import Record
from verireason.reports.heat import problem_link
from verireason.reports.lengths import MIN_RECORDS, lengths_of, lengths_svg
from verireason.reports.letters import PYTHON_LETTERS, count_letters, letter_of, tally_letters
from verireason.reports.report import Report, build_report
from verireason.reports.samples import MAX_PER_PROBLEM, Sample
from verireason.reports.source import load_source
from verireason.reports.text import natural
from verireason.reports.write import write_report


def records(num_problems: int = 6, num_samples: int = 5, seed: int = 0) -> list[Record]:
    return evaluate(make_problems("p", "test", FAMILIES, num_problems, seed), num_samples, lift=0.0, seed=seed)


def report_of(directory: Path, given: list[Record]) -> Report:
    write_records(directory / "records.jsonl", given)
    return build_report(load_source(directory))


def one(outcome: Outcome, **extra: object) -> Record:
    facts = {"passed": outcome is Outcome.PASS, "reward": None, "waves": None, "diagnostics": (), "findings": ()}
    return replace(records(1, 1)[0], outcome=outcome, **{**facts, **extra})


def repaired(num_tokens: int | None = 100) -> list[Record]:
    """Four first answers of which three fail, then two rounds of repairs."""
    ends = [Outcome.PASS, Outcome.MISMATCH, Outcome.MISMATCH, Outcome.COMPILE_ERROR]
    first = [one(end, sample=sample, num_tokens=num_tokens) for sample, end in enumerate(ends)]
    second = [
        replace(first[1], attempt=1, outcome=Outcome.PASS, passed=True, code="module second; endmodule"),
        replace(first[2], attempt=1, code="module third; endmodule"),
        replace(first[3], attempt=1, code="module fourth; endmodule"),
    ]
    third = [replace(second[1], attempt=2, outcome=Outcome.PASS, passed=True, code="module last; endmodule")]
    return [*first, *second, *third]


def test_letters_of_both_languages_are_known_and_one_character_long() -> None:
    given = records(40, 5)
    assert {letter_of(record) for record in given} <= set(LETTERS)
    assert all(len(letter) == 1 for letter in (*LETTERS, *PYTHON_LETTERS.values()))
    rng = random.Random(0)
    program = next(
        record
        for record in (make_python_record("p", TASKS[0], 0, rng) for _ in range(100))
        if record.outcome is Outcome.WRONG
    )
    assert letter_of(program) == "W"


def test_letters_are_counted_with_their_outcomes_and_problems() -> None:
    given = [one(Outcome.PASS), one(Outcome.MISMATCH, sample=1), one(Outcome.REJECTED, sample=2)]
    given.append(replace(given[1], problem_id="another"))
    found = {each.letter: each for each in count_letters(given)}
    assert list(found) == [".", "R"]
    assert found["R"].outcomes == {Outcome.MISMATCH: 2, Outcome.REJECTED: 1}
    assert (found["R"].num_completions, found["R"].num_problems, found["R"].num_all) == (3, 2, 4)
    assert tally_letters(given) == "R 3"


def test_the_map_has_a_cell_for_every_sample_in_order_and_the_hardest_problem_first(tmp_path: Path) -> None:
    given = records()
    random.Random(1).shuffle(given)
    (group,) = report_of(tmp_path, given).heat
    assert [row.rate for row in group.rows] == sorted(row.rate for row in group.rows)
    for row in group.rows:
        mine = sorted((each for each in given if each.problem_id == row.problem_id), key=lambda each: each.sample)
        assert [(cell.sample, cell.letter) for cell in row.cells] == [(each.sample, letter_of(each)) for each in mine]


def test_a_cell_leads_to_where_an_equal_answer_is_shown(tmp_path: Path) -> None:
    given = [one(Outcome.MISMATCH, sample=sample, code=f"module m{sample % 2}; endmodule") for sample in range(4)]
    report = report_of(tmp_path, given)
    links = [cell.link or "" for cell in report.heat[0].rows[0].cells]
    assert [unquote(link.rpartition("/")[2]) for link in links] == ["0", "1", "2", "3"]
    assert [sample.keys for sample in report.problems[0].samples] == [("0", "2"), ("1", "3")]


def test_samples_of_the_baseline_and_of_training_have_places_of_their_own() -> None:
    record = one(Outcome.PASS, sample=3)
    assert Sample(record=record, label="before", is_main=False).keys == ("before-3",)
    assert Sample(record=replace(record, step=12), label="train").keys == ("12-3",)


def test_a_cell_of_what_is_not_shown_leads_nowhere(tmp_path: Path) -> None:
    num_samples = MAX_PER_PROBLEM + 1
    given = [one(Outcome.MISMATCH, sample=sample, code=f"module m{sample}; endmodule") for sample in range(num_samples)]
    cells = report_of(tmp_path, given).heat[0].rows[0].cells
    assert sum(cell.link is None for cell in cells) == 1


def test_problems_come_in_the_order_of_their_names_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    names = ["p10", "p9", "p2_b", "p2"]
    given = [one(Outcome.PASS, problem_id=name) for name in names]
    assert [row.facts.problem_id for row in report_of(tmp_path, given).problems] == ["p2", "p2_b", "p9", "p10"]
    assert sorted(["HumanEval/10", "HumanEval/9"], key=natural) == ["HumanEval/9", "HumanEval/10"]


def test_an_address_carries_whatever_a_name_holds() -> None:
    link = problem_link("HumanEval/0", "before-3")
    assert link == "#HumanEval%2F0/before-3"
    assert "<" not in problem_link("><img>")
    assert " " not in problem_link("a b")
    assert unquote(problem_link("a\ud800")) == "#a⟨U+D800⟩"


def test_the_map_is_by_category_where_categories_have_several_problems(tmp_path: Path) -> None:
    report = report_of(tmp_path, records(16, 2))
    assert [group.name for group in report.heat] == sorted(FAMILIES)
    page = write_report(tmp_path).html.read_text()
    assert "Outcomes by family" in page or "Outcomes by category" in page


def test_lengths_are_in_tokens_when_all_are_counted_and_else_in_characters() -> None:
    given = [one(Outcome.PASS, num_tokens=index) for index in range(1, 101)]
    lengths = lengths_of(given)
    assert lengths is not None
    assert (lengths.unit, lengths.num_unknown) == ("tokens", 0)
    (row,) = lengths.rows
    assert (row.low, row.first, row.median, row.third, row.high) == (6, 26, 51, 76, 96)
    mixed = lengths_of([*given, one(Outcome.MISMATCH, num_tokens=None, completion="x" * 7)])
    assert mixed is not None
    assert mixed.unit == "characters"
    assert mixed.rows[1].median == 7
    assert lengths_of(given[: MIN_RECORDS - 1]) is None


def test_lengths_are_drawn_whatever_they_are() -> None:
    for lengths in ([0] * 30, [1] * 30, [10**9] * 30, list(range(30))):
        found = lengths_of([one(Outcome.PASS, num_tokens=length) for length in lengths])
        assert found is not None
        assert "nan" not in str(lengths_svg(found))


def test_repairs_take_no_part_in_rates_and_are_reported_apart(tmp_path: Path) -> None:
    report = report_of(tmp_path, repaired())
    assert report.splits[0].rows[0].rates[0].estimate == 0.25
    assert [(each.num_asked, each.num_passed, each.num_tokens) for each in report.rounds] == [
        (4, 1, 400),
        (3, 1, 300),
        (1, 1, 100),
    ]
    assert [each.rate.estimate for each in report.rounds] == [0.25, 0.5, 0.75]
    markdown = write_report(tmp_path).markdown.read_text()
    assert "| repair 2 | 75.0 [" in markdown


def test_the_attempts_of_a_sample_stand_one_under_another(tmp_path: Path) -> None:
    report = report_of(tmp_path, repaired())
    chains = {sample.keys[0]: [each.attempt for each in sample.repairs] for sample in report.problems[0].samples}
    assert chains == {"0": [], "1": [1], "2": [1, 2], "3": [1]}
    page = write_report(tmp_path).html.read_text()
    first = page.index('data-key="2"')
    assert first < page.index("module third", first) < page.index("module last", first) < page.index('data-key="3"')


def test_a_run_without_repairs_has_no_such_section(tmp_path: Path) -> None:
    write_records(tmp_path / "records.jsonl", records())
    assert 'id="repair"' not in write_report(tmp_path).html.read_text()


def test_a_long_line_is_cut_in_the_page(tmp_path: Path) -> None:
    write_records(tmp_path / "records.jsonl", [one(Outcome.COMPILE_ERROR, code="x" * 1_000_000)])
    page = write_report(tmp_path).html.read_text()
    assert len(page) < 200_000
    assert "more characters are in the records" in page


def test_the_versions_that_rates_and_ceiling_stand_on_are_beside_them(tmp_path: Path) -> None:
    write_records(tmp_path / "records.jsonl", records())
    assert "golden ceiling not known, judged with Icarus Verilog 12.0" in write_report(tmp_path).html.read_text()


def test_what_is_known_to_be_wrong_with_a_problem_stands_beside_it(tmp_path: Path) -> None:
    given = records(2, 2)
    facts = ProblemFacts(problem_id=given[0].problem_id, erratum="its prompt <contradicts> its testbench")
    write_facts(tmp_path / "problems.json", [facts])
    write_records(tmp_path / "records.jsonl", given)
    written = write_report(tmp_path)
    page = written.html.read_text()
    assert page.count("its prompt &lt;contradicts&gt; its testbench") == 2
    assert page.count('data-erratum="1"') == 1
    assert "golden ceiling 2 of 2 problems" in page
    assert "contradicts" in written.markdown.read_text()
