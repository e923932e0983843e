"""Jobs for Python candidates: what goes into a box, and what stays out of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from sim.inbox.python_files import input_file
from sim.job import Job, Limits, Step
from sim.python.suite import Program, StdioTest, Suite

STEPS_PER_JOB = 32
MAX_INPUT_BYTES = 16 << 20
"""Standard inputs of one job together: they take room from what the candidate may write."""
_ALL_CODES = tuple(range(32))


def plan_job(
    suite: Suite, files: Mapping[str, bytes], argvs: Iterable[tuple[str, ...]], *, limits: Limits, image: str
) -> Job:
    """A job of warm steps. Each runs whatever the one before it came to, unless a limit or a signal cut that."""
    libraries = ",".join(sorted(suite.libraries))
    steps = (Step(argv=argv, limits=limits, warm=True, evidence=True, proceed_on=_ALL_CODES) for argv in argvs)
    server = f"python:{libraries}" if libraries else "python"
    return Job(image=image, server=server, files=files, steps=tuple(steps))


def call_questions(suite: Suite) -> object:
    """What the box is told of the tests of mode "call"."""
    calls = [{"args": test.args, "kwargs": test.kwargs, "views": test.views} for test in suite.calls]
    return {"entry": suite.entry, "setup": suite.setup, "calls": calls}


def input_files(tests: tuple[StdioTest, ...], first: int) -> dict[str, bytes]:
    """Files for the tests from `first` on, as many as go into one job: at least one."""
    files: dict[str, bytes] = {}
    num_bytes = 0
    for place in range(first, min(first + STEPS_PER_JOB, len(tests))):
        data = tests[place].stdin.encode(errors="replace")
        num_bytes += len(data)
        if files and num_bytes > MAX_INPUT_BYTES:
            break
        files[input_file(place)] = data
    return files


def tests_file(suite: Suite, program: Program, todo: tuple[str, ...] | None, *, nonce: str) -> bytes:
    """What the test process reads and deletes before the candidate is loaded. `todo`: ids to run, None for all."""
    text = f"{program.prelude}\0{program.source}".encode(errors="replace")
    asked = {
        "nonce": nonce,
        "seed": int.from_bytes(hashlib.sha256(text).digest()[:6], "big"),
        "style": program.style,
        "source": program.source,
        "prelude": program.prelude,
        "names": list(dict.fromkeys((suite.entry.partition(".")[0], *program.names))),
        "objects": program.objects,
        "ids": program.ids,
        "todo": todo,
    }
    return json.dumps(asked).encode()
