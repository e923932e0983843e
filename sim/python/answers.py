"""What came over the evidence descriptor of a Python job, read strictly. The lines: `sim.inbox.python_call` and
`python_program`.

For calls every line is the candidate's word: all that it can win by writing lines of its own is to have answered so.
For programs the lines are the test process's, told by their nonce.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.inbox.values import decode
from sim.verdict import TestEnd

MAX_MESSAGE = 300
MAX_PLACE_DIGITS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Unloadable:
    """Why the candidate could not be called at all."""

    parses: bool
    """Whether it got as far as running its module level."""
    is_missing: bool
    """It ran, and does not define what is to be called."""
    message: str
    line: int | None
    end: TestEnd | None = None
    """How its process ended, when that is why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What came instead of a value."""

    end: TestEnd
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a call returned: exact builtin types, or an array or scalar of `sim.inbox.values`."""

    value: Any


@dataclass(slots=True, kw_only=True)
class CallEvidence:
    """The answers of one process."""

    is_loaded: bool = False
    unloadable: Unloadable | None = None
    answers: dict[int, Value | Failure] = field(default_factory=dict)
    """Place of the test to its first answer."""


def read_calls(evidence: bytes) -> CallEvidence:
    """The lines of a call step. Total: what is no line of the format says nothing, nor does a last line cut off."""
    found = CallEvidence()
    for line in evidence.split(b"\n")[:-1]:
        letter, _, rest = line.partition(b" ")
        if letter == b"L":
            found.is_loaded = True
        elif letter == b"B" and not found.is_loaded and found.unloadable is None:
            found.unloadable = _unloadable(_object(rest))
        elif letter in _ANSWERS:
            place, _, payload = rest.partition(b" ")
            if place.isdigit() and len(place) <= MAX_PLACE_DIGITS:
                found.answers.setdefault(int(place), _ANSWERS[letter](payload))
    return found


def _value(payload: bytes) -> Value | Failure:
    try:
        return Value(value=decode(payload))
    except ValueError as err:
        return Failure(end=TestEnd.WRONG, message=f"an answer that cannot be read: {err}"[:MAX_MESSAGE])


def _unfit(payload: bytes) -> Failure:
    return Failure(end=TestEnd.WRONG, message=f"returned {payload.decode(errors='replace')}"[:MAX_MESSAGE])


def _raised(payload: bytes) -> Failure:
    words = _object(payload)
    return Failure(end=TestEnd.EXCEPTION, message=_error(words), line=_line(words))


def _exit(payload: bytes) -> Failure:
    return Failure(end=TestEnd.EXIT, message=f"exit({payload.decode(errors='replace')[:80]})")


_ANSWERS = {b"V": _value, b"U": _unfit, b"R": _raised, b"X": _exit}


@dataclass(slots=True, kw_only=True)
class ProgramEvidence:
    """What the test process wrote."""

    ids: tuple[str, ...] | None = None
    """The tests it found; None when it did not get that far."""
    unloadable: Unloadable | None = None
    fault: str | None = None
    """Why the test code does not run with this candidate; None when it does."""
    results: dict[str, Failure | None] = field(default_factory=dict)
    """Id to what was wrong; None for a test that passed."""


def read_program(evidence: bytes, nonce: str) -> ProgramEvidence:
    """The lines of a program step that carry the nonce; a last line that was cut off says nothing."""
    found = ProgramEvidence()
    for line in evidence.split(b"\n")[:-1]:
        mark, _, rest = line.partition(b" ")
        if mark == nonce.encode():
            letter, _, payload = rest.partition(b" ")
            _take(found, letter, payload)
    return found


def _take(found: ProgramEvidence, letter: bytes, payload: bytes) -> None:
    said = _json(payload) if payload else None
    match letter, said:
        case b"T", list(ids) if found.ids is None:
            found.ids = tuple(str(each) for each in ids)
        case b"B", dict(words):
            found.unloadable = _unloadable(words)
        case b"S", str(message):
            found.fault = message[:MAX_MESSAGE]
        case b"P", str(id):
            found.results.setdefault(id, None)
        case b"F", {"id": str(id), "end": str(end), "message": str(message), **rest} if end in list(TestEnd):
            failure = Failure(end=TestEnd(end), message=message[:MAX_MESSAGE], line=_line(rest))
            found.results.setdefault(id, failure)


def read_syntax(evidence: bytes) -> Unloadable | None:
    """What a stdio step says of a candidate that does not parse; None when it says nothing of the kind."""
    letter, _, rest = evidence.partition(b" ")
    return _unloadable(_object(rest)) if letter == b"B" else None


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _object(data: bytes) -> Mapping[str, Any]:
    said = _json(data)
    return said if isinstance(said, dict) else {}


def _unloadable(words: Mapping[str, Any]) -> Unloadable:
    why, end = words.get("why"), words.get("end")
    return Unloadable(
        parses=why != "syntax", is_missing=why == "missing", message=_error(words), line=_line(words),
        end=TestEnd(end) if end in list(TestEnd) else None,
    )  # fmt: skip


def _error(words: Mapping[str, Any]) -> str:
    kind, message = str(words.get("error", "an error"))[:60], str(words.get("message", ""))
    return f"{kind}: {message}"[:MAX_MESSAGE] if message else kind


def _line(words: Mapping[Any, Any]) -> int | None:
    line = words.get("line")
    return line if type(line) is int and 0 < line < 10**7 else None
