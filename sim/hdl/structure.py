"""Structural similarity of candidates to their references, by `sim.inbox.structure` in a box. Pure functions.

A candidate is hostile text, so nothing here looks into it. docs/decisions/0004-structural-similarity.md says what the
measure is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sim.job import Job, JobResult, Limits, Status, Step

PAIRS_PER_JOB = 32
"""Large enough that starting Python and its parsers is a small part, small enough to spread over boxes."""
MODULE_CPU_S = 2
"""For reading one module; the largest reference of VerilogEval v2 takes 0.2 s."""
MODULE_MEM_MB = 512
MODULE_BYTES = 1 << 18
START_CPU_S = 20


class Backend(StrEnum):
    """Which parser reads the modules."""

    PYSLANG = "pyslang"
    """All of SystemVerilog."""
    PYVERILOG = "pyverilog"
    """Verilog-2001, by pyverilog's own syntax tree and dataflow graph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StructurePair:
    """What is compared."""

    candidate: str
    """Hostile text."""
    reference: str
    """Trusted text: the golden, its top module under the candidate's name and last of those that no other one uses."""


def split_pairs(pairs: Sequence[StructurePair]) -> Iterator[Sequence[StructurePair]]:
    """The pairs in order, as many at a time as one job takes."""
    for start in range(0, len(pairs), PAIRS_PER_JOB):
        yield pairs[start : start + PAIRS_PER_JOB]


def plan_structure(pairs: Sequence[StructurePair], *, backend: Backend, image: str) -> Job:
    """The job that scores up to PAIRS_PER_JOB pairs. Raises ValueError for none or too many."""
    if not 0 < len(pairs) <= PAIRS_PER_JOB:
        raise ValueError(f"{len(pairs)} pairs in a job; give 1 to {PAIRS_PER_JOB}")
    names = {
        text: f"reference_{index}.sv" for index, text in enumerate(dict.fromkeys(pair.reference for pair in pairs))
    }
    files = {name: text.encode("utf-8", "replace") for text, name in names.items()}
    for index, pair in enumerate(pairs):
        # one byte too many tells the box that the text was too large
        files[f"candidate_{index}.sv"] = pair.candidate.encode("utf-8", "replace")[: MODULE_BYTES + 1]
    request = {
        "backend": backend,
        "module_cpu_s": MODULE_CPU_S,
        "module_mem_mb": MODULE_MEM_MB,
        "module_bytes": MODULE_BYTES,
        "pairs": [[names[pair.reference], f"candidate_{index}.sv"] for index, pair in enumerate(pairs)],
    }
    files["request.json"] = json.dumps(request).encode()
    # enough for every module to use all it may: one candidate's bomb must not cost its neighbours their scores
    cpu_s = START_CPU_S + MODULE_CPU_S * (len(pairs) + len(names))
    limits = Limits(cpu_s=cpu_s, wall_s=2 * cpu_s + 60, mem_mb=2 * MODULE_MEM_MB)
    return Job(image=image, server="parser", files=files, steps=(Step(argv=("structure",), limits=limits, warm=True),))


def judge_structure(result: JobResult, num_pairs: int) -> list[float | None]:
    """One similarity in [0, 1] per pair, in order; None where there is none to be had.

    A candidate that its parser cannot read, crashes on or takes too long over scores 0.0: with None it could take
    itself out of the loss. A reference of that kind gives None, and so does every failure of the box.
    """
    unknown: list[float | None] = [None] * num_pairs
    if result.failure is not None or len(result.steps) != 1:
        return unknown
    step = result.steps[0]
    lines = step.stdout.splitlines()
    if step.status is not Status.EXITED or step.code != 0 or len(lines) != num_pairs:
        return unknown
    try:
        return [_similarity(line, index) for index, line in enumerate(lines)]
    except (ValueError, RecursionError):  # not what our program writes, so the box is not to be believed
        return unknown


def _similarity(line: bytes, index: int) -> float | None:
    """What one line says. Raises ValueError for a line that is not the program's."""
    answer = json.loads(line)
    if (
        not isinstance(answer, dict)
        or answer.keys() != {"index", "score", "fault", "reason"}
        or answer["index"] != index
    ):
        raise ValueError("not an answer to this pair")
    score, fault = answer["score"], answer["fault"]
    if fault is None and isinstance(score, float) and math.isfinite(score) and 0.0 <= score <= 1.0:
        return score
    if score is None and fault in ("candidate", "reference", "box"):
        return 0.0 if fault == "candidate" else None
    raise ValueError("neither a score nor a fault")
