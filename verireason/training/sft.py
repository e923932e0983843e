"""Supervised fine-tuning on prompt and answer pairs, with TRL's SFTTrainer.

The script reads top to bottom in `run_sft`. Only the answer's tokens count in the loss. Prompts and answers become
tokens apart from each other, exactly as in generation, and TRL is told to leave them alone.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verireason.config import Config
from verireason.errors import UserError
from verireason.recipe_tables import Sft
from verireason.templates import LANGUAGES, TEMPLATES
from verireason.training.models import (
    LanguageModel,
    check_target_modules,
    has_chat_template,
    load_model,
    lora_config,
    prompt_tokens,
    training_dtype,
)
from verireason.training.progress import Progress, seconds
from verireason.training.prompts import corpus_problems
from verireason.training.ranks import Ranks
from verireason.training.rundir import MetricsLog, RunDir, new_run, versions_now, write_versions
from verireason.training.saving import save_trained
from verireason.training.scratch import build_scratch_model

LONGEST_WAIT_S = 1800.0
"""Wall seconds that processes wait for each other: for one that builds or saves a model."""
IGNORED = -100
"""Label of tokens that the loss leaves out; torch's convention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One thing to learn: a specification and the answer to it."""

    prompt: str
    answer: str
    language: str = "verilog"
    is_whole: bool = False
    """Whether the answer is all that the model is to write, with thoughts and tags; else it is code alone."""


def run_sft(config: Config, *, progress: Progress) -> Path:
    """Fine-tune as `[sft]` says and return the directory of the model: `run.out`/sft/model.

    Raises UserError when the recipe has no `[sft]`, the data or the model are bad, or the run is already there.
    """
    sft = config.sft
    if sft is None:
        raise UserError("the recipe has no [sft] section; add one or use verireason train alone")
    out, ranks = Path(config.run.out) / "sft", Ranks(timeout_s=LONGEST_WAIT_S)
    if not ranks.is_main:
        progress = Progress.silent()
    held = new_run(out, config, replace_unfinished=True) if ranks.is_main else nullcontext(RunDir(path=out))
    with held as run:
        # 1. Data
        pairs = list(read_pairs(Path(sft.path))) if sft.path else corpus_pairs(config)
        progress.say(f"sft: {len(pairs)} pairs")

        # 2. Model
        start = config.model.path
        if config.model.scratch is not None:
            start = str(run.path / "start")
            if ranks.is_main:
                texts = [text for pair in pairs for text in (pair.prompt, pair.answer)]
                num_weights = build_scratch_model(config.model.scratch, texts, Path(start), seed=config.run.seed)
                progress.say(f"sft: built a model with {num_weights:,} weights")
            ranks.wait()
        assert start is not None  # the configuration has one of the two
        language_model = load_model(start, dtype=training_dtype(config))
        check_target_modules(config, language_model.model)
        if ranks.is_main:
            write_versions(run, versions_now(image=None, tools={}))

        # 3. Train
        examples = encode_pairs(language_model, pairs, config=config)
        if len(examples) < len(pairs):
            progress.say(f"sft: left out {len(pairs) - len(examples)} pairs longer than {sft.max_length} tokens")
        if not examples:
            raise UserError(f"sft.max_length is {sft.max_length}; every one of the {len(pairs)} pairs is longer")
        metrics = MetricsLog(run.metrics) if ranks.is_main else None
        trainer = make_trainer(
            examples, language_model, config=config, out=run.path, ranks=ranks, metrics=metrics, progress=progress
        )
        trainer.train()
        if metrics is not None:
            metrics.close()

        # 4. Save
        save_trained(trainer, language_model, run, ranks)
        return run.model


def corpus_pairs(config: Config) -> list[Pair]:
    """Generated problems of the train split with their goldens, some spoilt as `[sft.corpus]` says."""
    from verireason.data.corpus import faulty_corpus

    assert config.sft is not None
    assert config.sft.corpus is not None
    corpus = config.sft.corpus
    problems = corpus_problems(config.data, num=corpus.num)
    faulty = faulty_corpus(problems, systematic=corpus.systematic, random=corpus.random, seed=config.run.seed)
    return [Pair(prompt=one.problem.prompt, answer=one.text, language=one.problem.language) for one in faulty]


def read_pairs(path: Path) -> Iterator[Pair]:
    """Pairs from a JSONL file of {"prompt": text, "completion": code}, or {"prompt": text, "answer": text} for a whole
    answer; a "language" beside them is Verilog's when it is left out. UserError names file and line of a bad one.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        raise UserError(f"{path}: {err}; expected a JSONL file of prompts and completions") from err
    if not lines:
        raise UserError(f"{path} is empty; expected one JSON object a line")
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as err:
            raise UserError(f"{path}:{number}: not JSON: {err}") from err
        if not isinstance(row, dict) or not isinstance(row.get("prompt"), str):
            raise UserError(f'{path}:{number}: found no text "prompt"; expected "prompt" and "completion" or "answer"')
        name = "answer" if "answer" in row else "completion"
        if not isinstance(row.get(name), str):
            raise UserError(f'{path}:{number}: found no text "{name}"; expected "prompt" and "completion" or "answer"')
        language = row.get("language", "verilog")
        if language not in LANGUAGES:
            raise UserError(f'{path}:{number}: "language" is {language!r}; expected one of {", ".join(LANGUAGES)}')
        yield Pair(prompt=row["prompt"], answer=row[name], language=language, is_whole=name == "answer")


def encode_pairs(language_model: LanguageModel, pairs: Sequence[Pair], *, config: Config) -> list[dict[str, list[int]]]:
    """Token ids and labels of each pair that fits `sft.max_length`; the prompt's labels are IGNORED."""
    assert config.sft is not None
    tokenizer, template = language_model.tokenizer, TEMPLATES[config.template.name]
    chat = has_chat_template(tokenizer)
    prompts = [
        template.prompt(pair.prompt, chat=chat, system_prompt=config.template.system_prompt, language=pair.language)
        for pair in pairs
    ]
    answers = [
        pair.answer if pair.is_whole else template.completion(pair.answer, language=pair.language) for pair in pairs
    ]
    answer_ids = tokenizer(answers, add_special_tokens=False)["input_ids"]
    examples = []
    for before, after in zip(prompt_tokens(tokenizer, prompts), answer_ids, strict=True):
        after = [*after, tokenizer.eos_token_id]
        if len(before) + len(after) <= config.sft.max_length:
            examples.append({"input_ids": before + after, "labels": [IGNORED] * len(before) + after})
    return examples


def example_order(num_examples: int, sft: Sft, *, seed: int) -> list[int]:
    """Indices of the examples in the order of training: seeded shuffles one after another, `num_steps` batches long.

    Batches of one length would need less padding, but they are too alike: on a corpus of expressions the held-out loss
    after the same time was worse.
    """
    rng = random.Random(seed)
    order: list[int] = []
    while len(order) < sft.num_steps * sft.batch_size:
        order += rng.sample(range(num_examples), num_examples)
    return order[: sft.num_steps * sft.batch_size]


def make_trainer(
    examples: Sequence[dict[str, list[int]]],
    language_model: LanguageModel,
    *,
    config: Config,
    out: Path,
    ranks: Ranks,
    metrics: MetricsLog | None,
    progress: Progress,
) -> Any:
    """TRL's trainer, which trains the model in place.

    out: for what TRL's reporters write. metrics: None where another process writes them. Raises UserError when a step
    cannot be shared out among the processes.
    """
    import torch
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    sft = config.sft
    assert sft is not None
    on_cpu = not torch.cuda.is_available()
    if sft.batch_size % ranks.count:
        raise UserError(f"sft.batch_size is {sft.batch_size} and {ranks.count} processes train; expected a multiple")
    mine = sft.batch_size // ranks.count
    pass_size = sft.pass_size or mine
    if mine % pass_size:
        raise UserError(
            f"sft.pass_size is {pass_size} and each of {ranks.count} processes has {mine} pairs of a step; "
            "expected a divisor"
        )
    order = example_order(len(examples), sft, seed=config.run.seed)
    dataset = Dataset.from_list([examples[index] for index in order])
    arguments = SFTConfig(
        output_dir=str(out),
        max_steps=sft.num_steps,
        per_device_train_batch_size=pass_size,
        gradient_accumulation_steps=mine // pass_size,
        learning_rate=sft.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=int(sft.warmup_share * sft.num_steps),
        ddp_find_unused_parameters=False,
        seed=config.run.seed,
        train_sampling_strategy="sequential",  # the order is ours, see example_order
        shuffle_dataset=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        use_cpu=on_cpu,
        bf16=not on_cpu,
        gradient_checkpointing=sft.gradient_checkpointing,
        dataloader_pin_memory=not on_cpu,
        save_strategy="no",
        logging_steps=1,
        report_to=list(config.run.report_to),
        disable_tqdm=True,
    )

    num_steps = sft.num_steps

    class StepLog(TrainerCallback):  # type: ignore[misc]  # untyped base
        """One line of metrics and of progress per step."""

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.started = time.perf_counter()

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **kwargs: Any) -> None:
            if "loss" not in logs or metrics is None:  # the summary at the end, or another process writes
                return
            step_s = time.perf_counter() - self.started
            names = ("loss", "learning_rate", "grad_norm", "entropy", "mean_token_accuracy", "num_tokens")
            line = {"step": state.global_step, **{name: logs[name] for name in names if name in logs}}
            metrics.write({**line, "time": {"step_s": round(step_s, 4)}})
            left = progress.time_left(state.global_step, num_steps, step_s)
            text = f"loss {logs['loss']:.3f} | token accuracy {logs['mean_token_accuracy']:.3f} | left {seconds(left)}"
            progress.step(state.global_step, num_steps, text, every=max(1, num_steps // 20))

    trainer = SFTTrainer(
        model=language_model.model,
        args=arguments,
        train_dataset=dataset,
        processing_class=language_model.tokenizer,
        peft_config=lora_config(config),
        callbacks=[StepLog()],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
