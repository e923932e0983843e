"""The count of kills for memory, from what the kernel writes in either version of cgroups."""

from pathlib import Path

import pytest

from sim.boxes.oom import find_on_host, read_count

CONTAINER = "5bb8d1"
V1 = "9:pids:/docker/5bb8d1\n8:memory:/docker/5bb8d1\n0::/docker/5bb8d1\n"
V2 = "0::/system.slice/docker-5bb8d1.scope\n"
OOM_CONTROL = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"
EVENTS = "low 0\nhigh 0\nmax 11\noom 4\noom_kill 2\noom_group_kill 0\n"


@pytest.mark.parametrize(
    ("groups", "name", "text", "count"),
    [
        (V1, "memory/docker/5bb8d1/memory.oom_control", OOM_CONTROL, 3),
        (V2, "system.slice/docker-5bb8d1.scope/memory.events", EVENTS, 2),
    ],
)
def test_the_count_is_found_from_the_containers_first_process(
    tmp_path: Path, groups: str, name: str, text: str, count: int
) -> None:
    (tmp_path / "proc" / "71").mkdir(parents=True)
    (tmp_path / "proc" / "71" / "cgroup").write_text(groups)
    file = tmp_path / "mount" / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    found = find_on_host(CONTAINER, pid=71, mount=tmp_path / "mount", proc=tmp_path / "proc")
    assert found == file
    assert read_count(found) == count


def test_a_process_of_this_host_with_the_same_number_is_not_the_containers(tmp_path: Path) -> None:
    (tmp_path / "71").mkdir()
    (tmp_path / "71" / "cgroup").write_text("8:memory:/user.slice\n0::/user.slice\n")
    assert find_on_host(CONTAINER, pid=71, mount=tmp_path, proc=tmp_path) is None
    assert find_on_host(CONTAINER, pid=72, mount=tmp_path, proc=tmp_path) is None
