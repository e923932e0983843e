"""VeriReason's training sets (Nellyw888 on the hub, no licence stated): combined, simple and hard, one layout.

Rows have id, instruction, output (thoughts and an answer; its code is the golden), tb and tb_result: what the testbench
wrote to test_vectors.txt when it ran with the golden. All of it was written by GPT-4.1, so all of it is hostile text.

`sim.hdl.vectors_testbench` judges, and says where it is stricter than the published rule. The testbench gets names of
its own and random sequences of its own, and opens its file under a secret name. The published rule renames a
candidate's module to the golden's; here the prompt says the name.
"""

from __future__ import annotations

import re
from pathlib import Path

from sim.hdl.testbench import EVIDENCE
from sim.hdl.vectors_testbench import EXPECTED, lines_of
from sim.hdl.vectors_testbench import NAME as VERIFIER
from verireason.data.designs import code_in, draft, top_of, uses
from verireason.data.loaded import LeftOut, Loaded, collect
from verireason.data.own_names import declared_modules, with_own_names
from verireason.data.rows import Row, Source, read_rows
from verireason.data.verilog_eval import with_own_seeds
from verireason.extraction.answer import encodable
from verireason.problem import Problem

NAME = "veri-reason"
SOURCE = Source(
    hub="Nellyw888/RTL-Coder_7b_reasoning_tb_combined",
    parts=("train", "test", "processed_entries", "RTL", "rtl", "data"),
    hub_files=("data/train-*.parquet",),
)
_FILE = re.compile(r'"(?:\./)?test_vectors\.txt"')
_HEADER = re.compile(r"(\bmodule __vr_tb\b[^;]*;)")


def load(root: Path) -> Loaded:
    """Drafts of the problems. UserError for a directory that holds none."""
    return collect(read_rows(root, SOURCE), name=name_of, build=_problem)


def name_of(row: Row) -> str:
    """The id of a row's problem."""
    value = row.fields.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise row.wrong("field id is neither a text nor a number")
    return str(value)


def _problem(row: Row, problem_id: str) -> Problem:
    instruction, answer = row.text("instruction"), row.text("output")
    testbench, result = row.text_or_none("tb"), row.text_or_none("tb_result")
    if testbench is None:
        raise LeftOut("it has no testbench")
    if result is None or not lines_of(encodable(result)):
        raise LeftOut("it has no expected lines")
    if "```" in testbench:
        testbench = code_in(testbench)
    golden = code_in(answer)
    top = uses(testbench, declared_modules(golden)) or top_of(golden)
    return draft(
        id=problem_id, benchmark=NAME, instruction=instruction, golden=golden, top=top, verifier=VERIFIER,
        testbench=_with_placeholders(encodable(testbench), golden, top), files={EXPECTED: encodable(result).encode()},
    )  # fmt: skip


def _with_placeholders(testbench: str, golden: str, top: str) -> str:
    """The testbench as the module docstring says. LeftOut when it does not write the file, or brings the design."""
    if not _FILE.search(testbench):
        raise LeftOut("its testbench does not write test_vectors.txt")
    if set(declared_modules(testbench)) & set(declared_modules(golden)):
        raise LeftOut("its testbench brings the design along")
    text = with_own_names(testbench, keep={top})
    if text is None:
        raise LeftOut("its testbench has not exactly one module on top")
    return with_own_seeds(_FILE.sub(f'"{EVIDENCE}"', text), header=_HEADER)
