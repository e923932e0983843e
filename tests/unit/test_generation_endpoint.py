"""The client of endpoints against a real HTTP server of the test: what is asked, what comes back, and what goes wrong."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Lock
from time import monotonic
from typing import Any

import pytest

from tests.fixtures.openai_http import Call, Reply, chat_answer, error, serving, text_answer
from verireason.errors import MissingError, UserError
from verireason.generation.engines import Engine, open_generator
from verireason.generation.generator import Generated, Generator, Request, Sampling

SAMPLING = Sampling(temperature=0.8, top_p=0.9, max_new_tokens=64)
SOON = {"retry-after-ms": "1"}
KEY = "sk-very-secret"
MODELS = Reply(body={"object": "list", "data": [{"id": "m", "object": "model", "created": 0, "owned_by": "us"}]})


class Server:
    """Answers by a function of the call and its number, and keeps the calls."""

    def __init__(self, answer: Callable[[Call, int], Reply]) -> None:
        self._answer = answer
        self._lock = Lock()
        self.calls: list[Call] = []
        self.times: list[float] = []

    def __call__(self, call: Call) -> Reply:
        if call.path == "/v1/models":
            return MODELS
        with self._lock:
            number = len(self.calls)
            self.calls.append(call)
            self.times.append(monotonic())
        return self._answer(call, number)


def script(*replies: Reply) -> Server:
    """The n-th call gets the n-th reply, later ones the last."""
    return Server(lambda call, number: replies[min(number, len(replies) - 1)])


@contextmanager
def open_client(answer: Callable[[Call], Reply], **options: Any) -> Iterator[Generator]:
    with serving(answer) as url, open_generator(engine(url, **options)) as generator:
        yield generator


def engine(url: str, **options: Any) -> Engine:
    defaults: dict[str, Any] = {
        "kind": "endpoint",
        "model": "m",
        "batch_size": 1,
        "base_url": url,
        "key_env": "TEST_KEY",
        "concurrency": 4,
        "chat": None,
        "price_in": None,
        "price_out": None,
        "completions": None,
    }
    return Engine(**{**defaults, **options})


def requests(num: int, *, chat: bool = True) -> list[Request]:
    prompts: list[Any] = [[{"role": "user", "content": f"prompt {n}"}] if chat else f"prompt {n}" for n in range(num)]
    return [Request(key=("p", n), prompt=prompt, seed=100 + n) for n, prompt in enumerate(prompts)]


def answers(server: Server, num: int = 1, **options: Any) -> list[Generated]:
    with open_client(server, **options) as generator:
        return sorted(generator.generate(requests(num, chat=generator.chat), SAMPLING), key=lambda one: one.key)


def failure(server: Callable[[Call], Reply], num: int = 1, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught, open_client(server, **options) as generator:
        list(generator.generate(requests(num), SAMPLING))
    assert "\n" not in str(caught.value)
    return caught.value


def texts(generated: Sequence[Generated]) -> list[str]:
    return [one.text for one in generated]


def test_a_chat_request_carries_messages_sampling_seed_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    server = script(chat_answer("module m; endmodule", num_tokens=7))

    assert answers(server) == [
        Generated(
            key=("p", 0), text="module m; endmodule", finish_reason="stop", num_tokens=7, num_prompt_tokens=5, cost=None
        )
    ]
    [call] = server.calls
    assert call.path == "/v1/chat/completions"
    assert call.headers["Authorization"] == f"Bearer {KEY}"
    assert call.body == {
        "model": "m",
        "messages": [{"role": "user", "content": "prompt 0"}],
        "temperature": 0.8,
        "top_p": 0.9,
        "max_tokens": 64,
        "seed": 100,
    }


def test_a_base_model_is_asked_by_text() -> None:
    server = script(text_answer("endmodule", finish_reason="length"))

    [answer] = answers(server, chat=False)

    assert (answer.text, answer.finish_reason) == ("endmodule", "length")
    assert server.calls[0].path == "/v1/completions"
    assert server.calls[0].body["prompt"] == "prompt 0"


@pytest.mark.parametrize("num", [0, 1, 4, 50])
def test_each_request_is_answered_once(num: int) -> None:
    server = Server(lambda call, number: chat_answer(f"answer to {call.body['messages'][0]['content']}"))

    generated = answers(server, num)

    assert [one.key for one in generated] == [("p", n) for n in range(num)]
    assert texts(generated) == [f"answer to prompt {n}" for n in range(num)]
    assert sorted(call.body["seed"] for call in server.calls) == list(range(100, 100 + num))


def test_answers_come_as_they_are_ready_and_requests_are_taken_as_there_is_room() -> None:
    held = Event()

    def answer(call: Call, number: int) -> Reply:
        if call.body["seed"] == 100:
            assert held.wait(30)
        return chat_answer(str(call.body["seed"]))

    taken = []

    def stream() -> Iterator[Request]:
        for request in requests(10):
            taken.append(request.seed)
            yield request

    with open_client(Server(answer), concurrency=2) as generator:
        generated = generator.generate(stream(), SAMPLING)
        first = next(generated)
        assert (first.text, taken) == ("101", [100, 101])
        others = [next(generated) for _ in range(8)]
        held.set()
        assert "100" not in texts(others)
        assert texts(list(generated)) == ["100"]


def test_tokens_cost_what_the_prices_say() -> None:
    [answer] = answers(script(chat_answer("x", num_tokens=1000)), price_in=2.0, price_out=10.0)

    assert answer.cost == pytest.approx(5 * 2e-6 + 1000 * 1e-5)


def test_an_endpoint_without_usage_has_no_counts() -> None:
    reply = chat_answer("x")
    del reply.body["usage"]

    [answer] = answers(script(reply), price_in=1.0, price_out=1.0)

    assert (answer.num_tokens, answer.num_prompt_tokens, answer.cost) == (None, None, None)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_a_thought_that_comes_apart_stands_in_front(field: str) -> None:
    assert texts(answers(script(chat_answer("module", **{field: "not a"})))) == ["<think>\nnot a\n</think>\nmodule"]


def test_an_answer_that_is_all_thought_has_no_text_after_it() -> None:
    [answer] = answers(script(chat_answer(None, finish_reason="length", reasoning="hm")))

    assert (answer.text, answer.finish_reason) == ("<think>\nhm\n</think>\n", "length")


@pytest.mark.parametrize(
    "trouble",
    [
        error(429, "slow down", headers=SOON),
        error(500, "oops", headers=SOON),
        error(503, "starting", headers=SOON),
        Reply(body={"a": "long body"}, is_cut=True),
    ],
    ids=["busy", "failing", "starting", "cut"],
)
def test_trouble_that_passes_is_tried_again(trouble: Reply) -> None:
    server = script(trouble, chat_answer("x"))

    assert texts(answers(server)) == ["x"]
    assert [call.body["seed"] for call in server.calls] == [100, 100]


def test_the_servers_retry_after_is_kept() -> None:
    server = script(error(429, "slow down", headers={"Retry-After": "1"}), chat_answer("x"))

    assert texts(answers(server)) == ["x"]
    assert server.times[1] - server.times[0] >= 1.0


def test_trouble_that_stays_ends_the_run_after_a_bounded_number_of_tries() -> None:
    server = script(error(503, "overloaded", headers=SOON))

    err = failure(server)

    assert isinstance(err, MissingError)
    assert "503: overloaded" in str(err)
    assert len(server.calls) == 13


def test_nothing_at_the_address_is_said_when_it_is_opened() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(MissingError, match=f"^{url}/ does not answer") as caught, open_generator(engine(url)):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (error(401, "Incorrect API key provided"), "TEST_KEY"),
        (error(403, "not your project"), "TEST_KEY"),
        (error(404, "The model `m` does not exist."), "'m'"),
        (error(402, "no credit"), "402: no credit"),
        (Reply(status=404, body="<html>nothing here</html>"), "base URL"),
        (Reply(body="<html>hello\nyou</html>"), "<html>hello you</html>"),
        (Reply(body={"error": {"message": "upstream is down", "code": 502}}), "upstream is down"),
    ],
    ids=["key", "forbidden", "model", "credit", "address", "web-page", "no-choice"],
)
def test_what_no_retry_mends_ends_the_run_in_one_line_at_the_first_answer(reply: Reply, expected: str) -> None:
    server = script(reply)

    assert expected in str(failure(server))
    assert len(server.calls) == 1


def test_a_wrong_key_is_said_when_the_endpoint_is_opened() -> None:
    assert "TEST_KEY" in str(failure(lambda call: error(401, "no such key"), num=0))


TOO_LONG = error(
    400,
    "This model's maximum context length is 256 tokens. However, you requested 300.",
    code="context_length_exceeded",
)


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (TOO_LONG, "context"),
        (error(413, "Request Entity Too Large"), "context"),
        (error(400, "The response was filtered", code="content_filter"), "content_filter"),
        (error(403, "Your input was flagged by moderation"), "content_filter"),
        (error(400, "I'd rather not"), "refused"),
        (error(422, "I can't"), "refused"),
    ],
)
def test_a_prompt_that_is_refused_is_an_empty_answer_and_the_rest_goes_on(
    refusal: Reply, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(lambda call, number: refusal if call.body["seed"] == 102 else chat_answer("x"))

    generated = answers(server, 6, concurrency=1)

    assert texts(generated) == ["x", "x", "", "x", "x", "x"]
    assert (generated[2].finish_reason, generated[2].num_tokens) == (reason, 0)
    assert [record.getMessage() for record in caplog.records if "p sample 2 is refused" in record.getMessage()]


@pytest.mark.parametrize("refusal", [TOO_LONG, error(400, "I'd rather not")])
def test_the_only_prompt_may_be_refused(refusal: Reply) -> None:
    server = Server(lambda call, number: refusal if call.body["seed"] == 100 else chat_answer("x"))

    assert texts(answers(server)) == [""]
    assert server.calls[1].body["messages"] == [{"role": "user", "content": "1"}]


@pytest.mark.parametrize(
    "refusal", [TOO_LONG, error(400, "temperature: only 1 is supported", param="temperature")], ids=["limit", "setting"]
)
def test_an_option_that_is_refused_with_any_prompt_ends_the_run_before_an_answer(refusal: Reply) -> None:
    with open_client(script(refusal)) as generator, pytest.raises(UserError) as caught:
        next(generator.generate(requests(100), SAMPLING))

    assert refusal.body["error"]["message"] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_that_wants_another_name_for_the_limit_gets_it_once_and_for_all() -> None:
    said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    server = Server(lambda call, number: error(400, said) if "max_tokens" in call.body else chat_answer("x"))

    assert texts(answers(server, 5, concurrency=1)) == ["x"] * 5
    assert ["max_tokens" in call.body for call in server.calls] == [True] + [False] * 5
    assert server.calls[-1].body["max_completion_tokens"] == 64


def test_a_server_that_knows_no_seeds_is_asked_without() -> None:
    said = {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"]}]}
    server = Server(lambda call, number: Reply(status=422, body=said) if "seed" in call.body else chat_answer("x"))

    assert texts(answers(server, 9)) == ["x"] * 9


class Holding:
    """Answers the first call and holds the others until `release`; `gave_up` tells that nobody came in time."""

    def __init__(self) -> None:
        self.release = Event()
        self.gave_up = False
        self.server = Server(self._answer)

    def _answer(self, call: Call, number: int) -> Reply:
        if number:
            self.gave_up |= not self.release.wait(30)
        return chat_answer("x")


@pytest.fixture
def holding() -> Iterator[Holding]:
    holding = Holding()
    yield holding
    holding.release.set()


def test_closing_early_cancels_what_is_in_flight(holding: Holding) -> None:
    with open_client(holding.server, concurrency=3) as generator:
        generated = generator.generate(requests(50), SAMPLING)
        assert next(generated).text == "x"
        generated.close()  # type: ignore[attr-defined]

    assert len(holding.server.calls) <= 3
    assert not holding.gave_up


def test_an_interrupt_of_the_consumer_cancels_what_is_in_flight(holding: Holding) -> None:
    def consume() -> None:
        with open_client(holding.server) as generator:
            next(generator.generate(requests(50), SAMPLING))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        consume()
    assert len(holding.server.calls) <= 4
    assert not holding.gave_up


def test_the_key_gets_into_no_message_and_no_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    caplog.set_level(logging.DEBUG)

    err = failure(script(error(401, f"Incorrect API key provided: {KEY}.")))
    refusing = Server(lambda call, number: error(400, f"{KEY} may not") if number == 1 else chat_answer("x"))
    answers(refusing, 3, concurrency=1)

    assert "provided: ***." in str(err)
    assert "*** may not" in caplog.text
    assert KEY not in caplog.text


def test_openais_own_endpoint_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    with pytest.raises(MissingError, match="TEST_KEY is not set"), open_generator(engine(None)):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize("url", ["localhost:8000/v1", "", "ftp://x"])
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="base URL"), open_generator(engine(url)):
        pass


def test_a_line_end_around_the_key_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", f"{KEY}\n")
    server = script(chat_answer("x"))

    answers(server)

    assert server.calls[0].headers["Authorization"] == f"Bearer {KEY}"


def test_what_cannot_be_a_key_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", f"{KEY}\nx")

    with pytest.raises(UserError, match="TEST_KEY") as caught, open_generator(engine("http://localhost/v1")):
        pass
    assert KEY not in str(caught.value)


def test_one_price_without_the_other_is_refused() -> None:
    with pytest.raises(UserError, match="one price"), open_client(script(chat_answer("x")), price_in=1.0):
        pass
