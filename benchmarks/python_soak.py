"""The farm under stress with Python: time-outs leave nothing behind, and load changes no verdict.

    python benchmarks/python_soak.py endure --root HUMAN_EVAL --num 2000    # 30 % time out; memory, files, processes
    python benchmarks/python_soak.py load --root HUMAN_EVAL --num 500       # 2 boxes, 16 boxes, 16 and a busy host

Candidates are HumanEval's canonical solutions, mutants of them, and canonical solutions with an endless or slow
beginning.
Exit code 1 when a promise does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.python_agreement import Case, candidate, mutant_cases
from benchmarks.python_graders import BENCHMARK, Rows, read_rows
from benchmarks.soak import Usage, usage
from sim.farm import Farm, open_farm
from sim.job import Limits
from sim.verdict import Candidate, Outcome, Spec, Verdict
from verireason.data.benchmarks import load_benchmark
from verireason.data.calibrate import calibrate

SHARE_OF_TIMEOUTS = 0.3
KINDS = {"busy": 0.93, "long": 0.05, "sleep": 0.02}
"""Shares of the time-outs: those that the wall clock cuts after enough CPU time, those that the kernel ends at the CPU
limit, and those that take no CPU time: they are tried again with nothing else running."""
BUSY = {
    "a loop": "while True: pass",
    "a loop that catches everything": """
        while True:
            try:
                while True: pass
            except BaseException: pass
        """,
    "a loop inside one instruction": "any(iter(int, 1))",
    "a regular expression": "__import__('re').match('(a+)+$', 'a' * 64 + 'b')",
    "a child": """
        import os
        if not os.fork():
            while True: pass
        os.wait()
        """,
    "a daemon": """
        import os
        if not os.fork():
            os.setsid()
            if not os.fork():
                while True: pass
            os._exit(0)
        while True: pass
        """,
    "threads": """
        import threading
        def spin():
            while True: pass
        for _ in range(4):
            threading.Thread(target=spin).start()
        spin()
        """,
    "files and memory": """
        held = [bytearray(1 << 20) for _ in range(32)]
        for number in range(50):
            open(f'left{number}', 'w').write('x' * 10000)
        while True: pass
        """,
}
"""Ways to use up the CPU limit, as the beginning of a function's body."""
SLEEP = "__import__('time').sleep(1000000)"
LIMITS = {
    "busy": Limits(cpu_s=0.1, wall_s=0.2),
    "long": Limits(cpu_s=1, wall_s=60),  # the kernel counts whole seconds
    "sleep": Limits(cpu_s=1, wall_s=0.5),
}
SPIN = """
    import time
    if not globals().get('has_spun'):
        globals()['has_spun'] = True
        end = time.process_time() + {seconds}
        while time.process_time() < end: pass
    """
"""Takes so many CPU seconds once, and is right in the end: the verdict that load changes first."""
SPIN_SHARE = 0.6
"""Of the CPU limit."""
NUM_SPINNING = 6
NUM_ENDLESS = 3
NUM_SLEEPING = 10
NUM_SAMPLES = 10
NUM_NEIGHBOURS = 4
"""Processes that keep the busy host busy, at the boxes' own priority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One candidate and what its verdict must be."""

    name: str
    candidate: Candidate
    spec: Spec
    expected: Outcome | None
    """None when any will do that it got before."""


def endure(num: int, *, root: Path, num_boxes: int, seed: int) -> bool:
    """Whether every candidate got its own verdict, and nothing grew. Usage is looked at when no job runs."""
    rows, rng = read_rows(root), Random(seed)
    wrong: list[str] = []
    seen: dict[str, object] = {}
    samples: list[Usage] = []
    outcomes: Counter[Outcome] = Counter()
    with open_farm(num_boxes=num_boxes, remember=False) as farm:
        given = list(_mixture(num, rows, _specs(farm, root), rng))
        start = time.perf_counter()
        size = -(-num // NUM_SAMPLES)
        for first in range(0, num, size):
            batch = given[first : first + size]
            verdicts = list(farm.judge((each.candidate, each.spec) for each in batch))
            outcomes.update(verdict.outcome for verdict in verdicts)
            wrong += [
                _words(one, each) for one, each in zip(batch, verdicts, strict=True) if _is_wrong(one, each, seen)
            ]
            samples.append(usage())
            print(
                f"{first + len(batch)} verdicts, {time.perf_counter() - start:.0f} s: {samples[-1].line()}", flush=True
            )
        counts = farm.pool.counts
    print(f"{dict(outcomes.most_common())}, {counts.num_retries} jobs tried again, {counts.num_failures} unjudged")
    after = usage()
    print(f"afterwards: {after.line()}")
    for text in wrong[:20]:
        print(f"wrong: {text}")
    return not wrong and not after.num_processes and _flat(samples)


def _specs(farm: Farm, root: Path) -> dict[str, Spec]:
    return {name: each.spec for name, each in calibrate(farm, load_benchmark(BENCHMARK, root)).problems.items()}


def _mixture(num: int, rows: Rows, specs: dict[str, Spec], rng: Random) -> Iterator[Given]:
    num_timeouts = round(num * SHARE_OF_TIMEOUTS)
    kinds = rng.choices(list(KINDS), list(KINDS.values()), k=num_timeouts)
    kinds += rng.choices(("canonical", "mutant"), k=num - num_timeouts)
    rng.shuffle(kinds)
    mutants = mutant_cases(rows, num=len(rows), seed=0)
    for kind in kinds:
        name = rng.choice(sorted(rows))
        expected: Outcome | None = Outcome.TIMEOUT
        match kind:
            case "canonical":
                case, expected = _begun(rows, name, "", "a canonical solution"), Outcome.PASS
            case "mutant":
                case, expected = rng.choice(mutants), None
            case "sleep":
                case = _begun(rows, name, SLEEP, "sleep")
            case _:
                words = rng.choice(sorted(BUSY))
                case = _begun(rows, name, BUSY[words], f"{kind}: {words}")
        spec = specs[case.task_id]
        yield Given(
            name=f"{case.task_id} {case.kind}",
            candidate=candidate(case, rows),
            spec=replace(spec, limits=LIMITS.get(kind, spec.limits)),
            expected=expected,
        )


def _begun(rows: Rows, name: str, beginning: str, kind: str) -> Case:
    """The canonical solution with other statements before it."""
    body = textwrap.indent(textwrap.dedent(beginning).strip() + "\n", "    ") if beginning else ""
    return Case(task_id=name, kind=kind, completion=body + rows[name]["canonical_solution"])


def _is_wrong(given: Given, verdict: Verdict, seen: dict[str, object]) -> bool:
    """Whether it is not the verdict that it must be, or another than the same candidate got before."""
    same = seen.setdefault(given.name, _fact(verdict)) == _fact(verdict)
    return not same or verdict.outcome is Outcome.UNJUDGED or given.expected not in (None, verdict.outcome)


def _fact(verdict: Verdict) -> tuple[object, ...]:
    """What must not depend on the host's load."""
    return (verdict.outcome, verdict.num_passed, tuple((test.name, test.end) for test in verdict.tests))


def _words(given: Given, verdict: Verdict) -> str:
    return f"{given.name}: {verdict.outcome}, {verdict.num_passed} of {verdict.num_tests}, {verdict.diagnostics[:1]}"


def _flat(samples: Sequence[Usage]) -> bool:
    """Whether nothing grew after the first batches, but for the allocators' noise."""
    early, late = samples[1], samples[-1]
    counts = ("num_fds", "num_threads", "num_processes", "num_temporary", "num_cgroups")
    grown = [name for name in counts if getattr(late, name) > getattr(early, name)]
    grown += [name for name in ("rss_mb", "boxes_mb") if getattr(late, name) > 1.1 * getattr(early, name) + 10]
    for name in grown:
        print(f"{name} grew from {getattr(early, name):.0f} to {getattr(late, name):.0f}")
    return not grown


def load(num: int, *, root: Path, few: int, seed: int) -> bool:
    """Whether candidates get the same verdicts, test by test, under other loads."""
    rows = read_rows(root)
    with open_farm(num_boxes=few, remember=False) as farm:
        specs = _specs(farm, root)
    cases = list(_slow(rows, specs, Random(seed)))
    cases += mutant_cases(rows, num=num - len(cases), seed=seed)
    pairs = [(candidate(case, rows), specs[case.task_id]) for case in cases]
    many = 8 * few
    facts = {f"{few} boxes": _facts(pairs, few), f"{many} boxes": _facts(pairs, many)}
    with _busy_host():
        facts[f"{many} boxes beside {NUM_NEIGHBOURS} busy processes"] = _facts(pairs, many)
    first, *others = facts
    num_different = 0
    for what in others:
        different = [place for place, fact in enumerate(facts[what]) if fact != facts[first][place]]
        num_different += len(different)
        print(f"{num} candidates, {first} and {what}: {len(different)} verdicts differ")
        for place in different[:20]:
            print(f"  {cases[place].task_id} {cases[place].kind}: {facts[first][place]}, {facts[what][place]}")
    return not num_different


def _slow(rows: Rows, specs: dict[str, Spec], rng: Random) -> Iterator[Case]:
    for name in rng.sample(sorted(rows), NUM_SPINNING):
        yield _begun(rows, name, SPIN.format(seconds=SPIN_SHARE * specs[name].limits.cpu_s), "slow and right")
    for name in rng.sample(sorted(rows), NUM_ENDLESS):
        yield _begun(rows, name, BUSY["a loop"], "endless")
    for name in rng.sample(sorted(rows), NUM_SLEEPING):
        yield _begun(rows, name, "__import__('time').sleep(0.1)", "sleeps and is right")


def _facts(pairs: Sequence[tuple[Candidate, Spec]], num_boxes: int) -> list[tuple[object, ...]]:
    with open_farm(num_boxes=num_boxes, remember=False) as farm:
        start = time.perf_counter()
        verdicts = list(farm.judge(pairs))
        seconds, counts = time.perf_counter() - start, farm.pool.counts
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    words = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    print(f"{num_boxes} boxes, {seconds:.0f} s: {words}; {counts.num_retries} jobs tried again", flush=True)
    return [_fact(verdict) for verdict in verdicts]


@contextlib.contextmanager
def _busy_host() -> Iterator[None]:
    argv = ("nice", "-n", "19", sys.executable, "-c", "while True: pass")
    neighbours = [subprocess.Popen(argv) for _ in range(NUM_NEIGHBOURS)]
    try:
        yield
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()


def main() -> int:
    """Exit code 0 when the promise held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("endure", "load"))
    parser.add_argument("--root", type=Path, required=True, help="a human-eval checkout")
    parser.add_argument("--num", type=int, default=500)
    parser.add_argument("--boxes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.what == "endure":
        held = endure(args.num, root=args.root, num_boxes=args.boxes, seed=args.seed)
    else:
        held = load(args.num, root=args.root, few=args.boxes, seed=args.seed)
    print("held" if held else "did not hold")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
