"""The last lines of an evaluation and summary.json: every rate with what it stands on."""

from __future__ import annotations

import json
from pathlib import Path

from sim.verdict import Outcome
from verireason.evals.summary import summarise, summary_lines, write_summary
from verireason.records import Record


def records(*outcomes: Outcome, problem_id: str = "p", cost: float | None = None) -> list[Record]:
    return [
        Record(
            problem_id=problem_id,
            benchmark="b",
            sample=sample,
            outcome=outcome,
            passed=outcome is Outcome.PASS,
            num_tokens=100,
            num_prompt_tokens=10,
            cost=cost,
        )
        for sample, outcome in enumerate(outcomes)
    ]


PASS, MISMATCH, UNJUDGED = Outcome.PASS, Outcome.MISMATCH, Outcome.UNJUDGED


def lines(found: list[Record], *, defects: dict[str, str] | None = None, left_out: dict[str, str] | None = None) -> str:
    summary = summarise(found, num_problems=2, defects=defects or {}, left_out=left_out or {})
    return "\n".join(summary_lines(summary, Path("out")))


def test_rates_stand_with_interval_n_and_what_is_unjudged() -> None:
    text = lines([*records(PASS, MISMATCH, UNJUDGED), *records(PASS, PASS, problem_id="q")])

    assert "3 of 4 passed (75.0%), 1 unjudged: MISMATCH 1, PASS 3, UNJUDGED 1" in text
    assert "pass@1 75.0% [" in text
    assert "(4 samples of 2 problems, 1 unjudged)" in text
    assert "pass@5" not in text


def test_pass_at_5_names_the_problems_that_have_too_few_samples() -> None:
    text = lines([*records(*[PASS] * 5), *records(PASS, PASS, problem_id="q")])

    assert "pass@5 100.0% [" in text
    assert "5 samples of 1 problems, 0 unjudged, 1 problems left out for fewer than 5 samples" in text


def test_the_ceiling_names_the_defects_and_what_was_left_out_is_counted() -> None:
    left_out = {f"r{number}": "no testbench" for number in range(7)}
    text = lines(records(PASS), defects={"q": "does not compile"}, left_out=left_out)

    assert "golden ceiling 1 of 2 problems (50.0%); the references of 1 (q) do not pass" in text
    assert "left out, since they cannot be judged: 7 (r0, r1, r2, r3, r4 and 2 more); r0: no testbench" in text


def test_tokens_and_cost_are_summed_and_the_next_command_is_named() -> None:
    text = lines(records(PASS, MISMATCH, cost=0.25))

    assert "tokens: 20 read, 200 written; cost 0.5" in text
    assert text.endswith("records are in out; for a page to look at: verireason report out")
    assert "cost" not in lines(records(PASS))


def test_nothing_judged_is_no_rate_and_not_zero() -> None:
    text = lines(records(UNJUDGED))

    assert "0 of 0 passed (no rate), 1 unjudged" in text
    assert "pass@" not in text


def test_the_summary_is_json_with_all_figures(tmp_path: Path) -> None:
    found = records(PASS, MISMATCH, cost=0.25)
    write_summary(tmp_path, summarise(found, num_problems=1, defects={}, left_out={"r": "no testbench"}))

    data = json.loads((tmp_path / "summary.json").read_text())
    assert (data["tally"]["num_passed"], data["pass_at"][0]["estimate"], data["cost"]) == (1, 0.5, 0.5)
    assert (data["num_tokens"], data["num_prompt_tokens"], data["left_out"]) == (200, 20, {"r": "no testbench"})
