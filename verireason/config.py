"""The settings of a run: one TOML file in, frozen models out.

People write TOML; the program writes JSON. The tables are in recipe_tables.py. An unknown key, a wrong type or a value
out of range is one line that names the file, the key, what was found and what is expected.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from rewards.terms import HARDWARE_TERMS, SYNTHESIS_TERMS
from sim.verdict import Checks, Level
from verireason.config_words import first_problem
from verireason.errors import UserError
from verireason.recipe_tables import (
    Curriculum,
    Data,
    Eval,
    Farm,
    Grpo,
    Lora,
    Model,
    RubricChoice,
    Run,
    Section,
    Sft,
    TemplateChoice,
    Vllm,
)


class Config(Section):
    """A whole recipe."""

    run: Run
    model: Model
    data: Data = Data()
    template: TemplateChoice
    lora: Lora | None = None
    sft: Sft | None = None
    grpo: Grpo | None = None
    vllm: Vllm = Vllm()
    curriculum: Curriculum | None = None
    rubric: RubricChoice = RubricChoice()
    farm: Farm = Farm()
    eval: Eval = Eval()
    origins: dict[str, str] = Field(default_factory=dict)
    """`[origins]`: file of this recipe to the published data set that it is made from, a name of `verireason data get`.
    With --dry-run a file that is not there yet is then something to do, with the commands, and not an error."""

    @property
    def terms(self) -> frozenset[str]:
        """The rubric's terms that weigh something."""
        return frozenset(term for term, weight in self.rubric.rubric.weights.items() if weight)

    @property
    def checks(self) -> Checks:
        """What the farm looks at: what `[farm]` says, and what the rubric's terms are made of."""
        needed = self.terms
        measures_size = bool(needed & SYNTHESIS_TERMS)
        level = self.farm.level
        if measures_size and level is Level.SIMULATION:
            # Code that simulates as one circuit and synthesises as a smaller one would earn the smaller one's size.
            level = Level.NETLIST
        return Checks(simulator=self.farm.simulator, level=level, lint="lint" in needed, synthesis=measures_size)

    @model_validator(mode="after")
    def _rubric_fits_data(self) -> Config:
        if any(source.source == "generated-python" for source in self.data.sources):
            check_terms(self.terms)
        return self

    @model_validator(mode="after")
    def _loss_fits_engine(self) -> Config:
        mode = self.vllm.importance_sampling_mode
        if (
            self.grpo is not None
            and self.grpo.loss_type == "vespo"
            and self.grpo.engine != "transformers"
            and mode.startswith("sequence")
        ):
            raise ValueError(
                f'vllm.importance_sampling_mode is "{mode}"; expected "token_truncate" or "token_mask" with '
                'grpo.loss_type "vespo"'
            )
        return self

    @property
    def digest(self) -> str:
        """Hash of every setting that can change a result: 12 hexadecimal digits."""
        settings = {
            key: value
            for key, value in flatten(self.model_dump(mode="json", exclude={"origins"}))
            if key not in FREE_KEYS and (key not in LATER_KEYS or value != LATER_KEYS[key])
        }
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


FREE_KEYS = frozenset(
    {
        "run.out",
        "run.report_to",
        "farm.jobs",
        "farm.cache",
        "farm.patience_s",
        "vllm.server_base_url",
        "vllm.gpu_memory_utilization",
    }
)
"""Settings that cannot change a result, so a resumed run may have others."""
LATER_KEYS: dict[str, Any] = {
    "curriculum": None,
    "data.mix": None,
    "farm.python_libraries": [],
    "grpo.delta": None,
    "grpo.epsilon": 0.2,
    "grpo.importance_sampling_level": "token",
    "grpo.min_reward_std": 0.0,
    "grpo.normalise": "after_sum",
    "grpo.engine": "transformers",
    "grpo.refill_rounds": 0,
    "grpo.top_entropy_quantile": 1.0,
    "lora": None,
    "model.dtype": None,
    "sft.pass_size": None,
    "sft.warmup_share": 0.05,
    **{f"vllm.{name}": field.default for name, field in Vllm.model_fields.items()},
}
"""Settings that older runs do not have; with these values a recipe keeps the digest that it had without them."""


def check_terms(terms: Set[str]) -> None:
    """Raise ValueError when a rubric with these terms cannot score Python programs."""
    if terms & HARDWARE_TERMS:
        raise ValueError(
            f"the rubric weighs {', '.join(sorted(terms & HARDWARE_TERMS))}, which is never measured of a program, and "
            'the data has Python problems; expected another rubric, such as "default"'
        )


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Read a recipe.

    path: the TOML file. overrides: "KEY=VALUE" with a dotted key and a TOML value, such as "grpo.max_steps=20"; a value
    that is not TOML is taken as text. Raises UserError with one line for a file that cannot be read, a misspelt key, a
    wrong type or a value out of range.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise UserError(f"{path}: {err.strerror or err}; give the path of a recipe, such as recipes/demo.toml") from err
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise UserError(f"{path}: not TOML: {err}") from err
    for override in overrides:
        _apply(tree, override)
    return parse_config(tree, source=str(path))


def parse_config(tree: Mapping[str, Any], *, source: str) -> Config:
    """Check a tree of settings. `source` is named in the message of the UserError that bad settings raise."""
    try:
        return Config.model_validate(dict(tree))
    except ValidationError as err:
        raise UserError(f"{source}: {first_problem(err, Config)}") from err


def read_config(path: Path) -> Config:
    """Read the config.json that a run wrote. Raises UserError when it is missing or not one."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        tree.pop("digest", None)
    except OSError as err:
        raise UserError(f"{path}: {err.strerror or err}; give the directory of a run") from err
    except (ValueError, AttributeError) as err:
        raise UserError(f"{path}: not the configuration of a run: {err}") from err
    return parse_config(tree, source=str(path))


def write_config(config: Config, path: Path) -> None:
    """Write the resolved settings and their digest as JSON."""
    tree = {"digest": config.digest, **config.model_dump(mode="json")}
    path.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")


def differences(old: Config, new: Config) -> list[str]:
    """Settings that differ and can change a result, as "grpo.max_steps: 20 in the run, 40 now"."""
    before = dict(flatten(old.model_dump(mode="json", exclude={"origins"})))
    after = dict(flatten(new.model_dump(mode="json", exclude={"origins"})))
    keys = sorted((before.keys() | after.keys()) - FREE_KEYS)
    absent = "nothing"
    return [
        f"{key}: {before.get(key, absent)!r} in the run, {after.get(key, absent)!r} now"
        for key in keys
        if before.get(key) != after.get(key)
    ]


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and leaf values of nested tables, in order."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _apply(tree: dict[str, Any], override: str) -> None:
    key, sign, text = override.partition("=")
    if not sign or not key:
        raise UserError(f"--set {override}: expected KEY=VALUE, such as --set grpo.max_steps=20")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *tables, name = key.split(".")
    for table in tables:
        tree = tree.setdefault(table, {})
        if not isinstance(tree, dict):
            raise UserError(f"--set {override}: {table} is a value and not a table")
    tree[name] = value
