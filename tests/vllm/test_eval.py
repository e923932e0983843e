"""`verireason eval` against a vLLM server, killed and gone on with."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.vllm.conftest import DEADLINE_S, NAME
from verireason.data.generator import generate
from verireason.data.jsonl import write_problems
from verireason.evals.run_state import key_of, read_completions
from verireason.records import read_records

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed here: make test-vllm"),
]

NUM_PROBLEMS, NUM_SAMPLES = 5, 8


def evaluation(server: str, problems: Path, out: Path) -> subprocess.Popen[str]:
    words = f"--base-url {server} --model {NAME} --concurrency 3 --samples {NUM_SAMPLES} --temperature 1 --resume"
    argv = [sys.executable, "-m", "verireason", "eval", "--problems", str(problems), "--out", str(out), *words.split()]
    argv += ["--template", "plain", "--max-tokens", "64", "--jobs", "2"]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def kill_after(process: subprocess.Popen[str], path: Path, num_lines: int) -> None:
    started = time.monotonic()
    while not path.exists() or path.read_bytes().count(b"\n") < num_lines:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - started < DEADLINE_S
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_run_killed_three_times_has_each_sample_once(vllm_server: str, tmp_path: Path) -> None:
    problems, out = tmp_path / "problems.jsonl", tmp_path / "run"
    generated = list(generate(seed=5, split="heldout", levels=[1], num=NUM_PROBLEMS))
    write_problems(generated, problems)

    for num_lines in sorted(random.Random(0).sample(range(2, NUM_PROBLEMS * NUM_SAMPLES - 8), 3)):
        kill_after(evaluation(vllm_server, problems, out), out / "completions.jsonl", num_lines)
    process = evaluation(vllm_server, problems, out)
    output, errors = process.communicate(timeout=DEADLINE_S)

    assert process.returncode == 0, errors
    expected = sorted((problem.id, sample, 0) for problem in generated for sample in range(NUM_SAMPLES))
    records = list(read_records(out / "records.jsonl"))
    assert sorted(key_of(record) for record in records) == expected
    assert sorted(key_of(completion) for completion in read_completions(out / "completions.jsonl")) == expected
    assert all(record.num_tokens and record.num_prompt_tokens for record in records)
    assert f"of {NUM_PROBLEMS * NUM_SAMPLES} passed" in output
