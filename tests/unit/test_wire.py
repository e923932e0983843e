"""The pipe to the runner: a whole answer is read, and anything less is the farm's failure."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.boxes.wire import decode_result, encode_job
from sim.job import Job, Limits, Status, Step


def answer(*steps: tuple[int, int, bytes, bytes]) -> bytes:
    """The runner's stream for (status, code, stdout, stderr) of each step."""
    parts = []
    for status, code, stdout, stderr in steps:
        parts.append(b"S" + struct.pack("<BiQQQ", status, code, 2_500_000, 3_000_000, 2048))
        parts += [struct.pack("<I", len(text)) + text for text in (stdout, stderr, b"evidence")]
    return b"".join(parts) + b"D"


def test_a_whole_answer_is_read() -> None:
    result = decode_result(answer((0, 3, b"out", b"err")), num_steps=1)
    assert result.failure is None
    (step,) = result.steps
    assert (step.status, step.code, step.stdout, step.stderr) == (Status.EXITED, 3, b"out", b"err")
    assert step.evidence == b"evidence"
    assert (step.cpu_s, step.wall_s, step.peak_mb) == (2.5, 3.0, 2.0)


def test_a_signal_keeps_its_number_and_a_limit_has_no_code() -> None:
    result = decode_result(answer((1, 11, b"", b""), (2, 0, b"", b"")), num_steps=2)
    assert [(step.status, step.code) for step in result.steps] == [(Status.SIGNALLED, 11), (Status.CPU_LIMIT, None)]


@pytest.mark.parametrize("length", range(len(answer((0, 0, b"abc", b"de")))))
def test_an_answer_cut_anywhere_is_the_farms_failure(length: int) -> None:
    assert decode_result(answer((0, 0, b"abc", b"de"))[:length], num_steps=1).failure is not None


def test_an_answer_with_a_step_missing_is_the_farms_failure() -> None:
    assert decode_result(answer((0, 0, b"", b"")), num_steps=2).failure is not None


def test_the_runners_own_complaint_is_the_failure() -> None:
    stream = b"F" + struct.pack("<I", 9) + b"iverilog?"
    assert decode_result(stream, num_steps=1).failure == "iverilog?"


@given(st.binary(max_size=200))
def test_noise_never_raises_and_is_never_an_answer(data: bytes) -> None:
    result = decode_result(data, num_steps=3)
    assert result.failure is not None


def test_a_job_is_encoded_with_its_files_steps_and_environment() -> None:
    job = Job(
        image="i",
        files={"a.v": b"module"},
        steps=(
            Step(
                argv=("vvp", "x"), limits=Limits(cpu_s=1.5, wall_s=2), proceed_on=(0, 3), drop=("a.v",), warm=True,
                evidence=True,
            ),
        ),
    )  # fmt: skip
    data = encode_job(job, {"A": "1"})
    assert data.startswith(struct.pack("<I", 64))
    assert struct.pack("<8I", 1500, 2000, 1024, 256, 64, 32, 0b1001, 0b11) in data
    assert all(text in data for text in (b"module", b"A=1", b"vvp"))
