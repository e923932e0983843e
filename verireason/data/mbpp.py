"""MBPP (Google, CC BY 4.0) and MBPP+ (EvalPlus, Apache-2.0), from their published layouts.

MBPP: `mbpp.jsonl` with `task_id, text, code, test_list, test_setup_code, challenge_test_list`, and the part that was
checked by hand, `sanitized-mbpp.json`, with `prompt` for `text` and `test_imports`. Tests are the asserts of
`test_list`, which models are shown, as in the paper. MBPP+ (`verireason.data.evalplus`) has further inputs for most of
the latter; `entry_point, canonical_solution` in a release, `code, test_list` from the hub.

EvalPlus compares eight of its tasks without regard to order and takes the answers of three for their truth; so do we.
It accepts two answers in tasks 558 and 581. Here inputs of 558 on which they differ are left out, and 581, whose prompt
shows which is meant, has the reference's answer only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from sim.job import Limits
from sim.python.suite import Comparator, Suite, View
from sim.verdict import Spec
from verireason.data import evalplus
from verireason.data.evalplus import Inputs, make_calls, read_inputs
from verireason.data.loaded import Loaded, collect
from verireason.data.mbpp_types import typed
from verireason.data.pairs import make_spec
from verireason.data.python_tests import convert_asserts, parse
from verireason.data.python_tests.scope import bound_names, reads
from verireason.data.rows import Row, Source, read_rows
from verireason.errors import UserError
from verireason.problem import Problem

NAME = "mbpp"
SANITIZED = "mbpp-sanitized"
PLUS = "mbppplus"
_FULL_PARTS, _SANITIZED_PARTS = ("mbpp", "full"), ("sanitized",)
"""How the names of their files begin, or of the directories that these are in."""
SOURCE = Source(
    hub="google-research-datasets/mbpp",
    parts=(*_FULL_PARTS, *_SANITIZED_PARTS),
    hub_files=("full/test-*.parquet", "sanitized/test-*.parquet"),
)
PLUS_SOURCE = Source(
    hub="evalplus/mbppplus", parts=("MbppPlus.", "MbppPlus-v", "test-"), hub_files=("data/test-*.parquet",)
)
LIMITS = Limits(cpu_s=3, wall_s=20, mem_mb=1024, output_kb=1024)

_UNORDERED = (
    *("similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly"),
    *("larg_nnum", "intersection_array", "find_dissimilar", "Diff"),
)
_TRUTH = ("check_str", "text_match_three", "text_starta_endb")
_AMBIGUOUS = "digit_distance_nums"
"""Of numbers with as many digits each: their digits side by side. Else they may stand flush left or right."""


def load(root: Path) -> Loaded:
    """The problems of MBPP, in the benchmark's order. UserError when they are not there."""
    return _load(root, NAME, _FULL_PARTS)


def load_sanitized(root: Path) -> Loaded:
    """The same for the part that was checked by hand."""
    return _load(root, SANITIZED, _SANITIZED_PARTS)


def load_plus(root: Path) -> Loaded:
    """The problems of MBPP+, with the answers left open that its layout leaves to the reference."""
    return collect(read_rows(root, PLUS_SOURCE), name=_id, build=_plus_problem)


def _load(root: Path, benchmark: str, parts: tuple[str, ...]) -> Loaded:
    rows = (row for row in read_rows(root, SOURCE) if row.part in parts)
    found = collect(rows, name=_id, build=partial(_problem, benchmark=benchmark))
    if not found.problems:
        names = " or ".join(f"{part}*" for part in parts)
        raise UserError(f"{root}: no rows in a file or directory {names}; only the other part of MBPP is there")
    return found


def _id(row: Row) -> str:
    return f"Mbpp/{_number(row)}"


def _number(row: Row) -> int:
    """2 of 2 or "Mbpp/2"."""
    number = row.fields.get("task_id")
    if isinstance(number, str) and number.removeprefix("Mbpp/").isdecimal():
        return int(number.removeprefix("Mbpp/"))
    if type(number) is not int:
        raise row.wrong('field task_id is neither a whole number nor like "Mbpp/2"')
    return number


def _problem(row: Row, problem_id: str, *, benchmark: str) -> Problem:
    text = row.text("prompt" if "prompt" in row.fields else "text")
    code, asserts, imports = _code(row, "code"), _texts(row, "test_list"), "\n".join(_texts(row, "test_imports"))
    setup = f"{imports}\n{row.text_or_none('test_setup_code') or ''}"
    try:
        reference = parse(code, "field code")
        read = set(reads(parse("\n".join((setup, *asserts)), "the tests")))
        entry = _entry(reference, asserts)
        tests = convert_asserts(
            asserts,
            entry=entry,
            setup=f"{_imports(reference)}{setup}",
            names=sorted((_defined(reference) & read) - {entry}),
        )
        suite = Suite(entry=entry, setup=imports, calls=tests.calls, program=tests.program)
    except ValueError as err:
        raise row.wrong(str(err)) from err
    shown = "\n".join(asserts)
    prompt = f"{text.strip()}\n\nYour code should pass these tests:\n\n{shown}"
    spec = make_spec(suite, LIMITS)
    return _made(problem_id, spec, prompt=prompt, golden=code, benchmark=benchmark, licence="CC-BY-4.0")


def _plus_problem(row: Row, problem_id: str) -> Problem:
    inputs = read_inputs(row, typed=partial(typed, _number(row)))
    if "entry_point" in row.fields:
        entry, golden = row.text("entry_point"), _code(row, "canonical_solution")
        prompt = row.text("prompt").strip().strip('"').strip()
    else:
        golden, asserts = _code(row, "code"), _texts(row, "test_list")
        try:
            entry = _entry(parse(golden, "field code"), asserts)
        except ValueError as err:
            raise row.wrong(str(err)) from err
        prompt = f"{row.text('prompt').strip()}\n{asserts[0]}"
    calls = make_calls(_clear(inputs, entry), row, views=(View.BOOL,) if entry in _TRUTH else ())
    if not calls:
        raise row.wrong("a problem without inputs")
    comparator = Comparator(name="unordered@1") if entry in _UNORDERED else inputs.comparator
    suite = Suite(entry=entry, setup="\n".join(_texts(row, "test_imports")), calls=calls, comparator=comparator)
    spec = make_spec(suite, evalplus.LIMITS)
    return _made(problem_id, spec, prompt=prompt, golden=golden, benchmark=PLUS, licence=evalplus.LICENCE)


def _made(problem_id: str, spec: Spec, *, prompt: str, golden: str, benchmark: str, licence: str) -> Problem:
    return Problem(
        id=problem_id,
        benchmark=benchmark,
        prompt=prompt,
        spec=spec,
        golden=golden,
        split="test",
        licence=licence,
        category=benchmark,
        difficulty=0,
    )


def _code(row: Row, name: str) -> str:
    return row.text(name).replace("\r\n", "\n")


def _texts(row: Row, name: str) -> list[str]:
    """A list of texts; empty when the layout has none."""
    texts = row.fields.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise row.wrong(f"field {name} is not a list of texts")
    return [text.replace("\r\n", "\n") for text in texts]


def _entry(reference: ast.Module, asserts: list[str]) -> str:
    """What every assert calls, of what the reference defines; the outermost in the first. ValueError for none."""
    defined = _defined(reference)
    called = [list(_called(parse(text, "an assert"))) for text in asserts]
    for name in called[0] if called else ():
        if name in defined and all(name in names for names in called):
            return name
    raise ValueError("no function of field code is called by every assert of test_list")


def _called(tree: ast.AST) -> Iterator[str]:
    """Names of the functions that are called, outer calls before inner ones."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield name


def _defined(reference: ast.Module) -> set[str]:
    """Names at the reference's top level, imports apart."""
    return {name for node in reference.body if not _is_import(node) for name in _own_names(node)}


def _own_names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    return bound_names(node)


def _imports(reference: ast.Module) -> str:
    """What the reference imports: some asserts need it and have no other."""
    return "".join(f"{ast.unparse(node)}\n" for node in reference.body if _is_import(node))


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _clear(inputs: Inputs, entry: str) -> Inputs:
    """Without the inputs that two answers are right for."""
    if entry != _AMBIGUOUS:
        return inputs
    clear = {
        test_id: arguments
        for test_id, arguments in inputs.arguments.items()
        if len({len(str(number)) for number in arguments}) == 1
    }
    return replace(inputs, arguments=clear)
