"""The cocotb verifier on Verilator: the same tests, evidence and conclusions as on Icarus.

What differs: see `sim.hdl.verilator_testbench` for Verilator's two states and for the search of the design as Verilator
understood it. Verilator itself refuses a design that drives its own input; an inout or an inner signal in an input's
place is not noticed here as it is on Icarus.
"""

from __future__ import annotations

from dataclasses import replace

from sim.boxes.servers import COCOTB_ENVIRONMENT, LIBRARY, PACKAGES
from sim.hdl import cocotb_testbench as cocotb
from sim.hdl import verilator_testbench as verilated
from sim.hdl import verilog_testbench as verilog
from sim.hdl.tools import cocotb_main, verilator
from sim.job import Job, JobResult, Status, Step
from sim.verdict import Candidate, Simulator, Spec, Verdict

NAME = cocotb.NAME
_LIBRARIES = f"{PACKAGES}/cocotb/libs"
_BUILD_OPTIONS = (
    "-I.", "-include", f"../{cocotb_main.NAME}",
    f"-L{_LIBRARIES}", f"-Wl,-rpath,{_LIBRARIES}", "-lcocotbvpi_verilator", "-lgpi", "-lverilated_vpi",
)  # fmt: skip


def plan(candidate: Candidate, spec: Spec, *, image: str, secret: bytes) -> Job | Verdict:
    """The job that judges the candidate, or the verdict when there is nothing to run.

    Raises ValueError for a spec with a file that has a name of ours.
    """
    key = _key(candidate, spec, image=image)
    unfit = verilog.judge_source(candidate, spec, key)
    if unfit is not None:
        return unfit
    names = verilog.fresh_names(key, secret=secret)
    files = cocotb.job_files(candidate, spec, {cocotb_main.NAME: cocotb_main.TEXT.encode()})
    sources = cocotb.source_names(files)
    hidden = (*sources, verilog.SUBMITTED_FILE, cocotb_main.NAME, verilator.TREE, verilator.TREE_FILES)
    search = ("grep", "-aoPm1", verilated.search_pattern(spec, alone=True), verilator.TREE)
    tree, build = verilated.TREE_LIMITS, verilated.BUILD_LIMITS
    return Job(
        image=image,
        server="parser",
        files=files,
        steps=(
            verilog.guard_step(spec, Simulator.VERILATOR),
            Step(argv=verilator.unpragma_argv(verilog.CANDIDATE_FILE), limits=verilated.SEARCH_LIMITS),
            Step(argv=verilator.tree_argv(top=spec.top, files=sources), limits=tree),
            Step(argv=search, limits=verilated.SEARCH_LIMITS, proceed_on=(1,)),
            Step(argv=verilator.verilate_for_cocotb_argv(top=spec.top, files=sources), limits=tree),
            Step(argv=verilator.build_argv(*_BUILD_OPTIONS), limits=build),
            Step(
                argv=(*_environment(spec, nonce=names.evidence), *verilator.simulate_argv()),
                limits=cocotb.test_limits(spec),
                evidence=True,
                drop=hidden,
            ),
        ),
    )


def judge(candidate: Candidate, spec: Spec, result: JobResult, *, image: str, secret: bytes) -> Verdict:
    """What the result of `plan`'s job says about the candidate."""
    key = _key(candidate, spec, image=image)
    if result.failure is not None:
        return cocotb.unjudged(spec, key, f"farm: {result.failure}")
    guarded, unpragmed, tree, searched, made, built, tested = result.steps
    failed = next((step for step in (unpragmed, tree, made, built) if verilated.ended_badly(step)), None)
    if verilated.ended_badly(guarded):
        verdict = verilog.judge_guard(guarded, spec, key)
    elif not verilated.ended_badly(tree) and (searched.status is not Status.EXITED or searched.code != 1):
        verdict = verilated.judge_search(searched, spec, key)
    elif failed is not None:
        verdict = verilated.judge_compilation(failed, spec, key, prefix=cocotb_main.NAME)
    else:
        notes = verilator.diagnostics(made.stderr.decode(errors="replace"), file=verilog.CANDIDATE_FILE)
        nonce = verilog.fresh_names(key, secret=secret).evidence
        verdict = cocotb.judge_run(tested, spec, key, nonce=nonce, notes=notes)
    return replace(verdict, findings=verilog.read_findings(guarded), cpu_s=result.cpu_s, wall_s=result.wall_s)


def _environment(spec: Spec, *, nonce: str) -> tuple[str, ...]:
    """`env` with what Python, cocotb and `sim.inbox.cocotb_evidence` read."""
    return (
        "env", f"PYTHONPATH={LIBRARY}:{PACKAGES}", *COCOTB_ENVIRONMENT,
        "PYGPI_USERS=sim.inbox.cocotb_evidence:run_tests", "COCOTB_TRUST_INERTIAL_WRITES=1",
        f"COCOTB_TEST_MODULES={cocotb.MODULE}", f"COCOTB_TOPLEVEL={spec.top}",
        f"COCOTB_RANDOM_SEED={cocotb.seed(spec)}", f"VERIREASON_NONCE={nonce}",
    )  # fmt: skip


def _key(candidate: Candidate, spec: Spec, *, image: str) -> str:
    return verilog.content_key(candidate, spec, image=f"{image} verilator")
