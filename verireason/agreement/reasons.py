"""Why the two sides differ on a candidate: out of what both said, never out of its kind.

That our guard rejected a candidate is no reason for another verdict: whether it had to is for a person to see.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from sim.hdl.verilog_testbench import OWN_LIMIT
from sim.verdict import Outcome
from verireason.agreement.harness import Published
from verireason.data import rtllm
from verireason.records import Record

MAX_MESSAGES = 20
"""Of the compiler that a record keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What both sides said about one candidate."""

    record: Record
    published: Published
    defect: str | None
    """Why the problem's own golden does not pass; None when it does."""

    @property
    def messages(self) -> list[str]:
        """Our diagnostics."""
        return [each.message for each in self.record.diagnostics]


def reason_of_verdicts(judged: Judged) -> str | None:
    """Why only one side passes it; None when nothing explains it."""
    if judged.record.outcome is Outcome.UNJUDGED:
        return None
    if judged.record.passed:
        return _why_only_ours(judged)
    return _why_only_published(judged)


def _why_only_ours(judged: Judged) -> str | None:
    ruling, log = judged.published.ruling, judged.published.log
    if ruling.right:
        match ruling.why:
            case "compile error":
                return "v1 fails what the compiler warns about; every sample agrees"
            case "n":
                return "v2 fails a process without sensitivities; every sample agrees"
            case "T" if OWN_LIMIT in judged.messages:
                return "v2's testbench calls time-out at its own limit, for its golden too; every sample agrees"
            case "C":
                return "v2 fails a log with the word error in it; every sample agrees"
    if "break statements not supported" in log.errors:
        return "RTLLM's testbench as published does not compile with Icarus 12"
    return _of_directives(judged) or _of_another_top(judged) or _of_an_early_end(judged)


def _why_only_published(judged: Judged) -> str | None:
    record, ruling = judged.record, judged.published.ruling
    if judged.defect is not None:
        return "the golden does not pass; so nothing can"
    if record.outcome is Outcome.TIMEOUT and record.tests_total is not None:
        return "our limit is ten times the golden's CPU time, at least 5 s; the published is 30 s"
    if ruling.num_mismatches == 0 and any("samples were compared; a full run has" in each for each in judged.messages):
        return "it ends the run before the golden's number of samples; the published rule does not count them"
    return None


def reason_of_letters(judged: Judged) -> str | None:
    """Why the letters differ where both sides fail it; None when nothing explains it."""
    record, ruling, log = judged.record, judged.published.ruling, judged.published.log
    match record.outcome:
        case Outcome.REJECTED:
            return "the guard rejected it, so it was not run and has no log"
        case Outcome.MEMORY | Outcome.OUTPUT_LIMIT | Outcome.CRASH:
            return f"it ended with {record.outcome} under our limits"
    if ruling.letter == "C" and "error" in log.output:
        return "the simulation printed the word error, which v2's analysis takes for a compile error"
    if len(log.errors.splitlines()) > MAX_MESSAGES == len(record.diagnostics):
        return f"a record keeps {MAX_MESSAGES} messages of the compiler, and this one gave more"
    return _of_directives(judged) or _of_an_early_end(judged)


def reason_of_counts(judged: Judged) -> str | None:
    """Why the numbers of mismatches differ where both sides fail it; None when nothing explains it."""
    return _of_an_early_end(judged)


def _of_directives(judged: Judged) -> str | None:
    if "`default_nettype" in (judged.record.code or "") and re.search(
        r"^(test|ref)\.sv:", judged.published.log.errors, re.MULTILINE
    ):
        return "the candidate's `default_nettype reaches the published files behind it, which then do not compile"
    return None


def _of_another_top(judged: Judged) -> str | None:
    """RTLLM's command names no top module. Linear in the candidate's text."""
    if judged.record.benchmark not in (rtllm.NAME, rtllm.V1) or not judged.published.log.compiled:
        return None
    words = re.findall(r"\w+", judged.record.code or "")
    counts = Counter(words)
    if sum(word == "module" and counts[name] == 1 for word, name in pairwise(words)) > 1:
        return "a module of the candidate that nothing uses runs beside RTLLM's testbench and ends it"
    return None


def _of_an_early_end(judged: Judged) -> str | None:
    record, ruling = judged.record, judged.published.ruling
    if any(each.neutralised for each in record.findings) and ruling.num_samples != record.tests_total:
        return "its own $finish or the like ends the published run early; ours replaces it by nothing"
    return None
