"""How a model is asked and how its answer is read: prompt and answer formats, and the one extraction rule.

Training and evaluation share `extract`, so a completion means the same code in both. Completions are hostile text:
everything here is a fixed number of linear passes, and no code is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verireason.extraction import python, verilog, verilog_files
from verireason.extraction.answer import Language, answer_part, encodable, tagged_answer

SYSTEM_PROMPT = (
    "You are a professional Verilog designer who writes correct, synthesisable RTL from a specification. "
    "First think about the design step by step, then give the complete module. "
    "Respond in the following format:\n"
    "<think>\nyour reasoning\n</think>\n<answer>\n```verilog\nyour code\n```\n</answer>"
)
PYTHON_SYSTEM_PROMPT = (
    "You are a professional Python programmer who writes correct, efficient programs from a specification. "
    "First think about the program step by step, then give the complete code. "
    "Respond in the following format:\n"
    "<think>\nyour reasoning\n</think>\n<answer>\n```python\nyour code\n```\n</answer>"
)
VERILOG_EVAL_SYSTEM_PROMPT = "\nYou are a Verilog RTL designer that only writes code using correct Verilog syntax.\n"
"""Of VerilogEval v2's spec-to-rtl, to the byte; code-complete has another (`verireason.data.verilog_eval_prompts`)."""
LANGUAGES: Mapping[str, Language] = {"verilog": verilog, "python": python, "verilog-files": verilog_files}
"""Language to what finds its code. Its name is the label of fences; those of "verilog-files" are Verilog's."""

Message = dict[str, str]
"""{"role": "system" | "user" | "assistant", "content": text}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One prompt and answer format, for every language.

    Example:
        TEMPLATES["plain"].prompt("// y = a & b", chat=False)          # "// y = a & b\\n"
        TEMPLATES["plain"].completion("module m(...); ... endmodule")  # the same with a line end
    """

    name: str
    system_prompts: Mapping[str, str]
    """By language; none for a language that is missing."""
    before_code: str
    """What a well-formed answer has before the code; `{language}` stands for the label of a fence."""
    after_code: str

    def prompt(
        self, text: str, *, chat: bool, system_prompt: str | None = None, language: str = "verilog"
    ) -> str | list[Message]:
        """The prompt around a specification.

        chat: whether the model has a chat template; it then gets messages and else one text that ends with a line end.
        system_prompt: used in place of the template's own.
        """
        system = self.system_prompts.get(language) if system_prompt is None else system_prompt
        if chat:
            user = {"role": "user", "content": text}
            return [{"role": "system", "content": system}, user] if system else [user]
        return (f"{system}\n\n" if system else "") + text.rstrip("\n") + "\n"

    def completion(self, code: str, *, language: str = "verilog") -> str:
        """A well-formed answer that holds `code`, for supervised training."""
        return self.before_code.replace("{language}", language) + code.strip("\n") + "\n" + self.after_code

    def is_followed_by(self, text: str, *, language: str = "verilog") -> bool:
        """Whether a completion has exactly this format; linear in its length.

        "verireason": `<think>` ... `</think>`, `<answer>`, one fence of the language, `</answer>`, each tag once and
        nothing but space around. "verilog-eval": `[BEGIN]`, nothing but code, `[DONE]`. "plain": nothing but code.
        """
        if self.name == "plain":
            return LANGUAGES[language].is_bare_code(text)
        if self.name == "verilog-eval":
            code = text.strip().removeprefix("[BEGIN]").removesuffix("[DONE]")
            return text.strip() == f"[BEGIN]{code}[DONE]" and LANGUAGES[language].is_bare_code(code)
        answer = tagged_answer(text)
        return answer is not None and LANGUAGES[language].is_one_fence(answer)


TEMPLATES = {
    "verireason": Template(
        name="verireason",
        system_prompts={"verilog": SYSTEM_PROMPT, "python": PYTHON_SYSTEM_PROMPT},
        before_code="<think>\n</think>\n<answer>\n```{language}\n",
        after_code="```\n</answer>",
    ),
    "plain": Template(name="plain", system_prompts={}, before_code="", after_code=""),
    "verilog-eval": Template(
        name="verilog-eval",
        system_prompts={"verilog": VERILOG_EVAL_SYSTEM_PROMPT},
        before_code="[BEGIN]\n",
        after_code="[DONE]",
    ),
}
"""Name to format. To add one, add a row; `is_followed_by` and the tests must know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """The code in a completion.

    Example:
        Extraction(code="module m; endmodule", follows_format=False, why="unfenced module")
    """

    code: str | None
    """Encodable as UTF-8, not stripped inside; None when the completion holds no code."""
    follows_format: bool
    """Whether the whole completion has its template's format. No part of finding the code."""
    why: str
    """Which rule found the code, or why there is none."""


def extract(
    text: str, *, top: str, template: str = "verireason", header: str | None = None, language: str = "verilog"
) -> Extraction:
    """Find the code in a completion. The same rule for every template, which only decides `follows_format`.

    1. Thought is not answer. Everything up to the last `</think>` is dropped. A `<think>` without an end leaves
       nothing, unless an `<answer>` comes after it.
    2. With an `<answer>` in what is left, only the last one that is not blank counts: up to its `</answer>`, or to the
       end when it has none.
    3. The language has its own rules for what is left: see `find_code` of `verireason.extraction.verilog`, of
       `verireason.extraction.python`, and of `verireason.extraction.verilog_files`.

    header: what the prompt ended with, for problems whose answers may go on from there. top: the module or the entry
    point, "main" for Python programs from standard input to standard output.
    """
    follows = TEMPLATES[template].is_followed_by(text, language=language)
    answer = answer_part(encodable(text))
    if answer is None:
        return Extraction(code=None, follows_format=follows, why="the reasoning has no end")
    found = LANGUAGES[language].find_code(answer, top=top, header=header)
    return Extraction(code=found.code, follows_format=follows, why=found.why)
