"""The cocotb verifier on Verilator: the same tests, evidence and conclusions as on Icarus.

What differs: see `sim.hdl.verilator_testbench` for Verilator's two states and for the search of the design as Verilator
understood it. Verilator itself refuses a design that drives its own input; that the golden's inputs are the design's is
asked of slang (`sim.inbox.ports`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sim.boxes.servers import COCOTB_ENVIRONMENT, LIBRARY, PACKAGES
from sim.content import content_key
from sim.hdl import cocotb_testbench as cocotb
from sim.hdl import verilator_testbench as verilated
from sim.hdl import verilog_testbench as verilog
from sim.hdl.testbench import REFERENCE_TOP
from sim.hdl.tools import cocotb_main, verilator
from sim.job import Job, JobResult, Status, Step, StepResult
from sim.verdict import Candidate, Diagnostic, Outcome, Severity, Simulator, Spec, Verdict

NAME = cocotb.NAME
_LIBRARIES = f"{PACKAGES}/cocotb/libs"
BUILD_OPTIONS = (
    "-I.", "-include", f"../{cocotb_main.NAME}",
    f"-L{_LIBRARIES}", f"-Wl,-rpath,{_LIBRARIES}", "-lcocotbvpi_verilator", "-lgpi", "-lverilated_vpi",
)  # fmt: skip


_RAW_TEXT = (
    r"""VL_DBG_MSGF\(" {9}(?!(?:'[a-z]+' region trigger index [0-9]+ is active: [^"\\]*|No triggers active)\\n"\);$)"""
)
"""Verilator copies what an `always` waits for into a string of the C++ as it is (PCRE: lines where that is more than
plain words). A string constant there could end the C++ string, or the line, and go on as code."""


def raw_text_argv(directory: str = verilator.DIRECTORY) -> tuple[str, ...]:
    """Looks for such strings in the C++; ends with 1 when there are none."""
    return ("grep", "-aohPrm1", _RAW_TEXT, directory, "--include=*.cpp")


def plan(candidate: Candidate, spec: Spec, *, image: str, secret: bytes) -> Job | Verdict:
    """The job that judges the candidate, or the verdict when there is nothing to run.

    Raises ValueError for a spec with a file that has a name of ours.
    """
    key = _key(candidate, spec, image=image)
    unfit = verilog.judge_source(candidate, spec, key)
    if unfit is not None:
        return unfit
    names = verilog.fresh_names(key, secret=secret)
    golden = {f"{names.prefix}golden": spec.reference.encode()} if spec.reference else {}
    files = cocotb.job_files(candidate, spec, {cocotb_main.NAME: cocotb_main.TEXT.encode(), **golden})
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
            *_ports_steps(spec, *golden),
            Step(argv=verilator.tree_argv(top=spec.top, files=sources), limits=tree, drop=tuple(golden)),
            Step(argv=search, limits=verilated.SEARCH_LIMITS, proceed_on=(1,)),
            Step(argv=verilator.verilate_for_cocotb_argv(top=spec.top, files=sources), limits=tree),
            Step(argv=raw_text_argv(), limits=verilated.SEARCH_LIMITS, proceed_on=(1,)),
            Step(argv=verilator.build_argv(*BUILD_OPTIONS), limits=build),
            Step(
                argv=(
                    *environment(modules=(cocotb.MODULE,), top=spec.top, seed=cocotb.seed(spec), nonce=names.evidence),
                    *verilator.simulate_argv(),
                ),
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
        return verilog.unjudged(spec, key, f"farm: {result.failure}")
    guarded, unpragmed, *ports, tree, searched, made, raw, built, tested = result.steps
    failed = next((step for step in (unpragmed, tree, made) if verilated.ended_badly(step)), None)
    if verilated.ended_badly(guarded):
        verdict = verilog.judge_guard(guarded, spec, key)
    elif not verilated.ended_badly(tree) and (searched.status is not Status.EXITED or searched.code != 1):
        verdict = verilated.judge_search(searched, spec, key)
    elif any(map(verilated.ended_badly, ports)):
        verdict = judge_ports(ports[0], spec, key)
    elif failed is not None:
        verdict = verilated.judge_compilation(failed, spec, key, prefix=cocotb_main.NAME)
    elif raw.status is not Status.EXITED or raw.code != 1:
        verdict = verilog.rejected(spec, key, "text of the design would stand in the program as it is")
    elif verilated.ended_badly(built):
        verdict = verilated.judge_compilation(built, spec, key, prefix=cocotb_main.NAME)
    else:
        notes = verilator.diagnostics(made.stderr.decode(errors="replace"), file=verilog.CANDIDATE_FILE)
        nonce = verilog.fresh_names(key, secret=secret).evidence
        verdict = cocotb.judge_run(tested, spec, key, nonce=nonce, notes=notes)
    return replace(verdict, findings=verilog.read_findings(guarded), cpu_s=result.cpu_s, wall_s=result.wall_s)


def _ports_steps(spec: Spec, golden: str = "") -> tuple[Step, ...]:
    """Whether the golden's inputs are inputs of the design; nothing to ask without a golden."""
    if not golden:
        return ()
    argv = ("ports", verilog.CANDIDATE_FILE, spec.top, golden, spec.top, REFERENCE_TOP)
    return (Step(argv=argv, limits=verilog.HELPER_LIMITS, warm=True),)


def judge_ports(step: StepResult, spec: Spec, key: str) -> Verdict:
    """The verdict on a design that lacks an input."""
    said = step.stdout.decode(errors="replace").strip()[: cocotb.MAX_MESSAGE]
    diagnostic = Diagnostic(severity=Severity.ERROR, message=said or "the design's inputs cannot be read")
    return Verdict(
        outcome=Outcome.MISMATCH, num_passed=0, num_tests=spec.num_checks, diagnostics=(diagnostic,), job_key=key
    )


def environment(*, modules: Sequence[str], top: str, seed: int, nonce: str) -> tuple[str, ...]:
    """`env` with what Python, cocotb and `sim.inbox.cocotb_evidence` read."""
    return (
        "env", f"PYTHONPATH={LIBRARY}:{PACKAGES}", *COCOTB_ENVIRONMENT,
        "PYGPI_USERS=sim.inbox.cocotb_evidence:run_tests", "COCOTB_TRUST_INERTIAL_WRITES=1",
        f"COCOTB_TEST_MODULES={','.join(modules)}", f"COCOTB_TOPLEVEL={top}",
        f"COCOTB_RANDOM_SEED={seed}", f"VERIREASON_NONCE={nonce}",
    )  # fmt: skip


def _key(candidate: Candidate, spec: Spec, *, image: str) -> str:
    return content_key(candidate, spec, image=f"{image} verilator")
