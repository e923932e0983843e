"""CVDP (nvidia/cvdp-benchmark-dataset), non-agentic and agentic, from its JSON lines.

One row is one problem: what is asked, the files that are there, those that an answer writes, and a harness of cocotb
tests that pytest starts in a container. The harness becomes data (`sim.hdl.harness`); what it runs is recorded when
the farm is there (`verireason.data.harnesses`). Published copies lack the solutions: such a problem has no golden, is
judged all the same, and has no ceiling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.hdl import cocotb_harness
from sim.hdl.design import Unfit, apply_diff, join_files
from sim.hdl.harness import HARNESS, Harness
from sim.job import Limits
from sim.verdict import Spec
from verireason.data.cvdp_prompts import CATEGORIES, make_prompt
from verireason.data.cvdp_services import read_services
from verireason.data.loaded import LeftOut, Loaded, collect
from verireason.data.rows import Row, Source, read_rows
from verireason.errors import UserError
from verireason.problem import Problem

NAME = "cvdp"
AGENTIC = "cvdp-agentic"
LICENCE = "CC-BY-4.0 (text), Apache-2.0 (code)"
LIMITS = Limits(cpu_s=60, wall_s=300, output_kb=1024)
"""For one run; the published harness gives all together 600 seconds."""
SOURCES = {
    NAME: Source(
        hub="nvidia/cvdp-benchmark-dataset",
        parts=("cvdp",),
        hub_files=("cvdp_v1.1.0_nonagentic_code_generation_no_commercial.jsonl",),
    ),
    AGENTIC: Source(
        hub="nvidia/cvdp-benchmark-dataset",
        parts=("cvdp",),
        hub_files=("cvdp_v1.1.0_agentic_code_generation_no_commercial.jsonl",),
    ),
}
_SOLVED = "_with_solutions"
_DIFFICULTIES = {"easy": 1, "medium": 2, "hard": 3}
_NOT_SIMULATED = {
    "cid006": "is judged by the similarity of texts",
    "cid008": "is judged by the similarity of texts",
    "cid009": "is judged by a language model",
    "cid010": "is judged by a language model",
    "cid012": "needs commercial tools",
    "cid013": "needs commercial tools",
    "cid014": "needs commercial tools",
}
_VERILOG = (".v", ".sv", ".vh", ".svh")


def load(root: Path) -> Loaded:
    """The non-agentic problems of a directory or file. UserError when there are none or a row is damaged."""
    return _load(root, NAME, _build)


def load_agentic(root: Path) -> Loaded:
    """The agentic problems of a directory or file. UserError when there are none or a row is damaged."""
    return _load(root, AGENTIC, _build_agentic)


def _load(root: Path, name: str, build: Callable[[Row, str], Problem]) -> Loaded:
    rows = [row for row in read_rows(root, SOURCES[name]) if _kind(row) == name]
    if not rows:
        raise UserError(f"{root}: none of its rows is of {name}; give the directory or file of those problems")
    return collect(_preferred(rows), name=lambda row: row.text("id"), build=build)


def _kind(row: Row) -> str:
    """Which of the two layouts a row has."""
    if not isinstance(row.fields.get("categories"), list) or not row.fields["categories"]:
        raise row.wrong("field categories is missing; expected a CVDP row: id, categories, input, output, harness")
    return NAME if "input" in row.fields else AGENTIC


def _preferred(rows: Iterable[Row]) -> Iterator[Row]:
    """Each problem once where two files have it: from the file with solutions, at the place of the first."""
    solved: dict[str, Row] = {}
    plain: dict[str, Row] = {}
    for row in rows:
        known = solved if _SOLVED in row.where.rpartition("/")[2] else plain
        problem_id = row.text("id")
        if problem_id in known:
            raise row.wrong(f"problem {problem_id} is at {known[problem_id].where} already; ids are unique")
        known[problem_id] = row
    return iter({**plain, **solved}.values())


def _build(row: Row, problem_id: str) -> Problem:
    category, difficulty = _category(row)
    given, answer = _object(row, "input"), _object(row, "output")
    context, wanted = _texts(row, given, "input.context"), _texts(row, answer, "output.context")
    solved = bool(wanted) and all(text.strip() for text in wanted.values())
    prompt = given.get("prompt")
    if not isinstance(prompt, str):
        raise row.wrong("field input.prompt is no text")
    return _problem(
        problem_id, NAME, category, difficulty, row=row, context=context, wanted=tuple(wanted),
        prompt=make_prompt(prompt, category=category, context=context, wanted=tuple(wanted)),
        golden=join_files(wanted) if solved else "",
    )  # fmt: skip


def _build_agentic(row: Row, problem_id: str) -> Problem:
    category, difficulty = _category(row)
    if "context" not in row.fields:
        raise LeftOut("it needs a repository beside the data set")
    context, patches = _texts(row, row.fields, "context"), _texts(row, row.fields, "patch")
    solved = bool(patches) and all(text.strip() for text in patches.values())
    try:
        golden = {path: apply_diff(context.get(path, ""), diff, path=path) for path, diff in patches.items() if solved}
    except Unfit as err:
        raise LeftOut(f"its own solution cannot be used: {err}") from err
    return _problem(
        problem_id, AGENTIC, category, difficulty, row=row, context=context, wanted=tuple(patches),
        prompt=make_prompt(
            row.text("prompt"), category=category, context=context, wanted=tuple(patches), agentic=True
        ),
        golden=join_files(golden) if solved else "",
    )  # fmt: skip


def _category(row: Row) -> tuple[str, int]:
    """Category and difficulty. LeftOut for what no simulation decides."""
    category, *words = (str(each) for each in row.fields["categories"])
    if category in _NOT_SIMULATED:
        raise LeftOut(f"{category} {CATEGORIES[category]} {_NOT_SIMULATED[category]}")
    return category, next((_DIFFICULTIES[word] for word in words if word in _DIFFICULTIES), 0)


def _problem(
    problem_id: str, benchmark: str, category: str, difficulty: int, *, row: Row, context: Mapping[str, str],
    wanted: tuple[str, ...], prompt: str, golden: str,
) -> Problem:  # fmt: skip
    harness = _object(row, "harness")
    files = {name: text for name, text in harness.get("files", harness).items() if isinstance(text, str)}
    own = {name.removeprefix("src/"): text for name, text in files.items() if name.startswith("src/")}
    nested = next((name for name in own if "/" in name), None)
    if nested is not None:
        raise LeftOut(f"its harness has directories: src/{nested}")
    services = read_services(files)
    design = {path: text for path, text in context.items() if path.endswith(_VERILOG)}
    design |= {HARNESS + name: text for name, text in own.items() if name.endswith(_VERILOG)}
    data = {name: text.encode() for name, text in own.items() if not name.endswith(_VERILOG) and name != ".env"}
    spec = Spec(
        verifier=cocotb_harness.NAME,
        top=_top(services[0].environment.get("TOPLEVEL"), wanted, golden),
        testbench=Harness(wanted=wanted, context=design, services=services).to_text(),
        files=data,
        limits=LIMITS,
    )
    return Problem(
        id=problem_id, benchmark=benchmark, prompt=prompt, spec=spec, golden=golden, split="test", licence=LICENCE,
        category=f"{category} {CATEGORIES.get(category, '')}".strip(), difficulty=difficulty,
    )  # fmt: skip


def _top(toplevel: str | None, wanted: tuple[str, ...], golden: str) -> str:
    """A module that an answer defines: the tests' top, unless that is one of the files that are there already."""
    defined = re.findall(r"^\s*module\s+(?:automatic\s+)?(\w+)", golden, re.MULTILINE)
    stems = [path.rpartition("/")[2].partition(".")[0] for path in wanted]
    named = [name for name in (toplevel, *stems) if name]
    return next((name for name in named if name in defined), (defined or named or ["design"])[0])


def _object(row: Row, name: str) -> Mapping[str, Any]:
    value = row.fields.get(name)
    if not isinstance(value, dict):
        raise row.wrong(f"field {name} is no object; expected a CVDP row")
    return value


def _texts(row: Row, fields: Mapping[str, Any], name: str) -> dict[str, str]:
    """Path to text; the hub gives null for files of other rows."""
    value = fields.get(name.rpartition(".")[2])
    if not isinstance(value, dict) or not all(text is None or isinstance(text, str) for text in value.values()):
        raise row.wrong(f"field {name} is no object from paths to texts")
    return {path: text for path, text in value.items() if text is not None}
