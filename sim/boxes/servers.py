"""What can wait in a box for jobs: the plain runner, or a process that has loaded what is slow to load.

A server is started by `sim/inbox/runner.c`; its warm steps run in a fork of it (`sim/inbox/warm.py`). A name may carry
words for the server behind a colon, with commas between them: "python:numpy".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import uname

from sim.image import INBOX

RUNNER = f"{INBOX}/runner"
LIBRARY = INBOX.removesuffix("/sim/inbox")
"""On the Python path of every server, so that `sim.inbox` can be imported in a box."""

PACKAGES = "/opt/verireason/python"
"""Where the image has the pinned Python packages."""
COCOTB_ENVIRONMENT = (
    "PYTHONHASHSEED=0",  # the order of sets must not differ between boxes
    "PYTHONNOUSERSITE=1",
    "PYTHONDONTWRITEBYTECODE=1",
    "PYGPI_PYTHON_BIN=/usr/bin/python3",
    f"GPI_USERS=libpython3.13.so.1.0;{PACKAGES}/cocotb/simulator.cpython-313-{uname().machine}-linux-gnu.so,initialize",
    "GPI_LOG_LEVEL=ERROR",
    "COCOTB_REWRITE_ASSERTION_FILES=",
)
"""With which a simulator that loads cocotb's library starts Python, beside PYTHONPATH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How a server is started inside a box."""

    argv: tuple[str, ...]
    held_mb: int = 0
    """Memory that the server itself holds, on top of what a job may use, in MiB."""


SERVERS = {
    "plain": Server(argv=(RUNNER,)),
    "parser": Server(
        argv=(RUNNER, "--launch", "env", f"PYTHONPATH={LIBRARY}", "python3", "-s", "-m", "sim.inbox.parser_server"),
        held_mb=192,
    ),
    "python": Server(
        argv=(
            RUNNER,
            "--launch",
            "env",
            f"PYTHONPATH={LIBRARY}:{PACKAGES}",
            "PYTHONHASHSEED=0",
            "OPENBLAS_NUM_THREADS=1",  # a server with threads cannot be forked
            "python3",
            "-s",
            "-P",  # nothing is imported from a directory that a job can write to
            "-m",
            "sim.inbox.python_server",
        ),
        held_mb=256,
    ),
    "cocotb-icarus": Server(
        argv=(
            RUNNER,
            "--launch",
            "env",
            f"PYTHONPATH={LIBRARY}/sim/inbox/cocotb_site:{LIBRARY}:{PACKAGES}",
            *COCOTB_ENVIRONMENT,
            "vvp",
            "-n",
            "-m",
            f"{PACKAGES}/cocotb/libs/libcocotbvpi_icarus.so",
            "design.vvp",
            "-none",
        ),
        held_mb=256,
    ),
}
"""Server name to how it is started. To add one: a program in sim/inbox that calls `serve`, and a row here."""


def find_server(name: str) -> Server:
    """The server of that name, its words added to its command line. Raises KeyError for an unknown one."""
    base, _, words = name.partition(":")
    server = SERVERS[base]
    return replace(server, argv=(*server.argv, *words.split(","))) if words else server
