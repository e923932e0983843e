"""Structural similarity to the golden, measured in the farm for the candidates that a rubric asks about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sim.farm import Farm
from sim.hdl.structure import Backend, StructurePair, judge_structure, plan_structure, split_pairs
from sim.verdict import Verdict
from verireason.problem import Problem


def with_similarity(
    farm: Farm, codes: Sequence[str | None], problems: Sequence[Problem], verdicts: Sequence[Verdict]
) -> list[Verdict]:
    """The verdicts, with `similarity` where the candidate compiled and did not pass; None there when the farm failed.

    All arguments are by completion, in one order.
    """
    places = [place for place, verdict in enumerate(verdicts) if verdict.compiled and not verdict.passed]
    pairs = [StructurePair(candidate=codes[place] or "", reference=problems[place].golden) for place in places]
    batches = list(split_pairs(pairs))
    jobs = [plan_structure(batch, backend=Backend.PYSLANG, image=farm.image) for batch in batches]
    scores: list[float | None] = []
    for batch, result in zip(batches, farm.pool.map(jobs), strict=True):
        scores += judge_structure(result, len(batch))
    measured = list(verdicts)
    for place, score in zip(places, scores, strict=True):
        measured[place] = replace(verdicts[place], similarity=score)
    return measured
