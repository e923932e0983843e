"""What a report says in words: what it is about, what is missing, how the figures were made, where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from verireason.evals.passk import NUM_RESAMPLES
from verireason.records import Record
from verireason.reports.rates import BOOTSTRAP_SEED
from verireason.reports.samples import MAX_PER_PROBLEM, Sample
from verireason.reports.source import Source, flat

MAX_PROBLEMS = 1000
"""Rows of the table of problems."""


def summary(source: Source) -> str:
    """What was evaluated, in a line."""
    records = source.main.records
    num_problems = len({record.problem_id for record in records})
    parts = [
        _several("model", (record.model for record in records)),
        _several("benchmark", (record.benchmark for record in records)),
        f"{num_problems:,} problems, {len(records):,} completions",
    ]
    if source.training is not None:
        last_step = max((record.step or 0 for record in source.training.records), default=0)
        parts.append(f"{last_step:,} training steps, {len(source.training.records):,} training completions")
    return " · ".join(part for part in parts if part)


def _several(name: str, values: Iterable[object]) -> str:
    """ "model a", "models a, b", or nothing."""
    found = sorted({str(value) for value in values if value is not None})
    if not found:
        return ""
    shown = ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    return f"{name}{'s' if len(found) > 1 else ''} {shown}"


def notes(source: Source, shown: Sequence[Sequence[Sample]]) -> Iterator[str]:
    """What is left out or not known. `shown` has the samples of each problem, in or beyond the table."""
    num_records = sum(len(record_set.records) for record_set in source.compared)
    num_shown = sum(sample.num_copies for samples in shown[:MAX_PROBLEMS] for sample in samples)
    if num_shown < num_records:
        yield (
            f"Samples: the page shows {num_shown:,} of {num_records:,} completions, at most "
            f"{MAX_PER_PROBLEM} different ones for each problem and evaluation; all are in the files of records."
        )
    if len(shown) > MAX_PROBLEMS:
        yield f"Problems: the table has the first {MAX_PROBLEMS:,} of {len(shown):,}; the rates are over all."
    if source.defects is None:
        yield "Golden ceiling: not known, since no problems.json says which references fail their own test."


def judged_with(source: Source) -> str:
    """The program whose answers the rates and the ceiling stand on, with its version; empty when no record says.

    Example:
        judged_with(source)   # "Icarus Verilog 12.0"
    """
    settings = dict(flat(source.config or {}))
    simulators = {text(value).lower() for name, value in settings.items() if name.endswith("simulator")}
    tool, name = ("verilator", "Verilator") if "verilator" in simulators else ("iverilog", "Icarus Verilog")
    names = {"python": ("python", "Python"), "verilog": (tool, name)}
    found = set()
    for record in source.main.records:
        tool, name = names.get(record.language, names["verilog"])
        if tool in record.tools:
            found.add(f"{name} {record.tools[tool]}")
    return ", ".join(sorted(found))


def method(ks: Sequence[int]) -> str:
    """How the rates and their intervals are made."""
    names = ", ".join(f"pass@{k}" for k in ks)
    return (
        f"{names}: unbiased estimator (Chen et al. 2021) for each problem, averaged over problems. In brackets: 95 % "
        f"interval, Bayesian bootstrap over problems with Gaffke's end points, {NUM_RESAMPLES:,} resamples, seed "
        f"{BOOTSTRAP_SEED}; of differences the same, paired by problem. Unjudged completions, which the farm failed "
        "on, take no part in any rate and are counted beside it. A completion passes when every check of a full run "
        "agrees; of a Python program, when it passes every test."
    )


def provenance(source: Source) -> list[tuple[str, str]]:
    """Where the figures come from: a name and its value each; what nothing says is left out."""
    records = [record for record_set in source.record_sets for record in record_set.records]
    found = [
        (
            "Computed from",
            "; ".join(
                f"{each.path}, {len(each.records) + len(each.repairs):,} records, sha256 {each.digest}"
                for each in source.record_sets
            ),
        ),
        ("Models", _distinct(record.model for record in records)),
        ("Sampling seeds", _seeds(records)),
        ("Simulation image", _distinct(record.image for record in records)),
        ("Tools", _distinct(f"{name} {version}" for record in records for name, version in record.tools.items())),
        ("Configuration", _distinct(record.config for record in records)),
    ]
    return [(name, text) for name, text in found if text]


def _distinct(values: Iterable[str | None]) -> str:
    return ", ".join(sorted({value for value in values if value is not None}))


def _seeds(records: Iterable[Record]) -> str:
    seeds = sorted({record.seed for record in records if record.seed is not None})
    if len(seeds) > 8:
        return f"{len(seeds):,} seeds from {seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def text(value: object) -> str:
    """A setting as it is shown."""
    return "–" if value is None else str(value)
