"""Verdicts on disk: what is kept, what is not, and what a broken file costs."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sim.boxes.fake import FakeBox
from sim.cache import VerdictCache
from sim.farm import Farm
from sim.job import Job, JobResult
from sim.pool import Pool
from sim.verdict import Candidate, Checks, Diagnostic, GuardFinding, Outcome, Severity, Spec, Verdict, Wave, Waves

FULL = Verdict(
    outcome=Outcome.MISMATCH, num_passed=3, num_tests=4, tools={"iverilog": "12.0"}, job_key="k", cpu_s=0.5,
    diagnostics=(Diagnostic(severity=Severity.WARNING, message="w\ud800", line=3),),
    findings=(GuardFinding(kind="bind", line=None, text="x", neutralised=True),),
    waves=Waves(start=0, end=5, mark=3, signals=(Wave(name="q", role="got", width=2, changes=((0, "xx"), (3, "01"))),)),
)  # fmt: skip
SPEC = Spec(verifier="verilog-testbench", top="t", testbench="module __vr_tb; endmodule", num_checks=1)


def test_a_verdict_comes_back_as_it_was(tmp_path: Path) -> None:
    VerdictCache(tmp_path / "a" / "verdicts.sqlite").put("key", FULL)
    cache = VerdictCache(tmp_path / "a" / "verdicts.sqlite")
    assert cache.get("key") == FULL
    assert cache.get("other") is None


@pytest.mark.parametrize("outcome", [Outcome.UNJUDGED, Outcome.TIMEOUT])
def test_what_may_be_the_hosts_doing_is_not_kept(tmp_path: Path, outcome: Outcome) -> None:
    cache = VerdictCache(tmp_path / "verdicts.sqlite")
    cache.put("key", Verdict(outcome=outcome))
    assert cache.get("key") is None


def test_a_file_that_is_no_database_costs_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.sqlite"
    path.write_text("not a database, and long enough to be read as one" * 100)
    cache = VerdictCache(path)
    cache.put("key", FULL)
    assert cache.get("key") is None


def test_a_row_of_another_version_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.sqlite"
    cache = VerdictCache(path)
    cache.put("key", FULL)
    with sqlite3.connect(path) as database:
        database.execute("""UPDATE verdicts SET verdict = '{"outcome":"MAYBE"}'""")
    assert cache.get("key") is None


def test_several_processes_write_at_the_same_time(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sim.cache import VerdictCache; from sim.verdict import *\n"
        "cache = VerdictCache(Path(sys.argv[1]))\n"
        "for n in range(200): cache.put(f'{sys.argv[2]}-{n}', Verdict(outcome=Outcome.PASS, num_passed=n))"
    )
    path = tmp_path / "verdicts.sqlite"
    processes = [subprocess.Popen((sys.executable, "-c", program, str(path), str(number))) for number in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    cache = VerdictCache(path)
    found = [cache.get(f"{number}-{n}") for number in range(4) for n in range(200)]
    assert [verdict.num_passed for verdict in found if verdict] == list(range(200)) * 4


def farm(path: Path, seen: list[Job]) -> Farm:
    def answer(job: Job) -> JobResult:
        seen.append(job)
        return JobResult(failure="no such host") if b"fails" in b"".join(job.files.values()) else JobResult()

    return Farm(Pool(FakeBox(answer), num_boxes=1, num_retries=0), tools={}, verdicts=VerdictCache(path))


def test_the_farm_asks_the_cache_for_equal_pairs_under_equal_checks_only(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.sqlite"
    seen: list[Job] = []
    with farm(path, seen) as first:
        candidate = Candidate(source="")  # judged without a job
        assert first.submit(candidate, SPEC).result().outcome is Outcome.NO_CODE
        assert first.submit(candidate, SPEC).result().outcome is Outcome.NO_CODE
        assert first.submit(candidate, SPEC, Checks(lint=True)).result().outcome is Outcome.NO_CODE
        assert (first.counts.num_candidates, first.counts.num_cached) == (3, 1)


def test_a_failure_of_the_farm_is_tried_again_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.sqlite"
    seen: list[Job] = []
    for _ in range(2):
        with farm(path, seen) as opened:
            assert opened.submit(Candidate(source="fails"), SPEC).result().outcome is Outcome.UNJUDGED
    assert len(seen) == 2
