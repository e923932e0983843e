"""The candidate's netlist as Verilog, to be simulated in the candidate's place.

What a design does beside being hardware does not survive synthesis: printing, ending the run, forcing, delays, what
an incomplete sensitivity list leaves out. The netlist is word-level (`proc`, `flatten`, no technology mapping): it
simulates about as fast as the source, and unknowns spread through it much as through the source.

A testbench that changes inputs at the clock edge itself races with the logic that the netlist has before its registers,
so a few goldens do not pass as netlists (VerilogEval v2: Prob066 and Prob139): try the golden first.

The text keeps the module's name and its ports with their names, widths and order, and initial values of registers. It
is hostile text still: its names are the candidate's.
"""

from __future__ import annotations

from dataclasses import dataclass

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
from sim.job import Job, JobResult, Limits, Status, Step
from sim.verdict import Spec

NETLIST_FILE = "netlist.v"
MAX_NETLIST_KB = 1024
_LIMITS = Limits(cpu_s=10, wall_s=60, mem_mb=1024, output_kb=64, scratch_mb=64)
_PRINT_LIMITS = Limits(cpu_s=5, wall_s=30, output_kb=MAX_NETLIST_KB)

_WRITE = f"""\
{CHECK_DRIVERS}rename -hide
write_verilog -noattr {NETLIST_FILE}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetlistText:
    """The netlist, or why there is none: exactly one of the two is there."""

    verilog: str | None
    why: str | None = None
    """One line about the candidate."""


def plan_netlist(candidate_source: str, spec: Spec, *, image: str) -> Job:
    """The job that writes the netlist of the module `spec.top`."""
    script = reading_commands(spec.top) + _WRITE
    return Job(
        image=image,
        server=SERVER,
        files={**candidate_files(candidate_source), "netlist.ys": script.encode()},
        steps=(
            *candidate_steps(spec),
            Step(argv=script_argv("netlist.ys"), limits=_LIMITS),
            Step(argv=("cat", NETLIST_FILE), limits=_PRINT_LIMITS),
        ),
    )


def judge_netlist(result: JobResult) -> NetlistText | None:
    """What the job of `plan_netlist` gave; None when the farm failed."""
    if result.failure is not None:
        return None
    failed = failed_step(result)
    if failed is not None:
        large = failed is result.steps[-1] and failed.status is Status.OUTPUT_LIMIT
        return NetlistText(
            verilog=None, why=f"the netlist is larger than {MAX_NETLIST_KB} KiB" if large else reason(failed)
        )
    return NetlistText(verilog=result.steps[-1].stdout.decode(errors="replace"))
