"""Completions with every failure letter of VerilogEval v2, as a file that `verireason agree` and `verify` read.

    python benchmarks/letter_completions.py --benchmark verilog-eval-v2 --root DIR --num 600 --seed 0 > made.jsonl
    verireason agree --benchmark verilog-eval-v2 --root DIR --completions made.jsonl

They are those of `verireason agree --made NUM`: a failure made by hand for each letter, mutants of the goldens, and the
goldens themselves. A file is for other tools to judge the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from verireason.agreement.cases import made
from verireason.agreement.published import HARNESSES
from verireason.data.benchmarks import load_benchmark


def main() -> None:
    """Write them to standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", required=True, choices=sorted(HARNESSES))
    parser.add_argument("--root", required=True, type=Path, metavar="DIR", help="the benchmark's directory")
    parser.add_argument("--num", required=True, type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    problems = load_benchmark(args.benchmark, args.root)
    for case in made(problems, num=args.num, rng=Random(f"{args.seed}/{args.benchmark}")):
        print(json.dumps({"problem_id": case.problem.id, "completion": case.completion.text, "kind": case.kind}))


if __name__ == "__main__":
    main()
