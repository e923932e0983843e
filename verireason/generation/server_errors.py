"""What an endpoint's error means: who is at fault, and whether to ask in other words. All pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from verireason.errors import MissingError, UserError

MAX_WORDS = 300
"""Characters of a server's message that are shown."""


class Refusal(StrEnum):
    """Why a prompt has an empty answer, as its finish_reason: the prompt's fault, which leaves the others alone."""

    TOO_LONG = "context"
    FILTERED = "content_filter"
    OTHER = "refused"


class Fault(StrEnum):
    """What is wrong for every prompt."""

    KEY = "key"
    NAME = "name"
    """Of the model or the address."""
    REQUEST = "request"
    SERVER = "server"


_TOO_LONG = re.compile(
    r"context.?length|context.?window|maximum.?(context|model|input).?length|too (long|large|many)", re.I
)
_FILTERED = re.compile(r"content.?(filter|management|policy)|moderation|flagged", re.I)


def fault_of(status: int, words: str) -> Refusal | Fault:
    """Who is at fault for an answer with an HTTP status of 400 and above; words: the server's message and code."""
    match status:
        case 401:
            return Fault.KEY
        case 403:
            return Refusal.FILTERED if _FILTERED.search(words) else Fault.KEY
        case 404:
            return Fault.NAME
        case 400 | 413 | 422:
            if status == 413 or _TOO_LONG.search(words):
                return Refusal.TOO_LONG
            return Refusal.FILTERED if _FILTERED.search(words) else Refusal.OTHER
        case 408 | 409 | 429:
            return Fault.SERVER
        case _:
            return Fault.SERVER if status >= 500 else Fault.REQUEST


def fault_error(fault: Fault, said: str, *, model: str, key_env: str) -> UserError:
    """What ends the run, in one line. said: address, status and the server's words."""
    match fault:
        case Fault.KEY:
            return UserError(f"{said}; expected a valid key in the environment variable {key_env}")
        case Fault.NAME:
            return UserError(
                f"{said}; expected a base URL, most often ending in /v1, and a model that it has, not {model!r}"
            )
        case Fault.REQUEST:
            return UserError(f"{said}; change the option that it does not take (a base model is asked without chat)")
        case Fault.SERVER:
            return MissingError(f"{said}, again and again; go on when it works again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """In what words a server is asked: they differ in two fields, and only their errors say so."""

    limit: str = "max_tokens"
    """Field for the longest answer: OpenAI's newer models know only max_completion_tokens, other servers only this."""
    has_seed: bool = True

    def learned(self, status: int, words: str) -> Dialect:
        """What to use after this error; the same when it is about something else."""
        if status not in (400, 422):
            return self
        if self.limit == "max_tokens" and "max_completion_tokens" in words:
            return replace(self, limit="max_completion_tokens")
        if self.has_seed and re.search(r"""["'`]seed["'`]""", words):
            return replace(self, has_seed=False)
        return self


def one_line(text: str, *, secret: str) -> str:
    """A server's words for a message: cut, printable, and without the key, which some servers repeat."""
    line = " ".join(text.replace(secret, "***").split())
    shown = "".join(letter if letter.isprintable() else "?" for letter in line)
    return shown if len(shown) <= MAX_WORDS else shown[:MAX_WORDS] + "..."
