"""The course of a Python candidate, driven by hand with results of our own making."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sim.course import Judge, check_fit
from sim.inbox.python_files import QUESTIONS, SOLUTION, TESTS
from sim.job import Job, JobResult, Limits, Status, StepResult
from sim.python.course import MAX_CUTS, MAX_SLOW_CUTS, NAME
from sim.python.jobs import STEPS_PER_JOB
from sim.python.suite import CallTest, Comparator, Program, StdioTest, Style, Suite
from sim.verdict import Candidate, Checks, Outcome, Spec, TestEnd, Verdict

CALLS = Suite(entry="f", calls=tuple(CallTest(id=str(n), args=f"[{n}]", expected=str(n + 1)) for n in range(4)))
STDIO = Suite(
    comparator=Comparator(name="lines@1"),
    stdio=tuple(StdioTest(id=str(n), stdin=f"{n}\n", expected=f"{n + 1}\n") for n in range(4)),
)
PROGRAM = Suite(
    entry="f", program=Program(style=Style.STATEMENTS, source="assert f(1) == 2\nassert f(2) == 3", ids=("a", "b"))
)
Steps = tuple[StepResult, ...]


def spec_of(suite: Suite) -> Spec:
    return Spec(verifier=NAME, top="f", testbench=suite.to_text(), limits=Limits(cpu_s=1, wall_s=9))


def run(suite: Suite, answer: Callable[[Job], JobResult | Steps], source: str = "code") -> tuple[Verdict, list[Job]]:
    """The verdict when each job is answered so, and the jobs."""
    course = Judge(image="i", secret=b"s").course(Candidate(source=source), spec_of(suite), Checks())
    jobs: list[Job] = []
    result: JobResult | None = None
    while True:
        try:
            job = next(course) if result is None else course.send(result)
        except StopIteration as done:
            verdict: Verdict = done.value
            return verdict, jobs
        jobs.append(job)
        answered = answer(job)
        result = answered if isinstance(answered, JobResult) else JobResult(steps=answered)


def step(evidence: str = "", status: Status = Status.EXITED, code: int | None = 0, stdout: str = "") -> StepResult:
    return StepResult(status=status, code=code, evidence=evidence.encode(), stdout=stdout.encode())


def asked(job: Job) -> tuple[int, int]:
    _, first, end = job.steps[0].argv
    return int(first), int(end)


def ends(verdict: Verdict) -> str:
    """First letters: P for PASS, N for NOT_RUN ..."""
    return "".join(str(test.end)[0] for test in verdict.tests)


def right(job: Job, stop: int | None = None) -> str:
    """All right answers from the first test asked on, up to `stop`."""
    first, end = asked(job)
    return "L\n" + "".join(f"V {n} {n + 1}\n" for n in range(first, end if stop is None else min(stop, end)))


def test_nothing_that_is_expected_is_in_a_call_job() -> None:
    verdict, (job,) = run(CALLS, lambda job: (step(right(job) + "E\n"),))
    assert verdict.passed
    assert set(job.files) == {SOLUTION, QUESTIONS}
    assert b"expected" not in job.files[QUESTIONS]


@pytest.mark.parametrize("suite", [CALLS, STDIO, PROGRAM])
def test_a_box_that_failed_judges_nothing(suite: Suite) -> None:
    verdict, _ = run(suite, lambda job: JobResult(failure="no such host"))
    assert (verdict.outcome, verdict.num_passed) == (Outcome.UNJUDGED, None)


@pytest.mark.parametrize("code", [0, 1, 70])
@pytest.mark.parametrize("suite", [CALLS, PROGRAM])
def test_no_exit_status_of_a_candidate_is_the_farms_failure(suite: Suite, code: int) -> None:
    verdict, _ = run(suite, lambda job: (step("", code=code),))
    assert (verdict.outcome, verdict.num_passed, verdict.num_tests) == (Outcome.CRASH, 0, len(suite.ids))


def test_what_cut_a_process_short_is_charged_to_the_first_test_without_an_answer() -> None:
    def answer(job: Job) -> Steps:
        first, _ = asked(job)
        return (step(right(job, 2), Status.SIGNALLED, 11) if first == 0 else step(right(job) + "E\n"),)

    verdict, jobs = run(CALLS, answer)
    assert [asked(job) for job in jobs] == [(0, 4), (3, 4)]
    assert (verdict.outcome, ends(verdict), verdict.num_passed) == (Outcome.CRASH, "PPCP", 3)
    assert verdict.failed_call is not None
    assert verdict.failed_call.call == "f(2)"


@pytest.mark.parametrize(
    ("status", "outcome", "num_jobs"),
    [
        (Status.CPU_LIMIT, Outcome.TIMEOUT, MAX_SLOW_CUTS),
        (Status.WALL_LIMIT, Outcome.TIMEOUT, 1),
        (Status.MEMORY_LIMIT, Outcome.MEMORY, MAX_SLOW_CUTS),
        (Status.OUTPUT_LIMIT, Outcome.OUTPUT_LIMIT, MAX_SLOW_CUTS),
        (Status.SIGNALLED, Outcome.CRASH, MAX_CUTS),
    ],
)
def test_the_rest_is_given_up_after_a_few(status: Status, outcome: Outcome, num_jobs: int) -> None:
    suite = replace(CALLS, calls=tuple(replace(CALLS.calls[0], id=str(n)) for n in range(20)))
    verdict, jobs = run(suite, lambda job: (step("L\n", status, 9 if status is Status.SIGNALLED else None),))
    assert (verdict.outcome, len(jobs), verdict.num_passed, verdict.num_tests) == (outcome, num_jobs, 0, 20)
    assert [test.end for test in verdict.tests[num_jobs:]] == [TestEnd.NOT_RUN] * (20 - num_jobs)


@pytest.mark.parametrize("status", [Status.CPU_LIMIT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT, Status.SIGNALLED])
def test_all_answers_do_not_pay_for_a_limit(status: Status) -> None:
    verdict, jobs = run(CALLS, lambda job: (step(right(job) + "E\n", status, None),))
    assert (verdict.passed, ends(verdict)[:3], len(jobs), verdict.num_passed) == (False, "PPP", 1, 3)


def test_only_the_first_answer_to_a_question_counts() -> None:
    forged = "L\nV 0 1\nV 1 0\nV 1 2\nV 99 1\nV -1 1\nV 2\nV 2 3\nV x 3\nV 3 4\nE\n"
    verdict, _ = run(CALLS, lambda job: (step(forged),))
    assert (ends(verdict), verdict.num_passed) == ("PWWP", 2)


def test_an_answer_without_a_claim_to_be_loaded_counts_all_the_same() -> None:
    verdict, _ = run(CALLS, lambda job: (step("".join(f"V {n} {n + 1}\n" for n in range(4))),))
    assert verdict.passed


@pytest.mark.parametrize(
    ("line", "outcome", "message"),
    [
        ('B {"why": "syntax", "error": "SyntaxError", "message": "bad", "line": 3}', Outcome.COMPILE_ERROR, "bad"),
        ('B {"why": "missing", "error": "NameError", "message": "no f", "line": null}', Outcome.COMPILE_ERROR, "no f"),
        ('B {"why": "import", "error": "KeyError", "message": "k", "line": 1}', Outcome.CRASH, "KeyError: k"),
        ("B [", Outcome.CRASH, "an error"),
        ('B {"line": "one", "error": [], "message": {}}', Outcome.CRASH, "[]: {}"),
    ],
)
def test_why_a_candidate_cannot_be_loaded(line: str, outcome: Outcome, message: str) -> None:
    verdict, jobs = run(CALLS, lambda job: (step(line + "\n"),))
    assert (verdict.outcome, len(jobs), ends(verdict)) == (outcome, 1, "NNNN")
    assert message in verdict.diagnostics[0].message


def test_calls_that_raise_exit_or_answer_with_what_has_no_words() -> None:
    lines = 'L\nR 0 {"error": "KeyError", "message": "7", "line": 5}\nX 1 "0"\nU 2 a generator\nV 3 4\nE\n'
    verdict, _ = run(CALLS, lambda job: (step(lines),))
    assert (verdict.outcome, ends(verdict)) == (Outcome.CRASH, "EEWP")
    assert (verdict.diagnostics[0].message, verdict.diagnostics[0].line) == ("test 0: KeyError: 7", 5)
    assert verdict.tests[2].message == "returned a generator"


def test_stdio_is_compared_and_has_to_end_well() -> None:
    answers = [
        step(stdout="1\n"), step(stdout="2\n", code=3), step(stdout="8\n"), step(stdout="4", status=Status.CPU_LIMIT),
    ]  # fmt: skip
    verdict, (job,) = run(STDIO, lambda job: tuple(answers))
    assert (verdict.outcome, ends(verdict)) == (Outcome.CRASH, "PEWT")
    assert all(b"4" not in data for name, data in job.files.items() if name not in (SOLUTION, QUESTIONS))


def test_stdio_goes_on_behind_what_was_cut() -> None:
    skipped = StepResult(status=Status.SKIPPED, code=None)

    def answer(job: Job) -> Steps:
        places = [int(each.argv[1]) for each in job.steps]
        results = [step(stdout=str(place + 1)) for place in places]
        if places[0] == 0:
            results[1:] = [step(status=Status.SIGNALLED, code=11), skipped, skipped]
        return tuple(results)

    verdict, jobs = run(STDIO, answer)
    assert (len(jobs), ends(verdict)) == (2, "PCPP")


def test_long_suites_take_several_jobs() -> None:
    stdio = tuple(replace(STDIO.stdio[0], id=str(n)) for n in range(STEPS_PER_JOB + 1))
    verdict, jobs = run(replace(STDIO, stdio=stdio), lambda job: tuple(step(stdout="1") for _ in job.steps))
    assert (verdict.passed, [len(job.steps) for job in jobs]) == (True, [STEPS_PER_JOB, 1])


def nonce_of(job: Job) -> str:
    return job.files[TESTS].decode().split('"nonce": "')[1].split('"')[0]


def program_lines(job: Job, *lines: str) -> Steps:
    return (step("".join(f"{nonce_of(job)} {line}\n" for line in lines)),)


def test_program_lines_without_the_nonce_say_nothing() -> None:
    forged = 'T ["a", "b"]\nP "a"\nP "b"\nE\n'
    verdict, _ = run(PROGRAM, lambda job: (step(forged + "".join(f"0123 {line}\n" for line in forged.split("\n"))),))
    assert (verdict.outcome, verdict.num_passed) == (Outcome.CRASH, 0)


def test_program_results() -> None:
    verdict, _ = run(PROGRAM, lambda job: program_lines(job, 'T ["a", "b"]', 'P "a"', 'P "b"', "E"))
    assert verdict.passed
    wrong = 'F {"id": "b", "end": "WRONG", "message": "no"}'
    verdict, _ = run(PROGRAM, lambda job: program_lines(job, 'T ["a", "b"]', 'P "a"', wrong, "E"))
    assert (verdict.outcome, ends(verdict)) == (Outcome.WRONG, "PW")


def test_a_program_goes_on_behind_a_dead_candidate() -> None:
    died = 'F {"id": "a", "end": "EXIT", "message": "gone"}'

    def answer(job: Job) -> Steps:
        first = b'"todo": ["a", "b"]' in job.files[TESTS]
        return program_lines(job, 'T ["a", "b"]', died if first else 'P "b"', "E")

    verdict, jobs = run(PROGRAM, answer)
    assert (len(jobs), ends(verdict)) == (2, "EP")


def test_tests_that_the_reference_fails_are_not_sent() -> None:
    assert PROGRAM.program is not None
    suite = replace(PROGRAM, program=replace(PROGRAM.program, left_out=("a",)))
    verdict, (job,) = run(suite, lambda job: program_lines(job, 'T ["a", "b"]', 'P "b"', "E"))
    assert (verdict.passed, verdict.num_tests) == (True, 1)
    assert b'"todo": ["b"]' in job.files[TESTS]


def test_a_program_whose_tests_are_unknown_has_those_it_finds() -> None:
    suite = Suite(entry="f", program=Program(style=Style.UNITTEST, source="..."))
    verdict, _ = run(suite, lambda job: program_lines(job, 'T ["T.x", "T.y"]', 'P "T.x"'))
    assert (ends(verdict), verdict.num_tests) == ("PE", 2)
    verdict, _ = run(suite, lambda job: program_lines(job, "T []", "E"))
    assert verdict.outcome is Outcome.COMPILE_ERROR


def test_no_code_and_too_much_code_take_no_job() -> None:
    for source, outcome in ((" \n", Outcome.NO_CODE), ("#" * (300 << 10), Outcome.REJECTED)):
        verdict, jobs = run(CALLS, lambda job: (), source=source)
        assert (verdict.outcome, jobs, verdict.num_tests) == (outcome, [], 4)


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(ValueError, match="not JSON"):
        check_fit(Spec(verifier=NAME, top="f", testbench="assert f(1)"), Checks())
    with pytest.raises(ValueError, match="two tests have the id '0'"):
        Suite(entry="f", calls=(CALLS.calls[0], CALLS.calls[0]))
    with pytest.raises(ValueError, match="no entry"):
        Suite(calls=CALLS.calls)
    with pytest.raises(ValueError, match="without tests"):
        Suite(entry="f")
