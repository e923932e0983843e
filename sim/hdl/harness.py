"""A published cocotb harness as data: what `pytest test_runner.py` builds and runs, and the files that it does so with.

A loader writes it with `runs` open; `sim.hdl.harness_recording` fills them in, in a box and without any candidate. It
stands in `Spec.testbench` as one JSON text; the harness's own Python files are `Spec.files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sim.strict_json import from_json, to_json
from sim.verdict import Simulator

HARNESS = "src:"
"""How the path of a Verilog file starts that is the harness's own and not the design's: "src:wrapper.sv"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One command of the published harness.

    Example:
        Service(name="direct", program="pytest", scripts=("test_runner.py",), environment={"SIM": "icarus"})
    """

    name: str
    program: str
    """"pytest" or "python"."""
    scripts: tuple[str, ...]
    """Plain names of files of the harness, for pytest with "::test" behind where the command has it."""
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One build and the run of its tests.

    Example:
        Run(name="WIDTH=8", top="fifo", sources=("rtl/fifo.sv",), modules=("test_fifo",), seed=7,
            parameters={"WIDTH": "8"}, timescale="1ns/1ps")
    """

    name: str
    """What tells it from the others; empty when it is the only one."""
    top: str
    sources: tuple[str, ...]
    """Paths, in the order in which they are compiled."""
    modules: tuple[str, ...]
    """Python modules with the tests."""
    seed: int
    """COCOTB_RANDOM_SEED."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    defines: Mapping[str, str] = field(default_factory=dict)
    timescale: str | None = None
    """Unit and precision, "1ns/1ps", of text that has none; None for the simulator's own."""
    warnings: tuple[str, ...] = ()
    """Verilator's options on warnings; those that are left on end the build."""
    plusargs: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[str, ...] = ()
    """Patterns of which a test's name must match one; empty for all tests."""
    inputs: tuple[str, ...] | None = None
    """Input ports of the golden's top; None when there is no golden to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """What a candidate's files are put into, and how they are then tried."""

    wanted: tuple[str, ...]
    """Paths of the files that an answer writes."""
    context: Mapping[str, str]
    """Path to text of the files that are there already; an answer may replace one."""
    services: tuple[Service, ...]
    simulator: Simulator = Simulator.ICARUS
    """What builds the runs."""
    runs: tuple[Run, ...] | None = None
    """None until they were recorded."""

    def to_text(self) -> str:
        """What `read_harness` reads."""
        return to_json(self)


@lru_cache(maxsize=64)
def read_harness(text: str) -> Harness:
    """The harness of a spec. ValueError says what is wrong with the text."""
    return from_json(Harness, text)
