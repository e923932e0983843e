"""A published harness on Icarus: one warm server compiles every build and runs every test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sim.hdl import cocotb_testbench as cocotb
from sim.hdl import verilog_testbench as verilog
from sim.hdl.harness_layout import Layout, run_nonce
from sim.hdl.harness_steps import (
    ANY_CODE,
    design_names,
    ended_badly,
    guard_steps,
    judge_guards,
    judge_runs,
    named_as_candidate,
    run_request,
    submitted_files,
    with_places,
)
from sim.hdl.tools import icarus
from sim.hdl.verilog_testbench import Names
from sim.job import Job, Status, Step, StepResult
from sim.verdict import Simulator, Spec, Verdict


def plan_layout(layout: Layout, spec: Spec, names: Names, *, image: str) -> Job:
    """The job without the harness's own files."""
    scales = {_scale_file(build.timescale, names): build.timescale for build in layout.builds if build.timescale}
    compilations = _compilations(layout, names)
    commands = [argv for each in compilations for argv in each.argvs(direct=True)]
    search = ("grep", "-ahoPm1", verilog.SEARCH, *(each.output for each in compilations))
    leftovers = [name for each in compilations for name in each.leftovers]
    first, *others = _run_steps(spec, layout, names)
    return Job(
        image=image,
        server=cocotb.SERVER,
        files={
            **submitted_files(layout),
            **{name: f"`timescale {scale}\n".encode() for name, scale in scales.items()},
            **{name: data for each in compilations for name, data in each.own_files.items()},
        },
        steps=(
            *guard_steps(spec, layout, Simulator.ICARUS),
            *(Step(argv=argv, limits=spec.limits) for argv in commands),
            Step(argv=search, limits=verilog.HELPER_LIMITS, proceed_on=(1,)),
            replace(first, drop=(*leftovers, *scales, *design_names(layout))),
            *others,
        ),
    )


def judge_layout(layout: Layout, spec: Spec, key: str, steps: Sequence[StepResult], names: Names) -> Verdict:
    """What the steps of `plan_layout`'s job say."""
    num_guards, num_compiled = len(layout.designs), 2 * len(layout.builds)
    rejected = judge_guards(steps[:num_guards], spec, key, layout)
    if rejected is not None:
        return rejected
    compiled = steps[num_guards : num_guards + num_compiled]
    searched, *simulated = steps[num_guards + num_compiled :]
    failed = next((place for place, step in enumerate(compiled) if ended_badly(step)), None)
    if failed is not None:
        step = named_as_candidate(compiled[failed], layout, build=failed // 2)
        return with_places(verilog.judge_compilation(step, spec, key, prefix=names.prefix), layout, build=failed // 2)
    if searched.status is not Status.EXITED or searched.code != 1:
        return verilog.judge_search(searched, spec, key)
    notes = icarus.diagnostics(
        named_as_candidate(compiled[1], layout, build=0).stderr.decode(errors="replace"), file=verilog.CANDIDATE_FILE
    )
    verdict = judge_runs(simulated, spec, key, layout, evidence=names.evidence, notes=())
    own = with_places(replace(verdict, diagnostics=notes), layout, build=0).diagnostics
    return replace(verdict, diagnostics=(*verdict.diagnostics, *own))


def _scale_file(timescale: str | None, names: Names) -> str:
    return f"{names.prefix}{(timescale or '').replace('/', '_')}.sv"


def _compilations(layout: Layout, names: Names) -> list[icarus.Compilation]:
    return [
        icarus.Compilation(
            tops=(build.top,),
            files=(*([_scale_file(build.timescale, names)] if build.timescale else []), f"design{build.design}.sv"),
            output=f"build{place}.vvp",
            parameters={f"{build.top}.{name}": value for name, value in build.parameters.items()},
            prefix=f"{place}.",
        )
        for place, build in enumerate(layout.builds)
    ]


def _run_steps(spec: Spec, layout: Layout, names: Names) -> list[Step]:
    step = Step(argv=(), limits=cocotb.test_limits(spec), warm=True, evidence=True, proceed_on=ANY_CODE)
    requests = [
        run_request(run, nonce=run_nonce(names.evidence, place), program=f"build{build}.vvp")
        for place, (run, build) in enumerate(layout.runs)
    ]
    return [replace(step, argv=("cocotb-run", request)) for request in requests]
