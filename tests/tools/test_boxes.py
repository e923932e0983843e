"""Every row is something that a step may try; the walls hold, and the answer says what happened, on every box."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.boxes.cgroup import find_controllers
from sim.boxes.host import HostBox
from sim.farm import Farm, open_farm
from sim.job import Job, JobResult, Limits, Status, Step, StepResult
from tests.conftest import missing
from tests.tools.conftest import BUBBLEWRAP, DOCKER, DOCKER_BY_UID, open_box

LIMITS = Limits(cpu_s=2, wall_s=10, mem_mb=256, output_kb=16, scratch_mb=8, num_procs=16)

ON_BUBBLEWRAP = pytest.mark.parametrize("farm", [BUBBLEWRAP], indirect=True)
"""Looks at the host's own processes; the docker box has tests like it in a file of its own."""
WITH_NAMESPACES = pytest.mark.parametrize("farm", [BUBBLEWRAP, DOCKER], indirect=True)
"""What a user id alone cannot do: /proc and /dev are the container's, and all jobs share its scratch."""


@pytest.fixture(scope="module", params=[BUBBLEWRAP, DOCKER, DOCKER_BY_UID])
def farm(request: pytest.FixtureRequest) -> Iterator[Farm]:
    """Two boxes of each kind."""
    with open_box(request.param) as opened:
        yield opened


def run(
    farm: Farm, *commands: tuple[str, ...], files: dict[str, bytes] | None = None, limits: Limits = LIMITS
) -> JobResult:
    steps = tuple(Step(argv=argv, limits=limits) for argv in commands)
    return next(farm.pool.map([Job(image=farm.image, files=files or {}, steps=steps)]))


def shell(farm: Farm, script: str, limits: Limits = LIMITS) -> StepResult:
    result = run(farm, ("sh", "-c", script), limits=limits)
    assert result.failure is None, result.failure
    return result.steps[0]


def test_steps_share_files_and_run_in_order(farm: Farm) -> None:
    result = run(farm, ("sh", "-c", "cat a > b"), ("cat", "b"), files={"a": b"text"})
    assert [step.stdout for step in result.steps] == [b"", b"text"]


def test_a_failed_step_skips_the_rest(farm: Farm) -> None:
    result = run(farm, ("false",), ("echo", "hi"))
    assert [step.status for step in result.steps] == [Status.EXITED, Status.SKIPPED]


def test_dropped_files_are_gone(farm: Farm) -> None:
    step = Step(argv=("ls",), limits=LIMITS, drop=("secret",))
    result = next(farm.pool.map([Job(image=farm.image, files={"secret": b"", "rest": b""}, steps=(step,))]))
    assert result.steps[0].stdout == b"rest\n"


def test_the_environment_is_the_allow_list(farm: Farm) -> None:
    names = {line.split(b"=")[0] for line in shell(farm, "env").stdout.splitlines()}
    assert names <= {b"PATH", b"HOME", b"TMPDIR", b"LANG", b"PWD"}


def test_cpu_time_is_the_candidates_clock(farm: Farm) -> None:
    # The wall is far off: steps are nice, and a loaded host gives them a fraction of a core.
    assert shell(farm, "while :; do :; done", Limits(cpu_s=1, wall_s=120)).status is Status.CPU_LIMIT


def test_sleeping_hits_the_wall_limit(farm: Farm) -> None:
    assert shell(farm, "sleep 60", Limits(cpu_s=2, wall_s=0.5)).status is Status.WALL_LIMIT


def test_a_flood_of_output_is_cut(farm: Farm) -> None:
    step = shell(farm, "yes")
    assert step.status is Status.OUTPUT_LIMIT
    assert len(step.stdout) == LIMITS.output_kb << 10


def test_a_flood_on_standard_error_is_cut(farm: Farm) -> None:
    assert shell(farm, "yes >&2").status is Status.OUTPUT_LIMIT


def test_memory_is_limited(farm: Farm) -> None:
    result = run(farm, ("python3", "-c", "x = b'x' * (900 << 20)"), limits=Limits(cpu_s=20, wall_s=60, mem_mb=128))
    step = result.steps[0]
    assert step.status is Status.MEMORY_LIMIT or b"MemoryError" in step.stderr


def test_memory_of_all_processes_together_is_limited_where_cgroups_are(farm: Farm) -> None:
    if find_controllers() is None:
        pytest.skip("this host has no cgroup that we may write: each process is limited alone")
    hog = "import time; x = b'x' * (60 << 20); time.sleep(2); print('alive')"
    script = f'for i in 1 2 3 4; do python3 -c "{hog}" & done; wait'
    step = shell(farm, script, Limits(cpu_s=20, wall_s=60, mem_mb=128))
    assert step.stdout.count(b"alive") < 4


@WITH_NAMESPACES
def test_scratch_is_sized(farm: Farm) -> None:
    step = shell(farm, "head -c 20000000 /dev/zero > a; head -c 20000000 /dev/zero > b; cat a b | wc -c")
    assert int(step.stdout or b"0") <= LIMITS.scratch_mb << 20


def test_a_fork_bomb_stays_in_its_box(farm: Farm) -> None:
    program = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
    result = run(farm, ("python3", "-c", program), limits=Limits(cpu_s=1, wall_s=3, num_procs=16))
    assert result.steps[0].status in (Status.CPU_LIMIT, Status.WALL_LIMIT)
    assert shell(farm, "echo fine").stdout == b"fine\n"


def test_a_background_process_dies_with_its_step(farm: Farm) -> None:
    marker = "86399.5"
    result = run(farm, ("sh", "-c", f"sleep {marker} & (sleep {marker} &) & echo started"), ("true",))
    assert result.steps[0].stdout == b"started\n"
    assert subprocess.run(("pgrep", "-f", f"^sleep {marker}"), check=False).returncode == 1


def test_nothing_in_the_box_can_kill_the_runner(farm: Farm) -> None:
    assert shell(farm, "kill -9 1; kill -9 -1; echo no").status in (Status.SIGNALLED, Status.EXITED)


def test_the_runners_descriptors_cannot_be_reached(farm: Farm) -> None:
    script = "ls /proc; for f in /proc/1/fd/1 /dev/fd/3 /dev/fd/4 /dev/fd/5; do echo D > $f; done; echo end"
    step = shell(farm, script)
    assert step.stdout.strip().endswith(b"end")
    assert step.status is Status.EXITED


def test_an_answer_written_on_standard_output_is_only_output(farm: Farm) -> None:
    assert shell(farm, r"printf 'S\000\000\000\000\000D'").stdout == b"S\0\0\0\0\0D"


def test_there_is_no_network(farm: Farm) -> None:
    result = run(farm, ("python3", "-c", "import socket; print(socket.if_nameindex())"))
    assert result.steps[0].stdout == b"[(1, 'lo')]\n"


@pytest.mark.parametrize("path", ["/etc/verireason", "/usr/bin/verireason", "/opt/verireason/x", "/home/x", "/x"])
def test_the_root_is_read_only(farm: Farm, path: str) -> None:
    assert shell(farm, f"echo x > {path}").code != 0


def test_the_hosts_files_are_not_there(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    assert shell(farm, f"cat {tmp_path}/secret").stdout == b""


@pytest.mark.parametrize(
    "command",
    ["unshare -U true", "unshare -m true", "mount -t tmpfs x /tmp", "chroot / true", "nsenter -t 1 -m true"],
)
def test_no_new_namespaces_or_mounts(farm: Farm, command: str) -> None:
    assert shell(farm, command).code != 0


def test_ptrace_is_refused(farm: Farm) -> None:
    program = "import ctypes; print(ctypes.CDLL(None, use_errno=True).ptrace(16, 1, 0, 0), ctypes.get_errno())"
    assert run(farm, ("python3", "-c", program)).steps[0].stdout == b"-1 1\n"


def test_the_runners_own_limits_are_out_of_reach(farm: Farm) -> None:
    program = "import resource; resource.prlimit(1, resource.RLIMIT_NOFILE, (1, 1))"
    result = run(farm, ("sh", "-c", f"python3 -c '{program}'; true"), ("echo", "next"))
    assert b"PermissionError" in result.steps[0].stderr
    assert result.steps[1].stdout == b"next\n"


PRIORITIES = """
import os
print(os.getpriority(os.PRIO_PROCESS, 0))
for call in (lambda: os.setpriority(os.PRIO_PROCESS, 0, 5), os.setsid):  # a new session could have a share of its own
    try:
        if os.fork() == 0:  # who leads a group may not leave the session anyway
            call()
            print("done")
            os._exit(0)
        os.wait()
    except OSError:
        print("refused")
        os._exit(0)
"""


def test_a_step_is_behind_everything_else_and_cannot_come_forward(farm: Farm) -> None:
    said = run(farm, ("python3", "-u", "-c", PRIORITIES)).steps[0].stdout.split()
    assert said == [b"19", b"refused", b"refused"]


@ON_BUBBLEWRAP
def test_a_step_runs_in_our_session_where_its_niceness_counts(farm: Farm) -> None:
    program = "import os; print(os.getsid(0))"
    assert run(farm, ("python3", "-c", program)).steps[0].stdout == b"0\n"  # one from outside of its namespace


def test_an_urgent_job_is_beside_everything_else(farm: Farm) -> None:
    step = Step(argv=("nice",), limits=LIMITS)
    result = farm.pool._box.run(Job(image=farm.image, files={}, steps=(step,), urgent=True))
    assert result.steps[0].stdout == b"0\n"


@WITH_NAMESPACES
def test_there_are_three_devices_and_no_shared_memory(farm: Farm) -> None:
    assert shell(farm, "ls /dev").stdout.split() == [b"null", b"urandom", b"zero"]
    assert shell(farm, "echo x > /dev/shm/x; echo x > /dev/x").code != 0
    program = (
        "import ctypes; c = ctypes.CDLL(None, use_errno=True); print(c.shmget(0, 4096, 0o1600), ctypes.get_errno())"
    )
    assert run(farm, ("python3", "-c", program)).steps[0].stdout == b"-1 1\n"


def test_a_signal_is_told_apart_from_an_exit_code(farm: Farm) -> None:
    step = shell(farm, "kill -SEGV $$")
    assert (step.status, step.code) == (Status.SIGNALLED, signal.SIGSEGV)


def test_a_missing_tool_is_the_farms_failure(farm: Farm) -> None:
    result = run(farm, ("no-such-tool",))
    assert result.failure is not None
    assert "no-such-tool" in result.failure


def test_state_does_not_carry_over(farm: Farm) -> None:
    shell(farm, "echo x > /tmp/left; echo x > /tmp/job/left")
    assert shell(farm, "ls /tmp /tmp/job | grep -c left").stdout == b"0\n"


@ON_BUBBLEWRAP
def test_boxes_killed_at_work_cost_no_result_and_change_none(farm: Farm) -> None:
    """SIGKILL to whole boxes, from outside, while jobs run: every job still gets its own right answer."""
    program = "import sys, time; t = time.process_time()\nwhile time.process_time() - t < 0.1: pass\nprint(sys.argv[1])"
    stop = threading.Event()
    num_killed = 0

    def killer() -> None:
        nonlocal num_killed
        while not stop.is_set() and num_killed < 3:  # as often as a job is tried again
            time.sleep(0.25)
            found = subprocess.run(
                ("pgrep", "-P", str(os.getpid()), "bwrap"), capture_output=True, text=True, check=False
            )
            for pid in found.stdout.split()[:1]:
                with contextlib.suppress(ProcessLookupError):  # it was done between the look and the kill
                    os.kill(int(pid), signal.SIGKILL)
                    num_killed += 1

    jobs = [
        Job(image=farm.image, files={}, steps=(Step(argv=("python3", "-c", program, str(number)), limits=LIMITS),))
        for number in range(30)
    ]
    thread = threading.Thread(target=killer)
    thread.start()
    try:
        results = list(farm.pool.map(jobs))
    finally:
        stop.set()
        thread.join()
    assert num_killed > 0
    assert [result.steps[0].stdout for result in results] == [f"{number}\n".encode() for number in range(30)]


def boxes_alive() -> set[str]:
    found = subprocess.run(("pgrep", "-P", str(os.getpid()), "bwrap"), capture_output=True, text=True, check=False)
    return set(found.stdout.split())


@ON_BUBBLEWRAP
def test_no_process_or_file_is_left_behind(farm: Farm) -> None:
    before, files = boxes_alive(), set(os.listdir("/tmp"))
    with open_farm(num_boxes=2) as opened:
        list(opened.pool.map(echo_job(opened.image, number) for number in range(20)))
        assert 1 <= len(boxes_alive() - before) <= 2
    assert boxes_alive() <= before
    assert set(os.listdir("/tmp")) - files == set()


def echo_job(image: str, number: int) -> Job:
    return Job(image=image, files={}, steps=(Step(argv=("sh", "-c", f"echo {number} > x; sleep 0.01"), limits=LIMITS),))


@ON_BUBBLEWRAP
def test_a_box_killed_while_idle_costs_nothing(farm: Farm) -> None:
    shell(farm, "true")
    for pid in boxes_alive():
        os.kill(int(pid), signal.SIGKILL)
    time.sleep(0.5)  # until what was in them is gone too
    retries = farm.pool.counts.num_retries
    assert [shell(farm, f"echo {number}").stdout for number in range(4)] == [b"0\n", b"1\n", b"2\n", b"3\n"]
    assert farm.pool.counts.num_retries == retries


def test_evidence_comes_over_a_descriptor_of_its_own(farm: Farm) -> None:
    steps = (
        Step(argv=("sh", "-c", "echo out; echo evidence >&3"), limits=LIMITS, evidence=True),
        Step(argv=("sh", "-c", "echo forged >&3"), limits=LIMITS, proceed_on=(2,)),
    )
    result = next(farm.pool.map([Job(image=farm.image, files={}, steps=steps)]))
    assert [step.evidence for step in result.steps] == [b"evidence\n", b""]
    assert result.steps[0].stdout == b"out\n"


@WITH_NAMESPACES
def test_the_servers_room_is_not_the_jobs(farm: Farm) -> None:
    """The capabilities that build a job's room are gone when the job runs."""
    step = shell(farm, "umount /tmp; cat /proc/self/status; mount -t tmpfs x /tmp; touch /etc/x; ls /tmp")
    assert step.stdout == b"job\n"


@pytest.fixture
def host_box() -> HostBox:
    if not Path("/bin/sh").exists():
        missing("no /bin/sh on this host")
    return HostBox(image="host")


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 3", Status.EXITED),
        ("kill -SEGV $$", Status.SIGNALLED),
        ("while :; do :; done", Status.CPU_LIMIT),
        ("sleep 60", Status.WALL_LIMIT),
        ("yes", Status.OUTPUT_LIMIT),
    ],
)
def test_the_host_box_names_ends_like_the_others(host_box: HostBox, script: str, status: Status) -> None:
    wall_s = 2 if status is Status.WALL_LIMIT else 30
    limits = Limits(cpu_s=1, wall_s=wall_s, output_kb=4)
    result = host_box.run(Job(image="host", files={}, steps=(Step(argv=("sh", "-c", script), limits=limits),)))
    assert result.steps[0].status is status


def test_the_host_box_removes_its_directory_and_its_processes(host_box: HostBox) -> None:
    limits = Limits(cpu_s=1, wall_s=2)
    job = Job(image="host", files={"a": b"1"}, steps=(Step(argv=("sh", "-c", "sleep 86398.5 & pwd"), limits=limits),))
    directory = host_box.run(job).steps[0].stdout.decode().strip()
    assert not Path(directory).exists()
    assert subprocess.run(("pgrep", "-f", "^sleep 86398.5"), check=False).returncode == 1
