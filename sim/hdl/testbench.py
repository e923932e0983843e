"""The contract between a testbench text and the verifier that runs it.

A candidate shares a simulation with its testbench, so the testbench must not be guessable. Two placeholders do that:

* `__vr_` starts every name that the testbench owns: its modules, instances, nets and variables, and the module of the
  reference, which is `__vr_ref`. The testbench's top module is `__vr_tb`. The verifier puts a fresh prefix there.
* `@VR@` starts every line of evidence that it prints. The verifier replaces it by a secret that no name contains
  (a candidate can print names with `%m`).

Lines of evidence, in VerilogEval's own words so that its testbenches need no other change:

    @VR@ Hint: Output 'q' has 3 mismatches. First mismatch occurred at time 95.
    @VR@ Hint: Output 'q' has no mismatches.
    @VR@ First: time 95 output q expected 01x1 got 0000 inputs a=0101 b=1
    @VR@ Mismatches: 3 in 412 samples

`First:` is optional and printed once, at the first sample that differs. `Mismatches:` ends the run: it must come last,
and its number of samples must be that of the golden's run, else the run ended early.
"""

from __future__ import annotations

import re

NAME_PREFIX = "__vr_"
EVIDENCE = "@VR@"
TESTBENCH_TOP = NAME_PREFIX + "tb"
REFERENCE_TOP = NAME_PREFIX + "ref"

_MODULE = re.compile(r"\bmodule\s+(?:automatic\s+|static\s+)?([A-Za-z_][A-Za-z0-9_$]*)")


def with_own_modules(reference: str) -> str:
    """A reference with its helper modules under names of the testbench's: out of the candidate's reach and of its way.

    For trusted text: words in strings and comments are renamed, too.
    """
    names = sorted({name for name in _MODULE.findall(reference) if not name.startswith(NAME_PREFIX)})
    if not names:
        return reference
    used = re.compile(rf"(?<![\w$.`\\])(?:{'|'.join(map(re.escape, names))})(?![\w$])")
    return used.sub(lambda found: NAME_PREFIX + found[0], reference)
