"""The stricter rules of the benchmarks' own harnesses, for verdicts that are to equal the published ones.

Both versions of VerilogEval fail designs that compile and agree in every sample, for what Icarus says beside that. The
messages come from our own run of the same sources, with the same flags. What a candidate prints itself takes no part:
the guard replaces printing by nothing, so a design that prints the word error passes here and fails there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sim.verdict import Diagnostic, OfficialRule, Outcome, Severity, Verdict

_SAID = re.compile(
    "error|warning: always_comb process has no sensitivities|found no sensitivities so it will never trigger"
    "|is declared here as wire|Unknown module type|Unable to bind wire/reg"
)
"""What `sv-iv-analyze` looks for in the log of a sample that has no mismatch."""
_DIRECTIVE = re.compile(
    r'//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*"?|`default_nettype\s+(?P<kind>\w+)|`resetall\b', re.DOTALL
)
"""Directives, and what may hold their names; a comment or string without an end is one, so every pass is linear."""


def with_official_rule(
    verdict: Verdict, rule: OfficialRule, *, log: str, reached_own_limit: bool, file: str
) -> Verdict:
    """The verdict under the rule as well; only a pass can change.

    log: standard error of compiler and simulation. file: the candidate's name in it; lines about other files are not
    shown, since they would tell a model about the testbench.
    """
    if not verdict.passed:
        return verdict
    match rule:
        case OfficialRule.SILENT:
            line = next((line for line in log.split("\n") if line.strip()), None)
            why = "VerilogEval v1 fails whatever the compiler or the simulation says on standard error"
        case OfficialRule.LOG_WORDS:
            if reached_own_limit:
                return _failed(
                    verdict, Outcome.TIMEOUT, "VerilogEval v2 fails a run that reaches the testbench's limit"
                )
            line = next((line for line in log.split("\n") if _SAID.search(line)), None)
            why = "VerilogEval v2 fails a log with an error in it or a process without sensitivities"
    if line is None:
        return verdict
    own = line.startswith(f"{file}:")
    return _failed(verdict, Outcome.COMPILE_ERROR, f"{why}: {line.partition(' ')[2] if own else 'about the testbench'}")


def _failed(verdict: Verdict, outcome: Outcome, why: str) -> Verdict:
    told = Diagnostic(severity=Severity.ERROR, message=f"the official rule: {why}"[:300])
    return replace(verdict, outcome=outcome, diagnostics=(told, *verdict.diagnostics))


def behind_candidate(source: str, own: Mapping[str, bytes]) -> dict[str, bytes]:
    """Our files, which come first, as if they stood behind the candidate's, where v2's makefile has its own.

    There the candidate starts without a time scale, and what it leaves of "`default_nettype none" reaches them, which
    are then found in error.
    """
    before = b"`default_nettype none\n" if leaves_no_nettype(source) else b""
    texts = {name: before + text for name, text in own.items()}
    last = list(texts)[-1]
    return texts | {last: texts[last] + b"\n`resetall\n"}


def leaves_no_nettype(source: str) -> bool:
    """Whether "`default_nettype none" is in force behind the source. Linear in hostile text."""
    kind = None
    for found in _DIRECTIVE.finditer(source):
        if found["kind"] or found[0] == "`resetall":
            kind = found["kind"]
    return kind == "none"
