"""Steps and conclusions that published harnesses share, on whichever simulator. The guard's steps are a job's first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from sim.hdl import cocotb_testbench as cocotb
from sim.hdl import verilog_testbench as verilog
from sim.hdl.harness import Run
from sim.hdl.harness_layout import Layout, merge, run_nonce, with_own_lines
from sim.job import Status, Step, StepResult
from sim.verdict import Diagnostic, Simulator, Spec, Verdict

ANY_CODE = tuple(range(32))
"""A simulation's exit code says nothing: the design can choose it."""


def submitted_files(layout: Layout) -> dict[str, bytes]:
    """The designs as the guard reads them."""
    return {f"submitted{place}.sv": each.text.encode(errors="replace") for place, each in enumerate(layout.designs)}


def guard_steps(spec: Spec, layout: Layout, simulator: Simulator) -> tuple[Step, ...]:
    """The guard reads submittedN.sv as the simulator would, and writes designN.sv unless it rejects."""
    step = verilog.guard_step(spec)
    return tuple(
        replace(step, argv=(
            "guard", f"--simulator={simulator}",
            *([] if each.num_own_lines is None else [f"--own-lines={each.num_own_lines}"]),
            f"submitted{place}.sv", f"design{place}.sv", spec.top, *spec.reserved,
        ))
        for place, each in enumerate(layout.designs)
    )  # fmt: skip


def design_names(layout: Layout) -> tuple[str, ...]:
    """What the guard read and wrote."""
    return tuple(f"{kind}{place}.sv" for place in range(len(layout.designs)) for kind in ("submitted", "design"))


def run_request(run: Run, *, nonce: str, program: str | None = None) -> str:
    """What `sim.inbox.cocotb_server.begin_run` reads."""
    return json.dumps({
        "program": program, "modules": run.modules, "top": run.top, "seed": run.seed, "nonce": nonce,
        "env": dict(run.env), "plusargs": run.plusargs, "filters": run.filters, "inputs": run.inputs,
    })  # fmt: skip


def judge_guards(steps: Sequence[StepResult], spec: Spec, key: str, layout: Layout) -> Verdict | None:
    """The verdict on the first design that the guard does not let through; None when it lets all."""
    for step, design in zip(steps, layout.designs, strict=False):
        if ended_badly(step):
            verdict = verilog.judge_guard(step, spec, key)
            return replace(verdict, diagnostics=with_own_lines(verdict.diagnostics, design))
    return None


def with_places(verdict: Verdict, layout: Layout, *, build: int) -> Verdict:
    """The verdict on a build with the candidate's own lines in place of those of the design."""
    design = layout.designs[layout.builds[build].design]
    return replace(verdict, diagnostics=with_own_lines(verdict.diagnostics, design))


def named_as_candidate(step: StepResult, layout: Layout, *, build: int) -> StepResult:
    """The compiler's words, with the one name that the readers of logs know."""
    name = f"design{layout.builds[build].design}.sv"
    return replace(step, stderr=step.stderr.replace(name.encode(), verilog.CANDIDATE_FILE.encode()))


def judge_runs(
    steps: Sequence[StepResult], spec: Spec, key: str, layout: Layout, *, evidence: str, notes: tuple[Diagnostic, ...]
) -> Verdict:
    """What the runs say. A run after which no other could start has failed itself."""
    alone = replace(spec, num_checks=None)
    verdicts = [
        (run, cocotb.judge_run(step, alone, key, nonce=run_nonce(evidence, place), notes=notes))
        for place, ((run, _), step) in enumerate(zip(layout.runs, steps, strict=True))
        if step.status is not Status.SKIPPED
    ]
    return merge(spec, key, verdicts)


def ended_badly(step: StepResult) -> bool:
    """Whether a tool was ended, or says that it failed."""
    return step.status is not Status.EXITED or step.code != 0
