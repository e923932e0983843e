"""Problems as JSON lines: one object per problem, all fields, the spec and its limits nested.

Files beside a testbench are base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from verireason.errors import MissingError, UserError
from verireason.problem import Problem


def write_problems(problems: Iterable[Problem], path: Path) -> int:
    """Write one line per problem and return their number; a file that is there is replaced.

    Lines go out as the problems come, so what is there after an interruption is whole lines but for the last. Raises
    MissingError when the file cannot be written.
    """
    num = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            for problem in problems:
                file.write(json.dumps(asdict(problem), ensure_ascii=False, default=_base64) + "\n")
                num += 1
    except OSError as err:
        raise MissingError(f"cannot write {path}: {err.strerror}; {num} problems were written") from err
    return num


def read_problems(path: Path) -> Iterator[Problem]:
    """The problems of a file, in its order, one line in memory at a time; blank lines are skipped.

    Raises UserError with file and line when a line is not JSON, lacks a field or has one that is unknown or of the
    wrong type, and when the file holds no problem or is not there. Ids may repeat: a generator's stream may.
    """
    num = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _parse(line, where=f"{path} line {number}")
                    num += 1
    except OSError as err:
        raise UserError(f"cannot read {path}: {err.strerror}; give a file of `verireason data generate`") from err
    if not num:
        raise UserError(f"{path} holds no problems; give a file of `verireason data generate`")


def _parse(line: bytes, *, where: str) -> Problem:
    try:
        value = json.loads(line)
    except ValueError as err:
        raise UserError(f"{where}: not a JSON object ({err}); each line must be one") from err
    problem = _decode(Problem, value, where=where, name="")
    assert isinstance(problem, Problem)
    return problem


def _decode(wanted: Any, value: Any, *, where: str, name: str) -> Any:
    """The value as the type `wanted`: a dataclass from an object, otherwise the value itself if it is of that type."""
    if is_dataclass(wanted):
        return _decode_object(wanted, value, where=where, name=name)
    if wanted == Mapping[str, bytes]:
        return _decode_files(value, where=where, name=name)
    if wanted == tuple[str, ...]:
        return _decode_names(value, where=where, name=name)
    options = get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)
    word = next((option for option in options if isinstance(option, type) and issubclass(option, StrEnum)), None)
    if word is not None and not (value is None and NoneType in options):
        return _decode_word(word, value, where=where, name=name)
    accepted = tuple(int if option is float else option for option in options) + options
    if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in options):
        words = " or ".join("null" if option is NoneType else option.__name__ for option in options)
        raise UserError(f"{where}: field {name} is {json.dumps(value)[:60]}; expected {words}")
    return value


def _base64(data: object) -> str:
    """The content of a file beside a testbench, for json."""
    if not isinstance(data, bytes):
        raise TypeError(f"a problem holds a {type(data).__name__}")
    return base64.b64encode(data).decode()


def _decode_files(value: Any, *, where: str, name: str) -> dict[str, bytes]:
    try:
        return {key: base64.b64decode(text, validate=True) for key, text in value.items()}
    except (AttributeError, TypeError, ValueError) as err:
        found = json.dumps(value)[:60]
        raise UserError(f"{where}: field {name} is {found}; expected file names to base64 texts") from err


def _decode_word(wanted: type[StrEnum], value: Any, *, where: str, name: str) -> StrEnum:
    try:
        return wanted(value)
    except ValueError as err:
        found = json.dumps(value)[:60]
        raise UserError(f"{where}: field {name} is {found}; expected one of {', '.join(wanted)}") from err


def _decode_names(value: Any, *, where: str, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UserError(f"{where}: field {name} is {json.dumps(value)[:60]}; expected a list of strings")
    return tuple(value)


def _decode_object(wanted: Any, value: Any, *, where: str, name: str) -> Any:
    title = f"field {name}" if name else "the line"
    if not isinstance(value, dict):
        raise UserError(f"{where}: {title} is {json.dumps(value)[:60]}; expected a JSON object")
    hints = get_type_hints(wanted)
    known = {field.name: field for field in fields(wanted)}
    for key in value:
        if key not in known:
            raise UserError(f"{where}: unknown field {_join(name, key)}; expected {', '.join(known)}")
    for field in known.values():
        if field.name not in value and field.default is MISSING and field.default_factory is MISSING:
            raise UserError(f"{where}: field {_join(name, field.name)} is missing; expected {', '.join(known)}")
    decoded = {key: _decode(hints[key], inner, where=where, name=_join(name, key)) for key, inner in value.items()}
    try:
        return wanted(**decoded)
    except ValueError as err:
        raise UserError(f"{where}: {err}") from err


def _join(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
