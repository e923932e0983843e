"""Light commands start light: in a fresh interpreter, without a trace of the training stack."""

import json
import subprocess
import sys

import pytest

from verireason.cli import COMMANDS

HEAVY = (
    "torch",
    "transformers",
    "trl",
    "vllm",
    "openai",
    "datasets",
    "docker",
    "matplotlib",
    "jinja2",
    "pyslang",
    "pyarrow",
)
HOST_SIDE_FOREIGN = (*HEAVY, "numpy", "pydantic", "rich")


def modules_after(statement: str) -> set[str]:
    program = (
        f"import json, sys\n{statement}\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    )
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_loads_nothing_heavy(command: str) -> None:
    statement = f"from verireason.cli import build_parser\nbuild_parser({command!r})"
    assert not modules_after(statement) & set(HEAVY)


def test_the_farm_and_the_rewards_load_the_standard_library_only() -> None:
    names = "sim.farm, sim.doctor, sim.hdl.structure, sim.hdl.equivalence, rewards.rubric, rewards.terms"
    assert not modules_after(f"import {names}") & set(HOST_SIDE_FOREIGN)


def test_every_command_has_its_module_and_every_module_its_command() -> None:
    """A part of a command that is too long for one module is named COMMAND_PART."""
    from pathlib import Path

    import verireason.commands as package

    names = {path.stem for path in Path(package.__path__[0]).glob("*.py")} - {"__init__"}
    assert names >= set(COMMANDS)
    assert {name.partition("_")[0] for name in names} == set(COMMANDS)


def test_help_of_the_whole_program_names_every_command() -> None:
    done = subprocess.run((sys.executable, "-m", "verireason", "--help"), capture_output=True, text=True, check=True)
    assert all(command in done.stdout for command in COMMANDS)
