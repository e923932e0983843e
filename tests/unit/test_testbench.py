"""The text of a testbench: the table of vectors, the declared number of checks, the placeholders, bad stimulus."""

from __future__ import annotations

import re

import pytest

from sim.hdl.testbench import EVIDENCE, NAME_PREFIX, REFERENCE_TOP, TESTBENCH_TOP
from verireason.data.testbench import ROW, Clock, Port, Stimulus, build_testbench

PORTS = (Port(name="clk"), Port(name="d", width=4), Port(name="en"), Port(name="q", width=4, is_output=True))


def build(*, vectors: tuple[tuple[int, ...], ...], num_warmup: int = 0, edge: str = "posedge") -> str:
    return build_testbench(
        ports=PORTS,
        clock=Clock(name="clk", edge=edge),
        stimulus=Stimulus(vectors=vectors, num_warmup=num_warmup),
    )


def test_every_name_of_the_testbench_starts_with_the_prefix() -> None:
    text = build(vectors=((3, 1), (9, 0)))
    declared = re.findall(r"^ *(?:reg|wire|integer|task|module) (?:\[\d+:0\] )?(\w+)", text, re.MULTILINE)
    assert declared
    assert all(name.startswith(NAME_PREFIX) for name in declared)
    assert f"module {TESTBENCH_TOP};" in text
    assert f"{REFERENCE_TOP} {NAME_PREFIX}good (" in text


def test_every_line_of_evidence_has_the_placeholder() -> None:
    printed = re.findall(r'\$display\("(.*?)"', build(vectors=((3, 1),)))
    assert len(printed) == 4
    assert all(line.startswith(f"{EVIDENCE} ") for line in printed)
    assert printed[-1] == f"{EVIDENCE} Mismatches: %0d in %0d samples"


def test_vectors_stand_in_the_table_with_the_first_port_in_the_high_bits() -> None:
    text = build(vectors=((3, 1), (9, 0)))
    literal = re.search(r"rows\[0\] = 80'h([0-9a-f]+);", text)
    assert literal is not None
    assert int(literal[1], 16) == (0b1001_0 << 5) | 0b0011_1


def test_vectors_beyond_one_row_go_to_the_next() -> None:
    text = build(vectors=((0, 0),) * ROW + ((15, 1),))
    assert re.search(r"rows\[1\] = 80'h1f;", text)
    assert f"< {ROW + 1};" in text


def test_number_of_checks_leaves_the_warm_up_out() -> None:
    stimulus = Stimulus(vectors=((1, 0),) * 10, num_warmup=4)
    assert stimulus.num_checks == 6


def test_candidate_and_reference_do_not_share_input_nets() -> None:
    text = build(vectors=((1, 1),))
    nets = [set(re.findall(r"\.(?:clk|d|en)\((\w+)\)", line)) for line in text.splitlines() if ".clk(" in line]
    assert len(nets) == 2
    assert not nets[0] & nets[1]


def test_first_vector_comes_before_the_active_edge() -> None:
    assert "reg __vr_clk = 1'b0;" in build(vectors=((1, 1),))
    assert "reg __vr_clk = 1'b1;" in build(vectors=((1, 1),), edge="negedge")


def test_a_combinational_testbench_has_no_clock() -> None:
    ports = (Port(name="a"), Port(name="y", is_output=True))
    text = build_testbench(ports=ports, clock=None, stimulus=Stimulus(vectors=((0,), (1,))))
    assert "clk" not in text


def test_a_value_too_large_for_its_port_is_refused() -> None:
    with pytest.raises(ValueError, match="value 16 for port d, which has 4 bits"):
        build(vectors=((16, 0),))


def test_a_vector_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="3 values for 2 input ports"):
        build(vectors=((1, 0, 1),))


def test_ports_without_an_output_are_refused() -> None:
    with pytest.raises(ValueError, match="an input and an output"):
        build_testbench(ports=PORTS[:3], clock=None, stimulus=Stimulus(vectors=((0, 0, 0),)))
