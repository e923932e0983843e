"""Drawings of waves, and the other things a report tells about a design beyond its outcome."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.verdict import Equivalence, GuardFinding, NamedTest, Outcome, Proof, Wave, Waves
from tests.fixtures.sample_run import HOSTILE, write_records
from verireason.records import Record
from verireason.reports.cheats import find_cheats
from verireason.reports.source import load_source
from verireason.reports.waves import MAX_ROWS, waves_svg
from verireason.reports.write import write_report

SIGNALS = (
    Wave(name="clk", role="input", width=1, changes=tuple((5 * i, str(i % 2)) for i in range(12))),
    Wave(name="d", role="input", width=8, changes=((0, "xxxxxxxx"), (10, "10100101"))),
    Wave(name="y", role="expected", width=1, changes=((0, "x"), (10, "1"))),
    Wave(name="y", role="got", width=1, changes=((0, "x"), (10, "z"), (30, "0"))),
)
WINDOW = Waves(start=0, end=60, mark=20, signals=SIGNALS)


def texts(svg: str) -> list[str]:
    """What stands in the drawing, in order."""
    return [each.text or "" for each in ElementTree.fromstring(svg).iter("text")]


def record(**facts: object) -> Record:
    """A failing completion."""
    base = {"problem_id": "p", "benchmark": "b", "sample": 0, "outcome": Outcome.MISMATCH, "passed": False, "code": "m"}
    return Record(**{**base, **facts})  # type: ignore[arg-type]


def page(directory: Path, *records: Record) -> str:
    """The report on some records."""
    write_records(directory / "records.jsonl", list(records))
    return write_report(directory).html.read_text()


def test_a_drawing_names_its_signals_and_marks_the_first_difference() -> None:
    svg = str(waves_svg(WINDOW))
    found = texts(svg)
    assert [name for name in found if name in ("clk", "d[7:0]", "y")] == ["clk", "d[7:0]", "y", "y"]
    assert {"20", "a5", "xx", "expected", "got"} <= set(found)
    assert "<title>Waves from time 0 to 60, the first difference at 20</title>" in svg


def test_unknown_is_hatched_high_impedance_lies_between_and_what_is_wrong_is_tinted() -> None:
    svg = str(waves_svg(WINDOW))
    assert svg.count('class="unknown"') == 3
    got = re.findall(r'class="line got" d="([^"]*)"', svg)[0]
    assert re.fullmatch(r"M190\.0 100H([\d.]+)V116H190\.0zM\1 108H[\d.]+V116H[\d.]+", got)
    assert svg.count('class="wrong"') == 2


def test_a_drawing_needs_nothing_from_elsewhere() -> None:
    svg = str(waves_svg(WINDOW))
    assert not re.search(r"url\(|href|<style|<script|<use|<image", svg)


@given(
    st.lists(
        st.tuples(st.text(max_size=30), st.sampled_from(["input", "expected", "got"]), st.integers(1, 70),
                  st.lists(st.tuples(st.integers(0, 10**18), st.text("01xz&<", min_size=1, max_size=70)), max_size=9)),
        max_size=6,
    ),
    st.integers(0, 10**18),
)  # fmt: skip
def test_whatever_a_record_holds_the_drawing_is_well_formed(
    rows: list[tuple[str, str, int, list[tuple[int, str]]]], mark: int
) -> None:
    signals = tuple(
        Wave(name=name, role=role, width=width, changes=tuple(sorted(changes))) for name, role, width, changes in rows
    )
    ElementTree.fromstring(str(waves_svg(Waves(start=0, end=mark, mark=mark, signals=signals))))


def test_a_drawing_of_very_much_is_small_and_says_what_it_leaves_out() -> None:
    changes = tuple((time, f"{time % 2**64:064b}") for time in range(3000))
    many = tuple(Wave(name=f"s{i}", role="input", width=64, changes=changes) for i in range(60))
    pair = tuple(
        Wave(name="q", role=role, width=64, changes=changes[: 9 if role == "got" else 3000])
        for role in ("expected", "got")
    )
    svg = str(waves_svg(Waves(start=0, end=3000, mark=2000, signals=(*many, *pair))))
    assert len(svg) < 400_000
    assert f"{62 - MAX_ROWS} more signals are in the records" in svg
    assert texts(svg).count("q[63:0]") == 2


def test_a_hostile_name_stays_text_in_the_page(tmp_path: Path) -> None:
    hostile = Waves(start=0, end=9, mark=5, signals=(Wave(name=HOSTILE, role=HOSTILE, width=1, changes=((0, "1"),)),))
    text = page(tmp_path, record(waves=hostile))
    assert "<img" not in text
    assert "&lt;/script&gt;&lt;/template" in text[text.index('<svg class="waves"') :]


def test_tests_and_equivalence_stand_beside_the_code(tmp_path: Path) -> None:
    tests = (NamedTest(name="reset", passed=True), NamedTest(name="wraps", passed=False, message="q is 9, not 0"))
    proof = Equivalence(proof=Proof.DIFFERENT, counterexample=({"a": "0101"},))
    text = page(tmp_path, record(tests=tests, equivalence=proof, second=Outcome.PASS))
    for words in ("Tests, 1 of 2 pass", "q is 9, not 0", "formally DIFFERENT", "a=0101", "second simulator PASS"):
        assert words in text


def finding(kind: str, *, neutralised: bool) -> GuardFinding:
    return GuardFinding(kind=kind, line=1, text=f"the {kind}", neutralised=neutralised)


def test_what_was_rejected_or_neutralised_is_counted_by_completion(tmp_path: Path) -> None:
    end = finding("system-task", neutralised=True)
    records = [
        record(findings=(end, end)),
        record(sample=1, findings=(end, finding("bind", neutralised=False))),
        record(sample=2),
    ]
    text = page(tmp_path, *records)
    found = find_cheats(load_source(tmp_path))
    assert found is not None
    counts = [(each.kind, each.num_rejected, each.num_neutralised) for each in found.kinds]
    assert counts == [("system-task", 0, 2), ("bind", 1, 0)]
    assert "What tried to cheat, and how" in text
    assert r"| bind | binds itself into another module | MISMATCH 1 | 1 | 0 |" in (tmp_path / "report.md").read_text()


def test_a_report_on_honest_designs_has_no_such_section(tmp_path: Path) -> None:
    assert "What tried to cheat, and how" not in page(tmp_path, record())


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_a_failing_design_is_explained_in_both_formats(tmp_path: Path, name: str) -> None:
    page(tmp_path, record(waves=WINDOW))
    text = (tmp_path / name).read_text()
    assert "Waves around time 20" in text or '<svg class="waves"' in text
