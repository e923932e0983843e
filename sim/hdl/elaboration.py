"""How Yosys is made to read a candidate as Icarus does: the same macros, no attributes, no comments.

Yosys has languages of its own beside Verilog, and honest-looking text can use them to be one design for the simulator
and another for the synthesiser. Closed here, before Yosys sees the text:

* the guard reads it first, as for a simulation: what it neutralises there (`$finish`, `$error`) is gone here, too;
* macros: Icarus's preprocessor runs first, so `ifdef YOSYS`, `ifdef SYNTHESIS` and `ifdef __ICARUS__` choose what they
  choose in simulation, and a text that includes a file is the text that was simulated;
* comments: `synopsys translate_off`, `full_case` and their like are gone with all other comments;
* attributes: `keep`, `blackbox`, `full_case`, `anyconst`, `init`, `techmap_...` are gone with all other attributes.

And by how Yosys is called: empty modules are not black boxes, internal cells cannot be named, cells that print, assert
or assume are deleted, an input that a solver may choose (`$anyconst`, `rand`) is an error, and `a === 1'bx` is what it
is in hardware: never true. (Left to itself Yosys may take it for true, and all that hangs on it away.)

What remains is that both tools read the same text differently. Yosys ignores delays and sensitivity lists, takes an x
in a `case` item for a wildcard, and does not find names of other modules (`u.net`). Such a design is smaller than what
was simulated. Only a simulation of the netlist sees that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sim.hdl.verilog_testbench import CANDIDATE_FILE, MAX_SOURCE_KB, SUBMITTED_FILE, guard_step
from sim.job import JobResult, Limits, Status, Step, StepResult
from sim.verdict import Spec

SERVER = "parser"
"""Where the guard waits."""
DESIGN_FILE = "design.sv"
"""The candidate after `preprocessing_steps`."""
MAX_REASON = 200
"""Characters of a tool's message that are kept; the names in it are the candidate's."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_CONFLICT = re.compile(r"(?:conflicting drivers for |rivers conflicting with a constant)")
_LIMITS = Limits(cpu_s=5, wall_s=30, mem_mb=512, output_kb=16, scratch_mb=64)

# One pass over the tokens that can hide another's beginning; every quantifier is possessive, so time is linear. A `(*)`
# is an event, not an attribute. Yosys refuses a latch in an `always_comb`, which Icarus doesn't mind and six goldens of
# VerilogEval have; in an `always @*` it counts as the latch that it is.
_STRIP = (
    r's{("(?:\\.|[^"\\\n])*+"|\\\S++)|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/'
    r'|\(\*(?!\s*+\))(?:"(?:\\.|[^"\\])*+"|[^*"]|\*(?!\)))*+\*\)|(?<![\w\$])(always_comb)(?![\w\$])}'
    r'{defined $1 ? $1 : defined $2 ? "always @*" : " "}gse'
)

_READ = """\
read_verilog -sv -nodpi -nosynthesis -noblackbox -nodisplay -noassert -noassume -norestrict {file}
hierarchy -check -top {top}
proc
flatten
delete t:$print t:$check t:$assert t:$assume t:$cover t:$live t:$fair t:$scopeinfo
select -assert-none t:$any* t:$all* t:$initstate t:$future_ff t:$specify* t:$specrule t:$ff t:$_FF_
techmap -map {hardware} t:$eqx t:$nex
select -assert-none t:$eqx t:$nex
opt_clean
"""

CHECK_DRIVERS = """\
logger -werror "conflicting drivers for |rivers conflicting with a constant"
tribuf -merge
check
"""
"""Yosys commands that fail on a net with two drivers, tri-state buses aside, and on an input that is driven."""

HARDWARE_FILE = "hardware.v"
HARDWARE = {
    HARDWARE_FILE: rb"""
(* techmap_celltype = "$eqx $nex" *)
module hardware_eqx (A, B, Y);
  parameter _TECHMAP_CELLTYPE_ = "";
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter [A_WIDTH-1:0] _TECHMAP_CONSTMSK_A_ = 0;
  parameter [A_WIDTH-1:0] _TECHMAP_CONSTVAL_A_ = 0;
  parameter [B_WIDTH-1:0] _TECHMAP_CONSTMSK_B_ = 0;
  parameter [B_WIDTH-1:0] _TECHMAP_CONSTVAL_B_ = 0;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  localparam never = ^(_TECHMAP_CONSTVAL_A_ & _TECHMAP_CONSTMSK_A_) === 1'bx
                  || ^(_TECHMAP_CONSTVAL_B_ & _TECHMAP_CONSTMSK_B_) === 1'bx;
  generate
    if (never)
      assign Y = _TECHMAP_CELLTYPE_ == "$nex";
    else if (_TECHMAP_CELLTYPE_ == "$nex")
      assign Y = A_SIGNED && B_SIGNED ? $signed(A) != $signed(B) : A != B;
    else
      assign Y = A_SIGNED && B_SIGNED ? $signed(A) == $signed(B) : A == B;
  endgenerate
endmodule
"""
}
"""Goes with every job that reads a design: comparisons by `===` as hardware has them."""


def check_top(top: str) -> str:
    """The name, as it may stand in a script. Raises ValueError when it is not a plain identifier."""
    if not _IDENTIFIER.fullmatch(top):
        raise ValueError(f"top module {top!r} is not a plain Verilog identifier")
    return top


def candidate_files(source: str) -> Mapping[str, bytes]:
    """The candidate as it came, and what reading it needs.

    A text longer than `MAX_SOURCE_KB` is cut, and so does not parse.
    """
    return {**HARDWARE, SUBMITTED_FILE: source.encode(errors="replace")[: MAX_SOURCE_KB << 10] + b"\n"}


def candidate_steps(spec: Spec, *, drop: tuple[str, ...] = ()) -> tuple[Step, ...]:
    """Steps that make `DESIGN_FILE` of the candidate; `drop` is deleted before the first."""
    return replace(guard_step(spec), drop=drop), *preprocessing_steps(source=CANDIDATE_FILE, design=DESIGN_FILE)


def preprocessing_steps(*, source: str, design: str) -> tuple[Step, Step]:
    """Steps that make the file `design` of the file `source`."""
    preprocess = ("iverilog", "-g2012", "-E", "-o", design, source)
    strip = ("perl", "-0777", "-pi", "-e", _STRIP, design)
    return Step(argv=preprocess, limits=_LIMITS), Step(argv=strip, limits=_LIMITS)


def reading_commands(top: str, *, file: str = DESIGN_FILE) -> str:
    """Yosys commands that read a file as one flat module of word-level cells."""
    return _READ.format(file=file, top=check_top(top), hardware=HARDWARE_FILE)


def failed_step(result: JobResult) -> StepResult | None:
    """The first step that did not end well; None when all did."""
    return next((step for step in result.steps if step.status is not Status.EXITED or step.code != 0), None)


def reason(step: StepResult) -> str:
    """Why a step failed, in one short printable line; the words are a tool's about hostile text."""
    if step.status is not Status.EXITED:
        return f"the tool ended with {step.status}"
    if step.stdout.startswith(b'{"understood"'):
        return "the guard rejects it"
    log = (step.stderr + b"\n" + step.stdout).decode(errors="replace")
    lines = [line for line in log.split("\n") if line.strip()]
    if any("selection is not empty" in line for line in lines):
        return "it has cells that only a solver knows"
    if any(_CONFLICT.search(line) for line in lines):
        return "a net has more than one driver"
    told = next((line for line in lines if "ERROR" in line), lines[-1] if lines else "the tool gave no reason")
    return "".join(char if char.isprintable() else "?" for char in told.strip())[:MAX_REASON]
