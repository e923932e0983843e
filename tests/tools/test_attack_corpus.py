"""The attack corpus on every box and simulator: no cheat passes, nothing honest fails, nothing is left behind."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from sim.farm import Farm, FarmUnavailable, open_farm
from sim.hdl.course import VERIFIERS
from sim.verdict import Checks, Outcome, Simulator, Verdict
from tests.conftest import missing
from tests.corpus import FILES, MARK, Row, load_golden, load_rows, load_spec
from tests.tools.leftovers import Leftovers, look, orphans_adopted, settle


class Run(NamedTuple):
    """One pass over the corpus."""

    box: str
    simulator: Simulator

    def covers(self, row: Row) -> bool:
        """Whether the row is meant for the simulator and there is a verifier for it."""
        return self.simulator in row.simulators and (row.spec.verifier, self.simulator) in VERIFIERS


RUNS = (
    Run("bubblewrap", Simulator.ICARUS),
    Run("bubblewrap", Simulator.VERILATOR),
    Run("docker", Simulator.ICARUS),
)
ROWS = [row for file in FILES for row in load_rows(file)]
CASES = [pytest.param(run, row, id=f"{'-'.join(run)}-{row.name}") for run in RUNS for row in ROWS if run.covers(row)]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What came of one pass."""

    verdicts: dict[str, Verdict]
    golden: Verdict
    """Of a golden that was judged last, by boxes that all the rows went through."""
    before: Leftovers
    after: Leftovers


@cache  # not a fixture: pytest would set it up again for each row, since it counts rows as parameters of the fixture
def finish(run: Run) -> Finished:
    """All rows of a pass through a farm of its own, which is closed again. Judged in one go, so that no box waits."""
    rows = [row for row in ROWS if run.covers(row)]
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch, orphans_adopted():
        patch.setenv("TMPDIR", directory)
        patch.setattr(tempfile, "tempdir", None)
        before = look(Path(directory), mark=MARK)
        with _open(run) as farm:
            verdicts = _judge(farm, [row for row in rows if row.after is None])
            verdicts |= _judge(farm, [row for row in rows if row.after is not None])
            golden = farm.submit(load_golden("counter"), load_spec("counter")).result()
        after = settle(before, Path(directory), mark=MARK)
    return Finished(verdicts=verdicts, golden=golden, before=before, after=after)


def _open(run: Run) -> Farm:
    try:
        return open_farm(box=run.box, num_boxes=2, remember=False, checks=Checks(simulator=run.simulator))
    except FarmUnavailable as err:
        missing(str(err))
        raise


def _judge(farm: Farm, rows: list[Row]) -> dict[str, Verdict]:
    verdicts = farm.judge((row.candidate, row.spec) for row in rows)
    return {row.name: verdict for row, verdict in zip(rows, verdicts, strict=True)}


@pytest.mark.parametrize(("run", "row"), CASES)
def test_each_row_gets_a_verdict_that_an_expert_would_give(run: Run, row: Row) -> None:
    verdict = finish(run).verdicts[row.name]
    assert row.allows(verdict.outcome, run.simulator), (row.tries, verdict)


@pytest.mark.parametrize("run", RUNS, ids="-".join)
def test_no_process_file_cgroup_or_descriptor_is_left(run: Run) -> None:
    assert finish(run).after == finish(run).before


@pytest.mark.parametrize("run", RUNS, ids="-".join)
def test_boxes_that_went_through_it_all_still_judge(run: Run) -> None:
    assert finish(run).golden.outcome is Outcome.PASS
