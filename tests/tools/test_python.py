"""The Python verifier on the real farm: good, wrong, broken, endless, crashing and hostile programs in every mode.

The function under test is f(n) = 2n + 1. What attackers try at length is in the attack corpus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sim.boxes.host import HostBox
from sim.farm import Farm
from sim.job import Limits
from sim.pool import Pool
from sim.python.course import NAME
from sim.python.reference import plan_answers, read_answers
from sim.python.suite import CallTest, Comparator, Program, StdioTest, Style, Suite, View
from sim.verdict import Candidate, Outcome, Spec, TestEnd, Verdict
from tests.tools.conftest import BUBBLEWRAP, DOCKER, DOCKER_BY_UID, open_box

LIMITS = Limits(cpu_s=1, wall_s=8, mem_mb=512, output_kb=256)
CALLS = tuple(CallTest(id=str(n), args=f"[{n}]", expected=str(2 * n + 1)) for n in range(4))
UNITTEST = """
import unittest
class TestF(unittest.TestCase):
    def test_many(self):
        for n in range(30):
            with self.subTest(n=n):
                self.assertEqual(f(n), 2 * n + 1)
    def test_refuses(self):
        with self.assertRaises(TypeError):
            f(None)
"""
PYTEST = """
import pytest
from solution import f
@pytest.mark.parametrize("n,want", [(1, 3), (2, 5), pytest.param(3, 7)])
def test_table(n, want):
    assert f(n) == want
class TestMore:
    def test_close(self):
        assert f(0) == pytest.approx(1)
"""
STATEMENTS = """
import random
def want(n):
    return 2 * n + 1
for _ in range(20):
    n = random.randint(0, 99)
    assert candidate(n) == want(n)
last = f(7)
assert last == 15, last
"""
SUITES = {
    "call": Suite(entry="f", calls=CALLS),
    "call, a process each": Suite(entry="f", calls=CALLS, fork_per_test=True),
    "method": Suite(entry="Solution.f", calls=CALLS),
    "stdio": Suite(
        comparator=Comparator(name="lines@1"),
        stdio=tuple(StdioTest(id=str(n), stdin=f"{n}\n", expected=f"{2 * n + 1}\n") for n in range(4)),
    ),
    "statements": Suite(entry="f", program=Program(style=Style.STATEMENTS, source=STATEMENTS, ids=("loop", "last"))),
    "unittest": Suite(entry="f", program=Program(style=Style.UNITTEST, source=UNITTEST)),
    "pytest": Suite(entry="f", program=Program(style=Style.PYTEST, source=PYTEST), libraries=("pytest",)),
}
TAILS = {
    "method": "\nclass Solution:\n    def f(self, n):\n        return f(n)\n",
    "stdio": "\nif __name__ == '__main__':\n    print(f(int(input())))\n",
}
"""What makes a program of a function, by suite."""

RIGHT = "def f(n):\n    return 2 * n + 1\n"
BODIES = {
    "right": (RIGHT, {Outcome.PASS}),
    "wrong": ("def f(n):\n    return 2 * n\n", {Outcome.WRONG}),
    "does not parse": ("def f(n:\n    return 1\n", {Outcome.COMPILE_ERROR}),
    "not to be imported": ("import no_such_module\n" + RIGHT, {Outcome.CRASH}),
    "raises": ("def f(n):\n    raise KeyError(n)\n", {Outcome.CRASH}),
    "ends itself": ("import os\ndef f(n):\n    os._exit(0)\n", {Outcome.CRASH, Outcome.WRONG}),
    "ends itself politely": ("import sys\ndef f(n):\n    sys.exit(0)\n", {Outcome.CRASH, Outcome.WRONG}),
    "dies": ("import ctypes\ndef f(n):\n    return ctypes.string_at(0)\n", {Outcome.CRASH}),
    "endless": ("def f(n):\n    while True:\n        pass\n", {Outcome.TIMEOUT}),
    "floods": ("def f(n):\n    while True:\n        print('x' * 10000)\n", {Outcome.OUTPUT_LIMIT}),
    "too much memory": ("def f(n):\n    return len(bytearray(10**10))\n", {Outcome.CRASH, Outcome.MEMORY}),
    "equal to all": (
        "class E(int):\n    __eq__ = lambda a, b: True\n    __ne__ = lambda a, b: False\n"
        "    __hash__ = int.__hash__\ndef f(n):\n    return E(-1)\n",
        {Outcome.WRONG},
    ),
}


def spec_of(suite: Suite, limits: Limits = LIMITS) -> Spec:
    return Spec(verifier=NAME, top=suite.entry or "main", testbench=suite.to_text(), limits=limits)


def judge(farm: Farm, source: str, suite: Suite, limits: Limits = LIMITS) -> Verdict:
    (verdict,) = farm.judge([(Candidate(source=source, language="python"), spec_of(suite, limits))])
    return verdict


@pytest.mark.parametrize("mode", SUITES)
@pytest.mark.parametrize("name", BODIES)
def test_every_mode_tells_them_apart(farm: Farm, name: str, mode: str) -> None:
    source, outcomes = BODIES[name]
    verdict = judge(farm, source + TAILS.get(mode, ""), SUITES[mode])
    assert verdict.outcome in outcomes, verdict
    if verdict.tests:
        assert verdict.num_tests == len(verdict.tests)
        assert verdict.num_passed == sum(test.passed for test in verdict.tests)
    if name == "right":
        assert verdict.num_passed == verdict.num_tests == {"statements": 2, "unittest": 2}.get(mode, 4)
    elif mode != "unittest":  # where refusing everything is half of it
        assert not verdict.num_passed


@pytest.fixture(scope="module", params=[BUBBLEWRAP, DOCKER, DOCKER_BY_UID, "host"])
def any_farm(request: pytest.FixtureRequest) -> Iterator[Farm]:
    if request.param == "host":
        with Farm(Pool(HostBox(image="host"), num_boxes=2), tools={}) as opened:
            yield opened
    else:
        with open_box(request.param) as opened:
            yield opened


@pytest.mark.parametrize("mode", SUITES)
def test_every_box_tells_right_from_wrong(any_farm: Farm, mode: str) -> None:
    for name in ("right", "wrong", "endless"):
        source, outcomes = BODIES[name]
        assert judge(any_farm, source + TAILS.get(mode, ""), SUITES[mode]).outcome in outcomes


def test_one_endless_test_costs_itself_alone(farm: Farm) -> None:
    source = "def f(n):\n    while n == 1:\n        pass\n    return 2 * n + 1\n"
    for mode in ("call", "stdio"):
        verdict = judge(farm, source + TAILS.get(mode, ""), SUITES[mode])
        assert (verdict.outcome, verdict.num_passed) == (Outcome.TIMEOUT, 3)
        assert [test.end for test in verdict.tests] == [TestEnd.PASS, TestEnd.TIMEOUT, TestEnd.PASS, TestEnd.PASS]


def test_ending_early_does_not_shrink_the_number_of_tests(farm: Farm) -> None:
    source = "import os\ndef f(n):\n    if n == 2:\n        os._exit(0)\n    return 2 * n + 1\n"
    verdict = judge(farm, source, SUITES["call"])
    assert (verdict.num_passed, verdict.num_tests) == (3, 4)
    assert verdict.failed_call is not None
    assert (verdict.failed_call.call, verdict.failed_call.expected, verdict.failed_call.got) == ("f(2)", "5", None)


def test_arguments_are_fresh_for_every_test(farm: Farm) -> None:
    suite = Suite(entry="f", calls=tuple(CallTest(id=str(n), args="[[1,2]]", expected="[2,1]") for n in range(3)))
    assert judge(farm, "def f(x):\n    x.reverse()\n    return x\n", suite).passed


def test_a_process_for_each_test_keeps_no_state(farm: Farm) -> None:
    counting = "n = 0\ndef f(x):\n    global n\n    n += 1\n    return n\n"
    calls = tuple(CallTest(id=str(n), args="[0]", expected="1") for n in range(3))
    assert judge(farm, counting, Suite(entry="f", calls=calls)).num_passed == 1
    assert judge(farm, counting, Suite(entry="f", calls=calls, fork_per_test=True)).passed


def test_named_arguments_views_and_setup(farm: Farm) -> None:
    call = CallTest(id="0", args="[]", kwargs='{"d":[["size",3]]}', expected="[0,1,2]", views=(View.LIST,))
    suite = Suite(entry="f", setup="from itertools import *\nfrom typing import List", calls=(call,))
    assert judge(farm, "def f(*, size: List) -> List:\n    return islice(count(), size)\n", suite).passed


def test_libraries_of_the_image_can_be_imported_and_warm(farm: Farm) -> None:
    call = CallTest(id="0", args='[{"a":{"dtype":"int64","shape":[2],"items":[1,2]}}]', expected="3")
    source = "import numpy as np\ndef f(x):\n    assert type(x) is np.ndarray\n    return int(np.sum(x))\n"
    assert judge(farm, source, Suite(entry="f", calls=(call,))).passed
    assert judge(farm, source, Suite(entry="f", calls=(call,), libraries=("numpy",))).passed


def test_a_library_that_the_image_lacks_is_the_farms_failure(farm: Farm) -> None:
    verdict = judge(farm, RIGHT, replace(SUITES["call"], libraries=("no_such_library",)))
    assert verdict.outcome is Outcome.UNJUDGED
    assert "no_such_library" in verdict.diagnostics[0].message


def test_the_tests_are_nowhere_in_the_candidates_memory(farm: Farm) -> None:
    """It scans its heap, where the job's message was: its own text is there, the tests are not."""
    source = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
libc.sbrk.argtypes = [ctypes.c_ssize_t]
libc.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
OWN = "own" + "-text-91827"  # own-text-91827
def found(word):
    read, write = os.pipe()
    top = libc.sbrk(0) & ~4095
    last = b""
    for page in range(top - 4096, top - (64 << 20), -4096):
        if libc.write(write, page, 4096) != 4096:
            break
        data = os.read(read, 4096)
        if word in data + last[:100]:
            return True
        last = data
    return False
def f(n):
    return [found(OWN.encode()), found(b"-".join([b"tests", b"text", b"4711"]))]
"""
    tests = "word = 'tests-text-4711'\nassert candidate(0) == [True, False]"
    suite = Suite(entry="f", program=Program(style=Style.STATEMENTS, source=tests, ids=("memory",)))
    verdict = judge(farm, source, suite)
    assert verdict.passed, verdict


def test_what_the_tests_draw_cannot_be_foretold(farm: Farm) -> None:
    source = "import random\ndef f(n):\n    return [random.randint(0, 10**9) for _ in range(3)]\n"
    tests = "import random\nmine = [random.randint(0, 10**9) for _ in range(3)]\nassert candidate(0) != mine"
    suite = Suite(entry="f", program=Program(style=Style.STATEMENTS, source=tests, ids=("draw",)))
    assert judge(farm, source, suite).passed


def test_a_test_that_swallows_everything_is_not_passed_by_a_dead_candidate(farm: Farm) -> None:
    tests = "try:\n    assert f(1) == 3\nexcept BaseException:\n    pass"
    suite = Suite(entry="f", program=Program(style=Style.STATEMENTS, source=tests, ids=("all",)))
    assert judge(farm, RIGHT, suite).passed
    assert judge(farm, "import os\ndef f(n):\n    os._exit(0)\n", suite).outcome is Outcome.CRASH


def test_classes_of_the_candidate_by_proxy(farm: Farm) -> None:
    source = """
class Stack:
    def __init__(self):
        self.items = []
    def push(self, item):
        self.items.append(item)
        return self
    def __len__(self):
        return len(self.items)
    def __iter__(self):
        return iter(self.items)
    def __getitem__(self, key):
        return self.items[key]
    def __eq__(self, other):
        return True
"""
    tests = """
s = Stack()
assert len(s) == 0 and not s
s.push(3).push(4)
assert len(s) == 2 and list(s) == [3, 4] and s[1] == 4 and 3 in s
assert s != [3, 4] and s != Stack()
"""
    program = Program(style=Style.STATEMENTS, source=tests, ids=("empty", "full", "equal"), objects=True)
    verdict = judge(farm, source, Suite(entry="Stack", program=program))
    assert verdict.passed, verdict


def test_an_object_is_no_answer_where_the_reference_gives_none(farm: Farm) -> None:
    tests = "assert f(1).startswith('3')\nassert sorted(f(2)) == ['5']"
    program = Program(style=Style.STATEMENTS, source=tests, ids=("text", "sorted"))
    liar = (
        "class Yes:\n    def __getattr__(self, name):\n        return lambda *args: True\ndef f(n):\n    return Yes()\n"
    )
    assert judge(farm, liar, Suite(entry="f", program=program)).num_passed == 0
    lazy = "def f(n):\n    return iter(str(2 * n + 1)) if n == 2 else str(2 * n + 1)\n"
    assert judge(farm, lazy, Suite(entry="f", program=program)).passed


def test_what_cannot_be_sent_fails_a_test_that_waits_for_anything(farm: Farm) -> None:
    tests = "try:\n    f(lambda: 0)\n    assert False\nexcept BaseException:\n    pass"
    suite = Suite(entry="f", program=Program(style=Style.STATEMENTS, source=tests, ids=("send",)))
    assert judge(farm, RIGHT, suite).outcome is Outcome.WRONG


def test_memory_of_no_process_is_the_candidates_too(farm: Farm) -> None:
    source = """
import os
def f(n):
    for _ in range(60):
        fd = os.memfd_create("x")
        for _ in range(16):
            os.write(fd, b"x" * (1 << 20))
    return 2 * n + 1
"""
    suite = Suite(entry="f", calls=CALLS[:1])
    assert judge(farm, source, suite, replace(LIMITS, cpu_s=8, wall_s=30)).outcome is Outcome.MEMORY


def test_a_sleeper_is_waited_for_once(farm: Farm) -> None:
    source = "import time\ndef f(n):\n    time.sleep(100)\n"
    verdict = judge(farm, source, SUITES["call"], replace(LIMITS, wall_s=2))
    assert (verdict.outcome, [test.end for test in verdict.tests]) == (
        Outcome.TIMEOUT,
        [TestEnd.TIMEOUT, TestEnd.NOT_RUN, TestEnd.NOT_RUN, TestEnd.NOT_RUN],
    )


def test_an_object_that_comes_back_is_known_again(farm: Farm) -> None:
    source = "class Node:\n    def me(self):\n        return self\n    def other(self):\n        return Node()\n"
    tests = "n = Node()\nassert n.me() == n and n.me() is n and n.other() != n"
    suite = Suite(entry="Node", program=Program(style=Style.STATEMENTS, source=tests, ids=("same",), objects=True))
    assert judge(farm, source, suite).passed


def test_large_inputs_fit_the_scratch(farm: Farm) -> None:
    text = "x" * (4 << 20)
    stdio = tuple(StdioTest(id=str(n), stdin=text + "y" * n, expected=str(len(text) + n)) for n in range(24))
    suite = Suite(comparator=Comparator(name="lines@1"), stdio=stdio)
    assert judge(farm, "import sys\nprint(len(sys.stdin.read()))", suite).passed


def test_a_failed_preparation_fails_what_comes_after(farm: Farm) -> None:
    tests = "got = f(1)\nassert got == 3\ngot = f(2)\nassert got == 3"
    suite = Suite(entry="f", program=Program(style=Style.STATEMENTS, source=tests, ids=("a", "b")))
    verdict = judge(farm, "def f(n):\n    return 3 if n == 1 else 1 // 0\n", suite)
    assert [test.end for test in verdict.tests] == [TestEnd.PASS, TestEnd.EXCEPTION]


def test_the_references_answers(farm: Farm) -> None:
    suite = Suite(entry="f", calls=tuple(replace(call, expected=None) for call in CALLS))
    job = plan_answers(suite, RIGHT, limits=LIMITS, image=farm.image)
    assert read_answers(farm.pool.submit(job).result()) == {0: "1", 1: "3", 2: "5", 3: "7"}
    with pytest.raises(ValueError, match="ask the reference first"):
        judge(farm, RIGHT, suite)


def test_an_answer_that_the_test_cannot_use_is_wrong(farm: Farm) -> None:
    call = CallTest(id="0", args="[0]", expected="[1]", views=(View.SORTED,))
    verdict = judge(farm, "def f(n):\n    return None\n", Suite(entry="f", calls=(call,)))
    assert (verdict.outcome, verdict.tests[0].message) == (
        Outcome.WRONG,
        "returned a NoneType, and the test takes its sorted",
    )
    program = Program(style=Style.STATEMENTS, source="assert f(0) + 1 == 2", ids=("sum",))
    assert judge(farm, "def f(n):\n    return None\n", Suite(entry="f", program=program)).outcome is Outcome.WRONG
    raising = judge(farm, "def f(n):\n    raise TypeError(n)\n", Suite(entry="f", program=program))
    assert (raising.outcome, raising.diagnostics[0].line) == (Outcome.CRASH, 2)


def test_many_tests_take_several_jobs(farm: Farm) -> None:
    stdio = tuple(StdioTest(id=str(n), stdin=str(n), expected=str(2 * n + 1)) for n in range(70))
    suite = Suite(comparator=Comparator(name="lines@1"), stdio=stdio)
    verdict = judge(farm, RIGHT + TAILS["stdio"], suite)
    assert (verdict.outcome, verdict.num_passed) == (Outcome.PASS, 70)
