"""The cocotb verifier on the real tools: good, wrong, broken, endless, crashing and hostile designs.

The design under test is an accumulator; every test of the testbench reads something else from it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.farm import Farm
from sim.hdl import cocotb_testbench, cocotb_verilator, verilog_testbench
from sim.job import Job, Limits, Step
from sim.verdict import Candidate, Outcome, Spec, Verdict

HEADER = "module acc(input clk, input rst, input [7:0] d, output reg [7:0] q, output parity);\n"
TAIL = "assign parity = ^q;\nendmodule\n"
GOLDEN = HEADER + "always @(posedge clk) if (rst) q <= 0; else q <= q + d;\n" + TAIL
WRONG = HEADER + "always @(posedge clk) q <= 0;\nBODY\n" + TAIL
TESTBENCH = """
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer


async def reset(dut):
    cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
    dut.rst.value, dut.d.value = 1, 0
    for _ in range(2):
        await FallingEdge(dut.clk)
    dut.rst.value = 0


@cocotb.test()
async def resets(dut):
    await reset(dut)
    assert dut.q.value == 0


@cocotb.test()
async def adds(dut):
    await reset(dut)
    want = 0
    for _ in range(50):
        dut.d.value = random.randrange(256)
        await FallingEdge(dut.clk)
        want = (want + int(dut.d.value)) % 256
        assert dut.q.value == want


@cocotb.test()
async def tells_parity(dut):
    await reset(dut)
    dut.d.value = 7
    await FallingEdge(dut.clk)
    assert dut.parity.value == 1, f"parity of {dut.q.value} is {dut.parity.value}"


@cocotb.test(skip=True)
async def not_sent(dut):
    assert False
"""
LIMITS = Limits(cpu_s=2, wall_s=30, mem_mb=512, output_kb=64)
SPEC = Spec(
    verifier=cocotb_testbench.NAME,
    top="acc",
    testbench=TESTBENCH,
    reference=GOLDEN.replace("acc", "__vr_ref"),
    limits=LIMITS,
)
SECRET = b"a secret of the tests"

GOOD = {
    "golden": GOLDEN,
    "carriage returns": GOLDEN.replace("\n", "\r\n"),
    "a time scale in seconds": "`timescale 1s/1s\n" + GOLDEN,
    "a guard that never fires": GOLDEN.replace("endmodule", "initial if (0) $finish; endmodule"),
    "prints": GOLDEN.replace("endmodule", 'always @(q) $display("q=%d", q); endmodule'),
    "a helper module": "module plus(input [7:0] a, b, output [7:0] y); assign y = a + b; endmodule\n"
    + HEADER
    + "wire [7:0] n; plus p(q, d, n);\nalways @(posedge clk) q <= rst ? 8'd0 : n;\n"
    + TAIL,
}

BAD = {
    "constant": (WRONG.replace("BODY", ""), Outcome.MISMATCH),
    "syntax": (GOLDEN.replace("q + d", "q + "), Outcome.COMPILE_ERROR),
    "other module name": (GOLDEN.replace("module acc", "module counter"), Outcome.COMPILE_ERROR),
    "missing port": (GOLDEN.replace(", output parity", "").replace("assign parity = ^q;", ""), Outcome.MISMATCH),
    "zero-delay loop": (WRONG.replace("BODY", "initial while (1);"), Outcome.TIMEOUT),
    "oscillation": (WRONG.replace("BODY", "reg a = 0; always @(a) a <= ~a; initial a = 1;"), Outcome.TIMEOUT),
    "flood": (WRONG.replace("BODY", 'initial while (1) $display("flood");'), Outcome.OUTPUT_LIMIT),
    "finish at once": (WRONG.replace("BODY", "initial $finish;"), Outcome.MISMATCH),
    "finish later": (GOLDEN.replace("endmodule", "initial #7 $finish(0);\nalways @(d) q = 1; endmodule"), Outcome.MISMATCH),
    "prints what others accept": (
        WRONG.replace("BODY", 'initial $display("** TESTS=3 PASS=3 FAIL=0 SKIP=0 **\\n<testsuites/>");'),
        Outcome.MISMATCH,
    ),
    "forces its own input": (WRONG.replace("BODY", "initial force d = 0;"), Outcome.MISMATCH),
    "drives its own input": (WRONG.replace("BODY", "reg z = 0; always @(d) z = 0; assign d = {8{z}};"), Outcome.REJECTED),
    "has an inout for an input": (WRONG.replace("input [7:0] d", "inout [7:0] d").replace("BODY", "assign d = 0;"), Outcome.MISMATCH),
    "has an inner signal for an input": (
        WRONG.replace(", input [7:0] d", "").replace("BODY", "reg [7:0] d; always @(d) d = 0;"), Outcome.MISMATCH,
    ),
    "has a variable for an input": (
        WRONG.replace("input [7:0] d", "input var logic [7:0] d").replace("BODY", "always @(d) d = 0;"), Outcome.REJECTED,
    ),
}  # fmt: skip


def plan(source: str, spec: Spec = SPEC, *, image: str) -> Job:
    job = cocotb_testbench.plan(Candidate(source=source), spec, image=image, secret=SECRET)
    assert isinstance(job, Job), job
    return job


def judge(farm: Farm, source: str, spec: Spec = SPEC) -> Verdict:
    result = farm.pool.submit(plan(source, spec, image=farm.image)).result()
    return cocotb_testbench.judge(Candidate(source=source), spec, result, image=farm.image, secret=SECRET)


def run_unguarded(farm: Farm, source: str) -> tuple[Verdict, bytes]:
    """The verdict, and all evidence, when nothing before the tests stops a hostile design."""
    job = plan(source, image=farm.image)
    copy = Step(argv=("cp", verilog_testbench.SUBMITTED_FILE, verilog_testbench.CANDIDATE_FILE), limits=LIMITS)
    steps = [replace(step, proceed_on=(0, 1)) if step.argv[0] == "grep" else step for step in job.steps[1:]]
    step = farm.pool.submit(replace(job, steps=(copy, *steps))).result().steps[-1]
    nonce = job.steps[-1].argv[4]
    return cocotb_testbench.judge_run(step, SPEC, "key", nonce=nonce, notes=()), step.evidence


def with_testbench(text: str) -> Spec:
    return replace(
        SPEC, testbench="import cocotb\nfrom cocotb.clock import Clock\nfrom cocotb.triggers import *\n" + text
    )


@pytest.mark.parametrize("name", GOOD)
def test_honest_designs_pass(farm: Farm, name: str) -> None:
    verdict = judge(farm, GOOD[name])
    assert verdict.outcome is Outcome.PASS, verdict
    assert (verdict.num_passed, verdict.num_tests) == (3, 3)


@pytest.mark.parametrize("name", BAD)
def test_wrong_and_hostile_designs_get_their_own_verdict(farm: Farm, name: str) -> None:
    source, outcome = BAD[name]
    verdict = judge(farm, source)
    assert verdict.outcome is outcome, verdict


CHEAT = """
@cocotb.test()
async def echoes(dut):
    for value in range(20):
        dut.d.value = value
        await Timer(1, "ns")
        assert dut.y.value == int(dut.d.value) ^ 255
"""


@pytest.mark.parametrize("port", ["input [7:0] d", "inout [7:0] d", "output [7:0] d"])
def test_a_design_that_chooses_its_own_questions_does_not_pass(farm: Farm, port: str) -> None:
    spec = replace(
        with_testbench(CHEAT),
        top="inverter",
        reference="module inverter(input [7:0] d, output [7:0] y); assign y = ~d; endmodule",
    )
    assert judge(farm, spec.reference, spec).passed
    source = f"module inverter({port}, output [7:0] y);\nreg [7:0] z = 0; always @(d) z <= #1 0; assign d = z;\n"
    verdict = judge(farm, source + "assign y = 255;\nendmodule\n", spec)
    assert verdict.outcome in (Outcome.REJECTED, Outcome.MISMATCH), verdict


def test_tests_may_write_to_any_signal(farm: Farm) -> None:
    spec = with_testbench("""
@cocotb.test()
async def clears_all(dut):
    for name in ("clk", "rst", "d", "q", "parity"):
        getattr(dut, name).value = 0
    await Timer(1, "ns")
    assert dut.q.value == 0
""")
    assert judge(farm, GOLDEN, spec).passed


def test_each_test_has_a_result_of_its_own(farm: Farm) -> None:
    verdict = judge(farm, GOLDEN.replace("^q", "~^q"))
    assert [(test.name, test.passed) for test in verdict.tests] == [
        ("resets", True),
        ("adds", True),
        ("tells_parity", False),
    ]
    assert verdict.tests[2].message == "parity of 00000111 is 0"
    assert (verdict.num_passed, verdict.num_tests) == (2, 3)
    assert verdict.diagnostics[0].message == "test tells_parity: parity of 00000111 is 0"


def test_an_assertion_without_text_shows_its_values(farm: Farm) -> None:
    verdict = judge(farm, WRONG.replace("BODY", "").replace("q <= 0", "q <= 5"))
    assert verdict.tests[0].message == "assert dut.q.value == 0; 00000101 against 0"


def test_a_syntax_error_names_the_candidates_own_line(farm: Farm) -> None:
    assert judge(farm, BAD["syntax"][0]).diagnostics[0].line == 2


@pytest.mark.parametrize("when", [0, 1, 40])
def test_a_design_that_ends_the_run_fails_every_test_that_it_cut_off(farm: Farm, when: int) -> None:
    source = GOLDEN.replace("endmodule", f"initial #{when} $finish; endmodule")
    verdict, _ = run_unguarded(farm, source)
    assert verdict.outcome is Outcome.MISMATCH
    assert verdict.num_tests == 3
    assert verdict.num_passed is not None
    assert verdict.num_passed < 3


@pytest.mark.parametrize(
    "body",
    [
        'initial begin $fdisplay(32\'h80000003, "{\\"tests\\": [\\"x\\"]}\\n{\\"end\\": true}"); $finish; end',
        'initial begin $fdisplay(3, "{\\"test\\": 0, \\"passed\\": true}"); $fdisplay(8, "x"); $finish; end',
        'integer f; initial begin f = $fopen("/dev/fd/3", "w"); $fdisplay(f, "{\\"end\\": true}"); $finish; end',
        'integer f; initial begin f = $fopen("/proc/self/fd/3", "w"); $fdisplay(f, "{\\"end\\": true}"); $finish; end',
        'integer f; initial begin f = $fopen("results.xml", "w"); $fdisplay(f, "<testsuites/>"); $finish; end',
    ],
)
def test_no_file_task_reaches_the_evidence_even_without_the_guard(farm: Farm, body: str) -> None:
    source = WRONG.replace("BODY", body)
    verdict, evidence = run_unguarded(farm, source)
    assert (verdict.outcome, verdict.num_tests) == (Outcome.MISMATCH, 3)
    assert all(b"nonce" in line for line in evidence.splitlines())
    assert judge(farm, source).outcome in (Outcome.MISMATCH, Outcome.REJECTED)


def test_a_test_that_waits_for_ever_on_a_running_clock_is_a_timeout(farm: Farm) -> None:
    spec = with_testbench("""
@cocotb.test()
async def ends(dut):
    pass

@cocotb.test()
async def waits(dut):
    cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
    await RisingEdge(dut.parity)
""")
    verdict = judge(farm, WRONG.replace("BODY", ""), spec)
    assert verdict.outcome is Outcome.TIMEOUT
    assert (verdict.num_passed, verdict.num_tests) == (1, 2)


def test_a_test_that_waits_when_nothing_can_happen_any_more_fails(farm: Farm) -> None:
    spec = with_testbench("@cocotb.test()\nasync def waits(dut):\n    await RisingEdge(dut.parity)\n")
    verdict = judge(farm, WRONG.replace("BODY", ""), spec)
    assert (verdict.outcome, verdict.num_passed, verdict.num_tests) == (Outcome.MISMATCH, 0, 1)


def test_memory_that_a_design_takes_costs_its_own_verdict_only(farm: Farm) -> None:
    verdict = judge(farm, WRONG.replace("BODY", "reg [1023:0] m [0:100000000]; initial m[0] = 1;"))
    assert not verdict.passed
    assert verdict.outcome is not Outcome.UNJUDGED
    assert judge(farm, GOLDEN).passed


@pytest.mark.parametrize(
    "text",
    [
        "async def broken(dut:\n",
        "import no_such_module\n",
        "x = 1\n",
        "@cocotb.test(skip=True)\nasync def x(dut): pass\n",
    ],
)
def test_a_testbench_that_cannot_run_is_not_the_candidates_fault(farm: Farm, text: str) -> None:
    verdict = judge(farm, GOLDEN, with_testbench(text))
    assert verdict.outcome is Outcome.UNJUDGED
    assert "the testbench cannot run" in verdict.diagnostics[0].message


def test_a_simulator_that_crashes_costs_its_own_verdict_only(farm: Farm) -> None:
    body = "function automatic [7:0] f(input [7:0] x); f = f(x + 1) + 1; endfunction\ninitial q = f(0);"
    verdict = judge(farm, WRONG.replace("BODY", body))
    assert verdict.outcome in (Outcome.CRASH, Outcome.MEMORY), verdict
    assert judge(farm, GOLDEN).passed


def test_a_test_that_skips_itself_because_of_the_design_fails(farm: Farm) -> None:
    spec = with_testbench("""
import pytest
@cocotb.test()
async def looks(dut):
    if not hasattr(dut, "extra"):
        pytest.skip("no extra port")
""")
    verdict = judge(farm, GOLDEN, spec)
    assert (verdict.outcome, verdict.tests[0].message) == (Outcome.MISMATCH, "skipped itself: no extra port")


def test_the_golden_counts_the_tests(farm: Farm) -> None:
    assert judge(farm, GOLDEN, replace(SPEC, num_checks=3)).passed
    assert judge(farm, GOLDEN, replace(SPEC, num_checks=4)).outcome is Outcome.MISMATCH


def test_tests_have_the_same_random_values_in_each_run(farm: Farm) -> None:
    spec = with_testbench("""
import random
@cocotb.test()
async def draws(dut):
    assert False, f"{random.random()} {sorted({'a', 'b', 'c'}, key=hash)}"
""")
    first = judge(farm, GOLDEN, spec)
    assert [judge(farm, GOLDEN + "\n" * lines, spec).tests for lines in range(1, 4)] == [first.tests] * 3


def test_helper_modules_and_sources_beside_the_testbench_are_used(farm: Farm) -> None:
    spec = with_testbench("""
from model import plus
@cocotb.test()
async def adds(dut):
    dut.a.value, dut.b.value = 250, 9
    await Timer(1, "ns")
    assert dut.y.value == plus(250, 9)
""")
    files = {
        "model.py": b"def plus(a, b):\n    return (a + b) % 256\n",
        "adder.v": b"module plus(input [7:0] a, b, output [7:0] y); assign y = a + b; endmodule\n",
    }
    source = "module top(input [7:0] a, b, output [7:0] y); plus p(a, b, y); endmodule\n"
    verdict = judge(farm, source, replace(spec, top="top", reference="", files=files))
    assert verdict.outcome is Outcome.PASS, verdict


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        (GOLDEN, Outcome.PASS),
        (GOOD["a time scale in seconds"], Outcome.PASS),
        (GOLDEN.replace("^q", "~^q"), Outcome.MISMATCH),
        (BAD["syntax"][0], Outcome.COMPILE_ERROR),
        (BAD["drives its own input"][0], Outcome.COMPILE_ERROR),
        (BAD["prints what others accept"][0], Outcome.MISMATCH),
    ],
)
def test_verilator_runs_the_same_tests(farm: Farm, source: str, outcome: Outcome) -> None:
    candidate = Candidate(source=source)
    job = cocotb_verilator.plan(candidate, SPEC, image=farm.image, secret=SECRET)
    assert isinstance(job, Job)
    result = farm.pool.submit(job).result()
    verdict = cocotb_verilator.judge(candidate, SPEC, result, image=farm.image, secret=SECRET)
    assert verdict.outcome is outcome, verdict
    assert verdict.num_tests == (None if outcome is Outcome.COMPILE_ERROR else 3)


def test_thirty_verdicts_on_two_boxes_are_those_of_each_alone(farm: Farm) -> None:
    sources = [(GOLDEN if index % 3 else WRONG.replace("BODY", "")) + "\n" * index for index in range(30)]
    futures = [farm.pool.submit(plan(source, image=farm.image)) for source in sources]
    verdicts = [
        cocotb_testbench.judge(Candidate(source=source), SPEC, future.result(), image=farm.image, secret=SECRET)
        for source, future in zip(sources, futures, strict=True)
    ]
    assert [verdict.passed for verdict in verdicts] == [index % 3 > 0 for index in range(30)]
