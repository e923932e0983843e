"""What an evaluation came to: summary.json beside the records, and the lines that a person reads at the end."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from verireason.errors import MissingError
from verireason.evals.judging import Tally
from verireason.evals.passk import PassAtK, estimate_pass_at_k, tally_records
from verireason.evals.repair import RepairRound, repair_rounds
from verireason.generation.server_errors import Refusal
from verireason.records import Record

KS = (1, 5, 10, 20)
SUMMARY = "summary.json"
MAX_NAMED = 5
"""Problems of one kind that are named in a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of an evaluation. Rates carry their own n, interval and unjudged count."""

    tally: Tally
    num_problems: int
    """That were asked."""
    num_solvable: int
    """Of those, problems whose own reference passes: the ceiling of every rate."""
    pass_at: tuple[PassAtK, ...]
    rounds: tuple[RepairRound, ...]
    """The first answers, and each round of repairs."""
    defects: Mapping[str, str]
    """Problem to why its own reference does not pass."""
    left_out: Mapping[str, str]
    """Problem of the benchmark that could not be asked, to the reason."""
    refused: Mapping[str, int]
    """Why prompts were not answered, which counts as a failure of the model, to how many."""

    @property
    def num_unjudged(self) -> int:
        """Completions of any round that the farm could not judge."""
        return sum(each.num_asked - each.num_judged for each in self.rounds)

    @property
    def num_tokens(self) -> int:
        """Written, in all rounds, as far as somebody said."""
        return sum(each.num_tokens or 0 for each in self.rounds)

    @property
    def num_prompt_tokens(self) -> int:
        """Read, likewise."""
        return sum(each.num_prompt_tokens or 0 for each in self.rounds)

    @property
    def cost(self) -> float | None:
        """Of all rounds; None when no price was given."""
        costs = [each.cost for each in self.rounds if each.cost is not None]
        return math.fsum(costs) if costs else None


def summarise(
    records: Iterable[Record], *, num_problems: int, defects: Mapping[str, str], left_out: Mapping[str, str]
) -> Summary:
    """The summary of all records of an evaluation."""
    found = list(records)
    tally = Tally()
    for record in found:
        tally.add(record)
    tallies = tally_records(found)
    most = max((each.num_samples for each in tallies), default=0)
    return Summary(
        tally=tally,
        num_problems=num_problems,
        num_solvable=num_problems - len(defects),
        pass_at=tuple(estimate_pass_at_k(tallies, k, seed=0) for k in KS if k <= most),
        rounds=repair_rounds(found),
        defects=defects,
        left_out=left_out,
        refused=dict(Counter(record.finish_reason for record in found if record.finish_reason in set(Refusal))),
    )


def write_summary(out: Path, summary: Summary) -> None:
    """All figures as JSON. MissingError when the file cannot be written."""
    data = asdict(summary) | {
        "num_tokens": summary.num_tokens,
        "num_prompt_tokens": summary.num_prompt_tokens,
        "cost": summary.cost,
    }
    path = out / SUMMARY
    try:
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    except OSError as err:
        raise MissingError(f"cannot write {path}: {err.strerror}; make room and go on with --resume") from err


def summary_lines(summary: Summary, out: Path) -> Iterator[str]:
    """The last lines of the command."""
    yield summary.tally.line()
    for rate in summary.pass_at:
        yield _rate_line(f"pass@{rate.k}", rate)
    for each in summary.rounds[1:]:
        yield _round_line(each)
    share = f" ({summary.num_solvable / summary.num_problems:.1%})" if summary.num_problems else ""
    ceiling = f"golden ceiling {summary.num_solvable} of {summary.num_problems} problems{share}"
    yield ceiling + (f"; the references of {_named(list(summary.defects))} do not pass" if summary.defects else "")
    if summary.left_out:
        first, reason = next(iter(summary.left_out.items()))
        yield f"left out, since they cannot be judged: {_named(list(summary.left_out))}; {first}: {reason}"
    if summary.refused:
        reasons = ", ".join(f"{reason} {num}" for reason, num in sorted(summary.refused.items()))
        yield f"prompts refused, which counts as failed: {sum(summary.refused.values())} ({reasons})"
    if summary.num_tokens:
        cost = "" if summary.cost is None else f"; cost {summary.cost:.4g}"
        yield f"tokens: {summary.num_prompt_tokens} read, {summary.num_tokens} written{cost}"
    yield f"records are in {out}; for a page to look at: verireason report {out}"


def _rate_line(name: str, rate: PassAtK) -> str:
    if rate.estimate is None or rate.low is None or rate.high is None:
        return f"{name}: no rate, {rate.num_unjudged} unjudged"
    interval = f"[{rate.low:.1%}, {rate.high:.1%}]"
    excluded = f", {rate.num_excluded} problems left out for fewer than {rate.k} samples" if rate.num_excluded else ""
    counts = f"{rate.num_samples} samples of {rate.num_problems} problems, {rate.num_unjudged} unjudged"
    return f"{name} {rate.estimate:.1%} {interval} ({counts}{excluded})"


def _round_line(found: RepairRound) -> str:
    tokens = "" if found.num_tokens is None else f", {found.num_tokens} tokens written"
    done = f"{found.num_passed} of {found.num_judged} repairs passed{tokens}"
    return f"{_rate_line(f'after repair {found.number}', found.rate)}: {done}"


def _named(ids: Sequence[str]) -> str:
    """How many, and the first of them."""
    more = f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else ""
    return f"{len(ids)} ({', '.join(ids[:MAX_NAMED])}{more})"
