"""Waves from the real simulator: the window holds the first difference, whatever the design does beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.hdl.recorder import RING
from sim.verdict import Candidate, Checks, Outcome, Spec, Verdict, Waves
from verireason.cli import main
from verireason.data import verilog_eval
from verireason.data.testbench import Clock, Port, Stimulus, build_testbench
from verireason.diagnosis import explain
from verireason.records import read_records
from verireason.vcd import vcd_text
from verireason.wave_table import Table, wave_table

PORTS = (Port(name="clk"), Port(name="rst"), Port(name="d", width=4), Port(name="q", width=4, is_output=True))
BODY = "always @(posedge clk) if (rst) q <= 0; else q <= q + d;"
GOLDEN = f"module top_module(input clk, input rst, input [3:0] d, output reg [3:0] q); {BODY} endmodule"
SPEC = Spec(
    verifier="verilog-testbench",
    top="top_module",
    testbench=build_testbench(
        ports=PORTS,
        clock=Clock(name="clk"),
        stimulus=Stimulus(vectors=tuple((int(step < 4), step * 7 % 16) for step in range(200)), num_warmup=4),
    ),
    reference=GOLDEN.replace("top_module", "__vr_ref"),
    num_checks=196,
)
LATE = GOLDEN.replace("q + d", "q + d + (q == 12)")
"""Wrong at last when the sum is 12."""


def judge(farm: Farm, source: str, spec: Spec = SPEC) -> Verdict:
    """The verdict with waves."""
    return next(farm.judge([(Candidate(source=source), spec)], Checks(waves=True)))


def window(verdict: Verdict) -> Waves:
    """The waves, which must be there."""
    assert verdict.outcome is Outcome.MISMATCH
    assert verdict.waves is not None
    return verdict.waves


def marked(waves: Waves) -> tuple[Table, dict[tuple[str, str], str]]:
    """The table and the values that the failing check saw, by name and role."""
    table = wave_table(waves, max_columns=200)
    return table, {(row.name, row.role): row.values[table.mark_column] for row in table.rows}


def test_the_window_holds_the_first_difference_with_the_values_of_the_failing_check(farm: Farm) -> None:
    verdict = judge(farm, LATE)
    first = verdict.first_failure
    assert first is not None
    table, values = marked(window(verdict))
    assert table.mark == first.time
    assert (values["q", "expected"], values["q", "got"]) == (first.expected, first.got)
    assert first.inputs == " ".join(f"{name}={values[name, 'input']}" for name in ("clk", "rst", "d"))
    assert not any(any(row.wrong[: table.mark_column - 1]) for row in table.rows)
    assert len(table.times) > 10


def test_of_verilog_eval_the_window_agrees_with_the_testbench(farm: Farm, shared_data: Callable[[str], Path]) -> None:
    problems = {problem.id: problem for problem in verilog_eval.load(shared_data("verilog-eval-v2"))}
    problem = problems["Prob035_count1to10"]
    verdict = judge(farm, problem.golden.replace("== 10", "== 9"), replace(problem.spec, num_checks=439))
    _, values = marked(window(verdict))
    assert (values["q", "expected"], values["q", "got"]) == ("1010", "0001")
    assert "^^^^" in explain(verdict, problem.golden)


def test_unknown_and_floating_outputs_are_shown_as_they_are(farm: Farm) -> None:
    _, values = marked(window(judge(farm, GOLDEN.replace("output reg", "output").replace(BODY, "assign q = 4'b1xz0;"))))
    assert values["q", "got"] == "1xz0"


def test_a_design_that_never_ends_a_flood_of_changes_leaves_the_steps_visible(farm: Farm) -> None:
    """A hundred changes of its output between any two of the inputs."""
    flood = "`timescale 1ms/1ms\n" + GOLDEN.replace(
        "endmodule", "reg [3:0] n = 0; initial forever #100 n = n + 1; endmodule"
    ).replace("output reg [3:0] q", "output [3:0] q").replace(BODY, "assign q = n;")
    waves = window(judge(farm, flood))
    changes = max(len(signal.changes) for signal in waves.signals)
    assert changes <= RING
    clock = next(signal for signal in waves.signals if signal.name == "clk")
    assert len(clock.changes) >= 2


def test_glitches_within_a_step_are_not_recorded(farm: Farm) -> None:
    glitches = LATE.replace(
        "endmodule",
        "reg [3:0] t; integer i; always @(d) for (i = 0; i < 20000; i = i + 1) t = ~t; endmodule",
    )
    assert window(judge(farm, glitches)).signals == window(judge(farm, LATE)).signals


PRINTS = """
  initial begin
    $display("Widths 1 1 1"); $display("Wave 0 111"); $display("End 5");
    repeat (1000) $write("E0123456789012345678901234567890123456789 Wave 1 1010 "); $dumpfile("waves.vcd"); $dumpvars;
  end
endmodule"""


def test_what_a_design_prints_and_dumps_is_not_taken_for_waves(farm: Farm) -> None:
    assert window(judge(farm, LATE.replace("endmodule", PRINTS))).signals == window(judge(farm, LATE)).signals


def test_names_of_a_design_do_not_get_into_its_waves(farm: Farm) -> None:
    long = "n" * 5000
    deep = f"module {long}(input x); wire \\{'<b>' * 300} = x; endmodule\n" + LATE.replace(
        "endmodule", f"{long} {long}(clk); endmodule"
    )
    waves = window(judge(farm, deep))
    assert {signal.name for signal in waves.signals} == {"clk", "rst", "d", "q"}


def test_a_design_that_drives_its_input_shows_the_inputs_that_were_meant(farm: Farm) -> None:
    waves = window(judge(farm, LATE.replace("endmodule", "assign d = 4'b1111; endmodule")))
    shown = next(signal for signal in waves.signals if signal.name == "d")
    assert "x" not in "".join(value for time, value in shown.changes if time > 1)


def test_a_run_that_ends_before_the_testbench_reports_has_no_waves(farm: Farm) -> None:
    endless = GOLDEN.replace(BODY, BODY + " initial begin #500 ; while (1) ; end")
    assert judge(farm, endless, replace(SPEC, limits=replace(SPEC.limits, cpu_s=1))).waves is None


def test_a_pass_has_no_waves(farm: Farm) -> None:
    assert judge(farm, GOLDEN).waves is None


def test_the_vcd_can_be_read_back(farm: Farm) -> None:
    waves = window(judge(farm, LATE))
    text = vcd_text(waves)
    assert text.count("$var wire") == len(waves.signals)
    assert text.count("\n#") >= len(wave_table(waves, max_columns=500).times)


@pytest.mark.parametrize("ports", ["(d, q)", "(.q(q), .d(d))", "(.d(d), .q({q[3:2], q[1:0]}))"])
def test_a_testbench_with_the_design_alone_shows_inputs_and_what_came(farm: Farm, ports: str) -> None:
    """In the way of RTLLM: no reference, expected values in the text."""
    testbench = f"""`timescale 1ns/1ps
module __vr_tb; reg [3:0] d = 0; wire [3:0] q; integer bad = 0, n = 0;
  top_module uut {ports};
  initial begin
    repeat (30) begin #10 n = n + 1; if (q !== d + 1) begin
      if (bad == 0) $display("@VR@ First: time %0d output q expected %b got %b inputs d=%b", $time, d + 4'd1, q, d);
      bad = bad + 1; end d = d + 1; end
    $display("@VR@ Mismatches: %0d in %0d samples", bad, n); $finish(0);
  end
endmodule"""
    spec = Spec(verifier="verilog-testbench", top="top_module", testbench=testbench, num_checks=30)
    wrong = "module top_module(input [3:0] d, output [3:0] q); assign q = d == 9 ? 0 : d + 1; endmodule"
    verdict = judge(farm, wrong, spec)
    table, values = marked(window(verdict))
    assert [(row.name, row.role) for row in table.rows if row.role == "got"] == [("q", "got")]
    assert (table.mark, values["d", "input"], values["q", "got"]) == (100, "1001", "0000")


def test_a_testbench_that_only_counts_its_errors_has_waves_around_the_first(farm: Farm) -> None:
    testbench = """module __vr_tb; reg [3:0] d = 0; wire [3:0] q; integer __vr_error = 0;
  top_module uut (.d(d), .q(q));
  initial begin
    repeat (16) begin #10 __vr_error = (q == (d + 4'd1)) ? __vr_error : __vr_error + 1; d = d + 1; end
    $display("@VR@ Mismatches: %0d in 1 samples", __vr_error != 0); $finish(0);
  end
endmodule"""
    spec = Spec(verifier="verilog-testbench", top="top_module", testbench=testbench, num_checks=1)
    wrong = "module top_module(input [3:0] d, output [3:0] q); assign q = d == 9 ? 0 : d + 1; endmodule"
    table, values = marked(window(judge(farm, wrong, spec)))
    assert (table.mark, values["d", "input"], values["q", "got"]) == (100, "1001", "0000")


def test_verify_writes_the_waves_into_records_and_files(
    farm: Farm, shared_data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "module TopModule(output zero); assign zero = 1; endmodule"
    right = wrong.replace("= 1", "= 0")
    lines = [{"problem_id": "Prob001_zero", "completion": code} for code in (right, wrong)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    argv = ["verify", "--benchmark", "verilog-eval-v2", "--root", str(shared_data("verilog-eval-v2")), "--waves"]
    assert main([*argv, "--completions", str(tmp_path / "c.jsonl"), "--out", str(tmp_path / "out")]) == 0
    records = list(read_records(tmp_path / "out" / "records.jsonl"))
    assert [record.waves is not None for record in records] == [False, True]
    assert [path.name for path in (tmp_path / "out" / "waves").iterdir()] == ["Prob001_zero-1.vcd"]
