"""One evaluation from its settings to its summary: farm, references, model, loop, and what stays when it ends early."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sim.farm import Farm
from sim.verdict import Checks
from verireason.data.calibrate import Calibration
from verireason.data.loaded import Loaded
from verireason.errors import UserError
from verireason.evals.evaluate import Plan, Timing, evaluate
from verireason.evals.judging import RECORDS, farm_for_user
from verireason.evals.run_state import COMPLETIONS, RunSettings, problems_digest, start_or_go_on
from verireason.evals.summary import Summary, summarise, write_summary
from verireason.generation.engines import Engine, open_generator
from verireason.records import read_records


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be evaluated, whoever said so."""

    benchmark: str
    loaded: Loaded
    calibrated: Callable[[Farm], Calibration]
    checks: Checks
    plan: Plan
    out: Path
    examples: int = 0
    rules: bool = False
    phase: str | None = None
    threads: int | None = None
    """Of torch on the CPU."""
    config: str | None = None
    """Digest of the recipe's resolved configuration."""


def carry_out(task: Task, engine: Engine, *, box: str, num_boxes: int, resume: bool) -> Summary:
    """Evaluate, or go on with it, and write the summary.

    UserError for a directory that does not fit or an engine that does not open, MissingError for what the host lacks;
    both say how to go on when something is done already.
    """
    if engine.kind in ("transformers", "vllm"):
        from verireason.training.models import check_model_path

        check_model_path(engine.model)
    with farm_for_user(box=box, num_boxes=num_boxes, checks=task.checks) as farm:
        start_or_go_on(task.out, _settings(task, engine, image=farm.image), resume=resume)
        if engine.kind == "transformers" and task.threads is not None:
            from verireason.training.models import is_local, set_up_libraries

            set_up_libraries(threads=task.threads, needs_hub=not is_local(engine.model))
        # The model first: one that is not there is told before minutes are spent on references.
        with _saying_how_to_go_on(task.out), open_generator(engine) as generator:
            print(f"running the references of {len(task.loaded.problems)} problems", file=sys.stderr)
            calibration = task.calibrated(farm)
            done = evaluate(generator, farm, calibration, task.plan, task.out, phase=task.phase, config=task.config)
    if done.timing.box_s:
        print(_where_time_went(done.timing), file=sys.stderr)
    summary = summarise(
        read_records(task.out / RECORDS),
        num_problems=len(calibration.problems),
        defects=calibration.defects,
        left_out={**task.loaded.left_out, **calibration.left_out},
    )
    write_summary(task.out, summary)
    return summary


def _settings(task: Task, engine: Engine, *, image: str) -> RunSettings:
    plan, sampling = task.plan, task.plan.sampling
    return RunSettings(
        benchmark=task.benchmark,
        num_problems=len(task.loaded.problems),
        problems=problems_digest(task.loaded.problems),
        engine=engine.kind,
        model=engine.model,
        chat=engine.chat,
        completions=None if engine.completions is None else _file_digest(engine.completions),
        samples=plan.num_samples,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_new_tokens,
        seed=plan.seed,
        template=plan.template,
        system_prompt=plan.system_prompt,
        examples=task.examples,
        rules=task.rules,
        repair=plan.num_repairs,
        checks=task.checks,
        image=image,
        config=task.config,
    )


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as err:
        raise UserError(f"cannot read {path}: {err.strerror}; give a file of completions") from err


@contextmanager
def _saying_how_to_go_on(out: Path) -> Iterator[None]:
    """Add to whatever ends the block what is kept and how to go on."""
    try:
        yield
    except BaseException as err:
        num_completions, num_records = _num_lines(out / COMPLETIONS), _num_lines(out / RECORDS)
        if num_completions:
            kept = f"{num_completions} completions and {num_records} verdicts are kept in {out}"
            hint = f"{kept}; go on with the same command and --resume"
            if isinstance(err, UserError):
                raise type(err)(f"{err}; {hint}") from err
            print(f"verireason: {hint}", file=sys.stderr)
        raise


def _num_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _where_time_went(timing: Timing) -> str:
    return (
        f"generation took {timing.generation_s:.1f} s, judging {timing.judging_after_s:.1f} s more after it; "
        f"the farm's {timing.num_boxes} boxes were at work {timing.busy_share:.0%} of that time"
    )
