"""Failure letters from records; the logs are Icarus 12's own words."""

from __future__ import annotations

import pytest

from sim.hdl.tools import icarus
from sim.hdl.verilog_testbench import OWN_LIMIT
from sim.verdict import Diagnostic, Outcome, Severity
from verireason.evals.letters import LETTERS, letter, num_mismatches
from verireason.records import Record

BIND = "c.sv:3: error: Unable to bind wire/reg/memory `{}' in `tb.top_module1'"
END = "2 error(s) during elaboration."


def record(
    outcome: Outcome,
    log: str = "",
    *,
    code: str | None = "module m; endmodule",
    tests: tuple[int | None, int | None] = (None, None),
    said: str | None = None,
) -> Record:
    notes = icarus.diagnostics(log, file="c.sv")
    if said is not None:
        notes = (Diagnostic(severity=Severity.ERROR, message=said), *notes)
    return Record(
        problem_id="p", benchmark="b", sample=0, outcome=outcome, passed=outcome is Outcome.PASS, code=code,
        diagnostics=notes, tests_passed=tests[0], tests_total=tests[1],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("ref.sv:16: syntax error\nI give up.", "S"),
        ("c.sv:3: error: This assignment requires an explicit cast.\n1 error(s) during elaboration.", "e"),
        ("c.sv:3: error: Sized numeric constant must have a size greater than zero.\n"
         "c.sv:3: warning: Numeric constant truncated to 0 bits.", "0"),
        ("c.sv:3: error: q is not a valid l-value in tb.t.\nc.sv:1:      : q is declared here as wire.", "w"),
        ("tb.sv:9: error: Unknown module type: TopModule\n" + END, "m"),
        (BIND.format("foo") + "\n" + END, "p"),
        (BIND.format("clk") + "\n" + END, "c"),
        ("tb.sv:9: error: port ``clk'' is not a port of t.\n" + BIND.format("clk"), "c"),
        ("tb.sv:9: error: port ``clk'' is not a port of t.\n1 error(s) during elaboration.", "C"),
        ("c.sv:3: error: Unable to bind parameter `TIMEOUT' in `tb.t'\n" + END, "T"),
        ("", "C"),
    ],
)  # fmt: skip
def test_what_does_not_compile_has_the_letter_of_its_log(log: str, expected: str) -> None:
    assert letter(record(Outcome.COMPILE_ERROR, log)) == expected


def test_the_first_line_that_decides_wins_over_what_is_only_noted() -> None:
    cast = "c.sv:9: error: This assignment requires an explicit cast."
    wire = "c.sv:1:      : q is declared here as wire."
    assert letter(record(Outcome.COMPILE_ERROR, f"{BIND.format('foo')}\n{cast}\n{wire}")) == "e"
    assert letter(record(Outcome.COMPILE_ERROR, f"{wire}\n{cast}")) == "w"


def test_a_line_that_decides_is_not_lost_behind_many_others() -> None:
    many = "\n".join(f"c.sv:{line}: warning: Numeric constant truncated to {line} bits." for line in range(50))
    log = f"{many}\nc.sv:3: error: q is not a valid l-value in t.\nc.sv:1:      : q is declared here as wire.\n{END}"
    kept = icarus.diagnostics(log, file="c.sv")
    assert letter(record(Outcome.COMPILE_ERROR, log)) == "w"
    assert len(kept) == 20
    assert [each.line for each in kept[:18]] == list(range(18)), "in the log's order"


@pytest.mark.parametrize("warning", [
    "c.sv:3: warning: always_comb process has no sensitivities.",
    "c.sv:3: warning: @* found no sensitivities so it will never trigger.",
])  # fmt: skip
def test_a_warning_of_no_sensitivities_decides_unless_the_design_passed(warning: str) -> None:
    assert letter(record(Outcome.MISMATCH, warning)) == "n"
    assert letter(record(Outcome.TIMEOUT, warning)) == "n"
    assert letter(record(Outcome.PASS, warning)) == "."


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.PASS, "."), (Outcome.MISMATCH, "R"), (Outcome.TIMEOUT, "T"), (Outcome.OUTPUT_LIMIT, "T"),
        (Outcome.MEMORY, "R"), (Outcome.CRASH, "R"), (Outcome.NO_CODE, "m"), (Outcome.UNJUDGED, "?"),
        (Outcome.WRONG, "R"),
    ],
)  # fmt: skip
def test_what_compiles_has_the_letter_of_its_outcome(outcome: Outcome, expected: str) -> None:
    assert letter(record(outcome)) == expected


@pytest.mark.parametrize("words", ["posedge reset", "negedge resetn", "posedge clk or posedge r)"])
def test_a_failing_design_with_an_asynchronous_reset_is_told_apart(words: str) -> None:
    code = f"module m; always @({words} q <= 0; endmodule"
    assert letter(record(Outcome.MISMATCH, code=code)) == "r"
    assert letter(record(Outcome.REJECTED, code=code)) == "r"
    assert letter(record(Outcome.TIMEOUT, code=code)) == "T"


def test_what_the_guard_says_of_a_rejected_design_is_no_log() -> None:
    said = 'reaches outside the design: line 3: string: "syntax error"'
    assert letter(record(Outcome.REJECTED, said=said)) == "R"


def test_a_full_run_that_reached_the_testbenchs_own_limit_is_a_time_out_unless_it_passed() -> None:
    assert letter(record(Outcome.MISMATCH, said=OWN_LIMIT)) == "T"
    assert letter(record(Outcome.PASS, said=OWN_LIMIT)) == "."


def test_a_warning_with_the_word_error_counts_as_the_script_counts_it() -> None:
    warning = "c.sv:3: warning: Constant bit select [7] is after vector error_flag[3:0]."
    assert letter(record(Outcome.MISMATCH, warning)) == "C"
    sorry = "c.sv:3: sorry: constant selects in always_* processes are not currently supported."
    assert letter(record(Outcome.MISMATCH, sorry)) == "R"


def test_every_letter_has_a_meaning() -> None:
    assert "".join(LETTERS) == ".Se0nwmpcTCrR?"


def test_mismatches_are_of_the_samples_that_ran() -> None:
    assert num_mismatches(record(Outcome.MISMATCH, tests=(90, 100))) == 10
    early = "30 samples were compared; a full run has 100"
    assert num_mismatches(record(Outcome.MISMATCH, tests=(25, 100), said=early)) == 5
    assert num_mismatches(record(Outcome.PASS, tests=(100, 100))) == 0
    assert num_mismatches(record(Outcome.COMPILE_ERROR, tests=(None, 100))) == 0
