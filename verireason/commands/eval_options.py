"""The options of `verireason eval`: who writes the completions, how they are drawn, and what does not fit together."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verireason.commands.verify import positive
from verireason.errors import UserError
from verireason.evals.presets import PRESETS
from verireason.templates import TEMPLATES

if TYPE_CHECKING:
    from verireason.generation.engines import Engine
    from verireason.generation.generator import Sampling

BATCH_SIZE = 128
CONCURRENCY = 64
KEY_ENV = "OPENAI_API_KEY"
PUBLISHED = "verilog-eval"
"""The template whose prompts are VerilogEval v2's own, with examples and rules where they are asked for."""
ENGINES = ("transformers", "vllm", "endpoint", "replay")
_OF_ENGINES = {
    "--base-url": ("endpoint",),
    "--key-env": ("endpoint",),
    "--price-in": ("endpoint",),
    "--price-out": ("endpoint",),
    "--concurrency": ("endpoint", "vllm"),
    "--batch-size": ("transformers",),
    "--chat": ("transformers", "vllm", "endpoint"),
    "--completions": ("replay",),
}
"""Option to the engines that have a use for it."""
_OF_BENCHMARKS = ("--benchmark", "--problems", "--root", "--out", "--template", "--preset", "--limit", "--examples",
                  "--rules", "--official")  # fmt: skip


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Who writes."""
    group = parser.add_argument_group("what writes the completions")
    group.add_argument("--engine", choices=ENGINES, help="transformers (default), or endpoint beside --base-url")
    group.add_argument(
        "--model", metavar="NAME", help="directory of a model, its name on the hub, or what the endpoint calls it"
    )
    group.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible endpoint: http://localhost:8000/v1")
    group.add_argument(
        "--key-env", metavar="NAME", help=f"environment variable that holds the endpoint's key; {KEY_ENV}"
    )
    group.add_argument(
        "--concurrency", type=positive, metavar="N", help=f"requests in flight, endpoint or vllm; {CONCURRENCY}"
    )
    group.add_argument("--price-in", type=_price, metavar="P", help="endpoint: price of a million tokens of prompts")
    group.add_argument("--price-out", type=_price, metavar="P", help="endpoint: price of a million tokens of answers")
    group.add_argument(
        "--chat",
        action=argparse.BooleanOptionalAction,
        help="ask by messages, or by texts; as the model has a chat template or not, and by messages at an endpoint",
    )
    group.add_argument("--batch-size", type=positive, metavar="N", help=f"transformers: at once; {BATCH_SIZE}")
    group.add_argument(
        "--completions", type=Path, metavar="FILE", help="replay: the completions, as `verify` reads them"
    )


def add_sampling_arguments(parser: argparse.ArgumentParser) -> None:
    """How completions are asked for and drawn."""
    group = parser.add_argument_group("how they are asked for and drawn")
    group.add_argument("--preset", metavar="NAME", help="as a published evaluation draws; see below")
    group.add_argument("--samples", type=positive, metavar="N", help="completions per problem; 1, or the recipe's")
    group.add_argument("--temperature", type=_temperature, metavar="T", help="0, which is greedy, or the recipe's")
    group.add_argument("--top-p", type=_share, metavar="P", help="1")
    group.add_argument("--max-tokens", type=positive, metavar="N", help="longest completion; 1024, or the recipe's")
    group.add_argument("--seed", type=int, metavar="N", help="0, or the recipe's")
    group.add_argument("--template", metavar="NAME", help=f"prompt and answer format; {', '.join(TEMPLATES)}")
    group.add_argument(
        "--examples", type=int, choices=range(5), default=0, help="VerilogEval v2: solved examples before the question"
    )
    group.add_argument("--rules", action="store_true", help="VerilogEval v2: its coding rules before the question")


def _temperature(text: str) -> float:
    if not 0.0 <= float(text) <= 5.0:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 5")
    return float(text)


def _share(text: str) -> float:
    if not 0.0 < float(text) <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and up to 1")
    return float(text)


def _price(text: str) -> float:
    if not 0.0 <= float(text) < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is no price")
    return float(text)


def check_source(args: argparse.Namespace) -> None:
    """UserError for no problems, for those of two sources, and for options that belong to the other source."""
    if [args.recipe, args.benchmark, args.problems].count(None) != 2:
        raise UserError("give a recipe, --benchmark NAME or --problems FILE, one of them; see `verireason eval --help`")
    if args.recipe:
        for option in _OF_BENCHMARKS:
            if _value(args, option):
                raise UserError(
                    f"{option} goes with --benchmark or --problems; a recipe has run.out and its own settings"
                )
        if not args.label or Path(args.label).name != args.label:
            raise UserError(
                f'--label is {args.label!r}; give one folder name below RUN/eval, such as "before" or "after"'
            )
        return
    if args.set or args.label:
        raise UserError("--set and --label go with a recipe; a benchmark has --out and the other options")
    if args.out is None or (args.benchmark and args.root is None):
        raise UserError("--benchmark needs --root DIR and --out DIR, --problems needs --out DIR")
    for option, known in (("--template", TEMPLATES), ("--preset", PRESETS)):
        if _value(args, option) not in (None, *known):
            raise UserError(f"{option} is {_value(args, option)!r}; expected one of {', '.join(known)}")
    if (args.examples or args.rules) and (args.benchmark is None or args.template not in (None, PUBLISHED)):
        raise UserError(f"--examples and --rules go with --benchmark and --template {PUBLISHED}: they are its own")


def chosen_engine(args: argparse.Namespace) -> Engine:
    """The engine that the options ask for. UserError for options of another one, and without a model."""
    from verireason.generation.engines import Engine

    kind = args.engine or ("endpoint" if args.base_url else ENGINES[0])
    for option, engines in _OF_ENGINES.items():
        if _value(args, option) is not None and kind not in engines:
            raise UserError(f"{option} goes with --engine {' or '.join(engines)}, and this is {kind}")
    if kind == "replay" and args.completions is None:
        raise UserError("--engine replay needs --completions FILE")
    if kind == "replay" and args.repair:
        raise UserError("--repair asks a model again, and --engine replay has none")
    if kind != "replay" and args.model is None:
        raise UserError(f"--engine {kind} needs --model")
    return Engine(
        kind=kind,
        model=args.model or args.completions.name,
        batch_size=args.batch_size or BATCH_SIZE,
        base_url=args.base_url,
        key_env=args.key_env or KEY_ENV,
        concurrency=args.concurrency or CONCURRENCY,
        chat=args.chat,
        price_in=args.price_in,
        price_out=args.price_out,
        completions=args.completions,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """How many completions of each problem, and how each is drawn."""

    num_samples: int
    sampling: Sampling


def chosen_sampling(args: argparse.Namespace, *, num_samples: int, temperature: float, max_tokens: int) -> Drawn:
    """What the options say, else the preset, else what is given here. UserError for samples that are all alike."""
    from verireason.generation.generator import Sampling

    preset = PRESETS.get(args.preset)
    if preset is not None:
        num_samples, temperature, max_tokens = preset.num_samples, preset.temperature, preset.max_tokens
    drawn = Drawn(
        num_samples=args.samples or num_samples,
        sampling=Sampling(
            temperature=temperature if args.temperature is None else args.temperature,
            top_p=args.top_p or (preset.top_p if preset else 1.0),
            max_new_tokens=args.max_tokens or max_tokens,
        ),
    )
    if drawn.sampling.temperature == 0 and drawn.num_samples > 1 and args.completions is None:
        raise UserError("at temperature 0 all samples of a problem are alike; give --temperature, or --samples 1")
    return drawn


def _value(args: argparse.Namespace, option: str) -> object:
    return getattr(args, option.removeprefix("--").replace("-", "_"))
