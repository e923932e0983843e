"""How the published evaluations draw their completions: `eval --preset NAME`. Options given beside a preset win.

A preset is about sampling alone: prompts, templates and in-context examples are chosen apart. What a source does not
say is taken from what goes on beside it there, and the row says so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One way to draw."""

    num_samples: int
    """Of each problem."""
    temperature: float
    top_p: float
    max_tokens: int
    source: str
    """Where it is from, and what of it is ours."""


PRESETS = {
    "verilog-eval-greedy": Preset(
        num_samples=1, temperature=0.0, top_p=0.01, max_tokens=1024,
        source="VerilogEval v2 README, low temperature results; tokens: default of its sv-generate",
    ),
    "verilog-eval-20": Preset(
        num_samples=20, temperature=0.85, top_p=0.95, max_tokens=1024,
        source="VerilogEval v2 README, high temperature results; tokens: default of its sv-generate",
    ),
    "rtlcoder": Preset(
        num_samples=20, temperature=0.2, top_p=0.95, max_tokens=1024,
        source="RTL-Coder README and test_on_verilog-eval.py, for VerilogEval v1",
    ),
    "rtllm": Preset(
        num_samples=5, temperature=0.5, top_p=0.95, max_tokens=2048,
        source="RTLLM README: five trials; the rest, which it does not give, is RTL-Coder's test_on_rtllm.py",
    ),
    "turtle": Preset(
        num_samples=5, temperature=0.2, top_p=0.95, max_tokens=2048,
        source="TuRTLe's configs rtllm.yml and verilog_eval_*.yml",
    ),
    "codev-r1": Preset(
        num_samples=20, temperature=1.0, top_p=0.95, max_tokens=16384,
        source="CodeV-R1's test/benchmark_runner.sh and the default of its sampler; 0.6 for the distilled model",
    ),
    "cvdp": Preset(
        num_samples=5, temperature=1.0, top_p=1.0, max_tokens=4096,
        source="CVDP README and run_samples.py: n = 5; no temperature is sent, and endpoints take 1; tokens: ours",
    ),
    "verireason": Preset(
        num_samples=20, temperature=0.5, top_p=1.0, max_tokens=1024,
        source="VeriReason's verilog_grpo_tb.yaml: what it trains with; the paper gives pass@1 and pass@5 without n or "
        "temperature, and n = 20 is ours",
    ),
}  # fmt: skip
"""Name to preset."""


def presets_table() -> str:
    """The presets for `--help`, one a line."""
    rows = (
        f"  {name:<20} n={each.num_samples:<2} T={each.temperature:g} top-p={each.top_p:g} tokens={each.max_tokens}: "
        f"{each.source}"
        for name, each in PRESETS.items()
    )
    return "presets:\n" + "\n".join(rows)
