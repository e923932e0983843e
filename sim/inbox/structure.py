"""Scores pairs of modules by structure, one JSON line each. Runs inside a box only; `sim.hdl.structure` asks.

Reads `request.json` in the working directory:

    {"backend": "pyslang", "module_cpu_s": 2, "module_mem_mb": 512, "module_bytes": 262144,
     "pairs": [["reference_0.sv", "candidate_0.sv"], ...]}

Writes, in the order of the pairs, {"index": 0, "score": 0.83, "fault": null, "reason": null}, or a score of null with
the fault "candidate", "reference" or "box" and a reason.

A candidate may be built to exhaust or to crash a parser, so each one is read in a forked child with limits of its
own, which answers over a pipe: what goes wrong there costs that pair alone. Start-up, the parsers' tables and the
features of a reference are paid for once. Only this process writes to standard output. No protection against a
candidate that takes over its parser: that one could answer any score for itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from sim.inbox.structure_graph import Graph, TooLarge, Unreadable
from sim.inbox.structure_measure import Features, features, similarity
from sim.inbox.structure_pyverilog import PyverilogReader
from sim.inbox.structure_slang import SlangReader

REQUEST = "request.json"
WALL_PER_CPU = 10.0
"""Wall seconds that a child may take for each CPU second it may take."""
MAX_ANSWER_BYTES = 1 << 26
RECURSION_LIMIT = 20_000
WARM_UP = """
module warm(input clk, input [3:0] a, output reg [3:0] q, output y);
    assign y = &a;
    always @(posedge clk) if (y) q <= 4'd0; else q <= q + a;
endmodule
"""
"""Read once before the first fork, so that what the parsers set up at their first use is inherited."""


class Reader(Protocol):
    """A parser and the way from its tree to a graph."""

    def read(self, text: str, top: str | None) -> tuple[str, Graph]:
        """A module's name and graph."""


READERS: dict[str, Callable[[], Reader]] = {"pyslang": SlangReader, "pyverilog": PyverilogReader}
NOT_UNDERSTOOD = {"pyslang": "not understood", "pyverilog": "outside the subset"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a child sent: a payload, or why there is none."""

    payload: str | None = None
    reason: str | None = None
    is_box_fault: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference's module name and features, or why it has none."""

    top: str = ""
    features: Features = ()
    reason: str | None = None
    is_box_fault: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """A parser, and the limits of a child that uses it on one module."""

    reader: Reader
    not_understood: str
    """The reason given for a text that the parser does not understand."""
    module_cpu_s: int
    module_mem_mb: int
    module_bytes: int

    def text(self, name: str) -> str:
        """A module's text. Raises TooLarge."""
        data = Path(name).read_bytes()
        if len(data) > self.module_bytes:
            raise TooLarge
        return data.decode("utf-8", "replace")

    def reference(self, name: str) -> Reference:
        """A reference's features, worked out in a child like a candidate's."""

        def work() -> str:
            top, graph = self.reader.read(self.text(name), None)
            return json.dumps({"top": top, "features": [list(family.items()) for family in features(graph)]})

        answer = self.in_child(work)
        if answer.payload is None:
            return Reference(reason=answer.reason, is_box_fault=answer.is_box_fault)
        facts = json.loads(answer.payload)
        return Reference(top=facts["top"], features=tuple(Counter(dict(family)) for family in facts["features"]))

    def score(self, name: str, reference: Reference) -> Answer:
        """A candidate's similarity to a reference, as text."""

        def work() -> str:
            _, graph = self.reader.read(self.text(name), reference.top)
            return repr(similarity(reference.features, features(graph)))

        return self.in_child(work)

    def in_child(self, work: Callable[[], str]) -> Answer:
        """Run the work in a forked child and read its answer."""
        readable, writable = os.pipe()
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):  # a child must never return into its parent's code
                confine(cpu_s=self.module_cpu_s, mem_mb=self.module_mem_mb)
                answer = attempt(work, self.not_understood).encode()
                with open(writable, "wb") as pipe:
                    pipe.write(answer)
                os._exit(0)
            os._exit(1)
        os.close(writable)
        data = read_all(readable, deadline=time.monotonic() + WALL_PER_CPU * self.module_cpu_s)
        os.close(readable)
        if data is None:
            os.kill(pid, signal.SIGKILL)
        return conclude(data, os.waitpid(pid, 0)[1])


def confine(*, cpu_s: int, mem_mb: int) -> None:
    """Limit this process, and let nothing but the pipe out of it."""
    limits = {resource.RLIMIT_CPU: cpu_s, resource.RLIMIT_AS: mem_mb << 20, resource.RLIMIT_CORE: 0}
    for what, limit in limits.items():
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    sys.setrecursionlimit(RECURSION_LIMIT)


def attempt(work: Callable[[], str], not_understood: str) -> str:
    """The work's payload behind "+", or the reason for having none behind "-"."""
    try:
        return "+" + work()
    except TooLarge:
        return "-too large"
    except RecursionError:
        return "-nested too deeply"
    except MemoryError:
        return "-out of memory"
    except Unreadable:
        return "-no such module"
    except Exception:  # parsers meet hostile text here and raise what they like
        return "-" + not_understood


def read_all(descriptor: int, *, deadline: float) -> bytes | None:
    """Everything up to the end of a pipe; None when it does not end in time."""
    chunks: list[bytes] = []
    while select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        if sum(map(len, chunks)) > MAX_ANSWER_BYTES:
            return b""
    return None


def conclude(data: bytes | None, status: int) -> Answer:
    """What a child's answer and end mean. Only the clock and an unexplained kill speak against the box."""
    if data is None:
        return Answer(reason="no answer in time", is_box_fault=True)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return Answer(reason="CPU limit")
        return Answer(reason=f"parser killed by signal {number}", is_box_fault=number == signal.SIGKILL)
    text = data.decode("utf-8", "replace")
    if os.WEXITSTATUS(status) or text[:1] not in ("+", "-"):
        return Answer(reason="parser crashed")
    return Answer(payload=text[1:]) if text[0] == "+" else Answer(reason=text[1:])


def score_pairs(pairs: list[list[str]], scorer: Scorer) -> Iterator[dict[str, object]]:
    """One answer per pair, in order; a reference that several pairs share is read once."""
    references: dict[str, Reference] = {}
    for index, (reference_name, candidate_name) in enumerate(pairs):
        if reference_name not in references:
            references[reference_name] = scorer.reference(reference_name)
        reference = references[reference_name]
        if reference.reason is not None:
            fault = "box" if reference.is_box_fault else "reference"
            yield {"index": index, "score": None, "fault": fault, "reason": reference.reason}
            continue
        answer = scorer.score(candidate_name, reference)
        if answer.payload is not None:
            yield {"index": index, "score": float(answer.payload), "fault": None, "reason": None}
        else:
            fault = "box" if answer.is_box_fault else "candidate"
            yield {"index": index, "score": None, "fault": fault, "reason": answer.reason}


def warm_up() -> None:
    """Load slang and read one module; the other backend is slow to load, and asked for seldom."""
    _reader("pyslang")


@cache
def _reader(backend: str) -> Reader:
    reader = READERS[backend]()
    reader.read(WARM_UP, None)
    return reader


def main(argv: Sequence[str] = ()) -> int:
    """Answer the request in the working directory."""
    request = json.loads(Path(REQUEST).read_text())
    backend = request["backend"]
    limits = {name: request[name] for name in ("module_cpu_s", "module_mem_mb", "module_bytes")}
    scorer = Scorer(reader=_reader(backend), not_understood=NOT_UNDERSTOOD[backend], **limits)
    gc.collect()
    gc.freeze()  # or every child copies the pages that its first collection touches
    for answer in score_pairs(request["pairs"], scorer):
        print(json.dumps(answer), flush=True)
    return 0
