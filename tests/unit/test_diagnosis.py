"""Verdicts in words: what a person at a terminal and a model that mends its design get to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.hdl.tools import icarus
from sim.verdict import (
    Diagnostic,
    FailedCall,
    FirstFailure,
    GuardFinding,
    NamedTest,
    Netlist,
    Outcome,
    OutputMismatch,
    Severity,
    Synthesis,
    TestEnd,
    Verdict,
    Wave,
    Waves,
)
from verireason.diagnosis import WIDTH, explain, waves_text

COUNTER = """module TopModule (
  input clk,
  input reset,
  output reg [3:0] q
);
  always @(posedge clk)
    if (reset || q == 9) q <= 1;
    else q <= q + 1;
endmodule
"""
CLOCK = tuple((time, str((time - 125) // 5 % 2)) for time in range(125, 175, 5))
GOOD = ((125, "0111"), (135, "1000"), (145, "1001"), (155, "1010"), (165, "0001"))
GOT = ((125, "0111"), (135, "1000"), (145, "1001"), (155, "0001"), (165, "0010"))
WINDOW = Waves(
    start=125,
    end=175,
    mark=160,
    signals=(
        Wave(name="clk", role="input", width=1, changes=CLOCK),
        Wave(name="q", role="expected", width=4, changes=GOOD),
        Wave(name="q", role="got", width=4, changes=GOT),
    ),
)
MISMATCH = Verdict(
    outcome=Outcome.MISMATCH,
    num_passed=103,
    num_tests=439,
    outputs=(OutputMismatch(name="q", num_mismatches=336, first_time=160),),
    first_failure=FirstFailure(signal="q", time=160, expected="1010", got="0001", inputs="clk=0 reset=0"),
    waves=WINDOW,
)
"""Of COUNTER as VerilogEval's Prob035, which counts to ten; the window cut to its end."""

TEXT = """MISMATCH. It ran, and an output differed. 103 of 439 checks agreed.

First difference: output q at time 160
  expected 1010
  got      0001
  inputs   clk=0 reset=0

Waves around time 160; a column is from one change to the next, ^ is what the failing check saw:
  time             125  130  135  140  145  150  155  160  165
  clk input          0    1    0    1    0    1    0    1    0
  q[3:0] expected 0111 0111 1000 1000 1001 1001 1010 1010 0001
  q[3:0] got      0111 0111 1000 1000 1001 1001 0001 0001 0010
                                                ^^^^

Output q differs 336 times, first at time 160."""


def test_a_mismatch_is_told_with_its_first_difference_and_its_waves() -> None:
    assert explain(MISMATCH, COUNTER) == TEXT


CAPTURED = [
    ("c.sv:1: error: q is not a valid l-value in t.\nc.sv:1:      : q is declared here as wire.", "reg or logic"),
    ("c.sv:1: error: Unable to bind wire/reg/memory `foo' in `t'", "not declared"),
    ("c.sv:1: error: Could not find variable ``bar'' in ``t''", "not declared"),
    ("c.sv:1: error: Unknown module type: sub", "not defined"),
    ("c.sv:1: error: 'q' has already been declared in this scope.", "declared twice"),
    ("c.sv:1: error: port ``zz'' is not a port of s.", "does not have"),
    ("c.sv:1: error: q['sd7:'sd5]Part select is double-driving unresolved wire.", "two places drive"),
    ("c.sv:1: syntax error\nI give up.", "missing semicolon"),
    ("c.sv:1: error: Syntax error in continuous assignment", "missing semicolon"),
    ("c.sv:1: warning: macro FOO undefined (and assumed null) at this point.", "macro is not defined"),
    ("c.sv:1: error: Array m needs an array index here.", "pick one element"),
]
"""Logs of Icarus 12 and what the hint must say."""


@pytest.mark.parametrize(("log", "hint"), CAPTURED)
def test_a_message_comes_with_the_line_of_code_and_what_to_look_for(log: str, hint: str) -> None:
    verdict = Verdict(outcome=Outcome.COMPILE_ERROR, diagnostics=icarus.diagnostics(log, file="c.sv"))
    text = explain(verdict, "assign q = foo;")
    assert "       1 | assign q = foo;" in text
    assert hint in text.split("hint: ")[1]


def test_a_line_is_quoted_and_a_hint_given_once() -> None:
    found = tuple(Diagnostic(severity=Severity.ERROR, message="syntax error", line=2) for _ in range(3))
    text = explain(Verdict(outcome=Outcome.COMPILE_ERROR, diagnostics=found), "a\nb = ;\nc")
    assert (text.count("line 2: syntax error"), text.count("| b = ;"), text.count("hint:")) == (3, 1, 1)


def test_a_message_about_no_line_of_the_code_quotes_none() -> None:
    found = (
        Diagnostic(severity=Severity.ERROR, message="odd", line=99),
        Diagnostic(severity=Severity.ERROR, message="x"),
    )
    assert "|" not in explain(Verdict(outcome=Outcome.COMPILE_ERROR, diagnostics=found), "a")


def test_of_wide_values_the_bits_that_differ_are_named() -> None:
    good, own = "0" * 256, "1" + "0" * 250 + "11100"
    first = FirstFailure(signal="q", time=5, expected=good, got=own, inputs=f"clk=1 d={good}")
    text = explain(Verdict(outcome=Outcome.MISMATCH, first_failure=first), None)
    assert f"got      256'h8{'0' * 61}1c" in text
    assert f"inputs   clk=1 d=256'h{'0' * 64}" in text
    assert "bits that differ: 255, 2-4" in text


def test_what_the_guard_did_is_told_apart() -> None:
    found = tuple(
        GuardFinding(kind=kind, line=3, text=text, neutralised=neutralised)
        for kind, text, neutralised in (("hierarchy", "tb.q_ref", False), ("system-task", "$finish;", True))
    )
    text = explain(Verdict(outcome=Outcome.REJECTED, findings=found), None)
    assert "Why it was rejected:\n  line 3: hierarchy: tb.q_ref" in text
    assert "no use for it:\n  line 3: system-task: $finish;" in text


def test_failing_tests_are_named_with_their_reasons() -> None:
    tests = (NamedTest(name="reset", passed=True), NamedTest(name="wraps", passed=False, message="q is 9, not 0"))
    text = explain(Verdict(outcome=Outcome.MISMATCH, tests=tests), None)
    assert "Tests that fail, 1 of 2:\n  wraps: q is 9, not 0" in text


def test_latches_that_the_golden_has_not_are_told() -> None:
    netlist = Netlist(num_cells=9, num_flip_flops=0, num_latches=4, depth=3)
    verdict = Verdict(outcome=Outcome.PASS, synthesis=Synthesis(netlist=netlist, golden=None))
    assert "infers 4 latches" in explain(verdict, None)


def test_simulators_that_disagree_are_told() -> None:
    assert "second simulator says PASS" in explain(Verdict(outcome=Outcome.MISMATCH, second=Outcome.PASS), None)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_sentence(outcome: Outcome) -> None:
    assert explain(Verdict(outcome=outcome), None).startswith(f"{outcome}. ")


@given(st.integers(1, 1200))
def test_the_text_keeps_to_its_limit_and_the_most_telling_comes_first(max_chars: int) -> None:
    text = explain(MISMATCH, COUNTER, max_chars=max_chars)
    assert len(text) <= max_chars
    assert text.startswith(TEXT[: min(20, max_chars)])


@given(st.text(max_size=60), st.text(max_size=60))
def test_hostile_text_stays_in_its_line(name: str, message: str) -> None:
    verdict = Verdict(
        outcome=Outcome.MISMATCH,
        outputs=(OutputMismatch(name=name, num_mismatches=1, first_time=1),),
        first_failure=FirstFailure(signal=name, time=1, expected=message, got=name, inputs=message),
        findings=(GuardFinding(kind=name, line=None, text=message, neutralised=False),),
        tests=(NamedTest(name=name, passed=False, message=message),),
    )
    allowed = ("MISMATCH.", "First difference", "  ", "Why it", "Output ", "Tests that fail")
    assert all(not line or line.startswith(allowed) for line in explain(verdict, message).split("\n"))


def test_a_wide_window_is_cut_to_the_width_with_its_mark() -> None:
    changes = tuple((1000 + i, f"{i:064b}") for i in range(60))
    pair = [
        Wave(name="bus", role=role, width=64, changes=each)
        for role, each in (("expected", changes), ("got", changes[:50]))
    ]
    text = waves_text(Waves(start=1000, end=1060, mark=1050, signals=tuple(pair)))
    assert max(map(len, text.split("\n")[1:])) <= WIDTH
    assert " 1050" in text
    assert "^" in text


PROGRAM = "def first(items):\n    return items[0]\n"
NOT_RUN = NamedTest(name="3", passed=False, end=TestEnd.NOT_RUN, message="it was not run")
CRASHED = Verdict(
    outcome=Outcome.CRASH,
    num_passed=1,
    num_tests=4,
    tests=(
        NamedTest(name="0", passed=True, end=TestEnd.PASS),
        NamedTest(name="1", passed=False, end=TestEnd.EXCEPTION, message="IndexError: list index out of range"),
        NamedTest(name="2", passed=False, end=TestEnd.WRONG, message="got 2, expected 3"),
        NOT_RUN,
    ),
    failed_call=FailedCall(test="1", call="first([])", expected="None", got=None),
    diagnostics=(Diagnostic(severity=Severity.ERROR, message="test 1: IndexError: list index out of range", line=2),),
)
PYTHON_TEXT = """CRASH. The program died: an exception, an exit or a signal. 1 of 4 tests passed.

First test that fails: 1
  input    first([])
  expected None
  got      nothing

Errors:
  line 2: test 1: IndexError: list index out of range
       2 |     return items[0]

Tests that fail, 2 of 4:
  1: IndexError: list index out of range
  2: got 2, expected 3
Tests that were not run: 1 of 4."""


def test_a_program_is_told_the_call_that_failed_and_the_line() -> None:
    assert explain(CRASHED, PROGRAM, language="python") == PYTHON_TEXT


def test_a_wrong_answer_is_told_once() -> None:
    verdict = Verdict(
        outcome=Outcome.WRONG,
        tests=(NamedTest(name="0", passed=False, end=TestEnd.WRONG, message="got 2, expected 3"),),
        failed_call=FailedCall(test="0", call="first([2])", expected="3", got="2"),
        diagnostics=(Diagnostic(severity=Severity.ERROR, message="test 0: got 2, expected 3"),),
    )
    assert explain(verdict, PROGRAM, language="python").count("got 2, expected 3") == 1


def test_what_a_program_read_and_wrote_keeps_its_lines() -> None:
    found = FailedCall(test="0", call="2\n3 4\n", expected="7\n" * 40, got="7")
    text = explain(Verdict(outcome=Outcome.WRONG, failed_call=found), PROGRAM, language="python")
    assert "  input\n    | 2\n    | 3 4\n  expected\n    | 7\n" in text
    assert "    and 28 more lines\n  got      7" in text


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("SyntaxError: invalid syntax", "missing colon"),
        ("SyntaxError: expected ':'", "missing colon"),
        ("SyntaxError: '(' was never closed", "bracket"),
        ("SyntaxError: unterminated string literal (detected at line 1)", "quote"),
        ("IndentationError: unexpected indent", "indent"),
        ("NameError: name 'List' is not defined", "not defined or imported"),
        ("test 3: RecursionError: maximum recursion depth exceeded", "recursion"),
        ("test 3: EOFError: EOF when reading a line", "more input than there is"),
    ],
)
def test_what_python_says_comes_with_what_to_look_for(message: str, hint: str) -> None:
    found = (Diagnostic(severity=Severity.ERROR, message=message, line=1),)
    text = explain(Verdict(outcome=Outcome.COMPILE_ERROR, diagnostics=found), "x = (", language="python")
    assert "       1 | x = (" in text
    assert hint in text.split("hint: ")[1]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_sentence_about_programs(outcome: Outcome) -> None:
    text = explain(Verdict(outcome=outcome), None, language="python")
    assert text.startswith(f"{outcome}. ")
    assert "simulation" not in text


@given(st.text(max_size=60), st.text(max_size=60))
def test_hostile_text_of_a_program_stays_in_its_line(name: str, message: str) -> None:
    verdict = Verdict(
        outcome=Outcome.WRONG,
        failed_call=FailedCall(test=name, call=message, expected=name, got=message),
        tests=(NamedTest(name=name, passed=False, end=TestEnd.WRONG, message=message),),
    )
    allowed = ("WRONG.", "First test", "  ", "Tests that fail")
    text = explain(verdict, message, language="python")
    assert all(not line or line.startswith(allowed) for line in text.split("\n"))
