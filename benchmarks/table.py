"""All speed figures of the farm in one table, as the README shows it: `make bench`.

    python benchmarks/table.py [--root VERILOG_EVAL_V2] [--human-eval HUMAN_EVAL] [--runs 5]

Each row is a ratio between two ways that took turns on this host. Without --root the rows on VerilogEval's references
are left out, without --human-eval those on Python, and said so. A busy host spoils the figures: run it alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import cocotb_verdict, python_graders, throughput, verilator_verdict
from sim.boxes.docker import EngineUnavailable, open_engine
from sim.farm import open_farm
from sim.image import installed_image
from sim.verdict import Candidate, Spec
from verireason.data.generator import generate

NUM_CANDIDATES = 400
DUPLICATES = 0.3


def rows(root: Path | None, human_eval: Path | None, *, num_runs: int) -> Iterator[tuple[str, str, str]]:
    """What, figure, ratio."""
    if root is not None:
        yield from _reference_rows(root, num_runs=num_runs)
    yield from _cocotb_rows(num_runs=4 * num_runs)
    yield from _verilator_rows()
    yield from _duplicate_rows(num_runs=num_runs)
    if human_eval is not None:
        yield from python_graders.rows(human_eval, num_runs=num_runs, num_boxes=2)


def _reference_rows(root: Path, *, num_runs: int) -> Iterator[tuple[str, str, str]]:
    cases = [("bubblewrap", 1), ("bubblewrap", 2), ("bubblewrap", 4)]
    cases += [("docker", 2)] if _has_engine() else []
    for box, num_boxes in cases:
        found = throughput.measure(root, box=box, num_boxes=num_boxes, num_runs=num_runs)
        yield (
            f"155 VerilogEval v2 references, `--box {box} --jobs {num_boxes}`, against bare `iverilog` and `vvp`",
            f"{found.ours_per_s:.1f} against {found.bare_per_s:.1f} a second",
            f"{found.ratio:.2f}",
        )


def _has_engine() -> bool:
    try:
        open_engine().close()
    except EngineUnavailable:
        return False
    return True


def _cocotb_rows(*, num_runs: int) -> Iterator[tuple[str, str, str]]:
    image = installed_image()
    assert image is not None
    ours, theirs = [], []
    with open_farm(num_boxes=1, remember=False) as farm:
        cocotb_verdict.our_seconds(farm, turn=0)
        for turn in range(1, num_runs + 1):
            ours.append(cocotb_verdict.our_seconds(farm, turn=turn))
            theirs.append(cocotb_verdict.runner_seconds(image, turn=turn)[0])
    yield (
        f"a cocotb verdict, against cocotb's own runner (median of {num_runs})",
        f"{1000 * median(ours):.0f} ms against {1000 * median(theirs):.0f} ms",
        f"{median(theirs) / median(ours):.1f}",
    )


def _verilator_rows() -> Iterator[tuple[str, str, str]]:
    num = 5
    problems = list(generate(seed=11, split="train", num=num))
    with open_farm(num_boxes=1, remember=False) as farm:
        jobs = [verilator_verdict.our_job(each, image=farm.image) for each in problems]
        verilator_verdict.measure(farm.pool, jobs[:1])  # starts the box
        ours, _ = verilator_verdict.measure(farm.pool, jobs)
        plain, _ = verilator_verdict.measure(
            farm.pool, [verilator_verdict.plain_job(each, image=farm.image) for each in problems]
        )
    yield (
        f"a Verilator verdict, against plain `verilator --binary` and a run (median of {num})",
        f"{ours:.2f} s against {plain:.2f} s",
        f"{plain / ours:.1f}",
    )


def _duplicate_rows(*, num_runs: int) -> Iterator[tuple[str, str, str]]:
    pairs = _with_duplicates()
    figures: dict[str, list[float]] = {"each run": [], "equal ones once": [], "known from an earlier run": []}
    for _ in range(num_runs):
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "verdicts.sqlite"
            figures["each run"].append(_seconds(pairs, remember=False, path=None))
            figures["equal ones once"].append(_seconds(pairs, remember=True, path=path))
            figures["known from an earlier run"].append(_seconds(pairs, remember=True, path=path))
    slow = median(figures["each run"])
    for what, seconds in list(figures.items())[1:]:
        yield (
            f"{len(pairs)} generated tasks' candidates, {DUPLICATES:.0%} duplicates: {what}, against each one run",
            f"{len(pairs) / median(seconds):.0f} against {len(pairs) / slow:.0f} a second",
            f"{slow / median(seconds):.1f}",
        )


def _with_duplicates() -> list[tuple[Candidate, Spec]]:
    rng = Random(0)
    problems = list(generate(seed=3, split="train", num=round(NUM_CANDIDATES * (1 - DUPLICATES))))
    pairs = [(Candidate(source=each.golden), each.spec) for each in problems]
    pairs += rng.choices(pairs, k=NUM_CANDIDATES - len(pairs))
    rng.shuffle(pairs)
    return pairs


def _seconds(pairs: list[tuple[Candidate, Spec]], *, remember: bool, path: Path | None) -> float:
    with open_farm(num_boxes=2, remember=remember, cache_path=path) as farm:
        list(farm.judge(pairs[:2]))  # starts the boxes
        start = time.perf_counter()
        list(farm.judge(pairs))
        return time.perf_counter() - start


def main() -> int:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, help="a VerilogEval v2 checkout")
    parser.add_argument("--human-eval", type=Path, help="a human-eval checkout")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    if args.root is None:
        print("no --root: the rows on VerilogEval's references are left out", file=sys.stderr)
    if args.human_eval is None:
        print("no --human-eval: the rows on Python are left out", file=sys.stderr)
    print(f"{os.cpu_count()} cores, medians of {args.runs} runs unless said\n")
    print("| what | figures | ratio |\n|---|---|---|")
    for row in rows(args.root, args.human_eval, num_runs=args.runs):
        print("| " + " | ".join(row) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
