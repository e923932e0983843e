"""Judging in a thread beside generation: whatever order verdicts come in, every record is written."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from sim.pool import NUM_AHEAD
from sim.verdict import Outcome, Spec, Verdict
from verireason.data.calibrate import Calibration
from verireason.evals.pipeline import Pipeline
from verireason.problem import Completion, Problem
from verireason.records import Record

NUM_COMPLETIONS = 3 * NUM_AHEAD


class SlowFirst:
    """A farm that knows every verdict but the first of each window when it is asked."""

    pool = SimpleNamespace(num_boxes=1)

    def __init__(self) -> None:
        self.held: list[Future[Verdict]] = []
        self.num_submitted = 0

    def submit(self, candidate: Any, spec: Any) -> Future[Verdict]:
        future: Future[Verdict] = Future()
        if self.num_submitted % NUM_AHEAD == 0:
            self.held.append(future)
        else:
            future.set_result(Verdict(outcome=Outcome.PASS))
        self.num_submitted += 1
        return future


def test_a_first_verdict_that_comes_last_holds_nothing_up_for_good() -> None:
    spec = Spec(verifier="verilog-testbench", top="m", testbench="", reference="", num_checks=1)
    problem = Problem(
        id="p", benchmark="b", prompt="", spec=spec, golden="", split="test", licence="", category="", difficulty=1
    )
    farm, written = SlowFirst(), list[Record]()
    calibration = Calibration(problems={"p": problem}, defects={})
    pipeline = Pipeline(
        farm, calibration, template="plain", write=written.append, is_failure=lambda _: False,  # type: ignore[arg-type]
    )  # fmt: skip
    num_told = 0

    def tell_when_all_others_were_looked_at() -> None:
        """The held verdict comes once no other event is left, as from a box that takes longest."""
        nonlocal num_told
        while not over.wait(0.01):
            is_window_full = farm.num_submitted == (num_told + 1) * NUM_AHEAD
            if is_window_full and pipeline._events.empty():
                farm.held[num_told].set_result(Verdict(outcome=Outcome.PASS))
                num_told += 1

    over = threading.Event()
    teller = threading.Thread(target=tell_when_all_others_were_looked_at)
    teller.start()
    with pipeline:
        for sample in range(NUM_COMPLETIONS):
            pipeline.put(Completion(problem_id="p", sample=sample, text="module m; endmodule"))
    over.set()
    teller.join()

    assert [record.sample for record in written] == list(range(NUM_COMPLETIONS))
