"""`verireason eval` as a process: killed at any moment and gone on with, refused, and ended by its endpoint."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.farm import Farm
from tests.fixtures.openai_http import Call, Reply, chat_answer, error, serving
from verireason.data.generator import generate
from verireason.data.jsonl import write_problems
from verireason.evals.run_state import Key, key_of, read_completions
from verireason.problem import Problem
from verireason.records import Record, read_records

NUM_PROBLEMS, NUM_SAMPLES = 5, 4
WRONG = "module top_module(output nothing);\nendmodule\n"
DEADLINE_S = 120


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return list(generate(seed=5, split="heldout", levels=[1], num=NUM_PROBLEMS))


@pytest.fixture(scope="module")
def problem_file(problems: list[Problem], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("problems") / "problems.jsonl"
    write_problems(problems, path)
    return path


def text_for(problems: list[Problem], call: Call) -> str:
    """Of a first answer one in three is right, by its seed; every repair is."""
    messages = call.body["messages"]
    problem = next(each for each in problems if any(each.prompt == message["content"] for message in messages))
    is_right = call.body["seed"] % 3 == 0 or messages[-2]["role"] == "assistant"
    return f"<answer>\n```verilog\n{problem.golden if is_right else WRONG}```\n</answer>"


def answer(problems: list[Problem], call: Call) -> Reply:
    if call.path.endswith("/models"):
        return Reply(body={"object": "list", "data": [{"id": "m", "object": "model", "created": 0, "owned_by": "us"}]})
    return chat_answer(text_for(problems, call))


@pytest.fixture(scope="module")
def endpoint(problems: list[Problem]) -> Iterator[str]:
    with serving(lambda call: answer(problems, call)) as url:
        yield url


def evaluation(problem_file: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "verireason", "eval", "--problems", str(problem_file), "--out", str(out)]
    argv += ["--samples", str(NUM_SAMPLES), "--temperature", "1", "--jobs", "2", *more]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, errors
    return output


def kill_after(process: subprocess.Popen[str], path: Path, num_lines: int, seconds: float) -> None:
    """SIGKILL the process and all that it started, a while after the file has so many lines, or let it end."""
    started = time.monotonic()
    while process.poll() is None and (not path.exists() or path.read_bytes().count(b"\n") < num_lines):
        assert time.monotonic() - started < DEADLINE_S
        time.sleep(0.001)
    time.sleep(seconds)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def judged(out: Path) -> dict[Key, tuple[str, str]]:
    """What was answered and how it was judged; nothing may be there twice."""
    records = list(read_records(out / "records.jsonl"))
    found = {key_of(record): (record.completion or "", str(record.outcome)) for record in records}
    written = [key_of(completion) for completion in read_completions(out / "completions.jsonl")]
    assert len(found) == len(records)
    assert sorted(written) == sorted(found)
    return found


def engine_words(engine: str, endpoint: str, completions: Path) -> tuple[str, ...]:
    if engine == "endpoint":
        return ("--base-url", endpoint, "--model", "m", "--concurrency", "4", "--repair", "1")
    return ("--engine", "replay", "--completions", str(completions))


@pytest.fixture(scope="module")
def whole(farm: Farm, problem_file: Path, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    out = tmp_path_factory.mktemp("whole")
    finish(evaluation(problem_file, out, *engine_words("endpoint", endpoint, out)))
    return out


def test_nothing_is_lost_or_doubled_by_kills_while_an_endpoint_answers(
    problem_file: Path, problems: list[Problem], whole: Path, tmp_path: Path
) -> None:
    expected = judged(whole)
    rng = random.Random(0)
    completions = tmp_path / "completions.jsonl"
    num_left = 0  # answers that are still given before the endpoint falls silent

    def scarce(call: Call) -> Reply:
        nonlocal num_left
        if call.path.endswith("/models"):
            return answer(problems, call)
        num_left -= 1
        if num_left < 0:
            time.sleep(DEADLINE_S)  # the client is killed meanwhile
        return answer(problems, call)

    for num_lines in (3, 9, NUM_PROBLEMS * NUM_SAMPLES, len(expected) - 2):
        num_left = num_lines - (completions.read_bytes().count(b"\n") if completions.exists() else 0)
        with serving(scarce) as url:
            process = evaluation(problem_file, tmp_path, *engine_words("endpoint", url, tmp_path), "--resume")
            kill_after(process, completions, num_lines, rng.uniform(0, 0.3))
        assert process.returncode == -signal.SIGKILL
    with serving(lambda call: answer(problems, call)) as url:
        finish(evaluation(problem_file, tmp_path, *engine_words("endpoint", url, tmp_path), "--resume"))

    assert judged(tmp_path) == expected


def test_nothing_is_lost_or_doubled_by_kills_while_the_farm_judges(
    problem_file: Path, whole: Path, tmp_path: Path
) -> None:
    rng = random.Random(0)
    words = (*engine_words("replay", "", whole / "completions.jsonl"), "--resume")
    for num_lines in (1, NUM_PROBLEMS * NUM_SAMPLES):
        process = evaluation(problem_file, tmp_path, *words)
        kill_after(process, tmp_path / "completions.jsonl", num_lines, rng.uniform(0, 0.02))
    finish(evaluation(problem_file, tmp_path, *words))

    assert judged(tmp_path) == {key: value for key, value in judged(whole).items() if key[2] == 0}


def test_a_run_says_what_it_came_to(
    problem_file: Path, problems: list[Problem], endpoint: str, whole: Path, tmp_path: Path
) -> None:
    output = finish(evaluation(problem_file, whole, *engine_words("endpoint", endpoint, whole), "--resume"))

    records: list[Record] = list(read_records(whole / "records.jsonl"))
    num_passed = sum(record.passed for record in records if record.attempt == 0)
    assert 0 < num_passed < NUM_PROBLEMS * NUM_SAMPLES
    assert f"{num_passed} of {NUM_PROBLEMS * NUM_SAMPLES} passed" in output
    assert f"pass@1 {num_passed / NUM_PROBLEMS / NUM_SAMPLES:.1%} [" in output
    assert "after repair 1 100.0% [" in output
    assert f"golden ceiling {NUM_PROBLEMS} of {NUM_PROBLEMS} problems" in output
    assert f"tokens: {5 * len(records)} read, {3 * len(records)} written" in output
    assert output.rstrip().endswith(f"verireason report {whole}")
    summary = json.loads((whole / "summary.json").read_text())
    assert summary["rounds"][1]["num_passed"] == len(records) - NUM_PROBLEMS * NUM_SAMPLES


def refused(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (2, "")
    assert errors.count("\n") == 1
    return errors


def test_a_directory_with_a_run_in_it_is_gone_on_with_only_by_the_same_settings(
    problem_file: Path, endpoint: str, whole: Path
) -> None:
    before = {path.name: path.read_bytes() for path in whole.iterdir()}
    words = engine_words("endpoint", endpoint, whole)

    assert "already holds completions.jsonl; go on with --resume" in refused(evaluation(problem_file, whole, *words))
    other = refused(evaluation(problem_file, whole, *words, "--resume", "--seed", "7"))
    assert f"{whole} was started with seed 0, and now it is 7" in other
    other = refused(evaluation(problem_file, whole, *words, "--resume", "--lint"))
    assert "checks.lint false, and now it is true" in other
    assert {path.name: path.read_bytes() for path in whole.iterdir()} == before


def test_an_endpoint_that_dies_leaves_what_is_done_and_says_how_to_go_on(
    problem_file: Path, problems: list[Problem], whole: Path, tmp_path: Path
) -> None:
    num_calls = 0

    def failing(call: Call) -> Reply:
        nonlocal num_calls
        num_calls += 1
        return answer(problems, call) if num_calls < 12 else error(401, "no more")

    with serving(failing) as url:
        process = evaluation(problem_file, tmp_path, *engine_words("endpoint", url, tmp_path))
        _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode in (2, 3)
    last = errors.splitlines()[-1]
    assert "no more" in last
    assert f"verdicts are kept in {tmp_path}; go on with the same command and --resume" in last
    with serving(lambda call: answer(problems, call)) as url:
        finish(evaluation(problem_file, tmp_path, *engine_words("endpoint", url, tmp_path), "--resume"))
    assert judged(tmp_path) == judged(whole)
