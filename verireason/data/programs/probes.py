"""Probes for Python: programs that do nothing but answer or claim success. A problem that one of them passes is weak.

For trusted goldens only: their text is parsed in this process.
"""

from __future__ import annotations

import ast

_BODIES = {
    "nothing": "pass",
    "zero": "return 0",
    "true": "return True",
    "empty list": "return []",
    "empty text": 'return ""',
    "argument": "return {first}",
    "claims": 'print("All tests passed!")\n{indent}return {first}',
    "exits": "import sys\n{indent}sys.exit(0)",
}
"""Of a function."""
_PROGRAMS = {
    "nothing": "pass\n",
    "zero": "print(0)\n",
    "true": "print('YES')\n",
    "input": "import sys\nsys.stdout.write(sys.stdin.read())\n",
    "claims": 'print("All tests passed!")\n',
    "exits": "import sys\nsys.exit(0)\n",
}
"""From standard input to standard output."""


def program_probes(golden: str, *, entry: str) -> dict[str, str]:
    """Name to source. `entry` is "f", "Class.f", or empty for a program; see `sim.python.suite.Suite.entry`.

    ValueError when the golden does not define the function.
    """
    if not entry:
        return dict(_PROGRAMS)
    owner, _, name = entry.rpartition(".")
    function = next(
        (
            node
            for node in ast.walk(ast.parse(golden))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
        ),
        None,
    )
    if function is None:
        raise ValueError(f"the golden defines no {name}")
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    values = names[1:] if owner else names
    head = f"class {owner}:\n    def {name}" if owner else f"def {name}"
    indent = "        " if owner else "    "
    rest = "*vr_rest, **vr_named" if names else "*vr_rest"
    signature = f"{head}({', '.join(_with_defaults(names, owner))}{', ' if names else ''}{rest}):\n"
    first = values[0] if values else "None"
    return {probe: f"{signature}{indent}{body.format(first=first, indent=indent)}\n" for probe, body in _BODIES.items()}


def _with_defaults(names: list[str], owner: str) -> list[str]:
    """Every argument but `self` may be left out, whatever the golden's own defaults are."""
    kept = 1 if owner else 0
    return names[:kept] + [f"{name}=None" for name in names[kept:]]
