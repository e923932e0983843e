"""The public benchmarks' loaders: what becomes of the published texts, and every row of a wrong layout."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.hdl.testbench import EVIDENCE, TESTBENCH_TOP
from verireason.data import rtllm, rtllm_testbench, verilog_eval, verilog_eval_v1
from verireason.data.benchmarks import LOADERS, load_benchmark, read_benchmark
from verireason.errors import UserError
from verireason.problem import Problem
from verireason.templates import extract

DIRECTORIES = {
    rtllm.NAME: "rtllm-v2",
    verilog_eval.NAME: "verilog-eval-v2",
    verilog_eval.CODE_COMPLETE: "verilog-eval-v2",
    verilog_eval_v1.HUMAN: "verilog-eval-v1",
    verilog_eval_v1.MACHINE: "verilog-eval-v1",
}
NUM_PROBLEMS = {
    rtllm.NAME: 50,
    verilog_eval.NAME: 156,
    verilog_eval.CODE_COMPLETE: 156,
    verilog_eval_v1.HUMAN: 156,
    verilog_eval_v1.MACHINE: 143,
}
HARNESS_NAMES = re.compile(r"\b(tb|stimulus_gen|RefModule|reference_module|good1|top_module1|stats1|tb_match)\b")


def without_comments(text: str) -> str:
    return re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)


@pytest.fixture(scope="module", params=sorted(DIRECTORIES))
def problems(request: pytest.FixtureRequest, shared_data: Callable[[str], Path]) -> list[Problem]:
    return load_benchmark(request.param, shared_data(DIRECTORIES[request.param]))


def test_every_problem_is_there_once_and_in_words(problems: list[Problem]) -> None:
    assert len({problem.id for problem in problems}) == len(problems) == NUM_PROBLEMS[problems[0].benchmark]
    assert all(problem.prompt and problem.golden and problem.licence == "MIT" for problem in problems)


def test_a_golden_defines_the_module_that_candidates_define(problems: list[Problem]) -> None:
    for problem in problems:
        assert re.search(rf"\bmodule\s+{problem.spec.top}\b", problem.golden), problem.id


def test_the_testbench_keeps_no_name_that_a_candidate_could_know(problems: list[Problem]) -> None:
    for problem in problems:
        text = without_comments(problem.spec.testbench)
        assert re.search(rf"\bmodule\s+{TESTBENCH_TOP}\b", text), problem.id
        assert not HARNESS_NAMES.search(text), problem.id
        assert not any(re.search(rf"(?<!\.)\b{name}\b", text) for name in problem.spec.reserved), problem.id


def test_what_ends_a_run_is_evidence(problems: list[Problem]) -> None:
    for problem in problems:
        assert f"{EVIDENCE} Mismatches: " in problem.spec.testbench, problem.id
        assert not re.search(r'"(Mismatches|=+ ?Your Design Passed)', problem.spec.testbench), problem.id


def test_random_stimulus_has_a_sequence_of_its_own(problems: list[Problem]) -> None:
    for problem in problems:
        assert not re.search(r"\$u?random\b(?!\()|\$urandom_range", without_comments(problem.spec.testbench)), (
            problem.id
        )


def test_no_testbench_opens_a_file(problems: list[Problem]) -> None:
    for problem in problems:
        assert not re.search(r"\$(f(open|scanf)|readmem[hb])", without_comments(problem.spec.testbench)), problem.id


def test_answers_that_go_on_from_the_prompt_have_a_header_to_go_on_from(problems: list[Problem]) -> None:
    wanted = problems[0].benchmark not in (rtllm.NAME, verilog_eval.NAME)
    for problem in problems:
        assert (problem.header is not None) == wanted, problem.id
        assert problem.header is None or re.search(rf"module\s+{problem.spec.top}\b", problem.header), problem.id


def test_the_first_difference_is_printed_where_the_published_testbench_notes_it(problems: list[Problem]) -> None:
    for problem in problems:
        if problem.benchmark == rtllm.NAME:  # its testbenches count in too many ways
            continue
        assert problem.spec.testbench.count("__vr_stats1.errortime = $time;") == 1, problem.id
        assert f"{EVIDENCE} First: time %0d output " in problem.spec.testbench, problem.id


RTLLM_TESTBENCH = """module t; reg clk = 0; reg [7:0] want [0:1]; wire q; integer error = 0, fp, s, a, b;
  dff #(.WIDTH(1)) clkgen (.clk(clk), .q(q));
  initial begin
    $readmemh("want.dat", want);
    fp = $fopen("pairs.txt", "r");
    s = $fscanf(fp, "%d %d\\n", a, b);
    if (error == 0) $display("===========Your Design Passed===========");
    else $display("===========Test completed with %d failures===========", error);
  end
endmodule
"""


def test_data_files_stand_in_the_testbench_and_ports_keep_their_names() -> None:
    text = rtllm_testbench.with_placeholders(
        RTLLM_TESTBENCH, {"want.dat": "0a\nff\n", "pairs.txt": "3 -4\n"}, path=Path("somewhere")
    )
    assert text.startswith("`timescale 1ns/1ns\nmodule __vr_tb;")
    assert "begin __vr_want[0] = 'h0a; __vr_want[1] = 'hff; end" in text
    assert "0: __vr_value = 3; 1: __vr_value = -4;" in text
    assert "__vr_b = __vr_value(__vr_position);" in text
    assert "dff #(.WIDTH(1)) __vr_clkgen (.clk(__vr_clk), .q(__vr_q));" in text
    assert '$display("@VR@ Mismatches: 0 in 1 samples");' in text
    assert 'else $display("@VR@ Mismatches: 1 in 1 samples");' in text


V1_ROW = {
    "task_id": "and",
    "prompt": "module top_module (input a, output q);\n",
    "canonical_solution": "assign q = a;\nendmodule\n",
    "test": (
        "module reference_module; endmodule\nmodule tb; reference_module good1 (); top_module top_module1 ();\n"
        'final $display("Mismatches: %1d in %1d samples", 0, 1); endmodule'
    ),
}
V1_WORDS = {"task_id": "and", "detail_description": "A wire."}


def write_v1(root: Path, row: object, words: object = V1_WORDS) -> None:
    for name, line in (("data/VerilogEval_Human.jsonl", row), ("descriptions/VerilogDescription_Human.jsonl", words)):
        (root / name).parent.mkdir()
        (root / name).write_text(line if isinstance(line, str) else json.dumps(line))


def test_a_v1_problem_is_made_of_both_its_files(tmp_path: Path) -> None:
    write_v1(tmp_path, V1_ROW)
    (problem,) = verilog_eval_v1.load_human(tmp_path)
    assert problem.prompt == "A wire.\n\nmodule top_module (input a, output q);"
    assert problem.golden == "module top_module (input a, output q);\n\nassign q = a;\nendmodule\n"
    assert problem.spec.reference == "module __vr_ref; endmodule\n"
    assert problem.spec.reserved == ("tb", "stimulus_gen", "reference_module")


@pytest.mark.parametrize(
    ("row", "words", "message"),
    [
        ("{", V1_WORDS, "VerilogEval_Human.jsonl:1: not JSON"),
        ({"task_id": "and"}, V1_WORDS, "VerilogEval_Human.jsonl:1: expected an object with the texts task_id, prompt"),
        (json.dumps(V1_ROW)[:-40], V1_WORDS, "VerilogEval_Human.jsonl:1: not JSON"),
        ({**V1_ROW, "test": "module tb; endmodule"}, V1_WORDS, ":1: the test of and: it has no reference_module"),
        ({**V1_ROW, "test": V1_ROW["test"][:110]}, V1_WORDS, ":1: the test of and: it never prints the number of mism"),
        ({**V1_ROW, "test": V1_ROW["test"].replace("top_module top", "x t")}, V1_WORDS, "it instantiates no TopModule"),
        (f"{json.dumps(V1_ROW)}\n" * 2, V1_WORDS, "VerilogEval_Human.jsonl:2: and is at line 1 already"),
        (V1_ROW, f"{json.dumps(V1_WORDS)}\n" * 2, "VerilogDescription_Human.jsonl:2: and is at line 1 already"),
        (V1_ROW, {**V1_WORDS, "task_id": "or"}, "no description of and"),
    ],
)
def test_a_bad_v1_file_is_one_line_that_names_it(tmp_path: Path, row: object, words: object, message: str) -> None:
    write_v1(tmp_path, row, words)
    with pytest.raises(UserError) as raised:
        verilog_eval_v1.load_human(tmp_path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("benchmark", sorted(LOADERS))
def test_a_directory_of_something_else_is_one_line_that_names_it(tmp_path: Path, benchmark: str) -> None:
    with pytest.raises(UserError) as raised:
        load_benchmark(benchmark, tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("verified_multi_booth_8bit.v", None),
        ("verified_booth4_mul.v", "0 files verified_*.v"),
        ("test_data.dat", "test_data.dat: not there; the testbench reads it"),
        ("design_description.txt", "design_description.txt: No such file"),
    ],
)
def test_a_missing_file_of_rtllm_is_named(
    shared_data: Callable[[str], Path], tmp_path: Path, missing: str, message: str | None
) -> None:
    directory = tmp_path / "Arithmetic" / "Multiplier" / "multi_booth_8bit"
    shutil.copytree(
        shared_data("rtllm-v2") / "Arithmetic" / "Multiplier" / "multi_booth_8bit", directory,
        ignore=shutil.ignore_patterns(missing), copy_function=shutil.copyfile,
    )  # fmt: skip
    if message is None:
        assert len(rtllm.load(tmp_path).problems) == 1
        return
    with pytest.raises(UserError, match=re.escape(message)):
        rtllm.load(tmp_path)


V1_TESTBENCH = """module test; reg a = 0; wire y; inv dut (.a(a), .y(y));
  initial begin #1 if (y) $display("=========== Your Design Passed ==========="); else $display("===========Error==========="); end
endmodule
"""
V1_GOLDEN = "module helper(input a, output y); assign y = ~a; endmodule\nmodule verified_inv(input a, output y); helper h(a, y); endmodule\n"


def write_rtllm(directory: Path, *, testbench: str = V1_TESTBENCH, golden: str = V1_GOLDEN) -> Path:
    directory.mkdir(parents=True)
    for name, text in (("design_description.txt", "Invert.\n"), ("testbench.v", testbench), ("verified_inv.v", golden)):
        (directory / name).write_text(text)
    return directory


def test_version_1_1_of_rtllm_is_flat_and_its_golden_gets_the_name_that_the_testbench_wants(tmp_path: Path) -> None:
    write_rtllm(tmp_path / "inv")
    (tmp_path / "_chatgpt35" / "t1").mkdir(parents=True)
    (problem,) = load_benchmark(rtllm.V1, tmp_path)
    assert (problem.id, problem.benchmark, problem.prompt, problem.spec.top) == ("inv", rtllm.V1, "Invert.", "inv")
    assert problem.golden == V1_GOLDEN.replace("verified_inv", "inv")
    assert problem.spec.reserved == ("test",)


def test_a_testbench_that_never_says_passed_is_left_out_with_its_reason(tmp_path: Path) -> None:
    write_rtllm(tmp_path / "inv")
    write_rtllm(tmp_path / "mute", testbench=V1_TESTBENCH.replace("Your Design Passed", "done"))
    loaded = read_benchmark(rtllm.V1, tmp_path)
    assert [problem.id for problem in loaded.problems] == ["inv"]
    assert loaded.left_out == {"mute": "its testbench never prints that the design passed"}


@pytest.mark.parametrize(
    ("testbench", "golden", "message"),
    [
        (V1_TESTBENCH[:80], V1_GOLDEN, "inv/testbench.v: no endmodule in it, so it is cut short"),
        (V1_TESTBENCH, V1_GOLDEN[:30], "inv/verified_inv.v: no endmodule in it, so it is cut short"),
        (V1_TESTBENCH, "// endmodule\n", "inv/verified_inv.v: it has no module"),
        (V1_TESTBENCH.replace("inv dut (.a(a), .y(y));", ""), V1_GOLDEN, "inv/testbench.v: it instantiates no module"),
    ],
)
def test_a_damaged_file_of_rtllm_is_one_line_that_names_it(
    tmp_path: Path, testbench: str, golden: str, message: str
) -> None:
    write_rtllm(tmp_path / "inv", testbench=testbench, golden=golden)
    with pytest.raises(UserError, match=re.escape(message)):
        load_benchmark(rtllm.V1, tmp_path)


def test_the_same_design_in_two_places_is_one_line_that_names_both(tmp_path: Path) -> None:
    for category in ("A", "B"):
        write_rtllm(tmp_path / category / "C" / "inv")
    with pytest.raises(UserError, match=r"/B/C/inv: problem inv is at .*/A/C/inv already"):
        load_benchmark(rtllm.NAME, tmp_path)


def test_a_missing_part_of_v2_is_named(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    published = shared_data("verilog-eval-v2") / "dataset_spec-to-rtl"
    directory = tmp_path / "dataset_spec-to-rtl"
    directory.mkdir()
    for part in ("test.sv", "ref.sv"):
        shutil.copyfile(published / f"Prob001_zero_{part}", directory / f"Prob001_zero_{part}")
    with pytest.raises(UserError, match=r"Prob001_zero_prompt\.txt: .*every problem has its prompt"):
        verilog_eval.load(tmp_path)


@pytest.mark.parametrize(
    ("part", "text", "message"),
    [
        ("prompt.txt", " \n", "no words in it, so it is cut short"),
        ("ref.sv", "module RefModule (", "no endmodule in it, so it is cut short"),
        ("test.sv", "module stimulus_gen; endmodule", "it never prints the number of mismatches"),
    ],
)
def test_a_damaged_part_of_v2_is_one_line_that_names_it(
    shared_data: Callable[[str], Path], tmp_path: Path, part: str, text: str, message: str
) -> None:
    published = shared_data("verilog-eval-v2") / "dataset_spec-to-rtl"
    directory = tmp_path / "dataset_spec-to-rtl"
    directory.mkdir()
    for name in ("prompt.txt", "test.sv", "ref.sv"):
        shutil.copyfile(published / f"Prob001_zero_{name}", directory / f"Prob001_zero_{name}")
    (directory / f"Prob001_zero_{part}").write_text(text)
    with pytest.raises(UserError) as raised:
        verilog_eval.load(tmp_path)
    assert f"Prob001_zero_{part}: " in str(raised.value)
    assert message in str(raised.value)


@pytest.mark.parametrize("text", ["  assign q = a;\nendmodule\n", V1_ROW["prompt"] + "  assign q = a;\nendmodule\n"])
def test_a_v1_completion_goes_on_from_the_header_or_is_a_whole_module(tmp_path: Path, text: str) -> None:
    write_v1(tmp_path, V1_ROW)
    (problem,) = verilog_eval_v1.load_human(tmp_path)
    code = extract(text, top=problem.spec.top, header=problem.header).code
    assert code is not None
    assert code.split() == (V1_ROW["prompt"] + V1_ROW["canonical_solution"]).split()


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    write_v1(tmp_path, V1_ROW)
    (tmp_path / "data" / "VerilogEval_Human.jsonl").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(UserError, match=r"VerilogEval_Human\.jsonl: byte 7 is not UTF-8; give the directory"):
        verilog_eval_v1.load_human(tmp_path)
