"""What the reference answers, for benchmarks that publish inputs and a reference but no answers."""

from __future__ import annotations

import json

from sim.inbox.python_files import QUESTIONS, SOLUTION
from sim.inbox.values import decode
from sim.job import Job, JobResult, Limits
from sim.python.jobs import call_questions, plan_job
from sim.python.suite import Suite


def plan_answers(suite: Suite, source: str, *, limits: Limits, image: str) -> Job:
    """One job in which the reference answers all calls of a suite."""
    files = {SOLUTION: source.encode(), QUESTIONS: json.dumps(call_questions(suite)).encode()}
    return plan_job(suite, files, [("call", "0", str(len(suite.calls)))], limits=limits, image=image)


def read_answers(result: JobResult) -> dict[int, str]:
    """Place of each call that was answered to its answer, in the format of `sim.inbox.values`."""
    answers: dict[int, str] = {}
    for line in result.steps[0].evidence.split(b"\n")[:-1] if result.steps else ():  # a last one that was cut is none
        letter, _, rest = line.partition(b" ")
        place, _, payload = rest.partition(b" ")
        if letter == b"V":
            text = payload.decode("ascii")
            decode(text)  # what cannot be read is a bug of ours: the reference is trusted
            answers[int(place)] = text
    return answers
