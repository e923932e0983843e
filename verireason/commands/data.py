"""`verireason data`: fetch or generate problems, list the families, and prove that problems can be judged by."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

from verireason.commands import data_answers, data_convert, data_get, data_select, data_validate
from verireason.commands.verify import add_farm_arguments, positive
from verireason.problem import Problem

ALL_SPLITS = "all"
"""Problems of train and of the families that are kept out of it, each family with its share."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    generate = actions.add_parser("generate", help="write generated problems to a JSONL file")
    generate.add_argument("--num", type=positive, required=True, metavar="N", help="how many problems")
    generate.add_argument("--out", type=Path, required=True, metavar="FILE", help="one JSON object per line")
    _add_choice_arguments(generate, split="train")
    generate.add_argument("--phrasing", default="full", help="full (several wordings) or terse (one line)")
    _add_language_argument(actions.add_parser("families", help="list the task families"))
    proving = actions.add_parser("validate", help="prove that goldens pass, probes fail and mutants are killed")
    proving.add_argument("--num", type=positive, default=500, metavar="N", help="how many generated problems")
    _add_choice_arguments(proving, split=ALL_SPLITS)
    proving.add_argument("--problems", type=Path, metavar="FILE", help="problems of this JSONL file instead")
    proving.add_argument("--benchmark", metavar="NAME", help="problems of a public benchmark instead")
    proving.add_argument("--root", type=Path, metavar="DIR", help="the benchmark's directory")
    proving.add_argument(
        "--mutants-per-problem", type=_count, default=12, metavar="M", help="sample of the mutants; 0 for a quick look"
    )
    add_farm_arguments(proving)
    proving.add_argument("--out", type=Path, metavar="DIR", help=f"write {data_validate.VALIDATION} there")
    data_get.add_arguments(actions.add_parser("get", help="fetch a published benchmark or data set"))
    converting = actions.add_parser("convert-codev", help="read CodeV-R1's pickles in boxes, once")
    data_convert.add_convert_arguments(converting)
    ingesting = actions.add_parser("ingest", help="prove a data set that a model wrote, and write what is sound")
    data_convert.add_ingest_arguments(ingesting)
    data_answers.add_arguments(actions.add_parser("answers", help="answers with their reasoning, to fine-tune on"))
    data_select.add_arguments(actions.add_parser("select", help="keep the problems that a model can learn from"))
    for parser in (converting, ingesting):
        add_farm_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when done and, for `validate`, proven; 1 when something is not proven."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "generate": _generate,
        "families": _families,
        "validate": lambda args: data_validate.run(args, lambda: _generated(args, phrasing="full")),
        "get": data_get.run,
        "convert-codev": data_convert.run_convert,
        "ingest": data_convert.run_ingest,
        "answers": data_answers.run,
        "select": data_select.run,
    }
    return actions[args.action](args)


def _add_choice_arguments(parser: argparse.ArgumentParser, *, split: str) -> None:
    _add_language_argument(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="decides which problems")
    parser.add_argument(
        "--split", default=split, help=f"train, heldout, heldout-family or {ALL_SPLITS}; default {split}"
    )
    parser.add_argument("--families", type=_names, metavar="A,B", help="only these families")
    parser.add_argument("--levels", type=_numbers, metavar="1,2", help="only these difficulties")


def _add_language_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", choices=("verilog", "python"), help="of generated problems; default verilog")


def _count(text: str) -> int:
    """A whole number from 0, for argparse."""
    return 0 if text == "0" else positive(text)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _numbers(text: str) -> list[int]:
    return [int(name) for name in _names(text)]


def _generated(args: argparse.Namespace, *, phrasing: str) -> Iterable[Problem]:
    from verireason.data.generator import generate
    from verireason.data.programs.generator import generate_programs

    make = generate_programs if args.language == "python" else generate

    def of_split(split: str, families: list[str] | None, num: int) -> Iterable[Problem]:
        return make(num=num, seed=args.seed, split=split, families=families, levels=args.levels, phrasing=phrasing)

    if args.split != ALL_SPLITS:
        return of_split(args.split, args.families, args.num)
    all_names, held_out = _family_names(args.language)
    names = args.families if args.families is not None else all_names
    held = [name for name in names if name in held_out]
    others = [name for name in names if name not in held_out]
    num_held = args.num * len(held) // max(1, len(names))
    parts = [("heldout-family", held, num_held), ("train", others, args.num - num_held)]
    return chain.from_iterable([of_split(split, families, num) for split, families, num in parts if families])


def _family_names(language: str | None) -> tuple[list[str], frozenset[str]]:
    """All families, and those that are kept out of train."""
    if language == "python":
        from verireason.data.programs.generator import HELDOUT_PROGRAM_FAMILIES
        from verireason.data.programs.table import PROGRAM_FAMILIES

        return list(PROGRAM_FAMILIES), HELDOUT_PROGRAM_FAMILIES
    from verireason.data.families.table import FAMILIES
    from verireason.data.generator import HELDOUT_FAMILIES

    return list(FAMILIES), HELDOUT_FAMILIES


def _generate(args: argparse.Namespace) -> int:
    from verireason.data.jsonl import write_problems

    num = write_problems(_generated(args, phrasing=args.phrasing), args.out)
    print(f"{num} problems in {args.out}")
    return 0


def _families(args: argparse.Namespace) -> int:
    from verireason.data.generator import families_table
    from verireason.data.programs.generator import program_families_table

    python = args.language == "python"
    print(
        f"{'family':24} {'category':14} {'level':>5} {'tasks':>12} {'functions' if python else 'circuits':>10}  split"
    )
    for row in program_families_table() if python else families_table():
        distinct = "many" if row.num_distinct is None else str(row.num_distinct)
        split = "heldout-family" if row.held_out else "train, heldout"
        print(f"{row.name:24} {row.category:14} {row.level:5} {row.num_tasks:12} {distinct:>10}  {split}")
    return 0
