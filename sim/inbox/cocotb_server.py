"""The program side of server "cocotb-icarus": `vvp` with Python and cocotb loaded, one fork per job.

`vvp -m libcocotbvpi_icarus` starts Python before it opens the design. Python then runs `cocotb_site/sitecustomize.py`,
which waits here. In the fork, `wait_for_job` returns with the job's directory as the working directory; `vvp` goes on
to open `design.vvp` there, and cocotb starts the tests (`sim.inbox.cocotb_evidence`).
"""

from __future__ import annotations

import gc
import json
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

MODULES = (
    "cocotb.clock", "cocotb.handle", "cocotb.queue", "cocotb.result", "cocotb.simtime", "cocotb.triggers",
    "cocotb.types", "cocotb.utils", "pygpi.entry", "sim.inbox.cocotb_evidence", "sim.inbox.guard",
    "asyncio", "collections", "copy", "dataclasses", "enum", "functools", "itertools", "linecache", "math", "random",
    "struct", "typing", "warnings",
)  # fmt: skip
"""What tests commonly import, and what a run needs."""
REFERENCE_TOP = "__vr_ref"
"""Name of the golden's top module where it stands for a placeholder (`sim.hdl.testbench`)."""


def wait_for_job() -> None:
    """Load what is slow to load, then wait. Returns in the fork of a job only, for its warm step's words.

    Those are: "cocotb", the test module, the top module, the seed, the nonce, and the golden's file or "-". The guard
    is served as well, so that one box does for a whole verdict. One of several runs has "cocotb-run" and a JSON object.
    """
    from sim.inbox.warm import serve

    for name in MODULES:
        import_module(name)
    gc.collect()
    gc.freeze()  # a collection in the fork would copy every page it looks at
    words = serve()
    if words[0] == "guard":
        guard(words)
    if words[0] == "cocotb-run":
        begin_run(json.loads(words[1]))
        return
    _, module, top, seed, nonce, golden = words
    begin(module=module, top=top, seed=seed, nonce=nonce)
    if golden != "-":
        read_golden(golden, top)


def guard(words: list[str]) -> NoReturn:
    """The guard's step, as the parser server does it."""
    from sim.inbox.guard import main

    code = main(words)
    sys.stdout.flush()
    os._exit(code)


def begin(*, module: str, top: str, seed: str, nonce: str) -> None:
    """The environment that cocotb reads when the simulation starts."""
    from sim.inbox import cocotb_evidence

    os.environ.update({
        "PYGPI_USERS": cocotb_evidence.ENTRY_POINT,
        "COCOTB_TEST_MODULES": module,
        "COCOTB_TOPLEVEL": top,
        "COCOTB_RANDOM_SEED": seed,
        cocotb_evidence.NONCE: nonce,
    })  # fmt: skip


def begin_run(asked: dict[str, Any]) -> None:
    """One of several runs, as `sim.hdl.cocotb_harness.run_request` asks for it."""
    from sim.inbox import cocotb_evidence

    os.environ.update(asked["env"])
    begin(module=",".join(asked["modules"]), top=asked["top"], seed=str(asked["seed"]), nonce=asked["nonce"])
    cocotb_evidence.take_run(asked)
    if os.path.lexists(cocotb_evidence.PROGRAM):
        os.unlink(cocotb_evidence.PROGRAM)
    os.symlink(asked["program"], cocotb_evidence.PROGRAM)


def read_golden(file: str, top: str) -> None:
    """Tell the evidence which ports are inputs, and delete the file before the design is opened."""
    from sim.inbox import cocotb_evidence
    from sim.inbox.ports import input_names

    with open(file) as opened:
        cocotb_evidence.inputs = input_names(opened.read(), (top, REFERENCE_TOP))
    os.unlink(file)
