"""Arguments of MBPP+ in the types that its release, being JSON, could not write: by task, as EvalPlus reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_Change = Callable[[list[Any]], list[Any]]


def typed(number: int, arguments: list[Any]) -> list[Any]:
    """The arguments of one call of a task.

    Example:
        typed(2, [[3, 4], [5, 4]]) == [(3, 4), (5, 4)]
    """
    return _CHANGES.get(number, list)(arguments)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _tuples(values: Any) -> Any:
    """A list's own items."""
    return [_tuple(value) for value in values] if isinstance(values, list) else values


def _deep(value: Any) -> Any:
    return tuple(_deep(item) for item in value) if isinstance(value, list) else value


def _first(change: Callable[[Any], Any]) -> _Change:
    return lambda arguments: [change(arguments[0]), *arguments[1:]]


def _each(change: Callable[[Any], Any]) -> _Change:
    return lambda arguments: [change(argument) for argument in arguments]


def _sets(values: Any) -> Any:
    """An empty one is written as `{}` in the task's own tests, which is a dict."""
    return [set(value) if isinstance(value, list) and value else {} for value in values]


_BY_CHANGE: Mapping[_Change, tuple[int, ...]] = {
    _each(_tuple): (
        *(2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740, 744, 809),
    ),
    _each(_tuples): (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
    _each(lambda value: _tuple(_tuples(value))): (259, 278, 401, 445),
    _each(_deep): (580, 615, 791),
    _first(_tuples): (75, 413, 444, 753),
    _first(_tuple): (250, 307, 405, 446, 617, 720, 763, 808),
    _first(_sets): (115,),
    _first(lambda value: {key: _tuple(item) for key, item in value.items()}): (722,),
    _first(complex): (252,),
    lambda arguments: [arguments[0], _tuple(arguments[1])]: (106, 750),
    lambda arguments: [float(arguments[0]), complex(arguments[1])]: (124,),
}
_CHANGES = {number: change for change, numbers in _BY_CHANGE.items() for number in numbers}
