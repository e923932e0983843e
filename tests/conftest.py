"""Shared by all tests: a missing tool skips on a user's machine and fails in CI."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def missing(reason: str) -> None:
    """Skip with the reason; in CI fail, since a required tool that is missing must not look like success."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """The directory of a public benchmark beside the checkout."""

    def find(name: str) -> Path:
        path = REPOSITORY.parent / "shared" / "data" / name
        if not path.is_dir():
            missing(f"benchmark data {name} is not beside the checkout ({path.parent})")
        return path

    return find
