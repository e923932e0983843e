"""Strict JSON to and from dataclasses: one line each way, every field read as its annotation says.

Strict means no NaN, no unknown or missing field, no number for a string. Linear in the line, so fit for hostile texts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    read: Callable[[object], object]
    is_needed: bool


@cache
def _fields(cls: Callable[..., object]) -> Mapping[str, _Field]:
    """The fields of a dataclass, each with the reader of its annotation."""
    hints = get_type_hints(cls)
    return {
        each.name: _Field(
            read=_reader(hints[each.name]), is_needed=each.default is MISSING and each.default_factory is MISSING
        )
        for each in fields(cls)  # type: ignore[arg-type]
    }


def _build(cls: Callable[..., _Built], data: object) -> _Built:
    """An instance of a dataclass from an object of JSON; each field is read as its annotation says."""
    if not isinstance(data, dict):
        raise ValueError(f"found {_kind(data)} where an object was expected")
    known = _fields(cls)
    for name in data:
        if name not in known:
            raise ValueError(f"unknown field {name!r:.60}")
    values = {}
    for name, each in known.items():
        if name in data:
            try:
                values[name] = each.read(data[name])
            except ValueError as err:
                raise ValueError(f"field {name!r}: {err}") from err
        elif each.is_needed:
            raise ValueError(f"field {name!r} is missing")
    return cls(**values)


def _reader(wanted: Any) -> Callable[[object], object]:
    """What reads a value of the type `wanted`."""
    arguments = get_args(wanted)
    if isinstance(wanted, UnionType):
        (other,) = (each for each in arguments if each is not NoneType)
        read = _reader(other)
        return lambda value: None if value is None else read(value)
    if get_origin(wanted) is tuple:
        return _list_of(_reader(arguments[0])) if arguments[-1] is ... else _items_of([*map(_reader, arguments)])
    if get_origin(wanted) is Mapping:
        return _object_of(_reader(arguments[1]))
    if hasattr(wanted, "__dataclass_fields__"):
        return lambda value: _build(wanted, value)
    if issubclass(wanted, StrEnum):
        return _word_of(wanted)
    return _number if wanted is float else _exactly(wanted)


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


def _word_of(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    def read(value: object) -> StrEnum:
        if value not in list(kind):
            raise ValueError(f"{value!r:.40} is not one of {', '.join(kind)}")
        return kind(str(value))

    return read


def _list_of(read: Callable[[object], object]) -> Callable[[object], tuple[object, ...]]:
    return lambda value: tuple(read(item) for item in _exactly(list)(value))


def _items_of(readers: list[Callable[[object], object]]) -> Callable[[object], tuple[object, ...]]:
    def read(value: object) -> tuple[object, ...]:
        items = _exactly(list)(value)
        if len(items) != len(readers):
            raise ValueError(f"found {len(items)} items where {len(readers)} were expected")
        return tuple(read_one(item) for read_one, item in zip(readers, items, strict=True))

    return read


def _object_of(read: Callable[[object], object]) -> Callable[[object], dict[str, object]]:
    return lambda value: {name: read(item) for name, item in _exactly(dict)(value).items()}
