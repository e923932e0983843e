"""VerilogEval v2's own prompts, on a small checkout in its layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.verdict import Spec
from verireason.data import rtllm, verilog_eval
from verireason.data.verilog_eval_prompts import SYSTEM_MESSAGES, with_examples
from verireason.errors import UserError
from verireason.problem import Problem
from verireason.templates import TEMPLATES

TASKS = {verilog_eval.NAME: "spec-to-rtl", verilog_eval.CODE_COMPLETE: "code-complete-iccad2023"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for benchmark, task in TASKS.items():
        (tmp_path / f"dataset_{task}").mkdir()
        words = "\nBuild a NOT gate.\n" + ("\nmodule TopModule (\n  input a\n);\n" if "complete" in benchmark else "")
        (tmp_path / f"dataset_{task}" / "Prob005_notgate_prompt.txt").write_text(words)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "verilog-example-prefix_spec-to-rtl_2-shot.txt").write_text("Question:\nTwo.\nAnswer:\n2\n")
    return tmp_path


def problem(benchmark: str) -> Problem:
    return Problem(
        id="Prob005_notgate", benchmark=benchmark, prompt="Build a NOT gate.", golden="", split="test", licence="MIT",
        spec=Spec(verifier="verilog-testbench", top="TopModule", testbench=""), category="notgate", difficulty=0,
    )  # fmt: skip


def prompt(root: Path, benchmark: str, *, num_examples: int = 0, rules: bool = False) -> str:
    (found,) = with_examples([problem(benchmark)], root, num_examples=num_examples, rules=rules)
    return found.prompt


ASKED = "\nQuestion:\nBuild a NOT gate.\n"
TAGS = "\nEnclose your code with [BEGIN] and [DONE]. Only output the code snippet\nand do NOT output anything else.\n"


def test_a_question_ends_with_the_tags_and_the_head_of_an_answer(checkout: Path) -> None:
    assert prompt(checkout, verilog_eval.NAME) == f"{ASKED}{TAGS}\nAnswer:\n"


def test_examples_stand_before_the_question(checkout: Path) -> None:
    found = prompt(checkout, verilog_eval.NAME, num_examples=2)
    assert found == f"Question:\nTwo.\nAnswer:\n2\n{ASKED}{TAGS}\nAnswer:\n"


def test_rules_stand_between_the_question_and_the_tags(checkout: Path) -> None:
    found = prompt(checkout, verilog_eval.NAME, rules=True)
    assert found.startswith(f"{ASKED}\nHere are some additional rules and coding conventions.\n\n - Declare all ports")
    assert found.endswith(f"sensitivity list of any sequential always block.\n{TAGS}\nAnswer:\n")


def test_the_words_of_code_complete_become_comments_before_the_header(checkout: Path) -> None:
    found = prompt(checkout, verilog_eval.CODE_COMPLETE)
    assert found.startswith("\n// Implement the Verilog module based on the following description.")
    assert found.endswith("otherwise stated.\n// \n// Build a NOT gate.\n// \n\nmodule TopModule (\n  input a\n);")


def test_the_directory_of_the_data_set_will_do(checkout: Path) -> None:
    root = checkout / "dataset_spec-to-rtl"
    assert prompt(root, verilog_eval.NAME, num_examples=2) == prompt(checkout, verilog_eval.NAME, num_examples=2)


@pytest.mark.parametrize(
    ("benchmark", "num_examples", "rules", "message"),
    [
        (verilog_eval.NAME, 3, False, "verilog-example-prefix_spec-to-rtl_3-shot.txt is not there; give the root of"),
        (verilog_eval.NAME, 5, False, "5 examples; VerilogEval v2 has 0 to 4"),
        (verilog_eval.CODE_COMPLETE, 0, True, "its published prompts have no rules; leave out --rules"),
        (rtllm.NAME, 1, False, "rtllm-v2 has no published prompts; leave out --examples and --rules"),
    ],
)
def test_what_the_checkout_or_the_benchmark_lacks_is_one_line(
    checkout: Path, benchmark: str, num_examples: int, rules: bool, message: str
) -> None:
    with pytest.raises(UserError) as raised:
        prompt(checkout, benchmark, num_examples=num_examples, rules=rules)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_prompt_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Prob005_notgate_prompt\.txt: No such file or directory; give the root"):
        prompt(tmp_path, verilog_eval.NAME)


def test_the_template_puts_the_prompt_as_it_is_behind_the_published_system_message(checkout: Path) -> None:
    words = prompt(checkout, verilog_eval.NAME)
    assert TEMPLATES["verilog-eval"].prompt(words, chat=True) == [
        {"role": "system", "content": SYSTEM_MESSAGES[verilog_eval.NAME]},
        {"role": "user", "content": words},
    ]
    assert TEMPLATES["verilog-eval"].prompt(words, chat=False) == f"{SYSTEM_MESSAGES[verilog_eval.NAME]}\n\n{words}"
