"""Fetches what `sources` lists. Nothing that is there is overwritten, and a fetch that fails leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verireason.data.sources import Git, Hub, Published
from verireason.errors import MissingError, UserError

PROVENANCE = "verireason-source.json"
"""Written beside the files: name, place, the commit that was fetched, licence."""


def fetch(published: Published, directory: Path) -> str:
    """Fetch into a directory that must not exist yet; returns the commit that it holds.

    Raises UserError when the directory exists, MissingError when a tool or the network does not do its part.
    """
    if directory.exists():
        raise UserError(f"{directory} is there already, and nothing is overwritten; give another --out, or remove it")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    except OSError as err:
        raise MissingError(f"cannot make {directory}: {err.strerror}; give an --out that can be written") from err
    try:
        commit = _fetched(published.source, part)
        facts = {
            "name": published.name, "source": published.source.place, "commit": commit, "licence": published.licence,
        }  # fmt: skip
        (part / PROVENANCE).write_text(json.dumps(facts, indent=1) + "\n")
        part.chmod(0o755)
        part.rename(directory)
    except OSError as err:
        raise MissingError(f"cannot write {directory}: {err.strerror}; make room and start again") from err
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return commit


def _fetched(source: Git | Hub, part: Path) -> str:
    return _git(source, part) if isinstance(source, Git) else _hub(source, part)


def _git(source: Git, part: Path) -> str:
    """The tree of one commit. Git checks every object against its name, so the commit is the digest of the files."""
    git = _Git(directory=part, url=source.url)
    git.run("init", "--quiet")
    git.run("fetch", "--quiet", "--depth=1", "--no-tags", source.url, source.commit)
    git.run("checkout", "--quiet", "--detach", source.commit)
    commit = git.run("rev-parse", "HEAD")
    shutil.rmtree(part / ".git")
    return commit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Git:
    directory: Path
    url: str

    def run(self, *words: str) -> str:
        """Run git; MissingError with its last words when it fails."""
        argv: Sequence[str] = ("git", "-c", f"core.hooksPath={os.devnull}", "-c", "credential.helper=", *words)
        # A user's password prompt would wait for ever in a batch job.
        env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        try:
            done = subprocess.run(
                argv, cwd=self.directory, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
        except FileNotFoundError as err:
            raise MissingError("git is not installed; run `apt-get install git`") from err
        if done.returncode:
            words_of_git = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1][:200]
            raise MissingError(
                f"git could not fetch {self.url}: {words_of_git}; "
                "without a network, give --root a copy that was made elsewhere"
            )
        return done.stdout.strip()


def _hub(source: Hub, part: Path) -> str:
    try:
        import huggingface_hub
    except ImportError as err:
        raise MissingError(f"{source.name} needs huggingface_hub; run `pip install 'verireason[train]'`") from err
    try:
        commit = huggingface_hub.HfApi().dataset_info(source.name, revision=source.revision, timeout=30).sha
        huggingface_hub.snapshot_download(
            source.name, repo_type="dataset", revision=commit, allow_patterns=list(source.files), local_dir=part
        )
    except Exception as err:  # whatever lies between here and the hub: network, name, rights, disk
        words = (str(err).strip().splitlines() or [type(err).__name__])[0][:200]
        raise MissingError(
            f"the hub's {source.name} could not be fetched: {words}; "
            "without a network, give --root a copy that was made elsewhere"
        ) from err
    shutil.rmtree(part / ".cache", ignore_errors=True)
    if not any(part.iterdir()):
        raise MissingError(f"the hub's {source.name} has no file {', '.join(source.files)}; look at its page")
    return str(commit)
