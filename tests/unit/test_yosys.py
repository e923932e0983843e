"""Yosys and ABC: command lines, captured logs, and what is concluded from them."""

from __future__ import annotations

import pytest

from sim.hdl.equivalence import Equivalence, judge_equivalence, plan_equivalence
from sim.hdl.tools.yosys import Proof, abc_argv, parse_error, parse_proof, prove_never_commands, script_argv
from sim.job import JobResult, Status, StepResult

PROVED_BY_PDR = """\
Invariant F[9] : 35 clauses with 0 flops (out of 38) (cex = 0, ave = 6.33)
Verification of invariant with 35 clauses was successful.  Time =     0.00 sec
Property proved.  Time =     0.05 sec
Status = 1  Frames = 10   Cex is not defined.
Error: The network has registers. Use "dprove".
"""
PROVED_BY_MERGING = """\
All outputs solved or timed out in frame 1.
Property UNDECIDED.  Time =     0.02 sec
Status = -1  Frames = 0   Cex is not defined.
UNSATISFIABLE  Time =     0.01 sec
Status = 1  Frames = 0   Cex is not defined.
"""
REFUTED = """\
Output 0 of miter "miter" was asserted in frame 3.  Time =     0.01 sec
Status = 0  Frames = 1   CEX: Po =   0  Frame =   3  FF = 14  PI = 7  Bit =      42  1s =       9 (32.14 %)
"""
REFUTED_CONSTANT = """\
Warning: The network is combinational (run "fraig" or "fraig_sweep").
Output 0 of miter "const1" was asserted in frame 0.  Time =     0.01 sec
Status = 0  Frames = -2   CEX: Po =   0  Frame =   0  FF = 1  PI = 16  Bit =      17  1s =       0 ( 0.00 %)
SATISFIABLE (output = 0) Time =     0.00 sec
Status = 0  Frames = -1   CEX: Po =   0  Frame =   0  FF = 0  PI = 16  Bit =      16  1s =       0 ( 0.00 %)
"""
OUT_OF_TIME = """\
Reached timeout (8 seconds) in frame 23.
Property UNDECIDED.  Time =     8.01 sec
Status = -1  Frames = 22   Cex is not defined.
Error: The network has registers. Use "dprove".
"""
NO_FILE = """\
Cannot open input file "miter.aig".
"""
CHECK_FAILED = """\
Warning: found logic loop in module top_module:
    wire \\q [1] source: mutant.v:1.76-1.77
ERROR: Found 2 problems in 'check -assert'.
"""


@pytest.mark.parametrize(
    ("log", "proof"),
    [
        (PROVED_BY_PDR, Proof.HOLDS),
        (PROVED_BY_MERGING, Proof.HOLDS),
        (REFUTED, Proof.FAILS),
        (REFUTED_CONSTANT, Proof.FAILS),
        (OUT_OF_TIME, Proof.OPEN),
        (NO_FILE, Proof.OPEN),
        ("", Proof.OPEN),
    ],
)
def test_abc_logs_are_understood(log: str, proof: Proof) -> None:
    assert parse_proof(log) is proof


def test_the_reason_yosys_stopped_for_is_found() -> None:
    assert parse_error(CHECK_FAILED) == "Found 2 problems in 'check -assert'."


def test_a_log_without_an_error_has_no_reason() -> None:
    assert parse_error("Warning: Resizing cell port") is None


def test_yosys_runs_a_script_quietly() -> None:
    assert script_argv("miter.ys") == ("yosys", "-q", "-s", "miter.ys")


def test_abc_gets_its_commands_as_one_argument() -> None:
    assert abc_argv(prove_never_commands("miter.aig", seconds=5)) == (
        "yosys-abc", "-q", "read_aiger miter.aig; scorr; pdr -T 5; print_status; iprove; print_status",
    )  # fmt: skip


def exited(code: int = 0, stdout: str = "") -> StepResult:
    return StepResult(status=Status.EXITED, code=code, stdout=stdout.encode())


SKIPPED = StepResult(status=Status.SKIPPED, code=None)
OUT_OF_CPU = StepResult(status=Status.CPU_LIMIT, code=None, stdout=PROVED_BY_PDR.encode())


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ((exited(), exited(1, PROVED_BY_PDR), exited()), Equivalence.EQUIVALENT),
        ((exited(), exited(0, PROVED_BY_MERGING), exited()), Equivalence.EQUIVALENT),
        ((exited(), exited(1, REFUTED), exited()), Equivalence.DIFFERENT),
        ((exited(), exited(1, REFUTED), exited(1)), Equivalence.DIFFERENT),
        ((exited(), exited(1, OUT_OF_TIME), exited()), Equivalence.UNKNOWN),
        ((exited(1), SKIPPED, SKIPPED), Equivalence.UNKNOWN),
        ((exited(), OUT_OF_CPU, SKIPPED), Equivalence.UNKNOWN),
    ],
)
def test_steps_are_judged(steps: tuple[StepResult, ...], found: Equivalence) -> None:
    assert judge_equivalence(JobResult(steps=steps)) is found


def test_a_proof_about_outputs_that_are_never_known_proves_nothing() -> None:
    steps = (exited(), exited(0, PROVED_BY_MERGING), exited(1))
    assert judge_equivalence(JobResult(steps=steps)) is Equivalence.UNKNOWN


def test_a_failure_of_the_farm_proves_nothing() -> None:
    assert judge_equivalence(JobResult(failure="no box")) is Equivalence.UNKNOWN


def test_every_step_of_the_job_is_bounded() -> None:
    job = plan_equivalence(golden="module m; endmodule", mutant="module m; endmodule", top="m", image="none")
    assert all(step.limits.cpu_s <= 10 for step in job.steps)


def test_a_top_that_could_break_out_of_the_script_is_refused() -> None:
    with pytest.raises(ValueError, match="not a plain Verilog identifier"):
        plan_equivalence(golden="", mutant="", top="m; shell ls", image="none")
