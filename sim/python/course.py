"""The course of one Python candidate: which jobs it takes, one after another, until every test has an end.

A generator that yields jobs and is sent their results. Tests of one mode share a job; when something cuts it short, the
first test without an answer is what did it, and those after it get another job, a few times. A test that was sent and
did not answer has failed, whatever the reason: the number of tests is known before the candidate is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sim.content import content_key
from sim.inbox.python_files import QUESTIONS, SOLUTION, TESTS
from sim.inbox.python_stdio import UNPARSED
from sim.inbox.values import decode
from sim.job import Job, JobResult, Status, StepResult
from sim.python import jobs
from sim.python.answers import Failure, Unloadable, Value, read_calls, read_program, read_syntax
from sim.python.comparators import compare
from sim.python.suite import CallTest, StdioTest, Suite, read_suite
from sim.python.words import call_words, cut, value_words
from sim.verdict import (
    Candidate,
    Diagnostic,
    FailedCall,
    NamedTest,
    Outcome,
    Severity,
    Spec,
    TestEnd,
    Verdict,
)

NAME = "python"
MAX_SOURCE_KB = 256
MAX_SLOW_CUTS = 2
"""Tests that may use up a limit before the rest is given up ..."""
MAX_CUTS = 8
"""... and tests that may end their process at all."""

_END_OF_STATUS = {
    Status.EXITED: TestEnd.EXIT,
    Status.SIGNALLED: TestEnd.CRASH,
    Status.CPU_LIMIT: TestEnd.TIMEOUT,
    Status.WALL_LIMIT: TestEnd.TIMEOUT,
    Status.MEMORY_LIMIT: TestEnd.MEMORY,
    Status.OUTPUT_LIMIT: TestEnd.OUTPUT_LIMIT,
}
_OUTCOME_OF_END = {
    TestEnd.WRONG: Outcome.WRONG,
    TestEnd.EXCEPTION: Outcome.CRASH,
    TestEnd.EXIT: Outcome.CRASH,
    TestEnd.CRASH: Outcome.CRASH,
    TestEnd.TIMEOUT: Outcome.TIMEOUT,
    TestEnd.MEMORY: Outcome.MEMORY,
    TestEnd.OUTPUT_LIMIT: Outcome.OUTPUT_LIMIT,
    TestEnd.NOT_RUN: Outcome.CRASH,
}
_SLOW = frozenset({TestEnd.TIMEOUT, TestEnd.MEMORY, TestEnd.OUTPUT_LIMIT})
_GONE = frozenset({TestEnd.EXIT, TestEnd.CRASH, TestEnd.TIMEOUT})
"""Ends of program tests that took the candidate's process with them."""

Steps = Generator[Job, JobResult, None]


def check(spec: Spec) -> None:
    """Raise ValueError when the spec holds no suite of tests."""
    read_suite(spec.testbench)


def course(candidate: Candidate, spec: Spec, *, image: str, secret: bytes) -> Generator[Job, JobResult, Verdict]:
    """The verdict on a candidate. Raises ValueError when the spec holds no suite of tests."""
    suite = read_suite(spec.testbench)
    if any(test.expected is None for test in suite.calls):
        raise ValueError("a call has no expected answer; ask the reference first")
    run = _Run(candidate=candidate, spec=spec, suite=suite, image=image, secret=secret)
    if not candidate.source.strip():
        return run.verdict(Outcome.NO_CODE)
    size_kb = len(run.source) >> 10
    if size_kb > MAX_SOURCE_KB:
        return run.verdict(Outcome.REJECTED, f"the source has {size_kb} KiB; at most {MAX_SOURCE_KB} are judged")
    try:
        yield from run.calls()
        yield from run.stdio()
        yield from run.program()
    except _Stopped as stopped:
        return run.verdict(stopped.outcome, stopped.why, stopped.line)
    return run.conclude()


class _Stopped(Exception):
    """The course ends here, whatever tests are left."""

    def __init__(self, outcome: Outcome, why: str, line: int | None = None) -> None:
        super().__init__(why)
        self.outcome, self.why, self.line = outcome, why, line


@dataclass(slots=True, kw_only=True)
class _Run:
    """One candidate's tests and what became of them so far."""

    candidate: Candidate
    spec: Spec
    suite: Suite
    image: str
    secret: bytes
    key: str = ""
    source: bytes = b""
    ends: dict[str, NamedTest] = field(default_factory=dict)
    failed_call: FailedCall | None = None
    lines: dict[str, int | None] = field(default_factory=dict)
    """Test id to the candidate's line that its failure came from."""
    program_ids: tuple[str, ...] | None = None
    """None until they are known."""
    num_cuts: int = 0
    num_slow_cuts: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0

    def __post_init__(self) -> None:
        self.key = content_key(self.candidate, self.spec, image=self.image)
        self.source = self.candidate.source.encode(errors="replace")
        program = self.suite.program
        if program is not None and program.ids is not None:
            self.program_ids = tuple(id for id in program.ids if id not in program.left_out)

    # ---- the three modes ----

    def calls(self) -> Steps:
        """All tests of mode "call"."""
        tests, first = self.suite.calls, 0
        questions = jobs.call_questions(self.suite)
        while first < len(tests) and not self.given_up():
            size = 1 if self.suite.fork_per_test else len(tests)
            groups = [(at, min(at + size, len(tests))) for at in range(first, len(tests), size)][: jobs.STEPS_PER_JOB]
            argvs = [("call", str(start), str(end)) for start, end in groups]
            result = yield self.job(questions, {}, argvs)
            for (start, end), step in zip(groups, self.steps_of(result), strict=True):
                if step.status is Status.SKIPPED:
                    break
                first = self.take_calls(start, end, step)

    def take_calls(self, start: int, end: int, step: StepResult) -> int:
        """The place that is next: `end`, or the one after the test that cut the step short."""
        found = read_calls(step.evidence)
        if found.unloadable is not None:
            raise _unloadable(found.unloadable)
        if not found.is_loaded and not found.answers:
            raise _unloaded(step)
        for place in range(start, end):
            test, answer = self.suite.calls[place], found.answers.get(place)
            match answer:
                case None:
                    self.fail(test.id, self.cut(step), test)
                    return place + 1
                case Value(value=value):
                    self.compare_call(test, value)
                case failure:
                    self.fail(test.id, failure, test)
        if step.status is not Status.EXITED:  # all answered, and still too much was used
            self.fail(self.suite.calls[end - 1].id, self.cut(step), self.suite.calls[end - 1])
        return end

    def compare_call(self, test: CallTest, value: object) -> None:
        """Note whether the answer is the one that is expected."""
        expected = _read_value(test.expected)
        why = compare(test.comparator or self.suite.comparator, value, expected)
        if why is None:
            self.ends[test.id] = _named(test, TestEnd.PASS)
        else:
            self.fail(test.id, Failure(end=TestEnd.WRONG, message=why), test, got=value_words(value))

    def stdio(self) -> Steps:
        """All tests of mode "stdio", each in a process of its own."""
        tests, first = self.suite.stdio, 0
        while first < len(tests) and not self.given_up():
            inputs = jobs.input_files(tests, first)
            places = range(first, first + len(inputs))
            result = yield self.job({"setup": self.suite.setup}, inputs, [("stdio", str(place)) for place in places])
            for place, step in zip(places, self.steps_of(result), strict=True):
                if step.status is Status.SKIPPED:
                    break
                self.take_stdio(tests[place], step)
                first = place + 1

    def take_stdio(self, test: StdioTest, step: StepResult) -> None:
        """Note how one run of the candidate as a program went."""
        output = step.stdout.decode(errors="replace")
        got = cut(output)
        if step.status is not Status.EXITED:
            self.fail(test.id, self.cut(step), test, got=got)
            return
        unparsed = read_syntax(step.evidence) if step.code == UNPARSED else None
        if unparsed is not None:
            raise _unloadable(unparsed)
        if step.code != 0:
            words = step.stderr.decode(errors="replace").strip().rpartition("\n")[2] or f"exit status {step.code}"
            end = TestEnd.EXCEPTION if step.code == 1 and step.stderr else TestEnd.EXIT
            self.fail(test.id, Failure(end=end, message=cut(words)), test, got=got)
            return
        why = compare(test.comparator or self.suite.comparator, output, test.expected)
        if why is None:
            self.ends[test.id] = _named(test, TestEnd.PASS)
        else:
            self.fail(test.id, Failure(end=TestEnd.WRONG, message=why), test, got=got)

    def program(self) -> Steps:
        """All tests of mode "program"."""
        program, todo = self.suite.program, self.program_ids
        while program is not None and (todo is None or todo) and not self.given_up():
            tests = jobs.tests_file(self.suite, program, todo, nonce=self.nonce)
            result = yield self.job({"setup": self.suite.setup}, {TESTS: tests}, [("program",)])
            todo = self.take_program(todo, self.steps_of(result)[0])

    def take_program(self, todo: tuple[str, ...] | None, step: StepResult) -> tuple[str, ...]:
        """Ids of the tests that are to be run again."""
        found = read_program(step.evidence, self.nonce)
        if found.unloadable is not None:
            raise _unloadable(found.unloadable)
        if found.fault is not None:
            raise _Stopped(Outcome.COMPILE_ERROR, f"the tests do not run with it: {found.fault}")
        if found.ids is None:
            raise _unloaded(step)
        if self.program_ids is None:
            self.program_ids = found.ids
        wanted = found.ids if todo is None else todo
        for place, id in enumerate(wanted):
            if id not in found.results:
                self.fail(id, self.cut(step))
                return wanted[place + 1 :]
            failure = found.results[id]
            if failure is None:
                self.ends[id] = NamedTest(name=id, passed=True, end=TestEnd.PASS)
            else:
                self.fail(id, failure)
            if failure is not None and failure.end in _GONE:
                self.count_cut(failure.end)
                return wanted[place + 1 :]
        if step.status is not Status.EXITED and wanted:
            self.fail(wanted[-1], self.cut(step))
        return ()

    # ---- jobs ----

    @property
    def nonce(self) -> str:
        """In front of the test process's lines; in no file that the candidate's process can read."""
        return hashlib.blake2b(self.key.encode(), key=self.secret, digest_size=16).hexdigest()

    def job(self, questions: object, files: Mapping[str, bytes], argvs: Iterable[tuple[str, ...]]) -> Job:
        """See `jobs.plan_job`."""
        files = {SOLUTION: self.source, QUESTIONS: json.dumps(questions).encode(), **files}
        return jobs.plan_job(self.suite, files, argvs, limits=self.spec.limits, image=self.image)

    def steps_of(self, result: JobResult) -> tuple[StepResult, ...]:
        """The steps, counted. Raises _Stopped when the farm failed."""
        if result.failure is not None:
            raise _Stopped(Outcome.UNJUDGED, f"farm: {result.failure}")
        self.cpu_s += result.cpu_s
        self.wall_s += result.wall_s
        return result.steps

    # ---- ends of tests ----

    def cut(self, step: StepResult) -> Failure:
        """What a step that ended too early did; counted."""
        end = _END_OF_STATUS[step.status]
        self.count_cut(end)
        if step.status is Status.WALL_LIMIT:
            self.num_slow_cuts = MAX_SLOW_CUTS  # the pool has had the whole farm wait for it, alone, already
        return Failure(end=end, message=_cut_words(step))

    def count_cut(self, end: TestEnd) -> None:
        """Count a process that did not get to its end."""
        self.num_cuts += 1
        self.num_slow_cuts += end in _SLOW

    def given_up(self) -> bool:
        """Whether too many tests had to be cut short."""
        return self.num_slow_cuts >= MAX_SLOW_CUTS or self.num_cuts >= MAX_CUTS

    def fail(
        self, id: str, failure: Failure, test: CallTest | StdioTest | None = None, *, got: str | None = None
    ) -> None:
        """Note a test that failed, and all about it if it is the first. `test` is None for those of a program."""
        self.ends[id] = (
            _named(test, failure.end, failure.message)
            if test
            else NamedTest(name=id, passed=False, end=failure.end, message=cut(failure.message))
        )
        self.lines.setdefault(id, failure.line)
        if self.failed_call is not None:
            return
        if isinstance(test, CallTest):
            asked, expected = call_words(self.suite.entry, test), value_words(_read_value(test.expected))
            self.failed_call = FailedCall(test=id, call=asked, expected=expected, got=got)
        elif test is not None:
            self.failed_call = FailedCall(test=id, call=cut(test.stdin), expected=cut(test.expected), got=got)

    # ---- verdicts ----

    def tests(self) -> tuple[NamedTest, ...]:
        """All tests that are known, in the suite's order; those without an end did not run."""
        suite = self.suite
        sent: tuple[CallTest | StdioTest, ...] = (*suite.calls, *suite.stdio)
        return (
            *(self.ends.get(test.id) or _named(test, TestEnd.NOT_RUN, _NOT_RUN) for test in sent),
            *(self.ends.get(id) or _not_run(id) for id in self.program_ids or ()),
        )

    def conclude(self) -> Verdict:
        """The verdict when nothing is left to ask."""
        tests = self.tests()
        failed = next((test for test in tests if not test.passed), None)
        if failed is None:
            return self.verdict(
                Outcome.PASS if tests else Outcome.COMPILE_ERROR, None if tests else "no test was found"
            )
        assert failed.end is not None
        why = f"test {failed.name}: {failed.message}"
        return self.verdict(_OUTCOME_OF_END[failed.end], why, self.lines.get(failed.name))

    def verdict(self, outcome: Outcome, why: str | None = None, line: int | None = None) -> Verdict:
        """A verdict with what is known so far."""
        tests = self.tests()
        ran = outcome not in (Outcome.NO_CODE, Outcome.REJECTED, Outcome.UNJUDGED)
        error = Diagnostic(severity=Severity.ERROR, message=cut(why), line=line) if why else None
        return Verdict(
            outcome=outcome,
            num_passed=sum(test.passed for test in tests) if ran else None,
            num_tests=len(tests) or self.spec.num_checks,
            tests=tests if ran else (),
            failed_call=self.failed_call if ran else None,
            diagnostics=(error,) if error else (),
            job_key=self.key,
            cpu_s=self.cpu_s,
            wall_s=self.wall_s,
        )


_NOT_RUN = "it was not run"


@lru_cache(maxsize=1024)
def _read_value(text: str | None) -> object:
    """What is expected, out of a suite; nobody changes it."""
    assert text is not None  # `course` has looked
    return decode(text)


def _named(test: CallTest | StdioTest, end: TestEnd, message: str | None = None) -> NamedTest:
    return NamedTest(
        name=test.id, passed=end is TestEnd.PASS, message=None if message is None else cut(message), end=end,
        group=test.group, weight=test.weight,
    )  # fmt: skip


def _not_run(id: str) -> NamedTest:
    return NamedTest(name=id, passed=False, end=TestEnd.NOT_RUN, message=_NOT_RUN)


def _unloadable(found: Unloadable) -> _Stopped:
    outcome = Outcome.CRASH if found.parses and not found.is_missing else Outcome.COMPILE_ERROR
    if found.end is not None:
        outcome = _OUTCOME_OF_END[found.end]
    return _Stopped(outcome, found.message, found.line)


def _unloaded(step: StepResult) -> _Stopped:
    """It ended before it could be called."""
    end = _END_OF_STATUS[step.status]
    return _Stopped(_OUTCOME_OF_END[end], f"before it could be called: {_cut_words(step)}")


def _cut_words(step: StepResult) -> str:
    match step.status:
        case Status.EXITED:
            return f"the process ended itself with exit status {step.code}"
        case Status.SIGNALLED:
            return f"signal {step.code} ended the process"
        case Status.CPU_LIMIT:
            return "more CPU time than it may take"
        case Status.WALL_LIMIT:
            return "no end in the time that it may take"
        case Status.MEMORY_LIMIT:
            return "more memory than it may take"
        case _:
            return "more output than it may write"
