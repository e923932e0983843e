"""The text format for values: what goes in comes out with its types, and nothing hostile gets in, out or past it."""

import json
import math
import random
import sys
from collections import Counter, OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inbox import values
from sim.inbox.values import MAX_DEPTH, MAX_NODES, MAX_TEXT, Array, Scalar, Unfit, decode, describe, encode

NAN, INF = float("nan"), float("inf")
MODULUS = 2**61 - 1
"""Python's hash of an int is its rest by this."""


def alike(one: Any, other: Any) -> bool:
    """Equal and of the same types throughout; NaN is NaN, and 0.0 is not -0.0."""
    if type(one) is not type(other):
        return False
    if type(one) in (list, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if type(one) in (set, frozenset):
        return same_members(list(one), list(other))
    if type(one) is dict:
        return alike(list(one.items()), list(other.items()))
    if type(one) is complex:
        return alike(one.real, other.real) and alike(one.imag, other.imag)
    return bool(one == other if type(one) is int else repr(one) == repr(other))


def same_members(one: list[Any], other: list[Any]) -> bool:
    for member in one:
        found = next((place for place, each in enumerate(other) if alike(member, each)), None)
        if found is None:
            return False
        del other[found]
    return not other


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**300), max_value=10**300),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["\ud800", "\x00", "\u2028", '"\\', "nan"]),
    st.binary(max_size=5),
    st.complex_numbers(),
    st.decimals(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.fractions(),
)
HASHABLE = st.recursive(
    LEAVES.filter(lambda leaf: type(leaf) is not Decimal or not leaf.is_snan()),
    lambda inner: st.one_of(st.lists(inner, max_size=3).map(tuple), st.frozensets(inner, max_size=3)),
    max_leaves=4,
)
VALUES = st.recursive(
    st.one_of(LEAVES, st.binary(max_size=5).map(bytearray), HASHABLE),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.sets(HASHABLE, max_size=4),
        st.dictionaries(HASHABLE, inner, max_size=4),
    ),
    max_leaves=10,
)


def num_nans(value: Any) -> int:
    if type(value) in (list, tuple, set, frozenset):
        return sum(map(num_nans, value))
    if type(value) is dict:
        return sum(map(num_nans, [*value, *value.values()]))
    return int(type(value) is float and math.isnan(value))


@settings(max_examples=500, deadline=None)
@given(VALUES.filter(lambda value: num_nans(value) < 2))  # two NaN that are one object can't both be in a set
def test_a_value_comes_back_with_its_types(value: Any) -> None:
    text = encode(value)
    assert alike(decode(text), value)
    assert alike(decode(text.encode()), value)
    assert text.isascii()
    assert "\n" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (12, "12"),
        (-(10**30), "-" + "1" + "0" * 30),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (1e300, "1e+300"),
        ("é\n", '"\\u00e9\\n"'),
        ([1, [2]], "[1,[2]]"),
        (NAN, '{"f":"nan"}'),
        (INF, '{"f":"inf"}'),
        (-INF, '{"f":"-inf"}'),
        ((1, ()), '{"t":[1,{"t":[]}]}'),
        ({2, 1}, '{"s":[1,2]}'),
        (frozenset({"b", "a"}), '{"z":["a","b"]}'),
        ({"a": 1, (1, 2): None}, '{"d":[["a",1],[{"t":[1,2]},null]]}'),
        (b"\x00\xff", '{"b":"00ff"}'),
        (bytearray(b"a"), '{"y":"61"}'),
        (1 + 2j, '{"c":[1.0,2.0]}'),
        (complex(NAN, -INF), '{"c":[{"f":"nan"},{"f":"-inf"}]}'),
        (Decimal("1.50"), '{"D":"1.50"}'),
        (Decimal("-Infinity"), '{"D":"-Infinity"}'),
        (Decimal("1E+999999999"), '{"D":"1E+999999999"}'),
        (Fraction(-1, 3), '{"F":[-1,3]}'),
    ],
)
def test_the_text_of_each_type(value: Any, text: str) -> None:
    assert encode(value) == text
    assert alike(decode(text), value)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("num_digits", [3900, 3914, 3915, 4299, 4300, 4301, 5000, 100_000])
def test_ints_of_any_length_come_back(num_digits: int, sign: int) -> None:
    value = sign * (10 ** (num_digits - 1) + 7)
    assert decode(encode(value)) == value
    assert decode(encode({value: [value]})) == {value: [value]}


class Colour(IntEnum):
    RED = 1


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict([("b", 1), ("a", 2)]), {"b": 1, "a": 2}),
        (defaultdict(list, {1: [2]}), {1: [2]}),
        (Colour.RED, 1),
        (Point(1, [2]), (1, [2])),
        ({Colour.RED: Point(1, 2)}, {1: (1, 2)}),
        ({Colour.RED}, {1}),
    ],
)
def test_an_instance_of_a_subclass_is_one_of_the_base(value: Any, plain: dict[Any, Any]) -> None:
    assert alike(decode(encode(value)), plain)


# numpy


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (numpy.int64(5), Scalar(dtype="int64", item=5)),
        (numpy.float32(0.5), Scalar(dtype="float32", item=0.5)),
        (numpy.bool_(True), Scalar(dtype="bool", item=True)),
        (numpy.str_("a"), Scalar(dtype="<U1", item="a")),
        (numpy.complex128(1j), Scalar(dtype="complex128", item=1j)),
        (numpy.array([[1, 2], [3, 4]]), Array(dtype="int64", shape=(2, 2), items=(1, 2, 3, 4))),
        (numpy.array([[1, 2], [3, 4]]).T, Array(dtype="int64", shape=(2, 2), items=(1, 3, 2, 4))),
        (numpy.array(7.5), Array(dtype="float64", shape=(), items=(7.5,))),
        (numpy.zeros((2, 0)), Array(dtype="float64", shape=(2, 0), items=())),
        (numpy.array([True]), Array(dtype="bool", shape=(1,), items=(True,))),
        (numpy.array([1, "a", None], dtype=object), Array(dtype="object", shape=(3,), items=(1, "a", None))),
    ],
)
def test_what_numpy_makes_comes_back_as_data_or_as_numpys_own(value: Any, read: Array | Scalar) -> None:
    text = encode(value)
    assert decode(text) == read
    assert alike(decode(encode([value]))[0].dtype, str(value.dtype))
    own = decode(text, with_numpy=True)
    assert type(own) is type(value)
    assert own.dtype == value.dtype
    assert numpy.array_equal(own, value)


def test_nan_and_infinity_of_numpy_come_back() -> None:
    read = decode(encode(numpy.array([NAN, INF])))
    assert math.isnan(read.items[0])
    assert read.items[1] == INF
    assert decode(encode({numpy.int64(1)})) == {Scalar(dtype="int64", item=1)}


@pytest.mark.parametrize(
    "make",
    [
        lambda: numpy.datetime64("2020-01-01"),
        lambda: numpy.array(["2020-01-01"], dtype="datetime64[D]"),
        lambda: numpy.array([object()], dtype=object),
        lambda: numpy.array([[1]]).view(numpy.matrix),
        lambda: numpy.ma.masked_array([1], mask=[True]),
        lambda: numpy.array([1]).view(type("Liar", (numpy.ndarray,), {"tolist": lambda self: [5]})),
        lambda: numpy.zeros(MAX_NODES + 1),
        lambda: numpy.broadcast_to(numpy.zeros(1), (10**6, 10**6)),
    ],
)
def test_what_numpy_has_no_plain_value_for_is_unfit(make: Callable[[], Any]) -> None:
    with pytest.raises(Unfit):
        encode(make())


# What has no words.


def cyclic_list() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


def cyclic_dict() -> Any:
    value: dict[str, Any] = {}
    value["self"] = [value]
    return value


def deep(levels: int, wrap: Callable[[Any], Any] = lambda inner: [inner]) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


def wide() -> Any:
    value: Any = 1
    for _ in range(40):
        value = [value] * 10  # 10**40 parts, 40 objects
    return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((item for item in [1]), "a generator"),
        (map(str, [1]), "a map"),
        (range(3), "a range"),
        (object(), "an object"),
        (len, "a builtin_function_or_method"),
        (int, "a type"),
        (..., "an ellipsis"),
        (NotImplemented, "a NotImplementedType"),
        (date(2020, 1, 1), "a date"),
        (deque([1]), "a deque"),
        (UserDict({1: 2}), "an UserDict"),
        ({1: 2}.keys(), "a dict_keys"),
        (memoryview(b"a"), "a memoryview"),
        (ValueError("x"), "a ValueError"),
        ([[{"a": {(object(),)}}]], "an object"),
        ({object(): 1}, "an object"),
        (cyclic_list(), "a value nested more than 100 deep, or in itself"),
        (cyclic_dict(), "a value nested more than 100 deep, or in itself"),
        (deep(MAX_DEPTH + 1), "a value nested more than 100 deep, or in itself"),
        (deep(100_000), "a value nested more than 100 deep, or in itself"),
        (deep(5_000, lambda inner: (inner,)), "a value nested more than 100 deep, or in itself"),
        (deep(5_000, lambda inner: {"a": inner}), "a value nested more than 100 deep, or in itself"),
        (wide(), "a value of more than 500000 parts"),
        ([0] * (MAX_NODES + 1), "a value of more than 500000 parts"),
        ("x" * (MAX_TEXT + 1), "a value of 4194307 characters, more than 4194304"),
        (1 << (4 * MAX_TEXT), "a value of 4194313 characters, more than 4194304"),
        (Decimal("1" * 4097), "a Decimal of 4097 characters, more than 4096"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 99 else "value",
)
def test_what_has_no_words_is_unfit(value: Any, words: str) -> None:
    with pytest.raises(Unfit) as caught:
        encode(value)
    assert str(caught.value) == words


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: (x,), lambda x: {"a": x}, lambda x: frozenset({x})])
def test_a_value_as_deep_as_allowed_comes_back(wrap: Callable[[Any], Any]) -> None:
    value = deep(MAX_DEPTH, wrap)
    assert decode(encode(value)) == value


CALLED: list[str] = []


def spy(name: str) -> Callable[..., Any]:
    def method(*args: Any, **kwargs: Any) -> Any:
        CALLED.append(name)
        raise AssertionError(f"{name} was called")

    return method


HOOKS = """
    iter len eq ne lt repr str format bool int index float hash getitem contains getattribute getattr reduce reduce_ex
    getstate json abs array sizeof dir bytes complex trunc neg copy deepcopy next call
"""
NAMES = "keys items values hex tolist item real imag numerator denominator bit_length as_integer_ratio encode"
SPIES = {name: spy(name) for name in [*(f"__{hook}__" for hook in HOOKS.split()), *NAMES.split()]}


class Meta(type):
    """A metaclass whose classes lie about themselves."""

    __name__ = property(spy("Meta.__name__"))  # type: ignore[assignment]
    __instancecheck__ = spy("Meta.__instancecheck__")
    __subclasscheck__ = spy("Meta.__subclasscheck__")
    __eq__ = spy("Meta.__eq__")
    __repr__ = spy("Meta.__repr__")
    __hash__ = type.__hash__


def spies(base: type, metaclass: type = type) -> Any:
    """An instance of a subclass that notes any call of its methods."""
    kind = metaclass("Spy", (base,), {**SPIES, "__class__": property(spy("__class__"))})
    return base.__new__(kind)


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: (1, x), lambda x: {"a": x}])
@pytest.mark.parametrize(
    "base",
    [
        *(int, float, str, bytes, complex, list, tuple, dict, set, frozenset, bytearray, Decimal, Fraction),
        *(OrderedDict, Counter, defaultdict, deque, object, numpy.ndarray, numpy.float64, Exception),
    ],
)
def test_no_method_of_a_subclass_is_called(base: type, wrap: Callable[[Any], Any]) -> None:
    value = wrap(numpy.ndarray.__new__(type("Spy", (base,), SPIES), (1,)) if base is numpy.ndarray else spies(base))
    CALLED.clear()
    plain = next(
        (each for each in (dict, set, frozenset, int, float, str, list, tuple) if issubclass(base, each)), None
    )
    if plain is None:
        with pytest.raises(Unfit, match=r"\Aa Spy\Z"):
            encode(value)
    else:
        assert encode(value) == encode(wrap(plain()))
    assert CALLED == []


def test_no_method_of_a_metaclass_is_called() -> None:
    value = [spies(int, Meta)]
    CALLED.clear()
    assert encode(value) == "[0]"
    assert describe(type(value[0])) == "a Spy"
    assert CALLED == []


def test_a_long_name_of_a_type_is_cut() -> None:
    assert describe(type("X" * 1000, (), {})) == "a " + "X" * 60


def test_a_default_factory_is_not_called() -> None:
    assert decode(encode(defaultdict(spy("factory"), {1: 2}))) == {1: 2}


# Reading is strict.

MALFORMED = [
    "",
    " ",
    "nul",
    "[1,]",
    "[1",
    "1 2",
    "'a'",
    "NaN",
    "Infinity",
    "-Infinity",
    "[NaN]",
    "1e999",
    "-1e999",
    "1" * 4301,
    '"\x01"',
    '"\\x"',
    "{}",
    '{"t":[1],"s":[2]}',
    '{"a":1,"b":2}',
    '{"x":1}',
    '{"":1}',
    '{"T":[]}',
    '{"t":1}',
    '{"t":null}',
    '{"t":{"t":[]}}',
    '{"t":"ab"}',
    '{"t":[{}]}',
    '{"s":{}}',
    '{"s":[1,1]}',
    '{"s":[1,1.0]}',
    '{"s":[1,true]}',
    '{"s":[{"D":"1"},1]}',
    '{"s":[{"t":[1]},{"t":[1.0]}]}',
    '{"z":[0,-0.0]}',
    '{"s":[[]]}',
    '{"s":[{"s":[]}]}',
    '{"s":[{"d":[]}]}',
    '{"s":[{"y":""}]}',
    '{"s":[{"t":[[]]}]}',
    '{"s":[{"D":"sNaN"}]}',
    '{"s":[{"n":{"dtype":"int64","item":[]}}]}',
    '{"d":{}}',
    '{"d":[1]}',
    '{"d":[[1]]}',
    '{"d":[[1,2,3]]}',
    '{"d":[{"t":[1,2]}]}',
    '{"d":[[1,2],[1,3]]}',
    '{"d":[[1,2],[true,3]]}',
    '{"d":[[[],1]]}',
    '{"d":[[{"d":[]},1]]}',
    '{"f":1}',
    '{"f":"1.0"}',
    '{"f":"NaN"}',
    '{"f":null}',
    '{"f":["nan"]}',
    '{"i":12}',
    '{"i":""}',
    '{"i":"-"}',
    '{"i":"--1"}',
    '{"i":"0x1"}',
    '{"i":"FF"}',
    '{"i":"1_0"}',
    '{"i":" 1"}',
    '{"i":"+1"}',
    '{"i":"\u0661"}',
    '{"i":["f"]}',
    '{"b":"0"}',
    '{"b":"0g"}',
    '{"b":"00 00"}',
    '{"b":"AB"}',
    '{"b":[0]}',
    '{"y":null}',
    '{"c":[1.0]}',
    '{"c":[1,2]}',
    '{"c":[1.0,2.0,3.0]}',
    '{"c":["1","2"]}',
    '{"c":[true,false]}',
    '{"c":{"t":[1.0,2.0]}}',
    '{"D":1}',
    '{"D":"one"}',
    '{"D":""}',
    '{"D":"1e99999999999999999999"}',
    '{"D":"' + "1" * 4097 + '"}',
    '{"F":[1]}',
    '{"F":[1,0]}',
    '{"F":[1,-2]}',
    '{"F":[1.0,2.0]}',
    '{"F":[true,true]}',
    '{"F":["1","2"]}',
    '{"F":[1,{"i":"' + "f" * 5000 + '"}]}',
    '{"a":[]}',
    '{"a":{}}',
    '{"a":{"dtype":"int64","shape":[1],"items":[1],"more":1}}',
    '{"a":{"dtype":"int64","shape":[1]}}',
    '{"a":{"dtype":1,"shape":[1],"items":[1]}}',
    '{"a":{"dtype":"int64","shape":1,"items":[1]}}',
    '{"a":{"dtype":"int64","shape":[2],"items":[1]}}',
    '{"a":{"dtype":"int64","shape":[-1],"items":[]}}',
    '{"a":{"dtype":"int64","shape":[-1,-1],"items":[1]}}',
    '{"a":{"dtype":"int64","shape":[true],"items":[1]}}',
    '{"a":{"dtype":"int64","shape":[1.0],"items":[1]}}',
    '{"a":{"dtype":"int64","shape":[99999999999],"items":[]}}',
    '{"a":{"dtype":"int64","shape":[0,99999999999],"items":[]}}',
    '{"a":{"dtype":"int64","shape":[' + ",".join("1" * 33) + '],"items":[1]}}',
    '{"a":{"dtype":"int64","shape":[1],"items":"1"}}',
    '{"a":{"dtype":"int64\\n","shape":[1],"items":[1]}}',
    '{"n":{"dtype":"int\\u001b64","item":1}}',
    '{"n":{"dtype":"\\u00e9","item":1}}',
    '{"n":1}',
    '{"n":{}}',
    '{"n":{"dtype":"int64"}}',
    '{"n":{"dtype":null,"item":1}}',
    '{"n":{"dtype":"int64","item":1,"more":1}}',
    '{"n":{"dtype":"int64","item":{"x":1}}}',
    "[" * 102 + "]" * 102,
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '{"t":[' * 1_000 + "]}" * 1_000,
    '{"d":[[1,' * 300 + "1" + "]]}" * 300,
    '{"n":{"dtype":"int64","item":' * 200 + "1" + "}}" * 200,
    "[" + "0," * MAX_NODES + "0]",
    '"' + "x" * MAX_TEXT + '"',
]


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: text[:40])
def test_malformed_text_is_a_value_error_and_nothing_else(text: str) -> None:
    for given_ in (text, text.encode()):
        for with_numpy in (False, True):
            with pytest.raises(ValueError, match=r"."):
                decode(given_, with_numpy=with_numpy)


@pytest.mark.parametrize(
    "data", [b"\xff", b"\x00", b"\xef\xbb\xbf", b'"\xff"', b"\xff\xfe1", b'"\xed\xa0\x80', b"1\x00"]
)
def test_bytes_that_are_no_text_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(data)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":{"dtype":"no such","shape":[1],"items":[1]}}',
        '{"a":{"dtype":"int64","shape":[1],"items":["a"]}}',
        '{"a":{"dtype":"int8","shape":[1],"items":[1000]}}',
        '{"a":{"dtype":"float64","shape":[1],"items":[{"d":[]}]}}',
        '{"n":{"dtype":"int64","item":{"d":[]}}}',
    ],
)
def test_what_numpy_refuses_is_a_value_error(text: str) -> None:
    decode(text)
    with pytest.raises(ValueError, match="numpy makes nothing of it"):
        decode(text, with_numpy=True)


def test_a_reader_that_is_deep_in_the_stack_itself_refuses_what_it_cannot_read() -> None:
    def read_at(levels: int) -> str:
        if levels:
            return read_at(levels - 1)
        try:
            decode("[" * 100 + "]" * 100)
        except ValueError:
            return "refused"
        except RecursionError:
            return "broken"
        return "read"

    outcomes = [read_at(levels) for levels in range(0, sys.getrecursionlimit() - 150, 25)]
    assert set(outcomes) == {"read", "refused"}


# Sets and dicts that Python would take hours to make.


def crowded_ints(count: int) -> list[Any]:
    return [place * MODULUS for place in range(count)]


def crowded_tuples(count: int) -> list[Any]:
    return [{"t": [-1 - ((place >> bit) & 1) for bit in range(17)]} for place in range(count)]


def crowded_complex(count: int) -> list[Any]:
    return [{"c": [-1000003.0 * place, 1.0 * place]} for place in range(count)]


@pytest.mark.parametrize("make", [crowded_ints, crowded_tuples, crowded_complex])
def test_members_of_one_hash_are_refused_beyond_a_few(make: Callable[[int], list[Any]]) -> None:
    for tag in ("s", "z"):
        assert len(decode(json.dumps({tag: make(32)}))) == 32
        with pytest.raises(ValueError, match="more than 32 members of one hash"):
            decode(json.dumps({tag: make(20_000)}))
    assert len(decode(json.dumps({"d": [[key, 1] for key in make(32)]}))) == 32
    with pytest.raises(ValueError, match="more than 32 members of one hash"):
        decode(json.dumps({"d": [[key, 1] for key in make(20_000)]}))


def test_what_is_refused_to_readers_is_not_written_either() -> None:
    with pytest.raises(Unfit, match="more than 32 members of one hash"):
        encode({place * MODULUS for place in range(33)})
    with pytest.raises(Unfit, match="more than 32 members of one hash"):
        encode({place * MODULUS: 1 for place in range(33)})
    with pytest.raises(Unfit, match="a Decimal and a long int"):
        encode([Decimal(1), {10**1000}])


@pytest.mark.parametrize("tag", ["s", "z"])
def test_a_decimal_is_not_told_from_a_long_int_of_its_hash(tag: str) -> None:
    long = 1 << 8_000_000
    members = [{"D": str(hash(long))}, {"i": format(long, "x")}]
    for inside in (members, [{"t": [member]} for member in members]):
        with pytest.raises(ValueError, match="a Decimal and a long int"):
            decode(json.dumps({tag: inside}))
    with pytest.raises(ValueError, match="a Decimal and a long int"):
        decode(json.dumps({"d": [[member, 1] for member in members]}))
    assert decode(json.dumps(members)) == [hash(long), long]


def test_honest_sets_are_not_crowded() -> None:
    grid = {(x, y, z) for x in range(-9, 9) for y in range(-9, 9) for z in range(-9, 9)}
    assert decode(encode(grid)) == grid
    tens = {10.0**power for power in range(-300, 300)} | {2**power for power in range(1000)}
    assert decode(encode(tens)) == tens
    assert decode(encode({Decimal(place) / 8 for place in range(5000)})) == {
        Decimal(place) / 8 for place in range(5000)
    }


# Anything at all.


@settings(max_examples=1000, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60)))
def test_any_text_is_a_value_or_a_value_error(text: bytes | str) -> None:
    check_reading(text)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 9), st.floats(), st.sampled_from(["nan", "1", "ff", "int64", ""])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*"iftszdbycDFan", "dtype", "shape", "items", "item"]), inner, min_size=1, max_size=3),
        st.tuples(st.sampled_from([*"iftszdbycDFan"]), inner).map(lambda pair: {pair[0]: pair[1]}),
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(JSON)
def test_any_json_is_a_value_or_a_value_error(data: Any) -> None:
    check_reading(json.dumps(data))


def check_reading(text: str | bytes) -> bool:
    """Whether a text is read; if it is, as what the format can hold, which is written and read again alike."""
    try:
        value = decode(text)
    except ValueError:
        return False
    if not holds_numpy(value):
        assert alike(decode(encode(value)), value)
    return True


ALLOWED = {
    *(type(None), bool, int, float, str, list, tuple, set, frozenset, dict),
    *(bytes, bytearray, complex, Decimal, Fraction, Array, Scalar),
}


def parts(value: Any) -> Iterator[Any]:
    yield value
    match value:
        case list() | tuple() | set() | frozenset():
            inside = list(value)
        case dict():
            inside = [*value, *value.values()]
        case Array():
            inside = list(value.items)
        case Scalar():
            inside = [value.item]
        case _:
            inside = []
    for each in inside:
        yield from parts(each)


def holds_numpy(value: Any) -> bool:
    kinds = {type(part) for part in parts(value)}
    assert kinds <= ALLOWED
    return not kinds.isdisjoint({Array, Scalar})


SEEDS = [
    None,
    [1, 2.5, "a", True, None],
    {"a": [1], (1, 2): {3: frozenset({4})}},
    {1, "b", (2.0, None)},
    [NAN, INF, -INF, 10**5000],
    (b"ab", bytearray(b"c"), 1 + 2j, Decimal("1.5e10"), Fraction(2, 3)),
    numpy.array([[1.0, NAN], [2.0, 3.0]]),
    [numpy.int64(5), numpy.bool_(False)],
    [[[[]]], ((),), {}, set()],
]
SCRAPS = [
    *(b'{"t":[', b"]}", b'{"s":[', b'{"d":[[', b'{"i":"', b'{"F":[1,0]}', b'{"a":{"dtype":"', b"[", b"]", b"{", b"}"),
    *(
        b'"',
        b",",
        b":",
        b"null",
        b"1e999",
        b"-",
        b"0",
        b"NaN",
        b"\xff",
        b"\\ud800",
        b"\x00",
        b'{"D":"sNaN"}',
        b"9" * 50,
    ),
]


def mutated(numbers: random.Random, frame: bytes) -> bytes:
    data = bytearray(frame)
    for _ in range(numbers.randrange(1, 4)):
        place = numbers.randrange(len(data) + 1)
        end = min(len(data), place + numbers.randrange(1, 9))
        match numbers.randrange(6):
            case 0:
                data[place:place] = numbers.choice(SCRAPS)
            case 1:
                data[place:end] = numbers.choice(SCRAPS)
            case 2:
                del data[place:end]
            case 3:
                data[place:place] = data[place:end]
            case 4:
                data[place:end] = bytes(reversed(data[place:end]))
            case _ if place < len(data):
                data[place] = numbers.choice(b'{}[]",:0123456789abcdefinstzDFy \xff')
    return bytes(data)


def test_a_hundred_thousand_mutated_frames_are_values_or_value_errors() -> None:
    numbers = random.Random(20)
    frames = [encode(seed).encode() for seed in SEEDS]
    num_read = sum(check_reading(mutated(numbers, numbers.choice(frames))) for _ in range(100_000))
    assert 1_000 < num_read < 99_000  # neither all nonsense nor all sound


def test_the_bounds_are_those_that_callers_rely_on() -> None:
    assert (values.MAX_DEPTH, values.MAX_NODES, values.MAX_TEXT) == (100, 500_000, 4 << 20)
