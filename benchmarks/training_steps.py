"""Steps of training a second, by how completions are judged: one after another, pooled, one step ahead, with the cache.

    python benchmarks/training_steps.py RECIPE --start RUN [--steps 12] [--runs 3] [--set KEY=VALUE]

RUN is a directory with what `verireason sft RECIPE --set run.out=RUN` made; it is left alone. Each way trains from it
with the same seed, in a process of its own; the ways take turns, and every other round goes backwards. Figures are
medians over rounds of a run's mean step. The first step and the last are left out: in the first two are written, in
the last none is. A busy host spoils the figures: run it alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import fmean, median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from verireason.config import Config, load_config


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to judge what a step wrote."""

    name: str
    steps_ahead: int = 0
    serial: bool = False
    remember: bool = False
    """Equal candidates are judged once, within the run."""


WAYS = (
    Way(name="serial", serial=True),
    Way(name="pooled"),
    Way(name="overlapped", steps_ahead=1),
    Way(name="overlapped + cache", steps_ahead=1, remember=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Means over the steps of a run, in wall seconds; `known` is a share of the completions."""

    step: float
    generation: float
    farm: float
    """Waited for verdicts."""
    update: float
    known: float

    @classmethod
    def of(cls, metrics: Path) -> Figures:
        """Those of a run's metrics.jsonl."""
        lines = [json.loads(line) for line in metrics.read_text().splitlines()][1:-1]
        times = {name: fmean(line["time"][name] for line in lines) for name in ("step", "generation", "farm", "update")}
        return cls(**times, known=fmean(line["farm"].get("known", 0.0) for line in lines))

    @classmethod
    def medians(cls, runs: Sequence[Figures]) -> Figures:
        """Field by field."""
        return cls(**{field.name: median(getattr(run, field.name) for run in runs) for field in fields(cls)})


def measure(recipe: Path, start: Path, ways: Sequence[Way], *, num_runs: int, settings: Sequence[str]) -> list[Figures]:
    """All ways in turn."""
    runs: dict[str, list[Figures]] = {way.name: [] for way in ways}
    for turn in range(num_runs):
        for way in ways[:: -1 if turn % 2 else 1]:
            with tempfile.TemporaryDirectory(prefix="verireason-steps-") as name:
                out = Path(name) / "run"
                shutil.copytree(start / "sft", out / "sft")
                config = load_config(recipe, [*settings, f"run.out={out}", f"grpo.steps_ahead={way.steps_ahead}"])
                # In a process of its own: threads, allocator and caches are those of a run that starts.
                process = multiprocessing.get_context("spawn").Process(target=train, args=(config, way))
                process.start()
                process.join()
                if process.exitcode:
                    raise RuntimeError(f"training {way.name} ended with {process.exitcode}")
                found = Figures.of(out / "metrics.jsonl")
            runs[way.name].append(found)
            print(f"  {way.name}: {found.step:.2f} s a step", file=sys.stderr, flush=True)
    return [Figures.medians(runs[way.name]) for way in ways]


def train(config: Config, way: Way) -> None:
    """One run."""
    from benchmarks.serial_reward import SerialFarm, SerialReward
    from sim.farm import Farm, open_farm
    from verireason.training import grpo
    from verireason.training.models import set_up_libraries
    from verireason.training.progress import Progress

    def farm(config: Config) -> Farm:
        """With no verdicts of other runs, which would make every way but the first fast."""
        found = open_farm(
            box=config.farm.box, num_boxes=config.farm.jobs or os.cpu_count() or 1, checks=config.checks,
            remember=way.remember, cache_path=Path(config.run.out) / "verdicts.sqlite",
        )  # fmt: skip
        return SerialFarm(found) if way.serial else found

    if way.serial:
        grpo.SimulationReward = SerialReward  # type: ignore[misc]
    set_up_libraries(threads=config.run.threads, needs_hub=False)
    with open(os.devnull, "w") as nowhere:
        grpo.start_grpo(config, progress=Progress(nowhere), open_farm=farm)


def table(ways: Sequence[Way], figures: Sequence[Figures]) -> str:
    """As Markdown, with ratios to the first way."""
    head = "| judged | steps/s | step s | of serial | generation s | waited s | update s | waited | known |"
    rows = [
        f"| {way.name} | {1 / each.step:.3f} | {each.step:.2f} | {each.step / figures[0].step:.2f} "
        f"| {each.generation:.2f} | {each.farm:.2f} | {each.update:.2f} "
        f"| {each.farm / each.step:.1%} | {each.known:.0%} |"
        for way, each in zip(ways, figures, strict=True)
    ]
    return "\n".join([head, "|---" * 9 + "|", *rows])


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--start", type=Path, required=True, help="a run directory in which sft is done")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    args = parser.parse_args()
    settings = [*args.set, f"grpo.max_steps={args.steps}", f"grpo.save_steps={args.steps}"]
    figures = measure(args.recipe, args.start, WAYS, num_runs=args.runs, settings=settings)
    print(f"{os.cpu_count()} cores, {args.steps} steps, medians of {args.runs} runs\n\n{table(WAYS, figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
