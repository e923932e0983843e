"""What benchmark code needs to run, as far as its text tells. Parsed, never run.

A problem whose code needs what no box has is left out before anything runs. What the text does not tell, the run of
the reference does.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from verireason.data import python_tests
from verireason.data.loaded import LeftOut

INSTALLED = frozenset({"numpy", "pytest"})
"""Packages of the simulation image, beside the standard library, that problems may use."""

_NETWORK = frozenset({
    "ftplib", "http.client", "http.server", "imaplib", "poplib", "smtplib", "socket", "socketserver", "ssl",
    "urllib.request", "webbrowser", "xmlrpc.client", "xmlrpc.server",
})  # fmt: skip
"""Modules of the standard library that are there for a network."""
_OTHER_SIDE = {
    "unittest.mock": "replace parts of modules",
    "contextlib.redirect_stdout": "look at what is printed",
    "contextlib.redirect_stderr": "look at what is printed",
    "sys.stdout": "look at what is printed",
    "sys.stderr": "look at what is printed",
    "sys.stdin": "give what is read",
}
"""Modules and names by which test code acts on the process that it is in: the candidate is in another one."""

_PREPARATION = re.compile(r"(?:setUp|tearDown)\w*|async(?:SetUp|TearDown)|(?:setup|teardown)(?:_\w+)?")
"""Names of what unittest and pytest run around a test."""


def parse(source: str, what: str) -> ast.Module:
    """The syntax tree of trusted code. Raises LeftOut when there is none."""
    try:
        return python_tests.parse(source, what)
    except ValueError as err:
        raise LeftOut(f"{what} is not Python 3") from err


def check_code(*trees: ast.Module) -> None:
    """Raise LeftOut for code that needs a package or a network that boxes do not have."""
    names = {name for tree in trees for name in imported(tree)}
    packages = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - INSTALLED - {"solution"}
    if packages:
        raise LeftOut(f"needs {', '.join(sorted(packages))}")
    if wanted := names & _NETWORK:
        raise LeftOut(f"needs a network: it imports {', '.join(sorted(wanted))}")


def check_tests(tree: ast.Module) -> None:
    """Raise LeftOut for test code that would have to be in the candidate's process."""
    attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names = attributes.union(imported(tree))
    for known, does in _OTHER_SIDE.items():
        if any(name == known or name.startswith(f"{known}.") for name in names):
            raise LeftOut(f"its tests {does} ({known}), and run in a process of their own")


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that code imports, and every name that it imports from one: "os", "os.path"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def has_preparation(tree: ast.Module) -> bool:
    """Whether something runs before each test, so that no call of a test can be taken out of it."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(
        _PREPARATION.fullmatch(node.name) or any("fixture" in ast.unparse(each) for each in node.decorator_list)
        for node in functions
    )


def libraries(*trees: ast.Module) -> tuple[str, ...]:
    """The installed packages that code imports, for `Suite.libraries`."""
    return tuple(sorted({name.partition(".")[0] for tree in trees for name in imported(tree)} & INSTALLED))
