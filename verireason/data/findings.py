"""What a validation found in the problems of a public benchmark, and what is known of it already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from verireason.data.errata import Erratum, Flaw, errata_of
from verireason.data.proofs import ProblemProof


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with one problem.

    Example:
        Finding(problem_id="edge_detect", what="designs without logic pass: zeros", errata=(...))
    """

    problem_id: str
    what: str
    errata: tuple[Erratum, ...]
    """Those that explain it."""

    @property
    def is_explained(self) -> bool:
        """Whether an erratum says the same."""
        return bool(self.errata)

    @property
    def words(self) -> str:
        """One line for a person."""
        return "".join([f"{self.problem_id}: {self.what}", *(f" [known: {each.words}]" for each in self.errata)])


def findings_of(proof: ProblemProof, *, benchmark: str, icarus: str) -> list[Finding]:
    """What is wrong with one problem of `benchmark`; surviving mutants are a rate and no finding.

    Example:
        findings_of(proof, benchmark="rtllm-v2", icarus="12.0")
    """
    defect = proof.defect
    told: list[tuple[Flaw | None, str]] = []
    if defect is not None:  # probes of a testbench that does not compile say nothing
        told.append((Flaw.GOLDEN, defect))
    elif proof.false_passes:
        told.append((Flaw.WEAK, f"designs without logic pass: {', '.join(proof.false_passes)}"))
    if defect is None and proof.idle_probes:
        told.append((None, f"probes that did not run: {', '.join(proof.idle_probes)}"))
    known = errata_of(benchmark, proof.problem_id, icarus=icarus)
    return [
        Finding(problem_id=proof.problem_id, what=what, errata=tuple(each for each in known if each.flaw is flaw))
        for flaw, what in told
    ]


def ceiling(proofs: Iterable[ProblemProof], *, tool: str) -> str:
    """How many goldens pass, and with what: no honest rate of the benchmark is above it.

    Example:
        ceiling(proofs, tool="Icarus 12.0")   # "155 of 156 goldens pass with Icarus 12.0"
    """
    listed = list(proofs)
    return f"{sum(proof.defect is None for proof in listed)} of {len(listed)} goldens pass with {tool}"
