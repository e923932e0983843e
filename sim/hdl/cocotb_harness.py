"""The verifier of published cocotb harnesses: several builds and runs, one verdict, on the simulator that they name.

All in one box: the guard reads each design, each build is compiled, then each run's tests go over it, as in
`sim.hdl.cocotb_testbench`. A design is the candidate's files with those that were there already, as one text: the guard
sees what the compiler does, macros and packages of the other files included. The denominator is all tests of all runs.

Where it differs from the published flow: random numbers are seeded, plusargs reach the tests but not the design, and no
waves are written.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from sim.content import content_key
from sim.hdl import harness_icarus, harness_verilator
from sim.hdl import verilog_testbench as verilog
from sim.hdl.design import Unfit
from sim.hdl.harness import Harness, read_harness
from sim.hdl.harness_layout import does_not_fit, lay_out
from sim.job import Job, JobResult
from sim.verdict import Candidate, Simulator, Spec, Verdict

NAME = "cocotb-harness"


def plan(candidate: Candidate, spec: Spec, *, image: str, secret: bytes) -> Job | Verdict:
    """The job that judges the candidate, or the verdict when there is nothing to run.

    Raises ValueError for a spec that is no recorded harness, or has a file with a name of ours.
    """
    key = content_key(candidate, spec, image=image)
    unfit = verilog.judge_source(candidate, spec, key)
    if unfit is not None:
        return unfit
    harness = read_harness(spec.testbench)
    try:
        layout = lay_out(candidate, harness)
    except Unfit as err:
        return does_not_fit(spec, key, str(err))
    names = verilog.fresh_names(key, secret=secret)
    job: Job = _simulator(harness).plan_layout(layout, spec, names, image=image)
    if taken := spec.files.keys() & job.files.keys():
        raise ValueError(f"the harness has a file {min(taken)}, which is a name of ours; rename it")
    return replace(job, files={**job.files, **spec.files})


def judge(candidate: Candidate, spec: Spec, result: JobResult, *, image: str, secret: bytes) -> Verdict:
    """What the result of `plan`'s job says about the candidate."""
    key = content_key(candidate, spec, image=image)
    if result.failure is not None:
        return verilog.unjudged(spec, key, f"farm: {result.failure}")
    harness = read_harness(spec.testbench)
    layout = lay_out(candidate, harness)
    names = verilog.fresh_names(key, secret=secret)
    verdict: Verdict = _simulator(harness).judge_layout(layout, spec, key, result.steps, names)
    guarded = result.steps[: len(layout.designs)]
    findings = tuple(found for step in guarded for found in verilog.read_findings(step))[: verilog.MAX_FINDINGS]
    return replace(verdict, findings=findings, cpu_s=result.cpu_s, wall_s=result.wall_s)


def _simulator(harness: Harness) -> ModuleType:
    return harness_verilator if harness.simulator is Simulator.VERILATOR else harness_icarus
