"""Strict JSON to and from dataclasses: one line each way, every field read as its annotation says.

Strict means no NaN, no unknown or missing field, no number for a string. Linear in the line, so fit for hostile texts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from sim.verdict import (
    Diagnostic,
    Equivalence,
    FirstFailure,
    GuardFinding,
    Lint,
    NamedTest,
    Netlist,
    Outcome,
    OutputMismatch,
    Proof,
    Severity,
    Synthesis,
    Wave,
    Waves,
)

_Built = TypeVar("_Built")


def to_json(value: object) -> str:
    """A dataclass as one line without its end, in ASCII; ValueError for a number that is not finite."""
    # ASCII, since a completion may hold U+2028 or half a surrogate pair, and either breaks some reader of lines.
    return json.dumps(_plain(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def from_json(cls: Callable[..., _Built], line: str | bytes) -> _Built:
    """An instance of the dataclass `cls` from a line. ValueError says what is wrong with it."""
    try:
        data = json.loads(line, parse_constant=_reject_constant)
    except json.JSONDecodeError as err:
        raise ValueError(f"not JSON ({err.msg} at column {err.colno})") from err
    except UnicodeDecodeError as err:
        raise ValueError(f"not JSON (byte {err.start} is not UTF-8)") from err
    except RecursionError as err:
        raise ValueError("not JSON (nested too deep)") from err
    return _build(cls, data)


def _plain(value: Any) -> Any:
    """Dataclasses as objects, tuples as lists, for json. StrEnum is a str to json already."""
    if hasattr(value, "__dataclass_fields__"):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def _reject_constant(name: str) -> float:
    raise ValueError(f"not JSON (it holds {name})")


def _build(cls: Callable[..., _Built], data: object) -> _Built:
    """An instance of a dataclass from an object of JSON; each field is read as its annotation says."""
    if not isinstance(data, dict):
        raise ValueError(f"found {_kind(data)} where an object was expected")
    known = {each.name: each for each in fields(cls)}  # type: ignore[arg-type]
    for name in data:
        if name not in known:
            raise ValueError(f"unknown field {name!r:.60}")
    values = {}
    for name, each in known.items():
        if name in data:
            values[name] = _read(name, str(each.type), data[name])
        elif each.default is MISSING and each.default_factory is MISSING:
            raise ValueError(f"field {name!r} is missing")
    return cls(**values)


def _read(name: str, annotation: str, value: object) -> object:
    base = annotation.removesuffix(" | None")
    if value is None and base != annotation:
        return None
    try:
        return _READERS[base](value)
    except ValueError as err:
        raise ValueError(f"field {name!r}: {err}") from err


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", int: "a whole number"}
    return "null" if value is None else names.get(type(value), "a number")


def _exactly(kind: type) -> Callable[[object], Any]:
    # Not isinstance: a truth value is an int to Python.
    def read(value: object) -> object:
        if type(value) is not kind:
            raise ValueError(f"found {_kind(value)} where {_kind(kind())} was expected")
        return value

    return read


def _number(value: object) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"found {_kind(value)} where a number was expected")
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("found a number that is too large")
    return number


def _outcome(value: object) -> Outcome:
    if value not in list(Outcome):
        raise ValueError(f"{value!r:.40} is not one of {', '.join(Outcome)}")
    return Outcome(str(value))


def _one(cls: Callable[..., _Built]) -> Callable[[object], _Built]:
    return lambda value: _build(cls, value)


def _many(cls: Callable[..., _Built]) -> Callable[[object], tuple[_Built, ...]]:
    return _list_of(_one(cls))


def _list_of(read: Callable[[object], _Built]) -> Callable[[object], tuple[_Built, ...]]:
    return lambda value: tuple(read(item) for item in _exactly(list)(value))


def _object_of(read: Callable[[object], _Built]) -> Callable[[object], dict[str, _Built]]:
    return lambda value: {name: read(item) for name, item in _exactly(dict)(value).items()}


def _change(value: object) -> tuple[int, str]:
    items = _exactly(list)(value)
    if len(items) != 2:
        raise ValueError(f"found {len(items)} items where a time and a value were expected")
    return _exactly(int)(items[0]), _exactly(str)(items[1])


_READERS: Mapping[str, Callable[[Any], object]] = {
    "str": _exactly(str),
    "int": _exactly(int),
    "bool": _exactly(bool),
    "float": _number,
    "Outcome": _outcome,
    "Severity": Severity,
    "Proof": Proof,
    "FirstFailure": _one(FirstFailure),
    "Lint": _one(Lint),
    "Netlist": _one(Netlist),
    "Synthesis": _one(Synthesis),
    "Equivalence": _one(Equivalence),
    "Waves": _one(Waves),
    "tuple[OutputMismatch, ...]": _many(OutputMismatch),
    "tuple[Diagnostic, ...]": _many(Diagnostic),
    "tuple[GuardFinding, ...]": _many(GuardFinding),
    "tuple[NamedTest, ...]": _many(NamedTest),
    "tuple[Wave, ...]": _many(Wave),
    "tuple[tuple[int, str], ...]": _list_of(_change),
    "tuple[Mapping[str, str], ...]": _list_of(_object_of(_exactly(str))),
    "Mapping[str, float]": _object_of(_number),
    "Mapping[str, int]": _object_of(_exactly(int)),
    "Mapping[str, str]": _object_of(_exactly(str)),
}
"""Annotation to the reader of such a field."""
