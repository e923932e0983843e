"""`verireason verify` on VerilogEval v2, and every row of bad input that it can meet."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.verdict import Candidate
from verireason.data import verilog_eval
from verireason.data.calibrate import calibrate
from verireason.data.probes import make_probes
from verireason.problem import Problem

BENCHMARK = "verilog-eval-v2"


@pytest.fixture(scope="module")
def root(shared_data: Callable[[str], Path]) -> Path:
    return shared_data(BENCHMARK)


@pytest.fixture(scope="module")
def problems(root: Path) -> list[Problem]:
    return verilog_eval.load(root)


def verify(root: Path, completions: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "verireason", "verify", "--benchmark", BENCHMARK, "--root", str(root)]
    argv += ["--completions", str(completions), "--out", str(out), *more]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def write_lines(path: Path, *lines: object) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def records(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "records.jsonl").read_text().splitlines()]


def test_155_of_156_references_pass_and_the_other_is_explained(
    farm: Farm, root: Path, problems: list[Problem], tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "c.jsonl", *({"problem_id": p.id, "completion": p.golden} for p in problems))
    done = verify(root, file, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    found = records(tmp_path / "out")
    assert [record["problem_id"] for record in found] == [problem.id for problem in problems]
    assert [record["problem_id"] for record in found if not record["passed"]] == ["Prob099_m2014_q6c"]
    assert "Prob099_m2014_q6c: the benchmark's own reference does not pass" in done.stdout
    assert "port ``Y2'' is not a port" in done.stdout
    assert all(record["tests_passed"] == record["tests_total"] for record in found if record["passed"])
    assert {"cpu_s", "wall_s", "outcome", "sample", "image", "tools"} <= found[0].keys()


def test_samples_are_numbered_by_problem_and_records_keep_the_order_of_the_lines(
    farm: Farm, root: Path, tmp_path: Path
) -> None:
    good = "module TopModule(output zero); assign zero = 0; endmodule"
    lines = [
        {"problem_id": "Prob001_zero", "completion": good},
        {"task_id": "Prob001_zero", "completion": f"text\n```verilog\n{good}\n```"},
        {"problem_id": "Prob001_zero", "completion": good.replace("= 0", "= 1"), "sample": 7},
        {"problem_id": "Prob001_zero", "completion": "I cannot"},
    ]
    done = verify(root, write_lines(tmp_path / "c.jsonl", *lines), tmp_path / "out")
    assert done.returncode == 0
    found = records(tmp_path / "out")
    assert [(record["sample"], record["outcome"]) for record in found] == [
        (0, "PASS"), (1, "PASS"), (7, "MISMATCH"), (3, "NO_CODE"),
    ]  # fmt: skip


GOOD_LINE = {"problem_id": "Prob001_zero", "completion": "module TopModule(output zero); assign zero = 0; endmodule"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "c.jsonl:2: not JSON"),
        ("[1]", "c.jsonl:2: a JSON list, expected an object"),
        ({"completion": "x"}, "c.jsonl:2: no problem_id"),
        ({"problem_id": "Prob001_zero"}, "c.jsonl:2: no completion"),
        ({"problem_id": "Prob999", "completion": "x"}, "c.jsonl:2: unknown problem 'Prob999'"),
        ({"problem_id": "Prob001_zero", "completion": "x", "sample": -1}, "c.jsonl:2: sample is -1"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number_and_can_be_skipped(
    farm: Farm, root: Path, tmp_path: Path, line: object, message: str
) -> None:
    file = write_lines(tmp_path / "c.jsonl", GOOD_LINE, line, GOOD_LINE)
    done = verify(root, file, tmp_path / "out")
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out" / "records.jsonl").exists()
    skipped = verify(root, file, tmp_path / "out", "--skip-bad")
    assert skipped.returncode == 0
    assert "1 bad lines left out" in skipped.stderr
    assert len(records(tmp_path / "out")) == 2


def test_an_empty_file_is_said_to_be_empty(root: Path, tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text("")
    done = verify(root, tmp_path / "c.jsonl", tmp_path / "out")
    assert done.returncode == 2
    assert "c.jsonl is empty" in done.stderr


def test_a_missing_file_is_named(root: Path, tmp_path: Path) -> None:
    done = verify(root, tmp_path / "none.jsonl", tmp_path / "out")
    assert done.returncode == 2
    assert "cannot read" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_directory_that_is_not_the_benchmark_is_named(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "c.jsonl", GOOD_LINE)
    for wrong in (tmp_path, tmp_path / "none"):
        done = verify(wrong, file, tmp_path / "out")
        assert done.returncode == 2
        assert str(wrong) in done.stderr


def test_a_second_run_in_the_same_directory_is_refused_and_loses_nothing(
    farm: Farm, root: Path, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "c.jsonl", GOOD_LINE)
    assert verify(root, file, tmp_path / "out").returncode == 0
    before = (tmp_path / "out" / "records.jsonl").read_bytes()
    done = verify(root, file, tmp_path / "out")
    assert done.returncode == 2
    assert "already holds records.jsonl" in done.stderr
    assert (tmp_path / "out" / "records.jsonl").read_bytes() == before


def test_a_missing_image_is_one_line_with_the_command(root: Path, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "c.jsonl", GOOD_LINE)
    argv = [sys.executable, "-m", "verireason", "verify", "--benchmark", BENCHMARK, "--root", str(root)]
    argv += ["--completions", str(file), "--out", str(tmp_path / "out")]
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 3
    assert done.stderr == "verireason: the simulation image is not built; run `verireason image build`\n"


def test_ctrl_c_leaves_whole_lines(farm: Farm, root: Path, tmp_path: Path) -> None:
    slow = "module TopModule(output zero); reg [31:0] i; initial for (i = 0; i < 400000; i = i + 1) ; assign zero = 0; endmodule"
    lines = [{"problem_id": "Prob001_zero", "completion": f"{slow} // {number}"} for number in range(400)]
    file = write_lines(tmp_path / "c.jsonl", *lines)
    argv = [sys.executable, "-m", "verireason", "verify", "--benchmark", BENCHMARK, "--root", str(root)]
    argv += ["--completions", str(file), "--out", str(tmp_path / "out"), "--jobs", "2"]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    path = tmp_path / "out" / "records.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not path.exists() or path.stat().st_size < 5000):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted" in errors
    text = path.read_text()
    assert text.endswith("\n")
    assert 0 < len(records(tmp_path / "out")) < 400


def test_a_full_disk_is_one_line_and_leaves_whole_lines(farm: Farm, root: Path, tmp_path: Path) -> None:
    """A file size limit stands for the full disk: the same write fails in the same place."""
    file = write_lines(
        tmp_path / "c.jsonl", *[{**GOOD_LINE, "completion": GOOD_LINE["completion"] + f" // {n}"} for n in range(60)]
    )
    script = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); " + (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); from verireason.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    argv = [sys.executable, "-c", script, "verify", "--benchmark", BENCHMARK, "--root", str(root)]
    argv += ["--completions", str(file), "--out", str(tmp_path / "out")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "records are safe" in done.stderr
    found = records(tmp_path / "out")
    assert 0 < len(found) < 60


STEERS_THE_STIMULUS = """module TopModule(input in, output out); assign out = 1;
integer s, t, v, e, k; initial begin s = 0; #1 forever begin
 v = $random; for (k = 0; k < 400; k = k + 1) begin e = $random(s); if (e === v) k = 1000; end
 t = s; e = $random(t); while (e[0]) begin v = $random; e = $random(s); t = s; e = $random(t); end
 #5; end end endmodule"""


def test_a_design_cannot_steer_the_random_stimulus(farm: Farm, root: Path, tmp_path: Path) -> None:
    """In the published flow this stuck-at-1 output passes as an inverter: it draws until the next input is 0."""
    file = write_lines(tmp_path / "c.jsonl", {"problem_id": "Prob005_notgate", "completion": STEERS_THE_STIMULUS})
    assert verify(root, file, tmp_path / "out").returncode == 0
    assert [record["outcome"] for record in records(tmp_path / "out")] == ["MISMATCH"]


def test_print_pass_and_early_finish_do_not_pass_any_problem(farm: Farm, problems: list[Problem]) -> None:
    """The probes that get full marks in the published flow, on a few problems of each shape."""
    for problem in few_of_each_shape(farm, problems):
        for probe in make_probes(problem.golden, top=problem.spec.top, num_checks=problem.spec.num_checks):
            assert not next(farm.judge([(Candidate(source=probe.source), problem.spec)])).passed, probe.name


def test_a_right_design_is_not_punished_for_what_only_a_simulation_knows(farm: Farm, problems: list[Problem]) -> None:
    for problem in few_of_each_shape(farm, problems):
        guard = 'initial begin $display("Mismatches: 9 in 9 samples"); $finish; end'
        source = problem.golden.replace("endmodule", f"{guard}\nendmodule", 1)
        verdict = next(farm.judge([(Candidate(source=source), problem.spec)]))
        assert verdict.passed, verdict
        assert [each.neutralised for each in verdict.findings] == [True]


def few_of_each_shape(farm: Farm, problems: list[Problem]) -> list[Problem]:
    chosen = [problem for problem in problems if problem.id.startswith(("Prob007", "Prob035", "Prob109", "Prob127"))]
    return list(calibrate(farm, chosen).problems.values())
