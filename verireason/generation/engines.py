"""Any engine from options: one row of `ENGINES` each. What an engine needs is imported when it is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from verireason.errors import UserError
from verireason.generation.generator import Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Which engine writes the completions, and how.

    Example:
        Engine(kind="endpoint", model="Qwen/Qwen3-8B", batch_size=128, base_url="http://localhost:8000/v1",
               key_env="OPENAI_API_KEY", concurrency=64, chat=None, price_in=None, price_out=None, completions=None)
    """

    kind: str
    """A key of ENGINES."""
    model: str
    """A directory or a name on the hub; endpoint: a name that the server knows; replay: what to call it in records."""
    batch_size: int
    """transformers: completions written at once."""
    base_url: str | None
    """endpoint: such as http://localhost:8000/v1; None is OpenAI's own, or that of OPENAI_BASE_URL."""
    key_env: str
    """endpoint: the environment variable that holds the key."""
    concurrency: int
    """endpoint, vllm: requests in flight."""
    chat: bool | None
    """Whether prompts are messages; None asks the model's tokenizer, and is True for an endpoint."""
    price_in: float | None
    price_out: float | None
    """endpoint: price of a million tokens of prompts and of answers."""
    completions: Path | None
    """replay: the JSONL file of completions."""


def open_generator(engine: Engine) -> AbstractContextManager[Generator]:
    """The generator of an engine; leaving the context ends what it started.

    Raises UserError for options that do not fit or a model that is none, MissingError for a package or a server that is
    not there: both on entering.
    """
    if engine.kind not in ENGINES:
        raise UserError(f"--engine is {engine.kind!r}; expected one of {', '.join(ENGINES)}")
    return ENGINES[engine.kind](engine)


@contextmanager
def _transformers(engine: Engine) -> Iterator[Generator]:
    from verireason.generation.local import TransformersGenerator
    from verireason.training.models import check_model_path, is_local, set_up_libraries

    check_model_path(engine.model)
    set_up_libraries(threads=None, needs_hub=not is_local(engine.model))
    yield TransformersGenerator.from_path(engine.model, batch_size=engine.batch_size, chat=engine.chat)


def _vllm(engine: Engine) -> AbstractContextManager[Generator]:
    from verireason.generation.vllm import open_vllm
    from verireason.training.models import check_model_path

    check_model_path(engine.model)
    return open_vllm(engine.model, chat=engine.chat, concurrency=engine.concurrency)


def _endpoint(engine: Engine) -> AbstractContextManager[Generator]:
    from verireason.generation.endpoint import open_endpoint

    return open_endpoint(
        engine.model,
        base_url=engine.base_url,
        key_env=engine.key_env,
        chat=True if engine.chat is None else engine.chat,
        concurrency=engine.concurrency,
        price_in=engine.price_in,
        price_out=engine.price_out,
    )


@contextmanager
def _replay(engine: Engine) -> Iterator[Generator]:
    from verireason.generation.replay import ReplayGenerator

    if engine.completions is None:
        raise UserError("the replay engine needs a file of completions")
    yield ReplayGenerator(engine.completions, name=engine.model)


ENGINES: dict[str, Callable[[Engine], AbstractContextManager[Generator]]] = {
    "transformers": _transformers,
    "vllm": _vllm,
    "endpoint": _endpoint,
    "replay": _replay,
}
"""Name to what opens it. To add one, write its file and add a row."""
