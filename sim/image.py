"""The simulation image: a root file system made from the recipe in containers/, found by the digest of that recipe.

Built by mmdebstrap from Debian packages and pinned Python packages. An image is complete when its `image.json` is
there; that file is written last. What runs in boxes and is ours (sim/inbox) lies beside the root file system, one
directory for each version of it, made in a second by the image's own compiler.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SUITE = "trixie"
SUITE_PYTHON = "3.13"
"""Python of that suite, for which the Python packages are chosen."""
DEVICE_NAMES = ("null", "zero", "urandom")
"""All of /dev in a box: a whole one would bring terminals, whose files block, and shared memory without a size."""
INBOX = "/opt/verireason/lib/sim/inbox"
"""Where a box finds our programs."""
ICARUS = "/opt/verireason/ivl"
"""Where a box finds the preprocessor and the compiler that `iverilog` drives, whatever the processor."""
HOST_PREFIX = "host-"
"""How the digest of the host's own tools begins."""
RECIPE_VERSION = "4"
"""Part of the digest: raise it when the steps below change what they make."""

_PACKAGE = Path(__file__).resolve().parent
_VERSION_OF = {
    "iverilog": (("iverilog", "-V"), r"Icarus Verilog version (\S+)"),
    "verilator": (("verilator", "--version"), r"Verilator (\S+)"),
    "yosys": (("yosys", "-V"), r"Yosys (\S+)"),
    "python": (("python3", "--version"), r"Python (\S+)"),
}
ICARUS_NEEDED = (12,)
"""Major version that the host's own Icarus must have: 11 refuses casts that benchmarks use."""


class ImageError(Exception):
    """The image cannot be built here; the message is for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A root file system with tools."""

    digest: str
    """Digest of the recipe and of sim/inbox, or HOST_PREFIX and a digest for the host's own tools."""
    root: Path
    inbox: Path | None
    """Directory of the runner, its library and our programs for boxes; None for the host's own tools."""
    tools: Mapping[str, str]
    """Tool name to version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides what is in the image."""

    packages: tuple[str, ...]
    python_requirements: str
    prebuild: str
    """Shell script that compiles Verilator's run-time library into the image."""
    suite: str = SUITE

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits over the whole recipe."""
        text = "\0".join((RECIPE_VERSION, self.suite, *self.packages, self.python_requirements, self.prebuild))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def recipe_directory() -> Path:
    """containers/: beside the package in a checkout, inside it in a wheel."""
    for directory in (_PACKAGE.parent / "containers", _PACKAGE / "containers"):
        if (directory / "packages.txt").exists():
            return directory
    raise ImageError(f"containers/packages.txt is missing beside {_PACKAGE}; install VeriReason from its repository")


def read_recipe() -> Recipe:
    """The recipe of this installation."""
    directory = recipe_directory()
    lines = (directory / "packages.txt").read_text().splitlines()
    return Recipe(
        packages=tuple(line.strip() for line in lines if line.strip() and not line.startswith("#")),
        python_requirements=(directory / "python-requirements.txt").read_text(),
        prebuild=(directory / "verilator-prebuild.sh").read_text(),
    )


def cache_directory() -> Path:
    """Where images live: $XDG_CACHE_HOME/verireason, by default ~/.cache/verireason."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "verireason"


def tools_of(digest: str) -> str:
    """The part of an image's digest that its tools decide; the rest stands for our own code beside them."""
    return digest if digest.startswith(HOST_PREFIX) else digest.partition("-")[0]


def _image_directory(digest: str) -> Path:
    return cache_directory() / "images" / digest


def installed_image() -> Image | None:
    """The image of this recipe, if it was built. Raises ImageError when our programs for boxes can't be made."""
    directory = _image_directory(read_recipe().digest)
    try:
        facts = json.loads((directory / "image.json").read_text())
    except FileNotFoundError:
        return None
    inbox = _installed_inbox(directory)
    digest = f"{facts['digest']}-{inbox.name}"
    return Image(digest=digest, root=directory / "root", inbox=inbox, tools=facts["tools"])


def _inbox_sources() -> list[Path]:
    return sorted(path for path in (_PACKAGE / "inbox").rglob("*") if path.suffix in (".py", ".c"))


def _installed_inbox(directory: Path) -> Path:
    """This version's programs for boxes beside the image in `directory`; made when they are not there."""
    digest = hashlib.sha256()
    for path in _inbox_sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    inbox = directory / "inbox" / digest.hexdigest()[:8]
    if not inbox.exists():
        inbox.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="partial-", dir=inbox.parent) as name:
            made = Path(name) / "inbox"
            _make_inbox(directory / "root", made)
            with suppress(OSError):  # another process was faster
                made.rename(inbox)
    return inbox


def _make_inbox(root: Path, target: Path) -> None:
    source = _PACKAGE / "inbox"
    for path in _inbox_sources():
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    if shutil.which("bwrap") is None:
        raise ImageError("bubblewrap is not installed; run `apt-get install bubblewrap`")
    inside = ("bwrap", "--unshare-all", "--ro-bind", str(root), "/", "--tmpfs", "/tmp", "--dev", "/dev",
              "--bind", str(target), "/tmp/inbox", "--chdir", "/tmp/inbox", "--")  # fmt: skip
    gcc = ("gcc", "-O2", "-Wall", "-s")
    _call((*inside, *gcc, "-static", "-o", "runner", "runner.c"))
    _call((*inside, *gcc, "-DLIBRARY", "-shared", "-fPIC", "-o", "librunner.so", "runner.c"))
    _call((*inside, "python3", "-m", "compileall", "-q", "."))


def host_image() -> Image:
    """The host's own tools as an image. Raises ImageError when Icarus is missing or too old."""
    if shutil.which("iverilog") is None or shutil.which("vvp") is None:
        raise ImageError("--box host needs Icarus Verilog 12 on this host and finds none; use `verireason image build`")
    tools = {name: version for name in _VERSION_OF if (version := _tool_version(name, ()))}
    found = tools.get("iverilog", "0")
    if int(found.split(".")[0]) < ICARUS_NEEDED[0]:
        raise ImageError(
            f"--box host finds Icarus Verilog {found} and needs {ICARUS_NEEDED[0]}; leave it out and use the image "
            "(`verireason image build`)"
        )
    digest = hashlib.sha256(json.dumps(tools, sort_keys=True).encode()).hexdigest()[:16]
    return Image(digest=f"{HOST_PREFIX}{digest}", root=Path("/"), inbox=None, tools=tools)


def _tool_version(name: str, prefix: tuple[str, ...]) -> str | None:
    argv, pattern = _VERSION_OF[name]
    try:
        done = subprocess.run((*prefix, *argv), capture_output=True, text=True, timeout=60, check=False)
    except (FileNotFoundError, PermissionError):
        return None
    match = re.search(pattern, done.stdout + done.stderr)
    return match[1] if match else None


def build_image(say: Callable[[str], None]) -> Image:
    """Build the image of this recipe, or return it if it is there.

    `say` gets one line per stage. Raises ImageError with one line when a tool or the network is missing or a stage
    fails.
    """
    recipe = read_recipe()
    with _lock(_image_directory(recipe.digest)):
        found = installed_image()
        if found is not None:
            say(f"image {found.digest} is there: {found.root}")
            return found
        return _build(recipe, say)


@contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """One builder at a time."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with open(directory.with_suffix(".lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(recipe: Recipe, say: Callable[[str], None]) -> Image:
    if shutil.which("mmdebstrap") is None:
        raise ImageError("mmdebstrap is not installed; run `apt-get install mmdebstrap` (and uidmap when not root)")
    directory = _image_directory(recipe.digest)
    shutil.rmtree(directory, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="verireason-image-") as name:
        staging = Path(name)
        staging.chmod(0o755)
        say(f"image {recipe.digest}: fetching {len(recipe.python_requirements.split('==')) - 1} Python packages")
        _fetch_python_packages(recipe, staging)
        (staging / "prebuild.sh").write_text(recipe.prebuild)
        say(f"image {recipe.digest}: installing Debian {recipe.suite} with {', '.join(recipe.packages)}")
        _bootstrap(recipe, staging)
        say(f"image {recipe.digest}: unpacking to {directory}")
        root = directory / "root"
        root.mkdir(parents=True)
        _call(("tar", "-x", "-f", str(staging / "root.tar"), "-C", str(root), "--no-same-owner", "--exclude=./dev/*"))
    for name in DEVICE_NAMES:
        (root / "dev" / name).touch()
    # Boxes have no /proc; Yosys asks it where its own program lies, and for nothing else.
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "self" / "exe").symlink_to("/usr/bin/yosys")
    (root / INBOX.lstrip("/")).mkdir(parents=True)
    (ivl,) = (root / "usr" / "lib").glob("*-linux-gnu/ivl")
    (root / ICARUS.lstrip("/")).symlink_to(f"/usr/lib/{ivl.relative_to(root / 'usr' / 'lib')}")
    tools = _versions_inside(root)
    facts = {"digest": recipe.digest, "tools": dict(tools), "suite": recipe.suite}
    partial = directory / "image.json.partial"
    partial.write_text(json.dumps(facts, indent=1, sort_keys=True))
    partial.rename(directory / "image.json")
    say(f"image {recipe.digest}: done, {', '.join(f'{name} {version}' for name, version in sorted(tools.items()))}")
    image = installed_image()
    assert image is not None
    return image


def _fetch_python_packages(recipe: Recipe, staging: Path) -> None:
    """Wheels for the suite's Python, unpacked by the host's pip; pure Python ones are built from source if need be."""
    requirements = [line for line in recipe.python_requirements.splitlines() if line and not line.startswith("#")]
    wheels, target = staging / "wheels", staging / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--retries=1")
    machine = os.uname().machine
    tags = [f"manylinux_{minor}_{machine}" for minor in ("2_28", "2_27", "2_17")]
    platforms = [f"--platform={tag}" for tag in (*tags, f"manylinux2014_{machine}", "any")]
    for requirement in requirements:
        for_suite = ("--no-deps", f"--python-version={SUITE_PYTHON}", "--only-binary=:all:", *platforms)
        binary = (*pip, "download", f"--dest={wheels}", *for_suite, requirement)
        done = subprocess.run(binary, capture_output=True, text=True, check=False)
        if done.returncode != 0 and "No matching distribution" not in done.stderr:
            raise ImageError(f"pip failed: {_reason(done.stderr)}")
        if done.returncode != 0:
            _call((*pip, "wheel", "--no-deps", f"--wheel-dir={wheels}", requirement))
    target.mkdir()
    for wheel in sorted(wheels.glob("*.whl")):
        shutil.unpack_archive(wheel, target, format="zip")


def _bootstrap(recipe: Recipe, staging: Path) -> None:
    inside = "/opt/verireason"
    hooks = (
        f'mkdir -p "$1{inside}/python"',
        f"sync-in {staging}/python {inside}/python",
        f'echo {inside}/python > "$1/usr/lib/python3/dist-packages/verireason.pth"',
        f'chroot "$1" python3 -m compileall -q -j0 {inside}/python',
        f"copy-in {staging}/prebuild.sh /tmp",
        'chroot "$1" sh /tmp/prebuild.sh && rm "$1/tmp/prebuild.sh"',
    )
    _call(
        (
            "mmdebstrap",
            "--variant=minbase",
            "--quiet",
            "--include=" + ",".join(recipe.packages),
            *(f"--customize-hook={hook}" for hook in hooks),
            recipe.suite,
            str(staging / "root.tar"),
        )
    )


def _versions_inside(root: Path) -> dict[str, str]:
    """Tool versions, asked of the tools, with bubblewrap or chroot, whichever works here."""
    bwrap = ("bwrap", "--ro-bind", str(root), "/", "--tmpfs", "/tmp", "--dev", "/dev", "--unshare-all", "--")
    for prefix in (bwrap, ("chroot", str(root))):
        tools = {name: version for name in _VERSION_OF if (version := _tool_version(name, prefix))}
        if tools:
            return tools
    raise ImageError(
        "the image is built but no tool in it runs; is bubblewrap installed (`apt-get install bubblewrap`)?"
    )


def _call(argv: tuple[str, ...]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImageError(f"{_name(argv)} failed: {_reason(done.stderr)}")


def _name(argv: tuple[str, ...]) -> str:
    return "pip" if "pip" in argv else Path(argv[0]).name


def _reason(log: str) -> str:
    """One line out of a tool's log that says what to do about it."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for pattern, words in _CAUSES:
        if any(re.search(pattern, line) for line in lines):
            return words
    errors = (
        [line for line in lines if re.match(r"(E|ERROR|error|tar):? ", line)] or lines[-1:] or ["it gave no reason"]
    )
    return errors[0][:300]


_CAUSES = (
    (r"No space left", "the disk is full; make room and run it again"),
    (
        r"NewConnectionError|[Nn]ame resolution|Could not resolve|Could not connect|Network is unreachable",
        "no network; building the image needs one, once",
    ),
    (
        r"newuidmap|subuid|unshare.*(denied|not permitted)",
        "user namespaces are not usable; run `verireason doctor`, or build as root",
    ),
)
"""What a log may hold, and what we say then."""
