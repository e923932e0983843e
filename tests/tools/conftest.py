"""The real farm, for tests that judge something."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.boxes.docker import DockerBox, EngineUnavailable
from sim.boxes.worker import Isolation
from sim.farm import Farm, FarmUnavailable, open_farm
from sim.image import installed_image
from sim.pool import Pool
from tests.conftest import missing
from tests.tools.runs import RECIPE, finish, verireason

BUBBLEWRAP, DOCKER, DOCKER_BY_UID = "bubblewrap", "docker", "docker by user id"


def open_box(name: str) -> Farm:
    """A farm of two boxes of that kind."""
    try:
        if name == BUBBLEWRAP:
            return open_farm(box=name, num_boxes=2)
        image = installed_image()
        if image is None:
            raise FarmUnavailable("the simulation image is not built; run `verireason image build`")
        isolation = Isolation.BUBBLEWRAP if name == DOCKER else Isolation.UID
        return Farm(Pool(DockerBox(image, isolation=isolation), num_boxes=2), tools=image.tools)
    except (FarmUnavailable, EngineUnavailable) as err:
        missing(str(err))
        raise


@pytest.fixture(scope="session")
def farm() -> Iterator[Farm]:
    """Two bubblewrap boxes over the simulation image."""
    with open_box(BUBBLEWRAP) as opened:
        yield opened


@pytest.fixture(scope="session")
def fine_tuned(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory with what `verireason sft` makes of the recipe."""
    pytest.importorskip("trl", reason="the train extra is not installed")
    out = tmp_path_factory.mktemp("runs") / "start"
    output = finish(verireason("sft", RECIPE, "--set", f"run.out={out}"))
    assert str(out / "sft" / "model") in output
    return out


@pytest.fixture
def fresh(fine_tuned: Path, tmp_path: Path) -> Path:
    """A directory in which training can start."""
    return Path(shutil.copytree(fine_tuned, tmp_path / "run"))
