"""Templates and the extraction rule, on the shapes that models really write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verireason.templates import TEMPLATES, extract

CODE = "module top(input a, output y);\n  assign y = ~a;\nendmodule\n"
OTHER = "module helper(input a, output y);\n  assign y = a;\nendmodule\n"
TESTBENCH = "module tb;\n  top dut(.a(a), .y(y));\nendmodule\n"

SHAPES = {
    "the full format": f"<think>\nInvert it.\n</think>\n<answer>\n```verilog\n{CODE}```\n</answer>",
    "the format on few lines": f"<think> Invert. </think> <answer> ```verilog\n{CODE}``` </answer>",
    "a thought with code in it": f"<think>\n```verilog\n{OTHER}```\n</think>\n<answer>```verilog\n{CODE}```</answer>",
    "only the end of a thought": f"I will invert.\n```verilog\n{OTHER}```\n</think>\n```verilog\n{CODE}```",
    "an answer that never ends": f"<think>x</think><answer>\n```verilog\n{CODE}```",
    "a fence that never ends": f"Sure!\n```verilog\n{CODE}",
    "a thought that never ends before an answer": f"<think>Invert.\n<answer>\n```verilog\n{CODE}```\n</answer>",
    "two answers": f"<answer>```verilog\n{OTHER}```</answer> Wait. <answer>```verilog\n{CODE}```</answer>",
    "an answer and an empty one": f"<answer>```verilog\n{CODE}```</answer> in <answer></answer> tags",
    "one fence with prose around": f"Here you go:\n\n```verilog\n{CODE}```\n\nThis module inverts its input.",
    "two drafts": f"First:\n```verilog\n{OTHER.replace('helper', 'top')}```\nBetter:\n```verilog\n{CODE}```\n",
    "a testbench behind the design": f"```verilog\n{CODE}```\nA testbench:\n```verilog\n{TESTBENCH}```\n",
    "a shell command behind the design": f"```verilog\n{CODE}```\nRun it:\n```bash\niverilog top.v\n```\n",
    "systemverilog": f"```systemverilog\n{CODE}```",
    "sv": f"```sv\n{CODE}```",
    "capital letters": f"```Verilog\n{CODE}```",
    "a space before the label": f"``` verilog\n{CODE}```",
    "four backticks": f"````verilog\n{CODE}````",
    "a fence without a label": f"The code:\n```\n{CODE}```\nDone.",
    "unlabelled fences, one of them the design": f"```\n$ make\n```\nand\n```\n{CODE}```",
    "a closing fence forgotten": f"```verilog\n{OTHER}\n```verilog\n{CODE}```",
    "an indented fence": f"1. Code:\n   ```verilog\n{CODE}   ```",
    "VerilogEval's tags": f"[BEGIN]\n{CODE}[DONE]\n",
    "tags on the lines of code": f"[BEGIN] {CODE.rstrip()}[DONE]",
    "tags with the next question behind": f"[BEGIN]\n{CODE}[DONE]\n\nQuestion:\nx\nAnswer:\n[BEGIN]\n{OTHER}[DONE]",
    "a tag that is never closed": f"Sure.\n[BEGIN]\n{CODE}",
    "a fence inside tags": f"[BEGIN]\n```verilog\n{CODE}```\n[DONE]",
    "tags inside a fence": f"```verilog\n[BEGIN]\n{CODE}[DONE]\n```",
    "tags without code, then a fence": f"[BEGIN] and [DONE] go around it.\n```verilog\n{CODE}```",
    "no fence": CODE,
    "no fence, and the next question's answer behind": f"{CODE}\nQuestion:\nx\n{CODE.replace('~a', 'a')}",
    "no fence, with prose around": f"This module (see below) inverts.\n\n{CODE}\nThat is the module.",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_the_design_is_found_in(text: str) -> None:
    extraction = extract(text, top="top")

    assert extraction.code is not None
    assert extraction.code.rstrip().splitlines() == CODE.rstrip().splitlines()


EMPTY = {
    "nothing": "",
    "prose": "I cannot help with that.",
    "prose about a module": "The module has two inputs; an endmodule closes it.",
    "a thought that never ends": f"<think>\n```verilog\n{CODE}```\n",
    "a continued header": "  assign y = ~a;\nendmodule\n",
    "an answer without code": f"<think>{CODE}</think><answer>none</answer>",
    "another language": "```python\nprint(1)\n```",
}


@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY.keys())
def test_there_is_no_code_in(text: str) -> None:
    assert extract(text, top="top").code is None


def test_line_ends_of_windows_are_kept_and_do_no_harm() -> None:
    code = CODE.replace("\n", "\r\n")

    assert extract(f"```verilog\r\n{code}```\r\n", top="top").code == code.rstrip("\r\n") + "\n"


def test_helper_modules_before_and_behind_the_top_are_kept() -> None:
    assert extract(OTHER + CODE + OTHER, top="top").code == OTHER + CODE + OTHER


def test_directives_and_comments_before_an_unfenced_module_are_kept() -> None:
    text = f"Here:\n`timescale 1ns/1ps\n`define W 4\n\n// inverter\n{CODE}"

    assert extract(text, top="top").code == f"`timescale 1ns/1ps\n`define W 4\n\n// inverter\n{CODE}"


def test_a_module_without_an_end_is_code_up_to_the_end() -> None:
    assert extract("module top(input a);\n assign y = a;", top="top").code == "module top(input a);\n assign y = a;\n"


def test_a_parameterised_header_is_a_header() -> None:
    code = "module top #(parameter W = 4) (input a);\nendmodule\n"

    assert extract(f"text\n{code}", top="top").code == code


def test_lone_surrogates_become_something_that_can_be_written() -> None:
    code = extract(f"```verilog\n// \ud800\n{CODE}```", top="top").code

    assert code is not None
    assert code.encode("utf-8")


@pytest.mark.parametrize("name", ["verireason", "plain", "verilog-eval"])
def test_a_template_follows_its_own_format_and_gives_its_code_back(name: str) -> None:
    extraction = extract(TEMPLATES[name].completion(CODE), top="top", template=name)

    assert extraction.follows_format
    assert extraction.code == CODE


@pytest.mark.parametrize(
    "text",
    [
        f"```verilog\n{CODE}```",
        f"<think>x</think><answer>{CODE}</answer>",
        f"<think>x</think><answer>```verilog\n{CODE}```</answer> Done.",
        f"<think>x</think><think>y</think><answer>```verilog\n{CODE}```</answer>",
        f"<answer>```verilog\n{CODE}```</answer><think>x</think>",
    ],
)
def test_the_tags_must_be_there_once_and_in_order_to_follow_the_format(text: str) -> None:
    assert not extract(text, top="top").follows_format


@pytest.mark.parametrize(
    "text", [CODE, f"[BEGIN]{CODE}", f"[BEGIN]{CODE}[DONE] Done.", f"[BEGIN]\n```\n{CODE}```[DONE]"]
)
def test_anything_but_tagged_code_does_not_follow_the_format_of_verilog_eval(text: str) -> None:
    assert not extract(text, top="top", template="verilog-eval").follows_format


def test_an_index_named_done_ends_no_code() -> None:
    code = CODE.replace("~a", "s[DONE]\n  & a")
    assert extract(f"[BEGIN]\n{code}[DONE]", top="top").code == code


@pytest.mark.parametrize("text", ["Here: " + CODE, CODE + "Done.", f"```verilog\n{CODE}```", CODE[:-11]])
def test_anything_but_code_does_not_follow_the_plain_format(text: str) -> None:
    assert not extract(text, top="top", template="plain").follows_format


def test_prompts_are_messages_for_chat_models_and_text_for_others() -> None:
    template = TEMPLATES["verireason"]

    messages = template.prompt("Invert a.", chat=True)
    assert isinstance(messages, list)
    assert [message["role"] for message in messages] == ["system", "user"]
    assert template.prompt("Invert a.", chat=False, system_prompt="Be brief.") == "Be brief.\n\nInvert a.\n"
    assert TEMPLATES["plain"].prompt("// y = ~a", chat=False) == "// y = ~a\n"


HOSTILE = [
    "`" * 3,
    "```verilog",
    "<think>",
    "</think>",
    "<answer>",
    "module ",
    "module a(",
    "endmodule ",
    "\n",
    "//\n",
    "`a\n",
    " ",
    "module\\",
    "<",
    "[BEGIN]\n",
    "[DONE] ",
    "[BEGIN]\nmodule a(endmodule[DONE]",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_text_is_read_in_linear_time(piece: str) -> None:
    # Anything but linear work on four million characters would not come back within hours.
    assert extract(piece * (4_000_000 // len(piece)), top="top") is not None


PIECES = st.sampled_from([*HOSTILE, CODE, "</answer>", "verilog\n", "top", ";", "\r\n", "\ud800", "import "])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_code_is_never_blank_and_always_encodable(text: str) -> None:
    extraction = extract(text, top="top")

    if extraction.code is not None:
        assert extraction.code.strip()
        extraction.code.encode("utf-8")


HEADER = "module top(input a, output y);"
BODY = "  assign y = ~a;\nendmodule\n"


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        f"```verilog\n{BODY}```\nDone.",
        f"<think>x</think>{BODY}",
        f"{BODY}\n{OTHER}",
        f"[BEGIN]\n{BODY}[DONE]",
    ],
    ids=["bare", "fenced", "after a thought", "with another module behind it", "in tags"],
)
def test_an_answer_that_goes_on_from_the_prompt_stands_behind_its_header(text: str) -> None:
    code = extract(text, top="top", header=HEADER).code
    assert code is not None
    assert code.startswith(f"{HEADER}\n  assign y = ~a;\nendmodule")
    assert extract(text, top="top").code != code


@pytest.mark.parametrize("behind", ["\nThis inverts its input.\n", f"\n// The next task\n\n{CODE}"])
def test_what_a_model_adds_behind_a_body_is_left_out(behind: str) -> None:
    assert extract(BODY + behind, top="top", header=HEADER).code == f"{HEADER}\n{BODY}"


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_a_header_changes_nothing_for_an_answer_with_a_module(text: str) -> None:
    assert extract(text, top="top", header=HEADER) == extract(text, top="top")
