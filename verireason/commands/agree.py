"""`verireason agree`: our verdicts beside those of the benchmark's own harness, and why they differ where they do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

from verireason.agreement.cases import Case, goldens, made, read_cases
from verireason.agreement.compare import Compared, compare
from verireason.agreement.published import HARNESSES
from verireason.agreement.tables import markdown, to_csv
from verireason.commands.verify import add_farm_arguments, add_official_argument, positive, resolved_box
from verireason.data.benchmarks import read_benchmark
from verireason.data.calibrate import calibrate
from verireason.data.loaded import Loaded
from verireason.data.official import under_official_rule, with_official_defects
from verireason.errors import MissingError, UserError
from verireason.evals.completions import CompletionFile
from verireason.evals.judging import farm_for_user, fresh_directory, write_problems, write_records
from verireason.progress import ProgressLine
from verireason.records import Record

MARKDOWN, CSV = "agree.md", "agree.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--benchmark", required=True, metavar="NAME", help=f"one of: {', '.join(sorted(HARNESSES))}")
    parser.add_argument("--root", required=True, type=Path, metavar="DIR", help="the benchmark's directory")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--completions", type=Path, metavar="FILE", help="JSONL: problem_id (or task_id), completion")
    what.add_argument("--made", type=positive, metavar="N", help="N mutants of goldens and failures of every letter")
    what.add_argument("--goldens", action="store_true", help="the benchmark's own references: its ceiling")
    parser.add_argument("--num", type=positive, metavar="N", help="only so many of the completions, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn or made; 0 by default")
    parser.add_argument("--skip-bad", action="store_true", help="leave out lines that cannot be read, and count them")
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"where {MARKDOWN}, {CSV} and our records go")
    add_official_argument(parser)
    add_farm_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when every difference has a reason, 1 when one has none or a candidate was not judged."""
    if args.num and not args.completions:
        raise UserError("--num is about --completions; leave it out")
    if args.benchmark not in HARNESSES:
        known = ", ".join(sorted(HARNESSES))
        raise UserError(f"{args.benchmark} has no published rule that can be run here; agree knows {known}")
    loaded = read_benchmark(args.benchmark, args.root)
    published = HARNESSES[args.benchmark](args.root)
    if args.official:
        loaded = under_official_rule(loaded, args.benchmark)
    cases = _cases(args, loaded)
    if args.out:
        fresh_directory(args.out)
    box = resolved_box(args)
    progress = ProgressLine()
    with farm_for_user(box=box.name, num_boxes=box.jobs, use_cache=False) as farm:
        wanted = {case.problem.id: case.problem for case in cases}
        progress.show(f"running the references of {len(wanted)} problems")
        calibration = calibrate(farm, wanted.values())
        if args.official:
            calibration = with_official_defects(farm, calibration)
        judged = compare(farm, calibration, cases, published)
        if args.out:
            write_problems(args.out, calibration)
        compared = _written(judged, args.out, watch=lambda words: progress.show(f"{words}, of {len(cases)}"))
    progress.done()
    text = markdown(compared)
    if args.out:
        try:
            (args.out / MARKDOWN).write_text(text, encoding="utf-8")
            (args.out / CSV).write_text(to_csv(compared), encoding="utf-8")
        except OSError as err:
            raise MissingError(f"cannot write to {args.out}: {err.strerror}; make room and start again") from err
    print(text, end="")
    return int(any(item.is_unexplained or not item.record.judged for item in compared))


def _cases(args: argparse.Namespace, loaded: Loaded) -> list[Case]:
    """What both sides are to judge."""
    problems = loaded.problems
    rng = Random(f"{args.seed}/{args.benchmark}")
    if args.goldens:
        return goldens(problems)
    if args.made:
        return made(problems, num=args.made, rng=rng)
    completions = CompletionFile(
        path=args.completions,
        known_ids={problem.id for problem in problems},
        left_out=loaded.left_out.keys(),
        skip_bad=args.skip_bad,
    )
    cases = read_cases(completions, problems, num=args.num, rng=rng)
    if not cases:
        reason = completions.first_bad or "it is of a problem that cannot be judged"
        raise UserError(f"{args.completions}: no completion can be used; the first: {reason}")
    if completions.num_bad or completions.num_left_out:
        num = completions.num_bad + completions.num_left_out
        print(f"{num} completions left out, of problems that cannot be judged or bad", file=sys.stderr)
    return cases


def _written(judged: Iterable[Compared], out: Path | None, *, watch: Callable[[str], None]) -> list[Compared]:
    """Everything, judged; our records go to `out` as they come, and `watch` sees how far it got."""
    compared: list[Compared] = []
    num_different = 0

    def records() -> Iterator[Record]:
        nonlocal num_different
        for item in judged:
            compared.append(item)
            num_different += item.difference is not None
            watch(f"{num_different} differ in {len(compared)}")
            yield item.record

    if out is None:
        for _ in records():
            pass
    else:
        write_records(out, records())
    return compared
