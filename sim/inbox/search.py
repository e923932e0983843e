"""Searches a compiled program of Icarus for calls that reach outside the design. Runs inside a box only.

For testbenches that have such calls themselves: theirs are told from the candidate's by the file that the compiler
noted beside each call. Elsewhere a plain `grep` does (`sim.hdl.verilog_testbench`), and this follows its exit codes: 0
when something was found, which is printed, 1 when not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sim.inbox.system_tasks import ENDING, PLAIN

_CALL = re.compile(r'(?:\b([0-9]+) +)?\b[0-9]+ *"(\$[^"]*)"')
"""File number, line number and name. A quote inside a string has a backslash before it."""
_FORCE = re.compile(r"^ +%force/", re.MULTILINE)
_TABLE = re.compile(r'\n:file_names [0-9]+;\n((?: +"[^\n]*";\n)*)\Z')


def main(argv: Sequence[str]) -> int:
    """argv: "search", the program's file, the testbench's file."""
    program = Path(argv[1]).read_bytes().decode("utf-8", "replace")
    found = find(program, trusted=argv[2])
    if found is None:
        return 1
    print(found)
    return 0


def find(program: str, *, trusted: str) -> str | None:
    """The first call that is neither harmless nor the trusted file's, in quotes; a `force`; or None."""
    table = _TABLE.search(program)
    names = [line.strip()[1:-2] for line in table[1].splitlines()] if table else []
    own = {str(number) for number, name in enumerate(names) if name == trusted}
    for number, task in _CALL.findall(program):
        if number not in own and not is_harmless(task[1:]):
            return f'"{task}"'
    return "%force/" if _FORCE.search(program) else None


def is_harmless(task: str) -> bool:
    """Whether a system task stays inside the design, or ends a run. Those that dump waves do nothing: waves are off."""
    return bool(PLAIN.fullmatch(task) or ENDING.fullmatch(task) or re.fullmatch("dump[a-z]*", task))
