"""Selection of problems by a model's own samples: VeriReason's filter to the number, and what a user gets wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sim.verdict import Outcome
from verireason.cli import main
from verireason.data.generator import generate
from verireason.data.jsonl import read_problems, write_problems
from verireason.data.select import EASY, HARD, Bounds, level, select, why_not
from verireason.problem import Problem
from verireason.records import Record, RecordWriter

VERIREASON = Bounds(low=0.3, high=1.8, deviation=0.1, num_samples=2, top_share=1.0)


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return list(generate(seed=0, split="train", num=6, families=None, levels=None, phrasing="terse"))


@pytest.mark.parametrize(
    ("rewards", "reason"),
    [
        ([0.0, 2.0], None),
        ([0.2, 0.4], "deviation of 0.1 or less"),  # mean 0.3 is in, deviation 0.1 is not
        ([0.1, 0.35], "mean reward below 0.3"),
        ([2.0, 1.7], "mean reward above 1.8"),
        ([1.0, 1.0], "deviation of 0.1 or less"),
        ([2.0], "fewer than 2 judged samples"),
        ([], "fewer than 2 judged samples"),
    ],
)
def test_a_problem_is_kept_by_mean_and_deviation(rewards: Sequence[float], reason: str | None) -> None:
    assert why_not(rewards, VERIREASON) == reason


def test_hard_is_below_the_middle_of_the_bounds() -> None:
    # 1 - (mean - 0.3) / 1.5 > 0.5, as the paper has it: below 1.05
    assert [level(mean, VERIREASON) for mean in (0.3, 1.04, 1.06, 1.8)] == [HARD, HARD, EASY, EASY]


def test_the_top_share_is_of_the_largest_deviations_in_the_order_of_the_file(problems: Sequence[Problem]) -> None:
    spreads = (0.2, 0.9, 0.0, 0.6, 0.3, 0.5)
    rewards = {one.id: [1 - spread, 1 + spread] for one, spread in zip(problems, spreads, strict=True)}
    bounds = Bounds(low=0.0, high=2.0, deviation=0.1, num_samples=2, top_share=0.4)

    found = select(problems, rewards, bounds)

    assert [one.id for one in found.kept] == [problems[1].id, problems[3].id]
    assert found.left_out[problems[2].id] == "deviation of 0.1 or less"
    assert found.left_out[problems[5].id] == "not of the top share by deviation"


@pytest.fixture
def asked(tmp_path: Path, problems: Sequence[Problem]) -> Path:
    write_problems(problems, tmp_path / "problems.jsonl")
    return tmp_path / "problems.jsonl"


def write_run(path: Path, passed: Mapping[str, Sequence[bool | None]]) -> Path:
    """A run with these samples: passed, does not compile, not judged."""
    path.mkdir()
    outcomes = {True: Outcome.PASS, False: Outcome.COMPILE_ERROR, None: Outcome.UNJUDGED}
    with RecordWriter(path / "records.jsonl") as writer:
        for problem_id, samples in passed.items():
            for number, claim in enumerate(samples):
                writer.write(
                    Record(
                        problem_id=problem_id,
                        benchmark="generated",
                        sample=number,
                        outcome=outcomes[claim],
                        passed=claim is True,
                        completion="module m; endmodule",
                        code="module m; endmodule",
                    )
                )
    return path


def test_the_command_keeps_what_a_model_can_learn_from_and_counts_the_rest(
    asked: Path, problems: Sequence[Problem], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [problem.id for problem in problems]
    run = write_run(
        tmp_path / "run",
        {
            ids[0]: [True] * 8,
            ids[1]: [False] * 8,
            ids[2]: [True] + [False] * 3 + [None] * 4,  # the farm's failures are no zeros: mean 0.5
            ids[3]: [True] * 6 + [False] * 2,  # mean 1.5
            ids[4]: [None] * 8,
        },
    )
    out = tmp_path / "kept.jsonl"

    assert main(["data", "select", str(run), "--problems", str(asked), "--out", str(out)]) == 0

    assert {one.id: one.difficulty for one in read_problems(out)} == {ids[2]: HARD, ids[3]: EASY}
    assert capsys.readouterr().out.splitlines() == [
        f"2 of 6 problems in {out}: 1 easy, 1 hard",
        "      2 fewer than 2 judged samples",
        "      1 mean reward above 1.8",
        "      1 mean reward below 0.3",
    ]
    assert main(["data", "select", str(run), "--problems", str(asked), "--out", str(out), "--part", "hard"]) == 0
    assert [one.id for one in read_problems(out)] == [ids[2]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rubric", "best"], "--rubric is 'best'; expected one of default, verireason"),
        (["--min-mean", "2"], "--min-mean is 2 and --max-mean 1.8; expected the lesser first"),
        (["--min-deviation", "3"], "none of 6 problems fits: 5 fewer than 2 judged samples, 1 deviation of 3 or less"),
        (["--problems", "none.jsonl"], "cannot read none.jsonl"),
    ],
)
def test_what_a_user_gets_wrong_is_one_line(
    asked: Path,
    problems: Sequence[Problem],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: Sequence[str],
    message: str,
) -> None:
    run = write_run(tmp_path / "run", {problems[0].id: [True, False]})
    out = tmp_path / "kept.jsonl"

    assert main(["data", "select", str(run), "--problems", str(asked), "--out", str(out), *words]) == 2

    error = capsys.readouterr().err
    assert error.startswith(f"verireason: {message}")
    assert error.count("\n") == 1
    assert not out.exists()


def test_records_of_other_problems_are_refused(asked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", {"another": [True, False]})

    assert main(["data", "select", str(run), "--problems", str(asked), "--out", str(tmp_path / "kept.jsonl")]) == 2

    assert "no judged record of" in capsys.readouterr().err
