"""Files of a recipe that are not there yet, and the commands that make them from a published data set."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from verireason.config import Config
from verireason.data import codev_r1
from verireason.data.sources import PUBLISHED, Published
from verireason.errors import UserError


def check_origins(config: Config) -> None:
    """Raise UserError for a name in `[origins]` that is no published data set's."""
    for path, name in config.origins.items():
        if name not in PUBLISHED:
            raise UserError(f"origins.{path} is {name!r}{_near(name, list(PUBLISHED))}; see verireason data get --list")


def how_to_make(path: str, config: Config, *, key: str) -> list[str]:
    """The commands that make a file of the recipe. UserError when the recipe does not say what it is made from.

    key: the setting that names the file, "data.path" or "sft.path".
    """
    if path not in config.origins:
        near = _near(path, list(config.origins))
        raise UserError(f"{key} is {path}, which is not there{near}; name a file that is, or its source in [origins]")
    published = PUBLISHED[config.origins[path]]
    directory = f"data/{published.name}"
    commands = [] if Path(directory).exists() else [f"verireason data get {published.name} --out {directory}"]
    problems = f"data/{published.name}.jsonl" if key == "sft.path" else path
    if not Path(problems).exists():
        commands += _ingesting(published, directory, problems)
    if key == "sft.path":
        commands.append(f"verireason data answers --root {directory} --problems {problems} --out {path}")
    return commands


def _ingesting(published: Published, directory: str, path: str) -> list[str]:
    benchmark = published.benchmarks[0]
    converting = [codev_r1.CONVERT.replace("DIR", directory)] if benchmark == codev_r1.NAME else []
    return [*converting, f"verireason data ingest --benchmark {benchmark} --root {directory} --out {path}"]


def _near(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
