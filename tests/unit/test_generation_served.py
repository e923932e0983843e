"""A real model behind a real HTTP server: what comes through the endpoint is what the model writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from verireason.generation.engines import Engine, open_generator
from verireason.generation.generator import Generated, Request, Sampling
from verireason.recipe_tables import ScratchModel

pytest.importorskip("torch", reason="the train extra is not installed")

SAMPLING = Sampling(temperature=1.0, top_p=0.9, max_new_tokens=12)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from verireason.training.scratch import build_scratch_model

    shape = ScratchModel(
        vocab_size=300, hidden_size=32, num_layers=1, num_heads=2, num_kv_heads=1, intermediate_size=64, max_length=64
    )
    path = tmp_path_factory.mktemp("models") / "scratch"
    build_scratch_model(shape, ["module m(input a, output y);\n  assign y = ~a;\nendmodule\n"], path, seed=0)
    return path


def completions(kind: str, model: str, *, base_url: str | None) -> list[Generated]:
    engine = Engine(
        kind=kind,
        model=model,
        batch_size=5,
        base_url=base_url,
        key_env="OPENAI_API_KEY",
        concurrency=6,
        chat=False,
        price_in=None,
        price_out=None,
        completions=None,
    )
    requests = [Request(key=("p", n), prompt=f"// y = {n}\n", seed=n) for n in range(12)]
    with open_generator(engine) as generator:
        return sorted(generator.generate(requests, SAMPLING), key=lambda one: one.key)


def test_a_served_model_writes_what_it_writes_in_this_process(model: Path) -> None:
    from tests.fixtures.model_server import NAME, serving_model

    with serving_model(model) as url:
        served = completions("endpoint", NAME, base_url=url)

    assert len({one.text for one in served}) > 6
    assert served == completions("transformers", str(model), base_url=None)
