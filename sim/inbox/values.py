"""One text format for values that cross between a candidate and those who judge it; the same code on both sides.

JSON, with an object of one key for whatever JSON has no word for:

    null true false 12 1.5 "text" [..]    None, bool, int, float (finite: with a "." or an "e"), str, list
    {"i": "-ff"}                          int of more digits than Python reads, hexadecimal
    {"f": "nan"}                          float: "nan", "inf", "-inf"
    {"t": [..]} {"s": [..]} {"z": [..]}   tuple, set, frozenset
    {"d": [[key, value], ..]}             dict
    {"b": "00ff"} {"y": "00ff"}           bytes, bytearray
    {"c": [re, im]}                       complex, both parts floats
    {"D": "1.50"} {"F": [1, 3]}           Decimal, Fraction
    {"a": {"dtype": "float64", "shape": [2], "items": [..]}}    numpy array
    {"n": {"dtype": "int64", "item": 3}}                        numpy scalar

`encode` calls no method that a subclass could define: an instance of one is what the base's own methods make of it.
`decode` is strict: what it returns is made of exactly these types, within the bounds below. Standard library only;
numpy is used where the process has it.
"""

from __future__ import annotations

import importlib
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

MAX_DEPTH = 100
MAX_NODES = 500_000
MAX_TEXT = 4 << 20
"""Characters of an encoded value."""
MAX_INT_DIGITS = 4000
"""Decimal digits up to which an int is written as such: Python reads 4,300."""
_MAX_INT_BITS = 13_000
_MAX_DECIMAL = 4096
"""Characters of a Decimal."""
_MAX_SAME_HASH = 32
"""Members of a set, or keys of a dict, that may have one hash: the time to make it grows with the square. All tuples
of five of -1 and -2 have one."""
_MANY = 4096
"""Members or keys from which on their order is not left to a candidate."""
_random = random.Random()  # a candidate's own draws are not disturbed
_LONG_INT_BITS = 1400
"""From here on Python is slow to tell an int from a Decimal of its hash: half a minute for the longest."""

_dumps = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


class Unfit(Exception):
    """A value that the format has no words for; the message says what it is: "a generator"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """A numpy array, where numpy is not at hand."""

    dtype: str
    shape: tuple[int, ...]
    items: tuple[object, ...]
    """Row by row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A numpy scalar, where numpy is not at hand."""

    dtype: str
    item: object


def encode(value: object) -> str:
    """The text of a value. Raises Unfit for what is none of the types above, too deep, too large or cyclic."""
    try:
        text = _dumps(_Encoder().plain(value, 0))
    except (ValueError, OverflowError, MemoryError, RecursionError) as err:
        raise Unfit(f"a value that cannot be written down ({type(err).__name__})") from None
    if len(text) > MAX_TEXT:
        raise Unfit(f"a value of {len(text)} characters, more than {MAX_TEXT}")
    return text


def decode(text: str | bytes, *, with_numpy: bool = False) -> Any:
    """The value in a text; with_numpy makes arrays and scalars of numpy's own. Raises ValueError for anything else."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"a value of {len(text)} characters, more than {MAX_TEXT}")
    try:
        # Not json's own reading of bytes, which takes UTF-16 too.
        text = text.decode() if isinstance(text, bytes) else text
        return _Decoder(with_numpy).value(json.loads(text, parse_constant=_reject), 0)
    except (RecursionError, UnicodeDecodeError) as err:
        raise ValueError("a value that cannot be read") from err


def _reject(name: str) -> float:
    raise ValueError(f"a value with {name} as a word of JSON")


def _in_any_order(items: list[Any]) -> list[Any]:
    """Many items, shuffled: some ints, in an order of the candidate's making, fill a dict in time as their square."""
    if len(items) > _MANY:
        _random.shuffle(items)
    return items


class _Hashing:
    """Whether Python is quick to make the sets and dicts of one value; a hostile one may be built so that it isn't."""

    def __init__(self) -> None:
        self.has_decimal = False
        self.has_long_int = False

    def fault(self, members: Collection[Any]) -> str | None:
        """Why a set of these can't be made, or a dict with these as keys; None when it can. All that is inside them
        has been seen."""
        if self.has_decimal and self.has_long_int:
            return "a set or dict in a value that holds a Decimal and a long int"
        try:
            counts = Counter(_in_any_order([*map(hash, members)]))
        except TypeError:
            return "a member or key that cannot be hashed"
        is_crowded = max(counts.values(), default=0) > _MAX_SAME_HASH
        return f"a set or dict with more than {_MAX_SAME_HASH} members of one hash" if is_crowded else None


class _Encoder:
    """Counts what it has written."""

    def __init__(self) -> None:
        self._num_nodes = 0
        self._hashing = _Hashing()

    def plain(self, value: Any, depth: int) -> Any:
        """The value as what `json` writes."""
        self._num_nodes += 1
        if self._num_nodes > MAX_NODES:
            raise Unfit(f"a value of more than {MAX_NODES} parts")
        if depth > MAX_DEPTH:
            raise Unfit(f"a value nested more than {MAX_DEPTH} deep, or in itself")
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            self._hashing.has_long_int |= value.bit_length() > _LONG_INT_BITS
            return value if value.bit_length() <= _MAX_INT_BITS else {"i": format(value, "x")}
        if kind is float:
            return value if math.isfinite(value) else {"f": str(value)}
        if kind is list:
            return [self.plain(item, depth + 1) for item in value]
        if kind in _TAG_OF:
            return {_TAG_OF[kind]: [self.plain(item, depth + 1) for item in value]}
        if kind is set or kind is frozenset:
            return self._set(kind, [*value], depth)
        if kind is dict:
            return self._dict([*dict.items(value)], depth)
        return self._rare(value, kind, depth)

    def _set(self, kind: type, members: list[Any], depth: int) -> Any:
        items = [self.plain(item, depth + 1) for item in members]
        self._check(members)
        return {"s" if kind is set else "z": sorted(items, key=_dumps)}

    def _dict(self, entries: list[tuple[Any, Any]], depth: int) -> Any:
        pairs = [[self.plain(key, depth + 1), self.plain(item, depth + 1)] for key, item in entries]
        self._check([key for key, _ in entries])
        return {"d": pairs}

    def _check(self, members: Collection[Any]) -> None:
        if (fault := self._hashing.fault(members)) is not None:
            raise Unfit(fault)

    def _rare(self, value: Any, kind: type, depth: int) -> Any:
        if kind is bytes or kind is bytearray:
            return {"b" if kind is bytes else "y": value.hex()}
        if kind is complex:
            return {"c": [self.plain(value.real, depth), self.plain(value.imag, depth)]}
        if kind is Decimal:
            self._hashing.has_decimal = True
            text = str(value)
            if len(text) > _MAX_DECIMAL:
                raise Unfit(f"a Decimal of {len(text)} characters, more than {_MAX_DECIMAL}")
            return {"D": text}
        if kind is Fraction:
            return {"F": [self.plain(value.numerator, depth), self.plain(value.denominator, depth)]}
        numpy = sys.modules.get("numpy")
        if numpy is not None and kind is numpy.ndarray:
            if value.size > MAX_NODES:
                raise Unfit(f"an array of {value.size} items, more than {MAX_NODES}")
            items = [self.plain(item, depth + 1) for item in value.ravel().tolist()]
            return {"a": {"dtype": str(value.dtype), "shape": list(value.shape), "items": items}}
        if numpy is not None and kind in _numpy_scalars(numpy):
            return {"n": {"dtype": str(value.dtype), "item": self.plain(value.item(), depth + 1)}}
        return self._as_base(value, kind, depth)

    def _as_base(self, value: Any, kind: type, depth: int) -> Any:
        """An instance of a subclass as one of the base: an IntEnum's member, a named tuple, a Counter.

        By the base's own methods, so what the subclass says of itself does not matter.
        """
        if issubclass(kind, dict):
            return self._dict([*dict.items(value)], depth)
        if issubclass(kind, set):
            return self._set(set, [*set.__iter__(value)], depth)
        if issubclass(kind, frozenset):
            return self._set(frozenset, [*frozenset.__iter__(value)], depth)
        for base, plain in _PLAIN_OF.items():
            if issubclass(kind, base):
                return self.plain(plain(value), depth)
        raise Unfit(describe(kind))


_TAG_OF: dict[type, str] = {tuple: "t"}
_PLAIN_OF: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    list: lambda value: [*list.__iter__(value)],
    tuple: lambda value: (*tuple.__iter__(value),),
}
_FOUND: dict[str, frozenset[type]] = {}


def _numpy_scalars(numpy: Any) -> frozenset[type]:
    if "numpy" not in _FOUND:
        _FOUND["numpy"] = frozenset(kind for kind in numpy.sctypeDict.values() if kind.__module__ == "numpy")
    return _FOUND["numpy"]


def describe(kind: type) -> str:
    """A type in words: "a generator"."""
    name = type.__dict__["__name__"].__get__(kind)  # a metaclass may have a property of that name
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name[:60]}"


class _Decoder:
    def __init__(self, with_numpy: bool) -> None:
        self._with_numpy = with_numpy
        self._num_nodes = 0
        self._hashing = _Hashing()

    def value(self, data: Any, depth: int) -> Any:
        self._num_nodes += 1
        if depth > MAX_DEPTH or self._num_nodes > MAX_NODES:
            raise ValueError(f"a value nested more than {MAX_DEPTH} deep or of more than {MAX_NODES} parts")
        kind = type(data)
        if kind is list:
            return [self.value(item, depth + 1) for item in data]
        if kind is int:
            return self.whole(data)
        if kind is float and not math.isfinite(data):
            raise ValueError("a float too large to be written as a number")
        if kind is not dict:
            return data
        if len(data) != 1:
            raise ValueError(f"a tag with {len(data)} keys where one is expected")
        ((tag, inside),) = data.items()
        read = _READERS.get(tag)
        if read is None:
            raise ValueError(f"a tag {tag!r:.20} that does not exist")
        return read(self, inside, depth)

    def items(self, data: Any, depth: int) -> list[Any]:
        if type(data) is not list:
            raise ValueError("a tag that does not hold a list")
        return [self.value(item, depth + 1) for item in data]

    def members(self, data: Any, depth: int) -> set[Any]:
        items = self.items(data, depth)
        self._check(items)
        members = set(_in_any_order(items))
        if len(members) < len(items):
            raise ValueError("a set with a member twice")
        return members

    def pairs(self, data: Any, depth: int) -> dict[Any, Any]:
        if type(data) is not list:
            raise ValueError("a dict that is not a list of pairs")
        pairs = []
        for pair in data:
            if type(pair) is not list or len(pair) != 2:
                raise ValueError("a dict with something that is not a pair")
            pairs.append((self.value(pair[0], depth + 1), self.value(pair[1], depth + 1)))
        self._check([key for key, _ in pairs])
        found = dict(_in_any_order(pairs))
        if len(found) < len(pairs):
            raise ValueError("a dict with a key twice")
        return found

    def _check(self, members: Collection[Any]) -> None:
        if (fault := self._hashing.fault(members)) is not None:
            raise ValueError(fault)

    def whole(self, value: int) -> int:
        self._hashing.has_long_int |= value.bit_length() > _LONG_INT_BITS
        return value

    def decimal(self, data: Any) -> Decimal:
        self._hashing.has_decimal = True
        if len(_text(data)) > _MAX_DECIMAL:
            raise ValueError(f"a Decimal of {len(data)} characters, more than {_MAX_DECIMAL}")
        try:
            return Decimal(data)
        except InvalidOperation as err:
            raise ValueError("a Decimal that is no number") from err

    def numbers(self, data: Any, kind: type, depth: int) -> tuple[Any, Any]:
        items = self.items(data, depth)
        if len(items) != 2 or any(type(item) is not kind for item in items):
            raise ValueError(f"a number that is not made of two of type {kind.__name__}")
        return items[0], items[1]

    def fraction(self, data: Any, depth: int) -> Fraction:
        numerator, denominator = self.numbers(data, int, depth)
        if denominator <= 0 or max(numerator.bit_length(), denominator.bit_length()) > _MAX_INT_BITS:
            raise ValueError("a Fraction that is not in lowest terms or too long")
        return Fraction(numerator, denominator)

    def array(self, data: Any, depth: int) -> Any:
        dtype, shape, items = _exact(data, dtype=str, shape=list, items=list)
        if len(shape) > 32 or any(type(size) is not int or not 0 <= size <= MAX_NODES for size in shape):
            raise ValueError("an array with a shape that does not exist")
        if math.prod(shape) != len(items):
            raise ValueError("an array whose items do not fill its shape")
        _check_dtype(dtype)
        values = [self.value(item, depth + 1) for item in items]
        if self._with_numpy:
            return self._numpy(lambda numpy: numpy.array(values, dtype=dtype).reshape(shape))
        return Array(dtype=dtype[:40], shape=tuple(shape), items=tuple(values))

    def scalar(self, data: Any, depth: int) -> Any:
        if type(data) is not dict or set(data) != {"dtype", "item"} or type(data["dtype"]) is not str:
            raise ValueError("a numpy scalar without dtype and item")
        _check_dtype(data["dtype"])
        item = self.value(data["item"], depth + 1)
        if self._with_numpy:
            return self._numpy(lambda numpy: numpy.dtype(data["dtype"]).type(item))
        return Scalar(dtype=data["dtype"][:40], item=item)

    def _numpy(self, make: Callable[[Any], Any]) -> Any:
        try:
            return make(importlib.import_module("numpy"))
        except Exception as err:
            raise ValueError(f"numpy makes nothing of it: {type(err).__name__}") from err


def _exact(data: Any, **kinds: type) -> tuple[Any, ...]:
    if type(data) is not dict or set(data) != set(kinds):
        raise ValueError(f"an object without exactly {', '.join(kinds)}")
    for name, kind in kinds.items():
        if type(data[name]) is not kind:
            raise ValueError(f"{name} of the wrong type")
    return tuple(data[name] for name in kinds)


def _check_dtype(name: str) -> None:
    if not name.isascii() or not name.isprintable():
        raise ValueError("a dtype that is not plain text")


def _text(data: Any) -> str:
    if type(data) is not str:
        raise ValueError("a tag that does not hold a text")
    return data


_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def _float(data: Any) -> float:
    if _text(data) not in _FLOATS:
        raise ValueError("a float that is none of nan, inf, -inf")
    return _FLOATS[data]


def _int(data: Any) -> int:
    digits = _text(data).removeprefix("-")
    if not digits or digits.strip("0123456789abcdef"):
        raise ValueError("an int that is not hexadecimal")
    return int(data, 16)


def _bytes(data: Any) -> bytes:
    if _text(data).strip("0123456789abcdef"):
        raise ValueError("bytes that are not hexadecimal")
    return bytes.fromhex(data)


_READERS: dict[str, Callable[[_Decoder, Any, int], Any]] = {
    "i": lambda own, data, depth: own.whole(_int(data)),
    "f": lambda own, data, depth: _float(data),
    "t": lambda own, data, depth: tuple(own.items(data, depth)),
    "s": lambda own, data, depth: own.members(data, depth),
    "z": lambda own, data, depth: frozenset(own.members(data, depth)),
    "d": lambda own, data, depth: own.pairs(data, depth),
    "b": lambda own, data, depth: _bytes(data),
    "y": lambda own, data, depth: bytearray(_bytes(data)),
    "c": lambda own, data, depth: complex(*own.numbers(data, float, depth)),
    "D": lambda own, data, depth: own.decimal(data),
    "F": lambda own, data, depth: own.fraction(data, depth),
    "a": lambda own, data, depth: own.array(data, depth),
    "n": lambda own, data, depth: own.scalar(data, depth),
}
"""Tag to what reads the inside."""
