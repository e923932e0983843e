"""Synthesis, netlist and formal level: what is concluded from captured logs of Yosys and ABC."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from sim.hdl.elaboration import reason
from sim.hdl.formal import MAX_TRACE_STEPS, Trace, TracePort, judge_formal, plan_formal
from sim.hdl.netlist import NetlistText, judge_netlist, plan_netlist
from sim.hdl.replay import judge_replay, replay_spec, replay_testbench
from sim.hdl.synthesis import judge_synthesis, plan_synthesis, read_synthesis
from sim.hdl.tools.yosys import parse_trace
from sim.job import JobResult, Status, StepResult
from sim.verdict import Equivalence, FirstFailure, Netlist, Outcome, Proof, Spec, Synthesis, Verdict

FACTS = r"""
10. Executing SCC pass (detecting logic loops).
Found 0 SCCs in module top.
Found 0 SCCs.

14. Executing LTP pass (find longest path).

Longest topological path in top (length=2):
    0: \rst
    1: $abc$95$new_n8 (via $abc$95$auto$blifparse.cc:396:parse_blif$96)
    2: $abc$95$auto$rtlil.cc:3025:MuxGate$92 (via $abc$95$auto$blifparse.cc:396:parse_blif$98)
   ff: \q [0] (via $auto$ff.cc:266:slice$89)
"""
CELLS = r"""{
   "creator": "Yosys 0.52 (git sha1 fee39a3284c90249e1d9684cf6944ffbbcbb8f90)",
   "invocation": "stat -json ",
   "modules": {
      "\\top": {
         "num_wires":         9,
         "num_cells":         7,
         "num_cells_by_type": {
            "$_AND_": 2,
            "$_DFF_P_": 2,
            "$_NOT_": 1,
            "$_OR_": 2
         }
      }
   },
      "design": {
         "num_wires":         9,
         "num_cells":         7,
         "num_cells_by_type": {
            "$_AND_": 2,
            "$_DFF_P_": 2,
            "$_NOT_": 1,
            "$_OR_": 2
         }
      }
}
"""
REFUTED = """\
Output 0 of miter "miter" was asserted in frame 1.  Time =     0.10 sec
Status = 0  Frames = 4   CEX: Po =   0  Frame =   1  FF = 15  PI = 5  Bit =      45  1s =       9 (30.00 %)
Error: The network has registers. Use "dprove".
"""
PROVED = "UNSATISFIABLE  Time =     0.01 sec\nStatus = 1  Frames = 0   Cex is not defined.\n"
OPEN = "Property UNDECIDED.  Time =     5.01 sec\nStatus = -1  Frames = 22   Cex is not defined.\n"
PRINTED = """\
# FALSIFYING OUTPUTS: trigger
# COUNTEREXAMPLE LENGTH: 2
n9@0=0
in_rst@0=1
in_d[0]@0=1
in_d[1]@0=1
in_d[2]@0=0
in_clk@0=0
in_rst@1=0
in_d[0]@1=0
in_d[2]@1=1
in_clk@1=1
# DONE
module top
input [0:0] clk
input [0:0] rst
input [3:1] d
output [1:0] q
top/clk
top/clk
"""
TRACE = Trace(
    inputs=(
        TracePort(name="clk", width=1, is_clock=True),
        TracePort(name="rst", width=1),
        TracePort(name="d", width=3),
    ),
    outputs=(TracePort(name="q", width=2),),
    steps=(("0", "1", "011"), ("1", "0", "100")),
)
SPEC = Spec(verifier="verilog-testbench", top="top", testbench="", reference="module __vr_ref; endmodule")
SKIPPED = StepResult(status=Status.SKIPPED, code=None)
FAILURE = FirstFailure(signal="q", time=40, expected="01", got="10", inputs="")


def exited(code: int = 0, stdout: str = "", stderr: str = "") -> StepResult:
    return StepResult(status=Status.EXITED, code=code, stdout=stdout.encode(), stderr=stderr.encode())


def formal(proof: StepResult, *rest: StepResult) -> JobResult:
    num_reading = len(plan_formal("", SPEC, image="none").steps) - 3
    return JobResult(steps=(*(exited(),) * num_reading, proof, *rest))


def cells(**types: int) -> str:
    return json.dumps({"design": {"num_cells_by_type": {f"${name}": count for name, count in types.items()}}})


def test_a_measured_netlist_is_read() -> None:
    netlist = Netlist(num_cells=7, num_flip_flops=2, num_latches=0, depth=2)
    assert read_synthesis(facts=FACTS, cells=CELLS) == Synthesis(netlist=netlist)


def test_registers_and_latches_are_told_apart() -> None:
    types = cells(_DFF_P_=1, _DFF_PP0_=2, _DFFSR_PPP_=4, _DLATCH_N_=8, _DLATCHSR_PPP_=16, _SR_PP_=32, _MUX_=64)
    netlist = read_synthesis(facts=FACTS, cells=types).netlist
    assert netlist == Netlist(num_cells=127, num_flip_flops=7, num_latches=56, depth=2)


def test_a_cell_that_is_no_gate_is_not_synthesisable() -> None:
    found = read_synthesis(facts=FACTS, cells=cells(_AND_=1, mem_v2=1))
    assert found.netlist is None
    assert found.why == "no gates for cells of type $mem_v2"


def test_notes_of_yosys_are_no_cells() -> None:
    netlist = read_synthesis(facts=FACTS, cells=cells(_AND_=1, scopeinfo=3)).netlist
    assert netlist is not None
    assert netlist.num_cells == 1


def test_names_in_the_log_cannot_change_the_measure() -> None:
    first, rest = FACTS.split("    0:")
    names = f"{first}    0: \\Longest_topological_path_in_top(length=0):\n    0:{rest}"
    assert read_synthesis(facts=names, cells=CELLS) == read_synthesis(facts=FACTS, cells=CELLS)


@pytest.mark.parametrize(("facts", "text"), [("", CELLS), (FACTS, ""), (FACTS, "[1]"), (FACTS, '{"design": 1}')])
def test_texts_that_are_not_the_tools_measure_nothing(facts: str, text: str) -> None:
    assert read_synthesis(facts=facts, cells=text).netlist is None


def test_the_goldens_netlist_is_passed_on() -> None:
    golden = Netlist(num_cells=1, num_flip_flops=0, num_latches=0, depth=1)
    steps = (exited(), exited(), exited(), exited(), exited(stdout=FACTS), exited(stdout=CELLS))
    found = judge_synthesis(JobResult(steps=steps), golden=golden)
    assert found is not None
    assert found.golden == golden


@pytest.mark.parametrize("status", [Status.CPU_LIMIT, Status.WALL_LIMIT, Status.MEMORY_LIMIT, Status.SIGNALLED])
def test_a_candidate_that_ends_the_synthesiser_is_not_synthesisable(status: Status) -> None:
    steps = (exited(), exited(), exited(), StepResult(status=status, code=None), SKIPPED, SKIPPED)
    found = judge_synthesis(JobResult(steps=steps))
    assert found == Synthesis(netlist=None, why=f"the tool ended with {status}")


def test_a_failure_of_the_farm_is_no_measure() -> None:
    failed = JobResult(failure="no box")
    assert judge_synthesis(failed) is None
    assert judge_netlist(failed) is None
    assert judge_formal(failed) is None


def test_a_netlist_is_the_last_steps_text() -> None:
    steps = (exited(), exited(), exited(), exited(), exited(stdout="module top; endmodule"))
    assert judge_netlist(JobResult(steps=steps)) == NetlistText(verilog="module top; endmodule")


def test_a_netlist_that_is_too_large_is_none() -> None:
    steps = (exited(), exited(), exited(), exited(), StepResult(status=Status.OUTPUT_LIMIT, code=None))
    found = judge_netlist(JobResult(steps=steps))
    assert found is not None
    assert found.verilog is None
    assert found.why is not None
    assert "larger than" in found.why


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (exited(1, stderr="design.sv:3: ERROR: syntax error, unexpected '['\n"), "design.sv:3: ERROR: syntax error, unexpected '['"),
        (exited(1, stderr="ERROR: Assertion failed: selection is not empty: t:$any* t:$all*\n"), "it has cells that only a solver knows"),
        (exited(1, stderr="Warning: multiple conflicting drivers for top.\\y [0]:\n"), "a net has more than one driver"),
        (exited(1, stderr="Warning: Drivers conflicting with a constant 1'0 driver:\n"), "a net has more than one driver"),
        (exited(1, stdout='{"understood": true, "findings": [{"kind": "bind"}]}'), "the guard rejects it"),
        (exited(1), "the tool gave no reason"),
    ],
)  # fmt: skip
def test_reasons_are_one_line(step: StepResult, why: str) -> None:
    assert reason(step) == why


def test_a_reason_is_short_and_printable() -> None:
    found = reason(exited(1, stderr="ERROR: \x1b[31m" + "x" * 1000))
    assert len(found) <= 200
    assert found.isprintable()


def test_a_trace_is_read_step_by_step() -> None:
    assert parse_trace(PRINTED) == [
        {"in_rst": {0: "1"}, "in_d": {0: "1", 1: "1", 2: "0"}, "in_clk": {0: "0"}},
        {"in_rst": {0: "0"}, "in_d": {0: "0", 2: "1"}, "in_clk": {0: "1"}},
    ]


def test_a_refuted_equivalence_is_a_trace_to_replay() -> None:
    assert judge_formal(formal(exited(1, REFUTED), exited(0, PRINTED), SKIPPED)) == TRACE


def test_a_trace_that_is_too_long_is_unknown() -> None:
    steps = "".join(f"in_clk@{index}=1\n" for index in range(MAX_TRACE_STEPS + 1))
    found = judge_formal(formal(exited(1, REFUTED), exited(0, steps + "input [0:0] clk\n"), SKIPPED))
    assert isinstance(found, Equivalence)
    assert found.proof is Proof.UNKNOWN


@pytest.mark.parametrize(
    ("steps", "proof"),
    [
        ((exited(0, PROVED), exited(1), exited(0)), Proof.PROVEN),
        ((exited(0, PROVED), exited(1), exited(1)), Proof.UNKNOWN),
        ((exited(0, PROVED), exited(1), StepResult(status=Status.CPU_LIMIT, code=None)), Proof.UNKNOWN),
        ((exited(0, OPEN), exited(1), exited(0)), Proof.UNKNOWN),
        ((exited(0, ""), exited(1), exited(0)), Proof.UNKNOWN),
        ((exited(1, REFUTED), exited(1), exited(0)), Proof.UNKNOWN),
        ((StepResult(status=Status.CPU_LIMIT, code=None, stdout=PROVED.encode()), SKIPPED, SKIPPED), Proof.UNKNOWN),
    ],
    ids=["proven", "never known", "known too slow", "open", "silent", "no trace", "out of time"],
)  # fmt: skip
def test_only_a_proof_about_known_outputs_is_proven(steps: tuple[StepResult, ...], proof: Proof) -> None:
    found = judge_formal(formal(*steps))
    assert isinstance(found, Equivalence)
    assert found.proof is proof
    assert (found.why is None) is (proof is Proof.PROVEN)


@pytest.mark.parametrize("bad", range(7))
def test_a_design_that_cannot_be_read_is_unknown(bad: int) -> None:
    steps = [exited()] * bad + [exited(1, stderr="ERROR: no")] + [SKIPPED] * (9 - bad)
    found = judge_formal(JobResult(steps=tuple(steps)))
    assert isinstance(found, Equivalence)
    assert found.proof is Proof.UNKNOWN
    assert found.why == f"{'golden' if bad < 3 else 'candidate'}: ERROR: no"


def test_a_candidate_is_read_after_the_goldens_text_is_gone() -> None:
    job = plan_formal("", SPEC, image="none")
    first = next(step for step in job.steps if step.drop)
    assert set(first.drop) == {"golden.sv", "golden_design.sv"}
    assert not any("candidate.sv" in step.argv for step in job.steps[: job.steps.index(first)])


def test_clocks_move_before_the_other_inputs_of_their_step() -> None:
    text = replay_testbench(TRACE, top="top")
    assert "__vr_in_clk = 1'b1; #10;\n    __vr_in_rst = 1'b0; __vr_in_d = 3'b100; #10;" in text


@pytest.mark.parametrize("name", ["ref", "dut", "bad", "ref_d"])
def test_no_port_takes_a_name_of_the_testbenchs_own(name: str) -> None:
    port = TracePort(name=name, width=1)
    steps = tuple((*step, "0") for step in TRACE.steps)
    text = replay_testbench(replace(TRACE, inputs=(*TRACE.inputs, port), steps=steps), top="top")
    declared = re.findall(r"^  (?:reg|wire|integer|top|__vr_ref) (?:\[[^]]*\] )?(\w+)", text, re.MULTILINE)
    assert len(declared) == len(set(declared))


def test_a_replay_makes_one_check_with_the_same_reference() -> None:
    spec = replay_spec(TRACE, SPEC)
    assert (spec.num_checks, spec.reference, spec.top) == (1, SPEC.reference, "top")


@pytest.mark.parametrize(
    ("verdict", "proof"),
    [
        (Verdict(outcome=Outcome.MISMATCH, num_passed=0, num_tests=1, first_failure=FAILURE), Proof.DIFFERENT),
        (Verdict(outcome=Outcome.MISMATCH, num_tests=1), Proof.UNKNOWN),
        (Verdict(outcome=Outcome.PASS, num_passed=1, num_tests=1), Proof.UNKNOWN),
        (Verdict(outcome=Outcome.COMPILE_ERROR), Proof.UNKNOWN),
        (Verdict(outcome=Outcome.TIMEOUT), Proof.UNKNOWN),
    ],
    ids=["seen", "ended early", "not seen", "does not compile", "endless"],
)  # fmt: skip
def test_only_a_difference_that_icarus_saw_is_different(verdict: Verdict, proof: Proof) -> None:
    found = judge_replay(verdict, TRACE)
    assert found is not None
    assert found.proof is proof
    assert len(found.counterexample) == (2 if proof is Proof.DIFFERENT else 0)


def test_a_counterexample_names_its_inputs() -> None:
    seen = judge_replay(Verdict(outcome=Outcome.MISMATCH, num_passed=0, num_tests=1, first_failure=FAILURE), TRACE)
    assert seen is not None
    assert seen.counterexample[1] == {"clk": "1", "rst": "0", "d": "100"}


def test_a_replay_that_the_farm_could_not_judge_is_no_answer() -> None:
    assert judge_replay(Verdict(outcome=Outcome.UNJUDGED), TRACE) is None


@pytest.mark.parametrize("plan", [plan_synthesis, plan_netlist, plan_formal])
def test_a_top_that_could_break_out_of_the_script_is_refused(plan: type) -> None:
    with pytest.raises(ValueError, match="not a plain Verilog identifier"):
        plan("", Spec(verifier="verilog-testbench", top="m; shell ls", testbench=""), image="none")


@pytest.mark.parametrize("plan", [plan_synthesis, plan_netlist, plan_formal])
def test_scripts_are_the_same_whatever_the_candidate_is(plan: type) -> None:
    first, second = (plan(source, SPEC, image="none") for source in ("module top; endmodule", "; shell ls\n!ls"))
    assert first.steps == second.steps
    assert {name: text for name, text in first.files.items() if name != "submitted.sv"} == {
        name: text for name, text in second.files.items() if name != "submitted.sv"
    }
