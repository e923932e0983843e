"""Whether an answer is the expected one, rule by rule; and that no answer, however odd, gets past or breaks a rule."""

import math
import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inbox.values import Array, Scalar
from sim.python.canonical import text_of
from sim.python.comparators import COMPARATORS, MAX_MESSAGE, compare
from sim.python.suite import Comparator

NAN, INF = float("nan"), float("inf")


def agrees(name: str, got: object, expected: object, **tolerances: float) -> bool:
    return compare(Comparator(name=name, **tolerances), got, expected) is None


def message(name: str, got: object, expected: object) -> str:
    found = compare(Comparator(name=name), got, expected)
    assert found is not None
    return found


def array(items: list[object], dtype: str = "float64", shape: tuple[int, ...] | None = None) -> Array:
    return Array(dtype=dtype, shape=(len(items),) if shape is None else shape, items=tuple(items))


# Random values. Numbers are few and small so that equal ones of different types meet often.

FINITE = st.one_of(
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.sampled_from([0.0, -0.0, 0.5, 1.0, 2.0, -1.0, 1e300, 2.0**70]),
    st.floats(allow_nan=False),
    st.sampled_from([Decimal("0.5"), Decimal("1.0"), Decimal("-0"), Decimal("1E+2"), Decimal("Infinity")]),
    st.decimals(allow_nan=False, min_value=-10, max_value=10, places=1),
    st.fractions(-3, 3, max_denominator=4),
    st.sampled_from([1 + 0j, 0.5 + 1j, complex(0, -0.0), complex(INF, 0)]),
    st.sampled_from([2**70, -(2**70), 10**400, 2**61 - 1, 100]),
)
NUMBERS = st.one_of(FINITE, st.sampled_from([NAN, Decimal("NaN"), complex(NAN, 1), complex(1, NAN)]))
TEXTS = st.one_of(st.text(max_size=3), st.sampled_from(["a", "A", "1", "number:1", "\ud800"]), st.binary(max_size=2))


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    hashable = st.recursive(
        leaves, lambda inner: st.one_of(st.lists(inner, max_size=3).map(tuple), st.frozensets(inner, max_size=3)),
        max_leaves=4,
    )  # fmt: skip
    return st.recursive(
        st.one_of(leaves, hashable),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=3).map(tuple),
            st.sets(hashable, max_size=3),
            st.dictionaries(hashable, inner, max_size=3),
        ),
        max_leaves=8,
    )


BUILTINS = nested(st.one_of(st.none(), FINITE, TEXTS))
HOSTILE = nested(
    st.one_of(
        st.none(),
        NUMBERS,
        TEXTS,
        st.sampled_from([Decimal("1e999999999"), Decimal("-1e-999999999"), 1 << 9_000, -(1 << 9_000)]),
        st.builds(lambda item: Scalar(dtype="int64", item=item), NUMBERS),
        st.builds(array, st.lists(NUMBERS, max_size=2)),
    )
)


@st.composite
def cousins(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two values that are equal, nearly equal or not at all."""
    one = draw(BUILTINS)
    other = draw(
        st.one_of(BUILTINS, st.just(one), st.sampled_from([retyped, reordered, changed]).map(lambda f: f(one)))
    )
    return one, other


def retyped(value: Any) -> Any:
    """The same to `==`, of other types where there are any."""
    if type(value) in (bool, int) and abs(value) < 2**53:
        return float(value)
    if type(value) is float and value.is_integer():
        return Fraction(value)
    if type(value) in (list, tuple):
        return type(value)(retyped(item) for item in value)
    if type(value) is set:
        return frozenset(value)
    if type(value) is dict:
        return {key: retyped(item) for key, item in value.items()}
    return value


def reordered(value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)(reversed(value))
    return dict(reversed(value.items())) if type(value) is dict else value


def changed(value: Any) -> Any:
    if type(value) in (list, tuple) and value:
        return type(value)([*value[:-1], changed(value[-1])])
    return value + 1 if type(value) is int else [value]


@settings(max_examples=800, deadline=None)
@given(cousins())
def test_equal_is_pythons_own(pair: tuple[Any, Any]) -> None:
    assert agrees("equal@1", *pair) is (pair[0] == pair[1])
    assert agrees("differs@1", *pair) is (pair[0] != pair[1])


@settings(max_examples=300, deadline=None)
@given(cousins())
def test_texts_are_the_same_exactly_for_equal_values(pair: tuple[Any, Any]) -> None:
    assert (text_of(pair[0]) == text_of(pair[1])) is (pair[0] == pair[1])


@settings(max_examples=300, deadline=None)
@given(cousins())
def test_strict_implies_equal_which_implies_close_and_lcb(pair: tuple[Any, Any]) -> None:
    if agrees("strict@1", *pair):
        assert agrees("equal@1", *pair)
        assert types_of(pair[0]) == types_of(pair[1])
    if agrees("equal@1", *pair):
        assert all(agrees(name, *pair) for name in ("close@1", "isclose@1", "approx@1"))
        assert type(pair[0]) is tuple or agrees("lcb-call@1", *pair)


def types_of(value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value), [types_of(item) for item in value]
    if type(value) in (set, frozenset):
        return type(value), Counter(map(repr, map(types_of, value)))
    if type(value) is dict:
        return dict, Counter(repr((types_of(key), types_of(item))) for key, item in value.items())
    return type(value)


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_whatever_it_is_a_value_agrees_with_itself(value: Any) -> None:
    for name in ("equal@1", "strict@1", "close@1", "isclose@1", "approx@1"):
        assert agrees(name, value, value), name
    if type(value) in (list, tuple, set, frozenset):
        assert agrees("unordered@1", value, value)
        assert agrees("count-equal@1", value, value)


@settings(max_examples=300, deadline=None)
@given(HOSTILE, HOSTILE)
def test_every_rule_has_a_verdict_for_every_pair_in_one_short_line(got: Any, expected: Any) -> None:
    for name in COMPARATORS:
        found = compare(Comparator(name=name, rel=1e-7, abs=1e-6), got, expected)
        assert found is None or (0 < len(found) <= MAX_MESSAGE and found.isprintable()), name


@settings(max_examples=300, deadline=None)
@given(st.text("01.eE+-naif_ \n\t\r\x0b\xa0x", max_size=30), st.text("01.eE+-naif_ \n\t\r\x0b\xa0x", max_size=30))
def test_rules_for_output_take_any_text_and_the_loose_ones_take_what_exact_takes(got: str, expected: str) -> None:
    for name in ("exact@1", "lines@1", "tokens@1", "fusion@1", "blanks@1"):
        assert agrees(name, got, got)
        if agrees("exact@1", got, expected) and name != "blanks@1":  # that one counts empty lines at the end
            assert agrees(name, got, expected)


def test_a_comparator_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no comparator named 'equal@2'; give one of equal@1, "):
        compare(Comparator(name="equal@2"), 1, 1)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (5, 5.0),
        (1, True),
        (0.0, -0.0),
        (2**70, 2.0**70),
        (Decimal("1.50"), 1.5),
        (Fraction(1, 2), 0.5),
        (Decimal("0.5"), Fraction(1, 2)),
        (1 + 0j, 1),
        ({"a": 1, "b": 2}, {"b": 2.0, "a": True}),
        ({frozenset([0, 8])}, {frozenset([8, 0])}),
        ({(1, 2), (3,)}, frozenset({(1.0, 2), (3,)})),
        ({1: "x"}, {True: "x"}),
        (b"a", bytearray(b"a")),
        (Scalar(dtype="int64", item=5), 5),
        ([Scalar(dtype="float64", item=0.5)], [0.5]),
        ({Scalar(dtype="int64", item=5)}, {5}),
        (Scalar(dtype="str", item="a"), "a"),
        (array([1.0, 2.0]), array([1, 2], "int64")),
        (NAN, NAN),
        ([{NAN: (NAN,)}], [{NAN: (NAN,)}]),
        ({Decimal("NaN")}, {NAN}),
        (INF, Decimal("Infinity")),
        (Decimal("1e999999999"), Decimal("10e999999998")),
    ],
)
def test_equal(got: object, expected: object) -> None:
    assert agrees("equal@1", got, expected)
    assert agrees("equal@1", expected, got)


def test_long_ints_are_compared_exactly() -> None:
    assert not agrees("equal@1", 10**16 + 1, 1e16)
    assert agrees("equal@1", 10**10_000, 10**10_000)
    assert message("equal@1", 10**10_000, 10**10_000 + 1).startswith("got <int of 33220 bits>, expected")
    assert not agrees("close@1", 10**400, 1e308, rel=1e-7)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (5, 6),
        ("5", 5),
        (None, False),
        (0, None),
        ("", None),
        ([], ()),
        ([1, 2], (1, 2)),
        ([1, 2], [2, 1]),
        ([1], [1, 2]),
        ([1, 2, 3], [1, 2]),
        ([], [1]),
        ({1, 2}, [1, 2]),
        ({}, set()),
        ("ab", ["a", "b"]),
        (b"a", "a"),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ({1}, {1, 2}),
        ({"1"}, {1}),
        ({"number:1"}, {1}),
        ({("a", "b")}, {("ab",)}),
        ({("a", "b")}, {("astr:b",)}),
        ({("a", "b")}, {("a5:str:b",)}),
        (0.5 + 1j, 0.5),
        ([1j], [0]),
        ({1j}, {0}),
        (NAN, 0.0),
        (0.0, NAN),
        (NAN, None),
        (INF, -INF),
        (INF, 1e308),
        (INF, NAN),
        (complex(NAN, 0), complex(0, NAN)),
        (array([1.0, 2.0]), [1.0, 2.0]),
        ([1.0, 2.0], array([1.0, 2.0])),
        (array([1.0]), 1.0),
        (array([1.0, 2.0]), array([1.0, 2.0], shape=(2, 1))),
        (array([1.0, 2.0]), array([1.0, 3.0])),
        (array([]), []),
        (Scalar(dtype="bool", item=True), "True"),
        (Decimal("sNaN"), 1),
        (Decimal("1e999999999"), 1),
        (Decimal("1e999999999"), INF),
        (Decimal("1e-999999999"), 0),
    ],
)
def test_not_equal(got: object, expected: object) -> None:
    for name in ("equal@1", "strict@1", "lcb-call@1", "close@1"):
        if name != "close@1" or type(expected) is not Array:
            assert not agrees(name, got, expected), name


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (5, 5.0),
        (True, 1),
        ([1, [2.0]], [1, [2]]),
        ({1: True}, {1: 1}),
        ({True: 1}, {1: 1}),
        ({1.0}, {1}),
        ({(1, True)}, {(1, 1)}),
        (frozenset({1}), {1}),
        (b"a", bytearray(b"a")),
        (Scalar(dtype="int64", item=5), 5),
        (Scalar(dtype="int64", item=5), Scalar(dtype="int32", item=5)),
        (array([1.0]), array([1.0], "float32")),
        (Decimal(1), 1),
    ],
)
def test_strict_tells_types_apart_that_equal_does_not(got: object, expected: object) -> None:
    assert agrees("equal@1", got, expected)
    assert not agrees("strict@1", got, expected)


@pytest.mark.parametrize(
    ("got", "expected", "is_close"),
    [
        (1.0000001, 1.0, True),
        (1.00001, 1.0, False),
        (1, 1.0000001, True),
        (1000000.09, 1e6, True),
        (1000000.2, 1e6, False),
        ([1.0, (2.0000001, {"a": 3.0000001})], [1.0, (2.0, {"a": 3.0})], True),
        ([1.0, 2.0], [1.0], False),
        ([1.0, 2.0], (1.0, 2.0), False),
        (array([1.0000001]), array([1.0]), True),
        ([1.0000001, 2.0], array([1.0, 2.0]), True),
        (((1.0,), (2.0,)), array([1.0, 2.0], shape=(2, 1)), True),
        ([array([1.0]), [2.0]], array([1.0, 2.0], shape=(2, 1)), True),
        ([1.0, 2.0], array([1.0, 2.0], shape=(2, 1)), False),
        ([[], []], array([], shape=(2, 0)), True),
        ([1.0, 2.0, 3.0], array([1.0, 2.0]), False),
        (array([1.0]), [1.0], False),
        (Scalar(dtype="float64", item=1.0000001), 1.0, True),
        (1.0000001 + 1j, 1 + 1j, True),
        (1.0001 + 1j, 1 + 1j, False),
        (10_000_001, 10_000_000, False),
        (2**60 + 1, 2**60, False),
        (True, 1.0000001, False),
        ("1.0", 1.0, False),
        (Decimal("1.0000001"), 1.0, False),
        ({1.0000001}, {1.0}, False),
        (NAN, 1.0, False),
        (1.0, NAN, False),
        (NAN, NAN, True),
        (INF, INF, True),
        (INF, 1e308, False),
        (1e308, INF, False),
        (-INF, INF, False),
        (1e308, -1e308, False),
        (complex(1e308, 1e308), complex(-1e308, -1e308), False),
        (complex(NAN, 1.0), complex(1.0, 1.0), False),
    ],
)
def test_close_takes_floats_within_the_tolerances_of_evalplus(got: object, expected: object, is_close: bool) -> None:
    assert agrees("close@1", got, expected, rel=1e-7, abs=1e-6) is is_close


@settings(max_examples=300, deadline=None)
@given(
    st.floats(-1e3, 1e3), st.floats(-1e-3, 1e-3), st.sampled_from([0.0, 1e-9, 1e-4]), st.sampled_from([0.0, 1e-9, 1e-4])
)
def test_the_three_tolerances_are_those_of_their_models(base: float, off: float, rel: float, absolute: float) -> None:
    numpy = pytest.importorskip("numpy")
    got = base + off
    assert agrees("close@1", got, base, rel=rel, abs=absolute) is bool(
        numpy.isclose(got, base, rtol=rel, atol=absolute)
    )
    assert agrees("isclose@1", got, base, rel=rel, abs=absolute) is math.isclose(
        got, base, rel_tol=rel, abs_tol=absolute
    )
    assert agrees("approx@1", got, base, rel=rel, abs=absolute) is (got == pytest.approx(base, rel=rel, abs=absolute))


def test_two_ints_are_apart_by_no_more_than_the_absolute_tolerance() -> None:
    assert agrees("close@1", 11, 10, abs=1.5)
    assert not agrees("close@1", 12, 10, abs=1.5, rel=1.0)
    assert not agrees("isclose@1", 10**9 + 1, 10**9, rel=0.1)


def test_a_tuple_counts_as_a_list_for_livecodebench_when_it_is_the_whole_answer() -> None:
    assert agrees("lcb-call@1", (1, 2.0), [1, 2])
    assert not agrees("lcb-call@1", [(1, 2)], [[1, 2]])
    assert not agrees("lcb-call@1", {1}, [1])
    assert not agrees("lcb-call@1", "12", ["1", "2"])


@pytest.mark.parametrize(
    ("got", "expected", "as_sets", "as_often"),
    [
        ([3, 1], (1, 3), True, True),
        ({1, 3}, [3, 1], True, True),
        ([1, 1, 2], [1, 2], True, False),
        ([1, 1, 2], [1, 2, 2], True, False),
        ([[1], [2]], [[2], [1]], True, True),
        ([1, True], [1.0, 1], True, True),
        ([1], [1, 2], False, False),
        ([1, 2, 3], [1, 2], False, False),
        ([], [], True, True),
        ("ab", ["a", "b"], False, False),
        ({1: 2}, [1], False, False),
        (None, [], False, False),
        ([NAN], [NAN], True, True),
    ],
)
def test_order_does_not_matter_where_a_benchmark_says_so(
    got: object, expected: object, as_sets: bool, as_often: bool
) -> None:
    assert agrees("unordered@1", got, expected) is as_sets
    assert agrees("count-equal@1", got, expected) is as_often


@pytest.mark.parametrize(
    ("name", "expected", "agreeing", "differing"),
    [
        ("in@1", [1, "a"], [1, 1.0, True, "a"], [2, "A", None, [1]]),
        ("in@1", {"a": 1}, ["a"], [1]),
        ("in@1", "abc", [], ["a", "abc", ""]),
        ("identical@1", None, [None], [False, 0, "", [], Scalar(dtype="float64", item=None)]),
        ("identical@1", True, [True], [1, 1.0, Scalar(dtype="bool", item=True), "True"]),
        ("identical@1", 1, [], [1, True]),
        ("not-identical@1", None, [False, 0, "", []], [None]),
        ("not-identical@1", False, [0, None, True], [False]),
        ("not-identical@1", 1, [], [1, 2]),
        ("not-none@1", None, [False, 0, "a"], [None]),
        ("mbpp-match@1", True, [True, "match", ""], [False, None]),
        ("mbpp-match@1", False, [False, None], [True, "match"]),
        ("mbpp-match@1", "match", ["other", True], [None, False]),
        (
            "truthy@1",
            None,
            [1, "0", [0], NAN, Scalar(dtype="bool", item=True), Decimal("sNaN")],
            [0, "", None, 0.0, {}],
        ),
        ("truthy@1", None, [], [array([1.0]), array([]), Scalar(dtype="bool", item=False)]),
        ("falsy@1", None, [0, "", None, 0j, (), Scalar(dtype="str", item="")], [1, [0], array([]), array([0.0])]),
    ],
)
def test_claims_other_than_equality(
    name: str, expected: object, agreeing: list[object], differing: list[object]
) -> None:
    assert [got for got in agreeing if not agrees(name, got, expected)] == []
    assert [got for got in differing if agrees(name, got, expected)] == []


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        (4, 5, "got 4, expected 5"),
        ("4", 4, "got '4' (str), expected 4 (int)"),
        ([1, 4], [1, 5], "item 1: got 4, expected 5"),
        ([[1], {"a": (2,)}], [[1], {"a": (3,)}], "item 1, key 'a', item 0: got 2, expected 3"),
        ([1], [1, 2], "got 1 items, expected 2: [1] for [1, 2]"),
        ({1, 2}, {2, 3}, "lacks the member 3"),
        ({1, 2}, {2}, "has a member 1 that is not expected"),
        ({"a": 1}, {"b": 1}, "lacks the key 'b'"),
        (array([1.0]), [1.0], "got array([1.0], shape=(1,), dtype=float64) (a numpy array), expected [1.0] (list)"),
        (None, [], "got None (None), expected [] (list)"),
        (1 << 1999, 0, "got <int of 2000 bits>, expected 0"),
        ("x" * 50 + "got", "x" * 50 + "wanted", None),
        ("x" * 99 + "got", "x" * 99 + "wanted", "from character 89: got 'xxxxxxxxxxgot', expected 'xxxxxxxxxxwanted'"),
    ],
)
def test_a_difference_is_told_where_it_is(got: object, expected: object, words: str | None) -> None:
    assert words is None or message("equal@1", got, expected) == words


def test_a_message_is_short_whatever_differs() -> None:
    deep: Any = []
    for _ in range(90):
        deep = [deep]
    assert message("equal@1", deep, [deep]).startswith("item 0, item 0, item 0, item 0, item 0, and ")
    assert len(message("equal@1", ["x" * 1000] * 1000, [1] * 999)) <= MAX_MESSAGE


# Standard output.


@pytest.mark.parametrize(
    ("got", "expected", "outcome"),
    [
        # OutputsMatch of code_contests, execution/tester_sandboxer_test.cc
        ("abc def", "abc def", True),
        ("abc deg", "abc def", False),
        ("abc def", "abc def 123", False),
        ("abc DEF", "abc def", True),
        ("abc 123", "abc 123.000001", True),
        ("abc 123", "abc 123.1", False),
        # and more
        ("abc def 123", "abc def", False),
        ("", "", True),
        ("", "1", False),
        ("1", "", False),
        ("1\n2 3\n", "1 2\r\n3", True),
        ("007", "7", True),
        ("-0", "0", True),
        ("+5", "5", True),
        ("-5", "5", False),
        ("9007199254740993", "9007199254740992", False),
        ("1" * 5000, "1" * 5000, True),
        ("1" * 5000, "1" * 4999 + "2", False),
        ("0.00001", "0", False),
        ("0.000009", "0", True),
        ("1e3", "1000.0", True),
        ("1e400", "1e401", False),
        ("1e400", "inf", False),
        ("nan", "nan", True),
        ("NaN", "nan", True),
        ("nan", "1", False),
        ("1", "nan", False),
        ("inf", "infinity", False),
        ("1_0", "10", False),
        ("١", "1", False),
        ("0x10", "16", False),
        ("Ä", "ä", False),
        ("a\xa0b", "a b", False),
    ],
)
def test_words_as_code_contests_compares_them(got: str, expected: str, outcome: bool) -> None:
    assert agrees("tokens@1", got, expected) is outcome


@pytest.mark.parametrize(
    ("got", "expected", "outcome"),
    [
        ("1\n2\n", "1\n2", True),
        ("1  \n  2\n\n\n", "1\n2\n", True),
        ("\n1\n2", "1\n2", True),
        ("1\r\n2\r\n", "1\n2\n", True),
        ("1\n\n2", "1\n2", False),
        ("1 2", "1\n2", False),
        ("1  2", "1 2", True),
        ("a  b", "a b", False),
        ("1.0 2.50", "1 2.5", True),
        ("1e2", "100", True),
        ("-0", "0", True),
        ("0.1000000000000000055511151231257827", "0.1", False),
        ("50000000000000001", "50000000000000000", False),
        ("1.0 a", "1 a", False),
        ("YES", "Yes", False),
        ("1 2 3", "1 2", False),
        ("1 2", "1 2 3", False),
        ("nan", "nan", True),
        ("NaN", "nan", False),
        ("sNaN", "1", False),
        ("inf", "Infinity", False),
        ("1_000", "1000", False),
        ("١", "1", False),
        ("1e999999999", "10e999999998", True),
        ("1e999999999", "2e999999999", False),
        ("1e99999999999999999999", "10e9999999999999999998", False),
        ("1e99999999999999999999", "1e99999999999999999999", True),
        ("9" * 4096, "9" * 4096 + ".0", False),
        ("9" * 4000, "9" * 4000 + ".0", True),
        ("", "", True),
        ("\n \n", "", True),
    ],
)
def test_lines_as_livecodebench_compares_them(got: str, expected: str, outcome: bool) -> None:
    assert agrees("lines@1", got, expected) is outcome


@pytest.mark.parametrize(
    ("got", "expected", "outcome"),
    [
        ("YES\n no ", "yes\nNo", True),
        ("1.000001", "1", True),
        ("1.0001", "1", False),
        ("1e-20", "0", True),
        ("1e-10", "0", False),
        ("1.000001 2", "1 2", False),
        ("nan", "1", False),
        ("1", "inf", False),
        ("1\n2", "1", False),
    ],
)
def test_lines_as_sandboxfusion_compares_them(got: str, expected: str, outcome: bool) -> None:
    assert agrees("fusion@1", got, expected) is outcome


@pytest.mark.parametrize(
    ("got", "expected", "outcome"),
    [
        ("a b\nc\n", "a b\nc", True),
        ("a  \t b  \nc\r\n", "a b\nc\n", True),
        (" a", "a", False),
        ("  a", " a", True),
        ("a\n\n", "a\n", False),
        ("ab", "a b", False),
        ("A", "a", False),
        ("1.0", "1", False),
        ("a\nb", "a", False),
        ("", "\n", True),
    ],
)
def test_blanks_as_diff_b_compares_them(got: str, expected: str, outcome: bool) -> None:
    assert agrees("blanks@1", got, expected) is outcome


@pytest.mark.parametrize(
    ("got", "expected", "outcome"),
    [("1\n\n", "1", True), ("1", "1\n", True), ("1 ", "1", False), ("\n1", "1", False), ("1.0", "1", False)],
)
def test_exact_forgives_newlines_at_the_end_only(got: str, expected: str, outcome: bool) -> None:
    assert agrees("exact@1", got, expected) is outcome


STDIO = ("exact@1", "lines@1", "tokens@1", "fusion@1", "blanks@1")
EXPECTED = "3\n1 2 3\nyes\n"


@pytest.mark.parametrize("name", STDIO)
@pytest.mark.parametrize(
    "got",
    [
        "",
        "\n",
        "3",
        "3\n",
        "3\n1 2 3\n",
        EXPECTED[:-2],
        EXPECTED + "4\n",
        EXPECTED + EXPECTED,
        "4\n" + EXPECTED,
        "1 2 3\n3\nyes\n",
        "3\n3 2 1\nyes\n",
        "yes\n1 2 3\n3\n",
        "31 2 3yes",
        "nan\nnan nan nan\nnan",
        "3\x001 2 3\x00yes",
    ],
)
def test_no_part_of_the_output_nor_more_than_it_passes(name: str, got: str) -> None:
    assert agrees(name, EXPECTED, EXPECTED)
    assert not agrees(name, got, EXPECTED)
    assert not agrees(name, EXPECTED, ""), "an empty expectation takes an empty output only"
    assert agrees(name, "", "")


@pytest.mark.parametrize("name", STDIO)
def test_what_is_no_text_is_no_output(name: str) -> None:
    assert "not two texts" in message(name, 3, "3")
    assert "not two texts" in message(name, None, "")
    assert "not two texts" in message(name, ["3"], ["3"])


# Hostile sizes. The plain ways of comparing these take from half a minute to hours.

MODULUS = 2**61 - 1
LONG = (1 << 16_000_000) + 1
FLOOD: list[tuple[str, str, Callable[[], object], Callable[[], object]]] = [
    ("a Decimal and a long int", "equal@1", lambda: Decimal(1), lambda: LONG),
    ("a long int and a Decimal", "close@1", lambda: LONG, lambda: Decimal(1)),
    ("a long int and a float", "close@1", lambda: LONG, lambda: 1.0),
    ("an exponent", "equal@1", lambda: Decimal("1e999999999999999999"), lambda: 1),
    ("ints of one hash", "unordered@1", lambda: [k * MODULUS for k in range(50_000)], lambda: [1]),
    ("floats of one hash", "count-equal@1", lambda: [complex(-1000003 * k, k) for k in range(50_000)], lambda: [1]),
    ("a wide tuple in a set", "equal@1", lambda: {(0,) * 200_000}, lambda: {1}),
    ("blanks in a line", "blanks@1", lambda: "a" + " " * 1_000_000 + "b" + " " * 1_000_000, lambda: "a b c"),
    ("digits in a word", "tokens@1", lambda: "1" * 1_000_000 + "e" * 9, lambda: "1.5"),
    ("zeros in a word", "tokens@1", lambda: "0" * 1_000_000 + "1", lambda: "2"),
    ("an exponent in a line", "lines@1", lambda: "1e999999999", lambda: "1"),
    ("an exponent of a million digits", "lines@1", lambda: "1e" + "9" * 1_000_000, lambda: "1"),
    ("empty lines", "lines@1", lambda: "\n" * 1_000_000 + "1", lambda: "2"),
    ("a late difference", "equal@1", lambda: "a" * 4_000_000 + "b", lambda: "a" * 4_000_000 + "c"),
    ("many numbers", "lines@1", lambda: "1.0 " * 250_000, lambda: "1 " * 249_999 + "2"),
]


@pytest.mark.parametrize(("name", "got", "expected"), [row[1:] for row in FLOOD], ids=[row[0] for row in FLOOD])
def test_a_hostile_answer_is_compared_in_linear_time(
    name: str, got: Callable[[], object], expected: Callable[[], object]
) -> None:
    assert not agrees(name, got(), expected(), abs=1e-6)


def test_a_hundred_thousand_random_pairs_have_a_verdict() -> None:
    numbers = random.Random(7)
    names = list(COMPARATORS)
    for _ in range(100_000):
        comparator = Comparator(name=numbers.choice(names), rel=numbers.choice([0.0, 1e-6]), abs=0.0)
        found = compare(comparator, scribble(numbers, 3), scribble(numbers, 3))
        assert found is None or 0 < len(found) <= MAX_MESSAGE


def scribble(numbers: random.Random, depth: int) -> Any:
    """A random value, of few different parts so that pairs are often alike."""
    kind = numbers.randrange(22)
    if kind < 14 or depth == 0:
        leaves = (None, True, 0, 1, 1.0, NAN, INF, "1", "", "1.0\n", b"1", Decimal("sNaN"), Fraction(1, 3), 1j, 10**400)
        return numbers.choice(leaves)
    parts = [scribble(numbers, depth - 1) for _ in range(numbers.randrange(4))]
    match kind:
        case 14 | 15:
            return parts
        case 16 | 17:
            return tuple(parts)
        case 18:
            return Scalar(dtype="float64", item=parts[0] if parts else 1)
        case 19:
            return array(
                parts, shape=numbers.choice([(len(parts),), (1, len(parts)), (len(parts), 1), (len(parts), 1, 1)])
            )
        case _:
            kept = [part for part in parts if is_hashable(part)]
            return dict.fromkeys(kept, 1) if kind == 20 else set(kept)


def is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
