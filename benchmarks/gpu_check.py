"""Everything once, on a GPU where there is one: a model from nothing, before and after, the time of a step by phase.

    python benchmarks/gpu_check.py [--out runs/gpu-check] [--steps 8] [--runs 1]

With a GPU it takes recipes/gpu-check.toml, without one recipes/gpu-check-cpu.toml, and the same commands. No network is
needed: `make gpu-check-pack` makes a folder with what such a machine lacks (docs/gpu-check.md). Exits with 3 when no
box can be made here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.training_steps import WAYS, measure, table
from sim.farm import FarmUnavailable, open_farm
from sim.image import ImageError
from sim.verdict import Outcome
from verireason.evals.judging import RECORDS
from verireason.records import read_records

REPOSITORY = Path(__file__).resolve().parents[1]


def main() -> int:
    """Print the figures as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/gpu-check"))
    parser.add_argument("--steps", type=int, default=8, help="of each run that is timed by phase")
    parser.add_argument("--runs", type=int, default=1)
    args = parser.parse_args()
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    recipe = REPOSITORY / "recipes" / ("gpu-check.toml" if gpu else "gpu-check-cpu.toml")
    box = usable_box()
    if box is None:
        return 3
    settings = [f"farm.box={box}", f"run.out={args.out}"]
    shutil.rmtree(args.out, ignore_errors=True)

    print(f"{gpu or 'no GPU'}, {os.cpu_count()} cores, box {box}, torch {torch.__version__}, {recipe.name}\n")
    print("| part | s |\n|---|---|")
    for part, seconds in parts(recipe, settings, args.out):
        print(f"| {part} | {seconds:.0f} |", flush=True)
    print("\n| | before | after |\n|---|---|---|")
    before, after = (rates(args.out / "eval" / label / RECORDS) for label in ("before", "after"))
    for split in before:
        print(f"| {split} | {before[split]} | {after[split]} |")
    timed = [*settings, f"grpo.max_steps={args.steps}", f"grpo.save_steps={args.steps}"]
    figures = measure(recipe, args.out, WAYS, num_runs=args.runs, settings=timed)
    print(f"\n{args.steps} steps, medians of {args.runs} runs\n\n{table(WAYS, figures)}")
    return 0


def usable_box() -> str | None:
    """The strongest box that can be made here; says so when it is not the default."""
    reasons = []
    for box in ("bubblewrap", "docker"):
        try:
            open_farm(box=box, num_boxes=1).close()
        except (FarmUnavailable, ImageError) as err:
            reasons.append(f"{box}: {err}")
            continue
        if reasons:
            print(f"gpu-check: --box {box}, since {reasons[0]}", file=sys.stderr)
        return box
    print(f"gpu-check: no box can be made here; {'; '.join(reasons)}", file=sys.stderr)
    return None


def parts(recipe: Path, settings: list[str], out: Path) -> Iterator[tuple[str, float]]:
    """The commands of `make demo`, with their wall seconds."""
    words = [word for setting in settings for word in ("--set", setting)]
    commands = {
        "fine-tuning": ["sft"],
        "evaluation before": ["eval", "--label", "before", "--model", str(out / "sft" / "model")],
        "GRPO": ["train"],
        "evaluation after": ["eval", "--label", "after", "--model", str(out / "model")],
    }
    for part, (command, *options) in commands.items():
        started = time.monotonic()
        argv = [sys.executable, "-m", "verireason", command, str(recipe), *words, *options]
        subprocess.run(argv, check=True, stdout=sys.stderr, cwd=REPOSITORY)
        yield part, time.monotonic() - started


def rates(path: Path) -> dict[str, str]:
    """Share of completions that pass, by split, with what it is of."""
    verdicts = defaultdict(list)
    for record in read_records(path):
        if record.outcome is not Outcome.UNJUDGED:
            verdicts[record.split].append(record.outcome is Outcome.PASS)
    return {split: f"{fmean(passed):.1%} of {len(passed)}" for split, passed in sorted(verdicts.items())}


if __name__ == "__main__":
    sys.exit(main())
