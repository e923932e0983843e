"""`verireason data`: generate problems, list the families, and prove that problems can be judged by."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from sim.farm import BOXES, Farm
from verireason.data.validate import Fate, MutantFact, ProblemProof, Tally, ValidationReport, validate
from verireason.errors import MissingError, UserError
from verireason.problem import Problem
from verireason.progress import ProgressLine

VALIDATION = "validation.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    generate = actions.add_parser("generate", help="write generated problems to a JSONL file")
    generate.add_argument("--num", type=_positive, required=True, metavar="N", help="how many problems")
    generate.add_argument("--out", type=Path, required=True, metavar="FILE", help="one JSON object per line")
    _add_choice_arguments(generate)
    generate.add_argument("--phrasing", default="full", help="full (several wordings) or terse (one line)")
    actions.add_parser("families", help="list the task families")
    validate = actions.add_parser("validate", help="prove that goldens pass, probes fail and mutants are killed")
    validate.add_argument("--num", type=_positive, default=500, metavar="N", help="how many generated problems")
    _add_choice_arguments(validate)
    validate.add_argument("--problems", type=Path, metavar="FILE", help="problems of this JSONL file instead")
    validate.add_argument("--benchmark", metavar="NAME", help="problems of a public benchmark instead")
    validate.add_argument("--root", type=Path, metavar="DIR", help="the benchmark's directory")
    validate.add_argument(
        "--mutants-per-problem", type=_positive, default=12, metavar="M", help="sample of the mutants"
    )
    validate.add_argument("--box", choices=BOXES, default=BOXES[0], help="where simulations run")
    validate.add_argument("--jobs", type=_positive, default=2, metavar="N", help="simulations at the same time")
    validate.add_argument("--out", type=Path, metavar="DIR", help=f"write {VALIDATION} there")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when done and, for `validate`, proven; 1 when something is not proven."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "generate": _generate,
        "families": _families,
        "validate": _validate,
    }
    return actions[args.action](args)


def _add_choice_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="decides which problems")
    parser.add_argument("--split", default="train", help="train, heldout or heldout-family")
    parser.add_argument("--families", type=_names, metavar="A,B", help="only these families")
    parser.add_argument("--levels", type=_numbers, metavar="1,2", help="only these difficulties")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return number


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _numbers(text: str) -> list[int]:
    return [int(name) for name in _names(text)]


def _generated(args: argparse.Namespace, *, phrasing: str) -> Iterable[Problem]:
    from verireason.data.generator import generate

    return generate(
        num=args.num, seed=args.seed, split=args.split, families=args.families, levels=args.levels, phrasing=phrasing
    )


def _generate(args: argparse.Namespace) -> int:
    from verireason.data.jsonl import write_problems

    num = write_problems(_generated(args, phrasing=args.phrasing), args.out)
    print(f"{num} problems in {args.out}")
    return 0


def _families(args: argparse.Namespace) -> int:
    from verireason.data.generator import families_table

    print(f"{'family':24} {'category':14} {'level':>5} {'tasks':>12} {'circuits':>10}  split")
    for row in families_table():
        circuits = "many" if row.num_circuits is None else str(row.num_circuits)
        split = "heldout-family" if row.held_out else "train, heldout"
        print(f"{row.name:24} {row.category:14} {row.level:5} {row.num_tasks:12} {circuits:>10}  {split}")
    return 0


def _problems(args: argparse.Namespace, farm: Farm) -> Iterable[Problem]:
    """The problems to prove, their numbers of checks known."""
    from verireason.data.benchmarks import load_benchmark
    from verireason.data.calibrate import calibrate
    from verireason.data.jsonl import read_problems

    if args.benchmark is not None:
        if args.root is None:
            raise UserError("--benchmark needs --root DIR, the directory of its checkout")
        return calibrate(farm, load_benchmark(args.benchmark, args.root)).problems.values()
    return read_problems(args.problems) if args.problems is not None else _generated(args, phrasing="full")


def _validate(args: argparse.Namespace) -> int:
    from verireason.evals.judging import farm_for_user

    if args.out is not None:
        _make_directory(args.out)
    progress = ProgressLine()
    facts: list[dict[str, object]] = []
    num_mutants = 0

    def watch(proof: ProblemProof) -> None:
        nonlocal num_mutants
        num_mutants += len(proof.mutants)
        facts.append(_facts_of(proof))
        progress.show(f"{len(facts)} problems, {num_mutants} mutants; the last: {proof.problem_id}")

    with closing(farm_for_user(box=args.box, num_boxes=args.jobs)) as farm:
        problems = _problems(args, farm)
        report = validate(problems, farm, max_mutants_per_problem=args.mutants_per_problem, seed=args.seed, watch=watch)
        tools = {**farm.tools, "image": farm.image}
    progress.done()
    _print_tables(report)
    failures = report.failures()
    if args.out is not None:
        summary = {"seed": args.seed, "mutants_per_problem": args.mutants_per_problem, "tools": tools}
        _write_json(args.out / VALIDATION, {**summary, "failures": failures, "problems": facts})
    print("\n".join(["not proven:", *(f"  {line}" for line in failures)]) if failures else "proven")
    return 1 if failures else 0


def _print_tables(report: ValidationReport) -> None:
    """One row per family, then one per kind of mutation."""
    counts = [fate.value for fate in Fate]
    head = "".join(f"{name:>14}" for name in [*counts, "kill rate"])
    print(f"{'family':24}{'problems':>9}{'goldens pass':>14}{'probes fail':>13}{'mutants':>9}{head}")
    for name, tally in [*report.by_family.items(), ("total", report.total)]:
        passing = f"{tally.num_goldens_pass:14}{tally.num_probes_fail:13}"
        print(f"{name:24}{tally.num_problems:9}{passing}{tally.num_mutants:9}{_fates(tally)}")
    print(f"\n{'mutation':24}{'':36}{'mutants':>9}{head}")
    for kind, tally in report.by_kind.items():
        print(f"{kind:24}{'':36}{tally.num_mutants:9}{_fates(tally)}")


def _fates(tally: Tally) -> str:
    rate = "-" if tally.kill_rate is None else f"{tally.kill_rate:.1%}"
    return "".join(f"{tally.fates.get(fate, 0):14}" for fate in Fate) + f"{rate:>14}"


def _facts_of(proof: ProblemProof) -> dict[str, object]:
    """The proof as JSON; the sources of survivors alone, since the others can be made again."""
    return {
        "problem_id": proof.problem_id,
        "family": proof.family,
        "defect": proof.defect,
        "false_passes": proof.false_passes,
        "idle_probes": proof.idle_probes,
        "mutants": [_mutant_facts(fact) for fact in proof.mutants],
    }


def _mutant_facts(fact: MutantFact) -> dict[str, object]:
    facts: dict[str, object] = {
        "kind": fact.mutant.kind,
        "description": fact.mutant.description,
        "fate": fact.fate,
        "outcome": fact.outcome,
        "equivalence": fact.equivalence,
    }
    return facts | ({"source": fact.mutant.source} if fact.fate is Fate.SURVIVED else {})


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise MissingError(f"cannot make {path}: {err.strerror}; give a directory that can be written") from err


def _write_json(path: Path, value: Mapping[str, object]) -> None:
    try:
        path.write_text(json.dumps(value, indent=1) + "\n")
    except OSError as err:
        raise MissingError(f"cannot write {path}: {err.strerror}") from err
