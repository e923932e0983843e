"""Turns pickles of plain data into JSON. Runs inside a box only.

Twice safe, besides the box: first every opcode is read without being run, and only those that build containers and
scalars are let through, so that nothing can be imported or called; then the unpickler that runs them has no way to
find a class.
"""

from __future__ import annotations

import io
import json
import math
import pickle
import pickletools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

_PLAIN = frozenset({
    "PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "DUP",
    "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET",
    "NONE", "NEWTRUE", "NEWFALSE",
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
    "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "LIST", "APPEND", "APPENDS",
    "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_SET", "ADDITEMS", "FROZENSET",
})  # fmt: skip
"""Opcodes that build None, bools, numbers, texts, and containers of them."""

MAX_DEPTH = 100
"""Containers within each other: what reads the JSON has a limit, too."""


class NotPlain(ValueError):
    """The pickle holds something else, or is damaged; the message is one line."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> NoReturn:
        raise NotPlain(f"it wants {module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise NotPlain("it refers to an object outside")


def main(argv: Sequence[str]) -> int:
    """argv: "unpickle" and the file. Prints the JSON; 1 and a line when the pickle is not plain data."""
    try:
        text = to_json(Path(argv[1]).read_bytes())
    except (NotPlain, RecursionError) as err:
        print(str(err) if isinstance(err, NotPlain) else "it is nested too deep")
        return 1
    print(text)
    return 0


def to_json(data: bytes) -> str:
    """The data as JSON: tuples and sets as lists, sets in order. Raises NotPlain."""
    check_opcodes(data)
    try:
        value = _Unpickler(io.BytesIO(data)).load()
    except NotPlain:
        raise
    except Exception as err:  # a stream of allowed opcodes in a senseless order can fail in many ways
        raise NotPlain(f"it is damaged ({type(err).__name__}: {str(err)[:100]})") from err
    return json.dumps(_plain(value, MAX_DEPTH), allow_nan=False)


def check_opcodes(data: bytes) -> None:
    """Read every opcode without running any. Raises NotPlain at the first that does more than build plain data."""
    try:
        for opcode, argument, place in pickletools.genops(data):
            if opcode.name not in _PLAIN:
                what = f" ({str(argument)[:80]!r})" if argument is not None else ""
                raise NotPlain(f"opcode {opcode.name}{what} at byte {place} is more than plain data")
    except NotPlain:
        raise
    except Exception as err:  # pickletools raises whatever its readers do
        raise NotPlain(f"it is no whole pickle ({str(err)[:100]})") from err


def _plain(value: Any, depth: int) -> Any:
    if depth < 0:
        raise NotPlain("it is nested too deep")
    match value:
        case None | bool() | str():
            return value
        case int():
            if value.bit_length() > 64:
                raise NotPlain("an int of more than 64 bits")
            return value
        case float():
            if not math.isfinite(value):
                raise NotPlain("a float that is not finite")
            return value
        case list() | tuple():
            return [_plain(item, depth - 1) for item in value]
        case set() | frozenset():
            return sorted((_plain(item, depth - 1) for item in value), key=json.dumps)
        case dict():
            if not all(isinstance(key, str) for key in value):
                raise NotPlain("a key that is not a text")
            return {key: _plain(item, depth - 1) for key, item in value.items()}
    raise NotPlain(f"a {type(value).__name__}")
