"""Which fields of metrics.jsonl a report draws, and together with what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Metrics = Sequence[Mapping[str, float]]
"""One entry a step: dotted names, finite numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series of a panel."""

    label: str
    names: tuple[str, ...]
    """Fields of metrics.jsonl, the first one found is drawn."""
    deviation: tuple[str, ...] = ()
    """Fields with a standard deviation, drawn as a band of one to each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One small chart."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    is_share: bool = False
    """Scale 0 to 100 %."""
    is_stacked: bool = False
    is_count: bool = False
    """Ticks at whole numbers only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A field over the steps that have it."""

    steps: list[float]
    values: list[float]

    def at(self, steps: Iterable[float]) -> list[float]:
        """Values at other steps; 0 where there is none, as for a phase that a step did not have."""
        known = dict(zip(self.steps, self.values, strict=True))
        return [known.get(step, 0.0) for step in steps]


PANELS = (
    Panel(
        title="Reward",
        unit="mean of the step, ± 1 s.d.",
        lines=(Line(label="reward", names=("reward",), deviation=("reward_std",)),),
    ),
    Panel(
        title="Passing and compiling",
        unit="% of judged completions",
        is_share=True,
        lines=(Line(label="pass", names=("pass",)), Line(label="compile", names=("compile",))),
    ),
    Panel(
        title="Groups without variance",
        unit="% of groups, rewards all alike",
        is_share=True,
        lines=(
            Line(label="all alike", names=("zero_variance", "frac_reward_zero_std")),
            Line(label="none passes", names=("none_pass",)),
            Line(label="all pass", names=("all_pass",)),
        ),
    ),
    Panel(title="Entropy", unit="nats a token", lines=(Line(label="entropy", names=("entropy",)),)),
    Panel(title="Completion length", unit="tokens", lines=(Line(label="mean", names=("completion_length",)),)),
    Panel(
        title="Form",
        unit="% of completions",
        is_share=True,
        lines=(
            Line(label="follow the format", names=("format",)),
            Line(label="cut off by the limit", names=("truncated",)),
            Line(label="different answers", names=("unique",)),
        ),
    ),
    Panel(
        title="Seconds a step",
        unit="stacked by phase",
        is_stacked=True,
        lines=(
            Line(label="generation", names=("time.generation", "seconds.generation")),
            Line(label="farm", names=("time.farm", "seconds.farm")),
            Line(label="update", names=("time.update", "seconds.update")),
        ),
    ),
    Panel(title="KL to the reference", unit="nats a token", lines=(Line(label="KL", names=("kl",)),)),
    Panel(title="Loss", unit="", lines=(Line(label="loss", names=("loss",)),)),
    Panel(
        title="Clipped tokens",
        unit="% of tokens",
        is_share=True,
        lines=(Line(label="low", names=("clip_low",)), Line(label="high", names=("clip_high",))),
    ),
    Panel(title="Gradient norm", unit="", lines=(Line(label="norm", names=("grad_norm",)),)),
    Panel(title="Learning rate", unit="", lines=(Line(label="rate", names=("learning_rate",)),)),
    Panel(title="Structural similarity", unit="mean", lines=(Line(label="similarity", names=("similarity",)),)),
    Panel(
        title="Unjudged",
        unit="completions of the step",
        is_count=True,
        lines=(Line(label="unjudged", names=("unjudged",)),),
    ),
)
"""Drawn in this order when metrics.jsonl has the fields, with two values or more."""

MAX_TERMS = 6
"""Reward terms in one panel."""
_UNDRAWN = {"step", "num_completions", "num_tokens", "time.step", "no_code"}
"""Bookkeeping, or in another panel in other words."""


def panels_for(metrics: Metrics) -> list[Panel]:
    """The panels that the metrics have something for, one for the rubric's terms among them."""
    terms = sorted(name for name in all_names(metrics) if name.startswith("terms."))[:MAX_TERMS]
    lines = tuple(Line(label=term.removeprefix("terms."), names=(term,)) for term in terms)
    panels = [*PANELS[:1], Panel(title="Reward terms", unit="means of the step", lines=lines), *PANELS[1:]]
    return [panel for panel in panels if any(find_series(metrics, line.names) for line in panel.lines)]


def left_out(metrics: Metrics) -> list[str]:
    """Fields of metrics.jsonl that no panel draws."""
    lines = [line for panel in (*PANELS, *panels_for(metrics)) for line in panel.lines]
    drawn = {name for line in lines for name in (*line.names, *line.deviation)}
    return sorted(all_names(metrics) - drawn - _UNDRAWN)


def all_names(metrics: Metrics) -> set[str]:
    """Every field that any step has."""
    return {name for entry in metrics for name in entry}


def find_series(metrics: Metrics, names: Iterable[str]) -> Series | None:
    """The first of the fields that has two values or more."""
    for name in names:
        found = [entry for entry in metrics if name in entry]
        if len(found) > 1:
            return Series(steps=[entry["step"] for entry in found], values=[entry[name] for entry in found])
    return None
