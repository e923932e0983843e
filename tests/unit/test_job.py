"""Jobs: what makes two of them equal, and what is refused."""

import pytest

from sim.job import Job, Limits, Step

LIMITS = Limits(cpu_s=1, wall_s=2)


def job(**changes: object) -> Job:
    settings = {"image": "i", "files": {"a": b"1"}, "steps": (Step(argv=("true",), limits=LIMITS),)}
    return Job(**(settings | changes))  # type: ignore[arg-type]


def test_equal_jobs_have_equal_keys() -> None:
    assert job().key == job().key


@pytest.mark.parametrize(
    "changes",
    [
        {"image": "j"},
        {"files": {"a": b"2"}},
        {"files": {"b": b"1"}},
        {"env": {"A": "1"}},
        {"steps": (Step(argv=("true", ""), limits=LIMITS),)},
        {"steps": (Step(argv=("true",), limits=Limits(cpu_s=2, wall_s=2)),)},
        {"steps": (Step(argv=("true",), limits=LIMITS, proceed_on=(1,)),)},
        {"steps": (Step(argv=("true",), limits=LIMITS, drop=("a",)),)},
    ],
)
def test_whatever_can_change_the_result_changes_the_key(changes: dict[str, object]) -> None:
    assert job(**changes).key != job().key


def test_moving_a_byte_from_a_name_to_its_file_changes_the_key() -> None:
    assert job(files={"ab": b"c"}).key != job(files={"a": b"bc"}).key


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc/passwd", "a\0b", "x" * 256])
def test_a_file_name_that_leaves_the_box_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="plain name"):
        job(files={name: b""})


def test_a_job_without_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        job(steps=())


@pytest.mark.parametrize("field", ["cpu_s", "wall_s", "mem_mb", "output_kb", "scratch_mb", "num_procs"])
def test_a_limit_of_zero_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"limits.{field} is 0; give a positive number"):
        Limits(**({"cpu_s": 1, "wall_s": 1} | {field: 0}))
