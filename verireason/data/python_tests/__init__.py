"""Test code of Python benchmarks as data: asserts on one call with literal arguments become call tests.

The code is parsed, never run. What cannot be turned into a call and its expected value stays code, in a `Program`.
"""

from verireason.data.python_tests.convert import (
    Conversion,
    convert_asserts,
    convert_check,
    convert_pytest,
    convert_unittest,
    parse,
)

__all__ = [
    "Conversion",
    "convert_asserts",
    "convert_check",
    "convert_pytest",
    "convert_unittest",
    "parse",
]
