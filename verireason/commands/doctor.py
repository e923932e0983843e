"""`verireason doctor`: what this host can run and isolate, by trying."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Iterator

from sim.doctor import Finding, State, examine

TRAINING_PACKAGES = ("torch", "transformers", "trl", "datasets")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when nothing that is needed is missing, else 3."""
    num_bad = 0
    for finding in findings():
        num_bad += finding.state is State.BAD
        print(f"{finding.state:8} {finding.subject}: {finding.found}", flush=True)
        if finding.remedy:
            print(f"{'':8}   to mend it: {finding.remedy}")
    print("ready" if num_bad == 0 else f"{num_bad} needed things are missing")
    return 3 if num_bad else 0


def findings() -> Iterator[Finding]:
    """The farm's, then whether the training extra is installed (without importing it)."""
    yield from examine()
    absent = [name for name in TRAINING_PACKAGES if importlib.util.find_spec(name) is None]
    if absent:
        yield Finding(
            subject="training", state=State.LIMITED, found=f"{', '.join(absent)} not installed; verify and report work",
            remedy="pip install -e '.[train]' -c constraints.txt",
        )  # fmt: skip
    else:
        yield Finding(subject="training", state=State.GOOD, found="torch, transformers, trl and datasets are installed")
