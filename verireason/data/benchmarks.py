"""Public benchmarks by name. To add one: a loader in its own file, a row here, and the loader's contract test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from verireason.data import rtllm, verilog_eval, verilog_eval_v1
from verireason.errors import UserError
from verireason.problem import Problem

LOADERS: dict[str, Callable[[Path], list[Problem]]] = {
    rtllm.NAME: rtllm.load,
    verilog_eval.NAME: verilog_eval.load,
    verilog_eval.CODE_COMPLETE: verilog_eval.load_code_complete,
    verilog_eval_v1.HUMAN: verilog_eval_v1.load_human,
    verilog_eval_v1.MACHINE: verilog_eval_v1.load_machine,
}
"""Benchmark name to the function that reads its published layout."""


def load_benchmark(name: str, root: Path) -> list[Problem]:
    """All problems of a benchmark. Raises UserError for an unknown name or a wrong directory."""
    if name not in LOADERS:
        raise UserError(f"unknown benchmark {name!r}; known are {', '.join(sorted(LOADERS))}")
    if not root.is_dir():
        raise UserError(f"{root} is not a directory; give the root of the {name} checkout")
    return LOADERS[name](root)
