"""What benchmark code needs is told from its text."""

from __future__ import annotations

import ast

import pytest

from verireason.data.loaded import LeftOut
from verireason.data.requirements import check_code, check_tests, has_preparation, imported, libraries, parse


def test_every_import_is_found() -> None:
    tree = ast.parse(
        "import os.path, re as r\nfrom urllib import request\ndef f():\n    from . import x\n    import json\n"
    )
    assert set(imported(tree)) == {"os.path", "re", "urllib", "urllib.request", "json"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import pandas as pd\nfrom sklearn.cluster import KMeans", "needs pandas, sklearn"),
        ("from urllib import request", "needs a network: it imports urllib.request"),
        ("import socket", "needs a network: it imports socket"),
        ("import urllib.parse, numpy, os\nfrom solution import f", None),
    ],
)
def test_code_that_no_box_can_run_is_told(source: str, reason: str | None) -> None:
    if reason is None:
        check_code(ast.parse(source))
        return
    with pytest.raises(LeftOut) as raised:
        check_code(ast.parse("import re"), ast.parse(source))
    assert str(raised.value) == reason


@pytest.mark.parametrize(
    ("source", "does"),
    [
        ("from unittest.mock import patch", "replace parts of modules (unittest.mock)"),
        ("from unittest import mock", "replace parts of modules (unittest.mock)"),
        ("import unittest.mock as m", "replace parts of modules (unittest.mock)"),
        ("import contextlib\nwith contextlib.redirect_stdout(x): pass", "look at what is printed (contextlib.redirect"),
        ("from contextlib import redirect_stderr", "look at what is printed (contextlib.redirect_stderr)"),
        ("import sys\nsys.stdout.getvalue()", "look at what is printed (sys.stdout)"),
        ("import sys\nsys.stdin = x", "give what is read (sys.stdin)"),
    ],
)
def test_test_code_that_acts_on_the_candidates_process_is_told(source: str, does: str) -> None:
    with pytest.raises(LeftOut, match="run in a process of their own") as raised:
        check_tests(ast.parse(source))
    assert does in str(raised.value)


def test_ordinary_test_code_is_let_through() -> None:
    check_tests(ast.parse("import unittest, contextlib, sys\nassert sys.version and contextlib.suppress\n"))


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("class T:\n    def setUp(self): ...", True),
        ("class T:\n    async def asyncSetUp(self): ...", True),
        ("class T:\n    @classmethod\n    def setUpClass(cls): ...", True),
        ("def setUpModule(): ...", True),
        ("def setup_function(): ...", True),
        ("import pytest\n@pytest.fixture(autouse=True)\ndef prepare(): ...", True),
        ("def test_setup(): ...\ndef set_up(): ...", False),
    ],
)
def test_what_runs_before_each_test_is_seen(source: str, wanted: bool) -> None:
    assert has_preparation(ast.parse(source)) is wanted


def test_libraries_are_the_installed_packages_that_are_imported() -> None:
    assert libraries(ast.parse("import numpy.linalg, re"), ast.parse("import pytest, pandas")) == ("numpy", "pytest")


@pytest.mark.parametrize("source", ["print 1", "f(", "(" * 1000 + ")" * 1000, "a\0b"])
def test_what_does_not_parse_is_a_reason(source: str) -> None:
    with pytest.raises(LeftOut, match=r"^its test code is not Python 3$"):
        parse(source, "its test code")
