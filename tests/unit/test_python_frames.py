"""Evidence made of anything: no stream of lines breaks the judge of Python, or passes a test without its answer.

The course of a candidate is driven by hand. What a stream really answers is read here a second time, in the plainest
way, and no verdict may count a test that this reading does not find answered as expected.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sim.inbox.python_files import TESTS
from sim.inbox.values import MAX_DEPTH, encode
from sim.job import Job, JobResult, Limits, Status, StepResult
from sim.python.answers import read_calls, read_program, read_syntax
from sim.python.course import NAME, course
from sim.python.suite import CallTest, Comparator, Program, StdioTest, Style, Suite
from sim.verdict import Candidate, Outcome, Spec, TestEnd, Verdict

NUM_CALLS, NUM_PROGRAMS, NUM_OTHERS = 20_000, 5_000, 2_000
"""Streams, 100,000 over all tests."""
EXPECTED: tuple[Any, ...] = (734912, [61, "q\n7"], (8.25, None), {"k": frozenset({93})}, -(10**4500), True)
TEXTS = tuple(encode(value).encode() for value in EXPECTED)
CALLS = Suite(
    entry="f",
    calls=tuple(
        CallTest(id=f"c{place}", args=f"[{place}]", expected=text.decode(), comparator=Comparator(name="strict@1"))
        for place, text in enumerate(TEXTS)
    ),
)
IDS = ("first", "second", "third")
PROGRAM = Suite(entry="f", program=Program(style=Style.STATEMENTS, source="...", ids=IDS))
UNKNOWN = Suite(entry="f", program=Program(style=Style.PYTEST, source="..."))
STDIO = Suite(
    comparator=Comparator(name="exact@1"),
    stdio=tuple(StdioTest(id=f"s{place}", stdin="", expected=f"{place}417\n") for place in range(3)),
)

SCRAPS = (
    *(b"\n", b"\n\n", b" ", b"\r\n", b"\x00", b"\xff\xfe", b"L\n", b"E\n", b"B {}\n", b"V ", b"U ", b"R ", b"X ", b"P ", b"F "),
    *(b"V 0 ", b"V 00 ", b"V -1 ", b"V +1 ", b"V 1_0 ", "V \u0661 ".encode(), b"V 99999999999999999999 0\n", b"V 2\n", b"V"),
    *(b"null", b"true", b"[", b"]", b"{", b"}", b'{"t":[', b"]}", b'"', b"NaN", b"1e999", b'{"i":"-', b'{"D":"sNaN"}'),
    *(b'B {"why": "syntax", "line": -5}\n', b'B {"why": ["missing"]}\n', b'R 1 {"error": [[]], "line": 1e5}\n', b"S 1\n"),
    *(b'T ["first"]\n', b"T [1, [], null]\n", b"T {}\n", b'P "first"\n', b"P null\n", b'F {"id": "second"}\n', b"9" * 5000),
)  # fmt: skip


def mutated(numbers: random.Random, stream: bytes) -> bytes:
    data = bytearray(stream)
    for _ in range(numbers.choice((0, 1, 1, 2, 3, 8))):
        place = numbers.randrange(len(data) + 1)
        end = min(len(data), place + numbers.choice((1, 2, 8, 60)))
        match numbers.randrange(7):
            case 0:
                data[place:place] = numbers.choice(SCRAPS)
            case 1:
                data[place:end] = numbers.choice(SCRAPS)
            case 2:
                del data[place:end]
            case 3:
                data[place:place] = data[place:end]
            case 4:
                del data[place:]
            case 5:
                lines = bytes(data).split(b"\n")
                numbers.shuffle(lines)
                data[:] = b"\n".join(lines)
            case _ if place < len(data):
                data[place] = numbers.randrange(256)
    return bytes(data)


def spec_of(suite: Suite) -> Spec:
    return Spec(verifier=NAME, top="f", testbench=suite.to_text(), limits=Limits(cpu_s=1, wall_s=9))


def step(numbers: random.Random, evidence: bytes, stdout: bytes = b"") -> StepResult:
    status = numbers.choice((Status.EXITED,) * 6 + (Status.SIGNALLED, Status.CPU_LIMIT, Status.OUTPUT_LIMIT))
    code = {Status.EXITED: numbers.choice((0, 0, 0, 1, 70)), Status.SIGNALLED: 9}.get(status)
    return StepResult(status=status, code=code, evidence=evidence, stdout=stdout)


def judge(spec: Spec, answer: Callable[[Job], tuple[StepResult, ...]]) -> Verdict:
    running = course(Candidate(source="code", language="python"), spec, image="i", secret=b"s")
    try:
        job = next(running)
        for _ in range(100):
            job = running.send(JobResult(steps=answer(job)))
    except StopIteration as done:
        verdict: Verdict = done.value
        return verdict
    raise AssertionError("the course takes no end")


def check(verdict: Verdict, ids: tuple[str, ...], answered: set[str]) -> None:
    """No test passed that is not in `answered`, none got lost, and PASS means all."""
    assert verdict.num_tests == len(verdict.tests) == len(ids)
    assert tuple(test.name for test in verdict.tests) == ids
    passed = {test.name for test in verdict.tests if test.passed}
    assert passed <= answered
    assert verdict.num_passed == len(passed)
    assert (verdict.outcome is Outcome.PASS) is (len(passed) == len(ids) > 0)
    assert all(test.passed is (test.end is TestEnd.PASS) for test in verdict.tests)
    assert verdict.outcome not in (Outcome.UNJUDGED, Outcome.MISMATCH, Outcome.REJECTED, Outcome.NO_CODE)


OTHERS = [encode(value).encode() for value in (5, "734912", [61, "q\n7", 0], [8.25, None], 1, -(10**4500) + 1)]
UNLOADABLE = b'B {"why": "%s", "error": "E", "message": "m", "line": 2}\n'


def honest_calls(numbers: random.Random) -> bytes:
    """Lines as the box writes them, for a candidate that is right about most tests."""
    if numbers.random() < 0.03:
        return UNLOADABLE % numbers.choice((b"syntax", b"import", b"missing"))
    lines = [b"L"]
    for place, text in enumerate(TEXTS):
        luck = numbers.random()
        if luck < 0.05:
            lines.append(b'R %d {"error": "KeyError", "message": "7", "line": 3}' % place)
        else:
            lines.append(b"V %d %s" % (place, text if luck < 0.9 else numbers.choice((*OTHERS, *TEXTS))))
    return b"\n".join([*lines, b"E", b""])


_ANSWER = re.compile(rb"([VURX]) ([0-9]{1,7})(?: (.*))?\Z", re.DOTALL)


def really_answered(evidence: bytes) -> set[str]:
    """Ids of the tests whose first answer in a stream is, as JSON, what is expected."""
    firsts: dict[int, bytes | None] = {}
    for line in evidence.split(b"\n")[:-1]:
        if found := _ANSWER.match(line):
            firsts.setdefault(int(found[2]), found[3] if found[1] == b"V" else None)
    return {f"c{place}" for place, text in enumerate(TEXTS) if same_json(firsts.get(place), text)}


def same_json(payload: bytes | None, expected: bytes) -> bool:
    if payload is None or payload == expected:
        return payload is not None
    try:
        return repr(json.loads(payload)) == repr(json.loads(expected))
    except (ValueError, RecursionError):
        return False


def test_no_stream_of_answers_breaks_the_judge_or_passes_a_test_without_its_answer() -> None:
    numbers, spec = random.Random(41), spec_of(CALLS)
    outcomes: Counter[Outcome] = Counter()
    for _ in range(NUM_CALLS):
        answered: set[str] = set()

        def answer(job: Job, answered: set[str] = answered) -> tuple[StepResult, ...]:
            evidence = mutated(numbers, honest_calls(numbers))
            answered |= really_answered(evidence)
            return (step(numbers, evidence),)

        verdict = judge(spec, answer)
        check(verdict, CALLS.ids, answered)
        outcomes[verdict.outcome] += 1
    # The streams are worth something: they pass, fail and break in every way.
    frequent = (Outcome.PASS, Outcome.WRONG, Outcome.CRASH, Outcome.COMPILE_ERROR, Outcome.TIMEOUT)
    assert min(outcomes[each] for each in frequent) > 60, outcomes


def test_every_stream_that_is_left_alone_is_read_to_the_letter() -> None:
    numbers, spec = random.Random(42), spec_of(CALLS)
    for _ in range(2_000):
        evidence = honest_calls(numbers)
        whole = StepResult(status=Status.EXITED, code=0, evidence=evidence)
        verdict = judge(spec, lambda job, whole=whole: (whole,))  # type: ignore[misc]
        assert {test.name for test in verdict.tests if test.passed} == really_answered(evidence)


def program_stream(numbers: random.Random, mark: bytes) -> bytes:
    lines = [b'T ["first", "second", "third"]']
    for id in IDS:
        failure = {"id": id, "end": numbers.choice(("WRONG", "EXCEPTION", "EXIT", "TIMEOUT")), "message": "m"}
        passes = numbers.random() < 0.8
        lines.append(b'P "%s"' % id.encode() if passes else b"F " + json.dumps(failure).encode())
    return b"".join(mark + b" " + line + b"\n" for line in [*lines, b"E"])


def nonce_of(job: Job) -> bytes:
    nonce: str = json.loads(job.files[TESTS])["nonce"]
    return nonce.encode()


@pytest.mark.parametrize("suite", [PROGRAM, UNKNOWN])
def test_no_stream_of_program_results_passes_a_test_without_its_line(suite: Suite) -> None:
    numbers, spec = random.Random(43), spec_of(suite)
    num_passes = 0
    for _ in range(NUM_PROGRAMS):
        said: set[str] = set()

        def answer(job: Job, said: set[str] = said) -> tuple[StepResult, ...]:
            evidence = mutated(numbers, program_stream(numbers, nonce_of(job)))
            for line in evidence.split(b"\n"):
                letter, _, payload = line.removeprefix(nonce_of(job) + b" ").partition(b" ")
                if line.startswith(nonce_of(job) + b" ") and letter == b"P":
                    said.update(filter(None, [text_in(payload)]))
            return (step(numbers, evidence),)

        verdict = judge(spec, answer)
        num_passes += verdict.passed
        if suite is PROGRAM:
            check(verdict, IDS, said)
        assert {test.name for test in verdict.tests if test.passed} <= said
    assert num_passes > 150


def text_in(payload: bytes) -> str | None:
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, str) else None


def test_without_the_nonce_no_stream_passes_anything() -> None:
    numbers, spec = random.Random(44), spec_of(PROGRAM)
    for _ in range(NUM_OTHERS):

        def answer(job: Job) -> tuple[StepResult, ...]:
            nonce = nonce_of(job)
            mark = numbers.choice((b"", b"0" * 32, nonce[:-1], nonce.upper(), nonce[::-1], b"nonce"))
            evidence = mutated(numbers, program_stream(numbers, mark))
            return (step(numbers, evidence.replace(nonce, b"")),)

        verdict = judge(spec, answer)
        check(verdict, IDS, set())


def test_standard_output_passes_by_what_it_says_and_never_by_evidence() -> None:
    numbers, spec = random.Random(45), spec_of(STDIO)
    for _ in range(NUM_OTHERS):
        answered: set[str] = set()

        def answer(job: Job, answered: set[str] = answered) -> tuple[StepResult, ...]:
            steps = []
            for each in job.steps:
                place = int(each.argv[1])
                stdout = mutated(numbers, b"%d417\n" % numbers.choice((place, place, 9)))
                if stdout.decode(errors="replace").rstrip("\n") == f"{place}417":
                    answered.add(f"s{place}")
                steps.append(step(numbers, mutated(numbers, honest_calls(numbers)), stdout))
            return tuple(steps)

        check(judge(spec, answer), STDIO.ids, answered)


def test_a_line_that_was_cut_off_is_no_answer() -> None:
    evidence = b"L\nV 0 734912\nV 1 12"
    assert set(read_calls(evidence).answers) == {0}
    assert not read_program(b'n P "first"', "n").results


def frames(letters: str, payloads: list[bytes]) -> Iterator[bytes]:
    for letter in letters:
        for payload in payloads:
            yield f"{letter} ".encode() + payload
            yield f"{letter} 0 ".encode() + payload


DEEP = [opening * levels + b"1" + closing * levels
        for opening, closing in ((b"[", b"]"), (b'{"t":[', b"]}"), (b'{"error":', b"}"), (b'{"message":[', b"]}"))
        for levels in (MAX_DEPTH, 150, 400, *range(900, 1000, 3), 5_000, 100_000)]  # fmt: skip


def test_deep_and_long_payloads_break_no_reader() -> None:
    long = [
        b"9" * 5_000,
        b'"' + b"x" * 100_000 + b'"',
        b'{"line":' + b"9" * 4_000 + b"}",
        b'{"message":' + b"9" * 4_000 + b"}",
    ]
    wrapped = [b'{"error":' + payload + b"}" for payload in DEEP] + [
        b'{"message":' + payload + b"}" for payload in DEEP
    ]
    for frame in frames("LBVURXETPFS", [*DEEP, *long, *wrapped]):
        read_calls(frame + b"\n")
        read_program(b"n " + frame + b"\n", "n")
        read_syntax(frame)


def test_a_flood_of_lines_is_read_once_each() -> None:
    flood = b"".join(b"V %d 1\n" % place for place in range(100_000)) + b"V 0 1\n" * 100_000 + b"L\n" * 100_000
    assert len(read_calls(flood).answers) == 100_000
    assert len(read_program(b"".join(b'n P "%d"\n' % place for place in range(100_000)), "n").results) == 100_000
