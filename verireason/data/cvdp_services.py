"""What a CVDP harness's docker-compose.yml and .env ask for, as services that can be recorded."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from sim.hdl.harness import Service
from sim.verdict import Simulator
from verireason.data.loaded import LeftOut

COMPOSE = "docker-compose.yml"
SIMULATION_IMAGE = "__OSS_SIM_IMAGE__"
_PLACEHOLDER = re.compile(r"__[A-Z0-9_]+__")
_WORDS = {
    "__VERIF_EDA_IMAGE__": "commercial verification tools",
    "__OSS_PNR_IMAGE__": "place and route",
    "__LICENSE_NETWORK__": "a licence server",
}
_ENV_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*[=:]\s*(.*?)\s*$")
_OPTIONS_WITH_WORD = {"-o", "--rootdir", "-c", "--timeout", "-n", "--durations", "--tb", "--capture", "-r"}


def read_services(files: Mapping[str, str]) -> tuple[Service, ...]:
    """The services of a harness's files. LeftOut for what needs more than the simulation image and pytest."""
    if COMPOSE not in files:
        raise LeftOut(f"its harness has no {COMPOSE}")
    services = _parse(files[COMPOSE]).get("services")
    if not isinstance(services, dict) or not services:
        raise LeftOut(f"its {COMPOSE} has no services")
    return tuple(_service(str(name), settings, files) for name, settings in services.items())


def _parse(text: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as err:
        raise LeftOut(f"its {COMPOSE} is not YAML: {str(err).partition(chr(10))[0]}") from err
    return found if isinstance(found, dict) else {}


def _service(name: str, settings: Any, files: Mapping[str, str]) -> Service:
    if not isinstance(settings, dict):
        raise LeftOut(f"service {name} of its {COMPOSE} has no settings")
    _check_image(name, settings, files)
    words = _command(name, settings)
    program, scripts = _scripts(name, words)
    known = {_script_file(path) for path in scripts}
    for script in sorted(known):
        if f"src/{script}" not in files:
            raise LeftOut(f"service {name} runs {script}, which its harness does not have")
    environment = _environment(settings, files)
    if environment.get("SIM", Simulator.ICARUS) not in tuple(Simulator):
        raise LeftOut(f"its harness needs the simulator {environment['SIM']}")
    names = tuple(path.rpartition("/")[2] for path in scripts)
    return Service(name=name, program=program, scripts=names, environment=environment)


def _check_image(name: str, settings: Mapping[str, Any], files: Mapping[str, str]) -> None:
    texts = [str(settings.get("image", ""))]
    if "build" in settings:
        dockerfile = "Dockerfile"
        if isinstance(settings["build"], dict):
            dockerfile = str(settings["build"].get("dockerfile", dockerfile))
        texts.append(files.get(dockerfile.removeprefix("./"), ""))
    found = sorted({word for text in texts for word in _PLACEHOLDER.findall(text)} - {SIMULATION_IMAGE})
    if found:
        raise LeftOut(f"its harness needs {_WORDS.get(found[0], found[0])}")
    if not any(SIMULATION_IMAGE in text for text in texts):
        raise LeftOut(f"service {name} of its harness runs in an image of its own")


def _command(name: str, settings: Mapping[str, Any]) -> list[str]:
    words: list[str] = []
    for key in ("entrypoint", "command"):
        value = settings.get(key) or []
        try:
            words += shlex.split(value) if isinstance(value, str) else [str(each) for each in value]
        except (ValueError, TypeError) as err:
            raise LeftOut(f"the {key} of service {name} cannot be read: {err}") from err
    if len(words) == 3 and words[0] in ("sh", "bash", "/bin/sh", "/bin/bash") and words[1] in ("-c", "-lc"):
        return shlex.split(words[2])
    return words


def _scripts(name: str, words: list[str]) -> tuple[str, list[str]]:
    """ "pytest" or "python", and the scripts."""
    unknown = LeftOut(f"service {name} of its harness runs {' '.join(words)[:100]!r}")
    if words[:1] in (["python"], ["python3"]):
        words = words[2:] if words[1:2] == ["-m"] else words
    if not words or any(word in ("&&", "||", ";", "|", ">", "-k", "-m") for word in words):
        raise unknown
    program = "pytest" if words[0].rpartition("/")[2] == "pytest" else "python"
    scripts = [
        word for before, word in pairwise(words) if not word.startswith("-") and before not in _OPTIONS_WITH_WORD
    ]
    if not scripts or not all(_script_file(script).endswith(".py") for script in scripts):
        raise unknown
    if program == "python" and (words[0] not in ("python", "python3") or len(scripts) > 1):
        raise unknown
    return program, scripts


def _script_file(path: str) -> str:
    return path.partition("::")[0].rpartition("/")[2]


def _environment(settings: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, str]:
    named = settings.get("env_file") or []
    environment: dict[str, str] = {}
    for name in [named] if isinstance(named, str) else named:
        path = name.get("path", "") if isinstance(name, dict) else str(name)
        for line in files.get(path.removeprefix("./"), "").splitlines():
            match = _ENV_LINE.match(line)
            if match:
                environment[match[1]] = _value(match[2])
    given = settings.get("environment") or {}
    pairs = given.items() if isinstance(given, dict) else [str(each).partition("=")[::2] for each in given]
    return environment | {str(name): str(value) for name, value in pairs}


def _value(text: str) -> str:
    if text[:1] in ("'", '"') and text.endswith(text[:1]) and len(text) > 1:
        return text[1:-1]
    return re.sub(r"\s+#.*$", "", text)
