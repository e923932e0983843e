"""Probes for Python: they can be called as the golden can, and do nothing."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from verireason.data.programs.probes import program_probes

FUNCTION = "import math\nfrom typing import List\n\ndef helper(x):\n    return x\n\ndef f(a: List[int], b=math.pi, *, c=1):\n    return a\n"
METHOD = "class Solution:\n    def f(self, a: int) -> int:\n        return a + 1\n"


def test_a_functions_probes_take_its_arguments_and_answer_with_nothing_of_it() -> None:
    probes = program_probes(FUNCTION, entry="f")
    answers = {}
    for name in ("nothing", "zero", "true", "empty list", "empty text", "argument", "claims"):
        names: dict[str, object] = {}
        exec(probes[name], names)
        f = names["f"]
        assert callable(f)
        with redirect_stdout(io.StringIO()):
            answers[name] = f([7], 2, c=3)
    assert list(answers.values()) == [None, 0, True, [], "", [7], [7]]


def test_a_methods_probes_are_methods() -> None:
    names: dict[str, object] = {}
    exec(program_probes(METHOD, entry="Solution.f")["argument"], names)
    solution = names["Solution"]
    assert isinstance(solution, type)
    assert solution().f(4) == 4


def test_a_function_without_arguments_has_probes() -> None:
    names: dict[str, object] = {}
    exec(program_probes("def f():\n    return 4\n", entry="f")["argument"], names)
    f = names["f"]
    assert callable(f)
    assert f() is None


def test_programs_have_probes_of_their_own() -> None:
    assert "sys.stdin" in program_probes("print(1)\n", entry="")["input"]


def test_a_golden_without_the_function_is_refused() -> None:
    with pytest.raises(ValueError, match="the golden defines no g"):
        program_probes(FUNCTION, entry="g")
