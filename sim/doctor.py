"""What this host can run and isolate, found out by trying, and the one command that mends each lack."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sim.boxes.cgroup import find_controllers
from sim.farm import FarmUnavailable, open_farm
from sim.image import ImageError, host_image, installed_image, read_recipe
from sim.job import Job, Limits, Status, Step

OUR_PACKAGES = ("sim", "rewards", "verireason")


class State(StrEnum):
    """How a finding counts."""

    GOOD = "ok"
    LIMITED = "limited"
    """Works, with less isolation or without an optional part."""
    BAD = "missing"
    """Needed, and not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was tried."""

    subject: str
    state: State
    found: str
    remedy: str | None = None
    """The command that mends it."""


def examine() -> Iterator[Finding]:
    """Try everything, one finding at a time."""
    yield _bubblewrap()
    yield _namespaces()
    yield _cgroups()
    yield _image()
    yield from _farm()
    yield _host_tools()
    yield _import_names()


def _bubblewrap() -> Finding:
    path = shutil.which("bwrap")
    if path is None:
        return Finding(
            subject="bubblewrap", state=State.BAD, found="not installed", remedy="apt-get install bubblewrap"
        )
    version = subprocess.run((path, "--version"), capture_output=True, text=True, check=False).stdout.split()[-1]
    return Finding(subject="bubblewrap", state=State.GOOD, found=version)


def _namespaces() -> Finding:
    subject = "user, pid, mount and network namespaces"
    if shutil.which("bwrap") is None:
        return Finding(
            subject=subject, state=State.BAD, found="not tried: needs bubblewrap", remedy="apt-get install bubblewrap"
        )
    argv = ("bwrap", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "true")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return Finding(subject=subject, state=State.GOOD, found="a sandbox starts")
    remedy = (
        "sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 (those that exist)"
    )
    return Finding(subject=subject, state=State.BAD, found=done.stderr.strip()[:200], remedy=remedy)


def _cgroups() -> Finding:
    subject = "memory and process limits of a whole box"
    controllers = find_controllers()
    if controllers is None:
        return Finding(
            subject=subject,
            state=State.LIMITED,
            found="no cgroup that we may write; each process has its own limits only",
            remedy="run as root, or under systemd-run --user --scope -p Delegate=yes",
        )
    return Finding(subject=subject, state=State.GOOD, found=f"cgroup v{controllers.version}")


def _image() -> Finding:
    try:
        found = installed_image()
    except ImageError as err:
        return Finding(subject="simulation image", state=State.BAD, found=str(err))
    if found is None:
        digest = read_recipe().digest
        return Finding(
            subject="simulation image", state=State.BAD, found=f"{digest} is not built", remedy="verireason image build"
        )
    tools = ", ".join(f"{name} {version}" for name, version in sorted(found.tools.items()))
    return Finding(subject="simulation image", state=State.GOOD, found=f"{found.digest}: {tools}")


def _farm() -> Iterator[Finding]:
    """One real box: the tools run, and the walls hold."""
    try:
        farm = open_farm(num_boxes=1)
    except (FarmUnavailable, ImageError) as err:
        yield Finding(subject="a box", state=State.BAD, found=str(err))
        return
    limits = Limits(cpu_s=5, wall_s=20)
    attempts = {
        "a box runs Icarus": (("iverilog", "-V"), 0),
        "a box cannot see the host's processes": (("ls", "/proc/1"), 2),
        "a box cannot write outside its scratch": (("touch", "/etc/verireason"), 1),
        "a box has no network": (("python3", "-c", "import socket, sys; sys.exit(len(socket.if_nameindex()) > 1)"), 0),
        "a box cannot make namespaces": (("unshare", "-U", "true"), 1),
    }
    with farm:
        for subject, (argv, expected) in attempts.items():
            result = next(farm.pool.map([Job(image=farm.image, files={}, steps=(Step(argv=argv, limits=limits),))]))
            step = result.steps[0] if result.steps else None
            held = step is not None and step.status is Status.EXITED and step.code == expected
            found = "tried, holds" if held else f"tried: {result.failure or step}"
            yield Finding(subject=subject, state=State.GOOD if held else State.BAD, found=found)


def _host_tools() -> Finding:
    try:
        tools = host_image().tools
    except ImageError as err:
        return Finding(subject="the host's own tools (--box host)", state=State.LIMITED, found=str(err))
    return Finding(subject="the host's own tools (--box host)", state=State.GOOD, found=f"Icarus {tools['iverilog']}")


def _import_names() -> Finding:
    """Whether another distribution owns one of our import names."""
    owners = importlib.metadata.packages_distributions()
    strangers = {name: owner for name in OUR_PACKAGES for owner in owners.get(name, ()) if owner != "verireason"}
    if strangers:
        found = ", ".join(f"{name} belongs to {owner}" for name, owner in strangers.items())
        return Finding(
            subject="import names",
            state=State.BAD,
            found=found,
            remedy=f"pip uninstall {' '.join(set(strangers.values()))}",
        )
    return Finding(subject="import names", state=State.GOOD, found="sim, rewards and verireason are ours")
