"""What is known to be wrong with published problems, so that nobody takes it for a fault of the farm or of a model.

A table and no code: nothing here changes a verdict. `data validate` explains by it what it finds, and problems.json
carries it to reports. What is marked as found here can be seen by `verireason data validate --benchmark NAME`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from verireason.data import rtllm, verilog_eval, verilog_eval_v1

FOUND_HERE = "found by `verireason data validate`"
ICARUS = "12"
"""The version that the farm runs, `--box host` included."""


class Flaw(StrEnum):
    """What a problem's flaw does."""

    GOLDEN = "golden"
    """Its own reference fails."""
    WEAK = "weak"
    """Its testbench passes designs without logic."""
    OFFICIAL = "official"
    """Its own reference fails by the benchmark's stricter rule alone (`--official`)."""
    PROMPT = "prompt"
    """Its words do not say what its testbench asks for, or say it wrongly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erratum:
    """One flaw of one problem."""

    flaw: Flaw
    what: str
    source: str
    """A public issue, or FOUND_HERE."""
    icarus: tuple[str, ...] | None = None
    """Major versions of Icarus that show it; None for all."""

    @property
    def words(self) -> str:
        """One line for a person."""
        versions = f"Icarus {' and '.join(self.icarus)}: " if self.icarus else ""
        return f"{versions}{self.what} ({self.source})"


_VERILOG_EVAL = "github.com/NVlabs/verilog-eval"
_RTLLM = "github.com/hkust-zhiyao/RTLLM"


def _golden(what: str, source: str = FOUND_HERE, icarus: tuple[str, ...] | None = None) -> Erratum:
    return Erratum(flaw=Flaw.GOLDEN, what=what, source=source, icarus=icarus)


def _weak(outputs: str) -> Erratum:
    return Erratum(
        flaw=Flaw.WEAK, what=f"its testbench passes designs whose outputs are always {outputs}", source=FOUND_HERE
    )


def _prompt(what: str, source: str) -> Erratum:
    return Erratum(flaw=Flaw.PROMPT, what=what, source=source)


_OWN_LIMIT = Erratum(
    flaw=Flaw.OFFICIAL,
    what="every full run reaches the testbench's own time limit, which v2's analysis takes for a failure",
    source=f"{_VERILOG_EVAL}/issues/21",
)
_CAST = _golden("its reference needs an explicit cast there, so it does not compile", icarus=("11",))

_ALTERNATING = Erratum(
    flaw=Flaw.WEAK,
    what="its testbench passes a constant 0: the lowest bit of $random alternates, so `in` is 0 at each rising edge",
    source=FOUND_HERE,
)
_NEVER_RESET = Erratum(
    flaw=Flaw.WEAK,
    what="its testbench never resets at a rising edge, so the reference stays unknown and every design passes",
    source=FOUND_HERE,
)

_V2_BOTH = {
    "Prob053_m2014_q4d": (_ALTERNATING,),
    "Prob082_lfsr32": (_OWN_LIMIT,),
    "Prob141_count_clock": (_OWN_LIMIT,),
    "Prob151_review2015_fsm": (_CAST,),
    "Prob156_review2015_fancytimer": (_CAST, _OWN_LIMIT),
}  # fmt: skip

_RTLLM_BOTH = {
    "radix2_div": (
        _golden("the reference divides wrongly: 3 of 8 results differ", f"{_RTLLM}/issues/20"),
        _prompt("the testbench connects a port res_ready that the words do not name", f"{_RTLLM}/pull/18"),
    ),
    "adder_pipe_64bit": (
        _prompt("the testbench sets parameters that the words do not name", f"{_RTLLM}/pull/18"),
    ),
    "edge_detect": (_weak("0"),),
}  # fmt: skip

ERRATA: dict[str, dict[str, tuple[Erratum, ...]]] = {
    verilog_eval.NAME: _V2_BOTH | {
        "Prob099_m2014_q6c": (
            _golden("its testbench connects Y2 and Y4, its reference has Y1 and Y3", f"{_VERILOG_EVAL}/issues/13"),
        ),
    },
    verilog_eval.CODE_COMPLETE: _V2_BOTH,
    rtllm.NAME: _RTLLM_BOTH | {
        "ring_counter": (
            _golden("the testbench assigns a whole array, which Icarus has not got", icarus=("11", "12")),
        ),
        "clkgenerator": (_golden("the reference toggles at the moment at which the testbench samples it"),),
        "comparator_3bit": (_weak("x, or all 1"),),
        "comparator_4bit": (_weak("x, or all 1"),),
        "fixed_point_adder": (_weak("x"),),
        "fixed_point_substractor": (_weak("x"),),
        "sequence_detector": (
            _weak("x"),
            _prompt("the words call the reset reset_n, the testbench rst_n", f"{_RTLLM}/pull/18"),
        ),
        "square_wave": (_weak("x or 0"),),
        "freq_divbyeven": (
            _prompt("the words call the module freq_diveven, the testbench freq_divbyeven", f"{_RTLLM}/issues/16"),
        ),
    },
    rtllm.V1: _RTLLM_BOTH | {
        "div_16bit": (_golden("the testbench declares expected_result twice"),),
        "pe": (_golden("the reference declares c twice"),),
    },
    verilog_eval_v1.HUMAN: {"m2014_q4d": (_ALTERNATING,)},
    verilog_eval_v1.MACHINE: {
        "2012_q2fsm": (_weak("0"),),
        "fsm_ps2": (_NEVER_RESET,),
        "m2014_q4d": (_ALTERNATING,),
    },
}  # fmt: skip
"""Benchmark name to problem id to its flaws."""


def errata_of(benchmark: str, problem_id: str, *, icarus: str = ICARUS) -> tuple[Erratum, ...]:
    """The flaws of a problem that a version of Icarus shows, as "12" or "12.0"."""
    major = icarus.partition(".")[0]
    known = ERRATA.get(benchmark, {}).get(problem_id, ())
    return tuple(each for each in known if each.icarus is None or major in each.icarus)


def erratum_words(benchmark: str, problem_id: str) -> str | None:
    """All of them in one line, for the farm's Icarus; None when nothing is known."""
    return "; ".join(each.words for each in errata_of(benchmark, problem_id)) or None
