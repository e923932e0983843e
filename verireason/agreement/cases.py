"""Candidates for both sides to judge: goldens, mutants of goldens, failures made by hand, completions from a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random

from verireason.data.corpus import syntax_slip
from verireason.data.mutate import mutants
from verireason.evals.completions import CompletionFile
from verireason.problem import Completion, Problem
from verireason.templates import extract


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One candidate. Both sides get the same code, so that what is compared is the judging."""

    problem: Problem
    completion: Completion
    kind: str
    """Where it comes from: "golden", "mutant swap-operator", "made: width", "completion"."""
    code: str | None


def case(problem: Problem, sample: int, kind: str, source: str) -> Case:
    """A candidate of our own making."""
    completion = Completion(problem_id=problem.id, sample=sample, text=source)
    return Case(problem=problem, completion=completion, kind=kind, code=source if source.strip() else None)


def _inserted(text: str) -> Callable[[str, Random], str]:
    """A failure made by a few words before the last `endmodule`."""

    def make(golden: str, rng: Random) -> str:
        head, end, tail = golden.rpartition("endmodule")
        return f"{head}\n{text}\n{end}{tail}"

    return make


def _alone(text: str) -> Callable[[str, Random], str]:
    """A failure made of the first module's header and a few words: its outputs are never driven."""

    def make(golden: str, rng: Random) -> str:
        header = _HEADER.search(golden)
        return f"{header[0] if header else golden}\n{text}\nendmodule\n"

    return make


def _other_port(golden: str, rng: Random) -> str:
    found = _INPUT.search(golden)
    return golden if found is None else re.sub(rf"\b{found[1]}\b", f"{found[1]}_other", golden)


_HEADER = re.compile(r"\bmodule\s+\w+[^;]*;")
_INPUT = re.compile(r"\binput\b(?:\s+(?:wire|reg|logic|signed)\b)*\s*(?:\[[^\]]*\])?\s*(\w+)")
_WITHOUT_CLOCK = "module vr_sub(output reg o); always @(posedge clk) o <= 1; endmodule\n"
_ASYNCHRONOUS = "module vr_sub(output reg o); wire reset = 0; always @(posedge reset) o <= 1; endmodule\n"

ENDLESS = "endless"
MADE: dict[str, Callable[[str, Random], str]] = {
    "syntax": lambda golden, rng: syntax_slip(golden, rng)[0],
    "explicit cast": _inserted("typedef enum logic [1:0] {VR_A, VR_B} vr_t; vr_t vr_c; initial vr_c = 2'd1;"),
    "zero-size constant": _inserted("wire vr_d = 0'b1;"),
    "no sensitivities": _inserted("reg vr_e; always_comb vr_e = 1'b1;"),
    "no sensitivities, old style": _inserted("reg vr_f; always @(*) vr_f = 1'b1;"),
    "no sensitivities, and wrong": _alone("reg vr_e; always_comb vr_e = 1'b1;"),
    "wire assigned": _inserted("wire vr_b; always @(*) vr_b = 1'b1;"),
    "unknown module": _inserted("no_such_module u0 (.a(1'b0));"),
    "not its name": lambda golden, rng: re.sub(r"\bmodule\s+(\w+)", r"module \1_other", golden),
    "empty": lambda golden, rng: "",
    "unknown name": _inserted("wire vr_a = vr_no_such_name;"),
    "unknown clk": lambda golden, rng: _inserted("vr_sub vr_s();")(golden, rng) + _WITHOUT_CLOCK,
    "unknown name behind many": _inserted("".join(f"wire vr_n{i} = vr_none{i};" for i in range(30))),
    ENDLESS: _inserted("reg vr_z = 0; initial while (1) vr_z = ~vr_z;"),
    "port binding": _other_port,
    "declared twice": _inserted("wire vr_w; wire vr_w;"),
    "wrong, asynchronous reset": lambda golden, rng: _alone("vr_sub vr_s();")(golden, rng) + _ASYNCHRONOUS,
    "wrong": _alone(""),
    "width": _inserted("wire [3:0] vr_g = 8'hff; wire vr_h = vr_g[7];"),
    "a warning of an error": _alone("wire [3:0] vr_error = 0; wire vr_h = vr_error[7];"),
    "floating": lambda golden, rng: re.sub(r"\bassign\b[^;]*;", "", golden),
    "honest print": _inserted('initial $display("hello");'),
    "honest print of an error": _inserted('initial $display("no error");'),
    "parameter guard": _inserted('localparam VR_I = 8; initial if (VR_I < 1) begin $error("VR_I"); $finish; end'),
    "own time scale": lambda golden, rng: "`timescale 1ns/1ps\n" + golden,
    "own define": lambda golden, rng: "`define VR_J 1\n" + golden,
    "default_nettype": lambda golden, rng: "`default_nettype none\n" + golden,
    "own testbench": lambda golden, rng: (
        golden + '\nmodule vr_own_tb; initial begin #20 $display("done"); $finish; end endmodule\n'
    ),
    "stops itself": _inserted("initial #7 $finish;"),
    "random": _inserted("integer vr_k; initial vr_k = $random;"),
    "SystemVerilog functions": _inserted(
        "wire [31:0] vr_l = $clog2(9) + $bits(vr_m); wire [3:0] vr_m = $signed(2'b1);"
    ),
    "delayed": lambda golden, rng: re.sub(r"\bassign\s+(?=\w+\s*=)", "assign #1 ", golden),
}
"""Typical answers that are no mutation: failures for each of VerilogEval v2's letters, and honest oddities."""


def goldens(problems: Sequence[Problem]) -> list[Case]:
    """Each problem's own reference."""
    return [case(problem, 0, "golden", problem.golden) for problem in problems]


def every_kind(problems: Sequence[Problem], *, rng: Random, without: Collection[str] = ()) -> Iterator[Case]:
    """One candidate for each kind of MADE, on problems drawn for them."""
    kinds = [kind for kind in MADE if kind not in without]
    for sample, (kind, problem) in enumerate(zip(kinds, rng.choices(problems, k=len(kinds)), strict=True)):
        yield case(problem, sample, f"made: {kind}", MADE[kind](problem.golden, rng))


def mixed(problems: Sequence[Problem], *, num: int, rng: Random, first_sample: int = 0) -> Iterator[Case]:
    """Mutants, goldens and some of MADE, over all problems in turn; none is endless."""
    order: list[Problem] = []
    sources = cycle(("mutant", "mutant", "golden", "made", "mutant"))
    kinds = cycle(rng.sample([kind for kind in MADE if kind != ENDLESS], len(MADE) - 1))
    for sample in range(first_sample, first_sample + num):
        order = order or rng.sample(list(problems), len(problems))
        problem, kind = order.pop(), next(sources)
        source = problem.golden
        if kind == "mutant" and (found := mutants(source, rng=rng, limit=1)):
            kind, source = f"mutant: {found[0].kind}", found[0].source
        elif kind == "made":
            kind = next(kinds)
            kind, source = f"made: {kind}", MADE[kind](source, rng)
        yield case(problem, sample, kind, source)


def made(problems: Sequence[Problem], *, num: int, rng: Random) -> list[Case]:
    """`num` candidates: each kind of MADE once, then a mixture."""
    first = list(every_kind(problems, rng=rng))[:num]
    return first + list(mixed(problems, num=num - len(first), rng=rng, first_sample=len(first)))


def read_cases(completions: CompletionFile, problems: Sequence[Problem], *, num: int | None, rng: Random) -> list[Case]:
    """The candidates in a file of completions, or `num` of them drawn at random, in the file's order."""
    by_id = {problem.id: problem for problem in problems}
    found = []
    for completion in completions:
        problem = by_id[completion.problem_id]
        code = extract(completion.text, top=problem.spec.top, header=problem.header).code
        found.append(Case(problem=problem, completion=completion, kind="completion", code=code))
    if num is None or num >= len(found):
        return found
    return [found[place] for place in sorted(rng.sample(range(len(found)), num))]
