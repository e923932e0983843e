"""compare: noise is never called a gain, what is not alike is said, and bad input is one line."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.answers import answers, of_letters, side
from tests.fixtures.markdown import markdown_tokens
from tests.fixtures.sample_run import HOSTILE, write_records
from verireason.cli import main
from verireason.errors import UserError
from verireason.reports.comparison import Change, Comparison, compare
from verireason.reports.comparison_sides import Side, labels_of, load_side
from verireason.reports.comparison_tables import comparison_files
from verireason.reports.comparison_words import changes, conclusions, warnings

NAMES = ("compare.html", "compare.md", "compare.tex", "compare.csv", "compare-problems.csv")


def sentence(comparison: Comparison) -> str:
    (only,) = conclusions(comparison)
    return only


def test_a_difference_beyond_chance_is_named_with_its_p_value() -> None:
    found = compare(of_letters("a", ["x"] * 30), of_letters("b", ["."] * 12 + ["x"] * 18))
    assert sentence(found).startswith(
        "bench: pass@1 of b is higher than that of a: 0.0 % (a) and 40.0 % (b): +40.0 points ["
    )
    assert "], p < 0.001 (30 problems, 30 and 30 judged samples, 0 and 0 unjudged)." in sentence(found)
    assert "is lower than that of b" in sentence(compare(found.after, found.before))


def test_four_problems_that_all_got_better_are_still_chance() -> None:
    found = compare(of_letters("a", ["x"] * 100), of_letters("b", ["."] * 4 + ["x"] * 96))
    assert sentence(found).startswith("bench: no difference beyond chance: pass@1 is 0.0 % (a) and 4.0 % (b)")
    assert found.rows[0].p_value == pytest.approx(0.125)


def test_ten_benchmarks_need_more_evidence_than_one() -> None:
    parts = [f"bench-{number}" for number in range(10)]
    before = side("a", *(answers(f"p{n}", "x", benchmark=part) for part in parts for n in range(20)))
    after = side(
        "b",
        *(
            answers(f"p{n}", "." if n < (7 if part == "bench-0" else 0) else "x", benchmark=part)
            for part in parts
            for n in range(20)
        ),
    )
    found = compare(before, after)
    by_name = {row.name: row for row in found.rows}
    assert by_name["bench-0"].test.p_value == pytest.approx(2 / 2**7)
    assert not by_name["bench-0"].clear
    assert by_name["all Verilog problems"].difference.num_problems == 200


def test_equal_names_of_two_benchmarks_are_different_problems() -> None:
    one, two = (answers("p0", letters, benchmark=name) for letters, name in (("..", "b1"), ("xx", "b2")))
    found = compare(side("a", one, two), side("b", one, two))
    overall = found.rows[-1]
    assert (overall.before.estimate, overall.difference.num_problems) == (0.5, 2)


def test_programs_and_designs_are_never_put_together() -> None:
    both = side("a", answers("p", "."), answers("q", ".", benchmark="programs", language="python"))
    assert [row.name for row in compare(both, replace(both, label="b", digest="b")).rows] == ["programs", "bench"]


def test_several_k_have_a_row_each() -> None:
    found = compare(of_letters("a", ["." * 5 + "x" * 15] * 8), of_letters("b", ["." * 6 + "x" * 14] * 8))
    assert [row.k for row in found.rows] == [1, 5, 10, 20]
    assert [row.difference.estimate for row in found.rows if row.k == 20] == [0.0]


def test_changes_are_counted_by_kind_with_the_largest_first() -> None:
    found = compare(
        of_letters("a", ["xx", "xx", "..", ".x", "..", "x."]), of_letters("b", ["..", "x.", "xx", "..", ".x", ".x"])
    )
    moved = {change: [row.problem_id for row in rows] for change, rows in found.changed.items()}
    assert moved == {
        Change.SOLVED: ["p0", "p1"],
        Change.LOST: ["p2"],
        Change.BETTER: ["p3"],
        Change.WORSE: ["p4"],
    }
    assert changes(found) == (
        "Of 6 problems that both sides judged: 2 newly solved, 1 newly lost, 1 better, 1 worse, 1 with equal rates."
    )


def test_what_one_side_lacks_or_did_not_judge_takes_no_part_and_is_counted() -> None:
    before = side("a", answers("both", "x"), answers("only-a", "."), answers("dark", "??"))
    after = side("b", answers("both", "x"), answers("only-b", "."), answers("dark", ".."))
    found = compare(before, after)
    assert found.rows[0].difference.num_problems == 1
    assert warnings(found)[-3:] == [
        "1 problems are in a only and take no part: only-a",
        "1 problems have no judged sample in a and take no part: dark",
        "1 problems are in b only and take no part: only-b",
    ]


def test_nothing_in_common_is_said() -> None:
    found = compare(side("a", answers("p", ".")), side("b", answers("p", ".", benchmark="other")))
    assert sentence(found) == "a and b have no problem in common, so nothing can be said of their difference."


@pytest.mark.parametrize(
    ("other", "warning"),
    [
        (of_letters("b", ["."], image="sha256:bb"), "different simulation images: sha256:aa (a), sha256:bb (b)"),
        (of_letters("b", ["."], tools={"iverilog": "13"}), "different versions of iverilog: 12 (a), 13 (b)"),
        (of_letters("b", [".x"]), "different numbers of samples a problem: 1 (a), 2 (b)"),
        (of_letters("b", ["."], prompt="Other words"), "other words for 1 problems: p0"),
        (of_letters("a", ["."]), "both sides hold the same records"),
        (
            side("b", answers("p0", ".", model="m"), answers("p0", ".", model="n")),
            "b holds completions of 2 models, which are taken together: m, n",
        ),
    ],
)
def test_what_else_differs_is_a_warning(other: Side, warning: str) -> None:
    found = warnings(compare(of_letters("a", ["."], prompt="Words"), other))
    assert any(warning in line for line in found), found


def test_ceilings_and_settings_that_differ_are_warnings() -> None:
    settings = {"temperature": 0.0, "top_p": 1.0, "model": "m", "checks.lint": False}
    before = replace(of_letters("a", ["."]), settings=settings, defects={"p0": "times out", "elsewhere": "x"})
    after = replace(
        of_letters("b", ["."]), settings={**settings, "temperature": 0.8, "model": "n", "checks.lint": True}
    )
    assert warnings(compare(before, after)) == [
        "different temperature: 0.0 (a), 0.8 (b)",
        "different checks.lint: False (a), True (b)",
        "references that fail their own test in a only: p0",
    ]
    unknown = replace(of_letters("c", ["."]), defects=None)
    assert warnings(compare(before, unknown)) == [
        "how c was sampled is not known: its run.json does not say, as that of a does",
        "golden ceiling of c is not known: it has no problems.json",
    ]


def test_labels_are_as_long_as_needed_to_tell_them_apart() -> None:
    assert labels_of([Path("/runs/x/eval"), Path("/runs/y")]) == ["eval", "y"]
    assert labels_of([Path("/runs/x/eval/after"), Path("/runs/y/eval/after")]) == ["x/eval/after", "y/eval/after"]
    with pytest.raises(UserError, match="is given twice"):
        labels_of([Path("/runs/x"), Path("/runs/../runs/x")])


@pytest.fixture
def directories(tmp_path: Path) -> tuple[Path, Path]:
    """Two evaluations of 8 problems by 2 samples, with hostile names of a model and a problem."""
    for name, letters in (("one", "x."), ("two", "..")):
        records = [record for number in range(7) for record in answers(f"p{number}", letters, model=HOSTILE)]
        write_records(tmp_path / name / "records.jsonl", [*records, *answers(HOSTILE, letters)])
        (tmp_path / name / "problems.json").write_text("[]")
    return tmp_path / "one", tmp_path / "two"


def test_the_command_prints_and_writes(
    directories: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *map(str, directories), "--out", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("bench: pass@1 of two is higher than that of one: 50.0 % (one) and 100.0 % (two)")
    assert lines[-5:] == [str(tmp_path / "out" / name) for name in NAMES]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out/compare-problems.csv").read_text())))
    assert [row["two, passed"] for row in rows] == ["2"] * 8
    (rates,) = csv.DictReader(io.StringIO((tmp_path / "out/compare.csv").read_text()))
    assert (rates["difference"], rates["better"], rates["worse"]) == ("0.5", "8", "0")
    assert float(rates["p"]) == pytest.approx(2 / 2**8)


def test_a_run_is_compared_by_its_evaluation_after_training(tmp_path: Path) -> None:
    write_records(tmp_path / "run/eval/before/records.jsonl", answers("p", "x"))
    write_records(tmp_path / "run/eval/after/records.jsonl", answers("p", "."))
    (tmp_path / "run/eval/after/run.json").write_text(json.dumps({"temperature": 0.5, "checks": {"lint": True}}))
    found = load_side(tmp_path / "run", "run")
    assert [record.passed for record in found.records] == [True]
    assert found.settings == {"temperature": 0.5, "checks.lint": True}


def test_hostile_words_stay_words(directories: tuple[Path, Path]) -> None:
    files = comparison_files(compare(*(load_side(path, path.name + HOSTILE) for path in directories)))
    page = files["compare.html"]
    assert HOSTILE not in page
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "html_inline" not in [token.type for token in markdown_tokens(files["compare.md"])]
    assert files == comparison_files(compare(*(load_side(path, path.name + HOSTILE) for path in directories)))


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, empty, bad, steps = (tmp_path / name for name in ("good", "empty", "bad", "steps"))
    write_records(good / "records.jsonl", answers("p", ".."))
    write_records(steps / "records.jsonl", answers("p", ".", step=1))
    for path in (empty, bad):
        path.mkdir()
    text = (good / "records.jsonl").read_text()
    (bad / "records.jsonl").write_text(text[:50] + "\n" + text)
    for path, message in (
        (tmp_path / "none", "is not a directory"),
        (empty, "holds no records"),
        (bad, f"{bad / 'records.jsonl'}:1: "),
        (steps, "holds completions of training steps only"),
        (good, "is given twice"),
    ):
        assert main(["compare", str(good), str(path)]) == 2
        err = capsys.readouterr().err
        assert message in err
        assert err.count("\n") == 1


def test_a_last_line_that_was_cut_off_is_left_out_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        write_records(tmp_path / name / "records.jsonl", answers("p", ".."))
    whole = (tmp_path / "b/records.jsonl").read_bytes()
    (tmp_path / "b/records.jsonl").write_bytes(whole[:-20])
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert "b: records.jsonl: line 2, the last one, was cut off" in capsys.readouterr().err
