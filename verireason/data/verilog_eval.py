"""VerilogEval v2 (NVlabs, MIT), both of its tasks, from the published layout; and what v1's testbenches share with it.

Layout: `dataset_TASK/ProbNNN_name_{prompt.txt,ref.sv,test.sv}`, and `_ifc.txt`, the module's header, for code-complete.
The testbenches and references become texts with placeholders (`sim.hdl.testbench`) that also print the first sample
that differs; when and what they compare does not change, so honest candidates get the published verdict.
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
CODE_COMPLETE = "verilog-eval-v2-code-complete"
DATASETS = {NAME: "dataset_spec-to-rtl", CODE_COMPLETE: "dataset_code-complete-iccad2023"}
"""Benchmark name to its directory in the checkout."""
TOP = "TopModule"
LIMITS = Limits(cpu_s=30, wall_s=120, output_kb=1024)

_OWN_NAMES = (
    "tb", "stimulus_gen", "stim1", "good1", "top_module1", "stats1", "stats", "tb_match", "tb_mismatch",
    "strobe", "wait_for_end_of_timestep", "wavedrom_title", "wavedrom_enable", "wavedrom_hide_after_time",
    "wavedrom_start", "wavedrom_stop", "reset_test",
)  # fmt: skip
"""Names that all testbenches of the benchmark use for what is theirs and that no candidate has a use for."""

RESERVED = ("tb", "stimulus_gen")
"""Modules of every testbench; the reference is the third."""

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|\\\S+|[`$]?[A-Za-z_][A-Za-z0-9_$]*', re.DOTALL)
_INSTANCE = re.compile(r"\b(?P<module>TopModule|RefModule|top_module|reference_module)\s+\S+\s*\((?P<ports>[^;]*)\);")
_DECLARATION = re.compile(
    r"^\s*(?P<kind>logic|reg|wire)\s*(?P<range>\[[^\]]*\])?\s*(?P<name>\w+)\s*(?:=[^;]*)?;", re.MULTILINE
)
_SAME_NAME_PORT = re.compile(r"\.(\w+)(?=\s*(?:,|$))")
_SIGNED_SEED, _UNSIGNED_SEED = NAME_PREFIX + "random_seed", NAME_PREFIX + "urandom_seed"
_RANDOM = re.compile(r"\$random\b(?!\()")
_UNSIGNED_RANDOM = re.compile(r"\$urandom\b(?!\()")
_RANDOM_RANGE = re.compile(r"\$urandom_range\(([\w']+),\s*([\w']+)\)")
_STIMULUS_HEADER = re.compile(r"(\bmodule stimulus_gen\b[^;]*;)")
_EVIDENCE_STRING = re.compile(r'"(Mismatches: |Hint: Output |TIMEOUT")')


_FIRST = "if (stats1.errors == 0) stats1.errortime = $time;"
"""Where the testbenches, each once, note a first difference."""
_OUTPUT = re.compile(r"if \((?P<differs>(?P<name>\w+)_ref !== [^;]*?)\)\s*begin if \(stats1\.errors_(?P=name) == 0\)")


def load(root: Path) -> list[Problem]:
    """The spec-to-rtl problems below `root`, in the benchmark's order. UserError when they are not there."""
    return _load(root, NAME)


def load_code_complete(root: Path) -> list[Problem]:
    """The code-complete problems below `root`, in the benchmark's order. UserError when they are not there."""
    return _load(root, CODE_COMPLETE)


def _load(root: Path, benchmark: str) -> list[Problem]:
    dataset = DATASETS[benchmark]
    directory = root if root.name == dataset else root / dataset
    tests = sorted(directory.glob("Prob*_test.sv"))
    if not tests:
        raise UserError(f"{root}: no {dataset}/Prob*_test.sv in it; give the directory of a VerilogEval v2 checkout")
    return [_problem(path, benchmark) for path in tests]


def _problem(test: Path, benchmark: str) -> Problem:
    name = test.name.removesuffix("_test.sv")
    reference = _part(test, name, "ref.sv", holds="endmodule")
    try:
        testbench = with_placeholders(_part(test, name, "test.sv", holds="endmodule"))
    except ValueError as err:
        raise UserError(f"{test}: {err}; copy it again") from err
    return Problem(
        id=name,
        benchmark=benchmark,
        prompt=_part(test, name, "prompt.txt").strip(),
        header=_part(test, name, "ifc.txt", holds="module").strip() if benchmark == CODE_COMPLETE else None,
        spec=Spec(
            verifier="verilog-testbench",
            top=TOP,
            testbench=testbench,
            reference=rename(reference, {"RefModule": REFERENCE_TOP}),
            reserved=(*RESERVED, "RefModule"),
            limits=LIMITS,
        ),
        golden=rename(reference, {"RefModule": TOP}),
        split="test",
        licence="MIT",
        category=name.split("_", 1)[1],
        difficulty=0,
    )


def _part(test: Path, name: str, part: str, *, holds: str = "") -> str:
    """A file of the problem. UserError when it is not there, is blank or lacks what it must hold."""
    path = test.with_name(f"{name}_{part}")
    text = read_text(path, "every problem has its prompt, reference and testbench beside it")
    if not text.strip() or holds not in text:
        raise UserError(f"{path}: no {holds or 'words'} in it, so it is cut short; copy it again")
    return text


def read_text(path: Path, hint: str) -> str:
    """A published file. UserError that ends with the hint when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as err:
        raise UserError(f"{path}: {err.strerror}; {hint}") from err
    except UnicodeDecodeError as err:
        raise UserError(f"{path}: byte {err.start} is not UTF-8; {hint}") from err


def with_placeholders(testbench: str) -> str:
    """The published testbench with its own names and lines of evidence made unguessable.

    Macros are left alone: the only ones, `OK` and `INCORRECT`, are numbers that nothing uses. Raises ValueError for one
    that lacks the design or the line of mismatches.
    """
    if '"Mismatches: ' not in testbench:
        raise ValueError("it never prints the number of mismatches, so it is cut short")
    names = {name: NAME_PREFIX + name for name in _OWN_NAMES}
    names |= dict.fromkeys(("RefModule", "reference_module"), REFERENCE_TOP)
    stimulus, start, own = testbench.partition("module tb")
    own = _behind_buffers(_with_first_difference(own))
    text = rename(with_own_seeds(stimulus, header=_STIMULUS_HEADER) + start + own, names)
    return _EVIDENCE_STRING.sub(lambda match: f'"{EVIDENCE} {match[1]}', text)


def with_own_seeds(stimulus: str, *, header: re.Pattern[str]) -> str:
    """A testbench with random sequences of its own, the same values as before; `header` finds where its module begins.

    Without a seed they are one sequence for the whole simulation, so a candidate could draw from it until the next
    stimulus suits its wrong output. `$urandom_range(a, b)` has no form with a seed: it is the uniform distribution of
    Icarus, shifted into the signed range that `$dist_uniform` takes.
    """
    text = _RANDOM_RANGE.sub(
        rf"(32'h80000000 + $dist_uniform({_UNSIGNED_SEED}, \1 - 32'sh7fffffff - 1, \2 - 32'sh7fffffff - 1))", stimulus
    )
    text = _RANDOM.sub(rf"$random({_SIGNED_SEED})", text)
    text = _UNSIGNED_RANDOM.sub(rf"$urandom({_UNSIGNED_SEED})", text)
    return header.sub(rf"\1 integer {_SIGNED_SEED} = 0, {_UNSIGNED_SEED} = 0;", text, count=1)


def _with_first_difference(testbench: str) -> str:
    """The testbench with a line about the first sample that differs: its first output that does, and all inputs.

    It is printed by the block that compares, just before that counts the difference, so nothing else happens at another
    time or in another order.
    """
    instances = (found for found in _INSTANCE.finditer(testbench) if found["module"] in ("TopModule", "top_module"))
    instance = next(instances, None)
    if instance is None:
        raise ValueError("it instantiates no TopModule and no top_module")
    inputs = _SAME_NAME_PORT.findall(instance["ports"])
    shown = " ".join(f"{name}=%b" for name in inputs)
    prints = [
        f"if ({output['differs']}) $display({', '.join((_first_format(output['name'], shown), *values))});"
        for output in _OUTPUT.finditer(testbench)
        for values in [("$time", f"{output['name']}_ref", f"{output['name']}_dut", *inputs)]
    ]
    if not prints:
        return testbench
    noted = _FIRST.replace("stats1.errortime", "begin stats1.errortime") + " " + " else ".join(prints) + " end"
    return testbench.replace(_FIRST, noted, 1)


def _first_format(output: str, inputs: str) -> str:
    return f'"{EVIDENCE} First: time %0d output {output} expected %b got %b inputs {inputs}"'


def _behind_buffers(testbench: str) -> str:
    """The testbench with each net that is an input of the candidate, and of the reference, behind a buffer of its own.

    A port is one net on both sides, so a candidate that drives its input would change what the reference sees. The
    clock, a variable, needs none: Icarus puts one between a variable and an input that is driven. It must have none:
    some testbenches change inputs at the clock edge itself, where the order decides in which the clock wakes its
    readers (v2's Prob139).
    The benchmark connects inputs by name alone (`.clk`) and outputs by expression (`.q(q_dut)`).
    """
    ranges = {
        found["name"]: found["range"] or "" for found in _DECLARATION.finditer(testbench) if found["kind"] != "reg"
    }

    def buffered(instance: re.Match[str]) -> str:
        inputs = [name for name in _SAME_NAME_PORT.findall(instance["ports"]) if name in ranges]
        prefix = f"{NAME_PREFIX}{instance['module']}_"
        buffers = "".join(f"wire {ranges[name]} {prefix}{name} = {name}; " for name in inputs)
        return buffers + _SAME_NAME_PORT.sub(
            lambda port: f".{port[1]}({prefix}{port[1]})" if port[1] in inputs else port[0], instance[0]
        )

    return _INSTANCE.sub(buffered, testbench)


def rename(source: str, names: dict[str, str]) -> str:
    """Rename identifiers; comments, strings, macros and system names stay."""
    return TOKEN.sub(lambda match: names.get(match[0], match[0]), source)
