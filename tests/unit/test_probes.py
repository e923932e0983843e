"""Probes: empty modules that claim success, made from any golden's head."""

from __future__ import annotations

import pytest

from verireason.data.probes import make_probes, passing_probes

ANSI = "module top(input clk, input [3:0] a, output reg [3:0] q, output y, z);\n  assign y = a[0];\nendmodule\n"
OLD = """\
module other(input a); endmodule
module top(clk, q);
  parameter W = 4;
  input clk;
  output [W-1:0] q;
  reg [W-1:0] q;
  always @(posedge clk) q <= q + 1;
endmodule
"""


def source(golden: str, name: str) -> str:
    [found] = [probe.source for probe in make_probes(golden, top="top", num_checks=77) if probe.name == name]
    return found


def test_a_probe_has_the_goldens_head() -> None:
    assert source(ANSI, "zeros").startswith(ANSI.split("\n")[0])


def test_a_probe_has_nothing_of_the_goldens_body() -> None:
    assert "a[0]" not in source(ANSI, "zeros")


def test_ports_of_the_old_style_are_declared_as_nets() -> None:
    probe = source(OLD, "ones")
    assert "output [W-1:0] q;" in probe
    assert "reg" not in probe
    assert "assign q = '1;" in probe


def test_parameters_that_ports_need_are_kept() -> None:
    assert "parameter W = 4;" in source(OLD, "zeros")


def test_variables_get_their_constant_from_an_initial_block_and_nets_from_an_assignment() -> None:
    probe = source(ANSI, "unknown")
    assert "initial begin\n    q = 'x;\n" in probe
    assert "assign y = 'x;\n  assign z = 'x;" in probe


def test_a_probe_claims_as_many_samples_as_there_are() -> None:
    assert "Mismatches: 0 in 77 samples" in source(ANSI, "zeros")


def test_one_probe_ends_the_run_at_once() -> None:
    assert [probe.name for probe in make_probes(ANSI, top="top", num_checks=1) if "$finish" in probe.source] == [
        "finish"
    ]


def test_a_bare_probe_neither_claims_nor_ends() -> None:
    for probe in make_probes(ANSI, top="top", num_checks=1):
        assert "$" not in probe.bare
        assert probe.source.startswith(probe.bare.removesuffix("endmodule\n"))


def test_a_golden_without_that_module_is_refused() -> None:
    with pytest.raises(ValueError, match="no module bottom"):
        make_probes(ANSI, top="bottom", num_checks=1)


def test_a_module_without_outputs_is_refused() -> None:
    with pytest.raises(ValueError, match="has no output"):
        make_probes("module top(input a); endmodule", top="top", num_checks=1)


@pytest.mark.parametrize(
    ("passed", "false"),
    [
        ([], ()),
        (["zeros"], ()),
        (["ones"], ()),
        (["zeros", "ones"], ("ones", "zeros")),
        (["unknown"], ("unknown",)),
        (["zeros", "finish"], ("finish",)),
    ],
)
def test_only_one_constant_may_pass_on_merit(passed: list[str], false: tuple[str, ...]) -> None:
    assert passing_probes(passed) == false


def test_other_modules_of_the_golden_stay() -> None:
    golden = "module half(input a, output y); assign y = a; endmodule\n" + ANSI + "module more; endmodule\n"
    for probe in make_probes(golden, top="top", num_checks=1):
        assert probe.source.startswith("module half(input a, output y); assign y = a; endmodule\nmodule top(")
        assert probe.source.endswith("endmodule\nmodule more; endmodule\n")
