"""Groups with signal, and how many completions must be judged for the same held-out pass rate.

    python benchmarks/refill.py --seeds 0 1 2 --out runs/refill

Plain sampling against refill with a curriculum over families and levels, from the same fine-tuned model, on the
demo's families at two levels with a pass as the only reward, so that most groups of plain sampling pass or fail
whole. A step of plain sampling asks 16 problems and has signal in about 7 of them; one with refill asks until it has
8 with signal. Each run is evaluated on held-out problems as it goes. The comparison: plain sampling at its end, and
the other way at the last evaluation within SHARE of the completions that plain sampling had judged. Reads the runs
that are there; makes those that are not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

SHARE = 0.8
TASK = [
    "rubric={weights={correct=1.0}}", "data.levels=[1,2]", "eval.num=128", "eval.samples=2", "grpo.save_steps=8",
]  # fmt: skip
WAYS = {
    "plain": ["grpo.max_steps=32", "eval.every=8"],
    "refill": ["grpo.max_steps=24", "eval.every=4", "grpo.prompts_per_step=8", "grpo.refill_rounds=16"],
    "refill + curriculum": [
        "grpo.max_steps=40", "eval.every=4", "grpo.prompts_per_step=8", "grpo.refill_rounds=16",
        "curriculum={retire_after=3, retry_after=25}",
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a run came to, by evaluation."""

    live: float
    """Share of the groups that were trained on which had signal, over the run."""
    sampled_live: float
    """The same of all groups that were sampled."""
    points: list[tuple[int, float]]
    """Completions judged for training so far, and the held-out pass rate then."""


def main() -> int:
    """Print a table; exit code 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="recipes/demo.toml")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["plain", "refill + curriculum"])
    parser.add_argument("--out", type=Path, default=Path("runs/refill"))
    args = parser.parse_args()

    courses = {(way, seed): course(args, way, seed) for seed in args.seeds for way in args.ways}
    print("| way | seed | live groups trained on | live groups sampled | completions judged | held-out pass@1 |")
    print("|---|---|---|---|---|---|")
    for (way, seed), found in courses.items():
        judged, passed = end(courses, way, seed)
        print(f"| {way} | {seed} | {found.live:.1%} | {found.sampled_live:.1%} | {judged:,.0f} | {passed:.1%} |")
    for way in args.ways:
        ends = [end(courses, way, seed) for seed in args.seeds]
        judged, passed = (fmean(each) for each in zip(*ends, strict=True))
        print(f"{way}: held-out pass@1 {passed:.1%} after {judged:,.0f} completions, mean of {len(ends)} seeds")
    return 0


def course(args: argparse.Namespace, way: str, seed: int) -> Course:
    """The run of a way and a seed, made if it is not there."""
    start, out = args.out / f"sft-seed{seed}", args.out / f"{way.replace(' + ', '-')}-seed{seed}"
    if not (start / "sft" / "model").exists():
        verireason("sft", args.recipe, f"run.out={start}", f"run.seed={seed}")
    if not (out / "model").exists():
        (out / "sft").mkdir(parents=True, exist_ok=True)
        if not (out / "sft" / "model").exists():
            (out / "sft" / "model").symlink_to((start / "sft" / "model").resolve())
        resume = ["--resume"] if (out / "config.json").exists() else []
        verireason("train", args.recipe, f"run.out={out}", f"run.seed={seed}", *TASK, *WAYS[way], words=resume)
    return read(out / "metrics.jsonl")


def verireason(name: str, recipe: str, *settings: str, words: list[str] | None = None) -> None:
    """Run a command of the project."""
    sets = [word for each in settings for word in ("--set", each)]
    subprocess.run([sys.executable, "-m", "verireason", name, recipe, *sets, *(words or [])], check=True)


def read(path: Path) -> Course:
    """A run's course from its metrics."""
    steps: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    size = min(step["groups"]["asked"] for step in steps)  # a step that needed no refill has its groups alone
    judged, points = 0, []
    for step in steps:
        judged += step["num_judged"]
        if "heldout" in step:
            points.append((judged, step["heldout"]["pass"]))
    asked = sum(step["groups"]["asked"] for step in steps)
    return Course(
        live=fmean(min(size, step["groups"]["live"]) / size for step in steps),
        sampled_live=sum(step["groups"]["live"] for step in steps) / asked,
        points=points,
    )


def end(courses: dict[tuple[str, int], Course], way: str, seed: int) -> tuple[float, float]:
    """The evaluation that counts: the last one within the way's budget of completions."""
    budget = courses["plain", seed].points[-1][0] * (1.0 if way == "plain" else SHARE)
    return [point for point in courses[way, seed].points if point[0] <= budget][-1]


if __name__ == "__main__":
    sys.exit(main())
