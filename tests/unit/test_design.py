"""A candidate's files and the design they make: marks, diffs, includes, and every way in which they do not fit."""

from __future__ import annotations

import difflib
import random

import pytest

from sim.hdl.design import File, Unfit, apply_diff, assemble, design_files, join_files

WANTED = ("rtl/a.sv", "rtl/b.sv")
TWO = "// file: rtl/a.sv\nmodule a;\nendmodule\n// file: rtl/b.sv\nmodule b;\nendmodule\n"


def texts(source: str, wanted: tuple[str, ...] = WANTED, context: dict[str, str] | None = None) -> dict[str, str]:
    return {path: file.text for path, file in design_files(source, wanted=wanted, context=context or {}).items()}


def test_files_come_back_as_they_were_joined() -> None:
    files = {"rtl/a.sv": "module a;\nendmodule\n", "rtl/b.sv": "module b;\nendmodule\n"}
    assert texts(join_files(files)) == files


def test_a_single_file_needs_no_mark() -> None:
    assert join_files({"rtl/a.sv": "module a; endmodule\n"}) == "module a; endmodule\n"
    assert texts("module a; endmodule\n", ("rtl/a.sv",)) == {"rtl/a.sv": "module a; endmodule\n"}


def test_a_source_without_marks_holds_the_modules_of_all_files() -> None:
    assert texts("module a; endmodule\n") == {"rtl/a.sv": "module a; endmodule\n", "rtl/b.sv": ""}


@pytest.mark.parametrize("path", ["/code/rtl/a.sv", "./rtl/a.sv", "a.sv", "rtl/a.sv", "wrong.sv"])
def test_the_only_file_is_known_by_whatever_name(path: str) -> None:
    assert texts(f"// file: {path}\nmodule a;\n", ("rtl/a.sv",)) == {"rtl/a.sv": "module a;\n"}


def test_a_file_of_the_context_may_be_replaced_and_others_stay() -> None:
    context = {"rtl/a.sv": "old\n", "rtl/c.sv": "c\n"}
    assert texts("// file: rtl/a.sv\nnew\n", (), context) == {"rtl/a.sv": "new\n", "rtl/c.sv": "c\n"}


def test_lines_of_a_design_are_known_as_the_candidates_own() -> None:
    files = design_files(TWO, wanted=WANTED, context={"rtl/c.sv": "// c\n"})
    design = assemble(files, ("rtl/c.sv", "rtl/b.sv", "rtl/a.sv"), defines={"W": "8"})
    assert design.text == "`define W 8\n// c\nmodule b;\nendmodule\nmodule a;\nendmodule\n"
    places = [design.place(line) for line in range(1, 7)]
    assert [(each.path, each.line, each.own_line) for each in places if each] == [
        ("", 1, None),
        ("rtl/c.sv", 1, None),
        ("rtl/b.sv", 1, 5),
        ("rtl/b.sv", 2, 6),
        ("rtl/a.sv", 1, 2),
        ("rtl/a.sv", 2, 3),
    ]
    assert design.place(7) is design.place(None) is None


def test_included_files_stand_in_their_place() -> None:
    files = {
        "rtl/a.sv": File(text='`include "defs.svh" // all\nmodule a;\n`include "no_such.svh"\n'),
        "inc/defs.svh": File(text='`include "defs.svh"\n`define W 8\n'),
    }
    design = assemble(files, ("rtl/a.sv",), defines={})
    assert design.text == '`include "defs.svh"\n`define W 8\nmodule a;\n`include "no_such.svh"\n'


def test_files_that_include_each_other_end() -> None:
    files = {f"f{n}.sv": File(text=f'`include "f{(n + 1) % 9}.sv"\n' * 50) for n in range(9)}
    assert len(assemble(files, ("f0.sv",), defines={}).places) < 20_000


def test_a_source_that_is_not_there_does_not_fit() -> None:
    with pytest.raises(Unfit, match=r"no file rtl/z\.sv"):
        assemble({}, ("rtl/z.sv",), defines={})


def test_too_much_text_does_not_fit() -> None:
    with pytest.raises(Unfit, match="more than 1024 KiB"):
        assemble({"a.sv": File(text="x" * 600_000)}, ("a.sv", "a.sv"), defines={})


def unified(old: list[str], new: list[str], context: int) -> str:
    return "\n".join(difflib.unified_diff(old, new, "a/x", "b/x", lineterm="", n=context)) + "\n"


def test_diffs_of_a_library_apply() -> None:
    rng = random.Random(1)
    for _ in range(300):
        old = [rng.choice("abcd") for _ in range(rng.randint(0, 12))]
        new = [line for line in old if rng.random() > 0.3]
        for _ in range(rng.randint(0, 4)):
            new.insert(rng.randint(0, len(new)), rng.choice("xyz"))
        if old == new:
            continue
        text = "".join(f"{line}\n" for line in old)
        assert apply_diff(text, unified(old, new, rng.randint(0, 3)), path="x") == "".join(f"{line}\n" for line in new)


@pytest.mark.parametrize(
    ("diff", "why"),
    [
        ("@@ -1,1 +1,1 @@\n-z\n+x\n", "line 1 is not 'z'"),
        ("@@ -9,1 +9,1 @@\n-a\n+x\n", "hunk 1 starts at line 9"),
        ("@@ -1,2 +1,2 @@\n a\n", "its last hunk is cut off"),
        ("@@ -1,2 +1,2 @@\n a\n*b\n", "in a hunk"),
        ("@@ -2,1 +2,1 @@\n-b\n+x\n@@ -1,1 +1,1 @@\n-a\n+y\n", "hunk 2 starts at line 1"),
        ("--- a/x\n+++ b/x\n", "has no hunk"),
        ("Here it is:\n@@ -1,1 +1,1 @@\n-a\n+x\n", "a line that is in no hunk"),
        ("@@ -1,9999999 +1,1 @@\n a\n b\n c\n", "line 3 is not 'c'"),
    ],
)
def test_a_diff_that_does_not_apply_says_why(diff: str, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        apply_diff("a\nb\n", diff, path="rtl/x.sv")


def test_a_new_file_and_one_that_ends_without_a_line_end() -> None:
    assert apply_diff("", "@@ -0,0 +1,2 @@\n+a\n+b", path="x") == "a\nb\n"
    assert apply_diff("a", "@@ -1 +1,2 @@\n a\n\\ No newline at end of file\n+b\n", path="x") == "a\nb\n"


def test_a_diff_in_a_candidate_is_of_the_contexts_file() -> None:
    source = "// diff: rtl/a.sv\n--- a/rtl/a.sv\n+++ b/rtl/a.sv\n@@ -1,1 +1,1 @@\n-old\n+new\n"
    assert texts(source, (), {"rtl/a.sv": "old\nend\n"}) == {"rtl/a.sv": "new\nend\n"}


@pytest.mark.parametrize("text", ["// file: a\n" * 20_000, "@@ -0,0 +0,0 @@\n" * 20_000, '`include "a"\n' * 20_000])
def test_long_hostile_texts_are_read_to_their_end(text: str) -> None:
    files = design_files(text, wanted=("a",), context={})
    assemble(files, ("a",), defines={})
    with pytest.raises(Unfit):
        apply_diff("", text + "x", path="a")


def test_the_last_of_several_files_with_one_path_counts() -> None:
    diff = "// diff: rtl/a.sv\n@@ -1,1 +1,1 @@\n-{}\n+new\n"
    context = {"rtl/a.sv": "old\n"}
    assert texts(diff.format("none") + diff.format("old"), (), context) == {"rtl/a.sv": "new\n"}
    assert texts(diff.format("none") + "// file: rtl/a.sv\nwhole\n", (), context) == {"rtl/a.sv": "whole\n"}


@pytest.mark.parametrize("path", ["src:wrap.sv", "/code/src:wrap.sv", "src:other.sv"])
@pytest.mark.parametrize("kind", ["file", "diff"])
def test_the_harness_keeps_its_own_files(path: str, kind: str) -> None:
    with pytest.raises(Unfit, match="an answer has no file src:"):
        texts(f"// {kind}: {path}\n", WANTED, {"src:wrap.sv": "module wrap; endmodule\n"})


def test_the_harness_files_come_last_behind_what_ends_comments_and_macros() -> None:
    files = {"src:wrap.sv": File(text="wrap\n"), "a.sv": File(text="a /*", line=1), "b.sv": File(text="`define B \\")}
    design = assemble(files, ("a.sv", "src:wrap.sv", "b.sv"), defines={})
    assert design.text == "a /*\n`define B \\\n/**/\nwrap\n"
    assert design.num_own_lines == 3
    assert assemble(files, ("a.sv",), defines={}).num_own_lines is None


def test_too_many_lines_do_not_fit() -> None:
    with pytest.raises(Unfit, match="more than 100000 lines"):
        assemble({"a.sv": File(text="\n" * 200_000)}, ("a.sv",), defines={})
