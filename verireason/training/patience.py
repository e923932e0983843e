"""A farm that fails is waited for: what it could not judge is submitted again until it can, or until patience ends.

A stall costs time and no completion. What is left UNJUDGED when patience ends is the caller's to count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass

from sim.farm import Farm
from sim.verdict import Candidate, Outcome, Spec, Verdict

FIRST_PAUSE_S = 0.5
"""Before the first try; each pause is twice the one before."""
MAX_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """What came of waiting."""

    verdicts: tuple[Verdict, ...]
    """In the order of the candidates."""
    stalled_s: float
    """Wall seconds that it took; 0 when nothing had to be waited for."""


def judged_patiently(
    farm: Farm,
    pairs: Sequence[tuple[Candidate, Spec]],
    verdicts: Sequence[Verdict],
    *,
    max_unjudged: float,
    patience_s: float,
    say: Callable[[str], None],
) -> Waited:
    """The verdicts of a batch, waiting for the farm while more than a share of it is UNJUDGED.

    verdicts: what the farm concluded about the pairs so far. max_unjudged: the share that may stay UNJUDGED.
    patience_s: wall seconds after which whatever is there is returned. say: tells the person why nothing moves.
    """
    started = time.monotonic()
    known, allowed = list(verdicts), max_unjudged * len(verdicts)
    if len(_unjudged(known)) <= allowed:
        return Waited(verdicts=tuple(known), stalled_s=0.0)
    pause_s = FIRST_PAUSE_S
    while len(missing := _unjudged(known)) > allowed and (left_s := started + patience_s - time.monotonic()) > 0:
        say(_stall(known, missing, left_s=left_s))
        time.sleep(min(pause_s, left_s))
        pause_s = min(2 * pause_s, MAX_PAUSE_S)
        again = {place: farm.submit(*pairs[place]) for place in missing}
        wait(again.values(), timeout=max(0.0, started + patience_s - time.monotonic()))
        known = [again[place].result() if place in again and again[place].done() else verdict
                 for place, verdict in enumerate(known)]  # fmt: skip
    stalled_s = time.monotonic() - started
    if len(missing) <= allowed:
        say(f"the farm judges again, after {stalled_s:.0f} s")
    return Waited(verdicts=tuple(known), stalled_s=stalled_s)


def _unjudged(verdicts: Sequence[Verdict]) -> list[int]:
    return [place for place, verdict in enumerate(verdicts) if verdict.outcome is Outcome.UNJUDGED]


def why(verdict: Verdict) -> str:
    """What the farm says about a completion that it could not judge."""
    return verdict.diagnostics[0].message if verdict.diagnostics else "no reason given"


def _stall(verdicts: Sequence[Verdict], missing: Sequence[int], *, left_s: float) -> str:
    return (
        f"waiting for the farm, {left_s:.0f} s more at most: {len(missing)} of {len(verdicts)} completions not judged; "
        f"the first: {why(verdicts[missing[0]])}"
    )
