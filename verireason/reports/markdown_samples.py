"""One answer with its verdict as Markdown. Foreign texts stand in code blocks or are escaped."""

from __future__ import annotations

from collections.abc import Iterator

from verireason.diagnosis import explain
from verireason.records import verdict_from
from verireason.reports.samples import Sample
from verireason.reports.text import cut, fenced, markdown_text


def sample_markdown(sample: Sample) -> str:
    """What is known of it in a line, its code, and what was found."""
    record = sample.record
    facts = [
        f"**{record.outcome}**",
        markdown_text(record.problem_id),
        f"{markdown_text(sample.label)}, sample {record.sample}",
    ]
    if record.tests_total and record.tests_passed is not None:
        checks = "tests" if record.language == "python" else "checks"
        facts.append(f"{record.tests_passed} of {record.tests_total} {checks}")
    if record.reward is not None:
        facts.append(f"reward {record.reward:.3g}")
    shown = cut(record.code or record.completion or "")
    more = f"{shown.num_left_out:,} more characters are in the records." if shown.num_left_out else ""
    findings = "\n".join(_findings(sample))
    code = fenced(shown.text, record.language if record.code else "text")
    return "\n\n".join(part for part in (" · ".join(facts), code, more, fenced(findings) if findings else "") if part)


def _findings(sample: Sample) -> Iterator[str]:
    """Plain lines, to be fenced; the first of them say what the header of the sample says already."""
    if not sample.record.passed and sample.record.judged:
        yield explain(verdict_from(sample.record), sample.record.code, language=sample.record.language)
        return
    yield from (f"{each.severity}: {each.message}" for each in sample.record.diagnostics)
