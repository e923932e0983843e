"""`verireason data`: fetch or generate problems, list the families, and prove that problems can be judged by."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from verireason.commands import data_convert, data_get
from verireason.commands.verify import add_farm_arguments, positive, resolved_box
from verireason.data.validate import Fate, MutantFact, ProblemProof, Tally, ValidationReport, prove, validate
from verireason.errors import MissingError, UserError
from verireason.problem import Problem
from verireason.progress import ProgressLine

VALIDATION = "validation.json"
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
    proving.add_argument("--mutants-per-problem", type=positive, default=12, metavar="M", help="sample of the mutants")
    add_farm_arguments(proving)
    proving.add_argument("--out", type=Path, metavar="DIR", help=f"write {VALIDATION} there")
    data_get.add_arguments(actions.add_parser("get", help="fetch a published benchmark or data set"))
    converting = actions.add_parser("convert-codev", help="read CodeV-R1's pickles in boxes, once")
    data_convert.add_convert_arguments(converting)
    ingesting = actions.add_parser("ingest", help="prove a data set that a model wrote, and write what is sound")
    data_convert.add_ingest_arguments(ingesting)
    for parser in (converting, ingesting):
        add_farm_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when done and, for `validate`, proven; 1 when something is not proven."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "generate": _generate,
        "families": _families,
        "validate": _validate,
        "get": data_get.run,
        "convert-codev": data_convert.run_convert,
        "ingest": data_convert.run_ingest,
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
    parser.add_argument(
        "--language", choices=("verilog", "python"), default="verilog", help="of generated problems; default verilog"
    )


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


def _family_names(language: str) -> tuple[list[str], frozenset[str]]:
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


def _problems(args: argparse.Namespace) -> Iterable[Problem]:
    """The problems to prove. Those of files and benchmarks may not know their number of checks yet."""
    from verireason.data.benchmarks import load_benchmark
    from verireason.data.jsonl import read_problems

    if args.benchmark is not None and args.problems is not None:
        raise UserError("--benchmark and --problems are two sources of problems; give one of them")
    if args.benchmark is not None:
        if args.root is None:
            raise UserError("--benchmark needs --root DIR, the directory of its checkout")
        return load_benchmark(args.benchmark, args.root)
    return list(read_problems(args.problems)) if args.problems is not None else _generated(args, phrasing="full")


def _validate(args: argparse.Namespace) -> int:
    from verireason.data.calibrate import calibrate
    from verireason.data.programs.prove import prove_programs
    from verireason.evals.judging import farm_for_user

    if args.language == "python" and (args.benchmark or args.problems):
        raise UserError("--language python proves generated problems; leave out --benchmark and --problems")
    problems = _problems(args)
    if args.benchmark is not None or args.problems is not None:
        problems = list(problems)
        _refuse_model_written(problems)
    if args.out is not None:
        _make_directory(args.out)
    box = resolved_box(args)
    progress = ProgressLine()
    proofs = _Proofs(seed=args.seed, mutants_per_problem=args.mutants_per_problem)

    def watch(proof: ProblemProof) -> None:
        proofs.add(proof)
        progress.show(f"{proofs.words()}; the last: {proof.problem_id}")

    try:
        with closing(farm_for_user(box=box.name, num_boxes=box.jobs)) as farm:
            proofs.tools = {**farm.tools, "image": farm.image}
            if args.benchmark is not None or args.problems is not None:
                problems = calibrate(farm, problems).problems.values()
            limit = args.mutants_per_problem
            prover = prove_programs if args.language == "python" else prove
            report = validate(problems, farm, max_mutants_per_problem=limit, seed=args.seed, watch=watch, prover=prover)
            proofs.failures = report.failures()
    finally:
        progress.done()
        if args.out is not None and proofs.facts:
            proofs.write(args.out / VALIDATION)
    _print_tables(report)
    for problem_id in proofs.degenerate:
        print(f"look at {problem_id}: half of its mutants are equivalent, so most of the design does not matter")
    print("\n".join(["not proven:", *(f"  {line}" for line in proofs.failures)]) if proofs.failures else "proven")
    return 1 if proofs.failures else 0


def _refuse_model_written(problems: Iterable[Problem]) -> None:
    """Mutants are made by parsing goldens in this process: those that a model wrote are parsed in boxes only."""
    from verireason.data.designs import MODEL_WRITTEN

    found = sorted({problem.benchmark for problem in problems} & MODEL_WRITTEN)
    if found:
        raise UserError(f"a model wrote the goldens of {', '.join(found)}; prove them with `verireason data ingest`")


@dataclass(slots=True, kw_only=True)
class _Proofs:
    """What goes into validation.json, as far as it is known: an interrupted run writes it, too."""

    seed: int
    mutants_per_problem: int
    tools: Mapping[str, str] = field(default_factory=dict)
    failures: list[str] | None = None
    """None until all problems are through."""
    facts: list[dict[str, object]] = field(default_factory=list)
    degenerate: list[str] = field(default_factory=list)
    """Problems that are sound but hardly worth asking."""
    _num_mutants: int = 0

    def add(self, proof: ProblemProof) -> None:
        """One more problem."""
        self._num_mutants += len(proof.mutants)
        self.facts.append(_facts_of(proof))
        if proof.is_degenerate:
            self.degenerate.append(proof.problem_id)

    def words(self) -> str:
        """How far it is."""
        return f"{len(self.facts)} problems, {self._num_mutants} mutants"

    def write(self, path: Path) -> None:
        """Raises MissingError when the file cannot be written."""
        value = {
            "seed": self.seed,
            "mutants_per_problem": self.mutants_per_problem,
            "tools": dict(self.tools),
            "complete": self.failures is not None,
            "failures": self.failures,
            "degenerate": self.degenerate,
            "problems": self.facts,
        }
        try:
            path.write_text(json.dumps(value, indent=1) + "\n")
        except OSError as err:
            raise MissingError(f"cannot write {path}: {err.strerror}") from err


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
    if (path / VALIDATION).exists():
        raise UserError(f"{path} already holds {VALIDATION}; give another --out, or remove it")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise MissingError(f"cannot make {path}: {err.strerror}; give a directory that can be written") from err
