"""The figures of a training run for one look: the newest step, and the course of the run as small curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from verireason.reports.follow import View
from verireason.reports.text import visible
from verireason.reports.training import KINDS, PHASES
from verireason.training.progress import seconds

Metrics = Sequence[Mapping[str, float]]

RECENT = 20
"""Steps that the time left is reckoned from."""
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the view."""

    label: str
    value: str
    course: Sequence[float]
    """Values over the run, for a curve; empty where there is none."""
    more: str


def headline(view: View) -> str:
    """Where the run stands, in a line."""
    now = view.metrics[-1]
    parts = [visible(view.name), f"step {now['step']:,.0f}" + (f" of {view.num_steps:,}" if view.num_steps else "")]
    if view.is_finished:
        return " · ".join([*parts, "finished"])
    durations = [taken for line in view.metrics[-RECENT:] if (taken := _step_s(line) + line.get("time.heldout", 0.0))]
    if view.num_steps and durations:
        parts.append(f"{seconds(max(0.0, view.num_steps - now['step']) * fmean(durations))} left")
    return " · ".join([*parts, f"last written {seconds(view.age_s)} ago"])


def one_line(view: View) -> str:
    """The newest step in one line, for logs."""
    fields = [f"{row.label} {row.value}" + (f" ({row.more})" if row.more else "") for row in rows(view.metrics)]
    return " | ".join([headline(view), *fields])


def rows(metrics: Metrics) -> list[Row]:
    """What the newest step came to, as far as its metrics tell, with the course of the run beside it."""
    now = metrics[-1]
    terms = {name: _plain for name in now if name.startswith("terms.")}
    pools = {name: _count for name in now if name.startswith("pools.")}
    found = [
        _row(metrics, "reward", "reward", _plain, _told(now, terms)),
        _row(metrics, "pass", "pass", _percent, _told(now, {"compile": _percent, "format": _percent})),
        _heldout(metrics),
        _groups(metrics),
        _row(metrics, "judged", "num_judged", _count, _told(now, {"refill_rounds": _count})),
        Row(label="pools", value="", course=(), more=_told(now, pools)) if pools else None,
        _row(metrics, "entropy", "entropy", _plain, _told(now, {"kl": _plain})),
        _row(metrics, "length", "completion_length", _plain, _told(now, {"truncated": _percent, "unique": _percent})),
        _row(metrics, "staleness", "staleness", _plain, ""),
        _time(metrics),
        _farm(metrics),
        _row(metrics, "cheating", "rejected", _percent, "rejected by the guard"),
        _row(metrics, "loss", "loss", _plain, _told(now, {"grad_norm": _plain, "learning_rate": _plain})),
    ]
    return [row for row in found if row is not None]


def spark(values: Sequence[float], cells: int) -> str:
    """A curve of block characters from the lowest to the highest value; each cell is a mean where there are more.

    Example:
        spark([0, 1, 2, 3], 24)   # "▁▃▆█"
    """
    cells = min(cells, len(values))
    bounds = [place * len(values) // cells for place in range(cells + 1)] if cells else []
    means = [fmean(values[bounds[place] : bounds[place + 1]]) for place in range(cells)]
    low, width = min(means, default=0.0), max(means, default=0.0) - min(means, default=0.0)
    return "".join(_BARS[round((mean - low) / width * (len(_BARS) - 1)) if width else 0] for mean in means)


def _row(metrics: Metrics, label: str, name: str, write: Callable[[float], str], more: str) -> Row | None:
    if name not in metrics[-1]:
        return None
    return Row(label=label, value=write(metrics[-1][name]), course=_values(metrics, name), more=more)


def _heldout(metrics: Metrics) -> Row | None:
    measured = [line for line in metrics if "heldout.pass" in line]
    if not measured:
        return None
    more = f"at step {measured[-1]['step']:,.0f}"
    return _row(measured, "held-out", "heldout.pass", _percent, more)


def _groups(metrics: Metrics) -> Row | None:
    now = metrics[-1]
    if "zero_variance" not in now and "groups.asked" not in now:
        return None
    if "groups.asked" not in now:  # an older run
        live = [1 - value for value in _values(metrics, "zero_variance")]
        more = _told(now, {"all_pass": _percent, "none_pass": _percent})
        return Row(label="groups", value=f"{_percent(live[-1])} live", course=live, more=more)
    counted = [line for line in metrics if line.get("groups.asked")]
    shares = [line.get("groups.live", 0.0) / line["groups.asked"] for line in counted]
    return Row(
        label="groups",
        value=f"{now.get('groups.live', 0.0):,.0f} of {now['groups.asked']:,.0f} live",
        course=shares,
        more=_told(now, {f"groups.{kind}": _count for kind in KINDS if kind != "live"}),
    )


def _time(metrics: Metrics) -> Row | None:
    now = metrics[-1]
    if not _step_s(now):
        return None
    phases = {f"time.{name}": words for name, words in {**PHASES, "heldout": "held-out problems"}.items()}
    more = ", ".join(f"{words} {now[name]:.1f} s" for name, words in phases.items() if name in now)
    course = [taken for line in metrics if (taken := _step_s(line))]
    return Row(label="time", value=f"{_step_s(now):.1f} s a step", course=course, more=more)


def _farm(metrics: Metrics) -> Row | None:
    now = metrics[-1]
    if "unjudged" not in now:
        return None
    unjudged = f"unjudged {now['unjudged']:,.0f} of {now.get('num_completions', 0.0):,.0f}"
    if "farm.busy" not in now:
        return Row(label="farm", value="", course=(), more=unjudged)
    more = ", ".join(filter(None, (_told(now, {"farm.known": _percent}), unjudged)))
    return _row(metrics, "farm", "farm.busy", lambda share: f"{_percent(share)} busy", more)


def _step_s(line: Mapping[str, float]) -> float:
    """Seconds of a step; 0 when it does not tell. Fine-tuning has another name for it."""
    return line.get("time.step", line.get("time.step_s", 0.0))


def _told(now: Mapping[str, float], fields: Mapping[str, Callable[[float], str]]) -> str:
    """Some fields of a step with their names, those that it has."""
    return ", ".join(
        f"{visible(name.partition('.')[2] or name).replace('_', ' ')} {write(now[name])}"
        for name, write in fields.items()
        if name in now
    )


def _values(metrics: Metrics, name: str) -> list[float]:
    return [line[name] for line in metrics if name in line]


def _plain(value: float) -> str:
    return f"{value:.3g}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _count(value: float) -> str:
    return f"{value:,.0f}"
