"""Generate completions for problems and judge them while the model goes on writing.

Everything is on disk before the next step needs it: a completion before it is judged, a verdict before it is counted.
What a directory holds already is neither generated nor judged again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from sim.farm import Farm
from verireason.data.calibrate import Calibration
from verireason.evals.judging import RECORDS, WAVES, Tally, write_problems, write_vcd
from verireason.evals.pipeline import Pipeline
from verireason.evals.repair import repair_prompt
from verireason.evals.run_state import COMPLETIONS, CompletionWriter, Key, Progress, read_progress
from verireason.generation.generator import Generated, Generator, Request, Sampling
from verireason.problem import Completion, Problem
from verireason.progress import Bars
from verireason.records import Record, RecordWriter
from verireason.templates import TEMPLATES, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which completions are wanted."""

    num_samples: int
    """Of each problem."""
    sampling: Sampling
    seed: int
    template: str
    system_prompt: str | None = None
    num_repairs: int = 0
    """Rounds in which what failed is shown back to the model and asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Where the time of one start of an evaluation went; seconds."""

    generation_s: float
    judging_after_s: float
    """What judging was still at when the last completion was there."""
    box_s: float
    """Boxes at work, over all of them."""
    num_boxes: int

    @property
    def busy_share(self) -> float:
        """Of the farm's time, in [0, 1]."""
        whole = self.num_boxes * (self.generation_s + self.judging_after_s)
        return min(1.0, self.box_s / whole) if whole else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What came of it: of all records in the directory, not only of this start's."""

    tally: Tally
    timing: Timing


def request_seed(seed: int, key: Key) -> int:
    """The seed of one completion, from 0 to 2^31 - 1. It depends on nothing but the run's seed and the completion, so
    that what is left over is drawn as it would have been."""
    digest = hashlib.sha256("\0".join(map(str, (seed, *key))).encode(errors="replace"))
    return int.from_bytes(digest.digest()[:4], "big") >> 1


class Asker:
    """Turns what is wanted into requests and answers into completions, and sees to it that each comes once."""

    def __init__(self, generator: Generator, plan: Plan) -> None:
        self._generator, self._plan = generator, plan
        self._form = TEMPLATES[plan.template]

    def first_answers(self, problems: Sequence[Problem], done: set[Key]) -> Iterator[Completion]:
        """The first answers that are not done, in whatever order the generator gives them."""
        wanted = (
            (problem.id, sample, 0, self._prompt(problem))
            for problem in problems
            for sample in range(self._plan.num_samples)
            if (problem.id, sample, 0) not in done
        )
        return self._ask(0, wanted)

    def repairs(self, attempt: int, failures: Iterable[Record], calibration: Calibration) -> Iterator[Completion]:
        """The next attempt for each of the failures."""
        wanted = (
            (failure.problem_id, failure.sample, attempt, repair_prompt(self._prompt(problem), failure))
            for failure in failures
            for problem in [calibration.problems[failure.problem_id]]
        )
        return self._ask(attempt, wanted)

    def _prompt(self, problem: Problem) -> str | list[Message]:
        return self._form.prompt(
            problem.prompt,
            chat=self._generator.chat,
            system_prompt=self._plan.system_prompt,
            language=problem.language,
        )

    def _ask(self, attempt: int, wanted: Iterable[tuple[str, int, int, str | list[Message]]]) -> Iterator[Completion]:
        open_requests: set[tuple[str, int]] = set()

        def requests() -> Iterator[Request]:
            for problem_id, sample, number, prompt in wanted:
                open_requests.add((problem_id, sample))
                seed = request_seed(self._plan.seed, (problem_id, sample, number))
                yield Request(key=(problem_id, sample), prompt=prompt, seed=seed)

        for written in self._generator.generate(requests(), self._plan.sampling):
            if written.key not in open_requests:
                raise RuntimeError(
                    f"{self._generator.name} answered {written.key}, which nobody asked or it had before"
                )
            open_requests.remove(written.key)
            yield self._completion(written, attempt)
        if open_requests:
            raise RuntimeError(f"{self._generator.name} left {len(open_requests)} requests without an answer")

    def _completion(self, written: Generated, attempt: int) -> Completion:
        problem_id, sample = written.key
        return Completion(
            problem_id=problem_id,
            sample=sample,
            attempt=attempt,
            text=written.text,
            finish_reason=written.finish_reason,
            num_tokens=written.num_tokens,
            num_prompt_tokens=written.num_prompt_tokens,
            cost=written.cost,
            seed=self._plan.seed,
            model=self._generator.name,
        )


def evaluate(
    generator: Generator,
    farm: Farm,
    calibration: Calibration,
    plan: Plan,
    out: Path,
    *,
    phase: str | None = None,
    config: str | None = None,
) -> Evaluation:
    """Complete and judge every problem of the calibration; completions, records and problems go to `out`.

    Goes on from what is there. An exception of the generator or of the farm ends both, and leaves whole lines.
    """
    write_problems(out, calibration)
    before = read_progress(out, num_repairs=plan.num_repairs)
    num_wanted = len(calibration.problems) * plan.num_samples + before.tally.num_repairs
    num_judged = before.tally.num_records + before.tally.num_repairs
    with (
        CompletionWriter(out / COMPLETIONS) as completions,
        RecordWriter(out / RECORDS) as records,
        Bars(num_wanted=num_wanted, num_generated=len(before.done), num_judged=num_judged) as bars,
    ):
        run = _Run(generator=generator, calibration=calibration, plan=plan, before=before, bars=bars)
        clock = _Clock(farm=farm)
        with Pipeline(
            farm,
            calibration,
            template=plan.template,
            write=lambda record: run.note(record, records, out),
            is_failure=run.is_to_be_repaired,
            phase=phase,
            config=config,
        ) as pipeline:
            run.generate(pipeline, completions.write)
            clock.generation_is_over()
    return Evaluation(tally=before.tally, timing=clock.timing())


@dataclass(slots=True, kw_only=True)
class _Run:
    generator: Generator
    calibration: Calibration
    plan: Plan
    before: Progress
    bars: Bars

    def generate(self, pipeline: Pipeline, keep: Callable[[Completion], None]) -> None:
        """Every round: what is generated and not judged goes first. `keep` gets each completion before it is judged."""
        asker = Asker(self.generator, self.plan)
        for attempt in range(self.plan.num_repairs + 1):
            for completion in self.before.pending:
                if completion.attempt == attempt:
                    pipeline.put(completion)
            if attempt == 0:
                written = asker.first_answers(list(self.calibration.problems.values()), self.before.done)
            else:
                left_over = [record for record in self.before.to_repair if record.attempt == attempt - 1]
                failures = self._counted(chain(left_over, pipeline.failures()))
                written = asker.repairs(attempt, failures, self.calibration)
            for completion in written:
                keep(completion)
                self.bars.generated(completion.num_tokens)
                pipeline.put(completion)
            pipeline.end_round()

    def is_to_be_repaired(self, record: Record) -> bool:
        """Whether to show it back: it failed by its own fault, and a right answer could pass."""
        return (
            record.judged
            and not record.passed
            and record.attempt < self.plan.num_repairs
            and record.problem_id not in self.calibration.defects
            and (record.problem_id, record.sample, record.attempt + 1) not in self.before.done
        )

    def note(self, record: Record, records: RecordWriter, out: Path) -> None:
        """Keep and count a record; called in the pipeline's thread."""
        records.write(record)
        write_vcd(out / WAVES, record)
        self.before.tally.add(record)
        self.bars.judged(self.before.tally.line())

    def _counted(self, failures: Iterable[Record]) -> Iterator[Record]:
        for failure in failures:
            if self.is_to_be_repaired(failure):
                self.bars.want(1)
                yield failure


@dataclass(slots=True, kw_only=True)
class _Clock:
    farm: Farm
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    box_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.box_s = self.farm.pool.counts.busy_s

    def generation_is_over(self) -> None:
        self.ended = time.monotonic()

    def timing(self) -> Timing:
        assert self.ended is not None
        return Timing(
            generation_s=self.ended - self.started,
            judging_after_s=time.monotonic() - self.ended,
            box_s=self.farm.pool.counts.busy_s - self.box_s,
            num_boxes=self.farm.pool.num_boxes,
        )
