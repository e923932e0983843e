"""A farm whose boxes are killed again and again: a stall and no wrong verdict; one that stays dead ends the run."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sim.farm import Farm, open_farm
from sim.verdict import Candidate, Outcome
from tests.tools.leftovers import orphans_adopted
from tests.tools.runs import (
    RECIPE,
    STEP_SIZE,
    finish,
    metrics,
    num_lines,
    records,
    setting_words,
    verireason,
    wait_until,
)
from tests.tools.test_rtl_verdicts import HEADER, SPEC
from verireason.training.patience import judged_patiently

DEAD_S = 3.0
# Longer at work than a killer takes to look.
SLOW = "integer i, n = NUMBER; initial for (i = 0; i < 100000; i = i + 1) n = n + i;"
GOOD = HEADER + f"always @(posedge clk) q <= rst ? 0 : q + 1; {SLOW} endmodule"
WRONG = HEADER + f"always @(posedge clk) q <= 0; {SLOW} endmodule"


@contextlib.contextmanager
def boxes_killed(owner: int) -> Iterator[None]:
    """Every sandbox of a process ends as soon as it is seen: a process of its own kills, since ours has one to wait for."""
    killer = subprocess.Popen(("sh", "-c", 'while :; do pkill -KILL -P "$0" -x bwrap; done', str(owner)))
    with orphans_adopted():  # a sandbox that loses its first process while it is made waits for it for ever
        try:
            yield
        finally:
            killer.kill()
            killer.wait()
            subprocess.run(("pkill", "-KILL", "-P", str(os.getpid()), "-x", "bwrap"), check=False)


def test_a_farm_that_was_dead_for_seconds_judges_everything_right(farm: Farm) -> None:
    sources = [text.replace("NUMBER", str(number)) for number in range(8) for text in (GOOD, WRONG)]
    pairs = [(Candidate(source=source), SPEC) for source in sources]
    right = [Outcome.PASS, Outcome.MISMATCH] * 8
    said: list[str] = []

    with open_farm(num_boxes=2) as mortal:
        with boxes_killed(os.getpid()):
            first = list(mortal.judge(pairs))
            dead = judged_patiently(mortal, pairs, first, max_unjudged=0.1, patience_s=DEAD_S, say=said.append)
        waited = judged_patiently(mortal, pairs, dead.verdicts, max_unjudged=0.0, patience_s=60.0, say=said.append)

    assert mortal.pool.counts.num_retries > 0, "no box died at work: the test proves nothing"
    for verdicts in (first, dead.verdicts):
        assert all(each.outcome in (Outcome.UNJUDGED, known) for each, known in zip(verdicts, right, strict=True))
    assert [verdict.outcome for verdict in waited.verdicts] == right
    if dead.stalled_s or waited.stalled_s:  # a killer that is slow leaves a box alive for as long as a job takes
        assert "waiting for the farm" in said[0]


def test_a_run_outlives_a_dead_farm_and_ends_when_it_stays_dead(fresh: Path) -> None:
    words = setting_words(f"run.out={fresh}", "farm.cache=false")

    # 1. Dead for good: a checkpoint, and one line that says why
    process = verireason("train", RECIPE, *words, "--set", "farm.patience_s=1.0")
    wait_until(lambda: num_lines(fresh / "records.jsonl") > STEP_SIZE, process)
    with boxes_killed(process.pid):
        output, _ = process.communicate()
    assert process.returncode == 3, output
    assert "waiting for the farm" in output
    assert re.search(f"could not judge [0-9]+ of 16 completions of step {len(metrics(fresh)) + 1} ", output)
    assert f"--resume {fresh}" in output.splitlines()[-1]
    assert "Traceback" not in output

    # 2. Dead until the stall is seen: training goes on, and nothing is lost
    process = verireason("train", RECIPE, *words, "--resume", fresh)
    assert process.stdout is not None
    assert any("resume after step" in line for line in process.stdout)
    with boxes_killed(process.pid):
        stalled = any("waiting for the farm" in line for line in process.stdout)
    assert stalled
    assert "the farm judges again" in finish(process)
    assert [record["step"] for record in records(fresh)] == [step for step in range(1, 7) for _ in range(STEP_SIZE)]
    assert sum(record["outcome"] == "UNJUDGED" for record in records(fresh)) <= STEP_SIZE // 10
