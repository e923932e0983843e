"""A small model from nothing: a byte-level BPE tokenizer trained on the corpus and a Qwen3 with random weights.

It is saved as any model of transformers is, so everything else loads it by its path. It is meant for demonstrations and
tests on a CPU; it knows only what the corpus shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from verireason.recipe_tables import ScratchModel

PAD, END = "<|pad|>", "<|end|>"


def build_scratch_model(shape: ScratchModel, texts: Sequence[str], out: Path, *, seed: int) -> int:
    """Train a tokenizer on `texts`, make a model with random weights, save both to `out`.

    Same texts and seed, same files. Returns the number of weights, tied ones counted once.
    """
    import torch
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    core = _train_tokenizer(texts, vocab_size=shape.vocab_size)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token=END,
        pad_token=PAD,
        padding_side="left",
        model_max_length=shape.max_length,
        clean_up_tokenization_spaces=False,
    )
    config = Qwen3Config(
        vocab_size=core.get_vocab_size(),
        hidden_size=shape.hidden_size,
        num_hidden_layers=shape.num_layers,
        num_attention_heads=shape.num_heads,
        num_key_value_heads=shape.num_kv_heads,
        head_dim=shape.hidden_size // shape.num_heads,
        intermediate_size=shape.intermediate_size,
        max_position_embeddings=shape.max_length,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return int(model.num_parameters())


def _train_tokenizer(texts: Sequence[str], *, vocab_size: int):  # type: ignore[no-untyped-def]  # tokenizers has no types
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    # Digits apart: then a number is copied digit by digit, whatever stands before it, and needs no table of numbers.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),  # any byte can be read, seen in the corpus or not
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
