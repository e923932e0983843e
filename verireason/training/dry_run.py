"""What a run would be, without running it: everything in a recipe that can be resolved without weights or network.

What cannot be right (a misspelt name, a bad file) raises the error that the run itself would end with. What is not
there yet, but is made by a command that is known, is listed as something to do first.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from verireason.config import Config
from verireason.errors import MissingError, UserError
from verireason.evals.judging import farm_for_user
from verireason.problem import Problem
from verireason.recipe_tables import Source
from verireason.templates import TEMPLATES
from verireason.training.grpo import starting_model
from verireason.training.memory import layers_of, training_bytes
from verireason.training.models import INSTALL, check_lora, check_model_path, is_local
from verireason.training.origins import check_origins, how_to_make
from verireason.training.prompts import check_room, generated, heldout_problems, pool
from verireason.training.ranks import check_whole_groups, num_ranks
from verireason.training.rundir import RunDir
from verireason.training.sft import read_pairs
from verireason.training.vllm_engine import check_vllm

NUM_LOOKED_AT = 64
"""Generated problems whose prompts are measured."""
PACKAGES = ("torch", "transformers", "trl", "datasets", "accelerate")


@dataclass(slots=True, kw_only=True)
class Plan:
    """What was found."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    """Name and what is known of it."""
    to_do: list[str] = field(default_factory=list)
    """Commands, in their order, that have to be run before the run can start."""

    def lines(self) -> Iterator[str]:
        """For a person."""
        width = max(len(name) for name, _ in self.facts)
        for name, text in self.facts:
            yield f"{name:{width}}  {text}"
        if self.to_do:
            yield "to do before the run:"
            yield from (f"  {command}" for command in dict.fromkeys(self.to_do))


def plan_sft(config: Config, recipe: str) -> Plan:
    """What `verireason sft` would do. Raises UserError and MissingError as it would."""
    sft = config.sft
    if sft is None:
        raise UserError("the recipe has no [sft] section; add one or use verireason train alone")
    plan = Plan()
    _start(plan, config, recipe, RunDir(path=Path(config.run.out) / "sft"))
    num_pairs = _pairs(plan, config, sft.path) if sft.path else sft.corpus.num if sft.corpus else None
    if sft.corpus is not None:
        plan.facts.append(("pairs", f"{sft.corpus.num} made from generated problems"))
    epochs = f", {sft.num_steps * sft.batch_size / num_pairs:.1f} epochs" if num_pairs else ""
    plan.facts.append(("steps", f"{sft.num_steps} of {sft.batch_size} pairs{epochs}"))
    _host(plan, config, model=_model_settings(config, after_sft=False), farm=False)
    return plan


def plan_grpo(config: Config, recipe: str) -> Plan:
    """What `verireason train` would do. Raises UserError and MissingError as it would."""
    grpo = config.grpo
    if grpo is None:
        raise UserError("the recipe has no [grpo] section; add one")
    plan = Plan()
    check_vllm(config, starting_model(config, Path(config.run.out)))
    _start(plan, config, recipe, RunDir(path=Path(config.run.out)))
    num_problems = _problems(plan, config)
    per_epoch = f", {num_problems / grpo.prompts_per_step:.0f} steps an epoch" if num_problems else ""
    plan.facts.append(
        (
            "steps",
            f"{grpo.max_steps} of {grpo.prompts_per_step} prompts x {grpo.num_generations} completions{per_epoch}",
        )
    )
    num = grpo.max_steps * grpo.num_completions
    more = f", up to {1 + grpo.refill_rounds} times that with refill" if grpo.refill_rounds else ""
    plan.facts.append(("engine", grpo.engine))
    plan.facts.append(("completions", f"{num:,}{more}; at most one simulation each, equal ones are run once"))
    weights = ", ".join(f"{name} {weight:g}" for name, weight in config.rubric.rubric.weights.items() if weight)
    plan.facts.append(("rubric", f"{config.rubric.rubric.name}: {weights}"))
    _host(plan, config, model=_model_settings(config, after_sft=True), farm=True)
    if config.sft is not None and not _fine_tuned(config).is_dir():
        plan.to_do += plan_sft(config, recipe).to_do
        plan.to_do.append(f"verireason sft {recipe}")
    return plan


def _start(plan: Plan, config: Config, recipe: str, run: RunDir) -> None:
    if run.model.exists() or run.has_results:
        raise UserError(f"{run.path} already holds a run; choose another run.out, or go on with it by --resume")
    absent = [name for name in PACKAGES if find_spec(name) is None]
    if config.lora is not None and find_spec("peft") is None:
        absent.append("peft")
    if absent:
        raise MissingError(f"package {absent[0]} is not installed; {INSTALL}")
    check_origins(config)
    check_lora(config)
    plan.facts.append(("recipe", f"{recipe}, config {config.digest}, into {config.run.out}"))
    plan.facts.append(("model", _model(config)))
    lora = config.lora
    what = "all weights" if lora is None else f"an adapter of rank {lora.r} (lora_alpha {lora.lora_alpha})"
    plan.facts.append(("trained", what))
    system = config.template.system_prompt is not None
    plan.facts.append(("template", config.template.name + (", with its own system prompt" if system else "")))


def _model(config: Config) -> str:
    path = config.model.path
    if path is None:
        return "made from nothing by sft"
    check_model_path(path)
    if is_local(path):
        return f"{path}, on this host"
    if path.count("/") != 1 or not all(path.split("/")):
        raise UserError(f"model.path is {path!r}; expected a directory, or a name of the hub such as org/name")
    return f"{path}, a name of the hub: not asked for now, fetched when the run starts"


def _fine_tuned(config: Config) -> Path:
    return Path(config.run.out) / "sft" / "model"


def _model_settings(config: Config, *, after_sft: bool) -> dict[str, Any] | None:
    """config.json of the model that is trained, with its directory under "directory"; None when it is not here."""
    candidates = [_fine_tuned(config)] if after_sft and config.sft is not None else []
    candidates += [Path(config.model.path)] if config.model.path is not None else []
    for directory in candidates:
        try:
            return {**json.loads((directory / "config.json").read_text(encoding="utf-8")), "directory": directory}
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as err:
            raise UserError(f"{directory / 'config.json'}: {err}; expected a model saved by transformers") from err
    scratch = config.model.scratch
    if scratch is None:
        return None
    return {
        "hidden_size": scratch.hidden_size, "intermediate_size": scratch.intermediate_size,
        "num_attention_heads": scratch.num_heads, "num_key_value_heads": scratch.num_kv_heads,
        "num_hidden_layers": scratch.num_layers, "vocab_size": scratch.vocab_size, "tie_word_embeddings": True,
        "max_position_embeddings": scratch.max_length,
    }  # fmt: skip


def _problems(plan: Plan, config: Config) -> int | None:
    """Say what the sources hold; returns the number of training problems when it is finite and known."""
    total: int | None = 0
    prompts: list[Problem] = []
    for number, source in enumerate(config.data.sources):
        name = "data" if config.data.mix is None else f"data {number + 1}"
        found = _generated(source) if source.is_generated else _from_file(plan, config, source)
        if found is None:
            plan.facts.append((name, f"{source.path}: not there yet"))
            total = None
            continue
        prompts += found
        total = None if source.is_endless or total is None else total + (source.num or len(found))
        benchmarks = ", ".join(f"{num} of {kind}" for kind, num in Counter(each.benchmark for each in found).items())
        many = "a new one for each prompt" if source.is_endless else benchmarks
        plan.facts.append((name, f"{source.path or source.source}: {many}"))
    if config.eval.every is not None and not plan.to_do:
        heldout_problems(config, num=1)
    _longest(plan, config, prompts)
    return total


def _generated(source: Source) -> list[Problem]:
    return list(generated(source, split="train", num=min(source.num or NUM_LOOKED_AT, NUM_LOOKED_AT)))


def _from_file(plan: Plan, config: Config, source: Source) -> list[Problem] | None:
    """None for a file that has to be made first."""
    assert source.path is not None
    for path in (source.path, source.heldout_path):
        if path is not None and not Path(path).exists():
            plan.to_do += how_to_make(path, config, key="data.path")
    return pool(source, config) if Path(source.path).exists() else None


def _pairs(plan: Plan, config: Config, path: str) -> int | None:
    if not Path(path).exists():
        plan.to_do += how_to_make(path, config, key="sft.path")
        plan.facts.append(("pairs", f"{path}: not there yet"))
        return None
    num = sum(1 for _ in read_pairs(Path(path)))
    plan.facts.append(("pairs", f"{path}: {num}"))
    return num


def _longest(plan: Plan, config: Config, problems: Sequence[Problem]) -> None:
    """The longest prompt, in tokens where the model's tokenizer is here; UserError when an answer has no room."""
    assert config.grpo is not None
    if not problems:
        return
    template = TEMPLATES[config.template.name]
    texts = [
        str(template.prompt(one.prompt, chat=False, system_prompt=config.template.system_prompt, language=one.language))
        for one in problems
    ]
    settings = _model_settings(config, after_sft=True) or {}
    file = settings["directory"] / "tokenizer.json" if "directory" in settings else None
    if file is None or not file.exists():
        longest = max(map(len, texts))
        plan.facts.append(("longest prompt", f"{longest} characters; in tokens once the model's tokenizer is here"))
        return
    from tokenizers import Tokenizer

    num = max(len(encoding.ids) for encoding in Tokenizer.from_file(str(file)).encode_batch(texts))
    answer = config.grpo.max_completion_length
    check_room(num, room=settings.get("max_position_embeddings"), answer=answer)
    plan.facts.append(("longest prompt", f"{num} tokens, of {len(texts)} looked at; up to {answer} for the answer"))


def _host(plan: Plan, config: Config, *, model: dict[str, Any] | None, farm: bool) -> None:
    if farm:
        with farm_for_user(box=config.farm.box, num_boxes=1, use_cache=False, checks=config.checks):
            boxes = config.farm.jobs or os.cpu_count() or 1
            plan.facts.append(("farm", f"{boxes} boxes ({config.farm.box}), {config.checks.simulator}: one was tried"))
    plan.facts.append(("memory", _memory(config, model)))
    plan.facts.append(("processes", _processes(config)))


def _memory(config: Config, model: dict[str, Any] | None) -> str:
    layers = layers_of(model) if model is not None else None
    if layers is None:
        return "known once the model's config.json is here"
    size = training_bytes(layers, config, on_gpu=Path("/dev/nvidia0").exists())
    amount = f"{size / 2**30:.0f} GiB" if size >= 2**33 else f"{size / 2**20:.0f} MiB"
    return f"about {amount} for weights ({layers.num_weights:,}), gradients and optimizer; computing comes on top"


def _processes(config: Config) -> str:
    count, grpo = num_ranks(), config.grpo
    if grpo is not None:
        check_whole_groups(grpo, count)
    if count > 1:
        return f"{count}, as the launcher says"
    most = "any number" if grpo is None else f"a divisor of {grpo.prompts_per_step}"
    return f"one; several ({most}) by accelerate launch --config_file recipes/accelerate/NAME.yaml -m verireason ..."
