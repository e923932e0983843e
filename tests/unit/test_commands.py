"""What the command line refuses or ends quietly, before anything heavy is loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

RECIPE = str(Path(__file__).resolve().parents[2] / "recipes" / "tiny.toml")
BENCHMARK = ("--benchmark", "verilog-eval-v2", "--root", ".", "--out", "out")


def verireason(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    argv = (sys.executable, "-m", "verireason", *words)
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give a recipe, --benchmark NAME or --problems FILE"),
        ((RECIPE, *BENCHMARK), "one of them"),
        ((*BENCHMARK, "--problems", "x"), "one of them"),
        ((RECIPE, "--label", "a", "--out", "x"), "--out goes with --benchmark or --problems"),
        ((RECIPE, "--label", "a", "--preset", "rtllm"), "--preset goes with --benchmark or --problems"),
        (("--problems", "x"), "--problems needs --out DIR"),
        (("--problems", "x", "--out", "y", "--examples", "2"), "--examples and --rules go with --benchmark"),
        ((*BENCHMARK, "--preset", "x"), "--preset is 'x'; expected one of verilog-eval-greedy"),
        ((*BENCHMARK, "--key-env", "X"), "--key-env goes with --engine endpoint, and this is transformers"),
        ((*BENCHMARK, "--base-url", "http://x", "--engine", "vllm"), "--base-url goes with --engine endpoint"),
        ((*BENCHMARK, "--completions", "x"), "--completions goes with --engine replay"),
        ((*BENCHMARK, "--engine", "replay"), "--engine replay needs --completions FILE"),
        ((*BENCHMARK, "--preset", "verilog-eval-20", "--temperature", "0"), "all samples of a problem are alike"),
        ((RECIPE,), "--label is None; give one folder name"),
        ((RECIPE, "--label", "../x"), "--label is '../x'; give one folder name"),
        (("--benchmark", "verilog-eval-v2"), "--benchmark needs --root DIR and --out DIR"),
        ((*BENCHMARK, "--label", "x"), "--set and --label go with a recipe"),
        ((*BENCHMARK, "--template", "x"), "--template is 'x'; expected one of verireason, "),
        ((RECIPE, "--label", "a", "--temperature", "0", "--samples", "2"), "all samples of a problem are alike"),
        ((RECIPE, "--label", "a"), "no such directory"),
    ],
)
def test_eval_refuses_what_does_not_fit_together_in_one_line(
    words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    done = verireason("eval", *words, "--model", "./none", cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("--temperature", "-3"), ("--temperature", "6"), ("--top-p", "7"), ("--top-p", "0")])
def test_eval_refuses_sampling_out_of_range(words: tuple[str, ...], tmp_path: Path) -> None:
    done = verireason("eval", RECIPE, "--label", "a", "--model", "./none", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert words[0] in done.stderr


def test_a_reader_that_leaves_early_causes_no_traceback(tmp_path: Path) -> None:
    argv = (sys.executable, "-m", "verireason", "data", "families")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_the_version_is_printed(tmp_path: Path) -> None:
    assert verireason("--version", cwd=tmp_path).stdout.startswith("verireason 0.")


def test_a_limit_that_is_none_is_bad_usage_of_one_job(tmp_path: Path) -> None:
    argv = (sys.executable, "-m", "sim", "--cpu-s", "-1", "--", "true")
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "sim: limits.cpu_s is -1.0; give a positive number\n"
