"""A job and its result as the runner in a box reads and writes them (the format: sim/inbox/runner.c)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from sim.job import Job, JobResult, Status, StepResult

_STATUSES = (
    Status.EXITED,
    Status.SIGNALLED,
    Status.CPU_LIMIT,
    Status.WALL_LIMIT,
    Status.OUTPUT_LIMIT,
    Status.SKIPPED,
)
_WARM, _EVIDENCE, _URGENT = 1, 2, 4
_HEAD = struct.Struct("<BiQQQ")


def _string(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def _strings(items: list[bytes]) -> bytes:
    return struct.pack("<I", len(items)) + b"".join(map(_string, items))


def encode_job(job: Job, env: Mapping[str, str]) -> bytes:
    """The job as the runner reads it; `env` is the box's whole environment."""
    scratch_mb = max(step.limits.scratch_mb for step in job.steps)
    parts = [struct.pack("<II", scratch_mb, len(job.files))]
    for name, data in job.files.items():
        parts += [_string(name.encode()), _string(data)]
    parts.append(_strings([f"{name}={value}".encode() for name, value in env.items()]))
    parts.append(struct.pack("<I", len(job.steps)))
    for step in job.steps:
        limits = step.limits
        proceed_mask = sum(1 << code for code in set(step.proceed_on))
        parts.append(
            struct.pack(
                "<8I",
                round(limits.cpu_s * 1000),
                round(limits.wall_s * 1000),
                limits.mem_mb,
                limits.output_kb,
                limits.scratch_mb,
                limits.num_procs,
                proceed_mask,
                step.warm * _WARM + step.evidence * _EVIDENCE + job.urgent * _URGENT,
            )
        )
        parts += [_strings([name.encode() for name in step.drop]), _strings([word.encode() for word in step.argv])]
    return b"".join(parts)


def decode_result(data: bytes, *, num_steps: int) -> JobResult:
    """The result as the runner wrote it. A stream that ends early is the farm's failure: the box died."""
    steps: list[StepResult] = []
    at = 0
    try:
        while True:
            tag = data[at : at + 1]
            if tag == b"D" and len(steps) == num_steps:
                return JobResult(steps=tuple(steps))
            if tag == b"F":
                return JobResult(failure=_read_string(data, at + 1)[0].decode(errors="replace"))
            if tag != b"S":
                return JobResult(failure="the box died before it had an answer")
            status, code, cpu_us, wall_us, peak_kb = _HEAD.unpack_from(data, at + 1)
            stdout, at = _read_string(data, at + 1 + _HEAD.size)
            stderr, at = _read_string(data, at)
            evidence, at = _read_string(data, at)
            state = _STATUSES[status]
            steps.append(
                StepResult(
                    status=state,
                    code=code if state in (Status.EXITED, Status.SIGNALLED) else None,
                    stdout=stdout,
                    stderr=stderr,
                    evidence=evidence,
                    cpu_s=cpu_us / 1e6,
                    wall_s=wall_us / 1e6,
                    peak_mb=peak_kb / 1024,
                )
            )
    except struct.error:
        return JobResult(failure="the box died in the middle of its answer")


def _read_string(data: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from("<I", data, at)
    end = at + 4 + length
    if end > len(data):
        raise struct.error("truncated")
    return data[at + 4 : end], end
