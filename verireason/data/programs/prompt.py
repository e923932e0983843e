"""The specification in words: what a function returns, with its header around it."""

from __future__ import annotations

from collections.abc import Callable

from verireason.data.programs.program import ENTRY, Program

_WORDINGS = ("Return {}.", "Compute {} and return it.", "The result is {}.")


def terse_prompt(program: Program, header: str) -> str:
    """The function's header and what it does in a few words, always the same for the same task."""
    return f"{header} {program.terse}\n"


def full_prompt(program: Program, header: str, *, wording: int, layout: int) -> str:
    """A specification of several lines. `wording` and `layout` are taken modulo how many there are."""
    sentence = _WORDINGS[wording % len(_WORDINGS)].format(program.returns)
    return PROGRAM_LAYOUTS[layout % len(PROGRAM_LAYOUTS)](header, f"{sentence} {program.note}".rstrip()) + "\n"


def _prose(header: str, behaviour: str) -> str:
    call = header.removeprefix("def ").removesuffix(":")
    return f"Write a Python function `{call}`.\n{behaviour}"


def _documented(header: str, behaviour: str) -> str:
    """What a public benchmark shows: the header and its documentation."""
    return f'{header}\n    """{behaviour}"""'


def _bulleted(header: str, behaviour: str) -> str:
    arguments = header.partition("(")[2].rpartition(")")[0]
    lines = [f" - function: {ENTRY}", f" - arguments: {arguments}", f" - behaviour: {behaviour}"]
    return "\n".join(["Implement this in Python:", "", *lines, "", "Give the whole function."])


PROGRAM_LAYOUTS: tuple[Callable[[str, str], str], ...] = (_prose, _documented, _bulleted)
