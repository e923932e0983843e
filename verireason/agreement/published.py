"""The rules and the files of the published harnesses, by benchmark. To add one: a rule, and a row in HARNESSES."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from verireason.agreement.harness import ICARUS, PROGRAM, Harness, Log, Ruling
from verireason.data import rtllm, verilog_eval, verilog_eval_v1

_ANYWHERE = re.compile(r"Mismatches: ([0-9]{0,9}) in ([0-9]{0,9}) samples")
_WHOLE_LINE = re.compile(r"^Mismatches: ([0-9]{1,9}) in ([0-9]{1,9}) samples$")

_DECISIVE = (
    ("S", ("syntax error",)),
    ("e", ("error: This assignment requires an explicit cast",)),
    ("0", ("error: Sized numeric constant must have a size greater than zero",)),
    ("n", ("warning: always_comb process has no sensitivities", "found no sensitivities so it will never trigger")),
    ("w", ("is declared here as wire",)),
    ("m", ("Unknown module type",)),
    ("c", ("Unable to bind wire/reg/memory `clk'",)),
    ("T", ("TIMEOUT",)),
)
"""Letter to what stands in a line of the log, in the order in which `sv-iv-analyze` looks for it."""
RTLLM_S = 8
"""Seconds that `auto_run.py` gives a simulation."""
_RESETS = ("posedge reset", "negedge reset", "posedge r)")


def rule_v1(log: Log) -> Ruling:
    """`execution.py`: anything on standard error fails, then the first "Mismatches" decides."""
    found = _ANYWHERE.search(log.output)
    counted = found is not None and found[1] != "" and found[2] != ""
    num_mismatches = int(found[1]) if found and counted else None
    right = num_mismatches == 0 and log.compiled and not log.timed_out
    if log.timed_out:
        why = "timed out"
    elif "syntax error" in log.errors:
        why = "syntax error"
    elif log.errors or not log.compiled:
        why = "compile error"
    elif num_mismatches is None:
        why = "info string not matched"
    else:
        why = "passed" if right else "mismatches"
    return Ruling(
        passed=why == "passed", right=right, why=why, num_mismatches=num_mismatches,
        num_samples=int(found[2]) if found and counted else None,
    )  # fmt: skip


def rule_v2(log: Log) -> Ruling:
    """`sv-iv-analyze`: what its letter says."""
    lines = [*log.errors.split("\n"), *log.output.split("\n")]
    if log.timed_out:
        lines.append("TIMEOUT")
    counts = [(int(found[1]), int(found[2])) for found in map(_WHOLE_LINE.match, lines) if found]
    right = log.compiled and not log.timed_out and any(wrong == 0 for wrong, _ in counts)
    letter = _letter(lines, code=log.code)
    return Ruling(
        passed=letter == ".", right=right, why=letter, letter=letter,
        num_mismatches=counts[-1][0] if counts else None, num_samples=counts[-1][1] if counts else None,
    )  # fmt: skip


def _letter(lines: list[str], *, code: str) -> str:
    for line in lines:
        for letter, words in _DECISIVE:
            if any(word in line for word in words):
                return letter
    if any("Unable to bind wire/reg" in line for line in lines):
        return "p"
    if any("error" in line for line in lines):
        return "C"
    if any(found and int(found[1]) == 0 for found in map(_WHOLE_LINE.match, lines)):
        return "."
    return "r" if any(words in code for words in _RESETS) else "R"


def rule_rtllm(log: Log) -> Ruling:
    """`auto_run.py`: "Pass" or "pass" anywhere."""
    passed = log.compiled and not log.timed_out and ("Pass" in log.output or "pass" in log.output)
    why = "passed" if passed else "does not print pass" if log.compiled else "compile error"
    return Ruling(passed=passed, right=passed, why=why)


def _v1(path: Path) -> dict[str, Harness]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    argv = (*ICARUS, "-s", "tb", "-o", PROGRAM, "task.sv")
    return {
        row["task_id"]: Harness(
            files={}, compile_argv=argv, candidate_file="task.sv", before=row["test"] + "\n", rule=rule_v1
        )
        for row in rows
    }


def _v2(root: Path, benchmark: str) -> dict[str, Harness]:
    dataset = verilog_eval.DATASETS[benchmark]
    directory = root if root.name == dataset else root / dataset
    argv = (*ICARUS, "-s", "tb", "-o", PROGRAM)
    found = {}
    for test in directory.glob("Prob*_test.sv"):
        name = test.name.removesuffix("_test.sv")
        found[name] = Harness(
            files={"test.sv": test.read_bytes(), "ref.sv": test.with_name(f"{name}_ref.sv").read_bytes()},
            compile_argv=(*argv, "candidate.sv", "test.sv", "ref.sv"),
            other_order=(*argv, "test.sv", "ref.sv", "candidate.sv"),
            candidate_file="candidate.sv",
            rule=rule_v2,
        )
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
    argv = ("iverilog", "-g2012", "-o", PROGRAM, "-c", "files")
    return Harness(files=files, compile_argv=argv, candidate_file="design.v", rule=rule_rtllm, time_s=RTLLM_S)


HARNESSES: dict[str, Callable[[Path], dict[str, Harness]]] = {
    verilog_eval_v1.HUMAN: lambda root: _v1(root / "data" / "VerilogEval_Human.jsonl"),
    verilog_eval_v1.MACHINE: lambda root: _v1(root / "data" / "VerilogEval_Machine.jsonl"),
    verilog_eval.NAME: lambda root: _v2(root, verilog_eval.NAME),
    verilog_eval.CODE_COMPLETE: lambda root: _v2(root, verilog_eval.CODE_COMPLETE),
    rtllm.NAME: lambda root: {path.parent.name: _rtllm(path.parent) for path in root.glob("*/*/*/testbench.v")},
    rtllm.V1: lambda root: {path.parent.name: _rtllm(path.parent) for path in root.glob("*/testbench.v")},
}
"""Benchmark name to what reads its published harnesses, by problem id, below its directory."""
