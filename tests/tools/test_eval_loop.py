"""The evaluation loop on the real farm with a generator by script: overlap, repair, going on, failures on either side."""

from __future__ import annotations

import json
import resource
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.verdict import Outcome
from verireason.data.calibrate import Calibration
from verireason.data.generator import generate
from verireason.errors import MissingError
from verireason.evals import pipeline
from verireason.evals.evaluate import Evaluation, Plan, evaluate
from verireason.evals.repair import repair_rounds
from verireason.evals.run_state import key_of, read_completions
from verireason.generation.generator import Generated, Request, Sampling
from verireason.problem import Problem
from verireason.records import Record, read_records

WRONG = "module top_module(output nothing);\nendmodule\n"
NUM_PROBLEMS, NUM_SAMPLES = 4, 3


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    return {problem.id: problem for problem in generate(seed=3, split="heldout", levels=[1], num=NUM_PROBLEMS)}


class Scripted:
    """Answers by a function of the request and of how often its sample was asked."""

    name = "scripted"

    def __init__(self, answer: Callable[[Request, int], str], *, chat: bool = False) -> None:
        self.answer, self.chat = answer, chat
        self.asked: list[tuple[str, int]] = []
        self.requests: list[Request] = []

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Generated]:
        for request in requests:
            attempt = self.asked.count(request.key)
            self.asked.append(request.key)
            self.requests.append(request)
            text = self.answer(request, attempt)
            yield Generated(key=request.key, text=text, finish_reason="stop", num_tokens=10, num_prompt_tokens=5)


def plan(num_repairs: int = 0) -> Plan:
    sampling = Sampling(temperature=1.0, top_p=1.0, max_new_tokens=8)
    return Plan(num_samples=NUM_SAMPLES, sampling=sampling, seed=0, template="plain", num_repairs=num_repairs)


def run(
    generator: Scripted, farm: Farm, problems: dict[str, Problem], out: Path, *, num_repairs: int = 0
) -> Evaluation:
    out.mkdir(exist_ok=True)
    return evaluate(generator, farm, Calibration(problems=problems, defects={}), plan(num_repairs), out)


def records(out: Path) -> list[Record]:
    return list(read_records(out / "records.jsonl"))


def keys(out: Path) -> list[tuple[str, int, int]]:
    return [key_of(record) for record in records(out)]


def all_first(problems: dict[str, Problem]) -> list[tuple[str, int, int]]:
    return [(id, sample, 0) for id in problems for sample in range(NUM_SAMPLES)]


def golden(problems: dict[str, Problem]) -> Callable[[Request, int], str]:
    return lambda request, attempt: problems[request.key[0]].golden


def test_every_sample_is_generated_judged_and_written_in_order(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    found = run(Scripted(golden(problems)), farm, problems, tmp_path)

    assert (
        keys(tmp_path)
        == all_first(problems)
        == [key_of(each) for each in read_completions(tmp_path / "completions.jsonl")]
    )
    assert found.tally.num_passed == found.tally.num_records == NUM_PROBLEMS * NUM_SAMPLES
    assert 0.0 <= found.timing.busy_share <= 1.0


def test_verdicts_are_written_while_the_generator_still_works(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    first = next(iter(problems))

    def answer(request: Request, attempt: int) -> str:
        if request.key == (first, 1):  # the second request is answered only after the first one's record is there
            while not keys(tmp_path):
                pass
        return problems[request.key[0]].golden

    run(Scripted(answer), farm, problems, tmp_path)

    assert keys(tmp_path) == all_first(problems)


def test_a_farm_that_is_behind_stops_the_generator(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "MAX_WAITING", 3)
    generator = Scripted(golden(problems))
    is_stuck = threading.Event()

    def submit(*args: object) -> object:  # the farm's first answer comes when the generator has to wait
        is_stuck.wait(timeout=30)
        return Farm.submit(farm, *args)  # type: ignore[arg-type]

    def watch() -> None:
        while len(generator.asked) < 4:
            pass
        assert not threading.Event().wait(0.2)
        ahead.append(len(generator.asked))
        is_stuck.set()

    ahead: list[int] = []
    monkeypatch.setattr(farm, "submit", submit)
    watcher = threading.Thread(target=watch)
    watcher.start()
    run(generator, farm, problems, tmp_path)
    watcher.join()

    assert ahead == [4]  # three wait for the farm, and the fourth waits for them
    assert keys(tmp_path) == all_first(problems)


def test_a_second_answer_that_is_right_counts_as_repaired_and_not_as_passed(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    generator = Scripted(lambda request, attempt: problems[request.key[0]].golden if attempt else WRONG)
    found = run(generator, farm, problems, tmp_path, num_repairs=3)

    num = NUM_PROBLEMS * NUM_SAMPLES
    assert (found.tally.num_records, found.tally.num_passed) == (num, 0)
    assert (found.tally.num_repairs, found.tally.num_repaired) == (num, num)
    first, second = repair_rounds(records(tmp_path))
    assert (first.num_passed, first.rate.estimate) == (0, 0.0)
    assert (second.num_asked, second.num_passed, second.rate.estimate) == (num, num, 1.0)
    assert (first.num_tokens, second.num_tokens) == (10 * num, 10 * num)


def test_a_design_that_stays_wrong_is_asked_for_as_often_as_was_said(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    stubborn = next(iter(problems))
    generator = Scripted(
        lambda request, attempt: WRONG if request.key[0] == stubborn else problems[request.key[0]].golden
    )
    run(generator, farm, problems, tmp_path, num_repairs=2)

    attempts = [record.attempt for record in records(tmp_path) if record.problem_id == stubborn]
    assert sorted(attempts) == [0] * 3 + [1] * 3 + [2] * 3
    assert generator.asked.count((stubborn, 0)) == 3
    assert all(generator.asked.count((id, 0)) == 1 for id in problems if id != stubborn)


def test_what_is_shown_is_the_design_and_what_was_found_in_a_conversation(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    generator = Scripted(lambda request, attempt: problems[request.key[0]].golden if attempt else WRONG, chat=True)
    run(generator, farm, problems, tmp_path, num_repairs=1)

    repair = generator.requests[-1]
    problem = problems[repair.key[0]]
    assert isinstance(repair.prompt, list)
    asked, own, shown = repair.prompt
    assert asked == {"role": "user", "content": problem.prompt}
    assert (own["role"], shown["role"]) == ("assistant", "user")
    assert WRONG in own["content"]
    assert "MISMATCH" in shown["content"] or "COMPILE_ERROR" in shown["content"]
    assert repair.seed not in {request.seed for request in generator.requests[:-1]}


@pytest.mark.parametrize("num_kept", [0, 1, 5, 11])
def test_a_run_goes_on_from_any_number_of_verdicts(
    num_kept: int, farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    run(Scripted(golden(problems)), farm, problems, tmp_path)
    whole = (tmp_path / "records.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "records.jsonl").write_bytes(b"".join(whole[:num_kept]) + whole[num_kept][:40])
    completions = (tmp_path / "completions.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "completions.jsonl").write_bytes(b"".join(completions[:num_kept]) + completions[num_kept][:-1])
    generator = Scripted(golden(problems))
    found = run(generator, farm, problems, tmp_path)

    assert keys(tmp_path) == all_first(problems)
    assert len(generator.asked) == NUM_PROBLEMS * NUM_SAMPLES - num_kept - 1
    assert found.tally.num_passed == NUM_PROBLEMS * NUM_SAMPLES


def test_what_is_left_over_is_drawn_with_the_seeds_that_it_would_have_had(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    whole = Scripted(golden(problems))
    run(whole, farm, problems, tmp_path / "whole")
    rest = Scripted(golden(problems))
    run(Scripted(golden(problems)), farm, dict(list(problems.items())[:2]), tmp_path / "parts")
    run(rest, farm, problems, tmp_path / "parts")

    seeds = {request.key: request.seed for request in whole.requests}
    assert len(set(seeds.values())) == len(seeds)
    assert {request.key: request.seed for request in rest.requests} == {key: seeds[key] for key in rest.asked}


def test_a_generator_that_fails_leaves_what_is_done_and_repairs_go_on(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    num_answers = 0

    def answer(request: Request, attempt: int) -> str:
        nonlocal num_answers
        num_answers += 1
        if num_answers in (7, 20):
            raise MissingError("the server is gone")
        return WRONG if len(generators) < 3 and not repairing(request) else problems[request.key[0]].golden

    def repairing(request: Request) -> bool:
        return "Your answer was:" in request.prompt

    generators: list[Scripted] = []
    for _ in range(2):
        generators.append(Scripted(answer))
        with pytest.raises(MissingError, match="the server is gone"):
            run(generators[-1], farm, problems, tmp_path, num_repairs=1)
    generators.append(Scripted(answer))
    run(generators[-1], farm, problems, tmp_path, num_repairs=1)

    assert sorted(keys(tmp_path)) == sorted(
        (id, sample, attempt) for id, sample, _ in all_first(problems) for attempt in (0, 1)
    )
    assert [each.num_passed for each in repair_rounds(records(tmp_path))] == [0, NUM_PROBLEMS * NUM_SAMPLES]
    assert sum(len(each.asked) for each in generators) == 2 * NUM_PROBLEMS * NUM_SAMPLES + 2  # two were never answered


def test_a_disk_that_is_full_ends_both_sides_and_leaves_whole_lines(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))  # bytes of a file; room for some records
    try:
        with pytest.raises(MissingError, match=r"; [1-9] records are safe in it: make room"):
            run(Scripted(golden(problems)), farm, problems, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "judging" not in {each.name for each in threading.enumerate()}
    run(Scripted(golden(problems)), farm, problems, tmp_path)

    assert keys(tmp_path) == all_first(problems)


def test_what_the_farm_could_not_judge_gets_another_try_without_being_generated(
    farm: Farm, problems: dict[str, Problem], tmp_path: Path
) -> None:
    run(Scripted(golden(problems)), farm, problems, tmp_path)
    path = tmp_path / "records.jsonl"
    lost = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lost[:5]:
        line.update(outcome=str(Outcome.UNJUDGED), passed=False)
    path.write_text("".join(json.dumps(line) + "\n" for line in lost))
    generator = Scripted(golden(problems))
    found = run(generator, farm, problems, tmp_path)

    assert generator.asked == []
    assert sorted(keys(tmp_path)) == sorted(all_first(problems))
    assert found.tally.num_unjudged == 0
