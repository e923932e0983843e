"""A problem and a completion: what a model is asked and what it answered."""

from __future__ import annotations

from dataclasses import dataclass

from sim.verdict import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One task with everything that is needed to judge an answer to it.

    Example:
        Problem(id="gen-counter-1-7f3a", benchmark="generated", prompt="Write a Verilog module ...", spec=...,
                golden="module top_module(...); ... endmodule", split="train", licence="Apache-2.0",
                category="counter", difficulty=1)
    """

    id: str
    benchmark: str
    prompt: str
    """The specification in words, without any chat or answer format around it."""
    spec: Spec
    golden: str
    """A candidate that passes: the reference under the name that candidates use."""
    split: str
    """"train", "heldout" (a task unlike those of train) or "heldout-family"; "test" for public benchmarks."""
    licence: str
    category: str
    """The family for generated problems, a topic for benchmarks."""
    difficulty: int
    """1 (easiest) upwards; 0 when the source does not say."""
    header: str | None = None
    """What an answer may go on from, at the end of the prompt: the module's header, or a HumanEval prompt itself; None
    when every answer is whole."""

    @property
    def language(self) -> str:
        """The language of answers: "python" or "verilog"."""
        return "python" if self.spec.verifier == "python" else "verilog"

    @property
    def answer_language(self) -> str:
        """The language by whose rules code is found in an answer: "verilog-files" where it may be several files."""
        return "verilog-files" if self.spec.verifier == "cocotb-harness" else self.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model wrote for one problem. Hostile text."""

    problem_id: str
    sample: int
    """Index among the completions of the same problem, from 0."""
    text: str
    attempt: int = 0
    """0 for a first answer, n for the n-th repair of it."""
    finish_reason: str | None = None
    """"stop" or "length"; None when the source does not say."""
    num_tokens: int | None = None
    """Written, the ending one included."""
    num_prompt_tokens: int | None = None
    cost: float | None = None
    """In the currency of the price that was given."""
    seed: int | None = None
    model: str | None = None
