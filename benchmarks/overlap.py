"""How much of judging hides behind generation: the whole time against the longer of the two alone.

    python benchmarks/overlap.py --root VERILOG_EVAL_V2 [--samples 4] [--limit N] [--boxes 2] [--share 1.0]

The completions are VerilogEval v2's references, each with a comment of its own so that none is judged twice. The
generator gives them evenly over `share` times what judging alone takes, and sleeps in between, as one that waits for a
GPU or an endpoint does; so generation costs this host nothing. No verdict is remembered.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.farm import BOXES, Farm, open_farm
from verireason.data.calibrate import Calibration, calibrate
from verireason.data.verilog_eval import load
from verireason.evals.evaluate import Plan, Timing, evaluate
from verireason.generation.generator import Generated, Request, Sampling

SAMPLING = Sampling(temperature=1.0, top_p=1.0, max_new_tokens=1024)


@dataclass(slots=True, kw_only=True)
class PacedGenerator:
    """Writes the references, one every `pause_s`."""

    calibration: Calibration
    pause_s: float
    name: str = "paced"
    chat: bool = False

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Generated]:
        start = time.monotonic()
        for number, request in enumerate(requests, start=1):
            time.sleep(max(0.0, start + number * self.pause_s - time.monotonic()))
            golden = self.calibration.problems[request.key[0]].golden
            text = f"{golden}\n// {request.seed}\n"
            yield Generated(key=request.key, text=text, finish_reason="stop", num_tokens=300)


def measure(farm: Farm, calibration: Calibration, *, num_samples: int, pause_s: float) -> Timing:
    """One evaluation of all problems into a directory that is thrown away."""
    plan = Plan(num_samples=num_samples, sampling=SAMPLING, seed=time.monotonic_ns(), template="plain")
    with tempfile.TemporaryDirectory() as out:
        return evaluate(
            PacedGenerator(calibration=calibration, pause_s=pause_s), farm, calibration, plan, Path(out)
        ).timing


def main() -> int:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="a VerilogEval v2 checkout")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--limit", type=int, help="only the first problems")
    parser.add_argument("--boxes", type=int, default=2)
    parser.add_argument("--box", choices=BOXES, default=BOXES[0])
    parser.add_argument("--share", type=float, default=1.0, help="of judging's time that generation takes")
    args = parser.parse_args()
    with open_farm(box=args.box, num_boxes=args.boxes, remember=False) as farm:
        calibration = calibrate(farm, load(args.root)[: args.limit])
        alone = measure(farm, calibration, num_samples=args.samples, pause_s=0.0)
        judging_s = alone.generation_s + alone.judging_after_s
        generation_s = args.share * judging_s
        pause_s = generation_s / (args.samples * len(calibration.problems))
        both = measure(farm, calibration, num_samples=args.samples, pause_s=pause_s)
    whole_s = both.generation_s + both.judging_after_s
    print(
        f"judging alone {judging_s:.1f} s, generation alone {generation_s:.1f} s, together {whole_s:.1f} s: "
        f"{whole_s / max(judging_s, generation_s):.2f} of the longer one, "
        f"{both.judging_after_s:.1f} s of it after the last completion, boxes at work {both.busy_share:.0%}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
