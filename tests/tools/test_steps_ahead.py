"""Generation that runs ahead of training: depth 0 is TRL's own order to the bit, depth 1 has the right ratio."""

from __future__ import annotations

import shutil
import signal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sim.farm import Farm
from tests.tools.runs import (
    RECIPE,
    STEP_SIZE,
    finish,
    metrics,
    num_lines,
    records,
    setting_words,
    verireason,
    wait_until,
)
from verireason.config import Config, load_config
from verireason.records import RecordWriter
from verireason.training.progress import Progress

torch = pytest.importorskip("torch", reason="the train extra is not installed")
pytest.importorskip("trl", reason="the train extra is not installed")


TEMPERATURE = 0.8


class Parts:
    """What a trainer is made of, over the real farm."""

    def __init__(self, out: Path, farm: Farm, *settings: str) -> None:
        from verireason.training.asking import open_asker
        from verireason.training.deck import Deck
        from verireason.training.grpo import model_name, starting_model
        from verireason.training.models import load_model, set_up_libraries
        from verireason.training.ranks import Ranks
        from verireason.training.reward import SimulationReward
        from verireason.training.rundir import MetricsLog, RunDir
        from verireason.training.step_log import Files, StepLog

        set_up_libraries(threads=1, needs_hub=False)
        self.config: Config = load_config(RECIPE, [f"run.out={out}", *settings])
        self.run = RunDir(path=out)
        self.ranks = Ranks(timeout_s=60.0)
        self.asker = open_asker(self.config)
        self.model = load_model(starting_model(self.config, out), name=model_name(self.config), dtype="float32")
        self.deck = Deck(config=self.config, asker=self.asker, farm=farm, model=self.model)
        self.reward = SimulationReward(config=self.config, farm=farm, deck=self.deck, model=self.model, say=print)
        files = Files(
            run=self.run, metrics=MetricsLog(self.run.metrics), records=RecordWriter(self.run.records)
        )  # fmt: skip
        self.log = StepLog(
            config=self.config, files=files, deck=self.deck, farm=farm, reward=self.reward,
            progress=Progress(StringIO()),
        )  # fmt: skip

    def trainer(self) -> Any:
        from verireason.training.trainer import make_trainer

        return make_trainer(
            config=self.config, run=self.run, model=self.model, ranks=self.ranks, asker=self.asker, deck=self.deck,
            reward=self.reward, log=self.log,
        )  # fmt: skip

    def plain_trainer(self) -> Any:
        """TRL's own, with nothing of ours but the settings, the prompts and what a completion is worth."""
        from datasets import Dataset
        from trl import GRPOTrainer

        from verireason.training.groups import Group
        from verireason.training.trl_arguments import trl_arguments

        grpo = self.config.grpo
        assert grpo is not None
        indices = self.asker.ask(grpo.prompts_per_step * grpo.max_steps, step=0)

        def simulation(*, completion_ids: Any, index: Any, trainer_state: Any, **unused: Any) -> list[float | None]:
            flight = self.reward.flight(index)
            for place, token_ids in enumerate(completion_ids):
                self.reward.launch(flight, place, token_ids)
            samples = self.reward.collect(flight)
            size = grpo.num_generations
            for start in range(0, len(samples), size):
                group = Group(index=index[start], samples=tuple(samples[start : start + size]), weights=0)
                self.log.keep([group], "train", trainer_state.global_step + 1)
            return [each.reward.total for each in samples]

        return GRPOTrainer(
            model=self.model.model,
            reward_funcs=simulation,
            args=trl_arguments(self.config, self.run, self.ranks),
            train_dataset=Dataset.from_dict(
                {"prompt": [self.deck.prompt(index) for index in indices], "index": indices}
            ),
            processing_class=self.model.tokenizer,
        )


def parameters(parts: Parts) -> list[Any]:
    return [each.detach().clone() for each in parts.model.model.parameters()]


def test_without_steps_ahead_training_is_plain_trl_to_the_bit(fine_tuned: Path, tmp_path: Path, farm: Farm) -> None:
    settings = ("grpo.max_steps=20", "grpo.save_steps=100", "grpo.prompts_per_step=2")
    ours = Parts(Path(shutil.copytree(fine_tuned, tmp_path / "ours")), farm, *settings)
    plain = Parts(Path(shutil.copytree(fine_tuned, tmp_path / "plain")), farm, *settings)
    before = parameters(ours)

    ours.trainer().train()
    plain.plain_trainer().train()

    assert any(not torch.equal(old, new) for old, new in zip(before, parameters(ours), strict=True)), "nothing learned"
    assert all(torch.equal(one, other) for one, other in zip(parameters(ours), parameters(plain), strict=True))
    assert records(ours.run.path) == records(plain.run.path)


def test_one_step_ahead_the_ratio_is_to_the_weights_that_wrote_the_tokens(
    fine_tuned: Path, tmp_path: Path, farm: Farm
) -> None:
    from verireason.training.grpo import starting_model
    from verireason.training.models import load_model

    settings = ("grpo.max_steps=4", "grpo.steps_ahead=1", f"grpo.temperature={TEMPERATURE}")
    parts = Parts(Path(shutil.copytree(fine_tuned, tmp_path / "run")), farm, *settings)
    trainer = parts.trainer()
    writers: list[Any] = []
    batches: list[dict[str, Any]] = []
    write, score = trainer.write, trainer._generate_and_score_completions

    def noting_the_writer(indices: Any) -> Any:
        writers.append({name: each.clone() for name, each in parts.model.model.state_dict().items()})
        return write(indices)

    def noting_the_batch(inputs: Any) -> Any:
        scored = score(inputs)
        batches.append({name: scored[name].clone() for name in scored if hasattr(scored[name], "clone")})
        return scored

    trainer.write, trainer._generate_and_score_completions = noting_the_writer, noting_the_batch
    trainer.train()

    assert len(batches) == len(writers) == 4
    start = starting_model(parts.config, parts.run.path)
    untouched = load_model(start, name="untouched", dtype="float32").model.eval()  # TRL changes the methods of its own
    for writer, batch in zip(writers, batches, strict=True):
        untouched.load_state_dict(writer)
        by_hand = token_log_probs(untouched, batch)
        mask = batch["completion_mask"].bool()
        assert torch.allclose(batch["old_per_token_logps"][mask], by_hand[mask], atol=1e-5)
    assert [line["staleness"] for line in metrics(parts.run.path)] == [0, 1, 1, 1]
    assert any(line["zero_variance"] < 1 for line in metrics(parts.run.path)), "no update: the test proves nothing"


def token_log_probs(model: Any, batch: dict[str, Any]) -> Any:
    """By the definition: log softmax of the logits over the temperature, at the token that follows. (B, C)"""
    rows = []
    for prompt, prompt_mask, completion in zip(
        batch["prompt_ids"], batch["prompt_mask"], batch["completion_ids"], strict=True
    ):
        ids = torch.cat([prompt[prompt_mask.bool()], completion])
        with torch.no_grad():
            logits = model(input_ids=ids.unsqueeze(0)).logits[0].double()
        start = int(prompt_mask.sum())
        log_probs = torch.log_softmax(logits[start - 1 : -1] / TEMPERATURE, dim=-1)
        rows.append(log_probs.gather(1, completion.unsqueeze(1)).squeeze(1))
    return torch.stack(rows).float()


def test_a_run_ahead_killed_and_resumed_asks_the_same_prompts_and_keeps_every_record_once(fresh: Path) -> None:
    words = setting_words(f"run.out={fresh}", "grpo.steps_ahead=1")
    process = verireason("train", RECIPE, *words)
    wait_until(lambda: num_lines(fresh / "records.jsonl") > 3 * STEP_SIZE, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    finish(verireason("train", RECIPE, *words, "--resume", str(fresh)))

    from verireason.training.prompts import prompt_sequence

    config = load_config(RECIPE, [])
    asked = [(record["step"], record["problem_id"], record["sample"]) for record in records(fresh)]
    assert asked == [
        (place // 4 + 1, problem.id, sample)
        for place, problem in enumerate(prompt_sequence(config))
        for sample in range(4)
    ]
    assert [line["step"] for line in metrics(fresh)] == [1, 2, 3, 4, 5, 6]
