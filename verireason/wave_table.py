"""A window of waves as a table: one column for each stretch of time without a change. Text and graphics draw it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from sim.verdict import Wave, Waves


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One signal over the columns."""

    name: str
    role: str
    width: int
    values: tuple[str, ...]
    """Binary digits, one value a column."""
    wrong: tuple[bool, ...]
    """For "got": whether it differs in that column from what is expected, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows over the same columns."""

    times: tuple[int, ...]
    """When each column starts."""
    end: int
    """When the last one ends."""
    mark: int
    """When the first difference was seen."""
    mark_column: int
    """The column whose values the failing check saw: at a clock edge, those from before it."""
    rows: tuple[Row, ...]


def wave_table(waves: Waves, *, max_columns: int) -> Table:
    """The table, of many columns those around the mark, one after it for three before. Linear in the window."""
    times = sorted({time for signal in waves.signals for time, _ in signal.changes if time >= waves.start})
    times = times or [waves.start]
    good = {signal.name: _values(signal, times) for signal in waves.signals if signal.role == "expected"}
    rows = []
    for signal in waves.signals:
        values = _values(signal, times)
        expected = good.get(signal.name) if signal.role == "got" else None
        wrong = tuple(map(differ, expected, values)) if expected else (False,) * len(times)
        rows.append(Row(name=signal.name, role=signal.role, width=signal.width, values=values, wrong=wrong))
    column = _mark_column(times, rows, waves.mark)
    start = max(0, min(column - max_columns * 3 // 4, len(times) - max_columns))
    stop = start + max_columns
    return Table(
        times=tuple(times[start:stop]),
        end=times[stop] if stop < len(times) else max(waves.end, times[-1]),
        mark=waves.mark,
        mark_column=column - start,
        rows=tuple(_cut(row, start, stop) for row in rows),
    )


def differ(expected: str, got: str) -> bool:
    """Whether a value is wrong where the expected one is known."""
    if len(expected) != len(got):
        return expected != got
    return any(good != own for good, own in zip(expected, got, strict=True) if good != "x")


def shown(value: str) -> str:
    """A value as it is read best: up to four bits binary, else hexadecimal, where a digit may be x or z.

    Example:
        shown("01x1"), shown("10100011"), shown("xxxx0011"), shown("x0100011")   # "01x1", "a3", "x3", "0bx0100011"
    """
    if len(value) <= 4:
        return value
    padded = value.rjust(-(-len(value) // 4) * 4, value[0] if value[0] in "xz" else "0")
    digits = [_digit(padded[place : place + 4]) for place in range(0, len(padded), 4)]
    return "0b" + value if None in digits else "".join(digit for digit in digits if digit)


def _digit(nibble: str) -> str | None:
    if set(nibble) <= {"0", "1"}:
        return f"{int(nibble, 2):x}"
    return nibble[0] if nibble in ("xxxx", "zzzz") else None


def _values(signal: Wave, times: Sequence[int]) -> tuple[str, ...]:
    values, place, value = [], 0, "x" * signal.width
    for time in times:
        while place < len(signal.changes) and signal.changes[place][0] <= time:
            value = signal.changes[place][1]
            place += 1
        values.append(value)
    return tuple(values)


def _mark_column(times: Sequence[int], rows: Sequence[Row], mark: int) -> int:
    """At a time of changes the check most likely came first, unless only the changed values differ."""
    column = max(0, bisect_right(times, mark) - 1)
    if column == 0 or times[column] != mark:
        return column
    was_wrong, is_wrong = (any(row.wrong[place] for row in rows) for place in (column - 1, column))
    return column - 1 if was_wrong or not is_wrong else column


def _cut(row: Row, start: int, stop: int) -> Row:
    return Row(
        name=row.name, role=row.role, width=row.width, values=row.values[start:stop], wrong=row.wrong[start:stop]
    )
