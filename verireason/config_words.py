"""What is wrong with a configuration, in one line for the person who wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def first_problem(err: ValidationError, root: type[BaseModel]) -> str:
    """One line for the first error; a misspelt key first, since it is often the cause of the others."""
    problems = sorted(err.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    problem = problems[0]
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, list(_known_keys(root)), n=1, cutoff=0.5)
        return f"unknown key {key}" + (f"; did you mean {near[0]}?" if near else "")
    if problem["type"] == "missing":
        return f"{key} is missing; expected {_expected(problem['loc'], root)}"
    if problem["type"] == "value_error":
        return f"{key or 'configuration'}: {problem['ctx']['error']}"
    return f"{key} is {problem['input']!r}; expected {_wanted(problem['msg'])}"


def _known_keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield f"{prefix}{name}"
        for candidate in _types_in(field.annotation):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                yield from _known_keys(candidate, f"{prefix}{name}.")


def _types_in(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of, itself first: those of a union, those in a tuple."""
    yield annotation
    for part in get_args(annotation):
        yield from _types_in(part)


def _expected(loc: tuple[int | str, ...], root: type[BaseModel]) -> str:
    section: Any = root
    for part in loc:
        if isinstance(part, str):
            types = list(_types_in(section.model_fields[part].annotation))
            tables = [each for each in types if isinstance(each, type) and issubclass(each, BaseModel)]
            section = (tables or types)[0]
    if isinstance(section, type) and issubclass(section, BaseModel):
        return f"a table [{'.'.join(str(part) for part in loc)}]"
    return {str: "text", int: "a whole number", float: "a number"}.get(section, "a value")


_PLAIN_WORDS = {
    "Input should be a valid tuple": 'a list, such as ["a", "b"]',
    "Tuple should have at least 1 item": "at least one item",
    "Input should be a valid dictionary": "a table",
}
"""What pydantic says to what a writer of TOML knows."""


def _wanted(message: str) -> str:
    """What pydantic says is wanted, without its preamble: "a valid integer", "greater than 0"."""
    for pattern, words in _PLAIN_WORDS.items():
        if message.startswith(pattern):
            return words
    for preamble in ("Input should be ", "Value should have ", "Tuple should have "):
        message = message.removeprefix(preamble)
    return message
