"""The contract of a generator, on a model with random weights: order, count, seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from verireason.config import ScratchModel
from verireason.errors import UserError
from verireason.generation import Generated, Generator

torch = pytest.importorskip("torch", reason="the train extra is not installed")
pytest.importorskip("trl", reason="the train extra is not installed")

TEXTS = ["module m(input a, output y);\n  assign y = ~a;\nendmodule\n", "// y = not a\n"]
PROMPTS = ["// y = not a\n", "// y = a\n", "module m\n"]


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
def generator(model: Path) -> Generator:
    from verireason.generation import TransformersGenerator
    from verireason.training.models import set_up_libraries

    set_up_libraries(threads=1, needs_hub=False)
    return TransformersGenerator.from_path(str(model))


def generate(
    generator: Generator, *, num_samples: int = 2, temperature: float = 1.0, seed: int = 0, batch_size: int = 8
) -> list[list[Generated]]:
    return list(
        generator.generate(
            PROMPTS,
            num_samples=num_samples,
            temperature=temperature,
            top_p=1.0,
            max_new_tokens=8,
            seed=seed,
            batch_size=batch_size,
        )
    )


@pytest.mark.parametrize("batch_size", [1, 4, 5, 100])
def test_every_prompt_has_its_number_of_completions(generator: Generator, batch_size: int) -> None:
    assert [len(group) for group in generate(generator, num_samples=3, batch_size=batch_size)] == [3, 3, 3]


def test_greedy_completions_are_those_of_their_prompt_in_any_batching(generator: Generator) -> None:
    alone = generate(generator, temperature=0.0, num_samples=1, batch_size=1)

    assert generate(generator, temperature=0.0, num_samples=1, batch_size=3) == alone


def test_equal_seeds_give_equal_completions_and_others_do_not(generator: Generator) -> None:
    first = generate(generator, seed=1)

    assert generate(generator, seed=1) == first
    assert generate(generator, seed=2) != first


def test_samples_of_one_prompt_differ_even_one_at_a_time(generator: Generator) -> None:
    group = generate(generator, num_samples=4, batch_size=1)[0]

    assert len({one.text for one in group}) > 1


def test_the_random_state_of_the_process_is_left_alone(generator: Generator) -> None:
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)

    generate(generator)

    assert torch.rand(1) == expected


def test_a_completion_that_was_cut_off_says_so(generator: Generator) -> None:
    for one in (one for group in generate(generator, num_samples=20) for one in group):
        assert one.num_tokens == 8 if one.finish_reason == "length" else one.num_tokens <= 8


def test_no_prompts_give_no_completions(generator: Generator) -> None:
    assert not list(
        generator.generate([], num_samples=1, temperature=1.0, top_p=1.0, max_new_tokens=4, seed=0, batch_size=1)
    )


def test_equal_seeds_build_equal_models(model: Path, tmp_path: Path) -> None:
    from verireason.training.scratch import build_scratch_model

    shape = ScratchModel(
        vocab_size=300, hidden_size=32, num_layers=1, num_heads=2, num_kv_heads=1, intermediate_size=64, max_length=64
    )
    build_scratch_model(shape, TEXTS, tmp_path, seed=0)

    for name in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / name).read_bytes() == (model / name).read_bytes()


def test_any_text_goes_through_the_tokenizer_and_back(model: Path) -> None:
    from verireason.training.models import load_model

    tokenizer = load_model(str(model)).tokenizer
    text = "assign ÿ = 8'hFF; \t// ≤ 🙂\r\n"

    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@pytest.mark.parametrize("found", ["missing", "empty", "broken"])
def test_a_path_that_is_no_model_is_refused_in_one_line(tmp_path: Path, found: str) -> None:
    from verireason.generation import TransformersGenerator

    path = tmp_path / "model"
    if found != "missing":
        path.mkdir()
    if found == "broken":
        (path / "config.json").write_text('{"model_type": "qwen3"}')
        (path / "tokenizer_config.json").write_text("{}")

    with pytest.raises(UserError) as caught:
        TransformersGenerator.from_path(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
