"""VerilogEval v2's own prompts, as its `scripts/sv-generate` makes them: in-context examples, rules, suffixes.

The examples come from the checkout, `scripts/verilog-example-prefix_TASK_N-shot.txt`; the words around them are the
script's, to the byte. The script leaves the rules out of code-complete, so asking for them there is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from verireason.data.verilog_eval import CODE_COMPLETE, DATASETS, NAME, read_text
from verireason.errors import UserError
from verireason.problem import Problem
from verireason.templates import VERILOG_EVAL_SYSTEM_PROMPT

_CHECKOUT = "give the root of a VerilogEval v2 checkout"
MAX_EXAMPLES = 4
"""The checkout has files for 1 to 4 examples."""

SYSTEM_MESSAGES: Mapping[str, str] = {
    NAME: VERILOG_EVAL_SYSTEM_PROMPT,
    CODE_COMPLETE: (
        "\nYou only complete chats with syntax correct Verilog code. End the Verilog module code completion with "
        "'endmodule'. Do not include module, input and output definitions.\n"
    ),
}
"""Benchmark name to the system message that goes with its prompts."""

_COMPLETE_PREFIX = (
    "\n// Implement the Verilog module based on the following description. Assume that signals are positive clock/clk "
    "triggered unless otherwise stated.\n"
)
_RULES = """
Here are some additional rules and coding conventions.

 - Declare all ports and signals as logic; do not to use wire or reg.

 - For combinational logic with an always block do not explicitly specify
   the sensitivity list; instead use always @(*).

 - All sized numeric constants must have a size greater than zero
   (e.g, 0'b0 is not a valid expression).

 - An always block must read at least one signal otherwise it will never
   be executed; use an assign statement instead of an always block in
   situations where there is no need to read any signals.

 - if the module uses a synchronous reset signal, this means the reset
   signal is sampled with respect to the clock. When implementing a
   synchronous reset signal, do not include posedge reset in the
   sensitivity list of any sequential always block.
"""
_TAGS = "\nEnclose your code with [BEGIN] and [DONE]. Only output the code snippet\nand do NOT output anything else.\n"


def with_examples(problems: list[Problem], root: Path, *, num_examples: int, rules: bool) -> list[Problem]:
    """The problems with the published prompts: examples before, rules and suffix behind.

    root: the directory that the problems were loaded from. Raises UserError for another benchmark, for rules on
    code-complete, and for examples that the checkout does not have.
    """
    if not problems:
        return []
    benchmark = problems[0].benchmark
    if benchmark not in DATASETS:
        raise UserError(f"{benchmark} has no published prompts; leave out --examples and --rules")
    if rules and benchmark == CODE_COMPLETE:
        raise UserError(f"{benchmark}: its published prompts have no rules; leave out --rules")
    dataset = DATASETS[benchmark]
    checkout = root.parent if root.name == dataset else root
    examples = _examples(checkout / "scripts", dataset.removeprefix("dataset_"), num_examples)
    form = _completed if benchmark == CODE_COMPLETE else _answered
    return [
        replace(
            problem,
            prompt=examples + form(read_text(checkout / dataset / f"{problem.id}_prompt.txt", _CHECKOUT), rules),
        )
        for problem in problems
    ]


def _examples(scripts: Path, task: str, num: int) -> str:
    if not 0 <= num <= MAX_EXAMPLES:
        raise UserError(f"{num} examples; VerilogEval v2 has 0 to {MAX_EXAMPLES}")
    if num == 0:
        return ""
    path = scripts / f"verilog-example-prefix_{task}_{num}-shot.txt"
    if not path.is_file():
        raise UserError(f"{path} is not there; give the root of a whole VerilogEval v2 checkout, or --examples 0")
    return read_text(path, _CHECKOUT)


def _answered(prompt: str, rules: bool) -> str:
    """Of spec-to-rtl: a question and the head of an answer."""
    question = f"\nQuestion:\n{prompt.strip()}\n" + (_RULES if rules else "")
    return f"{question.rstrip()}\n{_TAGS}\nAnswer:\n"


def _completed(prompt: str, rules: bool) -> str:
    """Of code-complete: the description as comments, then the module's header."""
    lines: list[str] = []
    in_words = True
    for line in prompt.splitlines():
        if "module TopModule" in line:
            lines.append("")
            in_words = False
        lines.append(f"// {line}" if in_words else line)
    return _COMPLETE_PREFIX + "\n".join(lines)
