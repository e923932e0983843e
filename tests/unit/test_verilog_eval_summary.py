"""summary.txt and summary.csv, byte for byte those of VerilogEval's own script, which wrote the expected files."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sim.verdict import Diagnostic, Outcome, Severity
from verireason.evals.letters import LETTERS
from verireason.records import Record
from verireason.reports.verilog_eval_summary import Summary, summarise, summary_csv, summary_txt

EXPECTED = Path(__file__).parents[1] / "fixtures" / "verilog_eval_summary"
"""What the published script printed and wrote for logs that were laid out from `records()`."""
MESSAGES = {
    "S": "syntax error",
    "e": "This assignment requires an explicit cast.",
    "0": "Sized numeric constant must have a size greater than zero.",
    "n": "always_comb process has no sensitivities.",
    "w": "q is declared here as wire.",
    "m": "Unknown module type: adder",
    "p": "Unable to bind wire/reg/memory `state' in `tb.top_module1'",
    "c": "Unable to bind wire/reg/memory `clk' in `tb.top_module1'",
    "C": "1 error(s) during elaboration.",
}
SAMPLES = {
    "Prob001_zero": "..........",
    "Prob002_m2014_q4i": "S",
    "Prob010_mt2015_q4a": "RRRRRRR.rC",
    "Prob009_popcount3_with_a_long_name": "Se0nwmpcTCrR.",
    "Prob031_dff": "..?R?.T??",
    "Prob045_edgedetect2": "?.",
    "Prob151_review2015_fsm": "RRRrR R.R..RRR T.".replace(" ", ""),
}
"""Problem to the letters of its samples; they come in another order than the script wants."""


def record(problem_id: str, sample: int, letter: str, rng: random.Random) -> Record:
    special = {".": Outcome.PASS, "?": Outcome.UNJUDGED, "T": Outcome.TIMEOUT}
    outcome = special.get(letter, Outcome.MISMATCH if letter in "nrR" else Outcome.COMPILE_ERROR)
    severity = Severity.WARNING if letter == "n" else Severity.ERROR
    message = MESSAGES.get(letter)
    return Record(
        problem_id=problem_id,
        benchmark="verilog-eval-v2-spec-to-rtl",
        sample=sample,
        outcome=outcome,
        passed=outcome is Outcome.PASS,
        code="always @(posedge clk or posedge reset)" if letter == "r" else "always @(posedge clk)",
        tests_total=200,
        tests_passed={".": 200, "R": 200 - rng.choice([3, 3, 8]), "n": 100, "r": 190}.get(letter),
        diagnostics=(Diagnostic(severity=severity, message=message),) if message else (),
        num_prompt_tokens=rng.randrange(200, 4000),
        num_tokens=rng.randrange(20, 1024),
        cost=rng.randrange(10, 900) / 10_000,
    )


def records() -> list[Record]:
    rng = random.Random(5)
    return [
        record(problem_id, sample, letter, rng)
        for problem_id, letters in SAMPLES.items()
        for sample, letter in enumerate(letters)
    ]


def summary(of: list[Record]) -> Summary:
    found = summarise(of)
    assert found is not None
    return found


def test_every_letter_is_in_the_data() -> None:
    assert set("".join(SAMPLES.values())) == set(LETTERS)


def test_the_text_is_what_the_published_script_prints() -> None:
    assert summary_txt(summary(records())).encode() == (EXPECTED / "summary.txt").read_bytes()


def test_the_wide_text_is_what_the_published_script_prints() -> None:
    assert summary_txt(summary(records()), wide=True).encode() == (EXPECTED / "summary-wide.txt").read_bytes()


def test_the_csv_is_what_the_published_script_writes() -> None:
    assert summary_csv(summary(records())).encode() == (EXPECTED / "summary.csv").read_bytes()


def test_the_order_of_the_records_changes_no_figure() -> None:
    assert summary_csv(summary(records()[::-1])) == summary_csv(summary(records()))


def test_repairs_and_samples_from_the_hundredth_on_take_no_part() -> None:
    rng = random.Random(0)
    first = record("p", 0, "R", rng)
    late = [record("p", number, "R", rng) for number in (99, 100)]
    repair = Record(problem_id="p", benchmark="b", sample=0, attempt=1, outcome=Outcome.PASS, passed=True)
    assert summary_csv(summary([first, *late, repair])) == "p,0,1,0.0,R\n"


@pytest.mark.parametrize("letters", ["", "??"])
def test_nothing_judged_is_no_summary(letters: str) -> None:
    rng = random.Random(0)
    assert summarise(record("p", number, letter, rng) for number, letter in enumerate(letters)) is None
