"""Which completions a report shows. A page must open at once, so it shows a choice and says what it left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sim.verdict import NamedTest, Outcome, TestEnd
from verireason.records import Record
from verireason.reports.rates import tallies_by_problem
from verireason.reports.source import RecordSet, Source
from verireason.reports.text import MAX_CHARS

MAX_PER_PROBLEM = 20
"""Different answers to one problem in one evaluation."""
MAX_TOTAL_CHARS = 6_500_000
"""Of all samples together, so that the page stays under about 10 MB and opens at once."""
MAX_HIGHLIGHTS = 3
MAX_TESTS = 12
"""Failing tests of one sample."""
MAX_KINDS = 5
"""Outcomes that get an example among the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One answer and how often it came."""

    record: Record
    label: str
    """Which evaluation it is from."""
    is_main: bool = True
    """Whether that is the one that the report is mostly about."""
    copies: tuple[Record, ...] = ()
    """Other completions of the same problem and evaluation with the same code and outcome."""
    repairs: tuple[Record, ...] = ()
    """What the model made of it when it was asked again, in order of attempts."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Places among the samples of its problem, its own first, for links to it: ("3", "7"), ("before-3",)."""
        prefix = "" if self.is_main else self.label
        return tuple(sample_key(record, prefix) for record in (self.record, *self.copies))

    @property
    def num_copies(self) -> int:
        """Completions that it stands for, itself among them."""
        return 1 + len(self.copies)

    @property
    def num_chars(self) -> int:
        """About how much of the page it takes."""
        return sum(map(_num_chars, (self.record, *self.repairs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """A handful of samples worth reading."""

    title: str
    rule: str
    """How they were chosen, in a sentence."""
    samples: tuple[Sample, ...]


def _num_chars(record: Record) -> int:
    drawing = 2500 + 25 * sum(len(wave.changes) for wave in record.waves.signals) if record.waves else 0
    tests = sum(80 + len(test.message or "") for test in failing_tests(record))
    return 1200 + drawing + tests + min(MAX_CHARS, len(record.code or record.completion or ""))


def failing_tests(record: Record) -> Sequence[NamedTest]:
    """Tests that a report shows of a record: the first that failed, not those that nobody came to."""
    return [test for test in record.tests if not test.passed and test.end is not TestEnd.NOT_RUN][:MAX_TESTS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtask:
    """A group of tests that count as one."""

    name: str
    num_passed: int
    num_tests: int

    @property
    def is_passed(self) -> bool:
        """Whether all of its tests pass."""
        return self.num_passed == self.num_tests


def subtasks(record: Record) -> list[Subtask]:
    """The groups of a record's tests, in their order."""
    groups: dict[str, list[bool]] = {}
    for test in record.tests:
        if test.group is not None:
            groups.setdefault(test.group, []).append(test.passed)
    return [Subtask(name=name, num_passed=sum(each), num_tests=len(each)) for name, each in groups.items()]


def closeness(record: Record) -> tuple[float, float]:
    """How near a completion came, for ordering: reward if there is one, then the share of checks passed."""
    share = (record.tests_passed or 0) / record.tests_total if record.tests_total else 0.0
    return (record.reward if record.reward is not None else float(record.passed), share)


def choose_samples(source: Source) -> dict[str, list[Sample]]:
    """Samples to show by problem: of each evaluation the best answer of each outcome, then other failures, in limits.

    In the order of the evaluations and of the samples.
    """
    queues: list[list[Sample]] = []
    for record_set in source.compared:
        repairs = _repairs(record_set)
        is_main = record_set is source.main
        for records in _by_problem(record_set).values():
            samples = _distinct(records, record_set.label, repairs, is_main=is_main)
            queues.append(_ordered(samples)[:MAX_PER_PROBLEM])
    chosen: dict[str, list[Sample]] = {}
    for sample in _within(MAX_TOTAL_CHARS, _rounds(queues)):
        chosen.setdefault(sample.record.problem_id, []).append(sample)
    labels = [record_set.label for record_set in source.record_sets]
    return {
        problem_id: sorted(samples, key=lambda each: (labels.index(each.label), place_of(each.record)))
        for problem_id, samples in chosen.items()
    }


def sample_key(record: Record, label: str) -> str:
    """The place of a completion among those of its problem. The label is empty for the main evaluation.

    Example:
        sample_key(record, "before")   # "before-3"
    """
    step = () if record.step is None else (str(record.step),)
    return "-".join((*((label,) if label else ()), *step, str(record.sample)))


def place_of(record: Record) -> tuple[int, int]:
    """Where a completion comes among those of its problem: by training step, then by index."""
    return (record.step or 0, record.sample)


def highlights(source: Source) -> list[Highlight]:
    """The best and the worst. Unjudged completions are neither."""
    records = [record for record in source.main.records if record.judged]
    if not source.evaluations:
        # A run that goes on: what the model wrote at first says little about it.
        last_step = max((record.step or 0 for record in records), default=0)
        records = [record for record in records if (record.step or 0) > 0.8 * last_step]
    found = [_best(source, records), _worst(source.main.label, records)]
    return [highlight for highlight in found if highlight.samples]


def _best(source: Source, records: Sequence[Record]) -> Highlight:
    learned = _learned(source, records)
    if learned:
        rule = "Problems never solved before, those solved most often after first: the nearest try before, then a pass."
        return Highlight(title="Best: learned", rule=rule, samples=tuple(learned))
    tallies = tallies_by_problem(source.main)
    passing = {record.problem_id: record for record in reversed(records) if record.passed}.values()
    hardest = sorted(
        passing, key=lambda record: tallies[record.problem_id].num_passed / tallies[record.problem_id].num_samples
    )
    samples = [Sample(record=record, label=source.main.label) for record in hardest[:MAX_HIGHLIGHTS]]
    return Highlight(
        title="Best", rule="Passing answers to the problems with the lowest share of passes.", samples=tuple(samples)
    )


def _learned(source: Source, records: Sequence[Record]) -> list[Sample]:
    """Pairs of a failing and a passing answer to the same problem."""
    if source.baseline is None:
        return []
    before, after = tallies_by_problem(source.baseline), tallies_by_problem(source.main)
    gains = {
        problem_id: tally.num_passed / tally.num_samples
        for problem_id, tally in after.items()
        if tally.num_passed and problem_id in before and before[problem_id].num_passed == 0
    }
    old = _by_problem(source.baseline)
    pairs = []
    for problem_id in sorted(gains, key=lambda problem_id: -gains[problem_id])[:MAX_HIGHLIGHTS]:
        nearest = max((record for record in old[problem_id] if record.judged), key=closeness, default=None)
        passing = next(record for record in records if record.problem_id == problem_id and record.passed)
        if nearest is not None:
            pairs.append(Sample(record=nearest, label=source.baseline.label, is_main=False))
        pairs.append(Sample(record=passing, label=source.main.label))
    return pairs


def _worst(label: str, records: Sequence[Record]) -> Highlight:
    failing = [record for record in records if not record.passed]
    kinds = [outcome for outcome, _ in Counter(record.outcome for record in failing).most_common(MAX_KINDS)]
    samples = []
    for outcome in kinds:
        worst = min((record for record in failing if record.outcome is outcome), key=closeness)
        samples.append(Sample(record=worst, label=label))
    rule = "For each kind of failure, the most frequent first, the completion that came least far."
    return Highlight(title="Worst", rule=rule, samples=tuple(samples))


def _by_problem(record_set: RecordSet) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in record_set.records:
        found.setdefault(record.problem_id, []).append(record)
    return found


def _repairs(record_set: RecordSet) -> dict[tuple[str, int], tuple[Record, ...]]:
    found: dict[tuple[str, int], list[Record]] = {}
    for record in sorted(record_set.repairs, key=lambda record: record.attempt):
        found.setdefault((record.problem_id, record.sample), []).append(record)
    return {key: tuple(records) for key, records in found.items()}


def _distinct(
    records: Iterable[Record],
    label: str,
    repairs: Mapping[tuple[str, int], tuple[Record, ...]],
    *,
    is_main: bool,
) -> list[Sample]:
    """Equal answers as one sample, but for those that went on: each of these has repairs of its own."""
    found: dict[tuple[str | None, Outcome, int | None], Sample] = {}
    for record in sorted(records, key=place_of):
        later = repairs.get((record.problem_id, record.sample), ())
        key = (record.code, record.outcome, record.sample if later else None)
        if seen := found.get(key):
            found[key] = replace(seen, copies=(*seen.copies, record))
        else:
            found[key] = Sample(record=record, label=label, is_main=is_main, repairs=later)
    return list(found.values())


def _ordered(samples: Sequence[Sample]) -> list[Sample]:
    """The nearest of each outcome first, nearest to farthest, then the other failures alike, then other passes."""
    ranked = sorted(samples, key=lambda sample: closeness(sample.record), reverse=True)
    seen: set[Outcome] = set()
    first: list[Sample] = []
    rest: list[Sample] = []
    for sample in ranked:
        (rest if sample.record.outcome in seen else first).append(sample)
        seen.add(sample.record.outcome)
    return first + sorted(rest, key=lambda sample: sample.record.passed)


def _rounds(queues: Sequence[Sequence[Sample]]) -> Iterator[Sample]:
    """The first of every queue, then the second of every queue, and so on: every problem before any second answer."""
    for place in range(MAX_PER_PROBLEM):
        for queue in queues:
            if place < len(queue):
                yield queue[place]


def _within(max_chars: int, samples: Iterable[Sample]) -> Iterator[Sample]:
    num_chars = 0
    for sample in samples:
        num_chars += sample.num_chars
        if num_chars > max_chars:
            return
        yield sample
