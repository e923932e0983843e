"""A published harness on Verilator. As in its own flow, a warning that is not turned off ends the build.

The locks are those of `sim.hdl.cocotb_verilator`, for each build; all are built before the first one runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sim.hdl import cocotb_testbench as cocotb
from sim.hdl import verilator_testbench as verilated
from sim.hdl import verilog_testbench as verilog
from sim.hdl.cocotb_verilator import BUILD_OPTIONS, environment, judge_ports, raw_text_argv
from sim.hdl.harness import Run
from sim.hdl.harness_layout import Build, Layout, run_nonce
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
from sim.hdl.tools import cocotb_main, verilator
from sim.hdl.verilog_testbench import Names
from sim.job import Job, Status, Step, StepResult
from sim.verdict import Simulator, Spec, Verdict

_NUM_STEPS = 6
"""Of one build."""


def plan_layout(layout: Layout, spec: Spec, names: Names, *, image: str) -> Job:
    """The job without the harness's own files."""
    ports = {_ports_file(names, place): _ports(layout, place) for place in range(len(layout.builds))}
    builds = [step for place, build in enumerate(layout.builds) for step in _build_steps(spec, build, place, names)]
    first, *others = _run_steps(spec, layout, names)
    hidden = (*design_names(layout), cocotb_main.NAME, verilator.TREE, verilator.TREE_FILES)
    return Job(
        image=image,
        server="parser",
        files={
            **submitted_files(layout), cocotb_main.NAME: cocotb_main.TEXT.encode(),
            **{name: text.encode() for name, text in ports.items()},
        },
        steps=(
            *guard_steps(spec, layout, Simulator.VERILATOR),
            *(
                Step(argv=verilator.unpragma_argv(f"design{place}.sv"), limits=verilated.SEARCH_LIMITS)
                for place in range(len(layout.designs))
            ),
            *builds,
            replace(first, drop=hidden),
            *others,
        ),
    )  # fmt: skip


def judge_layout(layout: Layout, spec: Spec, key: str, steps: Sequence[StepResult], names: Names) -> Verdict:
    """What the steps of `plan_layout`'s job say."""
    num_designs, num_builds = len(layout.designs), len(layout.builds)
    rejected = judge_guards(steps[:num_designs], spec, key, layout)
    if rejected is not None:
        return rejected
    built = steps[2 * num_designs : 2 * num_designs + _NUM_STEPS * num_builds]
    unpragmed = next((step for step in steps[num_designs : 2 * num_designs] if ended_badly(step)), None)
    if unpragmed is not None:
        return verilated.judge_compilation(unpragmed, spec, key, prefix=cocotb_main.NAME)
    for build in range(num_builds):
        wrong = _judge_build(built[_NUM_STEPS * build : _NUM_STEPS * (build + 1)], spec, key, layout, build)
        if wrong is not None:
            return wrong
    simulated = steps[2 * num_designs + _NUM_STEPS * num_builds :]
    return judge_runs(simulated, spec, key, layout, evidence=names.evidence, notes=())


def _judge_build(steps: Sequence[StepResult], spec: Spec, key: str, layout: Layout, build: int) -> Verdict | None:
    """The verdict on a build that failed; None for one that did not."""
    ports, tree, searched, made, raw, linked = steps
    failed = next((step for step in (tree, made, linked) if ended_badly(step)), None)
    if (
        not ended_badly(tree)
        and not ended_badly(ports)
        and (searched.status is not Status.EXITED or searched.code != 1)
    ):
        return verilated.judge_search(searched, spec, key)
    if ended_badly(ports):
        return judge_ports(ports, spec, key)
    if raw.status is Status.EXITED and raw.code != 1:
        return verilog.rejected(spec, key, "text of the design would stand in the program as it is")
    if failed is None:
        return None
    step = named_as_candidate(failed, layout, build=build)
    verdict = verilated.judge_compilation(step, spec, key, prefix=cocotb_main.NAME)
    return with_places(verdict, layout, build=build)


def _build_steps(spec: Spec, build: Build, place: int, names: Names) -> list[Step]:
    file, directory = f"design{build.design}.sv", f"{verilator.DIRECTORY}{place}"
    options = verilator.run_options(timescale=build.timescale, parameters=build.parameters)
    # The texts of the harness are Python: what they name says nothing about what the design may do.
    search = ("grep", "-aoPm1", verilated.search_pattern(replace(spec, testbench=""), alone=True), verilator.TREE)
    golden = _ports_file(names, place)
    return [
        Step(argv=("ports", file, build.top, golden, build.top), limits=verilog.HELPER_LIMITS, warm=True),
        Step(
            argv=verilator.tree_argv(top=build.top, files=(file,), options=options),
            limits=verilated.TREE_LIMITS,
            drop=(golden,),
        ),
        Step(argv=search, limits=verilated.SEARCH_LIMITS, proceed_on=(1,)),
        Step(
            argv=verilator.verilate_run_argv(
                top=build.top, files=(file,), directory=directory, options=options, warnings=build.warnings
            ),
            limits=verilated.TREE_LIMITS,
        ),
        Step(argv=raw_text_argv(directory), limits=verilated.SEARCH_LIMITS, proceed_on=(1,)),
        Step(argv=verilator.build_argv(*BUILD_OPTIONS, directory=directory), limits=verilated.BUILD_LIMITS),
    ]


def _ports_file(names: Names, build: int) -> str:
    return f"{names.prefix}ports{build}"


def _ports(layout: Layout, build: int) -> str:
    """A module with the golden's inputs; nothing where nobody knows them, and then nothing is asked of the design."""
    run = next(run for run, place in layout.runs if place == build)
    if run.inputs is None:
        return ""
    return f"module {run.top}({', '.join(f'input {name}' for name in run.inputs)}); endmodule\n"


def _run_steps(spec: Spec, layout: Layout, names: Names) -> list[Step]:
    return [
        Step(
            argv=(*_run_environment(run, nonce=run_nonce(names.evidence, place)), *_program(build)),
            limits=cocotb.test_limits(spec),
            evidence=True,
            proceed_on=ANY_CODE,
        )
        for place, (run, build) in enumerate(layout.runs)
    ]


def _run_environment(run: Run, *, nonce: str) -> tuple[str, ...]:
    own = tuple(f"{name}={value}" for name, value in run.env.items())
    common = environment(modules=run.modules, top=run.top, seed=run.seed, nonce=nonce)
    return (*common, *own, f"VERIREASON_RUN={run_request(run, nonce=nonce)}")


def _program(build: int) -> tuple[str, ...]:
    return verilator.simulate_argv(f"{verilator.DIRECTORY}{build}")
