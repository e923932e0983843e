"""CVDP's harnesses on the real farm: recorded, then judged as their own pytest flow would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sim.boxes.servers import LIBRARY, PACKAGES
from sim.farm import Farm
from sim.hdl.harness import Harness, Run, read_harness
from sim.hdl.harness_recording import plan_recording
from sim.job import Limits, Status, Step
from sim.verdict import Candidate, Outcome, Simulator, Verdict
from tests.corpus import ATTACKS, load_rows, load_spec
from tests.corpus import FILES as FILES_OF_ROWS
from tests.fixtures.cvdp_harnesses import CASES, DEFINES, FILES, LEFT_OUT, PARAMETERS, PLUSARGS, WRAPPED, Case
from verireason.cli import main
from verireason.data import cvdp
from verireason.data.calibrate import calibrate
from verireason.problem import Problem

PUBLISHED = """
import json, os, sys
from pathlib import Path
from sim.inbox.cocotb_record import moved, write_tree

root = Path.cwd()
asked = json.loads(Path("harness.json").read_text())
write_tree(root, asked["files"])
for service in asked["services"]:
    os.chdir(root / "code" / "rundir")
    environment = {**os.environ, **{name: moved(value, root) for name, value in service["environment"].items()}}
    environment["PYTHONPATH"] = f"{root}/src:{os.environ['PYTHONPATH']}"
    scripts = [f"{root}/src/{name}" for name in service["scripts"]]
    code = os.spawnve(
        os.P_WAIT, sys.executable, ["python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", *scripts], environment
    )
    if code:
        sys.exit(code)
"""
"""The published flow: pytest, cocotb's own runner, iverilog; no guard, no evidence."""
PUBLISHED_LIMITS = Limits(cpu_s=120, wall_s=500, mem_mb=2048, output_kb=4096, scratch_mb=256, num_procs=64)


def write(case: Case, directory: Path, *, solved: bool = True) -> Problem:
    (directory / "cvdp_v1.1.0_nonagentic.jsonl").write_text(json.dumps(case.row(solved=solved)) + "\n")
    loaded = cvdp.load(directory)
    assert not loaded.left_out, loaded.left_out
    return loaded.problems[0]


def ready(farm: Farm, problem: Problem) -> Problem:
    """The problem after its harness was recorded and its golden has run."""
    found = calibrate(farm, [problem])
    assert (found.defects, found.left_out) == ({}, {})
    return found.problems[problem.id]


def judge(farm: Farm, problem: Problem, source: str) -> Verdict:
    [verdict] = farm.judge([(Candidate(source=source), problem.spec)])
    return verdict


def passes_as_published(farm: Farm, problem: Problem, source: str) -> bool:
    """Whether the harness itself, run the published way in one box, is content with the design."""
    job = plan_recording(read_harness(problem.spec.testbench), problem.spec.files, source, image=farm.image)
    environment = ("env", f"PYTHONPATH={LIBRARY}:{PACKAGES}", "PYTHONDONTWRITEBYTECODE=1", "HOME=/tmp")
    step = Step(argv=(*environment, "python3", "-s", "published.py"), limits=PUBLISHED_LIMITS)
    job = replace(job, files={**job.files, "published.py": PUBLISHED.encode()}, steps=(step,))
    [result] = farm.pool.submit(job).result().steps
    assert result.status is Status.EXITED, result
    assert result.code in (0, 1), result
    return result.code == 0


@pytest.fixture(scope="module")
def problems(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Problem]:
    """All cases, recorded once."""
    written = [write(case, tmp_path_factory.mktemp("cvdp")) for case in CASES.values()]
    found = calibrate(farm, written)
    assert (found.defects, found.left_out) == ({}, {})
    return dict(zip(CASES, found.problems.values(), strict=True))


@pytest.fixture
def counter(problems: dict[str, Problem]) -> Problem:
    return problems["counter"]


@pytest.fixture(scope="module")
def examples(farm: Farm, shared_data: Callable[[str], Path]) -> dict[str, Problem]:
    root = shared_data("cvdp-examples")
    return {each.id: ready(farm, each) for each in (*cvdp.load(root).problems, *cvdp.load_agentic(root).problems)}


@pytest.mark.parametrize("name", CASES)
def test_the_golden_passes_each_shape_of_harness(farm: Farm, problems: dict[str, Problem], name: str) -> None:
    problem = problems[name]
    verdict = judge(farm, problem, problem.golden)
    assert verdict.outcome is Outcome.PASS, verdict
    assert verdict.num_passed == verdict.num_tests == problem.spec.num_checks


@pytest.mark.parametrize("name", CASES)
def test_wrong_designs_fail(farm: Farm, problems: dict[str, Problem], name: str) -> None:
    problem = problems[name]
    for old, new in CASES[name].wrong:
        assert old in problem.golden
        verdict = judge(farm, problem, problem.golden.replace(old, new))
        assert verdict.outcome in (Outcome.MISMATCH, Outcome.COMPILE_ERROR), (new, verdict)


def test_every_run_has_its_tests_and_its_name(farm: Farm, counter: Problem) -> None:
    runs = read_harness(counter.spec.testbench).runs
    assert runs is not None
    names = [run.name for run in runs]
    assert names[:4] == ["WIDTH=3,STEP=1", "WIDTH=3,STEP=3", "WIDTH=8,STEP=1", "WIDTH=8,STEP=3"]
    assert len(set(names)) == len({run.seed for run in runs}) == 6
    verdict = judge(farm, counter, counter.golden.replace("q + STEP", "q + 1"))
    assert [test.name for test in verdict.tests] == [
        f"{test}[{name}]" for name in names for test in ("test_counts", "test_wraps")
    ]
    assert [test.name for test in verdict.tests if not test.passed] == [
        "test_counts[WIDTH=3,STEP=3]",
        "test_counts[WIDTH=8,STEP=3]",
    ]
    assert (verdict.num_passed, verdict.num_tests) == (10, 12)
    assert verdict.diagnostics[0].message.startswith("[WIDTH=3,STEP=3] test test_counts: after ")


def test_a_harness_is_recorded_alike_each_time(farm: Farm, counter: Problem, tmp_path: Path) -> None:
    assert ready(farm, write(PARAMETERS, tmp_path)).spec.testbench == counter.spec.testbench


@pytest.mark.parametrize(
    "body",
    [
        'initial $display("** TESTS=12 PASS=12 FAIL=0 SKIP=0 **");',
        'integer f; initial begin f = $fopen("results.xml", "w"); $fdisplay(f, "<testsuites/>"); $finish; end',
        'integer f; initial begin f = $fopen("/dev/fd/3", "w"); $fdisplay(f, "{\\"end\\": true}"); $finish; end',
        "initial #300 $finish;",
        "initial $finish;",
        "initial force rst = 1;",
        "defparam counter.STEP = 1;",
        "if (1) begin : g defparam counter.STEP = 1; end",
        "defparam STEP = 1;",
    ],
)
def test_cheats_do_not_pass(farm: Farm, counter: Problem, body: str) -> None:
    source = counter.golden.replace("q + STEP", "q + 1").replace("endmodule", f"{body}\nendmodule")
    verdict = judge(farm, counter, source)
    assert verdict.outcome in (Outcome.MISMATCH, Outcome.REJECTED), verdict
    assert (verdict.num_passed or 0) < 12


WRONG = WRAPPED.golden["rtl/adder.sv"].replace("a + b", "a")
CONTENT = "module wrap(input [7:0] a, b, output [7:0] y, output ok); adder u(a, b, y); assign ok = 1; endmodule\n"


@pytest.mark.parametrize(
    "source",
    [
        f"// file: rtl/adder.sv\n{WRONG}// file: src:wrap.sv\n{CONTENT}",
        f"{WRONG}{CONTENT}/*",
        f"{WRONG}{CONTENT}`define REST \\",
        f"{WRONG}{CONTENT}`ifdef NEVER\n",
        WRONG.replace("= a;", "= wrap.want;"),
    ],
    ids=["replaced", "in a comment", "in a macro", "left out", "read"],
)
def test_what_a_harness_brings_is_not_the_candidates(farm: Farm, problems: dict[str, Problem], source: str) -> None:
    verdict = judge(farm, problems["wrapped"], source)
    assert verdict.outcome in (Outcome.COMPILE_ERROR, Outcome.REJECTED), verdict


def test_a_run_that_does_not_end_is_a_timeout_of_all(farm: Farm, counter: Problem) -> None:
    spec = replace(counter.spec, limits=replace(counter.spec.limits, cpu_s=1))
    verdict = judge(
        farm, replace(counter, spec=spec), counter.golden.replace("endmodule", "initial while (1); endmodule")
    )
    assert (verdict.outcome, verdict.num_tests) == (Outcome.TIMEOUT, 12)


def test_a_compilation_error_names_file_and_line(farm: Farm, problems: dict[str, Problem]) -> None:
    problem = problems["adders"]
    verdict = judge(farm, problem, problem.golden.replace("assign cout = c1", "assign cout = c7"))
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert "rtl/full.sv:5: " in verdict.diagnostics[0].message
    assert verdict.diagnostics[0].line is not None
    assert "assign cout" in problem.golden.split("\n")[verdict.diagnostics[0].line - 1]


def test_a_file_that_is_missing_is_the_candidates_fault(farm: Farm, problems: dict[str, Problem]) -> None:
    problem = problems["adders"]
    verdict = judge(farm, problem, f"// file: rtl/half.sv\n{FILES.golden['rtl/half.sv']}")
    assert verdict.outcome is Outcome.COMPILE_ERROR
    assert verdict.diagnostics[0].message == "there is no file rtl/full.sv, which the harness compiles"


def test_a_candidate_may_replace_a_file_of_the_context(farm: Farm, problems: dict[str, Problem]) -> None:
    problem = problems["shifter"]
    better = "`define DISTANCE 0\n"
    verdict = judge(farm, problem, f"// file: rtl/limits.svh\n{better}// file: rtl/shifter.sv\n{problem.golden}")
    assert verdict.outcome is Outcome.MISMATCH


def test_without_a_solution_a_problem_is_judged_all_the_same(farm: Farm, tmp_path: Path) -> None:
    problem = ready(farm, write(PLUSARGS, tmp_path, solved=False))
    assert problem.spec.num_checks is None
    assert judge(farm, problem, PLUSARGS.golden["rtl/xorer.v"]).outcome is Outcome.PASS
    assert judge(farm, problem, PLUSARGS.golden["rtl/xorer.v"].replace("^", "|")).outcome is Outcome.MISMATCH


def test_files_of_its_own_that_no_design_could_be_judged_with_leave_a_problem_out(farm: Farm, tmp_path: Path) -> None:
    bound = f"{FILES.context['rtl/top.sv']}module spy; endmodule\nbind half spy s();\n"
    case = replace(FILES, context={**FILES.context, "rtl/top.sv": bound})
    found = calibrate(farm, [write(case, tmp_path, solved=False)])
    assert list(found.left_out.values()) == [
        "its harness cannot be recorded: its own files hold bind: bind half spy s ( ) ;"
    ]


@pytest.mark.parametrize("why", LEFT_OUT)
def test_what_cannot_be_recorded_is_left_out_with_its_reason(farm: Farm, tmp_path: Path, why: str) -> None:
    found = calibrate(farm, [write(LEFT_OUT[why], tmp_path)])
    [reason] = found.left_out.values()
    assert why in reason
    assert not found.problems


def test_verdicts_are_those_of_the_published_flow(farm: Farm, problems: dict[str, Problem]) -> None:
    problem = problems["shifter"]
    sources = [problem.golden, problem.golden.replace(*DEFINES.wrong[0])]
    ours = [judge(farm, problem, source).passed for source in sources]
    assert ours == [passes_as_published(farm, problem, source) for source in sources] == [True, False]


def test_the_examples_pass_as_published_and_natively(farm: Farm, examples: dict[str, Problem]) -> None:
    for problem in examples.values():
        wrong = problem.golden.replace("q3 = ", "q3 = ~").replace("valid <= 1'b1", "valid <= 1'b0")
        sources = [problem.golden, wrong]
        ours = [judge(farm, problem, source).passed for source in sources]
        assert ours == [passes_as_published(farm, problem, source) for source in sources]
        assert ours == [True, False]


def test_verify_reads_files_json_and_diffs(
    examples: dict[str, Problem], shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    root = shared_data("cvdp-examples")
    problem = examples["cvdp_agentic_fixed_arbiter_0001"]
    path, golden = "rtl/fixed_priority_arbiter.sv", problem.golden
    diff = f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{golden.count(chr(10))} @@\n" + "".join(
        f"+{line}\n" for line in golden.removesuffix("\n").split("\n")
    )
    texts = [
        golden,
        f"```verilog\n// file: {path}\n{golden}```",
        json.dumps({"code": [{path: golden}]}),
        f"```diff\n{diff}```",
        f"```diff\n{diff.replace('-0,0', '-4,1')}```",
        "No.",
    ]
    lines = [{"problem_id": problem.id, "sample": place, "completion": text} for place, text in enumerate(texts)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    arguments = ["--root", str(root), "--completions", str(tmp_path / "c.jsonl"), "--out", str(tmp_path / "o")]
    assert main(["verify", "--benchmark", "cvdp-agentic", "--jobs", "1", "--no-cache", *arguments]) == 0
    records = [json.loads(line) for line in (tmp_path / "o" / "records.jsonl").read_text().splitlines()]
    assert [each["outcome"] for each in records] == ["PASS"] * 4 + ["COMPILE_ERROR", "NO_CODE"]


ATTACKED = [
    row for file in FILES_OF_ROWS for row in load_rows(file) if row.problem == "cocotb_counter" and row.after is None
]


def test_what_the_attack_corpus_allows_holds_for_several_runs_too(farm: Farm) -> None:
    spec = load_spec("cocotb_counter")
    golden = (ATTACKS / "problems" / "cocotb_counter" / "golden.sv").read_text()
    inputs = tuple(sorted(re.findall(r"input\s+(?:wire\s+)?(?:\[[^\]]*\]\s*)?(\w+)", golden)))
    runs = tuple(
        Run(
            name=f"#{seed}", top=spec.top, sources=("rtl/top.sv",), modules=("counter_tests",), seed=seed,
            timescale="1ns/1ps", inputs=inputs,
        )
        for seed in (1, 2)
    )  # fmt: skip
    harness = Harness(wanted=("rtl/top.sv",), context={}, services=(), runs=runs)
    several = replace(
        spec, verifier="cocotb-harness", testbench=harness.to_text(), reference="", num_checks=6,
        files={"counter_tests.py": spec.testbench.encode()},
    )  # fmt: skip
    verdicts = farm.judge((row.candidate, several) for row in ATTACKED)
    wrong = [
        (row.name, verdict.outcome)
        for row, verdict in zip(ATTACKED, verdicts, strict=True)
        if not row.allows(verdict.outcome, Simulator.ICARUS)
    ]
    assert len(ATTACKED) > 25
    assert wrong == []
