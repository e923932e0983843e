"""`verireason data convert-codev` and `verireason data ingest`: what has to be done to a data set once, on the farm."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from verireason.errors import MissingError, UserError
from verireason.problem import Problem
from verireason.progress import ProgressLine

_MAX_SHOWN = 20


def add_convert_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of convert-codev, but for the farm's."""
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="with codev_r1_rl_*.parquet")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSONL, named codev-r1*.jsonl to load")


def add_ingest_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ingest, but for the farm's."""
    parser.add_argument("--benchmark", required=True, metavar="NAME", help="a data set whose designs a model wrote")
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="its directory")
    parser.add_argument("--num", type=int, metavar="N", help="only the first N problems")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="problems that are sound, as JSON lines"
    )


def run_convert(args: argparse.Namespace) -> int:
    """Exit code 0 when every row was converted, 1 when some were not plain data."""
    from verireason.commands.verify import resolved_box
    from verireason.data.codev_r1 import convert
    from verireason.evals.judging import farm_for_user

    _refuse_existing(args.out)
    box = resolved_box(args)
    num, wrong = 0, []
    with farm_for_user(box=box.name, num_boxes=box.jobs, use_cache=False) as farm:
        try:
            with _part(args.out).open("w", encoding="utf-8") as file:
                for row in convert(farm, args.root):
                    if row.line is None:
                        wrong.append(f"{row.where}: {row.wrong}")
                    else:
                        file.write(json.dumps(row.line) + "\n")
                        num += 1
            _part(args.out).rename(args.out)
        except OSError as err:
            raise MissingError(f"cannot write {args.out}: {err.strerror}") from err
    for line in wrong[:_MAX_SHOWN]:
        print(f"verireason: {line}", file=sys.stderr)
    print(f"{num} rows in {args.out}, {len(wrong)} left out")
    return 1 if wrong else 0


def run_ingest(args: argparse.Namespace) -> int:
    """Exit code 0; how many problems were dropped, and why, is printed."""
    from verireason.commands.verify import resolved_box
    from verireason.data.benchmarks import read_benchmark
    from verireason.data.ingest_designs import ingest_designs, is_draft
    from verireason.data.jsonl import write_problems
    from verireason.evals.judging import farm_for_user

    _refuse_existing(args.out)
    loaded = read_benchmark(args.benchmark, args.root)
    drafts = [problem for problem in loaded.problems if is_draft(problem)][: args.num]
    if not drafts:
        raise UserError(f"{args.benchmark} has no problems that a model wrote; use it by --benchmark as it is")
    box = resolved_box(args)
    reasons = Counter(loaded.left_out.values())
    progress = ProgressLine()

    def sound() -> Iterator[Problem]:
        for number, proven in enumerate(ingest_designs(farm, drafts), start=1):
            progress.show(f"{number} of {len(drafts)} problems")
            if proven.defect is None:
                yield proven.problem
            else:
                reasons[proven.defect.partition(";")[0].partition(" (")[0]] += 1

    # Verdicts stay on disk: after an interruption the same command is soon where it was.
    with farm_for_user(box=box.name, num_boxes=box.jobs) as farm:
        num = write_problems(sound(), _part(args.out))
    progress.done()
    _part(args.out).rename(args.out)
    print(f"{num} of {len(drafts) + len(loaded.left_out)} problems in {args.out}; dropped:")
    for reason, count in reasons.most_common():
        print(f"{count:7} {reason}")
    return 0


def _part(path: Path) -> Path:
    """Where a file is written until it is whole."""
    return path.with_name(f"{path.name}.part")


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise UserError(f"{path} is there already, and nothing is overwritten; give another --out, or remove it")
