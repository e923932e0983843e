"""What the metrics of a run say in words and in a table, for those who do not look at curves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from verireason.reports.panels import Metrics, find_series, panels_for

PHASES = {"generation": "generation", "farm": "waiting for verdicts", "update": "update"}
"""Names below time in metrics.jsonl."""
KINDS = ("live", "all_pass", "none_pass", "tied", "unjudged")
"""Names below groups in metrics.jsonl."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A field at both ends of a run."""

    panel: str
    label: str
    unit: str
    first: float
    """Mean of the first tenth of the steps that have it."""
    last: float
    """Mean of the last tenth."""
    low: float
    high: float


def trends(metrics: Metrics) -> list[Trend]:
    """One for each line that a curve is drawn of."""
    found = []
    for panel in panels_for(metrics):
        for line in panel.lines:
            if series := find_series(metrics, line.names):
                tenth = max(1, len(series.values) // 10)
                factor = 100 if panel.is_share or panel.is_small else 1
                values = [factor * value for value in series.values]
                found.append(
                    Trend(
                        panel=panel.title,
                        label=line.label,
                        unit=panel.unit,
                        first=fmean(values[:tenth]),
                        last=fmean(values[-tenth:]),
                        low=min(values),
                        high=max(values),
                    )
                )
    return found


def in_words(metrics: Metrics) -> list[str]:
    """Groups, time and farm over all steps, a sentence each; none of what the metrics lack.

    Example:
        in_words(metrics)[0]   # "Of 1,600 groups 62.4 % were live, 20.1 % all pass, 17.5 % none pass."
    """
    return [sentence for part in (_groups(metrics), _time(metrics), _judged(metrics)) for sentence in part]


def _groups(metrics: Metrics) -> Iterator[str]:
    num_asked = _total(metrics, "groups.asked")
    if num_asked:
        parts = [
            f"{_percent(share)} {'were ' if kind == 'live' else ''}{kind.replace('_', ' ')}"
            for kind in KINDS
            if (share := _total(metrics, f"groups.{kind}") / num_asked) or kind == "live"
        ]
        yield f"Of {num_asked:,.0f} groups {', '.join(parts)}."


def _time(metrics: Metrics) -> Iterator[str]:
    whole = _total(metrics, "time.step")
    if whole:
        parts = [f"{_percent(_total(metrics, f'time.{name}') / whole)} {words}" for name, words in PHASES.items()]
        num_steps = sum("time.step" in line for line in metrics)
        yield f"A step took {whole / num_steps:.1f} s: {', '.join(parts)}."


def _judged(metrics: Metrics) -> Iterator[str]:
    num_completions = _total(metrics, "num_completions")
    if not num_completions:
        return
    told = [line for line in metrics if "rejected" in line and "num_judged" in line]
    num_rejected = sum(round(line["rejected"] * line["num_judged"]) for line in told)
    rejected = f", and {num_rejected:,} were rejected for cheating" if told else ""
    num_unjudged = _total(metrics, "unjudged")
    yield f"Of {num_completions:,.0f} completions the farm could not judge {num_unjudged:,.0f}{rejected}."


def _total(metrics: Metrics, name: str) -> float:
    return sum(line.get(name, 0.0) for line in metrics)


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")
