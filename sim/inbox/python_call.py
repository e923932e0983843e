"""Ask a candidate's function and write down what it answers, one line at a time. Runs in boxes only.

Lines on descriptor 3: a letter, and what belongs to it.

    L                   the candidate is loaded
    B {why, error, message, line}          it cannot be: "syntax", "import" or "missing"
    V place value       what it returned, in the text of `sim.inbox.values`
    U place text        it returned what has no such text: "a generator"
    R place {error, message, line}         it raised
    X place text        it tried to end the process: the exit status
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

from sim.inbox.python_candidate import Unloadable, become_ordinary, compile_candidate, error_words, find, load
from sim.inbox.python_files import QUESTIONS, SOLUTION
from sim.inbox.values import Unfit, decode, describe, encode

EVIDENCE = 3
VIEWS: dict[str, Callable[[Any], Any]] = {
    each.__name__: each for each in (list, tuple, set, sorted, dict, len, str, sum, int, float, bool)
}
"""`sim.python.suite.View` to builtin."""


def main(argv: Sequence[str]) -> int:
    """argv: "call", the place of the first test, and of the first one that is left out."""
    first, end = int(argv[1]), int(argv[2])
    with open(QUESTIONS, "rb") as file:
        questions = json.load(file)
    with open(SOLUTION, "rb") as file:
        source = file.read()
    write = _writer(os.write)
    try:
        code = compile_candidate(source)
        module = become_ordinary("solution")
        load(module, code, questions["setup"])
        function = find(module, questions["entry"])
    except Unloadable as err:
        write("B", json.dumps(err.words))
        return 0
    write("L")
    for place in range(first, end):
        write(*_ask(function, place, questions["calls"][place]))
    return 0


def _ask(function: Any, place: int, question: Any) -> tuple[str, str]:
    """The letter and the rest of the line."""
    try:
        # Decoded for each call: what the candidate does to its arguments stays with it.
        args = decode(question["args"], with_numpy=True)
        kwargs = decode(question["kwargs"], with_numpy=True) if question["kwargs"] else {}
        answer = function(*args, **kwargs)
        return "V", f"{place} {encode(_viewed(answer, question['views']))}"
    except Unfit as err:
        return "U", f"{place} {err}"
    except SystemExit as err:
        return "X", f"{place} {json.dumps(str(err.code)[:60])}"
    except BaseException as err:
        return "R", f"{place} {json.dumps(error_words(err))}"


def _viewed(answer: Any, views: Sequence[str]) -> Any:
    """What the test looks at. Raises Unfit for an answer that has no such view."""
    for view in views:
        try:
            answer = VIEWS[view](answer)
        except Exception:
            raise Unfit(f"{describe(type(answer))}, and the test takes its {view}") from None
    return answer


def _writer(write: Callable[[int, bytes], int]) -> Callable[..., None]:
    """Writes lines to the evidence, whatever becomes of `os.write` meanwhile."""

    def line(*words: str) -> None:
        data = (" ".join(words) + "\n").encode("utf-8", "replace")
        while data:
            data = data[write(EVIDENCE, data) :]

    return line
