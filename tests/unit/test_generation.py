"""The contract of a generator, on a model with random weights: order, count, seeds, streaming."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from verireason.errors import UserError
from verireason.generation.generator import Generated, Generator, Request, Sampling
from verireason.generation.local import TransformersGenerator, seeded_draws
from verireason.recipe_tables import ScratchModel
from verireason.training.models import LanguageModel, load_model, set_up_libraries

torch = pytest.importorskip("torch", reason="the train extra is not installed")
pytest.importorskip("trl", reason="the train extra is not installed")

TEXTS = ["module m(input a, output y);\n  assign y = ~a;\nendmodule\n", "// y = not a\n"]
PROMPTS = ["// y = not a\n", "// y = a\n", "module m\n"]
Answers = dict[tuple[str, int], Generated]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from verireason.training.scratch import build_scratch_model

    shape = ScratchModel(
        vocab_size=300,
        hidden_size=32,
        num_layers=1,
        num_heads=2,
        num_kv_heads=1,
        intermediate_size=64,
        max_length=64,
    )
    path = tmp_path_factory.mktemp("models") / "scratch"
    build_scratch_model(shape, TEXTS, path, seed=0)
    return path


@pytest.fixture(scope="module")
def loaded(model: Path) -> LanguageModel:
    set_up_libraries(threads=1, needs_hub=False)
    return load_model(str(model))


def engine(loaded: LanguageModel, *, batch_size: int = 8) -> Generator:
    return TransformersGenerator(loaded.model.eval(), loaded.tokenizer, name="m", batch_size=batch_size)


def requests(num_samples: int, *, seed: int = 0) -> list[Request]:
    return [
        Request(key=(f"p{number}", sample), prompt=prompt, seed=seed + number * num_samples + sample)
        for number, prompt in enumerate(PROMPTS)
        for sample in range(num_samples)
    ]


def drawn(generator: Generator, wanted: Iterable[Request], *, temperature: float = 1.0, top_p: float = 1.0) -> Answers:
    sampling = Sampling(temperature=temperature, top_p=top_p, max_new_tokens=8)
    generated = list(generator.generate(wanted, sampling))
    by_key = {one.key: one for one in generated}
    assert len(by_key) == len(generated)
    return by_key


@pytest.mark.parametrize("batch_size", [1, 4, 5, 100])
def test_each_request_is_answered_once(loaded: LanguageModel, batch_size: int) -> None:
    wanted = requests(3)

    assert drawn(engine(loaded, batch_size=batch_size), wanted).keys() == {request.key for request in wanted}


def test_no_requests_give_no_completions(loaded: LanguageModel) -> None:
    assert not drawn(engine(loaded), [])


def test_answers_come_while_requests_are_still_being_taken(loaded: LanguageModel) -> None:
    wanted = iter(requests(4))
    answers = engine(loaded, batch_size=5).generate(wanted, Sampling(temperature=1.0, top_p=1.0, max_new_tokens=8))

    next(answers)

    assert len(list(wanted)) == 12 - 5


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_completions_depend_on_their_prompt_and_seed_alone(loaded: LanguageModel, temperature: float) -> None:
    alone = drawn(engine(loaded, batch_size=1), requests(4), temperature=temperature)

    assert drawn(engine(loaded, batch_size=5), reversed(requests(4)), temperature=temperature) == alone
    assert drawn(engine(loaded, batch_size=7), requests(4)[3::2], temperature=temperature).items() <= alone.items()


def test_equal_prompts_of_one_batch_differ(loaded: LanguageModel) -> None:
    same = [Request(key=("p", sample), prompt=PROMPTS[0], seed=sample) for sample in range(50)]

    texts = {one.text for one in drawn(engine(loaded, batch_size=50), same).values()}

    assert len(texts) > 40


def test_other_seeds_give_other_completions(loaded: LanguageModel) -> None:
    assert drawn(engine(loaded), requests(4, seed=1)) != drawn(engine(loaded), requests(4, seed=2))


def test_tokens_are_drawn_as_often_as_the_model_gives_them(loaded: LanguageModel) -> None:
    """Against torch's own sampler: first tokens of 4000 completions, at a temperature that makes few likely."""
    ids = torch.tensor([loaded.tokenizer(PROMPTS[0])["input_ids"]])
    with torch.no_grad():
        probabilities = torch.softmax(loaded.model(ids).logits[0, -1].double() / 0.2, dim=0)
    seeds = range(4000)
    draw = seeded_draws(list(seeds), Sampling(temperature=0.2, top_p=1.0, max_new_tokens=1), width=ids.shape[1])
    with torch.no_grad():
        scores = draw(ids.expand(len(seeds), -1), loaded.model(ids).logits[:, -1].expand(len(seeds), -1))
    shares = torch.bincount(scores.argmax(dim=1), minlength=len(probabilities)) / len(seeds)

    deviation = (probabilities * (1 - probabilities) / len(seeds)).sqrt()
    assert ((shares - probabilities).abs() <= 5 * deviation + 1e-3).all()
    assert probabilities.max() > 0.01


def test_top_p_leaves_the_likeliest_token_alone(loaded: LanguageModel) -> None:
    greedy = drawn(engine(loaded), requests(2), temperature=0.0)

    assert drawn(engine(loaded), requests(2), top_p=1e-6) == greedy


def test_the_random_state_of_the_process_is_left_alone(loaded: LanguageModel) -> None:
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)

    drawn(engine(loaded), requests(2))

    assert torch.rand(1) == expected


def test_a_completion_that_was_cut_off_says_so(loaded: LanguageModel) -> None:
    found = drawn(engine(loaded), requests(20)).values()

    assert {one.finish_reason for one in found} <= {"stop", "length"}
    for one in found:
        assert one.num_tokens == 8 if one.finish_reason == "length" else one.num_tokens <= 8


def test_prompts_are_counted_without_their_padding(loaded: LanguageModel) -> None:
    found = drawn(engine(loaded, batch_size=3), requests(1))

    assert [found[f"p{n}", 0].num_prompt_tokens for n in range(3)] == [
        len(loaded.tokenizer(prompt)["input_ids"]) for prompt in PROMPTS
    ]


def test_a_model_without_a_chat_template_cannot_be_asked_by_messages(loaded: LanguageModel) -> None:
    with pytest.raises(UserError, match="no chat template"):
        TransformersGenerator(loaded.model, loaded.tokenizer, name="m", batch_size=1, chat=True)


def test_equal_seeds_build_equal_models(model: Path, tmp_path: Path) -> None:
    from verireason.training.scratch import build_scratch_model

    shape = ScratchModel(
        vocab_size=300, hidden_size=32, num_layers=1, num_heads=2, num_kv_heads=1, intermediate_size=64, max_length=64
    )
    build_scratch_model(shape, TEXTS, tmp_path, seed=0)

    for name in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / name).read_bytes() == (model / name).read_bytes()


def test_any_text_goes_through_the_tokenizer_and_back(model: Path) -> None:
    tokenizer = load_model(str(model)).tokenizer
    text = "assign ÿ = 8'hFF; \t// ≤ 🙂\r\n"

    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@pytest.mark.parametrize("found", ["missing", "empty", "broken"])
def test_a_path_that_is_no_model_is_refused_in_one_line(tmp_path: Path, found: str) -> None:
    path = tmp_path / "model"
    if found != "missing":
        path.mkdir()
    if found == "broken":
        (path / "config.json").write_text('{"model_type": "qwen3"}')
        (path / "tokenizer_config.json").write_text("{}")

    with pytest.raises(UserError) as caught:
        TransformersGenerator.from_path(str(path), batch_size=1)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
