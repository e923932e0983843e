"""The real farm, for tests that judge something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.farm import Farm, FarmUnavailable, open_farm
from tests.conftest import missing


@pytest.fixture(scope="session")
def farm() -> Iterator[Farm]:
    """Two bubblewrap boxes over the simulation image."""
    try:
        opened = open_farm(box="bubblewrap", num_boxes=2)
    except FarmUnavailable as err:
        missing(str(err))
        raise
    with opened:
        yield opened
