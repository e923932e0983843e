"""Which fields of metrics.jsonl a report draws, and together with what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

Metrics = Sequence[Mapping[str, float]]
"""One entry a step: dotted names, finite numbers."""


KINDS_OF_GROUPS, WITHOUT_VARIANCE, HELD_OUT = "Groups by kind", "Groups without variance", "Held-out problems"


class Topic(StrEnum):
    """What panels stand together under."""

    REWARD = "Reward"
    GROUPS = "Groups and problems"
    ANSWERS = "Completions"
    FARM = "Time and farm"
    UPDATE = "Update"


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

    topic: Topic
    title: str
    unit: str
    lines: tuple[Line, ...]
    is_share: bool = False
    """Scale 0 to 100 %."""
    is_small: bool = False
    """In % as well, on a scale from 0 to as much as there is."""
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
        topic=Topic.REWARD,
        title="Reward",
        unit="mean of the step, ± 1 s.d.",
        lines=(Line(label="reward", names=("reward",), deviation=("reward_std",)),),
    ),
    Panel(
        topic=Topic.REWARD,
        title="Passing and compiling",
        unit="% of judged completions",
        is_share=True,
        lines=(Line(label="pass", names=("pass",)), Line(label="compile", names=("compile",))),
    ),
    Panel(
        topic=Topic.REWARD,
        title=HELD_OUT,
        unit="% that pass, in the course of training",
        is_share=True,
        lines=(Line(label="pass", names=("heldout.pass",)),),
    ),
    Panel(
        topic=Topic.GROUPS,
        title=KINDS_OF_GROUPS,
        unit="groups sampled for the step, stacked",
        is_stacked=True,
        lines=(
            Line(label="live", names=("groups.live",)),
            Line(label="all pass", names=("groups.all_pass",)),
            Line(label="none pass", names=("groups.none_pass",)),
            Line(label="tied", names=("groups.tied",)),
            Line(label="unjudged", names=("groups.unjudged",)),
        ),
    ),
    Panel(
        topic=Topic.GROUPS,
        title=WITHOUT_VARIANCE,
        unit="% of groups, rewards all alike",
        is_share=True,
        lines=(
            Line(label="all alike", names=("zero_variance", "frac_reward_zero_std")),
            Line(label="none passes", names=("none_pass",)),
            Line(label="all pass", names=("all_pass",)),
        ),
    ),
    Panel(
        topic=Topic.GROUPS,
        title="Rounds of refill",
        unit="of the step",
        is_count=True,
        lines=(Line(label="rounds", names=("refill_rounds",)),),
    ),
    Panel(
        topic=Topic.GROUPS,
        title="Completions judged",
        unit="for the step, dropped groups too",
        is_count=True,
        lines=(Line(label="judged", names=("num_judged",)),),
    ),
    Panel(
        topic=Topic.ANSWERS, title="Entropy", unit="nats a token", lines=(Line(label="entropy", names=("entropy",)),)
    ),
    Panel(
        topic=Topic.ANSWERS,
        title="Completion length",
        unit="tokens",
        lines=(Line(label="mean", names=("completion_length",)),),
    ),
    Panel(
        topic=Topic.ANSWERS,
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
        topic=Topic.ANSWERS,
        title="Attempts to cheat",
        is_small=True,
        unit="% of completions, rejected by the guard",
        lines=(Line(label="rejected", names=("rejected",)),),
    ),
    Panel(
        topic=Topic.ANSWERS,
        title="Structural similarity",
        unit="mean",
        lines=(Line(label="similarity", names=("similarity",)),),
    ),
    Panel(
        topic=Topic.FARM,
        title="Seconds a step",
        unit="stacked by phase",
        is_stacked=True,
        lines=(
            Line(label="generation", names=("time.generation", "seconds.generation")),
            Line(label="waited for the farm", names=("time.farm", "seconds.farm")),
            Line(label="update", names=("time.update", "seconds.update")),
        ),
    ),
    Panel(
        topic=Topic.FARM,
        title="Farm",
        unit="%",
        is_share=True,
        lines=(
            Line(label="busy, of the boxes' time", names=("farm.busy",)),
            Line(label="known, of the candidates", names=("farm.known",)),
        ),
    ),
    Panel(
        topic=Topic.FARM,
        title="Unjudged",
        unit="completions of the step",
        is_count=True,
        lines=(Line(label="unjudged", names=("unjudged",)),),
    ),
    Panel(
        topic=Topic.FARM,
        title="Staleness",
        unit="updates since the completions were written",
        lines=(Line(label="staleness", names=("staleness",)),),
    ),
    Panel(topic=Topic.UPDATE, title="Loss", unit="", lines=(Line(label="loss", names=("loss",)),)),
    Panel(
        topic=Topic.UPDATE, title="KL to the reference", unit="nats a token", lines=(Line(label="KL", names=("kl",)),)
    ),
    Panel(
        topic=Topic.UPDATE,
        title="Clipped tokens",
        unit="% of tokens",
        is_share=True,
        lines=(Line(label="low", names=("clip_low",)), Line(label="high", names=("clip_high",))),
    ),
    Panel(topic=Topic.UPDATE, title="Gradient norm", unit="", lines=(Line(label="norm", names=("grad_norm",)),)),
    Panel(topic=Topic.UPDATE, title="Learning rate", unit="", lines=(Line(label="rate", names=("learning_rate",)),)),
)
"""Drawn in this order when metrics.jsonl has the fields, with two values or more."""

MAX_LINES = NUM_COLOURS = 6
"""Reward terms or pools in one panel, and colours of the page."""
_UNDRAWN = {"step", "num_completions", "num_tokens", "time.step", "no_code", "groups.asked"}
"""Bookkeeping, or in another panel in other words."""


def panels_for(metrics: Metrics) -> list[Panel]:
    """The panels that the metrics have something for, the rubric's terms and the pools of problems among them."""
    terms = Panel(topic=Topic.REWARD, title="Reward terms", unit="means of the step", lines=_lines(metrics, "terms."))
    pools = Panel(
        topic=Topic.GROUPS,
        title="Pools of problems",
        unit="problems, stacked",
        is_stacked=True,
        lines=_lines(metrics, "pools."),
    )
    last = next(place for place, panel in enumerate(PANELS) if panel.topic is Topic.ANSWERS)
    panels = [*PANELS[:1], terms, *PANELS[1:last], pools, *PANELS[last:]]
    found = [panel for panel in panels if any(find_series(metrics, line.names) for line in panel.lines)]
    # The shares say less than the counts, which older runs lack.
    has_kinds = any(panel.title == KINDS_OF_GROUPS for panel in found)
    return [panel for panel in found if not (has_kinds and panel.title == WITHOUT_VARIANCE)]


def left_out(metrics: Metrics) -> list[str]:
    """Fields of metrics.jsonl that no panel draws."""
    lines = [line for panel in (*PANELS, *panels_for(metrics)) for line in panel.lines]
    drawn = {name for line in lines for name in (*line.names, *line.deviation)}
    return sorted(all_names(metrics) - drawn - _UNDRAWN)


def _lines(metrics: Metrics, prefix: str) -> tuple[Line, ...]:
    """A line for each field of that beginning, in the order of the file."""
    found = dict.fromkeys(name for entry in metrics for name in entry if name.startswith(prefix))
    return tuple(Line(label=name.removeprefix(prefix), names=(name,)) for name in [*found][:MAX_LINES])


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
