"""Runs cocotb's tests inside a simulator and writes what came of each to descriptor 3.

Evidence is JSON, one object a line, each with the job's nonce: first the names of all tests that will run, then one
result each as it comes, then the end. What a design prints, or which files it writes, plays no part; a design that ends
the simulation early, hangs or crashes leaves tests without a result, and those count as failed.

The simulator and these tests share a process. A design that takes over the simulator itself could write evidence; the
guard and the search of the compiled program keep it from everything short of that.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from typing import Any, NoReturn

import cocotb._init
import cocotb._shutdown
import cocotb.regression

from sim.inbox.cocotb_message import MAX_MESSAGE, message
from sim.inbox.cocotb_ports import Ports, read_ports

FD = 3
NONCE = "VERIREASON_NONCE"
RUN = "VERIREASON_RUN"
"""A JSON object that `take_run` reads, where no server has done so."""
ENTRY_POINT = "sim.inbox.cocotb_evidence:run_tests"
"""For PYGPI_USERS, in place of cocotb's own list."""
PROGRAM = "design.vvp"
MAX_NAME = 120
NO_TESTS = "No tests were discovered"
"""How cocotb's own message about a module without tests starts."""

inputs: frozenset[str] | None = None
"""The golden's input ports; None when there is no golden."""
plusargs: tuple[str, ...] = ()
"""What the tests see in `cocotb.plusargs`, each with its "+"."""
filters: tuple[str, ...] = ()
"""Patterns of which a test's name must match one; empty for all tests."""
_nonce = ""


def run_tests() -> None:
    """Collect the tests and start the first. Called once, when the simulation is about to start."""
    global _nonce
    _nonce = os.environ.pop(NONCE, "")  # the design must not find it in the environment
    logging.disable(logging.CRITICAL)  # formatting cocotb's log takes longer than most tests
    sys.path.insert(0, "")
    if RUN in os.environ:
        take_run(json.loads(os.environ.pop(RUN)))
    try:
        cocotb._init.init_package_from_simulation()
        cocotb.plusargs.update(_plusarg(each) for each in plusargs)
        manager = Regression()
        manager.discover_tests(*os.environ["COCOTB_TEST_MODULES"].split(","))
        _seed_numpy()
        if filters:
            manager.keep(filters)
        manager.announce()
    except BaseException as err:  # whatever ends the start-up, SystemExit too, has to be told
        _write({"fault": _fault(err), "message": message(err)})
        _leave()
    manager.start_regression()
    cocotb._shutdown.register(manager._on_sim_end)


def take_run(asked: dict[str, Any]) -> None:
    """What is particular to one of several runs: "plusargs", "filters", and the golden's "inputs" or null."""
    global plusargs, filters, inputs
    plusargs, filters = tuple(asked["plusargs"]), tuple(asked["filters"])
    inputs = None if asked["inputs"] is None else frozenset(asked["inputs"])


class Regression(cocotb.regression.RegressionManager):  # type: ignore[misc]  # cocotb is in the image only
    """cocotb's own manager, which tells descriptor 3 instead of a log and an XML file.

    Its methods are private to cocotb 2.1.0, which the image pins; `tests/tools/test_cocotb.py` holds them.
    """

    def keep(self, patterns: tuple[str, ...]) -> None:
        """Leave out all tests whose name matches none of the patterns."""
        self._test_queue: list[Any] = [
            test for test in self._test_queue if any(re.search(pattern, test.fullname) for pattern in patterns)
        ]

    def announce(self) -> None:
        """Tell which tests are going to run, and what is wrong with the design's inputs."""
        sent = [test for test in self._test_queue if not test.skip]
        if not sent:
            raise RuntimeError(f"{NO_TESTS}: all are skipped")
        self._index = {id(test): index for index, test in enumerate(sent)}
        _write({"tests": [test.name[:MAX_NAME] for test in sent]})
        ports = _compiled_ports(os.environ["COCOTB_TOPLEVEL"])
        for fault, why in (ports.faults(inputs) if ports else {}).items():
            _write({"fault": fault, "message": why})

    def _tell(self, passed: bool, why: str | None, time: float) -> None:
        index = self._index.get(id(self._test))
        if index is not None:
            _write({"test": index, "passed": passed, "message": why, "time": time})
        self.count += 1

    def _record_test_passed(self, wall_time_s: float, sim_time_start: float, sim_time_stop: float) -> None:
        self._tell(True, None, sim_time_stop - sim_time_start)

    def _record_test_xfail(
        self, wall_time_s: float, sim_time_start: float, sim_time_stop: float, result: Any, msg: str | None
    ) -> None:
        self._tell(True, None, sim_time_stop - sim_time_start)

    def _record_test_failed(
        self, wall_time_s: float, sim_time_start: float, sim_time_stop: float, result: Any, msg: str | None
    ) -> None:
        if isinstance(result, cocotb.regression.SimFailure):
            why = "the simulation ended before this test did"
        else:
            why = (msg or "failed") if result is None else message(result)
        self._tell(False, why, sim_time_stop - sim_time_start)

    def _record_test_skipped(
        self, wall_time_s: float, sim_time_start: float, sim_time_stop: float, msg: str | None
    ) -> None:
        # One that skips itself as it runs may do so because of the design.
        self._tell(False, f"skipped itself: {msg}"[:MAX_MESSAGE], sim_time_stop - sim_time_start)

    def _record_test_init_failed(self) -> None:
        err = sys.exc_info()[1]
        self._tell(False, "could not start" if err is None else message(err), 0.0)

    def _tear_down(self) -> NoReturn:
        _write({"end": True})
        _leave()


def _seed_numpy() -> None:
    """cocotb seeds Python's own numbers only."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int(os.environ["COCOTB_RANDOM_SEED"]) % (1 << 32))


def _plusarg(text: str) -> tuple[str, str | bool]:
    name, equals, value = text.removeprefix("+").partition("=")
    return name, value if equals else True


def _compiled_ports(top: str) -> Ports | None:
    """None where Icarus is not the simulator: Verilator refuses to compile a design that drives its input."""
    if not os.path.exists(PROGRAM):
        return None
    with open(PROGRAM, encoding="latin-1") as file:
        return read_ports(file.read(), top)


def _fault(err: BaseException) -> str:
    """Whose fault a failed start is. Only what no design can bring about is the testbench's."""
    own = isinstance(err, (SyntaxError, ImportError)) or str(err).startswith(NO_TESTS)
    return "testbench" if own else "design"


def _write(what: dict[str, Any]) -> None:
    data = json.dumps({"nonce": _nonce, **what}).encode() + b"\n"
    while data:
        data = data[os.write(FD, data) :]


def _leave() -> NoReturn:
    """End the process at once: the interpreter's own end takes as long as a whole verdict."""
    os._exit(0)
