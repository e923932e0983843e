"""Evaluations that are put side by side, by `compare` and by `leaderboard`: what each holds, and how two differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.image import tools_of
from verireason.errors import UserError
from verireason.evals.passk import Tally, tally_records
from verireason.evals.run_state import RUN
from verireason.records import Record
from verireason.reports.rates import LANGUAGES, SPLITS
from verireason.reports.source import flat, load_source, read_object

KS = (1, 5, 10, 20)
SETTINGS = (
    "temperature", "top_p", "max_tokens", "template", "system_prompt", "examples", "rules", "official", "problems",
)  # fmt: skip
"""Settings of run.json without which two evaluations are not alike; the checks are added to them."""
_SHOWN = 12
"""Characters of a digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One evaluation."""

    label: str
    path: Path
    records: tuple[Record, ...]
    """First answers."""
    defects: Mapping[str, str] | None
    """Problem to what is wrong with its own reference; None when nobody looked."""
    settings: Mapping[str, Any] | None
    """What decided the run, with dotted names; None when nothing says so."""
    digest: str
    """SHA-256 of the file of records."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """Problems whose rates may be put together: of one benchmark, language and split."""

    language: str
    benchmark: str
    split: str | None


def load_side(directory: Path, label: str) -> Side:
    """The evaluation in a directory; of a training run the one after training. UserError as load_source, and when
    there are training steps only."""
    source = load_source(directory)
    if not source.evaluations:
        raise UserError(f"{directory} holds completions of training steps only; give an evaluation, or a run with one")
    main = source.main
    settings = read_object((directory / main.path).with_name(RUN))
    return Side(
        label=label,
        path=directory,
        records=main.records,
        defects=source.defects,
        settings=None if settings is None else dict(flat(settings)),
        digest=main.digest,
        warnings=tuple(f"{label}: {warning}" for warning in source.warnings),
    )


def labels_of(directories: Sequence[Path]) -> list[str]:
    """Names of the directories, with as much of the path before them as tells them apart. UserError for one twice."""
    resolved = [directory.resolve() for directory in directories]
    for place, path in enumerate(resolved):
        if path in resolved[:place]:
            raise UserError(f"{directories[place]} is given twice; give different directories")
    for depth in range(1, max(len(path.parts) for path in resolved) + 1):
        labels = ["/".join(path.parts[-depth:]) for path in resolved]
        if len(set(labels)) == len(labels):
            break
    return labels


def part_of(record: Record) -> Part:
    """Where a record belongs."""
    return Part(record.language, record.benchmark, record.split)


def part_names(parts: Iterable[Part]) -> dict[Part, str]:
    """Parts, sorted, to what a reader calls them: the benchmark, and its split and language where it has several."""
    ordered = sorted(set(parts), key=lambda part: (part.language, part.benchmark, part.split or ""))
    names = {}
    for part in ordered:
        of_benchmark = [other for other in ordered if other.benchmark == part.benchmark]
        words = [part.benchmark]
        if len({other.split for other in of_benchmark}) > 1:
            words.append((SPLITS.get(part.split) or str(part.split)).lower())
        if len({other.language for other in of_benchmark}) > 1:
            words.append(LANGUAGES.get(part.language, part.language))
        names[part] = ", ".join(words)
    return names


def tallies_by_part(records: Iterable[Record]) -> dict[Part, list[Tally]]:
    """How each problem went, by part."""
    found: dict[Part, list[Record]] = {}
    for record in records:
        found.setdefault(part_of(record), []).append(record)
    return {part: list(tally_records(each)) for part, each in found.items()}


def choose_ks(sizes: Sequence[int]) -> tuple[int, ...]:
    """The customary k that at least half of the problems have samples for; `sizes` are their numbers of samples."""
    typical = sorted(sizes)[len(sizes) // 2] if sizes else 1
    return tuple(k for k in KS if k == 1 or k <= typical)


def unlike(before: Side, after: Side) -> Iterator[str]:
    """In what two evaluations differ beside the model, a line each."""
    yield from before.warnings
    yield from after.warnings
    yield from _several_models(before)
    yield from _several_models(after)
    if before.digest == after.digest:
        yield f"both sides hold the same records (sha256 {before.digest[:_SHOWN]})"
    yield from _unlike_images(before, after)
    yield from _unlike_tools(before, after)
    yield from _unlike_settings(before, after)
    yield from _unlike_samples(before, after)
    yield from _unlike_words(before, after)
    yield from _unlike_ceilings(before, after)


def _several_models(side: Side) -> Iterator[str]:
    models = sorted({record.model for record in side.records if record.model is not None})
    if len(models) > 1:
        yield f"{side.label} holds completions of {len(models)} models, which are taken together: {_some(models)}"


def _unlike_images(before: Side, after: Side) -> Iterator[str]:
    old, new = (
        sorted({record.image for record in side.records if record.image is not None}) for side in (before, after)
    )
    if old != new:
        names = [", ".join(images) or "not known" for images in (old, new)]
        alike = [{tools_of(image) for image in images} for images in (old, new)]
        what = "by different versions of this program" if alike[0] == alike[1] else "in different simulation images"
        yield f"judged {what}: {names[0]} ({before.label}), {names[1]} ({after.label})"


def _unlike_tools(before: Side, after: Side) -> Iterator[str]:
    old, new = (_versions(side.records) for side in (before, after))
    for tool in sorted(old.keys() & new.keys()):
        if old[tool] != new[tool]:
            yield (
                f"different versions of {tool}: {', '.join(sorted(old[tool]))} ({before.label}), "
                f"{', '.join(sorted(new[tool]))} ({after.label})"
            )


def _versions(records: Iterable[Record]) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for record in records:
        for tool, version in record.tools.items():
            versions.setdefault(tool, set()).add(version)
    return versions


def _unlike_settings(before: Side, after: Side) -> Iterator[str]:
    sampled = ["temperature" in (side.settings or {}) for side in (before, after)]
    if sampled[0] != sampled[1]:
        unknown, known = (after, before) if sampled[0] else (before, after)
        yield f"how {unknown.label} was sampled is not known: its {RUN} does not say, as that of {known.label} does"
    old, new = before.settings or {}, after.settings or {}
    names = [name for name in old if name in new and (name in SETTINGS or name.startswith("checks."))]
    for name in names:
        if old[name] != new[name]:
            yield f"different {name}: {_setting(old[name])} ({before.label}), {_setting(new[name])} ({after.label})"


def _unlike_samples(before: Side, after: Side) -> Iterator[str]:
    old, new = (_typical_samples(side) for side in (before, after))
    if old != new:
        yield (
            f"different numbers of samples a problem: {old} ({before.label}), {new} ({after.label}); the "
            "p-values are exact for equal numbers"
        )


def _typical_samples(side: Side) -> int:
    sizes = sorted(
        tally.num_samples + tally.num_unjudged
        for tallies in tallies_by_part(side.records).values()
        for tally in tallies
    )
    return sizes[len(sizes) // 2] if sizes else 0


def _unlike_words(before: Side, after: Side) -> Iterator[str]:
    old, new = (
        {(part_of(record), record.problem_id): record.prompt for record in side.records} for side in (before, after)
    )
    differing = sorted(
        problem_id
        for (part, problem_id), words in old.items()
        if words is not None and (found := new.get((part, problem_id))) is not None and words != found
    )
    if differing:
        yield f"other words for {len(differing):,} problems: {_some(differing)}"


def _unlike_ceilings(before: Side, after: Side) -> Iterator[str]:
    if before.defects is None or after.defects is None:
        unknown = [side.label for side in (before, after) if side.defects is None]
        if len(unknown) == 1:
            yield f"golden ceiling of {unknown[0]} is not known: it has no problems.json"
        return
    common = {record.problem_id for record in before.records} & {record.problem_id for record in after.records}
    for side, other in ((before, after), (after, before)):
        assert side.defects is not None
        assert other.defects is not None
        only = sorted((side.defects.keys() - other.defects.keys()) & common)
        if only:
            yield f"references that fail their own test in {side.label} only: {_some(only)}"


def _setting(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:_SHOWN]}…"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
