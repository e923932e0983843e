"""The pool: order, equal jobs once, retries, back-pressure; on a box that answers from a function."""

import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sim.boxes.fake import FakeBox
from sim.job import Job, JobResult, Limits, Status, Step, StepResult
from sim.pool import MAX_REMEMBERED_BYTES, NUM_AHEAD, Pool

LIMITS = Limits(cpu_s=1, wall_s=2)


def job(name: str) -> Job:
    return Job(image="fake", files={"name": name.encode()}, steps=(Step(argv=("true",), limits=LIMITS),))


def done(text: str, status: Status = Status.EXITED) -> JobResult:
    return JobResult(steps=(StepResult(status=status, code=0, stdout=text.encode()),))


def echo(job: Job) -> JobResult:
    return done(job.files["name"].decode())


def texts(results: Iterator[JobResult]) -> list[str]:
    return [result.steps[0].stdout.decode() for result in results]


def test_results_come_in_the_order_of_the_jobs() -> None:
    rng = random.Random(0)

    def slow_echo(job: Job) -> JobResult:
        time.sleep(rng.random() / 200)
        return echo(job)

    with Pool(FakeBox(slow_echo), num_boxes=8) as pool:
        names = [str(number) for number in range(200)]
        assert texts(pool.map(map(job, names))) == names


def test_equal_jobs_run_once() -> None:
    with Pool(FakeBox(echo), num_boxes=4) as pool:
        assert texts(pool.map(job(str(number % 3)) for number in range(30))) == [
            str(number % 3) for number in range(30)
        ]
        assert pool.counts.num_runs == 3
        assert pool.counts.num_reused == 27


def test_equal_jobs_run_each_time_when_nothing_is_remembered() -> None:
    with Pool(FakeBox(echo), num_boxes=4, remember=False) as pool:
        list(pool.map(job("a") for _ in range(5)))
        assert pool.counts.num_runs == 5


def test_a_box_that_fails_is_tried_again_and_costs_no_result() -> None:
    failures = {"a": 2, "b": 1}

    def flaky(job: Job) -> JobResult:
        name = job.files["name"].decode()
        if failures.get(name, 0):
            failures[name] -= 1
            return JobResult(failure="killed")
        return echo(job)

    with Pool(FakeBox(flaky), num_boxes=2, num_retries=2) as pool:
        assert texts(pool.map(map(job, "abc"))) == ["a", "b", "c"]
        assert (pool.counts.num_retries, pool.counts.num_failures) == (3, 0)


def test_a_box_that_keeps_failing_is_a_failure_and_not_an_answer() -> None:
    with Pool(FakeBox(lambda job: JobResult(failure="no disk")), num_boxes=1, num_retries=2) as pool:
        (result,) = pool.map([job("a")])
        assert result.failure == "no disk"
        assert (pool.counts.num_runs, pool.counts.num_failures) == (3, 1)


def test_a_failure_is_not_remembered() -> None:
    answers = iter([JobResult(failure="x"), done("fine")])
    with Pool(FakeBox(lambda job: next(answers)), num_boxes=1, num_retries=0) as pool:
        assert next(pool.map([job("a")])).failure == "x"
        assert texts(pool.map([job("a")])) == ["fine"]


@pytest.mark.parametrize("stream", ["stdout", "stderr", "evidence"])
def test_a_flood_of_output_is_not_remembered(stream: str) -> None:
    flood: dict[str, Any] = {stream: b"x" * (MAX_REMEMBERED_BYTES + 1)}
    result = JobResult(steps=(StepResult(status=Status.EXITED, code=0, **flood),))
    with Pool(FakeBox(lambda job: result), num_boxes=1) as pool:
        for _ in range(2):
            list(pool.map([job("a")]))
        assert pool.counts.num_runs == 2


def test_a_wall_limit_is_tried_again_with_nothing_beside_it_and_not_behind_the_host() -> None:
    running = threading.Semaphore(0)
    beside: list[int] = []
    urgent: list[bool] = []
    num_running = 0
    lock = threading.Lock()
    tries: dict[str, int] = {}

    def late_once(job: Job) -> JobResult:
        nonlocal num_running
        name = job.files["name"].decode()
        with lock:
            num_running += 1
            tries[name] = tries.get(name, 0) + 1
        time.sleep(0.01)
        with lock:
            if name == "late" and tries[name] == 2:
                beside.append(num_running - 1)
                urgent.append(job.urgent)
            num_running -= 1
        running.release()
        return done(name, Status.WALL_LIMIT if name == "late" and tries[name] == 1 else Status.EXITED)

    with Pool(FakeBox(late_once), num_boxes=4) as pool:
        results = list(pool.map(job(name) for name in ["late", *map(str, range(20))]))
    assert results[0].steps[0].status is Status.EXITED
    assert beside == [0]
    assert urgent == [True]


def test_a_wall_limit_twice_is_the_answer() -> None:
    with Pool(FakeBox(lambda job: done("", Status.WALL_LIMIT)), num_boxes=2, num_retries=5) as pool:
        (result,) = pool.map([job("a")])
        assert result.steps[0].status is Status.WALL_LIMIT
        assert pool.counts.num_runs == 2


def test_jobs_are_taken_only_a_few_ahead_of_the_boxes() -> None:
    gate = threading.Event()
    taken = 0

    def blocked(job: Job) -> JobResult:
        gate.wait(10)
        return echo(job)

    def endless() -> Iterator[Job]:
        nonlocal taken
        while True:
            taken += 1
            yield job(str(taken))

    with Pool(FakeBox(blocked), num_boxes=2) as pool:
        results = pool.map(endless())
        threading.Timer(0.05, gate.set).start()
        assert next(results).steps[0].stdout == b"1"
        assert taken <= NUM_AHEAD * 2 + 1


def test_the_longest_job_in_the_queue_starts_first() -> None:
    order: list[str] = []
    gate = threading.Event()

    def noted(one: Job) -> JobResult:
        gate.wait(10)
        order.append(one.files["name"].decode())
        return echo(one)

    with Pool(FakeBox(noted), num_boxes=1) as pool:
        futures = [
            pool.submit(job(name), expected_s=s) for name, s in (("first", 0), ("short", 1), ("long", 9), ("mid", 5))
        ]
        gate.set()
        assert [future.result().steps[0].stdout for future in futures] == [b"first", b"short", b"long", b"mid"]
    assert order == ["first", "long", "mid", "short"]


def test_closing_cancels_what_is_queued() -> None:
    gate, running = threading.Event(), threading.Event()

    def blocked(one: Job) -> JobResult:
        running.set()
        gate.wait(10)
        return echo(one)

    pool = Pool(FakeBox(blocked), num_boxes=1)
    first, second = pool.submit(job("a")), pool.submit(job("b"))
    running.wait(10)
    threading.Timer(0.05, gate.set).start()
    pool.close()
    assert first.result().failure is None
    assert second.cancelled()


def test_a_bug_in_a_box_raises_where_the_result_is_asked_for() -> None:
    def broken(job: Job) -> JobResult:
        raise RuntimeError("bug")

    with Pool(FakeBox(broken), num_boxes=1) as pool, pytest.raises(RuntimeError, match="bug"):
        list(pool.map([job("a")]))


def test_a_pool_without_boxes_is_refused() -> None:
    with pytest.raises(ValueError, match="num_boxes is 0"):
        Pool(FakeBox(echo), num_boxes=0)
