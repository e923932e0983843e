"""The published rules on logs that their tools could have written."""

from __future__ import annotations

import pytest

from verireason.agreement.harness import Log
from verireason.agreement.published import HARNESSES, rule_rtllm, rule_v1, rule_v2
from verireason.data.benchmarks import LOADERS

RIGHT, WRONG = "Mismatches: 0 in 20 samples\n", "Mismatches: 3 in 20 samples\n"
WARNING = "a.sv:1: warning: x\n"
ELABORATION = "2 error(s) during elaboration.\n"


def log(errors: str = "", output: str = "", *, compiled: bool = True, timed_out: bool = False, code: str = "") -> Log:
    return Log(errors=errors, compiled=compiled, output=output, timed_out=timed_out, code=code)


@pytest.mark.parametrize(
    ("given", "passed", "right", "why"),
    [
        (log(output=RIGHT), True, True, "passed"),
        (log(output=WRONG), False, False, "mismatches"),
        (log(output=RIGHT + WRONG), True, True, "passed"),
        (log(WARNING, RIGHT), False, True, "compile error"),
        (log("a.sv:1: syntax error\n", compiled=False), False, False, "syntax error"),
        (log(), False, False, "info string not matched"),
        (log(output=RIGHT, timed_out=True), False, False, "timed out"),
        (log(output="Mismatches:  in 20 samples\n"), False, False, "info string not matched"),
    ],
)
def test_v1_fails_what_the_compiler_warns_about_and_believes_the_first_count(
    given: Log, passed: bool, right: bool, why: str
) -> None:
    ruling = rule_v1(given)
    assert (ruling.passed, ruling.right, ruling.why) == (passed, right, why)


@pytest.mark.parametrize(
    ("given", "letter"),
    [
        (log(output=RIGHT), "."),
        (log(WARNING, RIGHT), "."),
        (log(output=WRONG), "R"),
        (log(output=WRONG, code="always @(posedge clk or negedge reset_n)"), "r"),
        (log(output="x " + RIGHT), "R"),
        (log(output=WRONG + RIGHT), "."),
        (log(output="TIMEOUT\n" + RIGHT), "T"),
        (log(output=RIGHT, timed_out=True), "T"),
        (log(output="an error of mine\n" + RIGHT), "C"),
        (log("a.sv:1: error: Unable to bind wire/reg/memory `q' in `tb.t'\n" + ELABORATION, compiled=False), "p"),
        (log("a.sv:1: error: Unable to bind wire/reg/memory `clk' in `tb.t'\n" + ELABORATION, compiled=False), "c"),
        (log(ELABORATION, compiled=False), "C"),
        (log("a.sv:1: warning: always_comb process has no sensitivities.\n", RIGHT), "n"),
    ],
)
def test_v2_gives_the_letter_of_the_first_line_that_decides(given: Log, letter: str) -> None:
    ruling = rule_v2(given)
    assert (ruling.letter, ruling.passed) == (letter, letter == ".")


def test_v2_counts_what_the_last_line_says() -> None:
    ruling = rule_v2(log(output=WRONG))
    assert (ruling.num_mismatches, ruling.num_samples) == (3, 20)
    assert rule_v2(log()).num_mismatches is None


def test_a_count_that_no_testbench_prints_is_none() -> None:
    absurd = log(output=f"Mismatches: {'9' * 5000} in 20 samples\n")
    assert (rule_v1(absurd).num_mismatches, rule_v2(absurd).num_mismatches) == (None, None)


def test_rtllm_believes_the_word_pass_of_what_compiled_and_ended() -> None:
    assert rule_rtllm(log(output="bypass")).passed
    assert not rule_rtllm(log(output="failed")).passed
    assert not rule_rtllm(log(output="pass", timed_out=True)).passed


def test_every_harness_is_of_a_benchmark_that_can_be_loaded() -> None:
    assert HARNESSES.keys() <= LOADERS.keys()
