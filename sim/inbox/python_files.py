"""Names of the files in a Python job: on the host and in the box."""

SOLUTION = "solution.py"
"""The candidate."""
QUESTIONS = "questions.json"
"""Entry point, setup and inputs; nothing that is expected."""
TESTS = "tests.json"
"""Test code of a program. Gone before the candidate runs."""


def input_file(place: int) -> str:
    """Standard input of a stdio test, by its place in the suite."""
    return f"input-{place}"
