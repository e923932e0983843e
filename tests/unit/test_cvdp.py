"""CVDP's rows: what becomes of them, what is left out and why, and every row of a wrong layout."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim.course import check_fit
from sim.hdl import cocotb_harness
from sim.hdl.harness import Harness, Run, Service, read_harness
from sim.verdict import Candidate, Checks, Outcome, Simulator, Verdict
from tests.fixtures.cvdp_harnesses import CASES, COMPOSE, PLUSARGS
from verireason.cli import main
from verireason.data import cvdp
from verireason.data.benchmarks import read_benchmark
from verireason.data.cvdp_services import read_services
from verireason.data.loaded import LeftOut
from verireason.errors import UserError

ROW = PLUSARGS.row()
AGENTIC_ROW = {
    "id": "cvdp_agentic_inverter_0001", "categories": ["cid004", "hard"], "system_message": "", "prompt": "Invert.",
    "context": {"rtl/inverter.v": "module inverter(input a, output y);\nassign y = a;\nendmodule\n", "docs/s.md": "Spec."},
    "patch": {"rtl/inverter.v": "@@ -1,3 +1,3 @@\n module inverter(input a, output y);\n-assign y = a;\n+assign y = ~a;\n endmodule\n"},
    "harness": ROW["harness"]["files"],
}  # fmt: skip


def write(directory: Path, name: str, *rows: Mapping[str, Any]) -> Path:
    path = directory / f"cvdp_v1.1.0_{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def harness_with(**files: str) -> dict[str, str]:
    named = {"compose": "docker-compose.yml", "env": "src/.env", "dockerfile": "Dockerfile"}
    return {**ROW["harness"]["files"], **{named[name]: text for name, text in files.items()}}


def test_the_examples_load(shared_data: Callable[[str], Path]) -> None:
    root = shared_data("cvdp-examples")
    found, agentic = read_benchmark("cvdp", root), read_benchmark("cvdp-agentic", root)
    assert [(each.id, each.category, each.difficulty) for each in (*found.problems, *agentic.problems)] == [
        ("cvdp_copilot_lfsr_0001", "cid003 specification to RTL", 1),
        ("cvdp_agentic_fixed_arbiter_0001", "cid003 specification to RTL", 1),
    ]
    assert "module lfsr_8bit" in found.problems[0].golden
    assert agentic.problems[0].golden.startswith("`timescale 1ns / 1ps\nmodule fixed_priority_arbiter(")
    assert {**found.left_out, **agentic.left_out} == {
        "cvdp_copilot_barrel_shifter_0031": "cid010 questions on testbenches is judged by a language model",
        "cvdp_copilot_gf_multiplier_0039": "cid012 testbench stimulus needs commercial tools",
        "cvdp_agentic_8x3_priority_encoder_0003": "cid014 assertions needs commercial tools",
    }


def test_a_row_becomes_a_problem(tmp_path: Path) -> None:
    problem = cvdp.load(write(tmp_path, "nonagentic", CASES["adders"].row())).problems[0]
    harness = read_harness(problem.spec.testbench)
    assert (problem.spec.top, problem.difficulty, problem.benchmark, problem.split) == ("half", 2, "cvdp", "test")
    assert harness.wanted == ("rtl/half.sv", "rtl/full.sv")
    assert set(harness.context) == {"rtl/kinds.sv", "rtl/top.sv"}
    assert set(problem.spec.files) == {"test_runner.py", "test_top.py"}
    assert problem.golden.startswith("// file: rtl/half.sv\nmodule half(")
    assert harness.runs is None
    assert harness.services[0].environment["HASH"] == "1234"


def test_the_prompt_shows_files_and_says_which_to_write(tmp_path: Path) -> None:
    prompt = cvdp.load(write(tmp_path, "nonagentic", CASES["adders"].row())).problems[0].prompt
    assert "Consider the following content for the file rtl/kinds.sv:\n```\npackage kinds;" in prompt
    assert '{ "code": [{ "<name>" : "<code>"}] }' in prompt
    assert prompt.endswith(
        "Provide me one answer for this request: Write adders.\n\nName the files as: rtl/half.sv, rtl/full.sv.\n"
    )
    assert "'Specification to RTL Translation'" in prompt
    single = cvdp.load(write(tmp_path, "nonagentic", ROW)).problems[0].prompt
    assert single.endswith("Your response will be saved directly to: rtl/xorer.v.\n")
    assert "JSON schema" not in single


def test_a_patch_becomes_the_golden(tmp_path: Path) -> None:
    problem = cvdp.load_agentic(write(tmp_path, "agentic", AGENTIC_ROW)).problems[0]
    assert problem.golden == "module inverter(input a, output y);\nassign y = ~a;\nendmodule\n"
    assert "The files to write are: rtl/inverter.v." in problem.prompt
    assert (problem.category, problem.difficulty) == ("cid004 RTL code modification", 3)


def test_a_problem_without_a_solution_has_no_golden(tmp_path: Path) -> None:
    assert cvdp.load(write(tmp_path, "nonagentic", PLUSARGS.row(solved=False))).problems[0].golden == ""
    row = {**AGENTIC_ROW, "patch": {"rtl/inverter.v": ""}}
    assert cvdp.load_agentic(write(tmp_path, "agentic", row)).problems[0].golden == ""


def test_a_file_with_solutions_is_preferred(tmp_path: Path) -> None:
    write(tmp_path, "nonagentic", PLUSARGS.row(solved=False), CASES["flags"].row(solved=False))
    write(tmp_path, "nonagentic_with_solutions", ROW)
    write(tmp_path, "agentic", AGENTIC_ROW)
    problems = cvdp.load(tmp_path).problems
    assert [(each.id, bool(each.golden)) for each in problems] == [
        ("cvdp_copilot_xorer_0001", True),
        ("cvdp_copilot_flags_0001", False),
    ]


def test_files_of_other_rows_that_the_hub_fills_in_are_not_there(tmp_path: Path) -> None:
    row = json.loads(json.dumps(ROW))
    row["harness"]["files"]["src/other.py"] = row["input"]["context"]["rtl/other.v"] = None
    problem = cvdp.load(write(tmp_path, "nonagentic", row)).problems[0]
    assert "other.py" not in problem.spec.files
    assert read_harness(problem.spec.testbench).context == {}


def test_duplicates_name_both_places(tmp_path: Path) -> None:
    first, second = write(tmp_path, "nonagentic", ROW), write(tmp_path, "nonagentic_more", ROW)
    with pytest.raises(UserError, match=f"{second}:1: problem cvdp_copilot_xorer_0001 is at {first}:1 already"):
        cvdp.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (json.dumps(ROW)[:200], "nonagentic.jsonl:1: not JSON"),
        ("[]", "hold no rows"),
        ('{"id": "x"}', "nonagentic.jsonl:1: field categories is missing; expected a CVDP row"),
        (json.dumps({**ROW, "input": 3}), "nonagentic.jsonl:1: field input is no object"),
        (json.dumps({**ROW, "input": {"prompt": 3, "context": {}}}), "field input.prompt is no text"),
        (
            json.dumps({**ROW, "output": {"context": {"rtl/a.v": 3}}}),
            "field output.context is no object from paths to texts",
        ),
        (json.dumps(AGENTIC_ROW), "none of its rows is of cvdp"),
        (json.dumps({**ROW, "id": 7}), "field id is"),
    ],
)
def test_a_wrong_row_is_one_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "cvdp_v1.1.0_nonagentic.jsonl").write_text(text + "\n")
    with pytest.raises(UserError) as caught:
        read_benchmark("cvdp", tmp_path)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_directory_and_one_of_something_else_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.jsonl").write_text("")
    for root, why in {tmp_path / "none": "is not a directory", tmp_path: "no file cvdp*"}.items():
        arguments = ["--completions", str(tmp_path / "c.jsonl"), "--out", str(tmp_path / "o")]
        assert main(["verify", "--benchmark", "cvdp", "--root", str(root), *arguments]) == 2
        said = capsys.readouterr().err
        assert why in said
        assert said.count("\n") == 1


def test_completions_of_unknown_problems_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "nonagentic", ROW)
    (tmp_path / "c.jsonl").write_text('{"problem_id": "cvdp_copilot_none_0001", "completion": "x"}\n')
    arguments = ["--completions", str(tmp_path / "c.jsonl"), "--out", str(tmp_path / "o")]
    assert main(["verify", "--benchmark", "cvdp", "--root", str(path), *arguments]) == 2
    assert "c.jsonl:1" in (said := capsys.readouterr().err)
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (harness_with(compose=COMPOSE.replace("__OSS_SIM_IMAGE__", "__VERIF_EDA_IMAGE__")), "needs commercial verification tools"),
        (harness_with(compose=COMPOSE.replace("__OSS_SIM_IMAGE__", "__OSS_PNR_IMAGE__")), "needs place and route"),
        (harness_with(compose=COMPOSE.replace("__OSS_SIM_IMAGE__", "ubuntu")), "an image of its own"),
        (harness_with(compose=COMPOSE.replace("image: __OSS_SIM_IMAGE__", "build: ."), dockerfile="FROM __VERIF_EDA_IMAGE__\n"), "commercial"),
        (harness_with(compose=COMPOSE.replace("pytest -s", "yosys -s")), "runs 'yosys"),
        (harness_with(compose=COMPOSE.replace("/src/test_runner.py -v", "/src/test_runner.py && yosys")), "runs 'pytest"),
        (harness_with(compose=COMPOSE.replace("test_runner.py", "none.py")), "none.py, which its harness does not have"),
        (harness_with(compose="services: 3"), "has no services"),
        (harness_with(compose="a: [1"), "is not YAML"),
        (harness_with(env="SIM = xcelium\n"), "needs the simulator xcelium"),
        ({}, "has no docker-compose.yml"),
    ],
)  # fmt: skip
def test_harnesses_that_need_more_are_left_out(files: dict[str, str], why: str) -> None:
    with pytest.raises(LeftOut, match=why):
        read_services(files)


@pytest.mark.parametrize(
    "command",
    [
        "pytest -o cache_dir=/rundir/.cache /src/test_runner.py",
        '["pytest", "/src/test_runner.py"]',
        'sh -c "pytest -s /src/test_runner.py"',
        "python3 -m pytest /src/test_runner.py -v",
    ],
)
def test_commands_are_read(command: str) -> None:
    head = COMPOSE.partition("    command")[0]
    [service] = read_services(harness_with(compose=f"{head}    command: {command}\n"))
    assert (service.program, service.scripts) == ("pytest", ("test_runner.py",))


def test_environments_are_read_as_compose_reads_them() -> None:
    compose = COMPOSE.replace("    command", "    environment:\n      TARGET: 90\n    command")
    [service] = read_services(
        harness_with(compose=compose, env="# words\nA = 1 # one\nB='x # y'\nexport C=\"3\"\nD=\nTARGET=80\n")
    )
    assert service.environment == {"A": "1", "B": "x # y", "C": "3", "D": "", "TARGET": "90"}


def test_a_harness_comes_back_from_its_text() -> None:
    run = Run(
        name="W=8", top="t", sources=("rtl/t.sv",), modules=("test_t",), seed=3, parameters={"W": "8"}, inputs=("a",)
    )
    service = Service(name="direct", program="pytest", scripts=("test_runner.py",), environment={"SIM": "verilator"})
    harness = Harness(
        wanted=("rtl/t.sv",), context={"a": "b"}, services=(service,), simulator=Simulator.VERILATOR, runs=(run,)
    )
    assert read_harness(harness.to_text()) == harness


def test_a_diff_that_does_not_apply_is_a_verdict(tmp_path: Path) -> None:
    problem = cvdp.load_agentic(write(tmp_path, "agentic", AGENTIC_ROW)).problems[0]
    run = Run(name="", top="inverter", sources=("rtl/inverter.v",), modules=("test_x",), seed=3)
    harness = replace(read_harness(problem.spec.testbench), runs=(run,))
    spec = replace(problem.spec, testbench=harness.to_text())
    source = "// diff: rtl/inverter.v\n@@ -1,1 +1,1 @@\n-nothing\n+more\n"
    verdict = cocotb_harness.plan(Candidate(source=source), spec, image="host", secret=b"x")
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert "does not apply" in verdict.diagnostics[0].message


def test_the_simulator_is_the_harnesses_to_choose(tmp_path: Path) -> None:
    spec = cvdp.load(write(tmp_path, "nonagentic", ROW)).problems[0].spec
    check_fit(spec, Checks())
    with pytest.raises(ValueError, match="names its simulator itself"):
        check_fit(spec, Checks(simulator=Simulator.VERILATOR))
