"""Records: the line format, and what is left of a file when something goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.verdict import (
    Diagnostic,
    Equivalence,
    FirstFailure,
    GuardFinding,
    Lint,
    NamedTest,
    Netlist,
    Outcome,
    OutputMismatch,
    Proof,
    Severity,
    Spec,
    Synthesis,
    Verdict,
    Wave,
    Waves,
)
from verireason.errors import UserError
from verireason.problem import Completion, Problem
from verireason.records import (
    Record,
    RecordWriter,
    read_records,
    record_from,
    record_from_json,
    record_to_json,
    truncate_after_step,
    truncate_records,
    verdict_from,
)

PASS = Record(problem_id="p", benchmark="b", sample=0, outcome=Outcome.PASS, passed=True)

FULL = Record(
    problem_id="gen-counter-1-7f3a",
    benchmark="generated",
    category="counter",
    split="heldout",
    difficulty=2,
    sample=3,
    prompt="Write a counter.",
    completion="<think>\u2028 \ud800</think>",
    code="module top_module;\nendmodule\n",
    outcome=Outcome.MISMATCH,
    passed=False,
    tests_passed=90,
    tests_total=100,
    outputs=(OutputMismatch(name="q", num_mismatches=10, first_time=95),),
    first_failure=FirstFailure(signal="q", time=95, expected="01x1", got="0000", inputs="a=0101 b=1"),
    diagnostics=(Diagnostic(severity=Severity.WARNING, message="implicit net", line=1),),
    findings=(GuardFinding(kind="system-task", line=3, text="$finish;", neutralised=True),),
    tests=(NamedTest(name="reset", passed=True), NamedTest(name="wraps", passed=False, message="q is 9, not 0")),
    similarity=0.25,
    lint=Lint(warnings=(Diagnostic(severity=Severity.WARNING, message="too wide", line=2),), classes={"WIDTHTRUNC": 1}),
    synthesis=Synthesis(
        netlist=Netlist(num_cells=9, num_flip_flops=4, num_latches=0, depth=3), why=None, num_loops=1, golden=None
    ),
    equivalence=Equivalence(proof=Proof.DIFFERENT, counterexample=({"a": "01"}, {"a": "1x"}), why=None),
    waves=Waves(
        start=85,
        end=120,
        mark=95,
        signals=(Wave(name="q", role="got", width=4, changes=((85, "0000"), (90, "01xz"))),),
    ),
    second=Outcome.PASS,
    reward=0.5,
    terms={"checks": 0.5},
    finish_reason="stop",
    num_tokens=120,
    model="tiny",
    seed=7,
    step=12,
    phase="train",
    job_key="5e1f",
    image="sha256:ab",
    tools={"iverilog": "12.0"},
    config="c0ffee",
    cpu_s=0.02,
    wall_s=0.03,
)


def write_all(path: Path, records: list[Record]) -> None:
    with RecordWriter(path) as writer:
        for record in records:
            writer.write(record)


def at_step(step: int | None) -> Record:
    return replace(PASS, step=step)


def test_a_full_record_survives_the_round_trip() -> None:
    assert record_from_json(record_to_json(FULL)) == FULL


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers())
def test_any_text_and_number_survives_the_round_trip(text: str, reward: float, seed: int) -> None:
    record = replace(PASS, completion=text, code=text, reward=reward, seed=seed)
    assert record_from_json(record_to_json(record)) == record


@given(st.text())
def test_a_line_holds_no_other_line_end(text: str) -> None:
    assert len(record_to_json(replace(PASS, completion=text)).splitlines()) == 1


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        record_to_json(replace(PASS, reward=float("nan")))


def test_an_unjudged_record_cannot_have_a_reward() -> None:
    with pytest.raises(ValueError, match="UNJUDGED"):
        replace(PASS, outcome=Outcome.UNJUDGED, passed=False, reward=0.0)


def test_passed_cannot_contradict_the_outcome() -> None:
    with pytest.raises(ValueError, match="beside outcome MISMATCH"):
        replace(PASS, outcome=Outcome.MISMATCH)


def test_a_record_carries_problem_completion_and_verdict() -> None:
    problem = Problem(
        id="gen-counter-1-7f3a",
        benchmark="generated",
        prompt="Write a counter.",
        spec=Spec(verifier="verilog-testbench", top="top_module", testbench="", reference=""),
        golden="",
        split="heldout",
        licence="Apache-2.0",
        category="counter",
        difficulty=2,
    )
    completion = Completion(
        problem_id=problem.id,
        sample=3,
        text=FULL.completion or "",
        finish_reason="stop",
        num_tokens=120,
        seed=7,
        model="tiny",
    )
    verdict = Verdict(
        outcome=Outcome.MISMATCH,
        num_passed=90,
        num_tests=100,
        outputs=FULL.outputs,
        first_failure=FULL.first_failure,
        diagnostics=FULL.diagnostics,
        findings=FULL.findings,
        tests=FULL.tests,
        similarity=0.25,
        lint=FULL.lint,
        synthesis=FULL.synthesis,
        equivalence=FULL.equivalence,
        waves=FULL.waves,
        second=Outcome.PASS,
        tools={"iverilog": "12.0"},
        image="sha256:ab",
        job_key="5e1f",
        cpu_s=0.02,
        wall_s=0.03,
    )
    record = record_from(
        problem,
        completion,
        FULL.code,
        verdict,
        reward=0.5,
        terms={"checks": 0.5},
        step=12,
        phase="train",
        config="c0ffee",
    )
    assert record == FULL
    assert verdict_from(record) == verdict


def test_a_record_from_before_a_field_existed_can_be_read() -> None:
    line = json.loads(record_to_json(PASS))
    for name in ("findings", "tests", "lint", "synthesis", "equivalence", "waves", "second"):
        del line[name]
    assert record_from_json(json.dumps(line)) == PASS


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[]", "found a list where an object was expected"),
        ('{"problem_id": "p"}', "field 'benchmark' is missing"),
        ('{"problem_id": 3}', "field 'problem_id': found a whole number where a string was expected"),
        ('{"problem_id": "p", "sample": true}', "field 'benchmark' is missing"),
        ('{"surprise": 1}', "unknown field 'surprise'"),
        (record_to_json(PASS).replace('"PASS"', '"PASSED"'), "'PASSED' is not one of PASS"),
        (record_to_json(PASS).replace('"sample":0', '"sample":true'), "field 'sample': found a truth value"),
        (record_to_json(PASS).replace('"reward":null', '"reward":NaN'), "it holds NaN"),
        (record_to_json(PASS).replace('"reward":null', '"reward":1e999'), "too large"),
        (record_to_json(PASS).replace('"reward":null', '"reward":1' + "0" * 400), "too large"),
        (record_to_json(PASS).replace('"outputs":[]', '"outputs":[{"name":1}]'), "field 'outputs': field 'name'"),
        (
            record_to_json(FULL).replace('[85,"0000"]', "[85]"),
            "field 'waves': field 'signals': field 'changes': found 1",
        ),
        (record_to_json(FULL).replace('[85,"0000"]', "[85,0]"), "found a whole number where a string was expected"),
        (record_to_json(FULL).replace('"DIFFERENT"', '"SAME"'), "field 'equivalence': field 'proof'"),
        (record_to_json(PASS).replace("true", "false"), "passed is False beside outcome PASS"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_is_named_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(f"{record_to_json(PASS)}\n{line}\n{record_to_json(PASS)}\n")
    with pytest.raises(UserError) as error:
        list(read_records(path))
    assert str(error.value).startswith(f"{path}:2: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_bytes_that_are_not_utf8_are_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_bytes(b'{"problem_id": "\xff"}\n')
    with pytest.raises(UserError, match="not UTF-8"):
        list(read_records(path))


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*No such file"):
        list(read_records(tmp_path / "records.jsonl"))


def test_a_last_line_cut_off_at_any_byte_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    line = record_to_json(FULL).encode() + b"\n"
    for num_bytes in range(1, len(line) - 1):
        path.write_bytes(line + line[:num_bytes])
        reader = read_records(path)
        assert list(reader) == [FULL]
        assert reader.torn_line == 2


def test_a_last_line_without_only_its_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(record_to_json(PASS) + "\n" + record_to_json(FULL))
    reader = read_records(path)
    assert (list(reader), reader.torn_line) == ([PASS, FULL], None)


def test_writing_goes_on_where_the_file_ends(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_all(path, [PASS])
    write_all(path, [FULL])
    assert list(read_records(path)) == [PASS, FULL]


@pytest.mark.parametrize("tail", ['{"problem', record_to_json(FULL)])
def test_writing_after_a_torn_line_leaves_whole_lines(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(record_to_json(PASS) + "\n" + tail)
    write_all(path, [PASS])
    reader = read_records(path)
    assert list(reader) == ([PASS, FULL, PASS] if tail.endswith("}") else [PASS, PASS])
    assert reader.torn_line is None


def test_a_record_can_be_read_before_the_writer_closes(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "records.jsonl") as writer:
        writer.write(PASS)
        assert list(read_records(writer.path)) == [PASS]


def test_a_second_writer_of_the_same_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    with RecordWriter(path), pytest.raises(UserError, match="being written by another process"):
        RecordWriter(path)
    RecordWriter(path).close()


def test_a_writer_may_be_closed_twice(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path / "records.jsonl")
    writer.close()
    writer.close()


def test_a_killed_writer_costs_at_most_the_line_it_was_writing(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    code = """
        import sys
        from pathlib import Path
        from verireason.records import RecordWriter, record_from_json
        record = record_from_json(sys.argv[2])
        with RecordWriter(Path(sys.argv[1])) as writer:
            while True:
                writer.write(record)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(path), record_to_json(FULL)]
    with subprocess.Popen(command) as process:
        while not path.exists() or path.stat().st_size < 200_000:
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    records = list(read_records(path))
    num_whole = path.read_bytes().count(b"\n")
    assert num_whole > 0
    assert records in ([FULL] * num_whole, [FULL] * (num_whole + 1))  # one more when only the line's end is missing


def test_a_full_disk_keeps_whole_lines_and_says_how_many(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    # A limit on the file's size ends as a full disk does: the last write takes a part of the line, the next none.
    code = """
        import resource, sys
        from pathlib import Path
        from verireason.errors import MissingError
        from verireason.records import RecordWriter, record_from_json
        record = record_from_json(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        try:
            with RecordWriter(Path(sys.argv[1])) as writer:
                while True:
                    writer.write(record)
        except MissingError as err:
            print(err)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(path), record_to_json(FULL)]
    message = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    num_records = len(list(read_records(path)))
    assert num_records == 5000 // (len(record_to_json(FULL)) + 1)
    assert f"cannot write to {path}: " in message
    assert f"; {num_records} records are safe in it" in message
    assert path.read_bytes().endswith(b"\n")


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write to"):
        RecordWriter(tmp_path / "missing" / "records.jsonl")


def test_truncating_keeps_the_other_lines_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    kept = json.dumps(json.loads(record_to_json(at_step(1))), indent=None, sort_keys=True) + "\n"
    path.write_text(kept + record_to_json(at_step(2)) + "\n")
    assert truncate_after_step(path, 1) == 1
    assert path.read_text() == kept


def test_truncating_after_a_step_keeps_records_without_one(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_all(path, [at_step(None), at_step(1), at_step(2), at_step(3), at_step(2)])
    assert truncate_after_step(path, 2) == 1
    assert [record.step for record in read_records(path)] == [None, 1, 2, 2]


def test_truncating_drops_a_torn_line_and_counts_it(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(record_to_json(at_step(1)) + "\n" + '{"problem')
    assert truncate_after_step(path, 1) == 1
    assert path.read_text() == record_to_json(at_step(1)) + "\n"


def test_truncating_a_file_with_a_bad_line_leaves_it_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(f"{record_to_json(PASS)}\nnonsense\n{record_to_json(PASS)}\n")
    before = path.read_bytes()
    with pytest.raises(UserError, match=":2: not JSON"):
        truncate_records(path, lambda record: False)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (before, ["records.jsonl"])


def test_truncating_under_a_writer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    with RecordWriter(path), pytest.raises(UserError, match="being written"):
        truncate_after_step(path, 0)


def test_truncating_a_missing_file_drops_nothing(tmp_path: Path) -> None:
    assert truncate_after_step(tmp_path / "records.jsonl", 0) == 0
    assert not (tmp_path / "records.jsonl").exists()
