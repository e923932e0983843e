"""The verifier of published cocotb harnesses on Icarus: several builds and runs, one verdict.

All in one box: the guard reads each design, each build is compiled, then each run's tests go over it, as in
`sim.hdl.cocotb_testbench`. A design is the candidate's files with those that were there already, as one text: the guard
sees what the compiler does, macros and packages of the other files included. The denominator is all tests of all runs.

Where it differs from the published flow: random numbers are seeded, plusargs reach the tests but not the design, and no
waves are written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from sim.content import content_key
from sim.hdl import cocotb_testbench as cocotb
from sim.hdl import verilog_testbench as verilog
from sim.hdl.design import Unfit
from sim.hdl.harness import Harness, Run, read_harness
from sim.hdl.harness_layout import Layout, does_not_fit, lay_out, merge, run_nonce, with_own_lines
from sim.hdl.tools import icarus
from sim.job import Job, JobResult, Status, Step, StepResult
from sim.verdict import Candidate, Diagnostic, Simulator, Spec, Verdict

NAME = "cocotb-harness"
_ANY_CODE = tuple(range(32))
"""A simulation's exit code says nothing: the design can choose it."""


def plan(candidate: Candidate, spec: Spec, *, image: str, secret: bytes) -> Job | Verdict:
    """The job that judges the candidate, or the verdict when there is nothing to run.

    Raises ValueError for a spec that is no recorded harness for Icarus, or has a file with a name of ours.
    """
    key = content_key(candidate, spec, image=image)
    unfit = verilog.judge_source(candidate, spec, key)
    if unfit is not None:
        return unfit
    try:
        layout = lay_out(candidate, read_harness(spec.testbench))
    except Unfit as err:
        return does_not_fit(spec, key, str(err))
    names = verilog.fresh_names(key, secret=secret)
    compilations = _compilations(layout, names.prefix)
    scales = {_scale_file(build.timescale, names.prefix): build.timescale for build in layout.builds if build.timescale}
    ours = {
        **{f"submitted{place}.sv": each.text.encode(errors="replace") for place, each in enumerate(layout.designs)},
        **{name: f"`timescale {scale}\n".encode() for name, scale in scales.items()},
        **{name: data for each in compilations for name, data in each.own_files.items()},
    }
    if taken := spec.files.keys() & ours.keys():
        raise ValueError(f"the harness has a file {min(taken)}, which is a name of ours; rename it")
    programs = [each.output for each in compilations]
    leftovers = [name for each in compilations for name in each.leftovers]
    sources = [f"{kind}{place}.sv" for place in range(len(layout.designs)) for kind in ("submitted", "design")]
    hidden = tuple(dict.fromkeys([*leftovers, *scales, *sources]))
    return Job(
        image=image,
        server=cocotb.SERVER,
        files={**ours, **spec.files},
        steps=(
            *guard_steps(spec, layout, Simulator.ICARUS),
            *(Step(argv=argv, limits=spec.limits) for each in compilations for argv in each.argvs(direct=True)),
            Step(argv=("grep", "-ahoPm1", verilog.SEARCH, *programs), limits=verilog.HELPER_LIMITS, proceed_on=(1,)),
            *(
                replace(step, drop=() if place else hidden)
                for place, step in enumerate(_run_steps(spec, layout, names.evidence))
            ),
        ),
    )


def guard_steps(spec: Spec, layout: Layout, simulator: Simulator) -> Iterator[Step]:
    """The guard reads submittedN.sv as the simulator would, and writes designN.sv unless it rejects."""
    for place in range(len(layout.designs)):
        words = (f"submitted{place}.sv", f"design{place}.sv", spec.top, *spec.reserved)
        yield replace(verilog.guard_step(spec), argv=("guard", f"--simulator={simulator}", *words))


def _scale_file(timescale: str | None, prefix: str) -> str:
    return f"{prefix}{(timescale or '').replace('/', '_')}.sv"


def _compilations(layout: Layout, prefix: str) -> list[icarus.Compilation]:
    return [
        icarus.Compilation(
            tops=(build.top,),
            files=(
                *((_scale_file(build.timescale, prefix),) if build.timescale else ()),
                f"design{build.design}.sv",
            ),
            output=f"build{place}.vvp",
            parameters={f"{build.top}.{name}": value for name, value in build.parameters.items()},
            prefix=f"{place}.",
        )
        for place, build in enumerate(layout.builds)
    ]


def _run_steps(spec: Spec, layout: Layout, evidence: str) -> Iterator[Step]:
    for place, (run, build) in enumerate(layout.runs):
        asked = run_request(run, nonce=run_nonce(evidence, place), program=f"build{build}.vvp")
        yield Step(
            argv=("cocotb-run", asked),
            limits=cocotb.test_limits(spec),
            warm=True,
            evidence=True,
            proceed_on=_ANY_CODE,
        )


def run_request(run: Run, *, nonce: str, program: str | None) -> str:
    """What `sim.inbox.cocotb_server.begin_run` reads."""
    return json.dumps({
        "program": program, "modules": run.modules, "top": run.top, "seed": run.seed, "nonce": nonce,
        "env": dict(run.env), "plusargs": run.plusargs, "filters": run.filters, "inputs": run.inputs,
    })  # fmt: skip


def judge(candidate: Candidate, spec: Spec, result: JobResult, *, image: str, secret: bytes) -> Verdict:
    """What the result of `plan`'s job says about the candidate."""
    key = content_key(candidate, spec, image=image)
    if result.failure is not None:
        return verilog.unjudged(spec, key, f"farm: {result.failure}")
    layout = lay_out(candidate, read_harness(spec.testbench))
    names = verilog.fresh_names(key, secret=secret)
    num_guards, num_compiled = len(layout.designs), 2 * len(layout.builds)
    guarded, compiled = result.steps[:num_guards], result.steps[num_guards : num_guards + num_compiled]
    searched, *simulated = result.steps[num_guards + num_compiled :]
    bad_guard = next((step for step in guarded if _ended_badly(step)), None)
    failed = next((place for place, step in enumerate(compiled) if _ended_badly(step)), None)
    if bad_guard is not None:
        verdict = with_places(verilog.judge_guard(bad_guard, spec, key), layout, guarded.index(bad_guard))
    elif failed is not None:
        verdict = _judge_compilation(compiled[failed], spec, key, layout, build=failed // 2, prefix=names.prefix)
    elif searched.status is not Status.EXITED or searched.code != 1:
        verdict = verilog.judge_search(searched, spec, key)
    else:
        verdict = judge_runs(simulated, spec, key, layout, evidence=names.evidence)
    findings = tuple(found for step in guarded for found in verilog.read_findings(step))[: verilog.MAX_FINDINGS]
    return replace(verdict, findings=findings, cpu_s=result.cpu_s, wall_s=result.wall_s)


def with_places(verdict: Verdict, layout: Layout, design: int) -> Verdict:
    """The verdict with lines of the candidate's own in place of those of a design."""
    return replace(verdict, diagnostics=with_own_lines(verdict.diagnostics, layout.designs[design]))


def judge_runs(
    steps: list[StepResult], spec: Spec, key: str, layout: Layout, *, evidence: str, notes: tuple[Diagnostic, ...] = ()
) -> Verdict:
    """What the runs say, on whichever simulator. A run after which no other could start has failed itself."""
    alone = replace(spec, num_checks=None)
    verdicts = [
        (run, cocotb.judge_run(step, alone, key, nonce=run_nonce(evidence, place), notes=notes))
        for place, ((run, _), step) in enumerate(zip(layout.runs, steps, strict=True))
        if step.status is not Status.SKIPPED
    ]
    return merge(spec, key, verdicts)


def _judge_compilation(step: StepResult, spec: Spec, key: str, layout: Layout, *, build: int, prefix: str) -> Verdict:
    design = layout.builds[build].design
    named = replace(step, stderr=step.stderr.replace(f"design{design}.sv".encode(), verilog.CANDIDATE_FILE.encode()))
    return with_places(verilog.judge_compilation(named, spec, key, prefix=prefix), layout, design)


def _ended_badly(step: StepResult) -> bool:
    return step.status is not Status.EXITED or step.code != 0


def check(spec: Spec) -> Harness:
    """The spec's harness. ValueError when it is none, or was not recorded."""
    harness = read_harness(spec.testbench)
    if harness.runs is None:
        raise ValueError("the harness was not recorded; `verireason` does so as it starts")
    return harness
