"""Public benchmarks by name. To add one: a loader in its own file, a row here, and the loader's contract test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from verireason.data import (
    apps,
    bigcodebench,
    code_contests,
    codev_r1,
    cvdp,
    human_eval,
    kodcode,
    livecodebench,
    mbpp,
    resbench,
    rtl_coder,
    rtllm,
    veri_reason,
    verifiable,
    verilog_eval,
    verilog_eval_v1,
)
from verireason.data.loaded import Loaded
from verireason.data.rows import HUB
from verireason.errors import UserError
from verireason.problem import Problem

LOADERS: dict[str, Callable[[Path], list[Problem] | Loaded]] = {
    rtllm.NAME: rtllm.load,
    rtllm.V1: rtllm.load_v1,
    verilog_eval.NAME: verilog_eval.load,
    verilog_eval.CODE_COMPLETE: verilog_eval.load_code_complete,
    verilog_eval_v1.HUMAN: verilog_eval_v1.load_human,
    verilog_eval_v1.MACHINE: verilog_eval_v1.load_machine,
    resbench.NAME: resbench.load,
    veri_reason.NAME: veri_reason.load,
    codev_r1.NAME: codev_r1.load,
    rtl_coder.NAME: rtl_coder.load,
    rtl_coder.VERITHOUGHTS: rtl_coder.load_verithoughts,
    human_eval.NAME: human_eval.load,
    human_eval.PLUS: human_eval.load_plus,
    mbpp.NAME: mbpp.load,
    mbpp.SANITIZED: mbpp.load_sanitized,
    mbpp.PLUS: mbpp.load_plus,
    apps.NAME: apps.load,
    apps.TACO: apps.load_taco,
    livecodebench.NAME: livecodebench.load,
    code_contests.NAME: code_contests.load,
    bigcodebench.NAME: bigcodebench.load,
    verifiable.PRIME: verifiable.load_prime,
    verifiable.DEEPCODER: verifiable.load_deepcoder,
    verifiable.OPEN_R1: verifiable.load_open_r1,
    kodcode.NAME: kodcode.load,
    cvdp.NAME: cvdp.load,
    cvdp.AGENTIC: cvdp.load_agentic,
}
"""Benchmark name to the function that reads its published layout."""


def load_benchmark(name: str, root: Path) -> list[Problem]:
    """All problems of a benchmark that can be judged. Raises UserError for an unknown name or a wrong directory."""
    return read_benchmark(name, root).problems


def read_benchmark(name: str, root: Path) -> Loaded:
    """The problems of a benchmark, and why those that are not among them cannot be judged. Raises as above."""
    if name not in LOADERS:
        raise UserError(f"unknown benchmark {name!r}; known are {', '.join(sorted(LOADERS))}")
    is_file = root.is_file() and name in (cvdp.NAME, cvdp.AGENTIC)
    if not root.is_dir() and root != HUB and not is_file:
        raise UserError(f"{root} is not a directory; give the root of the {name} checkout")
    found = LOADERS[name](root)
    return found if isinstance(found, Loaded) else Loaded(problems=found)
