"""Designs of several files in answers: JSON, named fences, diffs; and what holds none."""

from __future__ import annotations

import json

import pytest

from verireason.templates import extract

A, B = "module a;\nendmodule\n", "module b;\nendmodule\n"
BOTH = f"// file: rtl/a.sv\n{A}// file: rtl/b.v\n{B}"


def code(answer: str, *, template: str = "plain") -> str | None:
    return extract(answer, top="a", template=template, language="verilog-files").code


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps({"code": [{"rtl/a.sv": A}, {"rtl/b.v": B}]}),
        json.dumps({"code": [{"rtl/a.sv": A, "rtl/b.v": B}]}),
        json.dumps({"code": {"rtl/a.sv": A, "rtl/b.v": B}}),
        "Sure:\n```json\n" + json.dumps({"code": [{"rtl/a.sv": A}, {"rtl/b.v": B}]}, indent=1) + "\n```\nDone.",
        json.dumps({"code": [{"rtl/a.sv": f"```verilog\n{A}```"}, {"rtl/b.v": B}]}),
        '{ "code": [{ "rtl/a.sv": "' + A + '" }, { "rtl/b.v": "' + B + '" }] }',
        f"```verilog rtl/a.sv\n{A}```\n```v file:rtl/b.v\n{B}```",
        f"```systemverilog\n// file: rtl/a.sv\n{A}```\nand\n```verilog\n// rtl/b.v\n{B}```",
        f"**`rtl/a.sv`**:\n```\n{A}```\n### rtl/b.v\n\n```verilog\n{B}```\n",
        f"First try, rtl/a.sv:\n```\nmodule x;\n```\nrtl/a.sv\n```\n{A}```\n1. rtl/b.v\n```verilog\n{B}```\n",
    ],
)
def test_named_files_are_found(answer: str) -> None:
    found = code(answer)
    assert found is not None
    assert (
        found.replace("// file: rtl/a.sv\n// file: rtl/a.sv\n", "// file: rtl/a.sv\n").replace("// rtl/b.v\n", "")
        == BOTH
    )


def test_thought_is_no_answer() -> None:
    draft = json.dumps({"code": [{"rtl/a.sv": "draft"}]})
    assert code(f"<think>{draft}</think>{json.dumps({'code': [{'rtl/a.sv': A}, {'rtl/b.v': B}]})}") == BOTH


DIFF = "--- a/rtl/a.sv\n+++ b/rtl/a.sv\n@@ -1,1 +1,1 @@\n-old\n+new\n"


@pytest.mark.parametrize(
    "answer",
    [DIFF, f"I change one line.\n```diff\n{DIFF}```\n", f"```patch\ndiff --git a/rtl/a.sv b/rtl/a.sv\n{DIFF}```"],
)
def test_diffs_are_found(answer: str) -> None:
    assert code(answer) == f"// diff: rtl/a.sv\n{DIFF}"


def test_each_file_of_a_diff_is_one() -> None:
    other = DIFF.replace("rtl/a.sv", "rtl/b.v")
    assert code(f"```diff\n{DIFF}{other}```") == f"// diff: rtl/a.sv\n{DIFF}// diff: rtl/b.v\n{other}"


@pytest.mark.parametrize("answer", [A, f"Here:\n```verilog\n{A}```\n", f"<answer>\n```\n{A}```\n</answer>"])
def test_an_answer_that_names_no_file_is_one_design(answer: str) -> None:
    assert code(answer) == A


@pytest.mark.parametrize(
    "answer", ["", "I cannot.", '{"code": 3}', '{"code": [{"rtl/a.sv": 3}]}', "```diff\n@@ -1 +1 @@\n```", "{"]
)
def test_no_code_is_none(answer: str) -> None:
    assert code(answer) is None


@pytest.mark.parametrize(
    "piece",
    [
        "```v\n", "```\n", "{", '{"code":', "--- a\n", "+++ b/\n", "rtl/a.sv\n", "a/", "aaaa", "@@ ",
        f"{'.v' * 148}!\n```\n```\n", f"```\n//{' ' * 390}\n```\n",
    ],
)  # fmt: skip
def test_long_hostile_answers_are_read_to_their_end(piece: str) -> None:
    code(piece * (150_000 // len(piece)))


@pytest.mark.parametrize("before", ["(see rtl/a.sv)", "File:rtl/a.sv:", "**/code//rtl/a.sv**", "`/rtl/a.sv`"])
def test_the_word_before_a_fence_names_its_file(before: str) -> None:
    assert code(f"{before}\n```verilog\n{A}```\n") == f"// file: rtl/a.sv\n{A}"


@pytest.mark.parametrize("before", ["rtl/a.sv is next", "rtl/a.svg", "../.sv/", "a.sv.txt"])
def test_other_words_name_no_file(before: str) -> None:
    assert code(f"{before}\n```verilog\n{A}```\n") == A
