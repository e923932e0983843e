"""The failure letters of VerilogEval v2's `sv-iv-analyze`, worked out from records.

The published script reads the compiler's and the simulation's log of a sample line by line, and the first line that it
knows decides; what is left is told apart by words in the code. A record keeps of the log what its diagnostics say, in
the log's order, so the same walk goes over those. Three choices are ours:

* PASS is `.` always. The script has another letter for some, which `verireason agree` lists with its reason: for
  instance `n` for an `always_comb` without inputs, whatever the samples said.
* What the published flow has no word for gets the letter that its log would lead to: NO_CODE is an empty file (`m`, the
  testbench finds no module), OUTPUT_LIMIT prints until the 30 s are over (`T`), REJECTED, CRASH and MEMORY end without
  a line of mismatches (`R` or `r`).
* `?` is UNJUDGED and nothing else; the script can't give it to a sample with a log.
"""

from __future__ import annotations

import re

from sim.hdl.verilog_testbench import OWN_LIMIT
from sim.verdict import Outcome
from verireason.records import Record

PASSED, UNJUDGED = ".", "?"
LETTERS = {
    PASSED: "passed",
    "S": "syntax error",
    "e": "an assignment that needs an explicit cast",
    "0": "a constant of size zero",
    "n": "a process without sensitivities, so it never runs",
    "w": "an assignment to a wire in a process",
    "m": "an unknown module",
    "p": "a name that is not declared",
    "c": "clk is not declared",
    "T": "did not end in time",
    "C": "another compile error",
    "r": "wrong, and resets asynchronously",
    "R": "wrong",
    UNJUDGED: "not judged",
}
"""Letter to what it means, in the order in which reports list them."""

_DECISIVE = (
    ("S", re.compile("syntax error")),
    ("e", re.compile("^This assignment requires an explicit cast")),
    ("0", re.compile("^Sized numeric constant must have a size greater than zero")),
    ("n", re.compile("^always_comb process has no sensitivities|found no sensitivities so it will never trigger")),
    ("w", re.compile("is declared here as wire")),
    ("m", re.compile("Unknown module type")),
    ("c", re.compile("Unable to bind wire/reg/memory `clk'")),
    ("T", re.compile("TIMEOUT")),
)
"""Letter to what a message says; the first message that says any of this decides."""
_RESETS = ("posedge reset", "negedge reset", "posedge r)")
_SAMPLES = re.compile(r"^([0-9]+) samples were compared; a full run has")


def letter(record: Record) -> str:
    """The letter of a judged record, one of LETTERS.

    Example:
        letter(record)   # "w" where Icarus said "q is declared here as wire."
    """
    match record.outcome:
        case Outcome.PASS:
            return PASSED
        case Outcome.UNJUDGED:
            return UNJUDGED
        case Outcome.NO_CODE:
            return "m"
        case Outcome.REJECTED:
            return _wrong(record)
    messages = [each.message for each in record.diagnostics]
    for message in messages:
        for decided, pattern in _DECISIVE:
            if pattern.search(message):
                return decided
    if record.outcome in (Outcome.TIMEOUT, Outcome.OUTPUT_LIMIT) or OWN_LIMIT in messages:
        return "T"
    if any("Unable to bind wire/reg" in message for message in messages):
        return "p"
    if record.outcome is Outcome.COMPILE_ERROR or any("error" in message for message in messages):
        return "C"
    return _wrong(record)


def num_mismatches(record: Record) -> int:
    """Samples that differed, as the script counts them; 0 where none or nothing was reported."""
    ended_early = next((found for each in record.diagnostics if (found := _SAMPLES.match(each.message))), None)
    num_samples = int(ended_early[1]) if ended_early else record.tests_total
    if num_samples is None or record.tests_passed is None:
        return 0
    return num_samples - record.tests_passed


def _wrong(record: Record) -> str:
    return "r" if any(words in (record.code or "") for words in _RESETS) else "R"
