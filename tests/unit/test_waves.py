"""Waves without a simulator: what is recorded, what is read back, and how it is told in text and in a VCD."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.content import content_key
from sim.hdl import waves
from sim.hdl.recorder import MAX_BITS, Signal, find_counters, find_signals, fit, recorder
from sim.hdl.testbench import REFERENCE_TOP
from sim.hdl.verilog_testbench import fresh_names
from sim.job import JobResult, Status, StepResult
from sim.verdict import Candidate, FirstFailure, Outcome, OutputMismatch, Spec, Verdict, Wave, Waves
from verireason.data.testbench import Clock, Port, Stimulus, build_testbench
from verireason.data.verilog_eval import with_placeholders
from verireason.vcd import vcd_text
from verireason.wave_table import shown, wave_table

PORTS = (Port(name="clk"), Port(name="a", width=4), Port(name="q", width=4, is_output=True))
TESTBENCH = build_testbench(ports=PORTS, clock=Clock(name="clk"), stimulus=Stimulus(vectors=((1,), (2,))))
SPEC = Spec(verifier="verilog-testbench", top="top_module", testbench=TESTBENCH, reference=f"module {REFERENCE_TOP};")
CANDIDATE = Candidate(source="module top_module; endmodule")
FAILURE = FirstFailure(signal="q", time=19, expected="0001", got="0010", inputs="clk=1 a=0001")
MISMATCH = Verdict(outcome=Outcome.MISMATCH, first_failure=FAILURE)
SECRET = b"s" * 32
EVIDENCE = fresh_names(content_key(CANDIDATE, SPEC, image="i"), secret=SECRET).evidence

VERILOG_EVAL = """module stimulus_gen(input clk, output logic reset); endmodule
module tb();
  reg clk=0;
  logic reset;
  logic [3:0] q_ref;
  logic [3:0] q_dut;
  RefModule good1 (
    .clk,
    .reset,
    .q(q_ref) );
  TopModule top_module1 (
    .clk,
    .reset,
    .q(q_dut) );
  if (q_dut <= 3) begin end
  final $display("Mismatches: %1d in %1d samples", 0, 1);
endmodule
"""


def read(output: str, verdict: Verdict = MISMATCH) -> Waves | None:
    """What is made of a simulation's output."""
    step = StepResult(status=Status.EXITED, code=0, stdout=output.encode())
    return waves.judge_waves(CANDIDATE, SPEC, verdict, JobResult(steps=(step,)), image="i", secret=SECRET)


def lines(*rows: tuple[int, str], widths: str = "1 4 4 4", mark: int = 19, end: int = 40) -> str:
    """Output as the recorder prints it."""
    told = [f" Widths {widths}", *(f" Wave {time} {digits}" for time, digits in rows), f" Mark {mark}", f" End {end}"]
    return "".join(f"{EVIDENCE}{line}\n" for line in told)


ROWS = ((0, "0" + "x" * 12), (10, "1" + "000100010010"), (20, "0" + "000100010010"))


# --- what is recorded


def test_inputs_are_read_beside_the_reference_and_outputs_on_both_sides() -> None:
    assert [(each.name, each.role, each.path, each.bits) for each in find_signals(TESTBENCH, top="top_module")] == [
        ("clk", "input", "__vr_tb.__vr_clk", 1),
        ("a", "input", "__vr_tb.__vr_i_a", 4),
        ("q", "expected", "__vr_tb.__vr_r_q", 4),
        ("q", "got", "__vr_tb.__vr_c_q", 4),
    ]


def test_a_benchmarks_testbench_needs_no_naming_convention() -> None:
    found = find_signals(with_placeholders(VERILOG_EVAL), top="TopModule")
    assert [(each.name, each.role) for each in found] == [
        ("clk", "input"), ("reset", "input"), ("q", "expected"), ("q", "got"),
    ]  # fmt: skip
    assert [each.path for each in found[2:]] == ["__vr_tb.q_ref", "__vr_tb.q_dut"]


def test_without_a_reference_only_inputs_and_what_came_are_recorded() -> None:
    text = "module __vr_tb; reg [7:0] a; wire y; adder #(.W(8)) uut (a, y); endmodule"
    assert [(each.name, each.role, each.bits) for each in find_signals(text, top="adder")] == [
        ("a", "input", 8), ("y", "got", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "module __vr_tb;", "module other; top_module u(a); endmodule", "module __vr_tb; top_module"]
)
def test_a_testbench_without_the_candidate_in_it_has_no_signals(text: str) -> None:
    assert find_signals(text, top="top_module") == ()


@given(st.text(alphabet="module__vr_tb top_module(){}[].,;#='\"/*\\ \n", max_size=300))
def test_no_testbench_text_breaks_the_scan(text: str) -> None:
    find_signals(f"module __vr_tb; {text}", top="top_module")


def test_of_too_many_bits_the_output_that_failed_is_kept() -> None:
    many = [Signal(name=f"a{i}", role="input", path="p", bits=512) for i in range(10)]
    own = [Signal(name="q", role=role, path="p", bits=512) for role in ("expected", "got")]
    kept = fit([*many, *own], first="q")
    assert sum(each.bits for each in kept) <= MAX_BITS
    assert kept[-2:] == tuple(own)


def test_the_recorder_leaves_no_mark_of_its_template() -> None:
    text = recorder(find_signals(TESTBENCH, top="top_module"), mark=19)
    assert re.findall(r"\$[A-Z]+", text) == []
    assert "64'd19;" in text


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(outcome=Outcome.PASS),
        Verdict(outcome=Outcome.TIMEOUT, first_failure=FAILURE),
    ],
)
def test_nothing_is_recorded_of_what_is_no_mismatch(verdict: Verdict) -> None:
    assert waves.plan_waves(CANDIDATE, SPEC, verdict, image="i", secret=SECRET) is None


def test_a_testbench_that_tells_no_time_is_watched_by_its_count_of_errors() -> None:
    text = "module __vr_tb; wire fail_led; integer i, __vr_error = 0; endmodule"
    assert find_counters(text) == ("__vr_tb.__vr_error",)
    assert "always @(__vr_tb.__vr_error)" in recorder(
        find_signals(TESTBENCH, top="top_module"), mark=("__vr_tb.__vr_error",)
    )


def test_the_first_time_of_any_output_will_do() -> None:
    outputs = tuple(OutputMismatch(name=name, num_mismatches=1, first_time=at) for name, at in (("p", 90), ("q", 30)))
    assert waves.first_time(Verdict(outcome=Outcome.MISMATCH, outputs=outputs)) == 30


# --- what is read back


def test_changes_are_read_and_repetitions_left_out() -> None:
    found = read("noise\n" + lines(*ROWS))
    assert found is not None
    assert (found.start, found.mark, found.end) == (0, 19, 40)
    assert [(each.name, each.role, each.changes) for each in found.signals] == [
        ("clk", "input", ((0, "0"), (10, "1"), (20, "0"))),
        ("a", "input", ((0, "xxxx"), (10, "0001"))),
        ("q", "expected", ((0, "xxxx"), (10, "0001"))),
        ("q", "got", ((0, "xxxx"), (10, "0010"))),
    ]


def test_room_above_the_signals_is_left_out() -> None:
    wide = read(lines(*((time, "0" * 50 + digits) for time, digits in ROWS)))
    assert wide == read(lines(*ROWS))


@pytest.mark.parametrize(
    "output",
    [
        "",
        lines(*ROWS).replace(EVIDENCE, "E" * 41),
        lines(*ROWS).replace("End", "Ende"),
        lines(*ROWS, widths="1 4 4"),
        lines(*ROWS, mark=2**64 - 1),
        lines(*ROWS, widths="1 4 4 4000"),
        lines((0, "1000100010001")),
        lines(),
    ],
)
def test_what_is_not_whole_or_shows_no_difference_is_none(output: str) -> None:
    assert read(output) is None


def test_a_farm_failure_has_no_waves() -> None:
    failed = JobResult(failure="no box")
    assert waves.judge_waves(CANDIDATE, SPEC, MISMATCH, failed, image="i", secret=SECRET) is None


@given(st.lists(st.tuples(st.integers(0, 10**20), st.text("01xz", max_size=20)), max_size=300), st.text(max_size=30))
def test_no_output_breaks_the_reader_and_what_it_makes_is_small(rows: list[tuple[int, str]], noise: str) -> None:
    found = read(noise + lines(*rows) + noise)
    if found is not None:
        assert all(each.changes[0][0] == found.start for each in found.signals)
        assert all(list(each.changes) == sorted(each.changes) for each in found.signals)
        wave_table(found, max_columns=8)
        vcd_text(found)


def test_a_window_of_wide_signals_is_short_and_holds_the_mark() -> None:
    wide = 1023
    rows = [(10 * i, str(i % 2) + f"{i:0{wide}b}" * 2 + f"{i + 1:0{wide}b}") for i in range(200)]
    found = read(lines(*rows, widths=f"1 {wide} {wide} {wide}", mark=1500, end=2000))
    assert found is not None
    assert sum(len(value) for each in found.signals for _, value in each.changes) <= waves.MAX_DIGITS
    assert found.start < 1500 < max(time for time, _ in found.signals[0].changes)


# --- how it is told


def test_values_are_shown_as_they_are_read_best() -> None:
    values = ["01x1", "10100011", "xxxx0011", "x0100011", "zzzzzzzz", "10001", "x0011"]
    assert [shown(value) for value in values] == ["01x1", "a3", "x3", "0bx0100011", "zz", "11", "x3"]


def made(*, mark: int, good: tuple[tuple[int, str], ...], got: tuple[tuple[int, str], ...]) -> Waves:
    """A window of one output."""
    pair = [Wave(name="q", role=role, width=1, changes=each) for role, each in (("expected", good), ("got", got))]
    return Waves(start=0, end=50, mark=mark, signals=tuple(pair))


def test_a_check_at_an_edge_saw_the_values_from_before_it() -> None:
    table = wave_table(made(mark=20, good=((0, "0"), (20, "1")), got=((0, "1"),)), max_columns=9)
    assert (table.times, table.mark_column) == ((0, 20), 0)


def test_a_check_between_changes_saw_the_values_of_its_moment() -> None:
    table = wave_table(made(mark=25, good=((0, "0"), (20, "1")), got=((0, "0"),)), max_columns=9)
    assert (table.times, table.mark_column) == ((0, 20), 1)


def test_what_is_expected_to_be_unknown_is_not_wrong() -> None:
    table = wave_table(made(mark=0, good=((0, "x"), (20, "1")), got=((0, "0"),)), max_columns=9)
    assert table.rows[1].wrong == (False, True)


def test_of_many_columns_those_around_the_mark_are_kept() -> None:
    clock = tuple((10 * i, str(i % 2)) for i in range(100))
    table = wave_table(made(mark=705, good=clock, got=((0, "0"),)), max_columns=12)
    assert len(table.times) == 12
    assert table.times[table.mark_column] <= 705 < table.times[table.mark_column + 1]


def test_a_vcd_holds_every_change_and_only_plain_names() -> None:
    signals = (
        Wave(name="$end evil", role="input", width=1, changes=((5, "0"), (10, "1"))),
        Wave(name="q", role="got", width=4, changes=((5, "00xz"),)),
    )
    text = vcd_text(Waves(start=5, end=20, mark=12, signals=signals))
    assert "$var wire 1 ! $end_evil $end" in text
    assert '$var wire 4 " q [3:0] $end' in text
    assert text.endswith('$enddefinitions $end\n#5\n0!\nb00xz "\n#10\n1!\n#20\n')
