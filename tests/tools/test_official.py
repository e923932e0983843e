"""The official rules on the real farm: our verdicts equal those of the published harnesses, warnings and all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.farm import Farm
from sim.verdict import Candidate, Outcome
from verireason.agreement.published import HARNESSES
from verireason.cli import main
from verireason.data import verilog_eval, verilog_eval_v1
from verireason.data.benchmarks import read_benchmark
from verireason.data.calibrate import calibrate
from verireason.data.loaded import Loaded
from verireason.data.official import under_official_rule

CASES = {
    verilog_eval_v1.HUMAN: (
        "verilog-eval-v1",
        "vector0",
        "module top_module(input [2:0] vec, output [2:0] outv, output o2, output o1, output o0);\n",
        "  assign outv = vec;\n  assign {o2, o1, o0} = vec;\n",
    ),
    verilog_eval.NAME: (
        "verilog-eval-v2",
        "Prob014_andgate",
        "module TopModule(input a, input b, output out);\n",
        "  assign out = a & b;\n",
    ),
}
ADDED = {
    "nothing": "",
    "a constant that is cut": "  wire [3:0] w = 4'd99;\n",
    "no sensitivities": "  reg r;\n  always_comb r = 1'b1;\n",
    "no sensitivities, old style": "  reg r;\n  always @* r = 1'b1;\n",
    "a warning with the word error in it": "  assign error_flag = 1'b0;\n",
    "a syntax error": "  assign ;\n",
}


@pytest.mark.parametrize("benchmark", CASES)
def test_verdicts_equal_the_published_ones(farm: Farm, shared_data: Callable[[str], Path], benchmark: str) -> None:
    directory, problem_id, head, body = CASES[benchmark]
    root = shared_data(directory)
    found = next(each for each in read_benchmark(benchmark, root).problems if each.id == problem_id)
    problems = under_official_rule(Loaded(problems=[found]), benchmark).problems
    spec = calibrate(farm, problems).problems[problem_id].spec
    sources = {name: f"{head}{body}{added}endmodule\n" for name, added in ADDED.items()}
    sources["a net type that is left"] = f"{sources['nothing']}`default_nettype none\n"
    sources["a delay"] = sources["nothing"].replace("assign", "assign #1")
    sources["wrong"] = f"{head}endmodule\n"
    harness = HARNESSES[benchmark](root)[problem_id]
    ours = list(farm.judge((Candidate(source=source), spec) for source in sources.values()))
    theirs = farm.pool.map([harness.job(source, image=farm.image) for source in sources.values()])
    published = [harness.judge(source, result) for source, result in zip(sources.values(), theirs, strict=True)]
    assert {name: verdict.passed for name, verdict in zip(sources, ours, strict=True)} == {
        name: said.ruling.passed for name, said in zip(sources, published, strict=True)
    }
    failed_by_the_rule = [verdict for verdict in ours if verdict.num_passed == verdict.num_tests and not verdict.passed]
    assert len(failed_by_the_rule) >= 3
    for verdict in failed_by_the_rule:
        assert verdict.outcome is Outcome.COMPILE_ERROR
        assert verdict.diagnostics[0].message.startswith("the official rule: VerilogEval v")


@pytest.mark.usefixtures("farm")
def test_verify_official_fails_a_warning_that_verify_allows(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    root = shared_data("verilog-eval-v1")
    _, problem_id, head, body = CASES[verilog_eval_v1.HUMAN]
    code = f"{head}{body}{ADDED['a constant that is cut']}endmodule\n"
    completions = tmp_path / "completions.jsonl"
    completions.write_text(json.dumps({"task_id": problem_id, "completion": code}) + "\n")
    words = ["verify", "--benchmark", verilog_eval_v1.HUMAN, "--root", str(root), "--completions", str(completions)]
    outcomes = []
    for name, more in (("plain", []), ("official", ["--official"])):
        assert main([*words, "--out", str(tmp_path / name), *more]) == 0
        outcomes.append(json.loads((tmp_path / name / "records.jsonl").read_text())["outcome"])
    assert outcomes == ["PASS", "COMPILE_ERROR"]
