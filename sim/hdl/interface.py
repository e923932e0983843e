"""The ports of a module whose text nobody has looked at, by `sim.inbox.interface` in a box. Pure functions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from sim.hdl.verilog_testbench import HELPER_LIMITS
from sim.job import Job, JobResult, Status, Step

FILE = "design.sv"
MAX_PORTS = 256
MAX_WIDTH = 4096
PORT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,127}")
_DIRECTIONS = ("In", "Out")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulePort:
    """One port. `width` is in bits."""

    name: str
    is_output: bool
    width: int


def plan_interface(source: str, top: str, *, image: str) -> Job:
    """The job that reads the ports of `top`."""
    step = Step(argv=("interface", FILE, top), limits=HELPER_LIMITS, warm=True)
    return Job(image=image, server="parser", files={FILE: source.encode(errors="replace")}, steps=(step,))


def judge_interface(result: JobResult) -> tuple[ModulePort, ...] | str:
    """The ports, or why they cannot be used. For results without a failure of the farm."""
    (step,) = result.steps
    if step.status is not Status.EXITED or step.code != 0:
        words = step.stdout.decode(errors="replace").strip()[:200]
        return f"its ports cannot be read: {words or step.status}"
    try:
        rows = json.loads(step.stdout)
        return (
            tuple(_port(*row) for row in rows[: MAX_PORTS + 1]) if len(rows) <= MAX_PORTS else "it has too many ports"
        )
    except (ValueError, TypeError, RecursionError) as err:
        return f"its ports cannot be used: {str(err)[:200]}"


def _port(name: Any, direction: Any, width: Any) -> ModulePort:
    """The port. ValueError for what no testbench of ours can connect."""
    if not isinstance(name, str) or not PORT_NAME.fullmatch(name):
        raise ValueError("one has no plain name")
    if direction not in _DIRECTIONS:
        raise ValueError(f"one is neither an input nor an output ({name})")
    if not isinstance(width, int) or not 1 <= width <= MAX_WIDTH:
        raise ValueError(f"one is no vector of 1 to {MAX_WIDTH} bits ({name})")
    return ModulePort(name=name, is_output=direction == "Out", width=width)
