"""Conversion of test code to call tests: every form, and that a suite passes exactly when the test code would."""

from __future__ import annotations

import ast
import copy
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inbox.values import Unfit, decode, encode
from sim.python.comparators import compare
from sim.python.suite import CallTest, Comparator, Program, Style, View
from verireason.data.python_tests import (
    Conversion,
    convert_asserts,
    convert_check,
    convert_pytest,
    convert_unittest,
)
from verireason.data.python_tests.fold import Folder, NotConstant
from verireason.data.python_tests.scope import scope_of

EQUAL = Comparator(name="equal@1")
VIEWS: dict[View, Callable[[Any], Any]] = {
    View.LIST: list, View.TUPLE: tuple, View.SET: set, View.SORTED: sorted, View.DICT: dict, View.LEN: len,
    View.STR: str, View.SUM: sum, View.INT: int, View.FLOAT: float, View.BOOL: bool,
}  # fmt: skip


def of(*asserts: str, setup: str = "") -> Conversion:
    return convert_asserts(asserts, entry="f", setup=setup)


def check_of(body: str) -> str:
    return "def check(candidate):\n" + "".join(f"    {line}\n" for line in body.splitlines())


# ---- what one assert becomes ----

CLAIMS: list[tuple[str, list[Any], Any, str | None, tuple[View, ...]]] = [
    ("f(1) == 2", [1], 2, None, ()),
    ("2 == f(1)", [1], 2, None, ()),
    ("(f(1)) == (2)", [1], 2, None, ()),
    ("f() == None", [], None, None, ()),
    ("f([1, (2, 'a')], {'k': {3}}) == b'x'", [[1, (2, "a")], {"k": {3}}], b"x", None, ()),
    ("f(-1, +2, ~3, not 4) == 2j", [-1, 2, -4, False], 2j, None, ()),
    ("f('a' * 3, [0] * 2, 10 ** 9) == 2.0 / 3.0", ["aaa", [0, 0], 10**9], 2 / 3, None, ()),
    ("f(set(), dict(), tuple([1]), frozenset((1, 2))) == list(range(3))",
     [set(), {}, (1,), frozenset({1, 2})], [0, 1, 2], None, ()),
    ("f(float('inf'), -float('inf')) == str(5)", [math.inf, -math.inf], "5", None, ()),
    ("f(1, [2 for _ in range(2)]) == sum(x * x for x in [1, 2, 3] if x % 2 == 1)", [1, [2, 2]], 10, None, ()),
    ("f(1) is None", [1], None, "identical@1", ()),
    ("f(1) is True", [1], True, "identical@1", ()),
    ("f(1)", [1], None, "truthy@1", (View.BOOL,)),
    ("not f(1)", [1], None, "falsy@1", (View.BOOL,)),
    ("f(1) in (2, 3)", [1], (2, 3), "in@1", ()),
    ("f(1) in {2: 'a'}", [1], {2: "a"}, "in@1", ()),
    ("sorted(f(1)) == [1, 2]", [1], [1, 2], None, (View.SORTED,)),
    ("len(set(f(1))) == 2", [1], 2, None, (View.SET, View.LEN)),
    ("set(f(1)) == set([2, 3])", [1], {2, 3}, None, (View.SET,)),
    ("bool(f(1)) is False", [1], False, "identical@1", (View.BOOL,)),
]  # fmt: skip


@pytest.mark.parametrize(("test", "args", "expected", "comparator", "views"), CLAIMS)
def test_an_assert_on_one_call_becomes_a_call_test(
    test: str, args: list[Any], expected: Any, comparator: str | None, views: tuple[View, ...]
) -> None:
    (call,) = of(f"assert {test}, 'a message ' + str(f(9))").calls
    assert decode(call.args) == args
    assert call.expected is not None
    assert decode(call.expected) == expected
    assert type(decode(call.expected)) is type(expected)
    assert (call.comparator and call.comparator.name, call.views, call.kwargs) == (comparator, views, None)


def test_named_arguments_are_a_dict_of_values() -> None:
    (call,) = of("assert f(1, size=(2,), kind='x') == 3").calls
    assert call.kwargs is not None
    assert (decode(call.args), decode(call.kwargs)) == ([1], {"size": (2,), "kind": "x"})


TOLERANCES = [
    ("abs(f(1) - 0.5) <= 1e-6", Comparator(name="close@1", abs=1e-6)),
    ("abs(f(1) - 0.5) < 1e-6", Comparator(name="close@1", abs=math.nextafter(1e-6, 0))),
    ("1e-6 > abs(0.5 - f(1))", Comparator(name="close@1", abs=math.nextafter(1e-6, 0))),
    ("math.fabs(f(1) - 1 / 2) < 0.1", Comparator(name="close@1", abs=math.nextafter(0.1, 0))),
    ("math.isclose(f(1), 0.5)", Comparator(name="isclose@1", rel=1e-9)),
    ("isclose(0.5, f(1), rel_tol=1e-3, abs_tol=2)", Comparator(name="isclose@1", rel=1e-3, abs=2.0)),
    ("f(1) == pytest.approx(0.5)", Comparator(name="approx@1", rel=1e-6, abs=1e-12)),
    ("pytest.approx(0.5, abs=1e-3) == f(1)", Comparator(name="approx@1", abs=1e-3)),
    ("f(1) == pytest.approx(0.5, rel=1e-3)", Comparator(name="approx@1", rel=1e-3, abs=1e-12)),
]


@pytest.mark.parametrize(("test", "comparator"), TOLERANCES)
def test_tolerances_are_those_of_the_assert(test: str, comparator: Comparator) -> None:
    (call,) = of(f"assert {test}", setup="import math, pytest\nfrom math import isclose").calls
    assert (call.comparator, call.expected) == (comparator, "0.5")


STAYING = [
    "f(f(1)) == 2",
    "f(1) == f(2)",
    "f(1) == g(2)",
    "f(1) == 2 == 2",
    "f(1) == 2 and f(2) == 3",
    "f(1)[0] == 2",
    "f(1).strip() == 'a'",
    "f(*[1]) == 2",
    "f(**{'a': 1}) == 2",
    "f(lambda: 1) == 2",
    "f(x for x in [1]) == 2",
    "f(range(3)) == 2",
    "f(int) == 2",
    "f(...) == 2",
    "f(1) is 1",
    "f(1) is not None",
    "f(1) != 2",
    "f(1) in 'abc'",
    "f(1) > 2",
    "f(1) == list({'b', 'a'})",
    "f([[]] * 2) == 2",
    "f('a' * 10 ** 9) == 2",
    "f(10 ** 10 ** 10) == 2",
    "f(1 << 10 ** 10) == 2",
    "f([0] * 10 ** 7) == 2",
    "f(list(range(10 ** 9))) == 2",
    "f(round(5, -10 ** 9)) == 2",
    "f(1 / 0) == 2",
    "f('%9999999d' % 1) == 2",
    "f(g) == 2",
    "(r := f(1)) == 2",
    "isinstance(f(1), int)",
    "round(f(1), 2) == 0.33",
    "list(f(1), 2) == 3",
    "abs(f(1) - 0.5) < float('nan')",
    "abs(f(1) - 0.5) < 0",
    "abs(f(1) - 10 ** 30) < 1",
    "all(f(x) == x for x in range(3))",
    "f(1) == {**{'a': 1}}",
    "f(1) == f'{1}'",
]


@pytest.mark.parametrize("test", STAYING)
def test_an_assert_that_says_more_stays_code(test: str) -> None:
    conversion = of(f"assert {test}", "assert f(5) == 6")
    assert [call.id for call in conversion.calls] == ["1"]
    assert conversion.program == Program(
        style=Style.STATEMENTS, source=f"{ast.unparse(ast.parse(f'assert {test}'))}\n", ids=("0",)
    )


def test_a_builtin_that_the_test_code_redefines_is_no_view() -> None:
    assert of("assert sorted(f(1)) == [1]", setup="def sorted(x): return x").calls == ()
    assert of("assert f(1) == len([1])", setup="from mine import len").calls == ()
    assert of("assert f(1) == len([1])", setup="from mine import *").calls == ()
    assert convert_asserts(["assert sum(1, 2) == 3"], entry="sum").calls[0].views == ()


def test_asserts_that_nobody_can_fail_are_dropped_and_counted() -> None:
    conversion = of("assert True, 'prints if it fails'", "assert 1 < 2", "assert f(1) == 2", "assert 0 == 1")
    assert (conversion.num_constant, len(conversion.calls)) == (2, 1)
    assert conversion.program is not None
    assert (conversion.program.source, conversion.program.ids) == ("assert 0 == 1\n", ("1",))


# ---- statements in order ----


def test_a_name_that_stands_for_a_value_is_that_value() -> None:
    conversion = of("x, y = 3, 4\nassert f(x, [y]) == x + y", "x = 5\nassert f(x) == y")
    assert [call.args for call in conversion.calls] == ["[3,[4]]", "[5]"]
    assert conversion.program is None


def test_a_result_that_is_looked_at_once_is_the_call() -> None:
    conversion = of("want = [1]\ngot = f(2)\nassert got == want")
    assert [(call.args, call.expected) for call in conversion.calls] == [("[2]", "[1]")]
    assert conversion.program is None
    assert of("got = f(2)\nassert got == 1\nassert got < 2").calls == ()


def test_a_loop_over_constants_is_unrolled() -> None:
    conversion = of(
        "for x in range(2, 4):\n    y = x * 2\n    assert f(x, x + 1) == str(y)",
        "cases = [([1], 2), ([3], 4)]\nfor place, (given, want) in enumerate(cases):\n    assert f(given) == want, place",
        "for key, value in {'a': 1}.items():\n    for z in (value, 7):\n        assert f(key, z)",
    )
    assert conversion.program is None
    assert [(call.id, call.args, call.expected) for call in conversion.calls] == [
        ("0.0", "[2,3]", '"4"'), ("0.1", "[3,4]", '"6"'),
        ("1.0", "[[1]]", "2"), ("1.1", "[[3]]", "4"),
        ("2.0.0", '["a",1]', "null"), ("2.0.1", '["a",7]', "null"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "loop",
    [
        "for x in range(201):\n    assert f(x) == x",
        "for x in range(3):\n    assert f(x) == x\n    break",
        "for x in range(3):\n    assert f(x) == random.random()",
        "for x in range(3):\n    assert f(x) == x\nelse:\n    pass",
        "for x in [[1]]:\n    assert f(x) == 1\n    assert f(x) == 2",
        "y = [1]\nfor x in range(2):\n    assert f(y) == x",
        "y = [[1]]\nfor x in y:\n    assert f(x) == 1\nassert g(y)",
        "for x in range(3):\n    assert f(x) == x\nassert g(x)",
        "for x in {'b', 'a'}:\n    assert f(x) == x",
        "while True:\n    assert f(1) == 1\n    break",
        "if f:\n    assert f(1) == 1",
        "with open('x'):\n    assert f(1) == 1",
        "try:\n    assert f(1) == 1\nexcept ValueError:\n    pass",
    ],
)
def test_other_loops_and_blocks_stay_whole(loop: str) -> None:
    conversion = of(loop)
    assert conversion.calls == ()
    assert conversion.program is not None
    assert ast.dump(ast.parse(conversion.program.source)) == ast.dump(ast.parse(loop))


@pytest.mark.parametrize(
    "statements",
    [
        "x = [1]\nassert f(x) == 1\nassert g(x) == 2",  # the first call may have changed it
        "x = [1]\nassert f(x) == x",
        "x = [1]\nassert f(x, x) == 1",
        "x = [1]\ny = x\nassert f(y) == 1",
        "x = [1]\ny = [x, x]\nassert f(y) == 1",
        "x = [1]\nx.append(2)\nassert f(x) == 1",
        "x = 1\nx += 1\nassert f(x) == 1",
        "x = 1\nif g:\n    x = 2\nassert f(x) == 1",
        "x = [1]\ndef show():\n    return x\nassert f(x) == 1",
        "x = 1\ndef change():\n    global x\n    x = 2\nchange()\nassert f(x) == 1",
        "x = [1]\nkeep = lambda: x\nassert f(x) == 1",
        "from m import x\nassert f(x) == 1",
        "del f\nassert f(1) == 1",
        "f = g\nassert f(1) == 1",
        "f(0)\nassert f(1) == 1",  # called for what it does
        "for x in g:\n    f(x)\nassert f(1) == 1",
    ],
)
def test_no_value_is_used_that_may_be_another_by_then(statements: str) -> None:
    assert of(statements).calls == ()


def test_the_program_has_what_its_statements_need_in_order() -> None:
    conversion = of(
        "import math\nunused = 3\nbase = 2\nassert f(1) == 2\ndef helper(x):\n    return x + base\n"
        "assert f(2) == helper(3)\nassert f(base) == 4"
    )
    assert [call.id for call in conversion.calls] == ["0"]
    assert conversion.program is not None
    assert conversion.program.source == (
        "import math\nbase = 2\ndef helper(x):\n    return x + base\nassert f(2) == helper(3)\nassert f(base) == 4\n"
    )
    assert conversion.program.ids == ("1", "2")


def test_a_statement_whose_asserts_are_elsewhere_is_a_test_too() -> None:
    conversion = of("def same(x, y):\n    assert f(x) == y\nsame(1, 2)\nfor x in (3, 4):\n    same(x, x)")
    assert conversion.program is not None
    assert conversion.program.ids == ("0", "1")
    asserting = [
        any(isinstance(inner, ast.Assert) for inner in ast.walk(node))
        for node in ast.parse(conversion.program.source).body
        if not isinstance(node, ast.FunctionDef)
    ]
    assert asserting == [True, True]


# ---- the four forms ----


def test_a_check_function_with_its_surroundings() -> None:
    source = "METADATA = {}\nimport random\n\n\n" + check_of(
        '"""Words."""\nassert candidate(1) == 2\nassert f(3) == 4\nassert candidate(random.random()) < 1\nreturn True'
    )
    conversion = convert_check(source + "\n\ncheck(f)\n", entry="f", prelude="def help_me(): pass\n")
    assert [(call.id, call.args) for call in conversion.calls] == [("0", "[1]"), ("1", "[3]")]
    assert conversion.program == Program(
        style=Style.STATEMENTS,
        source="import random\nassert candidate(random.random()) < 1\n",
        prelude="def help_me(): pass\n",
        ids=("2",),
    )


def test_a_check_function_may_call_the_candidate_otherwise() -> None:
    conversion = convert_check("def check(fn):\n    assert fn(1) == 2\n    assert fn(fn(1)) == 2\n", entry="f")
    assert [call.args for call in conversion.calls] == ["[1]"]
    assert conversion.program is not None
    assert conversion.program.source == "fn = candidate\nassert fn(fn(1)) == 2\n"


UNITTEST = """
import math
import unittest

class TestF(unittest.TestCase):
    def setUp(self):
        self.x = 1

    def test_all(self):
        "Words."
        given = [1, 2]
        result = f(given)
        self.assertEqual(result, [2, 4], "a message")
        self.assertEqual([], f([]))
        self.assertTrue(f(1))
        self.assertTrue(f(1) == 2)
        self.assertFalse(f(0), msg="no")
        self.assertIsNone(f(None))
        self.assertIn(f(3), [6])
        self.assertAlmostEqual(f(0.1), 0.2)
        self.assertAlmostEqual(f(0.1), 0.2, places=2)
        self.assertAlmostEqual(f(0.1), 0.2, delta=0.5)
        assert f(4) == 8

    def test_more(self):
        for n in (1, 2):
            with self.subTest(n=n):
                self.assertEqual(f(n), n * 2)

    def test_state(self):
        self.assertEqual(f(1), 2)
        self.assertEqual(f(self.x), 2)

    def test_raises(self):
        with self.assertRaises(TypeError):
            f()

    @unittest.skip("broken")
    def test_skipped(self):
        self.assertEqual(f(1), 2)

    async def test_later(self):
        self.assertEqual(f(1), 2)

    def helper(self):
        self.assertEqual(f(1), 5)

@unittest.skip("broken")
class TestSkipped(unittest.TestCase):
    def test_it(self):
        self.assertEqual(f(1), 2)

if __name__ == "__main__":
    unittest.main()
"""


def test_methods_of_unittest_are_converted_whole_or_stay() -> None:
    conversion = convert_unittest(UNITTEST, entry="f")
    names = [call.id.rpartition(".")[0] for call in conversion.calls]
    assert names == ["TestF.test_all"] * 11 + ["TestF.test_more.0"] * 2
    tolerances = [call.comparator.abs for call in conversion.calls[7:10] if call.comparator]
    assert tolerances == [5e-8, math.nextafter(0.005, 0), 0.5]
    program = conversion.program
    assert program is not None
    assert (program.style, program.ids, program.names) == (Style.UNITTEST, None, ())
    left = [node.name for node in ast.walk(ast.parse(program.source)) if isinstance(node, ast.FunctionDef)]
    assert left == ["setUp", "test_state", "test_raises", "test_skipped", "helper", "test_it"]


def test_a_number_of_places_is_half_a_unit_of_the_last() -> None:
    source = "class T(TestCase):\n    def test(self):\n        self.assertAlmostEqual(f(1), 0.5, {})\n"
    for places in range(20):
        (call,) = convert_unittest(source.format(places), entry="f").calls
        assert call.comparator is not None
        tolerance = call.comparator.abs
        assert round(tolerance, places) == 0
        assert round(math.nextafter(tolerance, 1), places) != 0


PYTEST = """
import pytest
from solution import f as double, other

@pytest.fixture
def thing():
    return 1

@pytest.mark.parametrize("n, want", [(1, 2), (2, 4)])
def test_table(n, want):
    assert double(n) == want

@pytest.mark.parametrize("n", [1, pytest.param(2)])
def test_params(n):
    assert double(n) == n * 2

def test_plain():
    result = double(3)
    assert result == 6
    assert double(0.1) == pytest.approx(0.2)

def test_other():
    assert other(1) == 2

def test_fixture(thing):
    assert double(1) == 2

def test_raises():
    with pytest.raises(TypeError):
        double()

class TestMore:
    def test_twice(self):
        assert double("a") == "aa"

    def test_twice(self):
        assert double("b") == "bb"
"""


def test_functions_of_pytest_are_converted_whole_or_stay() -> None:
    conversion = convert_pytest(PYTEST, entry="f")
    assert [call.id for call in conversion.calls] == [
        "test_table.0.0", "test_table.0.1", "test_plain.0", "test_plain.1", "TestMore.test_twice.0",
    ]  # fmt: skip
    assert conversion.calls[-1].args == '["b"]'
    program = conversion.program
    assert program is not None
    assert (program.style, program.names) == (Style.PYTEST, ("other",))
    left = [node.name for node in ast.walk(ast.parse(program.source)) if isinstance(node, ast.FunctionDef)]
    assert left == ["thing", "test_params", "test_other", "test_fixture", "test_raises"]


def test_test_code_that_is_converted_whole_leaves_no_program() -> None:
    assert convert_pytest("from solution import f\ndef test():\n    assert f(1) == 2\n", entry="f").program is None
    source = "class T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(1), 2)\n"
    assert convert_unittest(source, entry="f").program is None


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (lambda: convert_check("x = 1", entry="f"), "the test has no function check(candidate)"),
        (lambda: convert_check("def check(", entry="f"), "the test does not parse: line 1: "),
        (
            lambda: convert_check("def check(c):\n  if c:\n    return", entry="f"),
            "has a return within another statement",
        ),
        (lambda: convert_asserts(["assert f(1) == 1", "assert f(2"], entry="f"), "assert 1 of the list does not parse"),
        (lambda: convert_asserts(["\0"], entry="f"), "assert 0 of the list does not parse"),
        (lambda: convert_asserts([], entry="f", setup="("), "the code before the asserts does not parse"),
        (lambda: convert_pytest("def", entry="f"), "the test does not parse: line 1: "),
        (lambda: of("assert f(g" + " + 1" * 900 + ") == 1"), "an expression of too many parts"),
        (lambda: convert_unittest("x = " + "(" * 500 + ")" * 500, entry="f"), "the test does not parse"),
    ],
)
def test_test_code_that_cannot_be_read_is_one_line(convert: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        convert()
    assert "\n" not in str(raised.value)


# ---- the same as Python ----

BODIES = [
    "assert candidate([3, 1]) == 2",
    "assert candidate([3, 1]) == [1, 3]",
    "x = [3, 1]\nassert candidate(x) == x",
    "x = [3, 1]\nassert candidate(x)\nassert x == [3, 1]",
    "x = [3, 1]\ny = [x, x]\nassert candidate(y) == [[3, 1], [3, 1]]",
    "assert candidate([[]] * 2) == [[], []]",
    "assert abs(candidate([1]) - 2.5) < 0.5",
    "assert abs(candidate([1]) - 2.5) <= 0.5",
    "assert abs(2.0 - candidate([1])) < 1e-9",
    "assert candidate([1]) in (1, 2, None)",
    "assert candidate([1]) in {1: 2}",
    "assert candidate([1]) != 2",
    "assert candidate([1])",
    "assert not candidate([1])",
    "assert candidate([1]) is None",
    "assert candidate([1]) is True",
    "assert sorted(candidate([2, 1])) == [1, 2]",
    "assert set(candidate([2, 1])) == {1, 2}",
    "assert len(candidate([2, 1])) == 2",
    "assert str(candidate([2, 1])) == '2'",
    "assert tuple(candidate([2, 1])) == (1, 2)",
    "got = candidate([2, 1])\nassert got == [1, 2]",
    "got = candidate([2, 1])\nassert got\nassert candidate([]) == []",
    "cases = [[1], [2]]\nfor case in cases:\n    assert candidate(case) == case",
    "cases = [[1], [2]]\nfor case in cases:\n    assert candidate(case)\nassert cases == [[1], [2]]",
    "for n in range(3):\n    assert candidate([n]) == [n]",
    "import math\nassert math.isclose(candidate([1]), 2, rel_tol=0.4)",
    "def same(x):\n    assert candidate(x) == x\nsame([2])",
    "candidate([5])\nassert candidate([1]) == [1]",
    "assert candidate(xs=[1]) == [1]",
]


def sorting(xs: list[Any]) -> Any:
    xs.sort()
    return xs


def growing(xs: list[Any]) -> Any:
    xs.append(xs[0] if xs else 0)
    return xs


def nested(xs: list[Any]) -> Any:
    for item in xs:
        if isinstance(item, list):
            item.append(1)
    return xs


def raising(xs: list[Any]) -> Any:
    raise ValueError(xs)


def generating(xs: list[Any]) -> Any:
    return (x for x in sorted(xs))


class Counting:
    """Answers otherwise each time."""

    def __init__(self) -> None:
        self.num = 0

    def __call__(self, xs: list[Any]) -> int:
        self.num += 1
        return self.num


ANSWERS: list[Any] = [
    None, True, False, 0, 1, 2, 3, 2.0, 1.5, 1.0, 2.5, 3.0, 2.9999, 2 + 1e-10, 1j, math.nan, math.inf, "", "2", "ab",
    [], [1], [1, 2], [2, 1], (1, 2), {1, 2}, {1: 2, 2: 3}, [3, 1], [1, 3], [[], []], [1.0, 2.0], b"",
]  # fmt: skip
CANDIDATES: dict[str, Callable[[], Callable[..., Any]]] = {
    **{f"returns {answer!r}": lambda answer=answer: lambda xs: copy.deepcopy(answer) for answer in ANSWERS},
    "identity": lambda: lambda xs: xs,
    "copy": lambda: lambda xs: copy.deepcopy(xs),
    "sorting": lambda: sorting,
    "growing": lambda: growing,
    "nested": lambda: nested,
    "raising": lambda: raising,
    "generating": lambda: generating,
    "counting": Counting,
}


def passes_in_python(source: str, candidate: Callable[..., Any]) -> bool:
    names: dict[str, Any] = {}
    exec(source, names)
    try:
        names["check"](candidate)
    except Exception:
        return False
    return True


def passes_as_suite(conversion: Conversion, candidate: Callable[..., Any]) -> bool:
    """As the farm does it, in this process. The program is given the candidate itself in place of a proxy."""
    try:
        if not all(passes_call(call, candidate) for call in conversion.calls):
            return False
        if conversion.program is not None:
            exec(conversion.program.source, {"candidate": candidate, "f": candidate})
    except Exception:
        return False
    return True


def passes_call(call: CallTest, candidate: Callable[..., Any]) -> bool:
    got = candidate(*decode(call.args), **(decode(call.kwargs) if call.kwargs else {}))
    for view in call.views:
        got = VIEWS[view](got)
    assert call.expected is not None
    try:
        return compare(call.comparator or EQUAL, decode(encode(got)), decode(call.expected)) is None
    except Unfit:
        return False


@pytest.mark.parametrize("body", BODIES)
def test_a_suite_passes_exactly_when_the_test_code_does(body: str) -> None:
    source = check_of(body)
    conversion = convert_check(source, entry="f")
    for name, make in CANDIDATES.items():
        if name == "counting" and conversion.calls and conversion.program:
            continue  # in the farm each mode has a process of its own
        assert passes_as_suite(conversion, make()) == passes_in_python(source, make()), name


OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>", "==", "!=", "<", "in", "and", "or"]
BUILTINS = [
    "list", "tuple", "set", "frozenset", "dict", "sorted", "len", "sum", "min", "max", "str", "int", "float", "bool",
    "abs",
]  # fmt: skip
LITERALS = st.recursive(
    st.one_of(
        st.integers(-20, 20).map(repr),
        st.sampled_from(["1.5", "'ab'", "b'x'", "True", "None", "2j", "''", "[]", "()", "set()", "range(3)"]),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(["-", "+", "~", "not "]), inner).map(lambda parts: f"({''.join(parts)})"),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"({', '.join(items)},)"),
        st.lists(inner, min_size=1, max_size=2).map(lambda items: f"{{{', '.join(items)}}}"),
        st.tuples(inner, inner).map(lambda pair: f"{{{pair[0]}: {pair[1]}}}"),
        st.tuples(
            st.sampled_from(BUILTINS),
            inner,
        ).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"[(x, {pair[0]}) for x in {pair[1]} if x]"),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(LITERALS)
def test_a_constant_has_the_value_that_python_gives_it(text: str) -> None:
    try:
        folded = Folder({}, scope_of([], entries=frozenset())).fold(ast.parse(text, mode="eval").body)
    except NotConstant:
        return
    value = eval(text, {})
    assert (repr(folded), type(folded)) == (repr(value), type(value))
