"""Runs in the venv of PyPI's evalplus, which it calls unmodified: DIR NUM_WORKERS TIMEOUT_S.

DIR holds `problems.jsonl` and `samples.jsonl` in HumanEval's layouts; `results.json` is written beside them. Each
sample is one `untrusted_check` in a pool of processes, as `evalplus.evaluate` does it, with its default limits
(TIMEOUT_S is not used). Its extra inputs come from a download; here the inputs are those that HumanEval's own `check`
gives to the canonical solution, and the expected answers come from evalplus's `trusted_exec`. The clock runs for the
grading alone.
"""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from pathlib import Path

from evalplus.eval import PASS, untrusted_check
from evalplus.gen.util import trusted_exec

FIND_ZERO_TOLERANCE = 1e-4
"""Of HumanEval/32's own test, whose answer evalplus accepts when the polynomial is that near to zero."""


def base_inputs(problem: dict) -> list[tuple]:
    """The arguments that the published test calls the canonical solution with."""
    scope: dict = {}
    exec(problem["prompt"] + problem["canonical_solution"] + "\n" + problem["test"], scope)
    canonical, inputs = scope[problem["entry_point"]], []

    def record(*args):
        inputs.append(deepcopy(args))
        return canonical(*args)

    scope["check"](record)
    return inputs


def ground_truth(problem: dict) -> dict:
    """The keyword arguments of `untrusted_check` that belong to the problem."""
    inputs = base_inputs(problem)
    solution = problem["prompt"] + problem["canonical_solution"]
    expected, times = trusted_exec(solution, inputs, problem["entry_point"], record_time=True)
    atol = FIND_ZERO_TOLERANCE if problem["entry_point"] == "find_zero" else 0
    return {"inputs": inputs, "expected": expected, "ref_time": times, "atol": atol}


def main(directory: Path, *, num_workers: int) -> None:
    """Grade all samples."""
    rows = map(json.loads, (directory / "problems.jsonl").read_text().splitlines())
    problems = {row["task_id"]: row for row in rows}
    samples = [json.loads(line) for line in (directory / "samples.jsonl").read_text().splitlines()]
    truths = {name: ground_truth(problems[name]) for name in {sample["task_id"] for sample in samples}}
    start = time.perf_counter()
    with ProcessPoolExecutor(max_workers=num_workers) as pool:
        futures = [
            pool.submit(
                untrusted_check,
                "humaneval",
                problems[sample["task_id"]]["prompt"] + sample["completion"],
                entry_point=problems[sample["task_id"]]["entry_point"],
                fast_check=True,
                **truths[sample["task_id"]],
            )
            for sample in samples
        ]
        states = [future.result()[0] for future in futures]
    seconds = time.perf_counter() - start
    results = [{"passed": state == PASS, "why": state} for state in states]
    (directory / "results.json").write_text(json.dumps({"seconds": seconds, "results": results}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), num_workers=int(sys.argv[2]))
