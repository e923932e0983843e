"""The attack corpus for Python on the boxes: no cheat passes, nothing honest fails, nothing is left behind."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from sim.boxes.warm_box import ENVIRONMENT
from sim.farm import Farm, FarmUnavailable, open_farm
from sim.inbox.values import encode
from sim.python.suite import CallTest, Program, StdioTest, Style, Suite, read_suite
from sim.verdict import Candidate, Outcome, Verdict
from tests.conftest import missing
from tests.python_corpus import FILES, MARK, Row, load_golden, load_rows, load_spec, make_spec, problem_names
from tests.tools.leftovers import Leftovers, look, orphans_adopted, settle

BOXES = ("bubblewrap", "docker")
SURVIVAL_S = 0.1
ROWS = [row for file in FILES for row in load_rows(file)]


def _covers(box: str, row: Row) -> bool:
    """Bubblewrap takes each row in each of its modes, docker in the first."""
    return box == "bubblewrap" or row is _first_of(row.name)


@cache
def _first_of(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


CASES = [pytest.param(box, row, id=f"{box}-{row.id}") for box in BOXES for row in ROWS if _covers(box, row)]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What came of one pass."""

    verdicts: dict[str, Verdict]
    goldens: dict[str, Verdict]
    """Mode to the verdict on a golden that was judged last, by boxes that all the rows went through."""
    before: Leftovers
    after: Leftovers


@cache  # not a fixture: pytest would set it up again for each row, since it counts rows as parameters of the fixture
def finish(box: str) -> Finished:
    """All rows through a farm of its own, which is closed again. Judged in one go, so that no box waits."""
    rows = [row for row in ROWS if _covers(box, row)]
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch, orphans_adopted():
        patch.setenv("TMPDIR", directory)
        patch.setattr(tempfile, "tempdir", None)
        before = look(Path(directory), mark=MARK)
        with _open(box, num_boxes=2) as farm:
            verdicts = _judge(farm, [row for row in rows if row.after is None])
            verdicts |= _judge(farm, [row for row in rows if row.after is not None])
            goldens = {mode: farm.submit(load_golden(mode), load_spec(mode)).result() for mode in problem_names()}
        after = settle(before, Path(directory), mark=MARK)
    return Finished(verdicts=verdicts, goldens=goldens, before=before, after=after)


def _open(box: str, *, num_boxes: int) -> Farm:
    try:
        return open_farm(box=box, num_boxes=num_boxes, remember=False)
    except FarmUnavailable as err:
        missing(str(err))
        raise


def _judge(farm: Farm, rows: list[Row]) -> dict[str, Verdict]:
    verdicts = farm.judge((row.candidate, row.spec) for row in rows)
    return {row.id: verdict for row, verdict in zip(rows, verdicts, strict=True)}


@pytest.mark.parametrize(("box", "row"), CASES)
def test_each_row_gets_a_verdict_that_an_expert_would_give(box: str, row: Row) -> None:
    verdict = finish(box).verdicts[row.id]
    assert verdict.outcome in row.expected, (row.tries, verdict)


@pytest.mark.parametrize("box", BOXES)
def test_the_denominator_is_the_tests_that_were_sent(box: str) -> None:
    verdicts = finish(box).verdicts
    wrong = {
        row.id: verdicts[row.id].num_tests
        for row in ROWS
        if row.id in verdicts and _num_tests(row) != verdicts[row.id].num_tests
    }
    assert not wrong


def _num_tests(row: Row) -> int:
    suite = read_suite(row.spec.testbench)
    program = suite.program.ids or () if suite.program else ()
    return len(suite.calls) + len(suite.stdio) + len(program)


@pytest.mark.parametrize("box", BOXES)
def test_no_process_file_cgroup_or_descriptor_is_left(box: str) -> None:
    assert finish(box).after == finish(box).before


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("mode", problem_names())
def test_boxes_that_went_through_it_all_still_judge(box: str, mode: str) -> None:
    assert finish(box).goldens[mode].outcome is Outcome.PASS


# ---- on one box, between verdicts ----

SURVIVORS = [row for row in ROWS if row.category == "survivors" and row is _first_of(row.name)]


@pytest.fixture(scope="module")
def lone_farm() -> Iterator[Farm]:
    """One box whose server has started."""
    with _open("bubblewrap", num_boxes=1) as farm:
        assert farm.submit(load_golden("call"), load_spec("call")).result().outcome is Outcome.PASS
        yield farm


@pytest.mark.parametrize("row", SURVIVORS, ids=lambda row: row.id)
def test_nothing_survives_its_verdict(lone_farm: Farm, row: Row) -> None:
    before = _processes()
    lone_farm.submit(row.candidate, row.spec).result()
    deadline = time.monotonic() + SURVIVAL_S
    while _processes() != before and time.monotonic() < deadline:
        time.sleep(0.005)
    assert _processes() == before


def _processes() -> Counter[str]:
    """Names of our descendants, which the box's own are."""
    return Counter(each.partition(" ")[2] for each in look(Path(tempfile.gettempdir()), mark=MARK).processes)


PRINTED = "".join(f"{name}={value}\n" for name, value in sorted(ENVIRONMENT.items()))
"""The allow-list as `env` prints it, sorted."""
LISTS_ENVIRONMENT = """
import os, subprocess
def f(inherited):
    if inherited:
        return "".join(sorted(subprocess.check_output(["/usr/bin/env"], text=True).splitlines(keepends=True)))
    return "".join(f"{name}={value}\\n" for name, value in sorted(os.environ.items()))
"""


@pytest.mark.parametrize("inherited", [False, True], ids=["own", "of a child"])
@pytest.mark.parametrize("mode", ["call", "stdio", "statements"])
def test_the_environment_is_the_allow_list(lone_farm: Farm, mode: str, inherited: bool) -> None:
    called, printed = f"f({inherited})", f"print(f({inherited}), end='')\n"
    program = Program(style=Style.STATEMENTS, source=f"assert {called} == {PRINTED!r}\n", ids=("0",))
    suite = {
        "call": Suite(entry="f", calls=(CallTest(id="0", args=json.dumps([inherited]), expected=encode(PRINTED)),)),
        "stdio": Suite(stdio=(StdioTest(id="0", stdin="", expected=PRINTED),)),
        "statements": Suite(entry="f", program=program),
    }[mode]
    source = LISTS_ENVIRONMENT + (printed if mode == "stdio" else "")
    verdict = lone_farm.submit(Candidate(source=source, language="python"), make_spec(suite.to_text())).result()
    assert verdict.outcome is Outcome.PASS, verdict


def test_the_directory_that_the_farm_is_opened_in_adds_nothing_to_import_from(monkeypatch: pytest.MonkeyPatch) -> None:
    row = _first_of("proxy: modules for the tests to import, unittest")
    monkeypatch.chdir("/tmp")  # a box has a directory of that name too, to which candidates write
    with _open("bubblewrap", num_boxes=1) as farm:
        assert farm.submit(row.candidate, row.spec).result().outcome in row.expected
