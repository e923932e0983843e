"""The benchmarks' own harnesses: their files as published, their commands and their rules, run in our boxes.

For comparison only: they believe what the candidate prints. The simulation's time limit is shorter than the published
30 s, since no golden takes more than 5 s and an endless design is endless after either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.job import Job, JobResult, Limits, Status, Step
from verireason.data import rtllm, verilog_eval, verilog_eval_v1

LIMITS = Limits(cpu_s=12, wall_s=120, output_kb=1024)
FLAGS = ("-Wall", "-Winfloop", "-Wno-timescale", "-g2012")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedVerdict:
    """What a benchmark's own harness says."""

    passed: bool
    lenient: bool
    """The same without the rules that fail a design which compiled and was found right in every sample."""
    why: str
    """The harness's own word for it."""
    output: str
    """Both outputs of all steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """How one benchmark judges a problem's answers."""

    files: Mapping[str, bytes]
    compile_argv: tuple[str, ...]
    candidate_file: str
    before: str
    """What stands before the candidate in its file."""
    rule: Callable[[str, str], tuple[bool, bool, str]]
    """(compiler's errors, simulation's output) to (passed, lenient, why)."""

    def job(self, source: str, *, image: str) -> Job:
        """The job that judges one candidate."""
        text = (self.before + source).encode(errors="replace") + b"\n"
        return Job(
            image=image,
            files={**self.files, self.candidate_file: text},
            steps=(
                Step(argv=self.compile_argv, limits=LIMITS),
                Step(argv=("vvp", "-n", "test.vvp"), limits=LIMITS),
            ),
        )

    def judge(self, result: JobResult) -> PublishedVerdict:
        """What came of it. Raises ValueError for a failure of the farm, after which there is nothing to compare."""
        if result.failure is not None:
            raise ValueError(f"the farm failed: {result.failure}")
        texts = [stream.decode(errors="replace") for step in result.steps for stream in (step.stderr, step.stdout)]
        output = "\n".join(texts)
        compiled, simulated = result.steps
        for step, why in ((compiled, "compile error"), (simulated, "timed out")):
            if step.status is not Status.EXITED:
                return PublishedVerdict(passed=False, lenient=False, why=f"{why} ({step.status})", output=output)
        if compiled.code != 0:
            return PublishedVerdict(passed=False, lenient=False, why="compile error", output=output)
        passed, lenient, why = self.rule(texts[0] + texts[2], texts[3])
        return PublishedVerdict(passed=passed, lenient=lenient, why=why, output=output)


_MISMATCHES = re.compile(r"Mismatches: ([0-9]*) in ([0-9]*) samples")
_MISMATCHES_LINE = re.compile(r"^Mismatches: (\d+) in \d+ samples$", re.MULTILINE)


def rule_v1(errors: str, output: str) -> tuple[bool, bool, str]:
    """`execution.py`: anything on standard error fails, then the first "Mismatches" decides."""
    found = _MISMATCHES.search(output)
    right = found is not None and int(found[1] or 1) == 0
    if errors:
        return False, right, "warning"
    return right, right, "mismatch" if found else "info string not matched"


def rule_v2(errors: str, output: str) -> tuple[bool, bool, str]:
    """`sv-iv-analyze` on the log: one warning and the testbench's time-out fail, then no mismatch passes."""
    right = any(int(found[1]) == 0 for found in _MISMATCHES_LINE.finditer(output))
    if "warning: always_comb process has no sensitivities" in errors or "found no sensitivities" in errors:
        return False, right, "no sensitivities"
    if "TIMEOUT" in output:
        return False, right, "TIMEOUT"
    if "error" in errors + output:
        return False, right, "the word error"
    return right, right, "mismatch"


def rule_rtllm(errors: str, output: str) -> tuple[bool, bool, str]:
    """`auto_run.py`: "Pass" or "pass" anywhere."""
    passed = "Pass" in output or "pass" in output
    return passed, passed, "does not print pass"


def harnesses(benchmark: str, root: Path) -> dict[str, Harness]:
    """Problem id to the published harness."""
    match benchmark:
        case verilog_eval.NAME | verilog_eval.CODE_COMPLETE:
            return _v2(root / verilog_eval.DATASETS[benchmark])
        case verilog_eval_v1.HUMAN:
            return _v1(root / "data" / "VerilogEval_Human.jsonl")
        case verilog_eval_v1.MACHINE:
            return _v1(root / "data" / "VerilogEval_Machine.jsonl")
        case rtllm.NAME:
            return {path.parent.name: _rtllm(path.parent) for path in root.glob("*/*/*/testbench.v")}
    raise ValueError(f"no published harness for {benchmark}")


def _v1(path: Path) -> dict[str, Harness]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {
        row["task_id"]: Harness(
            files={}, compile_argv=("iverilog", *FLAGS, "-s", "tb", "-o", "test.vvp", "task.sv"),
            candidate_file="task.sv", before=row["test"] + "\n", rule=rule_v1,
        )
        for row in rows
    }  # fmt: skip


def _v2(directory: Path) -> dict[str, Harness]:
    names = ("test.sv", "candidate.sv", "ref.sv")
    argv = ("iverilog", *FLAGS, "-s", "tb", "-o", "test.vvp", *names)
    found = {}
    for test in directory.glob("Prob*_test.sv"):
        name = test.name.removesuffix("_test.sv")
        files = {"test.sv": test.read_bytes(), "ref.sv": test.with_name(f"{name}_ref.sv").read_bytes()}
        found[name] = Harness(files=files, compile_argv=argv, candidate_file="candidate.sv", before="", rule=rule_v2)
    return found


def _rtllm(directory: Path) -> Harness:
    """The makefile's command in Icarus's words: the same order of files and the same default time scale."""
    files = {
        path.name: path.read_bytes()
        for path in directory.iterdir()
        if path.suffix in (".dat", ".txt") and path.name != "design_description.txt"
    }
    files["testbench.v"] = (directory / "testbench.v").read_bytes()
    files["files"] = b"+timescale+1ns/1ns\ndesign.v\ntestbench.v\n"
    argv = ("iverilog", "-g2012", "-o", "test.vvp", "-c", "files")
    return Harness(files=files, compile_argv=argv, candidate_file="design.v", before="", rule=rule_rtllm)
