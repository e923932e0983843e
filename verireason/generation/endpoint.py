"""Completions from any OpenAI-compatible endpoint: a vLLM server, a hosted model.

The client library tries again by itself, with growing and jittered pauses or for as long as the server's Retry-After
says, when the server is busy (429), fails (5xx), cuts the connection or is too slow. This is about what remains: an
endpoint that fails for good ends the run in one line, a prompt that the server will not answer is an empty answer.
The key gets into requests and nowhere else: into no message, log or file.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from verireason.errors import MissingError, UserError
from verireason.generation.generator import Generated, Request, Sampling
from verireason.generation.in_flight import answers
from verireason.generation.server_errors import Dialect, Fault, fault_error, fault_of, one_line
from verireason.templates import Message

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from openai import APIConnectionError, APIStatusError, AsyncOpenAI

log = logging.getLogger(__name__)

NUM_RETRIES = 12
"""About 70 s of the library's pauses: as long as a server takes to come back."""
TIMEOUT_S = 3600.0
"""Of one answer, which comes in one piece: the long thought of a slow model."""
NO_KEY = "no-key"
"""Sent to an endpoint of the user's own, which needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Of a million tokens."""

    prompt: float
    answer: float

    def of(self, num_prompt_tokens: int | None, num_tokens: int | None) -> float | None:
        """What one completion cost; None when the server does not count."""
        if num_prompt_tokens is None or num_tokens is None:
            return None
        return (self.prompt * num_prompt_tokens + self.answer * num_tokens) / 1e6


class EndpointGenerator:
    """Chat completions, or text completions for a base model (`chat=False`).

    A server need not honour seeds, and may add sampling settings of its own (vLLM: unless started with
    `--generation-config vllm`).
    """

    def __init__(
        self,
        client: AsyncOpenAI,
        portal: BlockingPortal,
        *,
        name: str,
        chat: bool,
        concurrency: int,
        price: Price | None,
        key_env: str,
    ) -> None:
        """client: used on the portal's event loop only. concurrency: requests in flight. key_env: for messages."""
        self._client = client
        self._portal = portal
        self._concurrency = concurrency
        self._price = price
        self._key_env = key_env
        self._dialect = Dialect()
        self._has_answered = False
        self.name = name
        self.chat = chat

    def check(self) -> None:
        """Raise MissingError when nothing answers at the address, UserError when the key is refused."""
        self._portal.call(self._check)

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Generated]:
        """See Generator. A refused prompt has an empty text and a Refusal for its finish_reason.

        Raises UserError or MissingError when the endpoint does not work for any prompt.
        """
        answer = partial(self._answer, sampling=sampling)
        return answers(answer, requests, portal=self._portal, limit=self._concurrency)

    async def _check(self) -> None:
        import openai

        try:
            await self._client.with_options(max_retries=2, timeout=10.0).models.list()
        except openai.APIConnectionError as err:
            raise self._unreachable(err) from None
        except (openai.AuthenticationError, openai.PermissionDeniedError) as err:
            raise self._error(Fault.KEY, err) from None
        except openai.APIError:  # some servers list no models; the first request will tell
            pass

    async def _answer(self, request: Request, sampling: Sampling) -> Generated:
        import openai

        try:
            answer = await self._answered(request, sampling)
        except openai.APIStatusError as err:
            return await self._refused(request, sampling, err)
        return self._read(request, answer)

    async def _answered(self, request: Request, sampling: Sampling) -> Any:
        """The server's answer, after as many tries as it takes to learn its dialect. Raises its other errors."""
        import openai

        while True:
            used = self._dialect
            try:
                return await self._ask(request, sampling, used)
            except openai.APIConnectionError as err:
                raise self._unreachable(err) from None
            except openai.APIStatusError as err:
                self._dialect = self._dialect.learned(err.status_code, _words(err))
                if self._dialect == used:
                    raise

    async def _ask(self, request: Request, sampling: Sampling, dialect: Dialect) -> Any:
        options: dict[str, Any] = {
            "model": self.name,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            dialect.limit: sampling.max_new_tokens,
        }
        if dialect.has_seed:
            options["seed"] = request.seed
        prompt: Any = request.prompt
        if self.chat:
            return await self._client.chat.completions.create(messages=prompt, **options)
        return await self._client.completions.create(prompt=prompt, **options)

    def _read(self, request: Request, answer: Any) -> Generated:
        if not getattr(answer, "choices", None):
            said = f"{self._client.base_url} answered without a choice: {self._one_line(str(answer))}"
            raise fault_error(Fault.NAME, said, model=self.name, key_env=self._key_env)
        self._has_answered = True
        choice, usage = answer.choices[0], answer.usage
        num_tokens = usage.completion_tokens if usage else None
        num_prompt_tokens = usage.prompt_tokens if usage else None
        return Generated(
            key=request.key,
            text=_chat_text(choice.message) if self.chat else choice.text,
            finish_reason=choice.finish_reason,
            num_tokens=num_tokens,
            num_prompt_tokens=num_prompt_tokens,
            cost=self._price.of(num_prompt_tokens, num_tokens) if self._price else None,
        )

    async def _refused(self, request: Request, sampling: Sampling, err: APIStatusError) -> Generated:
        """The empty answer to a prompt that the server will not answer; raises when it is not about the prompt."""
        fault = fault_of(err.status_code, _words(err))
        if isinstance(fault, Fault):
            raise self._error(fault, err) from None
        if not self._has_answered:
            await self._prove(sampling)
        log.warning("%s sample %d is refused, which counts as an empty answer: %s", *request.key, self._message(err))
        return Generated(key=request.key, text="", finish_reason=fault, num_tokens=0)

    async def _prove(self, sampling: Sampling) -> None:
        """Raise UserError when not even the shortest prompt has an answer: then the options are what is refused."""
        import openai

        shortest: str | list[Message] = [{"role": "user", "content": "1"}] if self.chat else "1"
        try:
            await self._answered(Request(key=("", 0), prompt=shortest, seed=0), sampling)
        except openai.APIStatusError as err:
            raise self._error(Fault.REQUEST, err) from None
        self._has_answered = True

    def _error(self, fault: Fault, err: APIStatusError) -> UserError:
        said = f"{self._client.base_url} answered {err.status_code}: {self._message(err)}"
        return fault_error(fault, said, model=self.name, key_env=self._key_env)

    def _message(self, err: APIStatusError) -> str:
        message = err.body.get("message") if isinstance(err.body, dict) else None
        return self._one_line(str(message or err.message))

    def _unreachable(self, err: APIConnectionError) -> MissingError:
        return MissingError(
            f"{self._client.base_url} does not answer: {self._one_line(f'{err.message} {err.__cause__}')}; "
            "start the server, or correct the base URL"
        )

    def _one_line(self, text: str) -> str:
        return one_line(text, secret=self._client.api_key)


def _words(err: APIStatusError) -> str:
    """All that the server says, its code and its parameter included; the prompt, which some repeat, cut short."""
    return str(err.body or err.message)[:2000]


def _chat_text(message: Any) -> str:
    """An answer with its thought in front, which servers with a parser for thoughts send apart under either name."""
    thought = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    answer = message.content or ""
    return f"<think>\n{thought}\n</think>\n{answer}" if isinstance(thought, str) and thought else answer


@contextmanager
def open_endpoint(
    model: str,
    *,
    base_url: str | None,
    key_env: str,
    chat: bool,
    concurrency: int,
    price_in: float | None,
    price_out: float | None,
) -> Iterator[EndpointGenerator]:
    """A generator with its connections, which end with the context.

    base_url: None is that of OPENAI_BASE_URL or else OpenAI's. Raises UserError for one price without the other, and
    what `EndpointGenerator.check` raises.
    """
    from anyio.from_thread import start_blocking_portal
    from openai import AsyncOpenAI, Timeout

    if (price_in is None) != (price_out is None):
        raise UserError("one price without the other; give that of prompts and that of answers, or neither")
    if base_url is not None and not base_url.startswith(("http://", "https://")):
        raise UserError(f"the base URL is {base_url!r}; expected one such as http://localhost:8000/v1")
    client = AsyncOpenAI(
        api_key=_key(key_env, is_needed=base_url is None and "OPENAI_BASE_URL" not in os.environ),
        base_url=base_url,
        max_retries=NUM_RETRIES,
        timeout=Timeout(TIMEOUT_S, connect=10.0),
    )
    price = None if price_in is None or price_out is None else Price(prompt=price_in, answer=price_out)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client):
        generator = EndpointGenerator(
            client, portal, name=model, chat=chat, concurrency=concurrency, price=price, key_env=key_env
        )
        generator.check()
        yield generator


def _key(key_env: str, *, is_needed: bool) -> str:
    key = os.environ.get(key_env, "").strip()
    if not key and is_needed:
        raise MissingError(f"the environment variable {key_env} is not set; put the key there, or give a base URL")
    if not (key.isascii() and key.isprintable()):
        raise UserError(f"the environment variable {key_env} holds what no key has; expected printable ASCII")
    return key or NO_KEY
