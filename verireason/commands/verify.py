"""`verireason verify`: judge completions that exist."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.course import check_fit
from sim.farm import BOXES
from sim.verdict import Checks, Level, Outcome, Simulator
from verireason.data.benchmarks import LOADERS, read_benchmark
from verireason.data.calibrate import calibrate
from verireason.data.jsonl import read_problems
from verireason.data.loaded import Loaded
from verireason.data.official import under_official_rule, with_official_defects
from verireason.errors import UserError
from verireason.evals.completions import CompletionFile
from verireason.evals.judging import farm_for_user, fresh_directory, judge_completions, write_problems, write_records
from verireason.evals.run_state import JudgingSettings, write_judging
from verireason.progress import ProgressLine
from verireason.records import Record


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--benchmark", metavar="NAME", help=f"one of: {', '.join(sorted(LOADERS))}")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the benchmark's directory, or hub to fetch it")
    parser.add_argument("--problems", type=Path, metavar="FILE", help="instead of a benchmark: problems as JSON lines")
    parser.add_argument(
        "--completions",
        required=True,
        type=Path,
        metavar="FILE",
        help="JSONL (problem_id or task_id, completion, sample), or TuRTLe's JSON",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where records.jsonl goes")
    add_farm_arguments(parser)
    add_check_arguments(parser)
    add_official_argument(parser)
    parser.add_argument("--no-cache", action="store_true", help="run equal jobs again instead of sharing their result")
    parser.add_argument("--skip-bad", action="store_true", help="leave out lines that cannot be read, and count them")


def add_farm_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of every command that opens a farm; `resolved_box` fills in what is left out."""
    parser.add_argument("--jobs", type=positive, metavar="N", help="boxes at the same time; all cores by default")
    parser.add_argument("--box", choices=BOXES, help="bubblewrap (default) and docker isolate; host only limits")


def add_official_argument(parser: argparse.ArgumentParser) -> None:
    """Of every command that judges a benchmark; `load_problems` reads it."""
    parser.add_argument(
        "--official",
        action="store_true",
        help="fail, too, what the benchmark's own harness fails beside wrong answers, for verdicts equal to published "
        "ones: VerilogEval v1 any warning, v2 the word error, a process without sensitivities, its own time limit",
    )


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """What is looked at beyond the testbench's answer; `chosen_checks` reads it."""
    parser.add_argument("--simulator", choices=tuple(Simulator), default=Simulator.ICARUS, help="whose answer counts")
    parser.add_argument("--also", choices=tuple(Simulator), help="a second simulator; reports where the two disagree")
    parser.add_argument(
        "--level",
        choices=tuple(Level),
        default=Level.SIMULATION,
        help="what a PASS asks for: the testbench, also of the synthesised netlist, and no formal counterexample",
    )
    parser.add_argument("--lint", action="store_true", help="ask Verilator's lint about what compiles")
    parser.add_argument("--synthesis", action="store_true", help="measure cells, depth, latches and loops with Yosys")
    parser.add_argument(
        "--waves",
        action="store_true",
        help="record the signals around the first difference; writes OUT/waves/*.vcd too",
    )


def chosen_checks(args: argparse.Namespace) -> Checks:
    """The checks that the arguments ask for. UserError for two that are one."""
    if args.also == args.simulator:
        raise UserError(f"--also {args.also} is the simulator that judges already; give another, or leave it out")
    return Checks(
        simulator=Simulator(args.simulator), second_simulator=Simulator(args.also) if args.also else None,
        level=Level(args.level), lint=args.lint, synthesis=args.synthesis, waves=args.waves,
    )  # fmt: skip


def positive(text: str) -> int:
    """A whole number from 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenBox:
    """What judges, after defaults."""

    name: str
    jobs: int
    """Boxes at the same time."""


def resolved_box(args: argparse.Namespace) -> ChosenBox:
    """The box that the arguments ask for; says on standard error what the host box does not isolate."""
    box = ChosenBox(name=args.box or BOXES[0], jobs=args.jobs or os.cpu_count() or 1)
    if box.name == "host":
        print(
            "verireason: --box host runs designs with your rights: files, network and processes are not isolated",
            file=sys.stderr,
        )
    return box


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when every completion was judged, 1 when some were not."""
    checks = chosen_checks(args)
    loaded = load_problems(args, checks)
    problems = {problem.id: problem for problem in loaded.problems}
    completions = CompletionFile(
        path=args.completions, known_ids=problems.keys(), left_out=loaded.left_out.keys(), skip_bad=args.skip_bad
    )
    wanted = completions.problem_ids()
    if not wanted:
        reason = completions.first_bad or f"all are of problems that cannot be judged: {_reasons(loaded)}"
        raise UserError(f"{args.completions}: no line can be used; the first: {reason}")
    fresh_directory(args.out)
    box = resolved_box(args)
    progress = ProgressLine()
    disagreements: list[str] = []
    with farm_for_user(box=box.name, num_boxes=box.jobs, remember=not args.no_cache, checks=checks) as farm:
        progress.show(f"running the references of {len(wanted)} problems")
        calibration = calibrate(farm, [problem for problem in problems.values() if problem.id in wanted])
        if args.official:
            calibration = with_official_defects(farm, calibration)
        write_problems(args.out, calibration)
        benchmark = args.benchmark or str(args.problems)
        write_judging(args.out, JudgingSettings(benchmark=benchmark, official=args.official, checks=checks))
        usable = (each for each in completions if each.problem_id not in calibration.left_out)
        records = _noting(disagreements, judge_completions(farm, calibration, usable))
        tally = write_records(args.out, records, watch=lambda tally: progress.show(tally.line()))
    progress.done()
    for problem_id, defect in calibration.defects.items():
        print(f"{problem_id}: {defect}")
    for problem_id, why in calibration.left_out.items():
        print(f"{problem_id} cannot be judged: {why}", file=sys.stderr)
    if completions.num_bad:
        print(f"{completions.num_bad} bad lines left out, the first: {completions.first_bad}", file=sys.stderr)
    if loaded.left_out:
        lines = f"{completions.num_left_out} lines of {len(loaded.left_out)} problems"
        print(f"{lines} that cannot be judged left out: {_reasons(loaded)}", file=sys.stderr)
    print(tally.line())
    if checks.second_simulator:
        print(f"{checks.simulator} and {checks.second_simulator} disagree on {len(disagreements)}", *disagreements[:20])
    if tally.num_unjudged:
        print(f"verireason: {tally.num_unjudged} completions were not judged; see their diagnostics", file=sys.stderr)
        return 1
    return 0


def _reasons(loaded: Loaded) -> str:
    """Why problems are left out, the most frequent reasons first."""
    counts = Counter(loaded.left_out.values()).most_common(3)
    more = len(set(loaded.left_out.values())) - len(counts)
    return "; ".join(f"{reason} ({count})" for reason, count in counts) + (f"; {more} more reasons" if more else "")


def load_problems(args: argparse.Namespace, checks: Checks) -> Loaded:
    """The problems that the arguments name. UserError for none, for two kinds, and for checks that do not fit them."""
    if (args.benchmark is None) == (args.problems is None) or (args.root is None) != (args.benchmark is None):
        raise UserError("give --benchmark NAME with --root DIR, or --problems FILE")
    if args.problems:
        loaded = Loaded(problems=list(read_problems(args.problems)))
    else:
        loaded = read_benchmark(args.benchmark, args.root)
    if args.official:
        loaded = under_official_rule(loaded, args.benchmark)
    for problem in loaded.problems:
        if problem.language == "python" and checks != Checks():
            raise UserError(
                f"{problem.id} is a Python problem; leave out what is about hardware: --simulator, --lint ..."
            )
        try:
            check_fit(problem.spec, checks)
        except ValueError as err:
            raise UserError(f"{problem.id}: {err}") from err
    return loaded


def _noting(disagreements: list[str], records: Iterable[Record]) -> Iterator[Record]:
    """The records; those on which two simulators disagree are noted as they pass."""
    for record in records:
        if record.second is not None and (record.second is Outcome.PASS) != record.passed:
            disagreements.append(f"{record.problem_id}/{record.sample}")
        yield record
