"""`verireason data validate`: prove that problems can be judged by, and say where a public benchmark is wrong."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from verireason.commands.verify import resolved_box
from verireason.data.loaded import Loaded
from verireason.data.proofs import Fate, MutantFact, ProblemProof, Tally, ValidationReport
from verireason.data.validate import prove, validate
from verireason.errors import MissingError, UserError
from verireason.problem import Problem
from verireason.progress import ProgressLine

if TYPE_CHECKING:
    from verireason.data.findings import Finding

VALIDATION = "validation.json"


def run(args: argparse.Namespace, generated: Callable[[], Iterable[Problem]]) -> int:
    """Exit code 0 when all is proven, or what is not is known from errata; `generated` makes problems of our own."""
    from verireason.data.calibrate import calibrate
    from verireason.data.programs.prove import prove_programs
    from verireason.evals.judging import farm_for_user

    loaded = _loaded(args)
    problems: Iterable[Problem] = generated() if loaded is None else loaded.problems
    language = _language(args, loaded)
    if args.out is not None:
        _make_directory(args.out)
    box = resolved_box(args)
    defects: Mapping[str, str] = {}
    progress = ProgressLine()
    kept = _Validation(
        benchmark=args.benchmark,
        language=language,
        seed=args.seed,
        mutants_per_problem=args.mutants_per_problem,
        left_out=loaded.left_out if loaded else {},
    )

    def watch(proof: ProblemProof) -> None:
        kept.add(proof)
        progress.show(f"{kept.words()}; the last: {proof.problem_id}")

    try:
        with closing(farm_for_user(box=box.name, num_boxes=box.jobs)) as farm:
            kept.tools = {**farm.tools, "image": farm.image}
            if loaded is not None:
                calibration = calibrate(farm, problems)
                problems, defects = calibration.problems.values(), calibration.defects
                kept.left_out = {**kept.left_out, **calibration.left_out}
            report = validate(
                problems,
                farm,
                max_mutants_per_problem=args.mutants_per_problem,
                seed=args.seed,
                watch=watch,
                defects=defects,
                prover=prove_programs if language == "python" else prove,
            )
            kept.conclude(report)
    finally:
        progress.done()
        if args.out is not None and kept.proofs:
            kept.write(args.out / VALIDATION)
    _print_tables(report)
    print("\n".join(kept.lines()))
    return 1 if kept.failures else 0


def _loaded(args: argparse.Namespace) -> Loaded | None:
    """The problems of a file or a benchmark, which may not know their number of checks yet; None for generated ones."""
    from verireason.data.benchmarks import read_benchmark
    from verireason.data.designs import MODEL_WRITTEN
    from verireason.data.jsonl import read_problems

    if args.benchmark is not None and args.problems is not None:
        raise UserError("--benchmark and --problems are two sources of problems; give one of them")
    if args.benchmark is None and args.problems is None:
        return None
    if args.problems is not None:
        loaded = Loaded(problems=list(read_problems(args.problems)))
    elif args.root is None:
        raise UserError("--benchmark needs --root DIR, the directory of its checkout")
    else:
        loaded = read_benchmark(args.benchmark, args.root)
    # Mutants are made by parsing goldens in this process: those that a model wrote are parsed in boxes only.
    if found := sorted({problem.benchmark for problem in loaded.problems} & MODEL_WRITTEN):
        raise UserError(f"a model wrote the goldens of {', '.join(found)}; prove them with `verireason data ingest`")
    without = {problem.id: "it has no reference" for problem in loaded.problems if not problem.golden.strip()}
    provable = [problem for problem in loaded.problems if problem.id not in without]
    if not provable:
        raise UserError(f"{args.benchmark or args.problems}: no problem has a reference, so nothing can be proven")
    return Loaded(problems=provable, left_out={**loaded.left_out, **without})


def _language(args: argparse.Namespace, loaded: Loaded | None) -> str:
    """What the problems are written in; --language decides for generated ones alone."""
    if loaded is None:
        return args.language or "verilog"
    found = sorted({problem.language for problem in loaded.problems})
    if len(found) > 1:
        raise UserError(f"{args.problems} has problems in {' and '.join(found)}; prove them apart")
    if args.language not in (None, found[0]):
        raise UserError(f"--language is {args.language}, and the problems are in {found[0]}; leave it out")
    return found[0]


@dataclass(slots=True, kw_only=True)
class _Validation:
    """What goes into validation.json, as far as it is known: an interrupted run writes it, too."""

    benchmark: str | None
    """None for generated problems and those of a file."""
    language: str
    seed: int
    mutants_per_problem: int
    left_out: Mapping[str, str]
    """Problem id to why its loader leaves it out."""
    tools: Mapping[str, str] = field(default_factory=dict)
    failures: list[str] | None = None
    """What nothing explains; None until all problems are through."""
    proofs: list[ProblemProof] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    """Of public benchmarks."""
    _num_mutants: int = 0

    def add(self, proof: ProblemProof) -> None:
        """One more problem. The sources of mutants that were killed can be made again and are not kept."""
        from verireason.data.findings import findings_of

        self._num_mutants += len(proof.mutants)
        self.proofs.append(proof)
        if self.benchmark is not None:
            self.findings += findings_of(proof, benchmark=self.benchmark, icarus=self.tools.get("iverilog", ""))

    def conclude(self, report: ValidationReport) -> None:
        """All problems are through. The kill rate of a published testbench is a fact about it and no failure."""
        if self.benchmark is None:
            self.failures = report.failures()
        else:
            self.failures = [finding.words for finding in self.findings if not finding.is_explained]

    def words(self) -> str:
        """How far it is."""
        return f"{len(self.proofs)} problems, {self._num_mutants} mutants"

    @property
    def ceiling(self) -> str:
        """How many goldens pass, and with what."""
        from verireason.data.findings import ceiling

        title, name = ("Python", "python") if self.language == "python" else ("Icarus", "iverilog")
        return ceiling(self.proofs, tool=f"{title} {self.tools.get(name, 'of an unknown version')}")

    def lines(self) -> list[str]:
        """For a person, the result last."""
        lines = []
        if self.benchmark is not None:
            lines += ["", f"{self.benchmark}: {self.ceiling}", *(f"  {each.words}" for each in self.findings)]
            for reason, count in Counter(self.left_out.values()).most_common():
                names = [name for name, why in self.left_out.items() if why == reason]
                lines.append(f"  left out, {reason} ({count}): {', '.join(names[:5])}{' ...' if count > 5 else ''}")
        lines += [
            f"look at {proof.problem_id}: half of its mutants are equivalent, so most of the design does not matter"
            for proof in self.proofs
            if proof.is_degenerate
        ]
        if self.failures:
            return [*lines, "not proven:", *(f"  {line}" for line in self.failures)]
        return [*lines, "proven, but for what is known" if self.findings else "proven"]

    def write(self, path: Path) -> None:
        """Raises MissingError when the file cannot be written."""
        value = {
            "benchmark": self.benchmark,
            "ceiling": self.ceiling,
            "seed": self.seed,
            "mutants_per_problem": self.mutants_per_problem,
            "tools": dict(self.tools),
            "complete": self.failures is not None,
            "failures": self.failures,
            "findings": [_finding_facts(each) for each in self.findings],
            "left_out": dict(self.left_out),
            "degenerate": [proof.problem_id for proof in self.proofs if proof.is_degenerate],
            "problems": [_facts_of(proof) for proof in self.proofs],
        }
        try:
            path.write_text(json.dumps(value, indent=1) + "\n")
        except OSError as err:
            raise MissingError(f"cannot write {path}: {err.strerror}") from err


def _print_tables(report: ValidationReport) -> None:
    """One row per family, then one per kind of mutation."""
    counts = [fate.value for fate in Fate]
    head = "".join(f"{name:>14}" for name in [*counts, "kill rate"])
    print(f"{'family':30}{'problems':>9}{'goldens pass':>14}{'probes fail':>13}{'mutants':>9}{head}")
    for name, tally in [*report.by_family.items(), ("total", report.total)]:
        passing = f"{tally.num_goldens_pass:14}{tally.num_probes_fail:13}"
        print(f"{name:30}{tally.num_problems:9}{passing}{tally.num_mutants:9}{_fates(tally)}")
    print(f"\n{'mutation':30}{'':36}{'mutants':>9}{head}")
    for kind, tally in report.by_kind.items():
        print(f"{kind:30}{'':36}{tally.num_mutants:9}{_fates(tally)}")


def _fates(tally: Tally) -> str:
    rate = "-" if tally.kill_rate is None else f"{tally.kill_rate:.1%}"
    return "".join(f"{tally.fates.get(fate, 0):14}" for fate in Fate) + f"{rate:>14}"


def _finding_facts(finding: Finding) -> dict[str, object]:
    return {
        "problem_id": finding.problem_id,
        "what": finding.what,
        "errata": [each.words for each in finding.errata],
    }


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
