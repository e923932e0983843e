"""What this host can run and isolate, found out by trying, and the one command that mends each lack."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sim.boxes.cgroup import find_controllers
from sim.boxes.docker import EngineUnavailable, open_engine
from sim.farm import Farm, FarmUnavailable, open_farm
from sim.image import ImageError, host_image, installed_image, read_recipe
from sim.job import Job, Limits, Status, Step
from sim.python import course as python
from sim.python.suite import CallTest, Suite
from sim.verdict import Candidate, Spec

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
    yield _host()
    yield _bubblewrap()
    yield _namespaces()
    yield _cgroups()
    yield _image()
    yield from _farm()
    yield _engine()
    yield _host_tools()
    yield _import_names()


def _host() -> Finding:
    who = "root" if os.geteuid() == 0 else f"user {os.geteuid()}"
    where = "in a container" if in_container() else "on a host of its own"
    return Finding(subject="this process", state=State.GOOD, found=f"{who}, {where}, {os.uname().machine}")


def in_container() -> bool:
    """Whether a container engine left its mark, and the first process is not a whole system's."""
    marks = (Path("/.dockerenv"), Path("/run/.containerenv"))
    return any(mark.exists() for mark in marks) and _read("/proc/1/comm") != "systemd"


def _read(path: str) -> str | None:
    """One of the kernel's settings; None where it has none of that name."""
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None


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
    argv = ("bwrap", "--unshare-user", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "true")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return Finding(subject=subject, state=State.GOOD, found="tried: a sandbox starts")
    said = done.stderr.partition(" See <")[0].strip().splitlines()[-1:] or ["bubblewrap gave no reason"]
    why, remedy = refusal(_read_settings())
    return Finding(subject=subject, state=State.BAD, found=f"{said[0][:150]}: {why}", remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides whether a process may make namespaces."""

    is_root: bool
    in_container: bool
    max_user_namespaces: str | None
    """The kernel's settings as they read; None where the kernel has no such setting."""
    unprivileged_clone: str | None
    apparmor_restricts: str | None


def _read_settings() -> Settings:
    return Settings(
        is_root=os.geteuid() == 0,
        in_container=in_container(),
        max_user_namespaces=_read("/proc/sys/user/max_user_namespaces"),
        unprivileged_clone=_read("/proc/sys/kernel/unprivileged_userns_clone"),
        apparmor_restricts=_read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
    )


def refusal(found: Settings) -> tuple[str, str]:
    """Why no sandbox starts, and the one command that mends it."""
    if found.max_user_namespaces == "0":
        return "user namespaces are off (user.max_user_namespaces is 0)", "sysctl -w user.max_user_namespaces=15000"
    if not found.is_root and found.unprivileged_clone == "0":
        return (
            "only root may make user namespaces (kernel.unprivileged_userns_clone is 0)",
            "sysctl -w kernel.unprivileged_userns_clone=1",
        )
    if not found.is_root and found.apparmor_restricts == "1":
        return (
            "AppArmor keeps them from users (kernel.apparmor_restrict_unprivileged_userns is 1)",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        )
    if found.in_container:
        return (
            "this container's seccomp profile or capabilities forbid them",
            "docker run --security-opt seccomp=containers/seccomp.json ... (and --user 1000 without capabilities)",
        )
    return "the kernel gives no reason that is known here", "run on another host, or with --box docker"


def _cgroups() -> Finding:
    subject = "memory and process limits of a whole box"
    controllers = find_controllers()
    if controllers is None:
        return Finding(
            subject=subject,
            state=State.LIMITED,
            found="tried: no cgroup that we may write; each process has its own limits only",
            remedy="run as root, on a host whose /sys/fs/cgroup can be written",
        )
    return Finding(subject=subject, state=State.GOOD, found=f"tried: cgroup v{controllers.version} takes limits")


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
        "a box has no capabilities left": (("mount", "-t", "tmpfs", "none", "/tmp"), 32),
        "a box's memory is limited": (("python3", "-c", "bytearray(2 << 30)"), 1),
    }
    with farm:
        for subject, (argv, expected) in attempts.items():
            result = next(farm.pool.map([Job(image=farm.image, files={}, steps=(Step(argv=argv, limits=limits),))]))
            step = result.steps[0] if result.steps else None
            held = step is not None and step.status is Status.EXITED and step.code == expected
            found = "tried, holds" if held else f"tried: {result.failure or step}"
            yield Finding(subject=subject, state=State.GOOD if held else State.BAD, found=found)
        yield _python(farm, limits)


def _python(farm: Farm, limits: Limits) -> Finding:
    """A Python program is judged."""
    suite = Suite(entry="f", calls=(CallTest(id="0", args="[20]", expected="41"),))
    spec = Spec(verifier=python.NAME, top="f", testbench=suite.to_text(), limits=limits)
    (verdict,) = farm.judge([(Candidate(source="def f(n): return 2 * n + 1\n", language="python"), spec)])
    state = State.GOOD if verdict.passed else State.BAD
    return Finding(subject="a box judges a Python program", state=state, found=f"tried: {verdict.outcome}")


def _engine() -> Finding:
    subject = "a Docker engine (--box docker)"
    try:
        client = open_engine()
        version = client.version()["Version"]
        client.close()
    except EngineUnavailable as err:
        why, _, remedy = str(err).partition("; ")
        return Finding(
            subject=subject, state=State.LIMITED, found=f"{why}; not needed for --box bubblewrap", remedy=remedy
        )
    return Finding(subject=subject, state=State.GOOD, found=f"tried: version {version} answers")


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
