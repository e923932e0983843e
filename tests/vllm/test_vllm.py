"""vLLM for real, on the CPU: its server through the endpoint engine, and the engine in this process."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.vllm.conftest import NAME
from verireason.errors import UserError
from verireason.generation.engines import Engine, open_generator
from verireason.generation.generator import Generator, Request, Sampling

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed here: make test-vllm"),
]

SAMPLING = Sampling(temperature=1.0, top_p=0.95, max_new_tokens=16)


def engine(kind: str, model: str, **options: Any) -> Engine:
    defaults: dict[str, Any] = {
        "batch_size": 1,
        "base_url": None,
        "key_env": "NO_KEY",
        "concurrency": 8,
        "chat": None,
        "price_in": None,
        "price_out": None,
        "completions": None,
    }
    return Engine(**{**defaults, "kind": kind, "model": model, **options})


@pytest.fixture(scope="module", params=["server, chat", "server, text", "in process"])
def generator(request: pytest.FixtureRequest, vllm_model: Path) -> Iterator[Generator]:
    if request.param == "in process":
        chosen = engine("vllm", str(vllm_model))
    else:
        url = request.getfixturevalue("vllm_server")
        chosen = engine("endpoint", NAME, base_url=url, chat=request.param == "server, chat")
    with open_generator(chosen) as opened:
        yield opened


def wanted(generator: Generator, num: int, *, text: str = "// y = not a\n") -> list[Request]:
    prompt: Any = [{"role": "user", "content": text}] if generator.chat else text
    return [Request(key=("p", n), prompt=prompt, seed=n) for n in range(num)]


def test_equal_prompts_differ_by_their_seeds_and_come_again(generator: Generator) -> None:
    first = {one.key: one for one in generator.generate(wanted(generator, 24), SAMPLING)}

    assert first.keys() == {("p", n) for n in range(24)}
    assert len({one.text for one in first.values()}) > 20
    assert {one.key: one for one in generator.generate(reversed(wanted(generator, 24)), SAMPLING)} == first


def test_tokens_and_ends_are_told(generator: Generator) -> None:
    for one in generator.generate(wanted(generator, 8), SAMPLING):
        assert one.num_prompt_tokens
        assert one.num_tokens == 16 if one.finish_reason == "length" else one.finish_reason == "stop"


def test_requests_are_taken_as_there_is_room(generator: Generator) -> None:
    stream = iter(wanted(generator, 100))
    answers = generator.generate(stream, SAMPLING)
    next(answers)

    assert len(list(stream)) == 100 - 8
    assert len(list(answers)) == 7


def test_a_prompt_that_is_too_long_is_an_empty_answer(generator: Generator) -> None:
    short, long = wanted(generator, 1), wanted(generator, 3, text="y = 3 " * 2000)[2:]

    answers = {one.key[1]: one for one in generator.generate([*short, *long], SAMPLING)}

    assert answers[0].num_tokens
    assert (answers[2].text, answers[2].finish_reason) == ("", "context")


def test_closing_early_leaves_an_engine_that_works(generator: Generator) -> None:
    answers = generator.generate(wanted(generator, 50), SAMPLING)
    next(answers)
    answers.close()  # type: ignore[attr-defined]

    assert len(list(generator.generate(wanted(generator, 3), SAMPLING))) == 3


def test_a_model_that_the_server_does_not_have_is_named_in_one_line(vllm_server: str) -> None:
    with open_generator(engine("endpoint", "other", base_url=vllm_server)) as opened:
        answers = opened.generate(wanted(opened, 3), SAMPLING)
        with pytest.raises(UserError, match="'other'") as caught:
            list(answers)
    assert "\n" not in str(caught.value)
