"""docs/objectives.md against the settings that it explains."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from rewards.terms import STYLE_TERMS
from verireason.recipe_tables import LEVELS_OF_LOSS, Curriculum, Grpo

TEXT = (Path(__file__).parents[2] / "docs" / "objectives.md").read_text()


def defaults_named(section: str) -> dict[str, Any]:
    """Key to default by the tables headed with a section; "given" for a key without one."""
    found: dict[str, Any] = {}
    for table in re.findall(rf"^\| `\[{section}\]` .*\n\|---.*\n((?:\|.*\n)+)", TEXT, re.MULTILINE):
        for row in table.splitlines():
            key, default = (cell.strip() for cell in row.split("|")[1:3])
            assert key.strip("`") not in found, f"{key} is explained twice"
            words = {"given": "given", "none": None}
            found[key.strip("`")] = (
                words[default] if default in words else tomllib.loads(f"x = {default.strip('`')}")["x"]
            )
    return found


@pytest.mark.parametrize(("section", "model"), [("grpo", Grpo), ("curriculum", Curriculum)])
def test_every_setting_is_explained_with_its_default(section: str, model: type[BaseModel]) -> None:
    defaults = {
        key: "given" if field.is_required() else field.default for key, field in model.model_fields.items()
    }  # fmt: skip

    assert defaults_named(section) == defaults


def test_every_loss_and_every_term_of_style_is_named() -> None:
    assert [name for name in LEVELS_OF_LOSS if f'`"{name}"`' not in TEXT] == []
    assert [name for name in STYLE_TERMS if f"`{name}`" not in TEXT] == []
