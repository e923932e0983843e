"""The simulation image and the host: what is there, and what is said when something is missing."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.image import installed_image, read_recipe
from sim.job import Job, Limits, Step
from tests.conftest import missing

VERIREASON = (sys.executable, "-m", "verireason")


def verireason(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*VERIREASON, *words), capture_output=True, text=True, check=False, env=env)


def test_whatever_changes_the_image_changes_its_digest() -> None:
    recipe = read_recipe()
    changed = [
        replace(recipe, packages=(*recipe.packages, "x")),
        replace(recipe, python_requirements=""),
        replace(recipe, prebuild="x"),
        recipe,
    ]
    assert len({one.digest for one in changed}) == len(changed)


def test_the_image_holds_every_tool_and_python_package(farm: Farm) -> None:
    image = installed_image()
    assert image is not None
    assert set(image.tools) == {"iverilog", "verilator", "yosys", "python"}
    limits = Limits(cpu_s=20, wall_s=60)
    steps = (
        Step(argv=("python3", "-c", "import cocotb, pyslang, pyverilog; print('there')"), limits=limits),
        Step(argv=("g++", "--version"), limits=limits),
        Step(argv=("make", "--version"), limits=limits),
    )
    result = next(farm.pool.map([Job(image=farm.image, files={}, steps=steps)]))
    assert result.steps[0].stdout == b"there\n", result
    assert [step.code for step in result.steps] == [0, 0, 0]


def test_building_without_a_network_is_one_line(tmp_path: Path) -> None:
    if shutil.which("mmdebstrap") is None:
        missing("mmdebstrap is not installed")
    offline = ("unshare", "-rn")
    if subprocess.run((*offline, "true"), capture_output=True, check=False).returncode != 0:
        missing("this host lets us make no network namespace")
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    argv = (*offline, *VERIREASON, "image", "build")
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "verireason: pip failed: no network; building the image needs one, once"
    assert not list(tmp_path.rglob("image.json"))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("image", "show"), "run `verireason image build`"),
        (("data", "validate", "--num", "1"), "run `verireason image build`"),
    ],
)
def test_a_missing_image_is_one_line_with_the_command(tmp_path: Path, command: tuple[str, ...], message: str) -> None:
    done = verireason(*command, env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)})
    assert done.returncode == 3
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_bubblewrap_is_one_line_with_the_command(farm: Farm, tmp_path: Path) -> None:
    env = {**os.environ, "PATH": str(tmp_path)}
    done = verireason("data", "validate", "--num", "1", env=env)
    assert done.returncode == 3
    assert "apt-get install bubblewrap" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_host_box_refuses_a_host_without_a_new_enough_icarus(tmp_path: Path) -> None:
    fake = tmp_path / "iverilog"
    fake.write_text('#!/bin/sh\necho "Icarus Verilog version 11.0 (stable)"\n')
    fake.chmod(0o755)
    (tmp_path / "vvp").symlink_to(fake)
    env = {**os.environ, "PATH": str(tmp_path)}
    done = verireason("data", "validate", "--num", "1", "--box", "host", env=env)
    assert done.returncode == 3
    assert "finds Icarus Verilog 11.0 and needs 12" in done.stderr


def test_doctor_finds_this_host_ready(farm: Farm) -> None:
    done = verireason("doctor")
    assert done.returncode == 0, done.stdout
    assert "a box has no network: tried, holds" in done.stdout
    assert done.stdout.endswith("ready\n")


def test_one_job_can_be_run_by_hand(farm: Farm, tmp_path: Path) -> None:
    design = tmp_path / "a.v"
    design.write_text('module a; initial $display("hello"); endmodule')
    argv = (sys.executable, "-m", "sim", str(design), "--", "iverilog", "-o", "a", "a.v", "--", "vvp", "-n", "a")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "hello\n"
    assert "[vvp: EXITED 0" in done.stderr
