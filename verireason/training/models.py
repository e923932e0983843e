"""Language models on disk: find one, load it, and turn prompts into its tokens.

Nothing here runs code that comes with a model (`trust_remote_code` stays off).
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verireason.config import Config
from verireason.errors import MissingError, UserError
from verireason.templates import Message

INSTALL = "in the checkout, pip install -e '.[train]' -c constraints.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """A causal model of transformers with its tokenizer, which has a padding token."""

    model: Any
    tokenizer: Any
    name: str


def set_up_libraries(*, threads: int | None, needs_hub: bool) -> None:
    """Quiet the libraries and keep them off the network unless a hub name needs it. Call before the first import.

    threads: torch's threads on the CPU; None leaves them. Raises MissingError when a package is not installed.
    """
    if not needs_hub:
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # batches are small, and it warns after the farm forks
    os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
    try:
        import torch
        import transformers
        import trl  # noqa: F401
    except ImportError as err:
        raise MissingError(f"package {err.name} is not installed; {INSTALL}") from err
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    for name in ("trl", "accelerate", "datasets"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"trl|transformers")
    if threads is not None:
        torch.set_num_threads(threads)


def is_local(path: str) -> bool:
    """Whether `path` names a directory of this host rather than a model of the hub."""
    return Path(path).is_dir() or path.startswith((".", "/", "~")) or path.count("/") > 1


def check_model_path(path: str) -> None:
    """Raise UserError unless `path` is a hub name or a directory that holds a model."""
    if not is_local(path):
        return
    if not Path(path).is_dir():
        raise UserError(f"model path {path}: no such directory; expected a directory with config.json or a hub name")
    lacking = [name for name in ("config.json", "tokenizer_config.json") if not (Path(path) / name).is_file()]
    if lacking:
        raise UserError(f"model path {path}: found no {lacking[0]} in it; expected a model saved by transformers")


def load_model(path: str, *, name: str | None = None, dtype: str | None = None) -> LanguageModel:
    """Load a model and its tokenizer from a directory or the hub.

    name: what to call it; None takes the path. dtype: "float32" or "bfloat16"; None takes float32 on the CPU and
    bfloat16 elsewhere. Raises UserError when there is no such model or its files cannot be read.
    """
    check_model_path(path)
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if dtype is None:
        dtype = "bfloat16" if torch.cuda.is_available() else "float32"
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        model = AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, dtype))
    except (OSError, ValueError, KeyError, SafetensorError) as err:
        raise UserError(f"model {path}: {str(err).strip().splitlines()[0]}") from err
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return LanguageModel(model=model, tokenizer=tokenizer, name=path if name is None else name)


def training_dtype(config: Config) -> str:
    """The type of the weights while they are trained; see `[model] dtype`."""
    import torch

    if config.model.dtype is not None:
        return config.model.dtype
    return "bfloat16" if config.lora is not None and torch.cuda.is_available() else "float32"


def check_lora(config: Config) -> None:
    """Raise UserError for `[lora]` where the processes share the weights out among them."""
    if config.lora is not None and any(
        os.environ.get(f"ACCELERATE_USE_{name}") == "true" for name in ("FSDP", "DEEPSPEED")
    ):
        raise UserError(
            "[lora] with FSDP or DeepSpeed: an adapter cannot be merged into weights that are shared out; expected "
            "processes that each have the model, as of recipes/accelerate/eight-gpus.yaml"
        )


def check_target_modules(config: Config, model: Any) -> None:
    """Raise UserError when the model has no layer of a name in `lora.target_modules`."""
    wanted = config.lora.target_modules if config.lora is not None else None
    layers = {name.rpartition(".")[2] for name, _ in model.named_modules()}
    for name in wanted or ():
        if name.rpartition(".")[2] not in layers:
            known = sorted(layer for layer in layers if layer.endswith("_proj"))
            raise UserError(
                f"lora.target_modules has {name!r}; expected layers of the model, such as {', '.join(known)}"
            )


def lora_config(config: Config) -> Any:
    """peft's settings from `[lora]` for TRL's trainers; None without that table, which trains all weights.

    Raises MissingError when peft is not installed, and as `check_lora` does.
    """
    check_lora(config)
    lora = config.lora
    if lora is None:
        return None
    try:
        from peft import LoraConfig
    except ImportError as err:
        raise MissingError(f"[lora] needs the package {err.name}; {INSTALL}") from err
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=lora.r,
        lora_alpha=lora.lora_alpha,
        lora_dropout=lora.lora_dropout,
        target_modules=list(lora.target_modules) if lora.target_modules else "all-linear",
    )


def has_chat_template(tokenizer: Any) -> bool:
    """Whether prompts for this model are messages."""
    return bool(getattr(tokenizer, "chat_template", None))


def prompt_tokens(tokenizer: Any, prompts: Sequence[str | list[Message]]) -> list[list[int]]:
    """Token ids of prompts, unpadded, as TRL makes them: messages through the chat template, texts as they are."""
    if isinstance(prompts[0], str):
        return [list(ids) for ids in tokenizer(list(prompts))["input_ids"]]
    encoded = tokenizer.apply_chat_template(list(prompts), add_generation_prompt=True, tokenize=True, return_dict=True)
    return [list(ids) for ids in encoded["input_ids"]]


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end a completion: the model's own, else the tokenizer's."""
    found = model.generation_config.eos_token_id
    if found is None:
        found = tokenizer.eos_token_id
    return frozenset([found] if isinstance(found, int) else found)
