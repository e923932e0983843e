"""What only the docker box has: containers that end with their trainer, farms that do not, workers that are replaced.

What a step may try is in test_boxes.py, for this box as for the others.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sim.boxes.docker import DockerBox, EngineUnavailable, farm_down, farm_workers, open_engine, remove_orphans
from sim.boxes.worker import FARM, IMAGE, OWNER, is_gone, process_name
from sim.boxes.worker_image import worker_tag
from sim.image import Image, installed_image
from sim.job import Job, Limits, Status, Step, StepResult
from sim.pool import Pool
from tests.conftest import missing
from verireason.cli import main

LIMITS = Limits(cpu_s=5, wall_s=60, mem_mb=128, num_procs=16)


@pytest.fixture(scope="module")
def image() -> Image:
    found = installed_image()
    if found is None:
        missing("the simulation image is not built; run `verireason image build`")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def engine() -> Any:
    try:
        return open_engine()
    except EngineUnavailable as err:
        missing(str(err))


@pytest.fixture(scope="module")
def box(engine: Any, image: Image) -> Iterator[DockerBox]:
    opened = DockerBox(image)
    yield opened
    opened.close()


@pytest.fixture
def no_farm(engine: Any) -> Iterator[None]:
    """The farm is this test's own."""
    if list(farm_workers(engine)):
        pytest.skip("somebody's farm is up on this engine; these tests would end it")
    yield
    farm_down()


def job(image: Image, *argv: str, limits: Limits = LIMITS) -> Job:
    return Job(image=image.digest, files={}, steps=(Step(argv=argv, limits=limits),))


def step_of(box: DockerBox, image: Image, *argv: str) -> StepResult:
    result = box.run(job(image, *argv))
    assert result.failure is None, result.failure
    return result.steps[0]


def workers(engine: Any, label: str) -> list[str]:
    return [row["Id"] for row in engine.containers(all=True, filters={"label": label})]


def own_workers(engine: Any, pid: int) -> list[str]:
    rows = engine.containers(all=True, filters={"label": OWNER})
    return [row["Id"] for row in rows if row["Labels"][OWNER].startswith(f"{pid}@")]


def programs(engine: Any, container: str) -> list[str]:
    return sorted(row[-1] for row in engine.top(container)["Processes"])


def wait_until(claim: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not (held := claim()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held


TRAINER = """
import sys, time
from sim.farm import open_farm
from sim.job import Job, Limits, Step
with open_farm(box="docker", num_boxes=2) as farm:
    step = Step(argv=("sh", "-c", "echo x > left; sleep 86397.5 & while :; do :; done"), limits=Limits(cpu_s=600, wall_s=900))
    jobs = [Job(image=farm.image, files={"number": b"%d" % number}, steps=(step,)) for number in range(2)]
    for job in jobs:
        farm.pool.submit(job)
    print("started", flush=True)
    time.sleep(900)
"""


def jobs_at_work() -> int:
    found = subprocess.run(("pgrep", "-f", "^sleep 86397.5"), capture_output=True, text=True, check=False)
    return len(found.stdout.split())


@pytest.fixture
def trainer() -> Iterator[subprocess.Popen[str]]:
    """A process with two endless jobs on docker boxes."""
    with subprocess.Popen((sys.executable, "-c", TRAINER), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            assert wait_until(lambda: jobs_at_work() == 2)
            yield process
        finally:
            process.kill()


def test_nothing_is_left_of_a_trainer_that_was_killed(
    engine: Any, image: Image, no_farm: None, trainer: subprocess.Popen[str]
) -> None:
    assert len(own_workers(engine, trainer.pid)) == 2
    trainer.kill()
    assert wait_until(lambda: own_workers(engine, trainer.pid) == [])
    assert jobs_at_work() == 0


@pytest.fixture
def farm_of_two(engine: Any, image: Image, no_farm: None) -> list[str]:
    assert main(["farm", "up", "--workers", "2"]) == 0
    return workers(engine, FARM)


def test_workers_of_a_farm_survive_a_killed_trainer_and_nothing_of_its_jobs_does(
    engine: Any, farm_of_two: list[str], trainer: subprocess.Popen[str]
) -> None:
    assert own_workers(engine, trainer.pid) == []
    assert all(worker.is_leased for worker in farm_workers(engine))
    trainer.kill()
    assert wait_until(lambda: all(len(programs(engine, worker)) == 1 for worker in farm_of_two))
    assert wait_until(lambda: not any(worker.is_leased for worker in farm_workers(engine)))
    assert jobs_at_work() == 0


def test_a_farm_goes_up_and_down(
    engine: Any, image: Image, farm_of_two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(farm_of_two) == 2
    assert main(["farm", "up", "--workers", "3"]) == 0
    assert set(farm_of_two) < set(workers(engine, FARM))
    assert main(["farm", "up", "--workers", "1"]) == 0
    capsys.readouterr()
    assert main(["farm", "status"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("workers: 1, held by trainers: 0\n")
    assert image.digest in said
    assert main(["farm", "down"]) == 0
    assert workers(engine, FARM) == []


def test_a_box_takes_the_farms_workers_first_and_gives_them_back(
    engine: Any, image: Image, farm_of_two: list[str]
) -> None:
    box = DockerBox(image)
    with Pool(box, num_boxes=3, remember=False) as pool:
        results = [pool.submit(job(image, "sh", "-c", f"sleep 1; echo {number}")) for number in range(3)]
        assert [future.result().steps[0].stdout for future in results] == [b"0\n", b"1\n", b"2\n"]
        assert len(own_workers(engine, os.getpid())) >= 1  # the third
        assert all(worker.is_leased for worker in farm_workers(engine))
    assert not any(worker.is_leased for worker in farm_workers(engine))


def test_a_farm_worker_that_died_is_replaced_in_the_farm(engine: Any, image: Image, farm_of_two: list[str]) -> None:
    box = DockerBox(image)
    with Pool(box, num_boxes=1, remember=False) as pool:
        assert next(pool.map([job(image, "echo", "0")])).steps[0].stdout == b"0\n"
        [used] = [worker.container for worker in farm_workers(engine) if worker.is_leased]
        engine.kill(used)
        assert next(pool.map([job(image, "echo", "1")])).steps[0].stdout == b"1\n"
        assert wait_until(lambda: len(workers(engine, FARM)) == 2)
        assert used not in {worker.container for worker in farm_workers(engine)}


def test_workers_killed_at_work_cost_no_result_and_change_none(engine: Any, image: Image) -> None:
    stop = threading.Event()
    killed: list[str] = []

    def killer() -> None:
        while not stop.wait(0.7) and len(killed) < 3:
            for container in own_workers(engine_of_killer, os.getpid())[:1]:
                engine_of_killer.remove_container(container, force=True)
                killed.append(container)

    engine_of_killer = open_engine()
    program = "import sys, time; t = time.process_time()\nwhile time.process_time() - t < 0.1: pass\nprint(sys.argv[1])"
    thread = threading.Thread(target=killer)
    with Pool(DockerBox(image), num_boxes=2, num_retries=6, remember=False) as pool:
        thread.start()
        try:
            results = list(pool.map(job(image, "python3", "-c", program, str(number)) for number in range(30)))
        finally:
            stop.set()
            thread.join()
    assert killed
    assert [result.steps[0].stdout for result in results] == [f"{number}\n".encode() for number in range(30)]


def test_a_closed_box_leaves_no_container(engine: Any, image: Image) -> None:
    before = own_workers(engine, os.getpid())
    box = DockerBox(image)
    assert step_of(box, image, "true").code == 0
    assert len(own_workers(engine, os.getpid())) == len(before) + 1
    box.close()
    assert wait_until(lambda: own_workers(engine, os.getpid()) == before)


def test_descriptors_do_not_add_up(image: Image, box: DockerBox) -> None:
    def replace_workers() -> int:
        for _ in range(4):
            assert box.run(job(image, "no-such-tool")).failure is not None  # the worker is replaced each time
        step_of(box, image, "true")
        return len(os.listdir("/proc/self/fd"))

    replace_workers()  # the SDK keeps some connections to the engine for later
    before = replace_workers()
    assert replace_workers() <= before + 1


def test_a_kill_for_memory_is_told_apart_from_a_kill(box: DockerBox, image: Image) -> None:
    hungry = "x = bytearray(b'x') * (200 << 20)"  # within the address space limit, beyond the container's memory
    assert step_of(box, image, "python3", "-c", hungry).status is Status.MEMORY_LIMIT
    killed = step_of(box, image, "sh", "-c", "kill -9 $$")
    assert (killed.status, killed.code) == (Status.SIGNALLED, 9)


def test_a_worker_that_was_made_and_never_started_goes_when_its_owner_is_gone(engine: Any, image: Image) -> None:
    DockerBox(image).close()  # so that the image is there
    with subprocess.Popen(("sleep", "60")) as owner:
        name = process_name(owner.pid)
        made = engine.create_container(worker_tag(image), labels={OWNER: name, IMAGE: image.digest})["Id"]
        remove_orphans(engine)
        assert made in workers(engine, OWNER)
        owner.kill()
    remove_orphans(engine)
    assert made not in workers(engine, OWNER)


def test_a_process_is_known_by_more_than_its_number() -> None:
    name = process_name(os.getpid())
    assert not is_gone(name)
    assert is_gone(f"{name}1")  # the same number, started at another time
    assert not is_gone("1@another-host/5")  # who knows


def test_without_an_engine_the_command_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert main(["farm", "status"]) == 3
    said = capsys.readouterr().err
    assert "no Docker engine answers" in said
    assert "containers/start-engine.sh" in said
    assert said.count("\n") == 1
