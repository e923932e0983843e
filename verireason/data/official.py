"""Which public benchmarks have a stricter rule of their own, and calibrated problems judged under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sim.farm import Farm
from sim.verdict import Candidate, OfficialRule
from verireason.data import verilog_eval, verilog_eval_v1
from verireason.data.calibrate import Calibration
from verireason.data.loaded import Loaded
from verireason.errors import MissingError, UserError

RULES: Mapping[str, OfficialRule] = {
    verilog_eval_v1.HUMAN: OfficialRule.SILENT,
    verilog_eval_v1.MACHINE: OfficialRule.SILENT,
    verilog_eval.NAME: OfficialRule.LOG_WORDS,
    verilog_eval.CODE_COMPLETE: OfficialRule.LOG_WORDS,
}
"""Benchmark name to its rule."""


def under_official_rule(loaded: Loaded, benchmark: str | None) -> Loaded:
    """The problems with their benchmark's own rule. UserError for one that has none."""
    if benchmark is None or benchmark not in RULES:
        raise UserError(
            f"--official: {benchmark or 'a file of problems'} has no rule beside its testbench's answer; leave it out "
            f"(it is for {', '.join(RULES)})"
        )
    rule = RULES[benchmark]
    problems = [replace(each, spec=replace(each.spec, official=rule)) for each in loaded.problems]
    return replace(loaded, problems=problems)


def with_official_defects(farm: Farm, calibration: Calibration) -> Calibration:
    """The calibration, which goes by answers alone, with those goldens as defects that only the rule fails.

    Raises MissingError when the farm fails on one.
    """
    right = [each for each in calibration.problems.values() if each.id not in calibration.defects]
    verdicts = farm.judge((Candidate(source=each.golden), each.spec) for each in right)
    defects = dict(calibration.defects)
    for problem, verdict in zip(right, verdicts, strict=True):
        if not verdict.passed:
            words = verdict.diagnostics[0].message if verdict.diagnostics else str(verdict.outcome)
            if not words.startswith("the official rule"):
                raise MissingError(f"{problem.id}: its golden passed once and not again: {words}; try again")
            defects[problem.id] = f"the benchmark's own reference does not pass: {verdict.outcome}; {words}"
    return replace(calibration, defects=defects)
