"""Kills a training run at random moments, resumes it each time, and compares it with the same run left alone.

    python benchmarks/training_kills.py recipes/tiny.toml --kills 20 --processes 2 --set grpo.refill_rounds=3

Without steps ahead everything must be equal: metrics, records, weights. With them the completions are written again by
other weights after a kill, so what must hold is that the prompts come in order and each record is there once. A kill
takes the whole process group with SIGKILL, at a moment drawn evenly from the first SHARE of a run's whole time. A run
that is done before there were enough kills is compared, and another is begun.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

START_S = 3.0
"""Seconds before which nothing but imports would be killed."""
SHARE = 0.6
NOISY = {"time", "farm", "cpu_s", "wall_s"}


def main() -> int:
    """Exit code 1 when a run that was killed came out otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", type=Path, default=Path("runs/kills"))
    args = parser.parse_args()
    shutil.rmtree(args.out, ignore_errors=True)
    alone, killed = args.out / "alone", args.out / "killed"

    subprocess.run(command(args, "sft", alone, processes=1), check=True)
    shutil.copytree(alone, args.out / "start")
    started = time.monotonic()
    subprocess.run(command(args, "train", alone), check=True, capture_output=True)
    whole_s = time.monotonic() - started

    rng, num_kills, differences = random.Random(args.seed), 0, list[str]()
    while num_kills < args.kills:
        shutil.rmtree(killed, ignore_errors=True)
        shutil.copytree(args.out / "start", killed)
        while not (killed / "model").exists():
            after_s = rng.uniform(START_S, START_S + SHARE * whole_s) if num_kills < args.kills else None
            num_kills += kill(command(args, "train", killed), after_s=after_s)
            print(f"kill {num_kills}: after step {len(lines(killed / 'metrics.jsonl'))}", flush=True)
        differences += compare(alone, killed, exact=not any("steps_ahead" in each for each in args.set))
    print(f"{num_kills} kills, runs of {len(lines(alone / 'metrics.jsonl'))} steps")
    print("\n".join(differences) or "no difference")
    return 1 if differences else 0


def command(args: argparse.Namespace, name: str, out: Path, processes: int | None = None) -> list[str]:
    """The command line of a run in `out`, to start it or to go on with it."""
    count = processes or args.processes
    many = ["-m", "torch.distributed.run", "--nproc-per-node", str(count)]
    launcher = [sys.executable, *(many if count > 1 else [])]
    resume = ["--resume", str(out)] if name == "train" and (out / "config.json").exists() else []
    settings = [word for each in [f"run.out={out}", *args.set] for word in ("--set", each)]
    return [*launcher, "-m", "verireason", name, args.recipe, *settings, *resume]


def kill(words: list[str], *, after_s: float | None) -> int:
    """Start, kill after so many seconds; 1 if there was still something to kill."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.5)  # the boxes die with their parent, a moment later
        return 1
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}: {' '.join(words)}")
    return 0


def compare(alone: Path, killed: Path, *, exact: bool) -> list[str]:
    """What differs, in words."""
    found = []
    runs = (alone, killed)
    records, metrics = ([lines(run / f"{name}.jsonl") for run in runs] for name in ("records", "metrics"))
    asked = [[(one["step"], one["problem_id"], one["sample"]) for one in each] for each in records]
    if asked[0] != asked[1]:
        found.append("prompts differ, or records are lost or doubled")
    if exact:
        weights = [(run / "model" / "model.safetensors").read_bytes() for run in runs]
        pairs = {"metrics": metrics, "records": records, "weights": weights}
        found += [f"{name} differ" for name, (one, other) in pairs.items() if one != other]
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    """Of a file of JSON lines, without what differs between any two runs."""
    if not path.exists():
        return []
    whole = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [
        {key: value for key, value in json.loads(line).items() if key not in NOISY}
        for line in whole
        if line.endswith("\n")
    ]


if __name__ == "__main__":
    sys.exit(main())
