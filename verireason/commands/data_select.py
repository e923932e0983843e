"""`verireason data select`: the problems that a model can learn from, by the rewards of its own samples."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from verireason.commands.verify import add_farm_arguments, positive, resolved_box
from verireason.errors import UserError
from verireason.templates import TEMPLATES

if TYPE_CHECKING:
    from rewards.rubric import Rubric
    from sim.verdict import Verdict
    from verireason.problem import Problem
    from verireason.records import Record

_PARTS = ("all", "easy", "hard")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action's arguments."""
    parser.add_argument(
        "directory", type=Path, metavar="RUN", help="directory of `verireason eval` or `verify`, 8 samples"
    )
    parser.add_argument("--problems", type=Path, required=True, metavar="FILE", help="what was asked, as JSON lines")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="problems that are kept")
    parser.add_argument("--rubric", default="verireason", metavar="NAME", help="what gives rewards; verireason")
    parser.add_argument(
        "--template", choices=list(TEMPLATES), default="verireason", help="format that the rubric may pay for"
    )
    parser.add_argument("--min-mean", type=float, default=0.3, metavar="R", help="least mean reward; 0.3")
    parser.add_argument("--max-mean", type=float, default=1.8, metavar="R", help="largest mean reward; 1.8")
    parser.add_argument("--min-deviation", type=float, default=0.1, metavar="R", help="it must be above this; 0.1")
    parser.add_argument("--min-samples", type=positive, default=2, metavar="N", help="judged ones of a problem; 2")
    parser.add_argument("--top-share", type=_share, default=1.0, metavar="S", help="of those, by deviation; 1")
    parser.add_argument(
        "--part", choices=_PARTS, default="all", help="hard: mean reward below the middle of the bounds; default all"
    )
    add_farm_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when problems were kept; UserError when none was."""
    from rewards.rubric import RUBRICS
    from verireason.data.jsonl import read_problems, write_problems
    from verireason.data.select import EASY, HARD, Bounds, select

    if args.rubric not in RUBRICS:
        raise UserError(f"--rubric is {args.rubric!r}; expected one of {', '.join(RUBRICS)}")
    if not args.min_mean <= args.max_mean:
        raise UserError(f"--min-mean is {args.min_mean:g} and --max-mean {args.max_mean:g}; expected the lesser first")
    problems = list({problem.id: problem for problem in read_problems(args.problems)}.values())
    rewards = _rewards(args, problems, RUBRICS[args.rubric])
    found = select(
        problems,
        rewards,
        Bounds(
            low=args.min_mean, high=args.max_mean, deviation=args.min_deviation, num_samples=args.min_samples,
            top_share=args.top_share,
        ),
    )  # fmt: skip
    wanted = {"all": (EASY, HARD), "easy": (EASY,), "hard": (HARD,)}[args.part]
    kept = [problem for problem in found.kept if problem.difficulty in wanted]
    reasons = Counter(found.left_out.values())
    if len(kept) < len(found.kept):
        reasons[f"not {args.part}"] = len(found.kept) - len(kept)
    if not kept:
        why = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        raise UserError(f"none of {len(problems)} problems fits: {why}; choose other bounds, or another --rubric")
    write_problems(kept, args.out)
    num_hard = sum(problem.difficulty == HARD for problem in kept)
    print(f"{len(kept)} of {len(problems)} problems in {args.out}: {len(kept) - num_hard} easy, {num_hard} hard")
    for reason, count in reasons.most_common():
        print(f"{count:7} {reason}")
    return 0


def _rewards(args: argparse.Namespace, problems: Sequence[Problem], rubric: Rubric) -> Mapping[str, list[float]]:
    """Problem to the rewards of its judged first answers, given by the rubric to what the records say."""
    from rewards.attempt import Attempt
    from verireason.evals.judging import RECORDS
    from verireason.records import read_records

    by_id = {problem.id: problem for problem in problems}
    records = [one for one in read_records(args.directory / RECORDS) if one.judged and one.attempt == 0]
    known = [one for one in records if one.problem_id in by_id]
    if not known:
        raise UserError(
            f"no judged record of {args.directory / RECORDS} is of a problem of {args.problems}; "
            "give the file that was asked"
        )
    rewards: dict[str, list[float]] = {}
    for record, verdict in zip(known, _verdicts(args, known, by_id, rubric), strict=True):
        follows = TEMPLATES[args.template].is_followed_by(record.completion or "", language=record.language)
        attempt = Attempt(verdict=verdict, follows_format=follows, finish_reason=record.finish_reason)
        total = rubric.score(attempt).total
        if total is not None:
            rewards.setdefault(record.problem_id, []).append(total)
    return rewards


def _verdicts(
    args: argparse.Namespace, records: Sequence[Record], problems: Mapping[str, Problem], rubric: Rubric
) -> list[Verdict]:
    """The records' verdicts, with the similarity to the golden where the rubric pays for it and nobody measured it."""
    from verireason.evals.judging import farm_for_user
    from verireason.records import verdict_from
    from verireason.training.similarity import with_similarity

    verdicts = [verdict_from(record) for record in records]
    unmeasured = [
        place for place, one in enumerate(verdicts) if one.compiled and not one.passed and one.similarity is None
    ]
    if not rubric.needs_similarity or not unmeasured:
        return verdicts
    box = resolved_box(args)
    with farm_for_user(box=box.name, num_boxes=box.jobs) as farm:
        measured = with_similarity(
            farm,
            [records[place].code for place in unmeasured],
            [problems[records[place].problem_id] for place in unmeasured],
            [verdicts[place] for place in unmeasured],
        )
    for place, verdict in zip(unmeasured, measured, strict=True):
        verdicts[place] = verdict
    return verdicts


def _share(text: str) -> float:
    if not 0.0 < float(text) <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and up to 1")
    return float(text)
