"""Pickles: plain data becomes JSON, everything else one line, and nothing in them is ever run."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from sim.inbox.plain_pickle import NotPlain, main, to_json

PLAIN = {
    "answer": {
        "code": "module a; endmodule", "input_port_width": [("clk", 1), ("d", 8)], "clock_port_polarity": {("clk", 1)},
        "reset_port_polarity_sync": {("b", 0, False), ("a", 1, True)}, "none": None, "number": -3, "ratio": 0.5,
    }
}  # fmt: skip


class Runs:
    """Runs a program when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return os.mkdir, (str(self.path),)


class Built:
    """Has a state that is set when it is unpickled."""

    def __init__(self) -> None:
        self.x = 1


@pytest.mark.parametrize("protocol", [4, 5])
def test_plain_data_becomes_json(protocol: int) -> None:
    found = json.loads(to_json(pickle.dumps(PLAIN, protocol)))
    assert found["answer"]["input_port_width"] == [["clk", 1], ["d", 8]]
    assert found["answer"]["reset_port_polarity_sync"] == [["a", 1, True], ["b", 0, False]]
    assert found["answer"]["none"] is None


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_something_runs_nothing(tmp_path: Path, protocol: int) -> None:
    with pytest.raises(NotPlain, match="is more than plain data") as caught:
        to_json(pickle.dumps({"answer": Runs(tmp_path / "made")}, protocol))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps(Built()), "opcode STACK_GLOBAL"),
        (b"cos\nsystem\n(S'true'\ntR.", r"opcode GLOBAL \('os system'\) at byte 0"),
        (b"(S'true'\nios\nsystem\n.", "opcode STRING"),
        (b"\x80\x04\x8c\x01aQ.", "opcode BINPERSID"),
        (b"\x80\x02\x82\x01.", "opcode EXT1"),
        (pickle.dumps(b"bytes"), "opcode SHORT_BINBYTES"),
        (pickle.dumps({1: 2}), "a key that is not a text"),
        (pickle.dumps({"a": float("nan")}), "a float that is not finite"),
        (pickle.dumps(1 << 100), "an int of more than 64 bits"),
        (pickle.dumps(PLAIN)[:-30], "it is no whole pickle"),
        (b"", "it is no whole pickle"),
        (b"\x80\x04e.", "it is damaged"),
        (b"\x80\x04]h\x07.", "it is damaged"),
    ],
)
def test_what_is_not_plain_is_one_line(data: bytes, message: str) -> None:
    with pytest.raises(NotPlain, match=message) as caught:
        to_json(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("depth", [102, 400, 995, 200_000])
def test_nesting_has_an_end(depth: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p").write_bytes(b"\x80\x04" + b"]" * depth + b"a" * (depth - 1) + b".")
    assert main(["unpickle", str(tmp_path / "p")]) == 1
    assert capsys.readouterr().out.count("\n") == 1
