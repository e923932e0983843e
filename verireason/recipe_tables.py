"""The tables of a recipe, one frozen class each.

A setting exists if two people would set it differently; the rest are named constants beside the code that uses them.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rewards.rubric import RUBRICS, Rubric
from sim.farm import BOXES
from sim.verdict import Level, Simulator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(gt=0.0, le=1e6)]
Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
"""TOML has lists only, so tuples are taken from lists."""


class Section(BaseModel):
    """What every table of the file shares: frozen, no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Run(Section):
    """`[run]`: what makes this run this run."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    """Seeds weights, faults and sampling. The problems have their own seed in `[data]`."""
    out: str
    """Directory of the run, made by `train`; `sft` writes to its folder `sft`."""
    threads: Count | None = None
    """Threads of torch on the CPU; None leaves it to torch. It changes the last bits of results."""
    report_to: Annotated[tuple[Literal["tensorboard", "wandb", "trackio"], ...], Field(strict=False)] = ()
    """Where TRL reports besides metrics.jsonl."""


class ScratchModel(Section):
    """`[model.scratch]`: a small transformer with random weights and a tokenizer trained on the spot."""

    vocab_size: Annotated[int, Field(ge=260, le=65536)]
    """Upper bound; a small corpus gives fewer tokens. 256 bytes and the special tokens are always in."""
    hidden_size: Count
    num_layers: Count
    num_heads: Count
    num_kv_heads: Count
    intermediate_size: Count
    max_length: Annotated[int, Field(ge=16)]
    """Longest sequence, prompt and answer together, in tokens."""

    @model_validator(mode="after")
    def _shapes_fit(self) -> ScratchModel:
        if self.hidden_size % (2 * self.num_heads):
            raise ValueError(f"hidden_size is {self.hidden_size}; expected a multiple of twice num_heads")
        if self.num_heads % self.num_kv_heads:
            raise ValueError(f"num_heads is {self.num_heads}; expected a multiple of num_kv_heads")
        return self


class Model(Section):
    """`[model]`: a hub name or a path, or a table that builds one."""

    path: str | None = None
    scratch: ScratchModel | None = None
    dtype: Literal["float32", "bfloat16"] | None = None
    """Of the weights while they are trained. None takes float32, since small updates get lost in bfloat16, and for a
    `[lora]` on a GPU bfloat16: the weights themselves stay, and the adapter is float32. On a GPU the arithmetic is
    bfloat16 in each case."""

    @model_validator(mode="after")
    def _one_source(self) -> Model:
        if (self.path is None) == (self.scratch is None):
            raise ValueError("found both or neither of path and [model.scratch]; expected exactly one")
        return self


class Lora(Section):
    """`[lora]`: train an adapter of low rank and leave the weights; without the table all weights are trained. The
    names are those of peft's LoraConfig.
    """

    r: Count = 16
    """Rank."""
    lora_alpha: Count = 32
    """The adapter's output is scaled by lora_alpha / r."""
    lora_dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    target_modules: Names | None = None
    """Layers by the ends of their names, such as ["q_proj", "v_proj"]; None takes every linear one but the head."""


class Source(Section):
    """Where problems come from. Held-out ones come from the same settings and another split."""

    source: Literal["generated", "generated-python", "jsonl"] = "generated"
    """"generated" is RTL, "generated-python" programs; "jsonl" takes problems of both languages from files."""
    seed: Annotated[int, Field(ge=0)] = 0
    families: Names | None = None
    """Families of generated problems; None takes all."""
    levels: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)] | None = None
    """Difficulty levels of generated problems; None takes all."""
    phrasing: Literal["full", "terse"] = "full"
    num: Count | None = None
    """Size of the pool of training problems, drawn from over and over; None gives every prompt a new problem."""
    path: str | None = None
    """jsonl: file of training problems."""
    heldout_path: str | None = None
    """jsonl: file of held-out problems."""

    @property
    def is_generated(self) -> bool:
        """Whether a generator makes the problems."""
        return self.source != "jsonl"

    @property
    def is_endless(self) -> bool:
        """Whether every prompt can be a new problem."""
        return self.is_generated and self.num is None

    @model_validator(mode="after")
    def _keys_fit_source(self) -> Self:
        generated_only = {"families": self.families, "levels": self.levels}
        for name, value in generated_only.items():
            if self.source == "jsonl" and value is not None:
                raise ValueError(f'{name} is set and source is "jsonl"; expected it only with source = "generated"')
        if self.source == "jsonl" and self.path is None:
            raise ValueError('source is "jsonl" and path is missing; expected the file of training problems')
        if self.is_generated and (self.path or self.heldout_path):
            raise ValueError(f'path is set and source is "{self.source}"; expected it only with source = "jsonl"')
        return self


class MixedSource(Source):
    """`[[data.mix]]`: one of several sources."""

    weight: Weight = 1.0
    """Its share of the prompts, in proportion to the others' weights."""


class Data(Source):
    """`[data]`: one source of problems, or a table `[[data.mix]]` for each of several."""

    mix: Annotated[tuple[MixedSource, ...], Field(strict=False, min_length=1)] | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """All sources."""
        return (self,) if self.mix is None else self.mix

    @property
    def weights(self) -> tuple[float, ...]:
        """The sources' weights."""
        return (1.0,) if self.mix is None else tuple(each.weight for each in self.mix)

    @model_validator(mode="after")
    def _one_or_several(self) -> Data:
        changed = [name for name, field in Source.model_fields.items() if getattr(self, name) != field.default]
        if self.mix is not None and changed:
            raise ValueError(f"{changed[0]} is set beside [[data.mix]]; expected it in the tables of the mix")
        return self


class TemplateChoice(Section):
    """`[template]`: the prompt and answer format."""

    name: Literal["verireason", "plain"]
    system_prompt: str | None = None
    """None takes the template's own."""


class Corpus(Section):
    """`[sft.corpus]`: generated problems with golden answers, some of them spoilt on purpose."""

    num: Count
    systematic: Share
    """Share of answers with the majority's misreading, where the problem admits one."""
    random: Share
    """Share of answers with a slip at a random place."""

    @model_validator(mode="after")
    def _shares_fit(self) -> Corpus:
        if self.systematic + self.random > 1:
            raise ValueError(f"systematic + random is {self.systematic + self.random:g}; expected at most 1")
        return self


class Sft(Section):
    """`[sft]`: supervised fine-tuning on prompt and answer pairs."""

    num_steps: Count
    batch_size: Count
    """Pairs per step."""
    learning_rate: Annotated[float, Field(gt=0.0, lt=1.0)]
    max_length: Annotated[int, Field(ge=16)] = 1024
    """Tokens of prompt and answer; longer pairs are left out and counted."""
    warmup_share: Share = 0.05
    """Share of the steps in which the learning rate rises, before it falls as a cosine."""
    pass_size: Count | None = None
    """Pairs per forward and backward pass on a process; None takes the whole step at once."""
    gradient_checkpointing: bool = False
    corpus: Corpus | None = None
    path: str | None = None
    """In place of `[sft.corpus]`: JSONL of {"prompt": text, "completion": code}, or of {"prompt": text, "answer": text}
    for whole answers."""

    @model_validator(mode="after")
    def _fits_together(self) -> Sft:
        if (self.corpus is None) == (self.path is None):
            raise ValueError("found both or neither of path and [sft.corpus]; expected exactly one")
        if self.pass_size is not None and self.batch_size % self.pass_size:
            raise ValueError(f"pass_size is {self.pass_size}; expected a divisor of batch_size = {self.batch_size}")
        return self


LEVELS_OF_LOSS = {
    "dapo": ("token",),
    "grpo": ("token", "sequence"),
    "dr_grpo": ("token",),
    "bnpo": ("token",),
    "cispo": ("token",),
    "sapo": ("token", "sequence"),
    "luspo": ("sequence",),
    "vespo": ("token",),
}
"""Loss type to the levels of importance sampling that TRL does not warn about with it."""
CLIPPED_LOSSES = ("dapo", "grpo", "dr_grpo", "bnpo", "luspo")
"""Those that have PPO's clipping, to which `delta` belongs."""


class Grpo(Section):
    """`[grpo]`: the names are TRL's where TRL has the setting."""

    prompts_per_step: Count
    num_generations: Annotated[int, Field(ge=2)]
    """Completions per prompt: the size of a group."""
    max_steps: Count
    learning_rate: Annotated[float, Field(gt=0.0, lt=1.0)]
    max_completion_length: Count
    """Tokens."""
    temperature: Annotated[float, Field(gt=0.0, le=5.0)] = 1.0
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    loss_type: Literal["dapo", "grpo", "dr_grpo", "bnpo", "cispo", "sapo", "luspo", "vespo"] = "dapo"
    importance_sampling_level: Literal["token", "sequence"] = "token"
    """Of what the ratio to the weights that wrote it is taken; "sequence" with loss_type "grpo" is GSPO."""
    epsilon: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.2
    """The ratio is clipped below 1 - epsilon."""
    epsilon_high: Annotated[float, Field(gt=0.0)] = 0.28
    """The ratio is clipped above 1 + epsilon_high; with cispo it is capped at epsilon_high itself."""
    delta: float | None = None
    """Most that the ratio may be where the advantage is negative and clipping leaves it alone; None for no bound."""
    top_entropy_quantile: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Share of the tokens, those of highest entropy, that the loss is about."""
    scale_rewards: Literal["group", "batch", "none"] = "group"
    normalise: Literal["after_sum", "before_sum"] = "after_sum"
    """Whether the terms of the rubric are made equally large in a group before they are weighed and summed (GDPO)."""
    min_reward_std: Annotated[float, Field(ge=0.0)] = 0.0
    """Least that the part of a reward for style is divided by, so that a tie in the tests is not blown up by style."""
    beta: Annotated[float, Field(ge=0.0)] = 0.0
    """Weight of the KL term against the starting model; 0 keeps no reference model."""
    lr_scheduler: Literal["constant", "linear", "cosine"] = "constant"
    mask_truncated_completions: bool = False
    """Leave completions that hit max_completion_length out of the loss."""
    batch_size: Count | None = None
    """Completions per forward and backward pass; None takes the whole step at once."""
    gradient_checkpointing: bool = False
    steps_ahead: Annotated[int, Field(ge=0, le=2)] = 0
    """Steps that generation runs ahead of training, so that the farm works meanwhile. 0 is TRL's own order, to the bit;
    with 1 or 2 completions are that many updates old, and the importance ratio is to the weights that wrote them."""
    refill_rounds: Annotated[int, Field(ge=0, le=64)] = 0
    """Times that a step may ask more problems to replace groups that teach nothing, until all of its groups have signal
    (DAPO's dynamic sampling). 0 trains on what came."""
    save_steps: Count = 20
    engine: Literal["transformers", "vllm-colocate", "vllm-server"] = "transformers"
    """What writes the completions: transformers; vLLM in this process; or a vLLM server beside it, see `[vllm]`."""

    @property
    def num_completions(self) -> int:
        """Completions per step."""
        return self.prompts_per_step * self.num_generations

    @model_validator(mode="after")
    def _batches_fit(self) -> Grpo:
        if self.batch_size is not None and self.num_completions % self.batch_size:
            raise ValueError(
                f"batch_size is {self.batch_size}; expected a divisor of prompts_per_step * num_generations = "
                f"{self.num_completions}"
            )
        return self

    @model_validator(mode="after")
    def _objective_fits_together(self) -> Grpo:
        loss, level = self.loss_type, self.importance_sampling_level
        if level not in LEVELS_OF_LOSS[loss]:
            wanted = " or ".join(f'"{each}"' for each in LEVELS_OF_LOSS[loss])
            hint = '; GSPO is loss_type = "grpo" with "sequence"' if level == "sequence" else ""
            raise ValueError(f'importance_sampling_level is "{level}"; expected {wanted} with loss_type "{loss}"{hint}')
        if loss == "cispo" and self.epsilon_high < 1.0:
            raise ValueError(
                f"epsilon_high is {self.epsilon_high:g}, which loss_type cispo caps the ratio at; expected 1 or more, "
                "such as 5.0"
            )
        if self.delta is not None and loss not in CLIPPED_LOSSES:
            raise ValueError(f"delta is set with loss_type {loss}; expected it only with {', '.join(CLIPPED_LOSSES)}")
        if self.delta is not None and self.delta <= 1.0 + self.epsilon_high:
            raise ValueError(
                f"delta is {self.delta:g}; expected more than 1 + epsilon_high = {1 + self.epsilon_high:g}"
            )
        return self

    @model_validator(mode="after")
    def _normalisation_fits_together(self) -> Grpo:
        if self.scale_rewards == "none" and self.normalise == "before_sum":
            raise ValueError('scale_rewards is "none" with normalise = "before_sum"; expected "group" or "batch"')
        if self.scale_rewards == "none" and self.min_reward_std:
            raise ValueError(
                'min_reward_std is set with scale_rewards = "none", which divides by nothing; leave it out'
            )
        return self


class Curriculum(Section):
    """`[curriculum]`: what is asked follows from what became of it before. Without the table problems come in order.

    The five weights are the pools' shares of what is asked, among pools that hold something.
    """

    new: Weight = 1.0
    """Of problems of which nothing was judged yet."""
    hard: Weight = 1.0
    middle: Weight = 2.0
    easy: Weight = 0.5
    retry: Weight = 0.1
    """Of retired problems whose time has come."""
    hard_below: Share = 0.25
    """Recent pass rate below which a problem is hard."""
    easy_above: Share = 0.75
    """Recent pass rate above which a problem is easy."""
    retire_after: Count = 3
    """Groups in a row, all of which passed or none, after which a problem is retired."""
    retry_after: Count = 50
    """Steps after which a retired problem may be asked again; one more such group retires it again."""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Curriculum:
        if self.hard_below > self.easy_above:
            raise ValueError(f"hard_below is {self.hard_below:g}; expected at most easy_above = {self.easy_above:g}")
        return self


class Vllm(Section):
    """`[vllm]`: vLLM as the engine that writes completions. The names are TRL's, without their vllm_ in front."""

    server_base_url: str = "http://127.0.0.1:8000"
    """vllm-server: where it listens."""
    gpu_memory_utilization: Annotated[float, Field(gt=0.0, le=1.0)] = 0.3
    """vllm-colocate: share of the device's memory that vLLM takes; of the machine's, on a CPU."""
    tensor_parallel_size: Count = 1
    """vllm-colocate: devices that share one copy of the model."""
    max_model_length: Count | None = None
    """vllm-colocate: tokens of prompt and completion that there is room for; None takes what the model can do."""
    enable_sleep_mode: bool = False
    """vllm-colocate: give the memory back between two generations. A GPU only."""
    importance_sampling_mode: Literal["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"] = (
        "sequence_mask"
    )
    """The loss of a token or of a completion is weighed by how much likelier the trained model makes it than vLLM did.
    Beyond the clip the weight is cut to it (truncate) or is 0 (mask)."""
    importance_sampling_clip_max: Annotated[float, Field(gt=0.0)] = 3.0


class RubricChoice(Section):
    """`[rubric]`: what a verdict is worth; a name from `rewards.rubric.RUBRICS`, or weights of one's own."""

    name: str = "default"
    weights: dict[str, float] | None = None
    """Term, from `rewards.terms.TERMS`, to weight; None takes those of the rubric of that name."""

    @model_validator(mode="after")
    def _rubric_makes_sense(self) -> RubricChoice:
        if self.weights is None:
            if self.name not in RUBRICS:
                raise ValueError(f"name is {self.name!r}; expected one of {', '.join(RUBRICS)}, or [rubric.weights]")
        else:
            Rubric.from_weights(self.name, self.weights)
        return self

    @property
    def rubric(self) -> Rubric:
        """The rubric that this stands for."""
        return RUBRICS[self.name] if self.weights is None else Rubric.from_weights(self.name, self.weights)


class Farm(Section):
    """`[farm]`: what judges the completions."""

    box: str = "bubblewrap"
    """A name from `sim.farm.BOXES`."""
    jobs: Count | None = None
    """Boxes at the same time; None takes one per core."""
    max_unjudged: Share = 0.1
    """Share of a step's completions that may stay unjudged before the run stops."""
    patience_s: Annotated[float, Field(ge=0.0)] = 600.0
    """Wall seconds to wait for a farm that fails, trying again and again, before more than that stops the run."""
    deadline_s: Annotated[float, Field(gt=0.0)] = 1800.0
    """Wall seconds for the verdicts of a step, from when the farm got them; what is late is UNJUDGED."""
    simulator: Annotated[Simulator, Field(strict=False)] = Simulator.ICARUS
    """"icarus" or "verilator"."""
    level: Annotated[Level, Field(strict=False)] = Level.SIMULATION
    """What a pass asks for: "simulation", "netlist" or "formal"; a rubric that pays for size asks for "netlist"."""
    cache: bool = True
    """Keep verdicts on disk, for later runs too."""
    python_libraries: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """What an interpreter has imported before a Python candidate comes, beside what its problem asks for: such as
    "numpy". It costs the candidate no time."""

    @model_validator(mode="after")
    def _box_exists(self) -> Farm:
        if self.box not in BOXES:
            raise ValueError(f"box is {self.box!r}; expected one of {', '.join(BOXES)}")
        return self


class Eval(Section):
    """`[eval]`: held-out problems, for `verireason eval` and while training."""

    num: Count = 128
    """Problems per held-out split."""
    samples: Count = 1
    """Completions per problem."""
    temperature: Annotated[float, Field(ge=0.0, le=5.0)] = 1.0
    """0 is greedy."""
    max_completion_length: Count | None = None
    """Tokens; None takes the one of `[grpo]`."""
    every: Count | None = None
    """Evaluate on the held-out split while training, after every so many steps; None leaves it to `verireason eval`."""
