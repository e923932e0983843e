"""LiveCodeBench, code generation (lite and full), from the layout of the hub.

Rows have `question_content`, `platform`, `question_id`, `contest_date`, `starter_code`, `difficulty`, `metadata` (JSON
with `func_name`), `public_test_cases` (JSON: input, output, testtype "stdin" or "functional") and
`private_test_cases`: the same, or base64 of zlib of a pickle of the same text. The pickle is never run: its opcodes are
read, and only those of one text are accepted.

There are no reference solutions, so nothing here can be run by a golden. The category of a problem is the month of its
contest: the table of rates by category shows where a model may have seen the answers. No window of dates is cut out.
A function must be a method of `class Solution` where the starter code says so; the published grader takes either.
"""

from __future__ import annotations

import base64
import binascii
import pickletools
import re
import zlib
from itertools import islice
from pathlib import Path
from typing import Any

from verireason.data.loaded import Loaded, collect
from verireason.data.pairs import CONTEST_SETUP, Pairs, make_limits, make_prompt, make_spec, make_suite
from verireason.data.rows import Row, Source, parse_json, read_rows
from verireason.problem import Problem

NAME = "livecodebench"
SOURCE = Source(
    hub="livecodebench/code_generation_lite",
    parts=("test",),
    hub_files=("test.jsonl", *(f"test{number}.jsonl" for number in range(2, 7))),
)
CPU_S = 6.0
"""Of a test, as in the published grader."""
MAX_UNPACKED = 256 << 20
"""Bytes of a problem's private tests, unpacked."""

_DIFFICULTIES = ("easy", "medium", "hard")
_FIELDS = ("input", "output", "testtype")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TEXT = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})
_AROUND = frozenset({"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "STOP"})
"""Opcodes that a pickled text has beside that of the text itself; none calls or finds anything."""
_MAX_OPCODES = 16
"""A pickled text has half as many at most."""


def load(root: Path) -> Loaded:
    """The problems of all releases whose files are there. UserError for a directory that holds none."""
    return collect(read_rows(root, SOURCE), name=lambda row: row.text("question_id"), build=_problem)


def _problem(row: Row, problem_id: str) -> Problem:
    starter = row.text_or_none("starter_code") or ""
    suite = make_suite(_pairs(row), shown=starter, setup=CONTEST_SETUP)
    date, difficulty = row.text("contest_date"), row.text("difficulty")
    if not _DATE.match(date):
        raise row.wrong(f"contest_date is {date[:30]!r}; expected 2024-01-31T00:00:00")
    return Problem(
        id=problem_id,
        benchmark=NAME,
        prompt=make_prompt(row.text("question_content"), suite, starter),
        spec=make_spec(suite, make_limits(cpu_s=CPU_S)),
        golden="",
        split="test",
        licence="CC",
        category=date[:7],
        difficulty=_DIFFICULTIES.index(difficulty) + 1 if difficulty in _DIFFICULTIES else 0,
    )


def _pairs(row: Row) -> Pairs:
    public = _cases(row.json("public_test_cases"), row, "public_test_cases")
    private = _cases(_private(row), row, "private_test_cases")
    kinds = {case["testtype"] for case in public + private}
    if len(kinds) > 1:
        raise row.wrong(f"its tests are of {len(kinds)} types ({', '.join(sorted(kinds))}); expected one")
    function = None
    if kinds == {"functional"}:
        metadata = row.json("metadata")
        function = metadata.get("func_name") if isinstance(metadata, dict) else None
        if not isinstance(function, str):
            raise row.wrong("its tests are functional, and metadata has no func_name")
    ids = [f"public-{number}" for number in range(len(public))]
    return Pairs(
        inputs=[case["input"] for case in public + private],
        outputs=[case["output"] for case in public + private],
        function=function,
        ids=ids + [f"private-{number}" for number in range(len(private))],
        as_apps=False,
    )


def _cases(cases: Any, row: Row, field: str) -> list[dict[str, str]]:
    if not isinstance(cases, list) or not all(
        isinstance(case, dict) and all(isinstance(case.get(name), str) for name in _FIELDS) for case in cases
    ):
        raise row.wrong(f"field {field} is not a list of objects with the texts {', '.join(_FIELDS)}")
    return cases


def _private(row: Row) -> Any:
    text = row.text("private_test_cases")
    try:
        return parse_json(text if text.lstrip().startswith("[") else unpack(text))
    except ValueError as err:
        raise row.wrong(f"field private_test_cases: {err}") from err


def unpack(packed: str) -> str:
    """The text that was pickled, compressed and written as base64. ValueError for anything else."""
    try:
        unzip = zlib.decompressobj()
        data = unzip.decompress(base64.b64decode(packed, validate=True), MAX_UNPACKED)
    except (binascii.Error, zlib.error, ValueError) as err:
        raise ValueError(f"neither JSON nor base64 of zlib ({err})") from err
    if not unzip.eof:
        raise ValueError(
            f"more than {MAX_UNPACKED >> 20} MiB when unpacked"
            if unzip.unconsumed_tail
            else "zlib data that ends early"
        )
    return unpickle_text(data)


def unpickle_text(data: bytes) -> str:
    """The one text in a pickle, found without running it. ValueError for a pickle of anything else."""
    try:
        opcodes = [(opcode.name, argument) for opcode, argument, _ in islice(pickletools.genops(data), _MAX_OPCODES)]
    except ValueError as err:
        raise ValueError(f"no pickle of a text ({err})") from err
    texts = [str(argument) for name, argument in opcodes if name in _TEXT]
    others = [name for name, _ in opcodes if name not in _TEXT | _AROUND]
    if others or len(texts) != 1 or opcodes[-1][0] != "STOP":
        found = others[0] if others else f"{len(texts)} texts"
        raise ValueError(f"a pickle of more than one text (it has {found}); it was not run")
    return texts[0]
