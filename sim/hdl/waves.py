"""Waves around the first difference of a MISMATCH: the same simulation once more, with a recorder beside the testbench.

Two pure functions around one job, as for a verdict. Waves explain a verdict and never decide one: a candidate that
behaves otherwise the second time spoils its own picture. What comes back is read in one pass, and its size is bounded
by the recorder, by the step's limits and by the counts below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sim.content import content_key
from sim.hdl import verilog_testbench
from sim.hdl.recorder import MAX_BITS, RING, STEPS_BEFORE, TOP, Signal, find_counters, find_signals, fit, recorder
from sim.hdl.verilog_testbench import Recorder
from sim.job import Job, JobResult
from sim.verdict import Candidate, Outcome, Spec, Verdict, Wave, Waves

OUTPUT_KB = RING * (MAX_BITS + 64) >> 10
"""What the recorder may add to the output."""
MAX_DIGITS = 1 << 16
"""Of all values in a window together: many wide signals get fewer changes."""
_WIDTHS = re.compile(r"^ Widths ([0-9]{1,9}(?: [0-9]{1,9})*)\s*$")
_WAVE = re.compile(rf"^ Wave ([0-9]{{1,19}}) ([01xz]{{1,{MAX_BITS}}})\s*$")
_MARK = re.compile(r"^ Mark ([0-9]{1,19})\s*$")
"""A moment that never came has twenty digits."""
_END = re.compile(r"^ End ([0-9]{1,19})\s*$")


def plan_waves(candidate: Candidate, spec: Spec, verdict: Verdict, *, image: str, secret: bytes) -> Job | None:
    """The job that records the waves of a MISMATCH; None when there is no difference to show or nothing to record."""
    if verdict.outcome is not Outcome.MISMATCH:
        return None
    time, signals = first_time(verdict), _signals(spec, verdict)
    mark = find_counters(spec.testbench) if time is None else time
    if mark == () or not signals:
        return None
    key = content_key(candidate, spec, image=image)
    names = verilog_testbench.fresh_names(key, secret=secret)
    beside = Recorder(top=names.fill(TOP).decode(), text=names.fill(recorder(signals, mark=mark)).decode())
    job = verilog_testbench.plan(candidate, spec, image=image, secret=secret, recorder=beside)
    if isinstance(job, Verdict):
        return None
    *steps, simulation = job.steps
    limits = replace(simulation.limits, output_kb=simulation.limits.output_kb + OUTPUT_KB)
    return replace(job, steps=(*steps, replace(simulation, limits=limits)))


def judge_waves(
    candidate: Candidate, spec: Spec, verdict: Verdict, result: JobResult, *, image: str, secret: bytes
) -> Waves | None:
    """The window in the result of `plan_waves`'s job; None when it does not show a difference."""
    if result.failure is not None or not result.steps:
        return None
    key = content_key(candidate, spec, image=image)
    evidence = verilog_testbench.fresh_names(key, secret=secret).evidence
    recorded = _read(result.steps[-1].stdout.decode(errors="replace"), evidence)
    return _window(_signals(spec, verdict), recorded) if recorded else None


def first_time(verdict: Verdict) -> int | None:
    """When the first difference was seen; None when the testbench does not say."""
    if verdict.first_failure is not None:
        return verdict.first_failure.time
    times = [output.first_time for output in verdict.outputs if output.num_mismatches and output.first_time is not None]
    return min(times, default=None)


def _signals(spec: Spec, verdict: Verdict) -> tuple[Signal, ...]:
    first = verdict.first_failure.signal if verdict.first_failure else None
    if first is None:
        first = next((each.name for each in verdict.outputs if each.num_mismatches), None)
    return fit(find_signals(spec.testbench, top=spec.top), first=first)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    widths: tuple[int, ...]
    changes: tuple[tuple[int, str], ...]
    mark: int
    end: int


def _read(output: str, evidence: str) -> _Recorded | None:
    """The recorder's lines; None when they are not whole. The candidate may have printed anything beside them."""
    widths: tuple[int, ...] = ()
    changes: list[tuple[int, str]] = []
    moment: int | None = None
    for line in output.split("\n"):
        _, mark, text = line.rpartition(evidence)
        if not mark:
            continue
        if found := _WIDTHS.match(text):
            widths, changes = tuple(map(int, found[1].split(" "))), []
        elif (found := _WAVE.match(text)) and len(changes) < RING and (not changes or int(found[1]) > changes[-1][0]):
            changes.append((int(found[1]), found[2]))
        elif found := _MARK.match(text):
            moment = int(found[1])
        elif changes and moment is not None and (found := _END.match(text)):
            return _Recorded(widths=widths, changes=tuple(changes), mark=moment, end=int(found[1]))
    return None


def _window(signals: Sequence[Signal], recorded: _Recorded) -> Waves | None:
    total, mark = sum(recorded.widths), recorded.mark
    if len(recorded.widths) != len(signals) or any(total > len(bits) for _, bits in recorded.changes):
        return None
    rows = [(time, _cut(bits, recorded.widths)) for time, bits in recorded.changes]
    max_rows = max(8, MAX_DIGITS // max(1, total))
    start = _first_row(rows, signals, mark=mark, max_before=max_rows * 3 // 4)
    rows = rows[start : start + max_rows]
    waves = tuple(
        Wave(name=each.name, role=each.role, width=width, changes=tuple(_changes(rows, index)))
        for index, (each, width) in enumerate(zip(signals, recorded.widths, strict=True))
    )
    values = {(wave.name, wave.role): wave.changes for wave in waves}
    pairs = [(values[name, "expected"], changes) for (name, role), changes in values.items()
             if role == "got" and (name, "expected") in values]  # fmt: skip
    if pairs and all(expected == got for expected, got in pairs):
        return None  # the candidate behaved otherwise this time
    return Waves(start=rows[0][0], end=max(recorded.end, rows[-1][0], mark), mark=mark, signals=waves)


def _cut(bits: str, widths: Sequence[int]) -> tuple[str, ...]:
    """The signals' values out of the lowest bits of a row."""
    values, place = [], len(bits) - sum(widths)
    for width in widths:
        values.append(bits[place : place + width])
        place += width
    return tuple(values)


def _first_row(
    rows: Sequence[tuple[int, tuple[str, ...]]], signals: Sequence[Signal], *, mark: int, max_before: int
) -> int:
    """Where the window starts: so many changes of inputs or reference before the mark."""
    steady = [index for index, signal in enumerate(signals) if signal.role != "got"] or range(len(signals))
    num_steps, place = 0, max((index for index, (time, _) in enumerate(rows) if time <= mark), default=0)
    first = max(0, place - max_before)
    while place > first and num_steps < STEPS_BEFORE:
        before, here = rows[place - 1][1], rows[place][1]
        num_steps += any(before[index] != here[index] for index in steady)
        place -= 1
    return place


def _changes(rows: Sequence[tuple[int, tuple[str, ...]]], index: int) -> Iterator[tuple[int, str]]:
    last = None
    for time, values in rows:
        if values[index] != last:
            last = values[index]
            yield time, last
