"""Completions judged as public recipes do it: one after another, inside the step, by plain `iverilog` and `vvp`.

The tools are the image's, at ordinary priority, in one sandbox around the whole run, where a shell starts them: what a
box per candidate, the guard and the evidence cost is left out, and nothing is run twice at once or kept.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path

from sim.content import content_key
from sim.farm import Farm
from sim.hdl.testbench import TESTBENCH_TOP, with_own_modules
from sim.hdl.verilog_testbench import fresh_names, read_evidence
from sim.image import installed_image
from sim.verdict import Candidate, Outcome, Spec, Verdict
from verireason.training.groups import Sample
from verireason.training.reward import Flight, SimulationReward

COMPILED = "@compiled@"
LINE = (
    "if iverilog -g2012 -Wall -s {top} -o /tmp/sim.vvp tb.sv ref.sv candidate.sv >/tmp/log 2>&1 </dev/null; then "
    f"echo {COMPILED}; vvp -n /tmp/sim.vvp </dev/null 2>&1 | head -c 262144; "
    "fi; echo; echo {end}\n"
)
CPU_S = 5


class PlainTools:
    """A shell in a sandbox over the image. A context manager."""

    def __init__(self) -> None:
        image = installed_image()
        assert image is not None, "the farm would have refused"
        self._directory = tempfile.TemporaryDirectory(prefix="verireason-serial-")
        sandbox = ("bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", str(image.root), "/", "--tmpfs", "/tmp",
                   "--ro-bind", self._directory.name, "/mnt", "--dev", "/dev", "--chdir", "/mnt",
                   "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--", "sh")  # fmt: skip
        self._shell = subprocess.Popen(sandbox, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._ask(f"ulimit -t {CPU_S}; echo; echo ready\n", end="ready")

    def judge(self, candidate: Candidate, spec: Spec) -> Verdict:
        """Compile and simulate, now."""
        names = fresh_names(content_key(candidate, spec, image=""), secret=b"")
        files = {"tb.sv": names.fill(spec.testbench), "ref.sv": names.fill(with_own_modules(spec.reference)),
                 "candidate.sv": candidate.source.encode(errors="replace")}  # fmt: skip
        for name, data in files.items():
            (Path(self._directory.name) / name).write_bytes(data)
        top, end = names.fill(TESTBENCH_TOP).decode(), names.prefix
        log = self._ask(LINE.format(top=top, end=end), end=end)
        found = read_evidence(log, names.evidence)
        outcome = Outcome.MISMATCH if COMPILED in log else Outcome.COMPILE_ERROR
        if found.num_samples is not None and found.num_samples == spec.num_checks and not found.num_mismatches:
            outcome = Outcome.PASS
        num_passed = (found.num_samples or 0) - (found.num_mismatches or 0) if found.num_samples is not None else None
        return Verdict(outcome=outcome, num_passed=num_passed, num_tests=spec.num_checks)

    def _ask(self, line: str, *, end: str) -> str:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(line.encode())
        said = b""
        while not said.endswith(f"\n{end}\n".encode()):
            part = self._shell.stdout.read(1 << 16)
            if not part:
                raise RuntimeError(f"the sandbox of the plain tools ended: {said[-300:]!r}")
            said += part
        return said.decode(errors="replace")

    def close(self) -> None:
        """End the shell."""
        self._shell.kill()
        self._shell.communicate()
        self._directory.cleanup()


class SerialFarm(Farm):
    """Takes candidates and judges none before it is told to."""

    def __init__(self, farm: Farm) -> None:
        self.pool, self.tools, self.counts = farm.pool, farm.tools, farm.counts
        self._farm, self._plain = farm, PlainTools()
        self._queue: list[tuple[Candidate, Spec, Future[Verdict]]] = []

    def submit(self, candidate: Candidate, spec: Spec, checks: object = None) -> Future[Verdict]:
        """Keep it for `work`."""
        future: Future[Verdict] = Future()
        self._queue.append((candidate, spec, future))
        return future

    def work(self) -> None:
        """Judge what was kept, one after another."""
        for candidate, spec, future in self._queue:
            future.set_result(self._plain.judge(candidate, spec))
        self._queue.clear()

    def close(self) -> None:
        """End the shell and the farm that was never asked."""
        self._plain.close()
        self._farm.close()


class SerialReward(SimulationReward):
    """Judges when it is asked for what came of it, which is after everything has been written."""

    def collect(self, flight: Flight) -> list[Sample]:
        """See SimulationReward."""
        assert isinstance(self._farm, SerialFarm)
        started = time.monotonic()
        self._farm.work()
        self.waited_s += time.monotonic() - started
        return super().collect(flight)
