"""What takes the place of a simulator in `cocotb_tools.runner` while a harness is recorded. In boxes only."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = '<testsuites><testsuite name="recorded"><testcase name="recorded"/></testsuite></testsuites>\n'
_KNOWN = {"Icarus": "icarus", "Verilator": "verilator"}
_HARMLESS = {
    "icarus": ("-g2", "-gno-", "-gassertions", "-gsupported-assertions", "-gspecify", "-W", "-v"),
    "verilator": (
        "--trace", "--timing", "--no-timing", "--assert", "--coverage", "-O", "-sv", "--sv", "--quiet", "--x-",
        "--vpi", "--public", "--stats", "--build-jobs", "--output-split", "+1", "--autoflush", "--no-trace",
    ),
}  # fmt: skip
"""How options start that leave what is judged as it is."""
_READ_EARLY = {"COCOTB_RESOLVE_X", "COCOTB_TRUST_INERTIAL_WRITES"}
"""Variables whose values cocotb takes as it is imported, which a warm server has done long before."""
_WITH_WORD = {"-CFLAGS", "-LDFLAGS", "-j", "--threads", "--language", "--default-language", "--x-assign", "--x-initial"}


class Recorder:
    """Notes the runs; `faults` says what a note cannot stand for."""

    def __init__(self, *, root: Path, environment: Callable[[], dict[str, str]]) -> None:
        self.runs: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self._root = root
        self._environment = environment

    def install(self) -> None:
        """Put the notes in place of all that would start a simulator."""
        import cocotb_tools.runner as tools

        recorder = self
        tools.Runner.build = lambda self, *args, **kwargs: recorder.build(self, *args, **kwargs)
        tools.Runner.test = lambda self, *args, **kwargs: recorder.test(self, *args, **kwargs)
        for name in _KNOWN:
            getattr(tools, name)._simulator_in_path = lambda self: None

    def build(
        self,
        runner: Any,
        hdl_library: str = "top",
        verilog_sources: Sequence[Any] = (),
        vhdl_sources: Sequence[Any] = (),
        sources: Sequence[Any] = (),
        includes: Sequence[Any] = (),
        defines: Mapping[str, Any] = {},
        parameters: Mapping[str, Any] = {},
        build_args: Sequence[Any] = (),
        hdl_toplevel: str | None = None,
        always: bool = False,
        build_dir: Any = "sim_build",
        **others: Any,
    ) -> None:
        """The real method's arguments; those that change nothing but logs and waves are not named."""
        simulator = _KNOWN.get(type(runner).__name__)
        if simulator is None:
            self.faults.append(f"it needs the simulator {type(runner).__name__.lower()}")
            return
        if vhdl_sources:
            self.faults.append("it builds VHDL")
        arguments = [str(getattr(each, "value", each)) for each in build_args]
        runner.build_dir = Path(build_dir).absolute()
        runner.build_dir.mkdir(parents=True, exist_ok=True)
        timescale = others.get("timescale")
        runner.recorded = {
            "simulator": simulator,
            "top": hdl_toplevel,
            "sources": [self._path(getattr(each, "value", each)) for each in (*sources, *verilog_sources)],
            "defines": {name: str(value) for name, value in defines.items()},
            "parameters": {name: str(value) for name, value in parameters.items()},
            "timescale": "/".join(timescale) if timescale else None,
            "warnings": [],
        }
        self._take_arguments(arguments, runner.recorded, simulator)

    def test(
        self,
        runner: Any,
        test_module: str | Sequence[str],
        hdl_toplevel: str,
        hdl_toplevel_library: str = "top",
        hdl_toplevel_lang: str | None = None,
        gpi_interfaces: Any = None,
        testcase: str | Sequence[str] | None = None,
        seed: Any = None,
        elab_args: Sequence[str] = (),
        test_args: Sequence[str] = (),
        plusargs: Sequence[str] = (),
        extra_env: Mapping[str, str] = {},
        waves: bool = False,
        **others: Any,
    ) -> Path:
        """The real method's arguments; returns where a file of results stands that says that all passed."""
        build = getattr(runner, "recorded", None)
        directory = Path(str(others.get("build_dir") or getattr(runner, "build_dir", "sim_build"))).absolute()
        directory.mkdir(parents=True, exist_ok=True)
        results = directory / (others.get("results_xml") or "results.xml")
        results.write_text(RESULTS)
        if waves:
            (directory / f"{hdl_toplevel}.fst").touch()
        if build is None:
            if not self.faults:
                self.faults.append("it runs what it has not built")
            return results
        for name, value in {"elab_args": elab_args, "pre_cmd": others.get("pre_cmd")}.items():
            if value:
                self.faults.append(f"it passes {name}, which are not known here: {value}")
        self._take_arguments(list(map(str, test_args)), dict(build), build["simulator"])
        environment = {**self._environment(), **{name: str(value) for name, value in extra_env.items()}}
        for name in sorted(_READ_EARLY & environment.keys()):
            self.faults.append(f"it sets {name}, which cocotb reads before a run here starts")
        filters = others.get("test_filter") or environment.pop("COCOTB_TEST_FILTER", None)
        cases = testcase or environment.pop("COCOTB_TESTCASE", None)
        parameters = {name: str(value) for name, value in (others.get("parameters") or {}).items()}
        self.runs.append({
            **build,
            "parameters": {**build["parameters"], **parameters},
            "top": build["top"] or hdl_toplevel,
            "modules": _names(test_module),
            "plusargs": [str(each) for each in plusargs],
            "env": environment,
            "filters": [filters] if filters else [f"{name}$" for name in _names(cases or "")],
            "seed": None if seed is None else int(seed),
        })  # fmt: skip
        return results

    def _path(self, source: Any) -> str:
        """Path below the design's root; "src:..." for the harness's own."""
        path: str = os.path.abspath(os.fspath(source))
        for start, prefix in ((f"{self._root}/code/", ""), (f"{self._root}/src/", "src:")):
            if path.startswith(start):
                return prefix + path.removeprefix(start)
        self.faults.append(f"it compiles {path.removeprefix(str(self._root))}, which it does not bring")
        return path

    def _take_arguments(self, arguments: list[str], build: dict[str, Any], simulator: str) -> None:
        words = iter([word for argument in arguments for word in argument.split()])
        for word in words:
            name, _, value = word.lstrip("-+").partition("=")
            if word.startswith(("-D", "+define+")):
                build["defines"][name.removeprefix("define+").removeprefix("D")] = value
            elif word.startswith("-G") and simulator == "verilator":
                build["parameters"][name.removeprefix("G")] = value
            elif word.startswith("-P") and simulator == "icarus":
                build["parameters"][name.rpartition(".")[2].removeprefix("P")] = value
            elif word.startswith(("-I", "+incdir+")):
                continue  # included files are found by their names
            elif word.startswith("-W") and simulator == "verilator":
                build["warnings"].append(word)
            elif word in _WITH_WORD:
                next(words, None)
            elif word == "--timescale":
                build["timescale"] = next(words, None)
            elif word == "-s":
                next(words, None)
            elif not word.startswith(_HARMLESS[simulator]):
                self.faults.append(f"it passes the option {word}, which is not known here")


def _names(text: str | Sequence[str]) -> list[str]:
    names = text.split(",") if isinstance(text, str) else list(text)
    return [name.strip() for name in names if name.strip()]
