"""Known flaws of public benchmarks: the table fits the benchmarks, and what it explains."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from verireason.data import rtllm, verilog_eval
from verireason.data.benchmarks import LOADERS, load_benchmark
from verireason.data.errata import ERRATA, Flaw, errata_of, erratum_words
from verireason.data.findings import Finding, ceiling, findings_of
from verireason.data.proofs import ProblemProof
from verireason.evals.facts import facts_of, read_facts, write_facts

DIRECTORIES = {
    verilog_eval.NAME: "verilog-eval-v2",
    verilog_eval.CODE_COMPLETE: "verilog-eval-v2",
    rtllm.NAME: "rtllm-v2",
}
SOUND = ProblemProof(problem_id="edge_detect", family="f", defect=None, false_passes=(), idle_probes=(), mutants=())


def found(proof: ProblemProof) -> list[Finding]:
    return findings_of(proof, benchmark=rtllm.NAME, icarus="12.0")


def test_the_table_knows_benchmarks_that_can_be_loaded() -> None:
    assert set(ERRATA) <= set(LOADERS)


@pytest.mark.parametrize("benchmark", sorted(DIRECTORIES))
def test_the_table_names_problems_that_are_there(benchmark: str, shared_data: Callable[[str], Path]) -> None:
    ids = {problem.id for problem in load_benchmark(benchmark, shared_data(DIRECTORIES[benchmark]))}
    assert set(ERRATA[benchmark]) <= ids


def test_a_flaw_of_another_version_of_icarus_is_none_of_ours() -> None:
    problem = "Prob151_review2015_fsm"
    assert not errata_of(verilog_eval.NAME, problem, icarus="12.0")
    assert [each.flaw for each in errata_of(verilog_eval.NAME, problem, icarus="11.0")] == [Flaw.GOLDEN]
    assert erratum_words(verilog_eval.NAME, problem) is None


def test_a_flaw_is_told_with_its_source() -> None:
    words = erratum_words(verilog_eval.NAME, "Prob099_m2014_q6c")
    assert words is not None
    assert words.endswith("(github.com/NVlabs/verilog-eval/issues/13)")


def test_a_sound_problem_is_no_finding() -> None:
    assert found(SOUND) == []


def test_an_empty_design_that_passes_is_explained_where_that_is_known() -> None:
    (known,) = found(replace(SOUND, false_passes=("zeros",)))
    (unknown,) = found(replace(SOUND, problem_id="alu", false_passes=("zeros",)))
    assert known.words.startswith("edge_detect: designs without logic pass: zeros [known: its testbench passes")
    assert (known.is_explained, unknown.is_explained) == (True, False)


def test_a_flaw_of_one_sort_does_not_explain_another() -> None:
    (finding,) = found(replace(SOUND, defect="the golden's verdict is MISMATCH"))
    assert not finding.is_explained


def test_probes_of_a_problem_whose_golden_fails_say_nothing() -> None:
    (finding,) = found(replace(SOUND, problem_id="clkgenerator", defect="MISMATCH", idle_probes=("zeros",)))
    assert (finding.what, finding.is_explained) == ("MISMATCH", True)


def test_a_probe_that_did_not_run_proves_nothing_and_is_said() -> None:
    (finding,) = found(replace(SOUND, idle_probes=("finish",)))
    assert (finding.what, finding.is_explained) == ("probes that did not run: finish", False)


def test_the_ceiling_names_the_tool() -> None:
    assert ceiling([SOUND, replace(SOUND, defect="x")], tool="Icarus 12.0") == "1 of 2 goldens pass with Icarus 12.0"


def test_errata_stand_beside_defects_on_disk(tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    problems = load_benchmark(rtllm.NAME, shared_data("rtllm-v2"))
    write_facts(tmp_path / "problems.json", (facts_of(each, defect=None, dropped=()) for each in problems))
    entries = {entry["problem_id"]: entry for entry in json.loads((tmp_path / "problems.json").read_text())}
    assert set(entries) == set(ERRATA[rtllm.NAME])
    assert {each.problem_id: each.erratum for each in read_facts(tmp_path / "problems.json")} == {
        name: erratum_words(rtllm.NAME, name) for name in entries
    }
