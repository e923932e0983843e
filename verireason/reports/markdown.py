"""The report as Markdown, for a pull request or a terminal. Foreign texts stand in code blocks or are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from verireason.evals.passk import Difference, PassAtK
from verireason.reports.markdown_samples import sample_markdown
from verireason.reports.rates import Group, percent, points
from verireason.reports.report import MAX_DROPPED, Report
from verireason.reports.text import markdown_text

MAX_PROBLEMS = 300
"""Rows of the table of problems."""


def render_markdown(report: Report) -> str:
    """The whole text. Equal reports give equal texts."""
    parts = [
        f"# {markdown_text(report.name)}",
        markdown_text(report.summary),
        *(markdown_text(sentence) for sentence in report.conclusions),
        "## Result",
        _rates(report),
        markdown_text(report.method),
        *_defects(report),
        *(markdown_text(note) for note in report.notes),
        "## Outcomes",
        _outcomes(report),
        *_letters(report),
        *_lengths(report),
        *_rounds(report),
        *_modes(report),
        *_cheats(report),
        *_training(report),
        *_groups("## Families" if report.noun == "family" else "## Categories", report.noun, report.families, report),
        *_groups("## Difficulty", "difficulty", report.difficulties, report),
        "## Problems",
        _problems(report),
        "## Best and worst",
        *_samples(report),
        "## Provenance",
        _table(("", ""), (*report.provenance, *report.versions), num_words=2),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _rates(report: Report) -> str:
    head = ["split", "evaluation", *(f"pass@{k} %" for k in report.ks), "problems", "samples", "unjudged", "ceiling"]
    rows: list[list[str]] = []
    for group in report.splits:
        for row in group.rows:
            first = row.rates[0]
            counts = [first.num_problems, first.num_samples, first.num_unjudged]
            cells = [_rate(rate) for rate in row.rates]
            rows.append([group.name[0], row.label, *cells, *(f"{count:,}" for count in counts), _ceiling(group)])
        if group.differences:
            cells = [_difference(difference) for difference in group.differences]
            rows.append(
                [group.name[0], "difference, points", *cells, f"{group.differences[0].num_problems:,}", "", "", ""]
            )
    return _table(head, rows, num_words=2)


def _groups(title: str, noun: str, groups: Sequence[Group], report: Report) -> Iterator[str]:
    if not groups:
        return
    compared = len(report.labels) > 1
    head = [
        "split",
        noun,
        *(f"{markdown_text(label)}, pass@1 %" for label in report.labels),
        *(["difference"] if compared else []),
    ]
    rows = []
    for group in groups:
        rates = {row.label: _rate(row.rates[0]) for row in group.rows}
        change = [_difference(group.differences[0]) if group.differences else "–"] if compared else []
        last = group.rows[-1].rates[0]
        counts = [f"{count:,}" for count in (last.num_problems, last.num_samples, last.num_unjudged)]
        cells = [rates.get(label, "–") for label in report.labels]
        rows.append([*group.name, *cells, *change, *counts, _ceiling(group)])
    yield title
    yield _table([*head, "problems", "samples", "unjudged", "ceiling"], rows, num_words=2)


def _outcomes(report: Report) -> str:
    rows = []
    for group in report.splits:
        for row in (row for row in group.rows if row.label in report.labels):
            cells = [_share(row.outcomes.get(outcome, 0), row.num_samples) for outcome in report.outcomes]
            rows.append([group.name[0], row.label, *cells, f"{row.num_samples:,}"])
    return _table(["split", "evaluation", *map(str, report.outcomes), "all"], rows, num_words=2)


def _letters(report: Report) -> Iterator[str]:
    yield "### Failure letters"
    rows = (
        (each.meaning, f"`{each.letter}`", f"{each.num_completions:,}", f"{each.num_problems:,}")
        for each in report.letters
    )
    yield _table(("meaning", "letter", "completions", "problems"), rows, num_words=1)


def _lengths(report: Report) -> Iterator[str]:
    if report.lengths is None:
        return
    yield f"### Length in {report.lengths.unit}"
    rows = (
        (row.outcome, *(f"{each:,}" for each in (row.low, row.first, row.median, row.third, row.high)))
        for row in report.lengths.rows
    )
    yield _table(("outcome", "5 %", "25 %", "median", "75 %", "95 %"), rows, num_words=1)


def _rounds(report: Report) -> Iterator[str]:
    if not report.rounds:
        return
    yield "## Repair"
    rows = (
        (
            f"repair {each.number}" if each.number else "first answers",
            _rate(each.rate),
            *(
                "–" if number is None else f"{number:,}"
                for number in (each.num_asked, each.num_passed, each.num_tokens, each.num_prompt_tokens)
            ),
        )
        for each in report.rounds
    )
    yield _table(("after", "pass@1 %", "asked", "passed", "tokens written", "tokens read"), rows, num_words=1)
    yield "pass@1 counts a sample by its last attempt so far; all other rates are over first answers."


def _cheats(report: Report) -> Iterator[str]:
    found = report.findings
    if found is None:
        return
    yield "## What tried to cheat, and how"
    yield (
        f"Of {found.num_completions:,} completions {found.num_rejected:,} were rejected for reaching out of designs; "
        f"{found.num_neutralised:,} more carried what was neutralised, and {found.num_passed:,} of these pass."
    )
    rows = (
        (
            each.kind,
            each.meaning or "–",
            ", ".join(f"{outcome} {count}" for outcome, count in each.outcomes.items()),
            f"{each.num_rejected:,}",
            f"{each.num_neutralised:,}",
        )
        for each in found.kinds
    )
    yield _table(("construct", "what it does", "what became of them", "rejected", "neutralised"), rows, num_words=3)


def _training(report: Report) -> Iterator[str]:
    if not report.trends and not report.steps:
        return
    yield "## Training"
    yield from report.training
    if report.trends:
        rows = (
            (
                f"{each.panel}: {each.label}",
                each.unit,
                *(f"{value:.4g}" for value in (each.first, each.last, each.low, each.high)),
            )
            for each in report.trends
        )
        yield _table(("what", "unit", "first tenth", "last tenth", "lowest", "highest"), rows, num_words=2)
        yield "First and last: means of a tenth of the steps each."
    for step in report.steps[-1:]:
        yield f"### Best and worst of step {step.number:,}"
        for pair in step.pairs:
            yield markdown_text(pair.title)
            yield from (sample_markdown(sample) for sample in (pair.best, pair.worst))


def _modes(report: Report) -> Iterator[str]:
    if not report.modes:
        return
    yield "## How the tests run"
    head = ["benchmark", "problems", "tests", *(mode for mode, _ in report.modes[0].num_tests), "dropped"]
    rows = [
        [
            row.benchmark,
            f"{row.num_problems:,}",
            f"{row.num_all:,}{' or more' if row.is_open else ''}",
            *(f"{number:,}" for _, number in row.num_tests),
            f"{row.num_dropped:,}",
        ]
        for row in report.modes
    ]
    yield _table(head, rows, num_words=1)
    if report.dropped:
        found = (f"{markdown_text(id)} ({len(tests)})" for id, tests in report.dropped[:MAX_DROPPED])
        more = f" and {len(report.dropped) - MAX_DROPPED:,} more" if len(report.dropped) > MAX_DROPPED else ""
        yield f"Problems with tests that were dropped, since the reference itself fails them: {', '.join(found)}{more}."


def _problems(report: Report) -> str:
    maps = {row.place: row for group in report.heat for row in group.rows}
    rows = []
    for row in report.problems[:MAX_PROBLEMS]:
        cells = [f"{cell.tally.num_passed}/{cell.tally.num_samples}" if cell else "–" for cell in row.cells]
        unjudged = sum(cell.tally.num_unjudged for cell in row.cells if cell)
        words = [row.facts.problem_id, row.facts.category or "–", row.facts.split or "–", row.defect or ""]
        letters = "".join(cell.letter for cell in maps[row.number].cells) if row.number in maps else ""
        rows.append([*words, *cells, str(unjudged), f"`{letters}`" if letters else "–"])
    head = ["problem", report.noun, "split", "reference fails"]
    passes = [f"{markdown_text(label)}, passes" for label in report.labels]
    text = _table([*head, *passes, "unjudged", "samples"], rows, num_words=4)
    num_left_out = len(report.problems) - MAX_PROBLEMS
    return text + (f"\n\n{num_left_out:,} more problems are in the HTML report." if num_left_out > 0 else "")


def _samples(report: Report) -> Iterator[str]:
    for highlight in report.highlights:
        yield f"### {markdown_text(highlight.title)}"
        yield markdown_text(highlight.rule)
        for sample in highlight.samples:
            yield sample_markdown(sample)


def _defects(report: Report) -> Iterator[str]:
    if report.judged_with:
        yield f"Judged with {markdown_text(report.judged_with)}, the references too."
    if report.defects:
        found = (f"{markdown_text(problem)} ({markdown_text(defect)})" for problem, defect in report.defects.items())
        yield f"Problems whose own reference fails: {'; '.join(found)}."
    if report.errata:
        known = (f"{markdown_text(problem)} ({markdown_text(erratum)})" for problem, erratum in report.errata)
        yield f"Problems with known flaws: {'; '.join(known)}."


def _rate(rate: PassAtK) -> str:
    return f"{percent(rate.estimate)} [{percent(rate.low)}, {percent(rate.high)}]"


def _difference(difference: Difference) -> str:
    return f"{points(difference.estimate)} [{points(difference.low)}, {points(difference.high)}]"


def _ceiling(group: Group) -> str:
    return f"{group.ceiling.num_sound}/{group.ceiling.num_problems}" if group.ceiling else "not known"


def _share(count: int, total: int) -> str:
    return f"{count:,} ({percent(count / total)} %)" if count else "0"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, num_words: int) -> str:
    """A table. The first `num_words` columns are words and escaped; the others are our own figures, to the right."""
    lines = [
        [markdown_text(cell) if index < num_words else cell for index, cell in enumerate(row)] for row in (head, *rows)
    ]
    lines.insert(1, ["---" if index < num_words else "---:" for index in range(len(head))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
