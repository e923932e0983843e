"""The farm under stress: what it promises about every verdict holds for thousands, and nothing piles up.

    python benchmarks/soak.py endure --num 10000     # a third hostile, boxes killed meanwhile; memory, files, processes
    python benchmarks/soak.py fuzz --num 5000        # random, truncated and spliced sources: no exception, no UNJUDGED
    python benchmarks/soak.py boxes --num 500        # the same candidates with 2 boxes and with 16: the same verdicts

Candidates are those of the attack corpus in tests/fixtures/attacks, which need no download. Exit code 1 when a promise
does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sim.farm import open_farm
from sim.verdict import Candidate, Outcome, Simulator, Spec, Verdict
from tests.corpus import Row, load_rows

KILL_EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What this process and its boxes hold on the host."""

    rss_mb: float
    num_fds: int
    num_threads: int
    num_processes: int
    """Descendants."""
    boxes_mb: float
    """Resident memory of all descendants, pages that they share counted for each."""
    num_temporary: int
    """Entries of the directory for temporary files."""
    num_cgroups: int

    def line(self) -> str:
        """The figures in one line."""
        return (
            f"RSS {self.rss_mb:.0f} MiB, {self.num_fds} descriptors, {self.num_threads} threads, "
            f"{self.num_processes} processes of {self.boxes_mb:.0f} MiB, {self.num_temporary} temporary files, "
            f"{self.num_cgroups} cgroups"
        )


def usage() -> Usage:
    """As it is now."""
    descendants = _descendants()
    groups = [path for path in Path("/sys/fs/cgroup").rglob("verireason/*") if path.is_dir()]
    ours = [path for path in groups if path.name.startswith(f"{os.getpid()}-")]
    return Usage(
        rss_mb=_rss_mb("self"),
        num_fds=len(os.listdir("/proc/self/fd")),
        num_threads=len(os.listdir("/proc/self/task")),
        num_processes=len(descendants),
        boxes_mb=sum(_rss_mb(str(pid)) for pid in descendants),
        num_temporary=sum(path.name.startswith("verireason") for path in Path("/tmp").iterdir()),
        num_cgroups=len(ours),
    )


def _rss_mb(pid: str) -> float:
    """Resident memory of a process; 0 for one that has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else 0.0


def _descendants() -> set[int]:
    listed = subprocess.run(("ps", "-eo", "pid=,ppid="), capture_output=True, text=True, check=True).stdout.split()
    parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
    found: set[int] = set()
    new = {os.getpid()}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - found
        found |= new
    return {pid for pid in found if Path(f"/proc/{pid}").exists()}  # less `ps` itself


def _boxes() -> list[int]:
    found = subprocess.run(("pgrep", "-P", str(os.getpid()), "bwrap"), capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


class Killer(threading.Thread):
    """Ends a box at random, from outside, every few seconds."""

    def __init__(self, rng: Random) -> None:
        super().__init__(daemon=True)
        self.num_killed = 0
        self._rng = rng
        self._stop_now = threading.Event()

    def run(self) -> None:
        while not self._stop_now.wait(KILL_EVERY_S * self._rng.uniform(0.5, 1.5)):
            boxes = _boxes()
            if boxes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._rng.choice(boxes), signal.SIGKILL)
                    self.num_killed += 1

    def stop(self) -> None:
        """End the thread."""
        self._stop_now.set()
        self.join()


def endure(num: int, *, num_boxes: int, seed: int) -> bool:
    """Whether every candidate got its own verdict, and nothing grew."""
    rng = Random(seed)
    rows = list(_mixture(num, rng))
    wrong: list[str] = []
    seen: dict[str, tuple[Outcome, int | None]] = {}
    samples: list[Usage] = []
    with open_farm(num_boxes=num_boxes, remember=False) as farm:
        killer = Killer(rng)
        killer.start()
        start = time.perf_counter()
        verdicts = farm.judge((row.candidate, row.spec) for row in rows)
        for index, (row, verdict) in enumerate(zip(rows, verdicts, strict=True), start=1):
            fact = (verdict.outcome, verdict.num_passed)
            if not row.allows(verdict.outcome, Simulator.ICARUS) or seen.setdefault(row.name, fact) != fact:
                wrong.append(f"{row.name}: {fact}, before {seen.get(row.name)}, {verdict.diagnostics[:1]}")
            if index % max(1, num // 10) == 0:
                samples.append(usage())
                print(f"{index} verdicts, {time.perf_counter() - start:.0f} s: {samples[-1].line()}", flush=True)
        killer.stop()
        counts = farm.pool.counts
    print(f"{killer.num_killed} boxes killed, {counts.num_retries} jobs tried again, {counts.num_failures} unjudged")
    print(f"afterwards: {usage().line()}")
    for text in wrong[:20]:
        print(f"wrong: {text}")
    return not wrong and _flat(samples)


def _mixture(num: int, rng: Random) -> Iterator[Row]:
    hostile, honest = _verilog(load_rows("hostile")), _verilog(load_rows("honest"))
    for _ in range(num):
        yield rng.choice(hostile if rng.random() < 1 / 3 else honest)


def _verilog(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.spec.verifier == "verilog-testbench" and Simulator.ICARUS in row.simulators]


def _flat(samples: Sequence[Usage]) -> bool:
    """Whether the last figures are those of the second sample, but for the allocator's noise."""
    if len(samples) < 3:
        return True
    early, late = samples[1], samples[-1]
    same = all(
        abs(getattr(early, name) - getattr(late, name)) <= slack
        for name, slack in (("num_fds", 16), ("num_threads", 2), ("num_processes", 16), ("num_temporary", 2),
                            ("num_cgroups", 8))
    )  # fmt: skip
    return same and late.rss_mb < early.rss_mb * 1.1 + 10


def fuzz(num: int, *, num_boxes: int, seed: int) -> bool:
    """Whether each of `num` broken sources got a verdict of its own."""
    rng = Random(seed)
    rows = _verilog(load_rows("honest"))
    cases = [(Candidate(source=_broken(rows, rng)), rng.choice(rows).spec) for _ in range(num)]
    outcomes: Counter[str] = Counter()
    with open_farm(num_boxes=num_boxes, remember=False) as farm:
        for verdict in farm.judge(cases):
            outcomes[verdict.outcome] += 1
            if verdict.outcome is Outcome.UNJUDGED:
                print(f"unjudged: {verdict.diagnostics[:1]}")
    print(f"{sum(outcomes.values())} candidates: {dict(sorted(outcomes.items()))}")
    return sum(outcomes.values()) == num and not outcomes[Outcome.UNJUDGED]


def _broken(rows: Sequence[Row], rng: Random) -> str:
    """Random bytes, a design cut off, two designs spliced, or one with characters or tokens changed."""
    text, other = (rng.choice(rows).candidate.source for _ in range(2))
    match rng.randrange(5):
        case 0:
            return rng.randbytes(rng.randrange(1, 4000)).decode("utf-8", rng.choice(("replace", "surrogateescape")))
        case 1:
            return text[: rng.randrange(len(text) + 1)]
        case 2:
            return text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other) + 1) :]
        case 3:
            letters = list(text)
            for _ in range(rng.randrange(1, 20)):
                letters[rng.randrange(len(letters))] = chr(rng.choice((rng.randrange(256), rng.randrange(0x3000))))
            return "".join(letters)
        case _:
            words = text.split(" ")
            return " ".join(rng.sample(words, len(words)))


def boxes(num: int, *, few: int, many: int, seed: int) -> bool:
    """Whether `num` candidates get the same verdicts with few boxes and with many."""
    rng = Random(seed)
    pairs = [(row.candidate, row.spec) for row in _mixture(num, rng)]
    facts = [_facts(pairs, num_boxes) for num_boxes in (few, many)]
    different = [index for index, (one, other) in enumerate(zip(*facts, strict=True)) if one != other]
    for index in different[:20]:
        print(f"candidate {index}: {facts[0][index]} with {few} boxes, {facts[1][index]} with {many}")
    print(f"{num} candidates, {few} and {many} boxes: {len(different)} verdicts differ")
    return not different


def _facts(pairs: Sequence[tuple[Candidate, Spec]], num_boxes: int) -> list[tuple[object, ...]]:
    with open_farm(num_boxes=num_boxes, remember=False) as farm:
        return [_fact(verdict) for verdict in farm.judge(pairs)]


def _fact(verdict: Verdict) -> tuple[object, ...]:
    return (verdict.outcome, verdict.num_passed, verdict.outputs, verdict.first_failure, verdict.findings)


def main() -> int:
    """Exit code 0 when the promise held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("endure", "fuzz", "boxes"))
    parser.add_argument("--num", type=int, default=500)
    parser.add_argument("--boxes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    match args.what:
        case "endure":
            held = endure(args.num, num_boxes=args.boxes, seed=args.seed)
        case "fuzz":
            held = fuzz(args.num, num_boxes=args.boxes, seed=args.seed)
        case _:
            held = boxes(args.num, few=args.boxes, many=16, seed=args.seed)
    print("held" if held else "did not hold")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
