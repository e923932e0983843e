"""What a proof of problems is made of: what became of mutants and probes, and how they are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sim.hdl.equivalence import Equivalence
from sim.verdict import Outcome
from verireason.data.mutate import Mutant
from verireason.data.mutation_kinds import MutationKind
from verireason.data.probes import Probe

MIN_KILL_RATE = 0.95
"""What each family must reach."""


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    NOT_COMPILED = "not_compiled"
    """The tools or the guard refused it."""
    UNJUDGED = "unjudged"
    """The farm failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantFact:
    """One mutant and what became of it."""

    mutant: Mutant
    outcome: Outcome
    fate: Fate
    equivalence: Equivalence | None = None
    """What Yosys said of a survivor; None for the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemProof:
    """What was found out about one problem."""

    problem_id: str
    family: str
    defect: str | None
    """What is wrong with the golden's two runs; None when both pass alike. A problem with a defect has no mutants."""
    false_passes: tuple[str, ...]
    """Probes that passed."""
    idle_probes: tuple[str, ...]
    """Probes that did not compile or were not judged, and so prove nothing."""
    mutants: tuple[MutantFact, ...]
    constant: Probe | None = None
    """The constant probe that passed alone, until it is known whether the golden is that constant."""

    @property
    def is_degenerate(self) -> bool:
        """Whether most of the design could be anything: a register that never leaves its reset value and the like."""
        num_equivalent = sum(fact.fate is Fate.EQUIVALENT for fact in self.mutants)
        return len(self.mutants) >= 4 and 2 * num_equivalent >= len(self.mutants)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts over some problems or mutants."""

    num_problems: int = 0
    num_goldens_pass: int = 0
    num_probes_fail: int = 0
    """Problems on which every probe ran and failed."""
    fates: Mapping[Fate, int] = field(default_factory=dict)
    """Number of mutants per fate."""

    @property
    def num_mutants(self) -> int:
        """All mutants."""
        return sum(self.fates.values())

    @property
    def num_scored(self) -> int:
        """The denominator of the kill rate: the killed and those that survived without being proven equivalent."""
        return self.fates.get(Fate.KILLED, 0) + self.fates.get(Fate.SURVIVED, 0)

    @property
    def kill_rate(self) -> float | None:
        """Killed per scored mutant; None when there is none."""
        return self.fates.get(Fate.KILLED, 0) / self.num_scored if self.num_scored else None

    def __add__(self, other: Tally) -> Tally:
        """The counts of both together."""
        return Tally(
            num_problems=self.num_problems + other.num_problems,
            num_goldens_pass=self.num_goldens_pass + other.num_goldens_pass,
            num_probes_fail=self.num_probes_fail + other.num_probes_fail,
            fates=Counter(self.fates) + Counter(other.fates),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """Counts by family and by kind of mutation."""

    by_family: Mapping[str, Tally]
    by_kind: Mapping[MutationKind, Tally]

    @property
    def total(self) -> Tally:
        """All families together."""
        return sum(self.by_family.values(), start=Tally())

    def failures(self) -> list[str]:
        """One line for each thing that is not as it must be; empty when the problems are proven."""
        lines = [] if self.by_family else ["no problems"]
        for family, tally in self.by_family.items():
            if tally.num_goldens_pass < tally.num_problems:
                lines.append(f"{family}: {tally.num_problems - tally.num_goldens_pass} goldens do not pass twice alike")
            if tally.num_probes_fail < tally.num_problems:
                lines.append(
                    f"{family}: {tally.num_problems - tally.num_probes_fail} problems whose probes do not all fail"
                )
            if tally.kill_rate is None:
                lines.append(f"{family}: no mutant was judged")
            elif tally.kill_rate < MIN_KILL_RATE:
                lines.append(
                    f"{family}: {tally.fates.get(Fate.KILLED, 0)} of {tally.num_scored} mutants killed, "
                    f"{MIN_KILL_RATE:.0%} are needed"
                )
        return lines


def tally_of(proof: ProblemProof) -> Tally:
    """The counts of one problem."""
    return Tally(
        num_problems=1,
        num_goldens_pass=int(proof.defect is None),
        num_probes_fail=int(not proof.false_passes and not proof.idle_probes),
        fates=Counter(fact.fate for fact in proof.mutants),
    )
