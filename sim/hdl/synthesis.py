"""What Yosys makes of a candidate: whether it is hardware, how large, how deep. Pure functions.

The measure is `synth` without ABC's own mapping, registers brought to plain flip-flops (enables and synchronous resets
become gates, so that their coding style costs nothing), then `abc -fast -g simple`: AND, OR, XOR, MUX and NOT, each
counted as one cell, as is each flip-flop and latch. Depth is the longest path through those gates, registers cut
(`ltp -noff`). The fast script gave equal numbers for four wordings of one design, for which the long one gave 44 and 49
cells. It stands for no technology; only the ratio to a golden that was measured alike means something.

Synthesisable means that Yosys reads it, that no net has two drivers (tri-state buses aside) and that every cell maps
to gates, within the limits. Yosys knows less SystemVerilog than Icarus, and a memory becomes flip-flops.

How a candidate is kept from being one design here and another in simulation: `sim.hdl.elaboration`, which also says
what that leaves open. So pay for area only where the netlist has been simulated (`Level.NETLIST`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from sim.hdl.elaboration import (
    CHECK_DRIVERS,
    SERVER,
    candidate_files,
    candidate_steps,
    failed_step,
    reading_commands,
    reason,
)
from sim.hdl.tools.yosys import script_argv
from sim.job import Job, JobResult, Limits, Step
from sim.verdict import Netlist, Spec, Synthesis

FACTS_FILE = "facts.txt"
CELLS_FILE = "cells.json"
_LIMITS = Limits(cpu_s=20, wall_s=120, mem_mb=1024, output_kb=64, scratch_mb=64)
_PRINT_LIMITS = Limits(cpu_s=5, wall_s=30, output_kb=256)

# Loops are counted in gates (a word-level carry chain looks like one) and before ABC, which cuts them.
_SYNTHESISE = """\
{check}synth -top {top} -flatten -noabc -noshare
tee -q -o {facts} scc
dfflegalize -cell $_DFF_?_ 01 -cell $_DFF_???_ 01 -cell $_DFFSR_???_ 01 -cell $_DLATCH_?_ 01 -cell $_DLATCH_???_ 01 \
-cell $_DLATCHSR_???_ 01 -cell $_SR_??_ 01
abc -fast -g simple
opt_clean -purge
tee -q -a {facts} ltp -noff
tee -q -o {cells} stat -json
"""

_GATE = re.compile(r"\$_[A-Z0-9_]+_")
_FLIP_FLOP = re.compile(r"\$_(DFF|DFFSR|FF)_")
_LATCH = re.compile(r"\$_(DLATCH|DLATCHSR|SR)_")
_LOOPS = re.compile(r"^Found ([0-9]{1,9}) SCCs\.$", re.MULTILINE)
_DEPTH = re.compile(r"^Longest topological path in \S+ \(length=([0-9]{1,9})\):$", re.MULTILINE)


def plan_synthesis(candidate_source: str, spec: Spec, *, image: str) -> Job:
    """The job that measures one source of the module `spec.top`: a candidate, or the golden under that name."""
    measuring = _SYNTHESISE.format(check=CHECK_DRIVERS, top=spec.top, facts=FACTS_FILE, cells=CELLS_FILE)
    script = reading_commands(spec.top) + measuring
    return Job(
        image=image,
        server=SERVER,
        files={**candidate_files(candidate_source), "synthesis.ys": script.encode()},
        steps=(
            *candidate_steps(spec),
            Step(argv=script_argv("synthesis.ys"), limits=_LIMITS),
            Step(argv=("cat", FACTS_FILE), limits=_PRINT_LIMITS),
            Step(argv=("cat", CELLS_FILE), limits=_PRINT_LIMITS),
        ),
    )


def judge_synthesis(result: JobResult, *, golden: Netlist | None = None) -> Synthesis | None:
    """What the job of `plan_synthesis` found out; None when the farm failed.

    Whatever ends the tools, a limit included, is the candidate's fault: it is not synthesisable.
    """
    if result.failure is not None:
        return None
    failed = failed_step(result)
    if failed is not None:
        return Synthesis(netlist=None, why=reason(failed), golden=golden)
    *_, facts, cells = (step.stdout.decode(errors="replace") for step in result.steps)
    return read_synthesis(facts=facts, cells=cells, golden=golden)


def read_synthesis(*, facts: str, cells: str, golden: Netlist | None = None) -> Synthesis:
    """The measure in the texts that the job prints. The names in them are the candidate's, and hold no spaces."""
    loops, depth = _LOOPS.search(facts), _DEPTH.search(facts)
    types = _cell_types(cells)
    if loops is None or depth is None or types is None:
        return Synthesis(netlist=None, why="the netlist could not be measured", golden=golden)
    if unmapped := [name for name in types if not _GATE.fullmatch(name)]:
        why = f"no gates for cells of type {unmapped[0][:40]}"
        return Synthesis(netlist=None, why=why, num_loops=int(loops[1]), golden=golden)
    netlist = Netlist(
        num_cells=sum(types.values()),
        num_flip_flops=sum(count for name, count in types.items() if _FLIP_FLOP.match(name)),
        num_latches=sum(count for name, count in types.items() if _LATCH.match(name)),
        depth=int(depth[1]),
    )
    return Synthesis(netlist=netlist, num_loops=int(loops[1]), golden=golden)


def _cell_types(cells: str) -> Mapping[str, int] | None:
    """Number of cells per type, without the notes that Yosys keeps as cells; None when the text is not Yosys's."""
    try:
        found = json.loads(cells)["design"]["num_cells_by_type"]
        return {str(name): int(count) for name, count in found.items() if name != "$scopeinfo"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
