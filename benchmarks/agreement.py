"""Whether our verdicts equal those of the benchmarks' own harnesses, on goldens, mutants and typical failures.

    python benchmarks/agreement.py --shared DIR --num 400 --seed 0
    python benchmarks/agreement.py --shared DIR --completions FILE.jsonl --benchmark verilog-eval-v1-human

DIR holds the benchmarks' checkouts under their directory names. Every difference is printed with its reason; one
without a reason makes the exit code 1, and so does another number of mismatches. A difference is explained only by what
both harnesses said, never by its kind of case.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.published import Harness, PublishedVerdict, harnesses
from sim.farm import Farm, open_farm
from sim.verdict import Candidate, Outcome, Verdict
from verireason.data import rtllm, verilog_eval, verilog_eval_v1
from verireason.data.benchmarks import load_benchmark
from verireason.data.calibrate import Calibration, calibrate
from verireason.data.corpus import syntax_slip
from verireason.data.mutate import mutants
from verireason.evals.completions import CompletionFile
from verireason.problem import Problem
from verireason.templates import extract

DIRECTORIES = {
    verilog_eval_v1.HUMAN: "verilog-eval-v1",
    verilog_eval_v1.MACHINE: "verilog-eval-v1",
    verilog_eval.NAME: "verilog-eval-v2",
    verilog_eval.CODE_COMPLETE: "verilog-eval-v2",
    rtllm.NAME: "rtllm-v2",
}
"""Benchmark name to the directory of its checkout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One candidate."""

    problem: Problem
    kind: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What both sides said about one candidate."""

    case: Case
    ours: Verdict
    published: PublishedVerdict
    reason: str | None
    """Why they differ; None when they agree or nothing explains it."""

    @property
    def agrees(self) -> bool:
        """Whether both pass it or both fail it."""
        return self.ours.passed == self.published.passed

    @property
    def counts_differ(self) -> bool:
        """Whether both sides counted a full run's samples and found other numbers of mismatches."""
        found = _MISMATCHES.findall(self.published.output)
        if self.ours.num_passed is None or len(found) != 1 or int(found[0][1]) != self.ours.num_tests:
            return False
        return int(found[0][1]) - int(found[0][0]) != self.ours.num_passed


_MISMATCHES = re.compile(r"Mismatches: (\d+) in (\d+) samples")
_INPUT = re.compile(r"\binput\b(?:\s+(?:wire|reg|logic|signed)\b)*\s*(?:\[[^\]]*\])?\s*(\w+)")


def _inserted(text: str) -> Callable[[str, Random], str]:
    """A failure made by a few words before the last `endmodule`."""

    def make(golden: str, rng: Random) -> str:
        head, end, tail = golden.rpartition("endmodule")
        return f"{head}\n{text}\n{end}{tail}"

    return make


def _other_port(golden: str, rng: Random) -> str:
    found = _INPUT.search(golden)
    return golden if found is None else re.sub(rf"\b{found[1]}\b", f"{found[1]}_other", golden)


MADE: dict[str, Callable[[str, Random], str]] = {
    "syntax": lambda golden, rng: syntax_slip(golden, rng)[0],
    "unknown module": _inserted("no_such_module u0 (.a(1'b0));"),
    "unknown name": _inserted("wire vr_a = vr_no_such_name;"),
    "port binding": _other_port,
    "wire assigned": _inserted("wire vr_b; always @(*) vr_b = 1'b1;"),
    "explicit cast": _inserted("typedef enum logic [1:0] {VR_A, VR_B} vr_t; vr_t vr_c; initial vr_c = 2'd1;"),
    "zero-size constant": _inserted("wire vr_d = 0'b1;"),
    "no sensitivities": _inserted("reg vr_e; always_comb vr_e = 1'b1;"),
    "no sensitivities, old style": _inserted("reg vr_f; always @(*) vr_f = 1'b1;"),
    "width": _inserted("wire [3:0] vr_g = 8'hff; wire vr_h = vr_g[7];"),
    "floating": lambda golden, rng: re.sub(r"\bassign\b[^;]*;", "", golden),
    "not its name": lambda golden, rng: re.sub(r"\bmodule\s+(\w+)", r"module \1_other", golden),
    "honest print": _inserted('initial $display("hello");'),
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
    "empty": lambda golden, rng: "",
}
"""Typical answers that are no mutation: the failures that VerilogEval v2's analysis names, and honest oddities."""

_ENDLESS = _inserted("reg vr_z = 0; always vr_z = ~vr_z;")


def make_cases(problems: list[Problem], *, num: int, rng: Random, endless: bool) -> Iterator[Case]:
    """Candidates for one benchmark, most of them mutants; `endless` asks for one that never ends."""
    if endless:
        yield Case(problem=problems[0], kind="endless", source=_ENDLESS(problems[0].golden, rng))
        num -= 1
    order: list[Problem] = []
    kinds = cycle(("mutant", "mutant", "golden", "made", "mutant"))
    made = cycle(rng.sample(sorted(MADE), len(MADE)))
    for _ in range(num):
        order = order or rng.sample(problems, len(problems))
        problem, kind = order.pop(), next(kinds)
        source = problem.golden
        if kind == "mutant" and (found := mutants(source, rng=rng, limit=1)):
            kind, source = f"mutant {found[0].kind}", found[0].source
        elif kind == "made":
            kind = next(made)
            source = MADE[kind](source, rng)
        yield Case(problem=problem, kind=kind, source=source)


def read_cases(path: Path, problems: list[Problem], *, limit: int | None, rng: Random) -> list[Case]:
    """The candidates in a file of completions, or a sample of them."""
    by_id = {problem.id: problem for problem in problems}
    cases = []
    for completion in CompletionFile(path=path, known_ids=by_id.keys(), skip_bad=True):
        problem = by_id[completion.problem_id]
        code = extract(completion.text, top=problem.spec.top, header=problem.header).code
        cases.append(Case(problem=problem, kind=f"sample {completion.sample}", source=code or ""))
    return cases if limit is None or limit >= len(cases) else rng.sample(cases, limit)


def compare(farm: Farm, cases: Iterable[Case], published: dict[str, Harness]) -> Iterator[Compared]:
    """Judge each case in both ways."""
    listed = list(cases)
    calibration = calibrate(farm, {case.problem.id: case.problem for case in listed}.values())
    specs = [calibration.problems[case.problem.id].spec for case in listed]
    ours = farm.judge((Candidate(source=case.source), spec) for case, spec in zip(listed, specs, strict=True))
    jobs = (published[case.problem.id].job(case.source, image=farm.image) for case in listed)
    theirs = farm.pool.map(jobs)
    for case, verdict, result in zip(listed, ours, theirs, strict=True):
        said = published[case.problem.id].judge(result)
        reason = None if verdict.passed == said.passed else explain(case, verdict, said, calibration)
        yield Compared(case=case, ours=verdict, published=said, reason=reason)


def explain(case: Case, ours: Verdict, said: PublishedVerdict, calibration: Calibration) -> str | None:
    """The reason of a difference, out of what both sides said; None when there is none.

    That our guard rejected a candidate is no reason: whether it had to is for a person to see.
    """
    benchmark, words = case.problem.benchmark, " ".join(note.message for note in ours.diagnostics)
    if ours.outcome is Outcome.UNJUDGED:
        return None
    if ours.passed:
        if said.lenient and said.why == "warning":
            return "v1 fails what the compiler warns about; every sample agrees"
        if said.lenient and said.why == "no sensitivities":
            return "v2 fails an always_comb without inputs; every sample agrees"
        if said.lenient and said.why == "TIMEOUT":
            return "v2's testbench calls time-out with its own golden, too; every sample agrees"
        if said.lenient and said.why == "the word error":
            return "v2 fails a log with the word error in it; every sample agrees"
        if "break statements not supported" in said.output:
            return "RTLLM's testbench as published does not compile with Icarus 12"
        if "`default_nettype" in case.source and "ref.sv:" in said.output:
            return "the candidate's `default_nettype reaches the published reference, which then does not compile"
        if benchmark == rtllm.NAME and _extra_tops(case):
            return "a module of the candidate that nothing uses runs beside RTLLM's testbench and ends it"
        return None
    if case.problem.id in calibration.defects:
        return "the golden does not pass; so nothing can"
    if ours.outcome is Outcome.NO_CODE:
        return "no code"
    if re.search(r"Mismatches: 0 in \d+ samples", said.output) and "samples were compared; a full run has" in words:
        return "ends before the golden's number of samples"
    return None


def _extra_tops(case: Case) -> bool:
    modules = re.findall(r"^\s*module\s+(\w+)", case.source, re.MULTILINE)
    return any(len(re.findall(rf"\b{name}\b", case.source)) == 1 for name in modules if name != case.problem.spec.top)


def is_unexplained(item: Compared) -> bool:
    """Whether the verdicts differ without a reason, or the numbers of mismatches behind them do."""
    return item.counts_differ or (not item.agrees and item.reason is None)


def report(compared: list[Compared]) -> str:
    """The table and the list of differences."""
    titles = ("n", "both pass", "both fail", "differ", "unexplained", "counts differ")
    lines = [f"{'benchmark':<30}" + "".join(f"{title:>15}" for title in titles)]
    for benchmark in dict.fromkeys(item.case.problem.benchmark for item in compared):
        own = [item for item in compared if item.case.problem.benchmark == benchmark]
        differing = [item for item in own if not item.agrees]
        both = sum(item.agrees and item.ours.passed for item in own)
        unexplained = sum(item.reason is None for item in differing)
        counts = (len(own), both, len(own) - len(differing) - both, len(differing), unexplained)
        cells = (*counts, sum(item.counts_differ for item in own))
        lines.append(f"{benchmark:<30}" + "".join(f"{cell:>15}" for cell in cells))
    lines += [
        f"other counts: {item.case.problem.benchmark} {item.case.problem.id} {item.case.kind}"
        for item in compared
        if item.counts_differ
    ]
    differing = [item for item in compared if not item.agrees]
    reasons = Counter(item.reason or "UNEXPLAINED" for item in differing)
    lines += ["", "differences by reason:", *(f"{count:>6}  {reason}" for reason, count in reasons.most_common())]
    lines += ["", "differences:"]
    for item in differing:
        name = f"{item.case.problem.benchmark} {item.case.problem.id} {item.case.kind}"
        said = "pass" if item.published.passed else item.published.why
        lines.append(f"  {name}: ours {item.ours.outcome}, published {said}: {item.reason or 'UNEXPLAINED'}")
    return "\n".join(lines)


def made_agreement(farm: Farm, shared: Path, *, num: int, seed: int, endless: bool = True) -> list[Compared]:
    """About `num` made candidates over all benchmarks, judged in both ways."""
    found: list[Compared] = []
    for benchmark, directory in DIRECTORIES.items():
        problems = load_benchmark(benchmark, shared / directory)
        cases = make_cases(problems, num=num // len(DIRECTORIES), rng=Random(f"{seed}/{benchmark}"), endless=endless)
        found += compare(farm, cases, harnesses(benchmark, shared / directory))
    return found


def main() -> int:
    """Exit code 1 for a difference that nothing explains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR", help="where the benchmarks' checkouts are")
    parser.add_argument("--num", type=int, default=None, help="how many; all of a file, else 400")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="boxes at the same time")
    parser.add_argument("--completions", type=Path, metavar="FILE", help="judge these instead of made candidates")
    parser.add_argument("--benchmark", choices=sorted(DIRECTORIES), help="what the completions are of")
    args = parser.parse_args()
    if (args.completions is None) != (args.benchmark is None):
        parser.error("--completions and --benchmark go together")
    with open_farm(num_boxes=args.jobs) as farm:
        if args.completions is None:
            compared = made_agreement(farm, args.shared, num=args.num or 400, seed=args.seed)
        else:
            root = args.shared / DIRECTORIES[args.benchmark]
            problems = load_benchmark(args.benchmark, root)
            cases = read_cases(args.completions, problems, limit=args.num, rng=Random(args.seed))
            compared = list(compare(farm, cases, harnesses(args.benchmark, root)))
    print(report(compared))
    return int(any(is_unexplained(item) for item in compared))


if __name__ == "__main__":
    sys.exit(main())
