"""The guard: what it rejects, what it takes out, and what it must leave alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim.inbox import guard, system_tasks
from sim.inbox.guard import Examination, examine

RESERVED = frozenset({"RefModule", "tb", "stimulus_gen"})
SECRET = "vr0123456789abcdef0123_"
HEAD = "module TopModule(input clk, input a, output reg q);\n"


def look(text: str, simulator: str = "icarus") -> Examination:
    return examine(text, top="TopModule", reserved=RESERVED, simulator=simulator)


def inside(body: str) -> str:
    return f"{HEAD}{body}\nendmodule\n"


HOSTILE = {
    # out of the hierarchy
    "reads the reference through the testbench": ("hierarchy", inside("assign q = tb.q_ref;")),
    "reads through an instance of the testbench": ("hierarchy", inside("always @(posedge clk) q <= good1.q;")),
    "writes the testbench": ("hierarchy", inside("initial tb.errors = 0;")),
    "goes through $root": ("hierarchy", inside("assign q = $root.tb.q_ref;")),
    "goes through $root to itself": ("hierarchy", inside("wire w; assign q = $root.TopModule.w;")),
    "escaped name of the testbench": ("hierarchy", inside("assign q = \\tb .q_ref;")),
    "escaped names all through": ("hierarchy", inside("assign q = \\tb . \\q_ref ;")),
    "dot on a line of its own": ("hierarchy", inside("assign q = tb\n.\nq_ref;")),
    "comment between the parts": ("hierarchy", inside("assign q = tb/* */./* */q_ref;")),
    "name from a macro": ("hierarchy", "`define R tb.q_ref\n" + inside("assign q = `R;")),
    "name pasted by a macro": ("hierarchy", "`define R(x) t``x.q_ref\n" + inside("assign q = `R(b);")),
    "dot from a macro": ("hierarchy", "`define DOT .\n" + inside("assign q = tb `DOT q_ref;")),
    "macro defined by a macro": ("hierarchy", "`define MK(n,v) `define n v\n`MK(R, tb.q_ref)\n" + inside("assign q = `R;")),
    "indexed instance of the testbench": ("hierarchy", inside("assign q = duts[0].q;")),
    "part select of an outer name": ("hierarchy", inside("assign q = tb.q_ref[0];")),
    "event of the testbench": ("hierarchy", inside("always @(tb.strobe) q = 1;")),
    "triggers an event of the testbench": ("hierarchy", inside("initial -> tb.done;")),
    "disables a block of the testbench": ("hierarchy", inside("initial disable tb.check;")),
    "calls a task of the testbench": ("hierarchy", inside("initial tb.finish_early();")),
    "calls a function of the testbench": ("hierarchy", inside("assign q = tb.expected(a);")),
    "as a port connection": ("hierarchy", inside("sub u(.x(tb.q_ref), .y(q));") + "module sub(input x, output y); assign y = x; endmodule"),
    "as an argument of a task": ("hierarchy", inside('initial $display("%b", tb.q_ref);')),
    "in a delay": ("hierarchy", inside("initial #(tb.period) q = 1;")),
    "in a generate block that is never built": ("hierarchy", inside("parameter P = 0; if (P == 1) assign q = tb.q_ref;")),
    "in a module that is never used": ("hierarchy", inside("") + "module other; wire x = tb.q_ref; endmodule"),
    "from a child": ("hierarchy", inside("sub u();") + "module sub; wire x = tb.q_ref; endmodule"),
    "in a function": ("hierarchy", inside("function f(input x); f = tb.q_ref; endfunction")),
    "in a package's function": ("hierarchy", "package p; function f(); return tb.q_ref; endfunction endpackage " + inside("")),
    "behind a decoy in another scope": ("hierarchy", inside("function f(input tb); f = tb; endfunction assign q = tb.q_ref;")),
    "behind a member of the same name": ("hierarchy", inside("typedef struct packed {logic tb;} s_t; s_t s; assign q = tb.q_ref;")),
    "defparam of its own": ("parameter", inside("parameter W = 8; defparam W = 1;")),
    "defparam of its own, by the top's name": ("parameter", inside("parameter W = 8; defparam \\TopModule .W = 1;")),
    "defparam of the top's, from a child": ("parameter", inside("sub u();") + "module sub; defparam TopModule.W = 1; endmodule"),
    "defparam of the testbench": ("hierarchy", inside("defparam tb.NUM = 1;")),
    "branch only for Icarus": ("hierarchy", "`ifdef __ICARUS__\n" + inside("assign q = tb.q;") + "`else\n" + inside("") + "`endif\n"),
    "branch hidden from slang": ("hierarchy", "`ifndef __slang__\n" + inside("assign q = tb.q;") + "`endif\n"),
    "branch after a look at slang's version": ("hierarchy", "`ifndef __slang_major__\n" + inside("assign q = tb.q;") + "`endif\n"),
    "condition made by a macro": ("hierarchy", "`define C `ifdef __ICARUS__ assign q = tb.q; `endif\n" + inside("`C")),
    "moved by `line": ("hierarchy", '`line 1 "testbench.sv" 1\n' + inside("assign q = tb.q;")),
    "carriage returns around comments": ("hierarchy", inside("// \rassign q = tb.q;\r//")),
    "NUL in a comment": ("hierarchy", inside("// \0\nassign q = tb.q;")),
    "behind a macro that nobody defined": ("hierarchy", inside("`nothing assign q = tb.q;")),
    "behind an old directive": ("hierarchy", inside("`protect\nassign q = tb.q;\n`endprotect")),
    "behind a second default": ("hierarchy", inside("always @* case (a) default: q = 0; default: q = tb.q; endcase")),
    "directive inside the module": ("hierarchy", inside("`default_nettype wire\nassign q = tb.q;")),
    # names of the harness
    "instantiates the reference": ("reserved-name", inside("RefModule r(.clk(clk), .a(a), .q(q));")),
    "instantiates it by an escaped name": ("reserved-name", inside("\\RefModule r(.clk(clk), .a(a), .q(q));")),
    "instantiates it by a macro": ("reserved-name", "`define M Ref``Module\n" + inside("`M r(.q(q));")),
    "defines the reference": ("reserved-name", inside("") + "module RefModule(output q); assign q = 0; endmodule"),
    "defines the testbench": ("reserved-name", inside("") + "module tb; endmodule"),
    "defines it as an interface": ("reserved-name", inside("") + "interface tb; endinterface"),
    "defines it as a primitive": ("reserved-name", inside("") + "primitive tb(o, i); output o; input i; table 0:0; endtable endprimitive"),
    "instantiates the fresh reference": ("reserved-name", inside(f"{SECRET}ref r(.q(q));")),
    "a variable named like the testbench's": ("reserved-name", inside(f"reg {SECRET}tb;")),
    "an escaped name like the testbench's": ("reserved-name", inside(f"reg \\{SECRET}tb ;")),
    "imports a package of the testbench": ("reserved-name", inside(f"import {SECRET}pkg::*;")),
    "a macro in an escaped name": ("escaped-name", inside("wire \\x`__FILE__ ;")),
    # constructs
    "bind": ("bind", inside("") + "bind tb TopModule x();"),
    "bind inside a module": ("bind", inside("bind tb other x();")),
    "force of the testbench": ("hierarchy", inside("initial force tb.q_dut = tb.q_ref;")),
    "DPI import": ("dpi", inside('import "DPI-C" function int system(string s);')),
    "DPI import at file level": ("dpi", 'import "DPI-C" context task t();\n' + inside("")),
    "DPI export": ("dpi", inside('export "DPI-C" function f; function int f(); return 1; endfunction')),
    "program": ("program", inside("") + "program p; initial $display; endprogram"),
    "config": ("config", inside("") + "config c; design TopModule; endconfig"),
    "include": ("include", '`include "/etc/passwd"\n' + inside("")),
    "include of a job's file": ("include", inside('`include "candidate.sv"')),
    "include from a macro": ("include", '`define I `include "x.sv"\n`I\n' + inside("")),
    "include in angle brackets": ("include", "`include <x.sv>\n" + inside("")),
    "C++ in a statement": ("native-code", inside('initial $c("exit(0);");')),
    "C++ in an expression": ("native-code", inside('assign q = $c32("1");')),
    "C++ by directive": ("native-code", "`systemc_header\n#include <stdio.h>\n`verilog\n" + inside("")),
    "C++ by a directive in a macro": ("native-code", "`define S `systemc_ctor\n`S\nputs();\n`verilog\n" + inside("")),
    "Verilator's configuration": ("native-code", inside("") + "`verilator_config\nlint_off\n"),
    # not understood as a whole, but plain enough
    "a file opened in broken code": ("system-task", inside('initial begin $fopen("/tmp/x"); end end')),
    "$root in broken code": ("hierarchy", inside("assign q = $root.tb.q; end")),
}  # fmt: skip

NEUTRALISED = {
    "force": (inside("initial force a = 1;"), 2),
    "force from a macro": ("`define F fo``rce\n" + inside("initial `F a = 1;"), 3),
    "release": (inside("initial release a;"), 2),
    "force with a value from a file": (inside('reg f; initial force f = $fopen("x");'), 2),
    "$finish": (inside("initial $finish;"), 2),
    "$finish with an argument": (inside("initial begin\n  #10 $finish(0);\nend"), 3),
    "$stop in a branch": (inside("always @(posedge clk) if (a) $stop; else q <= a;"), 2),
    "$fatal": (inside('initial if (0) $fatal(1, "no");'), 2),
    "$fatal at elaboration": (inside('parameter W = 4;\nif (W < 1) $fatal(1, "W");'), 3),
    "$exit": (inside("initial $exit;"), 2),
    "$finish_and_return": (inside("initial $finish_and_return(1);"), 2),
    "a parameter guard": (inside('parameter W = 4;\ninitial begin\n  if (W < 1) begin\n    $error("W");\n    $finish;\n  end\nend'), 6),
    "$fopen in an assignment": (inside('integer f;\ninitial f = $fopen("x", "w");'), 3),
    "$fopen in a declaration": (inside('integer f = $fopen("x");'), 2),
    "$fdisplay": (inside('initial $fdisplay(1, "x");'), 2),
    "$fwriteh": (inside('initial $fwriteh(1, "x");'), 2),
    "$fscanf under void": (inside("integer f, x; initial void'($fscanf(f, \"%d\", x));"), 2),
    "$readmemh": (inside('reg [7:0] m [0:3]; initial $readmemh("/etc/passwd", m);'), 2),
    "$writememb": (inside('reg [7:0] m [0:3]; initial $writememb("out", m);'), 2),
    "$sreadmemh": (inside("reg [7:0] m [0:3]; initial $sreadmemh(m, 0, 3, \"0\");"), 2),
    "$dumpfile": (inside('initial $dumpfile("x.vcd");'), 2),
    "$dumpvars": (inside("initial $dumpvars(0, TopModule);"), 2),
    "$dumpports": (inside('initial $dumpports(TopModule, "x");'), 2),
    "$system": (inside('initial $system("id");'), 2),
    "$value$plusargs": (inside('integer s; initial if ($value$plusargs("s=%d", s)) q = 1;'), 2),
    "$test$plusargs": (inside('assign q = $test$plusargs("x") ? 1 : a;'), 2),
    "$sdf_annotate": (inside('initial $sdf_annotate("x.sdf");'), 2),
    "$save": (inside('initial $save("x");'), 2),
    "$deposit": (inside("initial $deposit(q, 1);"), 2),
    "$ivlh_file_open": (inside('integer f; initial $ivlh_file_open(f, "x", 0);'), 2),
    "$showvars": (inside("initial $showvars;"), 2),
    "$list": (inside("initial $list(TopModule);"), 2),
    "$input": (inside('initial $input("x");'), 2),
    "$log": (inside('initial $log("x");'), 2),
    "$key": (inside("initial $key;"), 2),
    "$countdrivers": (inside("wire w; assign q = $countdrivers(w);"), 2),
    "$ferror in an expression": (inside("integer f; reg [639:0] s; assign q = a & ($ferror(f, s) == 0);"), 2),
    "in a concatenation": (inside('wire [63:0] w = {$fopen("a"), $fopen("b")};'), 2),
    "in an argument": (inside('initial $display("%d", $fgetc(1));'), 2),
    "nested in one another": (inside('initial $fclose($fopen("x"));'), 2),
    "with a label": (inside("initial begin stop_it: $finish; end"), 2),
    "with an attribute": (inside("initial (* x = 1 *) $finish;"), 2),
    "from a macro": ("`define DIE $finish\n" + inside("initial `DIE;"), 3),
    "pasted by a macro": ("`define DIE(x) $fin``x\n" + inside("initial `DIE(ish);"), 3),
    "half out of a macro": ("`define ARGS (1)\n" + inside("initial $finish `ARGS;"), 3),
    "with a macro in its arguments": ('`define NAME "x"\n' + inside("integer f; initial f = $fopen(`NAME);"), 3),
    "in a function": (inside("function f(input x); begin f = x; $finish; end endfunction"), 2),
    "in a task": (inside("task t; $stop; endtask"), 2),
    "in final": (inside('final $fdisplay(1, "x");'), 2),
    "as an escaped-looking call over lines": (inside("initial\n$finish\n(\n0\n)\n;"), 3),
    "only under Icarus": (inside("`ifdef __ICARUS__\ninitial $finish;\n`endif"), 3),
}  # fmt: skip

HONEST = {
    "words in comments": inside("// tb.q_ref force $finish `include\n/* bind $root.tb $fopen */ assign q = a;"),
    "words in strings": inside('initial $display("tb.q $finish `include force bind // $root.tb /*");'),
    "escaped quote in a string": inside('initial $display("\\" ; force a = 1; //");'),
    "struct members": inside("typedef struct packed {logic v; logic [3:0] d;} s_t; s_t s; always_comb begin s.v = a; s.d = 3; q = s.v; end"),
    "array of structs": inside("struct packed {logic v;} [3:0] s; assign q = s[2].v;"),
    "nested structs": inside("struct packed {struct packed {logic x;} in;} s; assign q = s.in.x;"),
    "struct from a package": "package p; typedef struct packed {logic v;} s_t; endpackage\n" + inside("p::s_t s; assign q = s.v;"),
    "struct variable of a package": "package p; typedef struct packed {logic v;} s_t; s_t s; endpackage\n" + inside("import p::*; assign q = s.v;"),
    "struct through a package's scope": "package p; typedef struct packed {logic v;} s_t; parameter s_t S = 1; endpackage\n" + inside("assign q = p::S.v;"),
    "struct port": "typedef struct packed {logic v;} s_t; module TopModule(input s_t i, output q); assign q = i.v; endmodule",
    "union": inside("union packed {logic [1:0] x; logic [1:0] y;} u; assign q = u.x[0];"),
    "generate scopes": inside("genvar i; generate for (i = 0; i < 4; i = i + 1) begin : g wire w; end endgenerate assign q = g[3].w;"),
    "a large generate": inside("genvar i, j; for (i = 0; i < 200; i = i + 1) begin : g for (j = 0; j < 200; j = j + 1) begin : h wire w; end end assign q = g[1].h[2].w;"),
    "chain of generate blocks": inside("genvar i; for (i = 0; i < 4; i++) begin : g wire c; if (i > 0) assign c = g[i-1].c; else assign c = a; end assign q = g[3].c;"),
    "conditional generate block": inside("parameter P = 0; if (P) begin : g wire w = a; end else begin : h wire w = a; end assign q = h.w;"),
    "reference into a block that is not built": inside("parameter P = 0; if (P) begin : g wire w; assign q = g.w; end else assign q = a;"),
    "down into an instance": inside("sub u1(); assign q = u1.x;") + "module sub; wire x; endmodule",
    "down into an array of instances": inside("sub u[3:0](); assign q = u[0].x;") + "module sub; wire x; endmodule",
    "down two levels": inside("mid m(); assign q = m.u.x;") + "module mid; sub u(); endmodule module sub; wire x; endmodule",
    "down into an instance of a module not here": inside("sub u1(); assign q = u1.x;"),
    "up inside its own hierarchy": inside("wire w; sub u();") + "module sub; wire x = TopModule.w; endmodule",
    "its own name": inside("wire w; assign q = TopModule.w;"),
    "defparam of its own instance": inside("sub u(); defparam u.W = 3;") + "module sub; parameter W = 1; endmodule",
    "named block": inside("always @* begin : blk reg t; t = a; q = t; end"),
    "variable of a named block": inside("always @* begin : blk reg t; t = a; end assign q = blk.t;"),
    "disable of its own block": inside("always @* begin : blk integer i; for (i = 0; i < 4; i = i + 1) if (a) disable blk; end"),
    "local of its own function": inside("function f(input x); reg t; f = x; endfunction assign q = f(a); initial f.t = 0;"),
    "automatic function": inside("function automatic int fact(int n); return n < 2 ? 1 : n * fact(n - 1); endfunction assign q = fact(3);"),
    "task": inside("task t(input x, output y); y = x; endtask always @* t(a, q);"),
    "enumeration methods": inside('typedef enum logic [1:0] {A, B, C} s_t; s_t s, n; always_comb n = s.next(); initial $display("%s", s.name());'),
    "more enumeration methods": inside("enum {A, B} s; initial begin s = s.first; s = s.last(); $display(s.num()); end"),
    "queue and array methods": inside("int d[$]; int e[4]; initial begin d.push_back(1); $display(d.size(), e.sum()); end"),
    "string methods": inside('string s = "x"; initial $display(s.len());'),
    "interface": "interface bus_if(input clk); logic v; modport m(output v); modport s(input v); endinterface\nmodule TopModule(bus_if.s b, output q); assign q = b.v; endmodule",
    "instance of an interface": "interface bus_if; logic v; endinterface\n" + inside("bus_if b(); assign b.v = a; assign q = b.v; sub u(.b(b));") + "module sub(bus_if b); endmodule",
    "interface not here": "module TopModule(bus_if.s b, output q); assign q = b.v; endmodule",
    "package not here": inside("import cfg_pkg::*; assign q = DEFAULT.v;"),
    "package scope": "package p; parameter X = 1; endpackage\n" + inside("assign q = p::X;"),
    "class": inside("class c; int v; function new(); this.v = 1; endfunction endclass c o; initial begin o = new; $display(o.v); end"),
    "for loop's variable": inside("always_comb begin q = 0; for (int i = 0; i < 4; i++) q = q ^ a; end"),
    "foreach over structs": inside("struct packed {logic v;} [3:0] s; always_comb foreach (s[i]) s[i].v = a;"),
    "clocking of its own": inside("logic d; clocking cb @(posedge clk); input d; endclocking assign q = cb.d;"),
    "checks at elaboration that only print": inside('parameter W = 4; if (W < 1) $error("W"); if (W > 64) $warning("W");'),
    "prints": inside('initial begin $display("x"); $write("y"); $monitor("z", a); $strobe("w"); $info("i"); end'),
    "random numbers": inside("initial q = $random + $urandom + $urandom_range(3);"),
    "system functions": inside("parameter W = $clog2(9); wire [W-1:0] w = $signed(a); assign q = $countones(w) == $bits(w) || $onehot(w);"),
    "timescale and nettype": "`timescale 1ns/1ps\n`default_nettype none\n" + inside("assign q = a;") + "`default_nettype wire\n",
    "macros as constants": "`define WIDTH 8\n`define MASK (`WIDTH'hFF)\n" + inside("wire [`WIDTH-1:0] w = `MASK; assign q = w[0];"),
    "macro with arguments": "`define MAX(a, b) ((a) > (b) ? (a) : (b))\n" + inside("assign q = `MAX(a, 1'b0);"),
    "macro over lines": "`define BODY \\\n  always @(posedge clk) \\\n    q <= a;\n" + inside("`BODY"),
    "include guard": "`ifndef TOP_SV\n`define TOP_SV\n" + inside("assign q = a;") + "`endif\n",
    "simulation branch that is off": inside('`ifdef SIM\ninitial begin $dumpfile("x"); $finish; end\n`endif\nassign q = a;'),
    "synthesis branch": inside("`ifndef SYNTHESIS\ninitial q = 0;\n`endif"),
    "attributes": inside("(* keep = \"true\" *) wire w = a; (* full_case, parallel_case *) always @* case (a) 1'b0: q = 0; 1'b1: q = 1; endcase"),
    "pragmas in comments": inside("always @* case (a) // synopsys full_case\n1'b0: q = 0; endcase // verilator lint_off WIDTH\n"),
    "CRLF": inside("assign q = a;\nwire w;").replace("\n", "\r\n"),
    "comment in UTF-8": inside("// größer → 日本\nassign q = a;"),
    "string in UTF-8": inside('initial $display("größer");'),
    "escaped identifier": inside("wire \\bus[0].x ; assign \\bus[0].x = a; assign q = \\bus[0].x ;"),
    "names that look like words": inside("reg reference, testbench, forced, binding, finish, tb_done; assign q = reference;"),
    "primitive": inside("p x(q, a);") + "primitive p(o, i); output o; input i; table 0 : 0; 1 : 1; endtable endprimitive",
    "gates": inside("and g1(q, a, clk);"),
    "specify": inside("specify (a => q) = 2; specparam t = 1; $setup(a, posedge clk, 1); endspecify"),
    "assertion": inside("assert property (@(posedge clk) a |-> q);"),
    "past": inside("always @(posedge clk) q <= $past(a);"),
    "error in types": inside("assign q = undeclared + 8'hFFF; wire [3:0] q;"),
    "unknown module": inside("fancy_ip #(.W(3)) u(.clk, .a(a), .*);"),
    "syntax error": inside("assign q = ;"),
    "cut short": "module TopModule(input a, output",
    "prose": "Here is the module you asked for: it uses tb.q and $finish.",
    "$finish in broken code": inside("initial $finish; assign q = ;"),
    "nothing": "",
    "several modules": inside("sub u(a);") + "module sub(input x); endmodule\nmodule unused; wire y; endmodule\n",
    "parameters by type": "module TopModule #(parameter type T = logic) (input T a, output T q); assign q = a; endmodule",
    "begin_keywords": '`begin_keywords "1364-2005"\nmodule TopModule(input bit, output q); assign q = bit; endmodule\n`end_keywords\n',
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_reaches_out_is_rejected(name: str) -> None:
    kind, text = HOSTILE[name]
    found = look(text)
    assert found.rejected
    assert kind in {finding.kind for finding in found.findings if not finding.neutralised}


@pytest.mark.parametrize("name", NEUTRALISED)
def test_simulation_only_tasks_are_taken_out_and_not_punished(name: str) -> None:
    text, line = NEUTRALISED[name]
    found = look(text)
    assert found.understood
    assert not found.rejected
    assert {each.line for each in found.findings} == {line}
    assert {each.kind for each in found.findings} <= {"system-task", "force"}
    again = look(found.text)
    assert again.understood
    assert again.findings == ()


@pytest.mark.parametrize("name", HONEST)
def test_honest_code_has_no_findings(name: str) -> None:
    assert look(HONEST[name]).findings == ()


@pytest.mark.parametrize("name", [*HONEST, *NEUTRALISED])
def test_the_edited_text_has_the_original_number_of_lines(name: str) -> None:
    text = HONEST.get(name) or NEUTRALISED.get(name, ("",))[0]
    assert look(text).text.count("\n") == text.count("\n")


def test_a_word_stays_on_its_line_and_in_its_column() -> None:
    text = inside("/* a */ wire /* b\n c */ w; // d\n\t`ifdef X\nwire x;\n`endif assign q = a ;")
    edited = look(text).text.split("\n")
    assert edited[1].index("wire") == 8
    assert edited[2].rstrip() == "      w;"
    assert edited[3:5] == ["", ""]
    assert "assign q = a ;" in edited[5]


def test_text_that_is_not_understood_is_passed_on_as_it_is() -> None:
    text = inside("initial $finish; // keep\nassign q = ;")
    found = look(text)
    assert not found.understood
    assert found.text == text


def test_force_in_text_that_is_not_understood_rejects() -> None:
    found = look(inside("initial force a = 1; assign = ;"))
    assert not found.understood
    assert [each.kind for each in found.findings] == ["force"]
    assert found.rejected


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.sv").write_bytes(b"\xef\xbb\xbfmodule m; endmodule\n")
    assert guard.main(["guard", "in.sv", "out.sv", "m"]) == guard.ACCEPTED
    assert Path("out.sv").read_bytes().startswith(b"module")


def test_the_compiler_gets_no_macro_and_no_condition() -> None:
    text = "`define A(x) x+\\\n1\n" + inside("`ifdef OTHER\nwire x;\n`else\nassign q = `A(a);\n`endif")
    edited = look(text).text
    assert "`" not in edited
    assert "wire x" not in edited
    assert "q = a + 1 ;" in " ".join(edited.split())


def test_a_macro_that_is_not_defined_is_nothing_to_icarus() -> None:
    text = inside("assign q = `nothing (a);")
    assert "assign q = (a);" in " ".join(look(text).text.split())
    assert not look(text, "verilator").understood


def test_text_that_only_another_files_macro_would_show_does_not_reach_the_compiler() -> None:
    edited = look(inside("`ifdef OK\nassign q = tb.q_ref;\n`endif")).text
    assert "q_ref" not in edited


@pytest.mark.parametrize(("simulator", "macro"), [("icarus", "__ICARUS__"), ("verilator", "VERILATOR")])
def test_each_simulator_is_examined_with_what_it_defines(simulator: str, macro: str) -> None:
    text = inside(f"`ifdef {macro}\nassign q = tb.q_ref;\n`endif")
    other = {"icarus": "verilator", "verilator": "icarus"}[simulator]
    assert look(text, simulator).rejected
    assert not look(text, other).rejected


def test_the_findings_line_is_the_candidates_own_whatever_line_directives_say() -> None:
    found = look('`line 900 "x.sv" 0\n' + inside("\n\nassign q = tb.q;"))
    assert found.findings[0].line == 5


def test_endless_elaboration_costs_only_its_own_say() -> None:
    tree = "".join(f"module t{n}; t{n + 1} a(); t{n + 1} b(); endmodule\n" for n in range(40))
    found = look(inside("t0 u(); assign q = u.a.b.a.x & tb.x;") + tree)
    assert [finding.text for finding in found.findings] == ["tb . x"]


def test_recursive_macros_end() -> None:
    assert not look("`define A `B\n`define B `A\n" + inside("assign q = `A;")).understood


@pytest.mark.parametrize(
    "text",
    ["\0" * 1000, "\xff\xfe" * 1000, "`" * 1000, '"' * 1001, "\\" * 1000, "/*" * 1000, "(" * 2000, "begin " * 2000],
)
def test_noise_is_passed_on_without_findings(text: str) -> None:
    found = look(text)
    assert found.findings == ()
    assert found.text == text


def test_the_step_writes_the_design_and_keeps_bytes_that_are_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("candidate.sv").write_bytes(b'module m; initial begin $display("\xff\xe9"); $finish; end endmodule\n')
    assert guard.main(["guard", "candidate.sv", "design.sv", "m", "tb"]) == 0
    assert b'$display("\xff\xe9"); begin end end endmodule' in b" ".join(Path("design.sv").read_bytes().split())
    answer = json.loads(capsys.readouterr().out)
    assert answer["understood"] is True
    assert answer["findings"] == [{"kind": "system-task", "line": 1, "text": "$finish ;", "neutralised": True}]


def test_the_step_writes_no_design_for_a_rejected_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("candidate.sv").write_text("module m; tb u(); endmodule")
    assert guard.main(["guard", "--simulator=verilator", "candidate.sv", "design.sv", "m", "tb"]) == 1
    assert not Path("design.sv").exists()
    assert json.loads(capsys.readouterr().out)["findings"][0]["kind"] == "reserved-name"


@pytest.mark.parametrize(
    "body",
    [
        "assign q = a" + "+a" * 50_000 + ";",
        "initial " + "begin " * 40_000,
        "assign q = " + "(" * 100_000,
        "if (1) " * 20_000 + ";",
    ],
)
def test_deep_nesting_does_not_end_the_step(body: str, tmp_path: Path) -> None:
    (tmp_path / "candidate.sv").write_text(inside(body))
    program = "import sys; from sim.inbox import guard; sys.exit(guard.main(['guard', 'candidate.sv', 'design.sv', 'TopModule']))"
    root = str(Path(guard.__file__).parents[2])
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env={"PYTHONPATH": root}, check=False)
    assert ended.returncode == 0
    assert (tmp_path / "design.sv").exists()


def test_no_task_is_in_two_groups() -> None:
    names = (
        "display",
        "finish",
        "fopen",
        "readmemh",
        "random",
        "clog2",
        "fatal",
        "c",
        "c32",
        "countones",
        "write",
        "cast",
    )
    groups = (
        system_tasks.PLAIN,
        system_tasks.PLAIN_ELSEWHERE,
        system_tasks.ENDING,
        system_tasks.REACHING,
        system_tasks.NATIVE,
    )
    assert [sum(bool(group.fullmatch(name)) for group in groups) for name in names] == [1] * len(names)


WRAPPER = (
    "module wrap(input a, output q, ok);\n wire want = ~a; TopModule u(a, q); assign ok = q === want;\nendmodule\n"
)
OWN = "module TopModule(input a, output q);\n struct packed {{ logic v; }} s;\n assign s.v = a;\n assign q = {};\nendmodule\n"


@pytest.mark.parametrize(
    "own",
    [
        OWN.format("wrap.want"),
        OWN.format("\\wrap .want"),
        OWN.format("wrap.want") + "/*\n/**/\n",
        OWN.format("wrap.want ;;; )"),
        OWN.format("wrap[0].want ;;; )"),
        "// \x85 \x1c \v \f \r\n" + OWN.format("wrap.want"),
    ],
)
def test_names_do_not_lead_into_what_the_harness_brings(own: str) -> None:
    found = examine(own + WRAPPER, top="TopModule", reserved=frozenset(), own_lines=own.count("\n"))
    assert [each.kind for each in found.findings if not each.neutralised][:1] == ["hierarchy"]


@pytest.mark.parametrize("kind", ["module", "module automatic", "macromodule"])
@pytest.mark.parametrize("rest", ["", ";;; )"])
def test_what_the_harness_brings_is_not_defined_again(kind: str, rest: str) -> None:
    own = f"{OWN.format('a')}{kind} \\wrap (input a, output q, ok); assign ok = 1; {rest} endmodule\n"
    found = examine(own + WRAPPER, top="TopModule", reserved=frozenset(), own_lines=own.count("\n"))
    assert [each.kind for each in found.findings if not each.neutralised] == ["reserved-name"]


def test_names_inside_of_a_design_may_stand_before_what_the_harness_brings() -> None:
    own = OWN.format("s.v")
    found = examine(own + WRAPPER, top="TopModule", reserved=frozenset(), own_lines=own.count("\n"))
    assert found.understood
    assert not found.findings
