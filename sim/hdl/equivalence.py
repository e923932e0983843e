"""Whether a mutant is the golden after all, proven by Yosys and ABC; for trusted texts only.

The notion: take the three-valued (0, 1, x) model of both netlists, every register x at the start unless it has an
initial value, every input 0 or 1 and free to change at every step, clocks and asynchronous resets among them.
EQUIVALENT means that in every run each output bit of the mutant equals the golden's wherever the golden's is 0 or 1.
That is all that a testbench can hold against a mutant: an output that the golden leaves unknown before its reset is
nobody's to check, and states that no reset leads to do not count. Since a golden that never gets to known outputs
would make the claim empty, one run that makes all its outputs known at once must exist (twenty half periods are
tried).

Clocks are modelled as signals (`clk2fflogic`), so a wrong edge is a difference, and registers are compared by what
they do, not by name. Proofs are unbounded (IC3). A combinational loop, a net with two drivers or with none is an
error, because a solver takes a contradiction for a proof. What is not seen: event order within one time step (a race
between blocking assignments of two blocks), delays, and what `===` makes of x. Yosys also gets a variable wrong that
one block assigns in both ways, blocking and not; don't ask about such designs.

Only EQUIVALENT is a reason to leave a mutant out. DIFFERENT names a run in which the golden is known and the mutant
differs or is unknown; three-valued logic loses correlations, so the unknown may be a false alarm. UNKNOWN is
everything else: out of time, not synthesisable. Both stay in the denominator of a kill rate, which can only be
understated by that.
"""

from __future__ import annotations

import re
from enum import StrEnum

from sim.hdl.tools.yosys import Proof, abc_argv, parse_proof, prove_never_commands, script_argv
from sim.job import Job, JobResult, Limits, Status, Step


class Equivalence(StrEnum):
    """What was found out about a pair. Only EQUIVALENT is a proof."""

    EQUIVALENT = "EQUIVALENT"
    DIFFERENT = "DIFFERENT"
    UNKNOWN = "UNKNOWN"


PROOF_SECONDS = 5
NUM_HALF_PERIODS = 20
_LIMITS = Limits(cpu_s=10, wall_s=60, mem_mb=1024, output_kb=64, scratch_mb=64)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")

_READ = """\
read_verilog -sv {file}
hierarchy -check -top {top}
proc
flatten
opt_clean
memory_collect
memory_map -keepdc
check -assert
clk2fflogic
"""

# The miter's trigger is 1 when an output differs and the golden's is known; xprop turns the three-valued circuit into a
# two-valued one that carries a second rail for x. Inputs are two-valued in AIGER, so the assumptions that xprop makes
# about them hold already.
MITER = """\
design -copy-from gold -as gold {top}
design -copy-from gate -as gate {top}
miter -equiv -flatten -ignore_gold_x gold gate miter
delete miter/t:$scopeinfo
hierarchy -top miter
xprop -formal -assume-def-inputs miter
chformal -assume -remove
opt -keepdc
simplemap
techmap
opt -keepdc -fast
aigmap
opt_clean
write_aiger -zinit -miter -symbols miter.aig
"""
"""Makes `miter.aig` of the designs stashed as `gold` and `gate`; its one output is 1 where they differ."""

KNOWN = """\
cd {top}
select -set outputs o:*
sat -enable_undef -set-init-undef -set-def-inputs -seq {steps} -set-def-at {steps} @outputs -show @outputs -verify
"""
"""Ends well when some run of the present design makes all its outputs known at once."""


def plan_equivalence(*, golden: str, mutant: str, top: str, image: str) -> Job:
    """The job that compares two sources of the module `top`, which must have the same ports.

    Three steps: Yosys writes the miter, ABC proves it, Yosys looks for a run that makes the golden's outputs known.
    Raises ValueError when `top` is not a plain identifier.
    """
    if not _IDENTIFIER.fullmatch(top):
        raise ValueError(f"top module {top!r} is not a plain Verilog identifier")
    read_golden = _READ.format(file="golden.v", top=top)
    read_mutant = _READ.format(file="mutant.v", top=top)
    scripts = {
        "miter.ys": f"{read_golden}design -stash gold\n{read_mutant}design -stash gate\n{MITER.format(top=top)}",
        "known.ys": read_golden + KNOWN.format(top=top, steps=NUM_HALF_PERIODS),
    }
    return Job(
        image=image,
        files={"golden.v": golden.encode(), "mutant.v": mutant.encode()}
        | {name: text.encode() for name, text in scripts.items()},
        steps=(
            Step(argv=script_argv("miter.ys"), limits=_LIMITS),
            # ABC ends with an error when registers are left at its last command; what it printed is what counts.
            Step(
                argv=abc_argv(prove_never_commands("miter.aig", seconds=PROOF_SECONDS)),
                limits=_LIMITS,
                proceed_on=(0, 1),
            ),
            Step(argv=script_argv("known.ys"), limits=_LIMITS),
        ),
    )


def judge_equivalence(result: JobResult) -> Equivalence:
    """What the job of `plan_equivalence` found out. The farm's failure is UNKNOWN, too."""
    if result.failure is not None:
        return Equivalence.UNKNOWN
    miter, proof, known = result.steps
    if miter.status is not Status.EXITED or miter.code != 0 or proof.status is not Status.EXITED:
        return Equivalence.UNKNOWN
    match parse_proof(proof.stdout.decode(errors="replace")):
        case Proof.FAILS:
            return Equivalence.DIFFERENT
        case Proof.HOLDS if known.status is Status.EXITED and known.code == 0:
            return Equivalence.EQUIVALENT
        case _:
            return Equivalence.UNKNOWN
