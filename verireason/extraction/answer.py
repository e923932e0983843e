"""Which part of a completion is its answer: the rules that all languages share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Code in an answer, or why there is none."""

    code: str | None
    why: str


class Language(Protocol):
    """What a language's module knows. All of it is linear in hostile text."""

    def find_code(self, answer: str, *, top: str, header: str | None) -> Found:
        """The code in an answer."""

    def is_one_fence(self, answer: str) -> bool:
        """Whether a stripped answer is one labelled fence and nothing else."""

    def is_bare_code(self, text: str) -> bool:
        """Whether a text is only code, as far as can be told."""


def encodable(text: str) -> str:
    """The text without lone surrogates, which JSON can carry and no file and no tool can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def answer_part(text: str) -> str | None:
    """What is not thought, and of that the last `<answer>` that is not blank; None when the text is all thought.

    See `verireason.templates.extract`.
    """
    _, closed, rest = text.rpartition("</think>")
    if not closed:
        start = text.find("<think>")
        if start >= 0 and "<answer>" not in text[start:]:
            return None
    pieces = rest.split("<answer>")
    if len(pieces) == 1:
        return rest
    answers = [piece.partition("</answer>")[0] for piece in pieces[1:]]
    return next((answer for answer in reversed(answers) if answer.strip()), "")


def tagged_answer(text: str) -> str | None:
    """What `<answer>` holds, stripped, in `<think>` ... `</think>`, `<answer>` ... `</answer>`.

    None unless each tag is there once and nothing but space stands around the two.
    """
    tags = ("<think>", "</think>", "<answer>", "</answer>")
    if any(text.count(tag) != 1 for tag in tags):
        return None
    before, _, rest = text.partition("<think>")
    _, _, rest = rest.partition("</think>")
    between, _, rest = rest.partition("<answer>")
    answer, _, behind = rest.partition("</answer>")
    return None if before.strip() or between.strip() or behind.strip() else answer.strip()
