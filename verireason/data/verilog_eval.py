"""VerilogEval v2 (NVlabs, MIT), the spec-to-rtl problems, from the published layout.

Layout: `dataset_spec-to-rtl/ProbNNN_name_{prompt.txt,ref.sv,test.sv}`. The testbenches and references become texts with
placeholders (`sim.hdl.testbench`); nothing else in them changes, so honest candidates get the published verdict.
"""

from __future__ import annotations

import re
from pathlib import Path

from sim.hdl.testbench import EVIDENCE, NAME_PREFIX, REFERENCE_TOP
from sim.job import Limits
from sim.verdict import Spec
from verireason.errors import UserError
from verireason.problem import Problem

NAME = "verilog-eval-v2"
DATASET = "dataset_spec-to-rtl"
TOP = "TopModule"

_OWN_NAMES = (
    "tb", "stimulus_gen", "RefModule", "stim1", "good1", "top_module1", "stats1", "stats", "tb_match", "tb_mismatch",
    "strobe", "wait_for_end_of_timestep", "wavedrom_title", "wavedrom_enable", "wavedrom_hide_after_time",
    "wavedrom_start", "wavedrom_stop", "reset_test",
)  # fmt: skip
"""Names that all testbenches of the benchmark use for what is theirs and that no candidate has a use for."""

_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|\\\S+|[`$]?[A-Za-z_][A-Za-z0-9_$]*', re.DOTALL)
_INSTANCE = re.compile(r"\b(?P<module>TopModule|RefModule)\s+\S+\s*\((?P<ports>[^;]*)\);")
_DECLARATION = re.compile(
    r"^\s*(?:logic|reg|wire)\s*(?P<range>\[[^\]]*\])?\s*(?P<name>\w+)\s*(?:=[^;]*)?;", re.MULTILINE
)
_SAME_NAME_PORT = re.compile(r"\.(\w+)(?=\s*(?:,|$))")
_SIGNED_SEED, _UNSIGNED_SEED = NAME_PREFIX + "random_seed", NAME_PREFIX + "urandom_seed"
_RANDOM = re.compile(r"\$random\b(?!\()")
_UNSIGNED_RANDOM = re.compile(r"\$urandom\b(?!\()")
_RANDOM_RANGE = re.compile(r"\$urandom_range\((\w+),\s*(\w+)\)")
_STIMULUS_HEADER = re.compile(r"(\bmodule stimulus_gen\b[^;]*;)")
_EVIDENCE_STRING = re.compile(r'"(Mismatches: |Hint: Output |TIMEOUT")')


def load(root: Path) -> list[Problem]:
    """All problems below `root`, in the benchmark's order. UserError for a directory that is not the benchmark."""
    directory = root if root.name == DATASET else root / DATASET
    tests = sorted(directory.glob("Prob*_test.sv"))
    if not tests:
        raise UserError(f"{root}: no {DATASET}/Prob*_test.sv in it; give the directory of a VerilogEval v2 checkout")
    return [_problem(path) for path in tests]


def _problem(test: Path) -> Problem:
    name = test.name.removesuffix("_test.sv")
    texts = {}
    for part in ("prompt.txt", "ref.sv", "test.sv"):
        path = test.with_name(f"{name}_{part}")
        try:
            texts[part] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as err:
            raise UserError(f"{path}: {err}; every problem has a prompt, a reference and a testbench") from err
    reference = texts["ref.sv"]
    return Problem(
        id=name,
        benchmark=NAME,
        prompt=texts["prompt.txt"].strip(),
        spec=Spec(
            verifier="verilog-testbench",
            top=TOP,
            testbench=with_placeholders(texts["test.sv"]),
            reference=_rename(reference, {"RefModule": REFERENCE_TOP}),
            limits=Limits(cpu_s=30, wall_s=120, output_kb=1024),
        ),
        golden=_rename(reference, {"RefModule": TOP}),
        split="test",
        licence="MIT",
        category=name.split("_", 1)[1],
        difficulty=0,
    )


def with_placeholders(testbench: str) -> str:
    """The published testbench with its own names and lines of evidence made unguessable.

    Macros are left alone: the only ones, `OK` and `INCORRECT`, are numbers that nothing uses.
    """
    names = {name: NAME_PREFIX + name for name in _OWN_NAMES}
    names["RefModule"] = REFERENCE_TOP
    stimulus, start, own = testbench.partition("module tb")
    text = _rename(_with_own_seeds(stimulus) + start + _behind_buffers(own), names)
    return _EVIDENCE_STRING.sub(lambda match: f'"{EVIDENCE} {match[1]}', text)


def _with_own_seeds(stimulus: str) -> str:
    """The stimulus module with random sequences of its own, the same values as before.

    Without a seed they are one sequence for the whole simulation, so a candidate could draw from it until the next
    stimulus suits its wrong output. `$urandom_range(a, b)` has no form with a seed: it is the uniform distribution of
    Icarus, shifted into the signed range that `$dist_uniform` takes.
    """
    text = _RANDOM_RANGE.sub(
        rf"(32'h80000000 + $dist_uniform({_UNSIGNED_SEED}, \1 - 32'sh7fffffff - 1, \2 - 32'sh7fffffff - 1))", stimulus
    )
    text = _RANDOM.sub(rf"$random({_SIGNED_SEED})", text)
    text = _UNSIGNED_RANDOM.sub(rf"$urandom({_UNSIGNED_SEED})", text)
    return _STIMULUS_HEADER.sub(rf"\1 integer {_SIGNED_SEED} = 0, {_UNSIGNED_SEED} = 0;", text, count=1)


def _behind_buffers(testbench: str) -> str:
    """The testbench with each input of the candidate, and of the reference, behind a buffer of its own.

    A port is one net on both sides, so a candidate that drives its input would change what the reference sees. Both are
    buffered alike, since some testbenches change inputs at the clock edge itself, where one delta cycle decides.
    The benchmark connects inputs by name alone (`.clk`) and outputs by expression (`.q(q_dut)`).
    """
    ranges = {found["name"]: found["range"] or "" for found in _DECLARATION.finditer(testbench)}

    def buffered(instance: re.Match[str]) -> str:
        inputs = _SAME_NAME_PORT.findall(instance["ports"])
        prefix = f"{NAME_PREFIX}{instance['module']}_"
        buffers = "".join(f"wire {ranges[name]} {prefix}{name} = {name}; " for name in inputs)
        return buffers + _SAME_NAME_PORT.sub(rf".\1({prefix}\1)", instance[0])

    return _INSTANCE.sub(buffered, testbench)


def _rename(source: str, names: dict[str, str]) -> str:
    """Rename identifiers; comments, strings, macros and system names stay."""
    return _TOKEN.sub(lambda match: names.get(match[0], match[0]), source)
