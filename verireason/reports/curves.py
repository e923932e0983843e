"""Training curves as SVG to be put into a page: drawn by matplotlib, coloured by the page's own variables."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.verdict import Outcome
from verireason.errors import MissingError
from verireason.evals.passk import PassAtK
from verireason.records import Record
from verireason.reports.panels import NUM_COLOURS, Metrics, Panel, Series, Topic, all_names, find_series, panels_for

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH_PX, HEIGHT_PX = 340, 190
MAX_POINTS = 400
"""Of a series; a longer run is drawn as means over several steps."""
SMOOTHING = 20
"""The heavy line is a mean over a twentieth of the steps."""

# matplotlib writes colours as it is given them: these stand for variables of the page and are replaced in the SVG.
_COLOURS = {
    "--ink-2": "#000001",
    "--rule": "#000002",
    **{f"--c{number}": f"#0000a{number}" for number in range(1, NUM_COLOURS + 1)},
    **{f"--{outcome}": f"#0001{index:02x}" for index, outcome in enumerate(Outcome)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One entry of a chart's key."""

    label: str
    colour: str
    """Name of the page's variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A drawn panel."""

    topic: Topic
    title: str
    unit: str
    key: tuple[Key, ...]
    svg: Markup
    """Trusted: made from numbers and our own words only."""


def draw_curves(metrics: Metrics, records: Iterable[Record]) -> list[Curve]:
    """The panels that have something to show; none without metrics. MissingError without matplotlib."""
    metrics = _binned(metrics)
    curves = [_curve(panel, metrics) for panel in panels_for(metrics)]
    by_step: dict[int, list[Record]] = {}
    for record in records:
        if record.step is not None:
            by_step.setdefault(record.step, []).append(record)
    if len(by_step) > 1:
        place = next((index for index, curve in enumerate(curves, start=1) if curve.title.startswith("Passing")), 0)
        curves.insert(place, _outcome_curve(by_step))
    return curves


def bin_width(num_steps: int) -> int:
    """How many steps one point of a curve stands for."""
    return -(-num_steps // MAX_POINTS)


def smooth(values: Sequence[float], window: int) -> list[float]:
    """Centred running mean; at the ends over what is there, so that no point is made up."""
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    half = window // 2
    spans = [(max(0, index - half), min(len(values), index + half + 1)) for index in range(len(values))]
    return [(sums[end] - sums[start]) / (end - start) for start, end in spans]


def _binned(metrics: Metrics) -> Metrics:
    """At most MAX_POINTS entries: means over as many steps as that takes."""
    width = bin_width(len(metrics)) if metrics else 1
    if width == 1:
        return metrics
    bins = [metrics[start : start + width] for start in range(0, len(metrics), width)]
    return [
        {name: _mean(entry[name] for entry in group if name in entry) for name in all_names(group)} for group in bins
    ]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


def _curve(panel: Panel, metrics: Metrics) -> Curve:
    found = [(line, series) for line in panel.lines if (series := find_series(metrics, line.names))]
    colours = [f"--c{1 + index % NUM_COLOURS}" for index in range(len(found))]

    def plot(axes: Any) -> None:
        if panel.is_stacked:
            steps = found[0][1].steps
            layers = [series.at(steps) for _, series in found]
            axes.stackplot(steps, *layers, colors=[_COLOURS[colour] for colour in colours], linewidth=0)
            return
        for (line, series), colour in zip(found, colours, strict=True):
            _plot_line(axes, series, _COLOURS[colour])
            if spread := find_series(metrics, line.deviation):
                both = list(zip(series.values, spread.at(series.steps), strict=True))
                low, high = [mean - width for mean, width in both], [mean + width for mean, width in both]
                axes.fill_between(series.steps, low, high, color=_COLOURS[colour], alpha=0.12, linewidth=0)

    key = tuple(Key(label=line.label, colour=colour) for (line, _), colour in zip(found, colours, strict=True))
    return Curve(
        topic=panel.topic,
        title=panel.title,
        unit=panel.unit,
        key=key if len(key) > 1 else (),
        svg=_draw(plot, name=panel.title, is_share=panel.is_share, is_small=panel.is_small, is_count=panel.is_count),
    )


def _plot_line(axes: Any, series: Series, colour: str) -> None:
    window = len(series.values) // SMOOTHING
    if window < 2:
        axes.plot(series.steps, series.values, color=colour, linewidth=1.6)
        return
    axes.plot(series.steps, series.values, color=colour, linewidth=0.7, alpha=0.3)
    axes.plot(series.steps, smooth(series.values, window), color=colour, linewidth=1.8)


def _outcome_curve(by_step: Mapping[int, Sequence[Record]]) -> Curve:
    """Shares of all outcomes, in at most 60 bins of steps."""
    steps = sorted(by_step)
    width = -(-len(steps) // 60)
    bins = [steps[start : start + width] for start in range(0, len(steps), width)]
    counts = [dict.fromkeys(Outcome, 0) for _ in bins]
    for index, group in enumerate(bins):
        for step in group:
            for record in by_step[step]:
                counts[index][record.outcome] += 1
    present = [outcome for outcome in Outcome if any(count[outcome] for count in counts)]
    centres = [sum(group) / len(group) for group in bins]
    layers = [[count[outcome] / sum(count.values()) for count in counts] for outcome in present]

    def plot(axes: Any) -> None:
        axes.stackplot(centres, *layers, colors=[_COLOURS[f"--{outcome}"] for outcome in present], linewidth=0)

    return Curve(
        topic=Topic.REWARD,
        title="Outcomes",
        unit="% of completions" + (f", means over {width} steps" if width > 1 else ""),
        key=tuple(Key(label=str(outcome), colour=f"--{outcome}") for outcome in present),
        svg=_draw(plot, name="Outcomes", is_share=True),
    )


def draw_heldout(title: str, points: Sequence[tuple[float, PassAtK]]) -> Curve:
    """pass@1 with its interval at the steps of the evaluations."""
    judged = [(step, rate) for step, rate in points if rate.estimate is not None]

    def plot(axes: Any) -> None:
        steps, means = [step for step, _ in judged], [rate.estimate for _, rate in judged]
        axes.vlines(steps, [rate.low for _, rate in judged], [rate.high for _, rate in judged], color=_COLOURS["--c1"])
        axes.plot(steps, means, color=_COLOURS["--c1"], linewidth=1.2, marker="o", markersize=4.5)

    return Curve(
        topic=Topic.REWARD,
        title=title,
        unit="pass@1 %, 95 % intervals",
        key=(),
        svg=_draw(plot, name=title, is_share=True, pad=0.03),
    )


def _draw(
    plot: Callable[[Any], None],
    *,
    name: str,
    is_share: bool,
    is_small: bool = False,
    is_count: bool = False,
    pad: float = 0.0,
) -> Markup:
    """One chart. Neither pyplot nor any other global state; the same numbers give the same bytes."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator, PercentFormatter
    except ImportError as err:
        raise MissingError(f"matplotlib cannot be imported ({err}); install it to draw training curves") from err
    style = {"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 10.5, "axes.linewidth": 0.8}
    with matplotlib.rc_context(style):
        # 72 points to the inch and one CSS pixel to the point: text comes out as large as the page's.
        figure = Figure(figsize=(WIDTH_PX / 72, HEIGHT_PX / 72), layout="constrained")
        axes = figure.add_subplot()
        plot(axes)
        axes.margins(x=pad)
        if is_share:
            axes.set_ylim(0, 1)
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))
        else:
            _steady_scale(axes)
            if is_small:
                axes.set_ylim(bottom=0)
                axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=""))
            else:
                axes.ticklabel_format(axis="y", style="sci", scilimits=(-3, 5))
                axes.yaxis.offsetText.set_color(_COLOURS["--ink-2"])
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=is_count))
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(_COLOURS["--rule"])
        axes.grid(axis="y", color=_COLOURS["--rule"], linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(length=0, colors=_COLOURS["--ink-2"], labelsize=10.5)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(file.getvalue(), name)


def _steady_scale(axes: Any) -> None:
    """From zero where nothing changes, so that rounding is not stretched over the whole height."""
    low, high = axes.dataLim.intervaly
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        axes.set_ylim(min(0.0, 2 * low), 2 * high if high > 0 else 1.0)


def _inline(svg: str, name: str) -> Markup:
    """SVG without prologue, metadata and fixed size, its colours as variables of the page."""
    from markupsafe import Markup

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    head = f'<svg viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" role="img" aria-label="{name}">'
    svg = re.sub(r"<svg [^>]*>", head, svg, count=1)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # the same in every chart; those of clip paths are not
    svg = re.sub(r"font-family: [^;]*; ?", "", svg)
    for variable, colour in _COLOURS.items():
        svg = svg.replace(colour, f"var({variable})")
    return Markup(svg)
