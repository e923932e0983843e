"""Whether the golden's inputs are inputs of a candidate."""

from pathlib import Path

import pytest

from sim.inbox import ports

GOLDEN = "module __vr_ref(input clk, input [3:0] a, output reg [3:0] y); endmodule"


def compare(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.chdir(tmp_path)
    Path("candidate.sv").write_text(text)
    Path("golden").write_text(GOLDEN)
    return ports.main(["ports", "candidate.sv", "add", "golden", "add", "__vr_ref"])


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("module add(input clk, input [3:0] a, output [3:0] y); endmodule", True),
        ("module add(clk, a, y); input clk; input [3:0] a; output [3:0] y; endmodule", True),
        ("module add(input clk, input [7:0] a, input more, output [3:0] y); helper h(); endmodule", True),
        ("module add(input clk, output [3:0] a, output [3:0] y); endmodule", False),
        ("module add(input clk, inout [3:0] a, output [3:0] y); endmodule", False),
        ("module add(input clk, output [3:0] y); reg [3:0] a; endmodule", False),
        ("module other(input clk, input [3:0] a); endmodule", False),
        ("", False),
    ],
)
def test_each_input_of_the_golden_is_an_input_of_the_candidate(
    text: str, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (compare(text, tmp_path, monkeypatch) == 0) is fits


def test_what_is_wrong_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    compare("module add(input clk, output [3:0] a); endmodule", tmp_path, monkeypatch)
    assert capsys.readouterr().out == "a is no input of the design\n"
